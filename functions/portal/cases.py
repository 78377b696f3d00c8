"""My cases, and one of them: where it stands, what is asked of me, what was decided, what can be done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.api import cases as api
from functions.api import personal_data as export
from functions.api import tasks
from functions.api.documents import demand_case_id
from functions.domain import episodes, rights
from functions.domain.case import Case
from functions.domain.service import Service
from functions.portal import formulas, progress, questions, story
from functions.portal.rendering import Words
from functions.portal.visit import Answer, Content, Html, Visit
from functions.ports import Record
from functions.runtime.wiring import ports

PAGE = 20
STATUSES = api.Status.__args__  # type: ignore[attr-defined]
ERRANDS = ("withdraw", "appeal", "renew", "amend", "resume")
"""What an applicant can do with a whole case, each on a page of its own; the API names them alike."""
OFFICE = "office"
"""Where an officer looks for a case that asks nothing of the own roles now; it stands in the address."""
MOST_RELATED = 20
"""Cases below one that its page names; the register has them all where they are published."""
OVERSIGHT = ("redrive", "extend", "reopen", "suspend", "reinstate", "revoke")
"""What a supervisor can do with it."""


@dataclass(frozen=True)
class Seen:
    """A case as somebody may see it: the answer of the API, and what the pages read beside it."""

    record: Record
    service: Service
    shown: api.CaseAnswer

    @property
    def case(self) -> Case:
        return self.record.case


def see(visit: Visit, case_id: str) -> Seen:
    """Read a case; raises `CaseUnknown` to who may not see it."""
    record = ports.cases.load(demand_case_id(case_id))
    service = ports.catalogue.service(record.case.service, record.case.service_version)
    rights.demand("read", visit.person, record.case, service, visit.now)
    shown = api.case_answer(record.case, service, visit.person, visit.now, visit.language)
    return Seen(record, service, shown)


def mine(visit: Visit) -> Answer:
    """List the own cases, what is asked of me first; or, for officers, all that their offices handle."""
    officer = bool(api.offices(visit.person, visit.now))
    office = officer and visit.query.get("of") == OFFICE
    status = visit.query.get("status", "")
    wanted = api.CaseQuery(
        mine=not office,
        status=status if status in STATUSES else None,  # type: ignore[arg-type]
        q=visit.query.get("q", "")[:100] or None,
        cursor=visit.query.get("cursor"),
        limit=PAGE,
    )
    found = visit.ask(api.index, query=wanted)
    asked = visit.ask(tasks.worklist, query=tasks.TaskQuery(role="applicant", limit=PAGE))
    page = {
        "items": found.items,
        "next": found.next,
        "status": wanted.status or "",
        "q": wanted.q or "",
        "statuses": STATUSES,
        "asked": [] if office or visit.query.get("cursor") else asked.items,
        "of": OFFICE if office else "",
        "officer": officer,
    }
    return Html("cases.html", page)


def show(visit: Visit, case: str) -> Answer:
    """Show one case."""
    return case_page(visit, see(visit, case))


def case_page(visit: Visit, seen: Seen, *, faults: Any = (), message: str = "") -> Answer:
    """Draw a case; with what was wrong about a message that was just sent."""
    case, service, shown = seen.case, seen.service, seen.shown
    own = rights.stands_for(visit.person, case, visit.now)
    correct = next((task for task in shown.tasks if task.correction), None)
    due = [payment for payment in shown.payments if payment.state in ("due", "failed")]
    page = {
        "case": shown,
        "own": own,
        "mends": own or bool(correct and "complete" in correct.may),
        "above": _above(visit, case),
        "below": [_related(visit, one.id, one.service, one.status) for one in shown.children[:MOST_RELATED]],
        "more_below": len(shown.children) - MOST_RELATED,
        "agency": visit.text(ports.catalogue.agency(case.agency).name),
        "law": _law_of(shown),
        "stages": progress.stages(case, service, visit.language, own=own),
        "correction": case.open_correction,
        "titles": _titles(visit, service),
        "correct": correct,
        "bills": due if case.is_open else [],
        "kept": [one for one in shown.payments if one.state == "expired" and one.received > one.refunded],
        "pay_at": ports.settings.payment_page,
        "rows": answers_in_words(visit, seen),
        "found": [one for one in (shown.fee, *shown.computations, *shown.checks) if one and one.message],
        "inputs_of": lambda inputs: inputs_in_words(visit, service, inputs),
        "figures_of": lambda found: formulas.of_result(visit, service, found),
        "issued": [one for one in shown.documents if one.issued],
        "brought": [one for one in shown.documents if not one.issued and one.state != "announced"],
        "messages": shown.messages,
        "story": story.tell(seen.record, service, visit.person.username, visit.language),
        "errands": {one: errand_title(visit, service, one) for one in ERRANDS if one in shown.actions},
        "appeal_until": episodes.appeal_until(case, service, ports.catalogue.calendar, visit.now),
        "region": region_title(visit, service, shown.queue.region) if shown.queue else "",
        "oversight": oversight_of(shown),
        "desks": [task for task in shown.tasks if task.may and task.role != "applicant"],
        "silence": visit.text(service.clock.silence_words),
        "faults": [{"link": "#f-text", "text": visit.text(fault.message)} for fault in faults],
        "message": message,
        "sent": visit.query.get("sent", ""),
    }
    return Html("case.html", page, status=422 if faults else 200)


def _law_of(shown: api.CaseAnswer) -> str:
    """Give by which law a rule has decided; the code of a check says nothing to people, its law does."""
    rule = (shown.outcome and shown.outcome.rule) or ""
    codes = {check.rule: check.law or "" for check in shown.checks}
    return codes.get(rule.rpartition(": ")[2], rule)


@dataclass(frozen=True)
class Related:
    """A case above or below this one; ``id`` only where the reader may open it."""

    title: str
    agency: str
    status: str
    number: str = ""
    id: str = ""


def _above(visit: Visit, case: Case) -> Related | None:
    """Give the case that this one was filed below, or that started it; of what is not open to the reader, nothing."""
    if case.parent is None:
        return None
    above = ports.cases.load(case.parent).case
    found = _related(visit, above.id, above.service, above.status)
    return found if found.id else None


def _related(visit: Visit, case_id: str, code: str, status: str) -> Related:
    case = ports.cases.load(case_id).case
    service = ports.catalogue.service(code, case.service_version)
    known = rights.may("read", visit.person, case, service, visit.now)
    agency = visit.text(ports.catalogue.agency(case.agency).name)
    opens = {"number": case.number or "", "id": case.id} if known else {}
    return Related(visit.text(service.title), agency, status, **opens)


def oversight_of(shown: api.CaseAnswer) -> list[str]:
    """Give what a supervisor can do now; only a case that stands still needs to be driven on."""
    still = shown.status == "needs_attention"
    return [act for act in OVERSIGHT if act in shown.actions and (still or act != "redrive")]


def errand_title(visit: Visit, service: Service, errand: str) -> str:
    """Give what an errand is called: what the service calls the process that it opens, where it names one."""
    name = episodes.process_for(service, errand) if errand not in ("withdraw", "appeal") else None
    return visit.text(service.process(name).title) if name else str(visit.t(f"case.errand.{errand}"))


def region_title(visit: Visit, service: Service, region: str) -> str:
    """Give what a region is called by the question that it was chosen at."""
    options = (option for field in service.form.fields for option in field.options)
    return next((visit.text(option.title) for option in options if option.value == region), region)


def _titles(visit: Visit, service: Service) -> dict[str, str]:
    """Give what questions are called by their names, and documents by ``/<kind>``."""
    fields = {field.name: visit.text(field.title) for field in service.form.fields}
    return fields | {f"/{kind.kind}": visit.text(kind.title) for kind in service.documents}


def inputs_in_words(visit: Visit, service: Service, inputs: Mapping[str, Any]) -> str:
    """Give what a rule read, by the names of the questions where it read answers."""
    fields = {field.name: field for field in service.form.fields}
    said = []
    for name, value in inputs.items():
        field = fields.get(name.removeprefix("form."))
        if field:
            said.append(f"{visit.text(field.title)}: {questions.in_words(field, value, visit.language)}")
        elif isinstance(value, str | int | float) or value is None:
            said.append(_called(visit, service, name.removeprefix("facts."), value))
    return "; ".join(said)


_READ = frozenset({"today", "months_late", "due_on", "period", "stage", "waited_months"})
"""What every service can read without declaring it; a message names each."""


def _called(visit: Visit, service: Service, name: str, value: str | float | None) -> str:
    """Write what no question asked by what people call it; of an older version without a title by its name."""
    group, _, of = name.rpartition(".")
    if group in ("working_days", "lines", "paid"):
        titles = {field.name: field.title for field in service.form.fields}
        titles |= {line.code: line.title for line in (service.fee.lines if service.fee else ())}
        title = str(visit.t(f"case.read.{group}", what=visit.text(titles[of]) if of in titles else of))
    elif name in _READ:
        title = str(visit.t(f"case.read.{name}"))
    else:
        known = service.called.get(name)
        text = known.title if known else service.publication.facts.get(name)
        title = visit.text(text) if text else name.replace("_", " ")
        words = service.words_of(name, value)
        value = visit.text(words) if words else value
    return f"{title}: {_plain(visit, value)}"


def _plain(visit: Visit, value: str | float | None) -> str:
    """Write what no question asked: a fact, or what another rule gave."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(visit.t("form.yes" if value else "form.no"))
    return value if isinstance(value, str) else Words(visit.language).number(value)


