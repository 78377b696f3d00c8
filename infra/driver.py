"""Drives one case through a local system, each act by the person who does it, as the API would let it.

Scenarios, the demonstration and the tests of whole cases stand on it. Commands go straight to the domain, without
HTTP; everything behind them (table, streams, executions, timers, files) is the real thing.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from functions.api.cases import close_seals
from functions.domain import (
    documents,
    episodes,
    intake,
    lots,
    numbers,
    payments,
    queues,
    rights,
    sealing,
    tasks,
)
from functions.domain import form as forms
from functions.domain.case import Case, Document, Task, Writer, line_of
from functions.domain.clock import LegalClock, Term
from functions.domain.identity import Delegation, Person
from functions.domain.service import Service
from functions.domain.waits import legal_clock
from functions.ports import Record
from functions.runtime.commands import Done, change, open_case
from functions.runtime.drawing import drawing_of
from infra.local.identity import Directory, User, load_directory
from infra.local.system import LocalSystem

SMALL_PDF = b"%PDF-1.4\n%%EOF\n"
SMALL_PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
SMALL_JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 16
_SAMPLES = {"application/pdf": SMALL_PDF, "image/png": SMALL_PNG, "image/jpeg": SMALL_JPEG}
_FORM_LIVES = timedelta(minutes=15)


@cache
def people() -> Directory:
    """Give the people of the local system."""
    return load_directory()


def user(username: str) -> Person:
    """Give somebody by username."""
    return _person(people().user(username))


def holder(role: str, place: int = 0) -> Person:
    """Give the first holder of ``agency/role``, or another one by place."""
    return _person(people().holders(role)[place])


def _person(known: User) -> Person:
    return Person(
        known.username, known.name, frozenset(known.roles), email=known.email, phone=known.phone,
        employee_number=known.employee_number, language=known.language,
    )  # fmt: skip


class CaseDriver:
    """One case; every act waits until all that follows from it has happened.

    ``who`` is a username, a role (its first holder acts), ``applicant``, or a `Person`.
    """

    _numbers = itertools.count(1)

    def __init__(
        self, system: LocalSystem, *, service: str = "building-permit", applicant: str | Person = "siti",
        case_id: str | None = None,
    ) -> None:  # fmt: skip
        self.system, self.ports, self.aws = system, system.ports, system.aws
        self.applicant = user(applicant) if isinstance(applicant, str) else applicant
        self.id = case_id or numbers.case_id(next(self._numbers).to_bytes(16, "big"))
        self._service = service
        self.others: list[CaseDriver] = []
        self.story: dict[str, CaseDriver] = {}

    # -- what can be seen

    @property
    def record(self) -> Record:
        record: Record = self.ports.cases.load(self.id)
        return record

    @property
    def case(self) -> Case:
        return self.record.case

    @property
    def service(self) -> Service:
        found: Service = self.ports.catalogue.service(self._service)
        return found

    @property
    def history(self) -> list[dict[str, Any]]:
        return [event.as_dict() for commit in self.record.commits for event in commit.events]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.history]

    @property
    def clock(self) -> LegalClock | None:
        case = self.case
        return legal_clock(case, self.service, self.ports.catalogue.calendar(case.agency))

    @property
    def now(self) -> datetime:
        return self.aws.clock.now()

    @property
    def today(self) -> date:
        """Give the day of the law in the agency's zone."""
        day: date = self._calendar_of(self.service.agency).day_of(self.now)
        return day

    def child(self, service: str) -> CaseDriver:
        """Give the newest case of this service that the case has started. Raises LookupError."""
        found = [child for child in self.case.children.values() if child.service == service]
        if not found:
            raise LookupError(f"no case of {service!r} was started")
        asking = found[-1].applicant
        applicant = holder(asking) if "/" in asking else user(asking)
        return CaseDriver(self.system, service=service, applicant=applicant, case_id=found[-1].id)

    def task(self, name: str) -> Task:
        """Give the newest task of that name. Raises LookupError."""
        found = [task for task in self.case.tasks.values() if task.name == name]
        if not found:
            raise LookupError(f"no task {name!r}; there are: {', '.join(self._tasks()) or 'none'}")
        return found[-1]

    def _tasks(self) -> list[str]:
        return [f"{task.name} ({task.state})" for task in self.case.tasks.values()]

    def who(self, name: str | Person) -> Person:
        """Give the person of a username, of a role, or of the word ``applicant``."""
        if isinstance(name, Person):
            return name
        if name == "applicant":
            return self.applicant
        return holder(name) if "/" in name else user(name)

    # -- from form to application

    def file(
        self, form: Mapping[str, Any] | None = None, *, by: str | Person | None = None,
        parent: CaseDriver | None = None,
    ) -> CaseDriver:  # fmt: skip
        """Open a draft: the service's example with these answers; ``by`` files on the applicant's behalf.

        ``parent`` is the case below which it is filed.
        """
        service, filer = self.service, self.who(by) if by else self.applicant
        answers = forms.clean(service, {**forms.example(service, self.today), **(form or {})})
        stands_open, sealed = sealing.split(service, answers)
        above = parent.case if parent and service.above else None

        def decide(writer: Writer) -> None:
            intake.create(
                writer, service, filer, stands_open, parent=parent.id if parent else None,
                on_behalf_of=self.applicant.username if by else None, above=above,
            )  # fmt: skip
            close_seals(writer, service, above, sealed)

        open_case(self.id, filer.username, service, decide, below=above.id if above else None)
        self.aws.settle()
        return self

    def needed(self) -> list[str]:
        """Give the kinds of documents that must be brought and have not been."""
        case = self.case
        faults = intake.missing_documents(case, self.service, case.form or {}, self.today)
        return [fault.pointer.rpartition("/")[2] for fault in faults]

    def bring(self, *kinds: str, by: str | Person | None = None) -> CaseDriver:
        """Let documents be there, checked and clean, without their bytes: all that are needed, or these."""

        def decide(writer: Writer, service: Service) -> None:
            for kind in kinds or self.needed():
                content = _SAMPLES[_type_of(service, kind)]
                document = self._announce(writer, service, kind, content, f"{kind}.pdf")
                documents.arrive(writer, document, fault=None, object_version=None)
                documents.scanned(writer, document, clean=True)

        self.command(by or "applicant", "upload", decide)
        return self

    def upload(
        self, kind: str, content: bytes | None = None, *, content_type: str | None = None,
        filename: str = "berkas.pdf", by: str | Person | None = None,
    ) -> Document:  # fmt: skip
        """Send a file through its presigned form; gives the document as it stands after its checks."""
        known = content_type or _type_of(self.service, kind)
        sent = _SAMPLES[known] if content is None else content

        def decide(writer: Writer, service: Service) -> None:
            self._announce(writer, service, kind, sent, filename, known)

        case = self.command(by or "applicant", "upload", decide).case
        document = list(case.documents.values())[-1]
        form = self.ports.documents.announce_upload(
            documents.object_key(document), size=document.size, sha256=document.sha256, content_type=known,
            expires=_FORM_LIVES,
        )  # fmt: skip
        self.aws.upload(form, sent, filename)
        self.aws.settle()
        return self.case.documents[document.id]

    def submit(self, *, by: str | Person | None = None) -> CaseDriver:
        def decide(writer: Writer, service: Service) -> None:
            parent = writer.case.parent
            above = (
                self.ports.cases.load(parent).case if parent and (service.above or service.follows) else None
            )
            intake.submit(writer, service, self._calendar_of, above)

        self.command(by or "applicant", "submit", decide)
        return self

    def patch(self, **changes: Any) -> CaseDriver:
        self.command("applicant", "patch", lambda writer, service: intake.patch(writer, service, changes))
        return self

    def apply(self, form: Mapping[str, Any] | None = None) -> CaseDriver:
        """File, bring every document and submit; what only one case may hold is the example's, or free."""
        return self.file({**self._free(), **(form or {})}).bring().submit()

    # -- what people do

    def act(
        self, who: str | Person, action: str, *, task: str | None = None, comment: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> CaseDriver:  # fmt: skip
        """Answer a task: the one of this name, or the open one of the role. Raises LookupError if there is none."""
        person = self.who(who)
        wanted = self.task(task) if task else self._open_task(who, person)

        def decide(writer: Writer, service: Service) -> None:
            tasks.complete(
                writer, service, self._calendar_of, person, tasks.find(writer.case, wanted.id), action=action,
                comment=comment, data=data or {}, drawing_of=drawing_of,
            )  # fmt: skip

        self._change(person, decide)
        return self

    def claim(self, who: str | Person, task: str) -> CaseDriver:
        person, wanted = self.who(who), self.task(task)
        self._change(person, lambda writer, s: tasks.claim(writer, s, person, writer.case.tasks[wanted.id]))
        return self

    def assign(self, who: str | Person, task: str, to: str | Person) -> CaseDriver:
        person, wanted, other = self.who(who), self.task(task), self.who(to)
        self._change(
            person, lambda writer, s: tasks.assign(writer, s, person, writer.case.tasks[wanted.id], other)
        )
        return self

    def pay(self, outcome: str = "paid", *, times: int = 1, **other: Any) -> list[str]:
        """Let the provider's notification of the newest bill arrive; ``other``: amount, currency, at, id."""
        bill = list(self.case.payments.values())[-1]
        told: dict[str, Any] = {
            "id": f"{bill.id}-{outcome}", "amount": bill.rest, "currency": bill.currency, "at": self.now,
        } | other  # fmt: skip
        notice = payments.Notification(payment=bill.id, outcome=outcome, **told)
        answers = []
        for _ in range(times):

            def decide(writer: Writer, service: Service) -> None:
                answers.append(payments.take_in(writer, service, self._calendar_of, notice))

            change(self.id, "system", decide)
        self.aws.settle()
        return answers

    def withdraw(self, reason: str = "Rencana berubah.", *, by: str | Person = "applicant") -> CaseDriver:
        self.command(
            by,
            "withdraw",
            lambda writer, service: episodes.withdraw(writer, service, reason, self._calendar_of),
        )
        return self

    def appeal(
        self, reason: str = "Saya keberatan.", form: Mapping[str, Any] | None = None,
        *, by: str | Person = "applicant",
    ) -> CaseDriver:  # fmt: skip
        self.command(
            by,
            "appeal",
            lambda writer, service: episodes.appeal(writer, service, self._calendar_of, reason, form),
        )
        return self

    def begin(
        self, act: str, reason: str = "Ada perubahan.", form: Mapping[str, Any] | None = None,
        *, by: str | Person = "applicant",
    ) -> CaseDriver:  # fmt: skip
        """Open the process of an act: ``renew``, ``amend`` or ``resume``, with changed answers where it takes them."""
        self.command(
            by,
            act,
            lambda writer, service: episodes.begin(writer, service, self._calendar_of, act, reason, form),
        )
        return self

    def open_round(
        self, period: str, places: int, region: str | None = None, *, by: str | Person | None = None
    ) -> CaseDriver:
        """Open a round for the region in which this case waits, or another one; a seed comes a day later."""
        where = region or queues.region_of(self.case, self.service)
        opener = self.who(by) if by else self.supervisor
        quota = [{"region": where, "places": places}]
        last = self.ports.cases.next_number(line_of(self.service.code, where)) - 1
        line = queues.line_of(self.service)
        seed = {"source": _SOURCE, "published_at": self.now + timedelta(days=1)} if line.by else None
        announced = lots.announced(line, seed, self.now)
        content = queues.opening(period, quota, opener.username, self.now, {where: last}, lots=announced)
        self.ports.rounds.open(self.service.code, period, content)
        self.aws.settle()
        return self

    def draw(self, seed: str, *, by: str | Person | None = None) -> CaseDriver:
        """Enter the published seed of the newest round."""
        newest = self.ports.rounds.newest(self.service.code)
        opener = self.who(by) if by else self.supervisor
        drawn = lots.drawn(newest, seed, opener.username, self.now)
        if newest and drawn:
            self.ports.rounds.draw(self.service.code, newest["period"], drawn)
        self.aws.settle()
        return self

    def like(self, form: Mapping[str, Any] | None = None) -> CaseDriver:
        """Give another case of the same service and applicant that waits in line: what is unique is its own."""
        other = CaseDriver(self.system, service=self._service, applicant=self.applicant)
        self.others.append(other)
        other.apply({**self._free(but_the_example=True), **(form or {})})
        while other.case.status == "in_review":
            (task,) = other.case.open_tasks()
            other.act(task.role, "approve")
        return other

    def extend(
        self, term: str, reason: str = "Perlu survei.", *, by: str | Person | None = None
    ) -> CaseDriver:
        self.command(
            by or self.supervisor,
            "extend",
            lambda writer, service: episodes.extend(
                writer, service, self._calendar_of, Term.parse(term), reason
            ),
        )
        return self

    def redrive(self, reason: str = "Gangguan teratasi.", *, by: str | Person | None = None) -> CaseDriver:
        self.command(
            by or self.supervisor, "redrive", lambda writer, service: episodes.redrive(writer, reason)
        )
        return self

    def reopen(
        self, reason: str = "Ada bukti baru.", form: Mapping[str, Any] | None = None,
        *, by: str | Person | None = None,
    ) -> CaseDriver:  # fmt: skip
        self.command(
            by or self.supervisor,
            "reopen",
            lambda writer, service: episodes.reopen(writer, service, self._calendar_of, reason, form),
        )
        return self

    def revoke(self, reason: str = "Data palsu.", *, by: str | Person | None = None) -> CaseDriver:
        self.command(by or self.supervisor, "revoke", lambda writer, service: episodes.revoke(writer, reason))
        return self

    @property
    def supervisor(self) -> Person:
        return holder(self.service.supervisors[0])

    def lend(self, role: str, from_user: str | Person, to: str | Person, days: int = 7) -> Person:
        """Give the second person with the role that the first lends from now on."""
        lender, other = self.who(from_user), self.who(to)
        lent = Delegation(role, lender.username, self.now, self.now + timedelta(days=days))
        return Person(other.username, other.name, other.roles, (lent,), other.email, other.phone)

    def command(
        self, who: str | Person, act: str, decide: Callable[[Writer, Service], None], **options: Any
    ) -> Done:  # fmt: skip
        """Let somebody who has the right for an act change the case."""
        person = self.who(who)

        def allowed(writer: Writer, service: Service) -> None:
            rights.demand(act, person, writer.case, service, writer.now)
            decide(writer, service)

        return self._change(person, allowed, **options)

    # -- time

    def advance(self, *, working_days: int = 0, **delta: float) -> CaseDriver:
        """Let time pass: working days of the agency, and what `timedelta` takes."""
        calendar = self._calendar_of(self.service.agency)
        later = calendar.working_days_after(self.now, working_days) if working_days else self.now
        return self.advance_to(later + timedelta(**delta))

    def advance_to(self, moment: datetime) -> CaseDriver:
        self.aws.advance_to(moment)
        self.aws.settle()
        return self

    # -- inside

    def _change(self, person: Person, decide: Callable[[Writer, Service], None], **options: Any) -> Done:
        done = change(self.id, person.username, decide, **options)
        self.aws.settle()
        return done

    def _announce(
        self, writer: Writer, service: Service, kind: str, content: bytes, filename: str,
        content_type: str | None = None,
    ) -> Document:  # fmt: skip
        return documents.announce(
            writer, service, kind=kind, filename=filename, content_type=content_type or _type_of(service, kind),
            size=len(content), sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip

    def _open_task(self, who: str | Person, person: Person) -> Task:
        role = who if isinstance(who, str) and "/" in who else None
        for task in self.case.open_tasks():
            mine = person == self.applicant if task.role == "applicant" else task.role in person.roles
            if task.role == role or (role is None and mine):
                return task
        raise LookupError(f"{who} has no open task; there are: {', '.join(self._tasks()) or 'none'}")

    def _free(self, *, but_the_example: bool = False) -> dict[str, Any]:
        """Give for each answer that only one case may hold a value that none does, the example's if that may be."""
        example = forms.example(self.service, self.today)
        fields = [one.field for one in self.service.unique]
        return {
            name: self._free_value(name, example[name], but_the_example) for name in fields if name in example
        }

    def _free_value(self, field: str, example: Any, but_the_example: bool) -> Any:
        others = (type(example)(_other(str(example), number)) for number in itertools.count(1001))
        for value in others if but_the_example else itertools.chain([example], others):
            if not self.ports.views.claimed(*intake.names_of(self.service, {field: value})):
                return value
        raise AssertionError("there is no end of values")

    def _calendar_of(self, agency: str) -> Any:
        return self.ports.catalogue.calendar(agency)


_SOURCE = "Pengumuman resmi esok hari / the official announcement of the next day"


def _other(example: str, number: int) -> str:
    """Give another value of the same form: the example with other last digits."""
    return example[: -len(str(number))] + str(number)


def _type_of(service: Service, kind: str) -> str:
    described = service.document_kind(kind)
    return described.types[0] if described else "application/pdf"
