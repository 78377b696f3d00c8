"""The catalogue: what can be applied for, what it asks, costs and takes, and what these answers would mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from functions.api import lists
from functions.api.http import Answer, Body, Call, Language, Paged, Reply, route
from functions.api.shapes import (
    ComputationAnswer,
    FeeAnswer,
    TermAnswer,
    computation_answers,
    fee_answer,
    term_answer,
)
from functions.domain import checks, fees, statistics, waits
from functions.domain import form as forms
from functions.domain.clock import rfc3339
from functions.domain.errors import Invalid
from functions.domain.service import (
    Audience,
    ConsultStep,
    CorrectStep,
    DocumentKind,
    PayStep,
    Process,
    Service,
    TaskSpec,
    TaskStep,
    Text,
)
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
Measured = Mapping[tuple[str, str], statistics.Figures]
KEPT_SECONDS = 300
MEASURED_MONTHS = 12


class ProcessingAnswer(Answer):
    """How long it takes: the legal term, and what nine of ten decisions of the last twelve months kept to.

    ``measured_working_days`` and ``measured_days`` are null before anything was decided.
    """

    promised: TermAnswer
    measured_days: int | None
    measured_working_days: int | None


class ServiceInList(Answer):
    """``audience`` says for whom: citizens (G2C), businesses (G2B), agencies (G2G), employees (G2E)."""

    code: str
    version: int
    title: str
    summary: str
    who: str
    audience: list[Audience]
    agency: str
    agency_name: str
    fee: str
    processing: ProcessingAnswer


class ServicePage(Answer):
    items: list[ServiceInList]
    next: str | None


class ServiceQuery(Paged):
    audience: Audience | None = None
    agency: str | None = Field(default=None, max_length=60)
    q: str | None = Field(default=None, max_length=100)


class DocumentKindAnswer(Answer):
    """``when`` is the JSONata condition under which it is asked for."""

    kind: str
    title: str
    help: str | None
    required: bool
    when: str | None
    types: list[str]
    max_mb: int


class StepAnswer(Answer):
    """Something that somebody does; ``silence`` is what it means when they do not."""

    process: str
    step: str
    name: str
    title: str
    kind: Literal["decide", "consult", "await", "open", "score", "correct", "pay"]
    role: str
    role_title: str
    agency: str
    term: TermAnswer
    silence: Literal["approve", "refuse", "no_objection", "alarm", "lapse"]
    law: str | None
    when: str | None


class LawAnswer(Answer):
    """``unconfirmed`` marks a figure that the agency should confirm."""

    law: str
    title: str
    unconfirmed: bool


class TermClockAnswer(Answer):
    """``starts`` is when the term begins, ``pauses`` what stops it."""

    term: TermAnswer
    starts: Literal["submitted", "complete", "paid"]
    pauses: list[str]
    mode: Literal["continue", "reset"]
    silence: Literal["approve", "refuse", "no_objection", "alarm", "lapse"]
    law: str


class ProcessAnswer(Answer):
    """A process that a case of this service may go through."""

    name: str
    title: str
    opened_by: str


class IssuedAnswer(Answer):
    kind: str
    title: str
    valid_for: TermAnswer | None


class RetentionAnswer(Answer):
    term: TermAnswer
    law: str
    erase_on_request: bool


class ServiceAnswer(ServiceInList):
    """``form`` is JSON Schema 2020-12; ``x-when`` in it is the JSONata condition of a question."""

    form: dict[str, Any]
    documents: list[DocumentKindAnswer]
    processes: list[ProcessAnswer]
    steps: list[StepAnswer]
    legal_basis: list[LawAnswer]
    clock: TermClockAnswer
    silence: str
    issues: list[IssuedAnswer]
    retention: RetentionAnswer
    withdrawable: bool


class Estimate(Body):
    form: dict[str, Any]


class ReasonAnswer(Answer):
    rule: str
    message: str


class NeededDocument(Answer):
    kind: str
    title: str
    required: bool


class EstimateAnswer(Answer):
    """``computed`` holds the service's named results, ``computations`` what each of them rests on."""

    eligible: bool
    reasons: list[ReasonAnswer]
    fee: FeeAnswer
    documents: list[NeededDocument]
    promised_at: str
    computed: dict[str, Any]
    computations: list[ComputationAnswer]


