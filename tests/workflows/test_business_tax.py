"""The business tax over HTTP: the figures, the bill, the signed notification, the receipt, and corrections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.api.asking import Asker

FEBRUARY = datetime(2026, 2, 3, 2, tzinfo=UTC)
JANUARY = {"period": "2026-01"}


@pytest.fixture
def office() -> Iterator[Office]:
    with Office(LocalClock(FEBRUARY, frozen=True)) as running:
        yield running


def filed(office: Office, **answers: Any) -> CaseDriver:
    driver = CaseDriver(office.system, service="business-tax", applicant="sinar-jaya")
    return driver.apply({**JANUARY, **answers})


def estimate(office: Office, **answers: Any) -> dict[str, Any]:
    form = Asker(office).get("/v1/services/business-tax").body["form"]["examples"][0]
    body: dict[str, Any] = (
        Asker(office)
        .post("/v1/services/business-tax/estimate", {"form": {**form, **JANUARY, **answers}})
        .body
    )
    return body


def test_ten_per_cent_of_the_turnover_and_one_per_cent_a_month(office: Office) -> None:
    at_once = estimate(office, turnover=185_000_000)
    office.system.aws.advance_to(datetime(2026, 4, 1, 2, tzinfo=UTC))
    late = estimate(office, turnover=185_000_000)

    assert (at_once["computed"]["tax"], at_once["computed"]["penalty"]) == (18_500_000, 0)
    assert (late["computed"]["tax"], late["computed"]["penalty"]) == (18_500_000, 370_000)
    assert late["fee"]["amount"] == 18_870_000
    assert [line["code"] for line in late["fee"]["lines"]] == ["tax", "penalty"]
    assert late["documents"] == [
        {"kind": "revenue-report", "title": "Revenue report of the period", "required": True}
    ]


@pytest.mark.parametrize(
    ("turnover", "tax"), [(480_000_000, 0), (1_200_000_000, 3_500_000), (3_600_000_000, 15_500_000)]
)
def test_the_first_half_billion_of_an_individual_is_free(office: Office, turnover: int, tax: int) -> None:
    answers = {
        "tax": "final_income",
        "taxpayer": "individual",
        "turnover_year_to_date": 0,
        "turnover": turnover,
    }

    assert estimate(office, **answers)["computed"]["tax"] == tax


def test_above_the_limit_of_the_year_nobody_is_eligible(office: Office) -> None:
    found = estimate(
        office,
        tax="final_income",
        taxpayer="individual",
        turnover_year_to_date=4_700_000_000,
        turnover=200_000_000,
    )

    assert (found["eligible"], [reason["rule"] for reason in found["reasons"]]) == (False, ["turnover-limit"])


def test_a_return_without_its_revenue_report_is_not_taken(office: Office) -> None:
    driver = CaseDriver(office.system, service="business-tax", applicant="sinar-jaya").file(JANUARY)

    answer = Asker(office, "sinar-jaya").post(f"/v1/cases/{driver.id}/submit")

    assert (answer.status, answer.pointers) == (422, ["/documents/revenue-report"])


def test_the_receipt_comes_with_the_payment_and_can_be_verified(office: Office) -> None:
    case = filed(office)
    case.pay()

    shown = Asker(office, "sinar-jaya").get(f"/v1/cases/{case.id}").body

    (receipt,) = shown["permits"]
    assert shown["status"] == "approved"
    assert shown["balance"] == {
        "billed": 18_500_000, "forfeited": 0, "received": 18_500_000, "refunded": 0, "open": 0, "overpaid": 0,
    }  # fmt: skip
    assert not [task for task in shown["tasks"] if task["role"] != "applicant"]
    assert Asker(office).get(f"/v1/permits/{receipt['number']}").body["state"] == "valid"
    assert Asker(office).get("/v1/register?service=business-tax").body["items"] == []


def test_a_corrected_return_shows_what_was_overpaid_until_it_is_given_back(office: Office) -> None:
    case = filed(office)
    case.pay()
    asker = Asker(office, "sinar-jaya")
    assert "amend" in asker.get(f"/v1/cases/{case.id}").body["actions"]

    wish = {"reason": "Tercatat dua kali.", "form": {"turnover": 100_000_000}}
    answer = asker.post(f"/v1/cases/{case.id}/amend", wish)

    assert answer.status == 200
    shown = asker.get(f"/v1/cases/{case.id}").body
    assert (shown["computed"]["tax"], shown["balance"]["overpaid"]) == (10_000_000, 8_500_000)
    assert "amend" not in shown["actions"]
    case.act("bapenda/refund-officer", "approve")
    assert asker.get(f"/v1/cases/{case.id}").body["balance"] == {
        "billed": 18_500_000, "forfeited": 0, "received": 18_500_000, "refunded": 8_500_000, "open": 0, "overpaid": 0,
    }  # fmt: skip


def test_what_may_not_be_changed_by_a_correction_is_named(office: Office) -> None:
    case = filed(office)
    case.pay()

    answer = Asker(office, "sinar-jaya").post(
        f"/v1/cases/{case.id}/amend", {"reason": "x", "form": {"period": "2025-12"}}
    )

    assert (answer.status, answer.pointers) == (422, ["/period"])


def test_a_bill_is_paid_in_parts_with_a_receipt_for_each(office: Office) -> None:
    case = filed(office)
    case.pay(amount=10_000_000, id="n1")
    asker = Asker(office, "sinar-jaya")

    shown = asker.get(f"/v1/cases/{case.id}").body

    (bill,) = shown["payments"]
    assert (shown["status"], bill["state"], bill["paid_at"]) == ("awaiting_payment", "due", None)
    assert (bill["amount"], bill["received"], bill["remainder"], bill["least"]) == (
        18_500_000, 10_000_000, 8_500_000, 100_000,
    )  # fmt: skip
    assert bill["receipts"] == [
        {
            "number": f"{bill['id']}/1",
            "amount": 10_000_000,
            "paid_at": "2026-02-03T02:00:00Z",
            "lines": [{"code": "tax", "title": "Tax", "amount": 10_000_000}],
        }
    ]
    assert shown["balance"] == {
        "billed": 18_500_000, "forfeited": 0, "received": 10_000_000, "refunded": 0, "open": 8_500_000, "overpaid": 0,
    }  # fmt: skip

    case.pay(id="n2")

    shown = asker.get(f"/v1/cases/{case.id}").body
    (bill,) = shown["payments"]
    assert (shown["status"], bill["state"], bill["remainder"]) == ("approved", "paid", 0)
    assert [one["amount"] for one in bill["receipts"]] == [10_000_000, 8_500_000]


def test_each_part_is_dear_by_how_late_it_was(office: Office) -> None:
    """18.5 million, due on 13 February: 10 million one month late, the rest two: 100,000 + 170,000."""
    case = filed(office)
    office.system.aws.advance_to(datetime(2026, 3, 1, 2, tzinfo=UTC))
    case.pay(amount=10_000_000, id="n1")
    office.system.aws.advance_to(datetime(2026, 4, 1, 2, tzinfo=UTC))

    fee = {line["code"]: line["amount"] for line in (case.case.fee or {})["lines"]}
    assert fee == {"tax": 18_500_000, "penalty": 270_000}
    bill = list(case.case.payments.values())[-1]
    assert (bill.amount, bill.lines) == (
        8_770_000, [{"code": "tax", "amount": 8_500_000}, {"code": "penalty", "amount": 270_000}]
    )  # fmt: skip


def test_two_parts_of_which_the_bank_has_lost_every_word_are_found(office: Office) -> None:
    case = filed(office)
    (bill,) = case.case.payments
    anybody = Asker(office)
    for _ in range(2):
        anybody.post("/local/pay", {"payment": bill, "outcome": "paid", "times": 0, "amount": 9_250_000})
    assert case.case.status == "awaiting_payment"

    anybody.post("/local/clock", {"advance": {"hours": 1}})

    assert case.case.status == "approved"
    assert [one.amount for one in case.case.payments[bill].receipts] == [9_250_000, 9_250_000]


def test_the_applicant_is_told_by_which_rules_the_amount_came_about(office: Office) -> None:
    case = filed(office)
    asker = Asker(office, "sinar-jaya")

    shown = asker.get(f"/v1/cases/{case.id}").body

    fee = shown["fee"]
    assert (fee["rule"], fee["version"], fee["inputs"]["turnover"]) == ("business-tax/fee", 1, 185_000_000)
    assert fee["law"].startswith("UU 1/2022")
    assert "Tax Rp\u00a018,500,000" in fee["message"]
    dalam = asker.get(f"/v1/cases/{case.id}?lang=id", accept_language="id").body
    assert "Pokok pajak Rp\u00a018.500.000" in dalam["fee"]["message"]
    (tax,) = [one for one in shown["computations"] if one["name"] == "tax"]
    assert (tax["rule"], tax["version"], tax["value"]) == ("business-tax/tax", 1, 18_500_000)
    assert tax["inputs"]["turnover"] == 185_000_000
    assert shown["computed"]["tax"] == 18_500_000
    *admitted, check = shown["checks"]
    assert [(one["rule"], one["holds"]) for one in admitted] == [
        ("turnover-limit", True),
        ("scheme-years", True),
    ]
    assert (check["rule"], check["version"], check["inputs"]) == ("within-five-years", 1, {"years_back": 0})
    history = asker.get(f"/v1/cases/{case.id}/history").body["items"]
    assessed = next(event["data"] for event in history if event["type"] == "fee.assessed")
    assert set(assessed["sentence"]) == {"id", "en"}


def test_what_was_computed_stays_as_it_was_decided(office: Office) -> None:
    case = filed(office)
    case.pay()
    office.system.aws.advance_to(datetime(2026, 9, 1, 2, tzinfo=UTC))

    shown = Asker(office, "sinar-jaya").get(f"/v1/cases/{case.id}").body

    assert (shown["computed"]["months_late"], shown["computed"]["penalty"]) == (0, 0)
