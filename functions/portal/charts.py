"""Figures as pictures without a script: where bars begin and how long they are, in the units of an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ROW, LABEL = 52, 24
"""The height of a bar with its label above it, and of the label, in pixels: text keeps its size on every screen."""


@dataclass(frozen=True)
class Bar:
    """One bar; ``y`` is its top, ``share`` its length in percent of the picture's width."""

    label: str
    value: int
    y: int
    share: float


def bars(values: Sequence[tuple[str, int]], *, most: int | None = None) -> list[Bar]:
    """Give bars below each other; ``most`` is the value that fills the width, by default the largest."""
    longest = max([most or 0, *(value for _, value in values), 1])
    return [
        Bar(label, value, place * ROW + LABEL, round(100 * value / longest, 2))
        for place, (label, value) in enumerate(values)
    ]


def height(rows: int) -> int:
    return rows * ROW


def percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0
