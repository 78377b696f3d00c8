"""Who is signed in: what the session cookie holds, how long it lives, and the token that every form carries back.

The cookie is sealed, HttpOnly and SameSite=Lax. It ends an hour after the last visit and eight hours after signing in;
for those who hold roles also with the token of the issuer, so that nobody keeps a role longer than it was vouched for.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie

from functions.domain.errors import DependencyDown, Unauthenticated
from functions.domain.identity import Person, Session
from functions.portal import seals
from functions.runtime.wiring import ports

IDLE = timedelta(hours=1)
LONGEST = timedelta(hours=8)
RENEWED_AFTER = timedelta(minutes=5)
YEAR = timedelta(days=365)
SESSION_COOKIE = "loket"

_SESSION, _FORM = "session", "form"


@dataclass(frozen=True)
class SignedIn:
    """A session of the portal; ``end`` is when it ends however busy somebody is."""

    person: Person
    id: str
    end: datetime
    seen: datetime

    @classmethod
    def begin(cls, session: Session, now: datetime) -> SignedIn:
        """Begin a session with what the issuer vouches for."""
        end = now + LONGEST
        if session.person.roles:
            end = min(end, session.expires_at)
        return cls(session.person, secrets.token_urlsafe(16), end, now)

    @property
    def until(self) -> datetime:
        return min(self.end, self.seen + IDLE)

    def seal(self) -> str:
        content = {
            "p": self.person.to_context(),
            "s": self.id,
            "end": int(self.end.timestamp()),
            "seen": int(self.seen.timestamp()),
        }
        return seals.seal(key(), _SESSION, content, self.until)

    @classmethod
    def unseal(cls, text: str | None, now: datetime) -> SignedIn | None:
        """Give the session of a cookie; ``None`` for none, a forged one and one that has ended."""
        content = seals.unseal(key(), _SESSION, text, now) if text else None
        if content is None:
            return None
        try:
            end, seen = (datetime.fromtimestamp(content[name], UTC) for name in ("end", "seen"))
            return cls(Person.from_context(content["p"]), content["s"], end, seen)
        except (KeyError, TypeError, ValueError, Unauthenticated):
            return None

    def token(self) -> str:
        """Give the token that a form of this session carries."""
        return seals.token(key(), _FORM, self.id, secrets.token_bytes(16))

    def made(self, token: str) -> bool:
        """Tell whether a form's token is of this session."""
        return seals.is_token(key(), _FORM, self.id, token)


def key() -> bytes:
    """The key of all seals; raises `DependencyDown` where none is set up."""
    found: bytes = ports.session_key
    if not found:
        raise DependencyDown({"id": "Layanan masuk belum disiapkan.", "en": "Signing in is not set up."})
    return found


# -- cookies


def secure() -> bool:
    return str(ports.settings.public_url).startswith("https:")


def cookie_name(name: str) -> str:
    """Give a cookie's full name: over HTTPS with the prefix that keeps other hosts from setting it."""
    return f"__Host-{name}" if secure() else name


def cookie(name: str, value: str, lives: timedelta, *, http_only: bool = True) -> str:
    """Write a Set-Cookie header; an empty value takes the cookie away."""
    parts = [f"{cookie_name(name)}={value}", "Path=/", "SameSite=Lax"]
    parts.append(f"Max-Age={int(lives.total_seconds()) if value else 0}")
    return "; ".join(parts + ["HttpOnly"] * http_only + ["Secure"] * secure())


def cookies(header: str | None) -> Mapping[str, str]:
    """Read a Cookie header; one that cannot be read is none."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header or "")
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}
