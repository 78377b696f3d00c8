"""Knows what is under way in the local system, so that one can wait until everything stands still.

A thread counts as moving from the moment it is asked for, not from when the operating system gets round to it,
and a sleeper counts as moving from the moment it is woken. So whoever causes something and then calls `settle`
sees the consequence: there is no gap in which nothing seems to move.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from infra.local.aws.clock import LocalClock

SETTLE_SECONDS = 60.0


class NotSettled(RuntimeError):
    """Something was still moving when the patience of `settle` (machine seconds) ended."""


class Motion:
    """The count of what moves, and the threads that it moves in."""

    def __init__(self, clock: LocalClock) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self._still = threading.Condition(self.lock)
        self._moving = 0
        self._threads: set[threading.Thread] = set()

    def begin(self) -> None:
        with self.lock:
            self._moving += 1

    def end(self) -> None:
        with self.lock:
            self.stand_still()

    def stand_still(self) -> None:
        """Count one less; the caller holds the lock."""
        self._moving -= 1
        if self._moving == 0:
            self._still.notify_all()

    def move_on(self) -> None:
        """Count one more; the caller holds the lock."""
        self._moving += 1

    @contextmanager
    def moving(self) -> Iterator[None]:
        self.begin()
        try:
            yield
        finally:
            self.end()

    def thread(
        self, target: Callable[..., Any], args: tuple[Any, ...] = (), name: str = "", **_: Any
    ) -> Mover:
        """A thread that moves from its start to its end; takes the arguments of `threading.Thread`."""
        return Mover(self, target, args, name)

    def settle(self, patience: float = SETTLE_SECONDS) -> None:
        """Wait until nothing moves.

        Raises:
            NotSettled: with the names of the threads that still run.
        """
        with self.lock:
            if not self._still.wait_for(lambda: self._moving == 0, timeout=patience):
                names = sorted(thread.name for thread in self._threads)
                raise NotSettled(f"{self._moving} still moving after {patience:g} s; threads: {names}")

    def join(self, patience: float) -> None:
        """Wait for the end of every thread.

        Raises:
            NotSettled: when one of them does not end.
        """
        give_up = time.monotonic() + patience
        while threads := self._alive():
            # One that is only starting cannot be joined yet.
            for thread in (one for one in threads if one.is_alive()):
                thread.join(max(0.0, give_up - time.monotonic()))
            if time.monotonic() >= give_up and self._alive():
                raise NotSettled(
                    f"threads that do not end: {sorted(thread.name for thread in self._alive())}"
                )

    def _alive(self) -> list[threading.Thread]:
        with self.lock:
            return [thread for thread in self._threads if thread is not threading.current_thread()]

    def enter(self, thread: threading.Thread) -> None:
        with self.lock:
            self._moving += 1
            self._threads.add(thread)

    def leave(self, thread: threading.Thread) -> None:
        with self.lock:
            self._threads.discard(thread)
            self.stand_still()


class Mover(threading.Thread):
    """A daemon thread whose whole life counts as movement."""

    def __init__(self, motion: Motion, target: Callable[..., Any], args: tuple[Any, ...], name: str) -> None:
        super().__init__(target=target, args=args, name=name or None, daemon=True)
        self._motion = motion

    def start(self) -> None:
        self._motion.enter(self)
        super().start()

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._motion.leave(self)


class _Sleeper:
    """One thread's one wait."""

    def __init__(self) -> None:
        self.alarm = threading.Event()
        self.parked = False
        self.woken = False


class Bell:
    """Stands in for `threading.Event`: who waits on it stands still, and its timeouts count law's time."""

    def __init__(self, motion: Motion) -> None:
        self._motion = motion
        self._set = False
        self._sleepers: list[_Sleeper] = []

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        with self._motion.lock:
            self._set = True
            for sleeper in self._sleepers:
                self._wake(sleeper)

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        deadline = None if timeout is None else self._motion.clock.after(timeout)
        return self.wait_until(self.is_set, deadline)

    def wait_until(self, ready: Callable[[], bool], deadline: datetime | None = None) -> bool:
        """Stand still until `ready()`, asked again at each ring, or until the deadline; tell which by `ready()`.

        `ready` runs under the lock of the motion: it may only look.
        """
        while True:
            sleeper = _Sleeper()
            timer = (
                None if deadline is None else self._motion.clock.at(deadline, partial(self._ring, sleeper))
            )
            try:
                with self._motion.lock:
                    if ready():
                        return True
                    if deadline is not None and self._motion.clock.now() >= deadline:
                        return False
                    if sleeper.woken:
                        continue
                    self._sleepers.append(sleeper)
                    sleeper.parked = True
                    self._motion.stand_still()
                sleeper.alarm.wait()
                with self._motion.lock:
                    self._sleepers.remove(sleeper)
            finally:
                if timer is not None:
                    timer.cancel()

    def _ring(self, sleeper: _Sleeper) -> None:
        with self._motion.lock:
            self._wake(sleeper)

    def _wake(self, sleeper: _Sleeper) -> None:
        if sleeper.woken:
            return
        sleeper.woken = True
        if sleeper.parked:
            self._motion.move_on()
        sleeper.alarm.set()


class Lane:
    """Does its jobs one after the other in a thread of its own, which lives only while there is something to do."""

    def __init__(self, motion: Motion, name: str) -> None:
        self._motion = motion
        self._name = name
        self._jobs: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._working = False

    def add(self, job: Callable[[], None]) -> None:
        with self._lock:
            self._jobs.append(job)
            if self._working:
                return
            self._working = True
            self._motion.thread(self._work, name=self._name).start()

    def clear(self) -> None:
        with self._lock:
            self._jobs.clear()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._working = False
                    return
                job = self._jobs.popleft()
            job()
