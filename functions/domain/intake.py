"""From the first answer to the submitted application."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import events
from functions.domain import documents, history, numbers, payments, sealing, waits
from functions.domain import form as forms
from functions.domain.case import Case, Correction, Writer
from functions.domain.clock import Calendar
from functions.domain.errors import Fault, Forbidden, Invalid, NotNow, TooLarge
from functions.domain.identity import Person
from functions.domain.service import DocumentKind, Process, Service

CalendarOf = waits.CalendarOf


def may_file(person: Person, service: Service, on_behalf_of: str | None, now: datetime) -> None:
    """Anybody may file for themselves; for another only the roles that the service names."""
    for_another = on_behalf_of is not None and on_behalf_of != person.username
    if for_another and not any(person.holds(role, now) for role in service.filed_for_by):
        raise Forbidden(
            "on_behalf",
            {
                "id": "Hanya petugas yang ditunjuk layanan ini yang boleh mengajukan atas nama orang lain.",
                "en": "Only the officers whom the service names may file on behalf of somebody else.",
            },
        )


def create(
    writer: Writer,
    service: Service,
    person: Person,
    form: Mapping[str, Any],
    *,
    parent: str | None = None,
    on_behalf_of: str | None = None,
    above: Case | None = None,
) -> None:
    """Open a draft with what was answered so far; raises `Invalid` for wrong types, not for missing answers.

    ``above`` is the parent, for services whose cases are filed below another; what goes under seal is not in ``form``.
    """
    may_file(person, service, on_behalf_of, writer.now)
    sealing.demand_open(service, above, writer.now)
    form = forms.merge({}, form)
    _fit(form)
    _demand(forms.type_faults(service, form, complete=False) + _asked_later(service, form))
    other = on_behalf_of if on_behalf_of != person.username else None
    contact = {} if other else _contact(person, service)
    if other is None:
        _demand_number(person, service)
        _demand(own_faults(service, form, contact))
    writer.add(
        events.CaseCreated(
            service=service.code,
            version=service.version,
            agency=service.agency,
            applicant=other or person.username,
            filed_by=person.username if other else None,
            parent=parent,
            form=history.digest(form),
        ),
        {"form": form, "contact": contact},
    )


def patch(writer: Writer, service: Service, change: Mapping[str, Any]) -> None:
    """Merge answers into a draft, or into the fields that a correction has opened."""
    case = writer.case
    old = case.form or {}
    new = forms.merge(old, change)
    pointers = forms.changed_pointers(old, new)
    if case.open_correction:
        _only_what_was_asked(pointers, case.open_correction, service, new)
    elif case.status != "draft":
        raise NotNow(
            {
                "id": "Isian hanya dapat diubah sebelum diajukan atau saat diminta memperbaiki.",
                "en": "Answers can be changed only before submitting or when a correction was asked for.",
            }
        )
    _fit(new)
    early = _asked_later(service, change) if case.status == "draft" else []
    _demand(forms.type_faults(service, new, complete=False) + _not_own(case, service, new) + early)
    if pointers:
        writer.add(events.FormChanged(pointers=pointers, form=history.digest(new)), {"patch": dict(change)})


def submit(writer: Writer, service: Service, calendar_of: CalendarOf, above: Case | None = None) -> None:
    """Check everything at once, give the case its number and open its first episode."""
    case = writer.case
    if case.status != "draft":
        raise NotNow(
            {"id": "Permohonan ini sudah diajukan.", "en": "This application has been submitted already."}
        )
    sealing.demand_open(service, above, writer.now)
    if case.parent:
        demand_earlier(service, above)
    form, calendar = forms.clean(service, case.form or {}), calendar_of(case.agency)
    today = filing_day(case, calendar, writer.now)
    _demand(
        forms.faults(service, form, today=today, sealed=case.sealed_fields)
        + _not_own(case, service, form)
        + missing_documents(case, service, form, today)
    )
    facts = forms.facts(service, form, today=today) | follows(service, above)
    writer.add(
        events.CaseSubmitted(
            number=numbers.number(service.prefix, calendar.day_of(writer.now).year, case.id),
            form=history.digest(form),
            facts=facts,
        ),
        {"form": form} if form != case.form else None,
    )
    note(writer, service, calendar)
    open_episode(writer, "application")
    waits.start_clock(writer, service, calendar, "submitted")


def open_episode(
    writer: Writer,
    process: str,
    reason: str | None = None,
    *,
    act: str | None = None,
    actor: str | None = None,
) -> None:
    """Open the next episode of a case; the relay gives it an execution."""
    number = len(writer.case.episodes) + 1
    writer.add(
        events.EpisodeOpened(
            episode=number, process=process, act=act, reason=history.digest(reason) if reason else None
        ),
        {"reason": reason} if reason else None,
        actor=actor,
    )


def change_answers(
    writer: Writer, service: Service, calendar: Calendar, given: Mapping[str, Any] | None, process: Process,
    besides: Sequence[Fault] = (),
) -> None:  # fmt: skip
    """Merge answers into a decided case, only those that the process may change or asks for itself.

    What it asks for must be among them, and what must be brought with them must be there; who gives a reason alone has
    answered nothing. What a step has found out stays as it was found. Raises `Invalid` with all that is wrong, and
    with what is wrong ``besides`` the answers.
    """
    case = writer.case
    today = filing_day(case, calendar, writer.now)
    old = case.form or {}
    change = {name: None for name in process.asks if name in old} if given is None else given
    new = forms.clean(service, forms.merge(old, change))
    pointers = forms.changed_pointers(old, new)
    allowed = (*process.changes, *process.asks)
    closed = [pointer for pointer in pointers if pointer.lstrip("/") not in allowed and pointer[1:] in change]
    message = {"id": "Isian ini tidak dapat diubah di sini.", "en": "This answer cannot be changed here."}
    _fit(new)
    changing = bool(pointers or (given and process.asks))
    faults = [Fault(pointer, message) for pointer in closed]
    faults += [] if given is None else _unanswered(service, change, process)
    if changing and not faults:
        faults = form_faults(service, new, today) + _not_own(case, service, new)
        faults += missing_documents(case, service, new, today)
    _demand([*faults, *besides])
    if changing:
        facts = facts_after(case, service, old, new, today)
        writer.add(
            events.AnswersChanged(pointers=pointers, form=history.digest(new), facts=facts), {"form": new}
        )
        note(writer, service, calendar)


def facts_after(
    case: Case, service: Service, old: Mapping[str, Any], new: Mapping[str, Any], today: date
) -> dict[str, Any]:
    """Give the facts once answers have changed; what was found out otherwise stays as it was found."""
    before, after = (forms.facts(service, form, today=today) for form in (old, new))
    kept = {name: value for name, value in case.facts.items() if name in after or name not in before}
    return kept | {name: value for name, value in after.items() if before.get(name) != value}


def demand_earlier(service: Service, earlier: Case | None) -> None:
    """Raise `Invalid` unless a case of this service may follow on the one that it names."""
    wanted = service.follows
    if wanted is None:
        return
    found = earlier is not None and (earlier.service, earlier.agency) == (service.code, service.agency)
    if earlier is None or not found:
        text = {
            "id": "Nomor ini bukan milik berkas terdahulu dari layanan dan instansi ini.",
            "en": "This is not the number of an earlier case of this service and office.",
        }
        raise Invalid([Fault("/parent", text)])
    if earlier.status not in wanted.statuses or earlier.episode:
        text = {
            "id": "Berkas terdahulu itu belum gagal; ia tidak dapat diulang.",
            "en": "That earlier case has not failed; it cannot be done again.",
        }
        raise Invalid([Fault("/parent", text)])


def follows(service: Service, earlier: Case | None) -> dict[str, Any]:
    """Give the fact that says which case it follows, by the number of the document that announced that one."""
    if service.follows is None or earlier is None:
        return {}
    announced = next(
        (one.number for one in earlier.permits.values() if service.permits[one.kind].listed), None
    )
    return {"follows": announced or earlier.number}


def _asked_later(service: Service, change: Mapping[str, Any]) -> list[Fault]:
    text = {
        "id": "Isian ini baru ditanyakan kemudian; hapus.",
        "en": "This is asked for later; remove it.",
    }
    return [Fault(f"/{name}", text) for name in change if name in service.asked_later]


def _unanswered(service: Service, change: Mapping[str, Any], process: Process) -> list[Fault]:
    """An answer to an earlier act of the kind does not count again."""
    text = {"id": "Wajib diisi.", "en": "Please answer this."}
    wanted = [one for one in service.form.fields if one.name in process.asks and one.required]
    return [Fault(f"/{one.name}", text) for one in wanted if change.get(one.name) in (None, "", [])]


def note(writer: Writer, service: Service, calendar: Calendar) -> None:
    """Record what follows from the answers as they now stand: the deposit, and the named results."""
    payments.declare(writer, service)
    note_results(writer, service, calendar)


def note_results(writer: Writer, service: Service, calendar: Calendar) -> None:
    """Record the named results that are new or have changed, each with its rule, what it read and a sentence.

    What was computed from answers of the form stands beside the history, where it can be erased.
    """
    if not service.computed:
        return
    known, public, personal = writer.case.computed, [], {}
    for one in forms.explained(service, payments.at_this_moment(writer.case, service, calendar, writer.now)):
        name, version, answers = one.pop("name"), one.pop("version"), one.pop("answers")
        if known.get(name) == {**one, "inputs": {**one["inputs"], **answers}, "version": version}:
            continue
        if answers:
            read = {**one["inputs"], **answers}
            personal[name] = {"value": one.pop("value"), "inputs": read, "sentence": one.pop("sentence")}
        public.append(one)
    if public:
        data = events.ResultsComputed(version=service.version, results=public)
        writer.add(data, personal or None, actor="system")


def filing_day(case: Case, calendar: Calendar, now: datetime) -> date:
    """Give the day that expressions call ``today``: of submitting, in the agency's zone, whenever it is corrected."""
    return calendar.day_of(case.submitted_at or now)


