"""How many cases come in, how they end and how long they take, counted when it happens.

    STATISTICS    <month>#<service>#<agency>#<share>    numbers: received, decided, …, d<days>, w<working days>,
                                                        and of each step <step>/late, …/returned, …/d<days>, …/w<days>,
                                                        which of another process than the first is <process>.<step>

A month of one service is a few items that hold its decisions by their length in days, so a percentile of any period is
exact although no row of a case is read: twelve months of a service are one query of at most 96 items of a few hundred
bytes. They are shared out by the ids of cases, because one item takes one transaction at a time. A case costs 4 write
units when it comes in and 4 when it ends (a transaction of the mark and the numbers; the mark of the end is the entry
in the register where there is one), so a repeated event counts once.

How long each step took is counted with the end of the case, in the same item, so it costs no write of its own. The
lengths of steps are counted in a bounded histogram (`BOUNDS`), so an item of many steps stays below a few KB however
busy the month: one unit more a write for each KB and its transaction, in the busiest services.

How a case ended and how long that took is counted of its first end only. An appeal, a renewal or whatever else ends
later adds its steps, each under its process, at 4 units more. Days run from the day of submission, working
days as the legal clock counts them, without its pauses, where it counts in them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from functions.domain import waits
from functions.domain.case import Case, Commit, moment
from functions.domain.clock import Calendar
from functions.domain.history import Event
from functions.domain.service import Service

CONCLUDING = frozenset({"outcome.decided", "case.lapsed", "case.withdrawn"})
"""The types of events that end a case for the first time."""
Key = tuple[str, str]
COUNTERS = "STATISTICS"
FIRST = "application"
_SHARES = 8
_DAYS, _WORKING_DAYS = "d", "w"
BOUNDS = (0, 1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 60, 90, 180, 365)
"""The lengths of steps, in days, that are told apart: each counts as the next one of these, the longest as a year."""
NOT_WORK = frozenset({"wait"})
"""Kinds of tasks in which nobody has anything to do."""


@dataclass(frozen=True)
class Conclusion:
    """How a case first ended; ``permits`` are the numbers of those issued in the same commit.

    ``in_time``: the legal term had not passed, or had not begun. ``working_days`` is None where the clock did not run,
    or counts otherwise.
    """

    result: str
    on: date
    days: int
    working_days: int | None
    in_time: bool
    permits: tuple[str, ...] = ()
    steps: tuple[Pace, ...] = ()


@dataclass(frozen=True)
class Pace:
    """How one step went: whole days by the calendar and working days from its opening to its answer, or silence.

    ``step`` is as `step_key` writes it.
    ``late``: answered after its term, or by nobody. ``returned``: it sent the case back to the applicant.
    """

    step: str
    days: int
    working_days: int
    late: bool
    returned: bool


def conclusion(
    case_id: str, commits: Sequence[Commit], service: Service, calendar: Calendar
) -> Conclusion | None:
    """Give the first end of a case that was submitted, or ``None``; the same whatever came afterwards."""
    first = next(_ends(commits), None)
    if first is None:
        return None
    place, end = first
    permits = tuple(one.data["number"] for one in commits[place].events if one.type == "permit.issued")
    return _concluded(_case_at(case_id, commits, *first), moment(end.at), service, calendar, permits)


def later_end(
    case_id: str, commits: Sequence[Commit], seq: int, calendar: Calendar
) -> tuple[date, tuple[Pace, ...]] | None:
    """Give the day of a later end of a case, its event ``seq``, and how the steps of that process went.

    ``None`` where it is no end, or the first, with which all steps before it are counted.
    """
    _, *later = _ends(commits)
    for place, end in later:
        if end.seq == seq:
            case = _case_at(case_id, commits, place, end)
            return calendar.day_of(moment(end.at)), paces(case, calendar, len(case.episodes))
    return None


def _ends(commits: Sequence[Commit]) -> Iterator[tuple[int, Event]]:
    """Give each end of a case: the place of its commit, and its event."""
    for place, commit in enumerate(commits):
        for event in commit.events:
            if event.type in CONCLUDING:
                yield place, event


def _case_at(case_id: str, commits: Sequence[Commit], place: int, end: Event) -> Case:
    """Give the case as it stood right after an event of a commit."""
    case = Case.of(case_id, commits[:place])
    for event in commits[place].events:
        if event.seq <= end.seq:
            case.apply(event, commits[place].private.get(str(event.seq)))
    return case


def _concluded(
    case: Case, at: datetime, service: Service, calendar: Calendar, permits: tuple[str, ...]
) -> Conclusion | None:
    if case.submitted_at is None:
        return None
    clock = waits.legal_clock(case, service, calendar)
    counted = clock is not None and clock.working_days is not None
    day = calendar.day_of(at)
    return Conclusion(
        result=case.outcomes[-1].result,
        on=day,
        days=(day - calendar.day_of(case.submitted_at)).days,
        working_days=clock.used(at) if clock and counted else None,
        in_time=clock is None or not clock.passed(at),
        permits=permits,
        steps=paces(case, calendar),
    )


def step_key(process: str, step: str) -> str:
    """Write the name under which a step is counted: that of its process stands before it, but for the first one."""
    return step if process == FIRST else f"{process}.{step}"


def read_step_key(key: str) -> tuple[str, str]:
    """Give the process and the step that are counted under a name."""
    process, dot, step = key.rpartition(".")
    return (process, step) if dot else (FIRST, step)


def paces(case: Case, calendar: Calendar, episode: int | None = None) -> tuple[Pace, ...]:
    """Give how each step went that was answered or fell silent, each round of it by itself; of one episode, or all."""
    return tuple(
        Pace(
            step=step_key(case.episodes[task.episode - 1].process, task.name),
            days=(calendar.day_of(task.done_at) - calendar.day_of(task.opened_at)).days,
            working_days=calendar.working_days_between(task.opened_at, task.done_at),
            late=task.state == "expired" or task.done_at > task.due_at,
            returned=task.action == "return",
        )
        for task in case.tasks.values()
        if task.done_at and task.state in ("done", "expired") and task.kind not in NOT_WORK
        if episode in (None, task.episode)
    )


def counts_of(ended: Conclusion) -> dict[str, int]:
    """Give what a conclusion adds to the numbers of its month."""
    counts = {ended.result: 1}
    if ended.result in ("approved", "rejected"):
        counts |= {"decided": 1, f"{_DAYS}{ended.days}": 1}
        if ended.in_time:
            counts["in_time"] = 1
        if ended.working_days is not None:
            counts[f"{_WORKING_DAYS}{ended.working_days}"] = 1
    return {**counts, **counts_of_steps(ended.steps)}


def counts_of_steps(steps: Iterable[Pace]) -> dict[str, int]:
    """Give what these steps add to the numbers of a month."""
    return dict(Counter(name for pace in steps for name in _counts_of_step(pace)))


def _counts_of_step(pace: Pace) -> Iterator[str]:
    yield f"{pace.step}/{_DAYS}{_bound(pace.days)}"
    yield f"{pace.step}/{_WORKING_DAYS}{_bound(pace.working_days)}"
    if pace.late:
        yield f"{pace.step}/late"
    if pace.returned:
        yield f"{pace.step}/returned"


def _bound(days: int) -> int:
    return next((bound for bound in BOUNDS if days <= bound), BOUNDS[-1])


def counter(case_id: str, service: str, agency: str, day: date) -> Key:
    """Give the key of the numbers of the month in which this day lies, of the share to which the case belongs."""
    return COUNTERS, f"{month_of(day)}#{service}#{agency}#{ord(case_id[0]) % _SHARES}"


def mark(case_id: str, what: str) -> Key:
    """Give the key of the mark that a case has been counted as received, or as ended."""
    return f"COUNTED#{case_id}", what


def month_of(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def months_before(month: str, number: int) -> str:
    """Give the month that lies so many months before this one."""
    year, place = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - number, 12)
    return f"{year:04}-{place + 1:02}"


@dataclass
class Figures:
    """The numbers of a service in an agency over a period."""

    numbers: Counter[str] = field(default_factory=Counter)

    def add(self, numbers: Mapping[str, int]) -> None:
        self.numbers.update(numbers)

    def days(self, percent: int) -> int | None:
        """Give the days within which this share of the decisions was taken; ``None`` without decisions."""
        return self._percentile(_DAYS, percent)

    def working_days(self, percent: int) -> int | None:
        return self._percentile(_WORKING_DAYS, percent)

    @property
    def lengths(self) -> int:
        """How many lengths in days were counted."""
        return sum(self._by_length(_DAYS).values())

    @property
    def spent(self) -> int:
        """The days of all of them together."""
        return sum(days * count for days, count in self._by_length(_DAYS).items())

    def steps(self) -> dict[str, Figures]:
        """Give the numbers of each step by the name under which it is counted.

        Their days are bounds: ``days(50)`` is within how many the half was done.
        """
        found: dict[str, Figures] = {}
        for name, count in self.numbers.items():
            step, slash, what = name.partition("/")
            if slash:
                found.setdefault(step, Figures()).add({what: count})
        return found

    def _percentile(self, letter: str, percent: int) -> int | None:
        """The nearest rank: the smallest number of days that at least this share did not exceed."""
        lengths = self._by_length(letter)
        rank = math.ceil(sum(lengths.values()) * percent / 100)
        for days in sorted(lengths):
            rank -= lengths[days]
            if rank <= 0:
                return days
        return None

    def _by_length(self, letter: str) -> dict[int, int]:
        found = self.numbers.items()
        return {int(name[1:]): count for name, count in found if name[0] == letter and name[1:].isdigit()}


def by_month(found: Iterable[tuple[str, Mapping[str, int]]], service: str) -> dict[str, Figures]:
    """Add up the counters of one service by month."""
    gathered: dict[str, Figures] = {}
    for sort_key, numbers in found:
        month, code, _, _ = sort_key.split("#")
        if code == service:
            gathered.setdefault(month, Figures()).add(numbers)
    return gathered


def gather(found: Iterable[tuple[str, Mapping[str, int]]]) -> dict[tuple[str, str], Figures]:
    """Add up counters by service and agency."""
    gathered: dict[tuple[str, str], Figures] = {}
    for sort_key, numbers in found:
        _, service, agency, _ = sort_key.split("#")
        gathered.setdefault((service, agency), Figures()).add(numbers)
    return gathered
