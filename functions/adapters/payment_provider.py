"""The payment provider's look-up: what became of a bill of which a notification may be lost."""

from __future__ import annotations

import json
import time
from datetime import datetime
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from functions.domain import signatures
from functions.domain.errors import DependencyDown
from functions.domain.payments import Notification

OUTCOMES = frozenset({"paid", "failed", "expired"})
_SECONDS = 5


class PaymentProvider:
    """``GET <url>/payments/<id>``, signed like a webhook over an empty body; 404 means that nothing is known yet.

    The answer is ``{items: [...]}``: all notifications about the bill, each as it was, or should have been, sent.
    """

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url.rstrip("/"), secret

    def look_up(self, payment: str) -> list[Notification]:
        """Give what the provider knows of a bill. Raises `DependencyDown`."""
        request = Request(  # noqa: S310 - the address is the operator's setting
            f"{self._url}/payments/{quote(payment)}",
            headers={signatures.HEADER: signatures.sign(self._secret, b"", int(time.time()))},
        )
        try:
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                return [read(one, found_by="reconciliation") for one in json.load(answer)["items"]]
        except HTTPError as error:
            if error.code == 404:
                return []
            raise DependencyDown("the payment provider does not answer") from error
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
            raise DependencyDown("the payment provider does not answer") from error


def read(body: dict[str, object], *, found_by: str) -> Notification:
    """Read one of a provider's notifications; raises `KeyError`, `TypeError` or `ValueError` if it is not one."""
    outcome, at = str(body["outcome"]), datetime.fromisoformat(str(body["at"]))
    if outcome not in OUTCOMES or at.tzinfo is None:
        raise ValueError("no outcome, or a time without its zone")
    return Notification(
        id=str(body["id"]),
        payment=str(body["payment"]),
        outcome=outcome,
        amount=int(str(body["amount"])),
        currency=str(body["currency"]),
        at=at,
        found_by=found_by,
    )
