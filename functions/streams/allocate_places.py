"""Gives the places of a round to those who wait: when it is opened, when a place becomes free, and every hour.

    ledger ▶ finish what a killed run has begun ▶ choose in order ▶ hold (one transaction) ▶ call the cases ▶ again

A place is held before its case is told, and a case is told once whoever tells it, so a run may be killed at any
moment and repeated at will. Places are held one batch after the other under the ledger's version: of two runs in one
region the second sees what the first has done. What does not fit into the time of one run goes on in the next one,
which the stream starts because the round was touched.

A round is for those who had a number when it was opened; who comes later waits for the next one, whatever is left.
Whose transfer or other process is under way when a place is given is passed over, and comes first at the next one.
Once the second stage has begun, its groups come before everybody else; the hourly run is what begins it at the latest.
Where lots decide, nobody is called before they are drawn. A place that was taken and is given up later is free again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chalice.app import Blueprint

from functions.domain import episodes, lots, queues, quota
from functions.domain.case import Called, Case, Writer
from functions.domain.errors import CommitConflict
from functions.domain.quota import Call, Candidate, Ledger
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
BATCH = 25
ENOUGH_MILLISECONDS = 20_000
TURNS = 20


class Arriving(Exception):
    """Somebody has a number and does not wait yet: nobody behind may be called before."""


TimeLeft = Callable[[], bool]
STATES = {"place.taken": "paid", "place.released": "released"}


def run(happening: Mapping[str, Any], time_left: TimeLeft = lambda: True) -> None:
    """Note what has become of a place, and give whatever is free in the newest round."""
    service = ports.catalogue.service(happening["service"])
    event = happening["event"]
    told = event["data"]
    if event["type"] in STATES:
        note(service, told, STATES[event["type"]])
    newest = ports.rounds.newest(service.code)
    if newest is None:
        return
    regions = [told["region"]] if "region" in told else [one["region"] for one in newest["quota"]]
    fill(service, newest, regions, time_left)


def sweep(time_left: TimeLeft = lambda: True) -> None:
    """Look after every newest round: what an event was lost for is made good."""
    for service in ports.catalogue.services():
        newest = ports.rounds.newest(service.code) if service.line else None
        if newest:
            fill(service, newest, [one["region"] for one in newest["quota"]], time_left)


def fill(service: Service, opened: Mapping[str, Any], regions: list[str], time_left: TimeLeft) -> None:
    """Give the free places of these regions; goes on in another run when the time is up."""
    if lots.awaits_its_draw(opened):
        return
    places = {one["region"]: one["places"] for one in opened["quota"]}
    for region in regions:
        if region not in places:
            continue
        while _a_batch(service, opened, region, places[region]):
            if not time_left():
                ports.rounds.touch(service.code, opened["period"])
                return


def _a_batch(service: Service, opened: Mapping[str, Any], region: str, places: int) -> bool:
    """Call the next few of a region; tells whether there may be more."""
    for _ in range(TURNS):
        ledger, version = ports.rounds.ledger(service.code, opened["period"], region)
        ledger = ledger or _new_ledger(service, places)
        try:
            if ledger.pending:
                _call(service, opened["period"], region, ledger, version)
                return True
            before = ledger.plain()
            ledger.pending = _chosen(ledger, _waiting(service, opened, region, places))
            if version and ledger.plain() == before:
                return False
            held = [(call, "called") for call in ledger.pending]
            ports.rounds.write(service.code, opened["period"], region, ledger, version, held)
            return bool(held)
        except CommitConflict:
            continue
    raise CommitConflict("the places of this region change too fast; the event comes again")


def _chosen(ledger: Ledger, waiting: quota.Waiting) -> list[Call]:
    """Choose the next few, up to whoever has just come: that case wakes this function once it waits."""
    chosen: list[Call] = []
    with suppress(Arriving):
        chosen.extend(quota.allocate(ledger, waiting, BATCH))
    return chosen


def _new_ledger(service: Service, places: int) -> Ledger:
    reserves = queues.line_of(service).reserves
    return quota.opened(places, {one.category: one.percent for one in reserves})


def _call(service: Service, period: str, region: str, ledger: Ledger, version: int) -> None:
    """Tell the cases that a place is held for them; who does not wait any more leaves it free again."""
    gone = [call for call in ledger.pending if not _told(call, period, region)]
    for call in gone:
        ledger.release(call, again=None)
    ledger.pending = []
    ports.rounds.write(service.code, period, region, ledger, version, [(call, "released") for call in gone])


def _told(call: Call, period: str, region: str) -> bool:
    held = False

    def decide(writer: Writer, service: Service) -> None:
        nonlocal held
        called = Called(period, region, call.number, call.category, call.stage)
        calendar = ports.catalogue.calendar(writer.case.agency)
        held = episodes.call_to_place(writer, service, calendar, called)

    change(call.case, "system", decide)
    return held


def _waiting(service: Service, opened: Mapping[str, Any], region: str, places: int) -> quota.Waiting:
    line, calendar = queues.line_of(service), ports.catalogue.calendar(service.agency)
    day = calendar.day_of(queues.opened_at(opened))
    groups = queues.groups_at(service, opened, places, calendar, ports.clock.now())
    draw = lots.draw_of(service.code, opened, region)

    def those(*within: str) -> Iterator[Candidate]:
        found = ports.rounds.waiting(service.code, region, *within)
        return iter(draw.sorted(found)) if draw else found

    lists = {one.category: those(one.category, queues.last_of(service, one, day)) for one in line.reserves}
    come_with = {one.category: one for one in queues.groups_of(service) if one.beside}
    for group in groups:
        if group.of != quota.GENERAL:
            lists[group.of] = _beside(those(group.of)) if group.of in come_with else those(group.of)
    standing = ports.rounds.calls(service.code, opened["period"], region) if groups and come_with else ()
    holders = {call.number: call.case for call, state in standing if state != "released"}
    last = opened["last"].get(region, 0)

    def ready(name: str, candidate: Candidate) -> bool:
        """Leave out who came after the round was opened, who cannot be called now, and who does not belong together."""
        case = _ready(candidate, last)
        if case is None or name not in come_with:
            return case is not None
        other = ports.cases.load(waiting.holders[candidate.beside or 0]).case
        return queues.come_together(come_with[name], case, other)

    waiting = quota.Waiting(those(), lists, draw.lot if draw else None, groups, holders, ready)
    return waiting


def _beside(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Read whom each comes with: they are sorted by that number."""
    return (replace(one, beside=int(one.order)) for one in candidates)


