"""Cases: from the first answer to the submitted application, and what becomes of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from functions.api import lists
from functions.api.documents import DocumentAnswer, above_of, demand_case_id, document_answer
from functions.api.http import Answer, Body, Call, Language, Paged, Query, Reply, route
from functions.api.shapes import (
    ClockAnswer,
    ComputationAnswer,
    FeeAnswer,
    LineAnswer,
    Name,
    clock_answer,
    computation_answers,
    fee_answer,
    line_answers,
    moment,
)
from functions.api.tasks import TaskAnswer, Username, task_answer
from functions.domain import (
    acts,
    intake,
    numbers,
    payments,
    queues,
    register,
    rights,
    sealing,
    views,
    waits,
    words,
)
from functions.domain import form as forms
from functions.domain.case import Case, Child, Payment, Queue, Writer
from functions.domain.clock import LegalClock, rfc3339
from functions.domain.errors import CaseUnknown, Fault, Invalid
from functions.domain.identity import Person
from functions.domain.service import Service
from functions.runtime.commands import Done, change, open_case
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)

Status = Literal[
    "draft",
    "submitted",
    "in_review",
    "awaiting_applicant",
    "awaiting_payment",
    "waitlisted",
    "approved",
    "rejected",
    "withdrawn",
    "lapsed",
    "needs_attention",
]
Act = Literal[
    "patch",
    "upload",
    "submit",
    "message",
    "withdraw",
    "appeal",
    "renew",
    "amend",
    "resume",
    "reopen",
    "suspend",
    "reinstate",
    "revoke",
    "extend",
    "redrive",
    "hold",
    "erase",
    "personal-data",
]


class CaseCreate(Body):
    """``form`` may be incomplete: it is a draft. ``on_behalf_of`` is the username of the applicant."""

    service: Name
    form: dict[str, Any] = {}
    parent: str | None = Field(default=None, max_length=26)
    on_behalf_of: Username | None = None


class CasePatch(Body):
    """An RFC 7386 merge patch: null takes an answer away."""

    form: dict[str, Any]


class ReceiptAnswer(Answer):
    """Money that came for a bill: all of it, or a part; ``lines`` is what it settled."""

    number: str
    amount: int
    paid_at: str
    lines: list[LineAnswer]


class PaymentAnswer(Answer):
    """A bill: ``remainder`` is what is left to pay, ``least`` the smallest part that may be paid by itself.

    Without ``least`` only the whole can be paid. A bill of which a part is paid stays ``due``.
    """

    id: str
    title: str
    amount: int
    currency: str
    lines: list[LineAnswer]
    state: Literal["due", "paid", "failed", "expired", "refunded"]
    due_at: str
    paid_at: str | None
    received: int
    remainder: int
    refunded: int
    forfeited: int
    least: int | None
    receipts: list[ReceiptAnswer]


class BalanceAnswer(Answer):
    """What was billed, came, went back and is open; ``overpaid`` is what came beyond the fee and has not gone back.

    ``forfeited`` is what was lost and will not go back, such as a bond.

    ``billed`` is ``received`` and ``open``: of a bill that expired only what came of it; a deposit is among both.
    """

    billed: int
    received: int
    refunded: int
    open: int
    overpaid: int
    forfeited: int


class PermitAnswer(Answer):
    """``document`` is the id of the signed PDF."""

    number: str
    title: str
    document: str
    state: Literal["valid", "expired", "suspended", "revoked"]
    issued_at: str
    valid_until: str | None


class OutcomeAnswer(Answer):
    """``by`` is a username, ``system``, or ``law``, whose ``rule`` then says which; ``conditions`` are of a grant."""

    result: Literal["approved", "rejected", "withdrawn", "lapsed"]
    reasons: str | None
    at: str
    by: str
    rule: str | None = None
    conditions: list[str] = []


class AskedAnswer(Answer):
    """What somebody asked for after the case was decided, in the running or last process, and why."""

    process: str
    title: str
    reason: str
    at: str


class CheckAnswer(Answer):
    """What one automatic rule found: ``inputs`` is what it read, ``version`` that of the service."""

    rule: str
    holds: bool
    message: str
    version: int
    inputs: dict[str, Any]
    law: str | None = None


class MessageAnswer(Answer):
    at: str
    by: str
    text: str | None


class ChildAnswer(Answer):
    id: str
    service: str
    status: Status


class WaitAnswer(Answer):
    """``years`` is an estimate; ``rule`` says how it was reached: numbers ``ahead``, places ``a_year``.

    Where lots decide, nobody is ahead.
    """

    years: int | None
    ahead: int | None
    a_year: int | None
    rule: str
    law: str


class QueueAnswer(Answer):
    """``category`` is the reserve that the case belongs to, or ``general``; ``estimate`` is there while it waits."""

    number: int
    region: str
    category: str
    estimate: WaitAnswer | None = None


class RefundAnswer(Answer):
    """What goes back by ``due_at``, and why."""

    amount: int
    currency: str
    ordered_at: str
    due_at: str
    reason: Literal["overpaid", "withdrawn", "refused", "lapsed"]
    law: str


class SealedAnswer(Answer):
    """Which answers are under seal, and until when; ``form`` shows them from ``opened_at`` on."""

    fields: list[str]
    opens_at: str
    opened_at: str | None


class CaseInList(Answer):
    id: str
    number: str | None
    service: str
    service_version: int
    title: str
    agency: str
    applicant: str
    status: Status
    created_at: str
    submitted_at: str | None


class CaseAnswer(CaseInList):
    """A case as this caller may see it; ``actions`` is what the caller may do with it now.

    ``step`` is the step that is waited for, ``tasks`` are those that the caller may see. After an erasure the personal
    content is null.
    """

    version: int
    filed_by: str | None
    contact: dict[str, Any]
    process: str | None
    step: str | None
    form: dict[str, Any] | None
    documents: list[DocumentAnswer]
    tasks: list[TaskAnswer]
    fee: FeeAnswer | None
    clock: ClockAnswer | None
    outcome: OutcomeAnswer | None
    checks: list[CheckAnswer]
    computed: dict[str, Any]
    computations: list[ComputationAnswer]
    balance: BalanceAnswer | None
    permits: list[PermitAnswer]
    payments: list[PaymentAnswer]
    messages: list[MessageAnswer]
    parent: str | None
    children: list[ChildAnswer]
    actions: list[Act]
    held: bool
    erased: bool
    queue: QueueAnswer | None = None
    refunds: list[RefundAnswer] = []
    sealed: SealedAnswer | None = None
    asked: AskedAnswer | None = None


class CasePage(Answer):
    items: list[CaseInList]
    next: str | None


class CaseQuery(Paged):
    """``mine`` lists the own cases of an officer; who holds no role sees nothing but the own ones."""

    status: Status | None = None
    service: str | None = Field(default=None, max_length=60)
    q: str | None = Field(default=None, max_length=100)
    mine: bool = False


class Submitted(Answer):
    """``due_at`` is when the term ends if it began now, for services whose clock starts later."""

    number: str
    submitted_at: str
    due_at: str


class EventAnswer(Answer):
    """One link of the chain; ``hash`` is the SHA-256 of the RFC 8785 form of the event without it."""

    seq: int
    at: str
    actor: str
    type: str
    data: dict[str, Any]
    prev: str
    hash: str


class HistoryAnswer(Answer):
    items: list[EventAnswer]
    next: str | None


class HistoryQuery(Query):
    """Without ``limit`` the whole history, as it can be verified."""

    limit: int | None = Field(default=None, ge=1, le=100)
    cursor: int | None = Field(default=None, ge=1, le=10**8, description="`next` of the page before")


# -- opening and submitting


@route(
    blueprint,
    "POST",
    "/v1/cases",
    body=CaseCreate,
    answer=CaseAnswer,
    status=201,
    summary={"id": "Buka permohonan baru (konsep)", "en": "Open an application (a draft)"},
    description={
        "id": "Petugas loket dapat mengajukan atas nama pemohon dengan `on_behalf_of`.",
        "en": "The front office may file for an applicant by `on_behalf_of`.",
    },
)
def create(call: Call) -> Reply:
    body: CaseCreate = call.body
    service = ports.catalogue.service(body.service)
    parent, above = body.parent, None
    if service.above is not None:
        above = above_of(body.parent)
        parent = above.id if above else None
    elif service.follows is not None and body.parent is not None:
        earlier = above_of(body.parent)
        intake.demand_earlier(service, earlier)
        parent = earlier.id if earlier else None
    elif body.parent is not None:
        _demand_parent(call, body.parent)

    def decide(writer: Writer) -> None:
        open_, sealed = sealing.split(service, forms.merge({}, body.form))
        demand_types(service, sealed)
        intake.create(
            writer, service, call.person, open_, parent=parent, on_behalf_of=body.on_behalf_of, above=above
        )
        close_seals(writer, service, above, sealed)

    # The same key leads to the same case, so that a repeat finds what it made the first time.
    seed = call.key.key.encode() if call.key else secrets.token_bytes(16)
    done = open_case(
        numbers.case_id(seed),
        call.person.username,
        service,
        decide,
        request=call.key,
        below=above.id if above else None,
    )
    return case_reply(call, done, location=f"/v1/cases/{done.case.id}")


@route(
    blueprint,
    "PATCH",
    "/v1/cases/{case}",
    body=CasePatch,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Ubah isian", "en": "Change answers"},
    description={
        "id": "Selama masih konsep, atau untuk isian yang diminta diperbaiki.",
        "en": "While it is a draft, or for the fields that a correction has opened.",
    },
)
def patch(call: Call, case: str) -> Reply:
    def decide(writer: Writer, service: Service) -> None:
        above = above_of(writer.case.parent) if service.above else None
        sealing.demand_open(service, above, writer.now)
        open_, sealed = sealing.split(service, call.body.form)
        demand_types(service, sealed)
        intake.patch(writer, service, open_)
        close_seals(writer, service, above, sealed)

    return act(call, case, "patch", decide)


def close_seals(writer: Writer, service: Service, above: Case | None, sealed: dict[str, Any]) -> None:
    """Put answers under seal until the moment that the case above names."""
    if sealed and above is not None:
        opens_at = sealing.opens_at(service, above)
        content = sealing.filled(json.dumps(sealed).encode())
        context = sealing.context(writer.case.id, above.id, opens_at)
        sealing.close(writer, sealed, ports.sealer.close(content, context), opens_at)


def demand_types(service: Service, answers: dict[str, Any]) -> None:
    """Raise `Invalid` for answers of the wrong type: once they are under seal nobody can tell."""
    faults = forms.type_faults(service, answers, complete=False)
    faults += [Fault(f"/{name}", _NOTHING) for name, value in answers.items() if value in (None, "", [])]
    if faults:
        raise Invalid(faults)


_NOTHING = {
    "id": "Isian yang disegel tidak dapat dikosongkan, hanya diganti.",
    "en": "An answer under seal cannot be taken away, only replaced.",
}


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/submit",
    answer=Submitted,
    status=202,
    versioned=True,
    summary={"id": "Ajukan permohonan", "en": "Submit the application"},
)
def submit(call: Call, case: str) -> Reply:
    def decide(writer: Writer, service: Service) -> None:
        rights.demand("submit", call.person, writer.case, service, writer.now)
        call.demand_version(writer.case.version)
        above = above_of(writer.case.parent) if service.above or service.follows else None
        intake.submit(writer, service, ports.catalogue.calendar, above)

    done = change(demand_case_id(case), call.person.username, decide, request=call.key)
    submitted_at = done.case.submitted_at or call.now
    clock = case_clock(done.case, done.service)
    due_at = clock.due_at(submitted_at) if clock else None
    answer = Submitted(
        number=done.case.number or "",
        submitted_at=rfc3339(submitted_at),
        due_at=rfc3339(due_at or _promised(done.case, done.service, submitted_at)),
    )
    return Reply(answer, version=done.case.version)


def _promised(case: Case, service: Service, start: datetime) -> datetime:
    term = waits.bounded(service.clock.term, service.clock.term_by, case.facts)
    due: datetime = ports.catalogue.calendar(case.agency).due(start, term)
    return due


def _demand_parent(call: Call, parent: str) -> None:
    """Raise `Invalid` unless the parent is a case that the caller may read."""
    try:
        record = ports.cases.load(demand_case_id(parent))
        service = ports.catalogue.service(record.case.service, record.case.service_version)
        rights.demand("read", call.person, record.case, service, call.now)
    except CaseUnknown:
        text = {"id": "Berkas induk tidak ditemukan.", "en": "There is no such parent case."}
        raise Invalid([Fault("/parent", text)]) from None


# -- reading


@route(
    blueprint,
    "GET",
    "/v1/cases",
    query=CaseQuery,
    answer=CasePage,
    summary={"id": "Daftar berkas", "en": "Cases"},
    description={
        "id": "Pemohon: berkas sendiri. Petugas: berkas instansinya, menurut status lalu yang terbaru; dengan "
        "`mine=true` berkas sendiri, dan konsep yang mereka ajukan untuk orang lain.",
        "en": "Applicants: their own. Officers: those of the agency, by status and then newest first; with "
        "`mine=true` their own, and the drafts that they file for others.",
    },
)
def index(call: Call) -> Reply:
    query: CaseQuery = call.query
    agencies = offices(call.person, call.now)
    own = query.mine or not agencies
    sources = (
        _own(call, filing=bool(agencies)) if own else [_of_agency(call, one) for one in sorted(agencies)]
    )
    found = lists.merged(
        sources,
        order=_newest if own else _in_its_half,
        limit=query.limit,
        cursor=query.cursor,
        keep=partial(_wanted, query),
        descending=True,
    )
    items = [_in_list(item, call.language) for item in found.items]
    return Reply(CasePage(items=items, next=found.next))


def offices(person: Person, now: datetime) -> set[str]:
    """Give the agencies whose cases somebody may read; an integrator is a machine and reads none."""
    return {role.partition("/")[0] for role in person.roles_at(now) if not role.endswith("/integrator")}


def _listed(query: CaseQuery, name: str, index: str, key: str, prefix: str = "") -> lists.Source:
    where = {name: value for name, value in (("status", query.status), ("service", query.service)) if value}
    return lists.Source(
        name,
        lambda cursor, limit: ports.views.list(
            index, key, prefix=prefix, limit=limit, cursor=cursor, where=where, descending=True
        ),
    )


def _own(call: Call, *, filing: bool) -> list[lists.Source]:
    """Give where the own cases are listed, and the drafts that somebody files for others."""
    username = call.person.username
    own = _listed(call.query, "mine", "who", views.owned(username))
    filed = _listed(call.query, "filed", "place", views.filed(username))
    return [own, filed] if filing else [own]


def _of_agency(call: Call, agency: str) -> lists.Source:
    prefix = f"{views.stage(call.query.status)}#" if call.query.status else ""
    return _listed(call.query, agency, "place", views.of_agency(agency), prefix)


def _newest(item: lists.Item) -> tuple[str, str]:
    return item["created_at"], item["id"]


def _in_its_half(item: lists.Item) -> tuple[str, str, str]:
    return views.stage(item["status"]), item["submitted_at"], item["id"]


def _wanted(query: CaseQuery, item: lists.Item) -> bool:
    title = item["title"]
    return lists.matches(query.q, item["number"], item["id"], item["applicant"], title["id"], title["en"])


@route(
    blueprint,
    "GET",
    "/v1/cases/{case}",
    answer=CaseAnswer,
    summary={"id": "Satu berkas", "en": "One case"},
)
def read(call: Call, case: str) -> Reply:
    record = ports.cases.load(demand_case_id(case))
    service = ports.catalogue.service(record.case.service, record.case.service_version)
    rights.demand("read", call.person, record.case, service, call.now)
    return case_reply(call, Done(record.case, service))


@route(
    blueprint,
    "GET",
    "/v1/cases/{case}/history",
    query=HistoryQuery,
    answer=HistoryAnswer,
    summary={"id": "Riwayat berantai", "en": "The hash-chained history"},
)
def history(call: Call, case: str) -> Reply:
    query: HistoryQuery = call.query
    record = ports.cases.load(demand_case_id(case))
    service = ports.catalogue.service(record.case.service, record.case.service_version)
    rights.demand("read", call.person, record.case, service, call.now)
    events = [
        event for commit in record.commits for event in commit.events if event.seq > (query.cursor or 0)
    ]
    shown = events[: query.limit]
    following = str(shown[-1].seq) if shown and len(shown) < len(events) else None
    items = [EventAnswer.model_validate(event.as_dict()) for event in shown]
    return Reply(HistoryAnswer(items=items, next=following), version=record.case.version)


# -- what every act on a case does alike


def act(
    call: Call, case: str, right: str, decide: Callable[[Writer, Service], None], status: int | None = None
) -> Reply:
    """Let the caller change a case if they may, and answer with the case as it then is."""

    def checked(writer: Writer, service: Service) -> None:
        rights.demand(right, call.person, writer.case, service, writer.now)
        call.demand_version(writer.case.version)
        decide(writer, service)

    done = change(demand_case_id(case), call.person.username, checked, request=call.key)
    return case_reply(call, done, status=status)


def case_reply(call: Call, done: Done, *, status: int | None = None, location: str | None = None) -> Reply:
    shown = case_answer(done.case, done.service, call.person, call.now, call.language)
    return Reply(shown, version=done.case.version, status=status, location=location)


# -- what a case looks like


def _in_list(item: lists.Item, language: Language) -> CaseInList:
    shown = {name: value for name, value in item.items() if name in CaseInList.model_fields}
    return CaseInList.model_validate(shown | {"title": item["title"][language]})


def case_answer(
    case: Case, service: Service, person: Person, now: datetime, language: Language
) -> CaseAnswer:
    """Show a case to somebody who may read it."""
    clock = case_clock(case, service)
    waiting = case.open_tasks()
    hidden = bool(case.seals) and case.opened_at is None and person.username != case.applicant
    return CaseAnswer(
        id=case.id,
        number=case.number,
        service=case.service,
        service_version=case.service_version,
        version=case.version,
        title=getattr(service.title, language),
        agency=case.agency,
        applicant=case.applicant,
        filed_by=case.filed_by,
        contact={} if hidden else case.contact,
        status=case.status,  # type: ignore[arg-type]
        created_at=moment(case.created_at) or "",
        submitted_at=moment(case.submitted_at),
        process=case.episodes[-1].process if case.episodes else None,
        step=waiting[0].step if waiting else None,
        form=case.form,
        documents=[document_answer(one, service, language) for one in case.documents.values()],
        tasks=[
            task_answer(task, case, service, person, now, language)
            for task in case.tasks.values()
            if rights.may_see_task(person, case, task, service, now)
        ],
        fee=fee_answer(case.fee, service, language) if case.fee else None,
        clock=clock_answer(clock, now, language) if clock else None,
        outcome=_outcome(case, language),
        checks=_checks(case, language),
        computed={name: one.get("value") for name, one in case.computed.items()},
        computations=computation_answers(_computations(case), language),
        balance=_balance(case, service),
        asked=_asked(case, service, language),
        permits=_permits(case, service, now, language),
        payments=_payments(case, service, language),
        messages=[MessageAnswer.model_validate(message) for message in case.messages],
        parent=case.parent,
        children=[
            ChildAnswer(id=one.id, service=one.service, status=_status(one)) for one in case.children.values()
        ],
        actions=acts.now_open_to(person, case, service, ports.catalogue.calendar, now),  # type: ignore[arg-type]
        held=case.held,
        erased=case.erased,
        **({"sealed": _sealed(case)} if case.seals else {}),
        queue=_queue(case, service, language),
        refunds=[
            RefundAnswer(
                amount=one.amount,
                currency=one.currency,
                ordered_at=rfc3339(one.ordered_at),
                due_at=rfc3339(one.due_at),
                reason=one.reason,  # type: ignore[arg-type]
                law=one.law,
            )
            for one in case.refunds
        ],
    )


def _sealed(case: Case) -> SealedAnswer:
    return SealedAnswer(
        fields=sorted({name for seal in case.seals for name in seal.fields}),
        opens_at=rfc3339(case.seals[-1].opens_at),
        opened_at=moment(case.opened_at),
    )


def _queue(case: Case, service: Service, language: Language) -> QueueAnswer | None:
    """Show the number that a case has in line; a number that was given up is shown no more."""
    queue = case.queue
    if queue is None or queue.left:
        return None
    shown = QueueAnswer(number=queue.number, region=queue.region, category=queue.category)
    return shown.model_copy(update={"estimate": _wait(queue, case, service, language)})


def _wait(queue: Queue, case: Case, service: Service, language: Language) -> WaitAnswer | None:
    if not queue.waiting:
        return None
    newest = ports.rounds.newest(service.code)
    ledger, _ = ports.rounds.ledger(service.code, newest["period"], queue.region) if newest else (None, 0)
    found = queues.estimate(
        queue,
        service,
        case.facts,
        served=ledger.line if ledger else 0,
        places=ledger.places if ledger else None,
    )
    return WaitAnswer(
        years=found.years,
        ahead=found.ahead,
        a_year=found.a_year,
        rule=found.words[language],
        law=found.law,
    )


def _status(child: Child) -> Status:
    """Give how the other office's case stands: what has come back, or else what it says now."""
    if child.decided:
        return child.status  # type: ignore[return-value]
    try:
        return ports.cases.load(child.id).case.status  # type: ignore[no-any-return]
    except CaseUnknown:
        return "submitted"  # the relay is about to file it


