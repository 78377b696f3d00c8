"""A case that asks another office by a case of its own, and the answer that comes back by itself.

    parent: task opened (await), child started ─▶ relay ─▶ child: created and submitted in one commit
    child: decided ─▶ relay ─▶ parent: child decided, its documents linked, the task completed
    parent: task called off ─▶ relay ─▶ child: withdrawn

Each arrow is taken again until it has arrived: the parent's commit alone says which children there are to be, a
child's id follows from who asks, and an answer that has been taken in is not taken in again. The child knows what it
was asked and nothing else of the parent; the parent knows the child's status, reasons and issued documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import events
from functions.domain import episodes, history, intake, numbers, waits
from functions.domain import form as forms
from functions.domain.case import DECIDED, Case, Child, Document, Task, Writer
from functions.domain.errors import Invalid
from functions.domain.expression import evaluate
from functions.domain.identity import Person
from functions.domain.service import Agency, Service, TaskSpec

FAVOURABLE = ("no_objection", "approve")
AGAINST = ("object", "reject")


def child_id(parent: str, key: waits.Key, name: str) -> str:
    """Give the id of the case that this obligation starts: whoever asks again asks for the same."""
    return numbers.case_id(f"child/{parent}/{json.dumps([*key, name])}".encode())


def start(writer: Writer, service: Service, other: Service, spec: TaskSpec, task: Task, day: date) -> None:
    """Note that the task is answered by a case of the other service, filed there on ``day``.

    Raises `Invalid` if the other service would refuse what is asked.
    """
    case = writer.case
    context = {**forms.context_of(service, case.form, case.facts), "item": task.item}
    form = filled(spec, other, context)
    faults = forms.faults(other, form, today=day)
    if faults:
        raise Invalid(faults)
    handed = [one.id for kind in spec.documents if (one := _newest_clean(case, kind))]
    writer.add(
        events.ChildStarted(
            child=child_id(case.id, task.key, task.name),
            service=other.code,
            task=task.id,
            applicant=spec.by or task.role,
            form=history.digest(form),
            documents=handed,
        ),
        {"form": form},
    )


def filled(spec: TaskSpec, other: Service, context: Mapping[str, Any]) -> dict[str, Any]:
    """Give the other service's form, as the parent's answers and facts fill it."""
    values = {name: evaluate(expression, context) for name, expression in spec.form.items()}
    return forms.clean(other, {name: value for name, value in values.items() if value is not None})


def wanted(case: Case) -> list[Child]:
    """Give the children that this case is still waiting for."""
    return [child for child in case.children.values() if _undecided(child) and case.tasks[child.task].is_open]


def called_off(case: Case) -> list[Child]:
    """Give the children whose answer nobody needs any more."""
    return [
        child
        for child in case.children.values()
        if _undecided(child) and case.tasks[child.task].state == "cancelled"
    ]


def _undecided(child: Child) -> bool:
    return bool(child.task) and not child.decided


def create(
    writer: Writer,
    parent: Case,
    child: Child,
    service: Service,
    office: Agency,
    calendar_of: waits.CalendarOf,
) -> None:
    """File the child in the name of the office that asks: created, handed its documents and submitted at once."""
    asking = Person(child.applicant, office.name.id, email=office.email)
    intake.create(writer, service, asking, child.form or {}, parent=parent.id)
    for identity in child.documents:
        link(writer, parent.documents[identity])
    intake.submit(writer, service, calendar_of)


def take_in(writer: Writer, service: Service, calendar_of: waits.CalendarOf, decided: Case) -> None:
    """Bring what the child has come to back to its parent, once, and only if the parent has asked."""
    child = writer.case.children.get(decided.id)
    if (
        child is None
        or not child.task
        or child.decided
        or decided.status not in DECIDED
        or decided.episode is not None
    ):
        return
    task = writer.case.tasks[child.task]
    for document in decided.documents.values():
        if document.issued and not writer.case.erased:
            link(writer, document)
    writer.add(events.ChildDecided(child=child.id, task=task.id, status=decided.status))
    if task.is_open:
        _answer(writer, service, task, decided)
        waits.settle(writer, service, calendar_of, task.key)


def _answer(writer: Writer, service: Service, task: Task, decided: Case) -> None:
    spec = waits.spec_of(writer.case, service, task)
    offered = [action.name for action in spec.actions] if spec else []
    suits = FAVOURABLE if decided.status == "approved" else AGAINST
    action = next(name for name in suits if name in offered)
    said = decided.outcome.reasons if decided.outcome else None
    comment = said if isinstance(said, str) or said is None else "\n".join(said.values())
    writer.add(
        events.TaskCompleted(
            task=task.id, action=action, comment=history.digest(comment) if comment else None
        ),
        {"comment": comment} if comment else None,
    )


def withdraw(writer: Writer, service: Service, calendar_of: waits.CalendarOf) -> None:
    """The office that asked needs no answer any more."""
    if writer.case.is_open:
        episodes.take_back(writer, _NEEDED_NO_MORE, service, calendar_of(writer.case.agency))


def link(writer: Writer, document: Document) -> None:
    """Let a document of another case stand in this one too."""
    writer.add(
        events.DocumentLinked(
            document=writer.next_id("d", writer.case.documents),
            source=document.source or document.id,
            kind=document.kind,
            size=document.size,
            sha256=document.sha256,
            content_type=document.content_type,
            issued=document.issued,
            object_version=document.object_version,
        ),
        {"filename": document.filename} if document.filename else None,
        actor="system",
    )


def _newest_clean(case: Case, kind: str) -> Document | None:
    clean = [one for one in case.documents.values() if one.kind == kind and one.state == "clean"]
    return clean[-1] if clean else None


_NEEDED_NO_MORE = "Yang meminta tidak lagi memerlukan jawaban. / Whoever asked needs no answer any more."
