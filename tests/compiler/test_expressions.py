"""JSONata seen from outside: what an expression reads, calls and compares."""

from __future__ import annotations

import pytest

from functions.domain.expression import evaluate
from infra.compiler.expressions import Unreadable, uses, with_variables


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("form.a.b + facts.c", ["form.a.b", "facts.c"]),
        ("form.a > 1 ? form.b : {'x': form.c}", ["form.a", "form.b", "form.c"]),
        ("$sum(form.items.price)", ["form.items.price"]),
        ("form.items[price > 1].name", ["form.items.name"]),
        ("$.form.a & $$.form.b", ["form.a", "form.b"]),
        ("$map(form.items, function($v) { $v.price * form.rate })", ["form.items", "form.rate"]),
        ("(form.a + 1).b", ["form.a"]),
        ("form.items{kind: $sum(price)}", ["form.items"]),
        ("form.items^(>price)[0]", ["form.items"]),
        ("form.a ~> $uppercase", ["form.a"]),
        ("form.a in ['x', form.b]", ["form.a", "form.b"]),
        ("$", ["$"]),
        ("*", ["*"]),
        ("**.a", ["**"]),
        ("'form.a'", []),
    ],
)
def test_paths_from_the_root_are_told(expression: str, paths: list[str]) -> None:
    assert [".".join(path.names) for path in uses(expression).paths] == paths


def test_names_inside_a_filter_are_told_apart() -> None:
    assert uses("form.items[price > facts.limit]").inner == {"price", "facts"}


@pytest.mark.parametrize(
    ("expression", "variables"),
    [
        ("$a + $b.c", [("a",), ("b", "c")]),
        ("($a := 1; $a + $b)", [("b",)]),
        ("function($a) { $a + $b }(1)", [("b",)]),
        ("form.items@$i.parts[kind = $i.kind]", []),
        ("form.items#$n[$n < 3]", []),
        ("($f := function($n) { $f($n - 1) }; $f(3))", []),
    ],
)
def test_variables_that_are_not_bound_are_told(expression: str, variables: list[tuple[str, ...]]) -> None:
    assert sorted(uses(expression).variables) == variables


def test_functions_are_told() -> None:
    assert uses("$sum($map([1], function($v) { $round($v) }))").functions == {"sum", "map", "round"}


def test_texts_that_a_path_is_compared_with_are_told() -> None:
    compared = uses("form.a = 'x' and 'y' != form.b or form.c in ['p', 'q'] or form.d > 'z'").compared

    assert sorted(compared) == [
        (("form", "a"), "x"),
        (("form", "b"), "y"),
        (("form", "c"), "p"),
        (("form", "c"), "q"),
    ]


@pytest.mark.parametrize(
    "text", ["", "form.", "form.a +", "(form.a", "[1, 2", "'open", "$f(", "{'a'}", "%.a"]
)
def test_what_is_no_jsonata_cannot_be_read(text: str) -> None:
    with pytest.raises(Unreadable):
        uses(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("facts.a > 1", "$facts.a > 1"),
        ("facts.a = facts.b and $not(facts.c)", "$facts.a = $facts.b and $not($facts.c)"),
        ("facts.kind in ['facts.a', 'b']", "$facts.kind in ['facts.a', 'b']"),
        ("facts.items[facts = 1]", "$facts.items[facts = 1]"),
        ("(facts.a; facts . b)", "($facts.a; $facts . b)"),
        ("other.a", "other.a"),
    ],
)
def test_root_names_become_variables(before: str, after: str) -> None:
    assert with_variables(before, {"facts"}) == after


def test_an_expression_over_variables_has_the_same_value() -> None:
    facts = {"a": 2, "items": [{"n": 1}, {"n": 3}]}
    expression = "$sum(facts.items[n > 1].n) + facts.a"

    found = evaluate(f"($facts := here; {with_variables(expression, {'facts'})})", {"here": facts})

    assert found == evaluate(expression, {"facts": facts}) == 5
