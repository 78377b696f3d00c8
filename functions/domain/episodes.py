"""What the applicant and the supervisor can do with a whole case, and how an episode ends."""

from __future__ import annotations

from datetime import datetime

import events
from functions.domain import history, intake, waits
from functions.domain.case import Case, Writer
from functions.domain.clock import Term
from functions.domain.errors import Fault, Invalid, NotNow
from functions.domain.service import Service

_REASON_LIMIT = 5000


def demand_reason(reason: str | None) -> str:
    """Give the reason; raises `Invalid` when there is none, or too much of it."""
    if not reason or not reason.strip():
        raise Invalid([Fault("/reason", {"id": "Beri alasan.", "en": "Give the reason."})])
    if len(reason) > _REASON_LIMIT:
        text = {"id": f"Paling banyak {_REASON_LIMIT} huruf.", "en": f"At most {_REASON_LIMIT} characters."}
        raise Invalid([Fault("/reason", text)])
    return reason


def can_withdraw(case: Case, service: Service) -> bool:
    return service.withdrawable and (case.is_open or case.status == "draft")


def withdraw(writer: Writer, service: Service, reason: str) -> None:
    """The applicant takes the case back: whatever is open is called off, nothing is decided."""
    if not can_withdraw(writer.case, service):
        raise _not_now(
            writer.case,
            {"id": "Berkas ini tidak dapat ditarik lagi.", "en": "This case cannot be withdrawn."},
        )
    _call_off(writer, "withdrawn")
    writer.add(events.CaseWithdrawn(reason=history.digest(reason)), {"reason": reason})
    _end(writer)


