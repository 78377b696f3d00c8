"""Pages for everybody: home, figures, the register, and what the portal says of itself."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from functions.api import register as register_api
from functions.api import services as services_api
from functions.api import statistics as statistics_api
from functions.domain.errors import Malformed, NotFound
from functions.domain.form import fault_of
from functions.portal import charts
from functions.portal.catalogue import AUDIENCES
from functions.portal.visit import Answer, Content, Html, Visit
from functions.runtime.wiring import ports

PAGE = 25
MOST_ROWS = 100


def home(visit: Visit) -> Answer:
    """Welcome by audience, with what is offered."""
    found = visit.ask(services_api.index, query=services_api.ServiceQuery(limit=100)).items
    audiences = [(name, [one for one in found if name in one.audience]) for name in AUDIENCES]
    page = {"audiences": [(name, offered) for name, offered in audiences if offered], "services": found}
    return Html("home.html", page)


def statistics(visit: Visit) -> Answer:
    """Show the figures of the last twelve months, or of the months asked for."""
    given = {name: visit.query.get(name) or None for name in ("service", "agency", "from", "to")}
    faults: list[str] = []
    try:
        found = visit.ask(statistics_api.read, query=statistics_api.StatisticsQuery.model_validate(given))
    except (ValidationError, Malformed) as error:
        faults = faults_of(visit, error)
        found = visit.ask(statistics_api.read, query=statistics_api.StatisticsQuery())
    page = {
        "figures": found,
        "decided": [item for item in found.items if item.decided],
        "charts": charts,
        "given": given,
        "faults": [{"link": "#f-from", "text": text} for text in faults],
    }
    return Html("statistics.html", page, status=422 if faults else 200)


def register(visit: Visit) -> Answer:
    """Show the public register, newest first."""
    given = {name: visit.query.get(name) or None for name in ("service", "from", "to", "cursor")}
    faults: list[str] = []
    try:
        wanted = register_api.RegisterQuery.model_validate({**given, "limit": PAGE, "format": "json"})
        found = visit.ask(register_api.read, query=wanted)
    except (ValidationError, Malformed) as error:
        faults = faults_of(visit, error)
        found = visit.ask(register_api.read, query=register_api.RegisterQuery(limit=PAGE, format="json"))
    page = {
        "items": found.items,
        "next": found.next,
        "given": given,
        "services": [(one.code, visit.text(one.title)) for one in ports.catalogue.services()],
        "faults": [{"link": "#f-from", "text": text} for text in faults],
    }
    return Html("register.html", page, status=422 if faults else 200)


def open_below(visit: Visit) -> Answer:
    """Show the published cases below which others may file now, by the service that is filed."""
    services = [one for one in ports.catalogue.services() if one.above]
    wanted = visit.query.get("service")
    cursor = visit.query.get("cursor") if wanted else None
    query = register_api.OpenQuery(limit=PAGE, cursor=cursor)
    found = [
        (one, visit.ask(register_api.open_below, one.code, query=query))
        for one in services
        if wanted in (None, "", one.code)
    ]
    return Html("open.html", {"found": found})


def register_csv(visit: Visit) -> Answer:
    """Give one page of the register as a table for spreadsheets."""
    given = {name: visit.query.get(name) or None for name in ("service", "from", "to", "cursor")}
    try:
        wanted = register_api.RegisterQuery.model_validate({**given, "limit": MOST_ROWS, "format": "csv"})
    except ValidationError as error:
        raise Malformed(fault_of(error.errors(include_url=False)[0]).message) from None
    reply = visit.reply(register_api.read, query=wanted)
    return Content(str(reply.body), reply.content_type, headers=dict(reply.headers))


def faults_of(visit: Visit, error: ValidationError | Malformed) -> list[str]:
    """Say what was wrong with what an address asked for."""
    if isinstance(error, Malformed):
        return [visit.text(error.message)]
    return [visit.text(fault_of(one).message) for one in error.errors(include_url=False)]


def privacy(visit: Visit) -> Answer:
    """Say what is kept of people, and for how long."""
    kept = [(visit.text(one.title), one.retention) for one in ports.catalogue.services()]
    return Html("privacy.html", {"kept": kept})


def accessibility(visit: Visit) -> Answer:
    """Say for whom the portal works, and how to complain."""
    return Html("accessibility.html")


def nowhere(visit: Visit, **_: Any) -> Answer:
    """Answer an address that there is none of."""
    raise NotFound({"id": "Alamat ini tidak dikenal.", "en": "This address is unknown."}, code="not-found")
