"""Proofs that expressions can be read, name what exists, and let nothing personal out."""

from __future__ import annotations

import pytest

from tests.compiler.small import codes, findings

SIZE = "  size: form.size\n"
AMOUNT = "facts.area * values.price * $lookup(values.factor, facts.size)"
WHEN = "when: facts.area > 50"


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        (WHEN, "when: facts.area >", "expression-unreadable", "is no JSONata"),
        (WHEN, "when: values.price > 50", "name-out-of-scope", "there are: facts, form"),
        ("value: titles.size", "value: values.price", "name-out-of-scope", "cannot be used here"),
        (WHEN, "when: facts.areas > 50", "name-unknown", "did you mean `area`?"),
        (AMOUNT, "facts.area * values.prise", "name-unknown", "there is no `values.prise`; did you mean `price`?"),
        (AMOUNT, "facts.area * values.factor.huge", "name-unknown", "there is no `values.factor.huge`"),
        (AMOUNT, "$sum(values.factor.*) + $count(facts)", "name-unknown", "say which one: `facts.…`"),
        ("value: titles.size", "value: titles.area", "name-unknown", "there is no `titles.area`"),
        ("Follow it at {{ link }}", "Follow {{ case.nummer }}", "name-unknown", "did you mean `number`?"),
        ("An area of {{ facts.area }}", "{{ facts.size[facts.area > 1] }}", "name-in-filter", "bind it before"),
        (AMOUNT, "$price * facts.area", "variable-unbound", "write `$price := …;` before it"),
        (AMOUNT, "facts.area * $multiply(2)", "function-unknown", "there is no function `$multiply`"),
        (AMOUNT, "facts.area * $random()", "function-unsteady", "differs each time"),
        (AMOUNT, "facts.area + $toMillis($now())", "function-unsteady", "differs each time"),
        (WHEN, "when: facts.size = 'huge'", "option-unknown", "`facts.size` is never `huge`; there are: large, small"),
        (WHEN, "when: \"form.size in ['large', 'smal']\"", "option-unknown", "did you mean `small`?"),
        (WHEN, "when: $not(form.phone)", "nothing-negated", "write `$not(form.phone = true)`"),
        (SIZE, f"{SIZE}  name: form.owner\n", "fact-personal", "derive something that names nobody"),
        (SIZE, f"{SIZE}  name: $length(form.owner)\n", "fact-personal", "`owner` is personal"),
        (SIZE, f"{SIZE}  note: form.remark\n", "fact-personal", "free text"),
        ("required: false, personal: true", "required: false", "contact-not-personal", "write `personal: true`"),
        ("minimum: 1, example: 10", "minimum: 1", "example-missing", "`area` needs an `example`"),
        ("minimum: 1, example: 10", "minimum: 11, example: 10", "example-invalid", "at least 11"),
        ("minimum: 1, example: 10", "minimum: 1, example: 101", "example-invalid", "Too large."),
        (AMOUNT, "$string(facts.area)", "example-fails", "every amount is a number"),
        (AMOUNT, "$number(facts.size)", "example-fails", "with the example"),
    ],
)  # fmt: skip
def test_an_expression_that_is_wrong_is_found(old: str, new: str, code: str, said: str) -> None:
    found = findings((old, new))

    assert [finding.code for finding in found] == [code]
    assert said in found[0].message


def test_a_fact_that_is_an_answer_that_may_be_missing_is_not_negated() -> None:
    optional = ("minimum: 1, example: 10", "minimum: 1, required: false, example: 10")

    assert codes(optional, (WHEN, "when: $not(facts.area)")) == ["nothing-negated"]
    assert codes(optional, (WHEN, "when: $not(facts.area = 1) and $not($exists(form.phone))")) == []
    assert codes((WHEN, "when: $not(facts.area)")) == []


@pytest.mark.parametrize("whole", ["form", "$", "$$", "*", "**", "$string($)"])
def test_a_fact_of_the_whole_form_is_found(whole: str) -> None:
    assert set(codes((SIZE, f"{SIZE}  everything: '{whole}'\n"))) & {"name-unknown", "name-out-of-scope"}


@pytest.mark.parametrize("text", ["{id: Ukuran}", "{id: Ukuran, en: ''}", "{id: '  ', en: Size}"])
def test_a_text_in_one_language_is_found(text: str) -> None:
    found = findings(("    size: {id: Ukuran, en: Size}\n", f"    size: {text}\n"))

    assert [finding.code for finding in found] == ["text-missing"]


def test_a_bound_variable_may_be_used_in_a_filter() -> None:
    assert codes((AMOUNT, "($least := facts.area; $count(values.factor.*[$ >= $least]))")) == []


def test_a_function_that_calls_itself_is_bound() -> None:
    assert codes((AMOUNT, '"($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f(3))"')) == []


CORRECTION = """        rounds: 3
        rules:
          - {code: %s, must: %s, pointer: %s, message: {id: Jangan., en: Do not.}}
          - {code: kept, must: form.area = before.area, message: {id: Tetap., en: As it was.}}
        then: check
"""
ROUNDS = "        rounds: 3\n        then: check\n"


@pytest.mark.parametrize(
    ("code", "must", "pointer", "found"),
    [
        ("more", "form.area >= before.area and facts.area > values.price", "/area", []),
        ("more", "form.area >= today", "/area", ["name-out-of-scope"]),
        ("more", "before.aria > 1", "/area", ["name-unknown"]),
        ("more", "form.area > 1", "/aria", ["field-unknown"]),
        ("kept", "form.area > 1", "/area", ["check-rule-doubled"]),
    ],
)
def test_the_rules_of_a_correction_speak_of_what_was_there_before(
    code: str, must: str, pointer: str, found: list[str]
) -> None:
    assert codes((ROUNDS, CORRECTION % (code, must, pointer))) == found
