"""Every quarter of an hour: ask the payment provider about bills whose notification may be lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalice.app import Blueprint

from functions.domain import payments
from functions.domain.case import Writer
from functions.domain.clock import rfc3339
from functions.domain.errors import LoketError
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.observability import logger
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
PATIENCE = timedelta(minutes=10)
"""How long a notification may take before the provider is asked."""


def run(now: datetime) -> int:
    """Look every open bill up; gives how many payments were found."""
    found, cursor = 0, None
    while True:
        page = ports.views.list("due", "payment", before=rfc3339(now - PATIENCE), limit=100, cursor=cursor)
        for item in page.items:
            found += _look_up(item["case"], item["payment"])
        if page.next is None:
            return found
        cursor = page.next


def _look_up(case_id: str, payment: str) -> int:
    try:
        notices = ports.payments.look_up(payment)
        return _take_in(case_id, payment, notices) if notices else 0
    except LoketError as error:
        # The next run asks again; one bill that cannot be looked up must not hide the others.
        logger.warning("look-up failed", extra={"case": case_id, "error": type(error).__name__})
        return 0


def _take_in(case_id: str, bill: str, notices: list[payments.Notification]) -> int:
    found = 0

    def decide(writer: Writer, service: Service) -> None:
        nonlocal found
        found = payments.reconcile(writer, service, ports.catalogue.calendar, bill, notices)

    change(case_id, "system", decide)
    return found


@blueprint.lambda_function(name="reconcile_payments")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return {"found": run(ports.clock.now())}
