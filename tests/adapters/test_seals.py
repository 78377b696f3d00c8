"""An envelope opens for the context for which it was closed, and for no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.adapters.opener import EnvelopeBroken, KmsOpener
from functions.adapters.sealer import KmsSealer

CONTEXT = {"case": "a", "parent": "p", "opens_at": "2026-02-16T03:00:00Z"}


@pytest.fixture
def kms() -> Iterator[tuple[Any, str]]:
    with mock_aws():
        client = boto3.client("kms", region_name="ap-southeast-3")
        yield client, client.create_key()["KeyMetadata"]["KeyId"]


def test_opens_what_was_closed(kms: tuple[Any, str]) -> None:
    envelope = KmsSealer(*kms).close(b'{"price": 5}', CONTEXT)

    assert KmsOpener(*kms).open(envelope, CONTEXT) == b'{"price": 5}'


def test_never_closes_the_same_twice_alike(kms: tuple[Any, str]) -> None:
    first, second = (KmsSealer(*kms).close(b"same", CONTEXT) for _ in range(2))

    assert first["content"] != second["content"]
    assert first["key"] != second["key"]


@pytest.mark.parametrize("name", CONTEXT)
def test_opens_for_no_other_context(kms: tuple[Any, str], name: str) -> None:
    envelope = KmsSealer(*kms).close(b"secret", CONTEXT)

    with pytest.raises(EnvelopeBroken):
        KmsOpener(*kms).open(envelope, {**CONTEXT, name: "another"})


def test_opens_nothing_that_was_changed(kms: tuple[Any, str]) -> None:
    envelope = KmsSealer(*kms).close(b"secret", CONTEXT)
    other = KmsSealer(*kms).close(b"terces", CONTEXT)

    with pytest.raises(EnvelopeBroken):
        KmsOpener(*kms).open({**envelope, "content": other["content"]}, CONTEXT)
