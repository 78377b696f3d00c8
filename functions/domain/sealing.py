"""Answers and files under seal: closed as they come in, opened once their moment has come and two people have opened.

    answers ▶ closed by the API ─────────▶ ciphertext beside the history ─┐
    files ──▶ straight to the store, which encrypts them as they arrive ──┴▶ (the moment, two openers) ▶ one step opens

Between the two nobody can read them. Who could see what:

    who                             sees before the opening
    who filed                       that it came: the digest of the ciphertext, the length of a file
    officers, supervisors, bidders  no more than that, and strangers not even the case
    the API, who takes it in        the answers of one request while it lasts; afterwards it may only encrypt
    the functions and the scanner   nothing: they do not look into what lies under seal
    who reads table and bucket      ciphertext, kind and length of files, when they came
    who administers the account     the same: no policy lets anybody decrypt, and only the opener may make a grant,
                                    to itself; whoever changes that policy or that function sets off an alarm
    the opener                      nothing without its grant, which it makes once the moment and the two are there

What the history shows is the digest of the ciphertext, for a digest of a price could be found by trying prices, and
that of a form that everybody fills in alike by trying too. What a file is by its content, and whether it is clean,
can only be seen once it is open: it may then turn out to be none, and whoever opened sees that it was refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import events
from functions.domain import form as forms
from functions.domain import history
from functions.domain.case import Case, Document, Task, Writer
from functions.domain.clock import rfc3339
from functions.domain.errors import Fault, Invalid, LoketError, NotNow, TooLate
from functions.domain.expression import evaluate
from functions.domain.service import Service

Envelope = Mapping[str, Any]
BLOCK = 1024
"""What is sealed is filled up to whole blocks, so that its length tells nothing of it."""


class SealHolds(LoketError):
    """Nothing may be opened yet: the moment has not come, or not two different people have opened."""


def parent_of(service: Service, parent: Case | None) -> Case:
    """Give the case above, if a case of this service may be filed below it now.

    Raises `Invalid` where it is none of the right service, `NotNow` where it does not wait for such cases.
    """
    above = service.above
    if above is None or parent is None or parent.service != above.service:
        text = {
            "id": "Sebutkan berkas induk dari layanan yang benar.",
            "en": "Name a parent case of the right service.",
        }
        raise Invalid([Fault("/parent", text)])
    if not any(task.is_open and task.step in above.at for task in parent.tasks.values()):
        text = {
            "id": "Berkas induk sedang tidak menerima pengajuan.",
            "en": "The parent case takes in nothing now.",
        }
        raise NotNow(text, code="parent-closed")
    return parent


def opens_at(service: Service, parent: Case) -> datetime:
    """Give the moment up to which answers are taken in, and after which they may be opened."""
    if service.sealed is None:
        raise ValueError("this service seals nothing")
    return datetime.fromisoformat(str(evaluate(service.sealed.until, {"facts": parent.facts})))


def demand_open(service: Service, parent: Case | None, now: datetime) -> None:
    """Raise unless answers are still taken in by the law's clock: `TooLate` with the moment, `Invalid`, `NotNow`."""
    if service.above is None:
        return
    if service.sealed and parent is not None and parent.service == service.above.service:
        closed = opens_at(service, parent) if parent.submitted_at else None
        if closed and now > closed:
            text = {
                "id": f"Pemasukan sudah ditutup pada {rfc3339(closed)}.",
                "en": f"This closed at {rfc3339(closed)}.",
            }
            raise TooLate(text, closed_at=rfc3339(closed))
    parent_of(service, parent)


