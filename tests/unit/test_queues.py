"""What a case knows of its place in line, and what automatic checks know of working days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import events
from functions.domain import checks, episodes, payments, queues
from functions.domain.case import Called, Case, Writer
from functions.domain.clock import Term
from functions.domain.errors import LoketError
from tests.builders import CATALOGUE, MORNING, PERMIT

SERVICE = next(service for service in CATALOGUE.services() if service.line)
CALENDAR = CATALOGUE.calendar(SERVICE.agency)
TODAY = date(2026, 2, 2)
CALLED = Called("2027", "aceh", 1, "general", 1)


def waiting() -> Writer:
    """A case that waits under the number 1."""
    case = Case("c", service=SERVICE.code, facts={"province": "aceh", "birth_month": "1985-04"})
    writer = Writer(case, actor="system", now=MORNING)
    queues.join(writer, SERVICE, 1, TODAY)
    queues.wait(writer, SERVICE, TODAY, "refused")
    return writer


def test_who_has_a_number_keeps_it() -> None:
    writer = waiting()

    queues.join(writer, SERVICE, 2, TODAY)

    assert writer.case.queue
    assert writer.case.queue.number == 1


def test_who_has_no_number_cannot_wait() -> None:
    with pytest.raises(LoketError, match="no number"):
        queues.wait(Writer(Case("c"), actor="system", now=MORNING), SERVICE, TODAY, "refused")


def test_a_call_is_heard_once_even_after_the_place_was_released() -> None:
    writer = waiting()
    assert queues.call(writer, CALLED, 0)
    queues.wait(writer, SERVICE, TODAY, "lapsed")
    before = writer.case.seq

    assert queues.call(writer, CALLED, 0)

    assert writer.case.seq == before
    assert writer.case.status == "waitlisted"


def test_who_has_left_is_not_called_and_gets_a_new_number_when_coming_back() -> None:
    writer = waiting()
    queues.leave(writer, "withdrawn")

    assert not queues.call(writer, CALLED, 0)
    queues.join(writer, SERVICE, 9, TODAY)
    assert writer.case.queue
    assert writer.case.queue.number == 9


@pytest.mark.parametrize(("clock", "due_at"), [(False, None), (True, "2026-02-18T16:59:59Z")])
def test_the_clock_of_who_is_called_runs_from_the_call_where_the_service_says_so(
    clock: bool, due_at: str | None
) -> None:
    name = queues.process_of_a_round(SERVICE)
    turn = SERVICE.process(name).model_copy(update={"clock": clock, "within": Term.parse("10 wd")})
    legal = SERVICE.clock.model_copy(update={"starts": "submitted"})
    service = SERVICE.model_copy(update={"processes": {**SERVICE.processes, name: turn}, "clock": legal})
    writer = waiting()

    assert episodes.call_to_place(writer, service, CALENDAR, CALLED)

    started = [event.data for event in writer.commit().events if event.type == "clock.started"]
    assert [one["due_at"] for one in started] == ([due_at] if due_at else [])


def test_a_call_tells_the_facts_of_the_round() -> None:
    writer = waiting()

    queues.call(writer, CALLED, 14)

    assert {name: writer.case.facts[name] for name in ("period", "stage", "waited_months")} == {
        "period": "2027", "stage": 1, "waited_months": 14
    }  # fmt: skip


@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        ("2026-02-02", "2026-02-28", 0),
        ("2026-02-02", "2027-02-01", 11),
        ("2026-02-02", "2027-02-02", 12),
        ("2026-02-02", "2026-01-01", 0),
    ],
)
def test_whole_months_have_been_waited(since: str, until: str, months: int) -> None:
    day = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (since, until)]

    assert queues.months_waited(*day) == months


@pytest.mark.parametrize(
    ("born", "category"), [("1961-02", "elderly"), ("1961-03", "general"), ("1940-12", "elderly")]
)
def test_who_turns_65_in_the_month_is_elderly(born: str, category: str) -> None:
    assert queues.category(SERVICE, {"elderly": born}, TODAY) == category


def test_a_deposit_goes_back_once_and_of_what_was_submitted() -> None:
    case = Case("c", service=SERVICE.code, form={"deposit": 25_000_000})
    writer = Writer(case, actor="siti", now=MORNING)
    payments.give_back(writer, SERVICE, CALENDAR, "withdrawn")
    assert not writer.changed

    payments.declare(writer, SERVICE)
    payments.declare(writer, SERVICE)
    assert payments.balance(case, SERVICE).received == 25_000_000
    payments.give_back(writer, SERVICE, CALENDAR, "withdrawn")
    payments.give_back(writer, SERVICE, CALENDAR, "withdrawn")

    assert [one.amount for one in case.refunds] == [25_000_000]
    assert payments.balance(case, SERVICE) == payments.Balance(25_000_000, 25_000_000, 25_000_000, 0, 0)


def test_a_deposit_that_is_corrected_counts_as_it_was_said_last() -> None:
    case = Case("c", service=SERVICE.code, form={"deposit": 25_000_000})
    writer = Writer(case, actor="siti", now=MORNING)
    payments.declare(writer, SERVICE)
    case.form = {"deposit": 26_000_000}
    payments.declare(writer, SERVICE)

    assert payments.balance(case, SERVICE).received == 26_000_000


def test_a_service_without_a_line_lets_nobody_wait() -> None:
    with pytest.raises(LoketError, match="no line"):
        queues.line_of(PERMIT)


def test_an_event_of_a_line_without_a_number_changes_nothing() -> None:
    writer = Writer(Case("c"), actor="system", now=MORNING)

    queues.leave(writer, "withdrawn")
    queues.take(writer)

    assert not writer.changed
    assert events.QueueLeft.type == "queue.left"


@pytest.mark.parametrize(("paid", "days"), [("2026-02-02", 0), ("2026-01-26", 5), ("2026-01-23", 6)])
def test_a_check_knows_the_working_days_since_a_date_of_the_form(paid: str, days: int) -> None:
    found = checks.working_days(SERVICE, {"deposit_date": paid}, CALENDAR, TODAY)

    assert found == {"deposit_date": days}


def test_of_a_date_long_ago_or_to_come_no_working_days_are_told() -> None:
    form = {"birth_date": "1985-04-17", "deposit_date": "2026-02-03"}

    assert checks.working_days(SERVICE, form, CALENDAR, TODAY) == {}
