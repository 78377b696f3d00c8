"""The legal clock: when a term begins, stops counting, goes on and ends, and why.

The law's words, kept as it has them:

- The day of the event is *day 0*. A term in working days ends at 23:59:59 of its last working day, a term in
  calendar days, months or years at 23:59:59 of its last day, in the agency's time zone; hours are exact.
- Some terms end on a working day, at its end or when the office closes: what falls due on a free day then lasts to the
  next working day. Whoever acts at the very moment is still in time.
- National holidays and joint-leave days (cuti bersama, SKB 3 Menteri) are no working days.
- A day counts if it comes after day 0 and the clock runs at its end. So a pause moves the due date by exactly the
  days at whose end the clock stood still, day 0 included: who is paused on day 0 finds day 0 where it resumes.
- The day in progress counts as used from its first moment, as long as nothing says that the clock will stand still
  at its end: on "day 14 of 28", ``used`` is 14.

Moments are aware datetimes; answers are in UTC. Time never comes from here: ``now`` is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

Text = Mapping[str, str]
Language = Literal["id", "en"]
Unit = Literal["wd", "d", "h", "months", "years"]
State = Literal["not_started", "running", "paused", "overdue", "stopped"]
Mode = Literal["continue", "reset"]
End = Literal["working_day", "office_close"]
"""Up to when a term lasts that ends on a working day: to the end of that day, or until the office closes."""

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
REMINDERS = (50, 80)

# No zone of today moves its clock by more (Antarctica/Troll); most of those that move it do so by one hour.
_ZONE_SHIFT_SECONDS = 2 * 3600
_NOON = 12
Hour = tuple[int, int]
"""An hour and a minute on a wall clock."""


class TermUnreadable(ValueError):
    """The text is no term."""


class CalendarUnusable(ValueError):
    """The data describes no calendar; the message says which entry and what to do."""


class ClockMisused(ValueError):
    """The parts of a clock contradict each other, or it is asked for what it cannot know."""


# -- moments as text ---------------------------------------------------------------------------------------------


def rfc3339(moment: datetime) -> str:
    """Write a moment in the one form used everywhere: UTC, ``Z``, milliseconds only when there are any."""
    utc = _aware(moment).astimezone(UTC)
    milliseconds = utc.microsecond // 1000
    return f"{utc:%Y-%m-%dT%H:%M:%S}" + (f".{milliseconds:03}" if milliseconds else "") + "Z"


def read_rfc3339(text: str) -> datetime:
    """Read a moment that `rfc3339` wrote. Raises ValueError for any other form of it."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or rfc3339(moment) != text:
        raise ValueError(f"{text!r} is not a moment as it is written here, such as 2026-03-03T16:59:59Z")
    return moment


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment


