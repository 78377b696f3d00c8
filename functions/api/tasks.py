"""Tasks: the worklist, and what is done with one of them."""

from __future__ import annotations

import base64
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import AfterValidator, Field

from functions.api import lists
from functions.api.http import (
    Answer,
    Body,
    Call,
    Language,
    Paged,
    Query,
    Reply,
    problem_of,
    route,
)
from functions.api.shapes import ClockAnswer, Moment, Name, Problem, Prose, clock_answer, moment, read_moment
from functions.domain import history, issuing, numbers, rights, scoring, tasks, views, waits
from functions.domain.case import Case, Request, Task, Writer
from functions.domain.clock import LegalClock, rfc3339
from functions.domain.errors import (
    CaseUnknown,
    Fault,
    Forbidden,
    Invalid,
    LoketError,
    Malformed,
    NotFound,
    NotNow,
    TaskUnknown,
)
from functions.domain.identity import Person, is_username
from functions.domain.letter import Letter
from functions.domain.service import Action, CorrectStep, PayStep, Service, Step, TaskSpec
from functions.runtime.commands import Done, change
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
MOST_COUNTED = 200
"""Tasks of a role that are counted, the soonest due: counting stays as quick however long a list grows."""
SOON_DAYS = 2
MOST_AT_ONCE = 100

State = Literal["open", "claimed", "done", "cancelled", "expired"]
Act = Literal["claim", "release", "assign", "complete"]
Decide = Callable[[Writer, Service, Task], None]


class ActionAnswer(Answer):
    """One way to answer; ``form`` is the JSON Schema of ``data`` where the answer takes any.

    With ``letter`` it issues documents at once, which ``POST /v1/tasks/{task}/letter`` shows before.
    """

    name: str
    title: str
    comment: Literal["required", "optional"]
    form: dict[str, Any] | None = None
    letter: Literal[True] | None = None


class WantedField(Answer):
    pointer: str
    message: str | None


class WantedDocument(Answer):
    kind: str
    message: str | None


class CorrectionAnswer(Answer):
    """What the applicant was asked to mend; only this is open for change."""

    fields: list[WantedField]
    documents: list[WantedDocument]


class TaskInList(Answer):
    """A task as the worklist shows it. ``role`` is ``agency/role`` or ``applicant``.

    What has the kind ``answer`` is a question to be read and answered at ``/v1/questions/{id}``; its ``role`` may be
    ``agency/@username``.

    ``actions`` are those of the role. Whether four eyes, the own case or the rounds left stand in the way of this
    caller is told by the task itself, with what an action takes.
    """

    id: str
    case: str
    number: str | None
    service: str
    step: str
    name: str
    title: str
    kind: str
    role: str
    agency: str
    state: State
    assignee: str | None
    opened_at: str
    due_at: str
    version: int
    clock: ClockAnswer | None
    actions: list[ActionAnswer]
    payment: str | None = None


class TaskAnswer(TaskInList):
    """A task with what this caller may do: ``actions`` completes it, ``may`` says which of its routes are open."""

    help: str | None = None
    law: str | None = None
    round: int
    may: list[Act]
    correction: CorrectionAnswer | None = None
    claimed_at: str | None = None
    action: str | None = None
    comment: str | None = None
    done_by: str | None = None
    done_for: str | None = None
    done_at: str | None = None
    rule: str | None = None


class TaskPage(Answer):
    items: list[TaskInList]
    next: str | None


class TaskQuery(Paged):
    """Without ``state`` both the open and the claimed ones. Tasks that are settled stand in their case.

    ``mine`` leaves those that the caller has taken.
    """

    state: State | None = None
    role: str | None = Field(default=None, max_length=100)
    service: str | None = Field(default=None, max_length=60)
    due_before: Moment | None = None
    q: str | None = Field(default=None, max_length=100)
    mine: bool = False


class DueCounts(Answer):
    """How many tasks are due when; of a long list the soonest are counted, and ``at_least`` tells that it is longer.

    ``today`` are the rest of this day, ``soon`` the two days after it, in the time zone of each task's agency.
    """

    overdue: int
    today: int
    soon: int
    later: int
    at_least: bool


