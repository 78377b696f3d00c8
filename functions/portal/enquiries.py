"""Asking beside the process: the question to a colleague or another office, and the page on which it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.api import questions as api
from functions.domain import form as forms
from functions.domain import questions
from functions.domain.errors import Conflict, Fault, Forbidden, Invalid
from functions.portal import progress
from functions.portal import questions as asked
from functions.portal.desk import Desk, open_desk
from functions.portal.urls import url
from functions.portal.visit import Answer, Html, SeeOther, Visit, checked
from functions.runtime.wiring import ports

USUAL_TERM = 3
"""Working days."""
SENT = frozenset({"answered"})


@dataclass(frozen=True)
class Group:
    """A group of the applicant's answers that can go along with a question."""

    no: int
    title: str
    pointers: list[str]
    chosen: bool


def compose(visit: Visit, task: str) -> Answer:
    """Show the form for a question."""
    return _ask_page(visit, open_desk(visit, task))


def ask(visit: Visit, task: str) -> Answer:
    """Ask it."""
    desk = open_desk(visit, task)
    try:
        visit.ask(api.ask, task, body=_asked(visit, desk), once=True)
    except Invalid as error:
        return _ask_page(visit, desk, faults=error.faults)
    except (Conflict, Forbidden) as error:
        return _ask_page(visit, desk, refused=visit.text(error.message))
    return SeeOther(url(f"/tasks/{task}", sent="asked"))


def _asked(visit: Visit, desk: Desk) -> api.Ask:
    colleague = visit.field("colleague").lstrip("@")
    days = visit.field("working_days")
    chosen = visit.fields.get("group", [])
    return checked(
        api.Ask,
        to=f"@{colleague}" if colleague else visit.field("to"),
        text=visit.field("text").replace("\r\n", "\n"),
        working_days=int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0,
        fields=[p for group in _groups(visit, desk) if str(group.no) in chosen for p in group.pointers],
        documents=visit.fields.get("document", []),
    )


def _ask_page(visit: Visit, desk: Desk, *, faults: Any = (), refused: str = "") -> Answer:
    said = [{"link": _place(fault), "text": visit.text(_words(visit, fault))} for fault in faults]
    fresh = visit.request.method == "GET"
    page = {
        "task": desk.task,
        "case": desk.seen.shown,
        "offices": _offices(visit),
        "groups": _groups(visit, desk),
        "files": [one for one in desk.seen.shown.documents if one.state == "clean"],
        "to": visit.field("to"),
        "colleague": visit.field("colleague"),
        "text": visit.field("text"),
        "working_days": USUAL_TERM if fresh else visit.field("working_days"),
        "longest": questions.LONGEST_TERM,
        "chosen_files": visit.fields.get("document", []),
        "refused": refused,
        "faults": said,
        "fault_of": {fault["link"]: fault["text"] for fault in said},
    }
    return Html("enquiry-ask.html", page, status=409 if refused else 422 if said else 200)


def _words(visit: Visit, fault: Fault) -> Any:
    nobody = fault.pointer == "/to" and not visit.field("to") and not visit.field("colleague")
    return _NOBODY if nobody else fault.message


def _place(fault: Fault) -> str:
    head = fault.pointer.split("/")[1] if fault.pointer.count("/") else ""
    return f"#f-{head}" if head in ("to", "text", "working_days") else "#along"


def _offices(visit: Visit) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give the offices by name, each with the roles that can be asked."""
    found = []
    for agency in ports.catalogue.agencies():
        roles = [
            (role, visit.text(agency.roles[role.partition("/")[2]]))
            for role in questions.may_be_asked(agency)
        ]
        found.append((visit.text(agency.name), roles))
    return sorted(found)


def _groups(visit: Visit, desk: Desk) -> list[Group]:
    service, form = desk.seen.service, desk.seen.shown.form or {}
    names = {field.name for field in forms.asked_fields(service, form)} - desk.seen.case.sealed_fields
    chosen = visit.fields.get("group", []) if visit.request.method == "POST" else []
    found = []
    for no, group in enumerate(service.form.groups, 1):
        pointers = [f"/{field.name}" for field in group.fields if field.name in names and field.name in form]
        if pointers:
            found.append(Group(no, visit.text(group.title), pointers, str(no) in chosen))
    return found


# -- the page of whoever was asked


def show(visit: Visit, question: str) -> Answer:
    """Show one question with what came along."""
    return _page(visit, visit.ask(api.read, question))


def answer(visit: Visit, question: str) -> Answer:
    """Answer it."""
    text = visit.field("text").replace("\r\n", "\n")
    try:
        visit.ask(api.answer, question, body=checked(api.Respond, text=text), once=True)
    except Invalid as error:
        return _page(visit, visit.ask(api.read, question), faults=error.faults)
    except (Conflict, Forbidden) as error:
        return _page(visit, visit.ask(api.read, question), refused=visit.text(error.message))
    return SeeOther(url(f"/questions/{question}", sent="answered"))


def document(visit: Visit, question: str, document: str) -> Answer:
    """Lead to a document that came along."""
    return SeeOther(visit.ask(api.document, question, document).url)


def _page(visit: Visit, shown: api.QuestionAnswer, *, faults: Any = (), refused: str = "") -> Answer:
    said = [{"link": "#f-text", "text": visit.text(fault.message)} for fault in faults]
    page = {
        "question": shown,
        "from": f"{shown.name or shown.by}, {progress.office(shown.role, visit.language)}",
        "to": progress.office(shown.to, visit.language),
        "rows": _rows(visit, shown),
        "text": visit.field("text") if visit.request.method == "POST" else "",
        "sent": visit.query.get("sent") if visit.query.get("sent") in SENT else "",
        "sees_task": shown.role in visit.person.roles_at(visit.now),
        "refused": refused,
        "faults": said,
    }
    return Html("enquiry.html", page, status=409 if refused else 422 if said else 200)


def _rows(visit: Visit, shown: api.QuestionAnswer) -> list[tuple[str, str]]:
    case = ports.cases.load(shown.case).case
    service = ports.catalogue.service(case.service, case.service_version)
    return [
        (visit.text(field.title), asked.in_words(field, shown.form[field.name], visit.language))
        for field in service.form.fields
        if field.name in shown.form
    ]


_NOBODY = {
    "id": "Pilih sebuah peran, atau tulis nama pengguna seorang rekan.",
    "en": "Choose a role, or write the username of a colleague.",
}
