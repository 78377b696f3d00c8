"""The register says which permits are in force, and the statistics count each case once, whatever comes how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain import episodes, register, statistics
from functions.domain.statistics import Figures
from functions.runtime.wiring import ports
from functions.streams.register import handler
from infra.cost import item_size
from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.meter import measure
from infra.local.system import LocalSystem
from tests.builders import CATALOGUE, MORNING, PERMIT, Walk, case_in
from tests.streams.bus import delivered, happening, invocation, told

CALENDAR = CATALOGUE.calendar("dpmptsp")


def granted(system: LocalSystem, applicant: str = "siti") -> CaseDriver:
    driver = CaseDriver(system, applicant=applicant).apply()
    for role in ("pupr/secretariat", "pupr/tpt"):
        driver.act(role, "approve")
    driver.act("tata-ruang/spatial-plan", "no_objection").act("pupr/head", "approve")
    driver.pay()
    return driver.act("dpmptsp/head", "approve")


def entries() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ports.table.under("REGISTER#building-permit#2026-02").items
    return found


def numbers() -> dict[str, int]:
    found = ports.table.counters(statistics.COUNTERS, since="2026-02", until="2026-02~")
    total: Counter[str] = sum((Counter(counted) for _, counted in found), Counter())
    return {name: count for name, count in total.items() if "/" not in name}


def everything(driver: CaseDriver) -> list[dict[str, Any]]:
    record = driver.record
    events = [event.as_dict() for commit in record.commits for event in commit.events]
    return [delivered(happening(record.case, event)) for event in events]


def ended(walk: Walk) -> statistics.Conclusion:
    found = statistics.conclusion(walk.case.id, walk.commits, walk.service, CALENDAR)
    assert found is not None
    return found


# -- the steps

STEPS = ("completeness", "technical-review", "spatial-plan", "statement", "bill", "sign-permit")


def steps() -> dict[str, statistics.Figures]:
    found = ports.table.counters(statistics.COUNTERS, since="2026-02", until="2026-02~")
    return statistics.by_month(found, "building-permit")["2026-02"].steps()


def test_each_step_is_counted_with_the_end_of_its_case_and_once(by_hand: LocalSystem) -> None:
    driver = granted(by_hand)
    for event in everything(driver) * 2:
        handler(event, invocation())

    assert {name: one.lengths for name, one in steps().items()} == dict.fromkeys(STEPS, 1)
    assert steps()["statement"].working_days(90) == 0


def test_the_steps_of_an_appeal_are_counted_under_its_process_once_it_has_ended(system: LocalSystem) -> None:
    driver = CaseDriver(system).apply()
    driver.act("pupr/secretariat", "approve")
    driver.act("pupr/tpt", "reject", comment="Kolom terlalu tipis.").act(
        "tata-ruang/spatial-plan", "no_objection"
    )
    before = set(steps())

    driver.appeal("Kolom cukup tebal.")
    assert set(steps()) == before
    (task,) = driver.case.open_tasks()
    driver.act(task.role, "reject", comment="Tetap terlalu tipis.")
    system.aws.settle()

    assert set(steps()) - before == {f"appeal.{task.name}"}
    assert steps()[f"appeal.{task.name}"].lengths == 1
    assert numbers()["rejected"] == 1
    for event in everything(driver):
        handler(event, invocation())
    assert steps()[f"appeal.{task.name}"].lengths == 1


def test_a_step_that_falls_silent_is_late_and_one_that_returns_says_so() -> None:
    walk = case_in("approved")
    first, second, *_ = walk.case.tasks.values()
    first.state, first.done_at = "expired", first.opened_at + timedelta(days=40)
    second.action = "return"

    one, two, *_ = statistics.paces(walk.case, CALENDAR)

    assert (one.days, one.late, one.returned) == (40, True, False)
    assert one.working_days < 29
    assert (two.late, two.returned) == (False, True)


def test_lengths_of_steps_are_told_apart_as_far_as_they_matter() -> None:
    lengths = [statistics.Pace("review", days, days, False, False) for days in (0, 6, 8, 41, 5000)]

    found = statistics.Figures()
    found.add(statistics.counts_of(conclusion_of(lengths)))

    review = found.steps()["review"]
    assert [review.days(percent) for percent in (20, 40, 60, 80, 100)] == [0, 7, 10, 42, 365]
    assert found.days(50) == 3


def conclusion_of(paces: list[statistics.Pace]) -> statistics.Conclusion:
    return statistics.Conclusion("approved", MORNING.date(), 3, 3, True, steps=tuple(paces))


# -- the register


def test_a_permit_is_entered_with_the_facts_that_the_service_publishes(system: LocalSystem) -> None:
    driver = granted(system)

    (entry,) = entries()

    (number,) = driver.case.permits
    assert entry.pop("sk") == f"2026-02-02T02:00:00.000Z#{number}"
    assert entry == {
        "number": number,
        "kind": "permit",
        "service": "building-permit",
        "version": PERMIT.version,
        "agency": "dpmptsp",
        "state": "valid",
        "issued_at": "2026-02-02T02:00:00Z",
        "facts": {"function": "dwelling", "work": "new", "floor_area_m2": 90, "floors": 1},
    }


def test_a_revoked_permit_says_so_and_a_late_event_does_not_take_it_back(system: LocalSystem) -> None:
    driver = granted(system)
    late = told(driver, "permit.issued")

    driver.revoke()
    handler(late, invocation())

    assert [entry["state"] for entry in entries()] == ["revoked"]


def test_an_entry_keeps_the_facts_of_its_issue() -> None:
    walk = case_in("approved")
    (permit,) = walk.case.permits.values()
    walk.case.facts["floors"] = 9

    entry = register.entry(walk.case, walk.commits, PERMIT, permit)

    assert entry["facts"]["floors"] == 1


def test_an_entry_that_was_made_from_an_older_reading_is_not_written() -> None:
    valid, revoked = {"state": "valid"}, {"state": "revoked"}

    assert register.takes_the_place_of(revoked, valid)
    assert not register.takes_the_place_of(valid, revoked)
    assert not register.takes_the_place_of(valid, valid)
    assert register.takes_the_place_of(valid, None)


def test_a_refusal_is_counted_and_stays_out_of_the_register(system: LocalSystem) -> None:
    driver = CaseDriver(system).apply().act("pupr/secretariat", "approve")
    driver.act("tata-ruang/spatial-plan", "no_objection")

    driver.act("pupr/tpt", "reject", comment="Kolom terlalu tipis.")

    assert entries() == []
    assert numbers() == {"received": 1, "rejected": 1, "decided": 1, "in_time": 1, "d0": 1, "w0": 1}


def test_events_that_come_again_in_any_order_change_nothing(system: LocalSystem) -> None:
    driver = granted(system)
    before = (entries(), numbers())

    for event in reversed(everything(driver) * 2):
        handler(event, invocation())

    assert (entries(), numbers()) == before
    assert numbers()["received"] == numbers()["decided"] == 1


def test_a_lost_answer_of_the_table_counts_once(system: LocalSystem) -> None:
    driver = CaseDriver(system).file().bring()
    system.aws.faults.fail("dynamodb", "TransactWriteItems", when="after")

    driver.submit()

    assert numbers() == {"received": 1}


def test_a_counter_that_is_busy_is_tried_again(system: LocalSystem) -> None:
    driver = CaseDriver(system).file().bring()
    system.aws.faults.fail("dynamodb", "TransactWriteItems", error="TransactionCanceledException")

    driver.submit()

    assert numbers() == {"received": 1}
    assert system.aws.dead_letters == []


def test_a_draft_that_is_withdrawn_was_never_received(system: LocalSystem) -> None:
    CaseDriver(system).file().withdraw()

    assert numbers() == {}


def test_a_withdrawn_case_was_received_and_not_decided(system: LocalSystem) -> None:
    CaseDriver(system).apply().withdraw()

    assert numbers() == {"received": 1, "withdrawn": 1}


# -- what is counted


def test_days_run_from_the_submission_and_working_days_with_the_clock() -> None:
    walk = Walk().completeness().later(days=1).act("completeness", "approve").open("review").later(days=9)
    walk.reviewed().assess().open("statement").later(days=1).act("statement", "approve").open("bill")
    walk.later(days=20).pay()
    walk.open("sign-permit").later(days=1).act("sign-permit", "approve").outcome("approved")

    found = ended(walk)

    assert found.days == 32
    assert found.in_time
    # 3 to 13 February without its pause for payment, and the day of signing: the weekends are not counted.
    assert found.working_days == 8 + 1


def test_a_decision_after_the_term_is_late() -> None:
    walk = Walk().review().act("spatial-plan", "no_objection").later(days=60)
    walk.act("technical-review", "reject", comment="Kolom terlalu tipis.").outcome("rejected")

    found = ended(walk)

    assert not found.in_time
    assert "in_time" not in statistics.counts_of(found)


def test_the_first_end_counts_whatever_comes_after_it() -> None:
    walk = case_in("rejected")
    before = ended(walk)

    walk.later(days=5)
    walk.do("rina", lambda writer: episodes.reopen(writer, PERMIT, CATALOGUE.calendar, "Ada bukti baru."))
    walk.open("completeness").act("completeness", "approve")

    assert walk.case.status == "in_review"
    assert ended(walk) == before


def test_a_lapsed_case_is_no_decision() -> None:
    counts = statistics.counts_of(ended(case_in("lapsed")))

    assert {name: count for name, count in counts.items() if "/" not in name} == {"lapsed": 1}
    assert counts["bill/late"] == 1


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_the_shortest_time_that_the_share_did_not_exceed(
    days: list[int], percent: int
) -> None:
    figures = Figures()
    for length in days:
        figures.add({f"d{length}": 1, "decided": 1})

    found = figures.days(percent)

    assert found in days
    assert sum(length <= found for length in days) * 100 >= percent * len(days)
    assert sum(length < found for length in days) * 100 < percent * len(days)


def test_without_decisions_there_is_no_percentile() -> None:
    assert Figures().days(90) is None
    assert Figures().working_days(90) is None


def test_months_are_counted_back_over_the_year() -> None:
    assert statistics.months_before("2026-01", 1) == "2025-12"
    assert statistics.months_before("2026-11", 11) == "2025-12"


# -- what it costs


@pytest.fixture
def by_hand() -> Iterator[LocalSystem]:
    """A system whose register waits for the test to deliver its events."""
    clock = LocalClock(MORNING, frozen=True)
    with LocalSystem(clock, handlers={"register": lambda event, context: {}}) as running:
        yield running


def test_a_whole_case_costs_eight_write_units(by_hand: LocalSystem) -> None:
    driver = granted(by_hand)
    events = everything(driver)
    before = measure(by_hand.aws)

    for event in events:
        handler(event, invocation())

    used = measure(by_hand.aws) - before
    assert numbers()["decided"] == 1
    assert len(entries()) == 1
    assert used.write_units == 8


def test_the_numbers_of_a_busy_month_are_still_one_unit_to_write(system: LocalSystem) -> None:
    counter = statistics.counter("0" * 26, "building-permit", "dpmptsp", MORNING.date())
    for days in range(60):
        counts = {"decided": 1, f"d{days}": 1, f"w{days}": 1}
        ports.table.count(statistics.mark(str(days), "ended"), {}, counter, counts)

    (found,) = system.aws.client("dynamodb").query(
        TableName="loket",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": counter[0]}},
    )["Items"]

    assert found["decided"] == {"N": "60"}
    assert item_size(found) <= 1024
