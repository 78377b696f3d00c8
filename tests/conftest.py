"""What holds for every suite: no test can reach a real AWS account, and hypothesis neither times nor remembers."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

import functions.runtime.observability  # noqa: F401 - sets the level that a test then finds

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="ap-southeast-3",
    AWS_EC2_METADATA_DISABLED="true",
)
os.environ.pop("AWS_PROFILE", None)

# What was imported stays; whole systems of objects come and go with each test, and looking through them less
# often saves a twentieth of the time.
gc.freeze()
gc.set_threshold(50_000, 20, 100)

settings.register_profile("loket", deadline=None, database=None, print_blob=True)
settings.load_profile("loket")


_LONGEST_FIRST = ("browser", "workflows", "faults", "contracts")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that at the end no worker has one left for itself."""
    last = len(_LONGEST_FIRST)
    items.sort(
        key=lambda item: next((at for at, name in enumerate(_LONGEST_FIRST) if name in item.path.parts), last)
    )


@pytest.fixture(autouse=True)
def _logs_as_loudly_as_before() -> Iterator[None]:
    """The command line lowers the voice of the whole process; the next test must hear everything again."""
    quiet = logging.getLogger("loket")
    level = quiet.level
    yield
    quiet.setLevel(level)
