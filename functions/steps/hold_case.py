"""Hold a case until the cases below it let it go on, or until the case above says so; nobody is asked.

Caught by the definitions: ``Returned``, ``Rejected``, ``Lapsed``, ``StillTime``, ``Superseded``, ``CaseClosed``.
"""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

import events
from functions.domain import below, waits
from functions.domain.clock import rfc3339
from functions.domain.errors import LoketError
from functions.domain.service import HoldStep
from functions.runtime.below import load
from functions.runtime.step import Desk, WaitRequest, wait

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Request(WaitRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> str | None:
    """Note until when is waited, and for whom."""
    case = desk.case
    step = waits.step_of(case, desk.service, request.key)
    if not isinstance(step, HoldStep):
        raise LoketError(f"`{request.step}` waits for nothing")
    calendar = desk.ports.catalogue.calendar(case.agency)
    due = below.due_of(step, calendar, desk.writer.now)
    desk.writer.add(
        events.TaskOpened(
            task=desk.writer.next_id("t", case.tasks),
            episode=request.episode,
            step=request.step,
            round=request.round,
            name=request.step,
            kind="wait",
            role=desk.service.supervisors[0],
            due_at=rfc3339(due),
        )
    )
    return None


def look(request: Request, desk: Desk) -> None:
    """Once the moment has come, see whether one of the cases below still holds the process."""
    for task in desk.case.tasks_of(*request.key):
        if desk.writer.now > task.due_at and below.looks_at_children(desk.service, desk.case, task):
            children = load(desk.case)
            for child in children:
                below.take_in(desk.writer, child)
            below.settle(desk.writer, desk.service, task, [below.seen(child) for child in children])


handler = blueprint.lambda_function(name="hold_case")(wait(Request, run, look))
