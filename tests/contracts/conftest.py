"""What is built once for all contract tests: the template, and the zip beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra import package

Template = dict[str, Any]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place of its own for what is built, since two processes may run the tests."""
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="session")
def template(build: Path) -> Template:
    return package.build_template(build)


@pytest.fixture(scope="session")
def archive(template: Template, build: Path) -> Path:
    return package.build_zip(build)
