"""What the applicant and the supervisor can do with a whole case, and how an episode ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import events
from functions.domain import history, intake, payments, queues, quota, waits, words
from functions.domain.case import Called, Case, Checked, Permit, Task, Writer
from functions.domain.clock import Calendar, Term, rfc3339
from functions.domain.errors import Fault, Invalid, NotNow
from functions.domain.sealing import may_be_withdrawn
from functions.domain.service import Later, OutcomeStep, Process, Service, Text

REPLACED = "replaced"
"""Stands for the reason where a permit gives way to a newer one of its kind."""
_REASON_LIMIT = 5000
_LONGEST_EXTENSION = 366


def demand_reason(reason: str | None) -> str:
    """Give the reason; raises `Invalid` when there is none, or too much of it."""
    faults = reason_faults(reason)
    if faults or reason is None:
        raise Invalid(faults)
    return reason


def reason_faults(reason: str | None) -> list[Fault]:
    """Give what is wrong with a reason."""
    if not reason or not reason.strip():
        return [Fault("/reason", {"id": "Beri alasan.", "en": "Give the reason."})]
    if len(reason) > _REASON_LIMIT:
        text = {"id": f"Paling banyak {_REASON_LIMIT} huruf.", "en": f"At most {_REASON_LIMIT} characters."}
        return [Fault("/reason", text)]
    return []


def can_withdraw(case: Case, service: Service, now: datetime) -> bool:
    if case.episode and case.episode.act == "reopen":
        return False  # an office examines it: that is not the applicant's to call off
    return (
        service.withdrawable
        and (case.is_open or case.status == "draft")
        and may_be_withdrawn(case, service, now)
    )


def withdraw(
    writer: Writer, service: Service, reason: str, calendar_of: waits.CalendarOf | None = None
) -> None:
    """The applicant takes the case back: whatever is open is called off, nothing is decided.

    A number in line is lost with it, and a deposit goes back: its term needs the calendar.
    """
    if not can_withdraw(writer.case, service, writer.now):
        raise _not_now(
            writer.case,
            {"id": "Berkas ini tidak dapat ditarik lagi.", "en": "This case cannot be withdrawn."},
        )
    agency = writer.case.agency
    take_back(writer, reason, service, calendar_of(agency) if calendar_of else None)


def take_back(
    writer: Writer, reason: str, service: Service | None = None, calendar: Calendar | None = None
) -> None:
    """Call off whatever is open and end the case, whether or not its service lets an applicant do so."""
    _call_off(writer, "withdrawn")
    writer.add(events.CaseWithdrawn(reason=history.digest(reason)), {"reason": reason})
    _come_to_nothing(writer, service, calendar, "withdrawn")
    _end(writer)


def _come_to_nothing(writer: Writer, service: Service | None, calendar: Calendar | None, reason: str) -> None:
    """What the case was for is given up: its number in line, and what was paid in for it.

    A change of what stands leaves it standing.
    """
    episode = writer.case.episode
    stands = bool(episode and episode.act in ("amend", "renew", "reopen"))
    if not stands:
        queues.leave(writer, reason)
    if service and calendar:
        payments.give_back(writer, service, calendar, reason, deposit=not stands)


def can_appeal(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> bool:
    return appeal_of(case, service, calendar_of, now) is not None


def appeal_of(case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime) -> str | None:
    """Give the process that an objection to the last decision opens now; ``None`` where nothing can be objected to."""
    if not case.outcomes or not case.episodes or case.episode or case.erased:
        return None
    appeals = {name: one for name, one in service.processes.items() if one.opened_by == "appeal"}
    decided = case.episodes[-1].process
    for name, process in appeals.items():
        fits = decided in process.against if process.against else decided not in appeals
        fits = fits and case.status in process.statuses
        end = waits.window_end(process, calendar_of(case.agency), case.outcomes[-1].at)
        if fits and (end is None or now <= end):
            return name
    return None


def appeal_until(
    case: Case, service: Service, calendar_of: waits.CalendarOf, now: datetime
) -> datetime | None:
    """Give up to when an objection may be made that can be made now; ``None`` is without end."""
    name = appeal_of(case, service, calendar_of, now)
    if name is None:
        return None
    return waits.window_end(service.process(name), calendar_of(case.agency), case.outcomes[-1].at)


def appeal(
    writer: Writer,
    service: Service,
    calendar_of: waits.CalendarOf,
    reason: str | None,
    form: Mapping[str, Any] | None = None,
) -> None:
    """The applicant objects to a decision, with the answers that are held against it: an episode of its own.

    It may be done as often as the service has an appeal for what was decided last.
    """
    process = appeal_of(writer.case, service, calendar_of, writer.now)
    if process is None:
        raise _not_now(
            writer.case,
            {
                "id": "Keberatan hanya dapat diajukan terhadap keputusan yang merugikan, dalam tenggatnya.",
                "en": "Only a decision against the applicant can be appealed, and within its term.",
            },
        )
    calendar = calendar_of(writer.case.agency)
    opened = service.process(process)
    intake.change_answers(writer, service, calendar, form, opened, reason_faults(reason))
    _open(writer, service, calendar, process, reason, act="appeal")


def extend(writer: Writer, service: Service, calendar_of: waits.CalendarOf, term: Term, reason: str) -> None:
    """A supervisor lengthens the running term, with a reason that the applicant can read."""
    case = writer.case
    clock = waits.legal_clock(case, service, calendar_of(case.agency))
    if clock is None or not case.is_open or clock.stopped_at:
        raise _not_now(
            case, {"id": "Jam hukum tidak sedang berjalan.", "en": "The legal clock is not running."}
        )
    if term.unit != clock.term.unit or term.amount > _LONGEST_EXTENSION:
        text = {
            "id": f"Perpanjangan dihitung seperti jangka waktunya ({clock.term}), paling lama {_LONGEST_EXTENSION}.",
            "en": f"An extension is counted like the term ({clock.term}), at most {_LONGEST_EXTENSION}.",
        }
        raise Invalid([Fault("/term", text)])
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


def reopen(
    writer: Writer,
    service: Service,
    calendar_of: waits.CalendarOf,
    reason: str | None,
    form: Mapping[str, Any] | None = None,
) -> None:
    """A supervisor takes a decided case up again: its application is examined anew.

    What was granted is examined by the process that the service has for it, with the answers that were found.
    """
    case = writer.case
    if opened_by(case, service, calendar_of, "reopen", writer.now):
        begin(writer, service, calendar_of, "reopen", reason, form)
        return
    closed = case.status in ("rejected", "lapsed", "withdrawn") and case.episode is None
    if not closed or case.submitted_at is None or case.erased:
        raise _not_now(
            case, {"id": "Berkas ini tidak dapat dibuka lagi.", "en": "This case cannot be reopened."}
        )
    reason = demand_reason(reason)
    writer.add(events.CaseReopened(reason=history.digest(reason)), {"reason": reason})
    _open(writer, service, calendar_of(case.agency), "application", reason)


def revoke(writer: Writer, reason: str) -> None:
    """A supervisor takes the valid permits of a case back: their public verification says so from now on."""
    for permit in _permits(writer.case, "valid", "suspended"):
        writer.add(
            events.PermitRevoked(number=permit.number, reason=history.digest(reason)), {"reason": reason}
        )


def suspend(writer: Writer, reason: str) -> None:
    """A supervisor takes the force of the valid permits for the time being, such as during an inspection."""
    for permit in _permits(writer.case, "valid"):
        writer.add(
            events.PermitSuspended(number=permit.number, reason=history.digest(reason)), {"reason": reason}
        )


def reinstate(writer: Writer, reason: str) -> None:
    """A supervisor gives suspended permits their force again."""
    for permit in _permits(writer.case, "suspended"):
        writer.add(
            events.PermitReinstated(number=permit.number, reason=history.digest(reason)), {"reason": reason}
        )


def _permits(case: Case, *states: str) -> list[Permit]:
    """Give the permits in these states; raises `NotNow` where there is none."""
    found = [permit for permit in case.permits.values() if permit.state in states]
    if not found:
        raise _not_now(case, {"id": "Tidak ada izin yang berlaku.", "en": "There is no permit in force."})
    return found


def replace_permits(writer: Writer, kind: str) -> None:
    """What is changed or renewed takes the place of what was issued before: only one of a kind is in force."""
    for permit in writer.case.permits.values():
        if permit.kind == kind and permit.state == "valid":
            writer.add(
                events.PermitRevoked(number=permit.number, reason=history.digest(REPLACED)),
                {"reason": REPLACED},
            )


def valid_from(case: Case, kind: str, now: datetime) -> datetime:
    """Give from when a permit counts that goes on after the one in force: from that one's end."""
    ends = [one.valid_until for one in case.permits.values() if one.kind == kind and one.state == "valid"]
    return max((end for end in ends if end and end > now), default=now)


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


