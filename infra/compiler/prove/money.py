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


PROOFS = (
    fees_exist,
    assessed_before_billed,
    paid_before_given,
    late_bills_are_assessed_anew,
    refunds_are_decided,
)