def _username(text: str) -> str:
    if not is_username(text):
        raise ValueError("no username")
    return text


Username = Annotated[Name, AfterValidator(_username)]


class Assign(Body):
    to: Username


class Complete(Body):
    """``data`` as the action's ``form`` says: what is to be mended, or scores."""

    action: Name
    comment: Prose | None = None
    data: dict[str, Any] | None = None


class WordsAnswer(Answer):
    """A paragraph that may be written as ``data.letter.words.<name>``; ``id`` and ``en`` are what stands there now.

    ``by`` is who has written that, of those who are asked together, where it is not the standard text.
    """

    name: str
    title: str
    max_length: int
    id: str
    en: str
    by: str | None = None


class Awaited(Answer):
    """Who has still to answer before a letter is issued."""

    task: str
    title: str
    role: str


class LettersAnswer(Answer):
    """The documents that an answer would issue. ``letters`` hold all that will stand in them, in both languages.

    Send ``shown`` back as ``data.letter.shown``: then nothing else than this is signed. Unless it is ``final`` others
    are still asked at the same time (``awaited``), and what they say may be added before it is issued.

    ``hand`` is whose: the ``own`` signature, one ``shared`` with others, ``initials`` on what is signed later, or that
    of ``another``. ``files`` are the same as PDF files in Base64, marked as drafts: they are neither signed nor kept.
    """

    shown: str
    final: bool
    hand: issuing.Hand
    files: list[str] | None = None
    letters: list[dict[str, Any]]
    words: list[WordsAnswer]
    awaited: list[Awaited] = []


class LetterQuery(Query):
    """``files`` asks for the letters as they will look on paper, too."""

    files: bool = False


class Bulk(Body):
    """``shown`` has by task the fingerprint of the letter that was seen: where it is given, no other is signed.

    ``words`` has by task what is written in its letter, as ``data.letter.words`` of a single answer.
    """

    tasks: list[Name] = Field(min_length=1, max_length=MOST_AT_ONCE)
    action: Name
    comment: Prose | None = None
    shown: dict[Name, Name] | None = Field(default=None, max_length=MOST_AT_ONCE)
    words: dict[Name, dict[str, Any]] | None = Field(default=None, max_length=MOST_AT_ONCE)


class BulkItem(Answer):
    """What became of one task; ``status`` is what the single route would have answered."""

    task: str
    status: int
    state: State | None = None
    problem: Problem | None = None


class BulkAnswer(Answer):
    items: list[BulkItem]


# -- reading


@route(
    blueprint,
    "GET",
    "/v1/tasks",
    query=TaskQuery,
    answer=TaskPage,
    summary={"id": "Daftar tugas: apa yang diminta dari Anda", "en": "The worklist: what is asked of you"},
    description={
        "id": "Petugas: tugas semua peran mereka. Pemohon: yang diminta dari mereka. Pengawas layanan dapat "
        "menyebut peran lain dengan `role`.",
        "en": "Officers: the tasks of all their roles. Applicants: what is asked of them. A supervisor of a service "
        "may name another role by `role`.",
    },
)
def worklist(call: Call) -> Reply:
    query: TaskQuery = call.query
    _demand_unsettled(query.state, call.language)
    found = lists.merged(
        [_source(call, role, services) for role, services in _roles(call.person, query, call.now)],
        order=lambda item: (item["due_at"], item["id"]),
        limit=query.limit,
        cursor=query.cursor,
        keep=partial(_wanted, query),
    )
    items = [_in_list(item, call) for item in found.items]
    return Reply(TaskPage(items=items, next=found.next))


