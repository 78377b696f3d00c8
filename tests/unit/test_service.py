"""The process language: what its models accept, and what every expression may speak of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

import events
from functions.adapters.catalogue import Catalogue
from functions.domain import fees, words
from functions.domain import form as forms
from functions.domain.case import Case
from functions.domain.service import (
    NOTICES,
    SCOPE_NAMES,
    SCOPES,
    Agency,
    Form,
    FormField,
    LetterBlock,
    Service,
    TaskSpec,
    Text,
)

TITLE = {"id": "Judul", "en": "Title"}
TASK = {
    "name": "check", "title": TITLE, "role": "office/desk", "within": "1 wd", "silence": "alarm",
    "actions": [{"name": "approve", "title": TITLE}],
}  # fmt: skip


@pytest.fixture(scope="module")
def service() -> Service:
    return Catalogue().service("building-permit")


def test_a_text_is_written_in_both_languages() -> None:
    assert Text.model_validate(TITLE).pair() == TITLE


@pytest.mark.parametrize(
    "text", [{"id": "Judul"}, {"id": "Judul", "en": ""}, {"id": " ", "en": "Title"}, "Title"]
)
def test_a_text_in_one_language_is_refused(text: Any) -> None:
    with pytest.raises(ValidationError):
        Text.model_validate(text)


@pytest.mark.parametrize(
    "field",
    [
        {"name": "a", "type": "choice", "title": TITLE},
        {"name": "a", "type": "list", "title": TITLE},
        {"name": "A", "type": "text", "title": TITLE},
        {"name": "a", "type": "text", "title": TITLE, "colour": "red"},
    ],
)
def test_a_field_without_what_its_type_needs_is_refused(field: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FormField.model_validate(field)


def test_a_field_may_stand_only_once() -> None:
    field = {"name": "a", "type": "text", "title": TITLE}

    with pytest.raises(ValidationError, match="these fields occur twice: a"):
        Form.model_validate(
            {"groups": [{"title": TITLE, "fields": [field]}, {"title": TITLE, "fields": [field]}]}
        )


@pytest.mark.parametrize("actions", [[], [TASK["actions"][0], TASK["actions"][0]]])
def test_a_task_offers_each_action_once_and_at_least_one(actions: list[Any]) -> None:
    with pytest.raises(ValidationError, match="names each action once"):
        TaskSpec.model_validate(TASK | {"actions": actions})


@pytest.mark.parametrize("role", ["desk", "office/", "office/desk/left", "Office/Desk"])
def test_a_role_belongs_to_an_agency(role: str) -> None:
    with pytest.raises(ValidationError):
        TaskSpec.model_validate(TASK | {"role": role})


@pytest.mark.parametrize(
    "block", [{}, {"fee": True, "reasons": True}, {"paragraph": TITLE, "note": TITLE}, {"fee": False}]
)
def test_a_block_of_a_letter_has_one_content(block: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a block is one of"):
        LetterBlock.model_validate(block)


def test_a_single_holder_holds_a_role_that_exists() -> None:
    agency = {"code": "office", "name": TITLE, "address": "Jalan", "place": "Kota", "roles": {"head": TITLE}}

    assert Agency.model_validate(agency | {"single_holder": ["head"]}).single_holder == ("head",)
    with pytest.raises(ValidationError, match="names chief"):
        Agency.model_validate(agency | {"single_holder": ["chief"]})


def test_a_model_cannot_be_changed(service: Service) -> None:
    with pytest.raises(ValidationError):
        service.version = 2  # type: ignore[misc]


def test_every_notice_tells_of_an_event() -> None:
    variants = {"outcome.approved", "outcome.rejected", "payment.received_in_part"}

    assert set(NOTICES) - variants <= set(events.TYPES)


def test_expressions_find_what_their_scopes_promise(service: Service) -> None:
    form = forms.example(service)

    context = forms.context_of(service, form, today=date(2026, 1, 5))
    known = fees.at(service, context, Catalogue().calendar("pupr"), datetime(2026, 1, 5, tzinfo=UTC))

    for scope in ("form", "rule", "document", "fact", "computed", "fee", "task", "route"):
        assert set(SCOPES[scope]) <= set(known)


@pytest.mark.parametrize("language", ["id", "en"])
def test_letters_find_what_their_scope_promises(service: Service, language: words.Language) -> None:
    form = forms.example(service)
    case = Case("c", number="PBG-1", submitted_at=datetime(2026, 1, 5, tzinfo=UTC), form=form)

    known = words.context(case, service, Catalogue().calendar("pupr"), language, personal=True, permit={})

    assert set(SCOPES["letter"]) <= set(known)
    assert set(SCOPE_NAMES["case"]) <= set(known["case"])
    assert set(known["titles"]) == {
        field.name for field in forms.asked_fields(service, form) if field.options
    }
