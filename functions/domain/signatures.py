"""The signature of webhooks: ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<raw body>">``."""

from __future__ import annotations

import hashlib
import hmac
import re

HEADER = "Loket-Signature"
OLDEST_SECONDS = 300

_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, at: int) -> str:
    """Give the header's value for a body sent at ``at`` (Unix seconds)."""
    return f"t={at},v1={_mac(secret, body, at)}"


def fault(secret: str, body: bytes, header: str | None, now: int) -> str | None:
    """Tell what is wrong with a signature: ``missing``, ``form``, ``old`` or ``wrong``; ``None`` if it is right.

    The sender's clock may be ahead by as much as it may be late. Compared in constant time.
    """
    if not header:
        return "missing"
    match = _FORM.fullmatch(header.strip())
    if match is None:
        return "form"
    at, given = int(match.group(1)), match.group(2)
    if not hmac.compare_digest(given, _mac(secret, body, at)):
        return "wrong"
    return "old" if abs(now - at) > OLDEST_SECONDS else None


def _mac(secret: str, body: bytes, at: int) -> str:
    return hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
