"""Tasks: taken, given back, handed over, answered.

open ⇄ claimed ▶ done | expired | cancelled
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import events
from functions.domain import documents, history, intake, issuing, rights, scoring, waits
from functions.domain import form as forms
from functions.domain.case import Case, Task, Writer
from functions.domain.clock import Calendar, rfc3339
from functions.domain.errors import Fault, Invalid, NotNow, TaskTaken, TaskUnknown
from functions.domain.expression import holds
from functions.domain.identity import Person
from functions.domain.service import Action, CorrectStep, Service, TaskSpec, Text

_COMMENT_LIMIT = 5000
_CONDITION_LIMIT = 1000
_MOST_CONDITIONS = 30
STANDARD = {"correct": ("resubmit",), "pay": ("paid",)}
_LAST_RETURN = Action(
    name="return",
    title=Text(
        id="Tolak: semua putaran perbaikan sudah habis", en="Refuse: every round of correction is used"
    ),
    comment="required",
)


def find(case: Case, task_id: str) -> Task:
    """Give the task; raises `TaskUnknown`."""
    task = case.tasks.get(task_id)
    if task is None:
        raise TaskUnknown({"id": "Tugas tidak ditemukan.", "en": "There is no such task."})
    return task


def allowed_actions(case: Case, service: Service, task: Task) -> tuple[Action, ...]:
    """Give what can be done with an officer's task now: after the last round nothing can be returned any more.

    Who has no other way to say no, such as the counter, returns once more, and by that refuses.
    """
    spec = waits.spec_of(case, service, task)
    if spec is None or task.kind in rights.NOT_BY_HAND:
        return ()
    if waits.rounds_left(case, service, task):
        return spec.actions
    others = tuple(action for action in spec.actions if action.name != "return")
    can_say_no = len(others) == len(spec.actions) or any(one.name in ("reject", "object") for one in others)
    return others if can_say_no else (*others, _LAST_RETURN)


def claim(writer: Writer, service: Service, person: Person, task: Task) -> None:
    """Take the task, so that colleagues see that somebody is on it; taking it again changes nothing."""
    demand_may_answer(writer, service, person, task)
    if task.state == "claimed":
        return
    writer.add(events.TaskClaimed(task=task.id, on_behalf_of=person.on_behalf_of(task.role, writer.now)))


def demand_may_answer(writer: Writer, service: Service, person: Person, task: Task) -> None:
    """Raise unless this person could answer the task now: by right, in time, and with nobody else on it."""
    spec = waits.spec_of(writer.case, service, task)
    rights.demand_task(person, writer.case, task, spec, service, writer.now)
    _demand_open(writer, service, task, person)


def release(writer: Writer, service: Service, person: Person, task: Task) -> None:
    """Give the task back to everybody of the role."""
    rights.demand_task(person, writer.case, task, None, service, writer.now)
    _demand_open(writer, service, task, person)
    if task.state == "claimed":
        writer.add(events.TaskReleased(task=task.id))


def assign(writer: Writer, service: Service, person: Person, task: Task, to: Person) -> None:
    """Hand the task to somebody who may do it: as a supervisor, or because one has taken it oneself."""
    if not rights.may_see_task(person, writer.case, task, service, writer.now):
        raise TaskUnknown({"id": "Tugas tidak ditemukan.", "en": "There is no such task."})
    if not rights.may_hand_over(person, writer.case, task, service, writer.now):
        rights.demand("assign", person, writer.case, service, writer.now)
    if not task.is_open:
        raise _taken(task)
    rights.demand_task(to, writer.case, task, waits.spec_of(writer.case, service, task), service, writer.now)
    if task.assignee != to.username:
        writer.add(events.TaskAssigned(task=task.id, to=to.username))


def complete(
    writer: Writer,
    service: Service,
    calendar_of: waits.CalendarOf,
    person: Person,
    task: Task,
    *,
    action: str,
    comment: str | None,
    data: Mapping[str, Any],
    nonce: str = "",
    drawing_of: issuing.DrawingOf | None = None,
) -> None:
    """Answer a task. Completing an open task claims it; the wait is settled in the same commit.

    Only with ``drawing_of`` initials can be put on a letter.
    """
    case = writer.case
    demand_may_answer(writer, service, person, task)
    if waits.clock_has_decided(case, service, calendar_of, task, writer.now):
        raise _too_late()
    if task.kind == "pay":
        raise NotNow(
            {
                "id": "Tagihan ini selesai begitu pembayaran dikonfirmasi oleh bank.",
                "en": "This bill is settled as soon as the bank confirms the payment.",
            }
        )
    if task.kind == "correct":
        _resubmit(writer, service, calendar_of(case.agency), task, action)
    else:
        _demand_action(case, service, task, action, comment)
        _decide(writer, service, person, task, action, comment, data, nonce)
        if drawing_of:
            issuing.put_initials(writer, service, task, drawing_of)
    waits.settle(writer, service, calendar_of, task.key)


def _decide(
    writer: Writer,
    service: Service,
    person: Person,
    task: Task,
    action: str,
    comment: str | None,
    data: Mapping[str, Any],
    nonce: str,
) -> None:
    scores = scoring.read(writer.case, service, task, data) if action == "submit_scores" else None
    mendable = action == "return" and waits.rounds_left(writer.case, service, task)
    wanted = _corrections(writer.case, service, data) if mendable else None
    imposed = _conditions(waits.spec_of(writer.case, service, task), action, data)
    letter = _object(data, "letter")
    words = issuing.read_words(writer.case, service, task, action, letter)
    shown = issuing.read_shown(writer.case, service, task, action, letter)
    writer.add(
        events.TaskCompleted(
            task=task.id,
            action=action,
            comment=history.digest(comment) if comment else None,
            on_behalf_of=person.on_behalf_of(task.role, writer.now),
            conditions=history.digest(imposed) if imposed else None,
            scores=scoring.nonced(scores, nonce) if scores else None,
            letter=shown,
            words=history.digest(words) if words else None,
        ),
        {"name": person.name}
        | ({"comment": comment} if comment else {})
        | ({"conditions": imposed} if imposed else {})
        | ({"scores": scores, "nonce": nonce} if scores else {})
        | ({"words": words} if words else {}),
    )
    if wanted:
        fields, files = wanted
        writer.add(
            events.CorrectionRequested(
                task=task.id, round=task.round, fields=list(fields), documents=list(files)
            ),
            {"fields": fields, "documents": files},
        )


def _resubmit(writer: Writer, service: Service, calendar: Calendar, task: Task, action: str) -> None:
    """The applicant says that everything asked for has been mended; raises `Invalid` for what has not."""
    case = writer.case
    if action not in STANDARD["correct"]:
        raise _no_such_action(STANDARD["correct"])
    form = forms.clean(service, case.form or {})
    asked = case.open_correction
    missing = (
        [kind for kind in asked.documents if not documents.sent_again(case, kind, asked)] if asked else []
    )
    today = intake.filing_day(case, calendar, writer.now)
    faults = intake.form_faults(service, form, today) + [_resend(kind) for kind in missing]
    wanting = intake.missing_documents(case, service, form, today)
    faults += [fault for fault in wanting if fault.pointer[11:] not in missing]
    faults += _broken(case, service, task, form)
    if faults:
        raise Invalid(faults)
    before = asked.before if asked else case.form or {}
    round_, facts = task.round, intake.facts_after(case, service, before, form, today)
    writer.add(events.TaskCompleted(task=task.id, action=action))
    if form != case.form:
        writer.add(
            events.FormChanged(
                pointers=forms.changed_pointers(case.form or {}, form), form=history.digest(form)
            ),
            {"form": form},
        )
    writer.add(events.CorrectionReceived(task=task.id, round=round_, form=history.digest(form), facts=facts))
    intake.note(writer, service, calendar)
    waits.resume(writer)


def _broken(case: Case, service: Service, task: Task, form: Mapping[str, Any]) -> list[Fault]:
    """Tell which rules of the correction itself do not hold of what was mended."""
    step = waits.step_of(case, service, task.key)
    rules = step.rules if isinstance(step, CorrectStep) else ()
    before = case.open_correction.before if case.open_correction else {}
    context = {
        "form": dict(form), "before": before, "facts": dict(case.facts), "values": service.constants
    }  # fmt: skip
    return [Fault(rule.pointer, rule.message.pair()) for rule in rules if not holds(rule.must, context)]


def _corrections(
    case: Case, service: Service, data: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what is to be mended; raises `Invalid` unless it names existing fields and documents, at least one."""
    fields: dict[Any, Any] = {item.get("pointer"): item.get("message") for item in _items(data, "fields")}
    files: dict[Any, Any] = {item.get("kind"): item.get("message") for item in _items(data, "documents")}
    names = {f"/{field.name}" for field in service.form.fields}
    kinds = {document.kind for document in service.documents}
    faults = [
        Fault(
            f"/data/fields/{place}/pointer", {"id": "Isian ini tidak ada.", "en": "There is no such field."}
        )
        for place, pointer in enumerate(fields)
        if not isinstance(pointer, str) or "/" + pointer.lstrip("/").split("/")[0] not in names
    ]
    faults += [
        Fault(f"/data/documents/{place}/kind", {"id": "Jenis ini tidak ada.", "en": "There is no such kind."})
        for place, kind in enumerate(files)
        if kind not in kinds
    ]
    faults += [
        Fault("/data", {"id": "Pesan terlalu panjang.", "en": "A message is too long."})
        for message in [*fields.values(), *files.values()]
        if message is not None and (not isinstance(message, str) or len(message) > _COMMENT_LIMIT)
    ]
    if not fields and not files:
        faults.append(
            Fault(
                "/data",
                {
                    "id": "Sebutkan isian (`fields`) atau dokumen (`documents`) yang harus diperbaiki.",
                    "en": "Name the fields (`fields`) or documents (`documents`) to be corrected.",
                },
            )
        )
    if faults:
        raise Invalid(faults)
    return fields, files