def case_clock(case: Case, service: Service) -> LegalClock | None:
    """Give the legal clock of a case: of its running or last process, or of the one that submitting will open."""
    calendar = ports.catalogue.calendar(case.agency)
    running = waits.legal_clock(case, service, calendar)
    if running:
        return running
    process = service.process(case.episodes[-1].process if case.episodes else "application")
    return LegalClock(waits.legal_term(service, process, case.facts), calendar) if process.clock else None


def _balance(case: Case, service: Service) -> BalanceAnswer | None:
    """Show the account of a case in which money was asked for, or put in before."""
    if not case.payments and case.deposit is None:
        return None
    return BalanceAnswer.model_validate(asdict(payments.balance(case, service)))


def _computations(case: Case) -> list[tuple[str, Mapping[str, Any]]]:
    """Give the named results, and what the steps have found last: the way of a choice, a count, a ranking."""
    return [*case.computed.items(), *((rule.partition("/")[2], one) for rule, one in case.found.items())]


def _checks(case: Case, language: Language) -> list[CheckAnswer]:
    """Show what automatic rules found last, step by step."""
    last = {(checked.episode, checked.step): checked for checked in case.checks}
    return [
        CheckAnswer(
            rule=one["rule"],
            holds=one["holds"],
            message=one["sentence"][language],
            version=checked.version,
            inputs=one["inputs"],
            law=one.get("law"),
        )
        for checked in last.values()
        for one in checked.rules
    ]


