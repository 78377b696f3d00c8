"""What is wrong with a service: a code, the place in the data, and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """``place`` leads through the data from its root, such as ``("processes", "appeal", "steps", 0, "role")``."""

    code: str
    place: Place
    message: str
    file: Path | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        path = ".".join(str(part) for part in self.place)
        return f"{where}[{self.code}] {path + ': ' if path else ''}{self.message}"


class Faulty(Exception):
    """The service cannot be compiled; ``findings`` names everything that was found."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))
