"""Places are given to the reserves, then to the line in strict order, and never one too many."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.quota import Call, Candidate, Ledger, Waiting, allocate, opened, share

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
    fates=st.lists(st.sampled_from(["paid", "lapsed", "refused"]), max_size=200),
)
def test_no_place_is_given_twice_whatever_becomes_of_the_calls(
    born: list[str], places: int, fates: list[str]
) -> None:
    people = dict(enumerate(born, 1))
    ledger, standing, paid = opened(places, ELDERLY), dict[int, Call](), set[int]()
    called: list[Call] = []

    for fate in [*fates, *["paid"] * 200]:
        for call in allocate(ledger, lists(people, "1962-02", without=set(standing))):
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
            ledger.release(call, again=fate == "lapsed")
            del standing[call.number]

    first = [call.number for call in called if call.stage == 1]
    assert len(first) == len(set(first))
    assert len([c.number for c in called if c.stage == 2]) == len({c.number for c in called if c.stage == 2})
    assert sum(count.held for count in ledger.counts.values()) <= places
    by_number = [call.number for call in called if call.category == "general" and call.stage == 1]
    assert by_number == sorted(by_number)


def test_a_released_place_goes_to_the_next_in_line() -> None:
    people = dict.fromkeys(range(1, 5), "1985-01")
    ledger = opened(2, ELDERLY)
    first = list(allocate(ledger, lists(people, "1962-02")))

    ledger.release(first[0], again=True)
    then = list(allocate(ledger, lists(people, "1962-02", without={2})))

    assert [call.number for call in first] == [1, 2]
    assert [(call.number, call.stage) for call in then] == [(3, 1)]
    assert ledger.free == 0


def test_who_let_the_place_lapse_comes_again_once_after_everybody_else() -> None:
    people = dict.fromkeys(range(1, 4), "1985-01")
    ledger = opened(3, {})
    calls = list(allocate(ledger, lists(people, "1962-02")))
    for call in calls[:2]:
        ledger.release(call, again=True)

    second = list(allocate(ledger, lists(people, "1962-02", without={3})))
    for call in second:
        ledger.release(call, again=True)

    assert [(call.number, call.stage) for call in second] == [(1, 2), (2, 2)]
    assert list(allocate(ledger, lists(people, "1962-02", without={3}))) == []
    assert ledger.free == 2


def test_who_was_refused_does_not_come_again_in_the_round() -> None:
    ledger = opened(1, {})
    (call,) = allocate(ledger, lists({1: "1985-01"}, "1962-02"))

    ledger.release(call, again=False)

    assert list(allocate(ledger, lists({1: "1985-01"}, "1962-02"))) == []


def test_what_a_reserve_has_too_many_goes_to_the_line() -> None:
    people = {1: "1985-01", 2: "1985-01", 3: "1950-01"}
    ledger = opened(60, ELDERLY)

    list(allocate(ledger, lists(people, "1962-02")))

    assert ledger.quota() == {"elderly": 1, "general": 59}
    assert ledger.count("elderly").called == 1
