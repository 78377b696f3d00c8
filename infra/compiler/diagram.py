"""Pass 6, draw: a service's processes as a picture that can also be read.

A spine of cards runs down the ordinary way; what a verdict turns aside to stands to its right. The drawing is SVG with
real text, a title and a description in the same words, and follows the reader's light or dark scheme.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import wrap
from xml.sax.saxutils import escape, quoteattr

from functions.domain.clock import Language, Term
from functions.domain.service import (
    Agency,
    AnswerStep,
    AssessStep,
    Branch,
    CheckStep,
    ChooseStep,
    ConsultStep,
    CorrectStep,
    EnqueueStep,
    HoldStep,
    OutcomeStep,
    PayStep,
    PublishStep,
    RankStep,
    RefundStep,
    Service,
    Step,
    TallyStep,
    TaskSpec,
    TaskStep,
    UnsealStep,
    WaitStep,
)
from infra.compiler.graph import Edge, Graph

LANGUAGES: tuple[Language, ...] = ("id", "en")

# Pixels. A line of text holds as many letters as fit when the widest ordinary ones come together.
CARD, PAD, GAP, MARGIN = 320, 14, 34, 24
LINE, LETTERS, SLOT, LANE, LABEL = 18, 48, 22, 16, 104
TITLE_LETTERS, HEAD = 38, 46

WORDS: Mapping[str, Mapping[Language, str]] = {
    "task": {"id": "Tugas", "en": "Task"},
    "consult": {"id": "Serentak", "en": "At the same time"},
    "correct": {"id": "Pemohon", "en": "Applicant"},
    "pay": {"id": "Pemohon", "en": "Applicant"},
    "check": {"id": "Sistem", "en": "System"},
    "wait": {"id": "Menunggu", "en": "Wait"},
    "at_most": {"id": "paling lama", "en": "at most"},
    "refund": {"id": "Sistem", "en": "System"},
    "enqueue": {"id": "Sistem", "en": "System"},
    "overdue": {"id": "terlambat dibayar", "en": "paid late"},
    "overpaid": {"id": "lebih bayar", "en": "overpaid"},
    "assess": {"id": "Sistem", "en": "System"},
    "hold": {"id": "Tunggu", "en": "Wait"},
    "tally": {"id": "Sistem", "en": "System"},
    "rank": {"id": "Sistem", "en": "System"},
    "answer": {"id": "Sistem", "en": "System"},
    "unseal": {"id": "Sistem", "en": "System"},
    "publish": {"id": "Sistem", "en": "System"},
    "choose": {"id": "Sistem", "en": "System"},
    "outcome": {"id": "Hasil", "en": "Outcome"},
    "returned": {"id": "dikembalikan", "en": "returned"},
    "rejected": {"id": "ditolak", "en": "refused"},
    "lapsed": {"id": "lewat waktu", "en": "out of time"},
    "exhausted": {"id": "putaran habis", "en": "rounds used up"},
    "failed": {"id": "tidak terpenuhi", "en": "not met"},
    "by_law": {"id": "menurut hukum", "en": "by law"},
    "next": {"id": "selain itu", "en": "otherwise"},
    "again": {"id": "diperbaiki", "en": "corrected"},
    "when": {"id": "bila", "en": "if"},
    "silence": {"id": "diam berarti", "en": "silence means"},
    "rules": {"id": "{} aturan diperiksa otomatis", "en": "rules checked without anybody: {}"},
    "rounds": {"id": "paling banyak {} putaran", "en": "at most {} rounds"},
    "each": {"id": "untuk setiap butir, paling banyak {}", "en": "for each item, at most {}"},
    "opens": {"id": "membuka", "en": "opens"},
    "issues": {"id": "menerbitkan", "en": "issues"},
    "then": {"id": "lalu", "en": "then"},
}
SILENCES: Mapping[str, Mapping[Language, str]] = {
    "approve": {"id": "disetujui", "en": "approved"},
    "refuse": {"id": "ditolak", "en": "refused"},
    "no_objection": {"id": "tidak berkeberatan", "en": "no objection"},
    "alarm": {"id": "pengawas diberi tahu", "en": "a supervisor is alarmed"},
    "lapse": {"id": "gugur", "en": "lapsed"},
}

STYLE = """
.diagram { color: #1b2430; }
.diagram .paper { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
  .diagram { color: #e6eaf0; }
  .diagram .paper { fill: #14181d; }
}
"""


@dataclass
class Card:
    """A step as it is drawn: its lines of text, and where it stands."""

    step: Step
    caption: str
    title: list[str]
    lines: list[str]
    slots: int = 0
    x: int = 0
    y: int = 0

    @property
    def height(self) -> int:
        return 2 * PAD + max((1 + len(self.title) + len(self.lines)) * LINE, self.slots * SLOT)


@dataclass
class Sketch:
    """What has been drawn so far, and how far down and right it reaches."""

    parts: list[str] = field(default_factory=list)
    width: int = 0
    y: int = MARGIN


def draw(service: Service, agencies: Mapping[str, Agency], language: Language) -> str:
    """Give the diagram of a service in one language, as an SVG document."""
    sketch = Sketch()
    described: list[str] = []
    for name in service.processes:
        drawing = _Drawing(service, name, agencies, language)
        drawing.onto(sketch)
        described.append(drawing.in_words())
    title = _of(service.title, language)
    return "\n".join(_document(sketch, title, " ".join(described), language)) + "\n"


def _document(sketch: Sketch, title: str, description: str, language: Language) -> Iterator[str]:
    width, height = sketch.width + MARGIN, sketch.y
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" lang="{language}" role="img" '
        f'aria-labelledby="diagram-title diagram-words" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" '
        'color="#1b2430" font-family="system-ui, sans-serif" font-size="13">'
    )
    yield f'<title id="diagram-title">{escape(title)}</title>'
    yield f'<desc id="diagram-words">{escape(description)}</desc>'
    yield f"<style>{STYLE}</style>"
    yield (
        '<defs><marker id="diagram-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>'
    )
    yield f'<rect class="paper" width="{width}" height="{height}" fill="#ffffff"/>'
    yield from sketch.parts
    yield "</svg>"


class _Drawing:
    """One process: which cards there are, where they stand, and the ways between them."""

    def __init__(
        self, service: Service, name: str, agencies: Mapping[str, Agency], language: Language
    ) -> None:
        process = service.processes[name]
        self.service, self.process, self.agencies, self.language = service, process, agencies, language
        self.process_name = name
        self.graph = Graph.of(process)
        self.spine = self._spine()
        self.aside = self._aside()
        self.cards = {name: self._card(process.step(name)) for name in (*self.spine, *self.aside)}

    def onto(self, sketch: Sketch) -> None:
        """Draw the process below what is there."""
        self._count_slots()
        heading = _of(self.process.title, self.language)
        sketch.parts.append(_text(MARGIN, sketch.y + 18, heading, size=18, weight=600))
        self._place(sketch.y + HEAD)
        sketch.parts += self._ways()
        for card in self.cards.values():
            sketch.parts += _step(f"{self.process_name}.{card.step.name}", card)
        sketch.width = max(sketch.width, self._right_edge())
        sketch.y = max(card.y + card.height for card in self.cards.values()) + 2 * MARGIN

    def in_words(self) -> str:
        """Tell the same in sentences, for those who do not see it."""
        sentences = [f"{_of(self.process.title, self.language)}:"]
        for number, (name, card) in enumerate(self.cards.items(), 1):
            edges = [edge for edge in self.graph.edges[name] if edge.to in self.cards]
            onward = [self._way_in_words(card.step, edge) for edge in edges]
            said = "; ".join([" ".join(card.title), *card.lines, *onward])
            sentences.append(f"{number}. {said}.")
        return " ".join(sentences)

    # -- cards ---------------------------------------------------------------------------------------------------

    def _spine(self) -> list[str]:
        names: list[str] = []
        name: str | None = self.graph.start
        while name in self.graph.edges and name is not None and name not in names:
            names.append(name)
            name = next((e.to for e in self.graph.edges[name] if e.by == "next"), None)
        return names

    def _aside(self) -> list[str]:
        """Give what stands beside the spine, each as near as may be to what first leads to it, corrections first."""
        names = [name for name in self.graph.walked() if name not in self.spine]
        first = {
            n: next((at for at, s in enumerate(self.spine) if n in self.graph.ways(s)), len(self.spine))
            for n in names
        }
        return sorted(names, key=lambda name: (first[name], self.process.step(name).kind == "outcome"))

    def _card(self, step: Step) -> Card:
        lines = [part for line in self._lines(step) for part in wrap(line, LETTERS, subsequent_indent="  ")]
        return Card(
            step, WORDS[step.kind][self.language], wrap(_of(step.title, self.language), TITLE_LETTERS), lines
        )

    def _lines(self, step: Step) -> Iterator[str]:
        match step:
            case TaskStep():
                yield from self._obligation(step.of[0])
            case ConsultStep():
                for task in step.of:
                    yield f"• {_of(task.title, self.language)}"
                    yield from (f"  {line}" for line in self._obligation(task))
                    if task.each:
                        yield "  " + self._word("each").format(task.most)
                    if task.when:
                        yield f"  {self._condition(task)}"
            case WaitStep():
                yield self._term(step.within)
            case HoldStep():
                yield self._term(step.within)
                if step.again:
                    yield self._word("rounds").format(step.rounds)
            case TallyStep() | UnsealStep() | RankStep() | AnswerStep():
                return
            case PublishStep():
                for kind in step.permits:
                    yield f"{self._word('issues')} {_of(self.service.permits[kind].title, self.language)}"
                if step.letter:
                    yield f"{self._word('issues')} {_of(self.service.letters[step.letter].title, self.language)}"
            case CorrectStep():
                yield self._term(step.within) + ", " + self._word("rounds").format(step.rounds)
            case PayStep():
                yield self._term(step.within)
            case WaitStep():
                yield (
                    f"{self._word('at_most')} {self._term(step.within)}"
                    if step.until
                    else self._term(step.within)
                )
            case CheckStep():
                yield self._word("rules").format(len(step.rules))
            case RefundStep() | EnqueueStep():
                return
            case AssessStep():
                if self.service.fee:
                    yield _of(self.service.fee.words, self.language)
            case ChooseStep():
                yield from (
                    f"{self._condition(branch)} → {self._title(branch.then)}" for branch in step.branches
                )
            case OutcomeStep():
                for kind in step.issue:
                    yield f"{self._word('issues')} {_of(self.service.permits[kind].title, self.language)}"
                if step.opens:
                    yield f"{self._word('opens')} {_of(self.service.processes[step.opens].title, self.language)}"

    def _obligation(self, task: TaskSpec) -> Iterator[str]:
        agency, _, role = task.role.partition("/")
        yield f"{_of(self.agencies[agency].roles[role], self.language)} ({agency.upper().replace('-', ' ')})"
        yield f"{self._term(task.within)}; {self._word('silence')} {SILENCES[task.silence][self.language]}"

    def _condition(self, asked: TaskSpec | Branch) -> str:
        words = _of(asked.when_words, self.language) if asked.when_words else str(asked.when)
        return f"{self._word('when')} {words}"

    def _title(self, name: str) -> str:
        return _of(self.process.step(name).title, self.language)

    def _term(self, term: Term) -> str:
        return term.words[self.language]

    def _word(self, name: str) -> str:
        return WORDS[name][self.language]

    def _way_in_words(self, step: Step, edge: Edge) -> str:
        ordinary = edge.by == "next" and not isinstance(step, ChooseStep)
        word = self._word("then" if ordinary else edge.by)
        return f"{word} → {self._title(str(edge.to))}"

    # -- places --------------------------------------------------------------------------------------------------

    def _count_slots(self) -> None:
        """A card is high enough for all the ways that leave or reach one of its sides."""
        for name, card in self.cards.items():
            out = len(self._sideways(name))
            back = sum(1 for source in self.aside for edge in self.graph.edges[source] if edge.to == name)
            card.slots = out + (back if name in self.spine else 1)

    def _place(self, top: int) -> None:
        y = top
        for name in self.spine:
            card = self.cards[name]
            card.x, card.y = self._spine_x(), y
            y += card.height + GAP
        y = top
        for name in self.aside:
            card = self.cards[name]
            first = min((self.cards[s].y for s in self.spine if name in self.graph.ways(s)), default=y)
            card.x, card.y = self._aside_x(), max(y, first)
            y = card.y + card.height + GAP

    def _spine_x(self) -> int:
        return MARGIN + LANE * len(self._skips())

    def _aside_x(self) -> int:
        lanes = 2 * len(self.aside)
        return self._spine_x() + CARD + LABEL + LANE * (lanes + 1)

    def _right_edge(self) -> int:
        if not self.aside:
            return self._spine_x() + CARD
        return self._aside_x() + CARD + (LABEL + LANE * (len(self.aside) + 1) if self._between_aside() else 0)

    # -- ways ----------------------------------------------------------------------------------------------------

    def _sideways(self, name: str) -> list[Edge]:
        """Give the ways that leave a card at its right side."""
        return [edge for edge in self.graph.edges[name] if edge.to in self.aside]

    def _skips(self) -> list[tuple[str, str]]:
        """Give the ways from the spine to the spine that pass a card over; they run at its left."""
        after = dict(zip(self.spine, self.spine[1:], strict=False))
        pairs = [
            (name, edge.to) for name in self.spine for edge in self.graph.edges[name] if edge.to in self.spine
        ]
        return [(name, str(to)) for name, to in pairs if to != after.get(name)]

    def _between_aside(self) -> bool:
        return any(self._sideways(name) for name in self.aside)

    def _ways(self) -> Iterator[str]:
        for above, below in zip(self.spine, self.spine[1:], strict=False):
            upper, lower = self.cards[above], self.cards[below]
            if any(edge.to == below for edge in self.graph.edges[above]):
                x = upper.x + CARD // 2
                yield _way(f"M{x} {upper.y + upper.height}V{lower.y}")
        for at, (name, to) in enumerate(self._skips()):
            yield from self._skip(self.cards[name], self.cards[to], MARGIN + LANE * at)
        used = dict.fromkeys(self.cards, 0)
        for name in self.spine:
            for edge in self._sideways(name):
                yield from self._turn_aside(name, edge, used)
        for name in self.aside:
            for edge in self.graph.edges[name]:
                if edge.to in self.aside:
                    yield from self._on_at_the_right(name, edge, used)
                elif edge.to in self.cards:
                    yield from self._back(name, edge, used)

    def _skip(self, source: Card, target: Card, lane: int) -> Iterator[str]:
        y = source.y + source.height - PAD
        yield _way(f"M{source.x} {y}H{lane}V{target.y + PAD}H{target.x}")

    def _turn_aside(self, name: str, edge: Edge, used: dict[str, int]) -> Iterator[str]:
        source, target = self.cards[name], self.cards[str(edge.to)]
        y, lane = self._slot(source, used), self._lane(str(edge.to), 0)
        yield _text(source.x + CARD + 8, y - 4, self._word(edge.by), size=11)
        yield _way(f"M{source.x + CARD} {y}H{lane}V{target.y + PAD + 8}H{target.x}")

    def _back(self, name: str, edge: Edge, used: dict[str, int]) -> Iterator[str]:
        source, target = self.cards[name], self.cards[str(edge.to)]
        y, lane = self._slot(target, used), self._lane(name, 1)
        yield _text(target.x + CARD + 12, y - 4, self._word(edge.by), size=11)
        yield _way(f"M{source.x} {source.y + source.height - PAD}H{lane}V{y}H{target.x + CARD}", dashed=True)

    def _on_at_the_right(self, name: str, edge: Edge, used: dict[str, int]) -> Iterator[str]:
        source, target = self.cards[name], self.cards[str(edge.to)]
        y, right = self._slot(source, used), self._aside_x() + CARD
        lane = right + LABEL + LANE * self.aside.index(str(edge.to))
        yield _text(right + 8, y - 4, self._word(edge.by), size=11)
        yield _way(f"M{right} {y}H{lane}V{target.y + target.height // 2}H{right}")

    def _slot(self, card: Card, used: dict[str, int]) -> int:
        at = used[card.step.name]
        used[card.step.name] = at + 1
        return card.y + PAD + 12 + SLOT * at

    def _lane(self, name: str, way: int) -> int:
        return self._spine_x() + CARD + LABEL + LANE * (2 * self.aside.index(name) + way)


def _step(name: str, card: Card) -> Iterator[str]:
    """Draw a card as a group of its own, so that a case can be marked on it: `functions.portal.drawing`."""
    yield f"<g id={quoteattr(name)}>"
    yield from _card(card)
    yield "</g>"


def _card(card: Card) -> Iterator[str]:
    round_corners = card.height // 2 if card.step.kind == "outcome" and len(card.lines) < 2 else 8
    box = f'x="{card.x}" y="{card.y}" width="{CARD}" height="{card.height}" rx="{min(round_corners, 28)}"'
    applicant = card.step.kind in ("correct", "pay")
    yield f'<rect class="paper" {box} fill="#ffffff"/>'
    yield (
        f'<rect {box} fill="currentColor" fill-opacity="{0.1 if applicant else 0.04}" stroke="currentColor" '
        f'stroke-width="{2 if card.step.kind == "outcome" else 1}"/>'
    )
    x, y = card.x + PAD + 4, card.y + PAD + 8
    yield _text(x, y, card.caption, size=10, opacity=0.75)
    for line in card.title:
        y += LINE
        yield _text(x, y, line, size=14, weight=600)
    for line in card.lines:
        y += LINE
        indent = len(line) - len(line.lstrip())
        yield _text(x + 5 * indent, y, line.strip(), size=12)


def _way(path: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"{dash} '
        'marker-end="url(#diagram-arrow)"/>'
    )


def _text(x: int, y: int, text: str, *, size: int, weight: int = 400, opacity: float = 1) -> str:
    thick = f" font-weight={quoteattr(str(weight))}" if weight != 400 else ""
    faint = f' fill-opacity="{opacity}"' if opacity != 1 else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="currentColor"{thick}{faint}>{escape(text)}</text>'


def _of(text: object, language: Language) -> str:
    return str(getattr(text, language))