@route(
    blueprint,
    "GET",
    "/v1/tasks/counts",
    query=TaskQuery,
    answer=DueCounts,
    summary={"id": "Banyaknya tugas menurut tenggat", "en": "The worklist counted by due date"},
)
def counts(call: Call) -> Reply:
    query: TaskQuery = call.query
    _demand_unsettled(query.state, call.language)
    found: Counter[str] = Counter()
    more = False
    for role, services in _roles(call.person, query, call.now):
        page = ports.views.list("who", _list_of(call, role), before=query.due_before, limit=MOST_COUNTED)
        more = more or page.next is not None
        mine = [item for item in page.items if _counted(call, query, services, item)]
        found.update(_when_due(item, call.now) for item in mine)
    answer = {name: found[name] for name in ("overdue", "today", "soon", "later")}
    return Reply(DueCounts(**answer, at_least=more))


def _counted(call: Call, query: TaskQuery, services: frozenset[str] | None, item: lists.Item) -> bool:
    by_service = query.service in (None, item["service"])
    by_holder = not query.mine or item["assignee"] == call.person.username
    return by_service and by_holder and _of(services)(item) and _wanted(query, item)


def _when_due(item: lists.Item, now: datetime) -> str:
    due = read_moment(item["due_at"])
    if due <= now:
        return "overdue"
    calendar = ports.catalogue.calendar(item["agency"])
    days = (calendar.day_of(due) - calendar.day_of(now)).days
    return "today" if days == 0 else "soon" if days <= SOON_DAYS else "later"


@route(
    blueprint,
    "GET",
    "/v1/tasks/{task}",
    answer=TaskAnswer,
    summary={"id": "Satu tugas", "en": "One task"},
)
def read(call: Call, task: str) -> Reply:
    record = _load(task)
    service = ports.catalogue.service(record.case.service, record.case.service_version)
    found = tasks.find(record.case, task)
    if not rights.may_see_task(call.person, record.case, found, service, call.now):
        raise _unknown()
    return _reply(call, Done(record.case, service), task)


# -- doing


@route(
    blueprint,
    "POST",
    "/v1/tasks/{task}/claim",
    answer=TaskAnswer,
    versioned=True,
    summary={"id": "Ambil tugas", "en": "Take the task"},
)
def claim(call: Call, task: str) -> Reply:
    return _act(call, task, lambda writer, service, found: tasks.claim(writer, service, call.person, found))


@route(
    blueprint,
    "POST",
    "/v1/tasks/{task}/release",
    answer=TaskAnswer,
    versioned=True,
    summary={"id": "Kembalikan tugas kepada semua pemegang peran", "en": "Give the task back to the role"},
)
def release(call: Call, task: str) -> Reply:
    return _act(call, task, lambda writer, service, found: tasks.release(writer, service, call.person, found))


@route(
    blueprint,
    "POST",
    "/v1/tasks/{task}/assign",
    body=Assign,
    answer=TaskAnswer,
    versioned=True,
    summary={
        "id": "Serahkan tugas kepada seseorang (pengawas, atau yang mengambilnya)",
        "en": "Hand the task to somebody (supervisor, or who has taken it)",
    },
    description={
        "id": "Peran penerima diperiksa saat ia bertindak; aturan berkas sendiri dan empat mata diperiksa sekarang.",
        "en": "The receiver's role is checked when they act; the own-case and four-eyes rules are checked now.",
    },
)
def assign(call: Call, task: str) -> Reply:
    def decide(writer: Writer, service: Service, found: Task) -> None:
        # Roles stand in a person's own token, so this one is taken to hold the role until they act.
        to = Person(call.body.to, call.body.to, frozenset({found.role}))
        tasks.assign(writer, service, call.person, found, to)

    return _act(call, task, decide)


