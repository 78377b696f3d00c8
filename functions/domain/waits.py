"""What an execution waits for: a group of tasks under one token, its verdict, and what time does to it.

    open ▶ (all settled, or the law speaks) ▶ verdict ▶ the relay answers the token
         ▶ (timer rings)                    ▶ silence, a reminder or an alarm; or the law still gives time

A verdict is never stored: it follows from the tasks, whoever asks and however often.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import events
from functions.domain import each
from functions.domain.case import Case, Task, Writer
from functions.domain.clock import Calendar, Extension, LegalClock, Pause, Term, read_rfc3339, rfc3339
from functions.domain.expression import evaluate
from functions.domain.service import (
    ConsultStep,
    CorrectStep,
    HoldStep,
    PayStep,
    Process,
    Service,
    Step,
    TaskSpec,
    TaskStep,
    Text,
    WaitStep,
)

Key = tuple[int, str, int]
CalendarOf = Callable[[str], Calendar]

SILENT_ACTION = {
    "approve": "approve",
    "refuse": "reject",
    "no_objection": "no_objection",
    "lapse": "lapse",
    "elapse": "elapse",
}
AGAINST = {"reject": "Rejected", "return": "Returned", "lapse": "Lapsed", "overdue": "Overdue"}
IN_FAVOUR = frozenset({"approve", "no_objection", "open", "submit_scores"})
LAW_SAYS = {"approve": "LawApproves", "no_objection": "LawApproves", "reject": "LawRefuses"}
LONGEST_SLEEP = timedelta(days=30)
"""How long a wait sleeps when nothing falls due: then it looks again, well within the year of an execution."""


@dataclass(frozen=True)
class Verdict:
    """How a wait ends: its normal outcome, or an ``error`` that the definition catches by name."""

    action: str
    error: str | None = None


def step_of(case: Case, service: Service, key: Key) -> Step:
    episode, step, _ = key
    return service.process(case.episodes[episode - 1].process).step(step)


def spec_of(case: Case, service: Service, task: Task) -> TaskSpec | None:
    """Give how the service describes an officer's task; the applicant's tasks have none."""
    step = step_of(case, service, task.key)
    if isinstance(step, TaskStep | ConsultStep):
        spec = next(spec for spec in step.of if each.stands_for(spec, task.name))
        context = {"facts": dict(case.facts), "values": service.constants}
        return spec if task.item is None else each.of(spec, task.item, context)
    return None


def verdict_of(case: Case, service: Service, key: Key) -> Verdict | None:
    """Tell how the wait with this key has ended, or ``None`` while somebody must still act."""
    return _verdict(case, service, key, case.tasks_of(*key))


def verdict_after(case: Case, service: Service, task: Task, action: str) -> Verdict | None:
    """Tell how the wait of a task is sure to end once it is answered so; ``None`` while that is for others to say.

    Where all are asked, one refusal decides, whatever the others will answer.
    """
    answered = replace(task, action=action, state="done")
    tasks = [answered if one.id == task.id else one for one in case.tasks_of(*task.key)]
    step = step_of(case, service, task.key)
    alone = _worst([answered], step)
    refuses = alone.action == "reject" and getattr(step, "join", "all") == "all"
    return _verdict(case, service, task.key, tasks) or (alone if refuses else None)


def _verdict(case: Case, service: Service, key: Key, tasks: Iterable[Task]) -> Verdict | None:
    tasks = [task for task in tasks if task.state != "cancelled"]
    step = step_of(case, service, key)
    if not tasks:
        return None
    if case.clock and case.clock.expired and key[0] == len(case.episodes) and getattr(step, "by_law", None):
        action, _ = case.clock.expired
        return Verdict(action, LAW_SAYS[action])
    if isinstance(step, ConsultStep) and step.join != "all":
        needed = 1 if step.join == "any" else int(step.join)
        if sum(1 for task in tasks if _in_favour(task)) >= needed:
            return Verdict("approve")
    if any(task.is_open for task in tasks):
        return None
    verdict = _worst(tasks, step)
    return Verdict("lapse", AGAINST["lapse"]) if _refused_too_often(case, step, key, verdict) else verdict


def _refused_too_often(case: Case, step: Step, key: Key, verdict: Verdict) -> bool:
    """A task whose refusal leads back does so only so many times."""
    if not isinstance(step, TaskStep) or not step.rounds or verdict.action != "reject":
        return False
    episode, name, round_ = key
    before = [one for one in case.tasks.values() if (one.episode, one.step) == (episode, name)]
    return sum(one.action == "reject" and one.round < round_ for one in before) >= step.rounds


def _in_favour(task: Task) -> bool:
    return task.action in IN_FAVOUR


def _worst(tasks: Iterable[Task], step: Step) -> Verdict:
    actions = {task.action for task in tasks}
    if "object" in actions and isinstance(step, ConsultStep) and step.objections == "reject":
        actions.add("reject")
    for action in ("reject", "lapse", "overdue", "return"):
        if action in actions:
            return Verdict(action, AGAINST[action])
    if isinstance(step, CorrectStep):
        return Verdict("resubmit")
    return Verdict("paid" if isinstance(step, PayStep) else "approve")


def rounds_left(case: Case, service: Service, task: Task) -> bool:
    """Tell whether the step of a task can return the case once more; so it is where it never returns it."""
    process = service.process(case.episodes[task.episode - 1].process)
    back = getattr(process.step(task.step), "returned", None)
    correct = process.step(back) if back else None
    return not isinstance(correct, CorrectStep) or case.episodes[task.episode - 1].rounds < correct.rounds


def settle(writer: Writer, service: Service, calendar_of: CalendarOf, key: Key) -> Verdict | None:
    """After an answer: if the wait is decided, call off whoever need not answer any more.

    Once the task that marks the application as complete has gone well, the clock starts that counts from there.
    """
    verdict = verdict_of(writer.case, service, key)
    if verdict:
        for task in writer.case.tasks_of(*key):
            if task.is_open:
                writer.add(events.TaskCancelled(task=task.id, reason="decided"))
    specs = getattr(step_of(writer.case, service, key), "of", ())
    if verdict and verdict.error is None and any(spec.marks == "complete" for spec in specs):
        start_clock(writer, service, calendar_of(writer.case.agency), "complete")
    return verdict


def legal_clock(case: Case, service: Service, calendar: Calendar) -> LegalClock | None:
    """Give the clock of the running (or last) episode, or ``None`` before it has started."""
    record = case.clock
    if record is None:
        return None
    return LegalClock(
        Term.parse(record.term),
        calendar,
        record.started_at,
        pauses=tuple(Pause(since, until, PAUSE_WORDS[reason]) for since, until, reason in record.pauses),
        extensions=tuple(Extension(Term.parse(term), EXTENSION_WORDS, by) for term, by in record.extensions),
        mode=service.clock.mode,
        stopped_at=record.stopped_at,
    )


PAUSE_WORDS = {
    "correction": {"id": "selama menunggu perbaikan dari Anda", "en": "while waiting for your correction"},
    "payment": {"id": "selama menunggu pembayaran", "en": "while waiting for the payment"},
}
EXTENSION_WORDS = {"id": "oleh keputusan pengawas", "en": "by decision of the supervisor"}


def legal_term(service: Service, process: Process, facts: Mapping[str, Any]) -> Term:
    """Give the term of a process: its own, or the service's, which the facts may shorten."""
    return process.within or bounded(service.clock.term, service.clock.term_by, facts)


