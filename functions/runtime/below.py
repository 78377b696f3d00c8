"""The cases below another, loaded: strongly consistent, so that nothing that was filed in time is missed.

A case is entered in the register of the one above with its first commit, long before it can be filed. Who counts reads
the register and closes each draft in it by a commit of its own. Filing is a commit of the draft as well, and one of
the two is first: either the case was filed and is counted, or it was not and whoever files it decides again on a case
above that takes in nothing now. No clock and no stream has a say in it.

    draft ─┬─ filed first  ─▶ counted
           └─ closed first ─▶ filing it is refused
"""

from __future__ import annotations

from collections.abc import Iterable

from functions.domain import below
from functions.domain.case import Case, Writer
from functions.domain.errors import CaseUnknown
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.step import Desk
from functions.runtime.wiring import ports


def load(case: Case) -> list[Case]:
    """Give the cases that were filed below this one, in the order of filing."""
    return below.in_order(child for child in _registered(case) if child.submitted_at)


def drafts(case: Case) -> list[Case]:
    """Give the cases that somebody has begun below this one and not filed yet."""
    return [child for child in _registered(case) if child.status == "draft"]


def count(desk: Desk) -> list[Case]:
    """Give the cases below as they count: whoever is not among them cannot be filed any more."""
    above = desk.case
    found = [child if child.submitted_at else _closed(child, above) for child in _registered(above)]
    filed = below.in_order(child for child in found if child.submitted_at)
    for child in filed:
        below.take_in(desk.writer, child)
    return filed


def started(case: Case) -> list[Case]:
    """Give the cases that tasks of this one have started elsewhere, in that order; the relay files them."""
    return _known(child.id for child in case.children.values() if child.task)


def _registered(case: Case) -> list[Case]:
    return _known(dict.fromkeys([*below.filed(case), *ports.cases.below(case.id)]))


def _known(cases: Iterable[str]) -> list[Case]:
    found = []
    for child in cases:
        try:
            found.append(ports.cases.load(child).case)
        except CaseUnknown:
            continue
    return found


def _closed(child: Case, above: Case) -> Case:
    """Close a draft, once for each wait that took in cases; gives the case as it then is, which may be filed."""

    def decide(writer: Writer, service: Service) -> None:
        below.close(writer, service, above)

    return change(child.id, "system", decide).case
