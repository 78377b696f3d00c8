"""Does an execution stay within its limits: 25,000 events of history, and one year?

A Standard execution that reaches either is ended by Step Functions. The bounds below count what can happen at most
when everybody keeps to the terms; an officer who does not is met by an alarm, and an execution that ends of its age by
a new one that takes the case up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from functions.domain.clock import Term
from functions.domain.service import (
    ChooseStep,
    ConsultStep,
    CorrectStep,
    HoldStep,
    PayStep,
    Process,
    Service,
    Step,
    TaskStep,
    WaitStep,
)
from infra.compiler.define import RETRY, YEAR_SECONDS
from infra.compiler.finding import Finding, Place
from infra.compiler.graph import Graph
from infra.compiler.prove.subject import Subject

MOST_EVENTS = 25_000
YEAR_DAYS = YEAR_SECONDS // 86_400

RETRIES = sum(int(str(retry["MaxAttempts"])) for retry in RETRY)
EVENTS_OF_TRY = 3
"""Scheduled, started, failed."""
EVENTS_OF_WAIT = 6 + RETRIES * EVENTS_OF_TRY
"""Entered, scheduled, started, submitted, succeeded (or failed, or timed out), exited."""
EVENTS_OF_STEP = 5 + RETRIES * EVENTS_OF_TRY
EVENTS_OF_PASS = 2
EVENTS_AROUND = 2 + 2 * EVENTS_OF_PASS + EVENTS_OF_STEP
"""Execution started and ended, take up the case, the last state, and the call for attention."""
LOOKS_A_YEAR = 13
"""A wait in which nothing falls due looks at the clock every 30 days."""


def executions_fit_their_history(subject: Subject) -> Iterator[Finding]:
    for walk in subject.walks:
        events = most_events(walk.process)
        if events >= MOST_EVENTS:
            message = (
                f"an execution may write {events:,} events, and {MOST_EVENTS:,} end it; allow fewer rounds, ask fewer "
                "at once, or make it two processes"
            )
            yield Finding("history-too-long", ("processes", walk.name), message)


def waits_fit_a_year(subject: Subject) -> Iterator[Finding]:
    """What lasts a year or more waits in the table under its date, with no execution open."""
    for step, place in subject.steps():
        for term in _terms(step):
            if days_at_most(term) >= YEAR_DAYS:
                message = f"`{step.name}` may wait {term}, and an execution lives a year: open another process later"
                yield Finding("wait-too-long", place, message)


def executions_fit_a_year(subject: Subject) -> Iterator[Finding]:
    for walk in subject.walks:
        days = most_days(subject.service, walk.process)
        single = any(days_at_most(term) >= YEAR_DAYS for step in walk.process.steps for term in _terms(step))
        if days >= YEAR_DAYS and not single:
            message = f"with every round and term used it takes {days} days, a year at most fits: make it two processes"
            yield Finding("execution-too-long", ("processes", walk.name), message)


def terms_fit_the_clock(subject: Subject) -> Iterator[Finding]:
    """The steps' own terms, one after the other, end within the legal term of the case."""
    service = subject.service
    for walk in subject.walks:
        term = walk.process.within or service.clock.term
        if not walk.process.clock:
            continue
        start = _clock_start(service, walk.process)
        total = _longest_terms(walk.process, start, term.unit)
        if total > term.amount:
            message = f"the terms of the steps add up to {total} {term.unit}, the legal term is {term}; shorten some"
            yield Finding("terms-exceed-clock", ("processes", walk.name), message)


def office_hours_end_days(subject: Subject) -> Iterator[Finding]:
    """What ends when the office closes is counted in days, and the calendar of that office says when it closes."""
    for term, agency, place in _closing(subject):
        if term.unit == "h":
            message = f"{term} are exact; a term that ends with the office is counted in days: take `{place[-1]}` out"
            yield Finding("hours-end-with-office", place, message)
        elif not subject.office_closes(agency):
            message = f'the calendar of `{agency}` does not say when: `office_closes: {{usually: "16:00"}}`'
            yield Finding("office-hours-missing", place, message)


def windows_have_a_term(subject: Subject) -> Iterator[Finding]:
    """A window that ends somehow has a length, and only what was opened in one counts from its end."""
    for walk in subject.walks:
        if walk.process.opens_within:
            continue
        place: Place = ("processes", walk.name)
        if walk.process.opens_until:
            yield Finding("window-missing", (*place, "opens_until"), "say how long: `opens_within: 5 d`")
        for task, _, at in walk.tasks():
            if task.counts_from:
                message = (
                    f"no window is before `{walk.name}`; say how long it may be opened: `opens_within: 5 d`"
                )
                yield Finding("window-missing", (*at, "counts_from"), message)


def _closing(subject: Subject) -> Iterator[tuple[Term, str, Place]]:
    """Give the terms that end when an office closes, with the agency whose it is."""
    for task, _, place in subject.tasks():
        if task.ends == "office_close":
            for role in (task.role, *task.roles.values()):
                yield task.within, role.partition("/")[0], (*place, "ends")
    for step, place in subject.steps():
        if isinstance(step, HoldStep) and step.ends == "office_close":
            yield step.within, subject.service.agency, (*place, "ends")
    for walk in subject.walks:
        if walk.process.opens_within and walk.process.opens_until == "office_close":
            place = ("processes", walk.name, "opens_until")
            yield walk.process.opens_within, subject.service.agency, place


