"""Step Functions, the driver of cases: started by name, answered by token; every call is harmless when repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.domain.errors import DependencyDown

_GONE = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
"""The token has been answered, or its wait has rung: the execution has moved on by itself."""


class StateMachines:
    """``prefix`` is the beginning of a state machine's ARN, up to the name of service and process."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    def start(self, machine: str, name: str, content: Mapping[str, Any]) -> None:
        """Start the execution of this name, unless it was started before (it may even have ended)."""
        with _answering("ExecutionAlreadyExists"):
            self._client.start_execution(
                stateMachineArn=self._prefix + machine,
                name=name,
                input=json.dumps(content, separators=(",", ":")),
            )

    def stop(self, machine: str, name: str) -> None:
        """Stop an execution whose place a newer one has taken; one that has ended stays as it is."""
        arn = (self._prefix + machine).replace(":stateMachine:", ":execution:") + ":" + name
        with _answering("ExecutionDoesNotExist"):
            self._client.stop_execution(
                executionArn=arn, error="Superseded", cause="a newer execution drives the case"
            )

    def succeed(self, token: str, output: Mapping[str, Any]) -> None:
        with _answering(*_GONE):
            self._client.send_task_success(taskToken=token, output=json.dumps(output, separators=(",", ":")))

    def fail(self, token: str, error: str, cause: str) -> None:
        with _answering(*_GONE):
            self._client.send_task_failure(taskToken=token, error=error, cause=cause)


@contextmanager
def _answering(*harmless: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in harmless:
            raise DependencyDown("Step Functions does not answer") from error
    except BotoCoreError as error:
        raise DependencyDown("Step Functions does not answer") from error
