"""OpenID Connect: bearer tokens verified against the issuer's published keys (RFC 7519, 7517, 8725).

Expiry is judged by the machine's time, never by the law's clock. Only asymmetric algorithms are accepted, and
for each key only those that fit it, so that no token chooses how it is checked.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt

from functions.domain.errors import DependencyDown
from functions.domain.identity import Person, Reason, Session, TokenInvalid, from_claims

Fetch = Callable[[], Mapping[str, Any]]

ALGORITHMS = frozenset({"RS256", "PS256", "ES256"})
_BY_TYPE = {("RSA", None): frozenset({"RS256", "PS256"}), ("EC", "P-256"): frozenset({"ES256"})}
_LONGEST_TOKEN = 10_240  # API Gateway lets all headers together have no more
_LARGEST_DOCUMENT = 256 * 1024
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# The first class that fits is the reason; subclasses stand before the classes they come from.
_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (jwt.ExpiredSignatureError, "expired"),
    (jwt.ImmatureSignatureError, "not_yet_valid"),
    (jwt.InvalidIssuerError, "issuer"),
    (jwt.InvalidAudienceError, "audience"),
    (jwt.MissingRequiredClaimError, "claims"),
    (jwt.InvalidSignatureError, "signature"),
    (jwt.InvalidAlgorithmError, "algorithm"),
    (jwt.InvalidKeyError, "algorithm"),
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SigningKey:
    """A public key and the algorithms that it may verify."""

    key: Any
    algorithms: frozenset[str]


class SigningKeys:
    """The issuer's keys, kept for ``ttl`` seconds.

    An unknown key id leads to one more fetch, but never sooner than ``cooldown`` seconds after the last, so that
    invented ids cost the issuer nothing. When a fetch fails, the keys at hand go on for ``stale_for`` seconds in
    all, and the next try waits ``retry`` seconds.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        ttl: float = 3600.0,
        cooldown: float = 30.0,
        retry: float = 2.0,
        stale_for: float = 86_400.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._ttl, self._cooldown, self._retry, self._stale_for = ttl, cooldown, retry, stale_for
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at = -math.inf
        self._next_fetch = -math.inf

    def key(self, kid: str) -> SigningKey | None:
        """Return the key, or None if the issuer has none of this id.

        Raises DependencyDown when there are no keys to judge by.
        """
        if kid not in self._keys:
            self._refresh(wait=True)
        elif self._age() >= self._ttl:
            self._refresh(wait=False)
        if self._age() >= self._stale_for:
            raise _issuer_down()
        return self._keys.get(kid)

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _refresh(self, *, wait: bool) -> None:
        # Who has a key in hand does not wait for another thread that fetches already.
        if not self._lock.acquire(blocking=wait):
            return
        try:
            if self._clock() >= self._next_fetch:
                self._fetch_now()
        finally:
            self._lock.release()

    def _fetch_now(self) -> None:
        try:
            keys = _usable(self._fetch())
            if not keys:
                raise _issuer_down()
        except DependencyDown as down:
            self._next_fetch = self._clock() + self._retry
            logger.warning("the issuer's keys could not be fetched: %s", down.__cause__ or "none is usable")
            return
        self._keys, self._fetched_at = keys, self._clock()
        self._next_fetch = self._fetched_at + self._cooldown


