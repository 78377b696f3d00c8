"""Who acts: a person, the roles of ``agency/role`` that they hold, and those that colleagues have lent them.

Claims follow OpenID Connect Core 1.0 §5.1. Periods run from ``since`` (included) to ``until`` (excluded).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote, unquote

from functions.domain.errors import Forbidden, Text, Unauthenticated

Kind = Literal["applicant", "officer", "supervisor", "admin", "integrator"]
Language = Literal["id", "en"]
Reason = Literal[
    "missing",
    "malformed",
    "algorithm",
    "unknown_key",
    "signature",
    "issuer",
    "audience",
    "purpose",
    "expired",
    "not_yet_valid",
    "claims",
]

ROLES_CLAIM = "loket:roles"
EMPLOYEE_NUMBER_CLAIM = "loket:employee_number"
# Cognito's own username comes first: there a person may change their preferred_username at will.
USERNAME_CLAIMS = ("cognito:username", "preferred_username", "username", "sub")
# These are actors of the history who are no person; an account of that name could sign for them.
RESERVED = frozenset({"system", "law"})

_ROLE = re.compile(r"[a-z][a-z0-9-]*/[a-z][a-z0-9-]*")
_BETWEEN_ROLES = re.compile(r'[\s,"\[\]]+')
_LONGEST_USERNAME = 128
# Quotes and bytes beyond ASCII in a context have broken API Gateway's cached authorizer answers.
_PLAIN = " @/:+,"

_REASONS: Mapping[Reason, Text] = {
    "missing": {"id": "Token tidak disertakan.", "en": "No bearer token was sent."},
    "malformed": {"id": "Token tidak terbaca.", "en": "The token cannot be read."},
    "algorithm": {"id": "Algoritma token tidak diterima.", "en": "The token's algorithm is not accepted."},
    "unknown_key": {"id": "Kunci token tidak dikenal.", "en": "The token's key is unknown."},
    "signature": {"id": "Tanda tangan token salah.", "en": "The token's signature is wrong."},
    "issuer": {"id": "Penerbit token tidak dikenal.", "en": "The token has another issuer."},
    "audience": {"id": "Token bukan untuk layanan ini.", "en": "The token is meant for another service."},
    "purpose": {"id": "Jenis token tidak diterima.", "en": "This kind of token is not accepted."},
    "expired": {
        "id": "Sesi telah berakhir. Silakan masuk lagi.",
        "en": "The session has ended. Sign in again.",
    },
    "not_yet_valid": {"id": "Token belum berlaku.", "en": "The token is not valid yet."},
    "claims": {"id": "Isi token tidak lengkap.", "en": "The token lacks a claim that is needed."},
}


class TokenInvalid(Unauthenticated):
    """``reason`` says what is wrong with the token, and is safe to show and to log."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_REASONS[reason], reason=reason)
        self.reason: Reason = reason


