"""The local API Gateway: a WSGI application over Chalice's own `LocalGateway`, with the deployed gateway's answers.

What API Gateway answers before any function is asked (401, 403, 404, 413) is made of the same table as in the
template. Everything under ``/local`` is answered by the console, or is a page that only the local system has.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from chalice.config import Config
from chalice.local import CustomLocalChalice, ForbiddenError, LocalChalice, LocalGateway, NotAuthorizedError

from functions.api.authorizer import Unauthorized
from functions.domain.errors import DependencyDown, LoketError
from infra.local.console import Console, problem
from infra.local.pages import Answer, Asked
from infra.local.system import LocalSystem
from infra.refusals import CONTENT_TYPE, HEADERS, REFUSALS

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]
LARGEST_BODY = 10 * 1024 * 1024
QUIET = 2
"""With no more requests than this under way, an answer waits until what it set off has been carried out."""

_PHRASES = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    303: "See Other",
    304: "Not Modified",
}


class Pages(Protocol):
    """Pages that only the local system has; ``None`` for what is none of theirs."""

    def answer(self, asked: Asked) -> Answer | None: ...


class Gateway:
    """The WSGI application of the whole local system."""

    def __init__(self, app: Any, system: LocalSystem) -> None:
        if not isinstance(app, CustomLocalChalice):
            # As chalice's create_local_server does: without it one thread would see another's request.
            CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
            app.__class__ = CustomLocalChalice
        self._gateway = LocalGateway(app, Config())
        self._system = system
        self._under_way = 0
        self._lock = threading.Lock()
        self.console: Console | None = None
        self.pages: Sequence[Pages] = ()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        with self._lock:
            self._under_way += 1
        try:
            status, headers, body = self._answer(environ)
        finally:
            with self._lock:
                self._under_way -= 1
        start(f"{status} {_PHRASES.get(status, 'Problem')}", headers)
        return [body] if environ["REQUEST_METHOD"] != "HEAD" else [b""]

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """Send a request from inside, as the bank does; gives the status."""
        return self.handle("POST", path, "", {**headers, "content-length": str(len(body))}, body)[0]

    def _answer(self, environ: Environ) -> Answer:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > LARGEST_BODY:
            return _refusal("REQUEST_TOO_LARGE")
        body = environ["wsgi.input"].read(length) if length else b""
        method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        answer = self.handle(method, path, environ.get("QUERY_STRING", ""), _headers(environ), body)
        if method != "GET" and self._under_way <= QUIET:
            self._system.aws.settle()
        return answer

    def handle(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        asked = Asked(method, path, query, headers, body)
        for pages in self.pages:
            if (answer := pages.answer(asked)) is not None:
                return answer
        if path.startswith("/local/") and self.console:
            return self._ask_console(method, path, query, headers, body)
        return self.portal(method, path, query, headers, body)

    def portal(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        """Ask the deployed application alone, past everything that is only local."""
        try:
            address = f"{path}?{query}" if query else path
            answer = self._gateway.handle_request(method, address, headers, body)
        except (NotAuthorizedError, Unauthorized):
            return _refusal("UNAUTHORIZED")
        except ForbiddenError as error:
            known = error.headers.get("x-amzn-ErrorType") == "AccessDeniedException"
            return _refusal("ACCESS_DENIED" if known else "MISSING_AUTHENTICATION_TOKEN")
        except DependencyDown:
            # Routes answer this themselves; what comes here was raised by the authorizer.
            return _refusal("AUTHORIZER_FAILURE")
        return _of_lambda(answer)

    def _ask_console(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> Answer:
        assert self.console
        try:
            status, document = self.console.answer(method, path, query, body)
            return (
                status,
                [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
                _json(document),
            )
        except LoketError as error:
            language = "en" if headers.get("accept-language", "").startswith("en") else "id"
            return error.status, [("Content-Type", CONTENT_TYPE)], _json(problem(error, language))


def _headers(environ: Environ) -> dict[str, str]:
    found = {
        key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
    }
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            found[key.replace("_", "-").lower()] = environ[key]
    return found


def _of_lambda(answer: dict[str, Any]) -> Answer:
    """Turn what the function returned into an HTTP answer, as API Gateway's proxy integration does."""
    if answer.get("statusCode") == 405:
        return _refusal("MISSING_AUTHENTICATION_TOKEN")
    headers = [(key, str(value)) for key, value in (answer.get("headers") or {}).items()]
    for key, values in (answer.get("multiValueHeaders") or {}).items():
        headers += [(key, str(value)) for value in values]
    body = answer.get("body")
    if body is None:
        content = b""
    elif answer.get("isBase64Encoded"):
        import base64

        content = base64.b64decode(body)
    else:
        content = body.encode() if isinstance(body, str) else bytes(body)
    return answer["statusCode"], headers, content


def _refusal(cause: str) -> Answer:
    refusal = REFUSALS[cause]
    headers = [("Content-Type", CONTENT_TYPE), *HEADERS.get(cause, {}).items()]
    return refusal.status or 500, headers, _json(refusal.problem())


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
