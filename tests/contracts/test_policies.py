"""Each role may do what its function does, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.architecture.source import ROOT, Module, handlers, modules
from tests.contracts import permissions

STEPS = handlers("functions/steps")
CONSUMERS = handlers("functions/streams")
ROUTES = (*modules("functions/api"), *modules("functions/portal"))
# What Lambda does in the name of a function: its logs and traces, reading the stream, laying aside what failed.
PLATFORM = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
ASIDE = {"sqs:SendMessage"}
# Services whose actions here know no resources, or address nothing that has an ARN: a telephone number.
EVERYWHERE = {"dynamodb:ListStreams", "sns:Publish", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}


def statements(name: str) -> list[dict[str, Any]]:
    document = json.loads((ROOT / "infra" / "policies" / f"{name}.json").read_text())
    return list(document["Statement"])


def actions(statement: dict[str, Any]) -> set[str]:
    named = statement["Action"]
    return {named} if isinstance(named, str) else set(named)


def allowed(name: str) -> set[str]:
    return {action for statement in statements(name) for action in actions(statement)}


NAMES = sorted(path.stem for path in (ROOT / "infra" / "policies").glob("*.json"))


def test_every_operation_that_adapters_call_has_its_action_here() -> None:
    assert permissions.unknown_operations() == set()


@pytest.mark.parametrize("step", STEPS, ids=lambda module: module.stem)
def test_a_step_may_do_what_it_does_and_nothing_else(step: Module) -> None:
    assert sorted(allowed(step.stem) - PLATFORM) == sorted(permissions.needed_by(step))


@pytest.mark.parametrize("consumer", CONSUMERS, ids=lambda module: module.stem)
def test_a_consumer_may_do_what_it_does_and_nothing_else(consumer: Module) -> None:
    platform = PLATFORM | ASIDE | (STREAM if consumer.stem in {"relay", "project"} else set())

    assert sorted(allowed(consumer.stem) - platform) == sorted(permissions.needed_by(consumer))


def test_the_api_may_do_what_its_routes_do_and_nothing_else() -> None:
    assert sorted(allowed("api_handler") - PLATFORM) == sorted(permissions.needed_by_all(ROUTES))


def test_the_authorizer_may_read_delegations_and_nothing_else() -> None:
    (authorizer,) = modules("functions/api/authorizer.py")

    assert allowed("authorizer") - PLATFORM == permissions.needed_by(authorizer) == {"dynamodb:Query"}


@pytest.mark.parametrize("name", NAMES)
def test_no_action_and_no_resource_is_a_wildcard(name: str) -> None:
    for statement in statements(name):
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in actions(statement))
        assert statement["Resource"] != "*" or actions(statement) <= EVERYWHERE


@pytest.mark.parametrize("name", NAMES)
def test_a_function_writes_only_its_own_log(name: str) -> None:
    (logs,) = [statement for statement in statements(name) if "logs:PutLogEvents" in actions(statement)]

    assert logs["Resource"]["Fn::Sub"].endswith(f":log-group:/aws/lambda/${{AWS::StackName}}-{name}:*")


@pytest.mark.parametrize("name", NAMES)
def test_lists_are_read_only_from_the_indexes_that_are_asked(name: str) -> None:
    code = {module.stem: [module] for module in (*STEPS, *CONSUMERS)} | {"api_handler": list(ROUTES)}
    asked = permissions.indexes_of(code.get(name, []))

    listed = [
        resource["Fn::Sub"].rpartition("/")[2]
        for statement in statements(name)
        if statement["Sid"] == "Lists"
        for resource in (
            statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        )
    ]

    assert sorted(listed) == sorted(asked)
