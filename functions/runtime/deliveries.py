"""How an event reaches a webhook: sent, noted, and where it failed noted for another try."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from functions.domain import webhooks
from functions.domain.webhooks import Delivery, Happening, Outcome, Unreachable, Webhook
from functions.ports import Record
from functions.runtime.wiring import ports


def deliver(
    webhook: Webhook, happening: Happening, now: datetime, *, again: bool = False, request: str | None = None
) -> dict[str, Any]:
    """Send an event and give the state of its delivery; what was delivered is not sent again unless ``again``.

    ``request`` names who asked for it, so that the same request is not carried out twice. Raises `DependencyDown`.
    """
    identity = webhooks.delivery_id(happening)
    key = webhooks.delivery_key(webhook["id"], identity)
    before = ports.table.get(*key)
    if before and before["status"] == "delivered" and not again:
        return dict(before)
    after = webhooks.attempted(before, happening, identity, _send(webhook, happening, identity), now)
    note(webhook, after | ({"request": request} if request else {}), now)
    return after


def note(webhook: Webhook, delivery: Delivery, now: datetime) -> None:
    """Keep the state of a delivery; the note for its next try comes first, so that no crash forgets it."""
    if "next_at" in delivery:
        retry, content = webhooks.retry(webhook, delivery)
        ports.table.put(*retry, content)
    forgotten = int((now + webhooks.KEPT).timestamp())
    ports.table.put(*webhooks.delivery_key(webhook["id"], delivery["id"]), delivery, ttl=forgotten)


def happening_of(record: Record, seq: int) -> dict[str, Any] | None:
    """Give what the bus said of an event, made anew from the case."""
    case = record.case
    events = (event for commit in record.commits for event in commit.events)
    found = next((event.as_dict() for event in events if event.seq == seq), None)
    said = {"case": case.id, "service": case.service, "agency": case.agency, "number": case.number}
    return {**said, "event": found} if found else None


def _send(webhook: Webhook, happening: Happening, identity: str) -> Outcome:
    body = webhooks.content(happening, identity)
    headers = webhooks.headers(webhook, happening, identity, body, int(time.time()))
    try:
        return Outcome(ports.webhook_sender.post(webhook["url"], body, headers))
    except Unreachable as error:
        return Outcome(error=error.code)
