"""Files: announced with their digest, sent straight to the store, checked on arrival, unreadable until clean.

    announced ▶ received ▶ clean | refused
    announced under seal ▶ received under seal ▶ (opened) ▶ announced ▶ received ▶ clean | refused

Under seal the store holds the file to its length and digest as it comes in, and nobody looks inside: what it is by its
content, and whether it is clean, is seen once it is opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import events
from functions.domain import form as forms
from functions.domain import history, numbers
from functions.domain.case import Case, Correction, Document, Writer
from functions.domain.clock import rfc3339
from functions.domain.errors import DocumentMissing, DocumentNotReady, Fault, Invalid, NotNow
from functions.domain.expression import ExpressionFailed
from functions.domain.service import DocumentKind, Service

Close = Callable[[Mapping[str, str]], tuple[Mapping[str, Any], datetime]]
"""Puts what describes a file into an envelope, and gives the moment before which that is not opened."""

PRESENT = frozenset({"received", "clean"})
SMALLEST = 1
"""An empty file would wait for its scan for ever."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_FILES = 200


def announce(
    writer: Writer,
    service: Service,
    *,
    kind: str,
    filename: str,
    content_type: str,
    size: int,
    sha256: str,
    officer: bool = False,
    close: Close | None = None,
) -> Document:
    """Take down what is about to be uploaded; raises `Invalid` with every reason at once.

    With ``close`` it goes under seal: its name, and its digest, by which somebody could try out what it may be.
    """
    case = writer.case
    if not officer:
        _demand_time(case, service, kind)
    described = service.document_kind(kind)
    if described is None and officer:
        described = _added_by_officer(kind)
    _demand_fit(described, content_type, size, sha256, filename, len(case.documents))
    identity = writer.next_id("d", case.documents)
    if close is not None:
        envelope, opens_at = close({"filename": filename, "sha256": sha256})
        writer.add(
            events.DocumentSealed(
                document=identity,
                kind=kind,
                size=size,
                content_type=content_type,
                digest=history.digest(dict(envelope)),
                opens_at=rfc3339(opens_at),
            ),
            {"envelope": dict(envelope)},
        )
        return case.documents[identity]
    writer.add(
        events.DocumentAnnounced(
            document=identity, kind=kind, size=size, sha256=sha256, content_type=content_type
        ),
        {"filename": filename},
    )
    return case.documents[identity]


def arrive(writer: Writer, document: Document, *, fault: str | None, object_version: str | None) -> None:
    """Take in that the file has arrived: as announced, or refused with the reason."""
    if document.state != "announced":
        return
    if fault:
        writer.add(events.DocumentRefused(document=document.id, reason=fault), actor="system")
    else:
        writer.add(
            events.DocumentReceived(
                document=document.id,
                size=document.size,
                sha256=document.sha256 or None,
                object_version=object_version,
            ),
            actor="system",
        )


def scanned(writer: Writer, document: Document, *, clean: bool, reason: str | None = None) -> None:
    """Take in what the malware scanner found; only a clean file can ever be read."""
    if document.state != "received":
        return
    if clean:
        writer.add(events.DocumentCleared(document=document.id), actor="system")
    else:
        writer.add(events.DocumentRefused(document=document.id, reason=reason or "malware"), actor="system")


def readable(case: Case, document_id: str) -> Document:
    """Give the document if it may be read; raises `DocumentMissing` or `DocumentNotReady`."""
    document = case.documents.get(document_id)
    if document is None:
        raise DocumentMissing({"id": "Dokumen tidak ditemukan.", "en": "There is no such document."})
    if document.under_seal:
        raise DocumentNotReady(_WHY_NOT["sealed"], state=document.state)
    if document.state != "clean":
        raise DocumentNotReady(_WHY_NOT[document.state], state=document.state)
    return document


def object_key(document: Document) -> str:
    """Give where the file lies in the store: ids only, so that no name of a person or file is in a key."""
    identity = document.source or document.id
    if document.issued:
        return issued_key(identity)
    if document.under_seal:
        return sealed_key(identity)
    case, _, part = identity.partition(".")
    return f"cases/{case}/{part}"


def sealed_key(document_id: str) -> str:
    """Give where the bytes of a document lie that came under seal."""
    case, _, part = document_id.partition(".")
    return f"sealed/{case}/{part}"


def issued_key(document_id: str) -> str:
    """Give where a document that the office issues lies."""
    case, _, part = document_id.partition(".")
    return f"issued/{case}/{part}"


def document_of(key: str) -> str | None:
    """Give the document's id for a key of the store, or ``None`` for anything else."""
    parts = key.split("/")
    if len(parts) != 3 or parts[0] not in ("cases", "sealed"):
        return None
    identity = f"{parts[1]}.{parts[2]}"
    return identity if numbers.case_of(identity, "d") else None


def arrived_wrongly(
    document: Document, *, size: int, sha256: str | None, content_type: str | None
) -> str | None:
    """Compare what lies in the store with what was announced; ``None`` is as announced."""
    if size != document.size:
        return "size"
    if sha256 is not None and sha256 != document.sha256:
        return "checksum"
    if content_type != document.content_type:
        return "content_type"
    return None


