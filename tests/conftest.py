"""What holds for every suite: no test can reach a real AWS account, and hypothesis neither times nor remembers."""

from __future__ import annotations

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

settings.register_profile("loket", deadline=None, database=None, print_blob=True)
settings.load_profile("loket")


@pytest.fixture(autouse=True)
def _logs_as_loudly_as_before() -> Iterator[None]:
    """The command line lowers the voice of the whole process; the next test must hear everything again."""
    quiet = logging.getLogger("loket")
    level = quiet.level
    yield
    quiet.setLevel(level)
