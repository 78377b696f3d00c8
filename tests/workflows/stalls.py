"""The stall service, as its author compiles it: outside the folder of the services that ship."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.cli import main as loket

CODE = "street-stall"
SOURCE = Path(__file__).with_name(CODE)


def compiled(to: Path, changes: Mapping[str, str] | None = None) -> Path:
    """Copy the service to a folder in ``to``, put other lines in the place of some, compile it; gives the folder."""
    folder = to / CODE
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("*.json", "*.svg"))
    path = folder / "service.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in (changes or {}).items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    assert loket(["compile", str(folder)]) == 0
    return folder