@dataclass(frozen=True)
class Decision:
    """How an episode was decided: by whom, by which rule, and in which words; ``law`` says it where the law decided."""

    by: str
    rule: str | None = None
    reasons: words.Said | None = None
    law: Text | None = None


_LEADING_TO = {
    "approved": ("approve", "no_objection"),
    "rejected": ("reject", "object", "return"),
    "lapsed": ("lapse",),
    "waitlisted": ("lapse", "reject", "approve", "no_objection"),
}
"""Which answers lead to a result, the weightiest first."""


def decision_of(case: Case, service: Service, episode: int, result: str) -> Decision:
    """Give the decision behind a result: the weightiest answer of the wait that led to it, or the rules that failed.

    Its reasons are the words that were demanded with the answers of that wait that lead there, or the sentences of
    the rules.
    """
    by_law = _by_clock(case, service, episode, result) or _when_due(case, service, episode, result)
    if by_law:
        return by_law
    failed = _failed_check(case, episode) if result == "rejected" else None
    actions = _LEADING_TO[result]
    leading = [task for task in case.tasks.values() if task.episode == episode and task.action in actions]
    last = max(leading, key=lambda task: task.version, default=None)
    if failed and (last is None or failed.seq > last.version):
        return _by_rules(service, failed)
    if last is None:
        return Decision("system")
    together = [task for task in leading if task.key == last.key]
    decider = min(together, key=lambda task: (actions.index(task.action or ""), -task.version))
    said = [task.comment for task in together if task.comment and _demanded(case, service, task)]
    law = waits.law_words(case, service, decider) if decider.done_by == "law" else None
    reasons = "\n".join(said) or (law.pair() if law and result == "rejected" else None)
    return Decision(decider.done_by or "system", decider.rule, reasons, law)


