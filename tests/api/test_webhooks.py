"""Who connects an agency's systems sets up webhooks, sees what became of each event, and lets it be sent again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.domain import signatures, webhooks
from functions.runtime.wiring import ports
from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker
from tests.streams.receiver import Receiver

As = Callable[..., Asker]
INTEGRATOR, COLLEAGUE, OFFICER = "irfan", "nadia", "dewi"
ADDRESS = "https://system.example/loket"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def set_up(asker: Asker, url: str = ADDRESS, **wanted: Any) -> dict[str, Any]:
    got = asker.post("/v1/webhooks", {"url": url, **wanted})
    assert got.status == 201, got.text
    created: dict[str, Any] = got.body
    return created


def test_the_secret_is_shown_once(as_: As) -> None:
    created = set_up(as_(INTEGRATOR), types=["case.submitted"], services=["building-permit"])

    listed = as_(COLLEAGUE).get("/v1/webhooks").body
    one = as_(INTEGRATOR).get(f"/v1/webhooks/{created['id']}")

    secret = created.pop("secret")
    assert len(secret) >= 32
    assert listed == {"items": [created], "next": None}
    assert one.body == created
    assert secret not in one.text


def test_a_webhook_says_whose_it_is_and_what_it_wants(as_: As) -> None:
    got = as_(INTEGRATOR).post("/v1/webhooks", {"url": ADDRESS})

    assert got.headers["Location"] == f"/v1/webhooks/{got.body['id']}"
    assert {name: got.body[name] for name in ("agency", "url", "types", "services", "created_by")} == {
        "agency": "dpmptsp",
        "url": ADDRESS,
        "types": [],
        "services": [],
        "created_by": INTEGRATOR,
    }


def test_events_arrive_with_the_signature_of_the_secret(as_: As, office: Office, receiver: Receiver) -> None:
    created = set_up(as_(INTEGRATOR), receiver.url, types=["case.submitted"])

    CaseDriver(office.system).apply()

    (got,) = receiver.received
    header = got.headers[signatures.HEADER.lower()]
    assert signatures.fault(created["secret"], got.body, header, int(time.time())) is None
    (delivery,) = as_(INTEGRATOR).get(f"/v1/webhooks/{created['id']}/deliveries").body["items"]
    assert (delivery["id"], delivery["status"], delivery["attempts"], delivery["code"]) == (
        got.content["id"],
        "delivered",
        1,
        200,
    )


@pytest.mark.parametrize("username", [OFFICER, "siti"])
def test_only_an_integrator_may(as_: As, username: str) -> None:
    assert as_(username).get("/v1/webhooks").status == 403
    assert as_(username).post("/v1/webhooks", {"url": ADDRESS}).status == 403
    assert as_(username).delete(f"/v1/webhooks/{'0' * 16}").status == 403


def test_nobody_who_has_not_signed_in_may(as_: As) -> None:
    assert as_().get("/v1/webhooks").status == 401


def test_another_agencys_webhook_does_not_exist(as_: As) -> None:
    foreign = "f" * 16
    ports.table.put(*webhooks.key("pupr", foreign), {"id": foreign, "agency": "pupr", "secret": "s"})

    for got in (
        as_(INTEGRATOR).get(f"/v1/webhooks/{foreign}"),
        as_(INTEGRATOR).delete(f"/v1/webhooks/{foreign}"),
        as_(INTEGRATOR).get(f"/v1/webhooks/{foreign}/deliveries"),
        as_(INTEGRATOR).post(f"/v1/webhooks/{foreign}/replay"),
    ):
        assert got.status == 404
        assert got.body["type"] == "urn:loket:problem:webhook-unknown"


@pytest.mark.parametrize("wrong", ["x", "%2e%2e", "a" * 3000, "0" * 16])
def test_an_unknown_webhook_is_not_found(as_: As, wrong: str) -> None:
    assert as_(INTEGRATOR).get(f"/v1/webhooks/{wrong}/deliveries").status == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": 7}, "/url"),
        ({"url": "http://system.example/"}, "/url"),
        ({"url": "https://user:secret@system.example/"}, "/url"),
        ({"url": "nonsense"}, "/url"),
        ({"url": ADDRESS, "types": ["case.nothing"]}, "/types/0"),
        ({"url": ADDRESS, "services": ["nothing"]}, "/services/0"),
        ({"url": ADDRESS, "agency": "pupr"}, "/agency"),
        ({"url": ADDRESS, "secret": "mine"}, "/secret"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_named(as_: As, body: dict[str, Any], pointer: str) -> None:
    got = as_(INTEGRATOR).post("/v1/webhooks", body)

    assert got.status == 422
    assert pointer in got.pointers


def test_the_same_key_gives_the_first_webhook_again(as_: As) -> None:
    first = as_(INTEGRATOR).post("/v1/webhooks", {"url": ADDRESS}, idempotency_key="once")
    again = as_(INTEGRATOR).post("/v1/webhooks", {"url": ADDRESS}, idempotency_key="once")
    other = as_(INTEGRATOR).post("/v1/webhooks", {"url": ADDRESS + "/b"}, idempotency_key="once")

    assert first.body == again.body
    assert again.status == 201
    assert other.status == 422
    assert len(as_(INTEGRATOR).get("/v1/webhooks").body["items"]) == 1


def test_an_agency_has_ten_at_most(as_: As) -> None:
    for place in range(webhooks.MOST):
        set_up(as_(INTEGRATOR), f"{ADDRESS}/{place}")

    got = as_(INTEGRATOR).post("/v1/webhooks", {"url": ADDRESS})

    assert got.status == 409
    assert got.body["type"] == "urn:loket:problem:too-many-webhooks"


def test_a_removed_webhook_hears_nothing_more(as_: As, office: Office, receiver: Receiver) -> None:
    created = set_up(as_(INTEGRATOR), receiver.url)

    removed = as_(INTEGRATOR).delete(f"/v1/webhooks/{created['id']}")
    CaseDriver(office.system).apply()

    assert removed.status == 204
    assert removed.text == ""
    assert receiver.received == []
    assert as_(INTEGRATOR).delete(f"/v1/webhooks/{created['id']}").status == 404


def test_deliveries_come_in_pages(as_: As, office: Office, receiver: Receiver) -> None:
    created = set_up(as_(INTEGRATOR), receiver.url)
    CaseDriver(office.system).apply()
    path = f"/v1/webhooks/{created['id']}/deliveries"

    first = as_(INTEGRATOR).get(f"{path}?limit=2").body
    rest = as_(INTEGRATOR).get(f"{path}?cursor={first['next']}").body

    found = [item["seq"] for item in first["items"] + rest["items"]]
    assert len(found) == len(receiver.received)
    assert rest["next"] is None
    assert as_(INTEGRATOR).get(f"{path}?cursor=nonsense").status == 400


def test_a_failed_delivery_is_replayed_at_once(as_: As, office: Office, receiver: Receiver) -> None:
    created = set_up(as_(INTEGRATOR), receiver.url, types=["case.submitted"])
    receiver.status = 500
    CaseDriver(office.system).apply()
    path = f"/v1/webhooks/{created['id']}/deliveries"
    (failed,) = as_(INTEGRATOR).get(path).body["items"]
    assert (failed["status"], failed["code"]) == ("failed", 500)

    receiver.status = 204
    got = as_(INTEGRATOR).post(f"{path}/{failed['id']}/replay", idempotency_key="r1")
    again = as_(INTEGRATOR).post(f"{path}/{failed['id']}/replay", idempotency_key="r1")

    assert got.status == 200
    assert (got.body["status"], got.body["attempts"], got.body["next_at"]) == ("delivered", 2, None)
    assert again.body == got.body
    assert [one.content for one in receiver.received] == [receiver.received[0].content] * 2


def test_what_was_delivered_can_be_sent_again_too(as_: As, office: Office, receiver: Receiver) -> None:
    created = set_up(as_(INTEGRATOR), receiver.url, types=["case.submitted"])
    CaseDriver(office.system).apply()
    path = f"/v1/webhooks/{created['id']}/deliveries"
    (delivered,) = as_(INTEGRATOR).get(path).body["items"]

    got = as_(INTEGRATOR).post(f"{path}/{delivered['id']}/replay")

    assert got.body["attempts"] == 2
    assert len(receiver.received) == 2


@pytest.mark.parametrize("wrong", ["nothing", "20260202T020000000Z-" + "0" * 26 + "-1"])
def test_an_unknown_delivery_is_not_found(as_: As, wrong: str) -> None:
    created = set_up(as_(INTEGRATOR))

    got = as_(INTEGRATOR).post(f"/v1/webhooks/{created['id']}/deliveries/{wrong}/replay")

    assert got.status == 404
    assert got.body["type"] == "urn:loket:problem:delivery-unknown"


def test_all_that_failed_is_sent_again_with_the_next_run(as_: As, office: Office, receiver: Receiver) -> None:
    created = set_up(as_(INTEGRATOR), receiver.url, types=["case.submitted"])
    receiver.status = 500
    for applicant in ("siti", "budi"):
        CaseDriver(office.system, applicant=applicant).apply()
    receiver.status = 200

    got = as_(INTEGRATOR).post(f"/v1/webhooks/{created['id']}/replay")
    office.system.aws.advance(timedelta(minutes=15))
    office.system.aws.settle()

    assert (got.status, got.body) == (202, {"queued": 2})
    items = as_(INTEGRATOR).get(f"/v1/webhooks/{created['id']}/deliveries").body["items"]
    assert [item["status"] for item in items] == ["delivered"] * 2
    assert len(receiver.received) == 4


def test_a_replay_can_begin_where_the_trouble_did(as_: As, office: Office, receiver: Receiver) -> None:
    created = set_up(as_(INTEGRATOR), receiver.url, types=["case.submitted"])
    receiver.status = 500
    CaseDriver(office.system).apply()

    path = f"/v1/webhooks/{created['id']}/replay"

    assert as_(INTEGRATOR).post(path, {"since": "2026-02-03T00:00:00Z"}).body == {"queued": 0}
    assert as_(INTEGRATOR).post(path, {"since": "2026-02-02T00:00:00Z"}).body == {"queued": 1}
    assert as_(INTEGRATOR).post(path, {"since": "yesterday"}).status == 422
