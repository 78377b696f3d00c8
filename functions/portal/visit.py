"""One request of a person with a browser: who, in which language, with what; and what a page answers.

A page is a function that takes a `Visit` and the parameters of its path and gives an `Html`, a `SeeOther` or a
`Content`, or raises a `LoketError`. It asks and changes nothing by itself: it calls the functions of the API.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

from chalice.app import Request as HttpRequest
from markupsafe import Markup
from pydantic import BaseModel, ValidationError

from functions.api.http import Call, Reply, preferred_language
from functions.domain.case import Request
from functions.domain.errors import Forbidden, Invalid, Malformed, Text, TooLarge, Unauthenticated
from functions.domain.form import fault_of
from functions.domain.identity import Person
from functions.portal import messages
from functions.portal.multipart import Part, parts
from functions.portal.sessions import SESSION_COOKIE, SignedIn, cookie_name, cookies
from functions.portal.urls import origin_of
from functions.runtime.wiring import ports

Language = Literal["id", "en"]
B = TypeVar("B", bound=BaseModel)
LARGEST_FORM = 256 * 1024
LARGEST_PLAIN_FILE = 4 * 1024 * 1024
"""Lambda takes 6 MB an event, in which a file travels as base64, a third larger, together with its form."""

ONCE, CSRF = "_once", "_csrf"


@dataclass(frozen=True)
class Html:
    """A page: the template, and what it shows beside what every page knows (`rendering`).

    ``uploads`` lets its script send files straight to the store.
    """

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    uploads: str | None = None
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeeOther:
    """Go on there: an address of this portal, or a full one."""

    address: str
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Content:
    """Anything that is no page: data for the script, a file."""

    body: str
    content_type: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Any, status: int = 200) -> Content:
        return cls(json.dumps(data, ensure_ascii=False), "application/json", status)


Answer = Html | SeeOther | Content


@dataclass
class Visit:
    """One request. ``address`` is the path that was asked for, without the one under which the portal lives."""

    address: str
    request: HttpRequest

    # -- who, when, in which language

    @cached_property
    def moment(self) -> datetime:
        """The machine's time: that of sessions and links."""
        return datetime.now(UTC)

    @cached_property
    def now(self) -> datetime:
        """The law's time."""
        found: datetime = ports.clock.now()
        return found

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        return cookies(self.header("Cookie"))

    @cached_property
    def session(self) -> SignedIn | None:
        text = self.cookies.get(cookie_name(SESSION_COOKIE))
        return SignedIn.unseal(text, self.moment) if text else None

    @cached_property
    def language(self) -> Language:
        """As asked by ``?lang=``, as chosen before, as the browser says; where it does not, as the account says."""
        for wanted in (self.query.get("lang"), self.cookies.get(cookie_name("lang"))):
            if wanted in ("id", "en"):
                return wanted  # type: ignore[return-value]
        header = self.header("Accept-Language") or ""
        if self.session and not re.search(r"\b(id|en)\b", header, re.IGNORECASE):
            return self.session.person.language
        return preferred_language(header)

    @cached_property
    def person(self) -> Person:
        """Who is signed in, with the roles that colleagues have lent; raises `Unauthenticated`."""
        if self.session is None:
            raise Unauthenticated({"id": "Silakan masuk dahulu.", "en": "Sign in first."})
        person = self.session.person
        # Roles are lent among officers; a citizen's page need not ask for them.
        return replace(person, delegated=ports.delegations.of(person.username)) if person.roles else person

    # -- what came with it

    def header(self, name: str) -> str | None:
        value = self.request.headers.get(name)
        return value if isinstance(value, str) else None

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(self.request.query_params or {})

    @cached_property
    def raw(self) -> bytes:
        content = self.request.raw_body
        return content.encode() if isinstance(content, str) else content or b""

    @cached_property
    def _parts(self) -> list[Part]:
        return parts(self.raw, self.header("Content-Type") or "") if self._is_multipart else []

    @property
    def _is_multipart(self) -> bool:
        return (self.header("Content-Type") or "").startswith("multipart/form-data")

    @cached_property
    def fields(self) -> dict[str, list[str]]:
        """The values of the form by name; raises `TooLarge` and `Malformed`."""
        limit = LARGEST_PLAIN_FILE + LARGEST_FORM if self._is_multipart else LARGEST_FORM
        if len(self.raw) > limit:
            raise too_large()
        if self._is_multipart:
            found: dict[str, list[str]] = {}
            for part in self._parts:
                if part.filename is None:
                    found.setdefault(part.name, []).append(_text(part.content))
            return found
        try:
            return parse_qs(_text(self.raw), keep_blank_values=True, max_num_fields=2000)
        except ValueError:
            raise _unreadable() from None

    def field(self, name: str) -> str:
        """One value of the form, without the blanks around it; empty where there is none."""
        return self.fields.get(name, [""])[-1].strip()

    def file(self, name: str) -> Part | None:
        """The file that was chosen, if any was."""
        self.fields  # noqa: B018 - checks the size
        return next((part for part in self._parts if part.name == name and part.filename), None)

    @property
    def from_script(self) -> bool:
        """Tell whether the portal's own script asks, and wants data."""
        return self.header("X-CSRF") is not None

    @cached_property
    def json(self) -> dict[str, Any]:
        """The data that the script sent; raises `Malformed`."""
        if len(self.raw) > LARGEST_FORM:
            raise too_large()
        try:
            found = json.loads(_text(self.raw) or "{}")
        except (ValueError, RecursionError):
            raise _unreadable() from None
        if not isinstance(found, dict):
            raise _unreadable()
        return found

    def demand_own_form(self) -> None:
        """Raise `Forbidden` unless the form was made by us, for this session (no request forged by another site)."""
        session = self.session
        if session is None:
            raise Unauthenticated({"id": "Silakan masuk dahulu.", "en": "Sign in first."})
        origin = self.header("Origin")
        foreign = origin not in (None, origin_of(str(ports.settings.public_url))) and not self._local(origin)
        token = self.header("X-CSRF") or self.field(CSRF)
        if foreign or not session.made(token):
            raise Forbidden("own_form", _NOT_OURS)

    def _local(self, origin: str | None) -> bool:
        """The same machine goes by several names; what counts there is the host that was asked."""
        return bool(origin) and urlsplit(str(origin)).netloc == self.header("Host")

    # -- what pages need

    def t(self, name: str, /, **values: Any) -> Markup:
        return messages.say(name, self.language, **values)

    def has(self, name: str) -> bool:
        return messages.has(name)

    def text(self, text: Any) -> str:
        """Give a text of both languages in the visitor's."""
        return str(text[self.language] if isinstance(text, Mapping) else getattr(text, self.language))

    def ask(
        self,
        handler: Callable[..., Reply],
        *path: str,
        body: BaseModel | None = None,
        query: BaseModel | None = None,
        once: bool = False,
    ) -> Any:
        """Call a function of the API as this person, and give the body of its answer.

        ``once`` makes a form that is sent twice have its effect once. Raises what the function raises.
        """
        return self.reply(handler, *path, body=body, query=query, once=once).body

    def reply(
        self,
        handler: Callable[..., Reply],
        *path: str,
        body: BaseModel | None = None,
        query: BaseModel | None = None,
        once: bool = False,
    ) -> Reply:
        """Call a function of the API as `ask` does, and give its whole answer."""
        call = Call(_NO_ROUTE, self.request, {})
        known: dict[str, Any] = {"language": self.language, "now": self.now, "body": body, "if_match": None}
        known |= {"query": query, "key": self._request(handler.__name__, body) if once else None}
        if self.session:
            known["person"] = self.person
        call.__dict__.update(known)
        return handler(call, *path)

    def _request(self, act: str, body: BaseModel | None) -> Request | None:
        """The same form with other content is another wish, not a mistake: its content belongs to the key."""
        token = self.field(ONCE)
        if not token:
            return None
        said = json.dumps([act, self.address, token, body.model_dump(mode="json") if body else None])
        digest = hashlib.sha256(said.encode()).hexdigest()
        return Request(f"{self.person.username}:{digest}", digest)


_NO_ROUTE: Any = None
"""A page is none of the routes of the API: what those would read from the request, it gives as it is."""


def checked(model: type[B], **values: Any) -> B:
    """Read what a form said into the API's model; raises `Invalid` with every fault."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Invalid([fault_of(item) for item in error.errors(include_url=False)]) from None


def too_large() -> TooLarge:
    return TooLarge(
        {
            "id": f"Kiriman terlalu besar. Tanpa JavaScript, berkas paling besar {LARGEST_PLAIN_FILE >> 20} MB.",
            "en": f"That is too large. Without JavaScript a file may have {LARGEST_PLAIN_FILE >> 20} MB at most.",
        }
    )


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _unreadable() from None


def _unreadable() -> Malformed:
    return Malformed({"id": "Formulir tidak terbaca.", "en": "The form cannot be read."})


_NOT_OURS: Text = {
    "id": "Formulir ini bukan dari sesi Anda yang sekarang. Muat ulang halamannya, lalu kirim sekali lagi.",
    "en": "This form is not of your present session. Load the page again, then send it once more.",
}
