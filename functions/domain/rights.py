"""Who may do what: one table, asked by every endpoint. What is not in it is refused.

A *relation* says how a person stands to a case; the table names the relations that each act needs. Reading is asked
first: who may not read a case is told that it does not exist (404), so that nobody learns of it by trying.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from functions.domain.case import Case, Question, Task
from functions.domain.errors import CaseUnknown, Forbidden, QuestionUnknown, TaskUnknown
from functions.domain.identity import Person
from functions.domain.service import Service, TaskSpec

Relation = Callable[[Person, Case, Service, datetime], bool]


def stands_for(person: Person, case: Case, now: datetime) -> bool:
    """Where an office asks another one, everybody who holds the role that asked stands for it."""
    return person.username == case.applicant or person.holds(case.applicant, now)


def _applicant(person: Person, case: Case, service: Service, now: datetime) -> bool:
    return stands_for(person, case, now)


def _filer(person: Person, case: Case, service: Service, now: datetime) -> bool:
    """The officer at the counter who filed for a citizen keeps helping until the case is submitted."""
    return person.username == case.filed_by and any(person.holds(role, now) for role in service.filed_for_by)


def _involved(person: Person, case: Case, service: Service, now: datetime) -> bool:
    """An officer of a role to which a task of this case was given, of whatever agency.

    An office that answers by a case of its own sees that case, not this one.
    """
    return _handed_in(case) and any(
        person.holds(task.role, now) for task in case.tasks.values() if task.kind not in NOT_BY_HAND
    )


def _of_the_agency(person: Person, case: Case, service: Service, now: datetime) -> bool:
    agencies = {role.split("/")[0] for role in person.roles_at(now) if not role.endswith("/integrator")}
    return _handed_in(case) and case.agency in agencies


def _supervisor(person: Person, case: Case, service: Service, now: datetime) -> bool:
    return _handed_in(case) and any(person.holds(role, now) for role in service.supervisors)


def _records(person: Person, case: Case, service: Service, now: datetime) -> bool:
    return _handed_in(case) and person.holds(f"{case.agency}/records", now)


def _handed_in(case: Case) -> bool:
    """What was never submitted is nobody's business but the applicant's, even when it was withdrawn."""
    return case.submitted_at is not None


def _asked_for_documents(person: Person, case: Case, service: Service, now: datetime) -> bool:
    return any(
        task.is_open and task.kind not in NOT_BY_HAND and person.holds(task.role, now)
        for task in case.tasks.values()
    )


RIGHTS: dict[str, tuple[Relation, ...]] = {
    "read": (_applicant, _filer, _involved, _of_the_agency, _supervisor, _records),
    "patch": (_applicant, _filer),
    "upload": (_applicant, _filer, _asked_for_documents),
    "submit": (_applicant, _filer),
    "message": (_applicant, _of_the_agency, _involved),
    "withdraw": (_applicant,),
    "appeal": (_applicant,),
    "renew": (_applicant,),
    "amend": (_applicant,),
    "resume": (_applicant,),
    "personal-data": (_applicant, _records),
    "reopen": (_supervisor,),
    "revoke": (_supervisor,),
    "suspend": (_supervisor,),
    "reinstate": (_supervisor,),
    "extend": (_supervisor,),
    "redrive": (_supervisor,),
    "assign": (_supervisor,),
    "erase": (_records,),
    "hold": (_records,),
}

NOT_BY_HAND = frozenset({"await", "wait"})
"""Kinds of tasks that wait for another case or for a date: nobody answers them."""

OWN_CASE_CLOSED = frozenset(
    {"reopen", "revoke", "suspend", "reinstate", "extend", "redrive", "assign", "erase", "hold"}
)
"""What nobody may do as an official in a case of their own."""


def may(act: str, person: Person, case: Case, service: Service, now: datetime) -> bool:
    """Tell whether the person may do the act, whatever the status of the case; an unknown act is refused."""
    if act in OWN_CASE_CLOSED and _applicant(person, case, service, now):
        return False
    return _related(act, person, case, service, now)


def _related(act: str, person: Person, case: Case, service: Service, now: datetime) -> bool:
    return any(relation(person, case, service, now) for relation in RIGHTS.get(act, ()))


def demand(act: str, person: Person, case: Case, service: Service, now: datetime) -> None:
    """Raise `CaseUnknown` to who may not even read the case, `Forbidden` to who may read but not do this."""
    if not may("read", person, case, service, now):
        raise CaseUnknown({"id": "Berkas tidak ditemukan.", "en": "There is no such case."})
    if not may(act, person, case, service, now):
        rule = "own_case" if _related(act, person, case, service, now) else "role"
        raise Forbidden(rule, _RULES[rule])


def may_see_task(person: Person, case: Case, task: Task, service: Service, now: datetime) -> bool:
    """The worklist rule: the applicant sees what is asked of the applicant, officers what their roles are asked."""
    if task.role == "applicant":
        mine = _applicant(person, case, service, now) or person.username == case.filed_by
        return mine or may("read", person, case, service, now)
    if task.kind in NOT_BY_HAND:
        return may("read", person, case, service, now)
    return person.holds(task.role, now) or _supervisor(person, case, service, now)


def may_hand_over(person: Person, case: Case, task: Task, service: Service, now: datetime) -> bool:
    """Tell whether the person may give the task to somebody: a supervisor, and whoever has taken it, as their own."""
    holds = task.assignee == person.username and task.role != "applicant" and person.holds(task.role, now)
    own_case = _applicant(person, case, service, now)
    return (holds and not own_case) or may("assign", person, case, service, now)


def demand_task(
    person: Person, case: Case, task: Task, spec: TaskSpec | None, service: Service, now: datetime
) -> None:
    """Raise unless this person may act on this task: role, own case, four eyes.

    Raises `TaskUnknown` where the person may not even see it, `Forbidden` with the rule's name otherwise.
    """
    if not may_see_task(person, case, task, service, now):
        raise TaskUnknown({"id": "Tugas tidak ditemukan.", "en": "There is no such task."})
    if task.kind in NOT_BY_HAND:
        raise Forbidden("not_by_hand", _RULES["not_by_hand"])
    if task.role == "applicant":
        if not (_applicant(person, case, service, now) or _filer(person, case, service, now)):
            raise Forbidden("role", _RULES["applicant"])
        return
    if not person.holds(task.role, now):
        raise Forbidden("role", _RULES["role"])
    _not_the_own_case(person, case, task.role, now)
    if spec:
        _four_eyes(person, case, task, spec, now)


def may_see_question(person: Person, case: Case, question: Question, service: Service, now: datetime) -> bool:
    """Who was asked sees it, and who sees the task from which it was asked."""
    return _was_asked(person, question, now) or may_see_task(
        person, case, case.tasks[question.task], service, now
    )


def may_answer(person: Person, case: Case, question: Question, service: Service, now: datetime) -> bool:
    """Tell whether this person was asked, and not in a case of their own."""
    try:
        demand_answer(person, case, question, service, now)
    except (Forbidden, QuestionUnknown):
        return False
    return True


def demand_answer(person: Person, case: Case, question: Question, service: Service, now: datetime) -> None:
    """Raise `QuestionUnknown` to who may not see it, `Forbidden` to who was not asked or stands for the applicant."""
    if not may_see_question(person, case, question, service, now):
        raise question_unknown()
    if not _was_asked(person, question, now):
        raise Forbidden("role", _RULES["role"])
    _not_the_own_case(person, case, question.to, now)


def question_unknown() -> QuestionUnknown:
    return QuestionUnknown({"id": "Pertanyaan tidak ditemukan.", "en": "There is no such question."})


def _was_asked(person: Person, question: Question, now: datetime) -> bool:
    """A colleague by name counts only while they hold a role of that office."""
    agency, _, name = question.to.partition("/")
    if name.startswith("@"):
        return person.username == name[1:] and agency in person.agencies_at(now)
    return person.holds(question.to, now)


def _not_the_own_case(person: Person, case: Case, role: str, now: datetime) -> None:
    lender = person.on_behalf_of(role, now)
    if case.applicant in (person.username, lender) or person.holds(case.applicant, now):
        raise Forbidden("own_case", _RULES["own_case"])


def _four_eyes(person: Person, case: Case, task: Task, spec: TaskSpec, now: datetime) -> None:
    """Who acts, and for whom: neither may be who did, or for whom was done, a step that others must do.

    An earlier episode counts as well: whoever reviewed an application does not decide the appeal.
    """
    acting = {person.username, person.on_behalf_of(task.role, now)} - {None}
    for other in case.tasks.values():
        if other.state != "done":
            continue
        if other.step not in spec.different_from and other.name not in spec.different_from:
            continue
        if acting & {other.done_by, other.done_for}:
            raise Forbidden("four_eyes", _RULES["four_eyes"])


_RULES = {
    "role": {
        "id": "Peran Anda tidak mencakup tindakan ini.",
        "en": "Your roles do not include this act.",
    },
    "not_by_hand": {
        "id": "Tugas ini selesai dengan sendirinya, begitu yang ditunggu tiba.",
        "en": "This task is completed by itself, once what it waits for has come.",
    },
    "applicant": {
        "id": "Ini diminta dari pemohon.",
        "en": "This is asked of the applicant.",
    },
    "own_case": {
        "id": "Tidak seorang pun boleh memutus berkasnya sendiri. Serahkan kepada rekan.",
        "en": "Nobody may decide a case of their own. Hand it to a colleague.",
    },
    "four_eyes": {
        "id": "Langkah ini harus dilakukan orang lain daripada langkah sebelumnya (empat mata).",
        "en": "This step must be done by another person than the earlier one (four eyes).",
    },
}
