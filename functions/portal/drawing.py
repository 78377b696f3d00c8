"""A case drawn on the picture of its process: which steps are passed, where it stands, what is still to come.

The compiler draws each step as a group named ``<process>.<step>``; here each gets its mark, a shape and a word, and the
picture's description says the same in sentences.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from functions.domain import rights
from functions.domain.errors import NotFound, ServiceUnknown
from functions.domain.service import Service
from functions.portal import progress
from functions.portal.cases import Seen, see
from functions.portal.messages import say
from functions.portal.visit import Answer, Content, Html, Visit
from functions.runtime.wiring import ports

_SVG = "http://www.w3.org/2000/svg"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:"
_SIGNS: Mapping[progress.Passing, str] = {
    "passed": "M4.5 9.5l3 3 6-7",
    "now": "M6.5 4.5l7 4.5-7 4.5z",
    "coming": "M9 8.6v.8",
}
"""What stands in the round sign of a mark, in a square of 18: a tick, an arrow head, a dot."""
_STYLE = (
    ".diagram { --done: #1a6b3c; --now: #8a4b00 } "
    "@media (prefers-color-scheme: dark) { .diagram { --done: #7fd6a0; --now: #f0c05a } } "
    ".passed { color: var(--done) } .now { color: var(--now) }"
)


@dataclass(frozen=True)
class Row:
    """A step of the picture in words."""

    title: str
    who: str
    state: progress.Passing | None
    words: str


def show(visit: Visit, case: str) -> Answer:
    """Show the picture, and the same as a table."""
    seen = see(visit, case)
    marks = progress.marks(seen.case, seen.service, own=_own(visit, seen))
    opened = {episode.process for episode in seen.case.episodes}
    current = ports.catalogue.service(seen.service.code).version
    page = {
        "case": seen.shown,
        "own": _own(visit, seen),
        "drawn": _plain(visit, seen) is not None,
        "version": seen.service.version,
        "current": current if current != seen.service.version else None,
        "processes": [
            (visit.text(process.title), list(_rows(visit, seen, name, marks)))
            for name, process in seen.service.processes.items()
            if name in opened
        ],
    }
    return Html("process.html", page)


def picture(visit: Visit, case: str) -> Answer:
    """Give the picture alone, as it stands in the page."""
    seen = see(visit, case)
    plain = _plain(visit, seen)
    if plain is None:
        raise NotFound(_NO_PICTURE)
    marks = progress.marks(seen.case, seen.service, own=_own(visit, seen))
    drawn = _marked(plain, marks, visit, seen.service)
    return Content(drawn, "image/svg+xml; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


def _own(visit: Visit, seen: Seen) -> bool:
    return rights.stands_for(visit.person, seen.case, visit.now)


def _plain(visit: Visit, seen: Seen) -> str | None:
    """Give the picture of the version that the case follows; ``None`` where none was kept."""
    try:
        found: str = ports.catalogue.diagram(seen.service.code, visit.language, seen.service.version)
    except ServiceUnknown:
        return None
    return found


def _rows(visit: Visit, seen: Seen, process: str, marks: progress.Marks) -> Iterator[Row]:
    for step, who in progress.steps_with_who(
        seen.case, seen.service, process, visit.language, own=_own(visit, seen)
    ):
        mark = marks.get((process, step.name))
        yield Row(visit.text(step.title), who, mark.state if mark else None, _words(visit, mark))


def _words(visit: Visit, mark: progress.Mark | None) -> str:
    if mark is None:
        return str(visit.t("process.aside"))
    said = str(visit.t(f"process.{mark.state}"))
    return said if mark.times < 2 else f"{said} ({visit.t('process.times', n=mark.times)})"


def _marked(plain: str, marks: progress.Marks, visit: Visit, service: Service) -> str:
    ET.register_namespace("", _SVG)
    svg = ET.fromstring(plain)  # noqa: S314 - our own compiler wrote it
    style, words = svg.find(f"{{{_SVG}}}style"), svg.find(f"{{{_SVG}}}desc")
    if style is not None:
        style.text = f"{style.text or ''}{_STYLE}"
    told = []
    for group in svg.iter(f"{{{_SVG}}}g"):
        process, _, step = group.get("id", "").partition(".")
        mark = marks.get((process, step))
        if mark:
            _mark(group, mark, _words(visit, mark))
            told.append(f"{visit.text(service.process(process).step(step).title)}: {_words(visit, mark)}.")
    if words is not None:
        words.text = " ".join([str(say("process.marks", visit.language)), *told, words.text or ""])
    return ET.tostring(svg, encoding="unicode")


def _mark(group: ET.Element, mark: progress.Mark, words: str) -> None:
    card = group[0]
    x, y, width, height = (int(card.get(name, "0")) for name in ("x", "y", "width", "height"))
    added = ET.SubElement(group, f"{{{_SVG}}}g", {"class": mark.state})
    if mark.state == "now":
        frame = {
            "x": str(x - 4),
            "y": str(y - 4),
            "width": str(width + 8),
            "height": str(height + 8),
            "rx": "12",
        }
        stroke = {"fill": "none", "stroke": "currentColor", "stroke-width": "4"}
        ET.SubElement(added, f"{{{_SVG}}}rect", frame | stroke)
    right, top = x + width - 34, y + 8
    sign = ET.SubElement(added, f"{{{_SVG}}}g", {"transform": f"translate({right} {top})"})
    thick = {"fill": "none", "stroke": "currentColor", "stroke-width": "2", "stroke-linecap": "round"}
    dash = {"stroke-dasharray": "3 3"} if mark.state == "coming" else {}
    ET.SubElement(sign, f"{{{_SVG}}}circle", {"cx": "9", "cy": "9", "r": "9"} | thick | dash)
    ET.SubElement(sign, f"{{{_SVG}}}path", {"d": _SIGNS[mark.state]} | thick)
    place = {
        "x": str(right - 6),
        "y": str(top + 13),
        "text-anchor": "end",
        "font-size": "12",
        "font-weight": "600",
    }
    ET.SubElement(added, f"{{{_SVG}}}text", place | {"fill": "currentColor"}).text = words


_NO_PICTURE = {
    "id": "Gambar versi proses ini tidak disimpan.",
    "en": "No picture of this version of the process was kept.",
}
