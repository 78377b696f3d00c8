"""Rank the cases below this one by what the evaluators gave, and make what follows from it facts of this case."""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

from functions.domain import below, scoring
from functions.domain.service import RankStep
from functions.runtime.below import count
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    rule: RankStep


class Request(StepRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> None:
    """Rank once all have scored; the ranking, its rule and what went into it stay in the history."""
    rule = request.parameters.rule
    children = [below.seen(child) for child in count(desk) if child.status != "withdrawn"]
    scoring.rank(
        desk.writer, desk.service, rule, episode=request.episode, round_=request.round, children=children
    )
    ranked = below.ranked(desk.case, children)
    found = below.tally(desk.service, desk.case, ranked, rule.facts)
    inputs = below.looked_at(desk.case, ranked, rule.facts)
    rest = below.resting(desk.service, f"{rule.name}/facts", found, title=rule.title, inputs=inputs)
    below.note(desk.writer, found, episode=request.episode, step=request.step, rest=rest)


handler = blueprint.lambda_function(name="rank_children")(step(Request, run))
