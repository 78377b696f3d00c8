"""Proofs that an execution stays within 25,000 events and a year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from functions.adapters.catalogue import Catalogue
from functions.domain.clock import Term
from infra.compiler.normalise import agencies_of, normalise, service_of
from infra.compiler.prove import prove
from infra.compiler.prove.bounds import days_at_most, most_events
from infra.compiler.read import read_text
from tests.compiler.small import AGENCIES, SERVICE, changed, codes, findings

HEAR = SERVICE[
    SERVICE.index("          - task: hear") : SERVICE.index("        returned: mend\n        rejected")
]


def test_too_many_events_are_found() -> None:
    many = "".join(HEAR.replace("task: hear", f"task: hear-{n}") for n in range(19))

    found = findings(
        (HEAR, many),
        ("within: 1 wd", "within: 1 h"),
        ("rounds: 3", "rounds: 20"),
        ("then: check", "then: advice"),
        ("within: 14 d\n        rounds", "within: 1 d\n        rounds"),
    )

    assert [finding.code for finding in found] == ["history-too-long"]
    assert "allow fewer rounds" in found[0].message


def test_only_what_lies_in_a_loop_comes_again() -> None:
    twenty = ("rounds: 3", "rounds: 20")
    process = service_of(normalise(read_text(changed(SERVICE, twenty)))).processes["application"]
    no_way_back = service_of(normalise(read_text(changed(SERVICE, twenty, ("then: check", "then: bill")))))

    assert most_events(process) > 2 * most_events(no_way_back.processes["application"])


def test_a_wait_of_a_year_is_found() -> None:
    found = findings(("        within: 14 d\n        lapsed", "        within: 1 year\n        lapsed"))

    assert [finding.code for finding in found] == ["wait-too-long"]
    assert "open another process later" in found[0].message


def test_waits_of_a_year_together_are_found() -> None:
    assert codes(("        within: 14 d\n        rounds", "        within: 100 d\n        rounds")) == [
        "execution-too-long"
    ]


def test_steps_that_take_longer_than_the_legal_term_are_found() -> None:
    found = findings(("term: 20 wd", "term: 11 wd"))

    assert [finding.code for finding in found] == ["terms-exceed-clock"]
    assert "add up to 12 wd" in found[0].message


def test_the_step_that_starts_the_clock_is_before_it() -> None:
    assert codes(("term: 20 wd", "term: 12 wd")) == []


def test_a_clock_that_starts_at_once_counts_every_step() -> None:
    assert codes(("term: 20 wd", "term: 12 wd"), ("starts: complete", "starts: submitted")) == [
        "terms-exceed-clock"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1 wd",
        "2 wd",
        "5 wd",
        "10 wd",
        "28 wd",
        "60 wd",
        "100 wd",
        "1 d",
        "30 d",
        "36 h",
        "3 months",
        "1 year",
    ],
)
def test_no_term_takes_more_days_than_its_bound(text: str) -> None:
    term, calendar = Term.parse(text), Catalogue().calendar("pupr")
    starts = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(700)]

    longest = max(calendar.due(start, term) - start for start in starts)

    assert longest <= timedelta(days=days_at_most(term))


OPENED = """  late:
    title: {id: Sanggahan, en: Objection}
    opened_by: appeal
    opens_within: 5 d
    opens_until: office_close
    clock: false
    steps:
      - task: answer
        title: {id: Jawab, en: Answer}
        role: other/expert
        within: 3 d
        counts_from: window
        ends: office_close
        silence: alarm
        actions: [approve]
      - outcome: answered
        title: {id: Selesai, en: Done}
        result: approved
        opens: application
permits:
"""
HOURS = {"usually": "16:00"}


def office_codes(*changes: tuple[str, str], **calendar: object) -> list[str]:
    service = service_of(normalise(read_text(changed(SERVICE, ("permits:\n", changed(OPENED, *changes))))))
    calendars = {"indonesia": {"zone": "Asia/Jakarta", **calendar}}
    return [one.code for one in prove(service, agencies_of(read_text(AGENCIES)), calendars=calendars)]


def test_a_window_and_its_answer_may_end_when_the_office_closes() -> None:
    assert office_codes(office_closes=HOURS) == []


def test_an_office_of_which_nobody_says_when_it_closes_is_found() -> None:
    assert office_codes() == ["office-hours-missing", "office-hours-missing"]


def test_hours_that_end_with_the_office_are_found() -> None:
    assert office_codes(("within: 3 d", "within: 3 h"), office_closes=HOURS) == ["hours-end-with-office"]
    assert office_codes(("opens_within: 5 d", "opens_within: 5 h"), office_closes=HOURS) == [
        "hours-end-with-office"
    ]


def test_a_window_that_ends_and_has_no_length_is_found() -> None:
    assert office_codes(("    opens_within: 5 d\n", ""), office_closes=HOURS) == ["window-missing"] * 2
