"""EventBridge to functions in process, and the events that AWS services put on the default bus.

moto matches patterns but has no Lambda targets, gives a rule of any bus the events of S3, shapes these otherwise
than S3 does, and knows no events of Step Functions. A function is tried as an asynchronous invocation is: at
least once, with retries and a dead letter.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.events.models import EventsBackend, EventTemplateParser, Rule, events_backends

from infra.local.aws.account import ACCOUNT, REGION, backend
from infra.local.aws.functions import FunctionFailed, Functions, name_of
from infra.local.aws.motion import Lane, Motion
from infra.local.aws.patches import Patches
from infra.local.aws.streams import DeadLetter

Event = dict[str, Any]

# Tries without a pause, then the pauses (law's seconds) before the last ones, as Lambda's own retries.
TRIES = 3
PAUSES = (60, 120)


@dataclass
class Delivery:
    """One event for one function."""

    id: str
    function_name: str
    event: Event
    failures: int = 0


class Bus:
    """Delivers the events that rules choose; each function gets its events one after the other."""

    def __init__(self, motion: Motion, functions: Functions, dead_letters: list[DeadLetter]) -> None:
        self._motion = motion
        self._functions = functions
        self._dead_letters = dead_letters
        self._lanes: dict[str, Lane] = {}
        self._closed = False
        # Told of each delivery before it starts, and of its id when it is over.
        self.accepted: Callable[[Delivery], None] = lambda delivery: None
        self.finished: Callable[[str], None] = lambda delivery_id: None
        # Told when the events of a request have been accepted.
        self.kept: Callable[[], None] = lambda: None

    def publish(self, source: str, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
        """Put the event of an AWS service on the default bus."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": _text(self._motion.clock.now()),
            "region": REGION,
            "resources": resources,
            "detail": detail,
        }
        for rule in list(backend(events_backends).event_buses["default"].rules.values()):
            self.offer(rule, event)

    def offer(self, rule: Rule, event: Event) -> None:
        """Give an event to a rule: if it matches, its functions get it."""
        if self._closed or rule.state != "ENABLED" or not rule.event_pattern.matches_event(event):
            return
        for target in rule.targets:
            if ":lambda:" in target["Arn"]:
                delivery = Delivery(str(uuid.uuid4()), name_of(target["Arn"]), _transformed(target, event))
                self.accepted(delivery)
                self.deliver(delivery)

    def deliver(self, delivery: Delivery) -> None:
        lane = self._lanes.setdefault(
            delivery.function_name, Lane(self._motion, f"bus {delivery.function_name}")
        )
        lane.add(lambda: self._try(delivery))

    def close(self) -> None:
        self._closed = True
        for lane in self._lanes.values():
            lane.clear()

    def _try(self, delivery: Delivery) -> None:
        while not self._closed:
            try:
                self._functions.invoke(delivery.function_name, delivery.event, delivery.id)
            except (FunctionFailed, KeyError) as failure:
                delivery.failures += 1
                if delivery.failures < TRIES:
                    continue
                self._postpone(delivery, failure)
            else:
                self.finished(delivery.id)
            return

    def _postpone(self, delivery: Delivery, failure: Exception) -> None:
        clock = self._motion.clock
        late = delivery.failures - TRIES
        if late < len(PAUSES):
            clock.at(clock.after(PAUSES[late]), lambda: self.deliver(delivery))
            return
        letter = DeadLetter(delivery.function_name, [delivery.event], str(failure), clock.now())
        self._dead_letters.append(letter)
        self.finished(delivery.id)


def install(patches: Patches, bus: Bus) -> None:
    """Let rules send to functions."""
    put_events = EventsBackend.put_events

    def put(backend: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        now = bus._motion.clock.now().timestamp()
        entries = put_events(backend, [{"Time": now} | event for event in events])
        bus.kept()
        return entries

    def send_to_targets(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
        event = json.loads(json.dumps(original_event, default=str))
        event.pop("ingestion-time", None)
        bus.offer(rule, event | {"time": _text(original_event["time"])})

    patches.set(EventsBackend, "put_events", put)
    patches.set(Rule, "send_to_targets", send_to_targets)


STATUS_CHANGE = "Step Functions Execution Status Change"


def run_of(execution: Any) -> dict[str, Any]:
    """What is kept of a running execution, to be told when it is lost."""
    return {
        "arn": execution.exec_arn,
        "machine": execution.state_machine_arn,
        "name": execution.name,
        "input": execution.execution_input,
        "started": _millis(execution.start_date),
    }


def execution_detail(execution: Any) -> dict[str, Any]:
    """The detail of a "Step Functions Execution Status Change" event."""
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": _millis(execution.start_date),
        "stopDate": _millis(execution.stop_date),
        "input": execution.execution_input,
        "output": execution.output if execution.status == "SUCCEEDED" else None,
        "inputDetails": {"included": True},
        "outputDetails": {"included": True} if execution.status == "SUCCEEDED" else None,
        "error": execution.error,
        "cause": execution.cause,
    }


def _transformed(target: dict[str, Any], event: Event) -> Event:
    if "Input" in target:
        return dict(json.loads(target["Input"]))
    if "InputTransformer" not in target:
        return event
    transformer = target["InputTransformer"]
    transformed: Event = EventTemplateParser.parse(
        input_template=transformer["InputTemplate"],
        input_paths_map=transformer.get("InputPathsMap", {}),
        event=event,
    )
    return transformed


def _text(moment: Any) -> str:
    if isinstance(moment, (int, float)):
        moment = datetime.fromtimestamp(moment, UTC)
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(moment)


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
