"""Who gets the places of a region: the reserves first, then the line in strict order, then what was released.

    places ▶ reserves, each in its own order ▶ the line by number or lot ▶ once more whose place had lapsed
    in the second stage, before all of these: its groups, one after the other

One rule stands behind all of it: while a place is free, `next_of` names whose it is. A round that is worked through at
once, in pieces, or again after a crash therefore calls the same people, and never more than there are places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

GENERAL = "general"
FAILED, LAPSED = "failed", "lapsed"
"""Why a place was released whose number may be called once more: the payment was tried and failed, or was not made."""
AGAIN = frozenset({FAILED, LAPSED})


def share(places: int, percent: int) -> int:
    """Give the places of a reserve: ``percent`` of all, rounded half up to a whole place."""
    return (places * percent * 2 + 100) // 200


@dataclass(frozen=True)
class Candidate:
    """Somebody who waits: the number in line, the case, and within a reserve or a group what orders it.

    Who comes with somebody else names that one's number in ``beside``.
    """

    number: int
    case: str
    order: str = ""
    beside: int | None = None


@dataclass(frozen=True)
class Group:
    """Some who come first in the second stage, at most ``most`` of them, in the order of the list ``of``.

    ``again`` makes it those whose place in the first stage was released for that reason; they stand in no list.
    """

    category: str
    of: str
    most: int | None = None
    again: str | None = None


@dataclass(frozen=True)
class Call:
    """A place for a number; ``stage`` 2 is the second stage, and the second chance of who let the first one lapse."""

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

    ``again`` are those whose place has lapsed and who may be called once more, each with its case and the reason,
    ``done`` those who may not; ``short`` are the reserves for which nobody was left. ``pending`` are calls that may not
    have reached their case yet. In the second ``stage`` a reserve keeps no places.
    """

    places: int
    shares: dict[str, int] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    line: int = 0
    again: dict[int, tuple[str, str]] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    pending: list[Call] = field(default_factory=list)
    stage: int = 1

    @property
    def free(self) -> int:
        return self.places - sum(count.held for count in self.counts.values())

    def count(self, category: str) -> Count:
        return self.counts.setdefault(category, Count())

    def quota(self) -> dict[str, int]:
        """Give the places of each category; what a reserve has too many goes to the line, or to a group."""
        kept = {
            name: min(most, self.count(name).held) if name in self.short or self.stage == 2 else most
            for name, most in self.shares.items()
        }
        groups = {name: one.held for name, one in self.counts.items() if name not in kept and name != GENERAL}
        return {**kept, GENERAL: self.places - sum(kept.values()) - sum(groups.values()), **groups}

    def note(self, call: Call, *, by_number: bool = False) -> None:
        """Hold a place for who is called."""
        self.count(call.category).called += 1
        self.again.pop(call.number, None)
        if by_number:
            self.line = max(self.line, call.number)
        if call.stage == 2:
            self.done.add(call.number)

    def pay(self, call: Call) -> None:
        self.count(call.category).paid += 1

    def release(self, call: Call, *, again: str | None) -> None:
        """Free the place of who was called; ``again`` is why the number may be called once more later."""
        self.count(call.category).released += 1
        if again and call.stage == 1:
            self.again[call.number] = (call.case, again)
        else:
            self.done.add(call.number)

    def plain(self) -> dict[str, Any]:
        """Give the ledger as it is stored."""
        return {
            "places": self.places, "shares": self.shares, "line": self.line, "short": sorted(self.short),
            "counts": {name: [one.called, one.paid, one.released] for name, one in self.counts.items()},
            "again": [[number, *told] for number, told in sorted(self.again.items())], "done": sorted(self.done),
            "pending": [call.plain() for call in self.pending], "stage": self.stage,
        }  # fmt: skip

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Ledger:
        return cls(
            stored["places"],
            dict(stored["shares"]),
            {name: Count(*numbers) for name, numbers in stored["counts"].items()},
            stored["line"],
            {number: (case, *why) if why else (case, LAPSED) for number, case, *why in stored["again"]},
            set(stored["done"]),
            set(stored["short"]),
            [Call(**call) for call in stored["pending"]],
            stored.get("stage", 1),
        )


