"""What an applicant does with a whole case: withdraw, appeal, renew, write a message, apply again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from functions.api import acts
from functions.api import cases as api
from functions.api.http import Reply
from functions.api.shapes import LONGEST_TEXT
from functions.domain import form as forms
from functions.domain.errors import Fault, Invalid, NotFound, NotNow
from functions.portal.cases import ERRANDS, case_page, errand_title, see
from functions.portal.urls import url
from functions.portal.visit import Answer, Html, SeeOther, Visit
from functions.portal.wishes import Wish
from functions.runtime.wiring import ports

_DOING: Mapping[str, Callable[..., Reply]] = {
    "withdraw": acts.withdraw,
    "appeal": acts.appeal,
    "renew": acts.renew,
    "amend": acts.amend,
    "resume": acts.resume,
}


def show(visit: Visit, case: str, errand: str) -> Answer:
    """Ask for the reason, and say what will happen."""
    _demand_known(errand)
    seen = see(visit, case)
    if errand not in seen.shown.actions:
        raise NotNow(_NOT_OPEN)
    return _page(visit, Wish(visit, seen, errand))


def do(visit: Visit, case: str, errand: str) -> Answer:
    """Do it, with the reason and the answers that it changes."""
    _demand_known(errand)
    seen = see(visit, case)
    wish = Wish(visit, seen, errand)
    try:
        body = acts.Wish(reason=visit.field("reason"), form=wish.form)
        visit.ask(_DOING[errand], case, body=body, once=True)
    except Invalid as error:
        return _page(visit, wish, error.faults)
    return SeeOther(url(f"/cases/{case}", sent=errand))


def message(visit: Visit, case: str) -> Answer:
    """Add a message to the thread."""
    text = visit.field("text").replace("\r\n", "\n")
    if len(text) > LONGEST_TEXT:
        fault = Fault("/text", _TOO_LONG)
        return case_page(visit, see(visit, case), faults=[fault], message=text)
    try:
        visit.ask(acts.message, case, body=acts.Message(text=text), once=True)
    except Invalid as error:
        return case_page(visit, see(visit, case), faults=error.faults, message=text)
    return SeeOther(url(f"/cases/{case}", sent="message") + "#messages")


def again(visit: Visit, case: str) -> Answer:
    """Begin a new application with the answers of an old one; what the service asks otherwise by now is left out."""
    seen = see(visit, case)
    service = ports.catalogue.service(seen.case.service)
    answers = forms.clean(service, seen.case.form or {})
    wrong = {
        fault.pointer.lstrip("/").split("/")[0]
        for fault in forms.type_faults(service, answers, complete=False)
    }
    form = {name: value for name, value in answers.items() if name not in wrong}
    failed = service.follows is not None and seen.case.status in service.follows.statuses
    body = api.CaseCreate(service=service.code, form=form, parent=case if failed else None)
    made = visit.ask(api.create, body=body, once=True)
    return SeeOther(url(f"/apply/{made.id}"))


def _page(visit: Visit, wish: Wish, faults: Iterable[Fault] = ()) -> Answer:
    seen, wrong = wish.seen, wish.wrong(faults)
    page = {
        "case": seen.shown,
        "errand": wish.act,
        "title": errand_title(visit, seen.service, wish.act),
        "reason": visit.field("reason") if visit.request.method == "POST" else "",
        "fault": wrong.get("/reason", ""),
        "questions": wish.questions(wrong),
        "faults": wish.listed(wrong),
        "process": wish.process,
        "brings": wish.brings and "upload" in seen.shown.actions,
    }
    return Html("errand.html", page, status=422 if wrong else 200)


def _demand_known(errand: str) -> None:
    if errand not in ERRANDS:
        raise NotFound(
            {"id": "Alamat ini tidak dikenal.", "en": "This address is unknown."}, code="not-found"
        )


_NOT_OPEN = {
    "id": "Hal ini tidak dapat dilakukan pada permohonan dalam keadaannya sekarang.",
    "en": "This cannot be done with the application as it now stands.",
}
_TOO_LONG = {"id": "Pesan terlalu panjang.", "en": "The message is too long."}
