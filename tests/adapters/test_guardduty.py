"""The malware scanner: GuardDuty's event as a verdict, and the local scanner that writes the same event."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from functions.adapters.guardduty import parse
from functions.domain.errors import Malformed
from functions.domain.scan import ScanResult, Verdict
from infra.local.scanner import EICAR, scan, scan_event

AT = datetime(2026, 11, 24, 2, 30, 5, tzinfo=UTC)


def event(status: str = "NO_THREATS_FOUND", **result: Any) -> dict[str, Any]:
    """An event in the shape of the GuardDuty user guide's samples."""
    return {
        "version": "0",
        "id": "72c7d362-737a-6dce-fc78-9e27a0171419",
        "detail-type": "GuardDuty Malware Protection Object Scan Result",
        "source": "aws.guardduty",
        "account": "111122223333",
        "time": "2026-11-24T02:30:05Z",
        "region": "ap-southeast-3",
        "resources": ["arn:aws:guardduty:ap-southeast-3:111122223333:malware-protection-plan/b4c7f46EXAMPLE"],
        "detail": {
            "schemaVersion": "1.0",
            "scanStatus": "COMPLETED",
            "resourceType": "S3_OBJECT",
            "s3ObjectDetails": {
                "bucketName": "documents",
                "objectKey": "cases/01k/01k.d1",
                "eTag": "ASIAI44QH8DHBEXAMPLE",
                "versionId": "d41d8cd98f00b204e9800998eEXAMPLE",
                "s3Throttled": False,
            },
            "scanResultDetails": {
                "scanResultStatus": status,
                "threats": None,
                "statusReasons": None,
                **result,
            },
        },
    }


def local(data: bytes) -> dict[str, Any]:
    return scan_event(
        data, bucket="documents", key="cases/01k/01k.d1", version="v1", etag="e", event_id="1", at=AT
    )


def zipped(name: str, content: bytes) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def pdf_with(stream: bytes) -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Filter /FlateDecode >>\nstream\n" + zlib.compress(stream) + b"\nendstream"


def test_a_clean_object_is_read_with_its_version() -> None:
    result = parse(event())

    assert result == ScanResult(
        bucket="documents",
        key="cases/01k/01k.d1",
        version="d41d8cd98f00b204e9800998eEXAMPLE",
        verdict=Verdict.CLEAN,
        at=AT,
    )


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("NO_THREATS_FOUND", Verdict.CLEAN),
        ("THREATS_FOUND", Verdict.INFECTED),
        ("UNSUPPORTED", Verdict.UNSCANNABLE),
        ("ACCESS_DENIED", Verdict.FAILED),
        ("FAILED", Verdict.FAILED),
        ("SOMETHING_NEW", Verdict.FAILED),
    ],
)
def test_only_no_threats_found_is_clean(status: str, verdict: Verdict) -> None:
    assert parse(event(status)).verdict is verdict


def test_threats_and_reasons_are_kept_for_the_log() -> None:
    infected = parse(event("THREATS_FOUND", threats=[{"name": "EICAR-Test-File (not a virus)", "paths": []}]))
    locked = parse(event("UNSUPPORTED", statusReasons=["PASSWORD_PROTECTED"]))

    assert infected.threats == ("EICAR-Test-File (not a virus)",)
    assert locked.reasons == ("PASSWORD_PROTECTED",)


def test_an_object_of_an_unversioned_bucket_has_no_version() -> None:
    seen = event()
    del seen["detail"]["s3ObjectDetails"]["versionId"]

    assert parse(seen).version is None


@pytest.mark.parametrize(
    "change",
    [
        {"detail-type": "Object Created"},
        {"source": "somebody.else"},
        {"detail": {}},
        {"time": "yesterday"},
    ],
)
def test_any_other_event_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse(event() | change)


def test_the_local_scanner_finds_the_test_file() -> None:
    result = parse(local(EICAR))

    assert (result.verdict, result.threats) == (Verdict.INFECTED, ("EICAR-Test-File",))


def test_the_local_scanner_writes_the_event_that_guardduty_writes() -> None:
    theirs, ours = event(), local(b"%PDF-1.7 a drawing")

    def shape(value: Any) -> Any:
        return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else None

    assert shape(ours) == shape(theirs)
    assert json.loads(json.dumps(ours)) == ours
    assert parse(ours).verdict is Verdict.CLEAN
    assert parse(ours).at == AT


@pytest.mark.parametrize(
    "infected",
    [
        EICAR + b"\n",
        b"padding " * 1000 + EICAR,
        zipped("word/media/image1.bin", EICAR),
        zipped("inner.zip", zipped("eicar.com", EICAR)),
        pdf_with(EICAR),
        zipped("scan.pdf", pdf_with(EICAR)),
    ],
    ids=["alone", "late", "in a zip", "in a zip in a zip", "in a pdf", "in a pdf in a zip"],
)
def test_the_test_file_is_found_wherever_it_hides(infected: bytes) -> None:
    assert scan(infected).status == "THREATS_FOUND"


@pytest.mark.parametrize(
    "harmless",
    [
        b"",
        b"a letter",
        EICAR[:-1],
        zipped("a.txt", b"a letter"),
        pdf_with(b"BT ET"),
        zipped("a.txt", b"x" * 300)[:60],
        b"%PDF-1.7 stream\nnot deflated endstream",
    ],
    ids=["empty", "text", "cut", "zip", "pdf", "broken zip", "plain stream"],
)
def test_nothing_else_is_a_threat(harmless: bytes) -> None:
    assert scan(harmless).status == "NO_THREATS_FOUND"


def test_a_locked_archive_cannot_be_scanned() -> None:
    archive = bytearray(zipped("secret.txt", b"secret"))
    archive[6] |= 1  # the flag of encryption in the local header and in the directory
    archive[archive.index(b"PK\x01\x02") + 8] |= 1

    result = parse(local(bytes(archive)))

    assert (result.verdict, result.reasons) == (Verdict.UNSCANNABLE, ("PASSWORD_PROTECTED",))
