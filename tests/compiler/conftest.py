"""A folder of services like the one of the repository, with the small service in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compiler.small import AGENCIES, SERVICE

CALENDAR = """
calendar: indonesia
zone: Asia/Jakarta
holidays:
  - {date: 2026-01-01, name: {id: Tahun Baru, en: New Year}}
"""


@pytest.fixture
def workflows(tmp_path: Path) -> Path:
    (tmp_path / "small").mkdir()
    (tmp_path / "calendars").mkdir()
    (tmp_path / "agencies.yaml").write_text(AGENCIES)
    (tmp_path / "calendars" / "indonesia.yaml").write_text(CALENDAR)
    (tmp_path / "small" / "service.yaml").write_text(SERVICE)
    return tmp_path
