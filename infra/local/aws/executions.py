"""Executions by the law's time, in one thread each, that can be stopped and waited for.

moto runs each execution, branch and Task in two or three threads that sleep on the machine's clock, leaves a
token wait running when its execution is stopped, reads a missed heartbeat as a timeout, sleeps in a Retry, drops
the cause of a task failure, takes a second answer to a token, lets an execution be answered before it exists, and
leaves a state by its `Next` when a catcher leads back into it.
"""

from __future__ import annotations

import copy
import json
import threading
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.moto_api._internal import mock_random
from moto.stepfunctions import responses
from moto.stepfunctions.exceptions import AWSError
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.api import (
    ExecutionStartedEventDetails,
    ExecutionStatus,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
    TaskTimedOutEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.catch.catch_outcome import CatchOutcome
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    inline_iteration_component,
    job,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branch_worker, branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval import environment
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
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend import execution as execution_module
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from infra.local.aws.clock import LocalClock
from infra.local.aws.motion import Bell, Motion
from infra.local.aws.patches import Patches

# Told of every execution when it starts and when it has ended.
Watcher = Callable[[Execution], None]


def install(patches: Patches, motion: Motion, watch: Watcher) -> None:
    """Let executions run in the motion and by its clock."""
    clock = motion.clock
    _count_threads(patches, motion)
    _tell_time(patches, clock)
    _run_in_one_thread(patches, motion, watch)
    _wait_by_the_clock(patches, clock)
    _answer_once(patches)
    _stop_for_good(patches, clock)
    _complete_the_api(patches)
    # moto prints the whole definition for every error that it hands on, data included.
    patches.set(EvalComponent, "_log_failure_event_exception", _say_nothing)
    patches.set(EvalComponent, "_log_exception", _say_nothing)


def _say_nothing(component: EvalComponent, *_: Any, **__: Any) -> None:
    return None


# --- threads ---------------------------------------------------------------------------------------------------


def _count_threads(patches: Patches, motion: Motion) -> None:
    threads = types.SimpleNamespace(
        Thread=motion.thread, Event=lambda: Bell(motion), Lock=threading.Lock, RLock=threading.RLock
    )
    for module in (environment, branches_decl, branch_worker, job, inline_iteration_component):
        patches.set(module, "threading", threads)


def _run_in_one_thread(patches: Patches, motion: Motion, watch: Watcher) -> None:
    def start(worker: ExecutionWorker) -> None:
        program = _parsed(worker._evaluation_details.state_machine_details.definition)
        worker.env = worker._get_evaluation_environment()
        execution = worker._execution_communication.execution  # type: ignore[attr-defined]
        watch(execution)
        motion.thread(_run, (worker, program), name=f"execution {execution.name}").start()

    def terminated(communication: BaseExecutionWorkerCommunication) -> None:
        communication._reflect_execution_status()
        execution = communication.execution
        state = execution.exec_worker.env.program_state()
        if isinstance(state, ProgramStopped):
            execution.error, execution.cause = state.error, state.cause
        # moto gives a text that is an output back without its quotes.
        execution.output = None if execution.output is None else json.dumps(execution.output)
        watch(execution)

    patches.set(ExecutionWorker, "start", start)
    patches.set(BaseExecutionWorkerCommunication, "terminated", terminated)
    patches.set(Program, "eval", _program(motion.clock))
    patches.set(ExecutionState, "_evaluate_with_timeout", _attempt(motion.clock))
    patches.set(ExecutionState, "_set_next", _next_of_catch())
    patches.set(AmazonStateLanguageParser, "parse", staticmethod(lambda text: (_parsed(text), None)))


_parse = AmazonStateLanguageParser.parse


@lru_cache(maxsize=256)
def _parsed(definition: str) -> Program:
    """The program of a definition; it holds no state of an execution, so it is shared."""
    program: Program = _parse(definition)[0]
    return program


def _run(worker: ExecutionWorker, program: Program) -> None:
    env, details = worker.env, worker._evaluation_details
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.ExecutionStarted,
        event_details=EventDetails(
            executionStartedEventDetails=ExecutionStartedEventDetails(
                input=to_json_str(details.execution_details.inpt),
                inputDetails=HistoryEventExecutionDataDetails(truncated=False),
                roleArn=details.aws_execution_details.role_arn,
            )
        ),
        update_source_event_id=False,
    )
    program.eval(env)
    worker._execution_communication.terminated()


def _program(clock: LocalClock) -> Callable[[Program, Environment], None]:
    def evaluate(program: Program, env: Environment) -> None:
        env.next_state_name = program.start_at.start_at_name
        if program.timeout_seconds is None:
            EvalComponent.eval(program, env)
            return
        timer = clock.at(clock.after(program.timeout_seconds.timeout_seconds), env.set_timed_out)
        try:
            EvalComponent.eval(program, env)
        finally:
            timer.cancel()

    return evaluate


def _attempt(clock: LocalClock) -> Callable[[ExecutionState, Environment], None]:
    def evaluate(state: ExecutionState, env: Environment) -> None:
        state.timeout.eval(env=env)
        deadline = clock.after(env.stack.pop())
        frame = env.open_frame()
        frame.states.reset(input_value=env.states.get_input())
        frame.stack = copy.deepcopy(env.stack)
        frame.started = clock.now()  # type: ignore[attr-defined]
        try:
            state._eval_execution(frame)
        except Exception:
            if env.is_running():
                raise
        finally:
            frame.set_ended()
            env.close_frame(frame)
        if not env.is_running():
            return
        if clock.now() > deadline:
            raise EvalTimeoutError()
        _take_result(state, env, frame.stack.pop())

    return evaluate


