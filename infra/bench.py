"""``make bench``: what matters about speed and cost, as ratios of one run and as exact counts.

The last line is one JSON document:

    golden     transitions, write and read units, requests of one permit from form to signature
    worklist   read units of a page of the worklist with a large backlog over those with a small one: 1 if it scales
    commands   read and write units of a command on a case with a long history over those on a fresh one
    edge       time of reading a case over that of the health check: what a read costs beyond the edge
    seconds    wall time of each part, for this machine only
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from functions.domain import numbers
from functions.domain import views as domain_views
from functions.runtime.observability import logger
from functions.runtime.wiring import ports
from infra.demo import close, decide, file_application
from infra.local.aws import LocalClock
from infra.local.meter import measure
from infra.local.office import Office
from infra.local.visitor import Visitor

ROLE = "pupr/tpt"
SMALL, LARGE, LONG = 200, 2_000, 60
ROUNDS = 15


class Silent:
    """Hears the demo's story without telling it."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def says(self, who: str, what: str) -> None:
        """Say nothing."""

    def sleeps(self, **span: int) -> None:
        self._office.system.aws.advance(timedelta(**span))


def main() -> int:
    """Measure, and print one JSON document on the last line."""
    seconds: dict[str, float] = {}
    figures: dict[str, Any] = {}
    logger.setLevel("ERROR")
    for name, part in (("golden", golden), ("worklist", worklist), ("commands", commands), ("edge", edge)):
        began = time.perf_counter()
        with Office(LocalClock(datetime(2026, 11, 24, 2, tzinfo=UTC), frozen=True)) as office:
            figures[name] = part(office)
        seconds[name] = round(time.perf_counter() - began, 2)
        print(f"{name}: {json.dumps(figures[name])}  ({seconds[name]} s)", flush=True)
    print(json.dumps({**figures, "seconds": seconds}))
    return 0


def golden(office: Office) -> dict[str, Any]:
    silent: Any = Silent(office)
    case = file_application(office, silent)
    decide(office, silent, case)
    close(office, silent, case)
    usage = measure(office.system.aws)
    return {
        "transitions": usage.transitions,
        "write_units": usage.write_units,
        "read_units": usage.read_units,
        "requests": usage.requests.total(),
    }


def worklist(office: Office) -> dict[str, Any]:
    silent: Any = Silent(office)
    case = file_application(office, silent)
    Visitor(office, "yuni").decide(case, "completeness", "approve")
    record = ports.cases.load(case)
    views = domain_views.views_of(record.case, ports.catalogue.service(record.case.service))
    like = next(view for view in views.values() if view["who"] == domain_views.worklist(ROLE))
    officer = Visitor(office, "teguh")
    fill(like, 0, SMALL)
    few = units(office, lambda: officer.get("/v1/tasks?limit=50"))
    fill(like, SMALL, LARGE)
    many = units(office, lambda: officer.get("/v1/tasks?limit=50"))
    return {"backlog": [SMALL, LARGE], "read_units": [few[1], many[1]], "ratio": round(many[1] / few[1], 2)}


def commands(office: Office) -> dict[str, Any]:
    siti = Visitor(office, "siti")
    form = siti.get("/v1/services/building-permit")["form"]["examples"][0]
    case = siti.post("/v1/cases", {"service": "building-permit", "form": form})["id"]

    def change(place: int) -> Any:
        return siti.ask("PATCH", f"/v1/cases/{case}", {"form": {"floors": 1 + place % 2}})

    fresh = units(office, lambda: change(1))
    for place in range(LONG):
        change(place)
    long = units(office, lambda: change(LONG))
    return {"events": LONG, "write_units": [fresh[0], long[0]], "read_units": [fresh[1], long[1]]}


def edge(office: Office) -> dict[str, Any]:
    siti, anybody = Visitor(office, "siti"), Visitor(office)
    form = siti.get("/v1/services/building-permit")["form"]["examples"][0]
    case = siti.post("/v1/cases", {"service": "building-permit", "form": form})["id"]
    health, read = timed(lambda: anybody.get("/v1/health")), timed(lambda: siti.get(f"/v1/cases/{case}"))
    return {"ratio": round(read / health, 2)}


def fill(like: Mapping[str, Any], start: int, end: int) -> None:
    """Put open tasks like this one into the worklist, as the projection would."""
    for place in range(start, end):
        case = numbers.case_id(place.to_bytes(8, "big"))
        due = f"2027-{1 + place % 12:02}-{1 + place % 28:02}T16:59:59Z"
        body = {**like["body"], "id": f"{case}.t1", "case": case, "due_at": due}
        ports.table.replace(case, {"t1": {**like, "who_sort": due, "body": body}})


def units(office: Office, act: Callable[[], Any]) -> tuple[float, float]:
    """Count the write and read units of what one call does, and of what it sets off."""
    office.system.aws.faults.clear()
    act()
    usage = measure(office.system.aws)
    return usage.write_units, usage.read_units


def timed(act: Callable[[], Any]) -> float:
    """Give the median seconds of a call."""
    takes = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        takes.append(time.perf_counter() - began)
    return median(takes)


if __name__ == "__main__":
    sys.exit(main())
