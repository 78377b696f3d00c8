"""How a step runs: checked against its driver, recorded once, repeated without effect.

    request ▶ load the case ▶ an older driver? Superseded ▶ recorded? the same result again
            ▶ the episode has ended? CaseClosed ▶ run ▶ one commit (events and result) ▶ result

A step that sends its process another way raises a `StepVerdict`: it is recorded with what the step has written, then
raised, and raised again on every repeat.

A wait does not record a result, for it follows from its tasks: it opens them once, lets time have its effect, and
leaves the token for the relay, with the seconds after which the timer must ring if the law still gives time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from functions.domain import checks, intake, waits
from functions.domain.case import Case, StepRecord, Writer
from functions.domain.errors import CaseClosed, CommitConflict, StepVerdict, Superseded
from functions.domain.service import Service
from functions.ports import Record, Token
from functions.runtime.observability import logger
from functions.runtime.wiring import ports

_TRIES, _PAUSE_SECONDS = 6, 0.25
TOLERANCE = 120
"""By how many seconds a timer may ring too late. Each answer to a timer takes some itself, so that asking for the very
second would never come to an end; whoever acts meanwhile is judged by the term and not by the timer."""


_MOST_TOKENS = 4


class StepRequest(BaseModel):
    """What a definition hands to every step: who drives which step of which case, in which round.

    ``chosen`` names the choices that have just led here, which nobody has noted yet.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    case: str
    episode: int
    attempt: int
    round: int
    step: str
    chosen: str = ""

    @property
    def key(self) -> waits.Key:
        return self.episode, self.step, self.round

    @property
    def name(self) -> str:
        return f"{self.episode}/{self.step}/{self.round}"


class WaitRequest(StepRequest):
    """A step that waits: the token to answer, and after how many seconds the state's timer rings."""

    token: str
    timeout: int


@dataclass
class Desk:
    """What a step works with: the case under its pen, the service, and the ports."""

    writer: Writer
    service: Service
    ports: Any

    @property
    def case(self) -> Case:
        return self.writer.case


Wanted = TypeVar("Wanted", bound=StepRequest)
WantedWait = TypeVar("WantedWait", bound=WaitRequest)
Lambda = Callable[[Mapping[str, Any], Any], dict[str, Any]]


def step(model: type[Wanted], run: Callable[[Wanted, Desk], None], *, tries: int = _TRIES) -> Lambda:
    """Make the Lambda of a step that answers at once; more ``tries`` are for what many want at the same moment."""

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        request = model.model_validate(event)
        return _again_on_conflict(request, lambda: _once(request, run), tries)

    return handler


def wait(
    model: type[WantedWait],
    open_tasks: Callable[[WantedWait, Desk], str | None],
    look: Callable[[WantedWait, Desk], None] | None = None,
) -> Lambda:
    """Make the Lambda of a step that waits; ``open_tasks`` gives an answer where nobody has to be asked.

    ``look`` sees, each time, whether what is waited for outside the case has come.
    """

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        request = model.model_validate(event)
        return _again_on_conflict(request, lambda: _wait(request, open_tasks, look))

    return handler


def _again_on_conflict(
    request: StepRequest, attempt: Callable[[], dict[str, Any]], tries: int = _TRIES
) -> dict[str, Any]:
    logger.info("step", extra={"case": request.case, "step": request.name, "attempt": request.attempt})
    for turn in range(tries):
        try:
            return attempt()
        except CommitConflict:
            if turn >= _TRIES:
                time.sleep(random.uniform(0, _PAUSE_SECONDS))  # noqa: S311
    raise CommitConflict("the case changes too fast; the definition tries again")


