"""Presigned forms and links, verified as S3 does, in process and over HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from infra.local.aws import LocalAws, uploads
from infra.local.aws.browser import Answer

CONTENT = b"%PDF-1.7 a site plan"


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@pytest.fixture(params=["in process", "over HTTP"])
def s3(request: pytest.FixtureRequest) -> Iterator[LocalAws]:
    """A system with a versioned bucket `files`, once without and once with a port."""
    with LocalAws({}, port=0 if request.param == "over HTTP" else None) as aws:
        client = aws.client("s3")
        client.create_bucket(
            Bucket="files", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"}
        )
        client.put_bucket_versioning(Bucket="files", VersioningConfiguration={"Status": "Enabled"})
        yield aws


def form(aws: LocalAws, *, key: str = "c1/plan", expires: int = 900, **changed: Any) -> dict[str, Any]:
    """A form bound to CONTENT, as the engine signs it."""
    fields = {"Content-Type": "application/pdf", "x-amz-checksum-sha256": digest(CONTENT)}
    conditions = [{name: value} for name, value in fields.items()]
    size = len(CONTENT)
    post = aws.client("s3").generate_presigned_post(
        "files",
        key,
        Fields=fields,
        Conditions=[*conditions, ["content-length-range", size, size]],
        ExpiresIn=expires,
    )
    post["fields"] |= changed.get("fields", {})
    return dict(post)


def send(aws: LocalAws, post: dict[str, Any], content: bytes = CONTENT) -> Answer:
    if aws.endpoint is None:
        return aws.upload(post, content)
    assert post["url"].startswith(aws.endpoint)
    answer = urllib3.request(
        "POST",
        post["url"],
        fields=[*post["fields"].items(), ("file", ("plan.pdf", content, "application/pdf"))],
        headers={"Origin": "http://127.0.0.1:8000"},
        redirect=False,
    )
    return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)


def test_takes_what_the_form_allows(s3: LocalAws) -> None:
    answer = send(s3, form(s3))

    head = s3.client("s3").head_object(Bucket="files", Key="c1/plan", ChecksumMode="ENABLED")
    assert (answer.status, answer.body) == (204, b"")
    assert (head["ContentType"], head["ContentLength"]) == ("application/pdf", len(CONTENT))
    assert head["ChecksumSHA256"] == digest(CONTENT)
    assert answer.headers["x-amz-version-id"] == head["VersionId"]
    assert answer.headers["etag"] == head["ETag"]


@pytest.mark.parametrize(
    ("changed", "content", "status", "code", "says"),
    [
        ({"fields": {"Content-Type": "text/html"}}, CONTENT, 403, "AccessDenied", "Policy Condition failed"),
        ({"fields": {"key": "c2/plan"}}, CONTENT, 403, "AccessDenied", "Policy Condition failed"),
        ({"fields": {"acl": "public-read"}}, CONTENT, 403, "AccessDenied", "Extra input fields: acl"),
        ({"fields": {"x-amz-signature": "0" * 64}}, CONTENT, 403, "SignatureDoesNotMatch", "signature"),
        (
            {"fields": {"policy": base64.b64encode(b"{}").decode()}},
            CONTENT,
            400,
            "InvalidPolicyDocument",
            "Invalid",
        ),
        (
            {"fields": {"x-amz-credential": "SOMEBODY/20260101/ap-southeast-3/s3/aws4_request"}},
            CONTENT,
            403,
            "InvalidAccessKeyId",
            "does not exist",
        ),
        ({}, CONTENT + b"!", 400, "EntityTooLarge", "exceeds"),
        ({}, CONTENT[:-1], 400, "EntityTooSmall", "smaller"),
        ({}, CONTENT[:-1] + b"!", 400, "BadDigest", "SHA256"),
        ({"expires": -1}, CONTENT, 403, "AccessDenied", "Policy expired"),
    ],
)
def test_refuses_what_the_form_does_not_allow(
    s3: LocalAws, changed: dict[str, Any], content: bytes, status: int, code: str, says: str
) -> None:
    answer = send(s3, form(s3, **changed), content)

    assert (answer.status, f"<Code>{code}</Code>" in answer.body.decode()) == (status, True)
    assert says in answer.body.decode()
    assert answer.headers["content-type"].startswith("application/xml")
    assert s3.client("s3").list_object_versions(Bucket="files").get("Versions", []) == []


@pytest.mark.parametrize("missing", ["policy", "x-amz-algorithm", "x-amz-signature", "key"])
def test_refuses_a_form_without_its_fields(s3: LocalAws, missing: str) -> None:
    post = form(s3)

    del post["fields"][missing]

    assert send(s3, post).status in (400, 403)


def test_a_prefix_may_be_free_and_ignored_fields_too(s3: LocalAws) -> None:
    post = s3.client("s3").generate_presigned_post(
        "files",
        "c1/${filename}",
        Fields={"x-amz-meta-kind": "plan", "success_action_status": "201"},
        Conditions=[["starts-with", "$x-amz-meta-kind", "pl"], {"success_action_status": "201"}],
    )
    post["fields"]["x-ignore-me"] = "anything"

    answer = send(s3, post)

    name = "c1/file" if s3.endpoint is None else "c1/plan.pdf"
    assert (answer.status, f"<Key>{name}</Key>" in answer.body.decode()) == (201, True)
    assert s3.client("s3").head_object(Bucket="files", Key=name)["Metadata"] == {"kind": "plan"}


def test_a_browser_may_post_from_the_portal() -> None:
    with LocalAws({}, port=0) as aws:
        client = aws.client("s3")
        client.create_bucket(
            Bucket="files", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"}
        )
        rule = {
            "AllowedOrigins": ["http://127.0.0.1:8000"],
            "AllowedMethods": ["POST"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"],
        }
        client.put_bucket_cors(Bucket="files", CORSConfiguration={"CORSRules": [rule]})

        asked = urllib3.request(
            "OPTIONS",
            f"{aws.endpoint}/files",
            headers={"Origin": "http://127.0.0.1:8000", "Access-Control-Request-Method": "POST"},
        )
        answer = send(aws, form(aws))

    assert asked.status == 200
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert asked.headers["Access-Control-Allow-Origin"] in ("*", "http://127.0.0.1:8000")
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] in ("*", "http://127.0.0.1:8000")


def follow(aws: LocalAws, url: str) -> Answer:
    if aws.endpoint is None:
        return aws.download(url)
    answer = urllib3.request("GET", url)
    return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)


def link(aws: LocalAws, expires: int = 60, **params: Any) -> str:
    put = aws.client("s3").put_object(Bucket="files", Key="c1/site plan é.pdf", Body=CONTENT)
    params |= {"Bucket": "files", "Key": "c1/site plan é.pdf", "VersionId": put["VersionId"]}
    return str(aws.client("s3").generate_presigned_url("get_object", Params=params, ExpiresIn=expires))


def test_a_link_gives_the_object_under_the_name_it_was_signed_with(s3: LocalAws) -> None:
    disposition = "attachment; filename*=UTF-8''denah%20%C3%A9.pdf"

    answer = follow(
        s3, link(s3, ResponseContentDisposition=disposition, ResponseContentType="application/pdf")
    )

    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["content-type"] == "application/pdf"


def test_a_link_that_was_altered_is_refused(s3: LocalAws) -> None:
    altered = link(s3, ResponseContentType="application/pdf").replace("application%2Fpdf", "text%2Fhtml")

    answer = follow(s3, altered)

    assert (answer.status, b"SignatureDoesNotMatch" in answer.body) == (403, True)


def test_an_old_link_is_refused(s3: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    url = link(s3, expires=60)
    monkeypatch.setattr(uploads, "_now", lambda: datetime.now(UTC) + timedelta(seconds=62))

    answer = follow(s3, url)

    assert (answer.status, b"Request has expired" in answer.body) == (403, True)


def test_a_link_lives_by_the_machines_time(s3: LocalAws) -> None:
    url = link(s3, expires=60)

    s3.advance(timedelta(days=28))

    assert follow(s3, url).status == 200


def test_an_object_that_does_not_fit_its_checksum_is_refused(s3: LocalAws) -> None:
    client = s3.client("s3")

    with pytest.raises(ClientError, match="BadDigest"):
        client.put_object(Bucket="files", Key="a", Body=b"other", ChecksumSHA256=digest(CONTENT))

    assert "Contents" not in client.list_objects_v2(Bucket="files")


def test_policies_are_read_as_s3_reads_them() -> None:
    conditions = [{"bucket": "files"}, ["eq", "$key", "a"], ["content-length-range", "1", "5"]]
    policy = base64.b64encode(
        json.dumps({"expiration": "2026-01-01T00:00:00Z", "conditions": conditions}).encode()
    )
    fields = {
        "key": "a",
        "policy": policy.decode(),
        "x-amz-algorithm": uploads.ALGORITHM,
        "x-amz-credential": f"{uploads.ACCESS_KEY}/20251231/ap-southeast-3/s3/aws4_request",
    }

    with pytest.raises(uploads.Refused, match="SignatureDoesNotMatch"):
        uploads.verify_form(fields | {"x-amz-signature": "?"}, 3, "files", datetime(2025, 12, 31, tzinfo=UTC))


def test_moto_alone_takes_any_form() -> None:
    """When this fails, look whether the seam can go."""
    from moto import mock_aws

    with mock_aws():
        alone = LocalAws({})
        alone.client("s3").create_bucket(
            Bucket="files", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"}
        )
        answer = alone.upload(form(alone, fields={"x-amz-signature": "0"}), CONTENT + b"!")

    assert answer.status == 204
