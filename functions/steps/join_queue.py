"""Give a case the next number of its region's line: in strict order, without gap or repeat.

The number is taken in the transaction that records it, from a counter that only moves on with it. Whoever is second
reads the next one and tries again; a case that fails leaves no gap behind.

How it scales: DynamoDB lets one item take 1,000 write units a second. A bare counter, the hottest item of its region,
so gives about a thousand numbers a second, and in a transaction, which costs two units an item, about 500; each region
has its own. When more than a few come at once most attempts are in vain, and each waits a little longer, at random.

The design for a rush beyond that, in the order in which it would be built:

1. Cases are handed to an SQS FIFO queue with the region as message group. Its consumer is alone in a region and never
   in vain: one transaction of 100 items numbers 33 cases (commit, line and reserve each) with one step of the counter.
   At some 20 ms a transaction that is about 1,600 numbers a second, in the order in which the cases came.
2. Beyond that the consumer only writes blocks: a list of up to 3,000 cases in their order, and with it, in one
   transaction, the counter moved on by its length. A case's number follows from its place in the block, so any number
   of workers may write the commits, at once, again after a crash, and still without gap or repeat. Ten blocks a second
   are 30,000 numbers; the commits, which lie in partitions of their own, are the limit.

Whoever has filed holds a receipt, so nobody has to stand and wait for the number.

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
