"""JSONata, the one expression language of services: conditions, amounts, facts and words.

The same expressions run in a browser, here and in the compiled definitions. Numbers are IEEE doubles, so amounts
stay below 2^53 and rounding is always written out.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)
_local = threading.local()


class ExpressionFailed(ValueError):
    """The expression cannot be read or evaluated; ``expression`` is its text."""

    def __init__(self, expression: str, reason: object) -> None:
        super().__init__(f"the expression `{expression}` fails: {reason}")
        self.expression = expression


def evaluate(expression: str, context: Mapping[str, Any]) -> Any:
    """Give the value of ``expression`` over ``context``; nothing found is ``None``.

    Raises `ExpressionFailed`. Whole numbers come back as ``int``.
    """
    from jsonata.jexception import JException

    try:
        return _plain(_compiled(expression).evaluate(dict(context)))
    except (JException, ArithmeticError, RecursionError, TypeError, ValueError) as error:
        raise ExpressionFailed(expression, error) from error


def holds(expression: str | None, context: Mapping[str, Any]) -> bool:
    """Tell whether a condition is true; no condition always is. Only the value ``true`` counts as true."""
    return expression is None or evaluate(expression, context) is True


def fill(text: str, context: Mapping[str, Any]) -> str:
    """Replace each ``{{ expression }}`` in ``text`` by its value; nothing found leaves it empty."""

    def value(match: re.Match[str]) -> str:
        found = evaluate(match.group(1).strip(), context)
        return "" if found is None else str(found)

    return _PLACEHOLDER.sub(value, text)


def placeholders(text: str) -> list[str]:
    """Give the expressions inside the ``{{ }}`` of a text."""
    return [match.strip() for match in _PLACEHOLDER.findall(text)]


def reads(name: str, expression: str) -> bool:
    """Tell whether an expression names what stands at the root of its context, as ``form`` or ``today``."""
    return re.search(rf"(?<![\w$.]){name}\b", expression) is not None


def names_below(root: str, expression: str) -> list[str]:
    """Give the names that an expression reads directly below a root, as ``area`` in ``facts.area``, in order."""
    return list(dict.fromkeys(re.findall(rf"(?<![\w$.]){root}\.([A-Za-z_]\w*)", expression)))


def round_half_up(amount: float) -> int:
    """Round to the whole unit, halves upward, as public treasuries do."""
    return math.floor(amount + 0.5 + 1e-9)


def _compiled(expression: str) -> Any:
    """A parsed expression keeps its own evaluation frames, so each thread has its own."""
    cache = getattr(_local, "cache", None)
    if cache is None:
        cache = _local.cache = lru_cache(maxsize=512)(_parse)
    return cache(expression)


def _parse(expression: str) -> Any:
    from jsonata import Jsonata

    return Jsonata(expression)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
