"""An application that is being written, or a correction of one: its parts, and what is still missing in each.

draft        every group of questions, the documents that the answers ask for
correction   only what was asked for, and what the corrected answers ask beside it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal

from functions.api import cases
from functions.api.documents import demand_case_id
from functions.domain import acts, documents, intake, rights
from functions.domain import form as forms
from functions.domain.case import Case, Correction, Document
from functions.domain.errors import Fault, Invalid, NotFound, NotNow
from functions.domain.expression import ExpressionFailed, holds, names_below
from functions.domain.service import DocumentKind, FieldGroup, FormField, Rule, Service
from functions.portal.visit import Visit
from functions.runtime.wiring import ports

State = Literal["empty", "partial", "done", "optional"]


@dataclass(frozen=True)
class Part:
    """One group of questions, with those of its fields that may be answered now; ``no`` counts from 1."""

    no: int
    group: FieldGroup
    fields: tuple[FormField, ...]


@dataclass(frozen=True)
class Wanted:
    """One kind of document that is asked for, its newest file, and what an officer wrote about it."""

    kind: DocumentKind
    newest: Document | None
    note: str | None = None
    again: bool = False

    @property
    def arrived(self) -> bool:
        return self.newest is not None and self.newest.state in documents.PRESENT


class Application:
    """What somebody may answer now. Raises `CaseUnknown`, `Forbidden`, and `NotNow` where nothing can be changed.

    ``offering``: no question is open, only files may be brought, for an act that will change a decided case.
    """

    def __init__(self, visit: Visit, case_id: str) -> None:
        record = ports.cases.load(demand_case_id(case_id))
        self.case: Case = record.case
        self.service: Service = ports.catalogue.service(self.case.service, self.case.service_version)
        rights.demand("patch", visit.person, self.case, self.service, visit.now)
        self.correction: Correction | None = self.case.open_correction
        self._correction = self.correction or Correction(0, {}, {})
        self._now: datetime = visit.now
        closed = self.case.status != "draft" and self.correction is None
        self.offering = closed and self._may_offer(visit)
        if closed and not self.offering:
            raise NotNow(
                {
                    "id": "Permohonan ini sudah diajukan dan tidak sedang dibuka untuk perbaikan.",
                    "en": "This application has been submitted and is not open for correction.",
                }
            )

    def _may_offer(self, visit: Visit) -> bool:
        calendar_of = ports.catalogue.calendar
        return "upload" in acts.now_open_to(visit.person, self.case, self.service, calendar_of, visit.now)

    @property
    def form(self) -> dict[str, Any]:
        return self.case.form or {}

    @property
    def today(self) -> date:
        """The day by which the rules count."""
        return intake.filing_day(self.case, ports.catalogue.calendar(self.case.agency), self._now)

    # -- questions

    @cached_property
    def parts(self) -> list[Part]:
        """The groups in which something is open; one whose questions nothing has raised yet is not among them."""
        if self.offering:
            return []
        asked, found = self.asked(), []
        for no, group in enumerate(self.service.form.groups, 1):
            fields = tuple(
                field
                for field in group.fields
                if field.name not in self.service.asked_later and self._open(field)
            )
            if any(self._opens(field) or field.name in asked for field in fields):
                found.append(Part(no, group, fields))
        return found

    def part(self, no: str) -> Part:
        """Give a part by its number; raises `NotFound`."""
        for part in self.parts:
            if str(part.no) == no:
                return part
        raise NotFound({"id": "Bagian ini tidak ada.", "en": "There is no such part."}, code="not-found")

    def _opens(self, field: FormField) -> bool:
        return self.correction is None or field.name in self._opened

    def _open(self, field: FormField) -> bool:
        return self._opens(field) or field.name in self._raised

    @cached_property
    def _opened(self) -> set[str]:
        return {pointer.lstrip("/").split("/")[0] for pointer in self._correction.fields}

    @cached_property
    def _raised(self) -> set[str]:
        """Questions that only the corrected answers ask; those that could be raised belong to the page already."""
        before = {field.name for field in forms.asked_fields(self.service, self._correction.before)}
        return {f.name for f in self.service.form.fields if f.when and f.name not in before}

    def asked(self) -> set[str]:
        """Give the names of the questions that the answers so far ask."""
        return {field.name for field in forms.asked_fields(self.service, self.form)}

    def note(self, field: FormField) -> str:
        """Give what an officer wrote about an answer."""
        said = self.correction.fields if self.correction else {}
        own = (said.get(pointer) for pointer in said if pointer.lstrip("/").split("/")[0] == field.name)
        return "\n".join(text for text in own if text)

    def state(self, part: Part) -> State:
        asked = self.asked()
        shown = [field for field in part.fields if field.name in asked]
        answered = [field for field in shown if self.answered(field)]
        missing = [field for field in shown if field.required and field not in answered]
        if missing:
            return "partial" if answered else "empty"
        return "done" if answered else "optional"

    def answered(self, field: FormField) -> bool:
        """Tell whether a question is answered, be it under seal."""
        return self.form.get(field.name) not in (None, "", []) or field.name in self.case.sealed_fields

    def changed(self, part: Part) -> bool:
        """Tell whether anything of a part was changed since the correction was asked for."""
        before = self.correction.before if self.correction else {}
        return any(self.form.get(field.name) != before.get(field.name) for field in part.fields)

    def faults(self, part: Part) -> list[Fault]:
        """List what is missing or wrong in a part; rules between answers once nothing is missing."""
        names = {field.name for field in part.fields}
        clean = forms.clean(self.service, self.form)
        sealed = self.case.sealed_fields
        wrong = forms.type_faults(self.service, clean, complete=True, sealed=sealed)
        found = [fault for fault in wrong if _top(fault) in names]
        if found:
            return found
        return [
            Fault(rule.pointer, rule.message.pair())
            for rule in self._broken(clean)
            if rule.pointer[1:] in names
        ]

    def _broken(self, form: Mapping[str, Any]) -> list[Rule]:
        """Give the rules that these answers break, but for those that still wait for an answer."""
        context = forms.context_of(self.service, form, today=self.today)
        waiting = {name for name in self.asked() if form.get(name) in (None, "", [])}
        ripe = [rule for rule in self.service.form.rules if not fields_of(self.service, rule.must) & waiting]
        return [rule for rule in ripe if not holds(rule.must, context)]

    # -- documents

    @cached_property
    def wanted(self) -> list[Wanted]:
        """Give the documents to bring."""
        return [self._wanted(kind) for kind in self._kinds()]

    def _kinds(self) -> Sequence[DocumentKind]:
        if self.offering:
            return documents.offered(self.case, self.service)
        try:
            context = forms.context_of(self.service, self.form, today=self.today)
            needed = forms.documents_needed(self.service, context)
        except ExpressionFailed:
            # What is asked for depends on answers that are still missing.
            needed = [kind for kind in self.service.documents if kind.when is None]
        asked = self.correction
        if asked is None:
            return needed
        missing = {kind.kind for kind in documents.missing(self.case, self.service, self.form, self.today)}
        return [
            kind
            for kind in self.service.documents
            if kind.kind in asked.documents
            or kind.kind in missing
            or documents.sent_again(self.case, kind.kind, asked)
        ]

    def _wanted(self, kind: DocumentKind) -> Wanted:
        asked = self.correction
        files = list(self.case.documents.values())
        since = files[asked.brought :] if asked else files
        mine = [one for one in since if one.kind == kind.kind and not one.issued]
        good = [one for one in mine if one.state != "refused"]
        newest = (good or mine or [None])[-1]
        again = asked is not None and kind.kind in asked.documents
        return Wanted(kind, newest, asked.documents.get(kind.kind) if asked else None, again)

    # -- the whole

    def everything_wrong(self) -> list[Fault]:
        """List all that keeps it from being submitted."""
        form = forms.clean(self.service, self.form)
        found = forms.faults(self.service, form, today=self.today, sealed=self.case.sealed_fields)
        found += intake.missing_documents(self.case, self.service, form, self.today)
        named = {fault.pointer for fault in found}
        for wanted in self.wanted:
            pointer = f"/documents/{wanted.kind.kind}"
            if wanted.again and not wanted.arrived and pointer not in named:
                found.append(Fault(pointer, _SEND_AGAIN))
        return found

    def place(self, pointer: str) -> str:
        """Give where on the pages a fault can be mended: the end of the address below the application's own."""
        first, _, rest = pointer.lstrip("/").partition("/")
        if first == "documents":
            return f"/documents#d-{rest}"
        for part in self.parts:
            if any(field.name == first for field in part.fields):
                return f"/{part.no}#f-{first}"
        return "/check"

    def after(self, part: Part) -> str:
        """Give what comes after a part."""
        following = [other.no for other in self.parts if other.no > part.no]
        if following:
            return f"/{following[0]}"
        return "/documents" if self.wanted else "/check"

    def before(self, part: Part) -> str:
        earlier = [other.no for other in self.parts if other.no < part.no]
        return f"/{earlier[-1]}" if earlier else ""


