"""Tells an agency's own systems what happens to its cases; what could not be delivered is left for `retry_webhooks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint

from functions.domain import webhooks
from functions.runtime import deliveries
from functions.runtime.observability import logger
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)


def run(happening: Mapping[str, Any]) -> None:
    """Deliver an event to each webhook of its agency that wants it."""
    known = ports.table.under(webhooks.partition(happening["agency"])).items
    for webhook in known:
        if webhooks.wants(webhook, happening):
            delivery = deliveries.deliver(webhook, happening, ports.clock.now())
            if delivery["status"] == "failed":
                logger.warning("webhook failed", extra={"webhook": webhook["id"], "delivery": delivery["id"]})


@blueprint.lambda_function(name="webhooks")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    run(event["detail"])
    return {}
