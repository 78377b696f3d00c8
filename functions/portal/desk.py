"""One task on the desk: what it is about, what earlier steps found, who holds it, and the answer to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from functions.api import tasks as api
from functions.api.http import Reply
from functions.domain import form as forms
from functions.domain import numbers, rights, scoring, views, waits
from functions.domain import questions as enquiries
from functions.domain.case import Task
from functions.domain.errors import (
    CaseUnknown,
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    LoketError,
    TaskTaken,
    TaskUnknown,
)
from functions.domain.expression import names_below
from functions.portal import colleagues, formulas, letters, presence, progress, questions, story
from functions.portal.cases import Seen, answers_in_words, inputs_in_words, see
from functions.portal.rendering import Words
from functions.portal.urls import url
from functions.portal.visit import Answer, Content, Html, SeeOther, Visit, checked
from functions.portal.worklist import filtered_last
from functions.runtime.wiring import ports

GRAVE = frozenset({"reject", "object"})
NEWS = frozenset({"claimed", "released", "assigned"})
ASKED = "asked"


@dataclass(frozen=True)
class Desk:
    """A task that this person may see, with its case."""

    seen: Seen
    task: api.TaskAnswer

    @property
    def found(self) -> Task:
        return self.seen.case.tasks[self.task.id]


@dataclass(frozen=True)
class Finding:
    """What one step found, by whom; ``rule`` where silence answered."""

    title: str
    who: str
    answer: str
    comment: str | None
    conditions: tuple[str, ...]
    at: datetime | None
    rule: str | None


@dataclass(frozen=True)
class Choice:
    """A question or a document that may be asked for again, as it stands now."""

    name: str
    title: str
    now: str
    chosen: bool
    message: str


@dataclass(frozen=True)
class Score:
    """One score to be given: of the case ``child`` by one criterion."""

    child: str
    criterion: str
    name: str
    value: str


def show(visit: Visit, task: str) -> Answer:
    """Show one task; what is asked of an applicant stands on the page of the case, a question on its own."""
    if numbers.case_of(task, "q"):
        return SeeOther(url(f"/questions/{task}"))
    desk = open_desk(visit, task)
    if desk.task.role == "applicant":
        return SeeOther(url(f"/cases/{desk.task.case}"))
    return _page(visit, desk)


def stay(visit: Visit, task: str) -> Answer:
    """Tell the page's script who else has it open, and take from it that this person still has."""
    return Content.of({"others": presence.others(visit, open_desk(visit, task).task)})


def claim(visit: Visit, task: str) -> Answer:
    """Take it."""
    return _do(visit, task, api.claim, "claimed")


def release(visit: Visit, task: str) -> Answer:
    """Give it back."""
    return _do(visit, task, api.release, "released")


def assign(visit: Visit, task: str) -> Answer:
    """Hand it to somebody."""
    to, desk = visit.field("to"), open_desk(visit, task)
    if to and to != visit.field("sure") and to not in {one.username for one in _colleagues(visit, desk)}:
        return _page(visit, desk, faults=[Fault("/to", _UNSEEN)])
    try:
        visit.ask(api.assign, task, body=checked(api.Assign, to=to), once=True)
    except Invalid:
        return _page(visit, desk, faults=[Fault("/to", _NOBODY)])
    except (Conflict, Forbidden) as error:
        return _page(visit, open_desk(visit, task), refused=error)
    return SeeOther(url(f"/tasks/{task}", sent="assigned"))


def decide(visit: Visit, task: str) -> Answer:
    """Answer it; to return a case asks first for what is to be mended, to issue a letter shows it first."""
    desk, action = open_desk(visit, task), _chosen(visit)
    issuing = letters.issues(desk.task, action)
    returning = action == "return" and not issuing
    if returning and not visit.field("chosen"):
        return _return_page(visit, desk)
    if news := _news(visit, desk):
        return (_return_page if returning else _page)(visit, desk, news=news)
    comment = _text(visit, "comment") or None
    try:
        data = _data(visit, desk, action)
        if issuing:
            shown = letters.look(visit, task, issuing, comment, data, files=bool(visit.field("paper")))
            if not visit.field("action") or shown.mark != visit.field("shown"):
                return _letter_page(visit, desk, shown)
            data["letter"]["shown"] = shown.mark
        body = checked(api.Complete, action=action, comment=comment, data=data)
        visit.ask(api.complete, task, body=body, once=True)
    except Invalid as error:
        return (_return_page if returning else _page)(visit, desk, faults=error.faults)
    except (Conflict, Forbidden) as error:
        return _page(visit, open_desk(visit, task), refused=error)
    return SeeOther(url("/tasks", **filtered_last(visit), done=task))