def bounded(longest: Term, by: str | None, facts: Mapping[str, Any]) -> Term:
    """Give the term that the expression ``by`` names in the unit of the longest: at least one, never longer."""
    named = evaluate(by, {"facts": dict(facts)}) if by else None
    if isinstance(named, bool) or not isinstance(named, int | float):
        return longest
    return Term(min(max(int(named), 1), longest.amount), longest.unit)


def due_of(writer: Writer, service: Service, calendar_of: CalendarOf, spec: TaskSpec) -> datetime:
    """Give when an obligation that is opened now falls due, by the working days of the office that has it."""
    term = bounded(spec.within, spec.within_by, writer.case.facts)
    calendar, start = calendar_of(spec.role.partition("/")[0]), writer.now
    if spec.counts_from == "window":
        start = max(start, _window_before(writer, service, calendar_of) or start)
    return not_after(calendar.due(start, term, spec.ends), spec.until, writer.case.facts)


def not_after(due: datetime, until: str | None, facts: Mapping[str, Any]) -> datetime:
    """Give the end of a term that the facts may cut short: ``until`` gives an RFC 3339 moment, or nothing."""
    named = evaluate(until, {"facts": dict(facts)}) if until else None
    return min(due, read_rfc3339(named)) if isinstance(named, str) else due