@route(
    blueprint,
    "POST",
    "/v1/tasks/{task}/letter",
    body=Complete,
    query=LetterQuery,
    answer=LettersAnswer,
    summary={
        "id": "Lihat surat yang akan terbit dari suatu jawaban",
        "en": "See the letter that an answer would issue",
    },
    description={
        "id": "Isinya seperti untuk menjawab tugas; tidak ada yang berubah atau terbit.",
        "en": "The body is that of the answer; nothing is changed or issued.",
    },
)
def letter(call: Call, task: str) -> Reply:
    record = _load(task)
    service = ports.catalogue.service(record.case.service, record.case.service_version)
    found = tasks.find(record.case, task)
    if not rights.may_see_task(call.person, record.case, found, service, call.now):
        raise _unknown()
    # What is decided here stays in this hand: it is never committed.
    writer = Writer(record.case, actor=call.person.username, now=call.now)
    _answer(call, writer, service, found, call.body.data or {})
    drawing = _drawing(record.case, service, found)
    if drawing is None:
        raise NotNow(
            {
                "id": "Jawaban ini tidak langsung menerbitkan surat.",
                "en": "This answer issues no letter at once.",
            },
            code="no-letter",
        )
    day = call.now.replace(microsecond=0)
    drawn = issuing.shown(record.case, service, drawing, found, now=day)
    shown = issuing.fingerprint(record.case, service, drawing, found)
    words = _words(record.case, service, drawing, found, call.language)
    letters = [one.model_dump(mode="json", exclude={"created_at", "verification_url"}) for one in drawn]
    final = waits.verdict_of(record.case, service, found.key) is not None
    asked: LetterQuery = call.query
    files = {"files": [_draft(one) for one in drawn]} if asked.files else {}
    hand = issuing.hand(record.case, service, found, call.body.action)
    awaited = [] if final else _awaited(record.case, service, found, call.language)
    return Reply(
        LettersAnswer(
            shown=shown, final=final, hand=hand, letters=letters, words=words, awaited=awaited, **files
        )
    )


def _awaited(case: Case, service: Service, task: Task, language: Language) -> list[Awaited]:
    return [
        Awaited(task=one.id, title=views.title_of(case, service, one)[language], role=one.role)
        for one in case.tasks_of(*task.key)
        if one.is_open and one.id != task.id
    ]


def _draft(letter: Letter) -> str:
    return base64.b64encode(ports.renderer.render(letter, draft=True)).decode()


def _words(
    case: Case, service: Service, drawing: issuing.Drawing, task: Task, language: Language
) -> list[WordsAnswer]:
    action = task.action or ""
    standing = issuing.standing(case, service, drawing, task, action)
    before = issuing.written_before(case, service, task, action)

    def said(name: str) -> dict[str, Any]:
        if name in task.words:
            return dict(task.words[name])
        if name in before:
            writer = before[name]
            return {**writer.words[name], "by": writer.done_name or writer.done_by}
        return dict(standing[name].pair()) if name in standing else _UNWRITTEN

    return [
        WordsAnswer(
            name=one.name, title=getattr(one.title, language), max_length=one.max_length, **said(one.name)
        )
        for one in issuing.writable(case, service, task, action)
    ]


_UNWRITTEN = {"id": "", "en": ""}


@route(
    blueprint,
    "POST",
    "/v1/tasks/{task}/complete",
    body=Complete,
    answer=TaskAnswer,
    versioned=True,
    summary={"id": "Jawab tugas", "en": "Answer the task"},
)
def complete(call: Call, task: str) -> Reply:
    return _act(call, task, partial(_complete, call, data=call.body.data or {}))


def _complete(call: Call, writer: Writer, service: Service, found: Task, data: Mapping[str, Any]) -> None:
    """Answer a task; raises `LetterChanged` where its letter is not the one that was shown."""
    _answer(call, writer, service, found, data)
    drawing = _drawing(writer.case, service, found) if found.letter else None
    if drawing:
        issuing.demand_as_shown(writer.case, service, drawing, found)


def _answer(call: Call, writer: Writer, service: Service, found: Task, data: Mapping[str, Any]) -> None:
    body: Complete | Bulk = call.body
    tasks.complete(
        writer,
        service,
        ports.catalogue.calendar,
        call.person,
        found,
        action=body.action,
        comment=body.comment,
        data=data,
        nonce=secrets.token_hex(16),
        drawing_of=_drawing_of,
    )


def _drawing(case: Case, service: Service, task: Task) -> issuing.Drawing | None:
    """Give what the letters of an answer are drawn from; ``None`` where it leads to none."""
    step = issuing.prepared(case, service, task, task.action or "")
    return _drawing_of(case, service, [p.letter for p in issuing.papers(service, step)]) if step else None


