"""The payment provider's look-up, against a provider on a socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from functions.adapters.payment_provider import PaymentProvider, read
from functions.domain import signatures
from functions.domain.errors import DependencyDown
from functions.domain.payments import Notification

SECRET = "shared"
ANSWER: dict[str, Any] = {
    "id": "n1", "payment": "c1.p1", "outcome": "paid", "amount": 499_770, "currency": "IDR",
    "at": "2026-02-02T02:00:00Z",
}  # fmt: skip


def written(**wrong: Any) -> bytes:
    return json.dumps({"items": [ANSWER | wrong]}).encode()


class Provider:
    """Answers with ``status`` and ``body``, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.body, self.length = 200, written(), None
        self.asked: list[tuple[str, str | None]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append((self.path, self.headers.get(signatures.HEADER)))
                self.send_response(provider.status)
                self.send_header("content-length", str(provider.length or len(provider.body)))
                self.end_headers()
                self.wfile.write(provider.body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self) -> Provider:
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


def test_what_became_of_a_bill_is_asked_with_a_signature(provider: Provider):
    found = PaymentProvider(provider.url, SECRET).look_up("c1.p1")

    assert found == [
        Notification(
            "n1", "c1.p1", "paid", 499_770, "IDR", datetime(2026, 2, 2, 2, tzinfo=UTC), "reconciliation"
        )
    ]
    ((path, signature),) = provider.asked
    assert path == "/payments/c1.p1"
    assert signatures.fault(SECRET, b"", signature, int(time.time())) is None


def test_every_part_that_was_paid_is_told(provider: Provider):
    provider.body = json.dumps({"items": [ANSWER, ANSWER | {"id": "n2", "amount": 1}]}).encode()

    found = PaymentProvider(provider.url, SECRET).look_up("c1.p1")

    assert [(one.id, one.amount) for one in found] == [("n1", 499_770), ("n2", 1)]


def test_of_a_bill_that_the_provider_does_not_know_nothing_is_told(provider: Provider):
    provider.status = 404

    assert PaymentProvider(provider.url, SECRET).look_up("c1.p1") == []


@pytest.mark.parametrize("status", [401, 500, 503])
def test_a_provider_that_refuses_or_breaks_is_down(provider: Provider, status: int):
    provider.status = status

    with pytest.raises(DependencyDown):
        PaymentProvider(provider.url, SECRET).look_up("c1.p1")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", *(written(**wrong) for wrong in (
        {"amount": "many"}, {"outcome": "pending"}, {"at": "today"}, {"at": "2026-02-02T02:00:00"},
    ))],
)  # fmt: skip
def test_an_answer_that_is_none_changes_nothing(provider: Provider, body: bytes):
    provider.body = body

    with pytest.raises(DependencyDown):
        PaymentProvider(provider.url, SECRET).look_up("c1.p1")


def test_an_answer_that_breaks_off_is_a_provider_that_is_down(provider: Provider):
    provider.length = 10_000

    with pytest.raises(DependencyDown):
        PaymentProvider(provider.url, SECRET).look_up("c1.p1")


def test_nobody_there_is_a_provider_that_is_down():
    with pytest.raises(DependencyDown):
        PaymentProvider("http://127.0.0.1:9", SECRET).look_up("c1.p1")


def test_a_bills_name_never_leaves_its_place_in_the_address(provider: Provider):
    PaymentProvider(provider.url, SECRET).look_up("c1.p1?x=/../../admin")

    assert provider.asked[0][0] == "/payments/c1.p1%3Fx%3D/../../admin"


def test_an_amount_is_a_whole_number():
    with pytest.raises(ValueError, match=r"499770\.5"):
        read(ANSWER | {"amount": 499770.5}, found_by="notification")