# -- terms -------------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"(\d+) ?(wd|d|h|months?|years?)")
_ISO_8601 = re.compile(r"P(?:(\d+)([YMWD])|T(\d+)(H))")
_ISO_UNITS: Mapping[str, Unit] = {"Y": "years", "M": "months", "W": "d", "D": "d", "H": "h"}
_CALENDAR_UNITS = frozenset({"d", "months", "years"})


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time as the law gives it: working days, calendar days, hours, months or years; at least one.

    As a field of a pydantic model it is read from its text and written as it.
    """

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise TermUnreadable("a term is at least 1 long")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``28 wd``, ``30 d``, ``4 h``, ``3 months``, ``2 years``, or ISO 8601 with one part (``P30D``, ``PT4H``).

        Raises TermUnreadable.
        """
        if plain := _PLAIN.fullmatch(text.strip()):
            unit = plain[2]
            return cls(int(plain[1]), cast("Unit", f"{unit}s" if unit in ("month", "year") else unit))
        if iso := _ISO_8601.fullmatch(text.strip()):
            amount, letter = (iso[1], iso[2]) if iso[1] else (iso[3], iso[4])
            return cls(int(amount) * (7 if letter == "W" else 1), _ISO_UNITS[letter])
        raise TermUnreadable(
            f"{text!r} is no term: write e.g. 28 wd (working days), 30 d (calendar days), 4 h, 3 months, 2 years, "
            "or ISO 8601 such as P30D"
        )

    def __str__(self) -> str:
        return (
            f"{self.amount} {self.unit[:-1] if self.amount == 1 and self.unit.endswith('s') else self.unit}"
        )

    @property
    def words(self) -> Text:
        """The term for people: "28 working days", "28 hari kerja"."""
        return {"id": _count(self.amount, self.unit, "id"), "en": _count(self.amount, self.unit, "en")}

    def lower_bound_seconds(self, ends: End | None = None) -> int:
        """Give a number of seconds that is never more than the time from a start to the due moment.

        The shortest term begins in the last second of day 0, so N days give N × 86,400 s less that second, less what
        a zone may move its clock by (none does in Indonesia). A month is taken as 28 days, twelve as 365. No office
        closes before noon.
        """
        if self.unit == "h":
            return self.amount * 3600
        days = {
            "wd": self.amount,
            "d": self.amount,
            "months": 365 * (self.amount // 12) + 28 * (self.amount % 12),
            "years": 365 * self.amount,
        }[self.unit]
        afternoon = (24 - _NOON) * 3600 if ends == "office_close" else 0
        return days * 86_400 - afternoon - _ZONE_SHIFT_SECONDS - 1

    def after(self, day: date) -> date:
        """Give the last day of a term in calendar days, months or years whose day 0 is ``day``.

        A month ends on the day with the same number, or on the month's last day where it has none.
        """
        if self.unit not in _CALENDAR_UNITS:
            raise ClockMisused(f"a term of {self} is not counted by the calendar alone")
        if self.unit == "d":
            return day + timedelta(days=self.amount)
        months = day.year * 12 + day.month - 1 + self.amount * (12 if self.unit == "years" else 1)
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(day.day, _days_in(year, month)))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        text = core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), text]),
            serialization=core_schema.to_string_ser_schema(),
        )


def _days_in(year: int, month: int) -> int:
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    return (first_of_next - DAY).day


# -- calendars ---------------------------------------------------------------------------------------------------

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CALENDAR_KEYS = frozenset(
    {
        "calendar", "title", "zone", "extends", "working_week", "office_closes", "sources", "holidays",
        "working_days",
    }
)  # fmt: skip
_DAY_KEYS = frozenset({"date", "name", "kind", "source", "unconfirmed"})
_DAY_KINDS = frozenset({"national", "joint_leave", "local"})


