"""Every page as a browser shows it: accessible, light, fitting a small screen, asking nothing of anybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pytest

from infra.driver import CaseDriver
from tests.browser.conftest import Street, Window
from tests.portal import ways

pytestmark = pytest.mark.xdist_group("browser")
Open = Callable[..., Window]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
MOST_BYTES = 100_000

PUBLIC = (
    "/", "/services", "/services?q=zzzz", "/services/building-permit", "/permits", "/permits/PBG-2026-AAAAA-BBBBB",
    "/permits/{permit}", "/register", "/open", "/statistics", "/privacy", "/accessibility", "/sign-in", "/signed-out",
    "/sign-in?error=access_denied&state=x", "/nowhere",
)  # fmt: skip
PERSONAL = (
    "/services/building-permit/start", "/apply/{draft}", "/apply/{draft}/1", "/apply/{draft}/3",
    "/apply/{draft}/documents", "/apply/{draft}/check", "/apply/{empty}/check", "/cases", "/cases/{draft}",
    "/cases/{reviewed}", "/cases/{reviewed}/receipt", "/cases/{reviewed}/withdraw", "/cases/{returned}",
    "/apply/{returned}", "/apply/{returned}/3", "/apply/{returned}/documents", "/cases/{billed}",
    "/local/bank/{bill}", "/cases/{granted}", "/cases/{refused}", "/cases/{refused}/appeal", "/cases/nothing",
)  # fmt: skip


@dataclass
class Shelf:
    """A case of maria's at each place on its way."""

    names: dict[str, str]


@pytest.fixture(scope="module")
def shelf(street: Street) -> Shelf:
    def new() -> CaseDriver:
        return CaseDriver(street.office.system, applicant="maria")

    empty, draft = new().file({"floors": None}), new().file()
    empty.patch(floors=None, owner_name=None)
    reviewed, returned = ways.review(new().apply()), ways.give_back(ways.review(new().apply()))
    billed, granted = ways.bill(ways.review(new().apply())), ways.grant(ways.bill(ways.review(new().apply())))
    refused = ways.answer(ways.review(new().apply()), "reject", comment="The columns are too thin.")
    (bill,), (permit,) = billed.case.payments, granted.case.permits
    cases = {
        "empty": empty, "draft": draft, "reviewed": reviewed, "returned": returned, "billed": billed,
        "granted": granted, "refused": refused,
    }  # fmt: skip
    return Shelf({name: case.id for name, case in cases.items()} | {"bill": bill, "permit": permit})


def faults(page: Any, only: list[str] | None = None) -> list[str]:
    """Run axe-core on the page; gives each violation with the elements that have it."""
    page.evaluate(AXE)
    options = {"runOnly": {"type": "rule", "values": only}} if only else {}
    result = page.evaluate("options => axe.run(document, options)", options)
    assert result["passes"], "nothing was tested"
    found = result["violations"]
    return [
        f"{one['id']} ({one['impact']}): {', '.join(str(node['target']) for node in one['nodes'])}"
        for one in found
    ]


@pytest.mark.parametrize("place", [PUBLIC, PERSONAL], ids=["public", "personal"])
def test_no_page_hinders_anybody(window: Open, shelf: Shelf, place: tuple[str, ...]) -> None:
    shown = window()
    if place is PERSONAL:
        shown.sign_in("maria")

    found = {}
    for path in place:
        page = shown.go(path.format(**shelf.names))
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        if violations := faults(page):
            found[path] = violations

    assert found == {}


@pytest.mark.parametrize("place", [PUBLIC, PERSONAL], ids=["public", "personal"])
def test_every_page_fits_a_small_screen_and_can_be_read_in_the_dark(
    window: Open, shelf: Shelf, place: tuple[str, ...]
) -> None:
    shown = window(width=360, scheme="dark", language="id")
    if place is PERSONAL:
        shown.sign_in("maria")

    found = {}
    for path in place:
        page = shown.go(path.format(**shelf.names))
        wide = page.evaluate("document.documentElement.scrollWidth")
        violations = faults(page, ["color-contrast", "target-size", "html-has-lang", "page-has-heading-one"])
        if wide > 360 or violations:
            found[path] = [f"{wide} px wide", *violations]

    assert found == {}


def test_a_fault_would_be_found(window: Open, street: Street) -> None:
    page = window().go("/privacy")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x>')")

    assert [fault.partition(" ")[0] for fault in faults(page)] == ["image-alt"]


def test_what_went_wrong_is_said_accessibly(window: Open, shelf: Shelf) -> None:
    shown = window()
    page = shown.sign_in("maria")
    shown.go(f"/apply/{shelf.names['empty']}/1")
    page.fill("[name=owner_name]", "")
    page.locator("main form .acts button").first.click()
    page.wait_for_selector(".errors")

    assert faults(page) == []
    assert page.title().startswith("Error: ")


@pytest.mark.parametrize(
    "path", ["/", "/services/building-permit", "/cases/{granted}", "/apply/{draft}/documents"]
)
def test_the_first_load_is_light(window: Open, shelf: Shelf, path: str) -> None:
    shown = window()
    if "{" in path:
        shown.sign_in("maria")
    sizes: list[int] = []
    cdp = shown.page.context.new_cdp_session(shown.page)
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    cdp.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))

    shown.go(path.format(**shelf.names))
    shown.page.wait_for_load_state("networkidle")

    assert 0 < sum(sizes) < MOST_BYTES
