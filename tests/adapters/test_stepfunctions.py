"""Step Functions as the relay uses it: every call is harmless when repeated, late, or after the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.adapters.stepfunctions import StateMachines
from functions.domain.errors import DependencyDown
from infra.local.aws import LocalAws, LocalClock
from tests.builders import MORNING

WAIT = {
    "QueryLanguage": "JSONata",
    "StartAt": "Wait",
    "States": {
        "Wait": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {"FunctionName": "keep", "Payload": {"token": "{% $states.context.Task.Token %}"}},
            "TimeoutSeconds": 86400,
            "Catch": [
                {"ErrorEquals": ["Returned"], "Output": "{% $states.errorOutput.Cause %}", "Next": "Back"}
            ],
            "Next": "On",
        },
        "On": {"Type": "Succeed"},
        "Back": {"Type": "Succeed"},
    },
}
tokens: list[str] = []


def keep(event: dict[str, Any], context: Any) -> None:
    tokens.append(event["token"])


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    tokens.clear()
    with LocalAws({"keep": keep}, LocalClock(MORNING, frozen=True)) as running:
        running.client("stepfunctions").create_state_machine(
            name="loket-permit", definition=json.dumps(WAIT), roleArn="arn:aws:iam::123456789012:role/loket"
        )
        yield running


@pytest.fixture
def machines(aws: LocalAws) -> StateMachines:
    prefix = "arn:aws:states:ap-southeast-3:123456789012:stateMachine:loket-"
    return StateMachines(aws.client("stepfunctions"), prefix)


def start(aws: LocalAws, machines: StateMachines, name: str = "c1-1-1") -> str:
    machines.start("permit", name, {"case": "c1"})
    aws.settle()
    return tokens[-1]


def states(aws: LocalAws) -> dict[str, str]:
    return {run.name: f"{run.status} {run.states[-1]}" for run in aws.runs()}


def test_an_execution_is_started_once_under_its_name(aws: LocalAws, machines: StateMachines):
    start(aws, machines)
    start(aws, machines)

    assert states(aws) == {"c1-1-1": "RUNNING Wait"}


def test_an_execution_that_has_ended_is_not_started_again(aws: LocalAws, machines: StateMachines):
    machines.succeed(start(aws, machines), {})
    aws.settle()

    start(aws, machines)

    assert states(aws) == {"c1-1-1": "SUCCEEDED On"}


def test_a_token_is_answered_and_a_second_answer_is_harmless(aws: LocalAws, machines: StateMachines):
    token = start(aws, machines)

    machines.succeed(token, {"action": "approve"})
    machines.succeed(token, {"action": "approve"})
    machines.fail(token, "Returned", "return")
    aws.settle()

    assert states(aws) == {"c1-1-1": "SUCCEEDED On"}


def test_an_error_is_caught_by_its_name_and_brings_its_cause(aws: LocalAws, machines: StateMachines):
    machines.fail(start(aws, machines), "Returned", "172800")
    aws.settle()

    assert states(aws) == {"c1-1-1": "SUCCEEDED Back"}
    ended = aws.client("stepfunctions").describe_execution(executionArn=aws.runs()[0].arn)
    assert json.loads(ended["output"]) == "172800"


def test_a_token_that_never_was_is_harmless(machines: StateMachines):
    machines.succeed("no such token", {})
    machines.fail("no such token", "Returned", "x")


def test_an_execution_is_stopped_once_and_its_token_is_void(aws: LocalAws, machines: StateMachines):
    token = start(aws, machines)

    machines.stop("permit", "c1-1-1")
    machines.stop("permit", "c1-1-1")
    machines.stop("permit", "c1-1-2")
    machines.succeed(token, {})
    aws.settle()

    assert states(aws) == {"c1-1-1": "ABORTED Wait"}


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("StartExecution", lambda machines: machines.start("permit", "c1-1-1", {})),
        ("StopExecution", lambda machines: machines.stop("permit", "c1-1-1")),
        ("SendTaskSuccess", lambda machines: machines.succeed("token", {})),
        ("SendTaskFailure", lambda machines: machines.fail("token", "Returned", "x")),
    ],
)
@pytest.mark.parametrize("error", [None, "ThrottlingException", "StateMachineDoesNotExist"])
def test_whatever_else_goes_wrong_comes_again(
    aws: LocalAws,
    machines: StateMachines,
    operation: str,
    call: Callable[[StateMachines], None],
    error: str | None,
):
    aws.faults.fail("stepfunctions", operation, error=error)

    with pytest.raises(DependencyDown):
        call(machines)
