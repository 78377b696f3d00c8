"""Is the fee known before it is billed, and paid before what it is paid for?"""

from __future__ import annotations

from collections.abc import Iterator

from functions.domain.service import AssessStep, OutcomeStep, PayStep
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


PROOFS = (fees_exist, assessed_before_billed, paid_before_given)