def can_appeal(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> bool:
    process = service.processes.get("appeal")
    if process is None or case.status != "rejected" or case.outcome is None or case.episode:
        return False
    return process.opens_within is None or now <= calendar_of(case.agency).due(
        case.outcome.at, process.opens_within
    )


def appeal(writer: Writer, service: Service, calendar_of: waits.CalendarOf, reason: str) -> None:
    """The applicant objects to a refusal: an episode of its own."""
    if not can_appeal(writer.case, service, calendar_of, writer.now):
        raise _not_now(
            writer.case,
            {
                "id": "Keberatan hanya dapat diajukan terhadap penolakan, dalam tenggatnya.",
                "en": "Only a refusal can be appealed, and within its term.",
            },
        )
    intake.open_episode(writer, "appeal", reason)


def extend(writer: Writer, service: Service, calendar_of: waits.CalendarOf, term: Term, reason: str) -> None:
    """A supervisor lengthens the running term, with a reason that the applicant can read."""
    case = writer.case
    clock = waits.legal_clock(case, service, calendar_of(case.agency))
    if clock is None or not case.is_open or clock.stopped_at:
        raise _not_now(
            case, {"id": "Jam hukum tidak sedang berjalan.", "en": "The legal clock is not running."}
        )
    writer.add(events.ClockExtended(term=str(term), reason=history.digest(reason)), {"reason": reason})


def redrive(writer: Writer, reason: str) -> None:
    """A fresh execution takes over the open episode where the case stands; the old one is turned away."""
    episode = writer.case.episode
    if episode is None:
        raise _not_now(writer.case, {"id": "Tidak ada proses yang berjalan.", "en": "No process is running."})
    writer.add(
        events.CaseRedriven(episode=episode.no, attempt=episode.attempt + 1, reason=history.digest(reason)),
        {"reason": reason},
    )


def reopen(writer: Writer, service: Service, reason: str) -> None:
    """A supervisor takes a decided case up again: its application is examined anew."""
    case = writer.case
    if case.status not in ("rejected", "lapsed", "withdrawn") or case.episode:
        raise _not_now(
            case, {"id": "Berkas ini tidak dapat dibuka lagi.", "en": "This case cannot be reopened."}
        )
    writer.add(events.CaseReopened(reason=history.digest(reason)), {"reason": reason})
    intake.open_episode(writer, "application", reason)


def revoke(writer: Writer, reason: str) -> None:
    """A supervisor takes the valid permits of a case back: their public verification says so from now on."""
    valid = [permit for permit in writer.case.permits.values() if permit.state == "valid"]
    if not valid:
        raise _not_now(writer.case, {"id": "Tidak ada izin yang berlaku.", "en": "There is no valid permit."})
    for permit in valid:
        writer.add(
            events.PermitRevoked(number=permit.number, reason=history.digest(reason)), {"reason": reason}
        )


def expire_permits(writer: Writer) -> None:
    """Let the permits whose term has passed end; the date itself says so even before this runs."""
    for permit in writer.case.permits.values():
        if permit.state == "valid" and permit.valid_until and writer.now > permit.valid_until:
            writer.add(events.PermitExpired(number=permit.number), actor="law")


def message(writer: Writer, text: str) -> None:
    """Add a message to the thread of the case."""
    writer.add(events.MessagePosted(message=history.digest(text)), {"text": text})


def park(writer: Writer, *, attempt: int, state: str, error: str) -> None:
    """Mark that the driver met a fault: a supervisor is alarmed, nothing else changes."""
    episode = writer.case.episode
    if episode is None or episode.attempt != attempt or writer.case.parked:
        return
    writer.add(
        events.CaseParked(episode=episode.no, attempt=attempt, state=state, error=error), actor="system"
    )
    writer.add(events.AlarmRaised(reason="fault", state=state, error=error), actor="system")


def conclude(
    writer: Writer, service: Service, *, result: str, reasons: str | None, by: str, opens: str | None
) -> None:
    """End the episode with its result; an appeal that is upheld opens the application anew."""
    case = writer.case
    episode = case.episode
    if episode is None:
        return
    if result == "lapsed":
        writer.add(events.CaseLapsed(reason="term"), actor="law")
    else:
        writer.add(
            events.OutcomeDecided(
                episode=episode.no, result=result, reasons=history.digest(reasons) if reasons else None
            ),
            {"reasons": reasons} if reasons else None,
            actor=by,
        )
    _end(writer)
    if opens:
        intake.open_episode(writer, opens)


def reasons_of(case: Case, episode: int) -> str | None:
    """Give what the officers wrote where they refused, newest first in the words of the last round."""
    against = [
        t
        for t in case.tasks.values()
        if t.episode == episode and t.action in ("reject", "object") and t.comment
    ]
    return "\n".join(task.comment or "" for task in against) or None


def decided_by(case: Case, episode: int) -> str:
    """Give who took the last decision of an episode: an officer, or the law."""
    done = [t for t in case.tasks.values() if t.episode == episode and t.done_by and t.role != "applicant"]
    return (
        max(done, key=lambda task: (task.done_at or task.opened_at, task.version)).done_by or "system"
        if done
        else "system"
    )


def may_be_erased_from(case: Case, service: Service, calendar_of: waits.CalendarOf) -> datetime | None:
    """Give when the retention term ends, counted from the outcome; ``None`` while nothing is decided."""
    if case.outcome is None:
        return None
    return calendar_of(case.agency).due(case.outcome.at, service.retention.term)


def erase(writer: Writer, rule: str) -> None:
    """Note the erasure: the personal content itself is removed by the store."""
    writer.add(events.CaseErased(rule=rule))


def hold(writer: Writer, reason: str, *, on: bool) -> None:
    """Keep a case beyond its retention term, or let it go again."""
    data = events.HoldPlaced if on else events.HoldLifted
    writer.add(data(reason=history.digest(reason)), {"reason": reason})


def _call_off(writer: Writer, reason: str) -> None:
    for task in writer.case.open_tasks():
        writer.add(events.TaskCancelled(task=task.id, reason=reason), actor="system")
        if task.payment:
            writer.add(events.PaymentExpired(payment=task.payment), actor="system")


def _end(writer: Writer) -> None:
    clock = writer.case.clock
    if clock and clock.stopped_at is None:
        writer.add(events.ClockStopped(), actor="system")
    episode = writer.case.episode
    if episode:
        writer.add(events.EpisodeClosed(episode=episode.no), actor="system")


def _not_now(case: Case, text: dict[str, str]) -> NotNow:
    return NotNow(text, case_status=case.status)