def split(service: Service, form: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part answers into those that stand open and those that go under seal."""
    names = service.sealed.fields if service.sealed else ()
    return (
        {name: value for name, value in form.items() if name not in names},
        {name: value for name, value in form.items() if name in names},
    )


def seals_files(service: Service, case: Case) -> bool:
    """What an applicant brings with the answers goes under seal; what is brought after the opening does not."""
    return service.sealed is not None and case.status == "draft"


def context(case_id: str, parent: str, moment: datetime) -> dict[str, str]:
    """Give what an envelope is bound to: it opens for this case, below that one, from that moment on."""
    return {"case": case_id, "parent": parent, "opens_at": rfc3339(moment)}


def scope(parent: str, moment: datetime) -> dict[str, str]:
    """Give what an opening is allowed for: everything below one case, of one moment."""
    return {"parent": parent, "opens_at": rfc3339(moment)}


def moments(case: Case) -> tuple[datetime, ...]:
    """Give the moments that answers and files of a case were closed for: the case above may have put it off since."""
    files = [one.seal for one in case.documents.values() if one.seal]
    return tuple(sorted({seal.opens_at for seal in (*case.seals, *files)}))


def filled(content: bytes) -> bytes:
    """Fill up with blanks, which JSON does not mind."""
    return content.ljust(-(-len(content) // BLOCK) * BLOCK)


def close(writer: Writer, fields: Mapping[str, Any], envelope: Envelope, moment: datetime) -> None:
    """Put answers under seal; the event names them and shows the digest of their ciphertext."""
    writer.add(
        events.ContentSealed(
            fields=sorted(fields), digest=history.digest(dict(envelope)), opens_at=rfc3339(moment)
        ),
        {"envelope": dict(envelope)},
    )


def openers(parent: Case, service: Service, now: datetime) -> list[str]:
    """Give who has opened; raises `SealHolds` unless the moment has come and two different people have.

    Of each of the roles that the service names one, and nobody in the place of the other either.
    """
    sealed = service.sealed
    if sealed is None:
        raise SealHolds("this service seals nothing")
    if now <= opens_at(service, parent):
        raise SealHolds("the moment of opening has not come")
    done = [task for task in parent.tasks.values() if task.kind == "open" and task.state == "done"]
    first, second = sealed.openers
    for one in done:
        for other in done:
            if one.role == first and other.role == second and not _people(one) & _people(other):
                return sorted({str(one.done_by), str(other.done_by)})
    raise SealHolds("two different people must open")


def _people(task: Task) -> set[str]:
    return {name for name in (task.done_by, task.done_for) if name}


def open_up(
    writer: Writer,
    service: Service,
    content: Mapping[str, Any],
    opened_by: list[str],
    files: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Note what was under the seals of a case, once; one that was withdrawn in time stays shut.

    ``files`` are the name and digest of each document that has come, by its id.
    """
    if writer.case.opened_at is None and writer.case.status != "withdrawn":
        form = forms.clean(service, {**(writer.case.form or {}), **content})
        shown = {name: value for name, value in form.items() if name in content}
        writer.add(
            events.ContentOpened(fields=sorted(shown), form=history.digest(shown), openers=opened_by),
            {"form": shown},
        )
        for identity, file in (files or {}).items():
            writer.add(
                events.DocumentOpened(document=identity, sha256=file["sha256"]),
                {"filename": file["filename"]},
            )


def files_of(case: Case) -> list[Document]:
    """Give the documents under seal that have come: what was announced and never sent is no part of the case."""
    return [one for one in case.documents.values() if one.under_seal and one.state == "received"]


def to_be_copied(case: Case) -> list[Document]:
    """Give the documents whose seal was broken and that do not lie in the open yet."""
    return [
        one
        for one in case.documents.values()
        if one.sealed_version and not one.under_seal and one.state == "announced"
    ]


def may_be_withdrawn(case: Case, service: Service, now: datetime) -> bool:
    """What was filed under seal can be taken back until its moment, and not after, nor once it was opened.

    The case above may have put the moment off, and told those below it.
    """
    told = evaluate(service.sealed.until, {"facts": case.facts}) if service.sealed else None
    later = datetime.fromisoformat(told) if isinstance(told, str) else None
    return case.opened_at is None and all(
        now <= max(seal.opens_at, later or seal.opens_at) for seal in case.seals
    )
