"""Scores are computed exactly, and written with two decimals."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.scoring import score_of, written


def test_weighs_the_mean_of_each_criterion() -> None:
    given_ = [{"a": {"quality": 80, "price": 100}}, {"a": {"quality": 90, "price": 50}}]

    assert score_of("a", given_, ["quality", "price"], [3, 1]) == Fraction(85 * 3 + 75, 4)


def test_takes_a_decimal_as_it_is_written() -> None:
    given_ = [{"a": {"x": 0.1}}, {"a": {"x": 0.2}}, {"a": {"x": 0.3}}]

    assert score_of("a", given_, ["x"], [1]) == Fraction(1, 5)


def test_rounds_half_up_to_two_decimals() -> None:
    assert [written(Fraction(n, 1000)) for n in (83005, 83004, 5, 100_000)] == [
        "83.01",
        "83.00",
        "0.01",
        "100.00",
    ]


@given(st.permutations([3, 50, 99.5, 12.25, 77]))
def test_does_not_depend_on_who_scored_first(order: list[float]) -> None:
    assert score_of("a", [{"a": {"x": one}} for one in order], ["x"], [1]) == Fraction("48.35")
