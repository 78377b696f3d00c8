"""A file has arrived in the store: is it what was announced? Length, SHA-256, and its type by content.

S3 has verified the digest while it received the file; the first bytes tell the type. Woken by EventBridge for every
object of the bucket; what is no announced document is none of its business. A file under seal is not looked into: S3
has held it to its length and digest, and what it is shows when it is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from chalice.app import Blueprint

from functions.domain import content_type, documents, numbers
from functions.domain.case import Document, Writer
from functions.domain.errors import CaseUnknown, DocumentMissing
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.observability import logger
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)


def run(key: str, version: str | None) -> None:
    """Check one arrived object; doing it again changes nothing."""
    identity = documents.document_of(key)
    case_id = numbers.case_of(identity, "d") if identity else None
    if identity is None or case_id is None:
        return

    def decide(writer: Writer, service: Service) -> None:
        document = writer.case.documents.get(identity)
        if document is None or document.state != "announced" or documents.object_key(document) != key:
            return
        fault = _late(writer, document) if document.under_seal else _fault(key, version, document)
        documents.arrive(writer, document, fault=fault, object_version=version)

    try:
        change(case_id, "system", decide)
    except (CaseUnknown, DocumentMissing):
        logger.warning("an object of no case", extra={"key": key})


def _late(writer: Writer, document: Document) -> str | None:
    """Nobody looks into a file under seal; but it must have come in time."""
    return "too_late" if document.seal and writer.now > document.seal.opens_at else None


def _fault(key: str, version: str | None, document: Document) -> str | None:
    seen = ports.documents.head(key, version=version)
    fault = documents.arrived_wrongly(
        document, size=seen.size, sha256=seen.sha256, content_type=seen.content_type
    )
    if fault:
        return fault
    found = content_type.sniff(ports.documents.first_bytes(key, version=version))
    return None if content_type.agrees(document.content_type, found) else "type_by_content"


@blueprint.lambda_function(name="document_arrived")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    detail = event["detail"]["object"]
    run(unquote_plus(detail["key"]), detail.get("version-id"))
    return {}
