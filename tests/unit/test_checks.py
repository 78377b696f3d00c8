"""Automatic rules: their inputs, their sentences, and the reasons that they give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from functions.domain import checks, episodes
from functions.domain import form as forms
from functions.domain.case import Case, Writer
from functions.domain.service import CheckRule
from tests.builders import CATALOGUE, HOUSE, PERMIT, Walk, applicant, calendar_of

BENEFIT = CATALOGUE.service("employee-benefit")

LOW = CheckRule.model_validate(
    {
        "code": "low",
        "must": "facts.floors <= 2 and form.floor_area_m2 > 0",
        "law": "Law 1",
        "message": {
            "id": "{{ facts.floors }} lantai terlalu tinggi.",
            "en": "{{ facts.floors }} floors are too many.",
        },
        "passed": {"id": "Cukup rendah.", "en": "{{ titles.function }}: low enough."},
    }
)


def checked(floors: int, *rules: CheckRule) -> Walk:
    walk = Walk(HOUSE | {"floors": floors}).create().bring().submit()
    context: dict[str, Any] = {"form": walk.case.form, "facts": walk.case.facts}

    def decide(writer: Writer) -> bool:
        return checks.check(writer, PERMIT, rules or (LOW,), episode=1, step="rules", context=context)

    walk.answer = walk.do("system", decide)
    return walk


def test_a_rule_that_holds_leaves_its_inputs_and_its_sentence() -> None:
    walk = checked(1)

    assert walk.answer is True
    assert walk.case.checks[0].rules == [
        {
            "rule": "low",
            "holds": True,
            "inputs": {"floors": 1, "form.floor_area_m2": 90},
            "sentence": {"id": "Cukup rendah.", "en": "Dwelling: low enough."},
            "law": "Law 1",
        }
    ]
    assert walk.case.checks[0].version == PERMIT.version


def test_an_answer_that_a_rule_read_stands_beside_the_history_and_can_be_erased() -> None:
    walk = checked(1)

    (event,) = walk.commits[-1].events
    assert event.data["checks"][0]["inputs"] == {"floors": 1}
    assert walk.commits[-1].private == {str(event.seq): {"inputs": {"low": {"form.floor_area_m2": 90}}}}
    erased = [*walk.commits[:-1], replace(walk.commits[-1], private={})]
    assert Case.of(walk.case.id, erased).checks[0].rules[0]["inputs"] == {"floors": 1}


def test_that_who_filed_may_apply_is_noted_once_and_anew_when_the_answers_change() -> None:
    walk = Walk(HOUSE | {"land_in_dispute": False}).submitted()

    def admit(writer: Writer) -> None:
        checks.admit(writer, PERMIT, calendar_of(PERMIT.agency))

    walk.do("system", admit)
    walk.do("system", admit)

    (noted,) = walk.case.checks
    assert noted.step == "admission"
    assert noted.rules == [
        {
            "rule": "land-not-in-dispute",
            "holds": True,
            "inputs": {"form.land_in_dispute": False},
            "sentence": {
                "id": "Menurut pemohon, tanahnya tidak dalam sengketa.",
                "en": "The applicant says that the land is not in dispute.",
            },
        }
    ]

    def mend(writer: Writer) -> None:
        writer.case.form = {
            name: one for name, one in (writer.case.form or {}).items() if name != "land_in_dispute"
        }
        admit(writer)

    walk.do("system", mend)
    assert [one.rules[0]["inputs"] for one in walk.case.checks][1] == {"form.land_in_dispute": None}


def test_the_way_that_was_chosen_is_noted_with_its_facts_and_a_sentence() -> None:
    person = replace(applicant(), employee_number="199203142015032001")
    walk = Walk(forms.example(BENEFIT), service=BENEFIT, person=person).submitted()

    def note(writer: Writer) -> None:
        checks.note_choice(writer, BENEFIT, "rules-of-the-benefit", episode=1, round_=1)

    walk.do("system", note)
    walk.do("system", note)

    rule = "employee-benefit/rules-of-the-benefit"
    assert [event.type for event in walk.commits[-1].events] == ["results.computed"], "once in each round"
    assert walk.case.found[rule] == {
        "rule": rule,
        "version": BENEFIT.version,
        "value": "insurance-rules",
        "inputs": {"benefit": "health_insurance"},
        "sentence": {
            "id": "Pilih syarat menurut tunjangan: Periksa keluarga yang ditanggung.",
            "en": "Which benefit is it? Check the family insured.",
        },
        "turn": (1, 1),
    }
    assert "rules-of-the-benefit" not in walk.case.computed


def test_a_rule_that_fails_gives_the_reasons_of_the_refusal_in_both_languages() -> None:
    walk = checked(3).outcome("rejected")

    outcome = walk.case.outcome
    assert outcome is not None
    assert (outcome.by, outcome.rule) == ("system", "building-permit/rules: low")
    assert outcome.reasons == {"id": "3 lantai terlalu tinggi.", "en": "3 floors are too many."}


def test_a_check_that_failed_before_gives_no_reasons_to_an_officers_refusal() -> None:
    walk = checked(3).open("completeness").act("completeness", "approve").open("review")
    walk.act("technical-review", "reject", comment="Too thin.").reviewed()

    decision = episodes.decision_of(walk.case, PERMIT, 1, "rejected")

    assert decision.reasons == "Too thin."
