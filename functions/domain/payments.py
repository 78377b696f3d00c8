"""Money: bills, what the payment provider says of them, deposits, and what goes back.

due ▶ (parts ▶ due) paid ▶ refunded
 └──▶ failed (▶ due again: the bill stands) | expired (parts are kept, or go back: refunded)

What was received is what the receipts say, whatever the state of their bill; what went back is what `order` ordered,
and what is lost what `forfeit` said. Nothing else moves money, so `balance` always agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import events
from functions.domain import fees, waits
from functions.domain import form as forms
from functions.domain.case import Case, Forfeit, Payment, Refund, Task, Writer
from functions.domain.clock import Calendar, rfc3339
from functions.domain.errors import LoketError
from functions.domain.expression import evaluate
from functions.domain.fees import Received
from functions.domain.service import PayStep, Process, Service

Lines = dict[str, int]
"""Amounts by the code of their line."""
STANDING = frozenset({"due", "failed"})


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


# -- what the provider says


def take_in(writer: Writer, service: Service, calendar_of: waits.CalendarOf, notice: Notification) -> str:
    """Let a notification have its effect, once; gives ``accepted``, ``repeated``, ``refused`` or ``unknown``.

    What cannot be true or comes too late (wrong amount or currency, paid after the term, a bill that is closed) is
    refused and stands in the history. Less than what is left is accepted where the bill may be paid in parts.
    """
    payment = writer.case.payments.get(notice.payment)
    if payment is None:
        return "unknown"
    if notice.id in payment.notifications:
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


def reconcile(
    writer: Writer,
    service: Service,
    calendar_of: waits.CalendarOf,
    bill: str,
    notices: Iterable[Notification],
) -> int:
    """Take in everything that the provider knows of one bill, oldest first; gives how much of it was new.

    It may know a payment under another name than its notification had: the same money is not counted twice.
    """
    payment = writer.case.payments.get(bill)
    if payment is None:
        return 0
    known = sorted((notice for notice in notices if notice.payment == bill), key=lambda notice: notice.at)
    names = {notice.id for notice in known}
    elsewhere = [receipt.amount for receipt in payment.receipts if receipt.notification not in names]
    found = 0
    for notice in known:
        unheard = notice.outcome == "paid" and notice.id not in payment.notifications
        if unheard and notice.amount in elsewhere:
            elsewhere.remove(notice.amount)
        else:
            found += take_in(writer, service, calendar_of, notice) == "accepted"
    return found


def _objection(payment: Payment, notice: Notification) -> str | None:
    if payment.state == "paid":
        return "already_paid"
    if payment.state in ("expired", "refunded"):
        return f"bill_{payment.state}"
    if notice.currency != payment.currency:
        return "currency"
    if not _fits(payment, notice.amount):
        return "amount"
    # What counts is when the money was paid, not when the word of it came.
    return "late" if notice.outcome == "paid" and notice.at > payment.due_at else None


def _fits(payment: Payment, amount: int) -> bool:
    """The rest always fits; less of it where parts are allowed, and nothing more."""
    return amount == payment.rest or (payment.least is not None and payment.least <= amount < payment.rest)


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
            left=(payment.rest - notice.amount) or None,
        ),
        actor="system",
    )
    task = task_of(writer.case, payment)
    if task and task.is_open and not payment.rest:
        writer.add(events.TaskCompleted(task=task.id, action="paid"), actor="system")
        waits.resume(writer)
        waits.start_clock(writer, service, calendar_of(writer.case.agency), "paid")
        waits.settle(writer, service, calendar_of, task.key)


def task_of(case: Case, payment: Payment) -> Task | None:
    """Give the applicant's task that asks for this payment."""
    return next((task for task in case.tasks.values() if task.payment == payment.id), None)


# -- what counts for which fee


def credit(case: Case, episode: int, step: str) -> Lines:
    """Give, line by line, what was paid for the same step in earlier runs of the process that came to nothing."""
    earlier = _runs(case, episode) - {episode}
    tasks = {task.payment for task in case.tasks.values() if task.episode in earlier and task.step == step}
    return paid(case, [payment for payment in case.payments.values() if payment.id in tasks])


def counted(case: Case, service: Service) -> list[Payment]:
    """Give the bills whose money counts for the fee that was assessed last.

    All of the case where its process credits them; otherwise those of the process since it was last granted: what was
    paid for what was granted is spent.
    """
    return for_this_run(case, service, (case.fee or {}).get("episode"))


