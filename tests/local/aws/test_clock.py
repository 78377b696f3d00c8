"""The law's time: jumps, timers in their order, schedules."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.aws import LocalAws, LocalClock

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_frozen_clock_stands_until_it_is_advanced() -> None:
    clock = LocalClock(START, frozen=True)

    before = clock.now()
    after = clock.advance(HOUR)

    assert (before, after) == (START, START + HOUR)


def test_a_running_clock_keeps_its_lead_over_the_machine() -> None:
    clock = LocalClock()

    clock.advance(timedelta(days=28))

    assert (
        timedelta(days=28)
        <= clock.now() - datetime.now(UTC) + timedelta(seconds=1)
        < timedelta(days=28, minutes=1)
    )


def test_a_jump_rings_timers_in_their_order_each_at_its_moment() -> None:
    clock = LocalClock(START, frozen=True)
    rung: list[tuple[str, datetime]] = []
    for name, hours in [("third", 3), ("first", 1), ("second", 2), ("beyond", 9)]:
        clock.at(START + hours * HOUR, lambda name=name: rung.append((name, clock.now())))

    clock.advance(4 * HOUR)

    assert rung == [("first", START + HOUR), ("second", START + 2 * HOUR), ("third", START + 3 * HOUR)]


def test_a_timer_set_during_a_jump_rings_in_the_same_jump() -> None:
    clock = LocalClock(START, frozen=True)
    rung: list[datetime] = []
    clock.at(START + HOUR, lambda: clock.at(START + 2 * HOUR, lambda: rung.append(clock.now())))

    clock.advance(3 * HOUR)

    assert rung == [START + 2 * HOUR]


def test_a_cancelled_timer_does_not_ring() -> None:
    clock = LocalClock(START, frozen=True)
    rung: list[str] = []
    timers = [clock.at(START + HOUR, lambda: rung.append("no")) for _ in range(300)]

    for timer in timers:
        timer.cancel()
    clock.advance(2 * HOUR)

    assert rung == []
    assert clock.timers() == []


def test_a_running_clock_rings_by_itself() -> None:
    clock = LocalClock(START)
    rung = threading.Event()

    with LocalAws({}, clock):
        clock.at(clock.now() + timedelta(milliseconds=20), rung.set)

        assert rung.wait(10)


def test_a_schedule_runs_once_before_each_timer_and_once_at_the_end_of_a_jump() -> None:
    ran: list[datetime] = []
    clock = LocalClock(START, frozen=True)
    with LocalAws({"wake_due": lambda event, context: ran.append(clock.now())}, clock) as aws:
        aws.every(HOUR, "wake_due")
        clock.at(START + timedelta(hours=10, minutes=30), lambda: None)

        aws.advance(timedelta(days=28))

    assert ran == [START + 10 * HOUR, START + timedelta(days=28)]


def test_a_schedule_runs_by_itself_while_the_clock_runs() -> None:
    ran = threading.Event()
    clock = LocalClock(START)
    with LocalAws({"tick": lambda event, context: ran.set()}, clock) as aws:
        aws.every(timedelta(milliseconds=20), "tick")

        assert ran.wait(10)


def test_a_clock_outlives_its_system(tmp_path: Path) -> None:
    clock = LocalClock(START, frozen=True)
    with LocalAws({}, clock, data=tmp_path):
        clock.advance(HOUR)

    clock.advance(HOUR)

    assert clock.now() == START + 2 * HOUR
