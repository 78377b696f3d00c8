"""Check the rules that need nobody, and leave in the history what each found and from which facts.

Caught by the definitions: ``ChecksFailed``, ``Superseded``, ``CaseClosed``.
"""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

from functions.domain import checks
from functions.domain.errors import ChecksFailed
from functions.domain.service import CheckRule
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    rules: tuple[CheckRule, ...]


class Request(StepRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> None:
    """Check every rule over the form and the facts as they stand; raises `ChecksFailed` where one does not hold."""
    case = desk.case
    calendar = desk.ports.catalogue.calendar(case.agency)
    filed = calendar.day_of(case.submitted_at or desk.writer.now)
    context = checks.context_of(desk.service, case.form or {}, case.facts, calendar, filed)
    hold = checks.check(
        desk.writer,
        desk.service,
        request.parameters.rules,
        episode=request.episode,
        step=request.step,
        context=context,
    )
    if not hold:
        raise ChecksFailed("a rule does not hold")


handler = blueprint.lambda_function(name="check_rules")(step(Request, run))
