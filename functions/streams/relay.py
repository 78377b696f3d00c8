"""The relay: the only one who talks to Step Functions, and who tells the bus what has happened.

It looks at a case and does what is due: it starts the execution of an episode or of a new attempt, and answers the
open token once its wait is settled. All of it is harmless when repeated, late or out of order:

    started twice     the name of an execution is that of its attempt
    answered twice    a token takes one answer
    answered too soon there is no token yet; when the step leaves it, the stream wakes the relay again
    crashed           the batch comes again
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalice.app import Blueprint

from functions.domain import waits
from functions.domain.case import Case
from functions.domain.service import Service
from functions.ports import Token
from functions.runtime.wiring import ports
from functions.streams import records

blueprint = Blueprint(__name__)
DRIVING = frozenset(
    {"episode.opened", "episode.closed", "case.redriven", "task.completed", "task.expired", "task.cancelled"}
)


def run(case_id: str, batch: Sequence[Mapping[str, Any]]) -> None:
    """Do what is due for one case after these records."""
    happened = [event for record in batch for event in records.events_of(record)]
    if not happened and not any(records.is_token(record) for record in batch):
        return
    record = ports.cases.load(case_id)
    service = ports.catalogue.service(record.case.service, record.case.service_version)
    types = {event["type"] for event in happened}
    if types & {"episode.opened", "case.redriven"}:
        _start(record.case, stop_older="case.redriven" in types)
    if record.token and (types & DRIVING or any(records.is_token(one) for one in batch)):
        _answer(record.case, service, record.token)
    if happened:
        told = {event.seq: event.as_dict() for commit in record.commits for event in commit.events}
        ports.bus.publish([_happening(record.case, told[event["seq"]]) for event in happened])


def _start(case: Case, *, stop_older: bool) -> None:
    episode = case.episode
    if episode is None:
        return
    machine = f"{case.service}-{episode.process}"
    if stop_older and episode.attempt > 1:
        ports.executions.stop(machine, execution_name(case.id, episode.no, episode.attempt - 1))
    content = {"case": case.id, "episode": episode.no, "attempt": episode.attempt, "facts": case.facts}
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
        if verdict is None:
            ports.executions.fail(token.token, "CaseClosed", "the episode has ended")
    elif verdict and verdict.error:
        ports.executions.fail(token.token, verdict.error, verdict.action)
    elif verdict:
        ports.executions.succeed(token.token, {"action": verdict.action, "facts": case.facts})
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


@blueprint.lambda_function(name="relay")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return records.each_case(event, run)
