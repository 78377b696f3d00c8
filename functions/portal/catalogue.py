"""The services: found, explained, estimated from a few answers, and begun."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions.api import cases as case_api
from functions.api import services as api
from functions.domain import form as forms
from functions.domain import intake
from functions.domain.errors import Fault, Invalid, LoketError
from functions.domain.identity import is_username
from functions.domain.service import CheckRule, CheckStep, FormField, Service
from functions.portal import formulas, questions
from functions.portal.applications import fields_of
from functions.portal.progress import office
from functions.portal.urls import url
from functions.portal.visit import Answer, Content, Html, SeeOther, Visit, checked
from functions.runtime.wiring import ports

AUDIENCES = ("citizens", "businesses", "agencies", "employees")


def services(visit: Visit) -> Answer:
    """List the services, by audience, agency and words."""
    audience, agency = visit.query.get("audience", ""), visit.query.get("agency", "")
    q = visit.query.get("q", "").strip()[:100]
    wanted = api.ServiceQuery(
        audience=audience if audience in AUDIENCES else None,  # type: ignore[arg-type]
        agency=agency[:60] or None,
        q=q or None,
        cursor=visit.query.get("cursor"),
        limit=100,
    )
    found = visit.ask(api.index, query=wanted)
    page = {
        "items": found.items,
        "next": found.next,
        "audience": wanted.audience or "",
        "agency": agency,
        "q": q,
        "audiences": AUDIENCES,
        "agencies": _agencies(visit),
    }
    return Html("services.html", page)


def _agencies(visit: Visit) -> list[tuple[str, str]]:
    """Give the agencies that offer something."""
    codes = sorted({service.agency for service in ports.catalogue.services()})
    return [(code, visit.text(ports.catalogue.agency(code).name)) for code in codes]


def service(visit: Visit, service: str) -> Answer:
    """Explain one service."""
    return _service_page(visit, ports.catalogue.service(service))


def estimate(visit: Visit, service: str) -> Answer:
    """Say what these few answers would mean; nothing is kept of them."""
    found: Service = ports.catalogue.service(service)
    asked = estimating(found)
    given = questions.answers(asked, visit.fields, visit.language)
    answers = {name: value for name, value in given.items() if value is not None}
    if visit.from_script:
        raised = {field.name for field in forms.asked_fields(found, answers)}
        return Content.of({"asked": [field.name for field in asked if field.name in raised], "message": ""})
    known = {field.name for field in asked}
    # What the estimate does not depend on is taken from the example, so that only a few questions are asked.
    today = ports.catalogue.calendar(found.agency).day_of(visit.now)
    filled = {name: value for name, value in forms.example(found, today).items() if name not in known}
    try:
        answer = visit.ask(api.estimate, service, body=api.Estimate(form={**filled, **answers}))
    except Invalid as error:
        return _service_page(visit, found, given=given, faults=error.faults)
    return _service_page(visit, found, given=given, estimate=answer)


estimate.open_to_all = True  # type: ignore[attr-defined]


def estimating(service: Service) -> list[FormField]:
    """Give the questions on which the fee, the right to apply and the service's results depend; never personal ones."""
    expressions = [line.amount for line in service.fee.lines] if service.fee else []
    expressions += [line.when for line in service.fee.lines if line.when] if service.fee else []
    expressions += [rule.must for rule in (*service.form.rules, *_checked(service))]
    expressions += [getattr(one, "value", one) for one in service.computed.values()]
    names = {name for expression in expressions for name in fields_of(service, expression)}
    for field in service.form.fields:
        if field.name in names and field.when:
            names |= fields_of(service, field.when)
    return [field for field in service.form.fields if field.name in names and not field.personal]


def _checked(service: Service) -> list[CheckRule]:
    """Give the automatic rules of an application."""
    steps = service.process("application").steps
    return [rule for step in steps if isinstance(step, CheckStep) for rule in step.rules]


