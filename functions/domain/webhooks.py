"""An agency's own systems are told what happens to its cases: signed, tried again, and sent again when asked.

    WEBHOOKS#<agency>      <id>                             a webhook: its address, what it wants, its secret
    DELIVERIES#<webhook>   <moment>-<case>-<seq>            what became of one event there; forgotten after 30 days
    RETRIES                <moment>#<webhook>#<delivery>    what is to be tried again, and when

Delivery is at least once and in no certain order: whoever listens goes by the ``id`` and the ``seq`` of an event.
Nothing is told of a draft, and no event holds anything personal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import events
from functions.domain import signatures
from functions.domain.clock import rfc3339
from functions.domain.errors import Fault, Forbidden, LoketError
from functions.domain.identity import Person

Webhook = Mapping[str, Any]
Happening = Mapping[str, Any]
Delivery = Mapping[str, Any]
Key = tuple[str, str]
Text = Mapping[str, str]

ROLE = "integrator"
MOST = 10
"""Webhooks an agency may have: all of them are told of an event in one invocation."""
KEPT = timedelta(days=30)
RETRIES = "RETRIES"
PAUSES = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""How long to wait after each failure; after the last one only a replay sends again."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_URL = 2000
_WEBHOOK = re.compile(r"[0-9a-f]{16}")
_DELIVERY = re.compile(r"\d{8}T\d{9}Z-[0-9a-z]{26}-\d{1,8}")


class Unreachable(LoketError):
    """The address cannot be delivered to; ``code`` says why: name, address, connection, timeout, tls."""


class Outcome(NamedTuple):
    """What a receiver answered: an HTTP status, or why there is none."""

    status: int | None = None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


# -- who and where


def agencies_of(person: Person, now: datetime) -> list[str]:
    """Give the agencies whose systems this person connects. Raises `Forbidden` where there are none."""
    found = person.agencies_as(ROLE, now)
    if not found:
        raise Forbidden(
            "role",
            {
                "id": "Hanya integrator sistem suatu instansi yang mengatur webhook.",
                "en": "Only the system integrator of an agency sets up webhooks.",
            },
        )
    return found


def address_fault(url: str, *, local: bool) -> Text | None:
    """Tell what is wrong with an address by its looks; where its name leads is told when it is resolved."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return _UNREADABLE
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > _LONGEST_URL or not host:
        return _UNREADABLE
    if parts.username is not None or parts.password is not None or parts.fragment:
        return _UNREADABLE
    if parts.scheme == "https" or (local and parts.scheme == "http" and host in LOOPBACK):
        return None
    return {"id": "Alamat harus dimulai dengan https://.", "en": "The address must begin with https://."}


def filter_faults(types: Iterable[str], services: Iterable[str], known: Iterable[str]) -> list[Fault]:
    """Tell which types of events and which services are not known."""
    offered = set(known)
    faults = [
        Fault(
            f"/types/{place}",
            {"id": "Jenis peristiwa ini tidak ada.", "en": "There is no such type of event."},
        )
        for place, kind in enumerate(types)
        if kind not in events.TYPES
    ]
    return faults + [
        Fault(f"/services/{place}", {"id": "Layanan ini tidak ada.", "en": "There is no such service."})
        for place, code in enumerate(services)
        if code not in offered
    ]


def key(agency: str, webhook_id: str) -> Key:
    return partition(agency), webhook_id


def is_webhook_id(text: str) -> bool:
    return _WEBHOOK.fullmatch(text) is not None


def partition(agency: str) -> str:
    return f"WEBHOOKS#{agency}"


def wants(webhook: Webhook, happening: Happening) -> bool:
    """Tell whether a webhook is to be told; one that names no types or no services wants all of them."""
    kinds, services = webhook["types"], webhook["services"]
    return (
        happening["number"] is not None
        and (not kinds or happening["event"]["type"] in kinds)
        and (not services or happening["service"] in services)
    )


# -- what is sent


def delivery_id(happening: Happening) -> str:
    """Give the id of an event, the same however often it is sent; ids sort as the events happened."""
    at = datetime.fromisoformat(happening["event"]["at"])
    moment = f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03}Z"
    return f"{moment}-{happening['case']}-{happening['event']['seq']}"


def is_delivery_id(text: str) -> bool:
    return _DELIVERY.fullmatch(text) is not None


def origin(delivery: str) -> tuple[str, int]:
    """Give the case and the number of the event that a delivery is about."""
    _, case, seq = delivery.split("-")
    return case, int(seq)


def content(happening: Happening, delivery: str) -> bytes:
    """Give the body: the event as our own bus has it, and its id."""
    said = {"id": delivery} | {
        name: happening[name] for name in ("case", "service", "agency", "number", "event")
    }
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


def headers(webhook: Webhook, happening: Happening, delivery: str, body: bytes, at: int) -> dict[str, str]:
    """Give the headers; ``at`` is the machine's time, by which the receiver tells a replay (Unix seconds)."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Loket",
        "Loket-Event": happening["event"]["type"],
        "Loket-Delivery": delivery,
        signatures.HEADER: signatures.sign(webhook["secret"], body, at),
    }


# -- what becomes of it


def delivery_key(webhook_id: str, delivery: str) -> Key:
    return f"DELIVERIES#{webhook_id}", delivery


def attempted(
    before: Delivery | None, happening: Happening, delivery: str, outcome: Outcome, now: datetime
) -> dict[str, Any]:
    """Give the state of a delivery after one more attempt."""
    attempts = (before["attempts"] if before else 0) + 1
    state: dict[str, Any] = {
        "id": delivery, "event": happening["event"]["type"], "case": happening["case"],
        "seq": happening["event"]["seq"], "status": "delivered" if outcome.is_success else "failed",
        "attempts": attempts, "at": rfc3339(now),
    }  # fmt: skip
    if outcome.status is not None:
        state["code"] = outcome.status
    if outcome.error:
        state["error"] = outcome.error
    if not outcome.is_success and attempts <= len(PAUSES):
        state["next_at"] = rfc3339(now + PAUSES[attempts - 1])
    return state


def retry(webhook: Webhook, delivery: Delivery) -> tuple[Key, dict[str, Any]]:
    """Give the note that a delivery is to be tried again at its ``next_at``."""
    note = {"agency": webhook["agency"], "webhook": webhook["id"], "delivery": delivery["id"]}
    return (RETRIES, f"{delivery['next_at']}#{webhook['id']}#{delivery['id']}"), note


_UNREADABLE: Text = {
    "id": "Tulis alamat lengkap, misalnya https://sistem.example/loket, tanpa nama pengguna dan tanpa #.",
    "en": "Write a full address such as https://system.example/loket, without a user name and without #.",
}
