"""Named results and fees: which rule, which version, from what, and a sentence in both languages, in the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.domain import fees, intake
from functions.domain import form as forms
from functions.domain.case import Case
from functions.domain.service import Service
from tests.builders import CATALOGUE, PERMIT, SHOP, Walk, applicant, calendar_of

TAX, BENEFIT = CATALOGUE.service("business-tax"), CATALOGUE.service("employee-benefit")
FEBRUARY = datetime(2026, 2, 3, 2, tzinfo=UTC)
PERSON = replace(applicant(), employee_number="198503152010121001")


def filed(service: Service, **answers: Any) -> Walk:
    form = forms.example(service, FEBRUARY.date()) | answers
    own = {service.own.field: PERSON.employee_number} if service.own else {}
    return Walk(form | own, service=service, now=FEBRUARY, person=PERSON).submitted()


def results(walk: Walk) -> list[dict[str, Any]]:
    return [event["data"] for event in walk.history if event["type"] == "results.computed"]


def note(walk: Walk) -> None:
    calendar = calendar_of(walk.service.agency)
    walk.do("system", lambda writer: intake.note(writer, walk.service, calendar))


def test_what_is_computed_at_filing_stands_in_the_history_with_what_it_rests_on() -> None:
    walk = filed(TAX, period="2026-01", turnover=185_000_000)

    (noted,) = results(walk)
    tax = next(one for one in noted["results"] if one["rule"] == "business-tax/tax")

    assert noted["version"] == TAX.version
    assert tax["value"] == 18_500_000
    assert (tax["inputs"]["turnover"], tax["inputs"]["due_on"]) == (185_000_000, "2026-02-13")
    assert tax["law"] == "UU 1/2022; PP 55/2022"
    assert tax["sentence"] == {
        "id": "Pajak dihitung dari omzet masa 2026-01: Rp\u00a018.500.000.",
        "en": "The tax on the turnover of 2026-01: Rp\u00a018,500,000.",
    }
    assert "results.computed" in [event.type for event in walk.commits[-1].events], (
        "with what it follows from"
    )


def test_nothing_is_noted_twice_and_what_changes_is_noted_alone() -> None:
    walk = filed(TAX, period="2026-01")
    note(walk)
    assert len(results(walk)) == 1

    walk.at(datetime(2026, 4, 1, 2, tzinfo=UTC))
    note(walk)

    rules = [one["rule"] for one in results(walk)[1]["results"]]
    assert rules == ["business-tax/tax", "business-tax/penalty", "business-tax/months_late"]
    assert (walk.case.computed["penalty"]["value"], walk.case.computed["due_on"]["value"]) == (
        370_000, "2026-02-13",
    )  # fmt: skip


def test_what_rests_on_answers_stands_beside_the_history_and_can_be_erased() -> None:
    walk = filed(BENEFIT)

    (noted,) = results(walk)
    share = walk.case.computed["share"]

    assert [set(one) for one in noted["results"]] == [{"rule", "inputs", "law"}] * 2
    assert share["value"] > 0
    assert share["inputs"]["form.base_pay"] == (walk.case.form or {})["base_pay"]
    assert share["sentence"]["en"].startswith("What the employee pays: Rp")
    erased = Case.of(walk.case.id, [replace(commit, private={}) for commit in walk.commits])
    assert set(erased.computed["share"]) == {"rule", "inputs", "law", "version"}


def test_a_service_that_computes_nothing_notes_nothing() -> None:
    assert results(Walk(SHOP).submitted()) == []


@pytest.mark.parametrize(
    "service", [s for s in CATALOGUE.services() if s.computed], ids=lambda s: str(s.code)
)
def test_every_result_of_every_service_has_a_law_and_words_without_a_gap(service: Service) -> None:
    form = forms.clean(service, forms.example(service, FEBRUARY.date()))
    context = forms.context_of(service, form, today=FEBRUARY.date())
    known = fees.at(service, context, calendar_of(service.agency), FEBRUARY)

    for one in forms.explained(service, known):
        assert one["law"]
        assert all(text and ": ." not in text for text in one["sentence"].values()), one["rule"]


def test_a_fee_is_said_with_its_law_and_lines() -> None:
    assert PERMIT.fee is not None
    found = fees.assess(PERMIT.fee, forms.context_of(PERMIT, SHOP))

    said = fees.sentence(PERMIT.fee, found)

    assert said["en"].startswith(f"Rp\u00a06,452,586 under {PERMIT.fee.law}: ")
    assert said["id"].endswith("Rp\u00a06.452.586.")


def test_the_answers_that_a_fee_reads_are_named_apart_from_its_facts() -> None:
    hajj = CATALOGUE.service("hajj-registration")
    assert hajj.fee is not None
    context = forms.context_of(hajj, {"deposit": 25_000_000}, {})

    assert fees.answers_read(hajj.fee, context) == {"form.deposit": 25_000_000}
    assert PERMIT.fee is not None
    assert "form.owner_name" not in fees.answers_read(PERMIT.fee, forms.context_of(PERMIT, SHOP))
