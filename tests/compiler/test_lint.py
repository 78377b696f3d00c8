"""The lint: each thing that a definition can have wrong is found, and nothing in one that is right."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.compiler.define import RETRY, VARIABLES, define
from infra.compiler.lint import lint
from infra.compiler.normalise import normalise, service_of
from infra.compiler.read import read_text
from tests.compiler.small import SERVICE

GONE = object()
TASK = ("States", "Ask")
BRANCH = ("States", "Both", "Branches", 0)
CATCH = {"ErrorEquals": ["States.ALL"], "Next": "Stop"}


def machine() -> dict[str, Any]:
    """Give a definition with a state of every kind that is right."""
    return {
        "Comment": "One of each.",
        "QueryLanguage": "JSONata",
        "StartAt": "Begin",
        "States": {
            "Begin": {
                "Type": "Pass",
                "Assign": {"case": "{% $states.context.Execution.Input.case %}", "wake": 0},
                "Next": "Ask",
            },
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Arguments": {
                    "FunctionName": "${Ask}",
                    "Payload": {"case": "{% $case %}", "token": "{% $states.context.Task.Token %}"},
                },
                "TimeoutSeconds": 60,
                "Retry": RETRY,
                "Assign": {"answer": "{% $states.result.answer %}"},
                "Catch": [{"ErrorEquals": ["Late"], "Assign": {"answer": "late"}, "Next": "Good?"}, CATCH],
                "Next": "Good?",
            },
            "Good?": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $answer = 'yes' %}", "Next": "Both"}],
                "Default": "Pause",
            },
            "Pause": {"Type": "Wait", "Seconds": 5, "Next": "Both"},
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {
                        "StartAt": "Left",
                        "States": {"Left": {"Type": "Pass", "Assign": {"own": "{% $case %}"}, "End": True}},
                    },
                    {"StartAt": "Right", "States": {"Right": {"Type": "Succeed"}}},
                ],
                "Next": "Each",
            },
            "Each": {
                "Type": "Map",
                "Items": "{% [1, 2] %}",
                "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}},
                "Next": "Done",
            },
            "Done": {"Type": "Succeed"},
            "Stop": {"Type": "Fail", "Error": "Stopped", "Cause": "{% 'The case ' & $case %}"},
        },
    }


def with_change(place: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    definition = copy.deepcopy(machine())
    inner: Any = definition
    for part in place[:-1]:
        inner = inner[part]
    if value is GONE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return definition


def test_a_machine_that_is_right_has_nothing_wrong() -> None:
    assert lint(machine()) == []


def test_compiled_definitions_have_nothing_wrong() -> None:
    for definition in define(service_of(normalise(read_text(SERVICE)))).values():
        assert lint(definition, variables=VARIABLES) == []


@pytest.mark.parametrize(
    ("place", "value", "codes"),
    [
        # targets
        (("StartAt",), "Start", {"target-missing", "state-unreachable"}),
        (("States", "Pause", "Next"), "Nowhere", {"target-missing"}),
        (("States", "Good?", "Default"), "Nowhere", {"target-missing", "state-unreachable"}),
        (("States", "Good?", "Choices", 0, "Next"), "Nowhere", {"target-missing"}),
        ((*TASK, "Catch", 0, "Next"), "Nowhere", {"target-missing"}),
        ((*BRANCH, "StartAt"), "Both", {"target-missing", "state-unreachable"}),
        (("States", "Lost"), {"Type": "Succeed"}, {"state-unreachable"}),
        ((*BRANCH, "States", "Lost"), {"Type": "Succeed"}, {"state-unreachable"}),
        # ends
        (("States", "Pause", "Next"), GONE, {"way-on-missing"}),
        (("States", "Pause", "End"), True, {"way-on-missing"}),
        ((*BRANCH, "States", "Left", "End"), GONE, {"way-on-missing", "end-missing"}),
        (("States", "Good?", "Default"), GONE, {"default-missing", "state-unreachable"}),
        (("States", "Good?", "Choices"), [], {"choices-missing"}),
        (("States", "Pause", "Timestamp"), "2026-01-01T00:00:00Z", {"wait-unclear"}),
        # fields
        (("QueryLanguage",), "JSONPath", {"query-language"}),
        (("QueryLanguage",), GONE, {"query-language"}),
        (("Timeout",), 5, {"field-unknown"}),
        ((*TASK, "Parameters"), {}, {"field-unknown"}),
        ((*TASK, "ResultPath"), "$", {"field-unknown"}),
        ((*TASK, "Timeout"), 5, {"field-unknown"}),
        (("States", "Done", "Next"), "Stop", {"field-unknown"}),
        (("States", "Done", "Type"), "Success", {"type-unknown"}),
        (("States", "Done", "Type"), GONE, {"type-unknown"}),
        (("States", "n" * 81), {"Type": "Succeed"}, {"name-long", "state-unreachable"}),
        # tasks
        ((*TASK, "Arguments", "Payload", "token"), GONE, {"token-unsent"}),
        ((*TASK, "Arguments", "Payload", "token"), "$states.context.Task.Token", {"token-unsent"}),
        ((*TASK, "Resource"), "arn:aws:states:::lambda:invoke", {"token-unawaited"}),
        ((*TASK, "HeartbeatSeconds"), 60, {"heartbeat-long"}),
        ((*TASK, "HeartbeatSeconds"), 90, {"heartbeat-long"}),
        ((*TASK, "HeartbeatSeconds"), 30, set()),
        ((*TASK, "TimeoutSeconds"), GONE, {"timeout-missing"}),
        ((*TASK, "Catch"), [], {"catch-all-missing", "state-unreachable"}),
        ((*TASK, "Catch"), [CATCH, {"ErrorEquals": ["Late"], "Next": "Stop"}], {"catch-all-not-last"}),
        (
            (*TASK, "Catch", 1, "ErrorEquals"),
            ["States.ALL", "Late"],
            {"catch-all-not-alone", "catch-doubled"},
        ),
        (
            (*TASK, "Catch", 1),
            {"ErrorEquals": ["Late"], "Next": "Stop"},
            {"catch-all-missing", "catch-doubled"},
        ),
        ((*TASK, "Retry"), GONE, {"retry-uncommon"}),
        ((*TASK, "Retry"), [{**RETRY[0], "MaxAttempts": 3}], {"retry-uncommon"}),
        (
            (*TASK, "Arguments", "FunctionName"),
            "arn:aws:lambda:ap-southeast-3:1:function:ask",
            {"arn-written-out"},
        ),
        ((*TASK, "Arguments", "FunctionName"), "ask", {"arn-written-out"}),
        ((*TASK, "Arguments", "FunctionName"), GONE, {"arn-written-out"}),
        (
            (*TASK, "Resource"),
            "arn:aws:lambda:ap-southeast-3:1:function:ask",
            {"arn-written-out", "token-unawaited"},
        ),
        ((*TASK, "Arguments", "Payload", "case"), "${Case}", {"substitution-stray"}),
        # expressions
        ((*TASK, "Arguments", "Payload", "case"), "{% $case + %}", {"expression-unreadable"}),
        ((*TASK, "Arguments", "Payload", "case"), "{% $case", {"expression-half"}),
        ((*TASK, "Arguments", "Payload", "case"), "{% case %}", {"name-bare"}),
        ((*TASK, "Arguments", "Payload", "case"), "{% $lookups($case, 'x') %}", {"function-unknown"}),
        ((*TASK, "Arguments", "Payload", "case"), "{% $uuid() %}", set()),
        ((*TASK, "Arguments", "Payload", "case"), "{% $states.input.form.owner %}", {"personal-data"}),
        ((*TASK, "Arguments", "Payload", "case"), "{% form.owner %}", {"name-bare", "personal-data"}),
        # variables
        ((*TASK, "Arguments", "Payload", "case"), "{% $person %}", {"variable-unassigned"}),
        (("States", "Begin", "Assign", "case"), GONE, {"variable-unassigned"}),
        ((*TASK, "Catch", 0, "Assign"), GONE, {"variable-unassigned"}),
        ((*TASK, "Catch", 0, "Assign"), {"answer": "{% $answer %}"}, {"variable-unassigned"}),
        (("States", "Good?", "Choices", 0, "Condition"), "{% $own %}", {"variable-unassigned"}),
        ((*BRANCH, "States", "Left", "Assign"), {"case": 1}, {"outer-variable-assigned"}),
        ((*BRANCH, "States", "Left", "Assign"), {"answer": 1}, {"outer-variable-assigned"}),
        (("States", "Begin", "Assign", "states"), 1, {"variable-reserved"}),
        (("States", "Pause", "Assign"), {"wake": "{% $wake + 1 %}"}, set()),
        (("States", "Pause", "Assign"), {"wake": 1, "again": "{% $wake %}"}, {"old-value-read"}),
        ((*TASK, "Output"), "{% $answer %}", {"old-value-read", "variable-unassigned"}),
    ],
)
def test_what_is_wrong_is_found(place: tuple[str | int, ...], value: Any, codes: set[str]) -> None:
    assert {finding.code for finding in lint(with_change(place, value))} == codes


def test_variables_beyond_the_allowed_are_found() -> None:
    found = lint(machine(), variables=frozenset({"case", "wake", "own"}))

    assert {(finding.code, finding.place[-1]) for finding in found} == {("variable-not-allowed", "answer")}


def test_what_is_found_has_its_place_and_says_what_to_do() -> None:
    (finding,) = lint(with_change((*TASK, "HeartbeatSeconds"), 60))

    assert str(finding) == (
        "[heartbeat-long] States.Ask.HeartbeatSeconds: a heartbeat of 60 s is never missed within 60 s; "
        "make it shorter than the timeout"
    )


def test_a_variable_assigned_on_one_way_only_is_not_surely_there() -> None:
    definition = with_change(("States", "Pause", "Assign"), {"late": True})
    definition["States"]["Both"]["Branches"][0]["States"]["Left"]["Assign"] = {"own": "{% $late %}"}

    assert [finding.code for finding in lint(definition)] == ["variable-unassigned"]
