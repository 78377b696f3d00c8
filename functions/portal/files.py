"""Files: straight to the store with a script, through the portal without one, and read by a link that soon ends."""

from __future__ import annotations

import hashlib
import mimetypes
from typing import Any

from pydantic import ValidationError

from functions.api import documents as api
from functions.domain import documents
from functions.domain.errors import Fault, Invalid, LoketError
from functions.domain.form import fault_of
from functions.portal.applications import Application, Wanted
from functions.portal.urls import origin_of, url
from functions.portal.visit import LARGEST_PLAIN_FILE, Answer, Content, Html, SeeOther, Visit
from functions.runtime.wiring import ports

_NOTHING_CHOSEN = {"id": "Pilih berkasnya dahulu.", "en": "Choose the file first."}
_SETTLED = frozenset({"clean", "refused", "sealed"})


def show(visit: Visit, case: str) -> Answer:
    """Ask for the documents."""
    return _page(visit, Application(visit, case))


def take(visit: Visit, case: str) -> Answer:
    """Take a file in from a form: announce it, and put it into the store."""
    kind = visit.field("kind")
    try:
        file = visit.file("file")
        if file is None or not file.content:
            raise Invalid([Fault("/file", _NOTHING_CHOSEN)])
        digest = hashlib.sha256(file.content).hexdigest()
        announced = visit.ask(
            api.announce,
            case,
            body=api.Announcement(
                kind=kind,
                filename=file.filename or "",
                content_type=_type_of(file.filename or "", file.content_type),
                size=len(file.content),
                sha256=digest,
            ),
        )
    except Invalid as error:
        return _page(visit, Application(visit, case), kind, error.faults)
    except LoketError as error:
        return _page(visit, Application(visit, case), kind, [Fault("/file", error.message)])
    document = Application(visit, case).case.documents[announced.id]
    ports.documents.put(
        documents.object_key(document),
        file.content,
        content_type=document.content_type,
        sha256=digest,
        sealed_for=api.sealed_for(Application(visit, case).case, document),
    )
    return SeeOther(url(f"/apply/{case}/documents") + f"#d-{kind}")


def announce(visit: Visit, case: str) -> Answer:
    """Tell the script where to send a file that it has described."""
    try:
        body = api.Announcement.model_validate(visit.json)
        announced = visit.ask(api.announce, case, body=body)
    except ValidationError as error:
        return _refused(visit, [fault_of(item) for item in error.errors(include_url=False)])
    except Invalid as error:
        return _refused(visit, error.faults)
    return Content.of(
        {"id": announced.id, "url": announced.upload.url, "fields": announced.upload.fields}, 201
    )


def states(visit: Visit, case: str) -> Answer:
    """Tell the script how far the files are."""
    application = Application(visit, case)
    found = {one.kind.kind: _state(visit, one) for one in application.wanted if one.newest}
    busy = any(_state(visit, one)["state"] not in _SETTLED for one in application.wanted if one.newest)
    return Content.of({"files": found, "busy": busy})


def read(visit: Visit, case: str, document: str) -> Answer:
    """Lead to a document of a case."""
    return SeeOther(visit.ask(api.read, case, document).url)


def _page(visit: Visit, application: Application, kind: str = "", faults: Any = ()) -> Answer:
    said = " ".join(visit.text(fault.message) for fault in faults)
    listed = [{"link": f"#d-{kind}", "text": said}] if said else []
    page = {
        "case": application.case,
        "service": application.service,
        "correction": application.correction,
        "offering": application.offering,
        "wanted": application.wanted,
        "states": {one.kind.kind: _state(visit, one) for one in application.wanted if one.newest},
        "faults": listed,
        "fault_of": {kind: said} if said else {},
        "back": f"/{application.parts[-1].no}" if application.parts else "",
        "largest": LARGEST_PLAIN_FILE,
        "types": types_in_words,
    }
    return Html("apply-documents.html", page, status=422 if listed else 200, uploads=_store())


def _state(visit: Visit, wanted: Wanted) -> dict[str, Any]:
    newest: Any = wanted.newest
    state = "sealed" if newest.under_seal and newest.state == "received" else newest.state
    if state == "refused":
        reason = newest.reason if visit.has(f"apply.refused.{newest.reason}") else "other"
        text = visit.t(f"apply.refused.{reason}")
    else:
        text = visit.t(f"apply.file.{state}")
    return {
        "state": state,
        "text": str(text),
        "name": newest.filename or newest.kind,
        "size": newest.size,
    }


def _refused(visit: Visit, faults: Any) -> Answer:
    return Content.of({"message": " ".join(visit.text(fault.message) for fault in faults)}, 422)


def _store() -> str:
    """Give the origin of the store, which only a signed form names."""
    form = ports.documents.announce_upload(
        "-", size=1, sha256="0" * 64, content_type="application/pdf", expires=api.UPLOAD_LIVES
    )
    return origin_of(form["url"])


def _type_of(filename: str, told: str) -> str:
    """Old phones send files without their type."""
    if told not in ("application/octet-stream", "text/plain", ""):
        return told
    return mimetypes.guess_type(filename)[0] or told


_NAMES = {"application/pdf": "PDF", "image/jpeg": "JPG", "image/png": "PNG", "text/csv": "CSV"}


def types_in_words(types: Any) -> str:
    """Give the kinds of files as people know them."""
    return ", ".join(_NAMES.get(one, one.rpartition("/")[2].upper()) for one in types)