def answers_in_words(visit: Visit, seen: Seen) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give the answers by group, in words."""
    form = seen.shown.form or {}
    currency = seen.service.fee.currency if seen.service.fee else "IDR"
    return [
        (
            visit.text(group.title),
            [
                (
                    visit.text(field.title),
                    questions.in_words(field, form[field.name], visit.language, currency=currency),
                )
                for field in group.fields
                if form.get(field.name) not in (None, "")
            ],
        )
        for group in seen.service.form.groups
    ]


def receipt(visit: Visit, case: str) -> Answer:
    """Show what was handed in, when, and what happens now: to be printed or kept."""
    seen = see(visit, case)
    page = {
        "case": seen.shown,
        "agency": ports.catalogue.agency(seen.case.agency),
        "decided": seen.shown.outcome.result if seen.shown.outcome else "",
        "next": progress.now(
            seen.case, seen.service, visit.language, own=rights.stands_for(visit.person, seen.case, visit.now)
        ),
        "due": _promised(seen),
        "own": rights.stands_for(visit.person, seen.case, visit.now),
        "name": seen.shown.contact.get("name") or seen.case.applicant,
        "documents": [
            one for one in seen.shown.documents if one.state in ("received", "clean") and not one.issued
        ],
    }
    return Html("receipt.html", page)


def _promised(seen: Seen) -> Any:
    """Give when the decision is due; before the clock has started, if it started now."""
    clock = api.case_clock(seen.case, seen.service)
    if clock is None or seen.case.submitted_at is None:
        return None
    return clock.due_at(seen.case.submitted_at) or clock.calendar.due(seen.case.submitted_at, clock.term)


def history(visit: Visit, case: str) -> Answer:
    """Give the whole history, as it can be verified offline."""
    found = visit.ask(api.history, case, query=api.HistoryQuery())
    return _download(found.model_dump(mode="json", exclude_unset=True), f"{case}-history.json")


def personal_data(visit: Visit, case: str) -> Answer:
    """Give everything personal that is kept of a case."""
    found = visit.ask(export.export, case)
    return _download(found.model_dump(mode="json", exclude_unset=True), f"{case}-personal-data.json")


def _download(content: Any, filename: str) -> Content:
    text = json.dumps(content, ensure_ascii=False, indent=1)
    disposition = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Content(text, "application/json; charset=utf-8", headers=disposition)
