"""One local system for each test, on a Monday morning whose time only moves when it is told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.aws import LocalClock
from infra.local.system import LocalSystem
from tests.builders import MORNING


@pytest.fixture
def system() -> Iterator[LocalSystem]:
    with LocalSystem(LocalClock(MORNING, frozen=True)) as running:
        yield running
