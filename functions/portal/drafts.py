"""Writing an application: one group of questions a page, saved as it is answered, checked before it is submitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions.api import cases, services, tasks
from functions.domain.errors import Fault, Invalid
from functions.domain.service import FormField
from functions.portal import questions
from functions.portal.applications import Application, Part, saved
from functions.portal.urls import url
from functions.portal.visit import Answer, Content, Html, SeeOther, Visit


def overview(visit: Visit, case: str) -> Answer:
    """Show the parts and how far each is."""
    return Html("apply.html", _shown(visit, Application(visit, case)))


def part(visit: Visit, case: str, part: str) -> Answer:
    """Ask one group of questions."""
    application = Application(visit, case)
    return _asked(visit, application, application.part(part))


def save(visit: Visit, case: str, part: str) -> Answer:
    """Keep the answers of one group, and go on if nothing in it is missing or wrong."""
    application = Application(visit, case)
    chosen = application.part(part)
    asked_before = application.asked()
    given = questions.answers(chosen.fields, visit.fields, visit.language)
    faults = saved(visit, application, given)
    application = Application(visit, case)
    if visit.from_script:
        return _state(visit, application, chosen, faults)
    if visit.field("then") == "later":
        return SeeOther(url(f"/apply/{case}"))
    wrong = {fault.pointer for fault in faults}
    faults += [fault for fault in application.faults(chosen) if fault.pointer not in wrong]
    raised = application.asked() - asked_before
    unseen = [fault for fault in faults if fault.pointer[1:] in raised and fault.pointer not in wrong]
    if unseen and len(unseen) == len(faults):
        # Questions that these answers have only now raised are no mistakes.
        return _asked(visit, application, chosen, more=True)
    if faults:
        return _asked(visit, application, chosen, faults=faults, sent=given)
    return SeeOther(url(f"/apply/{case}{application.after(chosen)}"))


def _state(visit: Visit, application: Application, part: Part, faults: list[Fault]) -> Answer:
    """Tell the script which questions are asked now, and what could not be saved."""
    asked = application.asked()
    return Content.of(
        {
            "asked": [field.name for field in part.fields if field.name in asked],
            "message": str(visit.t("apply.not_saved" if faults else "apply.saved")),
        }
    )


def _asked(
    visit: Visit,
    application: Application,
    part: Part,
    *,
    faults: Iterable[Fault] = (),
    sent: dict[str, Any] | None = None,
    more: bool = False,
) -> Answer:
    wrong = {fault.pointer[1:].split("/")[0]: visit.text(fault.message) for fault in reversed(list(faults))}
    asked = application.asked()
    shown = [_question(visit, application, field, sent or {}) for field in part.fields]
    for question in shown:
        question.fault = wrong.get(question.name, "")
        question.hidden = question.name not in asked
    listed = [{"link": f"#{q.id}", "text": f"{q.label}: {q.fault}"} for q in shown if q.fault]
    page = _shown(visit, application) | {
        "part": part,
        "questions": shown,
        "faults": listed,
        "more": more,
        "back": application.before(part),
        "position": [other.no for other in application.parts].index(part.no) + 1,
    }
    return Html("apply-part.html", page, status=422 if listed else 200)


def _question(
    visit: Visit, application: Application, field: FormField, sent: dict[str, Any]
) -> questions.Question:
    """What was just sent stands there again, right or wrong."""
    answer = sent.get(field.name, application.form.get(field.name))
    question = questions.question(field, answer, visit.language, currency=_currency(application))
    question.note = application.note(field)
    if field.name in application.case.sealed_fields:
        question.hint, question.required = str(visit.t("form.sealed_hint")), False
    return question


def check(visit: Visit, case: str) -> Answer:
    """Show everything once more before it is submitted."""
    application = Application(visit, case)
    return _checked(visit, application, application.everything_wrong())


def submit(visit: Visit, case: str) -> Answer:
    """Hand it in, the application or the correction."""
    application = Application(visit, case)
    asked = application.correction
    try:
        if asked is None:
            visit.ask(cases.submit, case, once=True)
            return SeeOther(url(f"/cases/{case}/receipt"))
        visit.ask(tasks.complete, str(asked.task), body=tasks.Complete(action="resubmit"), once=True)
        return SeeOther(url(f"/cases/{case}", sent="correction"))
    except Invalid as error:
        return _checked(visit, application, error.faults, refused=True)


def _checked(
    visit: Visit, application: Application, faults: Iterable[Fault], *, refused: bool = False
) -> Answer:
    listed = [
        {
            "link": url(f"/apply/{application.case.id}") + application.place(fault.pointer),
            "text": _named(visit, application, fault),
        }
        for fault in faults
    ]
    asked = application.asked()
    groups = [
        {
            "no": part.no,
            "title": visit.text(part.group.title),
            "rows": [
                (
                    visit.text(field.title),
                    _words(visit, application, field),
                    application.answered(field),
                )
                for field in part.fields
                if field.name in asked
            ],
        }
        for part in application.parts
    ]
    page = _shown(visit, application) | {
        "faults": listed,
        "groups": groups,
        "estimate": None if listed or application.correction else _estimate(visit, application),
    }
    return Html("apply-check.html", page, status=422 if refused else 200)


def _named(visit: Visit, application: Application, fault: Fault) -> str:
    """Say what is wrong, and of which question or document."""
    first, _, rest = fault.pointer.lstrip("/").partition("/")
    said = visit.text(fault.message)
    described: Any = next((f for f in application.service.form.fields if f.name == first), None)
    if first == "documents":
        described = application.service.document_kind(rest)
    title = visit.text(described.title) if described else ""
    return said if title in said else f"{title}: {said}"


def _words(visit: Visit, application: Application, field: FormField) -> str:
    if field.name in application.case.sealed_fields:
        return str(visit.t("form.sealed"))
    answer = application.form.get(field.name)
    return questions.in_words(field, answer, visit.language, currency=_currency(application))


def _estimate(visit: Visit, application: Application) -> Any:
    """What it will cost and when it is promised; where nobody can tell yet, nothing is said."""
    wanted = services.Estimate(form=application.form)
    try:
        return visit.ask(services.estimate, application.service.code, body=wanted)
    except Invalid:
        return None


def _currency(application: Application) -> str:
    return application.service.fee.currency if application.service.fee else "IDR"


def _shown(visit: Visit, application: Application) -> dict[str, Any]:
    """What every page of an application shows."""
    case = application.case
    own = case.applicant == visit.person.username
    return {
        "case": case,
        "service": application.service,
        "correction": application.correction,
        "application": application,
        "for_whom": None if own else case.applicant,
    }
