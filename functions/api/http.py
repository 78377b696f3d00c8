"""The HTTP edge: what every route does alike, and a handler need not know.

    request ▶ who calls ▶ language ▶ query ▶ body ▶ handler(call, **path) ▶ Reply ▶ headers, JSON
                └──────────┴───────────┴──────┴─── LoketError ▶ problem document (RFC 9457)

A resource is a module with a ``blueprint`` and handlers that `route` registers; `ROUTES` is what the OpenAPI
document is made of. A handler gets a `Call` and the path's parameters, raises `LoketError`s and gives a `Reply`:

    @route(blueprint, "POST", "/v1/things/{thing}/move", summary={"id": "Pindahkan", "en": "Move it"},
           body=Move, answer=Thing)
    def move(call: Call, thing: str) -> Reply:
        return Reply(Thing(...), version=7)
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import unquote

from chalice.app import Blueprint, Response
from chalice.app import Request as HttpRequest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions.api.authorizer import authorizer, caller
from functions.domain import form as forms
from functions.domain.case import Request
from functions.domain.errors import (
    DependencyDown,
    Fault,
    Invalid,
    LoketError,
    Malformed,
    Stale,
    Text,
    TooLarge,
)
from functions.domain.identity import Person
from functions.runtime.wiring import ports

Language = Literal["id", "en"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

MAX_BODY_BYTES = 256 * 1024
DEEPEST = 32
PROBLEM_TYPE = "urn:loket:problem:"
"""The same that API Gateway's own answers use; `infra/refusals.py` lists those."""
NO_VERSION = -1
"""An If-Match that no version fulfils."""

_KEY_LIMIT = 200
_JSON = re.compile(r"application/(?:[\w.-]+\+)?json", re.IGNORECASE)
_ETAG = re.compile(r'(W/)?"([^"]*)"')
_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}
_PLAIN_CONTENT = "default-src 'none'; frame-ancestors 'none'"


class Body(BaseModel):
    """What a client sends: nothing unknown, and no text where a number is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Query(BaseModel):
    """What stands behind the ``?``; what is unknown is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Paged(Query):
    """Every list: at most a hundred entries, and where to go on."""

    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=4000, description="`next` of the page before")


