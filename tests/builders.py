"""Builders: people by name or role, and a case walked through the domain alone to wherever a test needs it.

`Walk` makes every change as a command or a step would, in a commit of its own, without AWS. For whole cases through
the real definitions there is `infra.driver.CaseDriver`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import events
from functions.adapters.catalogue import Catalogue
from functions.domain import checks, documents, episodes, history, intake, payments, tasks, waits
from functions.domain import form as forms
from functions.domain.case import Case, Commit, Payment, Task, Writer
from functions.domain.identity import Delegation, Person
from functions.domain.service import Service
from functions.runtime.step import Desk
from functions.steps import ask_correction, ask_payment, open_tasks
from infra.driver import holder, user

CATALOGUE = Catalogue()
PERMIT = CATALOGUE.service("building-permit")
calendar_of = CATALOGUE.calendar
MORNING = datetime(2026, 2, 2, 2, 0, tzinfo=UTC)
"""Monday, 2 February 2026, 09:00 in Jakarta; Tuesday the 17th is a holiday and the 16th a joint-leave day."""
CASE_ID = "0" * 26
PDF = "a" * 64

HOUSE: dict[str, Any] = {
    "owner_name": "Siti Rahayu", "address": "Jalan Melati No. 12", "work": "new", "function": "dwelling",
    "floor_area_m2": 90, "floors": 1, "complexity": "simple", "permanence": "permanent", "ownership": "private",
}  # fmt: skip
SHOP = HOUSE | {"function": "business", "floor_area_m2": 240, "floors": 2, "small_business": False}
"""Fire safety and the spatial plan are consulted; three documents are asked for."""
MOSQUE = HOUSE | {"function": "worship", "floor_area_m2": 300}

__all__ = ["holder", "user"]


def applicant(username: str = "siti") -> Person:
    return user(username)


def lending(person: Person, role: str, to: Person, since: datetime = MORNING, days: int = 5) -> Person:
    """The second person, with the role that the first has lent."""
    lent = Delegation(role, person.username, since, since + timedelta(days=days))
    return Person(to.username, to.name, to.roles, (lent,))


def with_service(**changes: Any) -> Service:
    """The building permit with other parts."""
    return PERMIT.model_copy(update=changes)


def with_step(name: str, **changes: Any) -> Service:
    """The building permit with another step of its application; ``tasks`` changes each of its tasks."""
    process = PERMIT.process("application")
    tasks_change = changes.pop("tasks", {})
    steps = []
    for step in process.steps:
        if step.name == name:
            if tasks_change:
                changes["of"] = tuple(spec.model_copy(update=tasks_change) for spec in step.of)
            step = step.model_copy(update=changes)
        steps.append(step)
    known = {**PERMIT.processes, "application": process.model_copy(update={"steps": tuple(steps)})}
    return with_service(processes=known)


class Walk:
    """A case under way: ``case`` is its state, ``commits`` what would be stored, ``now`` the law's time."""

    def __init__(
        self, form: Mapping[str, Any] | None = None, *, service: Service = PERMIT, now: datetime = MORNING,
        person: Person | None = None, case_id: str = CASE_ID,
    ) -> None:  # fmt: skip
        self.service, self.now, self.case = service, now, Case(case_id)
        self.commits: list[Commit] = []
        self.person = person or applicant()
        self._form = dict(HOUSE if form is None else form)

    # -- single changes

    def do(self, actor: str, decide: Callable[[Writer], Any]) -> Any:
        """Let ``decide`` change a fresh copy of the case; nothing is kept if it raises."""
        writer = Writer(Case.of(self.case.id, self.commits), actor=actor, now=self.now)
        answer = decide(writer)
        if writer.changed:
            self.commits.append(writer.commit())
        self.case = writer.case
        return answer

    def types(self, since: int = 0) -> list[str]:
        """The types of the events after the event ``since``."""
        return [event.type for commit in self.commits for event in commit.events if event.seq > since]

    @property
    def history(self) -> list[dict[str, Any]]:
        return [event.as_dict() for commit in self.commits for event in commit.events]

    def later(self, **delta: float) -> Walk:
        self.now += timedelta(**delta)
        return self

    def at(self, moment: datetime) -> Walk:
        self.now = moment
        return self

    def create(self, on_behalf_of: str | None = None) -> Walk:
        def decide(writer: Writer) -> None:
            intake.create(writer, self.service, self.person, self._form, on_behalf_of=on_behalf_of)

        self.do(self.person.username, decide)
        return self

    def bring(self, *kinds: str) -> Walk:
        """Let documents be announced, arrive and be found clean; by default all that are needed."""
        context = forms.context_of(self.service, self.case.form)
        needed = [d.kind for d in forms.documents_needed(self.service, context) if d.required]
        for kind in kinds or needed:
            self.do(self.case.applicant, lambda writer, kind=kind: _bring(writer, self.service, kind))
        return self

    def submit(self) -> Walk:
        self.do(self.case.applicant, lambda writer: intake.submit(writer, self.service, calendar_of))
        return self

    def patch(self, **change: Any) -> Walk:
        self.do(self.case.applicant, lambda writer: intake.patch(writer, self.service, change))
        return self

    def open(self, step: str, *, episode: int | None = None, in_round: int | None = None) -> Walk:
        """Let the step open its tasks, as its Lambda does."""
        number = episode or len(self.case.episodes)
        opened = self.case.episodes[number - 1]
        described = self.service.process(opened.process).step(step)
        module = {"pay": ask_payment, "correct": ask_correction}.get(described.kind, open_tasks)
        key = (number, step, in_round or opened.rounds + 1)
        request = SimpleNamespace(
            episode=number, step=step, round=key[2], key=key, case=self.case.id, attempt=opened.attempt,
            parameters=SimpleNamespace(
                until=getattr(described, "until", None),
                tasks=getattr(described, "of", ()), within=getattr(described, "within", None),
                rounds=getattr(described, "rounds", None), credit=getattr(described, "credit", "step"),
                least=described.parts.least if getattr(described, "parts", None) else None,
            ),
        )  # fmt: skip
        known = SimpleNamespace(catalogue=CATALOGUE)

        def open_tasks_as_led_there(writer: Writer) -> Any:
            checks.admit(writer, self.service, calendar_of(self.case.agency))
            return module.run(request, Desk(writer, self.service, known))

        self.answer = self.do("system", open_tasks_as_led_there)
        return self

    def task(self, name: str) -> Task:
        """The newest task of that name."""
        return [task for task in self.case.tasks.values() if task.name == name][-1]

    def act(
        self, name: str, action: str, person: Person | None = None, *, comment: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Walk:  # fmt: skip
        """Answer the newest task of that name, as the first holder of its role unless ``person`` is given."""
        task = self.task(name)
        who = person or (applicant(self.case.applicant) if task.role == "applicant" else holder(task.role))

        def decide(writer: Writer) -> None:
            tasks.complete(
                writer, self.service, calendar_of, who, tasks.find(writer.case, task.id),
                action=action, comment=comment, data=data or {},
            )  # fmt: skip

        self.do(who.username, decide)
        return self

    def ring(self, name: str) -> Walk:
        """Let time have its effect on the wait of the newest task of that name."""
        key = self.task(name).key
        self.do("system", lambda writer: waits.ring(writer, self.service, calendar_of, key))
        return self

    @property
    def bill(self) -> Payment:
        return list(self.case.payments.values())[-1]

    def pay(
        self, outcome: str = "paid", *, notification: str = "n1", at: datetime | None = None, **other: Any
    ) -> str:
        """Take a notification about the newest bill in; ``other`` amounts or currencies than its own."""
        told = {"amount": self.bill.rest, "currency": self.bill.currency} | other
        notice = payments.Notification(notification, self.bill.id, outcome, at=at or self.now, **told)
        return str(
            self.do("system", lambda writer: payments.take_in(writer, self.service, calendar_of, notice))
        )

    def verdict(self, name: str) -> waits.Verdict | None:
        return waits.verdict_of(self.case, self.service, self.task(name).key)

    def outcome(self, result: str, *, opens: str | None = None) -> Walk:
        """End the episode as the step `record_outcome` does, with a permit that nobody drew."""

        def decide(writer: Writer) -> None:
            if result == "approved" and not opens:
                number = f"PBG-2026-00000-{len(writer.case.permits):05}"
                document = writer.next_id("d", writer.case.documents)
                writer.add(
                    events.PermitIssued(number=number, kind="permit", document=document, sha256=PDF, size=1)
                )
            calendar = calendar_of(writer.case.agency)
            episodes.conclude(writer, self.service, result=result, opens=opens, calendar=calendar)

        self.do("system", decide)
        return self

    def park(self) -> Walk:
        self.do(
            "system", lambda writer: episodes.park(writer, attempt=1, state="Assess the fee", error="Boom")
        )
        return self

    def withdraw(self) -> Walk:
        self.do(
            self.case.applicant,
            lambda writer: episodes.withdraw(writer, self.service, "another plan", calendar_of),
        )
        return self

    def appeal(self) -> Walk:
        self.do(
            self.case.applicant,
            lambda writer: episodes.appeal(
                writer, self.service, calendar_of, "The columns are thick enough."
            ),
        )
        return self

    # -- whole ways

    def submitted(self) -> Walk:
        return self.create().bring().submit()

    def completeness(self) -> Walk:
        return self.submitted().open("completeness")

    def review(self) -> Walk:
        return self.completeness().act("completeness", "approve").open("review")

    def reviewed(self, besides: str | None = None) -> Walk:
        """Let everybody agree who is asked in the review, but for one."""
        for task in self.case.open_tasks():
            if task.name != besides:
                self.act(task.name, "approve" if task.kind == "decide" else "no_objection")
        return self

    def assess(self) -> Walk:
        fee = self.service.fee
        assert fee is not None
        context = forms.context_of(self.service, self.case.form, self.case.facts)

        def decide(writer: Writer) -> None:
            from functions.domain import fees

            found = fees.assess(fee, context)
            writer.add(
                events.FeeAssessed(
                    amount=found.amount, currency=found.currency, lines=list(found.lines), inputs={}, law=fee.law,
                    version=1,
                )
            )  # fmt: skip

        self.do("system", decide)
        return self

    def statement(self) -> Walk:
        return self.review().reviewed().assess().open("statement")

    def payment(self) -> Walk:
        return self.statement().act("statement", "approve").open("bill")

    def signing(self) -> Walk:
        walk = self.payment()
        walk.pay()
        return walk.open("sign-permit")

    def approved(self) -> Walk:
        return self.signing().act("sign-permit", "approve").outcome("approved")

    def returned(self, fields: tuple[str, ...] = (), kinds: tuple[str, ...] = ()) -> Walk:
        """Let the reviewer return the case for these fields and documents."""
        self.act("technical-review", "return", comment="Mend this.", data=asked(fields, kinds))
        return self.reviewed().open("correct-plans")

    def correction(self, fields: tuple[str, ...] = ("/floors",), kinds: tuple[str, ...] = ()) -> Walk:
        return self.review().returned(fields, kinds)

    def rejected(self) -> Walk:
        self.statement().act("statement", "reject", comment="The columns are too thin.")
        return self.outcome("rejected")

    def lapsed(self) -> Walk:
        walk = self.payment()
        walk.at(walk.task("bill").due_at).later(seconds=1).ring("bill")
        return walk.outcome("lapsed")


def asked(fields: tuple[str, ...] = (), kinds: tuple[str, ...] = ()) -> dict[str, Any]:
    """The data of a return."""
    return {
        "fields": [{"pointer": pointer, "message": "Look again."} for pointer in fields],
        "documents": [{"kind": kind, "message": "Not legible."} for kind in kinds],
    }


STAGES: Mapping[str, Callable[[], Walk]] = {
    "draft": lambda: Walk().create(),
    "submitted": lambda: Walk().submitted(),
    "in_review": lambda: Walk().review(),
    "awaiting_applicant": lambda: Walk().correction(),
    "awaiting_payment": lambda: Walk().payment(),
    "approved": lambda: Walk().approved(),
    "rejected": lambda: Walk().rejected(),
    "withdrawn": lambda: Walk().review().withdraw(),
    "lapsed": lambda: Walk().lapsed(),
    "needs_attention": lambda: Walk().review().park(),
}
"""A case in each status."""


@cache
def _of_status(status: str) -> Walk:
    return STAGES[status]()


def case_in(status: str) -> Walk:
    """A case in this status; walked once, given as a copy."""
    known = _of_status(status)
    walk = Walk(service=known.service, now=known.now)
    walk.commits, walk.case = list(known.commits), Case.of(known.case.id, known.commits)
    return walk


def _bring(writer: Writer, service: Service, kind: str) -> None:
    described = service.document_kind(kind)
    assert described is not None, kind
    document = documents.announce(
        writer, service, kind=kind, filename=f"{kind}.pdf", content_type=described.types[0], size=10,
        sha256=history.digest(kind),
    )  # fmt: skip
    documents.arrive(writer, document, fault=None, object_version="v1")
    documents.scanned(writer, document, clean=True)
