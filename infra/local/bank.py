"""The stand-in for the payment provider: people pay at it, it sends its signed notification, and it can be asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from functions.adapters.payment_provider import read
from functions.domain import numbers, signatures
from functions.domain.clock import rfc3339
from functions.domain.errors import Fault, Invalid, NotFound
from functions.domain.payments import Notification
from functions.runtime.wiring import ports

OUTCOMES = ("paid", "failed", "expired")
Post = Callable[[str, bytes, dict[str, str]], int]


class Bank:
    """Keeps what was paid in the case table, so that it outlives a restart; the engine never reads it there."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def look_up(self, payment: str) -> list[Notification]:
        """Answer reconciliation: what was paid for a bill."""
        return [read(one, found_by="reconciliation") for one in self._paid(payment)]

    def _paid(self, payment: str) -> list[dict[str, Any]]:
        known = ports.table.get("LOCAL#BANK", payment)
        return list(known["items"]) if known else []

    def pay(self, wanted: dict[str, Any], post: Post) -> dict[str, Any]:
        """Take a payment and send its notification ``times`` times; 0 loses it.

        ``amount`` is what is left of the bill and ``currency`` the bill's, unless others are given; ``at`` is now.
        """
        payment, outcome, times = _checked(wanted)
        bill = _bill(payment)
        body = {
            "id": f"{payment}-{time.time_ns():x}", "payment": payment, "outcome": outcome,
            "amount": wanted.get("amount", bill.rest), "currency": wanted.get("currency", bill.currency),
            "at": rfc3339(ports.clock.now()),
        }  # fmt: skip
        if outcome == "paid":
            ports.table.put("LOCAL#BANK", payment, {"items": [*self._paid(payment), body]})
        return {"notification": body, "answers": [self._notify(body, post) for _ in range(times)]}

    def _notify(self, body: dict[str, Any], post: Post) -> int:
        raw = json.dumps(body).encode()
        headers = {
            "content-type": "application/json",
            signatures.HEADER.lower(): signatures.sign(self._secret, raw, int(time.time())),
        }
        return post("/v1/payments/notifications", raw, headers)


def _checked(wanted: dict[str, Any]) -> tuple[str, str, int]:
    payment, outcome, times = wanted.get("payment"), wanted.get("outcome", "paid"), wanted.get("times", 1)
    faults = []
    if not isinstance(payment, str):
        faults.append(Fault("/payment", {"id": "Sebutkan tagihannya.", "en": "Name the payment."}))
    if outcome not in OUTCOMES:
        names = ", ".join(OUTCOMES)
        faults.append(Fault("/outcome", {"id": f"Salah satu dari: {names}.", "en": f"One of: {names}."}))
    if not isinstance(times, int) or isinstance(times, bool) or not 0 <= times <= 20:
        faults.append(Fault("/times", {"id": "Bilangan 0 sampai 20.", "en": "A number from 0 to 20."}))
    if faults:
        raise Invalid(faults)
    return str(payment), str(outcome), int(str(times))


def _bill(payment: str) -> Any:
    case_id = numbers.case_of(payment, "p")
    found = ports.cases.load(case_id).case.payments.get(payment) if case_id else None
    if found is None:
        raise NotFound({"id": "Tagihan tidak ditemukan.", "en": "There is no such bill."})
    return found
