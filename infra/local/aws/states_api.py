"""The API of Step Functions where moto's falls short of it.

moto drops the cause of a task failure and of a stop, calls an execution without a name "None", cannot say that a
token has timed out, and is not made for two calls at once.
"""

from __future__ import annotations

import threading
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.moto_api._internal import mock_random
from moto.stepfunctions import responses
from moto.stepfunctions.exceptions import AWSError
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.backend.execution import Execution

from infra.local.aws.patches import Patches


def install(patches: Patches) -> None:
    """Complete the API."""
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
