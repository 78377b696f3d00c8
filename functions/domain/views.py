"""What lists show: the projections of a case, rebuilt from its state whenever it changes.

~case   in the lists of the applicant (``who``), of the agency (``place``), where time acts (``due``)
~later  what opens by itself (``due``)
~t<n>   an open task, in the worklist of its role or of the applicant, soonest due first
~follows  an announced case that follows on an earlier one, found by that one (``place``)
~below  a published case that waits for others to file below it, in a list for everybody (``place``)
~q<n>   an open question, in the worklist of whoever is asked
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from functions.domain.case import DECIDED, Case, Permit, Question, Task
from functions.domain.clock import rfc3339
from functions.domain.expression import evaluate
from functions.domain.rights import NOT_BY_HAND
from functions.domain.service import Service
from functions.domain.waits import spec_of, step_of

View = dict[str, Any]
DECIDED_STAGE = "decided"


def views_of(
    case: Case, service: Service, filed_at: Mapping[str, str | None] = MappingProxyType({})
) -> dict[str, View]:
    """Give every view of a case by name; what is not among them any more is to be removed.

    ``filed_at`` are the steps at which cases of other services are filed below one of this service, each with the
    expression over the facts for the moment up to which they are; without one that is as long as the step waits.
    """
    views = {"case": _case(case, service)}
    if case.scheduled and case.episode is None:
        due = _text(case.scheduled[1])
        views["later"] = {"version": case.seq, "due": "episode", "due_at": due, "body": {"id": case.id}}
    for task in case.open_tasks():
        if task.kind not in NOT_BY_HAND:
            views[task.id.partition(".")[2]] = _task(case, service, task)
    below = next((task for task in case.open_tasks() if task.step in filed_at), None)
    announced = [permit for permit in case.permits.values() if service.permits[permit.kind].listed]
    if below and announced:
        views["below"] = _below(case, service, _closes_at(case, below, filed_at[below.step]), announced[0])
    if announced and case.parent and "follows" in case.facts:
        view = {"place": following(case.parent), "place_sort": _text(announced[0].issued_at)}
        views["follows"] = {"version": case.seq, **view, "body": {"number": announced[0].number}}
    for question in case.questions.values():
        if case.still_asks(question):
            views[question.id.partition(".")[2]] = _question(case, question)
    return views


def _closes_at(case: Case, task: Task, until: str | None) -> datetime:
    """Further steps may take in cases after this one, up to the moment that the facts name."""
    named = evaluate(until, {"facts": dict(case.facts)}) if until else None
    return datetime.fromisoformat(named) if isinstance(named, str) else task.due_at


def _below(case: Case, service: Service, closes_at: datetime, announced: Permit) -> View:
    """Only what the public register shows of it, and until when it is open."""
    due = _text(closes_at)
    body = {
        "number": announced.number, "service": case.service, "version": case.service_version,
        "agency": case.agency, "closes_at": due, "facts": published(case.facts, service),
    }  # fmt: skip
    return {"version": case.seq, "place": open_below(case.service), "place_sort": due, "body": body}


def open_below(service: str) -> str:
    """Give the key of the published cases of a service below which others may file now, soonest closed first."""
    return f"below#{service}"


def following(case_id: str) -> str:
    """Give the key of the announced cases that have followed on one that came to nothing."""
    return f"follows#{case_id}"


def published(facts: Mapping[str, Any], service: Service) -> dict[str, Any]:
    """Give the facts that the service publishes, as far as they are known."""
    return {name: facts[name] for name in service.publication.facts if facts.get(name) is not None}


def worklist(role: str) -> str:
    """Give the key of the worklist of a role, or of a colleague by name (``agency/@username``)."""
    return f"role#{role}"


def asked(username: str) -> str:
    """Give the key of what is asked of an applicant; an office that asks another one finds it in its worklist."""
    return worklist(username) if "/" in username else f"asked#{username}"


def owned(username: str) -> str:
    """Give the key of an applicant's cases."""
    return f"user#{username}"


def of_agency(agency: str) -> str:
    """Give the key of an agency's cases."""
    return f"agency#{agency}"


