"""Who else has a task open: a warning among colleagues that leaves no history.

Whoever may answer an open task and opens its page leaves a sign of it, and so does the page's script for as long as
somebody works on it. A sign is one item under the task, beside the case and not in it; the table removes it by itself.
Opening a page costs one query (half a read unit) and at most one write unit a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.api.tasks import TaskAnswer
from functions.domain.clock import read_rfc3339, rfc3339
from functions.portal.rendering import Words
from functions.portal.visit import Visit
from functions.runtime.wiring import ports

LASTS = timedelta(minutes=10)
"""How long a sign counts: without a script nothing tells that somebody has left."""
RENEWED_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Sign:
    """Somebody has the page open, ``since`` a moment and as of ``seen``."""

    name: str
    since: datetime
    seen: datetime


def others(visit: Visit, task: TaskAnswer) -> list[str]:
    """Leave a sign if this person may answer the task, and say of each other who has it open."""
    if task.state not in ("open", "claimed"):
        return []
    signs = _signs(visit, task.id)
    own = signs.pop(visit.person.username, None)
    if "complete" in task.may and (own is None or visit.now - own.seen >= RENEWED_AFTER):
        _leave(visit, task.id, since=own.since if own else visit.now)
    words = Words(visit.language)
    return [
        str(visit.t("presence.other", who=one.name, since=words.time(one.since), seen=words.time(one.seen)))
        for one in sorted(signs.values(), key=lambda sign: sign.since)
    ]


def _signs(visit: Visit, task: str) -> dict[str, Sign]:
    """Give the signs that count, by username."""
    found = {}
    for item in ports.table.under(_key(task)).items:
        sign = Sign(item["name"], read_rfc3339(item["since"]), read_rfc3339(item["seen"]))
        if visit.now - sign.seen < LASTS:
            found[item["sk"].partition("/")[2]] = sign
    return found


def _leave(visit: Visit, task: str, *, since: datetime) -> None:
    person = visit.person
    body = {"name": person.name, "since": rfc3339(since), "seen": rfc3339(visit.now)}
    ports.table.put(_key(task), f"who/{person.username}", body, ttl=int((visit.now + LASTS).timestamp()))


def _key(task: str) -> str:
    return f"OPEN#{task}"
