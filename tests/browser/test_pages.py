"""Every page as a browser shows it: accessible, light, fitting a small screen, asking nothing of anybody else."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from infra.driver import people
from tests.browser.conftest import Street, Window
from tests.browser.places import PLACES, REVIEWER, SIGNER, furnish, uncovered

pytestmark = pytest.mark.xdist_group("browser")
Open = Callable[..., Window]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
MOST_BYTES = 100_000
MOST_MILLISECONDS = 1_000
MOST_LOADS = 5
TIMES_SLOWER = 4
PEOPLE = pytest.mark.parametrize("who", PLACES, ids=lambda who: who or "anybody")
UNFOLD = "document.querySelectorAll('main details').forEach(fold => { fold.open = true })"
OF_THE_LOOK = (
    "color-contrast",
    "link-in-text-block",
    "target-size",
    "scrollable-region-focusable",
    "meta-viewport",
)
"""The rules of axe-core that another width or other colours can break; the others read the same document."""
PAINTED = """new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
    .observe({type: 'largest-contentful-paint', buffered: true}))"""


@pytest.fixture(scope="module")
def names(street: Street) -> dict[str, str]:
    return furnish(street.office)


def faults(page: Any, *rules: str) -> list[str]:
    """Run axe-core on the page, all its rules or these; gives each violation with the elements that have it."""
    page.evaluate(AXE)
    result = page.evaluate("rules => axe.run(document, rules.length ? {runOnly: rules} : {})", rules)
    assert result["passes"], "nothing was tested"
    return [
        f"{one['id']} ({one['impact']}): {', '.join(str(node['target']) for node in one['nodes'])}"
        for one in result["violations"]
    ]


def test_every_page_is_looked_at() -> None:
    assert uncovered() == set()


@PEOPLE
def test_no_page_hinders_anybody_or_is_heavy(window: Open, names: dict[str, str], who: str | None) -> None:
    shown, sizes = _sit_down(window(), who), []
    cdp = shown.page.context.new_cdp_session(shown.page)
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    cdp.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))

    found = {}
    for path in PLACES[who]:
        sizes.clear()
        page = shown.go(path.format(**names))
        page.evaluate(UNFOLD)
        violations, weight = faults(page), sum(sizes)
        if violations or not 0 < weight < MOST_BYTES:
            found[path] = [f"{weight} bytes", *violations]

    assert found == {}


@PEOPLE
def test_every_page_is_soon_there_on_a_small_screen_fits_it_and_can_be_read_in_the_dark(
    window: Open, names: dict[str, str], who: str | None
) -> None:
    """As an old phone shows it, four times slower than this machine; `_best` tells how that is timed."""
    shown = _sit_down(window(width=360, scheme="dark", language="id"), who)
    cdp = shown.page.context.new_cdp_session(shown.page)

    found = {}
    for path in PLACES[who]:
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": TIMES_SLOWER})
        painted = _best(shown, path.format(**names))
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        page = shown.page
        page.evaluate(UNFOLD)
        wide = page.evaluate("document.documentElement.scrollWidth")
        violations = faults(page, *OF_THE_LOOK)
        if violations or wide > 360 or painted >= MOST_MILLISECONDS:
            found[path] = [f"{wide} px wide", f"painted after {painted:.0f} ms", *violations]

    assert found == {}


def _sit_down(shown: Window, who: str | None) -> Window:
    if who:
        shown.sign_in(who)
    return shown


def test_a_fault_would_be_found(window: Open) -> None:
    page = window().go("/privacy")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x>')")

    assert [fault.partition(" ")[0] for fault in faults(page)] == ["image-alt"]


def test_what_went_wrong_is_said_accessibly(window: Open, names: dict[str, str]) -> None:
    shown = _sit_down(window(), "maria")
    page = shown.go(f"/apply/{names['empty']}/1")
    page.fill("[name=owner_name]", "")
    page.locator("main form .acts button").first.click()
    page.wait_for_selector(".errors")

    assert faults(page) == []
    assert page.title().startswith("Error: ")


def test_returning_a_case_can_be_read_by_everybody(window: Open, names: dict[str, str]) -> None:
    page = _sit_down(window(width=360), REVIEWER).go(f"/tasks/{names['review']}")

    page.click("button[value=return]")
    page.wait_for_selector("[name=chosen]", state="attached")

    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_letters_can_be_read_and_got_on_paper_by_everybody(window: Open, names: dict[str, str]) -> None:
    page = _sit_down(window(width=360), SIGNER).go("/tasks")

    page.check(f"[name=task][value='{names['signing']}']")
    page.click("button[value=approve]")
    page.wait_for_selector("article.letter", state="attached")
    page.evaluate(UNFOLD)

    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360

    page.goto(page.url.partition("/tasks")[0] + f"/tasks/{names['signing']}")
    page.click("button[name=paper]")
    with page.expect_download() as got:
        page.click("a[download]")

    assert got.value.path().read_bytes().startswith(b"%PDF-")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_who_works_on_a_task_is_told_when_somebody_else_opens_it(window: Open, names: dict[str, str]) -> None:
    first, second = window(), window()
    first.page.clock.install()
    page = _sit_down(first, REVIEWER).go(f"/tasks/{names['review']}")
    told = page.locator("[data-presence]")
    colleague = next(one for one in people().holders("pupr/tpt") if one.username != REVIEWER)
    assert colleague.name not in told.inner_text()

    _sit_down(second, colleague.username).go(f"/tasks/{names['review']}")
    page.clock.run_for(61_000)

    expect(told).to_contain_text(colleague.name)
    assert faults(page) == []


def _best(shown: Window, path: str) -> float:
    """Give the milliseconds to the largest paint, of the first load that was soon enough, or the best of a few.

    The others measure who else is at work on this machine.
    """
    best = float("inf")
    for _ in range(MOST_LOADS):
        best = min(best, _painted(shown.go(path)))
        if best < MOST_MILLISECONDS:
            break
    return best


def _painted(page: Page) -> float:
    return float(page.evaluate(PAINTED))
