"""``make bench``: what matters about speed and cost, as ratios of one run and as exact counts.

The last line is one JSON document:

    golden     transitions, write and read units, requests of one permit from form to signature
    worklist   time of a page of the worklist with a large backlog over that with a small one: about 1 if it scales
    commands   time of a command on a case with a long history over that on a fresh one
    edge       requests a second of the health check over those of a case read: what a read costs beyond the edge
    seconds    wall time of each part, for this machine only
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

from functions.domain import numbers
from functions.domain import views as domain_views
from functions.runtime.wiring import ports
from infra.demo import close, decide, file_application
from infra.local.aws import LocalClock
from infra.local.meter import measure
from infra.local.office import Office
from infra.local.visitor import Visitor

ROLE = "pupr/tpt"
SMALL, LARGE = 200, 20_000
ROUNDS = 15


class Silent:
    """Hears the demo's story without telling it."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def says(self, who: str, what: str) -> None:
        """Say nothing."""

    def sleeps(self, **span: int) -> None:
        from datetime import timedelta

        self._office.system.aws.advance(timedelta(**span))


def main() -> int:
    """Measure, and print one JSON document on the last line."""
    seconds: dict[str, float] = {}
    figures: dict[str, Any] = {}
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
    officer = Visitor(office, "teguh")
    fill(0, SMALL)
    few = timed(lambda: officer.get("/v1/tasks?limit=50"))
    fill(SMALL, LARGE)
    many = timed(lambda: officer.get("/v1/tasks?limit=50"))
    return {"backlog": [SMALL, LARGE], "ratio": round(many / few, 2)}


def commands(office: Office) -> dict[str, Any]:
    siti = Visitor(office, "siti")
    form = siti.get("/v1/services/building-permit")["form"]["examples"][0]
    case = siti.post("/v1/cases", {"service": "building-permit", "form": form})["id"]

    def change(place: int) -> Any:
        return siti.ask("PATCH", f"/v1/cases/{case}", {"form": {"floors": 1 + place % 2}})

    fresh = timed(change)
    for place in range(100):
        change(place)
    long = timed(change)
    return {"events": [ROUNDS, 100 + 2 * ROUNDS], "ratio": round(long / fresh, 2)}


def edge(office: Office) -> dict[str, Any]:
    siti, anybody = Visitor(office, "siti"), Visitor(office)
    form = siti.get("/v1/services/building-permit")["form"]["examples"][0]
    case = siti.post("/v1/cases", {"service": "building-permit", "form": form})["id"]
    health, read = timed(lambda: anybody.get("/v1/health")), timed(lambda: siti.get(f"/v1/cases/{case}"))
    return {"ratio": round(read / health, 2)}


def fill(start: int, end: int) -> None:
    """Put open tasks into the worklist, as the projection would."""
    for place in range(start, end):
        case = numbers.case_id(place.to_bytes(8, "big"))
        due = f"2027-{1 + place % 12:02}-{1 + place % 28:02}T16:59:59Z"
        body = {
            "id": f"{case}.t1", "case": case, "number": None, "service": "building-permit", "step": "review",
            "title": {"id": "Nilai", "en": "Review"}, "kind": "decide", "role": ROLE, "state": "open",
            "assignee": None, "opened_at": "2026-11-24T02:00:00Z", "due_at": due, "agency": "pupr",
        }  # fmt: skip
        view = {
            "version": 1,
            "who": domain_views.worklist(ROLE),
            "who_sort": due,
            "service": "building-permit",
            "body": body,
        }
        ports.table.replace(case, {"t1": view})


def timed(act: Callable[..., Any]) -> float:
    """Give the median seconds of a call."""
    takes = []
    for place in range(ROUNDS):
        began = time.perf_counter()
        act(place) if act.__code__.co_argcount else act()
        takes.append(time.perf_counter() - began)
    return median(takes)


if __name__ == "__main__":
    sys.exit(main())