def window_end(process: Process, calendar: Calendar, decided_at: datetime) -> datetime | None:
    """Give up to when a process may be opened after a decision; ``None`` is without end."""
    if process.opens_within is None:
        return None
    return calendar.due(decided_at, process.opens_within, process.opens_until)


def _window_before(writer: Writer, service: Service, calendar_of: CalendarOf) -> datetime | None:
    """Give the end of the window in which the running process was opened."""
    episode = writer.case.episode
    before = episode.before[1] if episode else None
    if episode is None or before is None:
        return None
    return window_end(service.process(episode.process), calendar_of(writer.case.agency), before.at)


def end_of_wait(case: Case, calendar: Calendar, within: Term, until: str | None, now: datetime) -> datetime:
    """Give the last moment of a wait that begins now: the moment itself, or the last second before a day.

    A day or a moment that is past already ends it at once; what gives neither ends with the longest term.
    """
    longest = calendar.due(now, within)
    named = evaluate(until, {"facts": dict(case.facts)}) if until else None
    if not isinstance(named, str):
        return longest
    try:
        if len(named) == len("2026-04-01"):
            return min(longest, calendar.end_of_day(date.fromisoformat(named) - timedelta(days=1)))
        return min(longest, read_rfc3339(named))
    except ValueError:
        return longest


def start_clock(writer: Writer, service: Service, calendar: Calendar, at: str) -> None:
    """Start the legal clock if this is the moment that the service names and the process runs on the clock."""
    case = writer.case
    episode = case.episode
    if service.clock.starts != at or case.clock or episode is None:
        return
    process = service.process(episode.process)
    if process.clock:
        term = legal_term(service, process, case.facts)
        due = calendar.due(writer.now, term)
        writer.add(events.ClockStarted(term=str(term), due_at=rfc3339(due)))


def ring(writer: Writer, service: Service, calendar_of: CalendarOf, key: Key) -> None:
    """Let time have its effect on an open wait: reminders, alarms, and what silence means by law."""
    case, now = writer.case, writer.now
    for task in case.tasks_of(*key):
        if task.is_open and isinstance(step_of(case, service, key), HoldStep):
            _let_go(writer, service, task)
        elif task.is_open and now > task.due_at:
            _fall_silent(writer, service, task)
        elif task.is_open and task.role == "applicant" and not task.reminded and now >= reminder_at(task):
            writer.add(events.TaskReminded(task=task.id), actor="system")
    clock = legal_clock(case, service, calendar_of(case.agency))
    if clock and case.clock and not case.clock.alarmed and clock.state(now) == "overdue":
        if getattr(step_of(case, service, key), "by_law", None):
            _expire(writer, service, key)
        elif service.clock.by_law is None:
            writer.add(events.AlarmRaised(reason="clock"), actor="system")
    settle(writer, service, calendar_of, key)


def _expire(writer: Writer, service: Service, key: Key) -> None:
    """The term of the whole case has passed: the law speaks in the place of everybody who has not."""
    if writer.case.clock and writer.case.clock.expired is None:
        action, rule = SILENT_ACTION[service.clock.silence], f"{service.code}/clock: {service.clock.law}"
        writer.add(events.ClockExpired(action=action, rule=rule), actor="law")
        for task in writer.case.tasks_of(*key):
            if task.is_open:
                writer.add(events.TaskExpired(task=task.id, action=action, rule=rule), actor="law")


def _let_go(writer: Writer, service: Service, task: Task) -> None:
    """The term of a hold is over; where the cases below hold it as well, `below.settle` ends it."""
    step = step_of(writer.case, service, task.key)
    if not isinstance(step, HoldStep) or writer.now <= task.due_at or step.pending or step.again_when:
        return
    action, rule = (
        "lapse" if step.answered_by else "elapse",
        f"{service.code}/{task.step}: {service.clock.law}",
    )
    writer.add(events.TaskExpired(task=task.id, action=action, rule=rule), actor="law")


