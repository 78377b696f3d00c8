"""What is open for submissions: found by everybody, and filed below from there, until it closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.builders import MORNING
from tests.portal.surfing import Surfer
from tests.workflows.tendering import BIDDERS, Tendering

Surf = Callable[..., Surfer]


@pytest.fixture
def office() -> Iterator[Office]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield running


def test_an_announcement_is_found_and_answered_until_it_closes(office: Office, surf: Surf) -> None:
    tender = Tendering(office).file()
    assert "Nothing is open now." in surf().get("/open").text
    tender.announce()

    page = surf().get("/open")

    (address,) = [link for link in page.links() if "parent=" in link]
    number = address.partition("parent=")[2]
    assert number in page.text
    assert "Bids close at: 16 February 2026, 10:00" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert tender.id not in page.source
    bidder = surf(BIDDERS[0])
    start = bidder.get(address)
    assert start.html.xpath("//*[@name='parent']/@value") == [number]
    begun = bidder.submit(start, "/start")
    assert "/apply/" in begun.address
    tender.move_to(tender.closes_at + timedelta(seconds=1))
    assert "Nothing is open now." in surf().get("/open").text


def test_the_list_is_open_to_programs_too(office: Office) -> None:
    tender = Tendering(office).file().announce()

    got = tender.as_("siti").get("/v1/services/tender-bid/open")

    (one,) = got.body["items"]
    said = {fact["name"]: fact["text"] for fact in one["facts"]}
    assert datetime.fromisoformat(one["closes_at"]) == tender.closes_at
    assert said["bids_close_at"] == "16 February 2026, 10:00 WIB"
    assert said.keys() >= {"title", "estimate"}
    assert tender.id not in got.text
    assert tender.as_("siti").get("/v1/services/public-tender/open").status == 409
