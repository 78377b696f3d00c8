"""The local malware scanner: knows one threat, the EICAR test file, and answers with GuardDuty's event.

It looks inside ZIP archives (office documents are such) and inside the compressed streams of a PDF, to a
bounded depth and size. EICAR: "Anti-Malware Testfile", eicar.org, 68 printable bytes that every scanner reports.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from functions.adapters.guardduty import DETAIL_TYPE, SOURCE

# In two parts, so that the scanners of developers' machines leave this file alone.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + rb"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

_DEEPEST = 3
_LARGEST_PART = 64 * 1024 * 1024
_MOST_PARTS = 10_000
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


class _Locked(Exception):
    """A part is encrypted."""


@dataclass(frozen=True)
class Finding:
    """The scanner's answer in GuardDuty's words."""

    status: str
    threats: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def scan_status(self) -> str:
        return "SKIPPED" if self.status == "UNSUPPORTED" else "COMPLETED"


def scan(data: bytes) -> Finding:
    """Look for the EICAR test file in these bytes; a locked archive is unsupported, as GuardDuty has it."""
    try:
        infected = any(EICAR in part for part in _parts(data, _DEEPEST))
    except _Locked:
        return Finding("UNSUPPORTED", reasons=("PASSWORD_PROTECTED",))
    if infected:
        return Finding("THREATS_FOUND", threats=("EICAR-Test-File",))
    return Finding("NO_THREATS_FOUND")


def scan_event(
    data: bytes,
    *,
    bucket: str,
    key: str,
    version: str | None,
    etag: str,
    event_id: str,
    at: datetime,
    account: str = "123456789012",
    region: str = "ap-southeast-3",
) -> dict[str, Any]:
    """Scan an object's bytes and give the event that GuardDuty would put on the default bus."""
    finding = scan(data)
    details = {"bucketName": bucket, "objectKey": key, "eTag": etag, "s3Throttled": False}
    if version is not None:
        details["versionId"] = version
    return {
        "version": "0",
        "id": event_id,
        "detail-type": DETAIL_TYPE,
        "source": SOURCE,
        "account": account,
        "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [f"arn:aws:guardduty:{region}:{account}:malware-protection-plan/local"],
        "detail": {
            "schemaVersion": "1.0",
            "scanStatus": finding.scan_status,
            "resourceType": "S3_OBJECT",
            "s3ObjectDetails": details,
            "scanResultDetails": {
                "scanResultStatus": finding.status,
                "threats": [{"name": name} for name in finding.threats] or None,
                "statusReasons": list(finding.reasons) or None,
            },
        },
    }


def _parts(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if not depth:
        return
    if data.startswith(b"PK\x03\x04"):
        for part in _zip_entries(data):
            yield from _parts(part, depth - 1)
    elif b"%PDF-" in data[:1024]:
        for part in _pdf_streams(data):
            yield from _parts(part, depth - 1)


def _zip_entries(data: bytes) -> Iterator[bytes]:
    try:
        with ZipFile(BytesIO(data)) as archive:
            for entry in archive.infolist()[:_MOST_PARTS]:
                if entry.flag_bits & 1:
                    raise _Locked
                with archive.open(entry) as part:
                    yield part.read(_LARGEST_PART)
    except (BadZipFile, EOFError, NotImplementedError, zlib.error):
        return  # a broken archive hides nothing that can be opened


def _pdf_streams(data: bytes) -> Iterator[bytes]:
    for _, match in zip(range(_MOST_PARTS), _PDF_STREAM.finditer(data), strict=False):
        try:
            yield zlib.decompressobj().decompress(match[1], _LARGEST_PART)
        except zlib.error:
            continue
