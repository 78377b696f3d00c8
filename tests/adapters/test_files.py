"""Documents in S3: what a signed form allows, what has arrived, what a link says, and what erasure leaves."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zipfile import ZipFile

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from functions.adapters.files import Arrived, S3Files, content_disposition
from functions.domain import content_type
from functions.domain.content_type import agrees, sniff
from functions.domain.errors import DependencyDown, DocumentMissing

BUCKET = "loket-documents"
KEY = "cases/01k/01k.d1"
CONTENT = b"%PDF-1.7\n" + b"a site plan " * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SOON = timedelta(minutes=10)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", "ap-southeast-3", config=Config(signature_version="s3v4"))
        client.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"}
        )
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def files(s3: Any) -> S3Files:
    return S3Files(s3, BUCKET)


class Failing:
    """A client of which every call ends in the same error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            raise self.error

        return call


def issue(files: S3Files, content: bytes = CONTENT, key: str = KEY) -> Arrived:
    return files.put(key, content, content_type="application/pdf", sha256=hashlib.sha256(content).hexdigest())


def policy_of(fields: dict[str, str]) -> list[Any]:
    return list(json.loads(base64.b64decode(fields["policy"]))["conditions"])


def test_an_upload_is_bound_to_key_size_type_and_checksum(files: S3Files) -> None:
    upload = files.announce_upload(
        KEY, size=len(CONTENT), sha256=SHA256, content_type="application/pdf", expires=SOON
    )

    checksum = base64.b64encode(bytes.fromhex(SHA256)).decode()
    conditions = policy_of(upload["fields"])
    for bound in (
        {"key": KEY},
        {"bucket": BUCKET},
        {"Content-Type": "application/pdf"},
        {"x-amz-checksum-algorithm": "SHA256"},
        {"x-amz-checksum-sha256": checksum},
        ["content-length-range", len(CONTENT), len(CONTENT)],
    ):
        assert bound in conditions
    assert upload["fields"]["x-amz-checksum-sha256"] == checksum
    assert upload["fields"]["Content-Type"] == "application/pdf"
    assert upload["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_a_posted_file_is_found_with_its_true_size_and_digest(files: S3Files) -> None:
    upload = files.announce_upload(
        KEY, size=len(CONTENT), sha256=SHA256, content_type="application/pdf", expires=SOON
    )

    answer = requests.post(upload["url"], data=upload["fields"], files={"file": CONTENT}, timeout=5)

    assert answer.status_code == 204
    arrived = files.head(KEY)
    assert (arrived.size, arrived.sha256) == (len(CONTENT), SHA256)
    assert arrived.version


def test_a_file_that_is_not_the_announced_one_shows_its_own_digest(files: S3Files) -> None:
    upload = files.announce_upload(
        KEY, size=len(CONTENT), sha256=SHA256, content_type="application/pdf", expires=SOON
    )
    other = CONTENT.replace(b"site", b"evil")

    requests.post(upload["url"], data=upload["fields"], files={"file": other}, timeout=5)

    assert files.head(KEY).sha256 == hashlib.sha256(other).hexdigest() != SHA256


def test_a_document_that_we_issue_is_read_back_from_its_checksum_alone(s3: Any, files: S3Files) -> None:
    put = issue(files)
    reads: list[str] = []
    s3.meta.events.register("before-call.s3.GetObject", lambda **_: reads.append("read"))

    arrived = files.head(KEY)

    assert arrived == put == Arrived(len(CONTENT), SHA256, "application/pdf", put.version)
    assert reads == []


def test_an_older_version_can_be_read_after_a_newer_came(files: S3Files) -> None:
    first = issue(files)
    issue(files, b"%PDF-2.0 newer")

    assert files.head(KEY, version=first.version).sha256 == SHA256
    assert files.first_bytes(KEY, 8, version=first.version) == b"%PDF-1.7"
    assert files.head(KEY).sha256 != SHA256


def test_the_first_bytes_are_read_alone(files: S3Files) -> None:
    issue(files)

    assert files.first_bytes(KEY, 9) == CONTENT[:9]
    assert files.first_bytes(KEY) == CONTENT


def test_an_empty_document_has_no_first_bytes(files: S3Files) -> None:
    issue(files, b"")

    assert files.first_bytes(KEY) == b""


@pytest.mark.parametrize("read", ["head", "first_bytes"])
def test_a_document_that_never_arrived_is_missing(files: S3Files, read: str) -> None:
    with pytest.raises(DocumentMissing) as missing:
        getattr(files, read)("cases/01k/none")

    assert missing.value.facts == {"document": "cases/01k/none"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EndpointConnectionError(endpoint_url="https://s3"), "EndpointConnectionError"),
        (ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"), "SlowDown"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"), "AccessDenied"),
    ],
)
def test_a_store_that_does_not_answer_is_a_dependency_down(error: Exception, reason: str) -> None:
    files = S3Files(Failing(error), BUCKET)

    for call in (
        lambda: files.head(KEY),
        lambda: files.first_bytes(KEY),
        lambda: issue(files),
        lambda: files.tag(KEY, {}),
        lambda: files.delete_all_versions("cases/01k/"),
    ):
        with pytest.raises(DependencyDown) as down:
            call()
        assert down.value.facts == {"service": "s3", "reason": reason}


