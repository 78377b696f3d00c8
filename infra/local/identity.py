"""The local sign-in: an OpenID Connect issuer for the people of ``users.yaml``, in process and over HTTP.

It never runs in a deployed system. Tokens live by the machine's time, whatever the local clock says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import jwt
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from pydantic import Field, ValidationError, model_validator

from functions.domain.errors import Malformed, NotFound
from functions.domain.identity import EMPLOYEE_NUMBER_CLAIM, ROLES_CLAIM, Language, is_username, kind_of
from functions.domain.service import Audience, Model, Name, Role

USERS = Path(__file__).with_name("users.yaml")
AGENCIES = Path(__file__).parents[2] / "workflows" / "agencies.yaml"
AUDIENCE = "loket"
HOLDERS_NEEDED = 2

_CODE_LIVES = timedelta(seconds=60)
_KEYS_PUBLISHED = 2

ServicesFor = Callable[[frozenset[Audience]], Sequence[str]]


class UsersInvalid(ValueError):
    """``faults`` lists every fault of the file, with its line and what to do."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class User(Model):
    """``services`` replaces what the audiences would give; ``audiences`` as in the services' definitions."""

    username: str
    name: Annotated[str, Field(min_length=1)]
    roles: tuple[Role, ...] = ()
    audiences: frozenset[Audience] = frozenset()
    services: tuple[Name, ...] | None = None
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    phone: Annotated[str, Field(pattern=r"^\+\d{8,15}$")] | None = None
    employee_number: Annotated[str, Field(pattern=r"^\d{18}$")] | None = None
    language: Language = "id"

    @model_validator(mode="after")
    def _applicants_can_be_reached(self) -> User:
        if not is_username(self.username):
            raise ValueError(
                f"{self.username!r} cannot be a username: no blank, '/' or '#', not 'system' or 'law'"
            )
        if not self.roles and not (self.email and self.phone):
            raise ValueError(f"{self.username} is an applicant: give email and phone, notices go there")
        return self


class Directory(Model):
    """The people who can sign in."""

    users: tuple[User, ...]

    def holders(self, role: str) -> tuple[User, ...]:
        return tuple(user for user in self.users if role in user.roles)

    def user(self, username: str) -> User:
        """Raises NotFound."""
        for user in self.users:
            if user.username == username:
                return user
        raise NotFound({"id": "Pengguna ini tidak ada.", "en": "There is no such user."}, code="user-unknown")


def agency_roles(path: Path = AGENCIES) -> tuple[str, ...]:
    """Return every ``agency/role`` that the agencies have."""
    return _roles_in(path.read_text(encoding="utf-8"))


@cache
def _roles_in(text: str) -> tuple[str, ...]:
    agencies = yaml.safe_load(text)
    return tuple(f"{code}/{role}" for code, agency in agencies.items() for role in agency["roles"])


def load_directory(path: Path = USERS, roles: Collection[str] | None = None) -> Directory:
    """Read the users' file and prove that it fits the roles, by default those of ``workflows/agencies.yaml``.

    Raises UsersInvalid with every fault.
    """
    return _directory_in(
        path, path.read_text(encoding="utf-8"), agency_roles() if roles is None else tuple(roles)
    )


@cache
def _directory_in(path: Path, text: str, roles: tuple[str, ...]) -> Directory:
    try:
        tree, content = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
        directory = Directory.model_validate(content)
    except yaml.YAMLError as error:
        raise UsersInvalid([f"{path.name}: {error}"]) from None
    except ValidationError as error:
        raise UsersInvalid(
            _located(path, tree, [(one["loc"], one["msg"]) for one in error.errors()])
        ) from None
    if faults := list(_contradictions(directory, roles)):
        raise UsersInvalid(_located(path, tree, faults))
    return directory


