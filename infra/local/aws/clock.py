"""The law's time of the local system: it runs with the machine's, and can be moved forward.

A jump goes from one due timer to the next and lets the system settle in between, so that what happens at nine
has happened before the timer of ten rings.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# `datetime` ends there, and a wait without a limit is a wait of 99,999,999 seconds.
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


class Timer:
    """A call at a moment; `cancel` makes it void."""

    def __init__(self, moment: datetime, ring: Callable[[], None], forget: Callable[[], None]) -> None:
        self.moment = moment
        self.ring = ring
        self.cancelled = False
        self._forget = forget

    def cancel(self) -> None:
        if not self.cancelled:
            self.cancelled = True
            self._forget()


@dataclass
class Schedule:
    """A function that runs every so often."""

    period: timedelta
    function_name: str
    due: datetime


class LocalClock:
    """A clock that starts at a given moment (UTC aware; none: the machine's) and can be advanced.

    A frozen clock moves by `advance` and `advance_to` only.
    """

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        self._frozen = frozen
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._offset = timedelta() if start is None else start.astimezone(UTC) - _machine()
        self._moment = _machine() if start is None else start.astimezone(UTC)
        self._timers: list[tuple[datetime, int, Timer]] = []
        self._order = itertools.count()
        self._void = 0
        self._schedules: list[Schedule] = []
        self._jump = threading.RLock()
        self._settle: Callable[[], None] = _nothing
        self._run: Callable[[str], None] = _nobody
        self._running = False
        # Told of each jump.
        self.moved: Callable[[], None] = _nothing
        self._ticker: threading.Thread | None = None

    def now(self) -> datetime:
        with self._lock:
            return self._now()

    def after(self, seconds: float) -> datetime:
        """The moment that many seconds from now, at most the end of time."""
        try:
            return self.now() + timedelta(seconds=seconds)
        except OverflowError:
            return END_OF_TIME

    def at(self, moment: datetime, ring: Callable[[], None]) -> Timer:
        """Call `ring` once the clock has come to the moment; it must be short."""
        timer = Timer(moment, ring, self._forget)
        with self._lock:
            heapq.heappush(self._timers, (moment, next(self._order), timer))
            if self._timers[0][2] is timer:
                self._changed.notify_all()
        return timer

    def every(self, period: timedelta, function_name: str) -> None:
        """Run a function whenever the period has passed: in a jump once before each timer, and once at its end."""
        with self._lock:
            self._schedules.append(Schedule(period, function_name, self._now() + period))
            self._changed.notify_all()

    def advance(self, delta: timedelta) -> datetime:
        return self.advance_to(self.now() + delta)

    def advance_to(self, target: datetime) -> datetime:
        """Move forward; every timer and schedule due on the way has been carried out on return."""
        with self._jump:
            self._settle()
            while (timer := self._next_timer(target)) is not None:
                self._pass_schedules(timer.moment)
                self._set(timer.moment)
                self._take(timer)
                self._settle()
            self._set(target)
            for schedule in self._schedules:
                self._run_schedule(schedule)
            while (timer := self._next_timer(target)) is not None:
                self._take(timer)
                self._settle()
        return self.now()

    def timers(self) -> list[datetime]:
        """The moments for which something waits, soonest first."""
        with self._lock:
            return sorted(moment for moment, _, timer in self._timers if not timer.cancelled)

    def attach(self, settle: Callable[[], None], run: Callable[[str], None]) -> None:
        """Give the clock a system: how to wait until it stands still, and how to run one of its functions."""
        self._settle, self._run, self._running = settle, run, True
        if not self._frozen:
            self._ticker = threading.Thread(target=self._tick, name="clock", daemon=True)
            self._ticker.start()

    def detach(self) -> None:
        with self._lock:
            self._running = False
            self._changed.notify_all()
        if self._ticker is not None:
            self._ticker.join()
            self._ticker = None
        with self._lock:
            self._timers.clear()
            self._schedules.clear()
        self._settle, self._run, self.moved = _nothing, _nobody, _nothing

    def reading(self) -> dict[str, Any]:
        """What `resume_from` needs to go on after a restart."""
        now = self.now()
        return {"moment": now.isoformat(), "offset": (now - _machine()).total_seconds()}

    def resume_from(self, reading: dict[str, Any]) -> None:
        """Go on from where an earlier clock stood; a running one has gone on meanwhile."""
        self._set(datetime.fromisoformat(reading["moment"]))
        if not self._frozen:
            self._set(_machine() + timedelta(seconds=reading["offset"]))

    def _now(self) -> datetime:
        return self._moment if self._frozen else _machine() + self._offset

    def _set(self, moment: datetime) -> None:
        with self._lock:
            if moment <= self._now():
                return
            self._moment = moment
            self._offset = moment - _machine()
        self.moved()

    def _next_timer(self, limit: datetime) -> Timer | None:
        with self._lock:
            while self._timers and self._timers[0][2].cancelled:
                heapq.heappop(self._timers)
                self._void -= 1
            return self._timers[0][2] if self._timers and self._timers[0][0] <= limit else None

    def _take(self, timer: Timer) -> None:
        if not timer.cancelled:
            timer.cancel()
            timer.ring()

    def _forget(self) -> None:
        """Count a void timer; sweep them out when they are the most."""
        with self._lock:
            self._void += 1
            if self._void > 100 and self._void * 2 > len(self._timers):
                self._timers = [entry for entry in self._timers if not entry[2].cancelled]
                heapq.heapify(self._timers)
                self._void = 0

    def _pass_schedules(self, limit: datetime) -> None:
        for schedule in sorted(self._schedules, key=lambda schedule: schedule.due):
            if schedule.due < limit:
                last_due = schedule.due + (limit - schedule.due) // schedule.period * schedule.period
                self._set(last_due)
                self._run_schedule(schedule)

    def _run_schedule(self, schedule: Schedule) -> None:
        schedule.due = self.now() + schedule.period
        self._run(schedule.function_name)
        self._settle()

    def _tick(self) -> None:
        """Ring what falls due while the clock runs by itself."""
        while self._running:
            with self._jump:
                now = self.now()
                if (timer := self._next_timer(now)) is not None:
                    self._take(timer)
                    continue
                for schedule in [schedule for schedule in self._schedules if schedule.due <= now]:
                    schedule.due = now + schedule.period
                    self._run(schedule.function_name)
            self._await_change()

    def _await_change(self) -> None:
        with self._lock:
            if not self._running:
                return
            due = [entry[0] for entry in self._timers[:1]] + [schedule.due for schedule in self._schedules]
            patience = (min(due) - self._now()).total_seconds() if due else None
            if patience is None or patience > 0:
                self._changed.wait(None if patience is None else min(patience, threading.TIMEOUT_MAX))


def _machine() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _nothing() -> None:
    return None


def _nobody(function_name: str) -> None:
    raise RuntimeError(f"no system to run {function_name!r} in: the clock has not been started")