def _conditions(spec: TaskSpec | None, action: str, data: Mapping[str, Any]) -> list[str]:
    """Read the conditions on which something is granted; raises `Invalid` where the action takes none."""
    given = data.get("conditions")
    if given in (None, []):
        return []
    takes = spec is not None and any(one.name == action and one.conditions for one in spec.actions)
    if not takes:
        text = {"id": "Tindakan ini tidak mengenal syarat.", "en": "This action takes no conditions."}
        raise Invalid([Fault("/data/conditions", text)])
    fits = isinstance(given, list) and len(given) <= _MOST_CONDITIONS
    if not fits or not all(
        isinstance(one, str) and 0 < len(one.strip()) <= _CONDITION_LIMIT for one in given
    ):
        text = {
            "id": f"Paling banyak {_MOST_CONDITIONS} syarat, masing-masing 1 sampai {_CONDITION_LIMIT} huruf.",
            "en": f"At most {_MOST_CONDITIONS} conditions, each of 1 to {_CONDITION_LIMIT} characters.",
        }
        raise Invalid([Fault("/data/conditions", text)])
    return [one.strip() for one in given]


def _object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name, {})
    if not isinstance(found, Mapping):
        raise Invalid([Fault(f"/data/{name}", {"id": "Harus berupa objek.", "en": "Must be an object."})])
    return found


