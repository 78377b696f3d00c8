"""How long personal content is kept, and when it may be erased: by the service's term, or earlier on request."""

from __future__ import annotations

from datetime import datetime

from functions.domain import episodes, waits
from functions.domain.case import Case
from functions.domain.clock import rfc3339
from functions.domain.errors import Forbidden, NotNow
from functions.domain.identity import Person
from functions.domain.service import Service

ROLE = "records"


def agencies_of(person: Person, now: datetime) -> list[str]:
    """Give the agencies whose records this person keeps. Raises `Forbidden` where there are none."""
    found = person.agencies_as(ROLE, now)
    if not found:
        raise Forbidden(
            "role",
            {
                "id": "Masa simpan hanya diurus arsiparis suatu instansi.",
                "en": "Only the records officer of an agency sees how long cases are kept.",
            },
        )
    return found


def rule_to_erase(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> str:
    """Name the rule by which the personal content may be erased now.

    Raises `NotNow`: while the case is under way, while it is held, and before its term ends.
    """
    if case.held:
        raise NotNow(
            {"id": "Berkas ini ditahan dari penghapusan.", "en": "This case is held back from erasure."},
            code="on-hold",
        )
    ends = episodes.may_be_erased_from(case, service, calendar_of)
    if ends is None or case.episode is not None:
        raise NotNow(
            {"id": "Berkas ini masih berjalan.", "en": "This case is still under way."}, code="case-open"
        )
    if now > ends:
        return f"{service.code}/retention: {service.retention.law}"
    if service.retention.erase_on_request:
        return f"{service.code}/request"
    raise NotNow(
        {
            "id": f"Berkas disimpan {service.retention.term.words['id']} menurut {service.retention.law}.",
            "en": f"The case is kept for {service.retention.term.words['en']} by {service.retention.law}.",
        },
        code="retention",
        until=rfc3339(ends),
    )
