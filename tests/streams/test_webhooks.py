"""An agency's system hears of its cases: signed, at least once, again after a failure, and of nobody else's."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.domain import signatures, webhooks
from functions.runtime.wiring import ports
from functions.streams.webhooks import handler
from infra.driver import CaseDriver
from infra.local.system import LocalSystem
from tests.streams.bus import invocation, told
from tests.streams.receiver import Receiver

SECRET = "a-secret-of-the-agency"
FIRST = "0" * 15 + "1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def hook(url: str, *, agency: str = "dpmptsp", identity: str = FIRST, **wanted: Any) -> dict[str, Any]:
    """Set up a webhook as the API does."""
    webhook = {
        "id": identity,
        "agency": agency,
        "url": url,
        "types": [],
        "services": [],
        "secret": SECRET,
        **wanted,
    }
    ports.table.put(*webhooks.key(agency, identity), webhook)
    return webhook


def deliveries(identity: str = FIRST) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ports.table.under(f"DELIVERIES#{identity}", descending=True).items
    return found


def retries() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ports.table.under(webhooks.RETRIES).items
    return found


# -- what is sent


def test_events_of_the_agency_arrive_signed(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url, types=["case.submitted"])

    driver = CaseDriver(system).apply()

    (got,) = receiver.received
    assert got.path == "/loket?from=loket"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["loket-event"] == "case.submitted"
    assert got.headers["loket-delivery"] == got.content["id"]
    assert (
        signatures.fault(SECRET, got.body, got.headers[signatures.HEADER.lower()], int(time.time())) is None
    )
    assert {name: got.content[name] for name in ("case", "service", "agency", "number")} == {
        "case": driver.id,
        "service": "building-permit",
        "agency": "dpmptsp",
        "number": driver.case.number,
    }
    assert got.content["event"] in driver.history


def test_nothing_personal_is_sent(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url)

    driver = CaseDriver(system).apply()

    sent = json.dumps([one.content for one in receiver.received], ensure_ascii=False)
    personal = [driver.applicant.name, str(driver.applicant.email), *_texts(driver.case.form or {})]
    assert [text for text in personal if text in sent] == []


def _texts(form: dict[str, Any]) -> list[str]:
    return [
        str(form[name]) for name in ("owner_name", "address", "owner_email", "owner_phone") if form.get(name)
    ]


def test_a_draft_is_told_to_nobody(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url)

    CaseDriver(system).file()

    assert receiver.received == []


def test_only_what_was_asked_for_is_sent(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url, types=["task.opened", "case.submitted"])
    hook(receiver.url, identity="0" * 15 + "2", services=["another-service"])

    CaseDriver(system).apply()

    assert receiver.types == ["case.submitted", "task.opened"]


def test_another_agency_hears_nothing(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url, agency="pupr")

    CaseDriver(system).apply()

    assert receiver.received == []


def test_a_repeated_event_that_has_arrived_is_not_sent_again(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url, types=["case.submitted"])
    driver = CaseDriver(system).apply()

    handler(told(driver, "case.submitted"), invocation())

    assert len(receiver.received) == 1
    assert [item["attempts"] for item in deliveries()] == [1]


# -- what becomes of it


def test_deliveries_are_noted_newest_first(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url, types=["case.submitted", "task.completed"])
    driver = CaseDriver(system).apply()
    driver.advance(hours=1)
    driver.act("pupr/secretariat", "approve")

    found = deliveries()

    assert [item["event"] for item in found] == ["task.completed", "case.submitted"]
    assert {item["status"] for item in found} == {"delivered"}
    assert {item["code"] for item in found} == {200}
    assert found[0]["at"] == "2026-02-02T03:00:00Z"


@pytest.mark.parametrize("status", [500, 404, 301])
def test_what_was_not_taken_is_tried_again_until_it_is(
    system: LocalSystem, receiver: Receiver, status: int
) -> None:
    hook(receiver.url, types=["case.submitted"])
    receiver.status, receiver.location = status, receiver.url
    CaseDriver(system).apply()
    (failed,) = deliveries()
    assert (failed["status"], failed["code"], failed["next_at"]) == ("failed", status, "2026-02-02T02:05:00Z")
    assert len(receiver.received) == 1

    receiver.status, receiver.location = 200, None
    system.aws.advance(timedelta(minutes=20))
    system.aws.settle()

    (delivered,) = deliveries()
    assert (delivered["status"], delivered["attempts"]) == ("delivered", 2)
    assert "next_at" not in delivered
    assert receiver.received[0].content == receiver.received[1].content
    assert retries() == []


def test_pauses_grow_and_after_the_last_only_a_replay_sends(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url, types=["case.submitted"])
    receiver.status = 503
    CaseDriver(system).apply()

    for _ in range(4 * 24 * 4):
        system.aws.advance(timedelta(minutes=15))
    system.aws.settle()

    (given_up,) = deliveries()
    assert (given_up["status"], given_up["attempts"]) == ("failed", 1 + len(webhooks.PAUSES))
    assert "next_at" not in given_up
    assert retries() == []


def test_a_failing_receiver_keeps_no_other_waiting(system: LocalSystem, receiver: Receiver) -> None:
    hook("http://localhost:1/closed", types=["case.submitted"])
    hook(receiver.url, identity="0" * 15 + "2", types=["case.submitted"])

    CaseDriver(system).apply()

    assert len(receiver.received) == 1
    assert [(item["status"], item["error"]) for item in deliveries()] == [("failed", "connection")]
    assert system.aws.dead_letters == []


def test_after_a_failure_a_receiver_is_left_alone_until_the_next_run(
    system: LocalSystem, receiver: Receiver
) -> None:
    hook(receiver.url, types=["case.submitted"])
    receiver.status = 500
    for applicant in ("siti", "budi", "maria"):
        CaseDriver(system, applicant=applicant).apply()
    assert len(receiver.received) == 3

    system.aws.advance(timedelta(minutes=15))
    system.aws.settle()

    assert len(receiver.received) == 4


def test_a_webhook_that_was_removed_is_not_tried_again(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url, types=["case.submitted"])
    receiver.status = 500
    CaseDriver(system).apply()

    ports.table.delete(*webhooks.key("dpmptsp", FIRST))
    system.aws.advance(timedelta(hours=1))
    system.aws.settle()

    assert len(receiver.received) == 1
    assert retries() == []


def test_a_crash_after_sending_repeats_and_forgets_nothing(system: LocalSystem, receiver: Receiver) -> None:
    hook(receiver.url, types=["case.submitted"])
    driver = CaseDriver(system).file().bring()
    driver.submit()
    ports.table.delete("DELIVERIES#" + FIRST, deliveries()[0]["sk"])
    system.aws.faults.fail("dynamodb", "PutItem")

    with pytest.raises(Exception, match="does not answer"):
        handler(told(driver, "case.submitted"), invocation())
    handler(told(driver, "case.submitted"), invocation())

    assert len({one.content["id"] for one in receiver.received}) == 1
    assert [item["status"] for item in deliveries()] == ["delivered"]


def test_no_log_holds_a_secret_or_an_address(
    system: LocalSystem, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", logger="loket")
    hook(receiver.url, types=["case.submitted"])
    receiver.status = 500

    CaseDriver(system).apply()

    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "webhook failed" in logged
    assert SECRET not in logged
    assert receiver.url not in logged
