"""A case and the one that it has started come together whatever fails, and nothing happens twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem
from tests.builders import HOUSE

MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
WAREHOUSE = HOUSE | {"function": "business", "floor_area_m2": 2500, "floors": 1}
ASKED = "environment-recommendation"
IN_THE_PARENT = ["child.started", "child.decided", "document.linked", "task.completed"]
IN_THE_CHILD = ["case.created", "document.linked", "document.linked", "case.submitted", "episode.opened"]


@pytest.fixture
def system() -> Iterator[LocalSystem]:
    with LocalSystem(LocalClock(MORNING, frozen=True)) as running:
        yield running


def filed(system: LocalSystem) -> CaseDriver:
    return CaseDriver(system).apply(WAREHOUSE)


def child_of(parent: CaseDriver) -> CaseDriver:
    (child,) = parent.case.children.values()
    return CaseDriver(parent.system, service=child.service, applicant="hendra", case_id=child.id)


def answer(child: CaseDriver) -> None:
    child.act("dlh/front-office", "approve").act("gilang", "no_objection", task="minutes-1")
    child.act("kartika", "no_objection", task="minutes-2").act("dlh/head", "approve")


def came_together_once(parent: CaseDriver) -> bool:
    child = child_of(parent)
    told = [event["type"] for event in parent.history if _is_about(event, parent)]
    once = sorted(told) == sorted(IN_THE_PARENT)
    begun = [one for one in child.types if one in ("case.created", "case.submitted", "episode.opened")]
    return (
        once
        and child.types[:5] == IN_THE_CHILD
        and begun == ["case.created", "case.submitted", "episode.opened"]
        and parent.task(ASKED).action == "no_objection"
    )


def _is_about(event: dict[str, Any], parent: CaseDriver) -> bool:
    completed = event["type"] == "task.completed" and event["data"]["task"] == parent.task(ASKED).id
    return completed or event["type"] in IN_THE_PARENT[:3]


@pytest.mark.parametrize("when", ["before", "after", "twice"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_the_relay_may_fail_or_run_twice_while_the_child_is_filed(
    system: LocalSystem, nth: int, when: Any
) -> None:
    parent = filed(system)
    system.aws.faults.fail("lambda", "relay", nth=nth, when=when)

    parent.act("pupr/secretariat", "approve")
    answer(child_of(parent))

    assert came_together_once(parent)


@pytest.mark.parametrize("when", ["before", "after", "twice"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_the_relay_may_fail_or_run_twice_while_the_answer_comes_back(
    system: LocalSystem, nth: int, when: Any
) -> None:
    parent = filed(system).act("pupr/secretariat", "approve")
    child = child_of(parent)
    child.act("dlh/front-office", "approve").act("gilang", "no_objection", task="minutes-1")
    child.act("kartika", "no_objection", task="minutes-2")
    system.aws.faults.fail("lambda", "relay", nth=nth, when=when)

    child.act("dlh/head", "approve")

    assert came_together_once(parent)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", [2, 3, 4, 5])
def test_a_write_may_be_lost_or_its_answer_may(system: LocalSystem, nth: int, when: Any) -> None:
    parent = filed(system)
    system.aws.faults.fail("dynamodb", "PutItem", nth=nth, when=when)

    parent.act("pupr/secretariat", "approve")
    answer(child_of(parent))

    assert came_together_once(parent)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_step_that_asks_may_be_killed(system: LocalSystem, when: Any) -> None:
    parent = filed(system)
    system.aws.faults.fail("lambda", "open_tasks", when=when)

    parent.act("pupr/secretariat", "approve")
    if parent.case.status == "needs_attention":
        parent.redrive(by="sri")
    answer(child_of(parent))

    assert came_together_once(parent)


def test_the_child_may_be_decided_before_the_parent_waits_again(system: LocalSystem) -> None:
    parent = filed(system).act("pupr/secretariat", "approve")
    parent.act("pupr/tpt", "approve").act("tata-ruang/spatial-plan", "no_objection")
    parent.redrive(by="sri")
    child = child_of(parent)

    answer(child)

    assert came_together_once(parent)
    assert parent.task("statement").state == "open"


def test_a_redriven_parent_asks_nobody_twice(system: LocalSystem) -> None:
    parent = filed(system).act("pupr/secretariat", "approve")

    parent.redrive(by="sri").redrive(by="sri")
    answer(child_of(parent))

    assert came_together_once(parent)


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("when", ["before", "after", "twice"])
def test_a_withdrawal_reaches_the_child_whatever_fails(system: LocalSystem, nth: int, when: Any) -> None:
    parent = filed(system).act("pupr/secretariat", "approve")
    system.aws.faults.fail("lambda", "relay", nth=nth, when=when)

    parent.withdraw()

    child = child_of(parent)
    assert (child.case.status, child.types.count("case.withdrawn")) == ("withdrawn", 1)
    assert [one.status for one in parent.case.children.values()] == ["withdrawn"]
