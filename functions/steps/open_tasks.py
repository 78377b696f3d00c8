"""Ask one officer, or several at once, and wait until they have answered or the law has.

Caught by the definitions: ``Returned``, ``Rejected``, ``StillTime``, ``Superseded``, ``CaseClosed``.
"""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

import events
from functions.domain import children, each, tasks, waits
from functions.domain import form as forms
from functions.domain.clock import rfc3339
from functions.domain.expression import holds
from functions.domain.service import TaskSpec
from functions.runtime.step import Desk, WaitRequest, wait

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    tasks: tuple[TaskSpec, ...]


class Request(WaitRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> str | None:
    """Open a task for everybody whom these answers concern and who has not agreed before."""
    context = forms.context_of(desk.service, desk.case.form, desk.case.facts)
    concerned = [spec for spec in request.parameters.tasks if holds(spec.when, context)]
    items = {spec.name: (spec, item) for spec, item in each.asked(concerned, context)}
    for spec in tasks.specs_to_ask(desk.case, tuple(spec for spec, _ in items.values()), request.key):
        _open(request, desk, *items[spec.name])
    return None if desk.writer.changed else "approve"


def _open(request: Request, desk: Desk, spec: TaskSpec, item: each.Item | None) -> None:
    due = waits.due_of(desk.writer, desk.service, desk.ports.catalogue.calendar, spec)
    task = desk.writer.next_id("t", desk.case.tasks)
    desk.writer.add(
        events.TaskOpened(
            task=task,
            episode=request.episode,
            step=request.step,
            round=request.round,
            name=spec.name,
            kind=spec.kind,
            role=spec.role,
            due_at=rfc3339(due),
            item=item,
        )
    )
    if spec.start:
        other = desk.ports.catalogue.service(spec.start)
        day = desk.ports.catalogue.calendar(other.agency).day_of(desk.writer.now)
        children.start(desk.writer, desk.service, other, spec, desk.case.tasks[task], day)


handler = blueprint.lambda_function(name="open_tasks")(wait(Request, run))
