"""Calls to AWS and to functions, counted and, where a test asks for it, made to fail.

AWS may fail before or after a call took effect; both look the same to the caller. A fault is raised where botocore
has given up its retries, so no time passes.
"""

from __future__ import annotations

import copy
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.handlers import BUILTIN_HANDLERS

When = Literal["before", "after", "twice"]

# Calls kept for counting; the oldest go first.
CALLS = 20_000


@dataclass(frozen=True)
class Call:
    """One call as it went over the wire; a function is service `lambda`, its name the operation.

    `thread` is the one that called: what follows from a change is done by others.
    """

    service: str
    operation: str
    params: Any
    response: Any
    thread: int = field(default_factory=threading.get_ident)


@dataclass
class Fault:
    """The call of an operation that fails: `countdown` calls from now, then `times` in a row."""

    service: str
    operation: str
    countdown: int
    times: int
    when: When
    error: str | Exception | None

    @property
    def over(self) -> bool:
        return self.times == 0


class Faults:
    """What a test breaks and counts in one system; a system that runs for long need not record."""

    def __init__(self, *, recording: bool = True) -> None:
        self.recording = recording
        self.calls: deque[Call] = deque(maxlen=CALLS)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def fail(
        self,
        service: str,
        operation: str,
        *,
        nth: int = 1,
        times: int = 1,
        when: When = "before",
        error: str | Exception | None = None,
    ) -> Fault:
        """Make the n-th call from now fail before or after it took effect.

        `service` and `operation` as boto3 has them ("dynamodb", "PutItem"); for a function "lambda" and its name,
        where `when="twice"` runs it twice instead. `error` is an exception, or the code of a ClientError; none: the
        connection is lost.
        """
        fault = Fault(service, operation, nth, times, when, error)
        with self._lock:
            self._faults.append(fault)
        return fault

    def count(self, service: str | None = None, operation: str | None = None) -> int:
        return sum(
            1
            for call in list(self.calls)
            if service in (None, call.service) and operation in (None, call.operation)
        )

    def clear(self) -> None:
        """Forget the calls and mend everything."""
        with self._lock:
            self.calls.clear()
            self._faults.clear()

    def due(self, service: str, operation: str) -> Fault | None:
        """Count a call, and give the fault that strikes it."""
        struck = None
        with self._lock:
            for fault in self._faults:
                if (fault.service, fault.operation) == (service, operation):
                    fault.countdown -= 1
                    if fault.countdown <= 0 and struck is None:
                        struck = fault
                        fault.times -= 1
            self._faults = [fault for fault in self._faults if not fault.over]
        return struck

    def record(self, service: str, operation: str, params: Any, response: Any) -> None:
        if self.recording:
            self.calls.append(Call(service, operation, params, response))

    def run(self, name: str, event: Any, handler: Callable[[], Any]) -> Any:
        """Run a function under the faults that are due."""
        fault = self.due("lambda", name)
        if fault is not None and fault.when == "before":
            raise error_of(fault)
        answer = handler()
        if fault is not None and fault.when == "twice":
            answer = handler()
        self.record("lambda", name, event, answer)
        if fault is not None and fault.when == "after":
            raise error_of(fault)
        return answer


def error_of(fault: Fault) -> Exception:
    if isinstance(fault.error, Exception):
        return fault.error
    if fault.error is None:
        return ConnectionClosedError(endpoint_url=f"https://{fault.service}.amazonaws.com/{fault.operation}")
    return ClientError(
        {"Error": {"Code": fault.error, "Message": f"{fault.operation} was made to fail"}}, fault.operation
    )


_current: Faults | None = None


def use(faults: Faults | None) -> None:
    """Strike and count in these; none: let every call pass."""
    global _current
    _current = faults


def _keep_params(params: Any, context: dict[str, Any], **_: Any) -> None:
    if _current is not None and _current.recording:
        context["local"] = {"params": dict(params)}


def _before_call(model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if _current is None:
        return
    kept = context.setdefault("local", {"params": {}})
    if _current.recording and model.metadata.get("protocol") == "json":
        kept["params"] = json.loads(params["body"] or b"{}")
    fault = _current.due(model.service_model.service_name, model.name)
    if fault is not None and fault.when == "before":
        raise error_of(fault)
    kept["fault"] = fault


def _after_call(model: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if _current is None or "local" not in context:
        return
    if _current.recording:
        json_like = model.metadata.get("protocol") == "json"
        response = copy.deepcopy(parsed) if json_like else dict(parsed)
        _current.record(model.service_model.service_name, model.name, context["local"]["params"], response)
    fault = context["local"].get("fault")
    if fault is not None:
        raise error_of(fault)


BUILTIN_HANDLERS.extend(
    [("before-parameter-build", _keep_params), ("before-call", _before_call), ("after-call", _after_call)]
)