def opened(places: int, percents: Mapping[str, int]) -> Ledger:
    """Give the ledger of a region whose places nobody has yet."""
    return Ledger(places, {category: share(places, percent) for category, percent in percents.items()})


class Waiting:
    """Those who wait, each list in its order and read as far as it is needed: the line, each reserve and each group.

    ``lot`` is given where the line does not go by number, ``groups`` in the second stage. ``holders`` are the numbers
    that hold a place, each with its case: only beside one of them somebody comes who has named it. ``ready`` is asked
    of a list and somebody in it whether that one can be called now.
    """

    def __init__(
        self, line: Iterator[Candidate], others: Mapping[str, Iterator[Candidate]] | None = None,
        lot: Callable[[int], str] | None = None, groups: Sequence[Group] = (),
        holders: Mapping[int, str] | None = None, ready: Callable[[str, Candidate], bool] = lambda *_: True,
    ) -> None:  # fmt: skip
        self._lists, self._lot, self._ready = {GENERAL: line, **(others or {})}, lot, ready
        self._aside: dict[str, list[Candidate]] = {}
        self.groups, self.holders = groups, dict(holders or {})

    def again(self, numbers: Iterable[int]) -> list[int]:
        """Sort those who come a second time, as the line is."""
        return sorted(numbers, key=self._lot) if self._lot else sorted(numbers)

    def next_in(self, name: str, passed: set[int]) -> Candidate | None:
        """Give the next of a list who was not chosen before and can be called.

        Who would come beside somebody without a place is put aside, and comes first once that one has a place.
        """
        aside = self._aside.setdefault(name, [])
        for one in [one for one in aside if one.beside in self.holders]:
            aside.remove(one)
            if one.number not in passed and self._ready(name, one):
                return one
        for one in self._lists.get(name, iter(())):
            if one.beside is not None and one.beside not in self.holders:
                aside.append(one)
            elif one.number not in passed and self._ready(name, one):
                return one
        return None


def allocate(ledger: Ledger, waiting: Waiting, most: int | None = None) -> Iterator[Call]:
    """Call people to the free places, at most so many, noting each in the ledger."""
    chosen: set[int] = set()
    ledger.stage = 2 if waiting.groups else ledger.stage
    while ledger.free > 0 and (most is None or len(chosen) < most):
        found = next_of(ledger, waiting, chosen)
        if found is None:
            return
        call, by_number = found
        chosen.add(call.number)
        waiting.holders[call.number] = call.case
        ledger.note(call, by_number=by_number)
        yield call


def next_of(ledger: Ledger, waiting: Waiting, chosen: set[int]) -> tuple[Call, bool] | None:
    """Name whose the next free place is, and whether by its number; ``None`` where nobody is left.

    A number is called once in a stage; who let the place lapse comes again only after everybody else, unless a group
    of the second stage has it earlier.
    """
    passed = chosen | ledger.done | set(ledger.again)
    for group in waiting.groups:
        if group.most is None or ledger.count(group.category).held < group.most:
            call = _of_group(ledger, waiting, group, passed, chosen)
            if call:
                return call, group.of == GENERAL and not group.again
    for category, most in ledger.shares.items():
        if ledger.count(category).held < most:
            found = waiting.next_in(category, passed)
            if found:
                ledger.short.discard(category)
                return Call(found.number, found.case, category, ledger.stage), False
            ledger.short.add(category)
    found = waiting.next_in(GENERAL, passed)
    if found:
        return Call(found.number, found.case, GENERAL, ledger.stage), True
    again = _again(ledger, waiting, GENERAL, chosen)
    return (again, False) if again else None


def _of_group(
    ledger: Ledger, waiting: Waiting, group: Group, passed: set[int], chosen: set[int]
) -> Call | None:
    if group.again:
        return _again(ledger, waiting, group.category, chosen, group.again)
    found = waiting.next_in(group.of, passed)
    return Call(found.number, found.case, group.category, stage=2) if found else None


def _again(
    ledger: Ledger, waiting: Waiting, category: str, chosen: set[int], reason: str | None = None
) -> Call | None:
    for number in waiting.again(ledger.again):
        case, why = ledger.again[number]
        if number not in chosen and reason in (None, why):
            return Call(number, case, category, stage=2)
    return None
