"""One local system for each test, and people who try again until they are answered."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from functions.domain import payments
from functions.domain.case import Request, Writer
from functions.domain.errors import DependencyDown
from functions.domain.identity import Person
from functions.domain.service import Service
from functions.runtime.commands import Done, change
from infra.driver import CaseDriver
from infra.local.aws import FunctionFailed, LocalClock
from infra.local.system import LocalSystem
from tests.builders import MORNING, SHOP

PATIENCE = 10
OPERATORS_PATIENCE = 100
"""Faults that strike at once can fall on try after try; an operator goes on until they have passed."""
OVERSIGHT = frozenset({"case.parked", "alarm.raised", "case.redriven"})
"""What a fault adds to a history, and nothing else."""


class Persistent(CaseDriver):
    """Repeats what was not answered, each time under the same Idempotency-Key, as a client of the API does."""

    def __init__(self, system: LocalSystem, **options: Any) -> None:
        super().__init__(system, **options)
        self._keys = itertools.count(1)

    def _change(self, person: Person, decide: Callable[[Writer, Service], None], **options: Any) -> Done:
        request = Request(f"{person.username} {next(self._keys)}", "d" * 64)
        return self.again(lambda: super(Persistent, self)._change(person, decide, request=request, **options))

    def file(self, form: Mapping[str, Any] | None = None, *, by: str | Person | None = None) -> CaseDriver:
        return self.again(lambda: super(Persistent, self).file(form, by=by))

    @property
    def record(self) -> Any:
        return self.again(lambda: self.ports.cases.load(self.id))

    def pay(self, outcome: str = "paid", *, times: int = 1, **other: Any) -> list[str]:
        """The provider sends its notification until it is taken."""
        bill = next(iter(self.case.payments.values()))
        notice = payments.Notification("n1", bill.id, outcome, bill.amount, bill.currency, self.now)

        def decide(writer: Writer, service: Service) -> None:
            payments.take_in(writer, service, self._calendar_of, notice)

        self.again(lambda: change(self.id, "system", decide))
        self.aws.settle()
        return []

    def again(self, act: Callable[[], Any]) -> Any:
        for _ in range(PATIENCE):
            try:
                return act()
            except DependencyDown:
                # What the failed call set going must come to rest before the client comes again.
                self.aws.settle()
        return act()


def golden(case: CaseDriver) -> CaseDriver:
    """The whole way of a permit: three files, a review with two consultations, a statement, a bill, a signature."""
    case.file(SHOP)
    for kind in ("id-card", "land-title", "site-plan"):
        case.upload(kind)
    for _ in range(PATIENCE):
        if case.needed():
            # What could not be looked at at once is looked at again after a while.
            case.advance(minutes=2)
            deliver_again(case)
    case.submit()
    return onward(case)


def settled(case: CaseDriver) -> dict[str, Any]:
    """The effects, once what had to wait for another try has been done."""
    case.advance(minutes=10)
    deliver_again(case)
    return effects(case)


def deliver_again(case: CaseDriver) -> None:
    """Send what no function would take in all its tries, as an operator does until the trouble is over."""
    for _ in range(OPERATORS_PATIENCE):
        if not case.aws.dead_letters:
            break
        letters = list(case.aws.dead_letters)
        case.aws.dead_letters.clear()
        for letter in letters:
            stream = "dynamodb" in letter.records[0]
            event = {"Records": letter.records} if stream else letter.records[0]
            try:
                case.aws.functions.invoke(letter.function_name, event)
            except FunctionFailed:
                case.aws.dead_letters.append(letter)
        case.aws.settle()
    assert case.aws.dead_letters == []


def onward(case: CaseDriver) -> CaseDriver:
    """Go on from wherever the case stands until nothing is asked of anybody; a supervisor redrives what was parked."""
    for _ in range(100):
        found = case.case
        if not found.is_open:
            return case
        asked = found.open_tasks()
        if found.status == "needs_attention":
            case.redrive()
        elif not asked:
            case.advance(minutes=2)
        elif asked[0].kind == "pay":
            case.pay()
        else:
            action = "approve" if asked[0].kind == "decide" else "no_objection"
            case.act(asked[0].role, action, task=asked[0].name)
    raise AssertionError(f"the case does not come to an end: {effects(case)}")


def effects(case: CaseDriver) -> dict[str, Any]:
    """What a case has come to; the same whatever went wrong on the way."""
    found, types = case.case, [type_ for type_ in case.types if type_ not in OVERSIGHT]
    return {
        "status": found.status,
        "history": [type_ for type_ in types if not type_.startswith("document.")],
        # Files are looked at beside everything else: a late one changes the order.
        "files": sorted(type_ for type_ in types if type_.startswith("document.")),
        "bills": [(payment.amount, payment.state) for payment in found.payments.values()],
        "permits": [permit.state for permit in found.permits.values()],
        "documents": [(document.kind, document.state) for document in found.documents.values()],
        "tasks": [(task.name, task.round, task.state, task.action) for task in found.tasks.values()],
        "claims": len(found.permits),
        "lists": [
            len(case.ports.views.list("who", key).items)
            for key in ("user#siti", "asked#siti", "role#pupr/tpt", "role#dpmptsp/head")
        ],
        # A mail whose sending was not confirmed goes out again; each kind counts once.
        "mails": sorted({str(mail["subject"]).split("PBG")[0] for mail in case.aws.sent_messages()} - {"Alarm: "}),
    }  # fmt: skip


@pytest.fixture
def system() -> Iterator[LocalSystem]:
    with LocalSystem(LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture
def case(system: LocalSystem) -> Persistent:
    return Persistent(system)


@pytest.fixture(scope="session")
def plain() -> dict[str, Any]:
    """What the golden case comes to when nothing goes wrong."""
    with LocalSystem(LocalClock(MORNING, frozen=True)) as running:
        return settled(golden(Persistent(running)))
