"""The building permit as data: the law's fee, who is asked, what is to be brought, and what it proves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.adapters.catalogue import WORKFLOWS, Catalogue
from functions.domain import fees, intake
from functions.domain import form as forms
from functions.domain.expression import evaluate, holds
from functions.domain.service import ConsultStep, OutcomeStep, TaskSpec, TaskStep

SERVICE = Catalogue().service("building-permit")
HOUSE = {"function": "dwelling", "floors": 1, "floor_area_m2": 90}
SHOP = {"function": "business", "floors": 2, "floor_area_m2": 240}
MOSQUE = {"function": "worship", "floors": 1, "floor_area_m2": 400}


def answers(**changes: Any) -> dict[str, Any]:
    form = {**forms.example(SERVICE), **changes}
    assert intake.form_faults(SERVICE, form) == []
    return form


def fee(**changes: Any) -> int:
    assert SERVICE.fee is not None
    return fees.assess(SERVICE.fee, forms.context_of(SERVICE, answers(**changes))).amount


def asked(**changes: Any) -> set[str]:
    review = SERVICE.process("application").step("review")
    assert isinstance(review, ConsultStep)
    context = forms.context_of(SERVICE, answers(**changes))
    return {task.name for task in review.of if holds(task.when, context)}


def required(**changes: Any) -> set[str]:
    context = forms.context_of(SERVICE, answers(**changes))
    return {document.kind for document in forms.documents_needed(SERVICE, context) if document.required}


def tasks(process: str) -> list[TaskSpec]:
    steps = SERVICE.process(process).steps
    return [task for step in steps if isinstance(step, TaskStep | ConsultStep) for task in step.of]


@pytest.mark.parametrize(
    ("building", "amount"),
    [
        # Badung's published examples
        (HOUSE, 499_770),
        (SHOP, 6_452_586),
        (MOSQUE, 0),
        # state-owned: 0
        ({**HOUSE, "ownership": "state"}, 0),
        ({**SHOP, "ownership": "state", "infrastructure_volume": 100, "infrastructure": "fence"}, 0),
        # a small business with a prototype: 0.5 in the place of 0.7
        ({**SHOP, "small_business": True}, round(240 * 30_850 * 0.5 * 1.245)),
        # the same answer says nothing of a house
        ({**HOUSE, "small_business": True}, 499_770),
        # a house of 100 m² or two floors is a large one
        ({**HOUSE, "floor_area_m2": 100}, round(100 * 30_850 * 0.17 * 1.2)),
        ({**HOUSE, "floor_area_m2": 99}, round(99 * 30_850 * 0.15 * 1.2)),
        ({**HOUSE, "floors": 2}, round(90 * 30_850 * 0.17 * 1.245)),
        # mixed use below and from 500 m²
        ({"function": "mixed", "floors": 1, "floor_area_m2": 499}, round(499 * 30_850 * 0.6 * 1.2)),
        ({"function": "mixed", "floors": 1, "floor_area_m2": 500}, round(500 * 30_850 * 0.8 * 1.2)),
        ({"function": "special", "floors": 1, "floor_area_m2": 100}, round(100 * 30_850 * 1.2)),
        ({"function": "social", "floors": 1, "floor_area_m2": 100}, round(100 * 30_850 * 0.3 * 1.2)),
        # complexity 2, non-permanent 1, height by floors
        ({**HOUSE, "complexity": "complex"}, 624_713),  # 624,712.50, the half rounded up
        ({**HOUSE, "permanence": "non_permanent"}, round(90 * 30_850 * 0.15 * 1.0)),
        ({**HOUSE, "floors": 3}, round(90 * 30_850 * 0.17 * 1.26)),
        ({**HOUSE, "floors": 40}, round(90 * 30_850 * 0.17 * (0.7 + 0.5 * 1.333))),
        # rehabilitation
        ({**HOUSE, "work": "medium_rehabilitation"}, round(499_770 * 0.225)),
        ({**HOUSE, "work": "heavy_rehabilitation"}, round(499_770 * 0.325)),
        # infrastructure beside the building
        ({**HOUSE, "infrastructure_volume": 20, "infrastructure": "fence"}, 499_770 + 200_000),
    ],
)
def test_the_fee_is_the_laws(building: dict[str, Any], amount: int) -> None:
    assert fee(**building) == amount


def test_the_lines_of_the_fee_are_named() -> None:
    assert SERVICE.fee is not None
    form = answers(**HOUSE, infrastructure_volume=20, infrastructure="fence")

    lines = fees.assess(SERVICE.fee, forms.context_of(SERVICE, form)).lines

    assert [line["code"] for line in lines] == ["building-levy", "infrastructure-levy"]


@pytest.mark.parametrize(
    ("building", "offices"),
    [
        (HOUSE, {"spatial-plan"}),
        (SHOP, {"spatial-plan", "fire-safety"}),
        (MOSQUE, {"spatial-plan"}),
        ({**HOUSE, "floors": 4}, {"spatial-plan", "fire-safety"}),
        ({**SHOP, "floors": 1, "floor_area_m2": 500}, {"spatial-plan", "environment"}),
        ({**SHOP, "floor_area_m2": 500}, {"spatial-plan", "fire-safety", "environment"}),
        ({**HOUSE, "floor_area_m2": 2000}, {"spatial-plan", "environment-recommendation"}),
        ({**HOUSE, "function": "special"}, {"spatial-plan", "fire-safety", "environment-recommendation"}),
    ],
)
def test_the_offices_are_asked_that_the_answers_ask_for(building: dict[str, Any], offices: set[str]) -> None:
    assert asked(**building) == {"technical-review", *offices}


@pytest.mark.parametrize(
    ("building", "more"),
    [
        (HOUSE, set()),
        (SHOP, set()),
        (MOSQUE, {"neighbour-consent"}),
        ({**HOUSE, "floors": 3}, {"structural-calculation", "neighbour-consent"}),
        ({**HOUSE, "represented": True}, {"power-of-attorney"}),
        ({**HOUSE, "land_owned": False}, {"land-use-agreement", "no-dispute-statement"}),
        ({**SHOP, "applicant_kind": "company"}, {"company-deed"}),
        ({**SHOP, "floor_area_m2": 500}, {"environmental-document"}),
    ],
)
def test_the_documents_are_asked_that_the_answers_ask_for(building: dict[str, Any], more: set[str]) -> None:
    assert required(**building) == {"id-card", "land-title", "site-plan", *more}


def test_land_in_dispute_is_not_eligible() -> None:
    (fault,) = intake.form_faults(SERVICE, {**forms.example(SERVICE), "land_in_dispute": True})

    assert fault.pointer == "/land_in_dispute"
    assert "bersengketa" in fault.message["id"]


def test_the_named_fields_and_the_owner_are_all_that_must_be_answered() -> None:
    needed = {field.name for field in SERVICE.form.fields if field.required and field.when is None}

    assert needed == {
        "owner_name", "address", "floor_area_m2", "floors", "function", "complexity", "permanence", "ownership", "work",
    }  # fmt: skip


@pytest.mark.parametrize("function", ["dwelling", "business", "worship", "special", "social", "mixed"])
def test_every_function_can_be_applied_for_from_the_example(function: str) -> None:
    for floors in (1, 2, 4):
        form = answers(function=function, floors=floors)
        assert evaluate("$exists(facts.fire_asked)", forms.context_of(SERVICE, form)) is True


def test_the_terms_are_the_28_working_days_of_the_law() -> None:
    terms = {task.name: str(task.within) for task in tasks("application")}

    assert str(SERVICE.clock.term) == "28 wd"
    assert (terms["completeness"], terms["technical-review"], terms["statement"]) == ("1 wd", "25 wd", "1 wd")
    assert terms["sign-permit"] == "2 wd"
    assert SERVICE.clock.pauses == ("correction", "payment")


def test_silence_grants_nothing() -> None:
    everybody = [*tasks("application"), *tasks("appeal")]

    assert SERVICE.clock.silence == "alarm"
    assert {task.silence for task in everybody if task.kind == "decide"} == {"alarm"}
    assert {task.silence for task in everybody if task.kind == "consult"} == {"alarm", "no_objection"}


def test_statement_and_signature_are_for_two_people() -> None:
    sign = SERVICE.process("application").step("sign-permit")

    assert isinstance(sign, TaskStep)
    assert sign.of[0].different_from == ("statement",)


def test_only_a_paid_approval_issues_the_permit() -> None:
    outcomes = [step for step in SERVICE.process("application").steps if isinstance(step, OutcomeStep)]

    assert [(o.name, o.needs_payment) for o in outcomes if o.issue] == [("granted", True)]


def test_every_event_that_an_applicant_cares_about_has_a_notice() -> None:
    assert set(SERVICE.notices) >= {
        "case.submitted", "correction.requested", "payment.billed", "payment.received", "task.reminded",
        "outcome.approved", "outcome.rejected", "case.withdrawn", "case.lapsed",
    }  # fmt: skip


def test_the_way_to_a_permit_takes_nine_transitions() -> None:
    definition = json.loads((WORKFLOWS / "building-permit" / "application.asl.json").read_text())
    walked = [definition["StartAt"]]
    while following := definition["States"][walked[-1]].get("Next"):
        walked.append(following)

    assert len(walked) == 9
    assert walked[-1] == "Ended: granted"


def test_nothing_personal_is_a_fact() -> None:
    personal = {field.name for field in SERVICE.form.fields if field.personal}
    form = answers()

    shown = forms.facts(SERVICE, form)

    assert {"owner_name", "address"} <= personal
    assert not {str(form[name]) for name in personal} & {str(value) for value in shown.values()}


def test_what_is_not_confirmed_says_so() -> None:
    assert [basis.title.en for basis in SERVICE.legal_basis if basis.unconfirmed] == [
        "A term of 28 working days from a complete application",
        "Height indices and rehabilitation indices",
    ]
