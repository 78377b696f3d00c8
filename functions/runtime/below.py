"""The cases below another, loaded: strongly consistent, so that nothing that was filed in time is missed."""

from __future__ import annotations

from functions.domain import below
from functions.domain.case import Case
from functions.domain.errors import CaseUnknown
from functions.runtime.wiring import ports


def load(case: Case) -> list[Case]:
    """Give the cases that were filed below this one, in the order of filing."""
    found = []
    for child in below.filed(case):
        try:
            found.append(ports.cases.load(child).case)
        except CaseUnknown:
            continue
    return below.in_order(found)
