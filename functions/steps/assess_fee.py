"""Compute the fee line by line and bind it to the case, with everything needed to compute it again."""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

import events
from functions.domain import fees
from functions.domain import form as forms
from functions.domain.service import Fee
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    fee: Fee


class Request(StepRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> None:
    """Assess the fee over the form and the facts as they stand."""
    context = forms.context_of(desk.service, desk.case.form, desk.case.facts)
    assessed = fees.assess(request.parameters.fee, context)
    desk.writer.add(
        events.FeeAssessed(
            amount=assessed.amount,
            currency=assessed.currency,
            lines=list(assessed.lines),
            inputs=desk.case.facts,
            law=request.parameters.fee.law,
            version=desk.case.service_version,
        )
    )


handler = blueprint.lambda_function(name="assess_fee")(step(Request, run))
