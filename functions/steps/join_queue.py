"""Give a case the next number of its region's line: in strict order, without gap or repeat.

The number is taken in the transaction that records it, from a counter that only moves on with it. Whoever is second
reads the next one and tries again; a case that fails leaves no gap behind.

How it scales: a transaction costs two write units for each item, so one counter, the hottest item of its region, gives
about 500 numbers a second; each region has its own. When more than a few come at once most attempts are in vain, and
each waits a little longer, at random. For a rush beyond that, cases are handed to one SQS FIFO queue with the region
as message group: its consumer is alone in a region, never in vain, and one transaction of 100 items numbers 33 cases
(commit, line and reserve each) with one step of the counter, some 1,500 a second, in the order in which they came.

Caught by the definitions: ``Superseded``, ``CaseClosed``.
"""

from __future__ import annotations

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

from functions.domain import queues
from functions.domain.case import line_of
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)
TRIES = 60


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Request(StepRequest):
    parameters: Parameters = Parameters()


def run(request: Request, desk: Desk) -> None:
    """Join the line of the case's region."""
    line = line_of(desk.service.code, queues.region_of(desk.case, desk.service))
    today = desk.ports.catalogue.calendar(desk.case.agency).day_of(desk.writer.now)
    queues.join(desk.writer, desk.service, desk.ports.cases.next_number(line), today)


handler = blueprint.lambda_function(name="join_queue")(step(Request, run, tries=TRIES))
