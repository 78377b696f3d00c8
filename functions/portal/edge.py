"""The edge of the portal: what every page does alike, and a page need not know.

request ▶ form of this session? ▶ page(visit, **path) ▶ answer ▶ template ▶ headers, cookies
                 └──────────────────────┴── LoketError ▶ a page that says what and what to do
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from chalice.app import Request as HttpRequest
from chalice.app import Response
from jinja2 import Environment

from functions.api.http import problem_of
from functions.domain.errors import DependencyDown, LoketError, Unauthenticated
from functions.portal import (
    assets,
    cases,
    catalogue,
    desk,
    drafts,
    drawing,
    enquiries,
    errands,
    files,
    hooks,
    leave,
    oversight,
    pace,
    permits,
    public,
    records,
    rendering,
    rounds,
    sign_in,
    worklist,
)
from functions.portal.sessions import RENEWED_AFTER, SESSION_COOKIE, YEAR, cookie, cookie_name
from functions.portal.urls import base_path, own, url
from functions.portal.visit import CSRF, ONCE, Answer, Content, Html, SeeOther, Visit

MODULES: Mapping[str, ModuleType] = {
    "cases": cases,
    "catalogue": catalogue,
    "desk": desk,
    "drafts": drafts,
    "drawing": drawing,
    "enquiries": enquiries,
    "errands": errands,
    "files": files,
    "hooks": hooks,
    "leave": leave,
    "oversight": oversight,
    "pace": pace,
    "permits": permits,
    "public": public,
    "records": records,
    "rounds": rounds,
    "sign_in": sign_in,
    "worklist": worklist,
}

FOR_EVER = 365 * 24 * 3600

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'self'",
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    # Without an Origin a form could not be told from one of another site.
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def answer(page: str, request: HttpRequest, path: str, parameters: Mapping[str, str]) -> Response:
    """Answer one request with the page of that name, whatever happens."""
    known = {name: unquote(value) for name, value in parameters.items()}
    visit = Visit(path.format(**parameters), request)
    module, _, name = page.partition(".")
    shown = _page(visit, getattr(MODULES[module], name), known)
    try:
        return _response(visit, shown)
    except Exception as error:
        # A template that fails: the page that says so is another one.
        _log(visit, error)
        return _response(visit, _sorry(visit, LoketError({"id": "", "en": ""})))


def _page(visit: Visit, show: Callable[..., Answer], parameters: Mapping[str, str]) -> Answer:
    try:
        if visit.request.method == "POST" and not getattr(show, "open_to_all", False):
            visit.demand_own_form()
        return show(visit, **parameters)
    except Unauthenticated:
        return _to_sign_in(visit)
    except LoketError as error:
        return _sorry(visit, error)
    except Exception as error:
        _log(visit, error)
        return _sorry(visit, LoketError({"id": "", "en": ""}))


def _to_sign_in(visit: Visit) -> Answer:
    if visit.from_script:
        return Content.of({"signed_out": True}, 401)
    if visit.request.method == "POST":
        # A form may lead to no other origin, so the way to the issuer begins with a link.
        return Html("session-ended.html", {"back": _page_of_the_form(visit)}, status=401)
    going_on = visit.address + (f"?{urlencode(visit.query)}" if visit.query else "")
    return SeeOther(url("/sign-in", next=own(going_on)))


def _page_of_the_form(visit: Visit) -> str:
    """Give the page that a form was sent from, where the browser says so."""
    came_from = urlsplit(visit.header("Referer") or "")
    path = came_from.path.removeprefix(base_path())
    return own(path) if came_from.netloc == visit.header("Host") else "/"


def _sorry(visit: Visit, error: LoketError) -> Answer:
    if visit.address == "/v1" or visit.address.startswith("/v1/"):
        problem = Content.of(problem_of(error, visit.language), error.status)
        return replace(problem, content_type="application/problem+json")
    if visit.from_script:
        return Content.of({"message": visit.text(error.message)}, error.status)
    if error.status >= 500:
        _log(visit, error)
    known = error.status < 500 or isinstance(error, DependencyDown)
    said = {"title": visit.text(error.title), "message": visit.text(error.message)} if known else None
    return Html("error.html", {"status": error.status, "said": said}, status=error.status)


def _log(visit: Visit, error: Exception) -> None:
    """Note which page met which error: never what a person wrote."""
    from functions.runtime.observability import logger

    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place else ""
    logger.error("a page failed", extra={"page": visit.request.context.get("resourcePath"), "error": where})


# -- the answer


def _response(visit: Visit, shown: Answer) -> Response:
    if isinstance(shown, SeeOther):
        headers: dict[str, Any] = {"Location": shown.address, "Cache-Control": "no-store", **_SECURITY}
        return Response("", headers | _cookies(visit, shown.cookies), 303)
    if isinstance(shown, Content):
        headers = {"Content-Type": shown.content_type, "Cache-Control": "no-store", **_SECURITY}
        return Response(shown.body, headers | shown.headers, shown.status)
    return html(visit, shown, rendering.environment())


def html(visit: Visit, shown: Html, environment: Environment) -> Response:
    """Draw a page, with the headers that every page has."""
    text = rendering.render(environment, shown.template, visit.language, _frame(visit) | shown.context)
    headers: dict[str, Any] = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": visit.language,
        "Content-Security-Policy": policy(shown.uploads),
        "Vary": "Cookie, Accept-Language",
        **_SECURITY,
        **_cookies(visit, shown.cookies),
    }
    if visit.session or shown.status != 200 or visit.request.method != "GET":
        return Response(text, headers | {"Cache-Control": "no-store"}, shown.status)
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
    headers |= {"Cache-Control": "no-cache", "ETag": tag}
    if visit.header("If-None-Match") == tag:
        return Response("", headers, 304)
    return Response(text, headers, 200)


def policy(uploads: str | None) -> str:
    """Give the Content-Security-Policy: nothing from elsewhere, but for sending files to the store's origin."""
    rules = _POLICY | ({"connect-src": f"'self' {uploads}"} if uploads else {})
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _frame(visit: Visit) -> dict[str, Any]:
    """Give what every page knows: who is there, where, and what its forms must carry."""
    session = visit.session
    other = "en" if visit.language == "id" else "id"
    return {
        "person": session.person if session else None,
        "address": visit.address,
        "csrf": session.token() if session else "",
        "CSRF": CSRF,
        "ONCE": ONCE,
        "now": visit.now,
        "other_language": other,
        "other_address": url(visit.address, **{**visit.query, "lang": other}),
        "here": own(visit.address),
    }


