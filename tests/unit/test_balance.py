"""Money: whatever happens to bills, what was billed, received, given back and open always agrees."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

import events
from functions.domain import fees, payments
from functions.domain import form as forms
from functions.domain.case import Writer
from tests.builders import CATALOGUE, Walk, calendar_of

TAX = CATALOGUE.service("business-tax")
FEBRUARY = datetime(2026, 2, 3, 2, tzinfo=UTC)
TURNOVERS = st.integers(0, 10**10)
ACTS = st.one_of(
    st.tuples(st.just("assess"), TURNOVERS),
    st.sampled_from([("bill", 0), ("pay", 0), ("fail", 0), ("expire", 0), ("refund", 0)]),
)


class Ledger:
    """A return whose turnover changes while bills come and go."""

    def __init__(self) -> None:
        self.walk = Walk(forms.example(TAX) | {"period": "2026-01"}, service=TAX, now=FEBRUARY).submitted()
        self.round = 0

    @property
    def open_bill(self) -> payments.Payment | None:
        return next((p for p in self.walk.case.payments.values() if p.state in payments.STANDING), None)

    def do(self, act: str, turnover: int) -> None:
        if act == "assess":
            self.walk.do("system", lambda writer: self._assess(writer, turnover))
        elif act == "bill" and self.open_bill is None and self.walk.case.fee:
            self.round += 1
            self.walk.open("bill", in_round=self.round)
        elif act in ("pay", "fail") and self.open_bill:
            told = f"n{self.walk.case.seq}"
            assert self.walk.pay("paid" if act == "pay" else "failed", notification=told) == "accepted"
        elif act == "expire" and self.open_bill:
            self.walk.at(self.open_bill.due_at).later(seconds=1).ring("bill")
        elif act == "refund":
            self.walk.do("system", payments.refund)

    def _assess(self, writer: Writer, turnover: int) -> None:
        assert TAX.fee is not None
        calendar = calendar_of("bapenda")
        form = {**(writer.case.form or {}), "turnover": turnover}
        context = forms.context_of(TAX, form, today=calendar.day_of(writer.now))
        known = fees.at(TAX, context, calendar, writer.now, payments.paid(writer.case))
        found = fees.assess(TAX.fee, known)
        writer.add(
            events.FeeAssessed(
                amount=found.amount, currency="IDR", lines=list(found.lines), inputs={}, law="x", version=1
            )
        )

    def agrees(self) -> None:
        case, found = self.walk.case, payments.balance(self.walk.case)
        assert found.billed == found.received + found.open
        assert 0 <= found.refunded <= found.received
        assert all(payment.amount > 0 for payment in case.payments.values())
        for payment in case.payments.values():
            assert sum(line["amount"] for line in payment.lines) == payment.amount
            assert 0 <= payment.refunded <= payment.amount
        assert sum(payments.paid(case).values()) == found.received - found.refunded
        if case.fee:
            assert found.overpaid == max(0, found.received - found.refunded - case.fee["amount"])


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=14))
def test_what_is_billed_received_refunded_and_open_always_agrees(acts: list[tuple[str, int]]) -> None:
    ledger = Ledger()

    for act, turnover in acts:
        ledger.do(act, turnover)
        ledger.agrees()
        if act == "refund":
            assert payments.balance(ledger.walk.case).overpaid == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(TURNOVERS, min_size=1, max_size=5))
def test_who_pays_each_difference_and_takes_each_refund_has_paid_the_last_fee(turnovers: list[int]) -> None:
    ledger = Ledger()

    for turnover in turnovers:
        for act in ("assess", "bill", "pay", "refund"):
            ledger.do(act, turnover)

    found = payments.balance(ledger.walk.case)
    assert ledger.walk.case.fee is not None
    assert found.received - found.refunded == ledger.walk.case.fee["amount"]
    assert (found.open, found.overpaid) == (0, 0)
