"""An execution may be killed at every state: after a redrive the case comes to the same, and nothing happens twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.domain.errors import NotNow
from functions.runtime.observability import logger
from functions.streams.relay import execution_name
from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem, definitions
from tests.builders import MORNING, SHOP, asked
from tests.faults.conftest import OVERSIGHT, Persistent, effects, onward

APPLICATION = json.loads(definitions()["building-permit-application"])["States"]
TASKS = {
    name: state
    for name, state in APPLICATION.items()
    if state["Type"] == "Task" and name != "Call for attention"
}
WAITS = sorted(name for name, state in TASKS.items() if "waitForTaskToken" in state["Resource"])


def kill(case: CaseDriver) -> None:
    """Stop the running execution, as somebody in the console would."""
    (run,) = (run for run in case.aws.runs() if run.status == "RUNNING")
    case.aws.client("stepfunctions").stop_execution(executionArn=run.arn, error="Killed", cause="by hand")
    case.aws.settle()


def state_of(case: CaseDriver) -> str:
    (run,) = (run for run in case.aws.runs() if run.status == "RUNNING")
    return run.states[-1]


def way(case: CaseDriver, kill_at: str | None = None) -> dict[str, Any]:
    """A way that leads through every waiting state once: returned at the counter, and in the review, then granted."""
    case.file(SHOP).bring().submit()
    data = asked(("/floors",))
    acts = [
        ("Check completeness", lambda: case.act("pupr/secretariat", "return", comment="x", data=data)),
        ("Complete the application", lambda: case.act("applicant", "resubmit")),
        (None, lambda: case.act("pupr/secretariat", "approve")),
        (None, lambda: case.act("damkar/fire-safety", "no_objection")),
        (
            "Review the plans and consult the offices",
            lambda: case.act("tata-ruang/spatial-plan", "no_objection"),
        ),
        (None, lambda: case.act("pupr/tpt", "return", comment="x", data=data)),
        ("Correct the plans", lambda: case.act("applicant", "resubmit")),
        (None, lambda: case.act("pupr/tpt", "approve")),
        ("Sign the statement of technical standards", lambda: case.act("pupr/head", "approve")),
        ("Pay the fee", lambda: case.pay()),
        ("Sign the permit", lambda: case.act("dpmptsp/head", "approve")),
    ]
    for state, act in acts:
        if state is not None and state == kill_at:
            assert state_of(case) == state
            kill(case)
            assert case.case.status == "needs_attention"
            case.redrive()
            assert state_of(case) == state
        act()
    return effects(case)


@pytest.fixture(scope="session")
def undisturbed() -> dict[str, Any]:
    with LocalSystem(LocalClock(MORNING, frozen=True)) as running:
        return way(CaseDriver(running))


def test_every_waiting_state_is_on_the_way(system: LocalSystem):
    case = CaseDriver(system)
    way(case)

    (run,) = case.aws.runs()
    assert set(WAITS) <= set(run.states)


@pytest.mark.parametrize("state", WAITS)
def test_an_execution_that_was_killed_while_it_waited_goes_on_after_a_redrive(
    system: LocalSystem, undisturbed: dict[str, Any], state: str
):
    case = CaseDriver(system)

    found = way(case, kill_at=state)

    assert found == undisturbed
    assert found["status"] == "approved"
    assert [run.status for run in case.aws.runs()] == ["ABORTED", "SUCCEEDED"]
    assert [type_ for type_ in case.types if type_ in OVERSIGHT] == [
        "case.parked",
        "alarm.raised",
        "case.redriven",
    ]


@pytest.mark.parametrize("function", ["open_tasks", "assess_fee", "ask_payment", "record_outcome"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_step_that_breaks_parks_the_case_and_goes_on_after_a_redrive(
    case: Persistent, plain: dict[str, Any], function: str, when: Any
):
    logger.setLevel("CRITICAL")
    case.aws.faults.fail("lambda", function, when=when, error=RuntimeError("a fault in the code"))
    case.file(SHOP).bring().submit()
    onward(case)

    runs = [run.status for run in case.aws.runs()]
    if function == "record_outcome" and when == "after":
        # The permit is out: there is nothing left to redrive.
        assert runs == ["FAILED"]
    else:
        assert runs == ["FAILED", "SUCCEEDED"]
        assert case.types.count("case.parked") == case.types.count("case.redriven") == 1
    found = effects(case)
    assert found == plain
    assert (len(found["permits"]), len(found["bills"])) == (1, 1)


def refuse(case: CaseDriver) -> None:
    case.file(SHOP).bring().submit()
    case.act("pupr/secretariat", "approve").act("pupr/tpt", "reject", comment="x")
    case.act("damkar/fire-safety", "no_objection").act("tata-ruang/spatial-plan", "no_objection")


def lapse(case: CaseDriver) -> None:
    case.file(SHOP).bring().submit()
    case.act("pupr/secretariat", "return", comment="x", data=asked(("/floors",)))
    case.advance(days=31)


def appeal(case: CaseDriver, action: str) -> None:
    refuse(case)
    onward(case)
    case.appeal().act("dpmptsp/supervisor", action, comment="x", task="decide-appeal")


# Each state of both processes in which a function answers at once, how one comes there, and its how-manieth call it is.
ACTING: dict[str, tuple[Callable[[CaseDriver], object], str, int]] = {
    "Assess the fee": (lambda case: case.file(SHOP).bring().submit(), "assess_fee", 1),
    "Issue the permit": (lambda case: case.file(SHOP).bring().submit(), "record_outcome", 1),
    "Refuse the application": (refuse, "record_outcome", 1),
    "Declare the application lapsed": (lapse, "record_outcome", 1),
    "Open the application anew": (lambda case: appeal(case, "approve"), "record_outcome", 2),
    "Dismiss the appeal": (lambda case: appeal(case, "reject"), "record_outcome", 2),
}


def test_every_acting_state_is_known():
    acting = {
        name
        for process in ("application", "appeal")
        for name, state in json.loads(definitions()[f"building-permit-{process}"])["States"].items()
        if state.get("Resource", "").endswith(":invoke") and name != "Call for attention"
    }

    assert acting == set(ACTING)


@pytest.mark.parametrize("state", ACTING)
def test_an_execution_that_broke_where_a_function_acts_goes_on_after_a_redrive(state: str):
    go, function, nth = ACTING[state]
    found, parked = [], []

    for broken in (False, True):
        with LocalSystem(LocalClock(MORNING, frozen=True)) as system:
            case = Persistent(system)
            if broken:
                system.aws.faults.fail("lambda", function, nth=nth, error=RuntimeError("a fault in the code"))
            go(case)
            found.append(effects(onward(case)))
            parked += [event["data"]["state"] for event in case.history if event["type"] == "case.parked"]

    assert found[1] == found[0]
    assert parked == [state]


def test_an_appeal_that_was_killed_while_it_waited_goes_on_after_a_redrive(case: Persistent):
    refuse(case)
    case.appeal()
    kill(case)
    assert case.case.status == "needs_attention"

    case.redrive().act("dpmptsp/supervisor", "reject", comment="x", task="decide-appeal")

    assert case.case.status == "rejected"
    assert case.types.count("outcome.decided") == 2


def test_a_case_that_cannot_be_parked_by_its_definition_is_parked_when_its_execution_has_failed(
    case: Persistent,
):
    case.aws.faults.fail("lambda", "assess_fee", error=RuntimeError("a fault"))
    case.aws.faults.fail("lambda", "park_case", times=20, error=RuntimeError("another"))
    case.file(SHOP).bring().submit()
    case.act("pupr/secretariat", "approve")
    for task in case.case.open_tasks():
        case.act(task.role, "approve" if task.kind == "decide" else "no_objection", task=task.name)

    assert case.case.status == "needs_attention"
    parked = next(event for event in case.history if event["type"] == "case.parked")
    assert (parked["data"]["state"], parked["data"]["error"]) == ("execution", "FAILED")
    case.aws.faults.clear()
    assert onward(case).case.status == "approved"


def test_a_redrive_of_a_healthy_case_stops_the_old_driver_and_changes_nothing_else(
    case: Persistent, plain: dict[str, Any]
):
    case.file(SHOP).bring().submit()
    case.redrive().redrive()

    runs = {run.name: run.status for run in case.aws.runs()}
    assert runs == {
        execution_name(case.id, 1, 1): "ABORTED",
        execution_name(case.id, 1, 2): "ABORTED",
        execution_name(case.id, 1, 3): "RUNNING",
    }
    assert effects(onward(case)) == plain


def test_two_redrives_before_the_relay_looks_leave_one_driver(case: Persistent, plain: dict[str, Any]):
    case.file(SHOP).bring().submit()
    case.aws.faults.fail("lambda", "relay", times=22, error=RuntimeError("away"))
    case.redrive().redrive()
    case.advance(minutes=3)

    assert sorted(run.status for run in case.aws.runs()) == ["ABORTED", "RUNNING"]
    assert effects(onward(case)) == plain


def test_a_case_goes_on_in_the_same_way_however_often_it_is_redriven(case: Persistent, plain: dict[str, Any]):
    case.file(SHOP).bring().submit()
    for _ in range(50):
        if not (asked_now := case.case.open_tasks()):
            break
        case.redrive()
        task = asked_now[0]
        if task.kind == "pay":
            case.pay()
        else:
            case.act(task.role, "approve" if task.kind == "decide" else "no_objection", task=task.name)

    assert effects(case) == plain
    assert case.case.episodes[0].attempt == 8


def test_what_has_ended_is_not_redriven(case: Persistent):
    onward(case.file(SHOP).bring().submit())

    with pytest.raises(NotNow):
        case.redrive()


def test_a_step_of_an_older_attempt_is_turned_away_and_never_changes_anything(
    case: Persistent, plain: dict[str, Any]
):
    case.file(SHOP).bring().submit()
    case.act("pupr/secretariat", "approve")
    old = [
        call.params
        for call in case.aws.faults.calls
        if call.service == "lambda" and call.operation == "open_tasks"
    ]
    case.redrive()
    version, tokens = case.case.version, case.record.tokens

    for payload in old:
        with pytest.raises(Exception, match="Superseded"):
            case.aws.functions.invoke("open_tasks", payload)

    assert (case.case.version, case.record.tokens) == (version, tokens)
    assert effects(onward(case)) == plain


def test_a_step_of_this_attempt_that_runs_again_much_later_changes_nothing(
    case: Persistent, plain: dict[str, Any]
):
    case.file(SHOP).bring().submit()
    for _ in range(3):
        task = case.case.open_tasks()[0]
        case.act(task.role, "approve" if task.kind == "decide" else "no_objection", task=task.name)
    old = [
        call for call in case.aws.faults.calls if call.service == "lambda" and call.operation == "open_tasks"
    ]

    for call in old:
        case.aws.functions.invoke("open_tasks", call.params)
        case.aws.settle()

    assert effects(onward(case)) == plain


def told(case: CaseDriver) -> list[Any]:
    """What executions were told of the floor area: at their start, and by each answer."""
    inputs = {"StartExecution": "input", "SendTaskSuccess": "output", "SendTaskFailure": "error"}
    calls = [call for call in case.aws.faults.calls if call.operation in inputs]
    texts = [call.params[inputs[call.operation]] for call in calls]
    said = [json.loads(text)["facts"]["floor_area_m2"] if text.startswith("{") else text for text in texts]
    return [word for word in said if word != "StillTime"]


def test_a_new_driver_meets_every_fact_as_the_old_one_met_it(case: Persistent):
    case.file(SHOP).bring().submit()
    case.act("pupr/secretariat", "approve")
    case.act("damkar/fire-safety", "no_objection").act("tata-ruang/spatial-plan", "no_objection")
    case.act("pupr/tpt", "return", comment="x", data=asked(("/floor_area_m2",)))
    case.patch(floor_area_m2=300).act("applicant", "resubmit")
    before = told(case)

    case.redrive()

    assert before == [240, 240, "Returned", 300]
    assert told(case) == [*before, *before]
