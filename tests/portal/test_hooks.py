"""The integrator's pages: webhooks set up and removed, and what became of each delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from infra.driver import CaseDriver
from infra.local.office import Office
from tests.portal.surfing import Page, Surfer
from tests.streams.receiver import Receiver

Surf = Callable[..., Surfer]
INTEGRATOR = "irfan"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def set_up(surfer: Surfer, url: str) -> Page:
    return surfer.submit(surfer.get("/webhooks"), "/webhooks", url=url, service=["building-permit"])


def test_a_webhook_is_set_up_watched_and_removed(office: Office, surf: Surf, receiver: Receiver) -> None:
    surfer = surf(INTEGRATOR)
    assert "/webhooks" in surfer.get("/tasks").links()
    created = set_up(surfer, receiver.url)
    assert "shown only this once" in created.text
    (secret,) = created.html.xpath("//code/text()")
    (link,) = [one for one in created.links() if one.startswith("/webhooks/")]
    assert "Nothing was delivered yet." in surfer.get(link).text

    CaseDriver(office.system).apply()

    page = surfer.get(link)
    assert "case.submitted" in page.text
    assert "Delivered" in page.text
    assert secret not in page.source
    told = len(receiver.received)
    page = surfer.submit(page, link, place=0, press="act=replay")
    assert "The delivery was sent again." in page.text
    assert len(receiver.received) == told + 1

    page = surfer.submit(page, link, press="act=remove")
    assert "The webhook was removed." in page.text
    assert surfer.get(link).status == 404


def test_what_failed_is_said_and_sent_again(office: Office, surf: Surf, receiver: Receiver) -> None:
    surfer = surf(INTEGRATOR)
    receiver.status = 500
    (link,) = [one for one in set_up(surfer, receiver.url).links() if one.startswith("/webhooks/")]
    CaseDriver(office.system).apply()

    page = surfer.get(link)

    assert "Failed 500" in page.text
    page = surfer.submit(page, link, place=-2, press="act=replay-failed")
    assert "What failed is sent again" in page.text


def test_a_wrong_address_is_said_at_its_field(surf: Surf) -> None:
    page = set_up(surf(INTEGRATOR), "ftp://somewhere")

    assert page.status == 422
    assert len(page.errors) == 1
    assert page.html.xpath("//input[@name='url']/@value") == ["ftp://somewhere"]
    assert page.html.xpath("//input[@name='service' and @checked]/@value") == ["building-permit"]


def test_nobody_else_finds_them(surf: Surf) -> None:
    assert surf("dewi").get("/webhooks").status == 403
    assert surf("siti").get("/webhooks").status == 403
    assert surf(INTEGRATOR).get("/webhooks/0123456789abcdef").status == 404