def missing(
    case: Case, service: Service, form: Mapping[str, Any], today: date | None = None
) -> list[DocumentKind]:
    """List the kinds that these answers demand and of which nothing has arrived."""
    present = {document.kind for document in case.documents.values() if document.state in PRESENT}
    try:
        needed = forms.documents_needed(service, forms.context_of(service, form, today=today))
    except ExpressionFailed:
        # An answer of the wrong type is named already; its documents cannot be known before it is mended.
        needed = [document for document in service.documents if document.when is None]
    return [kind for kind in needed if kind.required and kind.kind not in present]


def _demand_time(case: Case, service: Service, kind: str) -> None:
    """In a correction: what was asked for again, and what the corrected answers demand beside it."""
    if kind in service.brought_later:
        if _belongs(case, service, kind):
            return
    elif case.status == "draft" or _may_be_changed(case, service):
        return
    asked = case.open_correction
    if asked:
        demanded = {missed.kind for missed in missing(case, service, case.form or {})}
        # A file that was brought in this correction may be replaced.
        if kind in asked.documents or kind in demanded or sent_again(case, kind, asked):
            return
    raise NotNow(
        {
            "id": "Dokumen ini hanya dapat dikirim sebelum diajukan atau saat diminta.",
            "en": "This document can be sent only before submitting or when it was asked for.",
        }
    )


def offered(case: Case, service: Service) -> list[DocumentKind]:
    """Give the kinds that may be brought to a decided case, or to what its applicant has opened since."""
    changing = _may_be_changed(case, service)
    return [
        kind
        for kind in service.documents
        if (_belongs(case, service, kind.kind) if kind.kind in service.brought_later else changing)
    ]


def _belongs(case: Case, service: Service, kind: str) -> bool:
    """Tell whether a process that this is brought with is running, or may be opened by what stands."""
    if case.episode:
        return kind in service.process(case.episode.process).brings
    idle = [process for process in service.processes.values() if case.status in process.statuses]
    return not case.erased and any(kind in process.brings for process in idle)


def _may_be_changed(case: Case, service: Service) -> bool:
    """What is decided may be changed by an act with new answers, and new documents beside them."""
    idle = case.episode is None and not case.erased
    return idle and any(
        process.changes and case.status in process.statuses for process in service.processes.values()
    )


def _added_by_officer(kind: str) -> DocumentKind | None:
    """Officers may add minutes and photographs of their own, whatever the service asks of the applicant."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", kind):
        return None
    return DocumentKind.model_validate({"kind": kind, "title": {"id": kind, "en": kind}, "max_mb": 25})


def _demand_fit(
    kind: DocumentKind | None, content_type: str, size: int, sha256: str, filename: str, so_far: int
) -> None:
    found = []
    if kind is None:
        found.append(
            Fault(
                "/kind", {"id": "Jenis dokumen tidak dikenal.", "en": "This kind of document is not known."}
            )
        )
    else:
        if content_type not in kind.types:
            types = ", ".join(one.rpartition("/")[2].upper() for one in kind.types)
            found.append(
                Fault(
                    "/content_type",
                    {"id": f"Jenis berkas yang diterima: {types}.", "en": f"Accepted types: {types}."},
                )
            )
        if size > kind.max_mb * 1024 * 1024:
            found.append(
                Fault("/size", {"id": f"Paling besar {kind.max_mb} MB.", "en": f"At most {kind.max_mb} MB."})
            )
    if size < SMALLEST:
        found.append(Fault("/size", {"id": "Berkas kosong.", "en": "The file is empty."}))
    if not _SHA256.fullmatch(sha256):
        found.append(
            Fault(
                "/sha256",
                {"id": "Harus SHA-256 heksadesimal huruf kecil.", "en": "Must be lower-case hex SHA-256."},
            )
        )
    if not filename.strip() or len(filename) > 200 or any(ord(character) < 32 for character in filename):
        found.append(
            Fault(
                "/filename",
                {"id": "Nama berkas tidak dapat dipakai.", "en": "This file name cannot be used."},
            )
        )
    if so_far >= _MOST_FILES:
        found.append(
            Fault(
                "",
                {
                    "id": f"Paling banyak {_MOST_FILES} berkas.",
                    "en": f"A case holds at most {_MOST_FILES} files.",
                },
            )
        )
    if found:
        raise Invalid(found)


def newest(case: Case, kind: str) -> Document | None:
    """Give the latest document of a kind that was not refused."""
    found = [d for d in case.documents.values() if d.kind == kind and d.state != "refused"]
    return found[-1] if found else None


def sent_again(case: Case, kind: str, asked: Correction) -> bool:
    """Tell whether a document of this kind has arrived since the applicant was asked."""
    since = list(case.documents.values())[asked.brought :]
    return any(document.kind == kind and document.state in PRESENT for document in since)


_WHY_NOT = {
    "sealed": {
        "id": "Berkas ini disegel; tidak seorang pun dapat membacanya sebelum segel dibuka.",
        "en": "This file is under seal; nobody can read it before the seals are opened.",
    },
    "announced": {
        "id": "Berkas belum tiba. Kirim lalu coba lagi.",
        "en": "The file has not arrived yet. Send it, then try again.",
    },
    "received": {
        "id": "Berkas sedang diperiksa. Coba sebentar lagi.",
        "en": "The file is being checked. Try again in a moment.",
    },
    "refused": {
        "id": "Berkas ini ditolak. Kirim yang lain.",
        "en": "This file was refused. Send another one.",
    },
}