def _chosen(visit: Visit) -> str:
    """Give the answer whose button was pressed: to give it, to look at its letter, or to have that on paper."""
    return visit.field("action") or visit.field("look") or visit.field("paper")


def _do(visit: Visit, task: str, act: Callable[..., Reply], done: str) -> Answer:
    try:
        visit.ask(act, task, once=True)
    except (Conflict, Forbidden) as error:
        return _page(visit, open_desk(visit, task), refused=error)
    return SeeOther(url(f"/tasks/{task}", sent=done))


def open_desk(visit: Visit, task: str) -> Desk:
    """Read a task with its case; raises `TaskUnknown` to who may not see it."""
    case = numbers.case_of(task, "t")
    try:
        seen = see(visit, case) if case else None
    except CaseUnknown:
        seen = None
    for shown in seen.shown.tasks if seen else ():
        if seen and shown.id == task:
            return Desk(seen, shown)
    raise TaskUnknown({"id": "Tugas tidak ditemukan.", "en": "There is no such task."})


# -- what was said


def _text(visit: Visit, name: str) -> str:
    return visit.field(name).replace("\r\n", "\n")


def _data(visit: Visit, desk: Desk, action: str) -> dict[str, Any]:
    if action == "submit_scores":
        return {"scores": _scored(visit, desk)}
    issuing = letters.issues(desk.task, action)
    if action != "return" or issuing:
        conditions = [line.strip() for line in _text(visit, "conditions").split("\n") if line.strip()]
        letter = {"words": letters.written(visit)} if issuing else None
        return ({"conditions": conditions} if conditions else {}) | ({"letter": letter} if letter else {})
    return {
        "fields": [
            {"pointer": f"/{name}", "message": text or None} for name, text in _wanted(visit, "field").items()
        ],
        "documents": [
            {"kind": name, "message": text or None} for name, text in _wanted(visit, "document").items()
        ],
    }


def _scored(visit: Visit, desk: Desk) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for score in _scores(visit, desk):
        found.setdefault(score.child, {})[score.criterion] = _number(score.value)
    return found


def _number(typed: str) -> float | str:
    """Read a number with either decimal sign; what is none stays as it was typed, and is refused as such."""
    try:
        number = float(typed.replace(",", "."))
    except ValueError:
        return typed
    return number if math.isfinite(number) else typed


def _scores(visit: Visit, desk: Desk) -> list[Score]:
    """Give every score that is asked for, with what was typed."""
    action = next((one for one in desk.task.actions if one.name == "submit_scores"), None)
    asked = action.form["properties"]["scores"]["properties"] if action and action.form else {}
    return [
        Score(child, criterion, name, visit.field(name))
        for row, (child, each) in enumerate(asked.items(), 1)
        for column, criterion in enumerate(each["properties"], 1)
        if (name := f"score-{row}-{column}")
    ]


def _wanted(visit: Visit, what: str) -> dict[str, str]:
    """Give what is to be mended, with its message; who writes a message need not tick the box as well."""
    before = f"say-{what}-"
    named = list(visit.fields.get(what, []))
    named += [name.removeprefix(before) for name in visit.fields if name.startswith(before)]
    said = {name: _text(visit, before + name) for name in named}
    ticked = set(visit.fields.get(what, []))
    return {name: text for name, text in said.items() if text or name in ticked}


# -- pages