def _by_clock(case: Case, service: Service, episode: int, result: str) -> Decision | None:
    """The decision where the term of the whole case has passed."""
    if case.clock is None or case.clock.expired is None or episode != len(case.episodes):
        return None
    _, rule = case.clock.expired
    words_ = service.clock.silence_words
    law = Text(id=f"{words_.id} ({rule})", en=f"{words_.en} ({rule})")
    return Decision("law", rule, law.pair() if result == "rejected" else None, law)


def _when_due(case: Case, service: Service, episode: int, result: str) -> Decision | None:
    """The decision of a process that opened by itself and in which nobody was asked."""
    name = case.episodes[episode - 1].process
    process = service.process(name)
    if process.opened_by != "due" or any(task.episode == episode for task in case.tasks.values()):
        return None
    step = next(step for step in process.steps if isinstance(step, OutcomeStep) and step.result == result)
    rule = f"{service.code}/{name}: {step.law or service.clock.law}"
    said = step.reasons or service.clock.silence_words
    law = Text(id=f"{said.id} ({rule})", en=f"{said.en} ({rule})")
    return Decision("law", rule, said.pair(), law)


def _failed_check(case: Case, episode: int) -> Checked | None:
    failed = [checked for checked in case.checks if checked.episode == episode and checked.broken]
    return failed[-1] if failed else None


def _by_rules(service: Service, failed: Checked) -> Decision:
    rules = ", ".join(one["rule"] for one in failed.broken)
    reasons = {
        language: "\n".join(one["sentence"][language] for one in failed.broken) for language in ("id", "en")
    }
    return Decision("system", f"{service.code}/{failed.step}: {rules}", reasons)


def _demanded(case: Case, service: Service, task: Task) -> bool:
    spec = waits.spec_of(case, service, task)
    if spec is None:
        return task.kind == "wait"
    return any(a.name == task.action and a.comment == "required" for a in spec.actions)


def conclude(
    writer: Writer, service: Service, *, result: str, opens: str | None, later: tuple[Later, datetime] | None = None,
    calendar: Calendar | None = None,
) -> None:  # fmt: skip
    """End the episode with its result; an appeal that is upheld opens the application anew.

    ``later`` is what opens by itself, and when. Who waits in line and what was paid in before need the calendar.
    """
    case = writer.case
    episode = case.episode
    if episode is None:
        return
    decision = decision_of(case, service, episode.no, result)
    if result == "waitlisted" and calendar:
        lapsed = any(task.episode == episode.no and task.action == "lapse" for task in case.tasks.values())
        reason = "lapsed" if lapsed else "refused"
        payments.give_back(writer, service, calendar, reason, deposit=False)
        why = quota.FAILED if lapsed and _has_failed(case, episode.no) else reason
        queues.wait(writer, service, calendar.day_of(writer.now), why)
    elif result == "lapsed":
        writer.add(events.CaseLapsed(reason=decision.rule or "term"), actor="law")
    else:
        writer.add(
            events.OutcomeDecided(
                episode=episode.no,
                result=result,
                reasons=history.digest(decision.reasons) if decision.reasons else None,
                rule=decision.rule,
            ),
            {"reasons": decision.reasons} if decision.reasons else None,
            actor=decision.by,
        )
    if result == "approved":
        queues.take(writer)
    elif result in ("rejected", "lapsed"):
        _come_to_nothing(writer, service, calendar, "refused" if result == "rejected" else "lapsed")
    _end(writer)
    if opens:
        _open(writer, service, calendar, opens)
    elif later and case.status == result:
        what, due = later
        writer.add(events.EpisodeScheduled(process=what.opens, due_at=rfc3339(due)), actor="system")