def _drawing_of(case: Case, service: Service, letters: list[str]) -> issuing.Drawing:
    # Few commands draw a letter, and what draws one need not be there at every start.
    from functions.runtime.drawing import drawing_of

    return drawing_of(case, service, letters)


@route(
    blueprint,
    "POST",
    "/v1/tasks/bulk",
    body=Bulk,
    answer=BulkAnswer,
    summary={"id": "Jawab banyak tugas sekaligus", "en": "Answer many tasks at once"},
    description={
        "id": "Setiap tugas diselesaikan sendiri-sendiri: yang satu dapat gagal tanpa yang lain.",
        "en": "Each task is answered by itself: one may fail without the others.",
    },
)
def bulk(call: Call) -> Reply:
    body: Bulk = call.body
    repeated = [place for place, task in enumerate(body.tasks) if task in body.tasks[:place]]
    if repeated:
        text = {"id": "Tugas ini disebut dua kali.", "en": "This task is named twice."}
        raise Invalid([Fault(f"/tasks/{place}", text) for place in repeated])
    return Reply(BulkAnswer(items=[_one_of_many(call, task) for task in body.tasks]))


def _one_of_many(call: Call, task: str) -> BulkItem:
    body: Bulk = call.body
    request = Request(f"{call.key.key}:{task}", call.key.digest) if call.key else None

    def decide(writer: Writer, service: Service, found: Task) -> None:
        _complete(call, writer, service, found, _of_its_letter(body, writer.case, service, found))

    try:
        done = _change(call, task, decide, request)
    except LoketError as error:
        problem = Problem.model_validate(problem_of(error, call.language))
        return BulkItem(task=task, status=error.status, problem=problem)
    return BulkItem(task=task, status=200, state=_state(done.case, task))


def _of_its_letter(body: Bulk, case: Case, service: Service, task: Task) -> dict[str, Any]:
    """Give what is written in a letter, and which was seen: one that was not has the fingerprint of none."""
    words = (body.words or {}).get(task.id)
    letter: dict[str, Any] = {"words": words} if words else {}
    if body.shown is not None and issuing.prepared(case, service, task, body.action):
        letter["shown"] = body.shown.get(task.id, history.ZEROS)
    return {"letter": letter} if letter else {}


def _act(call: Call, task: str, decide: Decide) -> Reply:
    def checked(writer: Writer, service: Service, found: Task) -> None:
        if not rights.may_see_task(call.person, writer.case, found, service, writer.now):
            raise _unknown()
        call.demand_version(found.version)
        decide(writer, service, found)

    return _reply(call, _change(call, task, checked, call.key), task)


def _change(call: Call, task: str, decide: Decide, request: Request | None) -> Done:
    def on_the_case(writer: Writer, service: Service) -> None:
        decide(writer, service, tasks.find(writer.case, task))

    try:
        return change(_case_of(task), call.person.username, on_the_case, request=request)
    except CaseUnknown:
        raise _unknown() from None


def _load(task: str) -> Any:
    try:
        return ports.cases.load(_case_of(task))
    except CaseUnknown:
        raise _unknown() from None


def _case_of(task: str) -> str:
    case = numbers.case_of(task, "t")
    if case is None:
        raise _unknown()
    return case


def _unknown() -> NotFound:
    return TaskUnknown({"id": "Tugas tidak ditemukan.", "en": "There is no such task."})


def _reply(call: Call, done: Done, task: str) -> Reply:
    found = tasks.find(done.case, task)
    shown = task_answer(found, done.case, done.service, call.person, call.now, call.language)
    return Reply(shown, version=found.version)


# -- the worklist's sources


def _roles(person: Person, query: TaskQuery, now: datetime) -> list[tuple[str, frozenset[str] | None]]:
    """Give the roles whose worklists are read, and for which services where not for all."""
    held = person.roles_at(now)
    if query.role is None:
        by_name = {f"{agency}/@{person.username}" for agency in person.agencies_at(now)}
        return [("applicant", None), *((role, None) for role in sorted(held | by_name))]
    if query.role == "applicant" or query.role in held:
        return [(query.role, None)]
    overseen = frozenset(s.code for s in ports.catalogue.services() if held & set(s.supervisors))
    if not overseen:
        raise Forbidden("role", {"id": "Peran ini bukan peran Anda.", "en": "This role is none of yours."})
    return [(query.role, overseen)]


