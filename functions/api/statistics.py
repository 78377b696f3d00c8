"""Statistics: what came in, how it ended, and how long it took, by service and agency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from functions.api.http import Answer, Call, Query, Reply, route
from functions.domain import statistics
from functions.domain.errors import Malformed, ServiceUnknown
from functions.domain.statistics import Figures
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
MONTHS = 12
_LONGEST_PERIOD = 120
_CACHE_SECONDS = 60
_MONTH = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?:-\d{2})?")


def _month(text: Any) -> str:
    match = _MONTH.fullmatch(str(text))
    if match is None or match[1] < "1900":
        raise PydanticCustomError("month", "not a month")
    return match[1]


Month = Annotated[str, BeforeValidator(_month), Field(examples=["2026-11"])]
"""A month, or a day of it."""


class StatisticsQuery(Query):
    """Whole months; without them, the last twelve, this one included."""

    service: str | None = Field(default=None, max_length=60)
    agency: str | None = Field(default=None, max_length=60)
    since: Month | None = Field(default=None, alias="from")
    until: Month | None = Field(default=None, alias="to")


class Percentiles(Answer):
    """Within how many days half and nine tenths of the decisions were taken; null without decisions."""

    p50: int | None
    p90: int | None


class FiguresAnswer(Answer):
    """``decided`` are approvals and refusals; ``in_time`` those of them whose legal term had not passed.

    ``days`` are calendar days from the submission to the decision, ``working_days`` those that the legal clock has
    counted, without its pauses.
    """

    received: int
    decided: int
    approved: int
    rejected: int
    lapsed: int
    withdrawn: int
    in_time: int
    days: Percentiles
    working_days: Percentiles


class ServiceFigures(FiguresAnswer):
    service: str
    title: str
    agency: str
    agency_name: str


class Period(Answer):
    """Months, both included."""

    since: str = Field(serialization_alias="from")
    until: str = Field(serialization_alias="to")


class StatisticsAnswer(Answer):
    period: Period
    items: list[ServiceFigures]
    total: FiguresAnswer
    next: None


@route(
    blueprint, "GET", "/v1/statistics", public=True, query=StatisticsQuery, answer=StatisticsAnswer,
    summary={"id": "Angka layanan", "en": "Figures of the services"},
)  # fmt: skip
def read(call: Call) -> Reply:
    wanted: StatisticsQuery = call.query
    until = wanted.until or this_month(call.now)
    since = wanted.since or statistics.months_before(until, MONTHS - 1)
    if since > until or statistics.months_before(until, _LONGEST_PERIOD) >= since:
        raise Malformed(
            {
                "id": f"`from` tidak boleh sesudah `to`, dan paling lama {_LONGEST_PERIOD} bulan.",
                "en": f"`from` must not come after `to`, and {_LONGEST_PERIOD} months are the most.",
            },
            code="bad-query",
        )
    figures = {
        key: found
        for key, found in _offered(gathered(since, until)).items()
        if wanted.service in (None, key[0]) and wanted.agency in (None, key[1])
    }
    total = Figures()
    for found in figures.values():
        total.add(found.numbers)
    answer = StatisticsAnswer(
        period=Period(since=since, until=until),
        items=[_service_figures(call, *key, figures[key]) for key in sorted(figures)],
        total=FiguresAnswer(**_numbers(total)),
        next=None,
    )
    return Reply(answer, cache=_CACHE_SECONDS)


def gathered(since: str, until: str) -> dict[tuple[str, str], Figures]:
    """Give the figures of these months by service and agency: one query."""
    return statistics.gather(ports.table.counters(statistics.COUNTERS, since=since, until=f"{until}~"))


def this_month(now: datetime) -> str:
    """Give the month in which the agencies are; on its first morning some may be ahead of the others."""
    days: list[date] = [ports.catalogue.calendar(s.agency).day_of(now) for s in ports.catalogue.services()]
    return statistics.month_of(max(days, default=now.date()))


def _offered(figures: Mapping[tuple[str, str], Figures]) -> dict[tuple[str, str], Figures]:
    """Add the services of which nothing was heard in the period."""
    quiet = {(service.code, service.agency): Figures() for service in ports.catalogue.services()}
    return quiet | dict(figures)


def _service_figures(call: Call, code: str, agency: str, figures: Figures) -> ServiceFigures:
    try:
        title = call.text(ports.catalogue.service(code).title)
    except ServiceUnknown:
        title = code  # it is not offered any more
    name = call.text(ports.catalogue.agency(agency).name)
    return ServiceFigures(service=code, title=title, agency=agency, agency_name=name, **_numbers(figures))


_COUNTED = ("received", "decided", "approved", "rejected", "lapsed", "withdrawn", "in_time")


def _numbers(figures: Figures) -> dict[str, Any]:
    counted: dict[str, Any] = {name: figures.numbers[name] for name in _COUNTED}
    return counted | {
        "days": Percentiles(p50=figures.days(50), p90=figures.days(90)),
        "working_days": Percentiles(p50=figures.working_days(50), p90=figures.working_days(90)),
    }
