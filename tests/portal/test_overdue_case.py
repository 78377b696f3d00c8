"""A case past its own term, as its supervisor is shown it."""

from __future__ import annotations

from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.builders import MORNING
from tests.portal import ways
from tests.portal.surfing import Surfer


def test_a_case_past_its_own_term_is_shown_to_the_supervisor_until_the_term_is_longer() -> None:
    with Office(LocalClock(MORNING, frozen=True)) as office:
        case = ways.review(CaseDriver(office.system).apply()).advance(working_days=29)
        supervisor = Surfer(office).sign_in("sri")
        past = supervisor.get("/attention")
        case.extend("20 wd")
        in_time = supervisor.get("/attention")

    assert "Applications past their own term" in past.text
    assert f"/cases/{case.id}" in past.links()
    assert "Applications past their own term" not in in_time.text
