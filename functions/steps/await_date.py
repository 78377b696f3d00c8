"""Wait for a day, a moment or the end of a term, before which nobody acts.

Caught by the definitions: ``StillTime``, ``Superseded``, ``CaseClosed``.
"""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

import events
from functions.domain import waits
from functions.domain.clock import Term, rfc3339
from functions.runtime.step import Desk, WaitRequest, wait

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    within: Term
    until: str | None = None


class Request(WaitRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> str | None:
    """Note until when is waited; what has come already is not waited for."""
    wanted, calendar = request.parameters, desk.ports.catalogue.calendar(desk.case.agency)
    ends = waits.end_of_wait(desk.case, calendar, wanted.within, wanted.until, desk.writer.now)
    if ends < desk.writer.now:
        return "elapse"
    desk.writer.add(
        events.TaskOpened(
            task=desk.writer.next_id("t", desk.case.tasks),
            episode=request.episode,
            step=request.step,
            round=request.round,
            name=request.step,
            kind="wait",
            role=desk.service.supervisors[0],
            due_at=rfc3339(ends),
        )
    )
    return None


handler = blueprint.lambda_function(name="await_date")(wait(Request, run))
