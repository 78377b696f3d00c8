"""Waits by the law's time: tokens, heartbeats, timeouts and Wait states; a token is answered once.

moto sleeps on the machine's clock, reads a missed heartbeat as a timeout, sleeps in a Retry, and takes a second
answer to a token, or one that comes when the wait has just ended.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.api import (
    HistoryEventType,
    TaskTimedOutEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerTimeout,
    CallbackEndpoint,
    CallbackNotifyConsumerError,
    CallbackOutcome,
    CallbackOutcomeTimedOut,
    CallbackPoolManager,
    HeartbeatEndpoint,
    HeartbeatTimedOut,
    HeartbeatTimeoutError,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event import event_manager
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.backend import execution as execution_module

from infra.local.aws.clock import LocalClock
from infra.local.aws.motion import Bell
from infra.local.aws.patches import Patches


def install(patches: Patches, clock: LocalClock) -> None:
    """Let what waits count the law's time."""
    _tell_time(patches, clock)
    _wait_by_the_clock(patches, clock)
    _answer_once(patches)


def _tell_time(patches: Patches, clock: LocalClock) -> None:
    class LawTime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            moment = clock.now()
            return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)

    law_time = types.SimpleNamespace(datetime=LawTime, timezone=types.SimpleNamespace(utc=UTC))
    for module in (state_module, event_manager, execution_module, models):
        patches.set(module, "datetime", law_time)
    patches.set(retrier_decl, "time", types.SimpleNamespace(sleep=lambda seconds: None))


def _wait_by_the_clock(patches: Patches, clock: LocalClock) -> None:
    def wait(function: WaitFunction, env: Environment) -> None:
        if isinstance(function, Timestamp):
            until = _moment(function, env)
        else:
            entered = env.states.context_object.context_object_data["State"]["EnteredTime"]
            until = datetime.fromisoformat(entered) + timedelta(seconds=function._get_wait_seconds(env))
        env.program_state_event.wait_until(lambda: not env.is_running(), until)

    patches.set(WaitFunction, "_eval_body", wait)
    patches.set(StateTaskServiceCallback, "_eval_wait_for_task_token", _await_token(clock))
    patches.set(StateTask, "_from_error", _name_missed_heartbeat())


def _moment(function: Timestamp, env: Environment) -> datetime:
    function.string.eval(env=env)
    text = env.stack.pop()
    moment = function._from_timestamp_string(text)
    if moment is None:
        raise FailureEventException(function._create_failure_event(env, text))
    return moment.replace(tzinfo=UTC)


class _Heartbeats:
    """Stands in for the event that a heartbeat sets: keeps when the last one came."""

    def __init__(self, clock: LocalClock, bell: Bell) -> None:
        self._clock, self._bell = clock, bell
        self.last = clock.now()

    def set(self) -> None:
        self.last = self._clock.now()
        self._bell.set()


def _await_token(clock: LocalClock) -> Callable[..., CallbackOutcome | HeartbeatTimedOut]:
    def wait(
        service: StateTaskServiceCallback,
        env: Environment,
        timeout_seconds: int,
        callback_endpoint: CallbackEndpoint,
        heartbeat_endpoint: HeartbeatEndpoint | None,
    ) -> CallbackOutcome | HeartbeatTimedOut:
        bell = callback_endpoint._notify_event = env.program_state_event
        beats = _Heartbeats(clock, bell)
        if heartbeat_endpoint is not None:
            heartbeat_endpoint._next_heartbeat_event = beats
        deadline = _plus(env.started, timeout_seconds)

        def answered() -> bool:
            return callback_endpoint._outcome is not None or not env.is_running()

        while True:
            last = beats.last
            late = (
                deadline if heartbeat_endpoint is None else _plus(last, heartbeat_endpoint._heartbeat_seconds)
            )
            rang = bell.wait_until(lambda last=last: answered() or beats.last != last, min(deadline, late))
            if rang and not answered():
                continue
            outcome = close(callback_endpoint)
            if outcome is not None:
                # Whoever answered was told that it counts.
                env.answered = True
                return outcome
            if env.is_running() and late < deadline:
                return HeartbeatTimedOut()
            return CallbackOutcomeTimedOut(callback_id=callback_endpoint.callback_id)

    return wait


def _plus(moment: datetime, seconds: float) -> datetime:
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _name_missed_heartbeat() -> Callable[..., FailureEvent]:
    original = StateTask._from_error

    def from_error(task: StateTask, env: Environment, ex: Exception) -> FailureEvent:
        if not isinstance(ex, HeartbeatTimeoutError):
            return original(task, env, ex)
        name = StatesErrorName(typ=StatesErrorNameType.StatesHeartbeatTimeout)
        details = TaskTimedOutEventDetails(
            resourceType=task._get_sfn_resource_type(),
            resource=task._get_sfn_resource(),
            error=name.error_name,
        )
        return FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.TaskTimedOut,
            event_details=EventDetails(taskTimedOutEventDetails=details),
        )

    return from_error


# --- answers ---------------------------------------------------------------------------------------------------

_answering = threading.Lock()


def close(endpoint: CallbackEndpoint) -> CallbackOutcome | None:
    """Take the answer, or none; whoever answers from now on is too late."""
    with _answering:
        endpoint.report(CallbackConsumerTimeout())
        return endpoint.get_outcome()


def _answer_once(patches: Patches) -> None:
    def open_endpoint(pool: CallbackPoolManager, callback_id: str) -> CallbackEndpoint | None:
        endpoint = pool.get(callback_id)
        if endpoint is not None and (endpoint.consumer_error or endpoint.get_outcome()):
            raise CallbackNotifyConsumerError(CallbackConsumerTimeout())
        return endpoint

    def notify(pool: CallbackPoolManager, callback_id: str, outcome: CallbackOutcome) -> bool:
        with _answering:
            endpoint = open_endpoint(pool, callback_id)
            if endpoint is not None:
                endpoint.notify(outcome=outcome)
            return endpoint is not None

    def heartbeat(pool: CallbackPoolManager, callback_id: str) -> bool:
        with _answering:
            endpoint = open_endpoint(pool, callback_id)
            if endpoint is not None:
                endpoint.notify_heartbeat()
            return endpoint is not None

    patches.set(CallbackPoolManager, "notify", notify)
    patches.set(CallbackPoolManager, "heartbeat", heartbeat)