def form_faults(service: Service, form: Mapping[str, Any], today: date | None = None) -> list[Fault]:
    return forms.faults(service, form, today=today)


def missing_documents(
    case: Case, service: Service, form: Mapping[str, Any], today: date | None = None
) -> list[Fault]:
    """List the documents that these answers ask for and that have not arrived."""
    return [_missing(kind) for kind in documents.missing(case, service, form, today)]


def own_faults(service: Service, form: Mapping[str, Any], contact: Mapping[str, Any]) -> list[Fault]:
    """Refuse the number of somebody else in the application of one who files for themselves."""
    own = service.own
    given = form.get(own.field) if own else None
    if own is None or given in (None, "", contact.get(own.claim)):
        return []
    text = {
        "id": "Anda hanya dapat mengajukan dengan nomor Anda sendiri; untuk orang lain petugas yang mengajukan.",
        "en": "You can file only under your own number; for somebody else an officer files.",
    }
    return [Fault(f"/{own.field}", text)]


def _not_own(case: Case, service: Service, form: Mapping[str, Any]) -> list[Fault]:
    return [] if case.filed_by else own_faults(service, form, case.contact)


def _demand_number(person: Person, service: Service) -> None:
    if service.own and getattr(person, service.own.claim) is None:
        raise Forbidden(
            "own_number",
            {
                "id": "Layanan ini diajukan dengan nomor sendiri, dan akun Anda tidak memilikinya.",
                "en": "This service is filed under one's own number, and your account has none.",
            },
        )