class LocalIdentity:
    """The issuer. ``issuer`` is the address under which the local gateway serves `discovery` and `jwks`.

    ``services_for`` tells which services the given audiences may file.
    """

    def __init__(
        self,
        issuer: str,
        directory: Directory,
        *,
        services_for: ServicesFor = lambda audiences: (),
        audience: str = AUDIENCE,
        key: EllipticCurvePrivateKey | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._directory = directory
        self._services_for = services_for
        self._now = now
        self._lock = threading.Lock()
        self._keys = [key or _key_of_this_process()]
        self._grants: dict[str, _Grant] = {}

    def users(self) -> list[dict[str, Any]]:
        """Return everybody in the shape of ``GET /local/users``."""
        return [self._entry(user) for user in self._directory.users]

    def token(self, username: str, lifetime: timedelta = timedelta(hours=8)) -> str:
        """Return a signed token for the user; raises NotFound."""
        return self._sign(self._claims(self._directory.user(username), lifetime))

    def jwks(self) -> dict[str, Any]:
        """Return the public keys, the current one first (RFC 7517)."""
        return {"keys": [_public_jwk(key) for key in self._keys]}

    def rotate(self) -> None:
        """Sign with a new key from now on. The one before stays published, so its tokens live on until the next."""
        with self._lock:
            self._keys = [generate_private_key(SECP256R1()), *self._keys][:_KEYS_PUBLISHED]

    def discovery(self) -> dict[str, Any]:
        """Return the document of ``/.well-known/openid-configuration`` (OIDC Discovery §3)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks.json",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
        }

    def grant(self, username: str, *, redirect_uri: str, challenge: str, nonce: str | None = None) -> str:
        """Return a code for the user who has just signed in, bound to the S256 challenge (RFC 7636).

        Raises NotFound.
        """
        self._directory.user(username)
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._grants = {old: one for old, one in self._grants.items() if one.until > self._now()}
            self._grants[code] = _Grant(username, redirect_uri, challenge, nonce, self._now() + _CODE_LIVES)
        return code

    def redeem(self, code: str, *, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """Return the token answer for a code, which works once (RFC 6749 §5.1); raises Malformed."""
        with self._lock:
            grant = self._grants.pop(code, None)
        if grant is None or grant.until <= self._now() or grant.redirect_uri != redirect_uri:
            raise _grant_refused()
        if not hmac.compare_digest(_s256(verifier).encode(), grant.challenge.encode()):
            raise _grant_refused()
        lifetime = timedelta(hours=8)
        claims = self._claims(self._directory.user(grant.username), lifetime)
        token = self._sign(claims if grant.nonce is None else {**claims, "nonce": grant.nonce})
        seconds = int(lifetime.total_seconds())
        return {"access_token": token, "id_token": token, "token_type": "Bearer", "expires_in": seconds}

    def _entry(self, user: User) -> dict[str, Any]:
        services = self._services_for(user.audiences) if user.services is None else user.services
        entry: dict[str, Any] = {
            "username": user.username,
            "name": user.name,
            "kind": kind_of(user.roles),
            "roles": list(user.roles),
            "services": list(services),
        }
        return entry if user.employee_number is None else {**entry, "employee_number": user.employee_number}

    def _claims(self, user: User, lifetime: timedelta) -> dict[str, Any]:
        now = self._now()
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": user.username,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "jti": secrets.token_urlsafe(12),
            "preferred_username": user.username,
            "name": user.name,
            "locale": user.language,
            "email": user.email,
            "phone_number": user.phone,
            ROLES_CLAIM: list(user.roles),
            EMPLOYEE_NUMBER_CLAIM: user.employee_number,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def _sign(self, claims: Mapping[str, Any]) -> str:
        key = self._keys[0]
        return jwt.encode(dict(claims), key, algorithm="ES256", headers={"kid": _public_jwk(key)["kid"]})


@dataclass(frozen=True)
class _Grant:
    username: str
    redirect_uri: str
    challenge: str
    nonce: str | None
    until: datetime


def key_kept_at(path: Path) -> EllipticCurvePrivateKey:
    """Return the signing key of the file, made at the first call, so that tokens outlive a restart."""
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, EllipticCurvePrivateKey):
            raise ValueError(f"{path} holds no EC key; remove it and a new one is made.")
        return key
    key = generate_private_key(SECP256R1())
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return key


@cache
def _key_of_this_process() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def _public_jwk(key: EllipticCurvePrivateKey) -> dict[str, str]:
    """Return the key as a JWK whose id is its thumbprint (RFC 7638)."""
    point = key.public_key().public_numbers()
    jwk = {
        "crv": "P-256",
        "kty": "EC",
        "x": _base64url(_coordinate(point.x)),
        "y": _base64url(_coordinate(point.y)),
    }
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    kid = _base64url(hashlib.sha256(canonical).digest())
    return {**jwk, "kid": kid, "use": "sig", "alg": "ES256"}


def _coordinate(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _s256(verifier: str) -> str:
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def _grant_refused() -> Malformed:
    return Malformed(
        {"id": "Kode masuk tidak berlaku.", "en": "The sign-in code is not valid."}, code="invalid-grant"
    )


Fault = tuple[tuple[str | int, ...], str]


def _contradictions(directory: Directory, roles: Collection[str]) -> Iterator[Fault]:
    for index, user in enumerate(directory.users):
        for place, role in enumerate(user.roles):
            if role not in roles:
                yield (
                    ("users", index, "roles", place),
                    f"no agency has the role {role}: mend it or add it there",
                )
    yield from _repeated("username", [user.username for user in directory.users])
    yield from _repeated("employee_number", [user.employee_number for user in directory.users])
    for role in roles:
        held = len(directory.holders(role))
        if held < HOLDERS_NEEDED:
            yield ("users",), f"{role} is held by {held}: give it to {HOLDERS_NEEDED - held} more"


def _repeated(field: str, values: Collection[str | None]) -> Iterator[Fault]:
    present = sorted((value, index) for index, value in enumerate(values) if value is not None)
    for (first, _), (second, index) in pairwise(present):
        if first == second:
            yield ("users", index, field), f"{second} is taken already: choose another"


def _located(path: Path, tree: yaml.Node | None, faults: Sequence[Fault]) -> list[str]:
    return [
        f"{path.name}:{_line(tree, place)}: {'.'.join(map(str, place))}: {what}" for place, what in faults
    ]


def _line(tree: yaml.Node | None, place: Sequence[str | int]) -> int:
    """Return the line of the innermost part of the place that the file has."""
    node = tree
    for step in place:
        inner = _child(node, step)
        if inner is None:
            break
        node = inner
    return 1 if node is None else node.start_mark.line + 1


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    return None