@dataclass(frozen=True, slots=True)
class Calendar:
    """An agency's working days in its time zone.

    A day works if it is among ``extra_working_days``, or lies in the working week (0 = Monday) and is no holiday.
    ``office_closes`` is when the office closes on each day of the week, by the clock on its wall; empty if that is not
    known, and then no term can end with it.
    """

    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()
    extra_working_days: frozenset[date] = frozenset()
    working_week: frozenset[int] = frozenset(range(5))
    office_closes: tuple[Hour, ...] = ()

    def __post_init__(self) -> None:
        if not self.working_week:
            raise CalendarUnusable("`working_week` names no day: on this calendar no term would ever end")

    @classmethod
    def from_data(
        cls,
        data: Mapping[str, Any],
        *,
        calendars: Mapping[str, Mapping[str, Any]] | None = None,
        zone: str | None = None,
    ) -> Self:
        """Build a calendar from plain data, as ``workflows/calendars/*.yaml`` holds it.

        ``extends`` names one of ``calendars``, whose days come first: a later calendar may add ``holidays``, and by
        ``working_days`` make a day work that would not; its ``office_closes`` stand in the place of the other's.
        ``zone`` beats the zone of the data. Raises CalendarUnusable.
        """
        holidays: set[date] = set()
        working: set[date] = set()
        week: frozenset[int] = frozenset(range(5))
        closes: tuple[Hour, ...] = ()
        found_zone: str | None = None
        for layer in _layers(data, calendars or {}):
            off, on = _dates(layer, "holidays"), _dates(layer, "working_days")
            holidays = (holidays | off) - on
            working = (working - off) | on
            week = _week(layer["working_week"]) if "working_week" in layer else week
            closes = _closing(layer["office_closes"]) if "office_closes" in layer else closes
            found_zone = layer.get("zone", found_zone)
        return cls(_zone(zone or found_zone), frozenset(holidays), frozenset(working), week, closes)

    def is_working_day(self, day: date) -> bool:
        return day in self.extra_working_days or (
            day.weekday() in self.working_week and day not in self.holidays
        )

    def day_of(self, moment: datetime) -> date:
        """Give the date on the agency's wall at that moment."""
        return _aware(moment).astimezone(self.zone).date()

    def end_of_day(self, day: date) -> datetime:
        """Give 23:59:59 of the day; where the zone repeats that hour, the second time."""
        return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=self.zone, fold=1).astimezone(UTC)

    def office_close(self, day: date) -> datetime:
        """Give the moment at which the office closes on that day. Raises ClockMisused where nobody has said it."""
        if not self.office_closes:
            raise ClockMisused("this calendar does not say when the office closes: `office_closes`")
        hour, minute = self.office_closes[day.weekday()]
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).astimezone(UTC)

    def due(self, start: datetime, term: Term, ends: End | None = None) -> datetime:
        """Give the last moment of a term that the event at ``start`` sets going.

        With ``ends`` it lasts to the end of a working day or to the close of the office, the next one where its last
        day is free: so end objection windows, which are counted in calendar days.
        """
        if term.unit == "h":
            return self.ended(_aware(start).astimezone(UTC) + term.amount * HOUR, ends)
        day = self.day_of(start)
        last = self._nth(day, term.amount) if term.unit == "wd" else term.after(day)
        return self.ended(self.end_of_day(last), ends)

    def ended(self, due: datetime, ends: End | None) -> datetime:
        """Give when a term ends that falls due then and has to end so; see `due`."""
        if ends is None:
            return due
        day = self.day_of(due)
        last = day if self.is_working_day(day) else self._nth(day, 1)
        if ends == "office_close":
            return self.office_close(last)
        return due if last == day else self.end_of_day(last)

    def working_days_between(self, start: datetime | date, end: datetime | date) -> int:
        """Count the working days after the day of ``start`` up to the day of ``end``, that day included."""
        day, last = self._day(start), self._day(end)
        count = 0
        while day < last:
            day += DAY
            count += self.is_working_day(day)
        return count

    def working_days_after(self, moment: datetime, n: int) -> datetime:
        """Give the same time of day on the n-th working day after the day of ``moment``."""
        if n < 0:
            raise ValueError("working days are counted forward")
        local = _aware(moment).astimezone(self.zone)
        return datetime.combine(self._nth(local.date(), n), local.timetz()).astimezone(UTC)

    def _day(self, moment: datetime | date) -> date:
        return self.day_of(moment) if isinstance(moment, datetime) else moment

    def _nth(self, day: date, n: int) -> date:
        while n:
            day += DAY
            n -= self.is_working_day(day)
        return day


