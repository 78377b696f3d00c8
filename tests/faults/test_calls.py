"""Any call to AWS may fail, before or after it took effect; any function may die or run twice: the case is the same.

Each run breaks every `STRIDE`-th call of one kind or of all, beginning at another one, so that together the runs break
every call of the golden case in both ways.
"""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.system import LocalSystem
from tests.builders import SHOP
from tests.faults.conftest import Persistent, golden, onward, settled

STRIDE = 7
MANY = 1000

CALLS = {
    "dynamodb": ("PutItem", "Query", "DeleteItem", "GetItem", "TransactWriteItems"),
    "stepfunctions": ("StartExecution", "SendTaskSuccess", "SendTaskFailure"),
    "events": ("PutEvents",),
    "s3": ("PutObject", "GetObject", "HeadObject"),
    "kms": ("Sign", "GetPublicKey", "DescribeKey"),
    "sesv2": ("SendEmail",),
    "sns": ("Publish",),
}
STEPS = ("open_tasks", "ask_payment", "assess_fee", "record_outcome")
STREAMS = ("relay", "project")
CONSUMERS = ("document_arrived", "notices", "register")


class Killed(Exception):
    """What Step Functions is told when a function was cut off."""


Killed.__name__ = "Sandbox.Timedout"


def break_every(
    system: LocalSystem, service: str, operation: str, first: int, when: Any, error: Any = None
) -> None:
    for nth in range(first, MANY, STRIDE):
        system.aws.faults.fail(service, operation, nth=nth, when=when, error=error)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("first", range(STRIDE))
def test_every_call_to_aws_may_fail(
    system: LocalSystem, case: Persistent, plain: dict[str, Any], first: int, when: str
):
    for service, operations in CALLS.items():
        for operation in operations:
            break_every(system, service, operation, first, when)

    golden(case)

    system.aws.faults.clear()
    assert settled(case) == plain


@pytest.mark.parametrize(
    "error", ["ProvisionedThroughputExceededException", "InternalServerError", "ThrottlingException"]
)
def test_whatever_aws_says_when_it_fails(
    system: LocalSystem, case: Persistent, plain: dict[str, Any], error: str
):
    for service, operations in CALLS.items():
        for operation in operations:
            break_every(system, service, operation, 2, "before", error)

    golden(case)

    system.aws.faults.clear()
    assert settled(case) == plain


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("functions", [STEPS, STREAMS, CONSUMERS])
def test_every_function_may_be_killed(
    system: LocalSystem, case: Persistent, plain: dict[str, Any], functions: tuple[str, ...], when: str
):
    for name in functions:
        for nth in range(1, MANY, 2):
            system.aws.faults.fail("lambda", name, nth=nth, when=when, error=Killed("cut off"))

    golden(case)

    system.aws.faults.clear()
    assert settled(case) == plain


@pytest.mark.parametrize("functions", [STEPS, STREAMS, CONSUMERS])
def test_every_function_may_run_twice(
    system: LocalSystem, case: Persistent, plain: dict[str, Any], functions: tuple[str, ...]
):
    for name in functions:
        system.aws.faults.fail("lambda", name, times=MANY, when="twice")

    golden(case)

    assert settled(case) == plain


def test_everything_may_go_wrong_at_once(system: LocalSystem, case: Persistent, plain: dict[str, Any]):
    for name in (*STEPS, *STREAMS, *CONSUMERS):
        break_every(system, "lambda", name, 2, "after", Killed("cut off"))
        break_every(system, "lambda", name, 5, "twice")
    for place, (service, operations) in enumerate(CALLS.items()):
        for operation in operations:
            break_every(system, service, operation, place, "before")
            break_every(system, service, operation, place + 3, "after")

    golden(case)

    system.aws.faults.clear()
    assert settled(case) == plain


def test_the_relay_may_be_away_for_a_while(system: LocalSystem, case: Persistent, plain: dict[str, Any]):
    case.file(SHOP)
    for kind in ("id-card", "land-title", "site-plan"):
        case.upload(kind)
    system.aws.faults.fail("lambda", "relay", times=22, error=Killed("away"))
    case.submit()
    assert system.aws.runs() == []
    case.advance(minutes=3)

    assert settled(onward(case)) == plain