def _page(
    visit: Visit,
    desk: Desk,
    *,
    faults: Iterable[Fault] = (),
    refused: LoketError | None = None,
    news: Sequence[story.Line] = (),
) -> Answer:
    seen, shown = desk.seen, desk.task
    service = seen.service
    scores = _scores(visit, desk)
    places = {f"/data/scores/{one.child}/{one.criterion}": f"#f-{one.name}" for one in scores}
    letter = _first_letter(visit, desk)
    said = _faults(visit, faults, places | letters.places(letter.words if letter else ()))
    page = _common(visit, desk, said, news) | {
        "others": presence.others(visit, shown),
        "agency": visit.text(ports.catalogue.agency(seen.case.agency).name),
        "enquiries": _enquiries(visit, desk),
        "scores": [(child, list(rest)) for child, rest in groupby(scores, key=lambda one: one.child)],
        "rows": [(title, answers) for title, answers in answers_in_words(visit, seen) if answers],
        "files": [one for one in seen.shown.documents if one.state != "announced"],
        "findings": _findings(visit, seen),
        "fee": _fee(visit, seen),
        "stages": progress.stages(seen.case, service, visit.language, own=False),
        "obstacle": _words(visit, refused) if refused else _obstacle(visit, desk),
        "shown": letter,
        "needed": [action.title for action in shown.actions if action.comment == "required"],
        "holder": _holder(visit, shown),
        "inputs_of": lambda inputs: inputs_in_words(visit, service, inputs),
        "figures_of": lambda found: formulas.of_result(visit, service, found),
        "sent": visit.query.get("sent") if visit.query.get("sent") in NEWS else "",
        "asked": visit.query.get("sent") == ASKED,
        "to": visit.field("to"),
        "colleagues": _colleagues(visit, desk),
    }
    status = refused.status if refused else 422 if said else 409 if news else 200
    return Html("desk.html", page, status=status)


def _colleagues(visit: Visit, desk: Desk) -> list[colleagues.Colleague]:
    """Give whom the task can be handed to; nobody to who cannot hand it over."""
    may = "assign" in desk.task.may
    return colleagues.of(visit.person, [desk.task.role], visit.now) if may else []


def _return_page(
    visit: Visit, desk: Desk, *, faults: Iterable[Fault] = (), news: Sequence[story.Line] = ()
) -> Answer:
    said = _faults(visit, faults)
    title = next((action.title for action in desk.task.actions if action.name == "return"), "")
    page = _common(visit, desk, said, news) | {
        "title": title or str(visit.t("case.answer.return")),
        "questions": _choices_of_fields(visit, desk.seen),
        "documents": _choices_of_documents(visit, desk.seen),
    }
    return Html("desk-return.html", page, status=422 if said else 409 if news else 200)


def _news(visit: Visit, desk: Desk) -> list[story.Line]:
    """Give what others have done to the case since the page was opened whose form has been sent."""
    version = visit.field("version")
    if not version.isascii() or not version.isdigit():
        return []
    seen, reader = desk.seen, visit.person.username
    return story.since(seen.record, seen.service, reader, visit.language, int(version))


def _enquiries(visit: Visit, desk: Desk) -> list[dict[str, Any]]:
    """Give what was asked beside the process from this task: whom, what, and what came of it."""
    case = desk.seen.case
    return [
        {
            "question": one,
            "to": progress.office(one.to, visit.language),
            "state": enquiries.state_of(case, one),
            "late": case.still_asks(one) and visit.now > one.due_at,
        }
        for one in enquiries.of_task(case, desk.found)
    ]


def _first_letter(visit: Visit, desk: Desk) -> letters.Shown | None:
    """Give the letter that the page shows at once, with what has been typed so far."""
    action = next((one.name for one in desk.task.actions if one.letter), "")
    posted = visit.request.method == "POST"
    data = _data(visit, desk, action) if posted and action else {}
    return letters.first(visit, desk.task, _text(visit, "comment") or None if posted else None, data)


def _letter_page(visit: Visit, desk: Desk, shown: letters.Shown) -> Answer:
    page = _common(visit, desk, []) | {"shown": shown}
    return Html("desk-letter.html", page)


def _common(
    visit: Visit, desk: Desk, faults: list[dict[str, str]], news: Sequence[story.Line] = ()
) -> dict[str, Any]:
    return {
        "task": desk.task,
        "case": desk.seen.shown,
        "who": progress.office(desk.task.role, visit.language),
        "comment": _text(visit, "comment"),
        "conditions": any(a.form and "conditions" in a.form["properties"] for a in desk.task.actions),
        "said_conditions": _text(visit, "conditions"),
        "typed": letters.written(visit),
        "grave": GRAVE,
        "news": news,
        "faults": faults,
        "fault_of": {fault["link"]: fault["text"] for fault in faults},
    }


_PLACES = {"/comment": "#f-comment", "/data/conditions": "#f-conditions", "/to": "#f-to", "/data": "#wanted"}