def fields_of(service: Service, expression: str) -> set[str]:
    """Give the questions that an expression depends on, also by way of the facts."""
    facts = [service.facts[name] for name in names_below("facts", expression) if name in service.facts]
    return {name for one in (expression, *facts) for name in names_below("form", one)}


def saved(visit: Visit, application: Application, answers: Mapping[str, Any]) -> list[Fault]:
    """Save these answers; those that are wrong are given as faults, and all others are saved none the less."""
    sealed = application.case.sealed_fields
    changed = {
        name: value
        for name, value in answers.items()
        # What is under seal cannot be shown, so that nothing was typed there does not take it away.
        if value != application.form.get(name) and not (value is None and name in sealed)
    }
    faults: list[Fault] = []
    while changed:
        try:
            visit.ask(cases.patch, application.case.id, body=cases.CasePatch(form=changed))
            break
        except Invalid as error:
            wrong = {_top(fault) for fault in error.faults}
            if not wrong & set(changed):
                raise
            faults += error.faults
            changed = {name: value for name, value in changed.items() if name not in wrong}
    return faults


def _top(fault: Fault) -> str:
    return fault.pointer.lstrip("/").split("/")[0]


_SEND_AGAIN = {
    "id": "Dokumen ini diminta lagi dan belum dikirim.",
    "en": "This document was asked for again and has not been sent.",
}
