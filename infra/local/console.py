"""What only the local system has: its users and tokens, its clock, its bank and its outbox, under ``/local``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from functions.domain.clock import rfc3339
from functions.domain.errors import Fault, Invalid, LoketError, Malformed, NotFound
from functions.runtime.wiring import ports
from infra.local.bank import Bank, Post
from infra.local.identity import LocalIdentity
from infra.local.system import LocalSystem

HOME = "dpmptsp"
"""The agency whose working days the local clock counts in."""

_LONGEST = timedelta(days=366 * 30)


class Console:
    """Answers the requests under ``/local``; gives a status and a JSON document."""

    def __init__(self, system: LocalSystem, identity: LocalIdentity, bank: Bank, post: Post) -> None:
        self._system, self._identity, self._bank, self._post = system, identity, bank, post

    def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, Any]:
        """Raises `LoketError` for what cannot be answered."""
        match method, path:
            case "GET", "/local/users":
                return 200, self._identity.users()
            case "POST", "/local/token":
                return 200, {"token": self._identity.token(_text(_object(body), "username"))}
            case "GET", "/local/clock":
                return 200, self._now()
            case "POST", "/local/clock":
                self._advance(_object(body))
                return 200, self._now()
            case "POST", "/local/pay":
                return 200, self._bank.pay(_object(body), self._post)
            case "GET", "/local/outbox":
                wanted = parse_qs(query).get("to", [None])[0]
                return 200, [_sent(message) for message in self._system.aws.sent_messages(wanted)]
            case "GET", "/local/oidc/.well-known/openid-configuration":
                return 200, self._identity.discovery()
            case "GET", "/local/oidc/jwks.json":
                return 200, self._identity.jwks()
        raise NotFound({"id": "Alamat ini tidak dikenal.", "en": "This address is unknown."})

    def _now(self) -> dict[str, str]:
        return {"now": rfc3339(self._system.aws.clock.now())}

    def _advance(self, wanted: Mapping[str, Any]) -> None:
        self._system.aws.settle()
        self._system.aws.advance(_span(wanted.get("advance"), self._system))


def _span(wanted: Any, system: LocalSystem) -> timedelta:
    units = ("days", "working_days", "hours", "seconds")
    names = {"id": f"Sebutkan salah satu: {', '.join(units)}.", "en": f"Give one of: {', '.join(units)}."}
    if not isinstance(wanted, dict) or not wanted or set(wanted) - set(units):
        raise Invalid([Fault("/advance", names)])
    for unit, amount in wanted.items():
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= 1e9:
            text = {"id": "Bilangan yang tidak negatif.", "en": "A number that is not negative."}
            raise Invalid([Fault(f"/advance/{unit}", text)])
    now = system.aws.clock.now()
    working = int(wanted.get("working_days", 0))
    later = ports.catalogue.calendar(HOME).working_days_after(now, working) if working else now
    span: timedelta = (later - now) + timedelta(
        **{unit: wanted.get(unit, 0) for unit in ("days", "hours", "seconds")}
    )
    if span > _LONGEST:
        raise Invalid([Fault("/advance", {"id": "Paling jauh 30 tahun.", "en": "At most thirty years."})])
    return span


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError as error:
        raise Malformed({"id": "Badan permintaan bukan JSON.", "en": "The body is not JSON."}) from error
    if not isinstance(found, dict):
        raise Malformed({"id": "Badan permintaan harus objek JSON.", "en": "The body must be a JSON object."})
    return found


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Invalid([Fault(f"/{name}", {"id": "Wajib diisi.", "en": "Please give this."})])
    return value


def _sent(message: Mapping[str, Any]) -> dict[str, Any]:
    return {**message, "at": rfc3339(message["at"])}


def problem(error: LoketError, language: str) -> dict[str, Any]:
    """Give the problem document of an error raised under ``/local``."""
    document: dict[str, Any] = {
        "type": f"urn:loket:problem:{error.code}", "title": error.title[language], "status": error.status,
        "detail": error.message[language],
    }  # fmt: skip
    if isinstance(error, Invalid):
        document["errors"] = [{"pointer": f.pointer, "message": f.message[language]} for f in error.faults]
    return document
