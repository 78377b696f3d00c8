"""Is a permit genuine, and is it in force? For anybody who holds its number."""

from __future__ import annotations

from functions.api import permits as api
from functions.domain.errors import NotFound
from functions.portal.urls import url
from functions.portal.visit import Answer, Html, SeeOther, Visit
from functions.runtime.wiring import ports


def find(visit: Visit) -> Answer:
    """Ask for the number."""
    number = visit.query.get("number", "").strip()[: api.LONGEST_NUMBER]
    if number:
        return SeeOther(url(f"/permits/{'-'.join(number.split())}"))
    return Html("permits.html", {"number": "", "unknown": ""})


def show(visit: Visit, number: str) -> Answer:
    """Tell what the permit with this number says."""
    try:
        permit = visit.ask(api.check, number)
        return Html("permit.html", {"permit": permit, "below": _below(visit, permit.service)})
    except NotFound as error:
        return Html("permits.html", {"number": number, "unknown": visit.text(error.message)}, status=404)


def _below(visit: Visit, code: str) -> list[tuple[str, str]]:
    """Give the services whose applications are filed below a case of this one."""
    return [
        (service.code, visit.text(service.title))
        for service in ports.catalogue.services()
        if service.above and service.above.service == code
    ]