def _outcome(case: Case, language: Language) -> OutcomeAnswer | None:
    found = case.outcome
    if found is None:
        return None
    reasons = words.said(found.reasons, language) if found.reasons else None
    shown = {"result": found.result, "reasons": reasons, "at": rfc3339(found.at), "by": found.by}
    shown |= {"conditions": case.conditions} if found.result == "approved" and case.conditions else {}
    return OutcomeAnswer.model_validate(shown | ({"rule": found.rule} if found.rule else {}))


def _asked(case: Case, service: Service, language: Language) -> AskedAnswer | None:
    last = case.episodes[-1] if case.episodes else None
    if last is None or last.reason is None:
        return None
    title = getattr(service.process(last.process).title, language)
    return AskedAnswer(process=last.process, title=title, reason=last.reason, at=rfc3339(last.opened_at))


def _permits(case: Case, service: Service, now: datetime, language: Language) -> list[PermitAnswer]:
    return [
        PermitAnswer(
            number=permit.number,
            title=getattr(service.permits[permit.kind].title, language),
            document=permit.document,
            state=register.state_at(permit.state, permit.valid_until, now),  # type: ignore[arg-type]
            issued_at=rfc3339(permit.issued_at),
            valid_until=moment(permit.valid_until),
        )
        for permit in case.permits.values()
    ]


