"""Answers are read as people write them, and written as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.service import FormField
from functions.portal import questions


def field(type_: str, **more: Any) -> FormField:
    return FormField.model_validate({"name": "a", "type": type_, "title": {"id": "A", "en": "A"}, **more})


CHOICE = field("choice", options=[{"value": n, "title": {"id": f"ke-{n}", "en": f"no. {n}"}} for n in (1, 2)])


@pytest.mark.parametrize(
    ("asked", "language", "text", "answer"),
    [
        (field("text"), "id", "  Siti ", "Siti"),
        (field("text"), "id", "   ", None),
        (field("long_text"), "id", "satu\r\ndua", "satu\ndua"),
        (field("integer"), "id", "1.250", 1250),
        (field("integer"), "en", "1,250", 1250),
        (field("integer"), "en", "12", 12),
        (field("integer"), "en", "twelve", "twelve"),
        (field("integer"), "en", "1.5", 1.5),
        (field("money"), "id", "Rp 1.250.000", 1250000),
        (field("number"), "id", "12,5", 12.5),
        (field("number"), "id", "1.250,5", 1250.5),
        (field("number"), "en", "1,250.5", 1250.5),
        (field("number"), "id", "12.5", 12.5),
        (field("number"), "en", "9" * 400, "9" * 400),
        (field("boolean"), "id", "true", True),
        (field("boolean"), "id", "false", False),
        (field("boolean"), "id", "perhaps", "perhaps"),
        (CHOICE, "id", "2", 2),
        (CHOICE, "id", "3", "3"),
        (field("list", items="text"), "id", "baik\r\n\r\n sangat baik ", ["baik", "sangat baik"]),
        (field("list", items="integer"), "id", "3\n4", [3, 4]),
        (field("date"), "id", "2026-03-31", "2026-03-31"),
        (field("moment"), "id", "2026-03-31T10:00", "2026-03-31T03:00:00Z"),
        (field("moment"), "en", "2026-03-31T10:00:00+08:00", "2026-03-31T02:00:00Z"),
        (field("moment"), "en", "tomorrow", "tomorrow"),
    ],
)
def test_reads_what_was_typed(asked: FormField, language: Any, text: str, answer: Any) -> None:
    assert questions.read(asked, text, language) == answer


@pytest.mark.parametrize(
    ("asked", "answer", "indonesian", "english"),
    [
        (field("text"), None, "Tidak dijawab", "Not answered"),
        (field("boolean"), False, "Tidak", "No"),
        (CHOICE, 2, "ke-2", "no. 2"),
        (field("number"), 1250.5, "1.250,5", "1,250.5"),
        (field("integer"), 1250, "1.250", "1,250"),
        (field("money"), 1250000, "Rp\u00a01.250.000", "Rp\u00a01,250,000"),
        (field("date"), "2026-03-31", "31 Maret 2026", "31 March 2026"),
        (field("month"), "2026-03", "Maret 2026", "March 2026"),
        (field("list", items="text"), ["a", "b"], "a, b", "a, b"),
        (field("date"), "no day", "no day", "no day"),
    ],
)
def test_writes_what_was_answered(asked: FormField, answer: Any, indonesian: str, english: str) -> None:
    assert questions.in_words(asked, answer, "id") == indonesian
    assert questions.in_words(asked, answer, "en") == english


def test_a_few_options_are_buttons_and_many_are_a_list() -> None:
    many = field("choice", options=[{"value": n, "title": {"id": "x", "en": "x"}} for n in range(8)])

    assert questions.question(CHOICE, 2, "en").kind == "radios"
    assert [option.chosen for option in questions.question(CHOICE, 2, "en").options] == [False, True]
    assert questions.question(many, None, "en").kind == "select"


def test_what_was_typed_wrongly_stands_there_again() -> None:
    assert questions.question(field("integer"), "abc", "en").value == "abc"
    assert questions.question(field("number"), 12.5, "id").value == "12,5"


@given(st.integers(0, 2**53 - 1), st.sampled_from(["id", "en"]))
def test_what_stands_in_a_field_is_read_as_it_was_answered(amount: int, language: Any) -> None:
    asked = field("money")

    assert questions.read(asked, questions.question(asked, amount, language).value, language) == amount


@given(st.floats(0.001, 1e9).map(lambda value: round(value, 3)), st.sampled_from(["id", "en"]))
def test_a_fraction_that_stands_in_a_field_is_read_as_it_was_answered(value: float, language: Any) -> None:
    asked = field("number")

    assert questions.read(asked, questions.question(asked, value, language).value, language) == value


def test_only_what_was_sent_is_answered() -> None:
    fields = [
        field("text"),
        FormField.model_validate({"name": "b", "type": "text", "title": {"id": "B", "en": "B"}}),
    ]

    assert questions.answers(fields, {"b": [""], "c": ["x"]}, "en") == {"b": None}


SEVERAL = field("list", items="text", options=[
    {"value": name, "title": {"id": f"ke-{name}", "en": f"no. {name}"}} for name in ("one", "two")
])  # fmt: skip


def test_several_of_some_options_are_ticked() -> None:
    made = questions.question(SEVERAL, ["two"], "en")

    assert (made.kind, [one.chosen for one in made.options]) == ("checks", [False, True])
    assert questions.answers([SEVERAL], {"a": ["", "one", "two"]}, "en") == {"a": ["one", "two"]}
    assert questions.answers([SEVERAL], {"a": [""]}, "en") == {"a": None}
    assert questions.in_words(SEVERAL, ["two", "one"], "id") == "ke-two, ke-one"
