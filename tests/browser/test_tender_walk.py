"""Whole cases from beginning to end through the pages, by everybody whom they take: with a script and without."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.browser.conftest import Street
from tests.browser.walker import Walker, load

pytestmark = pytest.mark.xdist_group("browser-walks")
MOST_DAYS = 60
BIDS = {"sinar-jaya": 1_234_567_891, "griya-nusantara": 1_400_000_017, "kopi-senja": 1_111_222_333}


def test_a_tender_is_carried_from_its_announcement_to_the_award(walker: Walker, street: Street) -> None:
    tender = walker.sit_down("hendra").apply("public-tender")
    walker.answer_all(tender)
    announcement = next(iter(load(tender).permits))
    bids = {
        bidder: walker.sit_down(bidder).apply("tender-bid", parent=announcement, bidder=bidder, price=price)
        for bidder, price in BIDS.items()
    }
    sealed = walker.page.content()
    _carry(walker, street, tender, list(bids.values()))

    assert "1.111.222.333" not in sealed
    assert load(tender).status == "approved"
    assert sorted(load(bid).status for bid in bids.values()) == ["approved", "rejected", "rejected"]
    assert walker.sit_down("hendra").verified(tender)


def _carry(walker: Walker, street: Street, tender: str, bids: list[str]) -> None:
    """Let the offices do what they are asked, the first who lost object once, and time go by in between."""
    objected, aws = False, street.office.system.aws
    for _ in range(MOST_DAYS):
        while walker.answer_all(tender) + sum(walker.answer_all(bid) for bid in bids):
            pass
        if not load(tender).is_open:
            return
        lost = [bid for bid in bids if load(bid).status == "rejected"]
        if lost and not objected:
            objected = True
            walker.sit_down(load(lost[0]).applicant).ask_for(
                lost[0], "appeal", "Our price was the lowest.", objection_grounds="error-in-evaluation"
            )
        else:
            aws.advance(timedelta(days=1))
    raise AssertionError(f"the tender stands still: {load(tender).status}")
