"""Rounds of places: who waits where, a round opened with its quota, and how its places are given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from functions.api import rounds as api
from functions.domain import queues
from functions.domain.clock import rfc3339
from functions.domain.errors import Conflict, Fault, Invalid, NotNow
from functions.domain.service import Service
from functions.portal.rendering import HOME_ZONE
from functions.portal.urls import url
from functions.portal.visit import Answer, Html, SeeOther, Visit, checked
from functions.runtime.wiring import ports


@dataclass(frozen=True)
class Region:
    """A region of a round: its places by category, and who comes next."""

    title: str
    places: list[api.PlacesAnswer]
    reserve: list[int] = field(default_factory=list)


def show(visit: Visit, service: str) -> Answer:
    """Show the rounds and the lines of a service, with the form that opens the next round."""
    return _page(visit, service)


def begin(visit: Visit, service: str) -> Answer:
    """Open a round."""
    regions = [name for name in _titles(visit, service) if visit.field(f"places-{name}")]
    try:
        quota = [{"region": name, "places": _number(visit.field(f"places-{name}"))} for name in regions]
        body = checked(api.Round, period=visit.field("period"), quota=quota, lots=_lots(visit))
        visit.ask(api.begin, service, body=body, once=True)
    except Invalid as error:
        return _page(visit, service, [(_place(fault, regions), _words(fault)) for fault in error.faults])
    except (Conflict, NotNow) as error:
        return _page(visit, service, [("#f-period", error.message)], status=error.status)
    return SeeOther(url(f"/services/{service}/rounds/{body.period}", sent="opened"))


def follow(visit: Visit, service: str, period: str) -> Answer:
    """Show what has become of the places of a round."""
    return _round_page(visit, service, period)


def draw(visit: Visit, service: str, period: str) -> Answer:
    """Enter the published seed."""
    try:
        body = checked(api.Seed, seed=visit.field("seed"))
        visit.ask(api.draw, service, period, body=body, once=True)
    except Invalid:
        return _round_page(visit, service, period, _NO_SEED, 422)
    except (Conflict, NotNow) as error:
        return _round_page(visit, service, period, error.message, error.status)
    return SeeOther(url(f"/services/{service}/rounds/{period}", sent="drawn"))


# -- what was said


def _number(typed: str) -> int | str:
    """Read a number of places, written with dots or without; what is none is refused as it was typed."""
    plain = typed.replace(".", "").replace(",", "")
    return int(plain) if plain.isdecimal() and len(plain) < 10 else typed


def _lots(visit: Visit) -> dict[str, Any] | None:
    source, day, hour = visit.field("source"), visit.field("published_on"), visit.field("published_at")
    if not source and not day:
        return None
    try:
        moment = datetime.fromisoformat(f"{day}T{hour or '23:59'}").replace(tzinfo=ZoneInfo(HOME_ZONE))
        return {"source": source, "published_at": rfc3339(moment)}
    except ValueError:
        raise Invalid([Fault("/lots/published_at", _NO_MOMENT)]) from None


def _place(fault: Fault, regions: list[str]) -> str:
    _, name, *rest = [*fault.pointer.split("/"), ""]
    if name == "quota":
        at = int(rest[0]) if rest and rest[0].isdecimal() else 0
        return f"#f-places-{regions[at]}" if at < len(regions) else "#quota"
    if name == "lots":
        return "#f-published" if "published_at" in rest else "#f-source"
    return "#f-period"


def _words(fault: Fault) -> Any:
    if fault.pointer == "/period":
        return _NO_PERIOD
    if fault.pointer == "/quota":
        return _NO_QUOTA
    if fault.pointer.endswith("/places"):
        return _NO_PLACES
    return _NO_SOURCE if fault.pointer == "/lots/source" else fault.message


# -- pages


def _page(visit: Visit, code: str, faults: Iterable[tuple[str, Any]] = (), status: int = 422) -> Answer:
    found = visit.ask(api.index, code)
    service = ports.catalogue.service(code)
    titles = _titles(visit, code)
    said = [{"link": link, "text": visit.text(text)} for link, text in faults]
    page = {
        "service": service,
        "rounds": found.items,
        "lines": [(titles.get(one.region, one.region), one) for one in found.lines],
        "regions": list(titles.items()),
        "opens": _supervises(visit, service),
        "by_lot": queues.line_of(service).by == "lot",
        "typed": {name: visit.field(name) for name in ("period", "source", "published_on", "published_at")},
        "places": {name: visit.field(f"places-{name}") for name in titles},
        "faults": said,
        "fault_of": {fault["link"]: fault["text"] for fault in said},
    }
    return Html("rounds.html", page, status=status if said else 200)


def _round_page(visit: Visit, code: str, period: str, fault: Any = None, status: int = 200) -> Answer:
    found = visit.ask(api.read, code, period)
    service = ports.catalogue.service(code)
    titles = _titles(visit, code)
    categories = {name: visit.text(text) for name, text in queues.titles(service).items()}
    regions: dict[str, Region] = {}
    for one in found.places:
        regions.setdefault(one.region, Region(titles.get(one.region, one.region), [])).places.append(one)
    for following in found.reserve:
        if following.region in regions:
            regions[following.region].reserve.append(following.number)
    said = [{"link": "#f-seed", "text": visit.text(fault)}] if fault else []
    page = {
        "service": service,
        "round": found,
        "regions": list(regions.values()),
        "categories": categories,
        "totals": {
            name: sum(getattr(one, name) for one in found.places)
            for name in ("quota", "called", "paid", "released")
        },
        "draws": bool(found.lots and not found.lots.seed and _supervises(visit, service)),
        "seed": visit.field("seed"),
        "faults": said,
        "sent": visit.query.get("sent") if visit.query.get("sent") in ("opened", "drawn") else "",
    }
    return Html("round.html", page, status=status)


def _titles(visit: Visit, code: str) -> dict[str, str]:
    """Give the regions of a service by their titles. Raises `NotNow` where it allocates no places."""
    service = ports.catalogue.service(code)
    if service.line is None:
        raise NotNow(_NO_LINE, code="no-places")
    return {name: visit.text(title) for name, title in queues.regions(service).items()}


def _supervises(visit: Visit, service: Service) -> bool:
    return any(visit.person.holds(role, visit.now) for role in service.supervisors)


_NO_LINE = {"id": "Layanan ini tidak membagi tempat.", "en": "This service allocates no places."}
_NO_PERIOD = {
    "id": "Tulis tahunnya, misalnya 2027, atau 2027-2 untuk putaran kedua.",
    "en": "Write the year, such as 2027, or 2027-2 for a second round.",
}
_NO_QUOTA = {
    "id": "Isi jumlah tempat paling sedikit satu wilayah.",
    "en": "Write the number of places of at least one region.",
}
_NO_PLACES = {
    "id": "Tulis jumlah tempat sebagai angka bulat, paling banyak 1.000.000.",
    "en": "Write the number of places as a whole number, 1,000,000 at most.",
}
_NO_MOMENT = {
    "id": "Tulis tanggal dan jam benihnya diumumkan.",
    "en": "Write the day and the time at which the seed is published.",
}
_NO_SOURCE = {
    "id": "Sebutkan di mana benihnya diumumkan, paling sedikit 10 huruf.",
    "en": "Say where the seed will be published, in 10 letters at least.",
}
_NO_SEED = {
    "id": "Tulis benihnya persis seperti yang diumumkan.",
    "en": "Write the seed exactly as it was published.",
}