def _cookies(visit: Visit, more: tuple[str, ...]) -> dict[str, Any]:
    """Give the cookies to set: those of the page, the language if it was chosen, the session if it lives on."""
    found = list(more)
    chosen = visit.query.get("lang")
    if chosen in ("id", "en"):
        found.append(cookie("lang", chosen, YEAR))
    session = visit.session
    replaced = any(line.startswith(f"{cookie_name(SESSION_COOKIE)}=") for line in more)
    if session and not replaced and visit.moment - session.seen > RENEWED_AFTER:
        renewed = replace(session, seen=visit.moment)
        found.append(cookie(SESSION_COOKIE, renewed.seal(), renewed.until - visit.moment))
    return {"Set-Cookie": found} if found else {}


# -- files of the pages


def asset(request: HttpRequest, name: str) -> Response:
    """Give a file by its name with the digest, to be kept for ever."""
    path = assets.served().get(name)
    if path is None:
        return Response("", {"Content-Type": "text/plain", **_SECURITY}, 404)
    headers = {
        "Content-Type": f"{assets.TYPES[path.suffix]}; charset=utf-8",
        "Cache-Control": f"public, max-age={FOR_EVER}, immutable",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        **_SECURITY,
    }
    return Response(path.read_text(encoding="utf-8"), headers, 200)
