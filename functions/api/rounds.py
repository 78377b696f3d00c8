"""Rounds: the places of a period, opened by a supervisor, and how they are given to those who wait in line.

Where lots decide, the opening names where and when a seed will be published; once it is, a supervisor enters it. What
anyone needs to compute the order and to check the calls is public.
"""

from __future__ import annotations

from itertools import islice, takewhile
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from functions.api.http import Answer, Body, Call, Reply, route
from functions.api.shapes import Moment, Name, read_moment
from functions.domain import lots, queues, quota
from functions.domain.case import line_of
from functions.domain.clock import rfc3339
from functions.domain.errors import Conflict, Fault, Forbidden, Invalid, KeyReused, NotFound, NotNow
from functions.domain.service import Service
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
MOST_PLACES = 1_000_000
SHOWN = 100
"""Numbers of each region's reserve list that an answer names; the list itself is as long as the line."""
SHOWN_CALLS = 1000
"""Calls of each region that the answer on a draw names, in the order of the lots."""


class RegionQuota(Body):
    region: Name
    places: Annotated[int, Field(ge=0, le=MOST_PLACES)]


class Lots(Body):
    """Where the seed will be published for everybody to see, such as a named drawing of a state lottery, and when."""

    source: Annotated[str, Field(min_length=10, max_length=500)]
    published_at: Moment

    @property
    def announcement(self) -> dict[str, Any]:
        return {"source": self.source, "published_at": read_moment(self.published_at)}


class Round(Body):
    """``period`` is a year, or any name that sorts by time, such as ``2027`` or ``2027-2``.

    ``lots`` is for services that give their places by lot.
    """

    period: Annotated[str, Field(pattern=r"^[0-9]{4}(-[0-9a-z]{1,8})?$")]
    quota: Annotated[list[RegionQuota], Field(min_length=1, max_length=600)]
    lots: Lots | None = None


class Seed(Body):
    """The seed exactly as its source has published it."""

    seed: Annotated[str, Field(pattern=r"^[!-~]([ -~]{0,198}[!-~])?$")]


class PlacesAnswer(Answer):
    """The places of one category: ``called`` counts everybody who ever was, ``released`` those who gave theirs up.

    A group of the second stage has as many as it has got.
    """

    region: str
    category: str
    quota: int
    called: int
    paid: int
    released: int


class NextAnswer(Answer):
    region: str
    number: int


class LotsAnswer(Answer):
    """``seed`` is ``null`` until it is published and entered."""

    source: str
    published_at: str
    seed: str | None
    drawn_at: str | None


class RoundAnswer(Answer):
    """``reserve`` are those who come next, in order, at most a hundred of each region.

    ``lots`` is there where they decide; before they are drawn nobody comes next. From ``second_stage_at`` on, where the
    service has one, its groups come before everybody else.
    """

    period: str
    opened_at: str
    second_stage_at: str | None
    places: list[PlacesAnswer]
    reserve: list[NextAnswer]
    lots: LotsAnswer | None = None


class RoundInList(Answer):
    """``places`` are those of all regions together."""

    period: str
    opened_at: str
    places: int
    lots: LotsAnswer | None


class LineAnswer(Answer):
    """The line of a region: the numbers 1 to ``numbers`` were given; ``first`` is the first that still waits."""

    region: str
    numbers: int
    first: int | None


class RoundsAnswer(Answer):
    """The rounds of a service, newest first, at most a hundred, and how many wait in each region."""

    items: list[RoundInList]
    lines: list[LineAnswer]
    next: None


class EntrantsAnswer(Answer):
    """The numbers 1 to ``numbers`` take part."""

    region: str
    numbers: int


class CallAnswer(Answer):
    """``category`` is ``general`` for who was called by lot, ``stage`` 2 the second stage or chance."""

    region: str
    number: int
    category: str
    stage: int
    state: str


class DrawAnswer(LotsAnswer):
    """All that anyone needs to compute the order again: ``rule`` says how. `loket verify-draw` does it offline.

    ``calls`` are the first thousand of each region and ``waiting`` the first hundred who still wait, by lot.
    """

    service: str
    period: str
    rule: str
    entrants: list[EntrantsAnswer]
    calls: list[CallAnswer]
    waiting: list[NextAnswer]


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
    _demand_supervisor(call, found)
    _demand_regions(found, body)
    wanted = [one.model_dump() for one in body.quota]
    key = call.key.key if call.key else None
    last = {one.region: ports.cases.next_number(line_of(found.code, one.region)) - 1 for one in body.quota}
    announced = _demand_newest(found, body, call)
    content = queues.opening(body.period, wanted, call.person.username, call.now, last, key, announced)
    if not ports.rounds.open(found.code, body.period, content):
        _demand_the_same(call, body, ports.rounds.read(found.code, body.period) or {})
    return Reply(_answer(found, body.period))


@route(
    blueprint,
    "GET",
    "/v1/services/{service}/rounds",
    answer=RoundsAnswer,
    summary={"id": "Putaran dan antrean setiap wilayah", "en": "The rounds, and the line of each region"},
)
def index(call: Call, service: str) -> Reply:
    _ = call.person
    found = _with_a_line(service)
    lines = [
        LineAnswer(
            region=region,
            numbers=ports.cases.next_number(line_of(found.code, region)) - 1,
            first=next((one.number for one in ports.rounds.waiting(found.code, region)), None),
        )
        for region in queues.regions(found)
    ]
    items = [
        RoundInList(
            period=one["period"],
            opened_at=one["opened_at"],
            places=sum(each["places"] for each in one["quota"]),
            lots=LotsAnswer(**lots.told(one)) if one.get("lots") else None,
        )
        for one in ports.rounds.all(found.code)
    ]
    return Reply(RoundsAnswer(items=items, lines=lines, next=None))


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