class Answer(BaseModel):
    """What a client gets. A field that a handler leaves out is left out of the JSON."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=False)


class Nothing(Body):
    """An empty object, or no body at all."""


@dataclass(frozen=True)
class Route:
    """One method of one path, as it is registered and as the OpenAPI document shows it."""

    method: Method
    path: str
    module: str
    name: str
    summary: Text
    body: type[BaseModel]
    query: type[BaseModel]
    answer: type[BaseModel] | None
    status: int
    public: bool
    media_types: tuple[str, ...]
    versioned: bool
    signed: bool
    description: Text | None = None

    @property
    def changes(self) -> bool:
        return self.method != "GET"


ROUTES: list[Route] = []


@dataclass
class Reply:
    """What a handler answers. ``body`` is a model, or text of another ``content_type``.

    ``version`` becomes the ETag. ``cache`` lets anybody keep the answer for so many seconds; without it nobody may.
    """

    body: BaseModel | str | None = None
    status: int | None = None
    version: int | None = None
    location: str | None = None
    cache: int | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request: who calls, in which language, with what. Read lazily, so that faults come in a sensible order."""

    route: Route
    request: HttpRequest
    path: Mapping[str, str]

    @cached_property
    def language(self) -> Language:
        """By ``?lang=`` for links and pictures, else by Accept-Language; Indonesian unless English is preferred."""
        asked = (self.request.query_params or {}).get("lang")
        if asked in ("id", "en"):
            return asked  # type: ignore[return-value]
        return preferred_language(self.header("Accept-Language"))

    @cached_property
    def person(self) -> Person:
        """Who calls; raises `Unauthenticated`. Security's time is the machine's."""
        return caller(self.request.context.get("authorizer") or {}, datetime.now(UTC))

    @cached_property
    def now(self) -> datetime:
        """The law's time."""
        found: datetime = ports.clock.now()
        return found

    @cached_property
    def query(self) -> Any:
        """The parameters behind the ``?`` in the route's model; raises `Malformed`."""
        given = dict(self.request.query_params or {})
        try:
            return self.route.query.model_validate(
                {name: value for name, value in given.items() if value != ""}
            )
        except ValidationError as error:
            raise Malformed(
                {
                    "id": "Parameter alamat tidak dapat dipakai.",
                    "en": "A parameter of the address cannot be used.",
                },
                code="bad-query",
                errors=[
                    {"parameter": fault.pointer[1:], "message": fault.message[self.language]}
                    for fault in map(forms.fault_of, error.errors(include_url=False))
                ],
            ) from None

    @cached_property
    def raw(self) -> bytes:
        """The body as it came; raises `TooLarge`."""
        content = self.request.raw_body
        content = content.encode() if isinstance(content, str) else content
        if len(content) > MAX_BODY_BYTES:
            limit = MAX_BODY_BYTES // 1024
            raise TooLarge(
                {"id": f"Isi permintaan melebihi {limit} KB.", "en": f"The body is larger than {limit} KB."}
            )
        return content

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as an object; raises `Malformed` or `TooLarge`. No body at all is an empty object."""
        if not self.raw.strip():
            return {}
        self._demand_json()
        return read_object(self.raw)

    @cached_property
    def body(self) -> Any:
        """The body in the route's model; raises `Invalid` with every fault."""
        try:
            return self.route.body.model_validate(self.json)
        except ValidationError as error:
            raise Invalid([forms.fault_of(item) for item in error.errors(include_url=False)]) from None

    @cached_property
    def key(self) -> Request | None:
        """The Idempotency-Key with its sender, and the digest of what came with it; raises `Malformed`."""
        given = self.header("Idempotency-Key")
        if given is None:
            return None
        if not 0 < len(given) <= _KEY_LIMIT or not given.isprintable():
            raise Malformed(
                {
                    "id": f"Idempotency-Key: 1 sampai {_KEY_LIMIT} huruf yang dapat dicetak.",
                    "en": f"Idempotency-Key: 1 to {_KEY_LIMIT} printable characters.",
                },
                code="bad-idempotency-key",
            )
        # What is kept tells nothing of a body under seal to who would try bodies: only the sender has the key.
        sender = hashlib.sha256(f"{self.person.username}:{given}".encode()).hexdigest()
        said = hmac.new(given.encode(), self.digest(self.json).encode(), hashlib.sha256).hexdigest()
        return Request(sender, said)

    def digest(self, content: Any) -> str:
        """Give what tells one request of this caller from another: the act, on what, with which content."""
        said = [self.route.method, self.route.path, dict(self.path), content]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @cached_property
    def if_match(self) -> int | None:
        """The version that the caller has seen; ``None`` for none and for ``*``. Raises `Malformed`."""
        given = (self.header("If-Match") or "*").strip()
        if given == "*":
            return None
        tag = _ETAG.fullmatch(given)
        if tag is None:
            raise Malformed(
                {"id": 'If-Match: satu ETag, misalnya "7".', "en": 'If-Match: one ETag, such as "7".'},
                code="bad-if-match",
            )
        weak, version = tag.groups()
        fit = not weak and version.isascii() and version.isdigit() and len(version) < 10
        return int(version) if fit else NO_VERSION

    def demand_version(self, version: int) -> None:
        """Raise `Stale` unless If-Match allows this version."""
        if self.if_match not in (None, version):
            raise Stale(
                {"id": "Sudah berubah sejak Anda membacanya.", "en": "This has changed since you read it."},
                version=version,
            )

    def header(self, name: str) -> str | None:
        value = self.request.headers.get(name)
        return value if isinstance(value, str) else None

    def text(self, text: Any) -> str:
        """Give a text of both languages in the caller's; takes pairs and models with ``id`` and ``en``."""
        return str(text[self.language] if isinstance(text, Mapping) else getattr(text, self.language))

    def _demand_json(self) -> None:
        declared = (self.header("Content-Type") or "application/json").partition(";")[0].strip()
        if not _JSON.fullmatch(declared):
            raise UnsupportedMediaType({"id": "Kirim application/json.", "en": "Send application/json."})


