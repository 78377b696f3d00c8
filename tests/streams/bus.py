"""Events of our bus as EventBridge hands them to a function."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

from functions.domain.case import Case, Commit
from functions.domain.clock import rfc3339
from infra.driver import CaseDriver


def happening(case: Case, event: dict[str, Any]) -> dict[str, Any]:
    """What the relay says of an event."""
    return {
        "case": case.id,
        "service": case.service,
        "agency": case.agency,
        "number": case.number,
        "event": event,
    }


def newest(case: Case, commits: list[Commit], kind: str) -> dict[str, Any]:
    """The newest event of a type, as the relay says it."""
    events = [event.as_dict() for commit in commits for event in commit.events if event.type == kind]
    return happening(case, events[-1])


def told(driver: CaseDriver, kind: str) -> dict[str, Any]:
    """The newest event of a type of a case in the local system, as it is delivered."""
    record = driver.record
    return delivered(newest(record.case, record.commits, kind), at=rfc3339(driver.now))


def delivered(detail: dict[str, Any], *, at: str = "2026-02-02T02:00:00Z") -> dict[str, Any]:
    """The envelope of EventBridge."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail["event"]["type"],
        "source": "loket",
        "account": "123456789012",
        "time": at,
        "region": "ap-southeast-3",
        "resources": [],
        "detail": detail,
    }


def invocation(request_id: str | None = None) -> Any:
    """The context of a function; Lambda's own retries of an event have the same request id."""
    return SimpleNamespace(aws_request_id=request_id or str(uuid.uuid4()))
