"""Every quarter of an hour: try again what a webhook could not take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from functions.domain import webhooks
from functions.domain.clock import rfc3339
from functions.domain.errors import CaseUnknown
from functions.runtime import deliveries
from functions.runtime.observability import logger
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
Note = Mapping[str, Any]


def run(now: datetime) -> int:
    """Send what is due; gives how many were sent. After one failure a receiver is left alone until the next run."""
    sent, failing, cursor = 0, set[str](), None
    while True:
        page = ports.table.under(webhooks.RETRIES, until=f"{rfc3339(now)}#~", limit=100, cursor=cursor)
        for note in page.items:
            if note["webhook"] not in failing:
                sent += 1
                if not _try_again(note, now):
                    failing.add(note["webhook"])
        if page.next is None:
            return sent
        cursor = page.next


def _try_again(note: Note, now: datetime) -> bool:
    """Send one delivery; tells whether its receiver answered. Its own next try, if any, is a note of its own."""
    delivery = _sent(note, now)
    ports.table.delete(webhooks.RETRIES, note["sk"])
    if delivery and delivery["status"] == "failed" and "next_at" not in delivery:
        logger.error("webhook given up", extra={"webhook": note["webhook"], "delivery": note["delivery"]})
    return delivery is None or delivery["status"] == "delivered"


def _sent(note: Note, now: datetime) -> dict[str, Any] | None:
    """Give the delivery after this try, or ``None`` where there is nothing to send any more."""
    webhook = ports.table.get(*webhooks.key(note["agency"], note["webhook"]))
    standing = ports.table.get(*webhooks.delivery_key(note["webhook"], note["delivery"]))
    if webhook is None or (standing and standing["status"] == "delivered"):
        return None
    case_id, seq = webhooks.origin(note["delivery"])
    try:
        happening = deliveries.happening_of(ports.cases.load(case_id), seq)
    except CaseUnknown:
        return None
    return deliveries.deliver(webhook, happening, now) if happening else None


@blueprint.lambda_function(name="retry_webhooks")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return {"sent": run(ports.clock.now())}
