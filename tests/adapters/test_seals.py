"""An envelope opens for the context for which it was closed, and for no other, and only while a grant allows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.adapters.opener import EnvelopeBroken, KmsOpener
from functions.adapters.sealer import KmsSealer
from functions.domain.errors import DependencyDown
from infra.local.aws import LocalAws
from infra.local.system import OPENER_ROLE, template

CONTEXT = {"case": "a", "parent": "p", "opens_at": "2026-02-16T03:00:00Z"}
SCOPE = {"parent": "p", "opens_at": "2026-02-16T03:00:00Z"}


@pytest.fixture
def kms() -> Iterator[tuple[Any, str]]:
    """A key with the policy of the one that seals."""
    policy = json.dumps(template()["Resources"]["SealingKey"]["Properties"]["KeyPolicy"])
    with LocalAws({}) as running:
        client = running.client("kms")
        yield client, client.create_key(Policy=policy)["KeyMetadata"]["KeyId"]


@pytest.fixture
def opener(kms: tuple[Any, str]) -> KmsOpener:
    return KmsOpener(*kms, OPENER_ROLE)


def test_opens_what_was_closed(kms: tuple[Any, str], opener: KmsOpener) -> None:
    envelope = KmsSealer(*kms).close(b'{"price": 5}', CONTEXT)

    with opener.allowed(SCOPE):
        assert opener.open(envelope, CONTEXT) == b'{"price": 5}'


def test_opens_nothing_without_a_grant_and_nothing_after_it(kms: tuple[Any, str], opener: KmsOpener) -> None:
    envelope = KmsSealer(*kms).close(b"secret", CONTEXT)

    with pytest.raises(DependencyDown):
        opener.open(envelope, CONTEXT)
    with opener.allowed(SCOPE):
        pass
    with pytest.raises(DependencyDown):
        opener.open(envelope, CONTEXT)


@pytest.mark.parametrize("name", SCOPE)
def test_a_grant_is_for_what_lies_below_one_case_and_of_one_moment(
    kms: tuple[Any, str], opener: KmsOpener, name: str
) -> None:
    other = {**CONTEXT, name: "another"}
    envelope = KmsSealer(*kms).close(b"secret", other)

    with opener.allowed(SCOPE), pytest.raises(DependencyDown):
        opener.open(envelope, other)


def test_what_was_closed_for_several_moments_is_opened_together(
    kms: tuple[Any, str], opener: KmsOpener
) -> None:
    later = {**CONTEXT, "opens_at": "2026-03-01T03:00:00Z"}
    first, second = (KmsSealer(*kms).close(b"secret", context) for context in (CONTEXT, later))

    with opener.allowed(SCOPE, {**SCOPE, "opens_at": later["opens_at"]}):
        assert opener.open(first, CONTEXT) == opener.open(second, later) == b"secret"

    assert kms[0].list_grants(KeyId=kms[1])["Grants"] == []


def test_the_grant_lets_one_role_decrypt_and_nothing_more(kms: tuple[Any, str], opener: KmsOpener) -> None:
    client, key = kms
    with opener.allowed(SCOPE):
        (grant,) = client.list_grants(KeyId=key)["Grants"]

    assert (grant["GranteePrincipal"], grant["Operations"]) == (OPENER_ROLE, ["Decrypt"])
    assert grant["Constraints"] == {"EncryptionContextSubset": SCOPE}
    assert client.list_grants(KeyId=key)["Grants"] == []


def test_never_closes_the_same_twice_alike(kms: tuple[Any, str]) -> None:
    first, second = (KmsSealer(*kms).close(b"same", CONTEXT) for _ in range(2))

    assert first["content"] != second["content"]
    assert first["key"] != second["key"]


@pytest.mark.parametrize("name", CONTEXT)
def test_opens_for_no_other_context(kms: tuple[Any, str], opener: KmsOpener, name: str) -> None:
    envelope = KmsSealer(*kms).close(b"secret", CONTEXT)

    with opener.allowed({}), pytest.raises(EnvelopeBroken):
        opener.open(envelope, {**CONTEXT, name: "another"})


def test_opens_nothing_that_was_changed(kms: tuple[Any, str], opener: KmsOpener) -> None:
    envelope = KmsSealer(*kms).close(b"secret", CONTEXT)
    other = KmsSealer(*kms).close(b"terces", CONTEXT)

    with opener.allowed(SCOPE), pytest.raises(EnvelopeBroken):
        opener.open({**envelope, "content": other["content"]}, CONTEXT)
