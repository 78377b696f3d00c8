"""Waiting in line: a number that nobody else has, the call to a place, and what becomes of both.

    joined ▶ waiting ⇄ called ▶ taken
                └─────────┴──▶ left, the number is lost for ever

A case that waits has no execution open: decades of waiting are one commit and two entries in the line. Its place in
line follows from its history, and the entries are written in the same transaction (`case.LineChange`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import events
from functions.domain import quota
from functions.domain.case import Called, Case, Queue, Writer, moment
from functions.domain.clock import Calendar, rfc3339
from functions.domain.errors import LoketError
from functions.domain.expression import evaluate
from functions.domain.service import Group, Line, Reserve, Service

GENERAL = quota.GENERAL
"""The category of who is called by number alone."""
_NO_NUMBER = 10**10


def line_of(service: Service) -> Line:
    """Give how the service lets people wait. Raises `LoketError` where it does not."""
    if service.line is None:
        raise LoketError("this service has no line to wait in")
    return service.line


def region_of(case: Case, service: Service) -> str:
    """Give the region in whose line a case waits. Raises `LoketError` where its facts name none."""
    region = case.facts.get(line_of(service).region)
    if region is None:
        raise LoketError("the facts name no region")
    return str(region)


def regions(service: Service) -> dict[str, Mapping[str, str]]:
    """Give the regions that can be chosen in the form, with their titles."""
    name = line_of(service).region
    field = next((field for field in service.form.fields if field.name == name), None)
    return {str(option.value): option.title.pair() for option in field.options} if field else {}


def titles(service: Service) -> dict[str, dict[str, str]]:
    """Give the words for the categories: the reserves, who is called by number, and the groups of the second stage."""
    general = {"id": "Menurut nomor", "en": "By number"}
    named: tuple[Reserve | Group, ...] = (*line_of(service).reserves, *groups_of(service))
    return {GENERAL: general, **{one.category: one.title.pair() for one in named}}


def groups_of(service: Service) -> tuple[Group, ...]:
    """Give those who come first in the second stage, one group after the other."""
    stage = line_of(service).second_stage
    return stage.groups if stage else ()


def process_of_a_round(service: Service) -> str:
    """Give the process of who is called to a place."""
    return next(name for name, process in service.processes.items() if process.opened_by == "round")


def opening(
    period: str,
    quota: list[dict[str, Any]],
    by: str,
    now: datetime,
    last: Mapping[str, int],
    key: str | None = None,
    lots: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give what is written down of a round: ``quota`` are ``{region, places}``, ``key`` is an Idempotency-Key.

    ``last`` is the last number of each region when it was opened: who comes later waits for the next round. ``lots``
    is what `lots.announced` gives for a line that goes by lot.
    """
    told = {"period": period, "quota": quota, "opened_by": by, "opened_at": rfc3339(now)}
    return {**told, "last": dict(last), "key": key, **({"lots": dict(lots)} if lots else {})}


def opened_at(round_: Mapping[str, Any]) -> datetime:
    """Give when a round was opened: on that day it is seen who belongs to a reserve."""
    return moment(round_["opened_at"])


def second_stage_at(service: Service, opened: Mapping[str, Any], calendar: Calendar) -> datetime | None:
    """Give the moment from which what is left goes to the groups; ``None`` without them, or before the draw."""
    stage, begins = line_of(service).second_stage, opened["opened_at"]
    if opened.get("lots"):
        begins = (opened.get("drawn") or {}).get("at")
    return calendar.due(moment(begins), stage.after) if stage and begins else None


def groups_at(
    service: Service, opened: Mapping[str, Any], places: int, calendar: Calendar, now: datetime
) -> list[quota.Group]:
    """Give the groups that come first at a moment: none in the first stage."""
    begins = second_stage_at(service, opened, calendar)
    if begins is None or now < begins:
        return []
    return [
        quota.Group(
            one.category,
            one.category if one.order or one.beside else GENERAL,
            quota.share(places, one.percent) if one.percent else None,
            one.again,
        )
        for one in groups_of(service)
    ]


def come_together(group: Group, case: Case, other: Case) -> bool:
    """Tell whether two cases gave the same answers where the group says so; a missing answer is not the same."""
    mine, theirs = case.form or {}, other.form or {}
    same = group.beside.same if group.beside else ()
    return all(mine.get(name) is not None and mine.get(name) == theirs.get(name) for name in same)


def join(writer: Writer, service: Service, number: int, today: date) -> None:
    """Take this number of the region's line; who has one already keeps it."""
    case = writer.case
    if case.queue is None or case.queue.left:
        order = order_of(service, case.facts, today)
        writer.add(
            events.QueueJoined(
                number=number,
                region=region_of(case, service),
                category=category(service, order, today),
                order=order,
            )
        )


def wait(writer: Writer, service: Service, today: date, reason: str) -> None:
    """Let the case wait in line, under the number that it has; a place that it was called to is free again."""
    queue = writer.case.queue
    if queue is None:
        raise LoketError("who has no number cannot wait: the definition leads here too early")
    release(writer, reason)
    order = order_of(service, writer.case.facts, today)
    writer.add(
        events.QueueWaiting(
            number=queue.number, region=queue.region, category=category(service, order, today), order=order
        ),
        actor="system",
    )


def leave(writer: Writer, reason: str) -> None:
    """Give up the number, and the place that was called, for ever."""
    queue = writer.case.queue
    release(writer, reason)
    if queue and not queue.left:
        writer.add(events.QueueLeft(number=queue.number, region=queue.region, reason=reason), actor="system")


