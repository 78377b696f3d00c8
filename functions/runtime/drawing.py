"""What letters are drawn from besides the case: the offices, the calendar, and the cases below it where they say so."""

from __future__ import annotations

from collections.abc import Iterable

from functions.domain.case import Case
from functions.domain.issuing import Drawing
from functions.domain.service import Service
from functions.runtime.wiring import ports


def drawing_of(case: Case, service: Service, letters: Iterable[str | None]) -> Drawing:
    """Give what these letters are drawn from; other cases are read only where a letter names them."""
    named = any(block.each for letter in letters if letter for block in service.letters[letter].blocks)
    return Drawing(
        ports.catalogue.agency,
        ports.catalogue.calendar(case.agency),
        _below(case) if named else (),
    )


def _below(case: Case) -> list[dict[str, object]]:
    # Few letters name other cases, and what reads those brings along all that a step needs.
    from functions.domain.below import seen
    from functions.runtime.below import load

    return [seen(child) for child in load(case)]
