"""Signing in at the issuer: authorization code with PKCE (OpenID Connect Core §3.1, RFC 7636), for a public client.

Where its pages are is asked of the issuer's discovery document, once.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

from functions.adapters.oidc import TokenVerifier, fetch_json
from functions.domain.errors import DependencyDown, Malformed
from functions.domain.identity import Session, TokenInvalid

SCOPES = "openid profile email phone"
_PATIENCE = 5.0

Fetch = Callable[[str, Mapping[str, str] | None], Mapping[str, Any]]


class Issuer:
    """The sign-in service of the installation. ``client`` is how it knows the portal.

    ``fetch`` reads an address of it, or sends a form there; by default over HTTPS.
    """

    def __init__(
        self,
        issuer: str,
        client: str,
        tokens: TokenVerifier,
        *,
        fetch: Fetch = lambda url, form: fetch_json(url, timeout=_PATIENCE, form=form),
    ) -> None:
        self._issuer, self._client, self._tokens = issuer.rstrip("/"), client, tokens
        self._fetch = fetch

    @cached_property
    def _described(self) -> Mapping[str, Any]:
        return self._fetch(f"{self._issuer}/.well-known/openid-configuration", None)

    def address(self, *, redirect: str, state: str, nonce: str, challenge: str) -> str:
        """Give the address at which somebody signs in; raises `DependencyDown`."""
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": redirect,
            "scope": SCOPES,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._described['authorization_endpoint']}?{urlencode(asked)}"

    def redeem(self, code: str, *, redirect: str, verifier: str, nonce: str) -> Session:
        """Give who has signed in.

        Raises `Malformed` for a code that is not valid, `TokenInvalid` or `Forbidden` for an identity token that is
        not good or not for this sign-in, `DependencyDown`.
        """
        asked = {
            "grant_type": "authorization_code",
            "client_id": self._client,
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        token = self._asked(asked).get("id_token")
        if not isinstance(token, str):
            raise TokenInvalid("missing")
        told = self._tokens.claims(token).get("nonce")
        if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
            raise TokenInvalid("claims")
        return self._tokens.verify(token)

    def _asked(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            return self._fetch(self._described["token_endpoint"], form)
        except DependencyDown as down:
            if isinstance(down.__cause__, HTTPError) and down.__cause__.code == 400:
                raise _code_refused() from down
            raise

    def end(self, *, back: str) -> str | None:
        """Give the address at which somebody signs out of the issuer too, if it has one."""
        address = self._described.get("end_session_endpoint")
        if not isinstance(address, str):
            return None
        # Cognito has a name of its own for the address to come back to.
        asked = {"client_id": self._client, "post_logout_redirect_uri": back, "logout_uri": back}
        return f"{address}?{urlencode(asked)}"


def _code_refused() -> Malformed:
    return Malformed(
        {
            "id": "Kode masuk tidak berlaku lagi. Masuk sekali lagi.",
            "en": "The sign-in code has ended. Sign in again.",
        },
        code="invalid-grant",
    )
