"""The building permit's fee by the formula of the law, line by line, to the rupiah."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain import fees, form
from functions.domain.errors import LoketError
from functions.domain.service import Fee
from tests.builders import HOUSE, MOSQUE, PERMIT, SHOP

FEE = PERMIT.fee
assert FEE is not None
RATE = 0.005 * 6_170_000


def assess(answers: dict[str, Any]) -> fees.Assessment:
    assert FEE is not None
    return fees.assess(FEE, form.context_of(PERMIT, answers))


def line(amount: str, when: str | None = None) -> Fee:
    title = {"id": "Satu", "en": "One"}
    return Fee.model_validate(
        {
            "law": "x",
            "words": title,
            "lines": [{"code": "one", "title": title, "amount": amount, "when": when}],
        }
    )


@pytest.mark.parametrize(
    ("answers", "amount"),
    [
        # Test vectors of Badung: a simple permanent private house, a shop of two floors, a mosque.
        (HOUSE, 499_770),
        (SHOP, 6_452_586),
        (MOSQUE, 0),
        # A house of 100 m² or of two floors takes the larger index.
        (HOUSE | {"floor_area_m2": 99.99}, round(99.99 * RATE * 0.15 * 1.2)),
        (HOUSE | {"floor_area_m2": 100}, round(100 * RATE * 0.17 * 1.2)),
        (HOUSE | {"floors": 2}, round(90 * RATE * 0.17 * (0.3 + 0.4 + 0.545))),
        (SHOP | {"small_business": True}, round(240 * RATE * 0.5 * 1.245)),
        (HOUSE | {"function": "mixed", "floor_area_m2": 499}, round(499 * RATE * 0.6 * 1.2)),
        (HOUSE | {"function": "mixed", "floor_area_m2": 500}, round(500 * RATE * 0.8 * 1.2)),
        (HOUSE | {"function": "special"}, round(90 * RATE * 1.2)),
        (HOUSE | {"function": "social"}, round(90 * RATE * 0.3 * 1.2)),
        (
            HOUSE | {"complexity": "complex", "permanence": "non_permanent"},
            round(90 * RATE * 0.15 * (0.6 + 0.2 + 0.5)),
        ),
        (HOUSE | {"ownership": "state"}, 0),
        (HOUSE | {"floors": 3}, round(90 * RATE * 0.17 * (0.3 + 0.4 + 0.56))),
        (HOUSE | {"floors": 10}, round(90 * RATE * 0.17 * (0.3 + 0.4 + 0.6665))),
        (HOUSE | {"floors": 60}, round(90 * RATE * 0.17 * (0.3 + 0.4 + 0.6665))),
        (HOUSE | {"work": "medium_rehabilitation"}, round(499_770 * 0.225)),
        (HOUSE | {"work": "heavy_rehabilitation"}, round(499_770 * 0.325)),
    ],
)
def test_the_levy_follows_the_formula(answers: dict[str, Any], amount: int):
    assert assess(answers).amount == amount


def test_infrastructure_is_a_line_of_its_own():
    fence = assess(HOUSE | {"infrastructure_volume": 25.5, "infrastructure": "fence"})

    assert fence.lines == (
        {"code": "building-levy", "amount": 499_770},
        {"code": "infrastructure-levy", "amount": 255_000},
    )
    assert fence.amount == 754_770
    assert fence.currency == "IDR"


@given(
    st.floats(1, 1_000_000), st.integers(1, 100), st.sampled_from(["dwelling", "business", "worship", "mixed"]),
    st.sampled_from(["simple", "complex"]), st.sampled_from(["new", "heavy_rehabilitation"]),
)  # fmt: skip
def test_every_answer_gives_a_whole_amount_that_is_not_negative(
    area: float, floors: int, function: str, complexity: str, work: str
):
    found = assess(
        HOUSE | {"floor_area_m2": area, "floors": floors, "function": function, "complexity": complexity, "work": work}
    )  # fmt: skip

    assert isinstance(found.amount, int)
    assert found.amount >= 0
    assert found.amount == sum(line["amount"] for line in found.lines)


@given(st.floats(1, 999_000), st.floats(0.01, 1000))
def test_a_larger_building_of_the_same_kind_never_costs_less(area: float, more: float):
    business = SHOP | {"floor_area_m2": area}

    assert assess(business | {"floor_area_m2": area + more}).amount >= assess(business).amount


@pytest.mark.parametrize(("value", "whole"), [
    ("0.5", 1), ("1.5", 2), ("2.5", 3), ("1.4999", 1), ("0.1 + 0.2", 0), ("1.005 * 100", 101), ("-0.5", 0),
])  # fmt: skip
def test_each_line_is_rounded_half_up_to_the_whole_rupiah(value: str, whole: int):
    assert fees.assess(line(value), {"form": {}, "facts": {}}).amount == whole


@pytest.mark.parametrize("amount", ['"many"', "true", "nothing", "2 ** 60", "9007199254740993", "[1, 2]"])
def test_a_line_that_gives_no_amount_is_a_fault_and_no_free_permit(amount: str):
    with pytest.raises((LoketError, ValueError)):
        fees.assess(line(amount), {"form": {}, "facts": {}})


def test_a_line_that_does_not_apply_is_left_out():
    nothing = fees.assess(line("5", when="facts.floors > 9"), {"form": {}, "facts": {"floors": 1}})

    assert (nothing.amount, nothing.lines) == (0, ())


@pytest.mark.parametrize(("language", "title"), [
    ("id", "Retribusi PBG bangunan"), ("en", "Building permit levy"),
])  # fmt: skip
def test_lines_are_named_in_the_readers_language(language: str, title: str):
    assert FEE is not None
    assert fees.titled(FEE, assess(HOUSE).lines, language) == [
        {"code": "building-levy", "title": title, "amount": 499_770}
    ]
