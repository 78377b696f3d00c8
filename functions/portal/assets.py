"""The files that pages are made of besides text: style, script and pictures, each kept by browsers until it changes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("static")
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def name_of(file: str) -> str:
    """Give the name under which a file is served; it changes with the content, so it can be kept for ever."""
    path = FOLDER / file
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    return f"{path.stem}-{digest}{path.suffix}"


@cache
def served() -> dict[str, Path]:
    """Give every file by the name under which it is served."""
    return {name_of(path.name): path for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}
