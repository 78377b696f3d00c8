"""Typesetting on A4: text measured, broken into lines and set, rules, and QR codes; what is said it does not know.

All lengths are millimetres, font sizes points, greys from 0 (black) to 255.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Literal, Self, cast

import segno
from fpdf import FPDF
from fpdf.drawing import PaintedPath
from fpdf.drawing_primitives import DeviceGray
from fpdf.enums import DocumentCompliance
from fpdf.fonts import TTFFont

from functions.domain.service import Model

WIDTH, HEIGHT = 210.0, 297.0
_FAMILY = "letter"
_BETWEEN_STYLES = 0.8


class Font(Model):
    """A package of TrueType files; they must allow embedding (OS/2 fsType 0)."""

    package: str
    regular: str
    bold: str
    italic: str


@dataclass(frozen=True)
class Style:
    """How a text looks: ``leading`` is the height of its line, ``tracking`` the points put between letters."""

    face: Literal["", "B", "I"]
    size: float
    leading: float
    grey: int = 0
    tracking: float = 0


@dataclass(frozen=True)
class Segment:
    """A stretch of one line in one style, `x` from the start of the line."""

    x: float
    text: str
    style: Style


Line = tuple[Segment, ...]
Run = tuple[str, Style]


class Paper:
    """One PDF/A-2U document of A4 pages that measures, breaks and sets text; leaving it closes its font files."""

    def __init__(self, font: Font) -> None:
        self.pdf = FPDF(format="A4", enforce_compliance=DocumentCompliance.PDFA_2U)
        self.pdf.set_auto_page_break(False)
        self.pdf.c_margin = 0
        self._fonts: dict[str, TTFFont] = {}
        folder = files(font.package)
        for face, name in (("", font.regular), ("B", font.bold), ("I", font.italic)):
            self.pdf.add_font(_FAMILY, face, str(folder / name))
            self._fonts[face] = cast("TTFFont", self.pdf.fonts[_FAMILY + face])
        self._widths: dict[tuple[str, Style], float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for font in self._fonts.values():
            font.ttfont.close()

    def width(self, text: str, style: Style) -> float:
        known = self._widths.get((text, style))
        if known is None:
            self.pdf.set_char_spacing(0)
            self.pdf.set_font(_FAMILY, style.face, style.size)
            known = self.pdf.get_string_width(text) + style.tracking / self.pdf.k * max(len(text) - 1, 0)
            self._widths[text, style] = known
        return known

    def lines(self, runs: Iterable[Run], width: float) -> list[Line]:
        """Break runs of text into lines, at least one; a word longer than a line is cut where the line ends."""
        lines: list[Line] = []
        line: list[Segment] = []
        x = 0.0
        for word, style, starts_line in self._words(runs, width):
            space = self.width(" ", style)
            length = self.width(word, style)
            if line and (starts_line or x + space + length > width):
                lines.append(tuple(line))
                line, x = [], 0.0
            if not line:
                line = [Segment(0, word, style)]
                x = length
            elif line[-1].style is style:
                line[-1] = replace(line[-1], text=f"{line[-1].text} {word}")
                x += space + length
            else:
                x += space + _BETWEEN_STYLES
                line.append(Segment(x, word, style))
                x += length
        return [*lines, tuple(line)]

    def length(self, line: Line) -> float:
        return line[-1].x + self.width(line[-1].text, line[-1].style) if line else 0.0

    def balanced(self, runs: Sequence[Run], width: float) -> list[Line]:
        """Break runs into as few lines as they need, all of about the same length."""
        lines = self.lines(runs, width)
        while len(lines) > 1 and len(narrower := self.lines(runs, width := width - 4)) == len(lines):
            lines = narrower
        return lines

    def _words(self, runs: Iterable[Run], width: float) -> Iterator[tuple[str, Style, bool]]:
        for text, style in runs:
            for number, paragraph in enumerate(self._printable(text, style).split("\n")):
                for place, word in enumerate(paragraph.split(" ")):
                    starts_line = number > 0 and place == 0
                    while self.width(word, style) > width:
                        fits = self._prefix(word, style, width)
                        yield word[:fits], style, starts_line
                        word, starts_line = word[fits:], False
                    if word:
                        yield word, style, starts_line

    def _prefix(self, word: str, style: Style, width: float) -> int:
        lengths = range(2, len(word) + 1)
        fits = next((n for n in lengths if self.width(word[:n], style) > width), 2) - 1
        # An address is cut behind a slash or a hyphen, if there is one in the last third.
        polite = max(word.rfind(char, fits * 2 // 3, fits) for char in "/-._?&=") + 1
        return polite or fits

    def _printable(self, text: str, style: Style) -> str:
        """Put in place of a character that the font lacks its plain form, or a question mark.

        PDF/A forbids the box that stands for a missing glyph.
        """
        glyphs = self._fonts[style.face].cmap
        plain = []
        for char in unicodedata.normalize("NFC", text):
            control = unicodedata.category(char) in ("Cc", "Cf")
            if char == "\n" or (ord(char) in glyphs and not control):
                plain.append(char)
            elif char.isspace():
                plain.append(" ")
            elif not control:
                base = unicodedata.normalize("NFKD", char)[0]
                plain.append(base if ord(base) in glyphs else "?")
        return "".join(plain)

    def set_line(self, line: Line, x: float, top: float, leading: float) -> None:
        for segment in line:
            style = segment.style
            self.pdf.set_font(_FAMILY, style.face, style.size)
            self.pdf.set_text_color(style.grey)
            self.pdf.set_char_spacing(style.tracking)
            self.pdf.text(x + segment.x, top + leading * 0.73, segment.text)

    def set_right(self, text: str, style: Style, right: float, top: float, leading: float) -> None:
        text = self._printable(text, style)
        self.set_line((Segment(0, text, style),), right - self.width(text, style), top, leading)

    def set_across(self, text: str, style: Style, below: float) -> None:
        """Set a text slantwise over the middle of the page, so far below it."""
        text = self._printable(text, style)
        with self.pdf.rotation(40, WIDTH / 2, HEIGHT / 2):
            middle = WIDTH / 2 - self.width(text, style) / 2
            self.set_line((Segment(0, text, style),), middle, HEIGHT / 2 + below, style.leading)

    def rule(self, x: float, y: float, width: float, weight: float, grey: int = 0) -> None:
        self.pdf.set_fill_color(grey)
        self.pdf.rect(x, y, width, weight, style="F")

    def qr(self, content: str, x: float, y: float, size: float) -> None:
        """Draw a QR code as one path, so that no seam shows between its modules.

        The caller leaves white around it: four modules (ISO/IEC 18004, 9.1), at most a seventh of its size.
        """
        matrix = segno.make(content, error="m", micro=False, boost_error=False).matrix
        module = size / len(matrix)
        path = PaintedPath()
        path.style.fill_color = DeviceGray(0)
        path.style.stroke_color = None
        for row, modules in enumerate(matrix):
            for start, length in _dark_runs(modules):
                path.rectangle(x + start * module, y + row * module, length * module, module)
        self.pdf.draw_path(path, copy=False)


def _dark_runs(modules: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = None
    for at, dark in enumerate((*modules, 0)):
        if dark and start is None:
            start = at
        elif not dark and start is not None:
            yield start, at - start
            start = None