class UnsupportedMediaType(LoketError):
    status = 415
    title = {"id": "Jenis isi tidak didukung", "en": "Unsupported media type"}


Handler = Callable[..., Reply]


def route(
    blueprint: Blueprint, method: Method, path: str, *, summary: Text, description: Text | None = None,
    body: type[BaseModel] = Nothing, query: type[BaseModel] = Query, answer: type[BaseModel] | None = None,
    status: int = 200, public: bool = False, versioned: bool = False, signed: bool = False,
    media_types: tuple[str, ...] = ("application/json",),
) -> Callable[[Handler], Handler]:  # fmt: skip
    """Register a handler. What it raises and gives becomes an HTTP answer; it is returned unchanged.

    ``versioned``: it heeds If-Match, by `Call.demand_version` once the caller's right is clear. ``signed``: it looks
    at the signature of the raw body before it reads `Call.body`.
    """

    def register(handle: Handler) -> Handler:
        described = Route(
            method, path, handle.__module__.rpartition(".")[2], handle.__name__, summary, body, query, answer, status,
            public, media_types, versioned, signed, description,
        )  # fmt: skip
        ROUTES.append(described)

        def view(**parameters: str) -> Response:
            return respond(described, handle, blueprint.current_request, parameters)

        # Chalice checks content types before us and would answer in a form of its own.
        registered = {"methods": [method], "authorizer": None if public else authorizer, "content_types": []}
        blueprint.route(path, name=f"{described.module}.{described.name}", **registered)(view)
        return handle

    return register


def respond(
    described: Route, handle: Handler, request: HttpRequest, parameters: Mapping[str, str]
) -> Response:
    """Answer one request, whatever happens."""
    # API Gateway hands parameters on decoded, a local gateway as they stand in the address; no id holds a "%".
    call = Call(described, request, {name: unquote(value) for name, value in parameters.items()})
    try:
        if not described.public:
            call.person  # noqa: B018
        call.query  # noqa: B018
        if described.changes and not described.signed:
            call.body  # noqa: B018
        return _success(call, handle(call, **call.path))
    except LoketError as error:
        return _problem(call, error)
    except Exception as error:
        return _problem(call, error)


def _success(call: Call, reply: Reply) -> Response:
    headers = _headers(call, reply.content_type) | {
        "Cache-Control": "no-store" if reply.cache is None else f"public, max-age={reply.cache}"
    }
    if reply.version is not None:
        headers["ETag"] = f'"{reply.version}"'
    if reply.location is not None:
        headers["Location"] = reply.location
    content = reply.body
    if isinstance(content, BaseModel):
        content = content.model_dump_json(exclude_unset=True, by_alias=True)
    return Response(
        content or "", headers=headers | reply.headers, status_code=reply.status or call.route.status
    )


def _problem(call: Call, error: Exception) -> Response:
    """Tell what went wrong; of a fault of ours nothing but that there was one, and the log says where."""
    shown = error if isinstance(error, LoketError) else _fault_of_ours()
    if shown.status >= 500:
        _log(call, error)
        shown = shown if isinstance(shown, DependencyDown) else _fault_of_ours()
    headers = _headers(call, "application/problem+json") | {"Cache-Control": "no-store"}
    if shown.status == 503:
        headers["Retry-After"] = "2"
    if shown.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    content = problem_of(shown, call.language) | {"instance": call.route.path.format(**call.path)}
    return Response(json.dumps(content, ensure_ascii=False), headers=headers, status_code=shown.status)


def _fault_of_ours() -> LoketError:
    return LoketError(
        {
            "id": "Permintaan tidak dapat diselesaikan. Coba lagi sebentar lagi.",
            "en": "The request could not be carried out. Try again in a moment.",
        },
        code="something-went-wrong",
    )


