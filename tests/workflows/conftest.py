"""One local system for each test, on a Monday morning whose time only moves when it is told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.bank import Bank
from infra.local.system import LocalSystem
from tests.builders import MORNING

SECRET = "local-payment-secret"


@pytest.fixture
def bank() -> Bank:
    return Bank(SECRET)


@pytest.fixture
def system(bank: Bank) -> Iterator[LocalSystem]:
    with LocalSystem(LocalClock(MORNING, frozen=True), payments=bank, payment_secret=SECRET) as running:
        yield running
        # Whatever a test breaks, nothing may be left that nobody takes.
        running.aws.settle()
        assert running.aws.dead_letters == []


@pytest.fixture
def case(system: LocalSystem) -> CaseDriver:
    return CaseDriver(system)
