"""Sealed texts: small JSON objects that a browser keeps for us and cannot change (HMAC-SHA256).

Each purpose has a key of its own, derived from the one in the settings, so that a text sealed for one purpose never
passes for another. Sealed is not secret: the browser's owner can read it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_LONGEST = 8000


def seal(key: bytes, purpose: str, content: Mapping[str, Any], until: datetime) -> str:
    """Give the sealed text; it opens until then, by the machine's time."""
    body = encoded(json.dumps({**content, "exp": int(until.timestamp())}, separators=(",", ":")).encode())
    return f"{body}.{encoded(_mac(key, purpose, body))}"


def unseal(key: bytes, purpose: str, text: str | None, now: datetime) -> dict[str, Any] | None:
    """Give the content, or ``None`` for what was not sealed by us for this purpose, or has ended."""
    body, _, mac = (text or "").partition(".")
    if not body or len(text or "") > _LONGEST or not _equal(mac, encoded(_mac(key, purpose, body))):
        return None
    try:
        content: dict[str, Any] = json.loads(decoded(body))
        return content if now < datetime.fromtimestamp(content["exp"], UTC) else None
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


def token(key: bytes, purpose: str, about: str, mask: bytes) -> str:
    """Give a token that only we can make for ``about``; a fresh mask makes it look different on every page.

    Without the mask a compressed page would give it away byte by byte (BREACH).
    """
    mac = _mac(key, purpose, about)
    return encoded(mask + bytes(a ^ b for a, b in zip(mac, hashlib.sha256(mask).digest(), strict=True)))


def is_token(key: bytes, purpose: str, about: str, text: str) -> bool:
    """Tell whether `token` made the text for ``about``."""
    try:
        mask = decoded(text)[:16]
    except (ValueError, binascii.Error):
        return False
    return len(mask) == 16 and _equal(text, token(key, purpose, about, mask))


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _mac(key: bytes, purpose: str, body: str) -> bytes:
    if not key:
        raise ValueError("Without a key anybody could seal.")
    derived = hmac.new(key, purpose.encode(), hashlib.sha256).digest()
    return hmac.new(derived, body.encode(), hashlib.sha256).digest()


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())
