"""Proofs about cases that are started elsewhere, and about two people who are asked for the same."""

from __future__ import annotations

import pytest

from functions.domain.service import ConsultStep, Service
from infra.compiler.finding import Finding
from infra.compiler.normalise import agencies_of, normalise, service_of
from infra.compiler.prove import prove
from infra.compiler.read import read_text
from tests.compiler.small import AGENCIES, SERVICE, Change, changed, codes, findings

HEAR = "within: 5 wd\n            silence: no_objection"
START = f"""{HEAR}
            start: asked
            by: office/clerk
            documents: [plan]
            form:
              owner: form.owner
              size: facts.size
              area: facts.area"""
ASKED: tuple[Change, ...] = (
    ("code: small", "code: asked"),
    ("agency: office", "agency: other"),
    ("unique: [area]\n", ""),
)


def service(*changes: Change) -> Service:
    return service_of(normalise(read_text(changed(SERVICE, *changes))))


def proven(*changes: Change, asked: tuple[Change, ...] = ()) -> list[Finding]:
    one, other = service((HEAR, START)), service(*ASKED, *asked)
    if changes:
        one = service_of(normalise(read_text(changed(changed(SERVICE, (HEAR, START)), *changes))))
    return prove(one, agencies_of(read_text(AGENCIES)), {"small": one, "asked": other})


def found(*changes: Change, asked: tuple[Change, ...] = ()) -> list[str]:
    return [finding.code for finding in proven(*changes, asked=asked)]


def test_a_case_may_be_started_in_another_office() -> None:
    assert proven() == []


def test_what_starts_a_case_waits_for_it() -> None:
    step = service((HEAR, START)).process("application").step("advice")

    assert isinstance(step, ConsultStep)
    assert [(task.kind, task.start) for task in step.of] == [("decide", None), ("await", "asked")]
    assert [action.name for action in step.of[1].actions] == ["no_objection", "object"]


def test_a_service_that_does_not_exist_cannot_be_started() -> None:
    assert found(("start: asked", "start: askd")) == ["service-unknown"]


def test_somebody_asks() -> None:
    assert found(("            by: office/clerk\n", "")) == ["start-by-nobody"]


def test_a_role_that_asks_exists() -> None:
    assert found(("by: office/clerk", "by: office/clrk")) == ["role-unknown"]


def test_the_office_that_answers_is_the_one_of_the_service() -> None:
    assert found(("role: other/expert", "role: office/boss")) == ["start-elsewhere"]


def test_a_form_without_a_start_is_found() -> None:
    assert found(("            start: asked\n", "")) == ["start-missing", "start-missing"]


def test_a_field_that_the_other_form_does_not_have_is_found() -> None:
    assert found(("size: facts.size", "sise: facts.size")) == ["field-unknown"]


def test_a_form_that_the_other_service_refuses_is_found() -> None:
    refused = proven(("              owner: form.owner\n", ""))

    assert [finding.code for finding in refused] == ["start-refused"]
    assert "refuses /owner" in refused[0].message


def test_a_document_that_the_other_service_needs_is_handed_over() -> None:
    assert found(("            documents: [plan]\n", "")) == ["start-without-document"]


def test_a_case_whose_values_may_be_used_once_cannot_be_started() -> None:
    one, other = service((HEAR, START)), service(*ASKED[:2])

    told = prove(one, agencies_of(read_text(AGENCIES)), {"small": one, "asked": other})

    assert [finding.code for finding in told] == ["start-unique"]


def test_two_services_do_not_start_each_other_without_end() -> None:
    back = START.replace("start: asked", "start: small").replace("by: office/clerk", "by: other/expert")

    assert "start-circular" in found(asked=((HEAR, back),))


def test_an_expression_of_the_form_names_what_exists() -> None:
    assert found(("area: facts.area", "area: facts.aera")) == ["name-unknown"]


TWICE = f"{HEAR}\n            times: 2"


def test_two_people_may_be_asked_for_the_same() -> None:
    step = service((HEAR, TWICE)).process("application").step("advice")

    assert isinstance(step, ConsultStep)
    assert [(task.name, task.different_from) for task in step.of[1:]] == [
        ("hear-1", ("hear-2",)),
        ("hear-2", ("hear-1",)),
    ]
    assert step.of[1].title.en == "Hear (1/2)"
    assert codes((HEAR, TWICE)) == []


@pytest.mark.parametrize("times", ["0", "-1", "two"])
def test_nobody_is_asked_less_than_once(times: str) -> None:
    assert codes((HEAR, f"{HEAR}\n            times: {times}")) == ["unknown-key"]


def test_two_people_are_not_one_official() -> None:
    one_holder = ("single_holder: [head]", "single_holder: [head, boss]")
    told = findings((HEAR, TWICE), ("role: other/expert", "role: office/boss"), agencies=(one_holder,))

    assert {finding.code for finding in told} == {"four-eyes-impossible"}


def test_of_two_who_are_asked_at_once_each_names_the_other() -> None:
    assert codes((HEAR, f"{HEAR}\n            different_from: [judge]")) == ["four-eyes-one-sided"]
    assert codes((HEAR, f"{HEAR}\n            different_from: [hear]")) == ["four-eyes-one-sided"]


def test_a_term_may_come_from_the_facts() -> None:
    assert codes((HEAR, f"{HEAR}\n            within_by: facts.area")) == []
    assert codes((HEAR, f"{HEAR}\n            within_by: form.area")) == ["name-out-of-scope"]


def test_the_own_number_is_a_field_of_the_form() -> None:
    assert codes(("unique: [area]", "unique: [area]\nown: {field: number}")) == ["field-unknown"]


def test_who_signs_has_decided() -> None:
    assert codes(("signatory: head\n", "signatory: head\n    signed_by: sign\n")) == []
    assert codes(("signatory: head\n", "signatory: head\n    signed_by: hear\n")) == ["signatory-unknown"]
    assert codes(("signatory: head\n", "signatory: head\n    signed_by: [hear, sign]\n")) == []
    assert codes(("signatory: head\n", "signatory: head\n    signed_by: [sign, nobody]\n")) == [
        "signatory-unknown"
    ]
