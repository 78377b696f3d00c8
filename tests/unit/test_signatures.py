"""Webhook signatures: only the right secret over the very bytes, and only for five minutes."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain import signatures

SECRET, BODY, AT = "local-payment-secret", b'{"id":"n1"}', 1_770_000_000
SIGNED = signatures.sign(SECRET, BODY, AT)


def test_the_signature_is_what_the_contract_says():
    mac = hmac.new(SECRET.encode(), b'1770000000.{"id":"n1"}', hashlib.sha256).hexdigest()

    assert f"t=1770000000,v1={mac}" == SIGNED


@given(st.text(min_size=1), st.binary(), st.integers(0, 2**31))
def test_what_was_signed_is_right(secret: str, body: bytes, at: int):
    assert signatures.fault(secret, body, signatures.sign(secret, body, at), at) is None


@pytest.mark.parametrize("late", [-300, -1, 0, 1, 300])
def test_it_holds_for_five_minutes_both_ways(late: int):
    assert signatures.fault(SECRET, BODY, SIGNED, AT + late) is None


@pytest.mark.parametrize("late", [-301, 301, 86_400])
def test_then_it_is_old(late: int):
    assert signatures.fault(SECRET, BODY, SIGNED, AT + late) == "old"


@pytest.mark.parametrize("header", [None, ""])
def test_none_is_missing(header: str | None):
    assert signatures.fault(SECRET, BODY, header, AT) == "missing"


@pytest.mark.parametrize(
    "header", ["v1=abc", SIGNED.upper(), SIGNED + ",v1=0", f"t=-1,{SIGNED}", "t=1,v1=xyz", "t=,v1="]
)
def test_another_form_is_refused(header: str):
    assert signatures.fault(SECRET, BODY, header, AT) == "form"


def test_another_secret_body_or_time_is_wrong():
    assert signatures.fault("other", BODY, SIGNED, AT) == "wrong"
    assert signatures.fault(SECRET, BODY + b" ", SIGNED, AT) == "wrong"
    assert signatures.fault(SECRET, BODY, SIGNED.replace(str(AT), str(AT + 1)), AT) == "wrong"


def test_an_old_forgery_is_wrong_and_not_old():
    assert signatures.fault("other", BODY, SIGNED, AT + 10_000) == "wrong"
