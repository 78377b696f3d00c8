"""The measured time of a service, as its page tells it."""

from __future__ import annotations

import pytest

from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.builders import MORNING
from tests.portal import ways
from tests.portal.surfing import Surfer


@pytest.mark.parametrize(
    ("days", "said", "dikatakan"),
    [
        (0, "9 of 10 on the same day", "9 dari 10 selesai pada hari yang sama"),
        (1, "9 of 10 within 1 working day", "9 dari 10 selesai dalam 1 hari kerja"),
        (4, "9 of 10 within 4 working days", "9 dari 10 selesai dalam 4 hari kerja"),
    ],
)
def test_a_service_says_how_long_it_took_of_late(days: int, said: str, dikatakan: str) -> None:
    with Office(LocalClock(MORNING, frozen=True)) as office:
        before = Surfer(office).get("/services/building-permit").text
        case = ways.review(CaseDriver(office.system).apply())
        case.advance(working_days=days)
        ways.answer(case, "reject", comment="The columns are too thin.")

        english, indonesian = (
            Surfer(office, language).get("/services/building-permit").text for language in ("en", "id")
        )

    assert "Measured time no decisions in the last 12 months yet" in before
    assert f"Measured time {said}" in english
    assert f"Waktu yang tercapai {dikatakan}" in indonesian