def _payments(case: Case, service: Service, language: Language) -> list[PaymentAnswer]:
    shown = []
    for payment in case.payments.values():
        task = payments.task_of(case, payment)
        title = views.title_of(case, service, task) if task else service.title.pair()
        shown.append(
            PaymentAnswer(
                id=payment.id,
                title=title[language],
                amount=payment.amount,
                currency=payment.currency,
                lines=line_answers(payment.lines, service, language),
                state=payment.state,  # type: ignore[arg-type]
                due_at=rfc3339(payment.due_at),
                paid_at=moment(payment.paid_at),
                received=payment.received,
                remainder=payment.rest if payment.state in payments.STANDING else 0,
                refunded=payment.refunded,
                forfeited=payment.forfeited,
                least=payment.least,
                receipts=_receipts(payment, service, language),
            )
        )
    return shown


def _receipts(payment: Payment, service: Service, language: Language) -> list[ReceiptAnswer]:
    return [
        ReceiptAnswer(
            number=f"{payment.id}/{number}",
            amount=one.amount,
            paid_at=rfc3339(one.at),
            lines=line_answers(
                [{"code": code, "amount": amount} for code, amount in one.lines.items() if amount],
                service,
                language,
            ),
        )
        for number, one in enumerate(payments.receipts([payment]), start=1)
    ]
