"""Look at the cases below this one, filed or started, and make what is computed from them facts of this case."""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

from functions.domain import below
from functions.domain.service import Text
from functions.runtime.below import count, started
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    title: Text
    facts: dict[str, str]
    words: Text | None = None


class Request(StepRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> None:
    """Compute the facts over the cases below as they stand now: those that were filed there, and those started."""
    wanted = request.parameters
    children = [
        below.with_rank(desk.case, below.seen(child)) for child in (*count(desk), *started(desk.case))
    ]
    found = below.tally(desk.service, desk.case, children, wanted.facts)
    inputs = below.looked_at(desk.case, children, wanted.facts)
    rest = below.resting(
        desk.service,
        request.step,
        found,
        title=wanted.title,
        inputs=inputs,
        words=wanted.words,
        known=desk.case.facts,
    )
    below.note(desk.writer, found, episode=request.episode, step=request.step, rest=rest)


handler = blueprint.lambda_function(name="tally_children")(step(Request, run))
