"""Who gets the places of a region: the reserves first, then the line in strict order, then what was released.

    places ▶ reserves, each in its own order ▶ the line by number or lot ▶ (stage 2) once more whose place had lapsed

One rule stands behind all of it: while a place is free, `next_of` names whose it is. A round that is worked through at
once, in pieces, or again after a crash therefore calls the same people, and never more than there are places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

GENERAL = "general"


def share(places: int, percent: int) -> int:
    """Give the places of a reserve: ``percent`` of all, rounded half up to a whole place."""
    return (places * percent * 2 + 100) // 200


@dataclass(frozen=True)
class Candidate:
    """Somebody who waits: the number in line, the case, and within a reserve what orders it."""

    number: int
    case: str
    order: str = ""


@dataclass(frozen=True)
class Call:
    """A place for a number; ``stage`` 2 is the second chance of who let the first one lapse."""

    number: int
    case: str
    category: str
    stage: int = 1

    def plain(self) -> dict[str, Any]:
        return {"number": self.number, "case": self.case, "category": self.category, "stage": self.stage}


@dataclass
class Count:
    """What has become of the places of a category: ``called`` counts everybody who ever was."""

    called: int = 0
    paid: int = 0
    released: int = 0

    @property
    def held(self) -> int:
        return self.called - self.released


@dataclass
class Ledger:
    """The places of a region in a round. ``line`` is the last number that was called by its number.

    ``again`` are those whose place has lapsed and who may be called once more, ``done`` those who may not; ``short``
    are the reserves for which nobody was left. ``pending`` are calls that may not have reached their case yet.
    """

    places: int
    shares: dict[str, int] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    line: int = 0
    again: dict[int, str] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    pending: list[Call] = field(default_factory=list)

    @property
    def free(self) -> int:
        return self.places - sum(count.held for count in self.counts.values())

    def count(self, category: str) -> Count:
        return self.counts.setdefault(category, Count())

    def quota(self) -> dict[str, int]:
        """Give the places of each category; what a reserve has too many goes to the line."""
        kept = {
            name: min(most, self.count(name).held) if name in self.short else most
            for name, most in self.shares.items()
        }
        return {**kept, GENERAL: self.places - sum(kept.values())}

    def note(self, call: Call) -> None:
        """Hold a place for who is called."""
        self.count(call.category).called += 1
        self.again.pop(call.number, None)
        if call.category == GENERAL and call.stage == 1:
            self.line = max(self.line, call.number)
        if call.stage == 2:
            self.done.add(call.number)

    def pay(self, call: Call) -> None:
        self.count(call.category).paid += 1

    def release(self, call: Call, *, again: bool) -> None:
        """Free the place of who was called; ``again`` lets the number be called once more, in the second stage."""
        self.count(call.category).released += 1
        if again and call.stage == 1:
            self.again[call.number] = call.case
        else:
            self.done.add(call.number)

    def plain(self) -> dict[str, Any]:
        """Give the ledger as it is stored."""
        return {
            "places": self.places, "shares": self.shares, "line": self.line, "short": sorted(self.short),
            "counts": {name: [one.called, one.paid, one.released] for name, one in self.counts.items()},
            "again": [[number, case] for number, case in sorted(self.again.items())], "done": sorted(self.done),
            "pending": [call.plain() for call in self.pending],
        }  # fmt: skip

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Ledger:
        return cls(
            stored["places"],
            dict(stored["shares"]),
            {name: Count(*numbers) for name, numbers in stored["counts"].items()},
            stored["line"],
            dict(stored["again"]),
            set(stored["done"]),
            set(stored["short"]),
            [Call(**call) for call in stored["pending"]],
        )


def opened(places: int, percents: Mapping[str, int]) -> Ledger:
    """Give the ledger of a region whose places nobody has yet."""
    return Ledger(places, {category: share(places, percent) for category, percent in percents.items()})


class Waiting:
    """Those who wait, each list in its order and read as far as it is needed: the line, and each reserve.

    ``lot`` is given where the line does not go by number.
    """

    def __init__(
        self, line: Iterator[Candidate], reserves: Mapping[str, Iterator[Candidate]] | None = None,
        lot: Callable[[int], str] | None = None,
    ) -> None:  # fmt: skip
        self._lists, self._lot = {GENERAL: line, **(reserves or {})}, lot

    def again(self, numbers: Iterable[int]) -> list[int]:
        """Sort those who come a second time, as the line is."""
        return sorted(numbers, key=self._lot) if self._lot else sorted(numbers)

    def next_in(self, category: str, passed: set[int]) -> Candidate | None:
        """Give the next of a list who was not chosen before."""
        return next((one for one in self._lists.get(category, iter(())) if one.number not in passed), None)


def allocate(ledger: Ledger, waiting: Waiting, most: int | None = None) -> Iterator[Call]:
    """Call people to the free places, at most so many, noting each in the ledger."""
    chosen: set[int] = set()
    while ledger.free > 0 and (most is None or len(chosen) < most):
        call = next_of(ledger, waiting, chosen)
        if call is None:
            return
        chosen.add(call.number)
        ledger.note(call)
        yield call


def next_of(ledger: Ledger, waiting: Waiting, chosen: set[int]) -> Call | None:
    """Name whose the next free place is, or ``None`` where nobody is left.

    A number is called once in a round; who let the place lapse comes again only after everybody else.
    """
    passed = chosen | ledger.done | set(ledger.again)
    for category, most in ledger.shares.items():
        if ledger.count(category).held < most:
            found = waiting.next_in(category, passed)
            if found:
                ledger.short.discard(category)
                return Call(found.number, found.case, category)
            ledger.short.add(category)
    found = waiting.next_in(GENERAL, passed)
    if found:
        return Call(found.number, found.case, GENERAL)
    for number in waiting.again(ledger.again):
        if number not in chosen:
            return Call(number, ledger.again[number], GENERAL, stage=2)
    return None
