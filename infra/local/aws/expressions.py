"""JSONata in state machine definitions, evaluated as Step Functions does.

moto parses JSONata but has nothing to evaluate it with, pastes variables into the text unescaped, and lacks
AWS's own functions. Here `jsonata-python` evaluates each expression, compiled once, with values bound by name.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache, partialmethod
from typing import Any

from jsonata.jsonata import Jsonata
from jsonata.timebox import Timebox
from jsonata.utils import Utils
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.component.common.timeouts.heartbeat import HeartbeatSecondsJSONata
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSecondsJSONata
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.seconds import SecondsJSONata
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore

from infra.local.aws.clock import LocalClock
from infra.local.aws.patches import Patches

# The longest time that a definition may name.
MOST_SECONDS = 99_999_999


class QueryEvaluationError(Exception):
    """An expression failed, or its value is none that JSON has."""


def install(patches: Patches, clock: LocalClock) -> None:
    """Evaluate the expressions of definitions; `$now()` and `$millis()` tell the law's time."""
    patches.set(StringJSONata, "_eval_body", _push_value)
    patches.set(StringVariableSample, "_eval_body", _push_value)
    patches.set(AssignDecl, "_eval_body", _note_assignments)
    patches.set(CommonStateField, "_get_state_exited_event_details", _assign_on_leaving())
    patches.set(VariableStore, "get_assigned_variables", _assigned)
    patches.set(TimeoutSecondsJSONata, "_eval_seconds", partialmethod(_seconds, least=1))
    patches.set(HeartbeatSecondsJSONata, "_eval_seconds", partialmethod(_seconds, least=1))
    patches.set(SecondsJSONata, "_get_wait_seconds", partialmethod(_seconds, least=0))
    patches.set(Timebox, "current_milli_time", staticmethod(lambda: int(clock.now().timestamp() * 1000)))


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """The value of an expression (without `{% %}`) under variables (without `$`).

    Raises:
        QueryEvaluationError: as Step Functions would fail with States.QueryEvaluationError.
    """
    try:
        program = copy.copy(_compiled(expression))
        Jsonata.CURRENT.jsonata = program
        value = program.evaluate(None, AWS_FUNCTIONS | dict(variables))
    except Exception as error:
        raise QueryEvaluationError(f"The JSONata expression '{expression}' failed: {error}") from error
    if value is None:
        raise QueryEvaluationError(f"The JSONata expression '{expression}' returned nothing (undefined).")
    return _as_json(value, expression)


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Jsonata:
    program = Jsonata.jsonata(expression)
    program.set_output_convert_nulls(False)
    return program


def _as_json(value: Any, expression: str) -> Any:
    """A fresh plain value; whole numbers are integers, as JavaScript and Java write them."""
    if value is Utils.NULL_VALUE or value is None or isinstance(value, (str, bool, int)):
        return None if value is Utils.NULL_VALUE else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _as_json(item, expression) for key, item in value.items()}
    if isinstance(value, Utils.RangeList):
        return list(range(value.a, value.b + 1))
    if isinstance(value, (list, tuple)):
        return [_as_json(item, expression) for item in value]
    raise QueryEvaluationError(f"The JSONata expression '{expression}' returned an unsupported result type.")


def _push_value(node: StringJSONata | StringVariableSample, env: Environment) -> None:
    try:
        env.stack.append(evaluate(node.expression, _variables(env)))
    except QueryEvaluationError as error:
        raise FailureEventException(_failure(env, str(error))) from error


def _seconds(field: Any, env: Environment, least: int) -> int:
    """The value of a field in seconds; moto cuts off fractions and takes any number."""
    field.string_jsonata.eval(env=env)
    value = env.stack.pop()
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_SECONDS:
        cause = f"The value {value!r} of '{field.string_jsonata.expression}' is not from {least} to {MOST_SECONDS}."
        raise FailureEventException(_failure(env, cause))
    return value


def _variables(env: Environment) -> dict[str, Any]:
    store = env.variable_store
    states = {key: _dated(value) for key, value in env.states._states_data.items()}
    return store._outer_scope | store._inner_scope | {"states": states}


def _dated(value: Any) -> Any:
    """moto keeps the start of an execution as a datetime; the context object holds text."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {key: _dated(item) for key, item in value.items()} if isinstance(value, dict) else value


def _failure(env: Environment, cause: str) -> FailureEvent:
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details = EvaluationFailedEventDetails(error=name.error_name, cause=cause)
    return FailureEvent(
        env=env,
        error_name=name,
        event_type=HistoryEventType.EvaluationFailed,
        event_details=EventDetails(evaluationFailedEventDetails=details),
    )


def _note_assignments(declaration: AssignDecl, env: Environment) -> None:
    """Evaluate `Assign` now and assign on leaving the state: `Output` sees the values from before."""
    noted: dict[str, Any] = {}
    for binding in declaration.declaration_bindings:
        binding.eval(env=env)
        noted |= env.stack.pop()
    env.noted_assignments = noted


def _assign_on_leaving() -> Any:
    original = CommonStateField._get_state_exited_event_details

    def exited(state: CommonStateField, env: Environment) -> Any:
        for name, value in vars(env).pop("noted_assignments", {}).items():
            env.variable_store.set(variable_identifier=name, variable_value=value)
        return original(state, env)

    return exited


def _assigned(store: VariableStore) -> dict[str, str]:
    """The variables that a state assigned, each as JSON; moto leaves quotes in strings as they are."""
    return {name: json.dumps(store.get(name)) for name in store._declaration_tracing}


def _partition(array: Any, size: Any) -> list[list[Any]]:
    items, step = list(array), int(size)
    if step <= 0:
        raise ValueError("$partition: the chunk size must be positive")
    return [items[start : start + step] for start in range(0, len(items), step)]


def _range(first: Any, last: Any, step: Any) -> list[int]:
    if int(step) == 0:
        raise ValueError("$range: the step must not be zero")
    numbers = list(range(int(first), int(last) + (1 if step > 0 else -1), int(step)))
    if len(numbers) > 1000:
        raise ValueError("$range: at most 1,000 numbers")
    return numbers


_DIGESTS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def _hash(content: Any, algorithm: Any = "SHA-256") -> str:
    text = content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))
    return hashlib.new(_DIGESTS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _random(seed: Any = None) -> float:
    return random.random() if seed is None else random.Random(seed).random()


def _uuid() -> str:
    return str(uuid.uuid4())


def _parse(text: Any) -> Any:
    return json.loads(text)


def _refuse_eval(*_: Any) -> Any:
    raise ValueError("$eval is not supported; use $parse")


AWS_FUNCTIONS: dict[str, Any] = {
    name: Jsonata.JLambda(function)
    for name, function in {
        "partition": _partition,
        "range": _range,
        "hash": _hash,
        "random": _random,
        "uuid": _uuid,
        "parse": _parse,
        "eval": _refuse_eval,
    }.items()
}
