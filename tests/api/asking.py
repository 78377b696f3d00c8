"""Somebody who asks over HTTP and wants to see the whole answer, whatever its status."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from infra.local.office import Office


@dataclass(frozen=True)
class Got:
    """An answer; ``body`` is its JSON."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def pointers(self) -> list[str]:
        return [fault["pointer"] for fault in self.body["errors"]]


class Asker:
    """One person, or without a username anybody; every answer waits until what it set off has been done."""

    def __init__(self, office: Office, username: str | None = None, language: str | None = "en") -> None:
        self._office = office
        self._headers = {"accept-language": language} if language else {}
        if username:
            self._headers["authorization"] = f"Bearer {office.identity.token(username)}"

    def get(self, path: str, **headers: str) -> Got:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Got:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Got:
        return self.ask("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Got:
        return self.ask("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Got:
        return self.ask("DELETE", path, **headers)

    def ask(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> Got:
        """``raw`` is sent as it is; header names take ``_`` for ``-``."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {**self._headers, **{name.replace("_", "-").lower(): value for name, value in headers.items()}}
        if body is not None:
            sent.setdefault("content-type", "application/json")
        address, _, query = path.partition("?")
        status, answered, text = self._office.gateway.handle(method, address, query, sent, content)
        self._office.system.aws.settle()
        return Got(status, dict(answered), text.decode())
