"""The relay: the only one who talks to Step Functions, and who tells the bus what has happened.

It looks at a case and does what is due: it starts the execution of an episode or of a new attempt, and answers the
open token once its wait is settled. All of it is harmless when repeated, late or out of order:

    started twice     the name of an execution is that of its attempt
    answered twice    a token takes one answer, and of several of one wait only one lives
    answered too soon there is no token yet; when the step leaves it, the stream wakes the relay again
    crashed           the batch comes again

A case that asks another office is brought together with the case that answers it in the same way: see
`functions.domain.children`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from chalice.app import Blueprint

from functions.domain import below, children, waits
from functions.domain.case import Case, Child, Writer
from functions.domain.errors import CaseUnknown, CommitConflict
from functions.domain.service import Service
from functions.ports import Token
from functions.runtime.below import load
from functions.runtime.commands import change
from functions.runtime.wiring import ports
from functions.streams import records

blueprint = Blueprint(__name__)
DRIVING = frozenset(
    {"episode.opened", "episode.closed", "case.redriven", "task.completed", "task.expired", "task.cancelled"}
)

TENDING = frozenset({"child.started", "task.cancelled", "case.redriven", "episode.closed"})


def run(case_id: str, batch: Sequence[Mapping[str, Any]]) -> None:
    """Do what is due for one case after these records."""
    happened = [event for record in batch for event in records.events_of(record)]
    if not happened and not any(records.is_token(record) for record in batch):
        return
    record = ports.cases.load(case_id)
    service = ports.catalogue.service(record.case.service, record.case.service_version)
    types = {event["type"] for event in happened}
    if types & {"episode.opened", "case.redriven"}:
        _start(record.case, [event["data"] for event in happened if event["type"] == "case.redriven"])
    if types & DRIVING or any(records.is_token(one) for one in batch):
        for token in record.tokens:
            _answer(record.case, service, token)
    if record.case.children and (types & TENDING or any(records.is_token(one) for one in batch)):
        _tend(record.case)
    if record.case.parent and types & {"case.submitted", "episode.opened", "episode.closed"}:
        _tell(record.case)
    if happened:
        told = {event.seq: event.as_dict() for commit in record.commits for event in commit.events}
        ports.bus.publish([_happening(record.case, told[event["seq"]]) for event in happened])


def _tend(case: Case) -> None:
    """Let the cases that this one has started be there, or be withdrawn; take in what they have come to."""
    for child in children.wanted(case):
        try:
            _tell(ports.cases.load(child.id).case)
        except CaseUnknown:
            _create(case, child)
    for child in children.called_off(case):
        try:
            change(child.id, "system", partial(children.withdraw, calendar_of=ports.catalogue.calendar))
        except CaseUnknown:
            continue


def _create(parent: Case, child: Child) -> None:
    service = ports.catalogue.service(child.service)
    office = ports.catalogue.agency(child.applicant.partition("/")[0])
    writer = Writer(Case(child.id), actor="system", now=ports.clock.now())
    children.create(writer, parent, child, service, office, ports.catalogue.calendar)
    try:
        ports.cases.commit(child.id, writer.commit())
    except CommitConflict:
        return  # somebody was here before, with the same


def _tell(child: Case) -> None:
    """Bring what a child has come to back to its parent, if the parent has asked and does not know it yet."""
    if child.parent and ports.catalogue.service(child.service, child.service_version).above:
        _tell_above(child)
    elif child.parent and child.episode is None:
        calendar_of = ports.catalogue.calendar
        change(
            child.parent,
            "system",
            lambda writer, service: children.take_in(writer, service, calendar_of, child),
        )


def _tell_above(child: Case) -> None:
    """Let the case above know of what was filed below it; that may be what it has been waiting for."""

    def decide(writer: Writer, service: Service) -> None:
        below.take_in(writer, child)
        for task in writer.case.open_tasks():
            if task.kind == "wait" and below.looks_at_children(service, writer.case, task):
                others = [below.seen(one) for one in load(writer.case)]
                below.settle(writer, service, task, others)

    change(str(child.parent), "system", decide)


def _start(case: Case, redriven: Sequence[Mapping[str, Any]]) -> None:
    """Start the newest attempt of the open episode, once each that it takes the place of has been stopped."""
    episode = case.episode
    if episode is None:
        return
    machine = f"{case.service}-{episode.process}"
    for data in redriven:
        if data["episode"] == episode.no:
            ports.executions.stop(machine, execution_name(case.id, episode.no, data["attempt"] - 1))
    facts = case.facts_at(episode.seq)
    content = {"case": case.id, "episode": episode.no, "attempt": episode.attempt, "facts": facts}
    ports.executions.start(machine, execution_name(case.id, episode.no, episode.attempt), content)


def execution_name(case_id: str, episode: int, attempt: int) -> str:
    """Give the name of the execution that is this attempt to drive this episode."""
    return f"{case_id}-{episode}-{attempt}"


def _answer(case: Case, service: Service, token: Token) -> None:
    episode = case.episodes[token.episode - 1]
    if token.attempt != episode.attempt:
        return
    key = (token.episode, token.step, token.round)
    verdict = waits.Verdict(token.answer) if token.answer else waits.verdict_of(case, service, key)
    if not episode.open:
        # Who withdraws may come between the last answer and the relay; an outcome is the driver's own doing.
        if verdict is None or case.status == "withdrawn":
            ports.executions.fail(token.token, "CaseClosed", "the episode has ended")
    elif verdict and verdict.error:
        ports.executions.fail(token.token, verdict.error, verdict.action)
    elif verdict:
        settled = max((task.version for task in case.tasks_of(*key)), default=case.version)
        facts = case.facts_at(settled)
        ports.executions.succeed(token.token, {"action": verdict.action, "facts": facts})
    elif token.still:
        ports.executions.fail(token.token, "StillTime", str(token.still))


def _happening(case: Case, event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "case": case.id,
        "service": case.service,
        "agency": case.agency,
        "number": case.number,
        "event": event,
    }


def announce(record: Mapping[str, Any]) -> None:
    """Tell of a round that was opened, or that goes on where the time was up."""
    opened = records.round_of(record)
    if opened:
        service, period = opened
        told = {"type": "round.opened", "data": {"period": period}}
        agency = ports.catalogue.service(service).agency
        ports.bus.publish([{"service": service, "agency": agency, "event": told}], source="loket.rounds")


@blueprint.lambda_function(name="relay")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    answer = records.each_case(event, run)
    rounds = [record for record in event["Records"] if records.round_of(record)]
    answer["batchItemFailures"] += records.failed(rounds, announce)
    return answer