def test_a_link_names_the_file_its_type_and_its_version(files: S3Files) -> None:
    version = issue(files).version

    link = files.link(
        KEY, version=version, filename="Denah Rumah é.pdf", content_type="application/pdf", expires=SOON
    )

    query = parse_qs(urlsplit(link).query)
    assert query["versionId"] == [version]
    assert query["response-content-type"] == ["application/pdf"]
    assert query["response-content-disposition"] == [
        "attachment; filename=\"Denah Rumah _.pdf\"; filename*=UTF-8''Denah%20Rumah%20%C3%A9.pdf"
    ]
    assert query["X-Amz-Expires"] == ["600"]
    assert requests.get(link, timeout=5).content == CONTENT


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ('a"b\\c.pdf', "attachment; filename=\"a_b_c.pdf\"; filename*=UTF-8''a%22b%5Cc.pdf"),
        (
            "a\r\nX-Evil: 1.pdf",
            "attachment; filename=\"aX-Evil: 1.pdf\"; filename*=UTF-8''aX-Evil%3A%201.pdf",
        ),
        (
            "../../etc/passwd",
            "attachment; filename=\".._.._etc_passwd\"; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd",
        ),
        ("\n", "attachment; filename=\"document\"; filename*=UTF-8''document"),
    ],
)
def test_no_file_name_breaks_out_of_its_header(filename: str, header: str) -> None:
    assert content_disposition("attachment", filename) == header


def test_erasure_leaves_no_version_and_no_marker(s3: Any, files: S3Files) -> None:
    issue(files)
    issue(files, b"second")
    issue(files, key="cases/01k/01k.d2")
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    issue(files, key="cases/01k2/01k2.d1")

    erased = files.delete_all_versions("cases/01k/")

    assert erased == 4
    left = s3.list_object_versions(Bucket=BUCKET)
    assert [version["Key"] for version in left["Versions"]] == ["cases/01k2/01k2.d1"]
    assert "DeleteMarkers" not in left
    assert files.delete_all_versions("cases/01k/") == 0


@pytest.mark.parametrize("prefix", ["", "/", "cases/01k"])
def test_erasure_takes_only_a_whole_folder(files: S3Files, prefix: str) -> None:
    with pytest.raises(ValueError, match="not a folder"):
        files.delete_all_versions(prefix)


def test_tags_of_others_stay(s3: Any, files: S3Files) -> None:
    version = issue(files).version
    s3.put_object_tagging(
        Bucket=BUCKET,
        Key=KEY,
        Tagging={"TagSet": [{"Key": "GuardDutyMalwareScanStatus", "Value": "NO_THREATS_FOUND"}]},
    )

    files.tag(KEY, {"kind": "permit"}, version=version)

    tags = s3.get_object_tagging(Bucket=BUCKET, Key=KEY)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "GuardDutyMalwareScanStatus": "NO_THREATS_FOUND",
        "kind": "permit",
    }


