"""Open what was filed under seal below a case, once its moment has come and two people have opened.

The only function that may decrypt. What it opens is written to each case below by itself, once; a case that was
withdrawn in time stays shut.
"""

from __future__ import annotations

import json
from typing import Any

from chalice.app import Blueprint

import events
from functions.domain import sealing
from functions.domain.case import Case, Writer
from functions.domain.service import Service
from functions.runtime.below import count
from functions.runtime.commands import change
from functions.runtime.step import Desk, StepRequest, step
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)


class Request(StepRequest):
    pass


def run(request: Request, desk: Desk) -> None:
    """Open every seal below this case; raises `SealHolds` before its time, or without two people."""
    opened, by = [], set[str]()
    for child in count(desk):
        if child.status == "withdrawn" or not child.seals:
            continue
        service = desk.ports.catalogue.service(child.service, child.service_version)
        openers = sealing.openers(desk.case, service, desk.writer.now)
        if _open(child, openers).status == "withdrawn":
            continue
        opened.append(child.id)
        by |= set(openers)
    desk.writer.add(
        events.SealsOpened(episode=request.episode, step=request.step, openers=sorted(by), opened=opened),
        actor="system",
    )


def _open(child: Case, openers: list[str]) -> Case:
    """Open one case, once; gives it as it then is, for it may have been withdrawn at the last moment."""
    if child.opened_at is not None:
        return child
    content: dict[str, Any] = {}
    for seal in child.seals:
        if seal.envelope is not None:
            context = sealing.context(child.id, child.parent or "", seal.opens_at)
            content |= json.loads(ports.opener.open(seal.envelope, context))

    def decide(writer: Writer, service: Service) -> None:
        sealing.open_up(writer, service, content, openers)

    return change(child.id, "system", decide).case


handler = blueprint.lambda_function(name="open_seals")(step(Request, run))