def _items(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = data.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise Invalid(
            [Fault(f"/data/{name}", {"id": "Harus berupa daftar objek.", "en": "Must be a list of objects."})]
        )
    return found


def _demand_action(case: Case, service: Service, task: Task, action: str, comment: str | None) -> None:
    actions = {one.name: one for one in allowed_actions(case, service, task)}
    chosen = actions.get(action)  # type: ignore[call-overload]
    if chosen is None:
        raise _no_such_action(tuple(actions))
    if chosen.comment == "required" and not (comment or "").strip():
        raise Invalid([Fault("/comment", {"id": "Beri alasan.", "en": "Give the reason."})])
    if comment and len(comment) > _COMMENT_LIMIT:
        raise Invalid(
            [
                Fault(
                    "/comment",
                    {
                        "id": f"Paling banyak {_COMMENT_LIMIT} huruf.",
                        "en": f"At most {_COMMENT_LIMIT} characters.",
                    },
                )
            ]
        )


def _demand_open(writer: Writer, service: Service, task: Task, person: Person) -> None:
    if task.state == "expired" or waits.closed_by_law(writer.case, service, task, writer.now):
        raise _too_late()
    if not task.is_open or (task.state == "claimed" and task.assignee != person.username):
        raise _taken(task)


def _too_late() -> NotNow:
    return NotNow(
        {
            "id": "Tenggat sudah lewat; hukum telah memutuskan di tempat Anda.",
            "en": "The term has passed; the law has decided in your place.",
        },
        code="deadline-passed",
    )


def _taken(task: Task) -> TaskTaken:
    by, at = task.done_by or task.assignee, task.done_at or task.claimed_at
    when = rfc3339(at) if at else None
    if task.state == "claimed":
        text = {
            "id": f"Sedang dikerjakan {by} sejak {when}.",
            "en": f"{by} has been working on it since {when}.",
        }
    elif task.state == "cancelled":
        text = {"id": f"Tugas dibatalkan pada {when}.", "en": f"The task was cancelled at {when}."}
    else:
        text = {
            "id": f"Sudah diselesaikan {by} pada {when}.",
            "en": f"{by} has already answered it at {when}.",
        }
    return TaskTaken(text, by=by, at=when, state=task.state)


def _no_such_action(actions: tuple[str, ...]) -> Invalid:
    names = ", ".join(actions)
    return Invalid(
        [Fault("/action", {"id": f"Tindakan yang mungkin: {names}.", "en": f"Possible actions: {names}."})]
    )


def _resend(kind: str) -> Fault:
    return Fault(
        f"/documents/{kind}",
        {
            "id": "Dokumen ini diminta untuk diganti dan belum tiba.",
            "en": "This document was asked for again and has not arrived.",
        },
    )


def specs_to_ask(case: Case, specs: tuple[TaskSpec, ...], key: waits.Key) -> list[TaskSpec]:
    """Leave out who has agreed in the rounds that this step returned itself: nobody is asked twice for the same yes.

    Where the case comes back from a later step, everybody is asked again.
    """
    episode, step, round_ = key
    agreed: set[str] = set()
    while round_ := round_ - 1:
        earlier = case.tasks_of(episode, step, round_)
        if not any(task.action == "return" for task in earlier):
            break
        agreed |= {task.name for task in earlier if task.action in ("approve", "no_objection")}
    return [spec for spec in specs if spec.name not in agreed]