def _faults(
    visit: Visit, faults: Iterable[Fault], places: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    found = []
    for fault in faults:
        place = next((to for at, to in _PLACES.items() if fault.pointer.startswith(at)), "#decide")
        place = (places or {}).get(fault.pointer, place)
        text = _NOTHING_NAMED if place == "#wanted" and fault.pointer == "/data" else fault.message
        found.append({"link": place, "text": visit.text(text)})
    return found


def _choices_of_fields(visit: Visit, seen: Seen) -> list[Choice]:
    form, wanted = seen.shown.form or {}, _wanted(visit, "field")
    return [
        Choice(
            field.name,
            visit.text(field.title),
            questions.in_words(field, form.get(field.name), visit.language),
            field.name in wanted,
            wanted.get(field.name, ""),
        )
        for field in forms.asked_fields(seen.service, form)
    ]


def _choices_of_documents(visit: Visit, seen: Seen) -> list[Choice]:
    wanted = _wanted(visit, "document")
    newest = {one.kind: one.filename or one.kind for one in seen.shown.documents if not one.issued}
    return [
        Choice(
            kind.kind,
            visit.text(kind.title),
            newest.get(kind.kind, ""),
            kind.kind in wanted,
            wanted.get(kind.kind, ""),
        )
        for kind in seen.service.documents
    ]


def _findings(visit: Visit, seen: Seen) -> list[Finding]:
    """Give what was answered so far, in the order in which it was, but for what must not be seen yet."""
    settled = [task for task in seen.case.tasks.values() if task.state in ("done", "expired") and task.action]
    settled.sort(key=lambda task: (task.done_at or task.due_at, task.id))
    return [
        _finding(visit, seen, task)
        for task in settled
        if task.kind not in rights.NOT_BY_HAND and not scoring.hidden(seen.case, seen.service, task)
    ]


def _finding(visit: Visit, seen: Seen, task: Task) -> Finding:
    own = task.role == "applicant"
    office = str(visit.t("case.applicant")) if own else progress.office(task.role, visit.language)
    return Finding(
        title=visit.text(views.title_of(seen.case, seen.service, task)),
        who=f"{task.done_name}, {office}" if task.done_name and not own else office,
        answer=str(visit.t(f"case.answer.{task.action}")),
        comment=task.comment,
        conditions=tuple(task.conditions),
        at=task.done_at,
        rule=task.rule,
    )


def _fee(visit: Visit, seen: Seen) -> dict[str, Any] | None:
    """Give by which rules the fee came about, with the facts that each of them reads."""
    fee, billed = seen.service.fee, seen.shown.fee
    if fee is None or billed is None:
        return None
    billed_lines = {line.code for line in billed.lines}
    facts = seen.case.facts
    return {
        "words": visit.text(fee.words),
        "law": fee.law,
        "lines": [
            (line, inputs_in_words(visit, seen.service, _read_by(line.text, facts)))
            for line in formulas.of_fee(visit, seen.service)
            if line.code in billed_lines
        ],
    }


def _read_by(rule: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in sorted(names_below("facts", rule)) if name in facts}


# -- who may not, and why


def _obstacle(visit: Visit, desk: Desk) -> str:
    """Give why this person cannot answer an open task, if so; who holds it is told elsewhere."""
    case, service, found = desk.seen.case, desk.seen.service, desk.found
    if not found.is_open:
        return ""
    if waits.closed_by_law(case, service, found, visit.now):
        return str(visit.t("desk.closed_by_law"))
    try:
        spec = waits.spec_of(case, service, found)
        rights.demand_task(visit.person, case, found, spec, service, visit.now)
    except Forbidden as error:
        return visit.text(error.message)
    return ""


def _words(visit: Visit, error: LoketError) -> str:
    """Say a refusal: who was first, and when, as people write it."""
    at = error.facts.get("at")
    if isinstance(error, TaskTaken) and isinstance(at, str):
        time = Words(visit.language).time(at)
        return str(visit.t(f"desk.taken.{error.facts['state']}", who=error.facts["by"], time=time))
    return visit.text(error.message)


def _holder(visit: Visit, task: api.TaskAnswer) -> str:
    if task.assignee is None:
        return ""
    return str(visit.t("case.you")) if task.assignee == visit.person.username else task.assignee


_NOBODY = {"id": "Tulis nama pengguna rekan.", "en": "Write a colleague's username."}
_UNSEEN = {
    "id": "Dalam 90 hari terakhir tidak ada yang masuk dengan nama ini dalam peran tersebut. Periksa namanya; bila "
    "benar, tekan sekali lagi.",
    "en": "Nobody of this name has signed in with this role in the last 90 days. Check the name; if it is right, press "
    "once more.",
}
_NOTHING_NAMED = {
    "id": "Pilih sedikitnya satu isian atau dokumen yang harus diperbaiki.",
    "en": "Choose at least one answer or document to be mended.",
}