def filed(username: str) -> str:
    """Give the key of the drafts that somebody files for others: who left one finds it there."""
    return f"filed#{username}"


def overdue(service: str) -> str:
    """Give the key of the open cases of a service whose own term has passed and raised an alarm."""
    return f"overdue#{service}"


def stage(status: str) -> str:
    """Give the half of an agency's list in which a case of this status stands.

    The list is not sorted by the status itself: each change of it would move the case, and cost another write.
    """
    return DECIDED_STAGE if status in DECIDED else "open"


def _case(case: Case, service: Service) -> View:
    created = _text(case.created_at)
    view: View = {
        "version": case.seq,
        "who": owned(case.applicant),
        "who_sort": created,
        "status": case.status,
        "service": case.service,
        "body": {
            "id": case.id,
            "number": case.number,
            "service": case.service,
            "service_version": case.service_version,
            "title": service.title.pair(),
            "agency": case.agency,
            "applicant": case.applicant,
            "status": case.status,
            "created_at": created,
            "submitted_at": _text(case.submitted_at) or None,
            "decided_at": _text(case.outcome.at) if case.outcome else None,
            "held": case.held,
            "erased": case.erased,
        },
    }
    if case.submitted_at is not None:
        view["place"], view["place_sort"] = (
            of_agency(case.agency),
            f"{stage(case.status)}#{_text(case.submitted_at)}",
        )
    elif case.filed_by and case.status == "draft":
        view["place"], view["place_sort"] = filed(case.filed_by), created
    until = [
        permit.valid_until
        for permit in case.permits.values()
        if permit.state == "valid" and permit.valid_until
    ]
    if case.status in DECIDED and until:
        view["due"], view["due_at"] = "permit", _text(min(until))
    elif case.is_open and case.clock and case.clock.alarmed and case.clock.stopped_at is None:
        view["due"], view["due_at"] = overdue(case.service), _text(case.clock.started_at)
    return view


def _task(case: Case, service: Service, task: Task) -> View:
    due = _text(task.due_at)
    view: View = {
        "version": task.version,
        "who": asked(case.applicant) if task.role == "applicant" else worklist(task.role),
        "who_sort": due,
        "service": case.service,
        "kind": task.kind,
        "assignee": task.assignee,
        "body": {
            "id": task.id,
            "case": case.id,
            "number": case.number,
            "service": case.service,
            "service_version": case.service_version,
            "process": case.episodes[task.episode - 1].process,
            "step": task.step,
            "name": task.name,
            "title": title_of(case, service, task),
            "kind": task.kind,
            "role": task.role,
            "state": task.state,
            "assignee": task.assignee,
            "opened_at": _text(task.opened_at),
            "due_at": due,
            "version": task.version,
            "agency": task.role.partition("/")[0] if task.role != "applicant" else case.agency,
        },
    }
    if task.payment:
        view["due"], view["due_at"] = "payment", _text(task.opened_at)
        view["body"]["payment"] = task.payment
    return view


QUESTION = {"id": "Jawab pertanyaan", "en": "Answer a question"}


def _question(case: Case, question: Question) -> View:
    """A question looks like a task of the step from which it was asked; ``kind`` is ``answer``."""
    task, due = case.tasks[question.task], _text(question.due_at)
    return {
        "version": question.seq,
        "who": worklist(question.to),
        "who_sort": due,
        "service": case.service,
        "kind": "answer",
        "body": {
            "id": question.id,
            "case": case.id,
            "number": case.number,
            "service": case.service,
            "service_version": case.service_version,
            "process": case.episodes[task.episode - 1].process,
            "step": task.step,
            "name": "question",
            "title": QUESTION,
            "kind": "answer",
            "role": question.to,
            "state": "open",
            "assignee": None,
            "opened_at": _text(question.asked_at),
            "due_at": due,
            "version": question.seq,
            "agency": question.to.partition("/")[0],
        },
    }


def title_of(case: Case, service: Service, task: Task) -> dict[str, str]:
    """Give what a task is called: the officer's own, or that of the applicant's step."""
    spec = spec_of(case, service, task)
    return (spec or step_of(case, service, task.key)).title.pair()


def _text(moment: datetime | None) -> str:
    return rfc3339(moment) if moment else ""
