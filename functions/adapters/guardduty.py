"""GuardDuty Malware Protection for S3: its scan result event read into a `ScanResult`.

The event comes at least once. Source of its shape: GuardDuty user guide, "Monitoring S3 object scans with
Amazon EventBridge".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from functions.domain.errors import Malformed
from functions.domain.scan import ScanResult, Verdict

SOURCE = "aws.guardduty"
DETAIL_TYPE = "GuardDuty Malware Protection Object Scan Result"

# A status that GuardDuty adds one day is no reason to open a file: what is not named here counts as failed.
_VERDICTS: Mapping[str, Verdict] = {
    "NO_THREATS_FOUND": Verdict.CLEAN,
    "THREATS_FOUND": Verdict.INFECTED,
    "UNSUPPORTED": Verdict.UNSCANNABLE,
    "ACCESS_DENIED": Verdict.FAILED,
    "FAILED": Verdict.FAILED,
}


class _Foreign(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)


class _Threat(_Foreign):
    name: str


class _Object(_Foreign):
    bucket_name: str
    object_key: str
    version_id: str | None = None


class _Result(_Foreign):
    scan_result_status: str
    threats: tuple[_Threat, ...] | None = None
    status_reasons: tuple[str, ...] | None = None


class _Detail(_Foreign):
    resource_type: Literal["S3_OBJECT"] = "S3_OBJECT"
    s3_object_details: _Object
    scan_result_details: _Result


class _Event(_Foreign):
    source: Literal["aws.guardduty"]
    time: datetime
    detail: _Detail


def parse(event: Mapping[str, Any]) -> ScanResult:
    """Read a scan result event.

    Raises `Malformed` for any other event.
    """
    if event.get("detail-type") != DETAIL_TYPE:
        raise Malformed(f"not a scan result: {event.get('detail-type')!r}")
    try:
        seen = _Event.model_validate(event)
    except ValidationError as error:
        raise Malformed(f"a scan result of an unknown shape: {error.error_count()} faults") from error
    file, result = seen.detail.s3_object_details, seen.detail.scan_result_details
    return ScanResult(
        bucket=file.bucket_name,
        key=file.object_key,
        version=file.version_id,
        verdict=_VERDICTS.get(result.scan_result_status, Verdict.FAILED),
        at=seen.time,
        threats=tuple(threat.name for threat in result.threats or ()),
        reasons=tuple(result.status_reasons or ()),
    )


class GuardDuty:
    """The scanner as a port."""

    def parse(self, event: Mapping[str, Any]) -> ScanResult:
        """Read a scan result event; raises `Malformed` for any other."""
        return parse(event)
