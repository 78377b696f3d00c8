"""The answer of a malware scanner about one version of one file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """Only ``clean`` opens a file to readers."""

    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNABLE = "unscannable"
    """The scanner cannot look inside (a password, a size, too many files in one): hand in another file."""
    FAILED = "failed"
    """The scanner could not do its work: nothing is known of the file, scan it again."""


@dataclass(frozen=True)
class ScanResult:
    """``threats`` and ``reasons`` are the scanner's own words, for the log and never for a decision."""

    bucket: str
    key: str
    version: str | None
    verdict: Verdict
    at: datetime
    threats: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
