"""What is built once for all contract tests: the template, and the zip beside it."""

from __future__ import annotations

from typing import Any

import pytest

from infra import package

Template = dict[str, Any]


@pytest.fixture(scope="session")
def template() -> Template:
    """The template as it is deployed; tests that use it share one build, so they run in one process."""
    return package.build_template()