@route(
    blueprint,
    "GET",
    "/v1/services",
    query=ServiceQuery,
    answer=ServicePage,
    public=True,
    summary={"id": "Katalog layanan", "en": "The catalogue of services"},
)
def index(call: Call) -> Reply:
    query: ServiceQuery = call.query
    wanted = [service for service in ports.catalogue.services() if _wanted(service, query)]
    page, following = lists.page_of(wanted, lambda service: service.code, query.limit, query.cursor)
    measured = _measured(call.now)
    items = [ServiceInList.model_validate(_in_list(one, measured, call.language)) for one in page]
    return Reply(ServicePage(items=items, next=following), cache=KEPT_SECONDS)


@route(
    blueprint,
    "GET",
    "/v1/services/{service}",
    answer=ServiceAnswer,
    public=True,
    summary={"id": "Satu layanan", "en": "One service"},
)
def read(call: Call, service: str) -> Reply:
    found: Service = ports.catalogue.service(service)
    language = call.language
    shown = _in_list(found, _measured(call.now), language) | {
        "form": forms.schema(found, language, ports.catalogue.calendar(found.agency).day_of(call.now)),
        "documents": [_document(kind, language) for kind in found.documents],
        "processes": [
            ProcessAnswer(name=name, title=_in(process.title, language), opened_by=process.opened_by)
            for name, process in found.processes.items()
        ],
        "steps": [
            step
            for name, process in found.processes.items()
            for step in _steps(name, process, found, language)
        ],
        "legal_basis": [
            LawAnswer(law=one.law, title=_in(one.title, language), unconfirmed=one.unconfirmed)
            for one in found.legal_basis
        ],
        "clock": _clock(found, language),
        "silence": _in(found.clock.silence_words, language),
        "issues": [
            IssuedAnswer(
                kind=kind,
                title=_in(permit.title, language),
                valid_for=term_answer(permit.valid_for, language) if permit.valid_for else None,
            )
            for kind, permit in found.permits.items()
        ],
        "retention": RetentionAnswer(
            term=term_answer(found.retention.term, language),
            law=found.retention.law,
            erase_on_request=found.retention.erase_on_request,
        ),
        "withdrawable": found.withdrawable,
    }
    return Reply(ServiceAnswer.model_validate(shown), cache=KEPT_SECONDS)


@route(
    blueprint,
    "GET",
    "/v1/services/{service}/diagram.svg",
    public=True,
    media_types=("image/svg+xml",),
    summary={"id": "Proses layanan sebagai gambar", "en": "The process as a picture"},
)
def diagram(call: Call, service: str) -> Reply:
    return Reply(
        ports.catalogue.diagram(service, call.language),
        cache=KEPT_SECONDS,
        content_type="image/svg+xml; charset=utf-8",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; font-src data:"},
    )


@route(
    blueprint,
    "POST",
    "/v1/services/{service}/estimate",
    body=Estimate,
    answer=EstimateAnswer,
    public=True,
    summary={"id": "Perkirakan hak, biaya, dan waktu", "en": "Estimate eligibility, fee and time"},
    description={
        "id": "422 menyebut setiap isian yang kurang atau salah; syarat yang tidak terpenuhi ada di `reasons`.",
        "en": "422 names every answer that is missing or wrong; requirements that are not met stand in `reasons`.",
    },
)
def estimate(call: Call, service: str) -> Reply:
    found: Service = ports.catalogue.service(service)
    given = forms.merge({}, call.body.form)
    calendar = ports.catalogue.calendar(found.agency)
    today = calendar.day_of(call.now)
    faults = forms.faults(found, given, eligibility=False, today=today)
    if faults:
        raise Invalid(faults)
    context = checks.context_of(found, forms.clean(found, given), None, calendar, today)
    reasons = checks.hindrances(found, context)
    moment = fees.at(found, context, calendar, call.now)
    results = {one["name"]: one for one in forms.explained(found, moment)}
    promised = calendar.due(call.now, waits.bounded(found.clock.term, found.clock.term_by, context["facts"]))
    language = call.language
    return Reply(
        EstimateAnswer(
            eligible=not reasons,
            reasons=[ReasonAnswer(rule=code, message=said[language]) for code, said in reasons.items()],
            fee=_fee(found, moment, language),
            documents=[
                NeededDocument(kind=kind.kind, title=_in(kind.title, language), required=kind.required)
                for kind in forms.documents_needed(found, context)
            ],
            promised_at=rfc3339(promised),
            computed={name: one["value"] for name, one in results.items()},
            computations=computation_answers(results.items(), language),
        )
    )