def _has_failed(case: Case, episode: int) -> bool:
    """Tell whether a payment was tried in an episode, and failed."""
    bills = [task.payment for task in case.tasks.values() if task.episode == episode and task.payment]
    return any(case.payments[bill].failures for bill in bills)


def open_what_is_due(writer: Writer, service: Service, calendar: Calendar) -> None:
    """Open the process that was to open by itself, once its moment has passed; a clock runs from the opening."""
    scheduled = writer.case.scheduled
    if scheduled and writer.now > scheduled[1] and writer.case.episode is None and not writer.case.erased:
        _open(writer, service, calendar, scheduled[0], actor="law")


def process_for(service: Service, act: str) -> str | None:
    """Give the process that an act opens."""
    return next((name for name, process in service.processes.items() if process.opened_by == act), None)


def opened_by(
    case: Case, service: Service, calendar_of: waits.CalendarOf, act: str, now: datetime
) -> str | None:
    """Give the process that an act opens now; ``None`` where it opens none, or has the application examined anew."""
    if act == "appeal":
        return appeal_of(case, service, calendar_of, now)
    name = process_for(service, act)
    return name if name and can_open(case, service.process(name), calendar_of, now) else None


def can_open(case: Case, process: Process, calendar_of: waits.CalendarOf, now: datetime) -> bool:
    """Tell whether a process may be opened now: in this status, by nobody else, within its term."""
    if case.status not in process.statuses or case.episode or case.erased:
        return False
    if case.outcome is None:
        return case.status == "waitlisted"
    end = waits.window_end(process, calendar_of(case.agency), case.outcome.at)
    return end is None or now <= end


def call_to_place(writer: Writer, service: Service, calendar: Calendar, called: Called) -> bool:
    """Open the process of who is called to a place, once; tells whether the place is held.

    It is not where the case does not wait any more. A clock runs from the opening.
    """
    queue, before = writer.case.queue, writer.case.seq
    waited = queues.months_waited(queue.joined_at, writer.now) if queue else 0
    if not queues.call(writer, called, waited):
        return False
    if writer.case.seq != before:
        _open(writer, service, calendar, queues.process_of_a_round(service), actor="system")
    return True


def begin(
    writer: Writer,
    service: Service,
    calendar_of: waits.CalendarOf,
    act: str,
    reason: str | None,
    form: Mapping[str, Any] | None = None,
) -> None:
    """Open the process that the service has for an act, with the answers that are changed by it.

    Raises `NotNow` where there is none, or not now, `Invalid` for answers that are wrong or may not be changed here.
    """
    case, name = writer.case, process_for(service, act)
    if name is None:
        raise NotNow(_NO_PROCESS[act], code="no-such-process")
    process = service.process(name)
    if not can_open(case, process, calendar_of, writer.now):
        raise _not_now(
            case,
            {
                "id": "Dalam keadaan ini, atau setelah tenggatnya, tindakan ini tidak mungkin.",
                "en": "In this state, or after its term, this cannot be done.",
            },
        )
    calendar = calendar_of(case.agency)
    intake.change_answers(writer, service, calendar, form, process, reason_faults(reason))
    _open(writer, service, calendar, name, reason, act=act)


_NO_PROCESS = {
    "renew": {"id": "Layanan ini tidak diperpanjang.", "en": "This service is not renewed."},
    "amend": {"id": "Layanan ini tidak mengenal perubahan.", "en": "This service has no amendment."},
    "resume": {"id": "Layanan ini tidak dapat dilanjutkan kembali.", "en": "This service cannot be resumed."},
}


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


def _open(
    writer: Writer,
    service: Service,
    calendar: Calendar | None,
    process: str,
    reason: str | None = None,
    act: str | None = None,
    actor: str | None = None,
) -> None:
    """Open the next episode; a clock that counts from the filing runs from now on, given the calendar."""
    intake.open_episode(writer, process, reason, act=act, actor=actor)
    if calendar:
        waits.start_clock(writer, service, calendar, "submitted")


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
