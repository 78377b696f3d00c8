"""Proofs that a fee is known before it is billed, and paid before what it is paid for."""

from __future__ import annotations

from tests.compiler.small import SERVICE, codes

ASSESS = "      - assess: levy\n        title: {id: Hitung, en: Assess}\n"
PAY = "      - pay: bill\n        title: {id: Bayar, en: Pay}\n        within: 14 d\n        lapsed: lapsed\n"
FEE = SERVICE[SERVICE.index("fee:\n") : SERVICE.index("clock:\n")]
ROUTE = """      - choose: route
        title: {id: Pilih, en: Choose}
        branches: [{when: facts.area > 100, then: %s}]
        then: %s
"""


def test_an_assessment_without_a_fee_is_found() -> None:
    assert codes((FEE, "")) == ["fee-missing"]


def test_a_bill_before_the_fee_is_found() -> None:
    assert codes((ASSESS, "")) == ["bill-before-fee"]


def test_a_bill_that_one_way_reaches_without_a_fee_is_found() -> None:
    assert codes((ASSESS, ROUTE % ("levy", "bill") + ASSESS)) == ["bill-before-fee"]


def test_an_outcome_without_its_payment_is_found() -> None:
    assert codes((PAY, ""), (ASSESS, ROUTE % ("lapsed", "levy") + ASSESS)) == ["outcome-before-payment"]


def test_an_outcome_that_one_way_reaches_unpaid_is_found() -> None:
    assert codes((PAY, ROUTE % ("sign", "bill") + PAY)) == ["outcome-before-payment"]


def test_what_is_lost_without_having_been_paid_is_found() -> None:
    lost = ("        result: lapsed\n", "        result: lapsed\n        forfeits: Perda 1\n")
    given = ("        needs_payment: true\n", "        needs_payment: true\n        forfeits: Perda 1\n")

    assert codes(lost) == ["forfeit-unpaid"]
    assert codes(given) == []
