"""Lambda in process: a function is called by its name or ARN, with JSON in and JSON out.

moto runs functions in docker, or echoes their input as if they had succeeded.
"""

from __future__ import annotations

import io
import json
import time
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda_simple.models import LambdaSimpleBackend

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.faults import Faults
from infra.local.aws.motion import Motion
from infra.local.aws.patches import Patches

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function about its invocation."""

    function_name: str
    invoked_function_arn: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "512"
    log_group_name: str = "/aws/lambda/local"
    log_stream_name: str = "local"
    ends_at: float = field(default_factory=lambda: time.monotonic() + 30)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.ends_at - time.monotonic()) * 1000))


class FunctionFailed(Exception):
    """A function raised; `error` is what Lambda would answer: errorType, errorMessage, stackTrace."""

    def __init__(self, function_name: str, error: dict[str, Any]) -> None:
        super().__init__(f"{function_name}: {error['errorType']}: {error['errorMessage']}")
        self.function_name = function_name
        self.error = error


class Functions:
    """The functions of the system by name; `failures` keeps what they raised, newest last."""

    def __init__(self, handlers: Mapping[str, Handler], faults: Faults) -> None:
        self._handlers = handlers
        self._faults = faults
        self.failures: deque[FunctionFailed] = deque(maxlen=1000)

    def invoke(self, name_or_arn: str, event: Any, request_id: str | None = None) -> Any:
        """Call a function and return its answer, both carried over as JSON.

        Lambda keeps the request id of an asynchronous invocation when it tries again.

        Raises:
            FunctionFailed: when it raised.
            KeyError: when there is no function of that name.
        """
        name = self.known(name_or_arn)
        handler = self._handlers[name]
        body = json.dumps(event)
        context = Context(name, arn_of(name), request_id or str(uuid.uuid4()))
        try:
            answer = self._faults.run(name, event, lambda: handler(json.loads(body), context))
            return json.loads(json.dumps(answer))
        except Exception as error:
            failure = FunctionFailed(name, _as_lambda_tells(error))
            self.failures.append(failure)
            raise failure from error

    def try_to_invoke(self, name: str, event: Any) -> None:
        """Call a function that nobody waits for; a failure is only kept."""
        with suppress(FunctionFailed):
            self.invoke(name, event)

    def known(self, name_or_arn: str) -> str:
        """The bare name of a function; raises KeyError when there is none."""
        name = name_of(name_or_arn)
        if name not in self._handlers:
            raise KeyError(f"no function {name!r}; there are: {', '.join(sorted(self._handlers))}")
        return name


def arn_of(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def name_of(name_or_arn: str) -> str:
    """The bare name in `name`, `name:qualifier` or an ARN with or without a qualifier."""
    parts = name_or_arn.split(":")
    return parts[6] if parts[0] == "arn" else parts[0]


def install(patches: Patches, functions: Functions, motion: Motion) -> None:
    """Let Step Functions tasks and the Lambda API call our functions."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

    client = _TaskClient(functions)
    patches.set(lambda_eval_utils, "boto_client_for", lambda **_: client)
    patches.set(LambdaSimpleBackend, "invoke", _api_invoke(functions, motion))


class _TaskClient:
    """The part of the Lambda client that a Task state uses."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def invoke(self, FunctionName: str, Payload: bytes = b"{}", **_: Any) -> dict[str, Any]:  # noqa: N803
        answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        try:
            body = self._functions.invoke(FunctionName, json.loads(Payload))
        except FunctionFailed as failure:
            answer["FunctionError"] = "Unhandled"
            body = failure.error
        except KeyError:
            raise _no_function(FunctionName) from None
        return answer | {"Payload": io.BytesIO(json.dumps(body).encode())}


def _api_invoke(functions: Functions, motion: Motion) -> Callable[..., bytes]:
    def invoke(
        _backend: LambdaSimpleBackend,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: dict[str, Any],
    ) -> bytes:
        response_headers["x-amz-executed-version"] = "$LATEST"
        event = json.loads(body or "{}")
        try:
            if headers.get("X-Amz-Invocation-Type") == "Event":
                name = functions.known(function_name)
                motion.thread(functions.try_to_invoke, (name, event), name=f"invocation {name}").start()
                return b""
            answer = functions.invoke(function_name, event)
        except FunctionFailed as failure:
            response_headers["x-amz-function-error"] = "Unhandled"
            answer = failure.error
        except KeyError:
            raise UnknownFunctionException(arn_of(name_of(function_name))) from None
        return json.dumps(answer).encode()

    return invoke


def _as_lambda_tells(error: Exception) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": str(uuid.uuid4()),
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def _no_function(name: str) -> ClientError:
    error = {"Code": "ResourceNotFoundException", "Message": f"Function not found: {arn_of(name_of(name))}"}
    metadata: dict[str, Any] = {"HTTPStatusCode": 404, "RequestId": str(uuid.uuid4())}
    return ClientError({"Error": error, "ResponseMetadata": metadata}, "Invoke")