def _list_of(call: Call, role: str) -> str:
    return views.asked(call.person.username) if role == "applicant" else views.worklist(role)


def _source(call: Call, role: str, services: frozenset[str] | None) -> lists.Source:
    query: TaskQuery = call.query
    key = _list_of(call, role)
    wanted = {"service": query.service, "assignee": call.person.username if query.mine else None}
    where = {name: value for name, value in wanted.items() if value}

    def read_page(cursor: str | None, limit: int) -> Any:
        return ports.views.list("who", key, before=query.due_before, limit=limit, cursor=cursor, where=where)

    return lists.Source(role, read_page, keep=_of(services))


def _of(services: frozenset[str] | None) -> Callable[[lists.Item], bool]:
    return lambda item: services is None or item["service"] in services


def _wanted(query: TaskQuery, item: lists.Item) -> bool:
    title = item["title"]
    return query.state in (None, item["state"]) and lists.matches(
        query.q, item["number"], item["id"], item["service"], item["role"], title["id"], title["en"]
    )


def _demand_unsettled(state: State | None, language: Language) -> None:
    if state in ("done", "cancelled", "expired"):
        raise Malformed(
            {
                "id": "Tugas yang sudah selesai dapat dilihat di berkasnya.",
                "en": "Tasks that are settled are shown by their case.",
            },
            code="bad-query",
        )


# -- what a task looks like


def _in_list(item: lists.Item, call: Call) -> TaskInList:
    service = ports.catalogue.service(item["service"], item["service_version"])
    step = service.process(item["process"]).step(item["step"])
    spec = next((one for one in getattr(step, "of", ()) if one.name == item["name"]), None)
    opened_at = read_moment(item["opened_at"])
    shown = {name: value for name, value in item.items() if name in TaskInList.model_fields}
    clock = _clock(step, spec, item["agency"], opened_at, None)
    theirs = item["state"] == "claimed" and item["assignee"] != call.person.username
    return TaskInList.model_validate(
        shown
        | {
            "title": item["title"][call.language],
            "clock": clock_answer(clock, call.now, call.language) if clock else None,
            "actions": [] if theirs else _actions_of_the_role(item["kind"], spec, call.language),
        }
    )


def _actions_of_the_role(kind: str, spec: TaskSpec | None, language: Language) -> list[ActionAnswer]:
    if kind == "correct":
        return [ActionAnswer(name="resubmit", title=_RESUBMIT[language], comment="optional")]
    return [
        ActionAnswer(name=action.name, title=getattr(action.title, language), comment=action.comment)
        for action in (spec.actions if spec else ())
    ]


def task_answer(
    task: Task, case: Case, service: Service, person: Person, now: datetime, language: Language
) -> TaskAnswer:
    """Show a task to somebody who may see it."""
    spec, step = waits.spec_of(case, service, task), waits.step_of(case, service, task.key)
    agency = task.role.partition("/")[0] if task.role != "applicant" else case.agency
    clock = _clock(step, spec, agency, task.opened_at, task.done_at)
    shown: dict[str, Any] = {
        "id": task.id,
        "case": case.id,
        "number": case.number,
        "service": case.service,
        "step": task.step,
        "name": task.name,
        "title": views.title_of(case, service, task)[language],
        "kind": task.kind,
        "role": task.role,
        "agency": agency,
        "state": task.state,
        "assignee": task.assignee,
        "opened_at": rfc3339(task.opened_at),
        "due_at": rfc3339(task.due_at),
        "version": task.version,
        "clock": clock_answer(clock, now, language) if clock else None,
        "round": task.round,
        "actions": _actions(task, case, service, person, now, language),
        "may": _may(task, case, service, person, now),
    }
    shown |= _said(
        help=getattr(spec.help, language) if spec and spec.help else None,
        law=spec.law if spec else None,
        payment=task.payment,
        correction=_correction(task, case),
        claimed_at=moment(task.claimed_at),
        action=task.action,
        comment=None if scoring.hidden(case, service, task) else task.comment,
        done_by=task.done_by,
        done_for=task.done_for,
        done_at=moment(task.done_at),
        rule=task.rule,
    )
    return TaskAnswer.model_validate(shown)