def _layers(data: Mapping[str, Any], calendars: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    layers, seen = [data], {data.get("calendar")}
    while base := layers[0].get("extends"):
        if base not in calendars:
            raise CalendarUnusable(
                f"`extends: {base}`: there is no such calendar; known: {', '.join(calendars) or '–'}"
            )
        if base in seen:
            raise CalendarUnusable(f"`extends: {base}` leads back to the same calendar")
        seen.add(base)
        layers.insert(0, calendars[base])
    for layer in layers:
        if unknown := sorted(layer.keys() - _CALENDAR_KEYS):
            raise CalendarUnusable(
                f"a calendar has no `{unknown[0]}`; it may have {', '.join(sorted(_CALENDAR_KEYS))}"
            )
    return layers


def _dates(layer: Mapping[str, Any], key: str) -> set[date]:
    return {_date(entry, key) for entry in layer.get(key) or ()}


def _date(entry: Mapping[str, Any], key: str) -> date:
    where = f"`{key}`, {entry.get('date', 'entry without date')}"
    if unknown := sorted(entry.keys() - _DAY_KEYS):
        raise CalendarUnusable(
            f"{where}: there is no `{unknown[0]}`; it may have {', '.join(sorted(_DAY_KEYS))}"
        )
    if not {"id", "en"} <= set(entry.get("name") or ()):
        raise CalendarUnusable(f"{where}: `name` needs both `id` and `en`")
    if entry.get("kind", "local") not in _DAY_KINDS:
        raise CalendarUnusable(f"{where}: `kind` is one of {', '.join(sorted(_DAY_KINDS))}")
    try:
        return date.fromisoformat(str(entry["date"]))
    except (KeyError, ValueError):
        raise CalendarUnusable(f"{where}: `date` is written 2026-01-31") from None


def _week(names: Sequence[str]) -> frozenset[int]:
    if unknown := [name for name in names if name not in _WEEKDAYS]:
        raise CalendarUnusable(f"`working_week`: {unknown[0]!r} is no day; write {', '.join(_WEEKDAYS)}")
    return frozenset(_WEEKDAYS.index(name) for name in names)


def _closing(data: Any) -> tuple[Hour, ...]:
    """Read ``{usually: "16:00", friday: "16:30"}``: a day by name where it differs."""
    known = dict(data) if isinstance(data, Mapping) else {}
    if "usually" not in known or known.keys() - {"usually", *_WEEKDAYS}:
        raise CalendarUnusable(
            '`office_closes` says when, and a day by name where it differs: {usually: "16:00", friday: "16:30"}'
        )
    return tuple(_hour(known.get(day, known["usually"])) for day in _WEEKDAYS)


def _hour(text: Any) -> Hour:
    if not isinstance(text, str) or not re.fullmatch(r"(1[2-9]|2[0-3]):[0-5]\d", text):
        raise CalendarUnusable(
            f'`office_closes`: {text!r} is no hour from noon on; write it in quotes, as "16:00"'
        )
    hour, minute = text.split(":")
    return int(hour), int(minute)


def _zone(name: str | None) -> ZoneInfo:
    if name is None:
        raise CalendarUnusable("the calendar has no `zone`, such as Asia/Jakarta")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise CalendarUnusable(f"`zone: {name}` is no time zone; write e.g. Asia/Jakarta") from None


# -- the clock ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which the term did not count; ``until`` is None while it lasts.

    ``reason`` goes on after "paused 6 days" and must be true during the pause and after it: "while waiting for the
    corrected site plan", "selama menunggu perbaikan gambar tapak".
    """

    since: datetime
    until: datetime | None
    reason: Text


@dataclass(frozen=True, slots=True)
class Extension:
    """More time, given by ``by``; ``reason`` goes on after "extended by 14 working days": "for a soil survey"."""

    term: Term
    reason: Text
    by: str


class Moment(NamedTuple):
    """When something about a clock changes: a share of the term (in percent) is used up; at 100 it is due."""

    at: datetime
    percent: int


@dataclass(frozen=True, slots=True)
class LegalClock:
    """A term on a calendar, with everything that has happened to it.

    ``mode`` says what a pause does: ``continue`` stops the counting, after ``reset`` the whole term starts anew, with
    the day of resumption as day 0. ``ends`` lets it end on a working day, as `Calendar.due` does.
    A clock of working days counts only those; one of days, months or years counts calendar days and has no
    ``working_days``; one of hours counts whole hours. Raises ClockMisused where the parts contradict each other.
    """

    term: Term
    calendar: Calendar
    started_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    mode: Mode = "continue"
    stopped_at: datetime | None = None
    ends: End | None = None

    def __post_init__(self) -> None:
        if any(_family(extension.term) != _family(self.term) for extension in self.extensions):
            raise ClockMisused(f"a term of {self.term} can only be extended by the like of it")
        if self.started_at is None and (self.pauses or self.stopped_at):
            raise ClockMisused("a clock that has not started cannot be paused or stopped")
        ends = [pause.until or _NEVER for pause in self.pauses]
        turns = [at for pause, end in zip(self.pauses, ends, strict=True) for at in (pause.since, end)]
        if any(
            later < earlier
            for earlier, later in pairwise([self.started_at or _NEVER, *turns] if turns else [])
        ):
            raise ClockMisused(
                "pauses come after the start and one after the other, and end after they begin"
            )
        latest = self.pauses[-1].since if self.pauses else self.started_at
        if self.stopped_at and latest and self.stopped_at < latest:
            raise ClockMisused("a clock stops after what has happened to it")

    def state(self, now: datetime) -> State:
        """A term that has passed stays overdue, whatever pauses come after."""
        if self.started_at is None or now < self.started_at:
            return "not_started"
        if self.stopped_at is not None and now >= self.stopped_at:
            return "stopped"
        if self.passed(now):
            return "overdue"
        return "paused" if self._pause_at(now) else "running"

    def due_at(self, now: datetime) -> datetime | None:
        """Give the last moment of the term; with an open pause, as if it ended now. None before the start."""
        return None if self.started_at is None else self._due(now)

    def passed(self, now: datetime) -> bool:
        """Tell whether the term is over and the clock was not stopped in time."""
        return self.started_at is not None and self._told(now) > self._due(now)

    def seconds_left(self, now: datetime) -> int:
        """Give the whole seconds after which the term has `passed`, if nothing happens; 0 if it has.

        Raises ClockMisused if it has not started.
        """
        return max(0, (self._due(now) - now) // timedelta(seconds=1) + 1)

    def used(self, now: datetime) -> int:
        """Count what is used up of the term, the day in progress included: working days, calendar days or hours."""
        if self.started_at is None or now < self.started_at:
            return 0
        return self._used(self._as_it_stands(self._told(now)), self._told(now))

    def remaining(self, now: datetime) -> int:
        """Count what is left of the term, in the unit of `used`."""
        return max(0, self._total(now) - self.used(now))

    @property
    def working_days(self) -> int | None:
        """The term with its extensions in working days; None for a term that is counted otherwise."""
        return sum(term.amount for term in self._terms) if self.term.unit == "wd" else None

    def paused_days(self, now: datetime) -> int:
        """Count the calendar days for which it has been paused: the midnights in its pauses."""
        return sum(self._days_of(pause, now) for pause in self.pauses)

    def moments(self, now: datetime) -> list[Moment]:
        """Give the reminders (at 50 and 80 percent of the term, where they come before its end) and the due moment.

        Empty unless it runs: a paused clock has nothing ahead before it resumes.
        """
        if self.state(now) != "running":
            return []
        stretch, total = self._as_it_stands(now), self._total(now)
        shares = [(percent, total * percent // 100) for percent in REMINDERS]
        reminders = [Moment(self._reach(stretch, n), percent) for percent, n in shares if 0 < n < total]
        return [*reminders, Moment(self._due(now), 100)]

    def next_moment(self, now: datetime) -> Moment | None:
        """Give the next of `moments` after ``now``."""
        return next((moment for moment in self.moments(now) if moment.at > now), None)

    def intervals(self, now: datetime) -> list[dict[str, Any]]:
        """Tell its life up to ``now``: ``{from, to, state, reason, days}``; ``to`` is None where it still goes on.

        ``days`` are those of `used` while it runs or is overdue, those of `paused_days` while it is paused.
        """
        if self.started_at is None or now < self.started_at:
            return []
        end, begin = self._told(now), self.started_at
        life: list[dict[str, Any]] = []
        for pause in self.pauses:
            if pause.since > end:
                break
            if pause.since > begin:
                life += self._running(begin, pause.since, now, paused=True)
            begin = min(pause.until or end, end)
            life.append(_interval(pause.since, begin, "paused", self._days_of(pause, now), pause.reason))
        if not self._pause_at(end):
            life += self._running(begin, end, now, paused=False)
        if self.state(now) != "stopped":
            life[-1]["to"] = None
        return life

    def view(self, now: datetime) -> dict[str, Any]:
        """Give the clock of the API; ``sentence`` is in both languages."""
        due = self.due_at(now)
        return {
            "started_at": rfc3339(self.started_at) if self.started_at else None,
            "due_at": rfc3339(due) if due else None,
            "working_days": self.working_days,
            "used": self.used(now),
            "paused_days": self.paused_days(now),
            "state": self.state(now),
            "sentence": self.sentence(now),
        }

    def sentence(self, now: datetime) -> dict[str, str]:
        """Say where it stands: "working day 14 of 28; paused 6 days while …; due on 3 March 2026"."""
        return {"id": self._say(now, "id"), "en": self._say(now, "en")}

    # -- how it counts

    @property
    def _terms(self) -> list[Term]:
        return [self.term, *(extension.term for extension in self.extensions)]

    @property
    def _event(self) -> datetime:
        if self.started_at is None:
            raise ClockMisused("the clock has not started")
        return self.started_at

    def _told(self, now: datetime) -> datetime:
        """The moment of which the clock tells: now, or when it stopped."""
        return now if self.stopped_at is None else min(now, self.stopped_at)

    def _total(self, now: datetime) -> int:
        """The whole term in the unit of `used`."""
        return self._length(self._as_it_stands(self._told(now)).origin if self.started_at else now)

    def _length(self, origin: datetime) -> int:
        if self.term.unit not in _CALENDAR_UNITS:
            return sum(term.amount for term in self._terms)
        day = first = self.calendar.day_of(origin)
        for term in self._terms:
            day = term.after(day)
        return (day - first).days

    def _due(self, now: datetime) -> datetime:
        stretch = self._if_it_resumed(self._told(now))
        due = self._reach(stretch, self._length(stretch.origin))
        return self.calendar.ended(due, self.ends)

    def _pause_at(self, now: datetime) -> Pause | None:
        return next((p for p in self.pauses if p.since <= now and (p.until is None or now < p.until)), None)

    def _days_of(self, pause: Pause, now: datetime) -> int:
        end = self._told(now)
        if pause.since > end:
            return 0
        return (self.calendar.day_of(min(pause.until or end, end)) - self.calendar.day_of(pause.since)).days

    def _if_it_resumed(self, now: datetime) -> _Stretch:
        """What decides the due date: an open pause ends now."""
        stretch = self._stretch([_Span(p.since, p.until or max(now, p.since)) for p in self.pauses])
        return stretch if self.mode == "continue" else _Stretch(stretch.origin, ())

    def _as_it_stands(self, now: datetime) -> _Stretch:
        """What decides how much is used: an open pause has no end."""
        return self._stretch([_Span(p.since, p.until or _NEVER) for p in self.pauses], by=now)

    def _stretch(self, pauses: Sequence[_Span], by: datetime | None = None) -> _Stretch:
        """The event that set the running term going, and the pauses after it.

        By ``reset`` every pause that came before the term was over, and has ended (``by`` then), is such an event.
        """
        stretch = _Stretch(self._event, tuple(pauses))
        for n, pause in enumerate(pauses if self.mode == "reset" else (), 1):
            due = self._reach(_Stretch(stretch.origin, ()), self._length(stretch.origin))
            if pause.since > due or (by is not None and pause.until > by):
                break
            stretch = _Stretch(pause.until, tuple(pauses[n:]))
        return stretch

    def _reach(self, stretch: _Stretch, amount: int) -> datetime:
        """The moment at which ``amount`` of the term is used up."""
        if self.term.unit == "h":
            return _reach_time(stretch, amount * HOUR)
        return self.calendar.end_of_day(
            next(day for day, number in self._numbered(stretch) if number == amount)
        )

    def _used(self, stretch: _Stretch, now: datetime) -> int:
        if self.term.unit == "h":
            return _running_time(stretch, now) // HOUR
        return self._number(stretch, self.calendar.day_of(now))

    def _number(self, stretch: _Stretch, day: date) -> int:
        """How many days of the term are used up at the end of ``day``."""
        days = takewhile(lambda numbered: numbered[0] <= day, self._numbered(stretch))
        return max((number for _, number in days), default=0)

    def _numbered(self, stretch: _Stretch) -> Iterator[tuple[date, int]]:
        """Each day from day 0 on, with how many days of the term are used up at its end."""
        day_of = self.calendar.day_of
        still = [(day_of(pause.since), day_of(pause.until)) for pause in stretch.pauses]
        day = day_of(stretch.origin)
        # A day 0 on which the clock was paused is owed: the day of resumption takes its place.
        number = -1 if self._counts(day) and _lies_in(day, still) else 0
        while True:
            yield day, max(0, number)
            day += DAY
            if self._counts(day) and not _lies_in(day, still):
                number += 1

    def _counts(self, day: date) -> bool:
        return self.term.unit != "wd" or self.calendar.is_working_day(day)

    def _running(
        self, begin: datetime, end: datetime, now: datetime, *, paused: bool
    ) -> list[dict[str, Any]]:
        """The interval in which it ran until it was ``paused`` or until now, cut where it became overdue."""
        due, day_of = self._due(now), self.calendar.day_of
        first, last = day_of(begin), day_of(end) - DAY if paused else day_of(end)
        stretch = _Stretch(begin, ()) if self.mode == "reset" else self._as_it_stands(end)
        if not begin <= due < end:
            state: State = "running" if end <= due else "overdue"
            return [_interval(begin, end, state, self._progress(stretch, begin, end, first, last))]
        cut = day_of(due)
        return [
            _interval(begin, due, "running", self._progress(stretch, begin, due, first, cut)),
            _interval(due, end, "overdue", self._progress(stretch, due, end, cut + DAY, last)),
        ]

    def _progress(self, stretch: _Stretch, since: datetime, until: datetime, first: date, last: date) -> int:
        if self.term.unit == "h":
            return (until - since) // HOUR
        return max(0, self._number(stretch, last) - self._number(stretch, first - DAY))

    # -- how it speaks

    def _say(self, now: datetime, language: Language) -> str:
        state = self.state(now)
        if state == "not_started":
            return _phrase("not_started", language, term=self._term_words(language))
        pause = self._pause_at(now) if state == "paused" else None
        past = self._past(now, language, besides=pause)
        if pause:
            return "; ".join([*self._standstill(pause, now, language), *past])
        if state == "overdue":
            return "; ".join([self._lateness(now, language), *past])
        due = self._date(self._due(now), language)
        if state == "running":
            return "; ".join([self._standing(now, language), *past, _phrase("due", language, due=due)])
        at = self._date(self._told(now), language)
        stopped = _phrase("stopped", language, at=at, used=self._share(now, language))
        verdict = _phrase("late" if self.passed(now) else "in_time", language, due=due)
        return "; ".join([stopped, *past, verdict])

    def _standing(self, now: datetime, language: Language) -> str:
        if self.term.unit == "h":
            return _phrase("used", language, share=self._share(now, language))
        day = _count(1, self._shown_unit, language).removeprefix("1 ")
        return _phrase("day", language, day=day, used=self.used(now), total=self._total(now))

    def _standstill(self, pause: Pause, now: datetime, language: Language) -> list[str]:
        days = self._days_of(pause, now)
        counted = f" ({_count(days, 'd', language)})" if days else ""
        since = self._date(pause.since, language)
        key = "anew" if self.mode == "reset" else "used"
        return [
            _phrase("paused_since", language, since=since, days=counted, reason=pause.reason[language]),
            _phrase(key, language, share=self._share(now, language), term=self._term_words(language)),
            _phrase("due_if", language, due=self._date(self._due(now), language)),
        ]

    def _lateness(self, now: datetime, language: Language) -> str:
        due = self._due(now)
        days = (self.calendar.day_of(now) - self.calendar.day_of(due)).days
        ago = _phrase("ago", language, days=_count(days, "d", language)) if days else ""
        return _phrase(
            "overdue", language, term=self._term_words(language), due=self._date(due, language), ago=ago
        )

    def _past(self, now: datetime, language: Language, *, besides: Pause | None) -> list[str]:
        """The other pauses, those with the same reason together, and the extensions."""
        days: dict[str, int] = {}
        for pause in self.pauses:
            if pause is not besides and (paused := self._days_of(pause, now)):
                days[pause.reason[language]] = days.get(pause.reason[language], 0) + paused
        return [
            *(
                _phrase("paused", language, days=_count(n, "d", language), reason=reason)
                for reason, n in days.items()
            ),
            *(
                _phrase(
                    "extended",
                    language,
                    term=extension.term.words[language],
                    reason=extension.reason[language],
                )
                for extension in self.extensions
            ),
        ]

    @property
    def _shown_unit(self) -> Unit:
        return "d" if self.term.unit in _CALENDAR_UNITS else self.term.unit

    def _share(self, now: datetime, language: Language) -> str:
        total = _count(self._total(now), self._shown_unit, language)
        return _phrase("share", language, used=self.used(now), total=total)

    def _term_words(self, language: Language) -> str:
        if len({term.unit for term in self._terms}) > 1:
            return _phrase("and", language).join(term.words[language] for term in self._terms)
        return _count(sum(term.amount for term in self._terms), self.term.unit, language)

    def _date(self, moment: datetime, language: Language) -> str:
        local = moment.astimezone(self.calendar.zone)
        day = f"{local.day} {_MONTHS[language][local.month - 1]} {local.year}"
        return day if self.term.unit != "h" else f"{day}, {local:%H:%M} {local.tzname()}"


class _Span(NamedTuple):
    since: datetime
    until: datetime


class _Stretch(NamedTuple):
    """A term under way: the event that set it going, and the pauses since."""

    origin: datetime
    pauses: tuple[_Span, ...]


_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def _family(term: Term) -> str:
    return "calendar" if term.unit in _CALENDAR_UNITS else term.unit


def _lies_in(day: date, spans: Sequence[tuple[date, date]]) -> bool:
    return any(since <= day < until for since, until in spans)


def _reach_time(stretch: _Stretch, left: timedelta) -> datetime:
    """The moment at which the clock has run that long."""
    at = stretch.origin
    for pause in stretch.pauses:
        if at + left <= pause.since:
            break
        left -= pause.since - at
        at = pause.until
    return (at + left).astimezone(UTC)


def _running_time(stretch: _Stretch, now: datetime) -> timedelta:
    stood = [min(pause.until, now) - pause.since for pause in stretch.pauses if pause.since < now]
    return max(timedelta(), now - stretch.origin - sum(stood, timedelta()))


def _interval(
    since: datetime, until: datetime, state: State, days: int, reason: Text | None = None
) -> dict[str, Any]:
    told = dict(reason) if reason else None
    return {"from": rfc3339(since), "to": rfc3339(until), "state": state, "reason": told, "days": days}


# -- words -------------------------------------------------------------------------------------------------------

_MONTHS: Mapping[Language, Sequence[str]] = {
    "id": ("Januari", "Februari", "Maret", "April", "Mei", "Juni",
           "Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
}  # fmt: skip
_UNITS: Mapping[Unit, Mapping[Language, tuple[str, str]]] = {
    "wd": {"id": ("hari kerja", "hari kerja"), "en": ("working day", "working days")},
    "d": {"id": ("hari", "hari"), "en": ("day", "days")},
    "h": {"id": ("jam", "jam"), "en": ("hour", "hours")},
    "months": {"id": ("bulan", "bulan"), "en": ("month", "months")},
    "years": {"id": ("tahun", "tahun"), "en": ("year", "years")},
}
_PHRASES: Mapping[str, Text] = {
    "not_started": {"id": "belum dimulai; jangka waktunya {term}", "en": "not started; the term is {term}"},
    "day": {"id": "{day} ke-{used} dari {total}", "en": "{day} {used} of {total}"},
    "share": {"id": "{used} dari {total}", "en": "{used} of {total}"},
    "used": {"id": "{share} terpakai", "en": "{share} used"},
    "due": {"id": "jatuh tempo {due}", "en": "due on {due}"},
    "due_if": {"id": "jatuh tempo {due} jika dilanjutkan sekarang", "en": "due on {due} if it resumes now"},
    "paused": {"id": "dihentikan sementara {days} {reason}", "en": "paused {days} {reason}"},
    "paused_since": {
        "id": "dihentikan sementara sejak {since}{days} {reason}",
        "en": "paused since {since}{days} {reason}",
    },
    "anew": {
        "id": "jangka waktu {term} dimulai dari awal saat dilanjutkan",
        "en": "the term of {term} starts anew when it resumes",
    },
    "extended": {"id": "diperpanjang {term} {reason}", "en": "extended by {term} {reason}"},
    "overdue": {
        "id": "lewat waktu: jangka waktu {term} berakhir pada {due}{ago}",
        "en": "overdue: the term of {term} ended on {due}{ago}",
    },
    "ago": {"id": ", {days} yang lalu", "en": ", {days} ago"},
    "stopped": {"id": "berhenti pada {at} setelah {used}", "en": "stopped on {at} after {used}"},
    "in_time": {"id": "tepat waktu, jatuh temponya {due}", "en": "in time, it was due on {due}"},
    "late": {"id": "terlambat, jatuh temponya {due}", "en": "late, it was due on {due}"},
    "and": {"id": " dan ", "en": " and "},
}


def _phrase(key: str, language: Language, **values: object) -> str:
    return _PHRASES[key][language].format(**values)


def _count(amount: int, unit: Unit, language: Language) -> str:
    one, many = _UNITS[unit][language]
    return f"{amount} {one if amount == 1 else many}"
