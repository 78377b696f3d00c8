"""The cases that others have filed below this one: how they are taken in, looked at, and waited for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import events
from functions.domain import checks, history, intake, waits
from functions.domain.case import DECIDED, Case, Task, Writer
from functions.domain.clock import Calendar, rfc3339
from functions.domain.expression import evaluate, fill, holds, names_below
from functions.domain.service import HoldStep, Service, Text

View = Mapping[str, Any]


def filed(case: Case) -> list[str]:
    """Give the ids of the cases that were filed below this one, in the order in which they became known."""
    return [child.id for child in case.children.values() if not child.task]


def take_in(writer: Writer, child: Case) -> None:
    """Note that a case was filed below this one, and what it has come to since."""
    case = writer.case
    if child.submitted_at is None or case.submitted_at is None:
        return
    if child.id not in case.children:
        writer.add(events.ChildFiled(child=child.id, service=child.service), actor="system")
    known = case.children[child.id]
    decided = child.status if child.status in DECIDED and child.episode is None else "in_review"
    if not known.task and known.status != decided and (decided in DECIDED or known.decided):
        writer.add(events.ChildDecided(child=child.id, status=decided), actor="system")


def close(writer: Writer, service: Service, above: Case) -> None:
    """Close a draft that was not filed while the case above waited for such; nothing while it still waits."""
    at = service.above.at if service.above else ()
    waits_ = [task for task in above.tasks.values() if task.step in at]
    if writer.case.submitted_at or not waits_ or any(task.is_open for task in waits_):
        return
    if writer.case.closed_by != waits_[-1].id:
        writer.add(events.FilingClosed(wait=waits_[-1].id), actor="system")


def seen(child: Case, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give what the process above may know of a case below it: its answers only once they are open to all."""
    open_now = child.episode
    return {
        "id": child.id,
        "number": child.number,
        "service": child.service,
        "status": child.status,
        "process": open_now.process if open_now else None,
        "processes": [episode.process for episode in child.episodes],
        "since": rfc3339(child.episodes[-1].opened_at) if child.episodes else None,
        "submitted_at": rfc3339(child.submitted_at) if child.submitted_at else None,
        "opened": child.opened_at is not None or not child.seals,
        "form": dict(child.form or {}) if child.opened_at or not child.seals else {},
        "documents": [
            {"kind": one.kind, "size": one.size, "sha256": one.sha256, "state": one.state}
            for one in child.documents.values()
            if not one.under_seal and not one.issued
        ],
        **(extra or {}),
    }


def in_order(children: Iterable[Case]) -> list[Case]:
    """Sort by the moment of filing."""
    return sorted(
        children, key=lambda child: (rfc3339(child.submitted_at) if child.submitted_at else "", child.id)
    )


def note(
    writer: Writer, found: Mapping[str, Any], *, episode: int, step: str, rest: Mapping[str, Any]
) -> None:
    """Make what a step has found out facts of the case; `resting` says what it rests on."""
    new = {name: value for name, value in found.items() if value is not None}
    gone = {name for name, value in found.items() if value is None}
    kept = {name: value for name, value in writer.case.facts.items() if name not in gone}
    writer.add(
        events.FactsNoted(episode=episode, step=step, noted=sorted(found), facts={**kept, **new}, **rest),
        actor="system",
    )


def resting(
    service: Service,
    rule: str,
    found: Mapping[str, Any],
    *,
    title: Text,
    inputs: Mapping[str, Any],
    words: Text | None = None,
    known: Mapping[str, Any] = {},
) -> dict[str, Any]:
    """Say on what facts rest that a step has found: the rule, its version, what it read, and a sentence.

    Without ``words``, over these and the ``known`` facts, the sentence is the title of the step with what was found.
    """
    said = _listed(title, found)
    if words:
        context = {"facts": {**known, **found}, "values": service.constants}
        said = {language: fill(text, context) for language, text in words.pair().items()}
    return {
        "rule": f"{service.code}/{rule}",
        "version": service.version,
        "inputs": dict(inputs),
        "sentence": said,
    }


def looked_at(case: Case, children: Iterable[View], wanted: Mapping[str, str]) -> dict[str, Any]:
    """Give what facts over the cases below are computed from: how each of those stood, and the facts that are read."""
    read = {name for expression in wanted.values() for name in names_below("facts", expression)}
    facts = {name: case.facts[name] for name in sorted(read) if name in case.facts}
    return {**facts, "children": {child["id"]: child["status"] for child in children}}


