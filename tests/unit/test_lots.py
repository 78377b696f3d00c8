"""Lots: the order follows from a seed that nobody knew when it was fixed who takes part, and anyone can compute it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain import lots, queues
from functions.domain.errors import Conflict, Invalid, KeyReused, LoketError, NotNow
from functions.domain.lots import Draw
from functions.domain.quota import Candidate, Ledger, Waiting, allocate, opened
from functions.domain.service import Line
from tests.builders import MORNING

BY_LOT = Line(region="market", law="Perda 3", by="lot")
TOMORROW = MORNING + timedelta(days=1)
SEED = {"source": "Undian negara 3 Februari / the state lottery of 3 February", "published_at": TOMORROW}
seeds = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


def round_() -> dict[str, Any]:
    announced = lots.announced(BY_LOT, SEED, MORNING)
    return queues.opening(
        "2026", [{"region": "north", "places": 2}], "bos", MORNING, {"north": 9}, lots=announced
    )


def plain_order(seed: str, numbers: range) -> list[int]:
    """The documented formula, written out."""
    text = f"{seed}/stall/2026/north"
    return sorted(numbers, key=lambda one: hashlib.sha256(f"{text}/{one}".encode()).hexdigest())


def waiting(draw: Draw, numbers: Iterator[int]) -> Waiting:
    line = draw.sorted(Candidate(number, f"case-{number}") for number in numbers)
    return Waiting(iter(line), lot=draw.lot)


@given(seed=seeds, people=st.integers(0, 60), places=st.integers(0, 70), size=st.integers(1, 25))
def test_in_pieces_and_again_after_a_crash_it_comes_to_the_same_as_sorting(
    seed: str, people: int, places: int, size: int
) -> None:
    draw, ledger, called = Draw(seed, "stall", "2026", "north"), opened(places, {}), list[int]()

    for _ in range(people + 1):
        # Who was called waits no more; a run that died after its commit finds the ledger as it was written.
        rest = (number for number in range(1, people + 1) if number not in called)
        called += [call.number for call in allocate(ledger, waiting(draw, rest), size)]
        ledger = Ledger.of(ledger.plain())

    assert called == plain_order(seed, range(1, people + 1))[:places]


def test_ten_thousand_are_called_as_plain_sorting_would() -> None:
    draw, ledger = Draw("074512", "stall", "2026", "north"), opened(5_000, {})

    called = [call.number for call in allocate(ledger, waiting(draw, iter(range(1, 10_001))))]

    assert called == plain_order("074512", range(1, 10_001))[:5_000]


def test_a_place_that_lapses_goes_to_the_next_lot_and_the_second_stage_goes_by_lot_too() -> None:
    draw, ledger = Draw("x", "stall", "2026", "north"), opened(3, {})
    first = list(allocate(ledger, waiting(draw, iter(range(1, 5)))))
    for call in first:
        ledger.release(call, again=True)

    then = list(allocate(ledger, waiting(draw, iter(range(1, 5)))))

    order = plain_order("x", range(1, 5))
    assert [call.number for call in first] == order[:3]
    assert [(call.number, call.stage) for call in then] == [(order[3], 1), (order[0], 2), (order[1], 2)]


def test_within_a_reserve_lots_decide_between_those_of_the_same_order() -> None:
    draw = Draw("x", "stall", "2026", "north")
    people = [Candidate(number, "", "1" if number < 9 else "0") for number in range(1, 10)]

    assert [one.number for one in draw.sorted(people)] == [9, *plain_order("x", range(1, 9))]


def test_a_place_that_was_taken_and_is_given_up_is_free_again() -> None:
    draw, ledger = Draw("x", "stall", "2026", "north"), opened(1, {})
    (call,) = allocate(ledger, waiting(draw, iter([1, 2])))
    ledger.pay(call)
    assert ledger.free == 0

    ledger.release(call, again=False)

    assert ledger.free == 1
    assert len(list(allocate(ledger, waiting(draw, iter([1, 2]))))) == 1


def test_where_lots_decide_the_seed_is_announced_before_anybody_knows_it() -> None:
    with pytest.raises(Invalid) as silent:
        lots.announced(BY_LOT, None, MORNING)
    with pytest.raises(Invalid) as late:
        lots.announced(BY_LOT, SEED, TOMORROW)
    with pytest.raises(Invalid) as by_number:
        lots.announced(BY_LOT.model_copy(update={"by": None}), SEED, MORNING)

    pointers = [one.value.faults[0].pointer for one in (silent, late, by_number)]
    assert pointers == ["/lots", "/lots/published_at", "/lots"]


def test_a_seed_is_taken_once_and_not_before_it_is_published() -> None:
    known = round_()
    with pytest.raises(NotNow) as early:
        lots.drawn(known, "1", "bos", MORNING)

    drawn = lots.drawn(known, "1", "bos", TOMORROW, "k")

    assert early.value.code == "seed-not-published"
    assert drawn
    assert lots.draw_of("stall", known, "north") is None
    assert lots.draw_of("stall", drawn, "north") == Draw("1", "stall", "2026", "north")
    assert lots.drawn(drawn, "1", "other", TOMORROW) is None
    with pytest.raises(Conflict, match="another seed"):
        lots.drawn(drawn, "2", "bos", TOMORROW)
    with pytest.raises(KeyReused):
        lots.drawn(drawn, "2", "bos", TOMORROW, "k")


@pytest.mark.parametrize(("known", "code"), [(None, "round-unknown"), ({"period": "2026"}, "no-lots")])
def test_a_round_without_lots_is_not_drawn(known: Any, code: str) -> None:
    with pytest.raises(LoketError) as refused:
        lots.drawn(known, "1", "bos", TOMORROW)

    assert refused.value.code == code


def saved(**changes: Any) -> dict[str, Any]:
    """A draw as it is published: three of six were called, one of whom had given up before."""
    order = plain_order("x", range(1, 7))
    calls = [
        {"region": "north", "number": number, "category": "general", "stage": 1, "state": "called"}
        for number in (order[0], order[2], order[3])
    ]
    waiting = [{"region": "north", "number": number} for number in order[4:]]
    return {
        "service": "stall", "period": "2026", "seed": "x", "published_at": "2026-02-03T02:00:00Z",
        "drawn_at": "2026-02-03T02:00:00.500Z", "entrants": [{"region": "north", "numbers": 6}],
        "calls": calls, "waiting": waiting,
    } | changes  # fmt: skip


def test_a_draw_that_went_by_its_seed_is_right() -> None:
    assert lots.faults(saved()) == []


def test_a_draw_that_did_not_go_by_its_seed_is_found_out() -> None:
    order = plain_order("x", range(1, 7))
    passed_over = [{"region": "north", "number": order[1]}]

    assert "has an earlier lot" in lots.faults(saved(waiting=passed_over))[0]
    assert "order of the lots" in lots.faults(saved(calls=saved()["calls"][::-1]))[0]
    assert "did not take part" in lots.faults(saved(entrants=[{"region": "north", "numbers": 0}]))[0]
    assert "before the seed" in lots.faults(saved(drawn_at="2026-02-03T01:59:59Z"))[0]
    assert lots.faults(saved(seed="y"))
    assert lots.faults(saved(seed=None)) == ["the lots were not drawn yet"]


def test_before_the_lots_are_drawn_nobody_is_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "line_of", lambda service: BY_LOT)

    found = queues.estimate(queues.Queue(7, "north", "general", {}, MORNING), None, {})  # type: ignore[arg-type]

    assert (found.years, found.ahead) == (None, None)
    assert "same chance" in found.words["en"]
