"""Bill the assessed fee and wait for the payment.

Caught by the definitions: ``Lapsed``, ``Overdue``, ``StillTime``, ``Superseded``, ``CaseClosed``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

import events
from functions.domain import fees, payments, waits
from functions.domain.clock import Term, rfc3339
from functions.runtime.step import Desk, WaitRequest, wait

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    within: Term
    credit: Literal["step", "case"] = "step"
    least: int | None = None


class Request(WaitRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> str | None:
    """Open the bill and the applicant's task; where nothing is left to pay, it is settled at once."""
    fee = desk.case.fee
    settled = _settled(request, desk)
    lines = payments.rest(fee["lines"], settled) if fee else []
    amount = sum(line["amount"] for line in lines)
    if not fee or amount <= 0:
        return "paid"
    due = rfc3339(_due(request, desk))
    payment = desk.writer.next_id("p", desk.case.payments)
    desk.writer.add(
        events.PaymentBilled(
            payment=payment,
            amount=amount,
            currency=fee["currency"],
            due_at=due,
            lines=lines if settled else None,
            least=request.parameters.least,
        )
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


def _settled(request: Request, desk: Desk) -> dict[str, int]:
    if request.parameters.credit == "case":
        return payments.paid(desk.case, desk.case.payments.values())
    return payments.credit(desk.case, request.episode, request.step)


def _due(request: Request, desk: Desk) -> datetime:
    """A bill runs for its term, and no longer than its amount is right."""
    calendar = desk.ports.catalogue.calendar(desk.case.agency)
    term: datetime = calendar.due(desk.writer.now, request.parameters.within)
    fee = desk.service.fee
    right = fees.right_until(fee, {"facts": desk.case.facts}, calendar, desk.writer.now) if fee else None
    return min(term, right) if right else term


handler = blueprint.lambda_function(name="ask_payment")(wait(Request, run))
