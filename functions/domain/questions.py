"""What an officer asks somebody else about a case, beside the process: nobody waits for it.

    asked ▶ open ─┬─ answered
                  └─ closed, with the task from which it was asked

Silence is an answer that is missing, and means nothing else. Whoever is asked sees the question and what was ticked
with it, for as long as it is open; that they were asked opens nothing else of the case to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import events
from functions.domain import form as forms
from functions.domain import history, rights, tasks, waits
from functions.domain.case import Case, Question, Task, Writer
from functions.domain.clock import Term, rfc3339
from functions.domain.documents import PRESENT
from functions.domain.errors import Fault, Forbidden, Invalid, NotFound, NotNow
from functions.domain.identity import Person, is_username
from functions.domain.service import Agency, Service

LONGEST_TERM = 30
"""Working days."""

_MOST_OPEN = 20
_NOT_ASKED = frozenset({"integrator", "records"})
"""Roles of machines and of the archive, which give no advice."""


def find(case: Case, question: str) -> Question:
    """Give the question; raises `QuestionUnknown`."""
    found = case.questions.get(question)
    if found is None:
        raise rights.question_unknown()
    return found


def of_task(case: Case, task: Task) -> list[Question]:
    """Give what was asked from a task, in order."""
    return [question for question in case.questions.values() if question.task == task.id]


def state_of(case: Case, question: Question) -> str:
    if question.answered_at is not None:
        return "answered"
    return "open" if case.still_asks(question) else "closed"


def ask(
    writer: Writer,
    service: Service,
    calendar_of: waits.CalendarOf,
    office_of: Callable[[str], Agency],
    person: Person,
    task: Task,
    *,
    to: str,
    text: str,
    working_days: int,
    fields: Sequence[str],
    documents: Sequence[str],
) -> Question:
    """Ask a role of any office, or ``@username`` of the own one; ``fields`` and ``documents`` are what they may see.

    Raises what answering the task would, and `Invalid` with all that is wrong.
    """
    case = writer.case
    tasks.demand_may_answer(writer, service, person, task)
    if task.role == "applicant":
        raise Forbidden("role", _OFFICERS)
    own = task.role.partition("/")[0]
    addressee = f"{own}/{to}" if to.startswith("@") else to
    faults = [
        *_addressee_faults(addressee, office_of, person, case),
        *_content_faults(case, service, text, working_days, fields, documents),
    ]
    if faults:
        raise Invalid(faults)
    if sum(case.still_asks(one) for one in case.questions.values()) >= _MOST_OPEN:
        raise NotNow(_TOO_MANY, code="too-many-questions")
    due = calendar_of(addressee.partition("/")[0]).due(writer.now, Term(working_days, "wd"))
    identity = writer.next_id("q", case.questions)
    writer.add(
        events.QuestionAsked(
            question=identity,
            task=task.id,
            to=addressee,
            fields=list(fields),
            documents=list(documents),
            text=history.digest(text),
            due_at=rfc3339(due),
            on_behalf_of=person.on_behalf_of(task.role, writer.now),
        ),
        {"text": text, "name": person.name},
    )
    return case.questions[identity]


def answer(writer: Writer, service: Service, person: Person, question: Question, text: str) -> None:
    """Answer it, late or in time, once; raises `QuestionUnknown`, `Forbidden`, `Invalid`, `NotNow`."""
    rights.demand_answer(person, writer.case, question, service, writer.now)
    if not writer.case.still_asks(question):
        raise NotNow(_ANSWERED if question.answered_at else _CLOSED, code="question-closed")
    if not text.strip():
        raise Invalid([Fault("/text", {"id": "Tulis jawabannya.", "en": "Write the answer."})])
    writer.add(
        events.QuestionAnswered(
            question=question.id,
            text=history.digest(text),
            on_behalf_of=person.on_behalf_of(question.to, writer.now),
        ),
        {"text": text, "name": person.name},
    )


def disclosed(case: Case, question: Question) -> dict[str, Any]:
    """Give the answers of the applicant that came with an open question."""
    form = case.form or {}
    names = [pointer.lstrip("/") for pointer in question.fields] if case.still_asks(question) else []
    return {name: form[name] for name in names if name in form}


def enclosed(case: Case, question: Question) -> list[str]:
    """Give the documents that came with an open question."""
    return list(question.documents) if case.still_asks(question) and not case.erased else []


def _addressee_faults(to: str, office_of: Callable[[str], Agency], person: Person, case: Case) -> list[Fault]:
    code, _, name = to.partition("/")
    if name.startswith("@"):
        colleague = name[1:]
        if not is_username(colleague):
            return [Fault("/to", {"id": "Nama pengguna tidak sah.", "en": "This is no username."})]
        if colleague in (person.username, case.applicant):
            return [Fault("/to", {"id": "Pilih orang lain.", "en": "Choose somebody else."})]
        return []
    known = _roles(office_of, code)
    return [] if name in known and to != case.applicant else [Fault("/to", _NO_ROLE)]


def _roles(office_of: Callable[[str], Agency], code: str) -> Mapping[str, Any]:
    try:
        return {name: title for name, title in office_of(code).roles.items() if name not in _NOT_ASKED}
    except NotFound:
        return {}


def may_be_asked(agency: Agency) -> list[str]:
    """Give the roles of an office that can be asked."""
    return [f"{agency.code}/{name}" for name in agency.roles if name not in _NOT_ASKED]


def _content_faults(
    case: Case,
    service: Service,
    text: str,
    working_days: int,
    fields: Sequence[str],
    documents: Sequence[str],
) -> list[Fault]:
    faults = []
    if not text.strip():
        faults.append(Fault("/text", {"id": "Tulis pertanyaannya.", "en": "Write the question."}))
    if not 1 <= working_days <= LONGEST_TERM:
        faults.append(Fault("/working_days", _TERM))
    names = {field.name for field in forms.asked_fields(service, case.form or {})} - case.sealed_fields
    faults += [
        Fault(f"/fields/{place}", {"id": "Isian ini tidak ada.", "en": "There is no such field."})
        for place, pointer in enumerate(fields)
        if pointer.lstrip("/") not in names
    ]
    there = {one.id for one in case.documents.values() if one.state in PRESENT}
    faults += [
        Fault(f"/documents/{place}", {"id": "Dokumen ini tidak ada.", "en": "There is no such document."})
        for place, document in enumerate(documents)
        if document not in there
    ]
    return faults


_OFFICERS = {"id": "Hanya petugas yang dapat bertanya.", "en": "Only officers can ask."}
_NO_ROLE = {
    "id": "Sebutkan `instansi/peran` yang dikenal, atau `@nama-pengguna` rekan seinstansi.",
    "en": "Name an `agency/role` that is known, or a colleague of your office as `@username`.",
}
_TERM = {
    "id": f"Dari 1 sampai {LONGEST_TERM} hari kerja.",
    "en": f"From 1 to {LONGEST_TERM} working days.",
}
_TOO_MANY = {
    "id": f"Sudah ada {_MOST_OPEN} pertanyaan yang belum dijawab.",
    "en": f"There are {_MOST_OPEN} questions without an answer already.",
}
_ANSWERED = {"id": "Pertanyaan ini sudah dijawab.", "en": "This question has been answered already."}
_CLOSED = {
    "id": "Tugas yang menanyakannya sudah selesai; jawaban tidak diperlukan lagi.",
    "en": "The task that asked is settled; no answer is needed any more.",
}
