"""The event bus: every event is put, ten a call; if one is not taken, all come again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.adapters.eventbridge import EventBus
from functions.domain.errors import DependencyDown
from infra.local.aws import LocalAws, LocalClock
from tests.builders import MORNING

heard: list[dict[str, Any]] = []


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    heard.clear()
    with LocalAws(
        {"listen": lambda event, context: heard.append(event)}, LocalClock(MORNING, frozen=True)
    ) as running:
        events = running.client("events")
        events.create_event_bus(Name="loket")
        events.put_rule(Name="all", EventBusName="loket", EventPattern=json.dumps({"source": ["loket"]}))
        target = {"Id": "listen", "Arn": running.function_arn("listen")}
        events.put_targets(Rule="all", EventBusName="loket", Targets=[target])
        yield running


def happenings(number: int) -> list[dict[str, Any]]:
    return [{"case": "c1", "event": {"type": "task.opened", "seq": seq}} for seq in range(number)]


@pytest.mark.parametrize(("number", "calls"), [(0, 0), (1, 1), (10, 1), (11, 2), (25, 3)])
def test_events_are_put_ten_a_call(aws: LocalAws, number: int, calls: int):
    EventBus(aws.client("events"), "loket").publish(happenings(number))
    aws.settle()

    assert [event["detail"]["event"]["seq"] for event in heard] == list(range(number))
    assert aws.faults.count("events", "PutEvents") == calls


def test_an_event_is_named_by_its_type(aws: LocalAws):
    EventBus(aws.client("events"), "loket").publish(happenings(1))
    aws.settle()

    assert (heard[0]["source"], heard[0]["detail-type"]) == ("loket", "task.opened")
    assert heard[0]["detail"] == happenings(1)[0]


def test_a_bus_that_does_not_answer_is_down(aws: LocalAws):
    aws.faults.fail("events", "PutEvents")

    with pytest.raises(DependencyDown):
        EventBus(aws.client("events"), "loket").publish(happenings(1))


def test_a_bus_that_does_not_take_every_event_is_down():
    class Half:
        def put_events(self, **_: Any) -> dict[str, Any]:
            return {
                "FailedEntryCount": 1,
                "Entries": [{"EventId": "1"}, {"ErrorCode": "ThrottlingException"}],
            }

    with pytest.raises(DependencyDown):
        EventBus(Half(), "loket").publish(happenings(2))