def _service_page(
    visit: Visit,
    service: Service,
    *,
    given: dict[str, Any] | None = None,
    faults: Iterable[Fault] = (),
    estimate: Any = None,
) -> Answer:
    wrong = {fault.pointer[1:].split("/")[0]: visit.text(fault.message) for fault in faults}
    asked = [
        questions.question(field, (given or {}).get(field.name), visit.language)
        for field in estimating(service)
    ]
    raised = {field.name for field in forms.asked_fields(service, given or {})}
    for question in asked:
        question.hidden = question.name not in raised
        question.fault = wrong.pop(question.name, "")
    page = {
        "service": visit.ask(api.read, service.code),
        "described": service,
        "agency": ports.catalogue.agency(service.agency),
        "office": lambda role: office(role, visit.language),
        "formulas": formulas.of_fee(visit, service),
        "questions": asked if service.fee or service.computed else [],
        "faults": [{"link": f"#{q.id}", "text": f"{q.label}: {q.fault}"} for q in asked if q.fault]
        + [{"link": "#estimate", "text": text} for text in wrong.values()],
        "estimate": estimate,
        "opened": given is not None,
    }
    return Html("service.html", page, status=422 if page["faults"] else 200)


# -- beginning


def before(visit: Visit, service: str) -> Answer:
    """Say what will be asked, and offer to go on with what was begun before."""
    return _start_page(
        visit, ports.catalogue.service(service), parent=visit.query.get("parent", "")[:_LONGEST]
    )


def start(visit: Visit, service: str) -> Answer:
    """Begin an application: a draft that is kept from the first answer on."""
    found: Service = ports.catalogue.service(service)
    other, parent = visit.field("on_behalf_of"), visit.field("parent")[:_LONGEST]
    if other and not is_username(other):
        return _start_page(visit, found, [Fault("/on_behalf_of", _NO_USERNAME)], other, parent)
    known = _known(visit, found, other)
    try:
        body = checked(
            case_api.CaseCreate,
            service=service,
            form=known,
            parent=parent or None,
            on_behalf_of=other or None,
        )
        made = visit.ask(case_api.create, body=body, once=True)
    except Invalid as error:
        return _start_page(visit, found, error.faults, other, parent)
    return SeeOther(url(f"/apply/{made.id}/1"))


def _known(visit: Visit, service: Service, other: str) -> dict[str, Any]:
    """Give the answers that follow from who is signed in, so that nobody types what we know."""
    own = getattr(service, "own", None)
    number = visit.person.employee_number
    return {own.field: number} if own and number and not other else {}


def _start_page(
    visit: Visit, service: Service, faults: Iterable[Fault] = (), other: str = "", parent: str = ""
) -> Answer:
    person = visit.person
    wrong = {fault.pointer.lstrip("/"): visit.text(fault.message) for fault in faults}
    drafts = visit.ask(
        case_api.index, query=case_api.CaseQuery(mine=True, status="draft", service=service.code, limit=10)
    )
    page = {
        "service": service,
        "drafts": drafts.items,
        "for_others": any(person.holds(role, visit.now) for role in service.filed_for_by),
        "other": other,
        "above": ports.catalogue.service(service.above.service) if service.above else None,
        "parent": parent,
        "faults": [{"link": f"#f-{name}", "text": text} for name, text in wrong.items()],
        "wrong": wrong,
        "refused": _refused(visit, service),
    }
    return Html("start.html", page, status=422 if wrong else 200)


def _refused(visit: Visit, service: Service) -> str:
    """Give why this person may not file this service, if so."""
    try:
        intake.may_file(visit.person, service, None, visit.now)
    except LoketError as error:
        return visit.text(error.message)
    return ""


_LONGEST = 64
_NO_USERNAME = {
    "id": "Nama pengguna pemohon tidak dapat dipakai.",
    "en": "This cannot be the applicant's username.",
}
