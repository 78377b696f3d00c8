"""Scenarios: a service's ways as its author writes them, walked through the local system by the law's time.

    scenario: One field is returned and mended
    given:
      form: {function: business}           # changes the service's example; also applicant, filed_by, now, bring
    steps:
      - {as: pupr/secretariat, do: approve}
      - {as: pupr/tpt, do: return, comment: Check the area., fields: [/floor_area_m2]}
      - {as: applicant, answer: {floor_area_m2: 250}}
      - {as: applicant, do: resubmit}
      - {wait: 3 wd}                        # or until: <task> (the last second of its term), past: <task> (the next)
      - expect: {status: in_review, open: [technical-review]}

A step is one act, or an expectation, or both: the act comes first. `refused` says with which code the act must fail.

A story may tell of several cases. `file` opens and submits another one under the name in `case`, and `case` says from
then on which one a step is about. What is filed below the case of another service has it in `given`, under the name
`above`, walked to where it takes in such cases:

    given:
      applicant: siti
      above: {applicant: hendra, steps: [{as: ukpbj/pokja, do: approve}]}
    steps:
      - {case: rival, as: budi, file: tender-bid, form: {price: 1200000000}}
      - {case: above, past: bidding}
      - {case: rival, expect: {status: in_review}}
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from functions.adapters.catalogue import WORKFLOWS, Catalogue
from functions.domain.case import Task
from functions.domain.clock import Term
from functions.domain.errors import Invalid, LoketError
from functions.domain.service import ConsultStep, CorrectStep, OutcomeStep, PayStep, Service, TaskStep
from functions.runtime.observability import logger
from infra.compiler.build import home_of
from infra.compiler.finding import Faulty, Finding
from infra.compiler.read import Block, line_of, read
from infra.driver import CaseDriver, user
from infra.local.aws import LocalClock
from infra.local.aws.system import Run
from infra.local.system import LocalSystem

SECOND = timedelta(seconds=1)
ABOVE, OWN = "above", "own"
Place = tuple[str | int, ...]
Named = dict[str, str | None]


def _named(value: Any) -> Any:
    """A list of names stands for a mapping of names without a message."""
    return dict.fromkeys(value) if isinstance(value, list) else value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Given(_Part):
    """Who files what, and when (in the agency's time); ``above`` is how the case came about below which it is filed."""

    applicant: str = "siti"
    above: Above | None = None
    filed_by: str | None = None
    now: datetime = datetime(2026, 2, 2, 9, 0)  # noqa: DTZ001 - on the agency's wall
    form: dict[str, Any] = {}
    bring: tuple[str, ...] | None = None
    submit: bool = True


class Above(_Part):
    """The case above: who filed what, and what happened until another could be filed below it."""

    applicant: str
    form: dict[str, Any] = {}
    steps: tuple[Step, ...] = ()


class Expectation(_Part):
    """What must be true now; what is not named may be anything.

    ``open`` names all open tasks, ``fee`` every line, ``letters`` every issued document, ``permits`` the state of each.
    ``answers`` is the form as it can be read, ``facts`` some of the facts.
    ``history`` names types that came in this order, ``once`` and ``never`` how often each came. ``notices`` are pieces
    of messages to the applicant. ``queue`` is the number in line with its category, ``others`` the statuses of the
    others in the order in which they came, ``places`` how many were called, paid and released in the newest round,
    ``refunds`` the amounts that go back.
    """

    status: str | None = None
    answers: dict[str, Any] | None = None
    facts: dict[str, Any] = {}
    open: tuple[str, ...] | None = None
    clock: Literal["not_started", "running", "paused", "overdue", "stopped"] | None = None
    due: str | None = None
    used: int | None = None
    fee: dict[str, int] | None = None
    result: str | None = None
    by: str | None = None
    reasons: str | None = None
    rule: str | None = None
    history: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    letters: tuple[str, ...] | None = None
    permits: tuple[str, ...] | None = None
    notices: tuple[str, ...] = ()
    queue: dict[str, int | str] | None = None
    others: tuple[str, ...] | None = None
    places: dict[str, int] | None = None
    refunds: tuple[int, ...] | None = None
    ended: str | None = None
    transitions: int | None = None


_ACTS = (
    "do", "answer", "send", "submit", "pay", "wait", "until", "past",
    "withdraw", "appeal", "renew", "amend", "resume", "extend", "reopen", "revoke", "redrive",
    "others", "round", "draw", "file", "draft",
)  # fmt: skip


class Places(_Part):
    """A round: the places of a period in the region of the case. Where lots decide, the seed comes a day later."""

    period: str
    places: int


class Step(_Part):
    """One act of one person, or of time, and what is expected then; ``change`` are answers that an act changes.

    ``child`` names a service: the step then is about the case of that service which this one has started. ``others`` is
    how many more, with these changes, come and wait in line behind this one; ``draw`` is the published seed of a round.

    ``case`` names a case of the story. ``file`` opens and submits another one of a service under that name, ``draft``
    only opens it: by ``as``, with the example and these answers (``form``), below the case of the story that its
    service stands below, or below the one that ``below`` names. ``scores`` are given by the names of the cases.
    """

    case: str | None = None
    file: str | None = None
    draft: str | None = None
    below: str | None = None
    form: dict[str, Any] = {}
    scores: dict[str, dict[str, float]] = {}
    as_: str | None = Field(None, alias="as")
    for_: str | None = Field(None, alias="for")
    child: str | None = None
    do: str | None = None
    task: str | None = None
    comment: str | None = None
    fields: Annotated[Named, BeforeValidator(_named)] = {}
    documents: Annotated[Named, BeforeValidator(_named)] = {}
    conditions: tuple[str, ...] = ()
    answer: dict[str, Any] | None = None
    send: tuple[str, ...] | None = None
    submit: Literal[True] | None = None
    pay: Literal["paid", "failed", "expired"] | None = None
    amount: int | None = None
    wait: str | None = None
    until: str | None = None
    past: str | None = None
    withdraw: str | None = None
    appeal: str | None = None
    renew: str | None = None
    amend: str | None = None
    resume: str | None = None
    change: dict[str, Any] | None = None
    extend: str | None = None
    reopen: str | None = None
    revoke: str | None = None
    redrive: str | None = None
    others: int | None = Field(None, ge=1, le=20)
    round: Places | None = None
    draw: str | None = None
    refused: str | None = None
    expect: Expectation | None = None

    @model_validator(mode="after")
    def _is_one_act(self) -> Step:
        if len(self.acts) > 1:
            raise ValueError(f"write one act a step, not {' and '.join(self.acts)}")
        if not self.acts and self.expect is None:
            raise ValueError(f"write an act ({', '.join(_ACTS)}) or `expect`")
        if self.refused and not self.acts:
            raise ValueError("`refused` needs the act that is refused")
        if self.do and not self.as_:
            raise ValueError("`do` needs `as`: a role, a username, or applicant")
        if (self.file or self.draft) and not (self.case and self.as_):
            raise ValueError(
                "`file` and `draft` need `case`, the name of the new case, and `as`, who files it"
            )
        return self

    @property
    def acts(self) -> list[str]:
        return [name for name in _ACTS if getattr(self, name) is not None]

    def __str__(self) -> str:
        act = "".join(f"{name} {getattr(self, name)}" for name in self.acts) or "expect"
        return f"{self.as_}: {act}" if self.as_ else act


Way = Literal["granted", "refused", "returned", "withdrawn", "silence", "unpaid"]
"""The ways that every service has, as far as its steps allow them."""


class Scenario(_Part):
    """What happens, told in order; ``shows`` names the usual ways that it walks, which its history must bear out."""

    scenario: str
    shows: tuple[Way, ...] = ()
    given: Given = Given()
    steps: tuple[Step, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Script:
    """A scenario and where it stands."""

    path: Path
    service: str
    scenario: Scenario
    lines: Block

    @property
    def name(self) -> str:
        return f"{self.service}/{self.path.stem}"

    def line(self, place: Place) -> int | None:
        return line_of(self.lines, place)


class ScenarioFailed(AssertionError):
    """A step went otherwise than the author said: file, line, step, what was expected and what came."""

    def __init__(self, script: Script, place: Place, step: Step, said: str) -> None:
        super().__init__(f"{script.path}:{script.line(place)}: step {int(place[-1]) + 1} ({step}): {said}")


def scripts(services: Sequence[str] = (), only: str = "", workflows: Path = WORKFLOWS) -> Iterator[Script]:
    """Read the scenarios of these services (codes or folders), or of all. Raises `Faulty` for an unreadable one."""
    homes = [home_of(workflows, service) for service in services]
    folders = [home / code for home, code in homes] or sorted(workflows.glob("*"))
    for path in (path for folder in folders for path in sorted(folder.glob("scenarios/*.yaml"))):
        if only in path.stem:
            yield load(path)


def load(path: Path) -> Script:
    """Read one scenario. Raises `Faulty` with the line and what to do."""
    lines = read(path)
    try:
        return Script(path, path.parent.parent.name, Scenario.model_validate(lines), lines)
    except ValidationError as error:
        raise Faulty(_finding(path, lines, one) for one in error.errors()) from None


def _finding(path: Path, lines: Block, error: Any) -> Finding:
    place = tuple(error["loc"])
    known = ", ".join(
        (*_ACTS, "as", "for", "case", "task", "comment", "fields", "documents", "amount", "refused", "expect")
    )
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden" and place[:1] == ("steps",) and len(place) == 3:
        message = f"a step has no `{place[-1]}`; it may have {known}"
    return Finding("scenario", place, message, path, line_of(lines, place))


def walk(script: Script) -> dict[str, Any]:
    """Walk through a scenario in a local system of its own; gives how the case stands at its end.

    Raises `ScenarioFailed` at the first step that differs.
    """
    given, folder = script.scenario.given, script.path.parent.parent.resolve()
    elsewhere = [folder] if folder.parent != WORKFLOWS and (folder / "service.json").exists() else []
    catalogue = Catalogue(more=elsewhere)
    zone = catalogue.calendar(catalogue.service(script.service).agency).zone
    clock = LocalClock(given.now.replace(tzinfo=zone), frozen=True)
    with LocalSystem(clock, services=elsewhere) as system:
        driver = CaseDriver(system, service=script.service, applicant=given.applicant)
        driver.story[OWN] = driver
        if given.above and driver.service.above:
            _tell_of_above(script, given.above, driver, driver.service.above.service)
        _file(driver, given)
        _tell(script, ("steps",), script.scenario.steps, driver)
        for way in script.scenario.shows:
            if not SHOWN[way](driver):
                last = len(script.scenario.steps) - 1
                said = f"this is the last step, and the scenario does not show `{way}`"
                raise ScenarioFailed(script, ("steps", last), script.scenario.steps[last], said)
        return _state(driver)


def _tell_of_above(script: Script, given: Above, driver: CaseDriver, service: str) -> None:
    above = _another(driver, ABOVE, service, given.applicant)
    above.apply(given.form)
    _tell(script, ("given", ABOVE, "steps"), given.steps, above)


def _file(driver: CaseDriver, given: Given) -> None:
    by = given.filed_by
    driver.file(given.form, by=by, parent=_parent(driver))
    if given.bring is None or given.bring:
        driver.bring(*(given.bring or ()), by=by)
    if given.submit:
        driver.submit(by=by)


def _another(driver: CaseDriver, name: str, service: str, applicant: str) -> CaseDriver:
    """Let another case enter the story; all who are in it know each other by name."""
    if name in driver.story:
        raise LookupError(f"there is a case {name!r} already")
    other = CaseDriver(driver.system, service=service, applicant=applicant)
    other.story = driver.story
    driver.story[name] = other
    return other


def _known(driver: CaseDriver, name: str) -> CaseDriver:
    if name not in driver.story:
        raise LookupError(f"no case {name!r} in this story; there are: {', '.join(driver.story)}")
    return driver.story[name]


def _parent(filed: CaseDriver, name: str | None = None) -> CaseDriver | None:
    """Give the case below which one is filed: the one of this name, or of the service above its own."""
    if name:
        return _known(filed, name)
    above = filed.service.above
    return next((one for one in filed.story.values() if above and one.service.code == above.service), None)


def _tell(script: Script, place: Place, steps: Sequence[Step], driver: CaseDriver) -> None:
    for number, step in enumerate(steps):
        _take(script, (*place, number), step, driver)


def _take(script: Script, place: Place, step: Step, own: CaseDriver) -> None:
    def failed(said: str) -> ScenarioFailed:
        return ScenarioFailed(script, place, step, said)

    driver = own
    try:
        if step.file or step.draft:
            driver = _another(own, step.case or "", step.file or step.draft or "", step.as_ or "")
            _enter(step, driver, _parent(driver, step.below))
        else:
            driver = _known(own, step.case) if step.case else own
            driver = driver.child(step.child) if step.child else driver
            for name in step.acts:
                ACTS[name](step, driver)
    except LookupError as error:
        raise failed(str(error)) from None
    except LoketError as error:
        if step.refused != error.code:
            raise failed(
                f"expected {step.refused or 'no refusal'}, got {error.code}: {_told(error)}"
            ) from None
    else:
        if step.refused:
            raise failed(f"expected the refusal {step.refused}, got none")
    for wrong in differences(step.expect, driver) if step.expect else ():
        raise failed(wrong)


def _enter(step: Step, driver: CaseDriver, parent: CaseDriver | None) -> None:
    driver.file(step.form, parent=parent)
    if step.file:
        driver.bring().submit()


def _told(error: LoketError) -> str:
    faults = (
        [f"{fault.pointer}: {fault.message['en']}" for fault in error.faults]
        if isinstance(error, Invalid)
        else []
    )
    return "; ".join([str(error), *faults])


# -- the usual ways ----------------------------------------------------------------------------------------------


def ways_of(service: Service) -> frozenset[Way]:
    """Give the usual ways that a service has: those for which it has a step."""
    steps = [step for process in service.processes.values() for step in process.steps]
    results = {step.result for step in steps if isinstance(step, OutcomeStep)}
    found: dict[Way, bool] = {
        "granted": bool(results & {"approved", "waitlisted"}),
        "refused": "rejected" in results,
        "returned": any(isinstance(step, CorrectStep) for step in steps),
        "withdrawn": service.withdrawable,
        "silence": any(isinstance(step, TaskStep | ConsultStep) for step in steps),
        "unpaid": any(isinstance(step, PayStep) for step in steps),
    }
    return frozenset(way for way, there in found.items() if there)


def _decided(driver: CaseDriver, *results: str) -> bool:
    return driver.case.status in results or any(
        event["type"] == "outcome.decided" and event["data"]["result"] in results for event in driver.history
    )


def _silent(driver: CaseDriver) -> bool:
    """The time of an office, or of the whole case, has run out: a supervisor was alarmed, or the law has spoken.

    What the law says names its rule, and nobody can answer in its place any more.
    """
    offices = {task.id: task for task in driver.case.tasks.values() if task.role != "applicant"}
    spoken = [
        event
        for event in driver.history
        if event["type"] == "clock.expired"
        or (event["type"] in ("task.expired", "alarm.raised") and event["data"].get("task") in offices)
    ]
    by_law = [event for event in spoken if event["type"] != "alarm.raised"]
    answered = [task for task in offices.values() if task.state == "expired"]
    return (
        bool(spoken)
        and all(event["actor"] == "law" and event["data"]["rule"] for event in by_law)
        and all(_is_closed(driver, task) for task in answered)
    )


def _is_closed(driver: CaseDriver, task: Task) -> bool:
    """Nobody can answer any more what the law has answered."""
    try:
        driver.act(task.role, "approve", task=task.name)
    except LoketError:
        return True
    return False


SHOWN: Mapping[Way, Callable[[CaseDriver], bool]] = {
    "granted": lambda driver: _decided(driver, "approved", "waitlisted"),
    "refused": lambda driver: _decided(driver, "rejected"),
    "returned": lambda driver: {"correction.requested", "correction.received"} <= set(driver.types),
    "withdrawn": lambda driver: driver.case.status == "withdrawn",
    "silence": _silent,
    "unpaid": lambda driver: "payment.expired" in driver.types and driver.case.status != "withdrawn",
}


# -- acts --------------------------------------------------------------------------------------------------------


def _do(step: Step, driver: CaseDriver) -> None:
    data: dict[str, Any] = {}
    if step.fields:
        data["fields"] = [{"pointer": pointer, "message": text} for pointer, text in step.fields.items()]
    if step.documents:
        data["documents"] = [{"kind": kind, "message": text} for kind, text in step.documents.items()]
    if step.conditions:
        data["conditions"] = list(step.conditions)
    if step.scores:
        data["scores"] = {_known(driver, name).id: one for name, one in step.scores.items()}
    who: Any = step.as_
    if step.for_:
        who = _standing_in(step, driver)
    driver.act(who, step.do or "", task=step.task, comment=step.comment, data=data)


def _standing_in(step: Step, driver: CaseDriver) -> Any:
    """Somebody acts for a colleague who has lent the roles."""
    lender, deputy = user(step.for_ or ""), driver.who(step.as_ or "")
    for role in sorted(lender.roles):
        lent = driver.lend(role, lender, deputy)
        deputy = replace(lent, delegated=deputy.delegated + lent.delegated)
    return deputy


def _pay(step: Step, driver: CaseDriver) -> None:
    other = {"amount": step.amount} if step.amount is not None else {}
    (answer,) = driver.pay(step.pay or "paid", id=f"n{driver.case.version}", **other)
    if answer != "accepted":
        raise LoketError(f"the notification was {answer}", code=answer)


def _wait(step: Step, driver: CaseDriver) -> None:
    term = Term.parse(step.wait or "")
    match term.unit:
        case "wd":
            driver.advance(working_days=term.amount)
        case "h":
            driver.advance(hours=term.amount)
        case "d":
            driver.advance(days=term.amount)
        case _:
            driver.advance(days=(term.after(driver.now.date()) - driver.now.date()).days)


def _as(step: Step) -> dict[str, Any]:
    return {"by": step.as_} if step.as_ else {}


def _round(step: Step, driver: CaseDriver) -> None:
    if step.round:
        driver.open_round(step.round.period, step.round.places, **_as(step))


ACTS: Mapping[str, Callable[[Step, CaseDriver], object]] = {
    "do": _do,
    "answer": lambda step, driver: driver.patch(**(step.answer or {})),
    "send": lambda step, driver: [driver.upload(kind) for kind in step.send or ()],
    "submit": lambda step, driver: driver.submit(**_as(step)),
    "pay": _pay,
    "wait": _wait,
    "until": lambda step, driver: driver.advance_to(driver.task(step.until or "").due_at),
    "past": lambda step, driver: driver.advance_to(driver.task(step.past or "").due_at + SECOND),
    "withdraw": lambda step, driver: driver.withdraw(step.withdraw or "", **_as(step)),
    "appeal": lambda step, driver: driver.appeal(step.appeal or "", step.change, **_as(step)),
    "renew": lambda step, driver: driver.begin("renew", step.renew or "", step.change, **_as(step)),
    "amend": lambda step, driver: driver.begin("amend", step.amend or "", step.change, **_as(step)),
    "resume": lambda step, driver: driver.begin("resume", step.resume or "", step.change, **_as(step)),
    "extend": lambda step, driver: driver.extend(step.extend or "", **_as(step)),
    "reopen": lambda step, driver: driver.reopen(step.reopen or "", step.change, **_as(step)),
    "revoke": lambda step, driver: driver.revoke(step.revoke or "", **_as(step)),
    "redrive": lambda step, driver: driver.redrive(step.redrive or "", **_as(step)),
    "others": lambda step, driver: [driver.like(step.change) for _ in range(step.others or 0)],
    "round": _round,
    "draw": lambda step, driver: driver.draw(step.draw or "", **_as(step)),
}


# -- expectations ------------------------------------------------------------------------------------------------


_APART = {"history", "once", "never", "notices", "reasons", "rule", "facts"}
"""What is not compared as a whole."""


def differences(expected: Expectation, driver: CaseDriver) -> Iterator[str]:
    """Say of each expectation that is not met what was expected and what is."""
    found = _state(driver)
    for name in expected.model_fields_set - _APART:
        wanted, got = getattr(expected, name), found[name]
        if isinstance(wanted, tuple) and name != "others":
            wanted, got = sorted(wanted), sorted(got)
        if wanted != got:
            yield f"expected {name} {wanted!r}, got {got!r}"
    for name, wanted in expected.facts.items():
        if driver.case.facts.get(name) != wanted:
            yield f"expected the fact {name} {wanted!r}, got {driver.case.facts.get(name)!r}"
    for name in ("reasons", "rule"):
        wanted, got = getattr(expected, name), found[name]
        if wanted and wanted not in str(got):
            yield f"expected {wanted!r} in the {name}, got {got!r}"
    yield from _in_history(expected, driver.types)
    for piece in expected.notices:
        # Amounts are written with a blank at which no line breaks.
        mails = driver.aws.sent_messages(driver.applicant.email)
        sent = [f"{one['subject']} {one['body']}".replace("\xa0", " ") for one in mails]
        if not any(piece in text for text in sent):
            yield f"expected a notice with {piece!r}, got {[text.strip()[:90] for text in sent]}"


def _state(driver: CaseDriver) -> dict[str, Any]:
    case, clock, now = driver.case, driver.clock, driver.now
    due = clock.due_at(now) if clock else None
    zone = driver.ports.catalogue.calendar(case.agency).zone
    runs = sorted((run for run in driver.aws.runs() if run.name.startswith(case.id)), key=_attempt)
    outcome = case.outcome
    return {
        "status": case.status,
        "answers": case.form,
        "open": [task.name for task in case.open_tasks()],
        "clock": clock.state(now) if clock else "not_started",
        "due": f"{due.astimezone(zone):%Y-%m-%d}" if due else None,
        "used": clock.used(now) if clock else 0,
        "fee": {line["code"]: line["amount"] for line in case.fee["lines"]} if case.fee else None,
        "result": outcome.result if outcome else None,
        "by": outcome.by if outcome else None,
        "reasons": outcome.reasons if outcome else None,
        "rule": outcome.rule if outcome else None,
        "letters": [document.kind for document in case.documents.values() if document.issued],
        "permits": [permit.state for permit in case.permits.values()],
        "queue": _queue(driver),
        "others": tuple(other.case.status for other in driver.others),
        "places": _places(driver),
        "refunds": [one.amount for one in case.refunds],
        "ended": runs[-1].states[-1] if runs else None,
        "transitions": sum(run.transitions for run in runs),
    }


def _queue(driver: CaseDriver) -> dict[str, int | str] | None:
    queue = driver.case.queue
    return {"number": queue.number, "category": queue.category} if queue and not queue.left else None


def _places(driver: CaseDriver) -> dict[str, int]:
    newest = driver.ports.rounds.newest(driver.service.code) if driver.service.line else None
    if newest is None or driver.case.queue is None:
        return {}
    ledger, _ = driver.ports.rounds.ledger(driver.service.code, newest["period"], driver.case.queue.region)
    counts = ledger.counts.values() if ledger else ()
    return {name: sum(getattr(one, name) for one in counts) for name in ("called", "paid", "released")}


def _attempt(run: Run) -> tuple[int, ...]:
    """The episode and the attempt in the name of an execution."""
    return tuple(int(part) for part in run.name.split("-")[1:])


def _in_history(expected: Expectation, types: Sequence[str]) -> Iterator[str]:
    rest = iter(types)
    for wanted in expected.history:
        if wanted not in rest:
            yield f"expected {' → '.join(expected.history)} in the history; {wanted} is missing in {list(types)}"
            break
    for name, number in (("once", 1), ("never", 0)):
        for wanted in getattr(expected, name):
            if types.count(wanted) != number:
                yield f"expected {wanted} {name}, got it {types.count(wanted)} times"


# -- the command -------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str]) -> int:
    """Walk through the scenarios of the named services, or of all; gives 1 if any fails."""
    parser = argparse.ArgumentParser(prog="loket simulate")
    parser.add_argument("services", nargs="*")
    parser.add_argument("--only", default="")
    options = parser.parse_args(arguments)
    logger.setLevel("ERROR")
    try:
        found = list(scripts(options.services, options.only))
    except Faulty as faulty:
        print(faulty, file=sys.stderr)
        return 1
    if not found:
        print("There is no such scenario.", file=sys.stderr)
        return 1
    return max(_report(script) for script in found)


def _report(script: Script) -> int:
    began = time.perf_counter()
    try:
        end = walk(script)
    except ScenarioFailed as failed:
        print(f"✗ {script.name}: {script.scenario.scenario}\n  {failed}", file=sys.stderr)
        return 1
    took = f"{end['transitions']} transitions, {time.perf_counter() - began:.1f} s"
    print(f"✓ {script.name}: {script.scenario.scenario} → {end['status']} ({took})")
    return 0
