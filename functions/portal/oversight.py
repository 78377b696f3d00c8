"""The supervisor: what needs attention, and what is done with a whole case, each with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.api import acts, tasks
from functions.api import cases as api
from functions.api.http import Reply
from functions.api.shapes import Reason
from functions.domain import views
from functions.domain.clock import rfc3339
from functions.domain.errors import Fault, Forbidden, Invalid, NotFound, NotNow
from functions.portal import progress, worklist
from functions.portal.cases import OVERSIGHT, Seen, oversight_of, see
from functions.portal.urls import url
from functions.portal.visit import Answer, Html, SeeOther, Visit, checked
from functions.portal.wishes import Wish
from functions.runtime.wiring import ports

MOST_LATE = 10
PAGE = 25

_DOING: Mapping[str, Callable[..., Reply]] = {
    "extend": acts.extend,
    "redrive": acts.redrive,
    "reopen": acts.reopen,
    "suspend": acts.suspend,
    "reinstate": acts.reinstate,
    "revoke": acts.revoke,
}


@dataclass(frozen=True)
class Late:
    """The overdue tasks of one role, soonest due first; ``address`` lists them all."""

    who: str
    entries: list[worklist.Entry]
    more: bool
    address: str


def attention(visit: Visit) -> Answer:
    """List the cases that stand still, and what is overdue in the services that this person oversees."""
    services = worklist.overseen(visit.person, visit.now)
    if not services:
        raise Forbidden("role", _NOT_YOURS)
    wanted = api.CaseQuery(status="needs_attention", limit=PAGE, cursor=visit.query.get("cursor"))
    still = visit.ask(api.index, query=wanted)
    roles = {role for service in services for role in worklist.roles_asked(service)}
    past = [_overdue(one.code) for one in services]
    overdue = [item for page in past for item in page.items]
    late = [found for role in sorted(roles) if (found := _late(visit, role)).entries]
    return Html(
        "attention.html",
        {
            "still": still.items,
            "next": still.next,
            "overdue": overdue,
            "more_overdue": any(page.next for page in past),
            "most": MOST_LATE,
            "late": late,
            "services": services,
        },
    )


def _overdue(service: str) -> Any:
    """Read the cases whose own term has passed, the oldest first, though what is asked now may be in time."""
    return ports.views.list("due", views.overdue(service), limit=MOST_LATE)


def _late(visit: Visit, role: str) -> Late:
    wanted = tasks.TaskQuery(role=role, due_before=rfc3339(visit.now), limit=MOST_LATE)
    page = visit.ask(tasks.worklist, query=wanted)
    entries = worklist.entries_of(visit, page.items)
    return Late(
        progress.office(role, visit.language), entries, page.next is not None, url("/tasks", role=role)
    )


def ask(visit: Visit, case: str, act: str) -> Answer:
    """Ask for the reason and for the answers that it changes, and say what will happen."""
    _demand_known(act)
    seen = see(visit, case)
    if act not in oversight_of(seen.shown):
        raise NotNow(_NOT_OPEN)
    return _page(visit, Wish(visit, seen, act))


def do(visit: Visit, case: str, act: str) -> Answer:
    """Do it, with the reason and the answers that it changes."""
    _demand_known(act)
    wish = Wish(visit, see(visit, case), act)
    try:
        visit.ask(_DOING[act], case, body=_body(visit, wish), once=True)
    except Invalid as error:
        return _page(visit, wish, error.faults)
    return SeeOther(url(f"/cases/{case}", sent=act))


def _body(visit: Visit, wish: Wish) -> Reason:
    said: dict[str, Any] = {"reason": visit.field("reason").replace("\r\n", "\n")}
    if wish.act == "extend":
        return checked(acts.Extension, **said, term=f"{visit.field('amount')[:6]} {_unit(wish.seen)}")
    return checked(acts.Wish, **said, form=wish.form) if wish.act == "reopen" else checked(Reason, **said)


def _page(visit: Visit, wish: Wish, faults: Iterable[Fault] = ()) -> Answer:
    act, posted = wish.act, visit.request.method == "POST"
    wrong = wish.wrong(faults)
    if "/term" in wrong:
        wrong["/amount"] = visit.text(_NO_AMOUNT)
        del wrong["/term"]
    page: dict[str, Any] = {
        "case": wish.seen.shown,
        "act": act,
        "title": _title(visit, wish),
        "reason": visit.field("reason") if posted else "",
        "amount": visit.field("amount") if posted else "",
        "unit": _unit(wish.seen) if act == "extend" else "",
        "questions": wish.questions(wrong),
        "faults": wish.listed(wrong),
        "fault_of": wrong,
    }
    return Html("oversight.html", page, status=422 if wrong else 200)


def _title(visit: Visit, wish: Wish) -> str:
    """Give what it is called: what the service calls the process that it opens, where it names one."""
    return visit.text(wish.process.title) if wish.process else str(visit.t(f"oversight.act.{wish.act}"))


def _unit(seen: Seen) -> str:
    """Give the unit in which the running term is counted."""
    clock = api.case_clock(seen.case, seen.service)
    return clock.term.unit if clock else "wd"


def _demand_known(act: str) -> None:
    if act not in OVERSIGHT:
        raise NotFound(
            {"id": "Alamat ini tidak dikenal.", "en": "This address is unknown."}, code="not-found"
        )


_NOT_YOURS = {
    "id": "Halaman ini untuk pengawas layanan.",
    "en": "This page is for those who supervise a service.",
}
_NOT_OPEN = {
    "id": "Hal ini tidak dapat Anda lakukan pada permohonan dalam keadaannya sekarang.",
    "en": "You cannot do this with the application as it now stands.",
}
_NO_AMOUNT = {"id": "Tulis lamanya sebagai angka.", "en": "Write the length as a number."}