def _said(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _clock(
    step: Step, spec: TaskSpec | None, agency: str, opened_at: datetime, done_at: datetime | None
) -> LegalClock | None:
    """The task's own term, by the working days of whoever must act."""
    within = spec.within if spec else step.within if isinstance(step, CorrectStep | PayStep) else None
    if within is None:
        return None
    return LegalClock(within, ports.catalogue.calendar(agency), opened_at, stopped_at=done_at)


def _correction(task: Task, case: Case) -> CorrectionAnswer | None:
    wanted = case.open_correction
    if wanted is None or wanted.task != task.id:
        return None
    return CorrectionAnswer(
        fields=[WantedField(pointer=p, message=m) for p, m in wanted.fields.items()],
        documents=[WantedDocument(kind=k, message=m) for k, m in wanted.documents.items()],
    )


_RESUBMIT = {"id": "Kirim perbaikan", "en": "Send the correction"}
_RETURN_FORM = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
                "required": ["pointer", "message"],
            },
        },
        "documents": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"kind": {"type": "string"}, "message": {"type": "string"}},
                "required": ["kind", "message"],
            },
        },
    },
    "anyOf": [{"required": ["fields"]}, {"required": ["documents"]}],
}


_CONDITIONS = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 1000},
    "maxItems": 30,
}
_LETTER = {
    "type": "object",
    "properties": {
        "shown": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "words": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "en": {"type": "string"}},
            },
        },
    },
}


def _form(action: Action, task: Task, case: Case, service: Service) -> dict[str, Any] | None:
    """Give the JSON Schema of what an answer takes; ``None`` where it takes nothing."""
    if action.name == "return":
        return _RETURN_FORM
    if action.name == "submit_scores":
        return scoring.schema(case, service, task)
    issues = issuing.prepared(case, service, task, action.name)
    taken = ({"conditions": _CONDITIONS} if action.conditions else {}) | (
        {"letter": _LETTER} if issues else {}
    )
    if not taken:
        return None
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": taken,
    }


def _actions(
    task: Task, case: Case, service: Service, person: Person, now: datetime, language: Language
) -> list[ActionAnswer]:
    if not _may_complete(task, case, service, person, now):
        return []
    if task.kind == "correct":
        return [ActionAnswer(name="resubmit", title=_RESUBMIT[language], comment="optional")]
    return [
        ActionAnswer.model_validate(
            {"name": action.name, "title": getattr(action.title, language), "comment": action.comment}
            | _said(form=_form(action, task, case, service))
            | _said(letter=issuing.prepared(case, service, task, action.name) and True)
        )
        for action in tasks.allowed_actions(case, service, task)
    ]


def _may(task: Task, case: Case, service: Service, person: Person, now: datetime) -> list[Act]:
    if not task.is_open:
        return []
    allowed: list[Act] = []
    if task.role != "applicant" and _may_complete(task, case, service, person, now):
        allowed += ["claim"] if task.state == "open" else ["release"]
    if task.role != "applicant" and rights.may_hand_over(person, case, task, service, now):
        allowed.append("assign")
    if task.kind != "pay" and _may_complete(task, case, service, person, now):
        allowed.append("complete")
    return allowed


def _may_complete(task: Task, case: Case, service: Service, person: Person, now: datetime) -> bool:
    """Tell whether this person could answer now: the same rules that decide when they do."""
    if not task.is_open or waits.closed_by_law(case, service, task, now):
        return False
    if task.state == "claimed" and task.assignee != person.username:
        return False
    try:
        rights.demand_task(person, case, task, waits.spec_of(case, service, task), service, now)
    except LoketError:
        return False
    return True


def _state(case: Case, task: str) -> State:
    state: State = tasks.find(case, task).state  # type: ignore[assignment]
    return state
