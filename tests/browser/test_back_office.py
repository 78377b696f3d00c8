"""The back office as a browser shows it: accessible, and fitting a small screen in the dark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from infra.driver import CaseDriver, people
from tests.browser.conftest import Street, Window
from tests.browser.test_pages import faults
from tests.portal import ways

pytestmark = pytest.mark.xdist_group("browser")
Open = Callable[..., Window]

OFFICER = ("/tasks", "/tasks?q=zzzz", "/tasks/{review}", "/tasks/{signing}")
SUPERVISOR = (
    "/tasks?role=pupr%2Ftpt", "/tasks/{review}", "/attention", "/delegations", "/cases/{case}",
    "/cases/{case}/acts/extend", "/cases/{case}/process", "/services/building-permit/pace",
)  # fmt: skip
ROUNDS = ("/services/hajj-registration/rounds", "/services/hajj-registration/rounds/2027")

HOLDERS = {
    "reviewer": people().holders("pupr/tpt")[0].username,
    "signer": people().holders("dpmptsp/head")[0].username,
}


@pytest.fixture(scope="module")
def names(street: Street) -> dict[str, str]:
    signing = CaseDriver(street.office.system).apply()
    ways.bill(ways.review(signing)).pay()
    case = ways.review(CaseDriver(street.office.system).apply())
    line = CaseDriver(street.office.system, service="hajj-registration")
    for _ in range(3):
        line.like()
    line.others[0].open_round("2027", 2)
    street.office.system.aws.advance(timedelta(days=40))
    ways.review(CaseDriver(street.office.system).apply())
    return {
        "case": case.id,
        "review": case.task("technical-review").id,
        "signing": signing.task("sign-permit").id,
    }


@pytest.mark.parametrize(
    ("username", "paths"),
    [("reviewer", OFFICER[:3]), ("signer", OFFICER[3:]), ("sri", SUPERVISOR), ("zainal", ROUNDS)],
    ids=["officer", "signer", "supervisor", "rounds"],
)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")], ids=["wide", "small"])
def test_no_page_hinders_an_officer(
    window: Open, names: dict[str, str], username: str, paths: tuple[str, ...], width: int, scheme: str
) -> None:
    shown = window(width=width, scheme=scheme)
    shown.sign_in(HOLDERS.get(username, username))

    found = {}
    for path in paths:
        page = shown.go(path.format(**names))
        page.evaluate("document.querySelectorAll('details.fold').forEach(fold => { fold.open = true })")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if (violations := faults(page)) or wide > width:
            found[path] = [f"{wide} px wide", *violations]

    assert found == {}


def test_returning_a_case_can_be_read_by_everybody(window: Open, names: dict[str, str]) -> None:
    shown = window(width=360)
    shown.sign_in(HOLDERS["reviewer"])
    page = shown.go(f"/tasks/{names['review']}")

    page.click("button[value=return]")
    page.wait_for_selector("[name=chosen]", state="attached")

    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
