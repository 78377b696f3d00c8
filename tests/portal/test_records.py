"""The records officer's pages: what is kept, held back, erased, and handed out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.builders import MORNING
from tests.portal.surfing import Surfer

Surf = Callable[..., Surfer]
OFFICER = "tuti"


@pytest.fixture
def office() -> Iterator[Office]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture
def withdrawn(case: CaseDriver) -> CaseDriver:
    return case.withdraw()


def test_a_case_is_listed_held_let_go_and_erased(office: Office, surf: Surf, withdrawn: CaseDriver) -> None:
    surfer = surf(OFFICER)
    record = f"/cases/{withdrawn.id}/record"
    assert "/records" in surfer.get("/tasks").links()
    assert "No application matches." in surfer.get("/records").text
    assert record in surfer.get("/records?state=kept").links()

    page = surfer.get(record)
    assert "It cannot be erased yet." in page.text
    page = surfer.submit(page, "/record", press="act=hold")
    assert (page.status, page.errors) == (422, ["Give the reason."])
    page = surfer.submit(page, "/record", press="act=hold", reason="A dispute.")
    assert "The application is held back from erasure." in page.text
    assert record in surfer.get("/records?state=held").links()

    office.system.aws.advance(timedelta(days=3660))
    page = surfer.submit(surfer.get(record), "/record", press="act=release", reason="Settled.")
    assert "The hold was lifted." in page.text
    assert record in surfer.get("/records").links()

    page = surfer.submit(page, "/record", press="act=erase")
    assert page.errors == ["Tick first that the personal content may be gone for good."]
    page = surfer.submit(page, "/record", press="act=erase", sure="yes")

    assert "The personal content was erased." in page.text
    assert withdrawn.history[-1]["type"] == "case.erased"
    assert record in surfer.get("/records?state=erased").links()


def test_the_personal_data_are_handed_out(surf: Surf, withdrawn: CaseDriver) -> None:
    surfer = surf(OFFICER)
    (link,) = [one for one in surfer.get(f"/cases/{withdrawn.id}/record").links() if one.endswith(".json")]

    assert "Siti" in surfer.get(link).source


def test_nobody_else_finds_them(surf: Surf, withdrawn: CaseDriver) -> None:
    assert surf("siti").get(f"/cases/{withdrawn.id}/record").status == 404
    assert surf("dewi").get(f"/cases/{withdrawn.id}/record").status == 404
    assert surf("dewi").get("/records").status == 403
    assert "/records" not in surf("dewi").get("/tasks").links()
