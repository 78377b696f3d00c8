"""The malware scanner has looked at a file: only now, and only if nothing was found, can anybody read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint

from functions.domain import documents, numbers
from functions.domain.case import Writer
from functions.domain.errors import CaseUnknown, NotNow
from functions.domain.scan import ScanResult, Verdict
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.observability import logger
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)


def run(result: ScanResult) -> None:
    """Let a scan have its effect; a result that comes before the arrival was noted comes again."""
    identity = documents.document_of(result.key)
    case_id = numbers.case_of(identity, "d") if identity else None
    if identity is None or case_id is None:
        return

    def decide(writer: Writer, service: Service) -> None:
        document = writer.case.documents.get(identity)
        if document is None or documents.object_key(document) != result.key:
            return
        if document.object_version not in (None, result.version):
            return
        if document.state == "announced":
            raise NotNow("the file was scanned before its arrival was noted")
        documents.scanned(writer, document, clean=result.verdict is Verdict.CLEAN, reason=str(result.verdict))

    if result.verdict is Verdict.FAILED:
        logger.error("scan failed", extra={"document": identity})
        return
    try:
        change(case_id, "system", decide)
    except CaseUnknown:
        logger.warning("a scan of no case", extra={"key": result.key})


@blueprint.lambda_function(name="document_scanned")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    run(ports.scans.parse(event))
    return {}
