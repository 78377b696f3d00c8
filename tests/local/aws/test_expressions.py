"""JSONata as Step Functions evaluates it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.aws import LocalAws
from infra.local.aws.expressions import QueryEvaluationError, evaluate

from .conftest import Handlers, Machines
from .test_executions import branch, task


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2", 3),
        ("6 / 2", 3),
        ("7 / 2", 3.5),
        ("null", None),
        ("[1..3]", [1, 2, 3]),
        ("$case & '!'", 'He said "hi" \\ \n!'),
        ("$map([1, 2], function($n) { $n * 2 })", [2, 4]),
        ("$partition([1..5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 6, 3)", [0, 3, 6]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$hash('permit', 'SHA-256')", "85441a43c7cb9f242a5c20c6648026689c795ad4e8321e215bf68d48fc9a4b1c"),
        ("$random(7) = $random(7)", True),
        ("$length($uuid())", 36),
        ("$parse('{\"a\": [1]}')", {"a": [1]}),
        ("{'a': {'b': [null, true]}}", {"a": {"b": [None, True]}}),
    ],
)
def test_an_expression_has_a_value(expression: str, value: Any) -> None:
    assert evaluate(expression, {"case": 'He said "hi" \\ \n'}) == value


@pytest.mark.parametrize(
    "expression", ["$nothing", "1 +", "$number('x')", "function($x) { $x }", "$eval('1')", "$parse('{')"]
)
def test_an_expression_fails(expression: str) -> None:
    with pytest.raises(QueryEvaluationError, match="JSONata expression"):
        evaluate(expression, {})


def test_variables_hold_what_was_assigned_with_every_character(machines: Machines) -> None:
    text = 'quote " back \\ line \n brace {% 1 %}'
    states = {
        "Take up": {
            "Type": "Pass",
            "Assign": {"case": "{% $states.input.text %}", "list": [1, "{% $states.input.n %}"]},
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Pass",
            "Output": {"case": "{% $case %}", "list": "{% $list %}", "plain": "$case"},
            "End": True,
        },
    }

    assert machines.run(states, {"text": text, "n": 2}) == {"case": text, "list": [1, 2], "plain": "$case"}


def test_output_and_assign_see_the_values_from_before(functions: Handlers, machines: Machines) -> None:
    functions["next"] = lambda event, context: event["n"] + 1
    states = {
        "Start": {"Type": "Pass", "Assign": {"n": 1, "m": 10}, "Next": "Step"},
        "Step": task(
            "next",
            {"n": "{% $n %}"},
            Assign={"n": "{% $states.result.Payload %}", "m": "{% $n %}"},
            Output={"n": "{% $n %}"},
            Next="Tell",
        ),
        "Tell": {
            "Type": "Pass",
            "Output": {"before": "{% $states.input.n %}", "n": "{% $n %}", "m": "{% $m %}"},
            "End": True,
        },
    }

    assert machines.run(states) == {"before": 1, "n": 2, "m": 1}


def test_a_catcher_assigns_and_gives_an_output(functions: Handlers, machines: Machines) -> None:
    def fail(event: Any, context: Any) -> None:
        raise LookupError("gone")

    functions["fail"] = fail
    catcher = {
        "ErrorEquals": ["LookupError"],
        "Next": "Tell",
        "Assign": {"error": "{% $states.errorOutput.Error %}"},
        "Output": "{% {'was': $error} %}",
    }
    states = {
        "Start": {"Type": "Pass", "Assign": {"error": "none"}, "Next": "Try"},
        "Try": task("fail", Catch=[catcher], End=True),
        "Tell": {
            "Type": "Pass",
            "Output": {"was": "{% $states.input.was %}", "is": "{% $error %}"},
            "End": True,
        },
    }

    assert machines.run(states) == {"was": "none", "is": "LookupError"}


def test_a_choice_assigns_and_chooses(machines: Machines) -> None:
    states = {
        "Granted?": {
            "Type": "Choice",
            "Default": "No",
            "Choices": [
                {
                    "Condition": "{% $states.input.fee > 100 and $states.input.kind in ['a', 'b'] %}",
                    "Assign": {"dear": "{% true %}"},
                    "Output": "{% $states.input.fee %}",
                    "Next": "Yes",
                }
            ],
        },
        "Yes": {"Type": "Succeed", "Output": {"fee": "{% $states.input %}", "dear": "{% $dear %}"}},
        "No": {"Type": "Succeed", "Output": "no"},
    }

    assert machines.run(states, {"fee": 101, "kind": "b"}) == {"fee": 101, "dear": True}


def test_the_context_names_the_execution(machines: Machines) -> None:
    states = {
        "Tell": {
            "Type": "Pass",
            "End": True,
            "Output": {
                "name": "{% $states.context.Execution.Name %}",
                "case": "{% $states.context.Execution.Input.case %}",
                "started": "{% $states.context.Execution.StartTime %}",
                "now": "{% $now() %}",
                "state": "{% $states.context.State.Name %}",
            },
        }
    }

    assert machines.run(states, {"case": "c1"}) == {
        "name": "first",
        "case": "c1",
        "state": "Tell",
        "started": "2026-01-01T08:00:00.000Z",
        "now": "2026-01-01T08:00:00.000Z",
    }


def test_an_evaluation_error_in_a_task_can_be_caught(functions: Handlers, machines: Machines) -> None:
    functions["any"] = lambda event, context: None
    caught = [
        {
            "ErrorEquals": ["States.QueryEvaluationError"],
            "Next": "Park",
            "Output": "{% $states.errorOutput %}",
        }
    ]
    states = {
        "Call": task("any", {"n": "{% $missing %}"}, Catch=caught, End=True),
        "Park": {"Type": "Succeed"},
    }

    output = machines.run(states)

    assert output["Error"] == "States.QueryEvaluationError"
    assert "$missing" in output["Cause"]


def test_an_evaluation_error_elsewhere_fails_the_execution(machines: Machines) -> None:
    ended = machines.describe(
        machines.start({"Tell": {"Type": "Pass", "Output": "{% $missing %}", "End": True}})
    )

    assert (ended["status"], ended["error"]) == ("FAILED", "States.QueryEvaluationError")


def test_a_branch_reads_the_variables_around_it(machines: Machines) -> None:
    inner = {"Type": "Pass", "Assign": {"mine": 1}, "Output": "{% $outer %}", "End": True}
    states = {
        "Start": {"Type": "Pass", "Assign": {"outer": "o"}, "Next": "Both"},
        "Both": {"Type": "Parallel", "Branches": [branch("A", inner), branch("B", inner)], "End": True},
    }

    assert machines.run(states) == ["o", "o"]


def test_moto_alone_cannot_evaluate(aws: LocalAws) -> None:
    """When this fails, look whether the seam can go."""
    from moto.stepfunctions.parser.asl.jsonata.jsonata import eval_jsonata_expression

    with pytest.raises(TypeError, match="NoneType"):
        eval_jsonata_expression("1 + 1")


@pytest.mark.parametrize("seconds", ["0", "-5", "1.5", "'60'", "1e9", "true"])
def test_a_timeout_that_is_no_number_of_seconds_fails(
    seconds: str, functions: Handlers, machines: Machines
) -> None:
    functions["any"] = lambda event, context: None
    states = {"Call": task("any", TimeoutSeconds="{% " + seconds + " %}", End=True)}

    ended = machines.describe(machines.start(states))

    assert (ended["status"], ended["error"]) == ("FAILED", "States.QueryEvaluationError")
