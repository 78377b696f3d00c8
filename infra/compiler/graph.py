"""A process as a graph: which step may follow which, and what follows from that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from functions.domain.service import (
    AnswerStep,
    AssessStep,
    CheckStep,
    ChooseStep,
    ConsultStep,
    CorrectStep,
    EnqueueStep,
    HoldStep,
    OutcomeStep,
    PayStep,
    Process,
    PublishStep,
    RankStep,
    RefundStep,
    Step,
    TallyStep,
    TaskStep,
    UnsealStep,
    WaitStep,
)

Names = frozenset[str]
BACK = frozenset({"again", "overdue"})
"""Ways that lead back, a bounded number of times."""


@dataclass(frozen=True)
class Edge:
    """A way on, and what takes it.

    ``by`` is `next`, `again`, `returned`, `rejected`, `lapsed`, `exhausted`, `failed`, `overdue`, `overpaid`, `by_law`
    or `when`.
    """

    to: str | None
    by: str


@dataclass(frozen=True)
class Graph:
    """``edges`` in the order of the steps; an edge to nowhere leads past the last step."""

    start: str
    edges: Mapping[str, tuple[Edge, ...]]

    @classmethod
    def of(cls, process: Process) -> Graph:
        names = [step.name for step in process.steps]
        after = dict(zip(names, [*names[1:], None], strict=True))
        return cls(names[0], {step.name: tuple(_edges(step, after[step.name])) for step in process.steps})

    def ways(self, name: str) -> list[str]:
        """Give the steps that exist and may follow."""
        return [edge.to for edge in self.edges[name] if edge.to in self.edges and edge.to is not None]

    def back(self, name: str) -> list[str]:
        """Give the steps to which a counted way leads back from this one."""
        return [edge.to for edge in self.edges[name] if edge.by in BACK and edge.to in self.edges and edge.to]

    def reachable(self, start: str | None = None, without: Iterable[str] = ()) -> Names:
        """Give the steps that can be reached from the start, never passing through ``without``."""
        barred = set(without)
        seen: set[str] = set()
        todo = [start or self.start]
        while todo:
            name = todo.pop()
            if name not in seen and name not in barred:
                seen.add(name)
                todo += self.ways(name)
        return frozenset(seen)

    def always_before(self, first: Iterable[str], then: str) -> bool:
        """Tell whether every path from the start to ``then`` passes one of ``first``."""
        return then not in self.reachable(without=set(first) - {then}) or then not in self.reachable()

    def walked(self) -> list[str]:
        """Give the reachable steps in the order in which a reader walks them: on first, then the side ways."""
        order: list[str] = []
        todo = [self.start]
        while todo:
            name = todo.pop()
            if name not in order:
                order.append(name)
                todo += reversed(self.ways(name))
        return order

    def loop(self) -> list[str]:
        """Give the steps of a loop, or none."""
        return next((path for path in map(self._path_back, self.edges) if path), [])

    def forward(self) -> Graph:
        """Give the graph without the ways back that corrections, refusals and late bills take: they are counted."""
        return Graph(
            self.start,
            {name: tuple(e for e in edges if e.by not in BACK) for name, edges in self.edges.items()},
        )

    def longest(self, weight: Callable[[str], int], start: str | None = None) -> int:
        """Give the weight of the heaviest path from the start. The graph must have no loop."""
        known: dict[str, int] = {}

        def weigh(name: str) -> int:
            if name not in known:
                known[name] = weight(name) + max((weigh(way) for way in self.ways(name)), default=0)
            return known[name]

        return weigh(start or self.start)

    def _path_back(self, start: str) -> list[str]:
        todo = [[start]]
        seen: set[str] = set()
        while todo:
            path = todo.pop()
            for way in self.ways(path[-1]):
                if way == start:
                    return path
                if way not in seen:
                    seen.add(way)
                    todo.append([*path, way])
        return []


def _edges(step: Step, after: str | None) -> list[Edge]:
    onward = Edge(step.then or after, "next")
    match step:
        case TaskStep() | ConsultStep():
            rounds, exhausted = getattr(step, "rounds", 0), getattr(step, "exhausted", None)
            refused = "again" if rounds else "rejected"
            aside = [("returned", step.returned), (refused, step.rejected), ("by_law", step.by_law)]
            aside += [("exhausted", exhausted)]
            return [onward, *(Edge(to, by) for by, to in aside if to)]
        case CorrectStep():
            return [Edge(step.then, "again"), Edge(step.lapsed, "lapsed"), Edge(step.exhausted, "exhausted")]
        case PayStep():
            again = [Edge(step.overdue, "overdue")] if step.overdue else []
            return [onward, Edge(step.lapsed, "lapsed"), *again]
        case ChooseStep():
            return [*(Edge(branch.then, "when") for branch in step.branches), onward]
        case CheckStep():
            return [onward, Edge(step.failed, "failed")]
        case HoldStep():
            aside = [("rejected", step.rejected), ("lapsed", step.lapsed), ("again", step.again)]
            aside += [("exhausted", step.exhausted)]
            return [onward, *(Edge(to, by) for by, to in aside if to)]
        case AssessStep():
            return [onward, *([Edge(step.overpaid, "overpaid")] if step.overpaid else [])]
        case RefundStep() | EnqueueStep() | WaitStep():
            return [onward]
        case TallyStep() | UnsealStep() | RankStep() | AnswerStep() | PublishStep():
            return [onward]
        case OutcomeStep():
            return []