def release(writer: Writer, reason: str) -> None:
    called = writer.case.queue.called if writer.case.queue else None
    if called:
        writer.add(events.PlaceReleased(**_named(called), reason=reason), actor="system")


def take(writer: Writer) -> None:
    """The place that was called has been taken for good."""
    called = writer.case.queue.called if writer.case.queue else None
    if called:
        writer.add(events.PlaceTaken(**_named(called)), actor="system")


def can_be_called(case: Case) -> bool:
    return bool(case.status == "waitlisted" and case.queue and case.queue.waiting and case.episode is None)


def is_arriving(case: Case) -> bool:
    """Tell whether a case has its number and is about to wait: whoever comes behind it must not pass."""
    queue = case.queue
    running = case.episode and case.episode.process == "application" and case.status != "needs_attention"
    return bool(queue and queue.waiting and running)


def call(writer: Writer, called: Called, waited_months: int) -> bool:
    """Call a waiting case to a place; tells whether it is called, now or at any time before."""
    queue = writer.case.queue
    if queue and called in queue.calls:
        return True
    if not can_be_called(writer.case):
        return False
    writer.add(
        events.PlaceCalled(**_named(called), category=called.category, waited_months=waited_months),
        actor="system",
    )
    return True


def months_waited(since: datetime, now: datetime) -> int:
    """Give the whole months between two moments."""
    months = (now.year - since.year) * 12 + now.month - since.month
    return max(0, months - (now.day < since.day))


def order_of(service: Service, facts: Mapping[str, Any], today: date) -> dict[str, str]:
    """Give how a case is sorted within each reserve, whether it belongs to it already or will one day.

    And within each group that lists it; who comes with somebody is sorted by that one's number.
    """
    context = {"facts": dict(facts), "values": service.constants, "today": today.isoformat()}
    listed: tuple[Reserve | Group, ...] = (*line_of(service).reserves, *groups_of(service))
    keys = {one.category: evaluate(one.order, context) for one in listed if one.order}
    beside = {one.category: evaluate(one.beside.number, context) for one in groups_of(service) if one.beside}
    numbers = {name: f"{int(number):010d}" for name, number in beside.items() if _is_number(number)}
    return {**{name: str(key) for name, key in keys.items() if key is not None}, **numbers}


def _is_number(found: Any) -> bool:
    """Tell whether an expression has given a number that could stand in a line."""
    return isinstance(found, int | float) and not isinstance(found, bool) and 0 < found < _NO_NUMBER


def last_of(service: Service, reserve: Reserve, today: date) -> str:
    """Give the last order that belongs to a reserve on a day."""
    context = {"facts": {}, "values": service.constants, "today": today.isoformat()}
    return str(evaluate(reserve.until, context))


def category(service: Service, order: Mapping[str, str], today: date) -> str:
    """Give the first reserve that a case belongs to on a day, or `GENERAL`."""
    for reserve in line_of(service).reserves:
        key = order.get(reserve.category)
        if key is not None and key <= last_of(service, reserve, today):
            return reserve.category
    return GENERAL


@dataclass(frozen=True)
class Estimate:
    """How long a number may wait: ``ahead`` numbers come before it, ``a_year`` places are given; in whole years.

    Before the lots are drawn nobody is ahead of anybody.
    """

    years: int | None
    ahead: int | None
    a_year: int | None
    law: str

    @property
    def words(self) -> dict[str, str]:
        if self.ahead is None:
            return {
                "id": "Tempat diberikan dengan undian: dalam setiap putaran semua nomor yang menunggu sama peluangnya.",
                "en": "The places are given by lot: in each round every number that waits has the same chance.",
            }
        if self.years is None:
            return {
                "id": f"Ada {self.ahead} nomor di depan Anda. Jumlah tempat setahun belum ditetapkan.",
                "en": f"{self.ahead} numbers come before yours. How many places a year there are is not set yet.",
            }
        return {
            "id": (
                f"Sekitar {self.years} tahun: {self.ahead} nomor di depan Anda, dibagi {self.a_year} tempat setahun, "
                "dibulatkan ke atas. Nomor yang batal ikut terhitung dan kuota dapat berubah, jadi ini perkiraan."
            ),
            "en": (
                f"About {self.years} years: {self.ahead} numbers before yours, divided by {self.a_year} places a year, "
                "rounded up. Numbers that were given up are counted too and the quota may change: an estimate."
            ),
        }


def estimate(
    queue: Queue, service: Service, facts: Mapping[str, Any], *, served: int = 0, places: int | None = None
) -> Estimate:
    """Estimate the wait of a number: ``served`` is the last number called by number, ``places`` those of this year."""
    line = line_of(service)
    if line.by == "lot":
        return Estimate(None, None, places, line.law)
    ahead = max(0, queue.number - served - 1)
    a_year = places
    if not a_year and line.places_a_year:
        known = evaluate(line.places_a_year, {"facts": dict(facts), "values": service.constants})
        a_year = int(known) if isinstance(known, int | float) and not isinstance(known, bool) else None
    years = math.ceil((ahead + 1) / a_year) if a_year else None
    return Estimate(years, ahead, a_year, line.law)


def _named(called: Called) -> dict[str, Any]:
    return {
        "period": called.period, "region": called.region, "number": called.number, "stage": called.stage
    }  # fmt: skip
