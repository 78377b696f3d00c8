"""Give back what was paid in a case beyond its fee, once an officer or the law has decided so."""

from __future__ import annotations

from chalice.app import Blueprint

from functions.domain import payments
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)


class Request(StepRequest):
    """Nothing more than the step itself: the amount follows from the case."""


def run(request: Request, desk: Desk) -> None:
    """Order that what is overpaid goes back."""
    payments.refund(desk.writer, desk.service, desk.ports.catalogue.calendar(desk.case.agency))


handler = blueprint.lambda_function(name="refund_payment")(step(Request, run))
