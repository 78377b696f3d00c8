"""Faults strike once, before or after the call took effect, and calls are counted."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from infra.local.aws import LocalAws

from .conftest import Handlers, Machines
from .test_executions import RETRY, task
from .test_tables import key


def put(table: Any, name: str) -> None:
    table.put_item(TableName="cases", Item=key(name))


def exists(table: Any, name: str) -> bool:
    return "Item" in table.get_item(TableName="cases", Key=key(name))


def test_the_second_call_fails_before_it_took_effect(aws: LocalAws, table: Any) -> None:
    aws.faults.fail("dynamodb", "PutItem", nth=2)

    put(table, "a")
    with pytest.raises(ConnectionClosedError):
        put(table, "b")
    put(table, "c")

    assert [exists(table, name) for name in "abc"] == [True, False, True]


def test_a_call_fails_after_it_took_effect(aws: LocalAws, table: Any) -> None:
    aws.faults.fail("dynamodb", "PutItem", when="after", error="InternalServerError")

    with pytest.raises(ClientError, match="InternalServerError"):
        put(table, "a")

    assert exists(table, "a")


def test_clients_and_resources_of_others_are_struck_too(aws: LocalAws, table: Any) -> None:
    cases = boto3.resource("dynamodb").Table("cases")
    aws.faults.fail("dynamodb", "GetItem", error=TimeoutError("too late"))

    with pytest.raises(TimeoutError):
        cases.get_item(Key={"pk": "a", "sk": "1"})

    assert "Item" not in cases.get_item(Key={"pk": "a", "sk": "1"})


def test_calls_are_counted_as_they_went_over_the_wire(aws: LocalAws, table: Any) -> None:
    aws.faults.clear()

    put(table, "a")
    boto3.resource("dynamodb").Table("cases").put_item(Item={"pk": "b", "sk": "1", "n": 1})
    exists(table, "a")

    assert (aws.faults.count(), aws.faults.count("dynamodb", "PutItem")) == (3, 2)
    assert [call.params["Item"] for call in aws.faults.calls if call.operation == "PutItem"] == [
        key("a"),
        key("b") | {"n": {"N": "1"}},
    ]
    assert aws.faults.calls[-1].response["Item"] == key("a")


def test_a_function_is_killed_before_or_after_its_work_or_runs_twice(
    aws: LocalAws, functions: Handlers, machines: Machines
) -> None:
    ran: list[int] = []
    functions["step"] = lambda event, context: ran.append(1)
    aws.faults.fail("lambda", "step", when="before")
    aws.faults.fail("lambda", "step", nth=2, when="after")
    aws.faults.fail("lambda", "step", nth=3, when="twice")

    machines.run({"Step": task("step", Retry=RETRY, End=True)})

    assert len(ran) == 3
    assert aws.faults.count("lambda", "step") == 2


def test_states_and_retries_are_counted(aws: LocalAws, functions: Handlers, machines: Machines) -> None:
    functions["step"] = lambda event, context: None
    aws.faults.fail("lambda", "step", times=2)

    machines.run({"Begin": {"Type": "Pass", "Next": "Step"}, "Step": task("step", Retry=RETRY, End=True)})

    (run,) = aws.runs()
    assert (run.machine, run.name, run.status) == ("toy", "first", "SUCCEEDED")
    assert run.states == ["Begin", "Step"]
    assert run.transitions == 4
