"""The employee benefit: its figures by hand, who may file under which number, and two people who approve a payment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from functions.adapters.catalogue import Catalogue
from functions.domain import checks, issuing
from functions.domain import form as forms
from functions.domain.errors import Forbidden, Invalid
from infra.driver import CaseDriver, user
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem

MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SERVICE = Catalogue().service("employee-benefit")
STUDY: dict[str, Any] = {
    "benefit": "tuition", "study_level": "master", "tuition_fee": 40_000_000, "funding": "scholarship",
    "released": False, "service_since": "2015-03-01", "birth_date": "1992-03-14", "performance": ["good", "good"],
    "under_discipline": False, "study_cancelled": False, "recommended_by": "director",
}  # fmt: skip


@pytest.fixture
def system() -> Iterator[LocalSystem]:
    with LocalSystem(LocalClock(MORNING, frozen=True)) as running:
        yield running


def drive(system: LocalSystem, applicant: str = "rina") -> CaseDriver:
    return CaseDriver(system, service="employee-benefit", applicant=applicant)


def own(username: str) -> dict[str, str]:
    return {"employee_number": user(username).employee_number or ""}


def computed(**answers: Any) -> dict[str, Any]:
    form = forms.clean(SERVICE, {**forms.example(SERVICE), **answers})
    return forms.computed(SERVICE, forms.context_of(SERVICE, form, today=date(2026, 3, 2)))


def hindrances(**answers: Any) -> dict[str, Any]:
    form = forms.clean(SERVICE, forms.merge(forms.example(SERVICE), answers))
    day, calendar = date(2026, 3, 2), Catalogue().calendar(SERVICE.agency)
    assert forms.faults(SERVICE, form, today=day) == [], "nobody is kept from filing"
    return checks.hindrances(SERVICE, checks.context_of(SERVICE, form, None, calendar, day))


@pytest.mark.parametrize(
    ("pay", "extra", "share", "employer_share"),
    [
        (5_000_000, 0, 50_000, 200_000),
        (5_000_000, 2, 150_000, 200_000),
        (12_000_000, 0, 120_000, 480_000),
        (20_000_000, 1, 240_000, 480_000),
        (4_321_050, 0, 43_211, 172_842),
    ],
)
def test_health_insurance_is_one_percent_and_one_more_for_each_extra_member(
    pay: int, extra: int, share: int, employer_share: int
) -> None:
    assert computed(base_pay=pay, extra_members=extra) == {"share": share, "employer_share": employer_share}


def test_members_of_the_family_add_nothing() -> None:
    assert computed(base_pay=5_000_000, family_members=4)["share"] == 50_000


@pytest.mark.parametrize(("funding", "share"), [("scholarship", 0), ("own_cost", 40_000_000)])
def test_tuition_is_paid_by_the_agency_or_by_the_employee(funding: str, share: int) -> None:
    result = computed(**STUDY | {"funding": funding})

    assert result == {"share": share, "employer_share": 40_000_000 - share}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"service_since": "2025-03-03"}, "one-year-of-service"),
        ({"birth_date": "1972-03-01"}, "remaining-service"),
        ({"birth_date": "1974-03-01", "released": True}, "remaining-service"),
        ({"performance": ["good", "fair"]}, "performance-good"),
        ({"performance": ["good"]}, "performance-good"),
        ({"under_discipline": True}, "no-discipline"),
        ({"study_cancelled": True}, "no-study-cancelled"),
        ({"recommended_by": "other"}, "recommended-by-director"),
        ({"benefit": "health_insurance", "base_pay": 5_000_000, "family_members": 6}, "family-insured"),
    ],
)
def test_a_benefit_has_rules_of_which_each_is_named(change: dict[str, Any], rule: str) -> None:
    assert list(hindrances(**STUDY | change)) == [rule]


@pytest.mark.parametrize(
    "change",
    [
        {"service_since": "2025-03-02"},
        {"birth_date": "1972-03-02"},
        {"performance": ["fair", "Baik", "Sangat Baik"]},
        {"birth_date": "1974-03-02", "released": True},
        {"benefit": "health_insurance", "base_pay": 5_000_000, "family_members": 5},
        {"benefit": "health_insurance", "base_pay": 5_000_000, "family_members": None},
    ],
)
def test_a_benefit_is_open_to_who_just_meets_the_rules(change: dict[str, Any]) -> None:
    assert hindrances(**STUDY | change) == {}


def test_a_benefit_is_verified_and_approved_by_two_people(system: LocalSystem) -> None:
    case = drive(system).apply(own("rina")).act("bkpsdm/hr", "approve")

    case.act("murni", "approve", task="payment-1")
    with pytest.raises(Forbidden) as refused:
        case.act("murni", "approve", task="payment-2")
    assert case.case.status == "in_review"
    case.act("galih", "approve", task="payment-2")

    assert refused.value.rule == "four_eyes"
    assert case.case.status == "approved"
    assert [permit.kind for permit in case.case.permits.values()] == ["decision"]


def test_either_of_the_two_may_be_the_first(system: LocalSystem) -> None:
    case = (
        drive(system).apply(own("rina")).act("bkpsdm/hr", "approve").act("galih", "approve", task="payment-2")
    )

    with pytest.raises(Forbidden):
        case.act("galih", "approve", task="payment-1")

    assert case.act("nirmala", "approve", task="payment-1").case.status == "approved"


def test_words_for_the_decision_do_not_come_into_a_refusal_that_has_a_paragraph_of_the_same_name(
    system: LocalSystem,
) -> None:
    case = drive(system).apply(own("rina")).act("bkpsdm/hr", "approve")
    words = {"payment_note": {"id": "Dibayar bulan depan.", "en": "Paid next month."}}
    case.act("murni", "approve", task="payment-1", data={"letter": {"words": words}})
    case.act("galih", "reject", task="payment-2", comment="Anggaran habis.")
    refusal, note = SERVICE.letters["refusal"], SERVICE.letters["decision"].blocks[2]
    longer = refusal.model_copy(update={"blocks": (*refusal.blocks, note)})
    service = SERVICE.model_copy(update={"letters": {**SERVICE.letters, "refusal": longer}})
    drawing = issuing.Drawing(Catalogue().agency, Catalogue().calendar(SERVICE.agency))

    (letter,) = issuing.shown(case.case, service, drawing, case.task("payment-2"))

    assert note.written
    assert "Anggaran habis." in str(letter.blocks)
    assert "Paid next month." not in str(letter.blocks)


def test_one_of_the_two_refuses(system: LocalSystem) -> None:
    case = drive(system).apply(own("rina")).act("bkpsdm/hr", "approve")

    case.act("murni", "approve", task="payment-1")
    case.act("galih", "reject", task="payment-2", comment="Anggaran habis.")

    assert (case.case.status, case.case.outcome.reasons) == ("rejected", "Anggaran habis.")


def test_an_employee_files_only_under_the_own_number(system: LocalSystem) -> None:
    with pytest.raises(Invalid) as refused:
        drive(system).file(own("doni"))

    assert [fault.pointer for fault in refused.value.faults] == ["/employee_number"]


def test_the_number_cannot_be_changed_into_another_later(system: LocalSystem) -> None:
    case = drive(system).file(own("rina"))

    with pytest.raises(Invalid):
        case.patch(**own("doni"))


def test_who_has_no_number_files_nothing(system: LocalSystem) -> None:
    with pytest.raises(Forbidden) as refused:
        drive(system, "siti").file(own("rina"))

    assert refused.value.rule == "own_number"


def test_an_hr_officer_files_for_an_employee(system: LocalSystem) -> None:
    case = drive(system).file(own("rina"), by="laila").bring(by="laila").submit(by="laila")

    assert (case.case.applicant, case.case.filed_by, case.case.status) == ("rina", "laila", "in_review")


@pytest.mark.parametrize("officer", ["murni", "doni"])
def test_nobody_else_files_for_an_employee(system: LocalSystem, officer: str) -> None:
    with pytest.raises(Forbidden) as refused:
        drive(system).file(own("rina"), by=officer)

    assert refused.value.rule == "on_behalf"


def test_an_hr_officer_cannot_verify_the_own_benefit(system: LocalSystem) -> None:
    case = drive(system, "laila").apply(own("laila"))

    with pytest.raises(Forbidden) as refused:
        case.act("laila", "approve", task="verify")

    assert refused.value.rule == "own_case"


def test_what_is_returned_is_mended_and_granted(system: LocalSystem) -> None:
    case = drive(system).apply(own("rina"))
    asked = {"fields": [{"pointer": "/base_pay", "message": "Sesuai slip gaji."}], "documents": []}

    case.act("bkpsdm/hr", "return", comment="Gaji berbeda.", data=asked)
    case.patch(base_pay=5_500_000).act("applicant", "resubmit", task="correct")
    case.act("bkpsdm/hr", "approve")
    case.act("murni", "approve", task="payment-1").act("galih", "approve", task="payment-2")

    assert case.case.status == "approved"


def test_silence_alarms_a_supervisor_and_grants_nothing(system: LocalSystem) -> None:
    case = drive(system).apply(own("rina")).advance(working_days=4)

    assert "alarm.raised" in case.types
    assert case.case.status == "in_review"


def test_what_is_never_mended_lapses(system: LocalSystem) -> None:
    case = drive(system).apply(own("rina"))
    asked = {"fields": [{"pointer": "/base_pay", "message": "?"}], "documents": []}

    case.act("bkpsdm/hr", "return", comment="Gaji berbeda.", data=asked).advance(days=15)

    assert case.case.status == "lapsed"


def test_a_benefit_can_be_withdrawn(system: LocalSystem) -> None:
    assert drive(system).apply(own("rina")).withdraw().case.status == "withdrawn"