@dataclass(frozen=True)
class Delegation:
    """A role that ``from_user`` has lent for a period; both times are aware."""

    role: str
    from_user: str
    since: datetime
    until: datetime

    def in_force(self, now: datetime) -> bool:
        return self.since <= now < self.until


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in. ``username`` is a pseudonym that the history keeps; all else is personal."""

    username: str
    name: str
    roles: frozenset[str] = frozenset()
    delegated: tuple[Delegation, ...] = ()
    email: str | None = None
    phone: str | None = None
    employee_number: str | None = None
    language: Language = "id"

    @property
    def kind(self) -> Kind:
        """By own roles: a role that was lent makes nobody a supervisor."""
        return kind_of(self.roles)

    @property
    def agencies(self) -> frozenset[str]:
        """The agencies of the own roles."""
        return agencies_of(self.roles)

    def agencies_at(self, now: datetime) -> frozenset[str]:
        return agencies_of(self.roles_at(now))

    def agencies_as(self, name: str, now: datetime) -> list[str]:
        """The agencies in which the role of this name is held, in order."""
        return sorted(agencies_of(role for role in self.roles_at(now) if role.endswith(f"/{name}")))

    def roles_at(self, now: datetime) -> frozenset[str]:
        return self.roles | {lent.role for lent in self.delegated if lent.in_force(now)}

    def holds(self, role: str, now: datetime) -> bool:
        return role in self.roles_at(now)

    def on_behalf_of(self, role: str, now: datetime) -> str | None:
        """Return the username who lent the role; None for an own role or one that is not held.

        Where several have lent it, the earliest counts.
        """
        if role in self.roles:
            return None
        lent = [one for one in self.delegated if one.role == role and one.in_force(now)]
        return min(lent, key=lambda one: (one.since, one.from_user)).from_user if lent else None

    def to_context(self) -> dict[str, str]:
        """Return the flat ASCII strings that an API Gateway authorizer can hand on."""
        values = {
            "username": self.username,
            "name": self.name,
            "roles": " ".join(sorted(self.roles)),
            "delegated": " ".join(_delegation_to_text(lent) for lent in self.delegated),
            "email": self.email,
            "phone": self.phone,
            "employee_number": self.employee_number,
            "language": self.language,
        }
        return {key: quote(value, safe=_PLAIN) for key, value in values.items() if value}

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Person:
        """Read back `to_context`; keys that API Gateway adds are passed over.

        Raises Unauthenticated when the context names nobody or is not one of ours.
        """
        values = {key: unquote(value) for key, value in context.items() if isinstance(value, str)}
        if not values.get("username"):
            raise TokenInvalid("missing")
        try:
            delegated = tuple(_delegation_from_text(text) for text in values.get("delegated", "").split())
        except ValueError:
            raise TokenInvalid("malformed") from None
        return cls(
            username=values["username"],
            name=values.get("name", values["username"]),
            roles=frozenset(values.get("roles", "").split()),
            delegated=delegated,
            email=values.get("email"),
            phone=values.get("phone"),
            employee_number=values.get("employee_number"),
            language=_language(values.get("language")),
        )


@dataclass(frozen=True)
class Session:
    """A person, and until when the token that says so may be believed (by the machine's time)."""

    person: Person
    expires_at: datetime

    def to_context(self) -> dict[str, str]:
        return {**self.person.to_context(), "expires_at": str(int(self.expires_at.timestamp()))}

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Session:
        """Raises Unauthenticated when the context names nobody or no end."""
        person = Person.from_context(context)
        try:
            expires_at = datetime.fromtimestamp(int(str(context["expires_at"])), UTC)
        except (KeyError, ValueError, OverflowError, OSError):
            raise TokenInvalid("malformed") from None
        return cls(person, expires_at)

    def person_at(self, moment: datetime) -> Person:
        """Return the person; raises TokenInvalid once the session has ended.

        API Gateway goes on answering from its cache for minutes after a token has expired.
        """
        if moment >= self.expires_at:
            raise TokenInvalid("expired")
        return self.person


def from_claims(
    claims: Mapping[str, object],
    *,
    roles_claim: str = ROLES_CLAIM,
    employee_number_claim: str = EMPLOYEE_NUMBER_CLAIM,
    username_claims: Sequence[str] = USERNAME_CLAIMS,
) -> Person:
    """Read a person out of verified claims; what is unknown or misshapen counts as absent.

    Raises Forbidden (``named_person``) when the claims name nobody who may act here.
    """
    username = _username(claims, username_claims)
    return Person(
        username=username,
        name=_string(claims, "name") or username,
        roles=_roles(claims.get(roles_claim)),
        email=_string(claims, "email"),
        phone=_string(claims, "phone_number"),
        employee_number=_string(claims, employee_number_claim),
        language=_language(claims.get("locale")),
    )


def kind_of(roles: Iterable[str]) -> Kind:
    """Return the one word for what somebody is here; an integrator has no other role."""
    names = {role.partition("/")[2] for role in roles}
    if "admin" in names:
        return "admin"
    if "supervisor" in names:
        return "supervisor"
    if names == {"integrator"}:
        return "integrator"
    return "officer" if names else "applicant"


def agencies_of(roles: Iterable[str]) -> frozenset[str]:
    return frozenset(role.partition("/")[0] for role in roles)


def is_username(value: str) -> bool:
    """Tell whether a name may stand as an actor of the history and inside a key."""
    fit = 0 < len(value) <= _LONGEST_USERNAME and value.isprintable()
    return fit and not re.search(r"[\s/#]", value) and value.casefold() not in RESERVED


def _username(claims: Mapping[str, object], names: Sequence[str]) -> str:
    username = next((found for name in names if (found := _string(claims, name))), "")
    if not is_username(username):
        raise Forbidden(
            "named_person",
            {
                "id": "Akun ini tidak memiliki nama pengguna yang dapat dipakai.",
                "en": "This account has no username that can be used here.",
            },
        )
    return username


def _roles(value: object) -> frozenset[str]:
    """Accept a list, or one string that separates by blanks or commas, as some issuers send it."""
    if isinstance(value, str):
        value = _BETWEEN_ROLES.split(value)
    if not isinstance(value, (list, tuple)):
        return frozenset()
    return frozenset(role for role in value if isinstance(role, str) and _ROLE.fullmatch(role))


def _string(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None


def _language(locale: object) -> Language:
    return "en" if isinstance(locale, str) and locale.casefold().startswith("en") else "id"


def _delegation_to_text(lent: Delegation) -> str:
    from_user = quote(lent.from_user, safe="")
    return f"{lent.role},{from_user},{lent.since.isoformat()},{lent.until.isoformat()}"


def _delegation_from_text(text: str) -> Delegation:
    role, from_user, since, until = text.split(",")
    return Delegation(role, unquote(from_user), datetime.fromisoformat(since), datetime.fromisoformat(until))
