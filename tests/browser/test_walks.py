"""Whole cases from beginning to end through the pages, by everybody whom they take: with a script, without, by keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Window
from tests.browser.walker import Walker, load

pytestmark = pytest.mark.xdist_group("browser-walks")


def test_a_permit_is_carried_by_a_citizen_and_the_offices(walker: Walker) -> None:
    case = walker.sit_down("siti").apply("building-permit")
    walker.answer_all(case)
    walker.sit_down("siti").pay(case)
    walker.answer_all(case)

    assert load(case).status == "approved"
    assert len(walker.sat) > 3
    assert walker.sit_down("siti").verified(case)


def test_a_return_is_paid_and_what_was_overpaid_comes_back(walker: Walker) -> None:
    case = walker.sit_down("sinar-jaya").apply("business-tax")
    walker.pay(case)
    assert load(case).status == "approved"
    walker.ask_for(case, "amend", "We counted one branch twice.", turnover="100000000")
    walker.answer_all(case)

    assert load(case).status == "approved"
    assert [refund.amount for refund in load(case).refunds] == [8_500_000]
    assert walker.sit_down("sinar-jaya").verified(case)


def test_the_counter_files_for_who_stands_there_and_prints_the_receipt(window: Callable[..., Window]) -> None:
    walker = Walker(window())
    walker.page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1 }")
    case = walker.sit_down("dewi").apply("building-permit", on_behalf_of="wayan")
    page = walker.page
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed") == 1
    page.emulate_media(media="print")

    assert page.locator(".receipt .number").inner_text() == load(case).number
    assert page.locator(".only-print").is_visible()
    assert not any(
        page.locator(part).first.is_visible() for part in (".top", ".bottom", "main .acts", "form")
    )
    assert (load(case).applicant, load(case).status) == ("wayan", "in_review")
    page.emulate_media(media="screen")
    walker.sit_down("wayan").window.go("/cases")
    assert page.get_by_text(load(case).number).count() == 1
