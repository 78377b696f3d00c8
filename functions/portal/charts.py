"""Figures as pictures without a script: how long bars are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """One bar; ``share`` is its length in percent of the picture's width."""

    label: str
    value: int
    share: float


def bars(values: Sequence[tuple[str, int]], *, most: int | None = None) -> list[Bar]:
    """Give bars in their order; ``most`` is the value that fills the width, by default the largest."""
    longest = max([most or 0, *(value for _, value in values), 1])
    return [Bar(label, value, round(100 * value / longest, 2)) for label, value in values]


def percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0
