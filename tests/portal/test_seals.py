"""Sealed texts open only for us, only for their purpose, and only for a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.portal import seals

KEY, NOW = b"a key", datetime(2026, 11, 24, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def test_opens_what_it_sealed() -> None:
    text = seals.seal(KEY, "session", {"who": "siti"}, LATER)

    assert seals.unseal(KEY, "session", text, NOW) == {"who": "siti", "exp": int(LATER.timestamp())}


@pytest.mark.parametrize(
    ("key", "purpose", "moment"),
    [(b"another key", "session", NOW), (KEY, "form", NOW), (KEY, "session", LATER)],
    ids=["another key", "another purpose", "too late"],
)
def test_opens_nothing_else(key: bytes, purpose: str, moment: datetime) -> None:
    text = seals.seal(KEY, "session", {"who": "siti"}, LATER)

    assert seals.unseal(key, purpose, text, moment) is None


@given(st.text(max_size=200))
def test_reads_any_text_without_harm(text: str) -> None:
    assert seals.unseal(KEY, "session", text, NOW) is None
    assert not seals.is_token(KEY, "form", "sid", text)


def test_a_changed_letter_breaks_the_seal() -> None:
    text = seals.seal(KEY, "session", {"who": "siti"}, LATER)
    body, _, mac = text.partition(".")
    other = ("A" if body[5] != "A" else "B").join((body[:5], body[6:]))

    assert seals.unseal(KEY, "session", f"{other}.{mac}", NOW) is None


def test_a_token_looks_different_each_time_and_is_known_each_time() -> None:
    one, other = (seals.token(KEY, "form", "sid", bytes([place] * 16)) for place in (1, 2))

    assert one != other
    assert seals.is_token(KEY, "form", "sid", one)
    assert seals.is_token(KEY, "form", "sid", other)
    assert not seals.is_token(KEY, "form", "another sid", one)


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(ValueError, match="anybody"):
        seals.seal(b"", "session", {}, LATER)
