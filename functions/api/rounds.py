"""Rounds: the places of a period, opened by a supervisor, and how they are given to those who wait in line."""

from __future__ import annotations

from itertools import islice, takewhile
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from functions.api.http import Answer, Body, Call, Reply, route
from functions.api.shapes import Name
from functions.domain import queues, quota
from functions.domain.case import line_of
from functions.domain.errors import Conflict, Fault, Forbidden, Invalid, KeyReused, NotFound, NotNow
from functions.domain.service import Service
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
MOST_PLACES = 1_000_000
SHOWN = 100
"""Numbers of each region's reserve list that an answer names; the list itself is as long as the line."""


class RegionQuota(Body):
    region: Name
    places: Annotated[int, Field(ge=0, le=MOST_PLACES)]


class Round(Body):
    """``period`` is a year, or any name that sorts by time, such as ``2027`` or ``2027-2``."""

    period: Annotated[str, Field(pattern=r"^[0-9]{4}(-[0-9a-z]{1,8})?$")]
    quota: Annotated[list[RegionQuota], Field(min_length=1, max_length=600)]


class PlacesAnswer(Answer):
    """The places of one category: ``called`` counts everybody who ever was, ``released`` those who gave theirs up."""

    region: str
    category: str
    quota: int
    called: int
    paid: int
    released: int


class NextAnswer(Answer):
    region: str
    number: int


class RoundAnswer(Answer):
    """``reserve`` are those who come next, in order, at most a hundred of each region."""

    period: str
    opened_at: str
    places: list[PlacesAnswer]
    reserve: list[NextAnswer]


@route(
    blueprint,
    "POST",
    "/v1/services/{service}/rounds",
    body=Round,
    answer=RoundAnswer,
    status=202,
    summary={"id": "Buka putaran dengan kuotanya", "en": "Open a round with its quota"},
    description={
        "id": "Oleh pengawas layanan. Yang terpanggil diberi tahu setelah jawaban ini; hanya putaran terbaru yang "
        "mengisi tempat kosong.",
        "en": "By a supervisor of the service. Those called are told after this answer; only the newest round fills "
        "places that become free.",
    },
)
def begin(call: Call, service: str) -> Reply:
    body: Round = call.body
    found = _with_a_line(service)
    if not any(call.person.holds(role, call.now) for role in found.supervisors):
        text = {
            "id": "Hanya pengawas layanan yang membuka putaran.",
            "en": "Only a supervisor of the service opens a round.",
        }
        raise Forbidden("role", text)
    _demand_regions(found, body)
    wanted = [one.model_dump() for one in body.quota]
    key = call.key.key if call.key else None
    last = {one.region: ports.cases.next_number(line_of(found.code, one.region)) - 1 for one in body.quota}
    content = queues.opening(body.period, wanted, call.person.username, call.now, last, key)
    _demand_newest(found, body.period)
    if not ports.rounds.open(found.code, body.period, content):
        _demand_the_same(call, wanted, ports.rounds.read(found.code, body.period) or {})
    return Reply(_answer(found, body.period))


@route(
    blueprint,
    "GET",
    "/v1/services/{service}/rounds/{period}",
    answer=RoundAnswer,
    summary={"id": "Bagaimana tempat diberikan", "en": "How the places are given"},
)
def read(call: Call, service: str, period: str) -> Reply:
    _ = call.person
    return Reply(_answer(_with_a_line(service), period))


def _with_a_line(code: str) -> Service:
    found: Service = ports.catalogue.service(code)
    if found.line is None:
        text = {"id": "Layanan ini tidak membagi tempat.", "en": "This service allocates no places."}
        raise NotNow(text, code="no-places")
    return found


def _demand_regions(service: Service, body: Round) -> None:
    known, seen, faults = queues.regions(service), set[str](), []
    for at, one in enumerate(body.quota):
        pointer = f"/quota/{at}/region"
        if one.region not in known:
            text = {"id": "Wilayah ini tidak dikenal.", "en": "There is no such region."}
            faults.append(Fault(pointer, text))
        elif one.region in seen:
            text = {"id": "Wilayah ini disebut dua kali.", "en": "This region is named twice."}
            faults.append(Fault(pointer, text))
        seen.add(one.region)
    if faults:
        raise Invalid(faults)


def _demand_newest(service: Service, period: str) -> None:
    newest = ports.rounds.newest(service.code)
    if newest and newest["period"] > period and ports.rounds.read(service.code, period) is None:
        text = {
            "id": f"Putaran yang lebih baru sudah dibuka ({newest['period']}).",
            "en": f"A newer round is open ({newest['period']}).",
        }
        raise Conflict(text, code="round-passed")


def _demand_the_same(call: Call, wanted: list[dict[str, Any]], known: dict[str, Any]) -> None:
    """A repeat gives the same answer; a period is opened once, with one quota."""
    if known.get("quota") == wanted:
        return
    if call.key and known.get("key") == call.key.key:
        raise KeyReused()
    text = {
        "id": f"Putaran ini sudah dibuka oleh {known.get('opened_by')} dengan kuota lain.",
        "en": f"This round was opened by {known.get('opened_by')} with another quota.",
    }
    raise Conflict(text, code="round-open")


def _answer(service: Service, period: str) -> RoundAnswer:
    opened = ports.rounds.read(service.code, period)
    if opened is None:
        text = {"id": "Putaran ini belum dibuka.", "en": "This round was not opened."}
        raise NotFound(text, code="round-unknown")
    places, reserve = [], []
    for one in opened["quota"]:
        ledger, _ = ports.rounds.ledger(service.code, period, one["region"])
        ledger = ledger or quota.opened(one["places"], _percents(service))
        places += _places(one["region"], ledger)
        reserve += _reserve(service, one["region"], ledger, opened["last"].get(one["region"], 0))
    return RoundAnswer(period=period, opened_at=opened["opened_at"], places=places, reserve=reserve)


def _percents(service: Service) -> dict[str, int]:
    return {one.category: one.percent for one in queues.line_of(service).reserves}


def _places(region: str, ledger: quota.Ledger) -> list[PlacesAnswer]:
    return [
        PlacesAnswer(
            region=region,
            category=category,
            quota=places,
            called=ledger.count(category).called,
            paid=ledger.count(category).paid,
            released=ledger.count(category).released,
        )
        for category, places in ledger.quota().items()
    ]


def _reserve(service: Service, region: str, ledger: quota.Ledger, last: int) -> list[NextAnswer]:
    """Name who comes next: the line as it was at the opening, without those who were called already."""
    before = ledger.done | set(ledger.again) | {call.number for call in ledger.pending}
    waiting = takewhile(lambda one: one.number <= last, ports.rounds.waiting(service.code, region))
    following = islice((one for one in waiting if one.number not in before), SHOWN)
    return [NextAnswer(region=region, number=one.number) for one in following]
