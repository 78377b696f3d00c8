"""A fresh local AWS for each test, with functions that a test adds to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.aws import LocalAws, LocalClock

NEW_YEAR = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/engine"

Handlers = dict[str, Callable[[dict[str, Any], Any], Any]]


@pytest.fixture
def functions() -> Handlers:
    """The functions of the system; a test puts its own into it at any time."""
    return {}


@pytest.fixture
def aws(functions: Handlers) -> Iterator[LocalAws]:
    with LocalAws(functions, LocalClock(NEW_YEAR, frozen=True)) as system:
        yield system


class Machines:
    """State machines and executions in few words."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.api = aws.client("stepfunctions")

    def create(self, states: dict[str, Any], name: str = "toy") -> str:
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        machine = self.api.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        return str(machine["stateMachineArn"])

    def start(self, states: dict[str, Any], data: Any = None, name: str = "toy") -> str:
        """Create a machine of the states, start one execution of it and settle; return its ARN."""
        arn = self.create(states, name)
        started = self.api.start_execution(stateMachineArn=arn, name="first", input=json.dumps(data or {}))
        self.aws.settle()
        return str(started["executionArn"])

    def run(self, states: dict[str, Any], data: Any = None) -> Any:
        """The output of an execution of the states."""
        ended = self.describe(self.start(states, data))
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def describe(self, execution: str) -> dict[str, Any]:
        return dict(self.api.describe_execution(executionArn=execution))

    def status(self, execution: str) -> str:
        return str(self.describe(execution)["status"])

    def entered(self, execution: str) -> list[str]:
        events = self.api.get_execution_history(executionArn=execution)["events"]
        return [
            event["stateEnteredEventDetails"]["name"] for event in events if event["type"].endswith("Entered")
        ]


@pytest.fixture
def machines(aws: LocalAws) -> Machines:
    return Machines(aws)


@pytest.fixture
def table(aws: LocalAws) -> Any:
    """A table `cases` with a stream, and the client to it."""
    client = aws.client("dynamodb")
    client.create_table(
        TableName="cases",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return client
