"""Does every way through a process lead to an end, and every verdict somewhere?"""

from __future__ import annotations

from collections.abc import Iterator

from functions.domain.service import ConsultStep, CorrectStep, OutcomeStep, Process, TaskSpec, TaskStep
from functions.domain.waits import IN_FAVOUR
from infra.compiler.finding import Finding
from infra.compiler.prove.subject import Subject, Walk


def every_step_is_reachable(subject: Subject) -> Iterator[Finding]:
    for walk in subject.walks:
        reached = walk.graph.reachable()
        for step, place in walk.steps():
            if step.name not in reached:
                message = (
                    f"nothing leads to `{step.name}`; point a `then`, `returned`, … at it, or take it out"
                )
                yield Finding("step-unreachable", place, message)


def every_path_ends(subject: Subject) -> Iterator[Finding]:
    """An outcome is reached from every step, and nothing follows past the last line."""
    for walk in subject.walks:
        ends = {step.name for step, _ in walk.steps() if isinstance(step, OutcomeStep)}
        for step, place in walk.steps():
            if any(edge.to is None for edge in walk.graph.edges[step.name]):
                message = (
                    f"after `{step.name}` the process runs out; end it with an `outcome`, or write `then:`"
                )
                yield Finding("path-unended", place, message)
            elif not ends & walk.graph.reachable(step.name):
                message = f"no outcome can be reached from `{step.name}`; lead it to an `outcome`"
                yield Finding("path-unended", place, message)


def loops_are_bounded(subject: Subject) -> Iterator[Finding]:
    """Only a correction, whose rounds are counted, may lead back."""
    for walk in subject.walks:
        loop = walk.graph.forward().loop()
        if loop:
            place = next(place for step, place in walk.steps() if step.name == loop[0])
            circle = " → ".join([*loop, loop[0]])
            message = f"{circle} can go round for ever; lead back only by the `then` of a `correct`"
            yield Finding("loop-unbounded", place, message)


def corrections_lead_back(subject: Subject) -> Iterator[Finding]:
    """What was corrected is looked at again by a step that had asked for it."""
    for walk in subject.walks:
        for step, place in walk.steps():
            if isinstance(step, CorrectStep) and not _leads_back(walk, step):
                message = (
                    f"`then: {step.then}` does not lead back; name the step that looks at the correction"
                )
                yield Finding("correction-leads-on", (*place, "then"), message)


def verdicts_are_handled(subject: Subject) -> Iterator[Finding]:
    """Each verdict that can be given has a way on, and each way a verdict that takes it."""
    for walk in subject.walks:
        for step, place in walk.steps():
            if not isinstance(step, TaskStep | ConsultStep):
                continue
            for key, possible, by in (
                ("returned", _can_return(step), "the action `return`"),
                (
                    "rejected",
                    _can_reject(step),
                    "the action `reject`, `silence: refuse` or `objections: reject`",
                ),
            ):
                to = getattr(step, key)
                if possible and to is None:
                    yield Finding(
                        "verdict-unhandled", place, f"{by} is possible here; say where it leads: `{key}: …`"
                    )
                if to and not possible:
                    message = f"nothing here leads to `{key}`; offer {by}, or take this out"
                    yield Finding("verdict-impossible", (*place, key), message)


def returns_go_to_the_applicant(subject: Subject) -> Iterator[Finding]:
    """What is returned is opened for correction, and only a `correct` does that."""
    for walk in subject.walks:
        for step, place in walk.steps():
            if isinstance(step, TaskStep | ConsultStep) and step.returned:
                to = walk.process.step(step.returned)
                if not isinstance(to, CorrectStep):
                    message = f"`{to.name}` is no `correct` step; what is returned goes to the applicant"
                    yield Finding("return-not-corrected", (*place, "returned"), message)


def refusals_lead_back_together(subject: Subject) -> Iterator[Finding]:
    """What a refusal leads back to is counted, and what is counted goes somewhere in the end."""
    for step, place in subject.steps():
        wants = [step.rounds, step.exhausted, step.rejected] if isinstance(step, TaskStep) else []
        if any(wants[:2]) and not all(wants):
            message = (
                f"to lead back a number of times `{step.name}` needs `rejected`, `rounds` and `exhausted`"
            )
            yield Finding("refusal-half-back", place, message)


def ends_by_itself(task: TaskSpec) -> bool:
    """Tell whether nobody can end it before its moment (`until`), and then its silence does."""
    return task.until is not None and task.silence == "approve" and _actions(task) == {"return"}


def tasks_can_be_agreed_to(subject: Subject) -> Iterator[Finding]:
    """Somebody can agree, or the process goes on when a moment has come before which it can only be sent back."""
    for task, _, place in subject.tasks():
        if not IN_FAVOUR & _actions(task) and not ends_by_itself(task):
            message = f"`{task.name}` offers no way on; add the action `approve` or `no_objection`"
            yield Finding("way-on-missing", (*place, "actions"), message)


def permits_follow_approval(subject: Subject) -> Iterator[Finding]:
    for step, place in subject.steps():
        if isinstance(step, OutcomeStep) and step.issue and step.result != "approved":
            message = (
                f"`{step.name}` is {step.result} but issues `{step.issue[0]}`; only approval issues a permit"
            )
            yield Finding("permit-without-approval", (*place, "issue"), message)


def clocks_start(subject: Subject) -> Iterator[Finding]:
    """The moment at which the legal clock starts must come."""
    starts = subject.service.clock.starts
    for walk in subject.walks:
        if walk.process.clock and starts != "submitted" and not _comes(walk.process, starts):
            remedy = "write `marks: complete` at a task" if starts == "complete" else "add a `pay` step"
            place = ("processes", walk.name)
            message = f"the clock starts when {starts}, which never comes here; {remedy}, or `clock: false`"
            yield Finding("clock-never-starts", place, message)


def clocks_are_about_an_office(subject: Subject) -> Iterator[Finding]:
    """The legal term binds an office: where a process opens by itself and asks none, no clock has anything to say."""
    for walk in subject.walks:
        process = walk.process
        asks = any(isinstance(step, TaskStep | ConsultStep) for step in process.steps)
        if process.clock and process.opened_by in ("due", "round") and not asks:
            message = "the legal clock runs here and no office has anything to do; write `clock: false`"
            yield Finding("clock-idle", ("processes", walk.name), message)


def _leads_back(walk: Walk, step: CorrectStep) -> bool:
    return step.name in walk.graph.reachable(step.then) and step.then != step.name


def _can_return(step: TaskStep | ConsultStep) -> bool:
    return any("return" in _actions(task) for task in step.of)


def _can_reject(step: TaskStep | ConsultStep) -> bool:
    objection = isinstance(step, ConsultStep) and step.objections == "reject"
    return any(
        "reject" in _actions(task) or task.silence == "refuse" or (objection and "object" in _actions(task))
        for task in step.of
    )


def _actions(task: TaskSpec) -> set[str]:
    return {action.name for action in task.actions}


def _comes(process: Process, starts: str) -> bool:
    if starts == "paid":
        return any(step.kind == "pay" for step in process.steps)
    return any(
        task.marks == "complete"
        for step in process.steps
        if isinstance(step, TaskStep | ConsultStep)
        for task in step.of
    )


PROOFS = (
    every_step_is_reachable,
    every_path_ends,
    loops_are_bounded,
    corrections_lead_back,
    verdicts_are_handled,
    refusals_lead_back_together,
    returns_go_to_the_applicant,
    tasks_can_be_agreed_to,
    permits_follow_approval,
    clocks_start,
    clocks_are_about_an_office,
)
