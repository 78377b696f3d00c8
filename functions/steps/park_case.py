"""Mark a case whose driver met a fault: a supervisor is alarmed and can redrive it; nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

from functions.domain import episodes
from functions.domain.case import Writer
from functions.domain.errors import CommitConflict
from functions.runtime.observability import logger
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
_TRIES = 6


class Fault(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    state: str
    error: str


class Request(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    case: str
    episode: int
    attempt: int
    fault: Fault


def run(request: Request) -> dict[str, Any]:
    """Park the case unless a newer driver has it, or it has ended."""
    for _ in range(_TRIES):
        record = ports.cases.load(request.case)
        writer = Writer(record.case, actor="system", now=ports.clock.now())
        if record.case.episode and record.case.episode.no == request.episode:
            episodes.park(
                writer, attempt=request.attempt, state=request.fault.state, error=request.fault.error
            )
        if not writer.changed:
            return {}
        try:
            ports.cases.commit(request.case, writer.commit())
            return {}
        except CommitConflict:
            continue
    raise CommitConflict("the case changes too fast")


@blueprint.lambda_function(name="park_case")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    request = Request.model_validate(event)
    logger.error(
        "parked", extra={"case": request.case, "state": request.fault.state, "error": request.fault.error}
    )
    return run(request)