def _fall_silent(writer: Writer, service: Service, task: Task) -> None:
    silence, rule = _silence(writer.case, service, task)
    if silence == "alarm":
        if not task.alarmed:
            writer.add(events.AlarmRaised(reason="task", task=task.id), actor="system")
        return
    action = _again(writer.case, service, task) or SILENT_ACTION[silence]
    writer.add(events.TaskExpired(task=task.id, action=action, rule=rule), actor="law")
    if task.payment:
        writer.add(events.PaymentExpired(payment=task.payment), actor="law")
    if action in ("lapse", "overdue"):
        _resume(writer)


def _again(case: Case, service: Service, task: Task) -> str | None:
    """A bill that may be assessed anew is overdue as often as its step says; after that it lapses."""
    step = step_of(case, service, task.key)
    if not isinstance(step, PayStep) or step.overdue is None:
        return None
    billed = sum(1 for t in case.tasks.values() if (t.episode, t.step) == (task.episode, task.step))
    return "overdue" if billed <= step.times else None


def _silence(case: Case, service: Service, task: Task) -> tuple[str, str]:
    spec = spec_of(case, service, task)
    if spec is None:
        over = isinstance(step_of(case, service, task.key), WaitStep)
        return "elapse" if over else "lapse", f"{service.code}/{task.step}: {service.clock.law}"
    return spec.silence, f"{service.code}/{task.name}: {spec.law or service.clock.law}"


def law_words(case: Case, service: Service, task: Task) -> Text:
    """Give what a document says when the law has answered in the place of this task."""
    spec = spec_of(case, service, task)
    said = spec.law_words if spec and spec.law_words else service.clock.silence_words
    return Text(**{language: f"{words} ({task.rule})" for language, words in said.pair().items()})


def closed_by_law(case: Case, service: Service, task: Task, now: datetime) -> bool:
    """Tell whether the term has passed and the law has put its answer in the place of this task's."""
    return task.is_open and now > task.due_at and _silence(case, service, task)[0] != "alarm"


def clock_has_decided(
    case: Case, service: Service, calendar_of: CalendarOf, task: Task, now: datetime
) -> bool:
    """Tell whether the term of the whole case has passed and the law decides it, noted or not."""
    clock = legal_clock(case, service, calendar_of(case.agency))
    if not task.is_open or clock is None or not getattr(step_of(case, service, task.key), "by_law", None):
        return False
    return clock.state(now) == "overdue"


def pause(writer: Writer, service: Service, reason: str) -> None:
    """Stop the running clock for a reason for which this service stops it."""
    clock = writer.case.clock
    if clock and not clock.paused and clock.stopped_at is None and reason in service.clock.pauses:
        writer.add(events.ClockPaused(reason=reason), actor="system")


def _resume(writer: Writer) -> None:
    clock = writer.case.clock
    if clock and clock.paused:
        writer.add(events.ClockResumed(), actor="system")


resume = _resume


def reminder_at(task: Task) -> datetime:
    """Four fifths of the term: the applicant is reminded."""
    return task.opened_at + (task.due_at - task.opened_at) * 0.8


def next_moment(case: Case, service: Service, calendar_of: CalendarOf, key: Key, now: datetime) -> datetime:
    """Give the next moment at which time changes something for this wait."""
    moments = []
    for task in case.tasks_of(*key):
        if not task.is_open:
            continue
        if not task.alarmed and not (task.kind == "wait" and now > task.due_at):
            moments.append(task.due_at)
        if task.role == "applicant" and not task.reminded:
            moments.append(reminder_at(task))
    clock = legal_clock(case, service, calendar_of(case.agency))
    if clock and case.clock and not case.clock.alarmed and clock.state(now) == "running":
        moments += [due for due in (clock.due_at(now),) if due]
    return min([*moments, now + LONGEST_SLEEP])


def seconds_until(moment: datetime, now: datetime) -> int:
    """Whole seconds after which the moment has certainly passed; at least one."""
    return max(1, math.floor((moment - now).total_seconds()) + 1)
