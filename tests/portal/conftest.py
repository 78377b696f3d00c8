"""The whole office in process, open for one module of tests, and people with browsers in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.builders import MORNING
from tests.portal import ways
from tests.portal.surfing import Surfer


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture
def surf(office: Office) -> Callable[..., Surfer]:
    """Give somebody with a browser: ``surf("siti")`` has signed in, ``surf()`` has not."""

    def somebody(username: str | None = None, language: str = "en") -> Surfer:
        surfer = Surfer(office, language)
        return surfer.sign_in(username) if username else surfer

    return somebody


@pytest.fixture
def draft(office: Office) -> CaseDriver:
    """A building permit of siti's, answered and not yet submitted."""
    return CaseDriver(office.system).file()


@pytest.fixture
def case(draft: CaseDriver) -> CaseDriver:
    """A building permit of siti's that was just submitted: its completeness is to be checked."""
    return draft.bring().submit()


@pytest.fixture
def reviewed(case: CaseDriver) -> CaseDriver:
    return ways.review(case)


@pytest.fixture
def returned(reviewed: CaseDriver) -> CaseDriver:
    return ways.give_back(reviewed)


@pytest.fixture
def refused(reviewed: CaseDriver) -> CaseDriver:
    return ways.answer(reviewed, "reject", comment="The columns are too thin.")


@pytest.fixture
def billed(reviewed: CaseDriver) -> CaseDriver:
    return ways.bill(reviewed)


@pytest.fixture
def granted(billed: CaseDriver) -> CaseDriver:
    return ways.grant(billed)
