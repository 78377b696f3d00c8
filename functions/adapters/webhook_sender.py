"""Sends webhooks: over TLS, to public addresses only, without following redirects, and never for long.

A name is resolved once for each delivery and connected to at the very address that was checked, so that a name that
leads elsewhere a moment later (DNS rebinding) reaches nothing inside.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from functions.domain import webhooks
from functions.domain.webhooks import Text, Unreachable

_CONNECT_SECONDS = 3
_TOTAL_SECONDS = 5
_NAT64 = IPv6Network("64:ff9b::/96")


class WebhookSender:
    """In the ``local`` system addresses on loopback are allowed too, and no name is resolved before it is sent to."""

    def __init__(self, *, local: bool = False) -> None:
        self._local = local

    def objection(self, url: str) -> Text | None:
        """Tell why nothing can be sent to an address, or ``None``."""
        fault = webhooks.address_fault(url, local=self._local)
        if fault or self._local:
            return fault
        try:
            self._address(urlsplit(url))
        except Unreachable as unreachable:
            return unreachable.message
        return None

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send once and give the HTTP status; what else is answered is not read. Raises `Unreachable`."""
        if fault := webhooks.address_fault(url, local=self._local):
            raise Unreachable(fault, code="address")
        parts = urlsplit(url)
        with _translated(), _connected(parts, self._address(parts)) as connection:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body=body, headers=dict(headers))
            return connection.getresponse().status

    def _address(self, parts: SplitResult) -> tuple[str, int]:
        """Resolve a name; raises `Unreachable` if any of its addresses is not public."""
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreachable(_NO_NAME, code="name") from error
        addresses = [str(entry[4][0]) for entry in found]
        allowed_here = self._local and host in webhooks.LOOPBACK
        if not addresses or not (allowed_here or all(is_public(address) for address in addresses)):
            raise Unreachable(_NOT_PUBLIC, code="address")
        return addresses[0], port


def is_public(address: str) -> bool:
    """Tell whether an IP address, and any IPv4 address wrapped in it, lies in the public internet."""
    found = ip_address(address.partition("%")[0])
    return all(one.is_global and not one.is_multicast for one in (found, *_inside(found)))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    wrapped = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        wrapped.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in wrapped if one is not None]


@contextmanager
def _connected(parts: SplitResult, address: tuple[str, int]) -> Iterator[HTTPConnection]:
    """Connect to the resolved address under the name of the host; cut the line when the time is up."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    connection = HTTPSConnection(host, address[1]) if secure else HTTPConnection(host, address[1])
    connection.sock = socket.create_connection(address, timeout=_CONNECT_SECONDS)
    # A time-out of a socket starts anew with each byte; the cut does not.
    cut = threading.Timer(_TOTAL_SECONDS, _cut, [connection])
    cut.daemon = True
    cut.start()
    try:
        if secure:
            tls = ssl.create_default_context()
            connection.sock = tls.wrap_socket(
                connection.sock, server_hostname=host, do_handshake_on_connect=False
            )
            connection.sock.do_handshake()
        yield connection
    finally:
        cut.cancel()
        connection.close()


def _cut(connection: HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise Unreachable("the receiver does not answer in time", code="timeout") from error
    except ssl.SSLError as error:
        raise Unreachable("the receiver's certificate is not valid", code="tls") from error
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable("the receiver cannot be reached", code="connection") from error


_NO_NAME = {
    "id": "Nama pada alamat ini tidak ditemukan.",
    "en": "The name in this address is not found.",
}
_NOT_PUBLIC = {
    "id": "Alamat ini menuju jaringan internal. Pakai alamat yang dapat dijangkau dari internet.",
    "en": "This address leads into an internal network. Use one that can be reached from the internet.",
}
