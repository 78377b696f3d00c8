"""The records officer: how long cases are kept, what is held back, what is erased, and what is handed out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from functions.api import personal_data as api
from functions.domain import episodes, retention, rights
from functions.domain.clock import rfc3339
from functions.domain.errors import CaseUnknown, Fault, Invalid, NotFound, NotNow
from functions.portal.cases import Seen, see
from functions.portal.urls import url
from functions.portal.visit import Answer, Html, SeeOther, Visit, checked
from functions.runtime.wiring import ports

PAGE = 25
STATES = get_args(api.Stage)
ACTS = ("hold", "release", "erase")
"""What is done with the record of a case; a message names each when it was."""


def show(visit: Visit) -> Answer:
    """List the decided cases of the agency; first of all what may be erased now."""
    state = visit.query.get("state", "due")
    wanted = api.RetentionQuery(
        state=state if state in STATES else None,  # type: ignore[arg-type]
        limit=PAGE,
        cursor=visit.query.get("cursor"),
    )
    found = visit.ask(api.index, query=wanted)
    page = {
        "items": found.items,
        "states": STATES,
        "state": wanted.state or "",
        "next": url("/records", state=state, cursor=found.next) if found.next else "",
    }
    return Html("records.html", page)


def one(visit: Visit, case: str) -> Answer:
    """Show what is kept of a case, until when, and what can be done with it."""
    return _page(visit, _seen(visit, case))


def act(visit: Visit, case: str) -> Answer:
    """Hold the case back, let it go again, or erase it."""
    seen, wanted = _seen(visit, case), visit.field("act")
    try:
        if wanted == "erase":
            if visit.field("sure") != "yes":
                raise Invalid([Fault("/sure", _NOT_SURE)])
            visit.ask(api.erase, case, once=True)
        elif wanted in ACTS:
            reason = visit.field("reason").replace("\r\n", "\n")
            body = checked(api.Hold, reason=reason, on=wanted == "hold")
            visit.ask(api.hold, case, body=body, once=True)
        else:
            raise NotFound(_UNKNOWN, code="not-found")
    except Invalid as error:
        return _page(visit, seen, error.faults)
    return SeeOther(url(f"/cases/{case}/record", sent=wanted))


def _seen(visit: Visit, case: str) -> Seen:
    """Read a case as its records officer; to everybody else there is no such page."""
    seen = see(visit, case)
    if not rights.may("erase", visit.person, seen.case, seen.service, visit.now):
        raise CaseUnknown({"id": "Berkas tidak ditemukan.", "en": "There is no such case."})
    return seen


def _page(visit: Visit, seen: Seen, faults: Iterable[Fault] = ()) -> Answer:
    case, service = seen.case, seen.service
    until = episodes.may_be_erased_from(case, service, ports.catalogue.calendar)
    said = [
        {
            "link": "#f-sure" if fault.pointer == "/sure" else "#f-reason",
            "text": visit.text(fault.message),
        }
        for fault in faults
    ]
    page: dict[str, Any] = {
        "case": seen.shown,
        "law": service.retention.law,
        "term": visit.text(service.retention.term.words),
        "until": rfc3339(until) if until else "",
        "ended": bool(until and visit.now > until),
        "held": case.held,
        "erased": case.erased,
        "not_yet": _why_not(visit, seen),
        "files": len(case.documents),
        "typed": visit.field("reason"),
        "faults": said,
        "fault_of": {fault["link"]: fault["text"] for fault in said},
        "sent": visit.query.get("sent") if visit.query.get("sent") in ACTS else "",
    }
    return Html("record.html", page, status=422 if said else 200)


def _why_not(visit: Visit, seen: Seen) -> str:
    """Give why the case cannot be erased now; empty where it can."""
    try:
        retention.rule_to_erase(seen.case, seen.service, ports.catalogue.calendar, visit.now)
    except NotNow as error:
        return visit.text(error.message)
    return ""


_NOT_SURE = {
    "id": "Centang dahulu bahwa isi pribadinya boleh hilang untuk selamanya.",
    "en": "Tick first that the personal content may be gone for good.",
}
_UNKNOWN = {"id": "Tindakan ini tidak dikenal.", "en": "This act is unknown."}
