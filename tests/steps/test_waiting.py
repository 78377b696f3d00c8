"""The steps that wait: open once, leave the newest token, let time have its effect, and ask for the right timer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.domain import episodes, waits
from functions.domain.errors import CaseClosed, DependencyDown, RoundsExhausted, Superseded
from functions.ports import Token
from functions.runtime.step import TOLERANCE
from tests.builders import MOSQUE, SHOP, Walk, calendar_of
from tests.steps.conftest import Stage

DAY = timedelta(days=1)


def seconds_to_due(stage: Stage, task: str) -> int:
    (found,) = (one for one in stage.case.tasks.values() if one.name == task)
    return waits.seconds_until(found.due_at, stage.aws.clock.now())


def token(stage: Stage) -> Token:
    found = stage.record.token
    assert found is not None
    return found


# -- opening -----------------------------------------------------------------------------------------------------


def test_a_task_is_opened_with_its_role_and_term_and_the_token_is_left_for_the_relay(stage: Stage):
    stage.put(Walk().submitted())

    assert stage.call("completeness") == {}

    (task,) = stage.case.open_tasks()
    assert (task.name, task.kind, task.role, task.key) == (
        "completeness",
        "decide",
        "pupr/secretariat",
        (1, "completeness", 1),
    )
    assert task.due_at == calendar_of("pupr").due(stage.aws.clock.now(), waits.Term.parse("1 wd"))
    assert token(stage) == Token(1, 1, "completeness", 1, "token of completeness")


def test_everybody_whom_the_answers_concern_is_asked_in_one_commit(stage: Stage):
    stage.put(Walk(SHOP).completeness().act("completeness", "approve"))

    stage.call("review")

    assert [task.name for task in stage.case.open_tasks()] == [
        "technical-review",
        "fire-safety",
        "spatial-plan",
    ]
    assert len(stage.record.commits[-1].events) == 3


@pytest.mark.parametrize("step", ["completeness", "review", "bill", "correct-plans"])
def test_a_step_that_is_called_twice_opens_its_tasks_once(stage: Stage, step: str):
    ways = {
        "completeness": lambda: Walk().submitted(),
        "review": lambda: Walk(SHOP).completeness().act("completeness", "approve"),
        "bill": lambda: Walk().statement().act("statement", "approve"),
        "correct-plans": lambda: (
            Walk()
            .statement()
            .act("statement", "return", comment="x", data={"fields": [{"pointer": "/floors"}]})
        ),
    }
    stage.put(ways[step]())
    stage.call(step)
    types = stage.types

    stage.call(step)
    stage.call(step, token="another")

    assert stage.types == types
    assert token(stage).token == "another"


def test_a_bill_stops_the_clock_and_asks_the_applicant(stage: Stage):
    stage.put(Walk().statement().act("statement", "approve"))

    stage.call("bill")

    assert stage.types[-3:] == ["payment.billed", "task.opened", "clock.paused"]
    assert stage.case.status == "awaiting_payment"


def test_a_fee_of_zero_answers_itself_and_records_nothing(stage: Stage):
    stage.put(Walk(MOSQUE).statement().act("statement", "approve"))
    version = stage.case.version

    stage.call("bill")
    stage.call("bill")

    assert (token(stage).answer, stage.case.version) == ("paid", version)


def test_after_the_last_round_the_applicant_is_not_asked_again(stage: Stage):
    walk = Walk().completeness()
    for _ in range(5):
        walk.act("completeness", "return", comment="x", data={"fields": [{"pointer": "/floors"}]})
        walk.open("correct-application").act("correct-application", "resubmit").open("completeness")
    stage.put(walk.act("completeness", "return", comment="Enough."))

    with pytest.raises(RoundsExhausted):
        stage.call("correct-application", round=6)

    assert stage.case.open_tasks() == []


def test_a_step_that_was_killed_before_it_left_its_token_leaves_it_the_next_time(stage: Stage):
    stage.put(Walk().submitted())
    stage.aws.faults.fail("dynamodb", "PutItem", nth=2)
    with pytest.raises(DependencyDown):
        stage.call("completeness")
    assert stage.record.token is None

    stage.call("completeness")

    assert token(stage).step == "completeness"
    assert stage.types.count("task.opened") == 1


# -- older and closed --------------------------------------------------------------------------------------------


def redriven(walk: Walk) -> Walk:
    walk.do("sri", lambda writer: episodes.redrive(writer, "again"))
    return walk


@pytest.mark.parametrize("step", ["completeness", "fee", "granted"])
def test_an_older_driver_is_turned_away_and_changes_nothing(stage: Stage, step: str):
    stage.put(redriven(Walk().submitted()))
    version = stage.case.version

    with pytest.raises(Superseded):
        stage.call(step, attempt=1)

    assert (stage.case.version, stage.record.token) == (version, None)
    stage.call("completeness", attempt=2)
    assert stage.types[version:] == ["rules.checked", "task.opened"]


@pytest.mark.parametrize("step", ["completeness", "fee", "granted"])
def test_a_case_that_was_withdrawn_meanwhile_is_closed_for_its_driver(stage: Stage, step: str):
    stage.put(Walk().submitted().withdraw())
    version = stage.case.version

    with pytest.raises(CaseClosed):
        stage.call(step)

    assert stage.case.version == version


def test_a_newer_attempt_walks_through_what_is_done_and_opens_nothing_twice(stage: Stage):
    stage.put(redriven(Walk(SHOP).review()))
    version = stage.case.version

    stage.call("completeness", attempt=2)
    assert token(stage).step == "completeness"
    stage.call("review", attempt=2)

    assert token(stage).step == "review"
    assert stage.case.version == version


# -- tokens that come late ---------------------------------------------------------------------------------------


def tokens(stage: Stage) -> list[str]:
    return [one.token for one in stage.record.tokens]


def test_the_token_of_a_wait_that_is_over_gives_way_to_the_next(stage: Stage):
    walk = stage.put(Walk().submitted())
    stage.call("completeness")
    walk.open("completeness").act("completeness", "approve")
    stage.ports.cases.commit(walk.case.id, walk.commits[-1])

    stage.call("review")

    assert tokens(stage) == ["token of review"]


def test_a_call_that_comes_late_leaves_the_token_of_the_newer_wait_alone(stage: Stage):
    walk = stage.put(Walk().submitted())
    stage.call("completeness")
    walk.open("completeness").act("completeness", "approve")
    stage.ports.cases.commit(walk.case.id, walk.commits[-1])
    stage.call("review")

    stage.call("completeness", token="late")

    assert tokens(stage) == ["token of review", "late"]


def test_of_two_tries_at_one_wait_both_tokens_stay_for_only_one_lives(stage: Stage):
    stage.put(Walk().submitted())
    stage.call("completeness", token="second")

    stage.call("completeness", token="slow first")

    assert tokens(stage) == ["second", "slow first"]


def test_tokens_do_not_gather_for_ever(stage: Stage):
    stage.put(Walk().submitted())

    for number in range(9):
        stage.call("completeness", token=f"token {number}")

    assert tokens(stage) == ["token 5", "token 6", "token 7", "token 8"]


def test_two_calls_at_once_keep_both_tokens(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    stage.put(Walk().submitted())
    stage.call("completeness", token="first")
    put, raced = stage.ports.table.put_tokens, []

    def put_after_another(*arguments: Any) -> None:
        if not raced:
            raced.append(True)
            stage.call("completeness", token="overtaking")
        put(*arguments)

    monkeypatch.setattr(stage.ports.table, "put_tokens", put_after_another)
    stage.call("completeness", token="overtaken")

    assert tokens(stage) == ["first", "overtaking", "overtaken"]


# -- time --------------------------------------------------------------------------------------------------------


def test_a_timer_that_rings_in_time_is_left_alone(stage: Stage):
    stage.put(Walk().submitted())

    stage.call("completeness", timeout=3600)

    assert token(stage).still is None


def test_a_timer_that_would_ring_too_late_is_asked_to_ring_when_the_term_has_passed(stage: Stage):
    stage.put(Walk().submitted())

    stage.call("completeness", timeout=10**6)

    assert token(stage).still == seconds_to_due(stage, "completeness")


def test_once_it_has_rung_in_vain_the_timer_is_set_to_the_right_moment_whichever_way_it_was_wrong(
    stage: Stage,
):
    stage.put(Walk().submitted())
    stage.call("completeness", timeout=3600)

    stage.call("completeness", timeout=3600)
    assert token(stage).still == seconds_to_due(stage, "completeness")

    stage.call("completeness", timeout=seconds_to_due(stage, "completeness"))
    assert token(stage).still is None


@pytest.mark.parametrize("off", [-TOLERANCE, -1, 0, 1, TOLERANCE])
def test_asking_for_a_timer_comes_to_an_end_although_each_answer_takes_its_time(stage: Stage, off: int):
    stage.put(Walk().submitted())
    stage.call("completeness")

    stage.call("completeness", timeout=seconds_to_due(stage, "completeness") + off)

    assert token(stage).still is None


def test_when_the_term_has_passed_silence_has_its_effect_once(stage: Stage):
    stage.put(Walk().submitted())
    stage.call("completeness")
    stage.aws.advance(5 * DAY)

    stage.call("completeness")
    stage.call("completeness")

    assert stage.types.count("alarm.raised") == 1
    assert token(stage).still == waits.LONGEST_SLEEP.total_seconds() + 1


def test_an_unpaid_bill_lapses_when_the_timer_rings_and_needs_no_other_timer(stage: Stage):
    stage.put(Walk().statement().act("statement", "approve"))
    stage.call("bill")
    stage.aws.advance(31 * DAY)

    stage.call("bill", timeout=10**9)

    assert stage.types[-3:] == ["task.expired", "payment.expired", "clock.resumed"]
    assert (token(stage).still, token(stage).answer) == (None, None)


# -- racing ------------------------------------------------------------------------------------------------------


def test_a_step_that_loses_the_race_for_the_next_number_decides_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    walk = stage.put(Walk().submitted())
    load, raced = stage.ports.cases.load, []

    def load_and_be_overtaken(case_id: str) -> Any:
        record = load(case_id)
        if not raced:
            raced.append(True)
            walk.do("siti", lambda writer: episodes.message(writer, "Halo"))
            stage.ports.cases.commit(case_id, walk.commits[-1])
        return record

    monkeypatch.setattr(stage.ports.table, "load", load_and_be_overtaken)
    stage.call("completeness")

    assert stage.types[-3:] == ["message.posted", "rules.checked", "task.opened"]


def test_a_case_closed_between_loading_and_writing_is_not_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    walk = stage.put(Walk().submitted())
    load, raced = stage.ports.cases.load, []

    def load_and_be_overtaken(case_id: str) -> Any:
        record = load(case_id)
        if not raced:
            raced.append(True)
            stage.ports.cases.commit(case_id, walk.withdraw().commits[-1])
        return record

    monkeypatch.setattr(stage.ports.table, "load", load_and_be_overtaken)

    with pytest.raises(CaseClosed):
        stage.call("completeness")
    assert stage.case.status == "withdrawn"
