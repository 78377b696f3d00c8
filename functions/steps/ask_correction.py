"""Give the application back to the applicant, for exactly the fields and documents that were named.

Caught by the definitions: ``Lapsed``, ``RoundsExhausted``, ``StillTime``, ``Superseded``, ``CaseClosed``.
"""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

import events
from functions.domain import waits
from functions.domain.clock import Term, rfc3339
from functions.domain.errors import RoundsExhausted
from functions.runtime.step import Desk, WaitRequest, wait

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    within: Term
    rounds: int
    until: str | None = None


class Request(WaitRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> str | None:
    """Open the applicant's task and stop the clock; raises `RoundsExhausted` after the last round."""
    if desk.case.episodes[request.episode - 1].rounds >= request.parameters.rounds:
        raise RoundsExhausted("every round of correction has been used")
    wanted = request.parameters
    due = desk.ports.catalogue.calendar(desk.case.agency).due(desk.writer.now, wanted.within)
    due = waits.not_after(due, wanted.until, desk.case.facts)
    desk.writer.add(
        events.TaskOpened(
            task=desk.writer.next_id("t", desk.case.tasks),
            episode=request.episode,
            step=request.step,
            round=request.round,
            name=request.step,
            kind="correct",
            role="applicant",
            due_at=rfc3339(due),
        )
    )
    waits.pause(desk.writer, desk.service, "correction")
    return None


handler = blueprint.lambda_function(name="ask_correction")(wait(Request, run))