def _fee(service: Service, context: dict[str, Any], language: Language) -> FeeAnswer:
    if service.fee is None:
        return FeeAnswer(amount=0, currency="IDR", lines=[])
    found = fees.assess(service.fee, context)
    shown = {
        "amount": found.amount,
        "currency": found.currency,
        "lines": found.lines,
        "rule": f"{service.code}/fee",
        "version": service.version,
        "law": service.fee.law,
        "inputs": {**context["facts"], **fees.answers_read(service.fee, context)},
        "sentence": fees.sentence(service.fee, found),
    }
    return fee_answer(shown, service, language)


# -- what a service looks like


def _wanted(service: Service, query: ServiceQuery) -> bool:
    texts = (service.title, service.summary)
    return (
        (query.audience is None or query.audience in service.audience)
        and query.agency in (None, service.agency)
        and lists.matches(query.q, service.code, *(text.id for text in texts), *(text.en for text in texts))
    )


def _measured(now: datetime) -> Measured:
    until = statistics.month_of(now.date())
    since = statistics.months_before(until, MEASURED_MONTHS)
    return statistics.gather(ports.table.counters(statistics.COUNTERS, since=since, until=f"{until}~"))


def _in_list(service: Service, measured: Measured, language: Language) -> dict[str, Any]:
    figures = measured.get((service.code, service.agency))
    return {
        "code": service.code,
        "version": service.version,
        "title": _in(service.title, language),
        "summary": _in(service.summary, language),
        "who": _in(service.who, language),
        "audience": list(service.audience),
        "agency": service.agency,
        "agency_name": _in(ports.catalogue.agency(service.agency).name, language),
        "fee": _in(service.fee.words, language) if service.fee else _FREE[language],
        "processing": ProcessingAnswer(
            promised=term_answer(service.clock.term, language),
            measured_days=figures.days(90) if figures else None,
            measured_working_days=figures.working_days(90) if figures else None,
        ),
    }


def _document(kind: DocumentKind, language: Language) -> DocumentKindAnswer:
    return DocumentKindAnswer(
        kind=kind.kind,
        title=_in(kind.title, language),
        help=_in(kind.help, language) if kind.help else None,
        required=kind.required,
        when=kind.when,
        types=list(kind.types),
        max_mb=kind.max_mb,
    )


def _clock(service: Service, language: Language) -> TermClockAnswer:
    clock = service.clock
    return TermClockAnswer(
        term=term_answer(clock.term, language),
        starts=clock.starts,
        pauses=list(clock.pauses),
        mode=clock.mode,
        silence=clock.silence,
        law=clock.law,
    )


def _steps(name: str, process: Process, service: Service, language: Language) -> list[StepAnswer]:
    shown = []
    for step in process.steps:
        if isinstance(step, TaskStep | ConsultStep):
            shown += [_officers_step(name, step, spec, language) for spec in step.of]
        elif isinstance(step, CorrectStep | PayStep):
            shown.append(_applicants_step(name, step, service, language))
    return shown


def _officers_step(
    process: str, step: TaskStep | ConsultStep, spec: TaskSpec, language: Language
) -> StepAnswer:
    code, _, role = spec.role.partition("/")
    return StepAnswer(
        process=process,
        step=step.name,
        name=spec.name,
        title=_in(spec.title, language),
        kind=spec.kind,
        role=spec.role,
        role_title=_in(ports.catalogue.agency(code).roles[role], language),
        agency=code,
        term=term_answer(spec.within, language),
        silence=spec.silence,
        law=spec.law,
        when=spec.when,
    )


def _applicants_step(
    process: str, step: CorrectStep | PayStep, service: Service, language: Language
) -> StepAnswer:
    return StepAnswer(
        process=process,
        step=step.name,
        name=step.name,
        title=_in(step.title, language),
        kind=step.kind,
        role="applicant",
        role_title=_APPLICANT[language],
        agency=service.agency,
        term=term_answer(step.within, language),
        silence="lapse",
        law=service.clock.law,
        when=None,
    )


def _in(text: Text, language: Language) -> str:
    return str(getattr(text, language))


_FREE = {"id": "Tidak dipungut biaya", "en": "Free of charge"}
_APPLICANT = {"id": "Pemohon", "en": "Applicant"}
