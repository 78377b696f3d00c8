"""Statistics: what came in, how it ended, and how long it took, by service and agency; for supervisors by step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from functions.api import register
from functions.api.http import Answer, Call, Query, Reply, route
from functions.domain import statistics, views
from functions.domain.clock import rfc3339
from functions.domain.errors import Forbidden, Malformed, ServiceUnknown
from functions.domain.service import ConsultStep, CorrectStep, PayStep, Service, TaskStep, Text
from functions.domain.statistics import Figures
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
MONTHS = 12
_LONGEST_PERIOD = 120
_CACHE_SECONDS = 60
MOST_OPEN = 500
"""Open tasks of a role that are looked at: the soonest due. Figures stay quick however long a list grows."""
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


class StepsQuery(Query):
    """Whole months; without them, the last twelve, this one included."""

    since: Month | None = Field(default=None, alias="from")
    until: Month | None = Field(default=None, alias="to")
    format: Literal["json", "csv"] | None = None


class MonthOfStep(Answer):
    month: str
    done: int
    days: Percentiles
    working_days: Percentiles


class StepFigures(Answer):
    """What a step of a process has cost the cases that ended it in the period, and what is open in it now.

    ``done`` counts its answers and its silences, ``late`` those after its term, ``returned`` those that sent the case
    back. Days are told apart as far as they matter (1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 60, 90, 180, 365).
    ``share`` is its part of the days of all steps together, in percent. ``open`` and ``overdue`` are null where the
    applicant is asked; ``at_least`` where more are open than were looked at.
    """

    process: str
    process_title: str
    step: str
    title: str
    role: str
    done: int
    late: int
    returned: int
    days: Percentiles
    working_days: Percentiles
    share: int
    open: int | None
    overdue: int | None
    at_least: bool
    months: list[MonthOfStep]


class StepsAnswer(Answer):
    service: str
    title: str
    period: Period
    items: list[StepFigures]
    next: None


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
    since, until = _period(call, wanted)
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


@route(
    blueprint, "GET", "/v1/services/{service}/steps", query=StepsQuery, answer=StepsAnswer,
    media_types=("application/json", "text/csv"),
    summary={"id": "Angka menurut langkah: di mana waktu terpakai", "en": "Figures by step: where time is lost"},
    description={
        "id": "Untuk pengawas layanan. `format=csv` memberi tabel, satu baris setiap langkah dan bulan.",
        "en": "For supervisors of the service. `format=csv` gives a table, a row for each step and month.",
    },
)  # fmt: skip
def steps(call: Call, service: str) -> Reply:
    wanted: StepsQuery = call.query
    found: Service = ports.catalogue.service(service)
    if not any(call.person.holds(role, call.now) for role in found.supervisors):
        raise Forbidden("role", _NOT_YOURS)
    since, until = _period(call, wanted)
    counted = ports.table.counters(statistics.COUNTERS, since=since, until=f"{until}~")
    months = statistics.by_month(counted, found.code)
    items = _steps_of(call, found, months)
    if wanted.format == "csv" or (wanted.format is None and register.prefers_csv(call.header("Accept"))):
        return Reply(
            register.as_csv(_COLUMNS, _rows(items)), content_type=register.CSV, headers={"Vary": "Accept"}
        )
    answer = StepsAnswer(
        service=found.code,
        title=call.text(found.title),
        period=Period(since=since, until=until),
        items=items,
        next=None,
    )
    return Reply(answer, headers={"Vary": "Accept"})


def _period(call: Call, wanted: StatisticsQuery | StepsQuery) -> tuple[str, str]:
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
    return since, until


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
    return counted | _lengths(figures)


def _lengths(figures: Figures) -> dict[str, Percentiles]:
    return {
        "days": Percentiles(p50=figures.days(50), p90=figures.days(90)),
        "working_days": Percentiles(p50=figures.working_days(50), p90=figures.working_days(90)),
    }


# -- by step


Place = tuple[str, str]
"""A process and a step of it."""


def _steps_of(call: Call, service: Service, months: Mapping[str, Figures]) -> list[StepFigures]:
    by_step: dict[Place, dict[str, Figures]] = {}
    for month, figures in sorted(months.items()):
        for key, found in figures.steps().items():
            by_step.setdefault(statistics.read_step_key(key), {})[month] = found
    asked = _asked(service)
    open_now = _open_now(service, {one.role for one in asked.values()}, call.now)
    spent = {place: sum(one.spent for one in found.values()) for place, found in by_step.items()}
    return [
        _step(
            call,
            service,
            place,
            asked.get(place),
            by_step.get(place, {}),
            open_now,
            round(100 * spent.get(place, 0) / (sum(spent.values()) or 1)),
        )
        for place in _in_order(service, (*asked, *by_step))
    ]


def _in_order(service: Service, places: Iterable[Place]) -> list[Place]:
    """Give each once, in the order of the processes; what the service has no more comes last."""
    processes = list(service.processes)
    order = {name: at for at, name in enumerate(processes)}
    return sorted(dict.fromkeys(places), key=lambda place: order.get(place[0], len(processes)))


@dataclass(frozen=True)
class _Asked:
    title: Text
    role: str


def _asked(service: Service) -> dict[Place, _Asked]:
    """Give what each step is called and who is asked, in the order of the processes."""
    found: dict[Place, _Asked] = {}
    for name, process in service.processes.items():
        for step in process.steps:
            if isinstance(step, TaskStep | ConsultStep):
                found |= {(name, spec.name): _Asked(spec.title, spec.role) for spec in step.of}
            elif isinstance(step, CorrectStep | PayStep):
                found[name, step.name] = _Asked(step.title, "applicant")
    return found


@dataclass(frozen=True)
class _Open:
    """How many tasks are open, how many of them overdue, and whether there may be more."""

    all: int = 0
    overdue: int = 0
    more: bool = False


OpenNow = Mapping[tuple[str, Place | None], _Open]
"""By role and step; without a step, of a role of which none is open."""


def _open_now(service: Service, roles: set[str], now: datetime) -> OpenNow:
    found: dict[tuple[str, Place | None], _Open] = {}
    for role in roles - {"applicant"}:
        page = ports.views.list("who", views.worklist(role), limit=MOST_OPEN)
        due: dict[Place | None, list[str]] = {None: []}
        for item in page.items:
            if item["service"] == service.code:
                due.setdefault((item["process"], item["name"]), []).append(item["due_at"])
        for place, moments in due.items():
            late = sum(at < rfc3339(now) for at in moments)
            found[role, place] = _Open(len(moments), late, page.next is not None)
    return found


def _step(
    call: Call,
    service: Service,
    place: Place,
    asked: _Asked | None,
    months: Mapping[str, Figures],
    open_now: OpenNow,
    share: int,
) -> StepFigures:
    total = Figures()
    for one in months.values():
        total.add(one.numbers)
    process, step = place
    role = asked.role if asked else ""
    by_office = bool(role) and role != "applicant"
    known = open_now.get((role, place)) or open_now.get((role, None), _Open())
    return StepFigures(
        process=process,
        process_title=call.text(service.processes[process].title)
        if process in service.processes
        else process,
        step=step,
        title=call.text(asked.title) if asked else step,
        role=role,
        done=total.lengths,
        late=total.numbers["late"],
        returned=total.numbers["returned"],
        **_lengths(total),
        share=share,
        open=known.all if by_office else None,
        overdue=known.overdue if by_office else None,
        at_least=known.more and by_office,
        months=[MonthOfStep(month=month, done=one.lengths, **_lengths(one)) for month, one in months.items()],
    )


_COLUMNS = (
    "process", "process_title", "step", "title", "role", "month", "done", "days_p50", "days_p90", "working_days_p50",
    "working_days_p90",
)  # fmt: skip


def _rows(items: list[StepFigures]) -> Iterator[tuple[Any, ...]]:
    for item in items:
        for one in item.months:
            measured = (one.days.p50, one.days.p90, one.working_days.p50, one.working_days.p90)
            where = (item.process, item.process_title, item.step, item.title, item.role)
            yield *where, one.month, one.done, *measured


_NOT_YOURS = {
    "id": "Angka menurut langkah hanya untuk pengawas layanan.",
    "en": "Figures by step are for supervisors of the service only.",
}
