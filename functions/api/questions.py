"""Questions: what an officer asks a colleague or another office about a case, beside the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from functions.api.documents import DocumentAnswer, Link, document_answer, link_to
from functions.api.http import Answer, Body, Call, Reply, route
from functions.api.shapes import Name, Prose, moment
from functions.domain import documents, numbers, questions, rights, tasks
from functions.domain.case import Case, Question, Writer
from functions.domain.clock import rfc3339
from functions.domain.errors import CaseUnknown, DocumentMissing, TaskUnknown
from functions.domain.service import Service
from functions.runtime.commands import Done, change
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)

State = Literal["open", "answered", "closed"]


class Ask(Body):
    """``to`` is ``agency/role``, or ``@username`` of a colleague in the own agency.

    ``fields`` (pointers of the form) and ``documents`` (ids) are all of the case that whoever is asked will see.
    """

    to: str = Field(max_length=129, examples=["dlh/environment"])
    text: Prose
    working_days: int = 3
    fields: list[Name] = Field(default=[], max_length=200)
    documents: list[Name] = Field(default=[], max_length=200)


class Respond(Body):
    text: Prose


class QuestionAnswer(Answer):
    """A question and its answer; ``closed`` where its task was settled without one.

    ``form`` and ``documents`` came with it, and are shown for as long as it is open. Nothing follows from silence:
    ``late`` only says that the term has passed.
    """

    id: str
    case: str
    number: str | None
    service: str
    title: str
    task: str
    to: str
    by: str
    name: str | None
    role: str
    state: State
    text: str | None
    asked_at: str
    due_at: str
    late: bool
    fields: list[str]
    form: dict[str, Any]
    documents: list[DocumentAnswer]
    may_answer: bool
    answer: str | None = None
    answered_by: str | None = None
    answered_name: str | None = None
    answered_at: str | None = None


class QuestionList(Answer):
    items: list[QuestionAnswer]
    next: str | None


@route(
    blueprint,
    "POST",
    "/v1/tasks/{task}/questions",
    body=Ask,
    answer=QuestionAnswer,
    status=201,
    summary={"id": "Tanya rekan atau instansi lain", "en": "Ask a colleague or another agency"},
    description={
        "id": "Di luar proses: tidak ada yang menunggu jawabannya, dan diam tidak berarti apa-apa. Muncul dalam daftar "
        "tugas yang ditanya dengan jenis `answer`.",
        "en": "Beside the process: nothing waits for the answer, and silence means nothing. It stands in the worklist "
        "of whoever is asked, with the kind `answer`.",
    },
)
def ask(call: Call, task: str) -> Reply:
    body: Ask = call.body

    def decide(writer: Writer, service: Service) -> None:
        found = tasks.find(writer.case, task)
        if not rights.may_see_task(call.person, writer.case, found, service, writer.now):
            raise _no_task()
        questions.ask(
            writer,
            service,
            ports.catalogue.calendar,
            ports.catalogue.agency,
            call.person,
            found,
            to=body.to,
            text=body.text,
            working_days=body.working_days,
            fields=list(dict.fromkeys(body.fields)),
            documents=list(dict.fromkeys(body.documents)),
        )

    done = _change(call, numbers.case_of(task, "t"), decide, _no_task)
    newest = list(done.case.questions)[-1]
    return _reply(call, done, newest, location=f"/v1/questions/{newest}")


@route(
    blueprint,
    "GET",
    "/v1/tasks/{task}/questions",
    answer=QuestionList,
    summary={"id": "Pertanyaan dari suatu tugas", "en": "What was asked from a task"},
)
def index(call: Call, task: str) -> Reply:
    done = _load(numbers.case_of(task, "t"), _no_task)
    found = tasks.find(done.case, task)
    if not rights.may_see_task(call.person, done.case, found, done.service, call.now):
        raise _no_task()
    items = [_shown(call, done, question) for question in questions.of_task(done.case, found)]
    return Reply(QuestionList(items=items, next=None))


@route(
    blueprint,
    "GET",
    "/v1/questions/{question}",
    answer=QuestionAnswer,
    summary={"id": "Satu pertanyaan", "en": "One question"},
)
def read(call: Call, question: str) -> Reply:
    done = _load(numbers.case_of(question, "q"), rights.question_unknown)
    _demand_seen(call, done.case, done.service, question)
    return _reply(call, done, question)


@route(
    blueprint,
    "POST",
    "/v1/questions/{question}/answer",
    body=Respond,
    answer=QuestionAnswer,
    summary={"id": "Jawab pertanyaan", "en": "Answer the question"},
)
def answer(call: Call, question: str) -> Reply:
    def decide(writer: Writer, service: Service) -> None:
        found = _demand_seen(call, writer.case, service, question)
        questions.answer(writer, service, call.person, found, call.body.text)

    done = _change(call, numbers.case_of(question, "q"), decide, rights.question_unknown)
    return _reply(call, done, question)


@route(
    blueprint,
    "GET",
    "/v1/questions/{question}/documents/{document}",
    answer=Link,
    summary={"id": "Tautan untuk dokumen yang disertakan", "en": "A link to a document that came with it"},
)
def document(call: Call, question: str, document: str) -> Reply:
    done = _load(numbers.case_of(question, "q"), rights.question_unknown)
    found = _demand_seen(call, done.case, done.service, question)
    if document not in questions.enclosed(done.case, found):
        raise DocumentMissing({"id": "Dokumen tidak ditemukan.", "en": "There is no such document."})
    return Reply(link_to(documents.readable(done.case, document)))


def _demand_seen(call: Call, case: Case, service: Service, question: str) -> Question:
    """Give the question; raises `QuestionUnknown` to who neither asked nor was asked."""
    found = questions.find(case, question)
    if not rights.may_see_question(call.person, case, found, service, call.now):
        raise rights.question_unknown()
    return found


def _load(case_id: str | None, unknown: Callable[[], Exception]) -> Done:
    if case_id is None:
        raise unknown()
    try:
        record = ports.cases.load(case_id)
    except CaseUnknown:
        raise unknown() from None
    return Done(record.case, ports.catalogue.service(record.case.service, record.case.service_version))


def _change(
    call: Call,
    case_id: str | None,
    decide: Callable[[Writer, Service], None],
    unknown: Callable[[], Exception],
) -> Done:
    if case_id is None:
        raise unknown()
    try:
        return change(case_id, call.person.username, decide, request=call.key)
    except CaseUnknown:
        raise unknown() from None


def _no_task() -> TaskUnknown:
    return TaskUnknown({"id": "Tugas tidak ditemukan.", "en": "There is no such task."})


def _reply(call: Call, done: Done, question: str, *, location: str | None = None) -> Reply:
    return Reply(_shown(call, done, questions.find(done.case, question)), location=location)


def _shown(call: Call, done: Done, question: Question) -> QuestionAnswer:
    case, service = done.case, done.service
    shown: dict[str, Any] = {
        "id": question.id,
        "case": case.id,
        "number": case.number,
        "service": case.service,
        "title": getattr(service.title, call.language),
        "task": question.task,
        "to": question.to,
        "by": question.by,
        "name": question.by_name,
        "role": case.tasks[question.task].role,
        "state": questions.state_of(case, question),
        "text": question.text,
        "asked_at": rfc3339(question.asked_at),
        "due_at": rfc3339(question.due_at),
        "late": case.still_asks(question) and call.now > question.due_at,
        "fields": list(question.fields),
        "form": questions.disclosed(case, question),
        "documents": [
            document_answer(case.documents[one], service, call.language)
            for one in questions.enclosed(case, question)
        ],
        "may_answer": case.still_asks(question)
        and rights.may_answer(call.person, case, question, service, call.now),
    }
    if question.answered_at:
        shown |= {
            "answer": question.answer,
            "answered_by": question.answered_by,
            "answered_name": question.answered_name,
            "answered_at": moment(question.answered_at),
        }
    return QuestionAnswer.model_validate(shown)
