"""The lines of a fee for people: what each is computed from, in words, beside the formula for who computes it again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from functions.domain.expression import names_below
from functions.domain.service import Constant, FeeLine, Service
from functions.portal.applications import fields_of
from functions.portal.rendering import Words
from functions.portal.visit import Visit

_LATE = re.compile(r"\b(?:months_late|due_on|receipts)\b|\bpaid\.")
_BEFORE = re.compile(r"\blines\.")

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Figure:
    """A constant of a formula: what people call it, the ``name`` that the formula has for it, and its value or rows."""

    title: str
    name: str
    value: str
    rows: Rows


@dataclass(frozen=True)
class Formula:
    """One line of a fee. ``also`` is what else it is computed from: lines before it, how late something was paid."""

    code: str
    title: str
    answers: list[str]
    figures: list[Figure]
    also: list[str]
    when: str
    text: str


def of_fee(visit: Visit, service: Service) -> list[Formula]:
    """Give the lines of the fee, in order."""
    return [_of_line(visit, service, line) for line in (service.fee.lines if service.fee else ())]


def figures(visit: Visit, service: Service, expression: str) -> list[Figure]:
    """Give the constants that an expression reads; one without a title, of an older version, has its name for one."""
    read = {
        name: service.titled[name] for name in names_below("values", expression) if name in service.titled
    }
    currency = service.fee.currency if service.fee else "IDR"
    return [_figure(visit, service, name, one, currency) for name, one in read.items()]


def of_result(visit: Visit, service: Service, rule: str) -> list[Figure]:
    """Give the constants behind what the history notes of a rule: the fee, or a named result; of others none."""
    name = rule.rpartition("/")[2]
    if name == "fee":
        return [one for line in of_fee(visit, service) for one in line.figures]
    found = service.computed.get(name)
    return figures(visit, service, found.value) if found else []


def _figure(visit: Visit, service: Service, name: str, constant: Constant, currency: str) -> Figure:
    words, value = Words(visit.language), constant.value
    title = visit.text(constant.title) if constant.title else name
    if _is_table(value):
        called = _titles(visit, service) | {row: visit.text(text) for row, text in constant.rows.items()}
        return Figure(title, name, "", list(_rows(value, called, words)))
    written = words.money(value, currency) if constant.money else _written(value, words)
    return Figure(title, name, written, [])


def _of_line(visit: Visit, service: Service, line: FeeLine) -> Formula:
    both = f"{line.amount} {line.when or ''}"
    read = fields_of(service, both)
    return Formula(
        code=line.code,
        title=visit.text(line.title),
        answers=[visit.text(field.title) for field in service.form.fields if field.name in read],
        figures=figures(visit, service, both),
        also=[
            str(visit.t(f"service.formula.{what}"))
            for what, pattern in (("before", _BEFORE), ("late", _LATE))
            if pattern.search(both)
        ],
        when=(line.when or "").strip(),
        text=line.amount.strip(),
    )


def _titles(visit: Visit, service: Service) -> dict[str, str]:
    """Give what can be chosen by the values of the options."""
    return {str(one.value): visit.text(one.title) for field in service.form.fields for one in field.options}


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _rows(value: Any, titles: Mapping[str, str], words: Words, above: str = "") -> Iterator[tuple[str, str]]:
    """Give a table row by row; what is nested stands under the name above it."""
    named = value.items() if isinstance(value, Mapping) else enumerate(value, 1)
    for key, one in named:
        name = f"{above}{titles.get(str(key), str(key).replace('_', ' '))}"
        if _is_table(one):
            yield from _rows(one, titles, words, f"{name}, ")
        else:
            yield name, _written(one, words)


def _written(value: Any, words: Words) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    return words.number(value)
