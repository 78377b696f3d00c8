"""What is encrypted with a key of KMS lies as ciphertext, and opens only while a grant lets it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.s3.models import s3_backends

from infra.local.aws import LocalAws
from infra.local.aws.account import ACCOUNT
from infra.local.aws.sealed import may_decrypt, stored

BUCKET, CONTENT, REGION = "sealed", b"%PDF-1.7 the price is 1.234.567", "ap-southeast-3"
CLOSED = {
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["kms:CreateGrant"], "Resource": "*"}]
}
CONTEXT = {"case": "a", "parent": "p"}
PUT = {"SSEKMSEncryptionContext": base64.b64encode(json.dumps(CONTEXT).encode()).decode()}


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws({}) as running:
        yield running


def put(aws: LocalAws) -> str:
    key = aws.client("kms").create_key(Policy=json.dumps(CLOSED))["KeyMetadata"]["KeyId"]
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(Bucket=BUCKET, Key="one", Body=CONTENT, **sealed, **PUT)
    return str(key)


def read(aws: LocalAws) -> bytes:
    return bytes(aws.client("s3").get_object(Bucket=BUCKET, Key="one")["Body"].read())


def grant(aws: LocalAws, key: str, subset: dict[str, str]) -> None:
    aws.client("kms").create_grant(
        KeyId=key,
        GranteePrincipal="arn:aws:iam::123456789012:role/opener",
        Operations=["Decrypt"],
        Constraints={"EncryptionContextSubset": subset},
    )


def test_lies_as_ciphertext(aws: LocalAws) -> None:
    put(aws)

    lying = stored(s3_backends[ACCOUNT]["aws"].get_object(BUCKET, "one"))

    assert CONTENT not in lying
    assert b"1.234.567" not in lying


def test_is_read_only_under_a_grant_that_fits(aws: LocalAws) -> None:
    key = put(aws)
    with pytest.raises(ClientError, match="AccessDenied"):
        read(aws)
    grant(aws, key, {"parent": "another"})
    with pytest.raises(ClientError, match="AccessDenied"):
        read(aws)

    grant(aws, key, {"parent": "p"})

    assert read(aws) == CONTENT


def test_is_not_copied_either(aws: LocalAws) -> None:
    put(aws)

    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("s3").copy_object(Bucket=BUCKET, Key="two", CopySource={"Bucket": BUCKET, "Key": "one"})


def test_a_policy_that_lets_decrypt_needs_no_grant() -> None:
    assert may_decrypt({"Statement": [{"Effect": "Allow", "Action": "kms:*"}]}, [], {})
    assert not may_decrypt({"Statement": [{"Effect": "Deny", "Action": "kms:*"}]}, [], {})


def test_stays_sealed_in_the_journal_and_over_a_restart(tmp_path: Path) -> None:
    with LocalAws({}, data=tmp_path) as running:
        key = put(running)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(CONTENT in one or base64.b64encode(CONTENT) in one for one in files)

    with LocalAws({}, data=tmp_path) as running:
        running.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        with pytest.raises(ClientError, match="AccessDenied"):
            read(running)
        grant(running, key, CONTEXT)
        assert read(running) == CONTENT


def test_moto_alone_keeps_it_in_the_clear_and_lets_everybody_read() -> None:
    with mock_aws():
        s3, kms = boto3.client("s3", REGION), boto3.client("kms", REGION)
        key: Any = kms.create_key(Policy=json.dumps(CLOSED))["KeyMetadata"]["KeyId"]
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
        s3.put_object(Bucket=BUCKET, Key="one", Body=CONTENT, **sealed)

        assert s3.get_object(Bucket=BUCKET, Key="one")["Body"].read() == CONTENT