_ANSWERED = frozenset({"case.submitted", "correction.received", "answers.changed"})


def claims_of(writer: Writer, service: Service) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the values that a case takes with a commit so that no other may hold them, and those that are free again.

    They are taken when they are submitted, corrected or changed. A case that ends without a grant gives up those that
    are kept only until then, all that it has ever taken; if it is taken up once more it needs them again.
    """
    case = writer.case
    if case.came_to_nothing:
        until = tuple(f"{service.code}/{one.field}/" for one in service.unique if one.until)
        return (), tuple(sorted(name for name in case.claims if name.startswith(until)))
    if not writer.types & _ANSWERED and not writer.reopens:
        return (), ()
    return tuple(name for name in names_of(service, case.form or {}) if name not in case.claims), ()


def names_of(service: Service, form: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the names under which the values are claimed: digests, so that no value is shown."""
    return tuple(
        f"{service.code}/{one.field}/{history.digest(form[one.field])}"
        for one in service.unique
        if form.get(one.field) is not None
    )


def _only_what_was_asked(
    pointers: list[str], asked: Correction, service: Service, form: Mapping[str, Any]
) -> None:
    """Refuse every other change; a question that only the corrected answers raise may be answered as well."""
    opened = {"/" + pointer.lstrip("/").split("/")[0] for pointer in asked.fields}
    before = {field.name for field in forms.asked_fields(service, asked.before)}
    raised = {f"/{field.name}" for field in forms.asked_fields(service, form) if field.name not in before}
    closed = [pointer for pointer in pointers if pointer not in opened | raised]
    message = {
        "id": "Isian ini tidak diminta untuk diperbaiki.",
        "en": "This field was not opened for correction.",
    }
    _demand([Fault(pointer, message) for pointer in closed])


def _missing(kind: DocumentKind) -> Fault:
    return Fault(
        f"/documents/{kind.kind}",
        {"id": f"Dokumen belum ada: {kind.title.id}.", "en": f"This document is missing: {kind.title.en}."},
    )


def _contact(person: Person, service: Service) -> dict[str, Any]:
    known = {"name": person.name, "email": person.email, "phone": person.phone, "language": person.language}
    if service.own:
        known[service.own.claim] = getattr(person, service.own.claim)
    return {key: value for key, value in known.items() if value}


def _fit(form: Mapping[str, Any]) -> None:
    if len(json.dumps(form)) > forms.MAX_FORM_BYTES:
        raise TooLarge(
            {"id": "Isian formulir melebihi 64 KB.", "en": "The answers of the form are larger than 64 KB."}
        )


def _demand(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(faults)
