"""Compute the fee line by line and bind it to the case, with everything needed to compute it again.

Caught by the definitions: ``Overpaid``, ``Superseded``, ``CaseClosed``.
"""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

import events
from functions.domain import fees, intake, payments
from functions.domain.errors import Overpaid
from functions.domain.service import Fee
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    fee: Fee
    overpaid: str | None = None


class Request(StepRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> None:
    """Assess the fee over the form and the facts as they stand; raises `Overpaid` where more was paid than that."""
    case, fee = desk.case, request.parameters.fee
    calendar = desk.ports.catalogue.calendar(case.agency)
    service = desk.service.model_copy(update={"fee": fee})
    context = payments.at_this_moment(case, service, calendar, desk.writer.now)
    assessed = fees.assess(fee, context)
    answers = fees.answers_read(fee, context)
    late = {name: context[name] for name in fees.OF_THE_MOMENT} if fee.due else {}
    desk.writer.add(
        events.FeeAssessed(
            amount=assessed.amount,
            currency=assessed.currency,
            lines=list(assessed.lines),
            inputs={**case.facts, **late},
            law=fee.law,
            version=case.service_version,
            rule=f"{service.code}/fee",
            sentence=fees.sentence(fee, assessed),
        ),
        {"inputs": answers} if answers else None,
    )
    intake.note_results(desk.writer, service, calendar)
    if request.parameters.overpaid and payments.balance(case, service).overpaid:
        raise Overpaid("more was paid than the fee comes to")


handler = blueprint.lambda_function(name="assess_fee")(step(Request, run))
