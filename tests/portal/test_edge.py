"""What every page does alike: headers, languages, errors, and no more than it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.portal import edge, routes
from infra.driver import CaseDriver
from infra.local.office import Office
from tests.portal.surfing import Surfer

pytestmark = pytest.mark.xdist_group("edge")
Surf = Callable[..., Surfer]
ROOT = Path(__file__).resolve().parents[2]
PUBLIC = (
    "/",
    "/services",
    "/services/building-permit",
    "/permits",
    "/register",
    "/statistics",
    "/privacy",
    "/accessibility",
)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_light_and_allows_nothing_from_elsewhere(surf: Surf, path: str) -> None:
    page = surf().get(path)

    policy = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
    assert page.status == 200
    assert policy == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
        "form-action": "'self'", "connect-src": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
    }  # fmt: skip
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    assert len(page.content) < 40_000


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_has_no_inline_script_or_style(surf: Surf, path: str) -> None:
    html = surf().get(path).html

    assert html.xpath("//script[not(@src)]") == []
    assert html.xpath("//style | //*[@style]") == []
    assert [one for one in html.xpath("//@*") if one.attrname.startswith("on")] == []


def test_an_unchanged_public_page_is_not_sent_again(surf: Surf) -> None:
    surfer = surf()
    first = surfer.get("/services")

    second = surfer.get("/services", if_none_match=first.headers["etag"])

    assert (second.status, second.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["vary"] == "Cookie, Accept-Language"


def test_a_personal_page_is_kept_nowhere(surf: Surf) -> None:
    surfer = surf("siti")

    assert surfer.get("/cases").headers["cache-control"] == "no-store"
    assert surfer.get("/services").headers["cache-control"] == "no-store"


def test_speaks_the_language_of_the_browser_until_another_is_chosen(surf: Surf) -> None:
    surfer = surf(language="id")

    assert surfer.get("/services").heading == "Layanan"
    assert surfer.get("/services?lang=en").heading == "Services"
    assert surfer.get("/services").heading == "Services"
    assert surfer.get("/services").html.get("lang") == "en"


def test_the_link_to_the_other_language_keeps_the_search(surf: Surf) -> None:
    page = surf().get("/services?q=permit&lang=en")

    (link,) = page.html.xpath("//div[@class='tongue']/a")
    assert link.get("href") == "/services?q=permit&lang=id"
    assert link.get("lang") == "id"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/nowhere/at/all",
        "/nowhere/at/all/or/even/far/below",
        "/services/nothing",
        "/permits/PBG-2026-AAAAA-BBBBB",
    ],
)
def test_an_unknown_address_is_a_page_in_the_same_design(surf: Surf, path: str) -> None:
    page = surf().get(path)

    assert page.status == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.html.xpath("//header") != []


def test_an_unknown_address_of_the_api_stays_a_problem_document(surf: Surf) -> None:
    page = surf().get("/v1/nothing")

    assert page.status == 404
    assert json.loads(page.content)["type"] == "urn:loket:problem:not-found"
    assert page.headers["content-type"] == "application/problem+json"


def test_somebody_elses_case_is_not_found(surf: Surf, case: CaseDriver) -> None:
    page = surf("budi").get(f"/cases/{case.id}")

    assert page.status == 404
    assert page.heading == "Page not found"


def test_a_page_for_who_is_signed_in_leads_to_the_sign_in(surf: Surf, case: CaseDriver) -> None:
    page = surf().ask("GET", f"/cases/{case.id}", follow=False)

    assert page.status == 303
    assert page.headers["location"] == f"/sign-in?next=%2Fcases%2F{case.id}"


def test_a_fault_is_a_page_that_says_nothing_of_its_cause(
    surf: Surf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.portal.public.privacy", _break)

    page = surf().get("/privacy")

    assert page.status == 500
    assert page.heading == "Something went wrong"
    assert "secret" not in page.source


def _break(visit: object) -> None:
    raise RuntimeError("a secret")


def test_style_and_script_are_kept_until_they_change(surf: Surf) -> None:
    surfer = surf()
    html = surfer.get("/").html
    style, script, icon = (
        str(html.xpath(path)[0])
        for path in ("//link[@rel='stylesheet']/@href", "//script/@src", "//link[@rel='icon']/@href")
    )

    for address, kind in ((style, "text/css"), (script, "text/javascript"), (icon, "image/svg+xml")):
        file = surfer.get(address)
        assert (file.status, file.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert surfer.get("/static/site.css").status == 404
    assert surfer.get("/static/..%2frouting.py").status == 404


def test_the_whole_first_load_is_under_a_hundred_kilobytes(surf: Surf) -> None:
    surfer = surf()
    files = ROOT.glob("functions/portal/static/*")

    most = max(len(surfer.get(path).content) for path in PUBLIC)

    assert most + sum(file.stat().st_size for file in files) < 100_000


def test_every_page_of_the_table_of_contents_is_there() -> None:
    for _, path, page in routes.PAGES:
        module, _, name = page.partition(".")
        assert callable(getattr(edge.MODULES[module], name)), path


def test_the_api_loads_no_page_and_no_template() -> None:
    probe = "import sys, functions.app; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    ).stdout.split()

    assert {"jinja2", "markupsafe"} & set(loaded) == set()
    assert [name for name in loaded if name.startswith("functions.portal.")] == ["functions.portal.routes"]


def test_addresses_begin_with_the_path_under_which_the_portal_lives(
    surf: Surf, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    surfer = surf()
    monkeypatch.setattr("functions.portal.urls.base_path", lambda: "/live")

    hrefs = [str(href) for href in surfer.get("/services").html.xpath("//@href | //@src | //@action")]

    assert [href for href in hrefs if not href.startswith(("/live/", "#"))] == []
