"""Money: whatever happens to bills, what was billed, received, given back and open always agrees.

A plain account is kept beside the case, by hand and without the engine's rules, and compared after every act.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import events
from functions.domain import episodes, fees, payments
from functions.domain import form as forms
from functions.domain.case import Case, Writer
from functions.domain.service import Deposit, Parts, Refunds, Service
from tests.builders import CATALOGUE, Walk, calendar_of

TAX = CATALOGUE.service("business-tax")
FEBRUARY = datetime(2026, 2, 3, 2, tzinfo=UTC)
LEAST = 100_000
DEPOSIT = 5_000_000


def with_parts(parts: Parts | None, **changes: Any) -> Service:
    """The tax with other rules about parts of a bill; without parts also with credit for the same step alone."""
    processes = {}
    for name, process in TAX.processes.items():
        steps = [
            step.model_copy(update={"parts": parts}) if step.kind == "pay" else step for step in process.steps
        ]
        processes[name] = process.model_copy(update={"steps": tuple(steps)})
    return TAX.model_copy(update={"processes": processes, **changes})


SERVICES = {
    "kept": TAX,
    "whole": with_parts(None),
    "refunded": with_parts(
        Parts(least=LEAST, unfinished="refund"),
        deposit=Deposit(amount=str(DEPOSIT)),
        refunds=Refunds(within="9 d", law="Perda 1"),
    ),
}
TURNOVERS = (0, 1_000_001, 100_000_000, 185_000_000, 900_000_007)
ACTS = st.one_of(
    st.tuples(st.just("assess"), st.sampled_from(TURNOVERS)),
    st.tuples(st.just("part"), st.sampled_from([1, 10, 33, 50, 99])),
    st.tuples(
        st.sampled_from(
            [
                "bill",
                "rest",
                "too_much",
                "fail",
                "repeat",
                "late",
                "reconcile",
                "other",
                "expire",
                "refund",
                "month",
            ]
        ),
        st.just(0),
    ),
    st.tuples(st.sampled_from(["withdraw", "lapse", "grant", "reopen", "forfeit"]), st.just(0)),
)
"""What may happen, each with a number: a turnover, or so many per cent of what is left to pay."""
BILLED = [("assess", 185_000_000), ("bill", 0)]
MORE = [("assess", 900_000_007), ("bill", 0)]
BEGINNINGS = st.sampled_from(
    [
        [*BILLED, ("part", 33), ("too_much", 0)],
        [*BILLED, ("part", 33), ("part", 50), ("reconcile", 0)],
        [*BILLED, ("part", 33), ("rest", 0)],
        [*BILLED, ("part", 33), ("expire", 0), ("month", 0), *BILLED],
        [*BILLED, ("rest", 0), ("forfeit", 0), ("assess", 100_000_000), ("refund", 0), ("bill", 0)],
        [*BILLED, ("rest", 0), *MORE, ("part", 50), ("rest", 0), ("assess", 100_000_000), ("refund", 0)],
    ]
)
"""A few steps that most returns begin with, so that what follows has something to happen to."""


@dataclass
class Bill:
    amount: int
    paid: int = 0
    standing: bool = True

    @property
    def rest(self) -> int:
        return self.amount - self.paid


@dataclass
class Account:
    """What a careful clerk would write down."""

    parts: bool
    goes_back: bool
    deposit: int
    bills: dict[str, Bill] = field(default_factory=dict)
    this_run: list[str] = field(default_factory=list)
    returned: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    deposit_back: int = 0
    fee: int | None = None

    @property
    def open_bill(self) -> str | None:
        return next((name for name, bill in self.bills.items() if bill.standing), None)

    @property
    def received(self) -> int:
        return sum(bill.paid for bill in self.bills.values())

    @property
    def kept(self) -> int:
        return self.received - sum(self.returned.values()) - sum(self.lost.values())

    def held(self, name: str) -> int:
        return self.bills[name].paid - self.returned.get(name, 0) - self.lost.get(name, 0)

    def takes(self, amount: int) -> bool:
        rest = self.bills[self.open_bill or ""].rest
        return amount == rest or (self.parts and LEAST <= amount < rest)

    def comes_to_nothing(self) -> None:
        """Who gives up gets the deposit back, and parts of a bill that was never paid to its end."""
        if name := self.open_bill:
            self.bills[name].standing = False
        if self.goes_back and self.this_run and self.bills[self.this_run[-1]].rest:
            for name in self.this_run:
                self.returned[name] = self.returned.get(name, 0) + self.held(name)
        self.deposit_back = self.deposit


class Ledger:
    """A return whose turnover changes while bills come, are paid in parts, late, twice or never."""

    def __init__(self, kind: str) -> None:
        self.service = service = SERVICES[kind]
        self.walk = Walk(
            forms.example(TAX) | {"period": "2026-01"}, service=service, now=FEBRUARY
        ).submitted()
        self.account = Account(kind != "whole", kind == "refunded", DEPOSIT if service.deposit else 0)
        self.round = 0
        self.said: list[payments.Notification] = []

    @property
    def case(self) -> Case:
        return self.walk.case

    def do(self, act: str, number: int) -> None:
        running = self.case.episode is not None
        if act in ("month", "reopen", "refund") or running:
            getattr(self, f"_{act}")(number)

    def _assess(self, turnover: int) -> None:
        def decide(writer: Writer) -> None:
            calendar, bills = calendar_of("bapenda"), payments.for_this_run(writer.case, self.service)
            form = {**(writer.case.form or {}), "turnover": turnover}
            context = forms.context_of(self.service, form, today=calendar.day_of(writer.now))
            paid, came = payments.paid(writer.case, bills), payments.receipts(bills)
            known = fees.at(self.service, context, calendar, writer.now, paid, came)
            assert self.service.fee is not None
            found = fees.assess(self.service.fee, known)
            writer.add(
                events.FeeAssessed(
                    amount=found.amount, currency="IDR", lines=list(found.lines), inputs={}, law="x", version=1
                )
            )  # fmt: skip
            self.account.fee = found.amount

        if self.account.open_bill is None:
            self.walk.do("system", decide)

    def _bill(self, _: int) -> None:
        account = self.account
        if account.open_bill or account.fee is None:
            return
        left = account.fee - account.kept
        self.round += 1
        self.walk.open("bill", in_round=self.round)
        if left > 0:
            account.bills[self.walk.bill.id] = Bill(left)
            account.this_run.append(self.walk.bill.id)
        else:
            assert self.walk.answer == "paid"

    def _pay(self, amount: int, *, outcome: str = "paid", late: bool = False) -> None:
        name = self.account.open_bill
        if name is None:
            return
        due = self.case.payments[name].due_at
        at = due + timedelta(seconds=1) if late else min(self.walk.now, due)
        notice = payments.Notification(f"n{self.case.seq}", name, outcome, amount, "IDR", at)
        takes = self.account.takes(amount) and not (late and outcome == "paid")
        assert self._hear(notice) == ("accepted" if takes else "refused")
        self.said.append(notice)
        if takes and outcome == "paid":
            bill = self.account.bills[name]
            bill.paid += amount
            bill.standing = bill.rest > 0
            (word,) = [
                event["data"] for event in self.walk.history if event["data"].get("notification") == notice.id
            ]
            assert word.get("left", 0) == bill.rest

    def _hear(self, notice: payments.Notification) -> str:
        return str(self.walk.do("system", lambda w: payments.take_in(w, self.service, calendar_of, notice)))

    def _part(self, per_cent: int) -> None:
        if name := self.account.open_bill:
            self._pay(self.account.bills[name].rest * per_cent // 100)

    def _other(self, _: int) -> None:
        """The same number in another currency is other money."""
        if name := self.account.open_bill:
            rest = self.account.bills[name].rest
            notice = payments.Notification(f"n{self.case.seq}", name, "paid", rest, "USD", self.walk.now)
            assert self._hear(notice) == "refused"

    def _rest(self, _: int) -> None:
        if name := self.account.open_bill:
            self._pay(self.account.bills[name].rest)

    def _too_much(self, _: int) -> None:
        if name := self.account.open_bill:
            self._pay(self.account.bills[name].rest + 1)

    def _fail(self, _: int) -> None:
        if name := self.account.open_bill:
            self._pay(self.account.bills[name].rest, outcome="failed")

    def _late(self, _: int) -> None:
        if name := self.account.open_bill:
            self._pay(self.account.bills[name].rest, late=True)

    def _repeat(self, _: int) -> None:
        for notice in self.said:
            assert self._hear(notice) == "repeated"

    def _reconcile(self, _: int) -> None:
        """The provider tells again of all that was paid, every second payment under another name."""
        for name, payment in self.case.payments.items():
            known = [
                payments.Notification(
                    receipt.notification if number % 2 else f"r-{receipt.notification}",
                    name, "paid", receipt.amount, "IDR", receipt.at, "reconciliation",
                )
                for number, receipt in enumerate(payment.receipts)
            ]  # fmt: skip

            def decide(writer: Writer, name: str = name, known: Any = known) -> int:
                return payments.reconcile(writer, self.service, calendar_of, name, known)

            before = self.case.version
            assert (self.walk.do("system", decide), self.case.version) == (0, before)

    def _month(self, _: int) -> None:
        if self.account.open_bill is None:
            self.walk.later(days=31)

    def _expire(self, _: int) -> None:
        if name := self.account.open_bill:
            self.walk.at(self.case.payments[name].due_at).later(seconds=1).ring("bill")
            self.account.bills[name].standing = False

    def _refund(self, _: int) -> None:
        if self.account.fee is None or self.account.open_bill:
            return
        wanted = max(0, self.account.kept - self.account.fee)

        def decide(writer: Writer) -> int:
            return payments.refund(writer, self.service, calendar_of("bapenda"))

        assert self.walk.do("system", decide) == wanted
        for name in reversed(self.account.bills):
            share = min(wanted, self.account.held(name))
            self.account.returned[name] = self.account.returned.get(name, 0) + share
            wanted -= share

    def _forfeit(self, _: int) -> None:
        if self.account.open_bill is None:
            self.walk.do("system", lambda writer: payments.forfeit(writer, self.service, "Perda 1"))
            for name in self.account.bills:
                self.account.lost[name] = self.account.lost.get(name, 0) + self.account.held(name)

    def _withdraw(self, _: int) -> None:
        self.walk.withdraw()
        self.account.comes_to_nothing()

    def _lapse(self, _: int) -> None:
        if self.account.open_bill is None:
            self.walk.outcome("lapsed")
            self.account.comes_to_nothing()

    def _grant(self, _: int) -> None:
        if self.account.open_bill is None:
            self.walk.outcome("approved")

    def _reopen(self, _: int) -> None:
        if self.case.episode is None and self.case.status in ("lapsed", "withdrawn"):
            self.walk.do("sri", lambda writer: episodes.reopen(writer, self.service, calendar_of, "Again."))
            self.account.this_run, self.round = [], 0

    def agrees(self) -> None:
        account, found = self.account, payments.balance(self.case, self.service)
        standing = [bill for bill in account.bills.values() if bill.standing]
        assert found.received == account.received + account.deposit
        assert found.open == sum(bill.rest for bill in standing)
        assert found.billed == found.received + found.open
        assert found.refunded == sum(account.returned.values()) + account.deposit_back
        assert found.forfeited == sum(account.lost.values()) <= found.received - found.refunded
        assert found.overpaid == max(0, account.kept - (account.fee if account.fee is not None else 10**18))
        self._bills_agree()
        self._history_agrees(found)

    def _bills_agree(self) -> None:
        for name, bill in self.account.bills.items():
            payment = self.case.payments[name]
            assert (payment.amount, payment.received, payment.rest) == (bill.amount, bill.paid, bill.rest)
            assert payment.refunded == self.account.returned.get(name, 0) <= payment.received
            assert payment.held == self.account.held(name) >= 0
            assert (payment.state in payments.STANDING) == bill.standing
            assert sum(line["amount"] for line in payment.lines) == payment.amount
            for came in payments.receipts([payment]):
                assert sum(came.lines.values()) == came.amount
            task = payments.task_of(self.case, payment)
            assert task is not None
            assert task.is_open == bill.standing
            assert (task.action == "paid") == (bill.rest == 0)
        assert sum(payments.paid(self.case, self.case.payments.values()).values()) == self.account.kept

    def _history_agrees(self, found: payments.Balance) -> None:
        def total(kind: str) -> int:
            return sum(event["data"]["amount"] for event in self.walk.history if event["type"] == kind)

        assert total("payment.received") + self.account.deposit == found.received
        assert total("refund.ordered") == found.refunded
        assert total("payment.forfeited") == found.forfeited
        assert self.case == Case.of(self.case.id, self.walk.commits)


@pytest.mark.parametrize("kind", sorted(SERVICES))
@settings(max_examples=60, deadline=None)
@given(beginning=BEGINNINGS, acts=st.lists(ACTS, max_size=12))
def test_what_is_billed_received_refunded_and_open_always_agrees(
    kind: str, beginning: list[tuple[str, int]], acts: list[tuple[str, int]]
) -> None:
    ledger = Ledger(kind)

    for act, number in [*beginning, *acts]:
        ledger.do(act, number)
        ledger.agrees()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TURNOVERS), st.integers(1, 99)), min_size=1, max_size=5))
def test_who_pays_each_difference_and_takes_each_refund_has_paid_the_last_fee(
    years: list[tuple[int, int]],
) -> None:
    ledger = Ledger("kept")

    for turnover, part in years:
        for act, number in (("assess", turnover), ("bill", 0), ("part", part), ("rest", 0), ("refund", 0)):
            ledger.do(act, number)

    found = payments.balance(ledger.case, TAX)
    assert ledger.case.fee is not None
    assert found.received - found.refunded == ledger.case.fee["amount"]
    assert (found.open, found.overpaid) == (0, 0)
