"""Ids and numbers that nobody has to count: no hot counter, no two alike, readable aloud.

Crockford's base 32 has no I, L, O or U, so that what is read over the telephone is typed right.
"""

from __future__ import annotations

import hashlib
import re

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
CASE_ID = re.compile(rf"[{_ALPHABET}]{{26}}")
_PART_ID = re.compile(rf"([{_ALPHABET}]{{26}})\.([tqdp])([1-9][0-9]{{0,4}})")


def case_id(seed: bytes) -> str:
    """Give the id of a case from 16 or more bytes: random ones, or the digest of an Idempotency-Key and its sender."""
    return _base32(hashlib.sha256(b"case:" + seed).digest(), 26)


def is_case_id(text: str) -> bool:
    return CASE_ID.fullmatch(text) is not None


def case_of(part_id: str, letter: str) -> str | None:
    """Give the case to which a task (t), question (q), document (d) or payment (p) belongs; ``None`` for no such id."""
    match = _PART_ID.fullmatch(part_id)
    return match.group(1) if match and match.group(2) == letter else None


def number(prefix: str, year: int, seed: str, *, salt: int = 0) -> str:
    """Give a number such as ``PBG-2026-7K3M9-Q2XW8``: fifty bits, so a million a year meet once in 2,000 years.

    A permit's number is claimed when it is issued; if it is taken, the next ``salt`` gives another.
    """
    tail = _base32(hashlib.sha256(f"{prefix}:{year}:{seed}:{salt}".encode()).digest(), 10).upper()
    return f"{prefix}-{year}-{tail[:5]}-{tail[5:]}"


def _base32(digest: bytes, length: int) -> str:
    value = int.from_bytes(digest, "big")
    return "".join(_ALPHABET[(value >> (5 * place)) & 31] for place in range(length))