def most_events(process: Process) -> int:
    """Give the most events that one execution of a process can write."""
    written = sum((1 + times) * _events(process.step(name)) for name, times in _again(process).items())
    return written + LOOKS_A_YEAR * 2 * EVENTS_OF_WAIT + EVENTS_AROUND


def _again(process: Process) -> dict[str, int]:
    """Give how often each step that can be reached may come again.

    It does only where it lies between the target of a way back and where that way begins, as often as that is taken.
    """
    graph = Graph.of(process)
    forward, reached = graph.forward(), graph.reachable()
    ahead = {name: forward.reachable(name) for name in reached}
    steps = [step for step in process.steps if step.name in reached]
    loops = [(step, target) for step in steps for target in graph.back(step.name)]

    def around(name: str) -> list[Step]:
        return [step for step, target in loops if name in ahead[target] and step.name in ahead[name]]

    return {step.name: _rounds(around(step.name)) + _bills_again(around(step.name)) for step in steps}


def most_days(service: Service, process: Process) -> int:
    """Give the most days that a process takes when everybody uses the whole of the term, every time."""
    again, graph = _again(process), Graph.of(process).forward()
    clocked = _clocked(service, process, graph)
    corrections = [step for step in process.steps if isinstance(step, CorrectStep)]
    rounds = _rounds(corrections)

    def days(name: str) -> int:
        step = process.step(name)
        longest = max((days_at_most(term) for term in _terms(step)), default=0)
        if isinstance(step, PayStep):
            bills = 1 + (step.times if step.overdue else 0)
            return longest * bills * (1 + rounds if _may_come_again(process, name) else 1)
        if isinstance(step, CorrectStep) or name in clocked:
            return 0
        return longest * (1 + again.get(name, 0))

    corrected = rounds * max((days_at_most(step.within) for step in corrections), default=0)
    in_law = days_at_most(process.within or service.clock.term) if clocked else 0
    return graph.longest(days) + corrected + in_law


def _clocked(service: Service, process: Process, graph: Graph) -> frozenset[str]:
    """Give the steps whose days the legal term of the case bounds, all rounds together."""
    if not process.clock or service.clock.mode != "continue":
        return frozenset()
    start = _clock_start(service, process)
    return graph.reachable(start) - ({start} if start else frozenset())


def _may_come_again(process: Process, name: str) -> bool:
    after = Graph.of(process).reachable(name)
    return any(isinstance(step, CorrectStep) and step.name in after for step in process.steps)


def days_at_most(term: Term) -> int:
    """Give a number of calendar days that a term never exceeds.

    Working days: with two free days a week, two weeks around Idulfitri, and a holiday in every week besides.
    """
    match term.unit:
        case "h":
            return ceil(term.amount / 24)
        case "d":
            return term.amount + 1
        case "wd":
            return term.amount + 2 * ceil(term.amount / 5) + 14 + term.amount // 5
        case "months":
            return term.amount * 31 + 1
        case "years":
            return term.amount * 366 + 1


def _events(step: Step) -> int:
    match step:
        case TaskStep() | ConsultStep():
            return _events_of_wait(sum(task.most for task in step.of))
        case CorrectStep() | PayStep() | WaitStep() | HoldStep():
            return _events_of_wait(1)
        case ChooseStep():
            return EVENTS_OF_PASS
        case _:
            return EVENTS_OF_STEP


def _events_of_wait(tasks: int) -> int:
    # Each task falls due once; beside them a reminder and the clock of the case. At each ring the state is entered
    # twice: to learn how much time is left, and to wait for it.
    rings = tasks + 2
    return (1 + 2 * rings) * EVENTS_OF_WAIT


def _rounds(steps: Sequence[Step]) -> int:
    """Corrections are counted over the whole process, so the longest of its bounds holds for all; others each alone."""
    corrections = (step.rounds for step in steps if isinstance(step, CorrectStep))
    others = (step.rounds or 0 for step in steps if isinstance(step, HoldStep | TaskStep))
    return max(corrections, default=0) + sum(others)


def _bills_again(steps: Sequence[Step]) -> int:
    """How often late bills may be assessed anew."""
    return sum(step.times for step in steps if isinstance(step, PayStep) and step.overdue)


def _terms(step: Step) -> list[Term]:
    match step:
        case TaskStep() | ConsultStep():
            return [task.within for task in step.of]
        case CorrectStep() | PayStep() | WaitStep() | HoldStep():
            return [step.within]
        case _:
            return []


def _clock_start(service: Service, process: Process) -> str | None:
    """Give the step whose end starts the clock; none if the clock runs from the beginning."""
    for step in process.steps:
        complete = isinstance(step, TaskStep | ConsultStep) and any(
            task.marks == "complete" for task in step.of
        )
        if (service.clock.starts == "complete" and complete) or (
            service.clock.starts == "paid" and step.kind == "pay"
        ):
            return step.name
    return None


def _longest_terms(process: Process, start: str | None, unit: str) -> int:
    graph = Graph.of(process).forward()

    def amount(name: str) -> int:
        step = process.step(name)
        if name == start or not isinstance(step, TaskStep | ConsultStep):
            return 0
        return max((task.within.amount for task in step.of if task.within.unit == unit), default=0)

    return graph.longest(amount, start)


PROOFS = (
    executions_fit_their_history,
    waits_fit_a_year,
    executions_fit_a_year,
    terms_fit_the_clock,
    office_hours_end_days,
    windows_have_a_term,
)
