"""Is there somebody for every task, two where two are needed, and a meaning where nobody answers?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from functions.domain.service import (
    ChooseStep,
    ConsultStep,
    OutcomeStep,
    Process,
    PublishStep,
    TaskSpec,
    TaskStep,
)
from infra.compiler.finding import Finding, Place
from infra.compiler.prove.flow import ends_by_itself
from infra.compiler.prove.subject import Subject, Walk, closest

SILENCE_OF = {
    "decide": ("approve", "refuse", "alarm"),
    "consult": ("no_objection", "refuse", "alarm"),
    "await": ("approve", "no_objection", "refuse", "alarm"),
    "open": ("alarm",),
    "score": ("alarm",),
    "clock": ("approve", "no_objection", "refuse", "alarm"),
}
"""Who decides can be silent in other ways than who is asked for advice; only an applicant lets a case lapse."""
_NUMBER = re.compile(r"-[0-9]+$")
"""What the names of the tasks of several people for the same differ by."""
BY_LAW = {"approve": "approved", "no_objection": "approved", "refuse": "rejected"}
"""What silence at the end of the whole term makes of a case."""


def agencies_exist(subject: Subject) -> Iterator[Finding]:
    agency = subject.service.agency
    if agency not in subject.agencies:
        message = f"there is no agency `{agency}` in agencies.yaml; {closest(agency, subject.agencies)}"
        yield Finding("agency-unknown", ("agency",), message)


def roles_exist(subject: Subject) -> Iterator[Finding]:
    wanted: list[tuple[str, Place]] = [(task.role, (*place, "role")) for task, _, place in subject.tasks()]
    wanted += [(task.by, (*place, "by")) for task, _, place in subject.tasks() if task.by]
    wanted += [
        (role, (*place, "roles", item))
        for task, _, place in subject.tasks()
        for item, role in task.roles.items()
    ]
    wanted += [(role, ("supervisors", at)) for at, role in enumerate(subject.service.supervisors)]
    wanted += [(role, ("filed_for_by", at)) for at, role in enumerate(subject.service.filed_for_by)]
    known = [f"{code}/{role}" for code, agency in subject.agencies.items() for role in agency.roles]
    for role, place in wanted:
        if not subject.knows_role(role):
            yield Finding(
                "role-unknown", place, f"there is no role `{role}` in agencies.yaml; {closest(role, known)}"
            )


def signatories_exist(subject: Subject) -> Iterator[Finding]:
    agency = subject.agencies.get(subject.service.agency)
    known = agency.signatories if agency else {}
    for name, permit in subject.service.permits.items():
        if agency and permit.signatory not in known:
            message = (
                f"`{agency.code}` has no signatory `{permit.signatory}`; {closest(permit.signatory, known)}"
            )
            yield Finding("signatory-unknown", ("permits", name, "signatory"), message)
        several = isinstance(permit.signed_by, tuple)
        by = permit.signed_by if isinstance(permit.signed_by, tuple) else [permit.signed_by or ""]
        asked = {
            known
            for task, step, _ in subject.tasks()
            if several or task.kind == "decide"
            for known in (task.name, step.name, *([_NUMBER.sub("", task.name)] if several else []))
        }
        for one in by:
            if one and one not in asked:
                message = f"nobody decides `{one}`; {closest(one, sorted(asked))}"
                yield Finding("signatory-unknown", ("permits", name, "signed_by"), message)


def initials_come_before_a_signature(subject: Subject) -> Iterator[Finding]:
    """Who puts initials on a letter does so before another signs it."""
    for walk in subject.walks:
        for task, step, place in walk.tasks():
            if task.initials and not _is_signed_after(walk.process, step.name):
                message = f"nobody signs a letter after `{task.name}`; let a task follow, then the step that issues it"
                yield Finding("initials-unsigned", (*place, "initials"), message)


def _is_signed_after(process: Process, name: str) -> bool:
    """Tell whether saying yes at a step leads over another task to a step that issues, and over nothing else."""
    names = [step.name for step in process.steps]
    ways: list[tuple[str | None, bool]] = [(name, False)]
    seen: set[tuple[str | None, bool]] = set()
    while ways:
        at, signed = ways.pop()
        if at is None or (at, signed) in seen:
            continue
        seen.add((at, signed))
        step = process.step(at)
        following = next(iter(names[names.index(at) + 1 :]), None)
        if isinstance(step, OutcomeStep | PublishStep):
            if signed:
                return True
        elif isinstance(step, ChooseStep):
            ways += [
                (way, signed) for way in (*(branch.then for branch in step.branches), step.then or following)
            ]
        elif isinstance(step, TaskStep | ConsultStep):
            asks = at != name and any(not task.initials for task in step.of)
            ways.append((step.then or following, signed or asks))
    return False


def silence_fits(subject: Subject) -> Iterator[Finding]:
    """Silence means what the one who is silent could have said."""
    clock = subject.service.clock
    if clock.silence not in SILENCE_OF["clock"]:
        yield Finding("silence-unfit", ("clock", "silence"), _unfit(clock.silence, "the whole case", "clock"))
    for task, _, place in subject.tasks():
        actions = {action.name for action in task.actions}
        if task.silence not in SILENCE_OF[task.kind]:
            message = _unfit(task.silence, f"`{task.name}` ({task.kind})", task.kind)
            yield Finding("silence-unfit", (*place, "silence"), message)
        elif ends_by_itself(task):
            continue
        elif task.silence in ("approve", "no_objection") and task.silence not in actions:
            message = (
                f"silence means {task.silence}, but `{task.name}` does not offer it; add it to the actions"
            )
            yield Finding("silence-unfit", (*place, "silence"), message)


def four_eyes_are_possible(subject: Subject) -> Iterator[Finding]:
    """Two tasks for two people: the other comes before, a person does it, and it is not one office of one holder.

    Within one group each of the two names the other, for who answers first is not known.
    """
    for walk in subject.walks:
        for task, step, place in walk.tasks():
            for at, name in enumerate(task.different_from):
                here = (*place, "different_from", at)
                other = _other(subject, walk, name)
                if other is None:
                    known = [spec.name for spec, _, _ in subject.tasks()]
                    message = f"there is no task `{name}`; {closest(name, known)}"
                    yield Finding("four-eyes-unknown", here, message)
                elif other[0] is walk and other[1] == step.name:
                    yield from _side_by_side(subject, task, other[2], here)
                elif other[0] is walk and not _before(walk, other[1], step.name):
                    message = f"`{name}` does not come before `{task.name}`; name an earlier task"
                    yield Finding("four-eyes-later", here, message)
                else:
                    yield from _two_people(subject, task, other[2], here, again=other[0] is not walk)


def silence_of_the_clock_leads_somewhere(subject: Subject) -> Iterator[Finding]:
    """Where silence decides the whole case, it leads to outcomes of that kind, and past nobody who had to look."""
    clock = subject.service.clock
    decides = clock.silence in BY_LAW
    if decides and clock.by_law is None:
        message = "silence decides the whole case: name the step where it goes on, `by_law: …`, in the clock"
        yield Finding("by-law-missing", ("clock",), message)
    if clock.by_law and not decides:
        message = f"silence means {clock.silence}, which decides nothing; take `by_law` out"
        yield Finding("by-law-idle", ("clock", "by_law"), message)
    for walk in subject.walks if decides else ():
        steps = [step for step, _ in walk.steps() if isinstance(step, TaskStep | ConsultStep) and step.by_law]
        if steps:
            yield from _ends_by_law(walk, str(steps[0].by_law), BY_LAW[clock.silence])
        for task, step, place in walk.tasks():
            if step.by_law and task.different_from and clock.silence == "approve":
                message = f"silence may approve the case before `{task.name}`, and then no second person has seen it"
                yield Finding("four-eyes-silent", (*place, "different_from"), message)


def _ends_by_law(walk: Walk, start: str, result: str) -> Iterator[Finding]:
    for name in sorted(walk.graph.reachable(start)):
        step = walk.process.step(name)
        fits = step.result == result if isinstance(step, OutcomeStep) else step.kind in ("choose", "assess")
        if not fits:
            message = (
                f"by law the case goes on to `{start}`, then `{name}`: only outcomes `{result}` may follow"
            )
            yield Finding("by-law-elsewhere", ("clock", "by_law"), message)


def consultations_can_be_joined(subject: Subject) -> Iterator[Finding]:
    """As many answers as are waited for are asked for, whatever the application says.

    Of a list that is shorter than the number all are waited for.
    """
    for step, place in subject.steps():
        if isinstance(step, ConsultStep) and isinstance(step.join, int):
            always = sum(task.most for task in step.of if task.when is None)
            if not 1 <= step.join <= always:
                message = (
                    f"`join: {step.join}` waits for {step.join} of the {always} that are always asked; "
                    f"write a number from 1 to {always}, `all` or `any`"
                )
                yield Finding("join-impossible", (*place, "join"), message)


def objections_are_heard(subject: Subject) -> Iterator[Finding]:
    for step, place in subject.steps():
        if not isinstance(step, ConsultStep) or step.objections != "reject":
            continue
        if not any(action.name == "object" for task in step.of for action in task.actions):
            message = "`objections: reject` although nobody here can object; offer the action `object`"
            yield Finding("objection-impossible", (*place, "objections"), message)


def _side_by_side(subject: Subject, task: TaskSpec, other: TaskSpec, place: Place) -> Iterator[Finding]:
    if task.name == other.name or task.name not in other.different_from:
        message = f"`{task.name}` and `{other.name}` are asked at once; write `different_from: [{task.name}]` there too"
        yield Finding("four-eyes-one-sided", place, message)
    else:
        yield from _two_people(subject, task, other, place)


def _two_people(
    subject: Subject, task: TaskSpec, other: TaskSpec, place: Place, *, again: bool = False
) -> Iterator[Finding]:
    """Two people must see it; where it is looked at ``again`` in a later process, what nobody saw hinders nobody."""
    if task.role == other.role and subject.held_by_one(task.role):
        message = f"`{task.role}` is held by one official, who did `{other.name}`; give one of the two to another role"
        yield Finding("four-eyes-impossible", place, message)
    if other.silence == "approve" and not again:
        message = (
            f"silence may approve `{other.name}`, and then nobody has seen it; write `silence: alarm` there"
        )
        yield Finding("four-eyes-silent", place, message)


def _other(subject: Subject, walk: Walk, name: str) -> tuple[Walk, str, TaskSpec] | None:
    """Find a task here, or for a process that follows on another one (an appeal) there."""
    elsewhere = subject.walks if walk.process.opened_by != "submit" else ()
    for place in (walk, *elsewhere):
        for spec, step, _ in place.tasks():
            if name in (spec.name, step.name):
                return place, step.name, spec
    return None


def _before(walk: Walk, first: str, then: str) -> bool:
    return first != then and then in walk.graph.forward().reachable(first)


def _unfit(silence: str, whose: str, kind: str) -> str:
    return f"silence cannot mean `{silence}` for {whose}; write one of {', '.join(SILENCE_OF[kind])}"


PROOFS = (
    agencies_exist,
    roles_exist,
    signatories_exist,
    initials_come_before_a_signature,
    silence_fits,
    four_eyes_are_possible,
    silence_of_the_clock_leads_somewhere,
    consultations_can_be_joined,
    objections_are_heard,
)