def for_this_run(case: Case, service: Service, run: int | None = None) -> list[Payment]:
    """Give the bills whose money counts for a fee of this episode, or of the one that was opened last."""
    payments = list(case.payments.values())
    episode = run or len(case.episodes)
    if not episode or _credits_the_case(service.process(case.episodes[episode - 1].process)):
        return payments
    runs = _runs(case, episode)
    tasks = {task.payment for task in case.tasks.values() if task.episode in runs}
    return [payment for payment in payments if payment.id in tasks]


def at_this_moment(case: Case, service: Service, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """Give what fees and named results may speak of now, with what has been paid for a fee of this run."""
    context = forms.context_of(
        service, case.form, case.facts, today=calendar.day_of(case.submitted_at or now)
    )
    bills = for_this_run(case, service)
    return fees.at(service, context, calendar, now, paid(case, bills), receipts(bills))


def _credits_the_case(process: Process) -> bool:
    return any(isinstance(step, PayStep) and step.credit == "case" for step in process.steps)


def _runs(case: Case, episode: int) -> set[int]:
    """Give the episodes of the same process up to this one, since one of them was last granted."""
    process = case.episodes[episode - 1].process
    runs: set[int] = set()
    for run in case.episodes[:episode]:
        if run.process == process:
            runs = runs | {run.no}
            if run.result == "approved" and run.no < episode:
                runs = set()
    return runs


def paid(case: Case, bills: Iterable[Payment]) -> Lines:
    """Give what has been paid with these bills, line by line, less what was given back of it or was lost."""
    bills = list(bills)
    found: Lines = {}
    for payment in bills:
        _add(found, _settled(payment.lines, payment.received))
    names = {payment.id for payment in bills}
    gone_from: list[Refund | Forfeit] = [*case.refunds, *case.forfeits]
    for gone in gone_from:
        if names & set(gone.payments):
            _add(found, {line["code"]: -line["amount"] for line in gone.lines})
    return found


def receipts(bills: Iterable[Payment]) -> list[Received]:
    """Give each payment with the lines that it settled, bill by bill in the order in which they were heard of."""
    found = []
    for payment in bills:
        before: Lines = {}
        received = 0
        for receipt in payment.receipts:
            received += receipt.amount
            now = _settled(payment.lines, received)
            lines = {code: amount - before.get(code, 0) for code, amount in now.items()}
            found.append(Received(receipt.amount, receipt.at, lines))
            before = now
    return found


def _settled(lines: Iterable[Mapping[str, Any]], received: int) -> Lines:
    """Share out what was received over the lines of a bill, in their order; a rebate counts from the first part."""
    if not received:
        return {}
    left = received - sum(line["amount"] for line in lines if line["amount"] < 0)
    found: Lines = {}
    for line in lines:
        share = min(line["amount"], left)
        left -= max(share, 0)
        _add(found, {line["code"]: share})
    return found


def _add(found: Lines, more: Mapping[str, int]) -> None:
    for code, amount in more.items():
        found[code] = found.get(code, 0) + amount


def rest(lines: Iterable[Mapping[str, Any]], settled: Mapping[str, int]) -> list[dict[str, Any]]:
    """Give the lines that are left to pay (or, where negative, paid too much) once what is settled is taken off."""
    wanted = {line["code"]: int(line["amount"]) for line in lines}
    left = {code: wanted.get(code, 0) - settled.get(code, 0) for code in [*wanted, *settled]}
    return [{"code": code, "amount": amount} for code, amount in left.items() if amount]


# -- the account of a case


@dataclass(frozen=True)
class Balance:
    """What was asked for and what came, in whole units: ``billed`` is ``received`` and ``open``.

    Of a bill that expired only what came of it is counted; a deposit counts as billed and received. ``overpaid`` is
    what was received and not refunded beyond the fee as it was assessed last. What was ``forfeited`` counts for no fee.
    """

    billed: int
    received: int
    refunded: int
    open: int
    overpaid: int
    forfeited: int = 0


def balance(case: Case, service: Service) -> Balance:
    bills, deposit = case.payments.values(), case.deposit.amount if case.deposit else 0
    received = sum(payment.received for payment in bills)
    expired = sum(payment.rest for payment in bills if payment.state not in STANDING)
    return Balance(
        billed=sum(payment.amount for payment in bills) - expired + deposit,
        received=received + deposit,
        refunded=sum(refund.amount for refund in case.refunds),
        open=sum(payment.rest for payment in bills if payment.state in STANDING),
        overpaid=_overpaid(case, service),
        forfeited=sum(payment.forfeited for payment in bills),
    )


def _overpaid(case: Case, service: Service) -> int:
    if case.fee is None:
        return 0
    return max(0, _kept(case, service) - int(case.fee["amount"]))


def settled(case: Case, service: Service) -> bool:
    """Tell whether nothing is left to pay of the fee that was assessed last."""
    if case.fee is None or any(payment.state in STANDING for payment in case.payments.values()):
        return False
    return _kept(case, service) >= int(case.fee["amount"])


def _kept(case: Case, service: Service) -> int:
    return sum(payment.held for payment in counted(case, service))


# -- what goes back


def declare(writer: Writer, service: Service) -> None:
    """Note the deposit that the answers speak of, where it is not what was noted last."""
    case, deposit = writer.case, service.deposit
    if deposit is None:
        return
    said = evaluate(deposit.amount, {"form": dict(case.form or {}), "values": service.constants})
    amount = said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else 0
    if amount != (case.deposit.amount if case.deposit else 0):
        writer.add(events.DepositDeclared(amount=amount, currency=deposit.currency), actor="system")


def refund(writer: Writer, service: Service, calendar: Calendar) -> int:
    """Give back what was paid beyond the fee, out of the newest payments first; gives the amount."""
    case = writer.case
    amount = left = _overpaid(case, service)
    if not amount or case.fee is None:
        return 0
    bills, shares = counted(case, service), {}
    for payment in reversed(bills):
        share = min(left, payment.held)
        if share:
            shares[payment.id] = share
            left -= share
    over = {line["code"]: -line["amount"] for line in rest(case.fee["lines"], paid(case, bills))}
    order(writer, service, calendar, "overpaid", shares, over)
    return amount


def give_back(
    writer: Writer, service: Service, calendar: Calendar, reason: str, *, deposit: bool = True
) -> None:
    """What it was for has come to nothing: parts of a bill go back where the service says so, and the deposit."""
    case = writer.case
    parts = _unfinished(case, service)
    held = case.deposit.amount - case.deposit.refunded if deposit and case.deposit else 0
    shares = {payment.id: payment.held for payment in parts}
    if held or shares:
        order(writer, service, calendar, reason, shares, paid(case, parts), held)


def _unfinished(case: Case, service: Service) -> list[Payment]:
    """Give the bills of the running episode that were paid in part, and whose parts go back."""
    episode = case.episode
    if episode is None:
        return []
    found = []
    for step in service.process(episode.process).steps:
        if isinstance(step, PayStep) and step.parts and step.parts.unfinished == "refund":
            tasks = [
                task for task in case.tasks.values() if (task.episode, task.step) == (episode.no, step.name)
            ]
            bills = [case.payments[task.payment] for task in tasks if task.payment]
            if bills and bills[-1].rest:
                found += [bill for bill in bills if bill.held > 0]
    return found


def order(
    writer: Writer,
    service: Service,
    calendar: Calendar,
    reason: str,
    shares: Mapping[str, int],
    lines: Mapping[str, int],
    deposit: int = 0,
) -> None:
    """Order that money goes back: so much out of each of these bills, with the lines it had paid, and of the deposit.

    Raises `LoketError` where the service does not say by when.
    """
    if service.refunds is None:
        raise LoketError("the service gives money back and does not say by when")
    writer.add(
        events.RefundOrdered(
            amount=sum(shares.values()) + deposit,
            currency=_currency(writer.case, shares),
            due_at=rfc3339(calendar.due(writer.now, service.refunds.within)),
            reason=reason,
            law=service.refunds.law,
            payments=[{"payment": name, "amount": amount} for name, amount in shares.items()],
            lines=[{"code": code, "amount": amount} for code, amount in lines.items() if amount],
            deposit=deposit or None,
        ),
        actor="system",
    )


def forfeit(writer: Writer, service: Service, law: str) -> None:
    """Note that what counts for the fee of the running process is lost under this law; nothing where nothing does."""
    case = writer.case
    bills = for_this_run(case, service)
    shares = {bill.id: bill.held for bill in bills if bill.held}
    if shares:
        writer.add(
            events.PaymentForfeited(
                amount=sum(shares.values()),
                currency=_currency(case, shares),
                law=law,
                payments=[{"payment": name, "amount": amount} for name, amount in shares.items()],
                lines=[
                    {"code": code, "amount": amount} for code, amount in paid(case, bills).items() if amount
                ],
            ),
            actor="system",
        )


def _currency(case: Case, shares: Mapping[str, int]) -> str:
    for name in shares:
        return case.payments[name].currency
    return case.deposit.currency if case.deposit else "IDR"
