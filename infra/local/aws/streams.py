"""DynamoDB Streams to functions, in order, at least once, woken by the write.

moto's event source mappings want docker. A subscription here behaves as one with ReportBatchItemFailures,
BisectBatchOnFunctionError, a bound on the retries and a dead-letter queue.
"""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.local.aws.account import REGION
from infra.local.aws.functions import FunctionFailed, Functions
from infra.local.aws.motion import Lane, Motion
from infra.local.aws.tables import Change

Record = dict[str, Any]

# Tries without a pause, then the pauses (law's seconds) before the last ones.
TRIES = 20
PAUSES = (1, 10, 60)


@dataclass(frozen=True)
class DeadLetter:
    """What a function did not take in all its tries: stream records or one bus event."""

    function_name: str
    records: list[Record]
    error: str
    at: datetime


class Streams:
    """The subscriptions of the system by table."""

    def __init__(self, motion: Motion, functions: Functions, dead_letters: list[DeadLetter]) -> None:
        self._motion = motion
        self._functions = functions
        self._dead_letters = dead_letters
        self._subscriptions: list[Subscription] = []
        # Told of a subscription, its table, and the number of the last change that its function took.
        self.acknowledge: Callable[[str, str, int], None] = lambda name, table, number: None

    def subscribe(
        self, table: str, function_name: str, batch_size: int, missed: list[tuple[int, Change]]
    ) -> None:
        """Deliver what is published from now on; if the function missed something before, that and all after it
        wait for `resume`."""
        subscription = Subscription(self, table, function_name, batch_size)
        if missed:
            subscription.hold(missed)
        self._subscriptions.append(subscription)

    def resume(self) -> None:
        for subscription in self._subscriptions:
            subscription.resume()

    def publish(self, changes: list[tuple[int, Change]]) -> None:
        """Hand numbered changes to the subscriptions of their tables; one call at a time."""
        for subscription in self._subscriptions:
            subscription.publish(changes)

    def close(self) -> None:
        for subscription in self._subscriptions:
            subscription.close()


class Subscription:
    """One function that reads the stream of one table."""

    def __init__(self, streams: Streams, table: str, function_name: str, batch_size: int) -> None:
        self.table = table
        self.function_name = function_name
        self.name = name_of(table, function_name)
        self._streams = streams
        self._batch_size = batch_size
        self._lane = Lane(streams._motion, f"stream {self.name}")
        self._backlog: deque[Record] = deque()
        self._size = batch_size
        self._failures = 0
        self._paused = False
        self._closed = False

    def hold(self, changes: list[tuple[int, Change]]) -> None:
        self._paused = True
        self.publish(changes)

    def resume(self) -> None:
        self._paused = False
        self._lane.add(self._deliver)

    def publish(self, changes: list[tuple[int, Change]]) -> None:
        records = [record(number, change) for number, change in changes if change.table.name == self.table]
        if records:
            self._backlog.extend(records)
            self._lane.add(self._deliver)

    def close(self) -> None:
        self._closed = True
        self._lane.clear()

    def _deliver(self) -> None:
        """Deliver the backlog until it is empty, or until the next try has to wait."""
        while self._backlog and not self._paused and not self._closed:
            batch = [self._backlog[place] for place in range(min(self._size, len(self._backlog)))]
            try:
                answer = self._streams._functions.invoke(self.function_name, {"Records": batch})
                taken = _taken(batch, answer)
                error = "" if taken == len(batch) else "reported in batchItemFailures"
            except FunctionFailed as failure:
                taken, error = 0, str(failure)
                self._size = max(1, self._size // 2)
            self._settle_batch(batch, taken, error)

    def _settle_batch(self, batch: list[Record], taken: int, error: str) -> None:
        if taken:
            self._drop(taken)
            self._failures = 0
            self._size = self._batch_size
        if not error:
            return
        self._failures += 1
        if self._failures > TRIES + len(PAUSES):
            rest = batch[taken:][: self._size]
            letter = DeadLetter(self.function_name, rest, error, self._streams._motion.clock.now())
            self._streams._dead_letters.append(letter)
            self._drop(len(rest))
            self._failures = 0
        elif self._failures > TRIES:
            clock = self._streams._motion.clock
            self._paused = True
            clock.at(clock.after(PAUSES[self._failures - TRIES - 1]), self.resume)

    def _drop(self, count: int) -> None:
        for _ in range(count):
            last = self._backlog.popleft()
        self._streams.acknowledge(self.name, self.table, int(last["dynamodb"]["SequenceNumber"]))


def name_of(table: str, function_name: str) -> str:
    return f"{table}>{function_name}"


def record(number: int, change: Change) -> Record:
    """The change as Lambda shows it to a function."""
    name = "INSERT" if change.old is None else "REMOVE" if change.new is None else "MODIFY"
    view = (change.table.stream_specification or {}).get("StreamViewType", "NEW_AND_OLD_IMAGES")
    body: dict[str, Any] = {"Keys": change.keys, "SequenceNumber": f"{number:021}", "StreamViewType": view}
    if change.new is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
        body["NewImage"] = change.new
    if change.old is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        body["OldImage"] = change.old
    body["SizeBytes"] = len(json.dumps(body))
    return {
        "eventID": uuid.uuid4().hex,
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": body,
        "eventSourceARN": f"{change.table.table_arn}/stream/{change.table.latest_stream_label}",
    }


def _taken(batch: list[Record], answer: Any) -> int:
    """How many records from the start were taken: all before the first reported failure."""
    failures = (answer or {}).get("batchItemFailures") or [] if isinstance(answer, dict) else []
    failed = {failure.get("itemIdentifier") for failure in failures}
    if not failed:
        return len(batch)
    places = [place for place, item in enumerate(batch) if item["dynamodb"]["SequenceNumber"] in failed]
    return min(places, default=0)