def _take_result(state: ExecutionState, env: Environment, result: Any) -> None:
    env.stack.append(result)
    if not state._is_language_query_jsonpath():
        env.states.set_result(result)
    if state.assign_decl:
        state.assign_decl.eval(env=env)
    if state.result_selector:
        state.result_selector.eval(env=env)
    if state.result_path:
        state.result_path.eval(env)
    else:
        env.states.reset(input_value=env.stack.pop())


def _next_of_catch() -> Callable[[ExecutionState, Environment], None]:
    """moto forgets the `Next` of a catcher when it is the state itself, and goes on as if nothing had happened."""
    original = ExecutionState._set_next

    def set_next(state: ExecutionState, env: Environment) -> None:
        if not env.stack or env.stack[-1] is not CatchOutcome.Caught:
            original(state, env)

    return set_next


# --- time ------------------------------------------------------------------------------------------------------


def _tell_time(patches: Patches, clock: LocalClock) -> None:
    class LawTime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
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
        raise state_module.FailureEventException(function._create_failure_event(env, text))
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
        bell = callback_endpoint._notify_event = env.program_state_event  # type: ignore[misc]
        beats = _Heartbeats(clock, bell)
        if heartbeat_endpoint is not None:
            heartbeat_endpoint._next_heartbeat_event = beats  # type: ignore[misc, assignment]
        deadline = _plus(env.started, timeout_seconds)  # type: ignore[attr-defined]

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
            outcome = _close(callback_endpoint)
            if outcome is not None:
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
            resourceType=task._get_sfn_resource_type(),  # type: ignore[attr-defined]
            resource=task._get_sfn_resource(),  # type: ignore[attr-defined]
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


def _close(endpoint: CallbackEndpoint) -> CallbackOutcome | None:
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


# --- stopping --------------------------------------------------------------------------------------------------


def _stop_for_good(patches: Patches, clock: LocalClock) -> None:
    set_error = Environment.set_error

    def fail_unless_ended(env: Environment, error: Any) -> None:
        if env._program_state is None or env.is_running():
            set_error(env, error)

    def stop(
        execution: Execution, stop_date: Any = None, error: str | None = None, cause: str | None = None
    ) -> None:
        env = execution.exec_worker.env
        env.set_stop(stop_date=clock.now(), cause=cause, error=error)
        if (
            isinstance(env.program_state(), ProgramStopped)
            and execution.exec_status == ExecutionStatus.RUNNING
        ):
            execution.exec_status = ExecutionStatus.ABORTED
            execution.stop_date = clock.now()
            for endpoint in list(env.callback_pool_manager._pool.values()):
                _close(endpoint)

    patches.set(Environment, "set_error", fail_unless_ended)
    patches.set(Execution, "stop", stop)


# --- the API ---------------------------------------------------------------------------------------------------


def _complete_the_api(patches: Patches) -> None:
    call_action = responses.StepFunctionResponse.call_action
    lock = threading.RLock()

    def one_at_a_time(response: responses.StepFunctionResponse) -> Any:
        with lock:
            return call_action(response)

    def start_execution(
        backend: Any, state_machine_arn: str, name: str | None = None, *rest: Any
    ) -> Execution:
        execution: Execution = original_start(
            backend, state_machine_arn, name or str(mock_random.uuid4()), *rest
        )
        return execution

    original_start = models.StepFunctionsParserBackend.start_execution
    patches.set(responses.StepFunctionResponse, "call_action", one_at_a_time)
    patches.set(responses.StepFunctionResponse, "send_task_failure", _send_task_failure)
    patches.set(responses.StepFunctionResponse, "stop_execution", _stop_execution)
    patches.set(models.StepFunctionsParserBackend, "start_execution", start_execution)
    patches.set(models.StepFunctionsParserBackend, "_get_executions", _all_executions)
    # moto means to tell the two apart, but asks the exception that holds the reason.
    patches.set(models, "TaskDoesNotExist", TaskTimedOut)


class TaskTimedOut(AWSError):
    """The token was answered before, its wait has timed out, or its execution has ended."""

    TYPE = "TaskTimedOut"

    def __init__(self) -> None:
        super().__init__("Task Timed Out: 'Provided task does not exist anymore'")


def _all_executions(backend: Any, execution_status: Any = None) -> list[Execution]:
    """Ended executions too: a token of theirs has timed out, it is not unknown."""
    return [execution for machine in backend.state_machines for execution in machine.executions]


def _send_task_failure(response: responses.StepFunctionResponse) -> ActionResult:
    response.stepfunction_backend.send_task_failure(
        response._get_param("taskToken"),
        error=response._get_param("error"),
        cause=response._get_param("cause"),
    )
    return EmptyResult()


def _stop_execution(response: responses.StepFunctionResponse) -> ActionResult:
    execution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
    execution.stop(error=response._get_param("error"), cause=response._get_param("cause"))
    return ActionResult({"stopDate": execution.stop_date})
