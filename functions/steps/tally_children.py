"""Look at the cases filed below this one, and make what is computed from them facts of this case."""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

from functions.domain import below
from functions.runtime.below import count
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    facts: dict[str, str]


class Request(StepRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> None:
    """Compute the facts over the cases below as they stand now."""
    children = [below.seen(child) for child in count(desk)]
    found = below.tally(desk.service, desk.case, children, request.parameters.facts)
    below.note(desk.writer, found, episode=request.episode, step=request.step)


handler = blueprint.lambda_function(name="tally_children")(step(Request, run))