def _once(request: Wanted, run: Callable[[Wanted, Desk], None]) -> dict[str, Any]:
    record = ports.cases.load(request.case)
    _demand_driver(request, record.case)
    recorded = record.case.results.get(request.name)
    if recorded is not None:
        return _given(recorded)
    desk = _desk(request, record)
    _note_what_led_here(request, desk)
    verdict = {}
    try:
        run(request, desk)
    except StepVerdict as error:
        verdict = {"error": type(error).__name__}
    _, frees = intake.claims_of(desk.writer, desk.service)
    ports.cases.commit(request.case, desk.writer.commit(step=StepRecord(request.name, verdict), frees=frees))
    return _given({"facts": desk.case.facts, **verdict})


def _given(result: Mapping[str, Any]) -> dict[str, Any]:
    """Give the result, or raise the verdict that it holds."""
    if "error" in result:
        verdicts = {kind.__name__: kind for kind in StepVerdict.__subclasses__()}
        raise verdicts[result["error"]]("the process goes another way")
    return dict(result)


def _wait(
    request: WantedWait,
    open_tasks: Callable[[WantedWait, Desk], str | None],
    look: Callable[[WantedWait, Desk], None] | None,
) -> dict[str, Any]:
    record = ports.cases.load(request.case)
    _demand_driver(request, record.case)
    desk = _desk(request, record)
    answer, rang = None, bool(desk.case.tasks_of(*request.key))
    if rang:
        waits.ring(desk.writer, desk.service, ports.catalogue.calendar, request.key)
    else:
        _note_what_led_here(request, desk)
        answer = open_tasks(request, desk)
        if answer is None:
            # A term of the whole case that ended meanwhile is over for these tasks too.
            waits.ring(desk.writer, desk.service, ports.catalogue.calendar, request.key)
    if look:
        look(request, desk)
    if desk.writer.changed:
        ports.cases.commit(request.case, desk.writer.commit())
    decided = answer or waits.verdict_of(desk.case, desk.service, request.key)
    token = Token(
        request.attempt,
        request.episode,
        request.step,
        request.round,
        request.token,
        still=None if decided else _still(request, desk, rang=rang),
        answer=answer,
    )
    tokens = [*_perhaps_alive(record, desk, token), token]
    ports.cases.put_tokens(request.case, tokens[-_MOST_TOKENS:], record.turn)
    return {}


def _perhaps_alive(record: Record, desk: Desk, new: Token) -> list[Token]:
    """Give the tokens that must stay beside a new one: this call may be the one that came late or twice."""
    return [
        token
        for token in record.tokens
        if (token.episode, token.attempt) == (new.episode, new.attempt)
        and token.token != new.token
        and token.answer is None
        and waits.verdict_of(desk.case, desk.service, (token.episode, token.step, token.round)) is None
    ]


def _still(request: WaitRequest, desk: Desk, *, rang: bool) -> int | None:
    """Give the right timer if the state's own would ring too late; once it has rung in vain, also if too early.

    The first timer is the lower bound that the compiler knows: most waits are over before it rings.
    """
    now = desk.writer.now
    moment = waits.next_moment(desk.case, desk.service, ports.catalogue.calendar, request.key, now)
    seconds = waits.seconds_until(moment, now)
    late = request.timeout - seconds
    return seconds if late > TOLERANCE or (rang and late < -TOLERANCE) else None


def _note_what_led_here(request: StepRequest, desk: Desk) -> None:
    """Note what was decided without a write of its own: that who filed may apply, and the ways that were chosen."""
    checks.admit(desk.writer, desk.service, ports.catalogue.calendar(desk.case.agency))
    for name in dict.fromkeys(request.chosen.split()):
        checks.note_choice(desk.writer, desk.service, name, episode=request.episode, round_=request.round)


def _demand_driver(request: StepRequest, case: Case) -> None:
    if request.attempt < case.episodes[request.episode - 1].attempt:
        raise Superseded("a newer execution drives this case")


def _desk(request: StepRequest, record: Record) -> Desk:
    if not record.case.episodes[request.episode - 1].open:
        raise CaseClosed("this episode has ended")
    service = ports.catalogue.service(record.case.service, record.case.service_version)
    return Desk(Writer(record.case, actor="system", now=ports.clock.now()), service, ports)