class TokenVerifier:
    """Turns a bearer token into a session, or says why not.

    ``audience_claim`` and ``token_use`` are for Cognito, whose access tokens name the client in ``client_id``
    and have no ``aud``: ``audience_claim="client_id", token_use="access"``.
    """

    def __init__(
        self,
        issuer: str,
        audience: str | Collection[str],
        keys: SigningKeys,
        *,
        audience_claim: str = "aud",
        token_use: str | None = None,
        algorithms: Collection[str] = ALGORITHMS,
        leeway: float = 10.0,
        person_of: Callable[[Mapping[str, object]], Person] = from_claims,
    ) -> None:
        self._issuer = issuer
        self._audience = frozenset({audience} if isinstance(audience, str) else audience) - {""}
        self._keys = keys
        self._audience_claim = audience_claim
        self._token_use = token_use
        self._algorithms = frozenset(algorithms)
        self._leeway = leeway
        self._person_of = person_of
        if not issuer or not self._audience:
            raise ValueError("An issuer and an audience are needed: without them any token would do.")
        if not self._algorithms <= ALGORITHMS:
            raise ValueError(f"Only {', '.join(sorted(ALGORITHMS))} are accepted.")

    def verify(self, token: str) -> Session:
        """Return who signed in and until when.

        Raises TokenInvalid with its reason, Forbidden when a valid token names nobody, and DependencyDown when
        the issuer's keys are out of reach.
        """
        claims = self.claims(token)
        try:
            expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except (ValueError, OverflowError, OSError):
            raise TokenInvalid("claims") from None
        return Session(self._person_of(claims), expires_at)

    def claims(self, token: str) -> Mapping[str, Any]:
        """Return the verified claims; raises as `verify` does."""
        algorithm, kid = self._header(token)
        key = self._keys.key(kid)
        if key is None:
            raise TokenInvalid("unknown_key")
        if algorithm not in key.algorithms:
            raise TokenInvalid("algorithm")
        claims = self._decode(token, key.key, algorithm)
        self._check_use(claims)
        return claims

    def _header(self, token: str) -> tuple[str, str]:
        if len(token) > _LONGEST_TOKEN:
            raise TokenInvalid("malformed")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise TokenInvalid("malformed") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise TokenInvalid("algorithm")
        if not isinstance(kid, str):
            raise TokenInvalid("unknown_key")
        return algorithm, kid

    def _decode(self, token: str, key: Any, algorithm: str) -> Mapping[str, Any]:
        by_aud = self._audience_claim == "aud"
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=self._audience if by_aud else None,
                leeway=self._leeway,
                options={
                    "require": ["exp", "iat", "iss", "sub", self._audience_claim],
                    "verify_aud": by_aud,
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise TokenInvalid(_reason(error)) from None
        return claims

    def _check_use(self, claims: Mapping[str, Any]) -> None:
        client = claims[self._audience_claim]
        if self._audience_claim != "aud" and not (isinstance(client, str) and client in self._audience):
            raise TokenInvalid("audience")
        if self._token_use is not None and claims.get("token_use") != self._token_use:
            raise TokenInvalid("purpose")


def jwks_at(url: str, *, timeout: float = 3.0) -> Fetch:
    """Return a source of keys that reads the JWKS document at the address."""
    return lambda: fetch_json(url, timeout=timeout)


def jwks_of(issuer: str, *, timeout: float = 3.0) -> Fetch:
    """Return a source of keys that asks the issuer's discovery document where they are (OIDC Discovery §4)."""

    def fetch() -> Mapping[str, Any]:
        document = fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=timeout)
        if document.get("issuer") != issuer or not isinstance(document.get("jwks_uri"), str):
            raise _issuer_down() from ValueError(
                "the discovery document is of another issuer or names no keys"
            )
        return fetch_json(document["jwks_uri"], timeout=timeout)

    return fetch


def fetch_json(url: str, *, timeout: float, form: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """Read one JSON object over HTTPS (plain HTTP on the loopback only), following no redirect.

    With a form it is sent there. Raises DependencyDown for whatever hinders that.
    """
    address = urlsplit(url)
    if address.scheme != "https" and not (address.scheme == "http" and address.hostname in _LOOPBACK):
        raise _issuer_down() from ValueError("keys are fetched over HTTPS only")
    content = urlencode(form).encode() if form is not None else None
    try:
        request = Request(url, content, {"Accept": "application/json"})  # noqa: S310 - checked above
        with build_opener(_NoRedirect).open(request, timeout=timeout) as answer:
            document = json.loads(answer.read(_LARGEST_DOCUMENT))
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        if isinstance(error, HTTPError):
            error.close()
        raise _issuer_down() from error
    if not isinstance(document, dict):
        raise _issuer_down() from ValueError("the document is no JSON object")
    return document


class _NoRedirect(HTTPRedirectHandler):
    """An address that was configured must not be led elsewhere by its answer."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _usable(document: Mapping[str, Any]) -> dict[str, SigningKey]:
    """Return the keys that can verify signatures; a key we cannot read does not spoil the others."""
    listed = document.get("keys")
    found = {}
    for jwk in listed if isinstance(listed, list) else ():
        if isinstance(jwk, dict) and isinstance(jwk.get("kid"), str) and (key := _signing_key(jwk)):
            found[jwk["kid"]] = key
    return found


def _signing_key(jwk: dict[str, Any]) -> SigningKey | None:
    if jwk.get("use", "sig") != "sig":
        return None
    fit = _BY_TYPE.get((str(jwk.get("kty")), jwk.get("crv")), frozenset())
    algorithms = fit & {jwk["alg"]} if isinstance(jwk.get("alg"), str) else fit
    if not algorithms:
        return None
    try:
        return SigningKey(jwt.PyJWK.from_dict(jwk).key, algorithms)
    except (jwt.PyJWTError, ValueError):
        return None


def _reason(error: Exception) -> Reason:
    if isinstance(error, jwt.MissingRequiredClaimError) and error.claim in ("aud", "client_id"):
        return "audience"
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "malformed")


def _issuer_down() -> DependencyDown:
    return DependencyDown(
        {
            "id": "Layanan masuk sedang tidak menjawab. Coba lagi sebentar.",
            "en": "The sign-in service does not answer. Try again in a moment.",
        }
    )
