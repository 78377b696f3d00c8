"""The promotion: its windows and rules by hand, and the way over HR and the civil service agency to the decree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from functions.adapters.catalogue import Catalogue
from functions.domain import form as forms
from functions.domain.errors import Forbidden, Invalid
from infra.driver import CaseDriver, user
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem

IN_THE_WINDOW = datetime(2026, 2, 3, 2, 0, tzinfo=UTC)
"""In Jakarta the third of February: proposals for April are taken."""
SERVICE = Catalogue().service("employee-promotion")


@pytest.fixture
def system() -> Iterator[LocalSystem]:
    with LocalSystem(LocalClock(IN_THE_WINDOW, frozen=True)) as running:
        yield running


def own(username: str = "rina") -> dict[str, str]:
    return {"employee_number": user(username).employee_number or ""}


def proposed(system: LocalSystem, **answers: Any) -> CaseDriver:
    return CaseDriver(system, service="employee-promotion", applicant="rina").apply(own() | answers)


def at_the_agency(system: LocalSystem) -> CaseDriver:
    return proposed(system).act("bkpsdm/hr", "approve")


def faults(day: date, **answers: Any) -> list[str]:
    form = {**forms.example(SERVICE, day), **answers}
    return [fault.pointer for fault in forms.faults(SERVICE, form, today=day)]


@pytest.mark.parametrize(
    ("day", "effective"),
    [
        (date(2025, 12, 15), "2026-02-01"),
        (date(2026, 1, 15), "2026-02-01"),
        (date(2026, 2, 1), "2026-04-01"),
        (date(2026, 2, 28), "2026-04-01"),
        (date(2026, 4, 30), "2026-06-01"),
        (date(2026, 6, 1), "2026-08-01"),
        (date(2026, 8, 31), "2026-10-01"),
        (date(2026, 10, 15), "2026-12-01"),
    ],
)
def test_each_date_has_its_window(day: date, effective: str) -> None:
    assert faults(day, effective_date=effective) == []


@pytest.mark.parametrize(
    ("day", "effective"),
    [
        (date(2025, 12, 14), "2026-02-01"),
        (date(2026, 1, 16), "2026-02-01"),
        (date(2026, 1, 31), "2026-04-01"),
        (date(2026, 3, 1), "2026-04-01"),
        (date(2026, 2, 10), "2026-02-01"),
        (date(2026, 2, 10), "2027-04-01"),
        (date(2026, 2, 10), "2026-03-01"),
        (date(2026, 2, 10), "2026-04-02"),
    ],
)
def test_outside_its_window_a_date_is_refused(day: date, effective: str) -> None:
    assert faults(day, effective_date=effective) == ["/effective_date"]


@pytest.mark.parametrize("day", [date(2026, month, 10) for month in range(1, 13)])
def test_the_example_is_for_the_next_date_that_can_be_proposed(day: date) -> None:
    effective = forms.example(SERVICE, day)["effective_date"]

    assert (faults(day) == []) == (day.month in (1, 2, 4, 6, 8, 10))
    assert effective > day.isoformat()


@pytest.mark.parametrize(
    ("answers", "pointer"),
    [
        ({"last_rank_date": "2022-04-02"}, "/last_rank_date"),
        ({"performance": ["good", "fair"]}, "/performance"),
        ({"performance": ["good"]}, "/performance"),
        ({"proposed_rank": "III/c"}, "/proposed_rank"),
        ({"current_rank": "III/d", "proposed_rank": "III/d"}, "/proposed_rank"),
    ],
)
def test_rank_years_and_performance_are_checked_with_their_reasons(
    answers: dict[str, Any], pointer: str
) -> None:
    assert faults(date(2026, 2, 3), **answers) == [pointer]


@pytest.mark.parametrize(
    "answers",
    [
        {"last_rank_date": "2022-04-01"},
        {"performance": ["Baik", "Sangat Baik"]},
        {"performance": ["fair", "good", "good"]},
        {"current_rank": "III/d", "proposed_rank": "IV/a"},
    ],
)
def test_who_just_meets_the_rules_may_be_proposed(answers: dict[str, Any]) -> None:
    assert faults(date(2026, 2, 3), **answers) == []


def test_the_days_of_a_window_are_those_of_the_agency(system: LocalSystem) -> None:
    with pytest.raises(Invalid):
        proposed(system, effective_date="2026-02-01")


def test_a_promotion_goes_over_hr_and_the_civil_service_agency_to_the_decree(system: LocalSystem) -> None:
    case = at_the_agency(system)

    case.act("bkn/documents", "approve").act("bkn/data", "approve").act("bkn/head", "approve")
    case.act("bkpsdm/head", "approve")

    assert case.case.status == "approved"
    assert [permit.kind for permit in case.case.permits.values()] == ["technical-approval", "decree"]


def test_what_was_checked_automatically_stands_in_the_history(system: LocalSystem) -> None:
    case = proposed(system)

    admission, checked = case.case.checks
    assert [rule["rule"] for rule in admission.rules][:2] == ["promotion-date", "filing-window"]
    assert [rule["rule"] for rule in checked.rules] == ["years-in-rank", "performance-good", "next-rank"]
    assert all(rule["holds"] for rule in checked.rules)
    assert checked.rules[0]["inputs"] == {"eligible_from": "2024-04-01", "effective_date": "2026-04-01"}


def test_a_file_that_does_not_match_comes_back_and_goes_on_when_it_is_mended(system: LocalSystem) -> None:
    case = at_the_agency(system)
    asked = {"fields": [{"pointer": "/last_rank_date", "message": "Tidak sesuai SK."}], "documents": []}

    case.act("bkn/documents", "return", comment="BTS.", data=asked).advance(days=3)
    case.patch(last_rank_date="2021-04-01").act("applicant", "resubmit", task="correct")
    case.act("bkpsdm/hr", "approve").act("bkn/documents", "approve")

    assert case.task("check-data").state == "open"


def test_a_correction_may_come_after_the_window_has_closed(system: LocalSystem) -> None:
    case = at_the_agency(system).advance(days=24)
    asked = {"fields": [{"pointer": "/last_rank_date", "message": "Tidak sesuai SK."}], "documents": []}
    case.act("bkn/documents", "return", comment="BTS.", data=asked).advance(days=10)

    case.patch(last_rank_date="2021-04-01").act("applicant", "resubmit", task="correct")

    assert case.case.status == "in_review"


def test_who_is_not_eligible_hears_the_reasons_and_that_it_is_final(system: LocalSystem) -> None:
    case = at_the_agency(system).act("bkn/documents", "approve")

    case.act("bkn/data", "reject", comment="Masih dalam hukuman disiplin.")

    assert (case.case.status, case.case.outcome.reasons) == ("rejected", "Masih dalam hukuman disiplin.")
    assert [one.kind for one in case.case.documents.values() if one.issued] == ["not-eligible"]


def test_hr_may_refuse_to_propose(system: LocalSystem) -> None:
    case = proposed(system).act("bkpsdm/hr", "reject", comment="Formasi tidak tersedia.")

    assert case.case.status == "rejected"


def test_documents_and_data_are_checked_by_two_people(system: LocalSystem) -> None:
    case = at_the_agency(system).act("farhan", "approve", task="check-documents")

    with pytest.raises(Forbidden):
        case.act(case.lend("bkn/data", "satria", "farhan"), "approve", task="check-data")


def test_an_employee_proposes_nobody_else(system: LocalSystem) -> None:
    with pytest.raises(Invalid) as refused:
        proposed(system, **own("doni"))

    assert [fault.pointer for fault in refused.value.faults] == ["/employee_number"]


def test_an_hr_officer_proposes_an_employee(system: LocalSystem) -> None:
    case = CaseDriver(system, service="employee-promotion", applicant="doni")

    case.file(own("doni"), by="taufik").bring(by="taufik").submit(by="taufik")

    assert (case.case.applicant, case.case.filed_by, case.case.status) == ("doni", "taufik", "in_review")


def test_silence_promotes_nobody(system: LocalSystem) -> None:
    case = at_the_agency(system).advance(working_days=6)

    assert "alarm.raised" in case.types
    assert case.case.status == "in_review"


def test_what_is_never_mended_lapses(system: LocalSystem) -> None:
    case = at_the_agency(system)
    asked = {"fields": [{"pointer": "/last_rank_date", "message": "?"}], "documents": []}

    case.act("bkn/documents", "return", comment="BTS.", data=asked).advance(days=15)

    assert case.case.status == "lapsed"


def test_a_proposal_can_be_withdrawn(system: LocalSystem) -> None:
    assert proposed(system).withdraw().case.status == "withdrawn"