def package(*names: str, first: tuple[str, str] | None = None) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        if first:
            archive.writestr(*first)
        for name in names:
            archive.writestr(name, "<xml/>")
    return buffer.getvalue()[: content_type.ENOUGH]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"%PDF-1.7\n", content_type.PDF),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", content_type.PNG),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", content_type.JPEG),
        (b"II*\0\x08\0\0\0", content_type.TIFF),
        (b"MM\0*\0\0\0\x08", content_type.TIFF),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", content_type.MP4),
        (b"\0\0\0\x1cftypM4VX\0\0\0\0M4VXisomiso2", content_type.MP4),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", content_type.HEIC),
        (b"\0\0\0\x10ftypxxxx\0\0\0\0isom", None),
        (b"AC1032\0\0\0\0", content_type.DWG),
        (package("[Content_Types].xml", "_rels/.rels", "word/document.xml"), content_type.DOCX),
        (package("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), content_type.XLSX),
        (package("ppt/presentation.xml"), content_type.PPTX),
        (package("content.xml", first=("mimetype", content_type.ODF + "text")), content_type.ODF + "text"),
        (package("readme.txt"), content_type.ZIP),
        (b"Surat pernyataan\r\n", content_type.TEXT),
        ("Surat — é".encode(), content_type.TEXT),
        ("\ufeffnama,luas\n".encode(), content_type.TEXT),
        ("surat".encode("utf-16"), content_type.TEXT),
        (("é" * 4096).encode()[1:-1], None),
        (("a" + "é" * 4096).encode()[: content_type.ENOUGH], content_type.TEXT),
        (b"  <!DOCTYPE html><script>", "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'>", "image/svg+xml"),
        (b"\x7fELF\x02\x01", None),
        (b"MZ\x90\0", None),
        (b"", None),
    ],
)
def test_a_type_is_told_by_content(head: bytes, expected: str | None) -> None:
    assert sniff(head) == expected


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        (content_type.PDF, content_type.PDF, True),
        (content_type.PDF, content_type.ZIP, False),
        (content_type.PDF, None, False),
        ("text/csv", content_type.TEXT, True),
        (content_type.TEXT, "text/html", False),
        (content_type.DOCX, content_type.ZIP, True),
        (content_type.DOCX, content_type.XLSX, False),
        (content_type.PDF, content_type.TEXT, False),
    ],
)
def test_a_file_goes_only_by_a_type_that_it_can_be(declared: str, found: str | None, expected: bool) -> None:
    assert agrees(declared, found) is expected


# -- under seal


CONTEXT = {"case": "01k", "parent": "01p", "opens_at": "2026-02-16T03:00:00Z"}
SEALED = "sealed/01k/d1"


def test_a_form_under_seal_demands_the_key_and_the_context(s3: Any) -> None:
    form = S3Files(s3, BUCKET, "arn:of:key").announce_upload(
        SEALED,
        size=len(CONTENT),
        sha256=SHA256,
        content_type="application/pdf",
        expires=SOON,
        sealed_for=CONTEXT,
    )

    wanted = {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "arn:of:key",
    }
    assert wanted.items() <= form["fields"].items()
    context = form["fields"]["x-amz-server-side-encryption-context"]
    assert json.loads(base64.b64decode(context)) == CONTEXT
    demanded = policy_of(form["fields"])
    assert all({name: value} in demanded for name, value in wanted.items())
    assert {"x-amz-server-side-encryption-context": context} in demanded


def test_what_is_unsealed_is_a_copy_in_the_clear(s3: Any) -> None:
    key = boto3.client("kms", "ap-southeast-3").create_key()["KeyMetadata"]["Arn"]
    files = S3Files(s3, BUCKET, key)
    sealed = files.put(SEALED, CONTENT, content_type="application/pdf", sha256=SHA256, sealed_for=CONTEXT)

    files.unseal(SEALED, KEY, version=sealed.version, content_type="application/pdf")

    assert s3.head_object(Bucket=BUCKET, Key=SEALED)["ServerSideEncryption"] == "aws:kms"
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["ServerSideEncryption"] == "AES256"
    assert (files.head(KEY).sha256, files.head(KEY).content_type) == (SHA256, "application/pdf")
    assert files.head(SEALED).size == len(CONTENT)
