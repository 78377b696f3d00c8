"""Fees: an expression for each named line, rounded half up to the whole unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from functions.domain import form as forms
from functions.domain.clock import Calendar, Term
from functions.domain.errors import LoketError
from functions.domain.expression import evaluate, holds, round_half_up
from functions.domain.money import Language, money
from functions.domain.service import Fee, Service

LARGEST = 2**53 - 1
"""JSONata numbers are IEEE doubles: beyond this a whole rupiah could be lost."""


@dataclass(frozen=True)
class Assessment:
    """What a case costs: ``lines`` are ``{code, amount}``, their sum is ``amount``."""

    amount: int
    currency: str
    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Received:
    """A payment: what came, when, and so much of which line."""

    amount: int
    at: datetime
    lines: Mapping[str, int]


def assess(fee: Fee, context: Mapping[str, Any]) -> Assessment:
    """Compute the fee over what `at` gives, line by line; raises `LoketError` when one gives no sensible amount."""
    known = {
        **context,
        "values": {**context.get("values", {}), **{name: one.value for name, one in fee.values.items()}},
    }
    amounts: dict[str, int] = {}
    for line in fee.lines:
        known["lines"] = dict(amounts)
        if holds(line.when, known):
            amounts[line.code] = _amount(line.code, line.amount, known)
    lines = tuple({"code": code, "amount": amount} for code, amount in amounts.items())
    return Assessment(sum(amounts.values()), fee.currency, lines)


def at(
    service: Service,
    context: Mapping[str, Any],
    calendar: Calendar,
    now: datetime,
    paid: Mapping[str, int] | None = None,
    receipts: Iterable[Received] = (),
) -> dict[str, Any]:
    """Add to a context what fees and computed results may speak of at this moment, and the fee's own lines.

    ``paid`` is what has been paid of each line and not gone back, ``receipts`` each payment by itself.
    """
    fee = service.fee
    if fee is None:
        return {**context, **_NOTHING}
    day, due = calendar.day_of(now), due_day(fee, context, calendar)
    known = {
        **context,
        "today": day.isoformat(),
        "months_late": months_begun(due, day) if due else 0,
        "due_on": due.isoformat() if due else None,
        "paid": {line.code: 0 for line in fee.lines} | dict(paid or {}),
        "receipts": [_told(one, due, calendar) for one in receipts],
    }
    return {**known, "lines": {line["code"]: line["amount"] for line in assess(fee, known).lines}}


OF_THE_MOMENT = ("today", "due_on", "months_late", "paid", "receipts")
"""What a fee may read beside the case's own facts, where delay costs."""
_NOTHING: Mapping[str, Any] = {"months_late": 0, "due_on": None, "paid": {}, "receipts": [], "lines": {}}


def _told(one: Received, due: date | None, calendar: Calendar) -> dict[str, Any]:
    day = calendar.day_of(one.at)
    late = months_begun(due, day) if due else 0
    return {"amount": one.amount, "on": day.isoformat(), "months_late": late, "lines": dict(one.lines)}


def due_day(fee: Fee, context: Mapping[str, Any], calendar: Calendar) -> date | None:
    """Give the last day on which the fee can be paid without delay."""
    for due in fee.due:
        start = evaluate(due.after, context) if holds(due.when, context) else None
        if isinstance(start, str):
            return calendar.day_of(calendar.due(calendar.end_of_day(_last_day(start)), due.within))
    return None


def months_begun(due: date, day: date) -> int:
    """Count the months that have begun since the due day; a month ends on the day with the same number."""
    months = 0
    while day > _after(due, months):
        months += 1
    return months


def right_until(fee: Fee, context: Mapping[str, Any], calendar: Calendar, now: datetime) -> datetime | None:
    """Give the last moment at which an amount that grows with delay is still right."""
    due = due_day(fee, context, calendar)
    if due is None:
        return None
    return calendar.end_of_day(_after(due, months_begun(due, calendar.day_of(now))))


def _after(day: date, months: int) -> date:
    return Term(months, "months").after(day) if months else day


def _last_day(text: str) -> date:
    """Give the day itself, or the last day of a month."""
    if len(text) == len("2026-01"):
        first = date.fromisoformat(f"{text}-01")
        return Term(1, "months").after(first) - timedelta(days=1)
    return date.fromisoformat(text)


def titled(fee: Fee, lines: Iterable[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """Give assessed lines with their titles in one language."""
    titles = {line.code: getattr(line.title, language) for line in fee.lines}
    return [{"code": line["code"], "title": titles[line["code"]], "amount": line["amount"]} for line in lines]


def sentence(fee: Fee, assessed: Assessment) -> dict[str, str]:
    """Say in both languages what the fee comes to, by which law, and of which lines."""
    return {"id": _said(fee, assessed, "id", "menurut"), "en": _said(fee, assessed, "en", "under")}


def _said(fee: Fee, assessed: Assessment, language: Language, under: str) -> str:
    lines = [
        f"{line['title']} {money(line['amount'], fee.currency, language)}"
        for line in titled(fee, assessed.lines, language)
    ]
    of = f": {'; '.join(lines)}" if lines else ""
    return f"{money(assessed.amount, fee.currency, language)} {under} {fee.law}{of}."


def answers_read(fee: Fee, context: Mapping[str, Any]) -> dict[str, Any]:
    """Give the answers of the form that the lines of a fee read."""
    found: dict[str, Any] = {}
    for line in fee.lines:
        found |= forms.answers_read(f"{line.amount} {line.when or ''}", context)
    return found


def _amount(code: str, expression: str, context: Mapping[str, Any]) -> int:
    value = evaluate(expression, context)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise LoketError(f"the fee line {code} gives no amount that can be billed")
    return round_half_up(value)
