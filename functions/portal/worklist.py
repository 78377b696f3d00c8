"""The worklist: what the caller's roles are asked, soonest due first, and the same answer to many tasks at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from functions.api import cases
from functions.api import tasks as api
from functions.domain import retention, webhooks
from functions.domain.clock import rfc3339
from functions.domain.errors import Invalid
from functions.domain.identity import Person
from functions.domain.service import Service
from functions.portal import letters, progress
from functions.portal.rendering import HOME_ZONE
from functions.portal.sessions import cookie, cookie_name
from functions.portal.urls import url
from functions.portal.visit import Answer, Html, SeeOther, Visit, checked
from functions.runtime.wiring import ports

PAGE = 25
MOST_LETTERS = 15
"""Letters that one page shows: more would be too heavy for a slow network, and nobody reads them."""
SOON = timedelta(days=3)
WORKDAY = timedelta(hours=12)
FILTERS = ("role", "service", "mine", "due", "q")
LIST_COOKIE = "list"
"""Keeps the filters of the list that was looked at last, so that a decision leads back to it."""
BULK = {"decide": "approve", "consult": "no_objection"}
"""What can be said of many tasks at once, by their kind: nothing that needs words for each of them."""


@dataclass(frozen=True)
class Entry:
    """A task in the list; ``who`` is its role in words, ``haste`` whether it is overdue or nearly so.

    ``choosable`` tells that this person may be able to answer it together with others.
    """

    task: api.TaskInList
    who: str
    address: str
    haste: str
    mine: bool
    choosable: bool


def show(visit: Visit) -> Answer:
    """List the tasks; who holds no role is led to the own cases, where stands what is asked of them."""
    if not visit.person.roles_at(visit.now):
        return SeeOther(url("/cases"))
    return _page(visit)


def decide(visit: Visit) -> Answer:
    """Answer the chosen tasks alike, once their letters were seen, and say of each what became of it.

    A letter that is not what was seen is shown again; the others go through.
    """
    chosen = list(dict.fromkeys(visit.fields.get("task", [])))
    before, looking = {one.task.id: one for one in _found(visit)[0]}, visit.field("look")
    try:
        said = {"action": visit.field("action") or looking, "comment": visit.field("comment") or None}
        seen = {task: visit.field(f"shown-{task}") for task in chosen if visit.field(f"shown-{task}")}
        words = {task: letters.written(visit, task) for task in chosen}
        body = checked(api.Bulk, tasks=chosen, shown=seen, words=words, **said)
        drawn = letters.of_many(visit, body)
    except Invalid as error:
        return _page(visit, [NOTHING_CHOSEN] if not chosen else [fault.message for fault in error.faults])
    unseen = [one for one in drawn if one.faults or (one.letter and one.letter.shown != seen.get(one.task))]
    if looking or (unseen and not seen):
        return _letters_page(visit, body, drawn, before)
    ready = [one.task for one in drawn if one not in unseen]
    answered = body.model_copy(update={"tasks": ready})
    items = visit.ask(api.bulk, body=answered, once=True).items if ready else []
    results = _results(items, before)
    if unseen:
        return _letters_page(visit, body, unseen, before, results)
    return Html("tasks-bulk.html", results | {"action": body.action, "back": url("/tasks", **given(visit))})


def _results(items: Sequence[api.BulkItem], before: Mapping[str, Entry]) -> dict[str, Any]:
    good = sum(item.status == 200 for item in items)
    results = [(item, before.get(item.task)) for item in items]
    return {"results": results, "good": good, "bad": len(items) - good}


def _letters_page(
    visit: Visit,
    body: api.Bulk,
    drawn: Sequence[letters.Found],
    before: Mapping[str, Entry],
    results: Mapping[str, Any] | None = None,
) -> Answer:
    """Show what the answers would issue: only what is on this page is signed by its form.

    With ``results`` these are the letters that were not signed, and what became of the others stands above them.
    """
    found = [(one, before.get(one.task)) for one in drawn]
    issuing = [(one, entry) for one, entry in found if one.letter]
    faults = [fault for one, _ in issuing for fault in _faults(visit, one)]
    page = {
        **(results or {"results": []}),
        "awaited_of": {one.task: letters.awaited(visit, one.letter) for one in drawn if one.letter},
        "faults": faults,
        "fault_of": {fault["link"]: fault["text"] for fault in faults},
        "issuing": issuing[:MOST_LETTERS],
        "left": issuing[MOST_LETTERS:],
        "plain": [(one, entry) for one, entry in found if not one.letter and not one.obstacle],
        "barred": [(one, entry) for one, entry in found if one.obstacle],
        "action": body.action,
        "comment": body.comment or "",
        "changed": results is not None,
        "here_again": _here_again(visit),
        "back": url("/tasks", **given(visit)),
    }
    return Html("tasks-letters.html", page, status=422 if faults else 200)


def _faults(visit: Visit, found: letters.Found) -> list[dict[str, str]]:
    places = letters.places(found.letter.words if found.letter else (), found.task)
    return [
        {"link": places.get(fault.pointer, "#letters"), "text": visit.text(fault.message)}
        for fault in found.faults
    ]


def _here_again(visit: Visit) -> str:
    return url("/tasks", **given(visit), cursor=visit.query.get("cursor", ""))


def _page(visit: Visit, faults: Iterable[Mapping[str, str]] = ()) -> Answer:
    entries, following, wrong = _found(visit)
    said = [{"link": "#list", "text": visit.text(text)} for text in faults]
    filters = given(visit)
    late = sum(one.haste == "late" for one in entries)
    first = not visit.query.get("cursor")
    page = {
        "counts": visit.ask(api.counts, query=_query(visit)[0]) if first and entries else None,
        "entries": entries,
        "late": late,
        "more": following is not None,
        "all_late": late == len(entries) and following is not None,
        "next": url("/tasks", **filters, cursor=following) if following else "",
        "first": first,
        "given": {name: filters.get(name, "") for name in FILTERS},
        "here_again": _here_again(visit),
        "roles": _choices(visit),
        "services": [(one.code, visit.text(one.title)) for one in _asking(visit)],
        "actions": sorted({BULK[one.task.kind] for one in entries if one.choosable}),
        "officer": bool(cases.offices(visit.person, visit.now)),
        "supervises": bool(overseen(visit.person, visit.now)),
        "overseen": [one for one in _choices(visit) if one[0] not in visit.person.roles_at(visit.now)],
        "keeps_records": bool(visit.person.agencies_as(retention.ROLE, visit.now)),
        "integrates": bool(visit.person.agencies_as(webhooks.ROLE, visit.now)),
        "done": visit.query.get("done", "").partition(".")[0],
        "faults": said + ([{"link": "#f-due", "text": visit.text(wrong)}] if wrong else []),
    }
    kept = cookie(LIST_COOKIE, urlencode(filters), WORKDAY)
    return Html("tasks.html", page, status=422 if page["faults"] else 200, cookies=(kept,))


def given(visit: Visit) -> dict[str, str]:
    """Give the filters as they stand in the address."""
    return _filters(visit.query)


def filtered_last(visit: Visit) -> dict[str, str]:
    """Give the filters of the list that was looked at last."""
    return _filters(dict(parse_qsl(visit.cookies.get(cookie_name(LIST_COOKIE), ""))))


def _filters(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values[name][:100] for name in FILTERS if values.get(name)}


def _found(visit: Visit) -> tuple[list[Entry], str | None, Mapping[str, str] | None]:
    query, wrong = _query(visit)
    page = visit.ask(api.worklist, query=query)
    return entries_of(visit, page.items), page.next, wrong


def _query(visit: Visit) -> tuple[api.TaskQuery, Mapping[str, str] | None]:
    filters, wrong = given(visit), None
    try:
        before = end_of(filters["due"]) if "due" in filters else None
    except ValueError:
        before, wrong = None, NO_DAY
    query = api.TaskQuery(
        role=filters.get("role"),
        service=filters.get("service", "")[:60] or None,
        mine="mine" in filters,
        due_before=rfc3339(before) if before else None,
        q=filters.get("q"),
        cursor=visit.query.get("cursor"),
        limit=PAGE,
    )
    return query, wrong


def entries_of(visit: Visit, items: Iterable[api.TaskInList]) -> list[Entry]:
    """Give tasks as a list shows them."""
    return [_entry(visit, item) for item in items]


def _entry(visit: Visit, item: api.TaskInList) -> Entry:
    due = datetime.fromisoformat(item.due_at)
    haste = "late" if due <= visit.now else "soon" if due - visit.now <= SOON else ""
    own = item.role == "applicant"
    who = str(visit.t("case.you")) if own else progress.office(item.role, visit.language)
    place = "questions" if item.kind == "answer" else "tasks"
    address = url(f"/cases/{item.case}" if own else f"/{place}/{item.id}")
    mine = item.assignee == visit.person.username
    free = mine or item.assignee is None
    return Entry(item, who, address, haste, mine, free and _can_be_granted(item, visit.person, visit.now))


def _can_be_granted(item: api.TaskInList, person: Person, now: datetime) -> bool:
    """Tell whether a role of this person is asked, and may say what can be said of many tasks at once."""
    names = {action.name for action in item.actions}
    return BULK.get(item.kind) in names and person.holds(item.role, now)


# -- roles


def overseen(person: Person, now: datetime) -> list[Service]:
    """Give the services of which somebody is supervisor."""
    held = person.roles_at(now)
    return [one for one in ports.catalogue.services() if held & set(one.supervisors)]


def roles_asked(service: Service) -> set[str]:
    """Give the roles that the processes of a service ask."""
    steps = (step for process in service.processes.values() for step in process.steps)
    return {spec.role for step in steps for spec in getattr(step, "of", ())}


def _choices(visit: Visit) -> list[tuple[str, str]]:
    """Give the roles whose worklists this person may read, in words."""
    roles = set(visit.person.roles_at(visit.now))
    for service in overseen(visit.person, visit.now):
        roles |= roles_asked(service)
    asked = {role for service in ports.catalogue.services() for role in roles_asked(service)}
    return sorted(
        ((role, progress.office(role, visit.language)) for role in roles & asked), key=lambda one: one[1]
    )


def _asking(visit: Visit) -> list[Service]:
    """Give the services that ask any of these roles."""
    roles = {role for role, _ in _choices(visit)}
    return [one for one in ports.catalogue.services() if roles & roles_asked(one)]


# -- reading what was typed


def end_of(day: str) -> datetime:
    """Give the end of a day that somebody typed. Raises ValueError."""
    following = date.fromisoformat(day) + timedelta(days=1)
    return datetime.combine(following, time(), ZoneInfo(HOME_ZONE))


NOTHING_CHOSEN = {"id": "Pilih tugasnya dahulu.", "en": "Choose the tasks first."}
NO_DAY = {"id": "Tulis tanggal, misalnya 2026-03-31.", "en": "Write a date, such as 2026-03-31."}
