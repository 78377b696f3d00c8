"""Every hour: what waited in the table for its day, with no execution open.

``permit``: permits whose validity has ended; ``episode``: processes that open by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from chalice.app import Blueprint

from functions.domain import episodes
from functions.domain.case import Writer
from functions.domain.clock import Calendar, rfc3339
from functions.domain.errors import LoketError
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.observability import logger
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
Effect: TypeAlias = Callable[[Writer, Service, Calendar], None]


def run(now: datetime) -> int:
    """Let what fell due have its effect; gives how many cases were looked at."""
    return sum(_run(key, effect, now) for key, effect in EFFECTS.items())


def _expire(writer: Writer, service: Service, calendar: Calendar) -> None:
    episodes.expire_permits(writer)


EFFECTS: Mapping[str, Effect] = {
    "permit": _expire,
    "episode": episodes.open_what_is_due,
}


def _run(key: str, effect: Effect, now: datetime) -> int:
    seen, cursor = 0, None
    while True:
        page = ports.views.list("due", key, before=rfc3339(now), limit=100, cursor=cursor)
        for item in page.items:
            _wake(item["id"], effect)
        seen += len(page.items)
        if page.next is None:
            return seen
        cursor = page.next


def _wake(case_id: str, effect: Effect) -> None:
    def decide(writer: Writer, service: Service) -> None:
        effect(writer, service, ports.catalogue.calendar(writer.case.agency))

    try:
        change(case_id, "system", decide)
    except LoketError as error:
        logger.warning("could not wake", extra={"case": case_id, "error": type(error).__name__})


@blueprint.lambda_function(name="wake_due")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return {"seen": run(ports.clock.now())}
