"""Fees: an expression for each named line, rounded half up to the whole unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.domain.errors import LoketError
from functions.domain.expression import evaluate, holds, round_half_up
from functions.domain.service import Fee

LARGEST = 2**53 - 1
"""JSONata numbers are IEEE doubles: beyond this a whole rupiah could be lost."""


@dataclass(frozen=True)
class Assessment:
    """What a case costs: ``lines`` are ``{code, amount}``, their sum is ``amount``."""

    amount: int
    currency: str
    lines: tuple[dict[str, Any], ...]


def assess(fee: Fee, context: Mapping[str, Any]) -> Assessment:
    """Compute the fee over ``{form, facts}``; raises `LoketError` when a line gives no sensible amount."""
    known = {**context, "values": {**context.get("values", {}), **fee.values}}
    lines: list[dict[str, Any]] = [
        {"code": line.code, "amount": _amount(line.code, line.amount, known)}
        for line in fee.lines
        if holds(line.when, known)
    ]
    return Assessment(sum(line["amount"] for line in lines), fee.currency, tuple(lines))


def titled(fee: Fee, lines: Iterable[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """Give assessed lines with their titles in one language."""
    titles = {line.code: getattr(line.title, language) for line in fee.lines}
    return [{"code": line["code"], "title": titles[line["code"]], "amount": line["amount"]} for line in lines]


def _amount(code: str, expression: str, context: Mapping[str, Any]) -> int:
    value = evaluate(expression, context)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise LoketError(f"the fee line {code} gives no amount that can be billed")
    return round_half_up(value)
