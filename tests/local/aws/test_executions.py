"""Executions by the law's time: tasks, tokens, timers, retries, branches, stops."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from moto.stepfunctions.parser.backend.execution import Execution

from infra.local.aws import LocalAws

from .conftest import NEW_YEAR, Handlers, Machines

INVOKE = "arn:aws:states:::lambda:invoke"
WAIT = "arn:aws:states:::lambda:invoke.waitForTaskToken"
DAY = 86_400

States = dict[str, Any]


def task(name: str, payload: Any = None, **fields: Any) -> dict[str, Any]:
    arguments = {"FunctionName": name} | ({"Payload": payload} if payload is not None else {})
    return {"Type": "Task", "Resource": INVOKE, "Arguments": arguments} | (fields or {"End": True})


def token(**fields: Any) -> dict[str, Any]:
    arguments = {"FunctionName": "open_tasks", "Payload": {"token": "{% $states.context.Task.Token %}"}}
    return {"Type": "Task", "Resource": WAIT, "Arguments": arguments} | (fields or {"End": True})


@pytest.fixture
def tokens(functions: Handlers) -> list[str]:
    """The tokens given out so far, newest last."""
    given: list[str] = []
    functions["open_tasks"] = lambda event, context: given.append(event["token"])
    return given


# --- functions -------------------------------------------------------------------------------------------------


def test_a_task_calls_the_function_with_its_payload(functions: Handlers, machines: Machines) -> None:
    functions["add"] = lambda event, context: {"sum": event["a"] + event["b"], "name": context.function_name}

    output = machines.run({"Add": task("add", {"a": 1, "b": "{% $states.input.b %}"})}, {"b": 2})

    assert output["Payload"] == {"sum": 3, "name": "add"}
    assert output["StatusCode"] == 200


def test_a_function_is_found_by_its_arn(aws: LocalAws, functions: Handlers, machines: Machines) -> None:
    functions["hello"] = lambda event, context: "hello"

    output = machines.run(
        {"Greet": task(aws.function_arn("hello") + ":live", Output="{% $states.result.Payload %}", End=True)}
    )

    assert output == "hello"


def test_what_a_function_gets_and_gives_is_a_copy(functions: Handlers, machines: Machines) -> None:
    kept: list[Any] = []

    def keep(event: dict[str, Any], context: Any) -> Any:
        kept.append(event)
        event["changed"] = True
        return {"tuple": (1, 2)}

    functions["keep"] = keep
    states = {
        "One": task("keep", "{% $states.input %}", Output="{% $states.input %}", Next="Two"),
        "Two": task("keep", "{% $states.input %}"),
    }

    output = machines.run(states, {"case": "c1"})

    assert kept[1] == {"case": "c1", "changed": True}
    assert output["Payload"] == {"tuple": [1, 2]}


def test_an_exception_is_caught_by_the_name_of_its_class(functions: Handlers, machines: Machines) -> None:
    class Superseded(Exception):
        pass

    def refuse(event: Any, context: Any) -> None:
        raise Superseded('attempt 2 holds the "case"')

    functions["refuse"] = refuse
    caught = [
        {"ErrorEquals": ["Superseded"], "Next": "End", "Output": {"error": "{% $states.errorOutput %}"}}
    ]

    output = machines.run({"Try": task("refuse", Catch=caught, End=True), "End": {"Type": "Succeed"}})

    assert output["error"]["Error"] == "Superseded"
    assert json.loads(output["error"]["Cause"])["errorMessage"] == 'attempt 2 holds the "case"'


def test_a_function_that_is_not_there_fails_as_in_aws(machines: Machines) -> None:
    ended = machines.describe(machines.start({"Call": task("nobody")}))

    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.ResourceNotFoundException")


def test_the_lambda_api_calls_the_function_too(aws: LocalAws, functions: Handlers) -> None:
    functions["double"] = lambda event, context: 2 * event["n"]

    answer = aws.client("lambda").invoke(FunctionName="double", Payload=json.dumps({"n": 21}))
    failed = aws.client("lambda").invoke(FunctionName="double", Payload="{}")

    assert json.load(answer["Payload"]) == 42
    assert (failed["FunctionError"], json.load(failed["Payload"])["errorType"]) == ("Unhandled", "KeyError")


# --- retry and catch -------------------------------------------------------------------------------------------

RETRY = [
    {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 3600,
        "MaxAttempts": 4,
        "BackoffRate": 2,
        "MaxDelaySeconds": 7200,
        "JitterStrategy": "FULL",
    }
]


def test_a_retry_takes_no_time(aws: LocalAws, functions: Handlers, machines: Machines) -> None:
    tries: list[int] = []

    def third_time_lucky(event: Any, context: Any) -> int:
        tries.append(1)
        if len(tries) < 3:
            raise ConnectionError("throttled")
        return len(tries)

    functions["flaky"] = third_time_lucky

    assert machines.run({"Call": task("flaky", Retry=RETRY, End=True)})["Payload"] == 3
    assert aws.clock.now() == NEW_YEAR


def test_retries_are_counted_anew_at_each_entry(functions: Handlers, machines: Machines) -> None:
    tries: list[int] = []

    def fail(event: Any, context: Any) -> None:
        tries.append(1)
        raise ConnectionError

    functions["fail"] = fail
    again = [{"ErrorEquals": ["States.ALL"], "Next": "Again?"}]
    states = {
        "Call": task("fail", Retry=RETRY, Catch=again, Next="Again?"),
        "Again?": {
            "Type": "Choice",
            "Default": "End",
            "Choices": [{"Condition": "{% $states.input.Error = 'ConnectionError' %}", "Next": "Once more"}],
        },
        "Once more": task(
            "fail", Retry=RETRY, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "End"}], End=True
        ),
        "End": {"Type": "Succeed"},
    }

    machines.run(states)

    assert len(tries) == 10


def test_a_catcher_may_lead_back_into_its_own_state(
    tokens: list[str], aws: LocalAws, machines: Machines
) -> None:
    again = [
        {
            "ErrorEquals": ["StillTime"],
            "Next": "Decide",
            "Assign": {"cause": "{% $states.errorOutput.Cause %}"},
        }
    ]
    execution = machines.start(
        {
            "Decide": token(Catch=again, Next="Granted"),
            "Granted": {"Type": "Succeed", "Output": "{% $cause %}"},
        }
    )

    machines.api.send_task_failure(taskToken=tokens[-1], error="StillTime", cause="432000")
    aws.settle()
    machines.api.send_task_success(taskToken=tokens[-1], output="{}")
    aws.settle()

    assert machines.entered(execution) == ["Decide", "Decide", "Granted"]
    assert machines.describe(execution)["output"] == '"432000"'


# --- tokens ----------------------------------------------------------------------------------------------------


def test_a_token_wait_ends_with_its_answer(tokens: list[str], aws: LocalAws, machines: Machines) -> None:
    execution = machines.start({"Decide": token()})

    waiting = machines.status(execution)
    machines.api.send_task_success(taskToken=tokens[0], output='{"action": "approve"}')
    aws.settle()

    assert waiting == "RUNNING"
    assert json.loads(machines.describe(execution)["output"]) == {"action": "approve"}


def test_an_answer_may_come_before_the_function_returns(
    aws: LocalAws, functions: Handlers, machines: Machines
) -> None:
    def answer(event: dict[str, Any], context: Any) -> None:
        machines.api.send_task_success(taskToken=event["token"], output="1")

    functions["open_tasks"] = answer

    assert machines.run({"Decide": token()}) == 1


@pytest.mark.parametrize("late", ["answered", "timed out", "stopped"])
def test_a_token_that_is_closed_has_timed_out(
    late: str, tokens: list[str], aws: LocalAws, machines: Machines
) -> None:
    execution = machines.start({"Decide": token(TimeoutSeconds=DAY, End=True)})
    if late == "answered":
        machines.api.send_task_success(taskToken=tokens[0], output="1")
    elif late == "timed out":
        aws.advance(timedelta(days=1))
    else:
        machines.api.stop_execution(executionArn=execution)

    for answer in (machines.api.send_task_failure, machines.api.send_task_heartbeat):
        with pytest.raises(machines.api.exceptions.TaskTimedOut):
            answer(taskToken=tokens[0])
    with pytest.raises(machines.api.exceptions.TaskTimedOut):
        machines.api.send_task_success(taskToken=tokens[0], output="2")


def test_a_token_that_nobody_gave_out_is_invalid(machines: Machines) -> None:
    with pytest.raises(machines.api.exceptions.InvalidToken):
        machines.api.send_task_success(taskToken="mine", output="{}")


def test_of_twelve_answers_at_once_one_is_taken(tokens: list[str], aws: LocalAws, machines: Machines) -> None:
    execution = machines.start({"Decide": token()})
    accepted: list[int] = []

    def answer(number: int) -> None:
        try:
            machines.api.send_task_success(taskToken=tokens[0], output=str(number))
        except machines.api.exceptions.TaskTimedOut:
            return
        accepted.append(number)

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    aws.settle()

    assert [json.loads(machines.describe(execution)["output"])] == accepted


def test_a_missed_heartbeat_has_a_name_of_its_own(
    tokens: list[str], aws: LocalAws, machines: Machines
) -> None:
    caught = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Missed"}]
    states = {
        "Decide": token(TimeoutSeconds=10 * DAY, HeartbeatSeconds=DAY, Catch=caught, End=True),
        "Missed": {"Type": "Succeed"},
    }
    execution = machines.start(states)

    for _ in range(3):
        aws.advance(timedelta(hours=20))
        machines.api.send_task_heartbeat(taskToken=tokens[0])
    beating = machines.status(execution)
    aws.advance(timedelta(hours=25))

    assert beating == "RUNNING"
    assert machines.entered(execution) == ["Decide", "Missed"]


# --- time ------------------------------------------------------------------------------------------------------


def test_a_timeout_counts_the_laws_time_from_when_the_state_was_entered(
    tokens: list[str], aws: LocalAws, machines: Machines
) -> None:
    execution = machines.start({"Decide": token(TimeoutSeconds="{% 5 * 86400 %}", End=True)})

    aws.advance(timedelta(days=5) - timedelta(seconds=1))
    before = machines.status(execution)
    aws.advance(timedelta(seconds=1))

    ended = machines.describe(execution)
    assert before == "RUNNING"
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    assert ended["startDate"] == NEW_YEAR
    event = machines.api.get_execution_history(executionArn=execution, reverseOrder=True)["events"][-1]
    assert event["timestamp"] == NEW_YEAR + timedelta(days=5)


@pytest.mark.parametrize(
    "wait",
    [
        {"Seconds": 3 * DAY},
        {"Seconds": "{% $states.input.days * 86400 %}"},
        {"Timestamp": "2026-01-04T08:00:00Z"},
        {"Timestamp": "{% $states.input.until %}"},
    ],
)
def test_a_wait_counts_the_laws_time(wait: dict[str, Any], aws: LocalAws, machines: Machines) -> None:
    states = {"Wait": {"Type": "Wait", "Next": "End"} | wait, "End": {"Type": "Succeed"}}
    execution = machines.start(states, {"days": 3, "until": "2026-01-04T08:00:00Z"})

    aws.advance_to(NEW_YEAR + timedelta(days=3) - timedelta(seconds=1))
    before = machines.status(execution)
    aws.advance(timedelta(seconds=1))

    assert (before, machines.status(execution)) == ("RUNNING", "SUCCEEDED")


def test_twenty_eight_days_with_their_timers_pass_in_one_jump(
    tokens: list[str], aws: LocalAws, machines: Machines
) -> None:
    rang = [{"ErrorEquals": ["States.Timeout"], "Next": "Decide"}]
    execution = machines.start({"Decide": token(TimeoutSeconds=4 * DAY, Catch=rang, End=True)})

    aws.advance(timedelta(days=28))

    assert machines.entered(execution) == ["Decide"] * 8
    assert len(tokens) == 8


def test_a_machine_has_a_timeout_of_its_own(tokens: list[str], aws: LocalAws, machines: Machines) -> None:
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Decide",
        "TimeoutSeconds": DAY,
        "States": {"Decide": token()},
    }
    arn = machines.api.create_state_machine(
        name="short", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/r"
    )["stateMachineArn"]
    execution = machines.api.start_execution(stateMachineArn=arn, name="one")["executionArn"]
    aws.settle()

    aws.advance(timedelta(days=1))

    assert machines.status(execution) == "TIMED_OUT"


# --- branches --------------------------------------------------------------------------------------------------


def branch(name: str, state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: state}}


def test_branches_wait_for_each_other(tokens: list[str], aws: LocalAws, machines: Machines) -> None:
    parallel = {
        "Type": "Parallel",
        "End": True,
        "Branches": [branch("Fire", token()), branch("Plan", token())],
    }
    execution = machines.start({"Consult": parallel})

    machines.api.send_task_success(taskToken=tokens[0], output="1")
    aws.settle()
    halfway = machines.status(execution)
    machines.api.send_task_success(taskToken=tokens[1], output="1")
    aws.settle()

    assert (halfway, machines.describe(execution)["output"]) == ("RUNNING", "[1, 1]")


def test_a_failed_branch_ends_the_others(tokens: list[str], aws: LocalAws, machines: Machines) -> None:
    parallel = {
        "Type": "Parallel",
        "Branches": [branch("Fire", token()), branch("Plan", token())],
        "Catch": [{"ErrorEquals": ["Objected"], "Next": "Refused"}],
        "End": True,
    }
    execution = machines.start({"Consult": parallel, "Refused": {"Type": "Succeed"}})

    machines.api.send_task_failure(taskToken=tokens[0], error="Objected")
    aws.settle()

    assert machines.entered(execution)[-1] == "Refused"
    with pytest.raises(machines.api.exceptions.TaskTimedOut):
        machines.api.send_task_success(taskToken=tokens[1], output="1")


def test_each_item_of_a_map_runs(functions: Handlers, machines: Machines) -> None:
    functions["double"] = lambda event, context: 2 * event["n"]
    states = {
        "Each": {
            "Type": "Map",
            "Items": "{% $states.input.numbers %}",
            "MaxConcurrency": 2,
            "End": True,
            "ItemSelector": {"n": "{% $states.context.Map.Item.Value %}"},
            "ItemProcessor": branch(
                "Double",
                task("double", "{% $states.input %}", Output="{% $states.result.Payload %}", End=True),
            ),
        }
    }

    assert machines.run(states, {"numbers": [1, 2, 3, 4, 5]}) == [2, 4, 6, 8, 10]


def test_a_map_of_token_waits_stands_still(tokens: list[str], aws: LocalAws, machines: Machines) -> None:
    states = {
        "Each": {
            "Type": "Map",
            "Items": "{% [1..3] %}",
            "ItemProcessor": branch("Decide", token()),
            "End": True,
        }
    }
    execution = machines.start(states)

    for given in tokens:
        machines.api.send_task_success(taskToken=given, output="0")
    aws.settle()

    assert machines.describe(execution)["output"] == "[0, 0, 0]"


# --- stopping --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "states",
    [
        {"Decide": token()},
        {
            "Decide": token(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "No"}], End=True),
            "No": {"Type": "Fail"},
        },
        {"Sleep": {"Type": "Wait", "Seconds": 99, "End": True}},
        {
            "Consult": {
                "Type": "Parallel",
                "Branches": [branch("A", token()), branch("B", token())],
                "End": True,
            }
        },
        {"Each": {"Type": "Map", "Items": [1, 2], "ItemProcessor": branch("A", token()), "End": True}},
    ],
)
def test_a_stopped_execution_is_aborted_and_leaves_no_thread(
    states: States, tokens: list[str], aws: LocalAws, machines: Machines
) -> None:
    threads = threading.active_count()
    execution = machines.start(states)

    machines.api.stop_execution(executionArn=execution, error="CaseClosed", cause="withdrawn")
    at_once = machines.status(execution)
    aws.settle()
    aws.motion.join(10)

    ended = machines.describe(execution)
    assert (at_once, ended["status"]) == ("ABORTED", "ABORTED")
    assert (ended["error"], ended["cause"]) == ("CaseClosed", "withdrawn")
    assert threading.active_count() == threads


def test_an_execution_can_be_answered_and_stopped_the_moment_it_is_started(
    aws: LocalAws, tokens: list[str], machines: Machines
) -> None:
    arn = machines.create({"Decide": token()})

    for number in range(30):
        execution = machines.api.start_execution(stateMachineArn=arn, name=f"e{number}")["executionArn"]
        machines.api.stop_execution(executionArn=execution)

    aws.settle()
    assert len(machines.api.list_executions(stateMachineArn=arn, statusFilter="ABORTED")["executions"]) == 30


def test_a_system_that_stops_ends_an_execution_that_is_only_starting(
    tokens: list[str], aws: LocalAws, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, deaf = Execution.stop, iter([True])

    def not_heard_at_first(execution: Execution, *arguments: Any, **more: Any) -> None:
        if not next(deaf, False):
            stop(execution, *arguments, **more)

    machines.start({"Decide": token()})
    monkeypatch.setattr(Execution, "stop", not_heard_at_first)

    aws._end_executions()

    assert [run.status for run in aws.runs()] == ["ABORTED"]


def test_a_name_is_given_once(aws: LocalAws, machines: Machines) -> None:
    arn = machines.create({"End": {"Type": "Succeed"}})
    machines.api.start_execution(stateMachineArn=arn, name="c1-1-1", input="{}")
    aws.settle()

    with pytest.raises(machines.api.exceptions.ExecutionAlreadyExists):
        machines.api.start_execution(stateMachineArn=arn, name="c1-1-1", input="{}")
    unnamed = machines.api.start_execution(stateMachineArn=arn)["executionArn"]

    assert not unnamed.endswith("None")


def test_many_executions_move_at_once(aws: LocalAws, tokens: list[str], machines: Machines) -> None:
    parallel = {"Type": "Parallel", "Branches": [branch("A", token()), branch("B", token())], "End": True}
    arn = machines.create({"Consult": parallel})

    for number in range(40):
        machines.api.start_execution(stateMachineArn=arn, name=f"e{number}")
    aws.settle()
    given = list(tokens)
    for each in given:
        machines.api.send_task_success(taskToken=each, output="1")
    aws.settle()

    assert len(given) == 80
    assert (
        len(machines.api.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED")["executions"]) == 40
    )


def test_an_asynchronous_invocation_does_not_wait(aws: LocalAws, functions: Handlers) -> None:
    release, ran = threading.Event(), threading.Event()

    def work(event: Any, context: Any) -> None:
        release.wait(10)
        ran.set()

    functions["work"] = work

    answer = aws.client("lambda").invoke(FunctionName="work", InvocationType="Event", Payload="{}")
    waiting = not ran.is_set()
    release.set()
    aws.settle()

    assert (answer["StatusCode"], waiting, ran.is_set()) == (202, True, True)