@route(
    blueprint,
    "POST",
    "/v1/services/{service}/rounds/{period}/draw",
    body=Seed,
    answer=DrawAnswer,
    status=202,
    summary={
        "id": "Tarik undian dengan benih yang sudah diumumkan",
        "en": "Draw the lots with the published seed",
    },
    description={
        "id": "Oleh pengawas layanan, setelah benih diumumkan; satu kali. Yang terpanggil diberi tahu setelah "
        "jawaban ini.",
        "en": "By a supervisor of the service, once the seed is published; one time. Those called are told after this "
        "answer.",
    },
)
def draw(call: Call, service: str, period: str) -> Reply:
    body: Seed = call.body
    found = _with_a_line(service)
    _demand_supervisor(call, found)
    key = call.key.key if call.key else None
    opened = ports.rounds.read(found.code, period)
    new = lots.drawn(opened, body.seed, call.person.username, call.now, key)
    if new and not ports.rounds.draw(found.code, period, new):
        lots.drawn(ports.rounds.read(found.code, period), body.seed, call.person.username, call.now, key)
    return Reply(_draw(call, found, period))


@route(
    blueprint,
    "GET",
    "/v1/services/{service}/rounds/{period}/draw",
    answer=DrawAnswer,
    public=True,
    summary={
        "id": "Undian sebuah putaran, untuk dihitung ulang",
        "en": "The lots of a round, to compute again",
    },
)
def read_draw(call: Call, service: str, period: str) -> Reply:
    return Reply(_draw(call, _with_a_line(service), period))


def _demand_supervisor(call: Call, service: Service) -> None:
    if not any(call.person.holds(role, call.now) for role in service.supervisors):
        text = {
            "id": "Hanya pengawas layanan yang membuka putaran dan menarik undian.",
            "en": "Only a supervisor of the service opens a round and draws its lots.",
        }
        raise Forbidden("role", text)


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


def _demand_newest(service: Service, body: Round, call: Call) -> dict[str, Any] | None:
    """Give what is announced of a new round's lots; whose period is open already is compared with it instead."""
    line, newest = queues.line_of(service), ports.rounds.newest(service.code)
    if ports.rounds.read(service.code, body.period) is None:
        if newest and newest["period"] > body.period:
            text = {
                "id": f"Putaran yang lebih baru sudah dibuka ({newest['period']}).",
                "en": f"A newer round is open ({newest['period']}).",
            }
            raise Conflict(text, code="round-passed")
        if newest and lots.awaits_its_draw(newest):
            text = {
                "id": f"Tarik dahulu undian putaran {newest['period']}.",
                "en": f"Draw the lots of the round {newest['period']} first.",
            }
            raise NotNow(text, code="round-undrawn")
        return lots.announced(line, body.lots and body.lots.announcement, call.now)
    return None


def _demand_the_same(call: Call, body: Round, known: dict[str, Any]) -> None:
    """A repeat gives the same answer; a period is opened once, with one quota and one announcement."""
    announced = lots.plain(body.lots.announcement) if body.lots else None
    if (known.get("quota"), known.get("lots")) == ([one.model_dump() for one in body.quota], announced):
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
        reserve += _reserve(service, opened, one["region"], ledger)
    told = LotsAnswer(**lots.told(opened)) if opened.get("lots") else None
    begins = queues.second_stage_at(service, opened, ports.catalogue.calendar(service.agency))
    return RoundAnswer(
        period=period,
        opened_at=opened["opened_at"],
        second_stage_at=rfc3339(begins) if begins else None,
        places=places,
        reserve=reserve,
        lots=told,
    )


def _draw(call: Call, service: Service, period: str) -> DrawAnswer:
    opened = ports.rounds.read(service.code, period)
    if opened is None or "lots" not in opened:
        text = {"id": "Tidak ada undian untuk putaran ini.", "en": "There are no lots for this round."}
        raise NotFound(text, code="round-unknown")
    calls, waiting = list[CallAnswer](), list[NextAnswer]()
    regions = [one["region"] for one in opened["quota"]]
    for region in regions:
        draw = lots.draw_of(service.code, opened, region)
        if draw:
            known = list(ports.rounds.calls(service.code, period, region))
            known.sort(key=lambda one: draw.lot(one[0].number))
            calls += [_called(region, one, state) for one, state in known[:SHOWN_CALLS]]
            ledger, _ = ports.rounds.ledger(service.code, period, region)
            waiting += _reserve(service, opened, region, ledger or quota.Ledger(0))
    return DrawAnswer(
        **lots.told(opened),
        service=service.code,
        period=period,
        rule=lots.RULE[call.language],
        entrants=[EntrantsAnswer(region=one, numbers=opened["last"].get(one, 0)) for one in regions],
        calls=calls,
        waiting=waiting,
    )


def _called(region: str, call: quota.Call, state: str) -> CallAnswer:
    return CallAnswer(
        region=region, number=call.number, category=call.category, stage=call.stage, state=state
    )


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


def _reserve(service: Service, opened: dict[str, Any], region: str, ledger: quota.Ledger) -> list[NextAnswer]:
    """Name who comes next: the line as it was at the opening, without those who were called already."""
    if lots.awaits_its_draw(opened):
        return []
    before = ledger.done | set(ledger.again) | {call.number for call in ledger.pending}
    draw, last = lots.draw_of(service.code, opened, region), opened["last"].get(region, 0)
    waiting = takewhile(lambda one: one.number <= last, ports.rounds.waiting(service.code, region))
    following = islice(
        (one for one in (draw.sorted(waiting) if draw else waiting) if one.number not in before), SHOWN
    )
    return [NextAnswer(region=region, number=one.number) for one in following]
