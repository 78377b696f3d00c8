"""Webhooks go to public addresses, over TLS, once, and never for long."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from functions.adapters import webhook_sender
from functions.adapters.webhook_sender import WebhookSender, is_public
from functions.domain.webhooks import Unreachable
from tests.streams.receiver import Receiver

DEPLOYED, LOCAL = WebhookSender(), WebhookSender(local=True)


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name lead to these addresses."""

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(webhook_sender.socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:a00:1::", "64:ff9b::a9fe:a9fe", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://agency.example/", "ftp://agency.example/", "agency.example", "https://", "https:///path", "",
        "https://user:pass@agency.example/", "https://agency.example/#part", "https://agency.example:99999/",
        "https://agency.example/a b", "https://agency.example/\r\nX: y", "https://ägency.example/", "javascript:1",
        "https://agency.example/" + "a" * 2000, "https://[::1", "http://localhost/",
    ],
)  # fmt: skip
def test_an_address_that_is_no_https_address_is_refused(url: str) -> None:
    assert DEPLOYED.objection(url) is not None


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://2130706433/", "https://10.1/"],
)
def test_a_deployed_system_sends_nothing_inside(url: str) -> None:
    assert DEPLOYED.objection(url) is not None
    with pytest.raises(Unreachable) as refused:
        DEPLOYED.post(url, b"{}", {})
    assert refused.value.code in ("address", "name")


def test_a_name_that_leads_inside_is_refused_when_it_is_set_up_and_when_it_is_sent_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, "8.8.8.8", "169.254.169.254")

    objection = DEPLOYED.objection("https://agency.example/")

    assert objection is not None
    assert "internal network" in objection["en"]
    with pytest.raises(Unreachable) as refused:
        DEPLOYED.post("https://agency.example/", b"{}", {})
    assert refused.value.code == "address"


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, "8.8.8.8")
    asked: list[Any] = []

    def create_connection(address: Any, timeout: float) -> socket.socket:
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(webhook_sender.socket, "create_connection", create_connection)

    with pytest.raises(Unreachable):
        DEPLOYED.post("https://agency.example:8443/", b"{}", {})

    assert asked == [("8.8.8.8", 8443)]


def test_a_public_name_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "8.8.8.8")

    assert DEPLOYED.objection("https://agency.example/hook?a=b") is None


def test_the_local_system_may_send_to_loopback() -> None:
    assert LOCAL.objection("http://localhost:9000/") is None
    assert LOCAL.objection("http://127.0.0.1:9000/") is None
    assert LOCAL.objection("http://10.0.0.1/") is not None
    assert LOCAL.objection("https://agency.example/") is None


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with Receiver() as receiver:
        receiver.status, receiver.location = 307, receiver.url

        assert LOCAL.post(receiver.url, b"{}", {}) == 307
        assert len(receiver.received) == 1


def test_the_host_is_named_as_in_the_address() -> None:
    with Receiver() as receiver:
        LOCAL.post(receiver.url, b'{"a": 1}', {"Loket-Event": "case.submitted"})

    (got,) = receiver.received
    assert got.headers["host"].startswith("localhost:")
    assert (got.body, got.headers["loket-event"]) == (b'{"a": 1}', "case.submitted")


def test_who_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "_CONNECT_SECONDS", 0.1)
    with Receiver() as receiver:
        receiver.silent = True

        with pytest.raises(Unreachable) as late:
            LOCAL.post(receiver.url, b"{}", {})

    assert late.value.code == "timeout"


def test_who_answers_byte_by_byte_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "_TOTAL_SECONDS", 0.2)
    stopped = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        line, _ = server.accept()
        with line:
            line.recv(1024)
            while not stopped.wait(0.02):
                try:
                    line.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        with pytest.raises(Unreachable):
            LOCAL.post(f"http://localhost:{server.getsockname()[1]}/", b"{}", {})
    finally:
        stopped.set()
        thread.join()
        server.close()


def test_a_receiver_without_a_valid_certificate_is_not_talked_to() -> None:
    with Receiver() as receiver, pytest.raises(Unreachable) as refused:
        LOCAL.post(receiver.url.replace("http://", "https://"), b"{}", {})

    assert refused.value.code in ("tls", "connection")
    assert receiver.received == []
