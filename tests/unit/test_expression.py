"""JSONata, as services use it: values, conditions, texts; a wrong expression is named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.expression import ExpressionFailed, evaluate, fill, holds, placeholders, round_half_up


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("form.floors", 3),
        ("form.floors * 2", 6),
        ("form.area / 2", 45.25),
        ("form.floors / 3", 1),
        ("form.nothing", None),
        ("form.list[1]", "b"),
        ('form.kind = "house"', True),
        ('form.kind in ["house", "shop"]', True),
        ("form.nothing = true", False),
        ("$not(form.nothing = true)", True),
        ('{"a": form.floors}', {"a": 3}),
        ("[form.floors, form.area]", [3, 90.5]),
        ('form.kind & "!"', "house!"),
        ("($x := form.floors; $x + 1)", 4),
    ],
)
def test_gives_the_value(expression: str, value: Any):
    form = {"floors": 3, "area": 90.5, "kind": "house", "list": ["a", "b"]}

    assert evaluate(expression, {"form": form}) == value


def test_whole_numbers_come_back_as_integers():
    assert isinstance(evaluate("6 / 2", {}), int)
    assert isinstance(evaluate('{"a": [4 / 2]}', {})["a"][0], int)


@pytest.mark.parametrize("expression", ["form.(", "1 +", '"a" * 2', '"a" > 1', "$nothing()", "$error()"])
def test_what_cannot_be_evaluated_is_named(expression: str):
    with pytest.raises(ExpressionFailed) as failed:
        evaluate(expression, {"form": {}})

    assert failed.value.expression == expression
    assert expression in str(failed.value)


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        (None, True),
        ("true", True),
        ("1", False),
        ('"yes"', False),
        ("nothing", False),
        ("1 = 1", True),
        ("null", False),
    ],
)
def test_only_the_value_true_is_true(condition: str | None, true: bool):
    assert holds(condition, {}) is true


def test_a_text_is_filled_and_what_is_not_there_leaves_a_gap():
    text = "{{ case.number }}: {{ case.area }} m²{{ case.nothing }}"

    assert fill(text, {"case": {"number": "PBG", "area": 90}}) == "PBG: 90 m²"
    assert placeholders(text) == ["case.number", "case.area", "case.nothing"]


def test_what_stands_in_an_answer_is_never_evaluated():
    assert fill("{{ form.name }}", {"form": {"name": "{{ 1 + 1 }}"}}) == "{{ 1 + 1 }}"


@given(st.integers(-(10**12), 10**12), st.sampled_from([0.0, 0.25, 0.5, 0.75]))
def test_halves_are_rounded_up(whole: int, part: float):
    assert round_half_up(whole + part) == whole + (1 if part >= 0.5 else 0)


def test_threads_do_not_see_each_others_variables():
    def count(n: int) -> int:
        return int(evaluate("($x := n; $sum([1..50].($x)))", {"n": n}))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(count, range(200))) == [50 * n for n in range(200)]
