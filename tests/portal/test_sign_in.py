"""Signing in and out: by the issuer and back, in a sealed cookie, with forms that only this session can send."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from functions.domain.errors import DependencyDown
from functions.domain.identity import Person, Session
from functions.portal.sessions import SESSION_COOKIE, SignedIn, cookie, cookies
from functions.portal.sign_in import FLOW, challenge
from functions.portal.urls import own
from functions.runtime.wiring import ports
from infra.local.office import Office
from infra.local.sign_in import session_key_kept_at
from tests.portal.surfing import Page, Surfer

pytestmark = pytest.mark.xdist_group("sign_in")
Surf = Callable[..., Surfer]
NOW = datetime.now(UTC)


def test_sign_in_is_a_form_with_a_username(surf: Surf) -> None:
    page = surf().get("/sign-in")

    (field,) = page.html.xpath("//*[@name='username']")
    assert page.status == 200
    assert field.get("type", "text") == "text"
    assert "Siti Rahmawati" in page.text


def test_signs_in_by_the_form_and_leads_to_where_it_was_wanted(surf: Surf) -> None:
    surfer = surf()
    asked = surfer.get("/cases?status=draft")

    page = surfer.submit(asked, "/sign-in", place=0, username="siti")

    assert page.address.endswith("/cases?status=draft")
    assert page.heading == "My applications"


def test_signs_in_by_one_button_for_each_demo_user(surf: Surf) -> None:
    surfer = surf()

    page = surfer.submit(surfer.get("/sign-in"), "/sign-in", place=1, press="as=maria")

    assert page.status == 200
    assert "Maria Fransiska Simanjuntak" in page.source


def test_signs_in_with_nothing_but_a_username(surf: Surf) -> None:
    surfer = surf()

    page = surfer.ask("POST", "/sign-in", b"username=siti", "application/x-www-form-urlencoded")

    assert page.status == 200
    assert surfer.get("/cases").status == 200


def test_says_that_there_is_no_such_user(surf: Surf) -> None:
    surfer = surf()

    page = surfer.submit(surfer.get("/sign-in"), "/sign-in", place=0, username="nobody")

    assert page.status == 422
    assert page.errors == ["There is no such user."]
    assert SESSION_COOKIE not in surfer.cookies


def test_asks_the_issuer_by_code_with_pkce(office: Office, surf: Surf) -> None:
    surfer = surf()

    status, headers, _ = office.gateway.portal("GET", "/sign-in", "next=/cases", {}, b"")

    location = dict(headers)["Location"]
    asked = {name: value for name, (value,) in parse_qs(urlsplit(location).query).items()}
    assert status == 303
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://localhost:8000/sign-in"
    assert surfer.get("/local/oidc/authorize?" + urlsplit(location).query).status == 200


def test_a_code_is_worth_nothing_in_another_browser(surf: Surf) -> None:
    surfer, other = surf(), surf()
    sent = _send(surfer)

    page = other.get(sent.headers["location"])

    assert page.status == 400
    assert page.heading == "You are not signed in"
    assert SESSION_COOKIE not in other.cookies


def test_the_same_code_does_not_work_twice(surf: Surf) -> None:
    surfer = surf()
    sent = _send(surfer)
    thief = Surfer(surfer.office, cookies=dict(surfer.cookies))
    surfer.get(sent.headers["location"])

    page = thief.get(sent.headers["location"])

    assert page.status == 400
    assert SESSION_COOKIE not in thief.cookies


def _send(surfer: Surfer) -> Page:
    """Sign in by the form, up to where the issuer sends back with a code."""
    waiting = dict(surfer.get("/sign-in").form("/sign-in", place=0).form_values())
    body = urlencode({**waiting, "username": "siti"}).encode()
    return surfer.ask("POST", "/sign-in", body, "application/x-www-form-urlencoded", follow=False)


def test_somebody_who_is_refused_is_told_so(surf: Surf) -> None:
    surfer = surf()
    surfer.get("/sign-in")

    page = surfer.get("/sign-in?error=access_denied&state=x")

    assert page.status == 400
    assert page.heading == "You are not signed in"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/ evil",
        "/a\nb",
        "",
        None,
    ],
)
def test_leads_nowhere_else_after_signing_in(elsewhere: str | None) -> None:
    assert own(elsewhere) == "/"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(surf: Surf) -> None:
    surfer = surf()

    page = surfer.ask("GET", _send(surfer).headers["location"], follow=False)

    seat = next(line for line in page.cookies if line.startswith("loket="))
    assert re.fullmatch(r"loket=\S+; Path=/; SameSite=Lax; Max-Age=3(600|599); HttpOnly", seat)


def test_over_https_cookies_are_secure_and_bound_to_the_host(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.portal.sessions.secure", lambda: True)

    assert cookie("loket", "x", timedelta(hours=1)) == (
        "__Host-loket=x; Path=/; SameSite=Lax; Max-Age=3600; HttpOnly; Secure"
    )


def test_a_changed_cookie_is_no_session(surf: Surf) -> None:
    surfer = surf("siti")
    body, _, mac = surfer.cookies[SESSION_COOKIE].partition(".")
    surfer.cookies[SESSION_COOKIE] = f"{body[:-2]}AA.{mac}"

    assert surfer.get("/cases").heading == "Sign in as a demo user"


def test_a_session_ends_an_hour_after_the_last_visit(office: Office) -> None:
    session = SignedIn.begin(Session(Person("siti", "Siti"), NOW + timedelta(hours=8)), NOW)
    sealed = session.seal()

    assert SignedIn.unseal(sealed, NOW + timedelta(minutes=59)) == SignedIn(
        session.person, session.id, session.end.replace(microsecond=0), session.seen.replace(microsecond=0)
    )
    assert SignedIn.unseal(sealed, NOW + timedelta(hours=1)) is None


def test_nobody_keeps_a_role_longer_than_the_issuer_vouched_for(office: Office) -> None:
    officer = Person("dewi", "Dewi", frozenset({"dpmptsp/front-office"}))

    session = SignedIn.begin(Session(officer, NOW + timedelta(minutes=20)), NOW)

    assert session.until == NOW + timedelta(minutes=20)


def test_a_session_is_renewed_by_visits(surf: Surf, monkeypatch: pytest.MonkeyPatch) -> None:
    surfer = surf("siti")
    assert surfer.get("/services").cookies == []
    monkeypatch.setattr("functions.portal.edge.RENEWED_AFTER", timedelta(0))

    page = surfer.get("/services")

    assert [line.partition("=")[0] for line in page.cookies] == [SESSION_COOKIE]
    assert surfer.get("/cases").status == 200


def test_leaves_by_a_form_of_the_own_session(surf: Surf) -> None:
    surfer = surf("siti")
    form = surfer.get("/services").html.xpath("//form[@action='/sign-out']")[0]
    token = dict(form.form_values())["_csrf"]

    page = surfer.ask("POST", "/sign-out", f"_csrf={token}".encode(), "application/x-www-form-urlencoded")

    assert page.heading == "You are signed out"
    assert SESSION_COOKIE not in surfer.cookies


@pytest.mark.parametrize("token", ["", "x", "A" * 64])
def test_a_form_without_the_token_of_this_session_changes_nothing(surf: Surf, token: str) -> None:
    surfer = surf("wayan")

    page = surfer.ask(
        "POST",
        "/services/building-permit/start",
        f"_csrf={token}".encode(),
        "application/x-www-form-urlencoded",
    )

    assert page.status == 403
    assert "no applications" in surfer.get("/cases").text


def test_a_form_that_is_sent_after_the_session_says_so(surf: Surf) -> None:
    surfer = surf("siti")
    page = surfer.get("/services/building-permit/start")
    surfer.cookies.clear()

    page = surfer.submit(page, "/start")

    assert page.status == 401
    assert page.heading == "Your session has ended"
    assert "/sign-in?next=%2Fservices%2Fbuilding-permit%2Fstart" in page.links()


def test_a_token_of_another_session_is_worth_nothing(surf: Surf) -> None:
    siti, budi = surf("siti"), surf("budi")
    form = budi.get("/services/building-permit/start").form("/start")
    token = dict(form.form_values())["_csrf"]

    page = siti.ask(
        "POST",
        "/services/building-permit/start",
        f"_csrf={token}".encode(),
        "application/x-www-form-urlencoded",
    )

    assert page.status == 403


def test_a_form_of_another_site_changes_nothing(surf: Surf) -> None:
    surfer = surf("siti")
    form = surfer.get("/services/building-permit/start").form("/start")
    token = dict(form.form_values())["_csrf"]

    page = surfer.ask(
        "POST",
        "/services/building-permit/start",
        f"_csrf={token}".encode(),
        "application/x-www-form-urlencoded",
        origin="https://evil.example",
    )

    assert page.status == 403


def test_the_key_of_the_sessions_outlives_a_restart(tmp_path: Path) -> None:
    first = session_key_kept_at(tmp_path / "data" / "session.key")

    assert session_key_kept_at(tmp_path / "data" / "session.key") == first
    assert len(first) == 64
    assert (tmp_path / "data" / "session.key").stat().st_mode & 0o077 == 0


def test_without_a_key_nobody_can_sign_in(
    office: Office, surf: Surf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.system.ports, "session_key", b"")

    status, _, _ = office.gateway.portal("GET", "/sign-in", "", {}, b"")

    assert status == 503


def test_a_cookie_header_that_cannot_be_read_is_none() -> None:
    assert cookies("a b c;;;=") == {}
    assert cookies(None) == {}


def test_the_challenge_is_that_of_the_standard() -> None:
    """RFC 7636, Appendix B."""
    assert (
        challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )
    assert FLOW == "loket-flow"


def test_an_officer_gets_in_while_the_table_is_down(surf: Surf, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise DependencyDown({"id": "Basis data tidak menjawab.", "en": "The database does not answer."})

    monkeypatch.setattr(ports.table, "put", down)

    assert "Teguh" in surf("teguh").get("/").source
