"""Is the fee known before it is billed, and paid before what it is paid for?"""

from __future__ import annotations

from collections.abc import Iterator

from functions.domain.service import (
    AssessStep,
    ConsultStep,
    CorrectStep,
    OutcomeStep,
    PayStep,
    RefundStep,
    TaskStep,
)
from infra.compiler.finding import Finding
from infra.compiler.prove.subject import Subject


def fees_exist(subject: Subject) -> Iterator[Finding]:
    for step, place in subject.steps():
        if isinstance(step, AssessStep) and subject.service.fee is None:
            yield Finding(
                "fee-missing", place, f"`{step.name}` assesses a fee, but the service has none; write `fee:`"
            )


def assessed_before_billed(subject: Subject) -> Iterator[Finding]:
    for walk in subject.walks:
        assessments = [step.name for step, _ in walk.steps() if isinstance(step, AssessStep)]
        for step, place in walk.steps():
            if isinstance(step, PayStep) and not walk.graph.always_before(assessments, step.name):
                message = f"`{step.name}` can be reached before the fee is assessed; put an `assess` on every way to it"
                yield Finding("bill-before-fee", place, message)


def paid_before_given(subject: Subject) -> Iterator[Finding]:
    for walk in subject.walks:
        payments = [step.name for step, _ in walk.steps() if isinstance(step, PayStep)]
        for step, place in walk.steps():
            needs = isinstance(step, OutcomeStep) and step.needs_payment
            if needs and not walk.graph.always_before(payments, step.name):
                message = (
                    f"`{step.name}` needs payment, but can be reached without; put a `pay` on every way to it"
                )
                yield Finding("outcome-before-payment", place, message)


def late_bills_are_assessed_anew(subject: Subject) -> Iterator[Finding]:
    """A bill that is overdue leads back to an `assess` before it, a number of times; no correction counts as one."""
    for walk in subject.walks:
        corrects = any(isinstance(step, CorrectStep) for step, _ in walk.steps())
        for step, place in walk.steps():
            if not isinstance(step, PayStep) or step.overdue is None:
                continue
            to = walk.process.step(step.overdue)
            if not isinstance(to, AssessStep) or step.name not in walk.graph.forward().reachable(to.name):
                message = (
                    f"`overdue: {to.name}` is no `assess` that leads to this bill; name the one before it"
                )
                yield Finding("overdue-elsewhere", (*place, "overdue"), message)
            if step.times < 1:
                message = "say how often a late bill is assessed anew, such as `times: 3`"
                yield Finding("overdue-unbounded", place, message)
            if corrects:
                message = (
                    "late bills and corrections would count in one number of rounds; make it two processes"
                )
                yield Finding("overdue-beside-correction", (*place, "overdue"), message)


def nothing_is_billed_twice(subject: Subject) -> Iterator[Finding]:
    """Where a process bills more than once, the later bill asks only for what is not paid yet."""
    for walk in subject.walks:
        bills = [step for step, _ in walk.steps() if isinstance(step, PayStep)]
        for step, place in walk.steps():
            if not isinstance(step, PayStep) or step.credit == "case":
                continue
            for before in bills:
                if before.name != step.name and step.name in walk.graph.forward().reachable(before.name):
                    message = f"`{step.name}` bills again what `{before.name}` has billed; write `credit: case` at both"
                    yield Finding("billed-twice", place, message)


def parts_are_not_lost(subject: Subject) -> Iterator[Finding]:
    """What was paid in part counts on the bill that takes the place of a late one, and is spoken of as a part."""
    notices = subject.service.notices
    for walk in subject.walks:
        for step, place in walk.steps():
            if not isinstance(step, PayStep) or step.parts is None:
                continue
            if step.overdue and step.credit != "case":
                message = "the parts of a late bill would not count on the next one; write `credit: case`"
                yield Finding("parts-lost", (*place, "parts"), message)
            if "payment.received" in notices and "payment.received_in_part" not in notices:
                message = "who pays a part would be told nothing; write `payment.received_in_part` among the `notices`"
                yield Finding("parts-unspoken", (*place, "parts"), message)


def refunds_have_a_term(subject: Subject) -> Iterator[Finding]:
    """Whatever a service may have to give back, it says by when, and under which law."""
    service = subject.service
    if service.refunds is not None:
        return
    message = "say by when money goes back: `refunds: {within: 30 d, law: …}`"
    if service.deposit:
        yield Finding("refunds-missing", ("deposit",), message)
    for step, place in subject.steps():
        gives_parts = isinstance(step, PayStep) and step.parts and step.parts.unfinished == "refund"
        if isinstance(step, RefundStep) or gives_parts:
            yield Finding("refunds-missing", place, message)


def refunds_are_decided(subject: Subject) -> Iterator[Finding]:
    """Money goes back only after somebody, or the law in their place, has agreed to it."""
    for walk in subject.walks:
        tasks = [step.name for step, _ in walk.steps() if isinstance(step, TaskStep | ConsultStep)]
        for step, place in walk.steps():
            if isinstance(step, RefundStep) and not walk.graph.always_before(tasks, step.name):
                message = (
                    f"`{step.name}` gives money back although nobody has decided it; put a `task` before it"
                )
                yield Finding("refund-undecided", place, message)


def what_is_lost_was_paid(subject: Subject) -> Iterator[Finding]:
    """Only what was billed before, on every way, can be lost with an outcome."""
    for walk in subject.walks:
        bills = [step.name for step, _ in walk.steps() if isinstance(step, PayStep)]
        for step, place in walk.steps():
            lost = isinstance(step, OutcomeStep) and step.forfeits
            if lost and not (bills and walk.graph.always_before(bills, step.name)):
                message = f"`{step.name}` can be reached with nothing paid; lead there only after a `pay`"
                yield Finding("forfeit-unpaid", (*place, "forfeits"), message)


PROOFS = (
    fees_exist,
    assessed_before_billed,
    paid_before_given,
    late_bills_are_assessed_anew,
    nothing_is_billed_twice,
    parts_are_not_lost,
    refunds_have_a_term,
    refunds_are_decided,
    what_is_lost_was_paid,
)
