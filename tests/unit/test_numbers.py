"""Ids and numbers: readable aloud, hard to guess, and never two alike."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain import numbers

CASE = numbers.case_id(b"seed of sixteen b")


@given(st.binary(min_size=16), st.binary(min_size=16))
def test_the_same_seed_gives_the_same_case_and_another_another(one: bytes, other: bytes):
    assert numbers.is_case_id(numbers.case_id(one))
    assert (numbers.case_id(one) == numbers.case_id(other)) == (one == other)


@pytest.mark.parametrize(
    "text", ["", CASE[:-1], CASE + "0", CASE.upper(), CASE[:-1] + "i", CASE[:-1] + "\n", "../" + CASE]
)
def test_anything_else_is_no_case_id(text: str):
    assert not numbers.is_case_id(text)


@pytest.mark.parametrize("letter", ["t", "d", "p"])
def test_a_part_leads_to_its_case(letter: str):
    assert numbers.case_of(f"{CASE}.{letter}12", letter) == CASE


@pytest.mark.parametrize(
    "text",
    [CASE, f"{CASE}.t0", f"{CASE}.t01", f"{CASE}.t", f"{CASE}.x1", f"{CASE}.t123456", f"{CASE}.t1\n", ".t1"],
)
def test_anything_else_is_no_part(text: str):
    assert numbers.case_of(text, "t") is None


def test_a_task_is_no_document():
    assert numbers.case_of(f"{CASE}.t1", "d") is None


@given(st.text(max_size=30), st.integers(2000, 2100), st.integers(0, 7))
def test_a_number_can_be_read_aloud(seed: str, year: int, salt: int):
    number = numbers.number("PBG", year, seed, salt=salt)

    assert re.fullmatch(rf"PBG-{year}-[0-9A-HJKMNP-TV-Z]{{5}}-[0-9A-HJKMNP-TV-Z]{{5}}", number)


def test_a_taken_number_gives_way_to_the_next():
    found = {numbers.number("PBG", 2026, CASE, salt=salt) for salt in range(8)}

    assert len(found) == 8


def test_a_hundred_thousand_numbers_of_a_year_are_all_different():
    found = {numbers.number("PBG", 2026, str(case)) for case in range(100_000)}

    assert len(found) == 100_000
