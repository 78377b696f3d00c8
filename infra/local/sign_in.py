"""The local issuer's pages: a form with the demo users, in front of the sign-in that a deployed portal has as well.

    GET  /sign-in (or /local/oidc/authorize)    the form, with the portal's request waiting in it
    POST the same                               a code for that user, back to the portal: /sign-in?code=…&state=…
    POST /local/oidc/token                      the code against an identity token

``POST /sign-in`` with nothing but a ``username`` begins the sign-in by itself.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from functions.domain.errors import LoketError, Malformed
from infra.local.identity import LocalIdentity
from infra.local.pages import Answer, Asked, page, see_other

Portal = Callable[[str, str, str, dict[str, str], bytes], Answer]
AUTHORIZE, TOKEN, SIGN_IN = "/local/oidc/authorize", "/local/oidc/token", "/sign-in"


class SignInPages:
    """Answers in the place of the issuer; ``portal`` is asked for what the portal itself would answer."""

    def __init__(self, identity: LocalIdentity, portal: Portal) -> None:
        self._identity, self._portal = identity, portal

    def answer(self, asked: Asked) -> Answer | None:
        """Give ``None`` for what is not the issuer's."""
        match asked.method, asked.path:
            case "GET", "/sign-in" if not {"code", "error"} & set(asked.query):
                request, cookies = self._begin(asked)
                return self._form(asked, request, cookies)
            case "POST", "/sign-in":
                return self._take(asked)
            case "GET", "/local/oidc/authorize":
                return self._form(asked, dict(asked.query), [])
            case "POST", "/local/oidc/authorize":
                return self._take(asked)
            case "POST", "/local/oidc/token":
                return self._redeem(asked)
        return None

    def _begin(self, asked: Asked) -> tuple[dict[str, str], list[str]]:
        """Let the portal begin a sign-in; gives what it asks of the issuer, and the cookies that it sets."""
        wanted = asked.query.get("next") or asked.field("next")
        query = urlencode({"next": wanted}) if wanted else ""
        _, headers, _ = self._portal("GET", SIGN_IN, query, asked.headers, b"")
        location = next(value for name, value in headers if name == "Location")
        cookies = [value for name, value in headers if name == "Set-Cookie"]
        return {name: values[-1] for name, values in parse_qs(urlsplit(location).query).items()}, cookies

    def _form(
        self, asked: Asked, request: Mapping[str, str], cookies: list[str], unknown: str | None = None
    ) -> Answer:
        shown = {
            "users": _grouped(self._identity.users()),
            "request": urlencode(request),
            "action": asked.path,
            "unknown": unknown,
        }
        return page(asked, "sign-in.html", shown, status=422 if unknown else 200, cookies=cookies)

    def _take(self, asked: Asked) -> Answer:
        username = asked.field("as") or asked.field("username")
        waiting = asked.field("request")
        request, cookies = _read(waiting) if waiting else self._begin(asked)
        try:
            code = self._identity.grant(
                username,
                redirect_uri=request.get("redirect_uri", ""),
                challenge=request.get("code_challenge", ""),
                nonce=request.get("nonce"),
            )
        except LoketError:
            return self._form(asked, request, cookies, unknown=username)
        # Without the host, because the same machine goes by several names and cookies by one of them.
        back = urlsplit(request.get("redirect_uri", SIGN_IN)).path
        return see_other(f"{back}?{urlencode({'code': code, 'state': request.get('state', '')})}", cookies)

    def _redeem(self, asked: Asked) -> Answer:
        try:
            told = self._identity.redeem(
                asked.field("code"),
                redirect_uri=asked.field("redirect_uri"),
                verifier=asked.field("code_verifier"),
            )
        except Malformed:
            return _json(400, {"error": "invalid_grant"})
        return _json(200, told)


def in_process(identity: LocalIdentity) -> Callable[[str, Mapping[str, str] | None], Mapping[str, Any]]:
    """Reach the issuer without a port, as `Issuer` wants to."""

    def fetch(url: str, form: Mapping[str, str] | None) -> Mapping[str, Any]:
        if form is None:
            return identity.discovery()
        return identity.redeem(
            form["code"], redirect_uri=form["redirect_uri"], verifier=form["code_verifier"]
        )

    return fetch


def session_key_kept_at(path: Path) -> bytes:
    """Give the key of the portal's cookies from a file, made at the first call, so that sessions outlive a restart."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(32).encode())
    return path.read_bytes()


def _read(waiting: str) -> tuple[dict[str, str], list[str]]:
    return {name: values[-1] for name, values in parse_qs(waiting).items()}, []


def _grouped(users: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Sort the users by what they are here, applicants first."""
    kinds = ("applicant", "officer", "supervisor", "admin", "integrator")
    found = [(kind, [user for user in users if user["kind"] == kind]) for kind in kinds]
    return [(kind, members) for kind, members in found if members]


def _json(status: int, document: Any) -> Answer:
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    return status, headers, json.dumps(document).encode()
