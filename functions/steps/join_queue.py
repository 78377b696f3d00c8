"""Give a case the next number of its region's line: in strict order, without gap or repeat.

The number is taken in the transaction that records it, from a counter that only moves on with it. Whoever is second
reads the next one and tries again; a case that fails leaves no gap behind.

What it costs: a number takes 8 write units, those of the commit, the counter, the place in line and the place in one
reserve, doubled by the transaction. Whoever was second has spent as many in vain, so of ten who come at the same moment
the last pays up to ten times. DynamoDB lets a partition take 1,000 units a second: the counter alone would allow 500
numbers a second, the line, where a number is two items, 250. So each region gives 250 numbers a second, the whole
country's 38 together 9,500; when more than a few come at once most attempts are in vain, and each waits a little
longer, at random. A country of 200,000 new numbers a year needs none of what follows.

The design for a rush beyond that, in the order in which it would be built:

1. Nobody in vain. Cases are handed to an SQS FIFO queue with the region as message group, so its consumer is alone in a
   region and they come in the order in which they were handed over. One transaction of 100 items numbers 33 cases
   (commit, line and reserve each) with one step of the counter: 6.1 units a number. If a case has changed meanwhile the
   transaction fails as a whole, without gap, and is built anew.
2. A wider line. Its items are spread over 16 partitions by the number (`QUEUE#<line>#<number mod 16>`), and whoever
   reads it merges 16 sorted lists: 4,000 numbers a second, of which one consumer at 20 ms a transaction makes 1,650.
3. Numbers before commits. The consumer only writes blocks: a list of up to 3,000 cases in their order, and with it, in
   one transaction, the counter moved on by its length: 0.1 units a number. A case's number follows from its place in
   the block, so any number of workers may write the commits, at once, again after a crash, and still without gap or
   repeat. Ten blocks a second are 30,000 numbers; the line is then as many times wider.

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
