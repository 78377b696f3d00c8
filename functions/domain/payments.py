"""Bills and what the payment provider says of them.

due ▶ paid | failed (▶ due again: the bill stands) | expired
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import events
from functions.domain import waits
from functions.domain.case import Case, Payment, Task, Writer
from functions.domain.clock import rfc3339
from functions.domain.service import Service


@dataclass(frozen=True)
class Notification:
    """What the provider tells: ``outcome`` is paid, failed or expired; ``amount`` in whole units of ``currency``."""

    id: str
    payment: str
    outcome: str
    amount: int
    currency: str
    at: datetime
    found_by: str = "notification"


def take_in(writer: Writer, service: Service, calendar_of: waits.CalendarOf, notice: Notification) -> str:
    """Let a notification have its effect, once; gives ``accepted``, ``repeated`` or ``refused``.

    What cannot be true or comes too late (wrong amount or currency, paid after the term, a bill that is closed) is
    refused and stands in the history.
    """
    payment = writer.case.payments.get(notice.payment)
    if payment is None:
        return "unknown"
    if notice.id in payment.notifications or (payment.state == "paid" and _agrees(payment, notice)):
        return "repeated"
    reason = _objection(payment, notice)
    if reason:
        writer.add(
            events.PaymentRefused(payment=payment.id, notification=notice.id, reason=reason), actor="system"
        )
        return "refused"
    if notice.outcome == "paid":
        _receive(writer, service, calendar_of, payment, notice)
    else:
        writer.add(events.PaymentFailed(payment=payment.id, notification=notice.id), actor="system")
    return "accepted"


def _agrees(payment: Payment, notice: Notification) -> bool:
    """Reconciliation may find a payment that a notification brought as well: the same money under two names."""
    same = notice.amount == payment.amount and notice.currency == payment.currency
    return same and notice.outcome == "paid" and notice.found_by == "reconciliation"


def _objection(payment: Payment, notice: Notification) -> str | None:
    if payment.state == "paid":
        return "already_paid"
    if payment.state in ("expired", "refunded"):
        return f"bill_{payment.state}"
    if notice.currency != payment.currency:
        return "currency"
    if notice.amount != payment.amount:
        return "amount"
    # What counts is when the money was paid, not when the word of it came.
    return "late" if notice.outcome == "paid" and notice.at > payment.due_at else None


def _receive(
    writer: Writer, service: Service, calendar_of: waits.CalendarOf, payment: Payment, notice: Notification
) -> None:
    writer.add(
        events.PaymentReceived(
            payment=payment.id,
            notification=notice.id,
            amount=notice.amount,
            currency=notice.currency,
            paid_at=rfc3339(notice.at),
            found_by=notice.found_by,
        ),
        actor="system",
    )
    task = task_of(writer.case, payment)
    if task and task.is_open:
        writer.add(events.TaskCompleted(task=task.id, action="paid"), actor="system")
        waits.resume(writer)
        waits.start_clock(writer, service, calendar_of(writer.case.agency), "paid")
        waits.settle(writer, service, calendar_of, task.key)


def task_of(case: Case, payment: Payment) -> Task | None:
    """Give the applicant's task that asks for this payment."""
    return next((task for task in case.tasks.values() if task.payment == payment.id), None)


def credit(case: Case, episode: int, step: str) -> dict[str, int]:
    """Give, line by line, what was paid for the same step of the same process in earlier episodes.

    It counts again where they came to nothing; what granted something, such as a year's renewal, is used up.
    """
    process = case.episodes[episode - 1].process
    before = (one for one in case.episodes if one.process == process and one.no < episode)
    earlier = {one.no for one in before if one.result != "approved"}
    counted = [
        payment
        for payment in case.payments.values()
        if payment.state == "paid"
        and (task := task_of(case, payment))
        and task.step == step
        and task.episode in earlier
    ]
    return _by_line(counted)


def paid(case: Case) -> dict[str, int]:
    """Give what has been paid in the case, line by line, less what was given back."""
    found = _by_line(payment for payment in case.payments.values() if payment.state in PAID)
    for line in case.refunded_lines:
        found[line["code"]] = found.get(line["code"], 0) - line["amount"]
    return found


def rest(lines: Iterable[Mapping[str, Any]], settled: Mapping[str, int]) -> list[dict[str, Any]]:
    """Give the lines that are left to pay (or, where negative, paid too much) once what is settled is taken off."""
    wanted = {line["code"]: int(line["amount"]) for line in lines}
    left = {code: wanted.get(code, 0) - settled.get(code, 0) for code in [*wanted, *settled]}
    return [{"code": code, "amount": amount} for code, amount in left.items() if amount]


def _by_line(counted: Iterable[Payment]) -> dict[str, int]:
    found: dict[str, int] = {}
    for payment in counted:
        for line in payment.lines:
            found[line["code"]] = found.get(line["code"], 0) + line["amount"]
    return found


PAID = frozenset({"paid", "refunded"})
STANDING = frozenset({"due", "failed"})


@dataclass(frozen=True)
class Balance:
    """What was asked for and what came, in whole units: ``billed`` is ``received`` and ``open``, without expired bills.

    ``overpaid`` is what was received and not refunded beyond the fee as it was assessed last.
    """

    billed: int
    received: int
    refunded: int
    open: int
    overpaid: int


def balance(case: Case) -> Balance:
    received = sum(payment.amount for payment in case.payments.values() if payment.state in PAID)
    refunded = sum(payment.refunded for payment in case.payments.values())
    standing = sum(payment.amount for payment in case.payments.values() if payment.state in STANDING)
    assessed = case.fee["amount"] if case.fee else 0
    return Balance(received + standing, received, refunded, standing, max(0, received - refunded - assessed))


def refund(writer: Writer) -> int:
    """Give back what was paid beyond the fee, out of the newest payments first; gives the amount."""
    case = writer.case
    amount = balance(case).overpaid
    if not amount or case.fee is None:
        return 0
    parts, left = [], amount
    for payment in reversed(case.payments.values()):
        share = min(left, payment.amount - payment.refunded) if payment.state in PAID else 0
        if share:
            parts.append({"payment": payment.id, "amount": share})
            left -= share
    over = [{"code": line["code"], "amount": -line["amount"]} for line in rest(case.fee["lines"], paid(case))]
    writer.add(
        events.PaymentRefunded(amount=amount, currency=case.fee["currency"], lines=over, payments=parts),
        actor="system",
    )
    return amount
