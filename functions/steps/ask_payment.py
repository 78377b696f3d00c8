"""Bill the assessed fee and wait for the payment.

Caught by the definitions: ``Lapsed``, ``StillTime``, ``Superseded``, ``CaseClosed``.
"""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

import events
from functions.domain import payments, waits
from functions.domain.clock import Term, rfc3339
from functions.runtime.step import Desk, WaitRequest, wait

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    within: Term


class Request(WaitRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> str | None:
    """Open the bill and the applicant's task; where nothing is left to pay, it is settled at once."""
    fee = desk.case.fee
    amount = fee["amount"] - payments.credit(desk.case, request.episode, request.step) if fee else 0
    if not fee or amount <= 0:
        return "paid"
    due = rfc3339(
        desk.ports.catalogue.calendar(desk.case.agency).due(desk.writer.now, request.parameters.within)
    )
    payment = desk.writer.next_id("p", desk.case.payments)
    desk.writer.add(
        events.PaymentBilled(payment=payment, amount=amount, currency=fee["currency"], due_at=due)
    )
    desk.writer.add(
        events.TaskOpened(
            task=desk.writer.next_id("t", desk.case.tasks),
            episode=request.episode,
            step=request.step,
            round=request.round,
            name=request.step,
            kind="pay",
            role="applicant",
            due_at=due,
            payment=payment,
        )
    )
    waits.pause(desk.writer, desk.service, "payment")
    return None


handler = blueprint.lambda_function(name="ask_payment")(wait(Request, run))
