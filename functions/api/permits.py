"""Permits: is it genuine, what does it allow, is it in force? For anybody who holds its number."""

from __future__ import annotations

from typing import Any, Literal

from chalice.app import Blueprint

from functions.api.http import Answer, Call, Reply, route
from functions.api.shapes import moment
from functions.domain import issuing, register, views, words
from functions.domain.case import Case, Permit, Task
from functions.domain.clock import rfc3339
from functions.domain.errors import NotFound
from functions.domain.expression import fill
from functions.domain.service import Service
from functions.ports import Record
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
LONGEST_NUMBER = 64
MOST_FOLLOWING = 10


class PermitUnknown(NotFound):
    pass


class HandAnswer(Answer):
    """An official by office, not by name, and when they signed or put their initials."""

    title: str
    agency: str
    at: str


class InitialsAnswer(HandAnswer):
    """``same_text`` tells whether what was signed is the text on which they were put."""

    same_text: bool


class PermitCheck(Answer):
    """What a permit says. ``sha256`` and ``size`` are those of the signed PDF: another file is not this permit.

    ``signatories`` is there where several have signed, ``initials`` where some were put before.
    ``follows`` is the number of an earlier announcement that came to nothing and is done again by this one,
    ``followed_by`` are those that have done this one again.
    """

    number: str
    genuine: Literal[True]
    title: str
    service: str
    service_title: str
    agency: str
    agency_name: str
    allows: str
    state: register.State
    sentence: str
    issued_at: str
    valid_until: str | None
    revoked_at: str | None = None
    sha256: str
    size: int
    signatories: list[HandAnswer] = []
    initials: list[InitialsAnswer] = []
    follows: str | None = None
    followed_by: list[str] = []


@route(
    blueprint, "GET", "/v1/permits/{number}", public=True, answer=PermitCheck,
    summary={"id": "Periksa keaslian izin", "en": "Check that a permit is genuine"},
    description={
        "id": "Nomor boleh diketik dengan huruf kecil, dan O atau I sebagai ganti 0 atau 1 di dua bagian terakhir.",
        "en": "The number may be typed in small letters, and with O or I for 0 or 1 in its last two parts.",
    },
)  # fmt: skip
def check(call: Call, number: str) -> Reply:
    """One look-up of the number and one of the case: the truth of this moment, not of a list."""
    written = register.as_written(number)
    case_id = ports.views.claimed(f"permit/{written}") if len(written) <= LONGEST_NUMBER else None
    if case_id is None:
        raise _unknown()
    record = ports.cases.load(case_id)
    permit = record.case.permits.get(written)
    if permit is None:
        raise _unknown()
    return Reply(_answer(call, record, permit))


def _answer(call: Call, record: Record, permit: Permit) -> PermitCheck:
    case = record.case
    service = ports.catalogue.service(case.service, case.service_version)
    agency = ports.catalogue.agency(case.agency)
    kind = service.permits[permit.kind]
    state = register.state_at(permit.state, permit.valid_until, call.now)
    revoked = _revoked_at(record, permit.number)
    return PermitCheck(
        number=permit.number,
        genuine=True,
        title=call.text(kind.title),
        service=service.code,
        service_title=call.text(service.title),
        agency=agency.code,
        agency_name=call.text(agency.name),
        allows=_allows(call, record, service, permit),
        state=state,
        sentence=_SENTENCES[state][call.language],
        issued_at=rfc3339(permit.issued_at),
        valid_until=moment(permit.valid_until),
        **({"revoked_at": revoked} if revoked else {}),
        **(_around(case) if service.follows else {}),
        sha256=permit.sha256,
        size=case.documents[permit.document].size,
        **_hands(call, case, permit, kind.letter),
    )


def _hands(call: Call, case: Case, permit: Permit, letter: str) -> dict[str, Any]:
    signed, initialled = issuing.hands_on(case, permit, letter)
    initials = [
        {**_hand(call, task), "same_text": task.initials[letter] == permit.text} for task in initialled
    ]
    return {"signatories": [_hand(call, task) for task in signed], "initials": initials}


def _hand(call: Call, task: Task) -> dict[str, Any]:
    code, _, held = task.role.partition("/")
    office = ports.catalogue.agency(code)
    title = office.signatories.get(held) or office.roles.get(held) or office.name
    return {"title": call.text(title), "agency": call.text(office.name), "at": moment(task.done_at)}


def _around(case: Case) -> dict[str, Any]:
    """Tell what an announcement follows, and what has followed it."""
    after = ports.views.list("place", views.following(case.id), limit=MOST_FOLLOWING, cursor=None)
    return {"follows": case.facts.get("follows"), "followed_by": [one["number"] for one in after.items]}


def _allows(call: Call, record: Record, service: Service, permit: Permit) -> str:
    """By the facts of its issue, which outlive an amendment and an erasure: a permit says the same all its life."""
    case = record.case
    facts = register.facts_at_issue(record.commits, permit.number)
    calendar = ports.catalogue.calendar(case.agency)
    known = words.context(case, service, calendar, call.language, personal=False)
    said = {
        "facts": words.facts(facts, service, calendar, call.language),
        "titles": words.titles(service, {**(case.form or {}), **facts}, call.language),
    }
    return fill(call.text(service.permits[permit.kind].allows), known | said)


def _revoked_at(record: Record, number: str) -> str | None:
    events = (event for commit in record.commits for event in commit.events)
    return next((e.at for e in events if e.type == "permit.revoked" and e.data["number"] == number), None)


def _unknown() -> PermitUnknown:
    return PermitUnknown(
        {
            "id": (
                "Tidak ada izin dengan nomor ini. Salin nomor persis seperti tercetak (huruf, tahun, lalu dua kelompok "
                "lima karakter) atau pindai kode QR pada dokumen. Bila tetap tidak ditemukan, dokumen itu bukan "
                "terbitan kami: tanyakan kepada instansi yang namanya tertera."
            ),
            "en": (
                "There is no permit with this number. Copy it exactly as it is printed (letters, the year, then two "
                "groups of five characters), or scan the QR code on the document. If it still is not found, we did "
                "not issue that document: ask the agency whose name it bears."
            ),
        },
        genuine=False,
    )


_SENTENCES: dict[register.State, dict[str, str]] = {
    "valid": {"id": "Dokumen ini asli dan berlaku.", "en": "This document is genuine and valid."},
    "expired": {
        "id": "Dokumen ini asli, tetapi masa berlakunya telah berakhir.",
        "en": "This document is genuine, but its validity has ended.",
    },
    "suspended": {
        "id": "Dokumen ini asli, tetapi sedang dibekukan.",
        "en": "This document is genuine, but it is suspended.",
    },
    "revoked": {
        "id": "Dokumen ini asli, tetapi telah dicabut dan tidak berlaku lagi.",
        "en": "This document is genuine, but it was revoked and is no longer valid.",
    },
}