_OWN = frozenset({"type", "title", "status", "detail", "instance"})


def problem_of(error: LoketError, language: Language) -> dict[str, Any]:
    """Give an error as a problem document; what it knows besides (by, at, rule) stands beside the usual members."""
    document: dict[str, Any] = {
        "type": PROBLEM_TYPE + error.code,
        "title": error.title[language],
        "status": error.status,
        "detail": error.message[language],
    }
    if isinstance(error, Invalid):
        document["errors"] = [_fault(fault, language) for fault in error.faults]
    if error.status < 500:
        document |= {
            name: value for name, value in error.facts.items() if value is not None and name not in _OWN
        }
    return document


def _fault(fault: Fault, language: Language) -> dict[str, str]:
    return {"pointer": fault.pointer, "message": fault.message[language]}


def _headers(call: Call, content_type: str) -> dict[str, str]:
    return {
        "Content-Type": content_type,
        "Content-Language": call.language,
        "Vary": "Accept-Language",
        "Content-Security-Policy": _PLAIN_CONTENT,
        **_SECURITY,
    }


def _log(call: Call, error: Exception) -> None:
    """Note which route met which error, and where in the code: never what a person wrote."""
    # Only a fault needs the logger, which would bring forty modules into every start.
    from functions.runtime.observability import logger

    logger.error("failed", extra={"route": f"{call.route.method} {call.route.path}", "error": _origin(error)})


def _origin(error: Exception) -> str:
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f" {place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place else ""
    return type(error).__name__ + where


# -- reading


def preferred_language(header: str | None) -> Language:
    """Read Accept-Language (RFC 9110 §12.5.4): the better liked of the two, Indonesian where nothing decides."""
    liked = {"id": 0.0, "en": 0.0}
    for part in (header or "")[:500].split(","):
        tag, _, rest = part.strip().partition(";")
        language = tag.split("-")[0].lower()
        if language in liked:
            liked[language] = max(liked[language], _quality(rest))
    return "en" if liked["en"] > liked["id"] else "id"


def _quality(parameters: str) -> float:
    match = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameters)
    return float(match.group(1)) if match else 1.0 if not parameters.strip() else 0.0


def read_object(content: bytes) -> dict[str, Any]:
    """Read a JSON object; raises `Malformed` for what is none, or is read in different ways (RFC 8259 §4)."""
    try:
        value = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_without_doubles,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except (ValueError, RecursionError):
        raise _unreadable() from None
    if not isinstance(value, dict):
        raise Malformed({"id": "Kirim sebuah objek JSON.", "en": "Send a JSON object."}, code="malformed")
    too_large = [pointer for pointer, item, depth in _inside(value) if not _sound(item, depth)]
    if too_large:
        raise Invalid([Fault(pointer.removeprefix("/form"), _TOO_LARGE) for pointer in too_large])
    return value


_LARGEST = 2**53 - 1
_TOO_LARGE = {"id": f"Paling besar {_LARGEST}.", "en": f"Must be at most {_LARGEST}."}
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def _unreadable() -> Malformed:
    return Malformed(
        {"id": "Isi permintaan bukan JSON yang dapat dibaca.", "en": "The body is no JSON that can be read."},
        code="malformed",
    )


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("the number is too large")
    return number


def _inside(value: Any) -> Iterator[tuple[str, Any, int]]:
    """Give everything inside a value, names too, with its JSON Pointer and how deep it lies."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        pointer, item, depth = waiting.pop()
        yield pointer, item, depth
        inner = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        for name, one in inner:
            if isinstance(name, str):
                _sound(name, depth)
            waiting.append((f"{pointer}/{forms.escape(name)}", one, depth + 1))


def _sound(item: Any, depth: int) -> bool:
    """Tell whether this is no number beyond what a double holds; raises `Malformed` for worse."""
    if isinstance(item, str) and not item.isascii() and _SURROGATES.search(item):
        raise _unreadable()
    if depth > DEEPEST:
        raise _unreadable()
    return not isinstance(item, int) or abs(item) <= _LARGEST
