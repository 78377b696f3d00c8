"""Forms: every fault at once, with its place and words; what is asked follows from what was answered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain import form
from functions.domain.service import FormField
from tests.builders import HOUSE, MOSQUE, PERMIT, SHOP, with_service

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
json_objects = st.dictionaries(st.sampled_from("abc"), json_values, max_size=3)


def pointers(**changes: Any) -> list[str]:
    return sorted(fault.pointer for fault in form.faults(PERMIT, HOUSE | changes))


def asking(**field: Any) -> Any:
    """A service that asks one question."""
    title = {"id": "Satu", "en": "One"}
    one = FormField.model_validate({"name": "one", "title": title, **field})
    group = PERMIT.form.groups[0].model_copy(update={"fields": (one,)})
    shown = PERMIT.form.model_copy(update={"groups": (group,), "rules": ()})
    return with_service(form=shown, facts={}, documents=())


# -- merge patch (RFC 7386) --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merges_as_the_rfc_shows(target: Any, patch: Any, result: Any):
    assert form.merge(target, patch) == result


@given(json_objects, json_objects)
def test_a_patch_applied_twice_is_as_applied_once(target: dict[str, Any], patch: dict[str, Any]):
    once = form.merge(target, patch)

    assert form.merge(once, patch) == once


@given(json_objects, json_objects)
def test_changed_pointers_name_exactly_what_differs(old: dict[str, Any], new: dict[str, Any]):
    changed = form.changed_pointers(old, new)

    assert changed == sorted(f"/{key}" for key in {*old, *new} if old.get(key) != new.get(key))


# -- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [HOUSE, SHOP, MOSQUE, form.example(PERMIT)])
def test_a_right_form_has_no_fault(answers: dict[str, Any]):
    assert form.faults(PERMIT, answers) == []


def test_every_fault_is_named_at_once_with_its_place():
    assert pointers(floors="three", function="castle", floor_area_m2=0, address=None, colour="red", owner_name="") == [
        "/address", "/colour", "/floor_area_m2", "/floors", "/function", "/owner_name",
    ]  # fmt: skip


def test_an_empty_form_misses_everything_that_is_required():
    assert sorted(fault.pointer for fault in form.faults(PERMIT, {})) == sorted(f"/{name}" for name in HOUSE)


def test_a_draft_may_be_incomplete_but_not_of_the_wrong_type():
    found = form.type_faults(PERMIT, {"floors": "three"}, complete=False)

    assert form.type_faults(PERMIT, {}, complete=False) == []
    assert [(fault.pointer, fault.message["en"]) for fault in found] == [
        ("/floors", "Must be a whole number.")
    ]


def test_rules_between_fields_are_asked_when_every_answer_is_right():
    assert pointers(permanence="non_permanent", floors=3) == ["/floors"]
    assert pointers(land_in_dispute=True) == ["/land_in_dispute"]
    assert form.faults(PERMIT, HOUSE | {"land_in_dispute": True}, eligibility=False) == []


def test_each_message_is_in_both_languages():
    for fault in form.faults(PERMIT, {"floors": 1000, "colour": 1, "function": 3, "owner_name": "x" * 121}):
        assert set(fault.message) == {"id", "en"}
        assert all(fault.message.values())


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ({"type": "text"}, 1),
        ({"type": "text", "max_length": 3}, "long"),
        ({"type": "text", "min_length": 3}, "no"),
        ({"type": "text", "pattern": "^[0-9]{5}$"}, "1234"),
        ({"type": "text"}, "a\x00b"),
        ({"type": "long_text"}, "x" * 5001),
        ({"type": "integer"}, 1.5),
        ({"type": "integer"}, True),
        ({"type": "integer"}, "1"),
        ({"type": "integer", "minimum": 1}, 0),
        ({"type": "integer", "maximum": 9}, 10),
        ({"type": "integer"}, 2**53),
        ({"type": "number"}, "1.5"),
        ({"type": "money"}, -1),
        ({"type": "money"}, 1.5),
        ({"type": "boolean"}, "yes"),
        ({"type": "boolean"}, 1),
        ({"type": "choice", "options": [{"value": "a", "title": {"id": "a", "en": "a"}}]}, "b"),
        ({"type": "date"}, "2026-02-30"),
        ({"type": "date"}, "tomorrow"),
        ({"type": "month"}, "2026-13"),
        ({"type": "month"}, "2026-1"),
        ({"type": "list", "items": "integer"}, ["a"]),
        ({"type": "list", "items": "text"}, "a"),
        ({"type": "list", "items": "text", "max_length": 1}, ["a", "b"]),
        ({"type": "email"}, "siti@"),
        ({"type": "phone"}, "call me"),
    ],
)
def test_each_type_refuses_what_it_is_not(field: dict[str, Any], wrong: Any):
    faults = form.type_faults(asking(**field), {"one": wrong}, complete=True)

    assert [fault.pointer.split("/")[1] for fault in faults] == ["one"]


@pytest.mark.parametrize(
    ("field", "right"),
    [
        ({"type": "text"}, "Bé, 日本"),
        ({"type": "long_text"}, "a\nb"),
        ({"type": "integer"}, 2**53 - 1),
        ({"type": "number"}, 1),
        ({"type": "number"}, 1.5),
        ({"type": "money"}, 0),
        ({"type": "boolean"}, False),
        ({"type": "choice", "options": [{"value": 1, "title": {"id": "a", "en": "a"}}]}, 1),
        ({"type": "date"}, "2028-02-29"),
        ({"type": "month"}, "2026-12"),
        ({"type": "list", "items": "number"}, [1, 1.5]),
        ({"type": "email"}, "siti@warga.example"),
        ({"type": "phone"}, "+62 812-3456-7890"),
    ],
)
def test_each_type_takes_what_it_is(field: dict[str, Any], right: Any):
    assert form.faults(asking(**field), {"one": right}) == []


def test_an_answer_of_false_or_zero_is_an_answer():
    assert form.faults(asking(type="boolean"), {"one": False}) == []
    assert form.faults(asking(type="integer"), {"one": 0}) == []


def test_the_place_of_a_fault_in_a_list_is_its_item():
    faults = form.type_faults(asking(type="list", items="integer"), {"one": [1, "b"]}, complete=True)

    assert [fault.pointer for fault in faults] == ["/one/1"]


def test_a_name_with_a_slash_is_escaped_in_its_pointer():
    assert [fault.pointer for fault in form.type_faults(PERMIT, {"a/b~c": 1}, complete=False)] == ["/a~1b~0c"]


@given(json_objects | st.fixed_dictionaries({}, optional=dict.fromkeys(HOUSE, json_values)))
def test_whatever_is_sent_is_judged_and_never_breaks(answers: dict[str, Any]):
    for fault in form.faults(PERMIT, answers):
        assert fault.pointer.startswith("/")


def test_whatever_stands_where_a_condition_looks_is_judged_and_never_breaks():
    for wrong in ("many", [], {"a": 1}, True, None):
        form.faults(PERMIT, HOUSE | {"infrastructure_volume": wrong, "floors": wrong})
        form.clean(PERMIT, {"infrastructure_volume": wrong})


# -- conditional fields ------------------------------------------------------------------------------------------


def test_a_conditional_question_is_asked_and_required_only_when_it_applies():
    assert pointers(infrastructure_volume=10) == ["/infrastructure"]
    assert pointers(infrastructure_volume=0) == []
    assert "infrastructure" not in [field.name for field in form.asked_fields(PERMIT, HOUSE)]


def test_the_answer_to_a_question_that_is_not_asked_any_more_is_dropped():
    answers = HOUSE | {"infrastructure_volume": 0, "infrastructure": "moat"}

    assert form.faults(PERMIT, answers) == []
    assert "infrastructure" not in form.clean(PERMIT, answers)


# -- what follows from the answers -------------------------------------------------------------------------------


def test_facts_hold_nothing_personal():
    facts = form.facts(PERMIT, HOUSE)
    personal = {field.name for field in PERMIT.form.fields if field.personal}

    assert not personal & set(facts)
    assert not {HOUSE["owner_name"], HOUSE["address"]} & set(map(str, facts.values()))
    assert facts["fire_asked"] is False


@pytest.mark.parametrize(
    ("changes", "fire", "environment"),
    [
        ({}, False, False),
        ({"floors": 3}, False, False),
        ({"floors": 4}, True, False),
        ({"function": "business", "floors": 2}, True, False),
        ({"function": "business", "floor_area_m2": 500}, False, True),
        ({"function": "special"}, True, True),
        ({"floor_area_m2": 2000}, False, True),
        ({"function": "worship", "floor_area_m2": 1999}, False, False),
    ],
)
def test_the_answers_say_which_offices_are_asked(changes: dict[str, Any], fire: bool, environment: bool):
    facts = form.facts(PERMIT, HOUSE | changes)

    assert (facts["fire_asked"], facts["environment_asked"]) == (fire, environment)


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, set()),
        ({"represented": True}, {"power-of-attorney"}),
        ({"land_owned": False}, {"land-use-agreement", "no-dispute-statement"}),
        ({"applicant_kind": "company"}, {"company-deed"}),
        ({"floors": 3}, {"structural-calculation", "neighbour-consent"}),
        ({"function": "worship"}, {"neighbour-consent"}),
        ({"function": "special"}, {"environmental-document"}),
    ],
)
def test_the_answers_say_which_documents_are_needed(changes: dict[str, Any], more: set[str]):
    context = form.context_of(PERMIT, HOUSE | changes)
    needed = {document.kind for document in form.documents_needed(PERMIT, context) if document.required}

    assert needed == {"id-card", "land-title", "site-plan"} | more


# -- the schema --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_schema_names_every_field_in_its_language_and_gives_one_valid_example(language: str):
    schema = form.schema(PERMIT, language)

    assert list(schema["properties"]) == [field.name for field in PERMIT.form.fields]
    assert schema["properties"]["floors"]["title"] == (
        "Jumlah lantai" if language == "id" else "Number of floors"
    )
    (example,) = schema["examples"]
    assert form.faults(PERMIT, example) == []


def test_a_conditional_field_shows_its_condition_and_is_not_required_of_everybody():
    schema = form.schema(PERMIT, "en")

    assert schema["properties"]["infrastructure"]["x-when"] == "form.infrastructure_volume > 0"
    assert "infrastructure" not in schema["required"]
    assert schema["additionalProperties"] is False
