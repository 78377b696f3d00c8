"""Letters as PDF/A-2U files: A4, the Indonesian text first, each English sentence below it as a translation.

PDF/A-2 is the first level that knows PAdES signatures, U promises that all text can be read back (ISO 19005-2).
The same letter always gives the same bytes. All lengths are millimetres, font sizes points.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import zip_longest
from pathlib import Path
from xml.sax.saxutils import escape

from fpdf.prefs import ViewerPreferences

from functions.adapters.paper import HEIGHT, WIDTH, Font, Line, Paper, Run, Segment, Style
from functions.domain.letter import (
    Block,
    Facts,
    FeeTable,
    Letter,
    Note,
    Numbered,
    Paragraph,
    Signatory,
    long_date,
)
from functions.domain.money import money, rupiah_in_words
from functions.domain.service import Model, Text

_LAYOUT = Path(__file__).parents[2] / "workflows" / "letters" / "layout.json"
_PRODUCER = "Loket"


class Margins(Model):
    left: float
    right: float
    top: float
    bottom: float


class Layout(Model):
    """What all letters share: the paper, the font and the standing phrases."""

    font: Font
    margins: Margins
    phrases: dict[str, Text]


_GREY = 95
_GOVERNMENT = Style("", 10.5, 5.2, tracking=1.1)
_AGENCY = Style("B", 13.5, 6.0, tracking=0.35)
_AGENCY_EN = Style("I", 9, 4.5, _GREY)
_ADDRESS = Style("", 8, 3.8)
_TITLE = Style("B", 15.5, 7.0, tracking=0.8)
_TITLE_EN = Style("I", 11, 5.3, _GREY)
_BODY = Style("", 10, 4.8)
_STRONG = replace(_BODY, face="B")
_TRANSLATION = Style("I", 8.3, 3.9, _GREY)
_INLINE = replace(_TRANSLATION, leading=_BODY.leading)
_SMALL = Style("", 8, 3.7)
_SMALL_STRONG = replace(_SMALL, face="B")
_SMALL_EN = Style("I", 7.6, 3.5, _GREY)
_FOOT = Style("", 7.2, 3.5, _GREY)
_FINE = Style("", 6.4, 2.9, _GREY)
_FINE_EN = replace(_FINE, face="I")

_MARK = Style("B", 38, 14, 225, tracking=1.5)
_MARK_EN = replace(_MARK, face="I", size=26, leading=10)

_GAP = 3.4
_INDENT = 7.0
_LABEL_WIDTH = 66.0
_AMOUNT_WIDTH = 40.0
_HAIRLINE, _RULE, _BAR = 0.1, 0.35, 0.8
_LINE_GREY, _GROUND_GREY = 175, 244
_QR_SIZE, _QUIET_ZONE = 26.0, 4.0
_SIGNATURE_WIDTH = 74.0
_DENSITIES = (1.0, 0.95, 0.9, 0.84, 0.8)
_BLANK = (("", Style("", 8, 2.2)),)


@dataclass(frozen=True)
class Row:
    """What is never torn by a page: a height, and how to draw it once its top is known.

    ``keep`` holds it on the page of the row after it; a ``gap`` is left out at the head of a page.
    """

    height: float
    draw: Callable[[float], None]
    keep: bool = False
    gap: bool = False


def render_letter(letter: Letter, *, draft: bool = False) -> bytes:
    """Draw a letter; the same letter gives the same bytes. A draft is set alike, and says on each page what it is."""
    layout = _layout()
    with Paper(layout.font) as paper:
        return _Drawing(letter, layout, paper, draft).render()


class PdfRenderer:
    """Draws letters as PDF/A files."""

    def render(self, letter: Letter, *, draft: bool = False) -> bytes:
        """Draw a letter; the same letter gives the same bytes."""
        return render_letter(letter, draft=draft)


@cache
def _layout() -> Layout:
    return Layout.model_validate(json.loads(_LAYOUT.read_text("utf-8")))


class _Drawing:
    """One letter on its paper: the parts as rows, the rows on pages, the pages as bytes."""

    def __init__(self, letter: Letter, layout: Layout, paper: Paper, draft: bool = False) -> None:
        self.letter = letter
        self.draft = draft
        self.phrases = layout.phrases
        self.margins = layout.margins
        self.paper = paper
        self.left = layout.margins.left
        self.right = WIDTH - layout.margins.right
        self.measure = self.right - self.left
        self.density = 1.0

    def render(self) -> bytes:
        pages = self._fewest_pages()
        self._describe()
        for number, rows in enumerate(pages, 1):
            self.paper.pdf.add_page()
            if self.draft:
                self._mark()
            top = self.margins.top
            for row in rows:
                row.draw(top)
                top += row.height
            self._foot(number, len(pages))
        return bytes(self.paper.pdf.output())

    def _mark(self) -> None:
        """Write across the page, below everything else, that this is a draft."""
        said = self.phrases["draft"]
        self.paper.set_across(said.id, _MARK, -9)
        self.paper.set_across(said.en, _MARK_EN, 9)

    def _fewest_pages(self) -> list[list[Row]]:
        """Set a letter that spills over one page a little tighter, if that keeps it on one."""
        loose = self._pages_at(_DENSITIES[0])
        if len(loose) == 1:
            return loose
        tighter = (self._pages_at(density) for density in _DENSITIES[1:])
        return next((pages for pages in tighter if len(pages) == 1), loose)

    def _pages_at(self, density: float) -> list[list[Row]]:
        self.density = density
        return list(self._pages(list(self._rows())))

    def _pages(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        room = HEIGHT - self.margins.top - self.margins.bottom
        page: list[Row] = []
        used = 0.0
        for group in _groups(rows):
            height = sum(row.height for row in group)
            if page and used + height > room:
                yield page
                page, used = [], 0.0
            for row in group:
                if page or not row.gap:
                    page.append(row)
                    used += row.height
        yield page

    def _rows(self) -> Iterator[Row]:
        yield from self._letterhead()
        yield from self._title()
        if self.letter.recipient:
            yield from self._recipient()
        if self.letter.by_law:
            yield from self._note(self.phrases["by_law"], self.letter.by_law)
        body: list[Row] = []
        for block in self.letter.blocks:
            body += self._block(block)
        yield from _kept(body, 3)
        yield from self._cosigned()
        yield self._closing()

    # The head

    def _letterhead(self) -> Iterator[Row]:
        head = self.letter.letterhead
        if head.government:
            yield from self._centred(head.government.upper(), _GOVERNMENT)
        yield from self._centred(head.agency.id.upper(), _AGENCY)
        if head.agency.en != head.agency.id:
            yield from self._centred(head.agency.en, _AGENCY_EN)
        for address in head.address:
            yield from self._centred(address, _ADDRESS)

        def rules(top: float) -> None:
            self.paper.rule(self.left, top + 2.2, self.measure, _BAR)
            self.paper.rule(self.left, top + 2.2 + _BAR + 0.6, self.measure, 0.2)

        yield Row(4.5, rules)
        yield self._space(6.5)

    def _title(self) -> Iterator[Row]:
        letter, number = self.letter, self.phrases["number"]
        yield from self._centred(letter.title.id.upper(), _TITLE)
        yield from self._centred(letter.title.en, _TITLE_EN)
        yield self._space(1)
        yield from self._centred_runs(
            [(number.id, _BODY), (number.en, _INLINE), (letter.number, replace(_STRONG, tracking=0.3))]
        )
        yield self._space(6)

    def _recipient(self) -> Iterator[Row]:
        to = self.phrases["recipient"]
        yield from self._text(_side_by_side(to, _BODY))
        name, *address = self.letter.recipient
        yield from self._text([(name, _STRONG)])
        for line in address:
            yield from self._text([(line, _BODY)])
        yield self._space(_GAP + 1)

    # The blocks

    def _block(self, block: Block) -> list[Row]:
        rows = list(self._content(block))
        return [*rows, self._space(_GAP)]

    def _content(self, block: Block) -> Iterator[Row]:
        if isinstance(block, Paragraph):
            yield from self._both(block.text)
            return
        if isinstance(block, Note):
            yield from self._note(block.title, block.text)
            return
        if block.title:
            yield from self._heading(block.title)
        if isinstance(block, Facts):
            yield from self._facts(block)
        elif isinstance(block, FeeTable):
            yield from self._fee(block)
        else:
            yield from self._numbered(block)

    def _heading(self, title: Text) -> Iterator[Row]:
        for row in self._text(_side_by_side(title, _STRONG)):
            yield replace(row, keep=True)
        yield replace(self._space(1), keep=True)

    def _facts(self, block: Facts) -> Iterator[Row]:
        for fact in block.rows:
            yield self._hairline(keep=True)
            yield from self._pair(
                self._inline(fact.label, _LABEL_WIDTH - 4),
                self._inline(fact.value, self.measure - _LABEL_WIDTH),
            )
        yield self._hairline()

    def _inline(self, text: str | Text, width: float) -> list[Line]:
        """Set the translation behind the text if both go on one line, else below it."""
        if isinstance(text, str):
            return self.paper.balanced([(text, _BODY)], width)
        lines = self.paper.lines(_side_by_side(text, _BODY), width)
        if len(lines) == 1 or text.id == text.en:
            return lines
        law = self.paper.balanced([(text.id, _BODY)], width)
        return [*law, *self.paper.balanced([(text.en, _TRANSLATION)], width)]

    def _pair(self, labels: Sequence[Line], values: Sequence[Line]) -> Iterator[Row]:
        rows = []
        for label, value in zip_longest(labels, values, fillvalue=()):
            leading = max((line[0].style.leading for line in (label, value) if line), default=_BODY.leading)
            rows.append(self._cells([(0.0, [label]), (_LABEL_WIDTH, [value])], leading))
        yield from self._padded(rows)

    def _fee(self, block: FeeTable) -> Iterator[Row]:
        for line in block.lines:
            yield self._hairline(keep=True)
            amount = money(line.amount, block.currency, "id")
            yield from self._priced(_side_by_side(line.title, _BODY), amount, _BODY)
        yield Row(_RULE, lambda top: self.paper.rule(self.left, top, self.measure, _RULE), keep=True)
        total = money(block.total, block.currency, "id")
        yield from self._priced(_side_by_side(self.phrases["total"], _STRONG), total, _STRONG)
        if block.currency == "IDR":
            words = self.phrases["in_words"]
            yield from self._text(
                [(f"{words.id}: {rupiah_in_words(block.total)}", replace(_TRANSLATION, grey=60))]
            )

    def _priced(self, title: Iterable[Run], amount: str, style: Style) -> Iterator[Row]:
        rows = [
            self._cells([(0.0, [line])], _BODY.leading)
            for line in self.paper.lines(title, self.measure - _AMOUNT_WIDTH)
        ]
        words = rows[-1]

        def last(top: float) -> None:
            words.draw(top)
            self.paper.set_right(amount, style, self.right, top, words.height)

        yield from self._padded([*rows[:-1], replace(words, draw=last)])

    def _numbered(self, block: Numbered) -> Iterator[Row]:
        for number, item in enumerate(block.items, 1):
            first, *others = self._both(item, indent=_INDENT)
            yield replace(first, draw=self._with_number(f"{number}.", first))
            yield from others
            yield self._space(1.2)

    def _with_number(self, number: str, row: Row) -> Callable[[float], None]:
        def drawn(top: float) -> None:
            self.paper.set_line((Segment(0, number, _BODY),), self.left, top, row.height)
            row.draw(top)

        return drawn

    def _note(self, title: Text | None, text: Text) -> Iterator[Row]:
        rows: list[Row] = [self._space(1.6)]
        if title:
            rows += [
                replace(row, keep=True)
                for row in self._text(_side_by_side(title, _STRONG), indent=4.5, inset=3)
            ]
        rows += [*self._both(text, indent=4.5, inset=3), self._space(1.6)]
        for row in rows:
            yield replace(row, draw=self._barred(row), gap=False)
        yield self._space(_GAP)

    def _barred(self, row: Row) -> Callable[[float], None]:
        def drawn(top: float) -> None:
            # Each row draws its part of the ground a little too high, so that no seam shows.
            self.paper.rule(self.left, top, self.measure, row.height + 0.02, _GROUND_GREY)
            self.paper.rule(self.left, top, 1.1, row.height + 0.02, 60)
            row.draw(top)

        return drawn

    # The end

    def _cosigned(self) -> Iterator[Row]:
        """Set those who sign with the signatory beside each other, two and two."""
        others, half = self.letter.cosignatories, self.measure / 2
        for at in range(0, len(others), 2):
            stacks = [self._stack(self._signed(one), half - 6) for one in others[at : at + 2]]

            def drawn(top: float, stacks: Sequence[tuple[Callable[[float, float], None], float]]) -> None:
                for place, (draw, _) in enumerate(stacks):
                    draw(self.left + place * half, top)

            yield Row(max(height for _, height in stacks), partial(drawn, stacks=stacks))
            yield self._space(_GAP)

    def _closing(self) -> Row:
        column = self.right - _SIGNATURE_WIDTH
        seal, seal_height = self._stack(self._signature(), _SIGNATURE_WIDTH)
        beside = self.left + _QR_SIZE + _QUIET_ZONE
        check, check_height = self._stack(self._verification(), column - beside - 6)
        height = max(_QR_SIZE, seal_height, check_height)
        url = self.letter.verification_url

        def drawn(top: float) -> None:
            top += _QUIET_ZONE
            if not self.draft:
                self.paper.qr(url, self.left, top + 1, _QR_SIZE)
                self.paper.pdf.link(self.left, top, column - self.left - 6, max(_QR_SIZE, check_height), url)
            check(beside, top)
            seal(column, top)

        return Row(height + _QUIET_ZONE, drawn)

    def _signature(self) -> Iterator[Sequence[Run]]:
        letter = self.letter
        day, day_en = (long_date(letter.date, lang) for lang in ("id", "en"))
        yield [(f"{letter.place}, {day}", _BODY), *([(day_en, _INLINE)] if day_en != day else [])]
        yield from self._signed(letter.signatory)

    def _signed(self, signatory: Signatory | None) -> Iterator[Sequence[Run]]:
        title = signatory.title if signatory else self.letter.letterhead.agency
        yield [(title.id, _BODY)]
        if title.en != title.id:
            yield [(title.en, _TRANSLATION)]
        yield _BLANK
        yield _BLANK
        done = self.phrases["draft" if self.draft else "signed" if signatory else "sealed"]
        yield [(done.id, _SMALL_STRONG), (done.en, _SMALL_EN)]
        if signatory:
            yield _BLANK
            yield [(signatory.name, _STRONG)]
            if signatory.number:
                yield [(signatory.number, _SMALL)]

    def _verification(self) -> Iterator[Sequence[Run]]:
        if self.draft:
            return
        verify = self.phrases["verify"]
        yield [(verify.id, _SMALL)]
        yield [(verify.en, _SMALL_EN)]
        yield _BLANK
        yield [(self.letter.verification_url, _SMALL_STRONG)]

    def _stack(
        self, paragraphs: Iterable[Sequence[Run]], width: float
    ) -> tuple[Callable[[float, float], None], float]:
        """Lay paragraphs below each other in a column; give how to draw it and its height."""
        placed: list[tuple[float, Line, float]] = []
        height = 0.0
        for runs in paragraphs:
            leading = runs[0][1].leading
            for line in self.paper.lines(runs, width):
                placed.append((height, line, leading))
                height += leading

        def drawn(x: float, top: float) -> None:
            for below, line, leading in placed:
                self.paper.set_line(line, x, top + below, leading)

        return drawn, height

    def _foot(self, page: int, pages: int) -> None:
        top = HEIGHT - self.margins.bottom + 4.5
        self.paper.rule(self.left, top - 1.6, self.measure, _HAIRLINE, 120)
        counts = [getattr(self.phrases["page"], lang).format(page=page, pages=pages) for lang in ("id", "en")]
        self.paper.set_right("  ·  ".join(counts), _FOOT, self.right, top, _FOOT.leading)
        for line in self.paper.lines([(f"{self.letter.number}  ·  {self.letter.title.id}", _FOOT)], 100)[:1]:
            self.paper.set_line(line, self.left, top, _FOOT.leading)
        evidence = self.phrases["not_evidence" if self.draft else "evidence"]
        prevails = self.phrases["prevails"]
        fine, _ = self._stack(
            [[(f"{evidence.id} {prevails.id}", _FINE)], [(f"{evidence.en} {prevails.en}", _FINE_EN)]],
            self.measure,
        )
        fine(self.left, top + _FOOT.leading + 0.4)

    # The pieces

    def _text(self, runs: Iterable[Run], *, indent: float = 0, inset: float = 0) -> list[Row]:
        runs = list(runs)
        leading = runs[0][1].leading
        lines = self.paper.lines(runs, self.measure - indent - inset)
        rows = [self._cells([(indent, [line])], leading) for line in lines]
        return _unbroken(rows)

    def _both(self, text: Text, *, indent: float = 0, inset: float = 0) -> list[Row]:
        law = self._text([(text.id, _BODY)], indent=indent, inset=inset)
        if text.id == text.en:
            return law
        translation = self._text([(text.en, _TRANSLATION)], indent=indent, inset=inset)
        return [*law[:-1], replace(law[-1], keep=True), *translation]

    def _cells(self, cells: Sequence[tuple[float, Sequence[Line]]], leading: float) -> Row:
        def drawn(top: float) -> None:
            for indent, lines in cells:
                for line in lines:
                    self.paper.set_line(line, self.left + indent, top, leading)

        leading *= self.density
        return Row(leading, drawn)

    def _padded(self, rows: Sequence[Row]) -> list[Row]:
        pad = replace(self._space(0.75), keep=True, gap=False)
        return [pad, *_unbroken(rows)[:-1], replace(rows[-1], keep=True), replace(pad, keep=False)]

    def _centred(self, text: str, style: Style) -> list[Row]:
        return self._centred_runs([(text, style)])

    def _centred_runs(self, runs: Sequence[Run]) -> list[Row]:
        rows = []
        for line in self.paper.balanced(runs, self.measure):
            indent = (self.measure - self.paper.length(line)) / 2
            row = self._cells([(indent, [line])], runs[0][1].leading)
            rows.append(replace(row, keep=True))
        return rows

    def _hairline(self, *, keep: bool = False) -> Row:
        return Row(
            _HAIRLINE,
            lambda top: self.paper.rule(self.left, top, self.measure, _HAIRLINE, _LINE_GREY),
            keep=keep,
        )

    def _space(self, height: float) -> Row:
        # White space gives way before lines do.
        return Row(height * self.density**3, _nothing, gap=True)

    def _describe(self) -> None:
        pdf = self.paper.pdf
        pdf.set_lang("id-ID")
        pdf.set_creation_date(self.letter.created_at.replace(microsecond=0))
        pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
        pdf.set_xmp_metadata(_xmp(self.letter))


def _xmp(letter: Letter) -> str:
    """Write the metadata: in a PDF/A file they stand here and nowhere else."""
    created = letter.created_at.replace(microsecond=0).isoformat()
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<pdfaid:part>2</pdfaid:part>
<pdfaid:conformance>U</pdfaid:conformance>
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt>
<rdf:li xml:lang="x-default">{escape(letter.title.id)}</rdf:li>
<rdf:li xml:lang="id">{escape(letter.title.id)}</rdf:li>
<rdf:li xml:lang="en">{escape(letter.title.en)}</rdf:li>
</rdf:Alt></dc:title>
<dc:description><rdf:Alt>
<rdf:li xml:lang="x-default">{escape(letter.number)}</rdf:li>
</rdf:Alt></dc:description>
<dc:creator><rdf:Seq><rdf:li>{escape(letter.letterhead.agency.id)}</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>id</rdf:li><rdf:li>en</rdf:li></rdf:Bag></dc:language>
<pdf:Producer>{_PRODUCER}</pdf:Producer>
<xmp:CreatorTool>{_PRODUCER}</xmp:CreatorTool>
<xmp:CreateDate>{created}</xmp:CreateDate>
<xmp:ModifyDate>{created}</xmp:ModifyDate>
<xmp:MetadataDate>{created}</xmp:MetadataDate>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>"""


def _side_by_side(text: Text, style: Style) -> list[Run]:
    """Give a text and behind it the translation, unless there is nothing to translate."""
    return [(text.id, style), *([(text.en, _INLINE)] if text.en != text.id else [])]


def _nothing(top: float) -> None:
    """Draw white space."""


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Gather rows that stay together."""
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if not row.keep:
            yield group
            group = []
    if group:
        yield group


def _unbroken(rows: Sequence[Row]) -> list[Row]:
    """Leave no single line of a text alone on a page."""
    last = len(rows) - 1
    return [replace(row, keep=row.keep or (last > 0 and at in (0, last - 1))) for at, row in enumerate(rows)]


def _kept(rows: Sequence[Row], count: int) -> list[Row]:
    """Hold the last rows on the page of what follows, so that no signature stands alone."""
    return [*rows[:-count], *(replace(row, keep=True) for row in rows[-count:])]