def _ready(candidate: Candidate, last: int) -> Case | None:
    """Give the case of who can be called, and had a number when the round was opened.

    Raises `Arriving` at who has a number and is about to wait.
    """
    if candidate.number > last:
        return None
    case = ports.cases.load(candidate.case).case
    if queues.is_arriving(case):
        raise Arriving
    return case if queues.can_be_called(case) else None


def note(service: Service, told: Mapping[str, Any], state: str) -> None:
    """Write down that a place was taken, or released (also once it was taken), each once."""
    where = (service.code, told["period"], told["region"])
    for _ in range(TURNS):
        ledger, version = ports.rounds.ledger(*where)
        known = ports.rounds.call(*where, told["number"], told["stage"])
        if ledger is None or known is None or known[1] in (state, "released"):
            return
        call, before = known
        ledger.pending = [one for one in ledger.pending if one != call]
        if state == "paid":
            ledger.pay(call)
        else:
            again = told["reason"] in quota.AGAIN and before != "paid"
            ledger.release(call, again=told["reason"] if again else None)
        try:
            ports.rounds.write(*where, ledger, version, [(call, state)])
            return
        except CommitConflict:
            continue
    raise CommitConflict("the places of this region change too fast; the event comes again")


@blueprint.lambda_function(name="allocate_places")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    remaining = getattr(context, "get_remaining_time_in_millis", None)

    def time_left() -> bool:
        return remaining is None or remaining() > ENOUGH_MILLISECONDS

    if "service" in event.get("detail", {}):
        run(event["detail"], time_left)
    else:
        sweep(time_left)
    return {}
