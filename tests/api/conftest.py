"""The whole office in process for each test, on a Monday morning whose time only moves when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.api.asking import Asker
from tests.builders import MORNING


@contextmanager
def opened() -> Iterator[Office]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as running:
        yield running


@pytest.fixture
def as_(office: Office) -> Callable[..., Asker]:
    """Give somebody by username: ``as_("siti")``, and anybody by ``as_()``."""

    def somebody(username: str | None = None, language: str | None = "en") -> Asker:
        return Asker(office, username, language)

    return somebody


@pytest.fixture
def case(office: Office) -> CaseDriver:
    """A building permit of siti's that was just submitted: its completeness is to be checked."""
    return CaseDriver(office.system).apply()


@pytest.fixture
def draft(office: Office) -> CaseDriver:
    return CaseDriver(office.system).file()