def _listed(title: Text, found: Mapping[str, Any]) -> dict[str, str]:
    def said(yes: str, no: str) -> str:
        return "; ".join(f"{name}: {_plain(value, yes, no)}" for name, value in sorted(found.items()))

    return checks.after_title(title, Text(id=said("ya", "tidak"), en=said("yes", "no")))


def _plain(value: Any, yes: str, no: str) -> str:
    if isinstance(value, bool):
        return yes if value else no
    if isinstance(value, list):
        return ", ".join(_plain(one, yes, no) for one in value) or "–"
    return "–" if value is None else str(value)


def tally(
    service: Service, case: Case, children: Sequence[View], wanted: Mapping[str, str]
) -> dict[str, Any]:
    """Compute the facts that are wanted over the cases below; nothing found takes a fact away."""
    context = {"children": list(children), "facts": dict(case.facts), "values": service.constants}
    return {name: evaluate(expression, context) for name, expression in wanted.items()}


# -- waiting for them


def due_of(step: HoldStep, calendar: Calendar, now: datetime) -> datetime:
    """Give the moment at which a hold may be over: the end of its term."""
    return calendar.due(now, step.within, step.ends)


def looks_at_children(service: Service, case: Case, task: Task) -> bool:
    """Tell whether the end of this wait depends on the cases below."""
    step = waits.step_of(case, service, task.key)
    return task.is_open and isinstance(step, HoldStep) and bool(step.pending or step.again_when)


def settle(writer: Writer, service: Service, task: Task, children: Sequence[View]) -> None:
    """End a wait whose moment has come, unless one of the cases below still holds it."""
    step = waits.step_of(writer.case, service, task.key)
    if not isinstance(step, HoldStep) or not task.is_open or writer.now <= task.due_at:
        return
    context = {
        "facts": dict(writer.case.facts),
        "since": rfc3339(task.opened_at),
        "values": service.constants,
    }
    if step.pending and any(holds(step.pending, {**context, "child": child}) for child in children):
        return
    again = step.again_when and any(holds(step.again_when, {**context, "child": child}) for child in children)
    action = "approve"
    if again:
        before = [one for one in writer.case.tasks.values() if (one.episode, one.step) == task.key[:2]]
        action = "return" if sum(one.action == "return" for one in before) < step.rounds else "lapse"
    writer.add(events.TaskCompleted(task=task.id, action=action), actor="system")


def answer(writer: Writer, action: str, comment: Mapping[str, str] | None) -> bool:
    """The process above answers a case that waits for it; tells whether it did."""
    for task in writer.case.open_tasks():
        if task.kind == "wait":
            said = "\n".join(comment.values()) if comment else None
            writer.add(
                events.TaskCompleted(
                    task=task.id, action=action, comment=history.digest(said) if said else None
                ),
                {"comment": said} if said else None,
                actor="system",
            )
            return True
    return False


def tell(writer: Writer, text: Mapping[str, str] | None) -> None:
    """The process above lets a case below know something, once; that one waits on, or is still a draft."""
    said = "\n".join(text.values()) if text else ""
    if said and all(message["text"] != said for message in writer.case.messages):
        writer.add(events.MessagePosted(message=history.digest(said)), {"text": said}, actor="system")


def reopen(writer: Writer) -> None:
    """What had been decided below is open again, because the process above goes back: its application waits anew."""
    case = writer.case
    if (
        case.status in ("rejected", "lapsed")
        and case.episode is None
        and case.submitted_at
        and not case.erased
    ):
        reason = "reconsidered"
        writer.add(events.CaseReopened(reason=history.digest(reason)), {"reason": reason}, actor="system")
        intake.open_episode(writer, "application", reason, actor="system")


def told(writer: Writer, action: str, answered: Sequence[str], *, episode: int, step: str) -> None:
    """Note which of the cases below were answered, and how."""
    writer.add(
        events.ChildrenAnswered(episode=episode, step=step, action=action, children=list(answered)),
        actor="system",
    )


# -- what a ranking says of them


def with_rank(case: Case, child: View) -> dict[str, Any]:
    """Add its place and score, where it has one."""
    place = next((one for one in case.ranking if one["child"] == child["id"]), None)
    return {**child, "rank": place["rank"] if place else None, "score": place["score"] if place else None}


def ranked(case: Case, children: Iterable[View]) -> list[dict[str, Any]]:
    """Give the cases of the last ranking, the best first."""
    known = [with_rank(case, child) for child in children]
    return sorted((child for child in known if child["rank"]), key=lambda child: child["rank"])
