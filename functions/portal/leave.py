"""Leave: an officer's roles lent to a colleague for a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from functions.api import delegations as api
from functions.domain.clock import rfc3339
from functions.domain.errors import Fault, Forbidden, Invalid, NotFound
from functions.domain.identity import is_username
from functions.portal import colleagues, progress
from functions.portal.rendering import HOME_ZONE
from functions.portal.urls import url
from functions.portal.visit import Answer, Html, SeeOther, Visit, checked
from functions.portal.worklist import NO_DAY, end_of
from functions.runtime.wiring import ports

NEWS = frozenset({"lent", "ended"})
"""What can have just happened; a message names each."""


def show(visit: Visit) -> Answer:
    """Show what is lent, and the form to lend."""
    return _page(visit)


def lend(visit: Visit) -> Answer:
    """Lend roles up to the end of a day."""
    try:
        since = _day(visit, "since", end=False)
        until = _day(visit, "until", end=True)
        if until is None:
            raise Invalid([Fault("/until", NO_DAY)])
        if not is_username(visit.field("to")):
            raise Invalid([Fault("/to", NOBODY)])
        body = checked(
            api.Lending,
            to=visit.field("to"),
            roles=visit.fields.get("role") or None,
            since=since,
            until=until,
        )
        visit.ask(api.lend, visit.field("user") or visit.person.username, body=body)
    except Invalid as error:
        return _page(visit, error.faults)
    return SeeOther(url("/delegations", sent="lent"))


def end(visit: Visit) -> Answer:
    """Take back what was lent."""
    visit.ask(api.end, visit.person.username)
    return SeeOther(url("/delegations", sent="ended"))


def _day(visit: Visit, name: str, *, end: bool) -> str | None:
    """Give the beginning or the end of a day that somebody typed; raises `Invalid`."""
    typed = visit.field(name)
    if not typed:
        return None
    try:
        begin = datetime.combine(date.fromisoformat(typed), time(), ZoneInfo(HOME_ZONE))
        return rfc3339(end_of(typed) if end else begin)
    except (ValueError, OverflowError):
        raise Invalid([Fault(f"/{name}", NO_DAY)]) from None


def _page(visit: Visit, faults: Iterable[Fault] = ()) -> Answer:
    roles = _roles(visit)
    if not roles:
        raise Forbidden("role", _NO_ROLES)
    said = [{"link": _place(fault), "text": visit.text(fault.message)} for fault in faults]
    page: dict[str, Any] = {
        "standing": _standing(visit),
        "roles": roles,
        "supervises": visit.person.kind == "supervisor",
        "office": lambda role: progress.office(role, visit.language),
        "given": {name: visit.field(name) for name in ("user", "to", "since", "until")},
        "chosen": visit.fields.get("role", []),
        "faults": said,
        "fault_of": {fault["link"]: fault["text"] for fault in said},
        "colleagues": colleagues.of(visit.person, (role for role, _ in roles), visit.now),
        "sent": visit.query.get("sent") if visit.query.get("sent") in NEWS else "",
    }
    return Html("delegations.html", page, status=422 if said else 200)


def _place(fault: Fault) -> str:
    name = fault.pointer.lstrip("/").split("/")[0]
    return f"#f-{name if name in ('to', 'since', 'until', 'roles') else 'to'}"


def _standing(visit: Visit) -> Any:
    try:
        return visit.ask(api.read, visit.person.username)
    except NotFound:
        return None


def _roles(visit: Visit) -> list[tuple[str, str]]:
    """Give the roles that can be lent: the own ones, and for a supervisor those of the agency."""
    roles = set(visit.person.roles)
    if visit.person.kind == "supervisor":
        for code in visit.person.agencies:
            roles |= {f"{code}/{name}" for name in ports.catalogue.agency(code).roles}
    return sorted(((role, progress.office(role, visit.language)) for role in roles), key=lambda one: one[1])


_NO_ROLES = {"id": "Anda tidak memegang peran.", "en": "You hold no role."}
NOBODY = {"id": "Tulis nama pengguna rekan.", "en": "Write a colleague's username."}
