"""An execution has failed, timed out or was stopped: its case is parked for a redrive, unless a newer one has it.

The last net under the definitions' own catch: it holds when the parking step itself could not run, when somebody
stopped an execution by hand, and when one reached the end of its year.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint

from functions.domain import episodes
from functions.domain.case import Writer
from functions.domain.errors import CaseUnknown
from functions.domain.numbers import is_case_id
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.observability import logger

blueprint = Blueprint(__name__)


def run(execution: str, status: str) -> None:
    """Park the case of an execution that ended badly."""
    case_id, _, rest = execution.partition("-")
    episode, _, attempt = rest.partition("-")
    if not (is_case_id(case_id) and episode.isdigit() and attempt.isdigit()):
        return

    def decide(writer: Writer, service: Service) -> None:
        if writer.case.episode and writer.case.episode.no == int(episode):
            episodes.park(writer, attempt=int(attempt), state="execution", error=status)

    try:
        change(case_id, "system", decide)
    except CaseUnknown:
        logger.warning("an execution of no case", extra={"execution": execution})


@blueprint.lambda_function(name="execution_ended")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    run(event["detail"]["name"], event["detail"]["status"])
    return {}
