"""Opening what was filed under seal, and scoring it, through the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.local.office import Office
from tests.portal.surfing import Page, Surfer
from tests.workflows.tendering import EVALUATORS, OPENERS, Tendering

pytestmark = pytest.mark.xdist_group("back-office")
Surf = Callable[..., Surfer]


def sit_down(surfer: Surfer, action: str) -> tuple[str, Page]:
    """Give the first task of the worklist that can be answered so."""
    for address in surfer.get("/tasks").links():
        if address.startswith("/tasks/"):
            page = surfer.get(address)
            if page.html.xpath(f"//button[@value='{action}']"):
                return address, page
    raise LookupError(f"nothing to {action}: {page.text} {page.status}")


def fields_of(page: Page) -> list[str]:
    return [str(one.get("name")) for one in page.html.xpath("//main//input[starts-with(@name, 'score-')]")]


def test_opens_and_scores_what_was_filed_under_seal(office: Office, surf: Surf) -> None:
    tendering = Tendering(office).file().announce().three_bids().close()
    for opener in OPENERS:
        surfer = surf(opener)
        address, page = sit_down(surfer, "open")
        assert "Your answer was recorded." in surfer.submit(page, address, press="action=open").text

    for evaluator in EVALUATORS:
        surfer = surf(evaluator)
        address, page = sit_down(surfer, "submit_scores")
        assert "In secret." not in page.text
        wrong = dict.fromkeys(fields_of(page), "many")
        page = surfer.submit(page, address, press="action=submit_scores", **wrong)
        assert len(page.errors) == len(wrong) > 2
        assert page.html.xpath("//input[@name='score-1-1']/@value") == ["many"]
        typed = dict.fromkeys(fields_of(page), "80,5")
        page = surfer.submit(page, address, press="action=submit_scores", comment="In secret.", **typed)
        assert "Your answer was recorded." in page.text

    assert "In secret." in surf(EVALUATORS[0]).get(address).text
    assert "ranking.made" in tendering.types()
