"""Documents: announced here, sent straight to the store, and read by a link that soon ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from functions.api.http import Answer, Body, Call, Language, Reply, route
from functions.api.shapes import Name, moment
from functions.domain import documents, register, rights, sealing
from functions.domain.case import Case, Document, Writer
from functions.domain.clock import rfc3339
from functions.domain.errors import CaseUnknown, DocumentMissing
from functions.domain.numbers import is_case_id
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
UPLOAD_LIVES = timedelta(minutes=15)
LINK_LIVES = timedelta(minutes=5)


class Announcement(Body):
    """What is about to be sent. ``sha256`` is lower-case hex, ``size`` in bytes."""

    kind: Name
    filename: str = Field(max_length=200)
    content_type: str = Field(max_length=100, examples=["application/pdf"])
    size: int
    sha256: str = Field(max_length=64)


class DocumentAnswer(Answer):
    """``reason`` says why a file was refused; ``issued`` ones are made by the office.

    Under seal neither its name nor its digest is known to anybody; ``sealed_until`` is the moment from which it may be
    opened.
    """

    id: str
    kind: str
    title: str
    filename: str | None
    state: Literal["announced", "received", "clean", "refused"]
    size: int
    sha256: str | None
    content_type: str
    by: str
    issued: bool
    announced_at: str | None
    reason: str | None = None
    sealed_until: str | None = None


class Upload(Answer):
    """Post the fields in this order as ``multipart/form-data``, and the file last, as ``file``."""

    url: str
    fields: dict[str, str]


class Announced(DocumentAnswer):
    upload: Upload


class Link(Answer):
    url: str
    filename: str
    content_type: str
    size: int
    sha256: str
    expires_at: str


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/documents",
    body=Announcement,
    answer=Announced,
    status=201,
    versioned=True,
    summary={"id": "Umumkan dokumen yang akan dikirim", "en": "Announce a document"},
    description={
        "id": "Jawabannya formulir bertanda tangan untuk mengirim tepat berkas ini langsung ke penyimpanan, "
        "15 menit lamanya. Pada layanan tersegel berkas dienkripsi saat tiba, dan nama serta sidiknya tidak diketahui "
        "siapa pun sampai segel dibuka.",
        "en": "The answer is a signed form with which exactly this file can be sent straight to the store, for 15 "
        "minutes. Where a service seals, it is encrypted as it arrives, and its name and digest are known to nobody "
        "until the seals are opened.",
    },
)
def announce(call: Call, case: str) -> Reply:
    body: Announcement = call.body

    def decide(writer: Writer, service: Service) -> None:
        rights.demand("upload", call.person, writer.case, service, writer.now)
        call.demand_version(writer.case.version)
        documents.announce(
            writer,
            service,
            kind=body.kind,
            filename=body.filename,
            content_type=body.content_type,
            size=body.size,
            sha256=body.sha256,
            officer=call.person.username not in (writer.case.applicant, writer.case.filed_by)
            and not call.person.holds(writer.case.applicant, writer.now),
            close=_closing(writer, service) if sealing.seals_files(service, writer.case) else None,
        )

    done = change(demand_case_id(case), call.person.username, decide, request=call.key)
    newest = list(done.case.documents.values())[-1]
    form = ports.documents.announce_upload(
        documents.object_key(newest),
        size=newest.size,
        sha256=body.sha256,
        content_type=newest.content_type,
        expires=UPLOAD_LIVES,
        sealed_for=sealed_for(done.case, newest),
    )
    shown = document_answer(newest, done.service, call.language)
    upload = Upload(url=form["url"], fields=form["fields"])
    answer = Announced.model_validate({**shown.model_dump(exclude_unset=True), "upload": upload})
    return Reply(answer, version=done.case.version, location=f"/v1/cases/{case}/documents/{newest.id}")


def _closing(writer: Writer, service: Service) -> documents.Close:
    """Close what describes a file while the case above still takes in what is filed below it."""
    above = above_of(writer.case.parent)
    sealing.demand_open(service, above, writer.now)
    if above is None:
        raise ValueError("what is sealed is filed below another case")
    opens_at = sealing.opens_at(service, above)
    context = sealing.context(writer.case.id, above.id, opens_at)

    def close(described: Mapping[str, str]) -> tuple[Mapping[str, Any], datetime]:
        content = sealing.filled(json.dumps(dict(described)).encode())
        return ports.sealer.close(content, context), opens_at

    return close


def sealed_for(case: Case, document: Document) -> dict[str, str] | None:
    """Give what a file under seal is bound to, for the store to encrypt it so."""
    if document.seal is None or not document.under_seal:
        return None
    return sealing.context(case.id, case.parent or "", document.seal.opens_at)


def above_of(parent: str | None) -> Case | None:
    """Give the case that a parent names, by its id or by the public number of a document that it has issued."""
    if parent is None:
        return None
    known = parent if is_case_id(parent) else ports.views.claimed(f"permit/{register.as_written(parent)}")
    try:
        found: Case | None = ports.cases.load(known).case if known else None
    except CaseUnknown:
        return None
    return found


@route(
    blueprint,
    "GET",
    "/v1/cases/{case}/documents/{document}",
    answer=Link,
    summary={"id": "Tautan untuk membaca dokumen", "en": "A link to read a document"},
    description={
        "id": "Berlaku lima menit. 409 selama berkas belum tiba, belum diperiksa, atau ditolak.",
        "en": "It lives for five minutes. 409 until the file is there, verified and clean.",
    },
)
def read(call: Call, case: str, document: str) -> Reply:
    record = ports.cases.load(demand_case_id(case))
    service = ports.catalogue.service(record.case.service, record.case.service_version)
    rights.demand("read", call.person, record.case, service, call.now)
    return Reply(link_to(_readable(record.case, document)))


def link_to(found: Document) -> Link:
    """Give the way to a file that may be read."""
    filename = found.filename or f"{found.kind}{_EXTENSIONS.get(found.content_type, '')}"
    until = datetime.now(UTC) + LINK_LIVES
    url = ports.documents.link(
        documents.object_key(found),
        filename=filename,
        content_type=found.content_type,
        expires=LINK_LIVES,
        version=found.object_version,
    )
    return Link(
        url=url,
        filename=filename,
        content_type=found.content_type,
        size=found.size,
        sha256=found.sha256,
        expires_at=rfc3339(until.replace(microsecond=0)),
    )


_EXTENSIONS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}


def _readable(case: Case, document: str) -> Document:
    if case.erased:
        raise DocumentMissing(
            {"id": "Isi berkas ini sudah dihapus.", "en": "The content of this case has been erased."}
        )
    return documents.readable(case, document)


def document_answer(document: Document, service: Service, language: Language) -> DocumentAnswer:
    """Show a document, not its content."""
    shown = {
        "id": document.id,
        "kind": document.kind,
        "title": _title(document, service, language),
        "filename": document.filename,
        "state": document.state,
        "size": document.size,
        "sha256": document.sha256 or None,
        "content_type": document.content_type,
        "by": document.by,
        "issued": document.issued,
        "announced_at": moment(document.announced_at),
    }
    if document.reason:
        shown["reason"] = document.reason
    if document.seal and document.under_seal:
        shown["sealed_until"] = rfc3339(document.seal.opens_at)
    return DocumentAnswer.model_validate(shown)


def _title(document: Document, service: Service, language: Language) -> str:
    """What people call it: by its kind, its letter or its permit; an officer's own kind has only its name."""
    described = service.permits.get(document.kind) or service.letters.get(document.kind)
    known = described if document.issued else service.document_kind(document.kind)
    return str(getattr(known.title, language)) if known else document.kind


def demand_case_id(case: str) -> str:
    """Give the id back; raises `CaseUnknown` for what can be none, without asking the table."""
    if not is_case_id(case):
        raise CaseUnknown({"id": "Berkas tidak ditemukan.", "en": "There is no such case."})
    return case
