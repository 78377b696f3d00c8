"""Addresses: where the portal's pages are, and which addresses it may send somebody to."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from functions.runtime.wiring import ports


def base_path() -> str:
    """The path under which the portal lives, such as the stage of an API Gateway; mostly none."""
    return urlsplit(str(ports.settings.public_url)).path.rstrip("/")


def url(path: str, /, **query: Any) -> str:
    """Give the address of a page of the portal; what is empty is left out of the query."""
    known = {name: value for name, value in query.items() if value not in (None, "")}
    return base_path() + quote(path, safe="/-._~") + (f"?{urlencode(known)}" if known else "")


def back_to(path: str) -> str:
    """Give the address of a path that already has its query."""
    return base_path() + path


def public_url(path: str) -> str:
    """Give the full address, as it stands in letters and QR codes."""
    return str(ports.settings.public_url).rstrip("/") + path


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def own(wanted: str | None) -> str:
    """Give where to go on after signing in: a path of this portal and nothing else."""
    path = wanted or "/"
    plain = path.isprintable() and path.isascii() and "\\" not in path and " " not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"
