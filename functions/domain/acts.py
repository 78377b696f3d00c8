"""What can be done with a whole case, by its status: asked by whoever shows what the caller may do now.

Who may do it stands in `rights`; how it is done in `intake` and `episodes`, which refuse what is not possible here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from functions.domain import episodes, retention, rights, waits
from functions.domain.case import Case
from functions.domain.errors import NotNow
from functions.domain.identity import Person
from functions.domain.service import Service

Possible = Callable[[Case, Service, waits.CalendarOf, datetime], bool]


def now_open_to(
    person: Person, case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime
) -> list[str]:
    """Give the acts that this person may do and that the case allows now."""
    return [
        act
        for act, possible in POSSIBLE.items()
        if rights.may(act, person, case, service, now)
        and (possible(case, service, calendar_of, now) or _adds_to_a_task(act, person, case))
    ]


def _adds_to_a_task(act: str, person: Person, case: Case) -> bool:
    """An officer with an open task may add files whatever the applicant may do."""
    return act == "upload" and person.username not in (case.applicant, case.filed_by)


def _answering(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> bool:
    return case.status == "draft" or case.open_correction is not None


def _uploading(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> bool:
    """Also what is brought with an act on a decided case, and while what it has opened is examined."""
    running = service.process(case.episode.process).brings if case.episode else ()
    return (
        bool(running)
        or _answering(case, service, calendar_of, now)
        or any(
            (process.changes or process.brings) and episodes.can_open(case, process, calendar_of, now)
            for process in service.processes.values()
        )
    )


def _can_begin(act: str) -> Possible:
    def possible(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> bool:
        name = episodes.process_for(service, act)
        return name is not None and episodes.can_open(case, service.process(name), calendar_of, now)

    return possible


def _has_permit(*states: str) -> Possible:
    return lambda case, service, calendar_of, now: any(p.state in states for p in case.permits.values())


def _can_extend(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> bool:
    return case.is_open and case.clock is not None and case.clock.stopped_at is None


def _can_reopen(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> bool:
    if _can_begin("reopen")(case, service, calendar_of, now):
        return True
    closed = case.status in ("rejected", "lapsed", "withdrawn") and case.episode is None
    return closed and case.submitted_at is not None and not case.erased


def _can_erase(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> bool:
    try:
        retention.rule_to_erase(case, service, calendar_of, now)
    except NotNow:
        return False
    return not case.erased


POSSIBLE: dict[str, Possible] = {
    "patch": _answering,
    "upload": _uploading,
    "submit": lambda case, service, calendar_of, now: case.status == "draft",
    "message": lambda case, service, calendar_of, now: case.submitted_at is not None and not case.erased,
    "withdraw": lambda case, service, calendar_of, now: episodes.can_withdraw(case, service, now),
    "appeal": lambda case, service, calendar_of, now: episodes.can_appeal(case, service, calendar_of, now),
    "renew": _can_begin("renew"),
    "amend": _can_begin("amend"),
    "resume": _can_begin("resume"),
    "reopen": _can_reopen,
    "revoke": _has_permit("valid", "suspended"),
    "suspend": _has_permit("valid"),
    "reinstate": _has_permit("suspended"),
    "extend": _can_extend,
    "redrive": lambda case, service, calendar_of, now: case.episode is not None,
    "hold": lambda case, service, calendar_of, now: not case.erased,
    "erase": _can_erase,
    "personal-data": lambda case, service, calendar_of, now: not case.erased,
}
