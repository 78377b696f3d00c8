"""Executions in one thread each, that can be stopped and waited for.

moto runs each execution, branch and Task in two or three threads that nobody counts, parses a definition anew for
each execution, lets an execution be answered before it exists, leaves a token wait running when its execution is
stopped, ends a stopped execution as failed, and leaves a state by its `Next` when a catcher leads back into it.
"""

from __future__ import annotations

import copy
import json
import threading
import types
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser.api import (
    ExecutionStartedEventDetails,
    ExecutionStatus,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.common.catch.catch_outcome import CatchOutcome
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    inline_iteration_component,
    job,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branch_worker, branches_decl
from moto.stepfunctions.parser.asl.eval import environment
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from infra.local.aws import waits
from infra.local.aws.clock import LocalClock
from infra.local.aws.motion import Bell, Motion
from infra.local.aws.patches import Patches

# Told of every execution when it starts and when it has ended.
Watcher = Callable[[Execution], None]


def install(patches: Patches, motion: Motion, watch: Watcher) -> None:
    """Let executions run in the motion and by its clock."""
    _count_threads(patches, motion)
    _run_in_one_thread(patches, motion, watch)
    _stop_for_good(patches, motion.clock)
    # moto prints the whole definition for every error that it hands on, data included.
    patches.set(EvalComponent, "_log_failure_event_exception", _say_nothing)
    patches.set(EvalComponent, "_log_exception", _say_nothing)


def _say_nothing(component: EvalComponent, *_: Any, **__: Any) -> None:
    return None


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
        execution = worker._execution_communication.execution
        watch(execution)
        motion.thread(_run, (worker, program), name=f"execution {execution.name}").start()

    def terminated(communication: BaseExecutionWorkerCommunication) -> None:
        communication._reflect_execution_status()
        execution = communication.execution
        state = execution.exec_worker.env.program_state()
        if isinstance(state, ProgramStopped):
            execution.error, execution.cause = state.error, state.cause
        if execution.exec_status == ExecutionStatus.SUCCEEDED:
            # moto gives a text that is an output back without its quotes.
            execution.output = json.dumps(execution.output)
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
        frame.started, frame.answered = clock.now(), False
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
        if clock.now() > deadline and not frame.answered:
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


def _stop_for_good(patches: Patches, clock: LocalClock) -> None:
    set_error = Environment.set_error

    def fail_unless_ended(env: Environment, error: Any) -> None:
        if env._program_state is None or env.is_running():
            set_error(env, error)

    def stop(
        execution: Execution, stop_date: Any = None, error: str | None = None, cause: str | None = None
    ) -> None:
        if execution.exec_worker is None:
            return
        env = execution.exec_worker.env
        env.set_stop(stop_date=clock.now(), cause=cause, error=error)
        if (
            isinstance(env.program_state(), ProgramStopped)
            and execution.exec_status == ExecutionStatus.RUNNING
        ):
            execution.exec_status = ExecutionStatus.ABORTED
            execution.stop_date = clock.now()
            for endpoint in list(env.callback_pool_manager._pool.values()):
                waits.close(endpoint)

    patches.set(Environment, "set_error", fail_unless_ended)
    patches.set(Execution, "stop", stop)
