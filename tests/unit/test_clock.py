"""The legal clock counts as the law says: terms, calendars, pauses, extensions, words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from functions.domain.clock import (
    Calendar,
    CalendarUnusable,
    ClockMisused,
    Extension,
    LegalClock,
    Moment,
    Pause,
    Term,
    TermUnreadable,
    read_rfc3339,
    rfc3339,
)

JAKARTA = ZoneInfo("Asia/Jakarta")
INDONESIA = yaml.safe_load(Path("workflows/calendars/indonesia.yaml").read_text(encoding="utf-8"))
CALENDAR = Calendar.from_data(INDONESIA)
PLAIN = Calendar(JAKARTA)
MENDING = {"id": "selama Anda memperbaiki gambar tapak", "en": "while you corrected the site plan"}
PAYING = {"id": "selama menunggu pembayaran", "en": "while waiting for the payment"}
SURVEY = {"id": "untuk survei lapangan", "en": "for a field survey"}


def jakarta(text: str) -> datetime:
    """``2026-02-02 10:00`` or ``2026-02-02`` (ten in the morning) on a wall clock in Jakarta."""
    return datetime.fromisoformat(text if " " in text else f"{text} 10:00").replace(tzinfo=JAKARTA)


def end_of(day: str) -> datetime:
    return datetime.fromisoformat(f"{day} 23:59:59").replace(tzinfo=JAKARTA)


def clock(
    term: str = "28 wd", *, calendar: Calendar = PLAIN, start: str = "2026-02-02", **parts: Any
) -> LegalClock:
    return LegalClock(Term.parse(term), calendar, jakarta(start), **parts)


def pause(since: str, until: str | None, reason: dict[str, str] = MENDING) -> Pause:
    return Pause(jakarta(since), jakarta(until) if until else None, reason)


# -- moments and terms


def test_writes_moments_in_one_form():
    noon = datetime(2026, 3, 3, 12, tzinfo=JAKARTA)

    assert rfc3339(noon) == "2026-03-03T05:00:00Z"
    assert rfc3339(noon + timedelta(microseconds=7999)) == "2026-03-03T05:00:00.007Z"
    assert read_rfc3339("2026-03-03T05:00:00.007Z") == noon + timedelta(milliseconds=7)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-03T05:00:00",
        "2026-03-03T05:00:00+00:00",
        "2026-03-03T05:00:00.000Z",
        "2026-03-03 05:00:00Z",
        "today",
    ],
)
def test_reads_no_other_form_of_a_moment(text: str):
    with pytest.raises(ValueError, match=r"."):
        read_rfc3339(text)


def test_refuses_a_moment_without_a_zone():
    with pytest.raises(ValueError, match="no time zone"):
        PLAIN.due(datetime(2026, 3, 3), Term(1, "wd"))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "term", "written"),
    [
        ("28 wd", Term(28, "wd"), "28 wd"),
        ("30d", Term(30, "d"), "30 d"),
        ("4 h", Term(4, "h"), "4 h"),
        ("1 month", Term(1, "months"), "1 month"),
        ("2 years", Term(2, "years"), "2 years"),
        ("P30D", Term(30, "d"), "30 d"),
        ("PT4H", Term(4, "h"), "4 h"),
        ("P3M", Term(3, "months"), "3 months"),
        ("P1Y", Term(1, "years"), "1 year"),
        ("P2W", Term(14, "d"), "14 d"),
    ],
)
def test_reads_and_writes_terms(text: str, term: Term, written: str):
    assert Term.parse(text) == term
    assert str(term) == written
    assert Term.parse(written) == term


@pytest.mark.parametrize(
    "text", ["", "28", "wd", "0 wd", "-1 d", "P0D", "P1Y2M", "PT30M", "1.5 d", "28 wd 4 h"]
)
def test_refuses_what_is_no_term(text: str):
    with pytest.raises(TermUnreadable):
        Term.parse(text)


def test_a_term_is_a_field_of_a_model():
    class Step(BaseModel):
        within: Term

    assert Step.model_validate({"within": "3 wd"}).within == Term(3, "wd")
    assert Step(within=Term(3, "wd")).model_dump(mode="json") == {"within": "3 wd"}
    assert Step.model_json_schema()["properties"]["within"]["type"] == "string"
    with pytest.raises(ValidationError, match="is no term"):
        Step.model_validate({"within": "soon"})


# -- the calendar of Indonesia


def test_the_national_calendar_gives_every_day_names_and_a_known_source():
    days = INDONESIA["holidays"]

    assert all(day["name"]["id"] and day["name"]["en"] for day in days)
    assert {day["source"] for day in days} == set(INDONESIA["sources"])
    assert [day["date"] for day in days] == sorted({day["date"] for day in days})
    assert {day["date"].year for day in days if day.get("unconfirmed")} == {2027}


@pytest.mark.parametrize(("year", "national", "joint"), [(2025, 17, 11), (2026, 17, 8), (2027, 18, 8)])
def test_the_national_calendar_has_as_many_days_as_the_decrees(year: int, national: int, joint: int):
    kinds = [day["kind"] for day in INDONESIA["holidays"] if day["date"].year == year]

    assert (kinds.count("national"), kinds.count("joint_leave")) == (national, joint)


def test_holidays_and_joint_leave_are_no_working_days():
    eid_week = [date(2026, 3, day) for day in range(16, 28)]

    working = [day.day for day in eid_week if CALENDAR.is_working_day(day)]

    assert working == [16, 17, 25, 26, 27]


def test_an_agency_extends_the_national_calendar():
    agency = {
        "extends": "indonesia",
        "zone": "Asia/Makassar",
        "holidays": [{"date": "2026-06-22", "name": {"id": "HUT Kota", "en": "City day"}, "kind": "local"}],
        "working_days": [{"date": date(2026, 12, 24), "name": {"id": "Piket", "en": "Duty day"}}],
    }

    calendar = Calendar.from_data(agency, calendars={"indonesia": INDONESIA})

    assert calendar.zone == ZoneInfo("Asia/Makassar")
    assert not calendar.is_working_day(date(2026, 6, 22))
    assert calendar.is_working_day(date(2026, 12, 24))
    assert not calendar.is_working_day(date(2026, 12, 25))
    assert (
        Calendar.from_data(agency, calendars={"indonesia": INDONESIA}, zone="Asia/Jayapura").zone.key
        == "Asia/Jayapura"
    )


def test_a_calendar_may_have_another_working_week():
    calendar = Calendar.from_data({"zone": "Asia/Jakarta", "working_week": ["sunday", "monday"]})

    assert calendar.is_working_day(date(2026, 2, 1))
    assert not calendar.is_working_day(date(2026, 2, 3))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "no `zone`"),
        ({"zone": "Asia/Atlantis"}, "Asia/Atlantis"),
        ({"zone": "Asia/Jakarta", "working_week": []}, "names no day"),
        ({"zone": "Asia/Jakarta", "working_week": ["senin"]}, "'senin' is no day"),
        ({"zone": "Asia/Jakarta", "holiday": []}, "no `holiday`"),
        ({"zone": "Asia/Jakarta", "extends": "atlantis"}, "no such calendar"),
        ({"zone": "Asia/Jakarta", "calendar": "a", "extends": "a"}, "same calendar"),
        (
            {"zone": "Asia/Jakarta", "holidays": [{"date": "2026-02-30", "name": {"id": "x", "en": "x"}}]},
            "2026-02-30",
        ),
        ({"zone": "Asia/Jakarta", "holidays": [{"name": {"id": "x", "en": "x"}}]}, "entry without date"),
        (
            {"zone": "Asia/Jakarta", "holidays": [{"date": "2026-02-03", "name": {"id": "x"}}]},
            "`id` and `en`",
        ),
        ({"zone": "Asia/Jakarta", "holidays": [{"date": "2026-02-03", "nama": "x"}]}, "no `nama`"),
        (
            {
                "zone": "Asia/Jakarta",
                "holidays": [{"date": "2026-02-03", "name": {"id": "x", "en": "x"}, "kind": "x"}],
            },
            "`kind` is one of",
        ),
    ],
)
def test_says_what_is_wrong_with_a_calendar(data: dict[str, Any], message: str):
    calendars = {"a": {"calendar": "a", "extends": "a"}}

    with pytest.raises(CalendarUnusable, match=message):
        Calendar.from_data(data, calendars=calendars)


@pytest.mark.parametrize(
    ("term", "due"),
    [
        ("1 wd", "2026-02-13 23:59:59"),
        ("2 wd", "2026-02-18 23:59:59"),  # Chinese New Year and its joint leave lie between
        ("28 wd", "2026-04-02 23:59:59"),  # and Nyepi, Eid al-Fitr and three days of joint leave
        ("1 d", "2026-02-13 23:59:59"),
        ("30 d", "2026-03-14 23:59:59"),
        ("1 month", "2026-03-12 23:59:59"),
        ("1 year", "2027-02-12 23:59:59"),
        ("4 h", "2026-02-12 14:00:00"),
    ],
)
def test_a_term_that_starts_on_12_february_2026_is_due(term: str, due: str):
    assert CALENDAR.due(jakarta("2026-02-12"), Term.parse(term)) == jakarta(due)


def test_day_0_is_the_day_in_the_agency_s_zone():
    late_in_utc = datetime(2026, 2, 2, 17, 30, tzinfo=UTC)  # already Tuesday in Jakarta

    assert PLAIN.due(late_in_utc, Term(1, "wd")) == end_of("2026-02-04")
    assert PLAIN.due(late_in_utc, Term(1, "wd")).tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "term", "due"),
    [
        ("2026-01-31", "1 month", "2026-02-28"),
        ("2028-01-31", "1 month", "2028-02-29"),
        ("2025-12-31", "2 months", "2026-02-28"),
        ("2028-02-29", "1 year", "2029-02-28"),
        ("2026-11-30", "3 months", "2027-02-28"),
    ],
)
def test_a_month_without_that_day_ends_on_its_last(start: str, term: str, due: str):
    assert PLAIN.due(jakarta(start), Term.parse(term)) == end_of(due)


def test_an_objection_window_ends_on_a_working_day():
    five_days = Term(5, "d")

    assert PLAIN.due(jakarta("2026-02-02"), five_days, "working_day") == end_of("2026-02-09")
    assert PLAIN.due(jakarta("2026-02-04"), five_days, "working_day") == end_of("2026-02-09")
    assert CALENDAR.due(jakarta("2026-02-11"), five_days, "working_day") == end_of("2026-02-18")


@pytest.mark.parametrize(
    ("start", "term", "closes"),
    [
        ("2026-02-04", "5 d", "2026-02-09 16:00"),
        ("2026-02-04 23:59", "5 d", "2026-02-09 16:00"),
        ("2026-02-08", "5 d", "2026-02-13 16:30"),  # a Friday
        ("2026-02-02", "5 d", "2026-02-09 16:00"),  # ends on a Saturday
        ("2026-02-11", "5 d", "2026-02-18 16:00"),  # Monday is joint leave, Tuesday Chinese New Year
        ("2026-03-13", "5 d", "2026-03-25 16:00"),  # the days around Idulfitri
        ("2026-02-04", "5 wd", "2026-02-11 16:00"),
        ("2026-02-06", "5 wd", "2026-02-13 16:30"),
        ("2026-02-13", "1 wd", "2026-02-18 16:00"),
    ],
)
def test_a_term_ends_when_the_office_closes_on_a_working_day(start: str, term: str, closes: str):
    assert CALENDAR.due(jakarta(start), Term.parse(term), "office_close") == jakarta(closes)


@pytest.mark.parametrize(
    ("zone", "utc"),
    [("Asia/Jakarta", 9), ("Asia/Makassar", 8), ("Asia/Jayapura", 7)],
    ids=["WIB", "WITA", "WIT"],
)
def test_an_office_closes_by_the_clock_on_its_own_wall(zone: str, utc: int):
    calendar = Calendar.from_data(INDONESIA, zone=zone)

    due = calendar.due(datetime(2026, 2, 4, 3, tzinfo=UTC), Term(5, "d"), "office_close")

    assert due == datetime(2026, 2, 9, utc, tzinfo=UTC)


def test_an_agency_gives_its_calendar_other_hours():
    own = {"extends": "indonesia", "office_closes": {"usually": "15:00", "saturday": "12:00"}}
    own["working_days"] = [{"date": "2026-02-07", "name": {"id": "Masuk", "en": "At work"}}]  # type: ignore[assignment]

    calendar = Calendar.from_data(own, calendars={"indonesia": INDONESIA})

    assert calendar.due(jakarta("2026-02-02"), Term(5, "d"), "office_close") == jakarta("2026-02-07 12:00")
    assert calendar.office_close(date(2026, 2, 13)) == jakarta("2026-02-13 15:00")


@pytest.mark.parametrize(
    "hours", ["16:00", {}, {"friday": "16:30"}, {"usually": "4 pm"}, {"usually": 960}, {"usually": "08:00"},
              {"usually": "16:00", "jumat": "16:30"}],
)  # fmt: skip
def test_refuses_hours_at_which_no_office_closes(hours: Any):
    with pytest.raises(CalendarUnusable, match="office_closes"):
        Calendar.from_data({"zone": "Asia/Jakarta", "office_closes": hours})


def test_no_term_ends_with_an_office_whose_hours_nobody_has_said():
    with pytest.raises(ClockMisused, match="office_closes"):
        PLAIN.due(jakarta("2026-02-02"), Term(5, "d"), "office_close")


def test_counts_and_finds_working_days():
    assert CALENDAR.working_days_between(date(2026, 2, 12), date(2026, 2, 18)) == 2
    assert CALENDAR.working_days_between(jakarta("2026-02-12"), jakarta("2026-02-12 23:00")) == 0
    assert CALENDAR.working_days_after(jakarta("2026-02-13"), 1) == jakarta("2026-02-18")
    assert CALENDAR.working_days_after(jakarta("2026-02-14"), 0) == jakarta("2026-02-14")
    with pytest.raises(ValueError, match="forward"):
        CALENDAR.working_days_after(jakarta("2026-02-14"), -1)


def test_the_end_of_a_day_is_its_second_2359_where_the_zone_repeats_the_hour():
    chile = Calendar(ZoneInfo("America/Santiago"))

    end = chile.end_of_day(date(2025, 4, 5))

    assert end == datetime(2025, 4, 6, 3, 59, 59, tzinfo=UTC)


# -- the clock


def test_a_running_clock_tells_where_it_stands():
    running = clock(start="2026-01-26")

    view = running.view(jakarta("2026-02-13"))

    assert view == {
        "started_at": "2026-01-26T03:00:00Z",
        "due_at": "2026-03-05T16:59:59Z",
        "working_days": 28,
        "used": 14,
        "paused_days": 0,
        "state": "running",
        "sentence": {
            "id": "hari kerja ke-14 dari 28; jatuh tempo 5 Maret 2026",
            "en": "working day 14 of 28; due on 5 March 2026",
        },
    }
    assert json.dumps(view)


def test_day_0_and_free_days_use_up_nothing():
    running = clock(start="2026-02-06")  # a Friday

    used = [running.used(jakarta(f"2026-02-{day:02}")) for day in (6, 7, 8, 9, 10)]

    assert used == [0, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ("since", "until", "due"),
    [
        ("2026-02-04", "2026-02-04 16:00", "2026-02-09"),  # within a day: nothing
        ("2026-02-04", "2026-02-06", "2026-02-11"),  # Wednesday and Thursday
        ("2026-02-06", "2026-02-09", "2026-02-10"),  # Friday; the weekend counts for neither
        ("2026-02-07", "2026-02-08", "2026-02-09"),  # on a weekend: nothing
        ("2026-02-02", "2026-02-05", "2026-02-12"),  # day 0 on: Thursday takes its place
        ("2026-02-09", "2026-02-11", "2026-02-11"),  # on the last day itself
        ("2026-02-10", "2026-02-12", "2026-02-09"),  # too late
    ],
)
def test_a_pause_moves_the_due_date_by_the_working_days_that_it_lasts(since: str, until: str, due: str):
    paused = clock("5 wd", pauses=(pause(since, until),))

    assert paused.due_at(jakarta("2026-02-20")) == end_of(due)


def test_an_open_pause_moves_the_due_date_as_if_it_ended_now():
    paused = clock("5 wd", pauses=(pause("2026-02-04", None),))

    assert paused.due_at(jakarta("2026-02-04")) == end_of("2026-02-09")
    assert paused.due_at(jakarta("2026-02-06")) == end_of("2026-02-11")
    assert paused.due_at(jakarta("2026-02-20")) == end_of("2026-02-25")
    assert paused.state(jakarta("2026-06-01")) == "paused"


def test_a_pause_on_the_last_day_keeps_the_term_open():
    paused = clock("5 wd", pauses=(pause("2026-02-09 16:00", None),))

    assert paused.state(jakarta("2026-02-14")) == "paused"
    assert paused.used(jakarta("2026-02-14")) == 4
    assert paused.due_at(jakarta("2026-02-14")) == end_of("2026-02-16")


def test_paused_days_are_calendar_days_and_used_days_working_days():
    paused = clock(pauses=(pause("2026-02-06", "2026-02-12"), pause("2026-02-13", None)))

    view = paused.view(jakarta("2026-02-16"))

    assert (view["paused_days"], view["used"]) == (9, 4)


def test_a_reset_clock_begins_anew_where_it_resumes():
    renewed = clock("5 wd", mode="reset", pauses=(pause("2026-02-04", "2026-02-12"),))

    assert renewed.used(jakarta("2026-02-04 09:00")) == 1
    assert renewed.used(jakarta("2026-02-12")) == 0
    assert renewed.due_at(jakarta("2026-02-12")) == end_of("2026-02-19")
    assert renewed.used(jakarta("2026-02-16")) == 2


def test_a_pause_after_the_end_does_not_revive_a_term():
    late = pause("2026-02-10", "2026-02-12")

    assert clock("5 wd", pauses=(late,)).state(jakarta("2026-02-11")) == "overdue"
    assert clock("5 wd", mode="reset", pauses=(late,)).state(jakarta("2026-02-13")) == "overdue"


def test_an_extension_lengthens_the_term():
    extended = clock("5 wd", extensions=(Extension(Term(3, "wd"), SURVEY, "rina"),))

    assert extended.working_days == 8
    assert extended.due_at(jakarta("2026-02-03")) == end_of("2026-02-12")
    assert extended.sentence(jakarta("2026-02-03")) == {
        "id": "hari kerja ke-1 dari 8; diperpanjang 3 hari kerja untuk survei lapangan; jatuh tempo 12 Februari 2026",
        "en": "working day 1 of 8; extended by 3 working days for a field survey; due on 12 February 2026",
    }


def test_a_clock_of_calendar_days_counts_them_and_has_no_working_days():
    days = clock("30 d", pauses=(pause("2026-02-05", "2026-02-09"),))

    view = days.view(jakarta("2026-02-10"))

    assert (view["working_days"], view["used"], view["due_at"]) == (None, 4, "2026-03-08T16:59:59Z")
    assert view["sentence"]["en"].startswith("day 4 of 30; paused 4 days")


def test_a_clock_of_months_counts_the_days_of_those_months():
    months = clock("3 months", extensions=(Extension(Term(5, "d"), SURVEY, "rina"),))
    now = jakarta("2026-02-03")

    assert months.due_at(now) == end_of("2026-05-07")
    assert (months.used(now), months.remaining(now)) == (1, 93)
    assert months.sentence(jakarta("2026-02-01"))["en"] == "not started; the term is 3 months and 5 days"


def test_a_clock_of_hours_is_exact():
    hours = clock("4 h", start="2026-02-02 10:00", pauses=(pause("2026-02-02 11:30", "2026-02-02 13:00"),))
    now = jakarta("2026-02-02 13:45")

    assert hours.due_at(now) == jakarta("2026-02-02 15:30")
    assert (hours.used(now), hours.remaining(now), hours.working_days) == (2, 2, None)
    assert hours.sentence(now) == {
        "id": "2 dari 4 jam terpakai; jatuh tempo 2 Februari 2026, 15:30 WIB",
        "en": "2 of 4 hours used; due on 2 February 2026, 15:30 WIB",
    }
    assert [told["days"] for told in hours.intervals(now)] == [1, 0, 0]
    assert clock("4 h", pauses=(pause("2026-02-02 11:00", None),)).due_at(now) == jakarta("2026-02-02 16:45")


def test_a_clock_may_have_to_end_on_a_working_day():
    window = clock("5 d", start="2026-02-02", ends="working_day")

    assert window.due_at(jakarta("2026-02-03")) == end_of("2026-02-09")
    assert window.state(jakarta("2026-02-08")) == "running"


def test_states_follow_each_other():
    whole = clock("5 wd", pauses=(pause("2026-02-04", "2026-02-06"),))

    states = {day: whole.state(jakarta(f"2026-02-{day:02}")) for day in (1, 3, 5, 6, 11, 12)}

    assert states == {1: "not_started", 3: "running", 5: "paused", 6: "running", 11: "running", 12: "overdue"}
    assert whole.state(end_of("2026-02-11")) == "running"
    assert whole.state(end_of("2026-02-11") + timedelta(seconds=1)) == "overdue"
    assert clock("5 wd", stopped_at=jakarta("2026-02-05")).state(jakarta("2026-02-05")) == "stopped"
    assert LegalClock(Term(5, "wd"), PLAIN).state(jakarta("2026-02-05")) == "not_started"


def test_a_stopped_clock_no_longer_moves():
    stopped = clock("5 wd", stopped_at=jakarta("2026-02-05"))

    assert stopped.view(jakarta("2026-02-05")) == stopped.view(jakarta("2026-12-01"))
    assert stopped.used(jakarta("2026-12-01")) == 3


def test_says_in_both_languages_where_it_stands():
    pauses = (pause("2026-02-06", "2026-02-12"), pause("2026-02-17", "2026-02-18", PAYING))
    mended = clock(start="2026-01-26", pauses=pauses)
    waiting = clock(start="2026-01-26", pauses=(*pauses, pause("2026-02-19", None)))

    assert LegalClock(Term(28, "wd"), PLAIN).sentence(jakarta("2026-02-20")) == {
        "id": "belum dimulai; jangka waktunya 28 hari kerja",
        "en": "not started; the term is 28 working days",
    }
    assert mended.sentence(jakarta("2026-02-20")) == {
        "id": "hari kerja ke-14 dari 28; dihentikan sementara 6 hari selama Anda memperbaiki gambar tapak; "
        "dihentikan sementara 1 hari selama menunggu pembayaran; jatuh tempo 12 Maret 2026",
        "en": "working day 14 of 28; paused 6 days while you corrected the site plan; "
        "paused 1 day while waiting for the payment; due on 12 March 2026",
    }
    assert waiting.sentence(jakarta("2026-02-22")) == {
        "id": "dihentikan sementara sejak 19 Februari 2026 (3 hari) selama Anda memperbaiki gambar tapak; "
        "12 dari 28 hari kerja terpakai; jatuh tempo 16 Maret 2026 jika dilanjutkan sekarang; "
        "dihentikan sementara 6 hari selama Anda memperbaiki gambar tapak; "
        "dihentikan sementara 1 hari selama menunggu pembayaran",
        "en": "paused since 19 February 2026 (3 days) while you corrected the site plan; "
        "12 of 28 working days used; due on 16 March 2026 if it resumes now; "
        "paused 6 days while you corrected the site plan; paused 1 day while waiting for the payment",
    }
    assert mended.sentence(jakarta("2026-03-14")) == {
        "id": "lewat waktu: jangka waktu 28 hari kerja berakhir pada 12 Maret 2026, 2 hari yang lalu; "
        "dihentikan sementara 6 hari selama Anda memperbaiki gambar tapak; "
        "dihentikan sementara 1 hari selama menunggu pembayaran",
        "en": "overdue: the term of 28 working days ended on 12 March 2026, 2 days ago; "
        "paused 6 days while you corrected the site plan; paused 1 day while waiting for the payment",
    }


def test_says_whether_it_stopped_in_time():
    in_time = clock("5 wd", stopped_at=jakarta("2026-02-05"))
    late = clock("5 wd", stopped_at=jakarta("2026-02-10"))
    now = jakarta("2026-03-01")

    assert in_time.sentence(now) == {
        "id": "berhenti pada 5 Februari 2026 setelah 3 dari 5 hari kerja; tepat waktu, jatuh temponya 9 Februari 2026",
        "en": "stopped on 5 February 2026 after 3 of 5 working days; in time, it was due on 9 February 2026",
    }
    assert late.sentence(now)["en"].endswith("after 6 of 5 working days; late, it was due on 9 February 2026")
    assert late.sentence(now)["id"].endswith("; terlambat, jatuh temponya 9 Februari 2026")


def test_says_that_a_reset_clock_will_begin_anew():
    paused = clock("5 wd", mode="reset", pauses=(pause("2026-02-04", None, PAYING),))

    assert paused.sentence(jakarta("2026-02-04 11:00")) == {
        "id": "dihentikan sementara sejak 4 Februari 2026 selama menunggu pembayaran; "
        "jangka waktu 5 hari kerja dimulai dari awal saat dilanjutkan; "
        "jatuh tempo 11 Februari 2026 jika dilanjutkan sekarang",
        "en": "paused since 4 February 2026 while waiting for the payment; "
        "the term of 5 working days starts anew when it resumes; due on 11 February 2026 if it resumes now",
    }


def test_tells_its_life_in_intervals():
    life = clock("5 wd", pauses=(pause("2026-02-04", "2026-02-06"),)).intervals(jakarta("2026-02-13"))

    told = [(part["from"], part["to"], part["state"], part["days"]) for part in life]
    assert told == [
        ("2026-02-02T03:00:00Z", "2026-02-04T03:00:00Z", "running", 1),
        ("2026-02-04T03:00:00Z", "2026-02-06T03:00:00Z", "paused", 2),
        ("2026-02-06T03:00:00Z", "2026-02-11T16:59:59Z", "running", 4),
        ("2026-02-11T16:59:59Z", None, "overdue", 2),
    ]
    assert [part["reason"] for part in life] == [None, MENDING, None, None]
    assert json.dumps(life)


def test_intervals_end_with_what_goes_on_and_where_it_stopped():
    paused = clock("5 wd", pauses=(pause("2026-02-04", None),))
    stopped = clock("5 wd", pauses=(pause("2026-02-04", None),), stopped_at=jakarta("2026-02-05"))

    assert [part["to"] for part in paused.intervals(jakarta("2026-02-09"))] == ["2026-02-04T03:00:00Z", None]
    assert stopped.intervals(jakarta("2026-02-09"))[-1]["to"] == "2026-02-05T03:00:00Z"
    assert paused.intervals(jakarta("2026-02-01")) == []
    assert len(paused.intervals(jakarta("2026-02-03"))) == 1


def test_reminds_at_half_and_at_four_fifths_of_the_term():
    running = clock("5 wd")
    reminders = [
        Moment(end_of("2026-02-04"), 50),
        Moment(end_of("2026-02-06"), 80),
        Moment(end_of("2026-02-09"), 100),
    ]

    assert running.moments(jakarta("2026-02-02")) == reminders
    assert running.next_moment(jakarta("2026-02-02")) == reminders[0]
    assert running.next_moment(end_of("2026-02-04")) == reminders[1]
    assert running.next_moment(end_of("2026-02-09")) is None


def test_a_clock_that_does_not_run_has_nothing_ahead():
    now = jakarta("2026-02-05")

    assert clock("1 wd").moments(jakarta("2026-02-02")) == [Moment(end_of("2026-02-03"), 100)]
    assert clock("5 wd", pauses=(pause("2026-02-04", None),)).next_moment(now) is None
    assert clock("1 wd").next_moment(now) is None
    assert LegalClock(Term(5, "wd"), PLAIN).next_moment(now) is None


def test_gives_the_seconds_after_which_the_term_has_passed():
    running = clock("5 wd")
    now = jakarta("2026-02-09 23:00")

    left = running.seconds_left(now)

    assert left == 3600
    assert not running.passed(now + timedelta(seconds=left - 1))
    assert running.passed(now + timedelta(seconds=left))
    assert running.seconds_left(jakarta("2026-02-10")) == 0
    with pytest.raises(ClockMisused):
        LegalClock(Term(5, "wd"), PLAIN).seconds_left(now)


@pytest.mark.parametrize(
    "parts",
    [
        {"pauses": (pause("2026-02-01", None),)},
        {"pauses": (pause("2026-02-04", None), pause("2026-02-05", None))},
        {"pauses": (pause("2026-02-04", "2026-02-03"),)},
        {"pauses": (pause("2026-02-04", None),), "stopped_at": jakarta("2026-02-03")},
        {"stopped_at": jakarta("2026-02-01")},
        {"extensions": (Extension(Term(5, "d"), SURVEY, "rina"),)},
    ],
)
def test_refuses_a_clock_whose_parts_contradict_each_other(parts: dict[str, Any]):
    with pytest.raises(ClockMisused):
        clock("5 wd", **parts)


def test_refuses_to_pause_or_stop_what_has_not_started():
    with pytest.raises(ClockMisused):
        LegalClock(Term(5, "wd"), PLAIN, pauses=(pause("2026-02-04", None),))
    with pytest.raises(ClockMisused):
        LegalClock(Term(5, "wd"), PLAIN, stopped_at=jakarta("2026-02-04"))
    with pytest.raises(ClockMisused):
        PLAIN.due(jakarta("2026-02-04"), Term(5, "wd")) and Term(5, "wd").after(date(2026, 2, 4))


# -- laws

ZONES = [
    ZoneInfo(name)
    for name in (
        "Asia/Jakarta", "Asia/Jayapura", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe",
        "Antarctica/Troll", "Pacific/Apia", "America/New_York",
    )
]  # fmt: skip
DATES = st.dates(date(2024, 1, 1), date(2028, 12, 31))
WORKING_TERMS = st.integers(1, 60).map(lambda amount: Term(amount, "wd"))
TERMS = st.one_of(
    WORKING_TERMS,
    st.builds(Term, st.integers(1, 400), st.sampled_from(["d", "h"])),
    st.builds(Term, st.integers(1, 30), st.sampled_from(["months", "years"])),
)


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    return datetime.combine(draw(DATES), draw(st.times()), UTC)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = draw(st.one_of(st.just(frozenset(range(5))), st.frozensets(st.integers(0, 6), min_size=1)))
    return Calendar(
        draw(st.sampled_from(ZONES)),
        draw(st.frozensets(DATES, max_size=30)),
        draw(st.frozensets(DATES, max_size=5)),
        week,
    )


@st.composite
def paused_clocks(
    draw: st.DrawFn, terms: st.SearchStrategy[Term] = TERMS, mode: str = "continue"
) -> LegalClock:
    at = start = draw(moments())
    pauses = []
    for _ in range(draw(st.integers(0, 3))):
        since = at + timedelta(minutes=draw(st.integers(0, 20_000)))
        at = since + timedelta(minutes=draw(st.integers(0, 20_000)))
        pauses.append(Pause(since, at, MENDING))
    if pauses and draw(st.booleans()):
        pauses[-1] = Pause(pauses[-1].since, None, MENDING)
    return LegalClock(draw(terms), draw(calendars()), start, tuple(pauses), mode=mode)  # type: ignore[arg-type]


@given(calendars(), moments(), WORKING_TERMS)
def test_a_term_in_working_days_is_due_at_the_end_of_one(calendar: Calendar, start: datetime, term: Term):
    due = calendar.due(start, term)

    day = calendar.day_of(due)
    assert calendar.is_working_day(day)
    assert due == calendar.end_of_day(day)
    assert calendar.working_days_between(start, due) == term.amount


@given(calendars(), moments(), TERMS)
def test_no_term_is_shorter_than_its_lower_bound(calendar: Calendar, start: datetime, term: Term):
    assert term.lower_bound_seconds() <= (calendar.due(start, term) - start).total_seconds()


@given(calendars(), moments(), TERMS, st.integers(12, 23))
def test_no_term_that_ends_with_the_office_is_shorter_than_its_lower_bound(
    calendar: Calendar, start: datetime, term: Term, hour: int
):
    assume(term.unit != "h")
    office = replace(calendar, office_closes=((hour, 30),) * 7)

    due = office.due(start, term, "office_close")

    assert office.is_working_day(office.day_of(due))
    assert 0 < term.lower_bound_seconds("office_close") <= (due - start).total_seconds()


@given(calendars(), moments(), TERMS, DATES)
def test_another_holiday_never_makes_a_term_end_earlier(
    calendar: Calendar, start: datetime, term: Term, day: date
):
    more = Calendar(
        calendar.zone, calendar.holidays | {day}, calendar.extra_working_days, calendar.working_week
    )

    assert more.due(start, term) >= calendar.due(start, term)


@given(calendars(), moments(), WORKING_TERMS, st.integers(0, 40), st.integers(0, 40))
def test_pausing_k_working_days_moves_the_due_date_by_k_working_days(
    calendar: Calendar, start: datetime, term: Term, wait: int, k: int
):
    plain = LegalClock(term, calendar, start)
    since = calendar.working_days_after(start, wait)
    assume(calendar.is_working_day(calendar.day_of(since)) and not plain.passed(since))
    until = calendar.working_days_after(since, k)

    paused = LegalClock(term, calendar, start, (Pause(since, until, MENDING),))

    assert calendar.working_days_between(plain.due_at(until), paused.due_at(until)) == k


@given(paused_clocks(), st.integers(0, 80_000), st.integers(0, 80_000))
def test_what_is_used_never_grows_less(paused: LegalClock, minutes: int, more: int):
    now = paused.started_at + timedelta(minutes=minutes)

    assert paused.used(now) <= paused.used(now + timedelta(minutes=more))


@given(paused_clocks(), st.integers(0, 80_000))
def test_used_and_remaining_make_the_term_while_it_runs(paused: LegalClock, minutes: int):
    now = paused.started_at + timedelta(minutes=minutes)
    assume(paused.state(now) == "running")

    whole = LegalClock(paused.term, paused.calendar, paused.started_at).remaining(paused.started_at)

    assert paused.used(now) + paused.remaining(now) == whole


@given(paused_clocks(WORKING_TERMS), st.integers(0, 80_000))
def test_what_remains_is_the_working_days_up_to_the_due_date(paused: LegalClock, minutes: int):
    now = paused.started_at + timedelta(minutes=minutes)
    assume(paused.state(now) == "running" and not [p for p in paused.pauses if p.since > now])
    owed = paused.pauses and paused.calendar.day_of(paused.pauses[0].since) == paused.calendar.day_of(
        paused.started_at
    )
    assume(not owed)

    assert paused.calendar.working_days_between(now, paused.due_at(now)) == paused.remaining(now)


@given(paused_clocks(), st.integers(0, 80_000))
def test_no_clock_is_shorter_than_the_lower_bound_of_its_term(paused: LegalClock, minutes: int):
    now = paused.started_at + timedelta(minutes=minutes)

    assert paused.due_at(now) >= paused.started_at + timedelta(seconds=paused.term.lower_bound_seconds())


@given(paused_clocks(mode="reset"), st.integers(0, 80_000))
def test_by_reset_the_whole_term_follows_the_last_pause_that_came_in_time(paused: LegalClock, minutes: int):
    now = paused.started_at + timedelta(minutes=minutes)
    origin = paused.started_at
    for each in paused.pauses:
        if each.since > paused.calendar.due(origin, paused.term):
            break
        origin = each.until or max(now, each.since)

    assert paused.due_at(now) == paused.calendar.due(origin, paused.term)


@given(paused_clocks(WORKING_TERMS), st.integers(0, 80_000))
def test_intervals_join_and_their_days_add_up(paused: LegalClock, minutes: int):
    latest = max([paused.started_at, *(each.until or each.since for each in paused.pauses)])
    now = latest + timedelta(minutes=minutes)

    life = paused.intervals(now)

    assert [part["from"] for part in life[1:]] == [part["to"] for part in life[:-1]]
    assert (life[0]["from"], life[-1]["to"]) == (rfc3339(paused.started_at), None)
    assert sum(part["days"] for part in life if part["state"] == "paused") == paused.paused_days(now)
    assert sum(part["days"] for part in life if part["state"] != "paused") == paused.used(now)


@given(paused_clocks(), st.integers(0, 80_000))
def test_speaks_in_every_state(paused: LegalClock, minutes: int):
    now = paused.started_at + timedelta(minutes=minutes)

    sentence = paused.sentence(now)

    assert set(sentence) == {"id", "en"}
    assert "{" not in sentence["id"] + sentence["en"]
