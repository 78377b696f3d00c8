"""Rounds on the pages: opened with a form, watched, and drawn by lot."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.builders import MORNING
from tests.portal.surfing import Surfer

Surf = Callable[..., Surfer]
ROUNDS = "/services/hajj-registration/rounds"
SUPERVISOR = "zainal"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield running


def test_a_round_is_opened_watched_and_said_to_those_who_wait(office: Office, surf: Surf) -> None:
    first = CaseDriver(office.system, service="hajj-registration")
    cases = [first.like() for _ in range(3)]
    surfer = surf(SUPERVISOR)
    assert ROUNDS in surfer.get("/attention").links()
    page = surfer.get(ROUNDS)
    assert "No round has been opened yet." in page.text

    page = surfer.submit(page, "/rounds", period="next year", **{"places-aceh": "two"})
    assert page.status == 422
    assert page.errors[0].startswith("Write the year")
    assert any(error.startswith("Write the number of places as a whole number") for error in page.errors)

    page = surfer.submit(page, "/rounds", period="2027", **{"places-aceh": "2"})

    assert page.address.endswith(f"{ROUNDS}/2027?sent=opened")
    assert "The round is open." in page.text
    assert "The second stage begins 4 March 2026" in page.text
    rows = [[cell.text_content().strip() for cell in row] for row in page.html.xpath("//main//tbody/tr")]
    assert ["By number", "2", "2", "0", "0", "0"] in [row[1:] for row in rows]
    assert "the next number" in page.text
    assert "Round 2027" in surfer.get(ROUNDS).text
    waits = surf(cases[2].case.applicant).get(f"/cases/{cases[2].id}").text
    assert "number 3" in waits
    assert "ahead" in waits


def test_a_round_without_places_is_refused(surf: Surf) -> None:
    surfer = surf(SUPERVISOR)

    page = surfer.submit(surfer.get(ROUNDS), "/rounds", period="2031")

    assert page.errors == ["Write the number of places of at least one region."]


def test_only_a_supervisor_finds_the_form(surf: Surf) -> None:
    page = surf("siti").get(ROUNDS)

    assert page.status == 200
    assert page.html.xpath("//main//form") == []
    assert surf(SUPERVISOR).get("/services/building-permit/rounds").status == 409
    assert surf(SUPERVISOR).get(f"{ROUNDS}/2099").status == 404
