"""Where a case stands, as a row of stages: what is done, who has it now, what is still to come.

The stages are the ordinary way of the running process, by the facts of this case: what is asked of nobody here is left
out, and where a case was turned aside (to be corrected) it stands at the stage that turned it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from functions.domain.case import Case, Episode, Task
from functions.domain.expression import ExpressionFailed, holds
from functions.domain.service import (
    ChooseStep,
    ConsultStep,
    CorrectStep,
    OutcomeStep,
    PayStep,
    Service,
    Step,
    TaskStep,
)
from functions.portal.messages import say
from functions.runtime.wiring import ports

Language = Literal["id", "en"]
State = Literal["done", "now", "coming", "good", "bad", "ended"]
_AGAINST = frozenset({"reject", "object", "return", "lapse"})


@dataclass(frozen=True)
class Asked:
    """One who is asked at a stage, and what has become of it."""

    who: str
    words: str
    open: bool


@dataclass(frozen=True)
class Stage:
    title: str
    state: State
    who: str = ""
    at: datetime | None = None
    due: datetime | None = None
    note: str = ""
    asked: tuple[Asked, ...] = field(default=())


def stages(case: Case, service: Service, language: Language, *, own: bool) -> list[Stage]:
    """Give the stages of a case that was submitted; none of one that was not. ``own``: the applicant reads them."""
    if case.submitted_at is None:
        return []
    found = [Stage(str(say("case.stage.submitted", language)), "done", at=case.submitted_at)]
    *earlier, last = case.episodes or [None]
    for episode, outcome in zip(earlier, case.outcomes, strict=False):
        if episode:
            result = str(say(f"site.status.{outcome.result}", language))
            title = _of(service.process(episode.process).title, language)
            found.append(Stage(title, "done", at=outcome.at, note=result))
    if last:
        found += _Walk(case, service, last, language, own).stages()
    return found


def now(case: Case, service: Service, language: Language, *, own: bool) -> Stage | None:
    """Give the stage at which a case stands, if it is under way."""
    return next((one for one in stages(case, service, language, own=own) if one.state == "now"), None)


def marks(case: Case, service: Service, *, own: bool) -> Marks:
    """Give, by process and step, what is passed and how often, where the case stands, and what is still to come."""
    found: dict[tuple[str, str], Mark] = {}
    for episode in case.episodes:
        walk = _Walk(case, service, episode, "en", own)
        for name, mark in walk.marks().items():
            before = found.get((episode.process, name))
            times = mark.times + (before.times if before else 0)
            found[episode.process, name] = replace(mark, times=times)
    return found


def steps_with_who(
    case: Case, service: Service, process: str, language: Language, *, own: bool
) -> Iterator[tuple[Step, str]]:
    """Give the steps of a process that a case has gone through, with who is asked in each."""
    episode = next(one for one in reversed(case.episodes) if one.process == process)
    walk = _Walk(case, service, episode, language, own)
    return ((step, walk.who(step)) for step in service.process(process).steps)


def office(role: str, language: Language) -> str:
    """Give who holds a role, in words: ``Secretariat, Public Works Office``; a colleague by the username."""
    code, _, name = role.partition("/")
    agency = ports.catalogue.agency(code)
    if name.startswith("@"):
        return f"{name[1:]}, {_of(agency.name, language)}"
    return f"{_of(agency.roles[name], language)}, {_of(agency.name, language)}"


Passing = Literal["passed", "now", "coming"]


@dataclass(frozen=True)
class Mark:
    """How a case stands to a step; ``times`` counts its rounds, those of earlier episodes too."""

    state: Passing
    times: int = 1


Marks = Mapping[tuple[str, str], Mark]


class _Walk:
    """One episode, walked along the way that its facts choose."""

    def __init__(self, case: Case, service: Service, episode: Episode, language: Language, own: bool) -> None:
        self._case, self._service, self._episode, self._language = case, service, episode, language
        self._own = own
        self._process = service.process(episode.process)
        self._tasks = [task for task in case.tasks.values() if task.episode == episode.no]
        self._way = [step for step in self._along() if self._concerns(step)]

    def stages(self) -> list[Stage]:
        if not self._episode.open:
            return [self._past(step) for step in self._way if self._touched(step)] + [self._result()]
        place = self._place()
        found = []
        for at, step in enumerate(self._way):
            if at < place:
                found.append(self._past(step))
            elif at == place:
                found.append(self._present(step))
            else:
                found.append(Stage(self._title(step), "coming", who=self._who(step)))
        return [*found, Stage(str(say("case.stage.decision", self._language)), "coming")]

    def marks(self) -> dict[str, Mark]:
        found = {
            step.name: Mark("passed", self._rounds(step))
            for step in self._process.steps
            if self._touched(step)
        }
        if not self._episode.open:
            return found | self._chosen(found)
        waiting = {task.step for task in self._tasks if task.is_open}
        place = self._place()
        for at, step in enumerate(self._way):
            if at == place and not waiting:
                waiting = {step.name}
            elif at > place:
                found[step.name] = Mark("coming", self._rounds(step))
        found |= {name: Mark("now", self._rounds(self._process.step(name))) for name in waiting}
        return found | self._chosen(found)

    def _chosen(self, found: Mapping[str, Mark]) -> dict[str, Mark]:
        """A choice leaves no trace of its own; it was made where one of its ways was taken."""
        return {
            step.name: Mark("passed")
            for step in self._process.steps
            if isinstance(step, ChooseStep)
            and (next_ := self._next(step))
            and found.get(next_.name, Mark("coming")).state != "coming"
        }

    def who(self, step: Step) -> str:
        if isinstance(step, CorrectStep):
            return self._you()
        return "" if isinstance(step, OutcomeStep) else self._who(step)

    def _rounds(self, step: Step) -> int:
        begun = {task.round for task in self._tasks if task.step == step.name}
        key = f"{self._episode.no}/{step.name}/"
        return len(begun) or sum(name.startswith(key) for name in self._case.results)

    # -- the way

    def _along(self) -> Iterator[Step]:
        steps, seen = self._process.steps, set()
        step: Step | None = steps[0]
        while step is not None and step.name not in seen and not isinstance(step, OutcomeStep):
            seen.add(step.name)
            if not isinstance(step, ChooseStep | CorrectStep):
                yield step
            step = self._next(step)

    def _next(self, step: Step) -> Step | None:
        name = step.then
        if isinstance(step, ChooseStep):
            name = next((way.then for way in step.branches if self._holds(way.when)), step.then)
        if name is not None:
            return self._process.step(name)
        names = [one.name for one in self._process.steps]
        following = names.index(step.name) + 1
        return self._process.steps[following] if following < len(names) else None

    def _concerns(self, step: Step) -> bool:
        if isinstance(step, TaskStep | ConsultStep):
            return any(self._holds(spec.when) for spec in step.of)
        if isinstance(step, PayStep):
            return not (self._case.fee and self._case.fee["amount"] == 0)
        return True

    def _holds(self, condition: str | None) -> bool:
        try:
            return holds(condition, {"facts": self._case.facts})
        except ExpressionFailed:
            return False

    # -- where it stands

    def _place(self) -> int:
        """Give the stage that is waited for: of an open task, of who turned it aside, or the next one untouched."""
        names = [step.name for step in self._way]
        for task in self._tasks:
            if task.is_open and task.step in names:
                return names.index(task.step)
            if task.is_open:
                return self._turned_by(task.step, names)
        reached = [at for at, step in enumerate(self._way) if self._touched(step)]
        return reached[-1] + 1 if reached else 0

    def _turned_by(self, aside: str, names: list[str]) -> int:
        turned = [
            t for t in self._tasks if t.action == "return" and t.step in names and self._leads(t, aside)
        ]
        return names.index(max(turned, key=lambda task: task.version).step) if turned else 0

    def _leads(self, task: Task, aside: str) -> bool:
        return getattr(self._process.step(task.step), "returned", None) == aside

    def _touched(self, step: Step) -> bool:
        key = f"{self._episode.no}/{step.name}/"
        return bool(self._of(step)) or any(name.startswith(key) for name in self._case.results)

    def _of(self, step: Step) -> list[Task]:
        """Give the tasks of the last round of a step."""
        mine = [task for task in self._tasks if task.step == step.name]
        last = max((task.round for task in mine), default=0)
        return [task for task in mine if task.round == last]

    # -- as it is shown

    def _past(self, step: Step) -> Stage:
        tasks = self._of(step)
        at = max((task.done_at for task in tasks if task.done_at), default=None)
        shown = Stage(self._title(step), "done", who=self._who(step), at=at)
        if len(tasks) > 1:
            return replace(shown, asked=tuple(self._asked(task) for task in tasks))
        return replace(shown, note=self._answer(tasks[0]) if tasks else "")

    def _present(self, step: Step) -> Stage:
        with_applicant = next((t for t in self._tasks if t.is_open and t.step != step.name), None)
        tasks = self._of(step)
        waiting = [with_applicant] if with_applicant else [task for task in tasks if task.is_open]
        due = max((task.due_at for task in waiting), default=None)
        shown = Stage(self._title(step), "now", who=self._who(step), due=due)
        if with_applicant:
            title = _of(self._process.step(with_applicant.step).title, self._language)
            return replace(shown, who=self._you(), note=title)
        if len(tasks) > 1:
            return replace(shown, asked=tuple(self._asked(task) for task in tasks))
        return shown

    def _asked(self, task: Task) -> Asked:
        words = self._answer(task) if not task.is_open else str(say("case.asked.waiting", self._language))
        return Asked(office(task.role, self._language), words, task.is_open)

    def _answer(self, task: Task) -> str:
        if task.state == "cancelled":
            return str(say("case.asked.called_off", self._language))
        words = str(say(f"case.answer.{task.action}", self._language)) if task.action else ""
        if task.state == "expired":
            return str(say("case.asked.by_silence", self._language, answer=words))
        return words

    def _result(self) -> Stage:
        outcome = self._case.outcomes[-1] if self._case.outcomes else None
        if self._case.status == "waitlisted":
            return Stage(str(say("site.status.waitlisted", self._language)), "now")
        if outcome is None:
            return Stage(str(say("case.stage.decision", self._language)), "ended")
        state: Any = {"approved": "good", "rejected": "bad"}.get(outcome.result, "ended")
        return Stage(str(say(f"site.status.{outcome.result}", self._language)), state, at=outcome.at)

    def _title(self, step: Step) -> str:
        return _of(step.title, self._language)

    def _who(self, step: Step) -> str:
        if isinstance(step, TaskStep):
            return office(step.of[0].role, self._language)
        if isinstance(step, ConsultStep):
            asked = [spec for spec in step.of if self._holds(spec.when)]
            return office(asked[0].role, self._language) if len(asked) == 1 else ""
        if isinstance(step, PayStep):
            return self._you()
        return str(say("case.stage.system", self._language))

    def _you(self) -> str:
        return str(say("case.you" if self._own else "case.applicant", self._language))


def _of(text: Any, language: Language) -> str:
    return str(getattr(text, language))
