"""Does what is filed under seal stay shut until two people may open it, and can it be opened then?"""

from __future__ import annotations

from collections.abc import Iterator

from functions.domain.service import (
    ConsultStep,
    CorrectStep,
    HoldStep,
    Service,
    TaskSpec,
    TaskStep,
    UnsealStep,
    WaitStep,
)
from infra.compiler.expressions import Unreadable, uses
from infra.compiler.finding import Finding
from infra.compiler.prove.names import facts_of
from infra.compiler.prove.subject import Subject, Walk, closest
from infra.compiler.prove.words import phrases

BEFORE_OPENING = frozenset(
    {"form", "rule", "mended", "document", "fact", "check", "computed", "fee", "task", "start", "route"}
)
"""The scopes whose expressions are evaluated while the answers are still under seal."""


def what_is_filed_below_has_a_place(subject: Subject) -> Iterator[Finding]:
    """The service above exists, and its process waits at the steps that are named."""
    above = subject.service.above
    if above is None:
        return
    parent = subject.services.get(above.service)
    if parent is None:
        known = [code for code in subject.services if code != subject.service.code]
        message = f"there is no service `{above.service}`; {closest(above.service, known)}"
        yield Finding("service-unknown", ("above", "service"), message)
        return
    steps = (step for process in parent.processes.values() for step in process.steps)
    waits = [step.name for step in steps if isinstance(step, WaitStep | HoldStep | TaskStep | CorrectStep)]
    for at, name in enumerate(above.at):
        if name not in waits:
            message = f"`{parent.code}` waits at no step `{name}`; {closest(name, waits)}"
            yield Finding("above-elsewhere", ("above", "at", at), message)


def sealed_fields_stay_shut(subject: Subject) -> Iterator[Finding]:
    """They exist, and nothing that is evaluated before the opening reads them."""
    sealed = subject.service.sealed
    if sealed is None:
        return
    known = [field.name for field in subject.service.form.fields]
    for at, name in enumerate(sealed.fields):
        if name not in known:
            message = f"there is no field `{name}`; {closest(name, known)}"
            yield Finding("field-unknown", ("sealed", "fields", at), message)
    for phrase in phrases(subject.service):
        if phrase.scope not in BEFORE_OPENING:
            continue
        try:
            paths = uses(phrase.text).paths
        except Unreadable:
            continue
        for path in paths:
            read = path.names[1] if path.names[0] == "form" and len(path.names) > 1 else None
            if read in sealed.fields or path.names == ("form",):
                message = (
                    f"`{'.'.join(path.names)}` is under seal when this is evaluated; use what stands open"
                )
                yield Finding("seal-broken", phrase.place, message)


def seals_can_be_opened(subject: Subject) -> Iterator[Finding]:
    """The moment is a fact of the case above, whose process lets the named openers open."""
    sealed, above = subject.service.sealed, subject.service.above
    if sealed is None:
        return
    if above is None:
        message = "only what is filed below another case can be sealed: say `above: {service, at}`"
        yield Finding("seal-without-parent", ("sealed",), message)
        return
    parent = subject.services.get(above.service)
    if parent is None:
        return
    known = facts_of(parent)
    try:
        names = {
            path.names[1]
            for path in uses(sealed.until).paths
            if path.names[0] == "facts" and len(path.names) > 1
        }
    except Unreadable as error:
        yield Finding("expression-unreadable", ("sealed", "until"), str(error))
        return
    for name in sorted(names - known) or ([] if names else [sealed.until]):
        message = f"`{parent.code}` has no fact `{name}`; {closest(name, known)}"
        yield Finding("name-unknown", ("sealed", "until"), message)
    roles = [task.role for task, _, _ in Subject(parent, {}).tasks() if task.kind == "open"]
    for at, role in enumerate(sealed.openers):
        if role not in roles:
            message = f"nobody of `{role}` opens in `{parent.code}`; {closest(role, roles)}"
            yield Finding("opener-unknown", ("sealed", "openers", at), message)


def two_open_before_the_seals(subject: Subject) -> Iterator[Finding]:
    """Every way to an `unseal` leads past two tasks to open, for two different people."""
    for walk in subject.walks:
        opening = [step.name for step, _ in walk.steps() if isinstance(step, ConsultStep) and _two(step)]
        for step, place in walk.steps():
            if isinstance(step, UnsealStep) and not _always(walk, opening, step.name):
                message = (
                    f"before `{step.name}` two people must open: a `consult` of two tasks of `kind: open`, each "
                    "`different_from` the other, joined on all"
                )
                yield Finding("unseal-unguarded", place, message)


def _always(walk: Walk, first: list[str], then: str) -> bool:
    return bool(first) and walk.graph.always_before(first, then)


def _two(step: ConsultStep) -> bool:
    openers: list[TaskSpec] = [task for task in step.of if task.kind == "open" and task.when is None]
    return step.join == "all" and any(
        one.name in other.different_from and other.name in one.different_from
        for one in openers
        for other in openers
        if one is not other
    )


def filed_below(service: Service) -> bool:
    """Tell whether the cases of a service are filed below those of another."""
    return service.above is not None


PROOFS = (
    what_is_filed_below_has_a_place,
    sealed_fields_stay_shut,
    seals_can_be_opened,
    two_open_before_the_seals,
)
