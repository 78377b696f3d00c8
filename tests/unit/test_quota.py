"""Places are given to the reserves, then to the line in strict order, and never one too many."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.quota import (
    FAILED,
    LAPSED,
    Call,
    Candidate,
    Group,
    Ledger,
    Waiting,
    allocate,
    opened,
    share,
)

ELDERLY = {"elderly": 5}
People = dict[int, str]
"""The month of birth of each number."""


def lists(people: People, until: str, *, without: set[int] = frozenset()) -> Waiting:  # type: ignore[assignment]
    def of(numbers: list[int]) -> Iterator[Candidate]:
        return iter([Candidate(number, f"case-{number}") for number in numbers if number not in without])

    oldest = sorted((born, number) for number, born in people.items() if born <= until)
    return Waiting(of(sorted(people)), {"elderly": of([number for _, number in oldest])})


def plain(people: People, places: int, until: str) -> tuple[list[int], list[int]]:
    """The same by sorting: the oldest of the elderly, then whoever comes next by number."""
    oldest = sorted((born, number) for number, born in people.items() if born <= until)
    elderly = [number for _, number in oldest[: share(places, 5)]]
    rest = [number for number in sorted(people) if number not in elderly]
    return elderly, rest[: places - len(elderly)]


def of(calls: list[Call], category: str) -> list[int]:
    return [call.number for call in calls if call.category == category]


@pytest.mark.parametrize(
    ("places", "kept"), [(0, 0), (9, 0), (10, 1), (20, 1), (29, 1), (30, 2), (100, 5), (5426, 271)]
)
def test_five_per_cent_are_rounded_half_up(places: int, kept: int) -> None:
    assert share(places, 5) == kept


def test_ten_thousand_are_called_as_plain_sorting_would() -> None:
    dice = random.Random(7)
    people = {number: f"{dice.randint(1930, 2010)}-{dice.randint(1, 12):02}" for number in range(1, 10_001)}
    ledger = opened(5426, ELDERLY)

    calls = list(allocate(ledger, lists(people, "1962-02")))

    assert (of(calls, "elderly"), of(calls, "general")) == plain(people, 5426, "1962-02")
    assert len({call.number for call in calls}) == 5426
    assert ledger.free == 0


GROUPS = [
    Group("payment-failed", "general", again=FAILED),
    Group("companion", "companion"),
    Group("reserve", "general", most=share(5426, 5)),
]


def second_stage(
    people: People, beside: dict[int, int], standing: dict[int, Call], *, groups: list[Group] = GROUPS
) -> Waiting:
    """What is known at any moment of the second stage: who stands in which list, and who holds a place."""
    lines = lists(people, "1962-02", without=set(standing))
    companions = sorted((other, number) for number, other in beside.items() if number not in standing)
    come = iter([Candidate(number, f"case-{number}", beside=other) for other, number in companions])
    holders = {number: call.case for number, call in standing.items()}
    return Waiting(
        lines._lists["general"], {**lines._lists, "companion": come}, groups=groups, holders=holders
    )


def plain_second_stage(
    people: People, beside: dict[int, int], standing: set[int], again: dict[int, str], left: int
) -> list[int]:
    """The same by sorting, place for place: failed payments, who comes with a holder, by number, lapsed ones."""
    holders, called = set(standing), list[int]()
    failed, lapsed = (sorted(n for n, one in again.items() if one == why) for why in (FAILED, LAPSED))
    for _ in range(left):
        come = sorted(
            (o, n) for n, o in beside.items() if o in holders and n not in holders and n not in again
        )
        rest = (number for number in sorted(people) if number not in holders and number not in again)
        number = next(n for n in chain(failed, (n for _, n in come), rest, lapsed) if n not in holders)
        called.append(number)
        holders.add(number)
    return called


def test_the_second_stage_of_ten_thousand_goes_as_plain_sorting_would() -> None:
    dice = random.Random(11)
    people = {number: f"{dice.randint(1930, 2010)}-{dice.randint(1, 12):02}" for number in range(1, 10_001)}
    beside = {number: dice.randint(1, 10_000) for number in dice.sample(range(1, 10_001), 800)}
    ledger = opened(5426, ELDERLY)
    standing = {call.number: call for call in allocate(ledger, lists(people, "1962-02"))}
    again = {n: dice.choice([FAILED, LAPSED]) for n in dice.sample(sorted(standing), 600)}
    for number, why in again.items():
        ledger.release(standing.pop(number), again=why)
    held = set(standing)

    calls = list[Call]()
    while piece := list(allocate(ledger, second_stage(people, beside, standing), 25)):
        standing |= {call.number: call for call in piece}
        calls += piece
        ledger = Ledger.of(ledger.plain())

    assert [call.number for call in calls] == plain_second_stage(people, beside, held, again, 600)
    assert {call.category for call in calls} == {"payment-failed", "companion", "reserve"}
    assert {call.stage for call in calls} == {2}
    assert (ledger.free, sum(ledger.quota().values())) == (0, 5426)


births = st.builds("{}-{:02}".format, st.integers(1930, 2012), st.integers(1, 12))


@given(
    born=st.lists(births, max_size=120),
    places=st.integers(0, 150),
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6),
)
def test_in_pieces_it_comes_to_the_same_as_sorting(born: list[str], places: int, sizes: list[int]) -> None:
    people = dict(enumerate(born, 1))
    ledger, calls = opened(places, ELDERLY), list[Call]()

    for turn in range(len(born) + 1):
        called = {call.number for call in calls}
        piece = list(allocate(ledger, lists(people, "1962-02", without=called), sizes[turn % len(sizes)]))
        ledger = Ledger.of(ledger.plain())
        calls += piece

    elderly, rest = plain(people, places, "1962-02")
    assert (of(calls, "elderly"), of(calls, "general")) == (elderly, rest)
    assert len(calls) == min(places, len(people))


@given(
    born=st.lists(births, min_size=1, max_size=60),
    places=st.integers(1, 40),
    fates=st.lists(st.sampled_from(["paid", FAILED, LAPSED, "refused"]), max_size=200),
    begins=st.integers(0, 100),
    beside=st.dictionaries(st.integers(1, 60), st.integers(1, 60), max_size=30),
)
def test_no_place_is_given_twice_whatever_becomes_of_the_calls(
    born: list[str], places: int, fates: list[str], begins: int, beside: dict[int, int]
) -> None:
    people = dict(enumerate(born, 1))
    known = {number: other for number, other in beside.items() if number in people and number != other}
    ledger, standing, paid = opened(places, ELDERLY), dict[int, Call](), set[int]()
    called: list[Call] = []

    for turn, fate in enumerate([*fates, *["paid"] * 200]):
        waiting = (
            lists(people, "1962-02", without=set(standing))
            if turn < begins
            else second_stage(people, known, standing)
        )
        for call in allocate(ledger, waiting):
            if call.category == "companion":
                assert known[call.number] in standing
            standing[call.number] = call
            called.append(call)
            assert len(standing) <= places
        unpaid = [call for call in standing.values() if call.number not in paid]
        if not unpaid:
            break
        call = unpaid[0]
        if fate == "paid":
            ledger.pay(call)
            paid.add(call.number)
        else:
            ledger.release(call, again=fate if fate in (FAILED, LAPSED) else None)
            del standing[call.number]

    assert len({(call.number, call.stage) for call in called}) == len(called)
    assert sum(ledger.quota().values()) == places
    assert sum(count.held for count in ledger.counts.values()) <= places
    by_number = [call.number for call in called if call.category == "general" and call.stage == 1]
    assert by_number == sorted(by_number)


def test_a_released_place_goes_to_the_next_in_line() -> None:
    people = dict.fromkeys(range(1, 5), "1985-01")
    ledger = opened(2, ELDERLY)
    first = list(allocate(ledger, lists(people, "1962-02")))

    ledger.release(first[0], again=LAPSED)
    then = list(allocate(ledger, lists(people, "1962-02", without={2})))

    assert [call.number for call in first] == [1, 2]
    assert [(call.number, call.stage) for call in then] == [(3, 1)]
    assert ledger.free == 0


def test_who_let_the_place_lapse_comes_again_once_after_everybody_else() -> None:
    people = dict.fromkeys(range(1, 4), "1985-01")
    ledger = opened(3, {})
    calls = list(allocate(ledger, lists(people, "1962-02")))
    for call in calls[:2]:
        ledger.release(call, again=LAPSED)

    second = list(allocate(ledger, lists(people, "1962-02", without={3})))
    for call in second:
        ledger.release(call, again=LAPSED)

    assert [(call.number, call.stage) for call in second] == [(1, 2), (2, 2)]
    assert list(allocate(ledger, lists(people, "1962-02", without={3}))) == []
    assert ledger.free == 2


def test_who_comes_with_somebody_waits_until_that_one_has_a_place() -> None:
    people = dict.fromkeys(range(1, 6), "1985-01")
    ledger = opened(2, {})
    (first, second) = allocate(ledger, lists(people, "1962-02"))
    ledger.release(second, again=None)

    # 5 would come with 4, and 4 with 1: both come, one after the other, as soon as there are places.
    ledger.places = 3
    calls = list(allocate(ledger, second_stage(people, {5: 4, 4: 1, 3: 2}, {1: first})))

    assert [(call.number, call.category) for call in calls] == [(4, "companion"), (5, "companion")]


def test_a_ledger_that_was_stored_before_there_were_reasons_is_read() -> None:
    stored = opened(2, {}).plain() | {"again": [[7, "case-7"]]}
    del stored["stage"]

    ledger = Ledger.of(stored)

    assert (ledger.again, ledger.stage) == ({7: ("case-7", LAPSED)}, 1)


def test_who_was_refused_does_not_come_again_in_the_round() -> None:
    ledger = opened(1, {})
    (call,) = allocate(ledger, lists({1: "1985-01"}, "1962-02"))

    ledger.release(call, again=None)

    assert list(allocate(ledger, lists({1: "1985-01"}, "1962-02"))) == []


def test_what_a_reserve_has_too_many_goes_to_the_line() -> None:
    people = {1: "1985-01", 2: "1985-01", 3: "1950-01"}
    ledger = opened(60, ELDERLY)

    list(allocate(ledger, lists(people, "1962-02")))

    assert ledger.quota() == {"elderly": 1, "general": 59}
    assert ledger.count("elderly").called == 1
