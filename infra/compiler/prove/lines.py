"""Can everybody who waits be found again, called in order, and told where they stand?"""

from __future__ import annotations

from collections.abc import Iterator

from functions.domain import form as forms
from functions.domain import queues
from functions.domain.expression import ExpressionFailed
from functions.domain.service import EnqueueStep, OutcomeStep, Process
from infra.compiler.finding import Finding
from infra.compiler.prove.subject import Subject, closest
from infra.compiler.prove.words import FIRST_DAY

WAITING = ("waitlisted",)


def lines_are_described(subject: Subject) -> Iterator[Finding]:
    """Who takes a number or waits does so in a line that the service describes."""
    for step, place in subject.steps():
        waits = isinstance(step, OutcomeStep) and step.result == "waitlisted"
        if (waits or isinstance(step, EnqueueStep)) and subject.service.line is None:
            message = f"`{step.name}` lets somebody wait; describe where: `line:` with its `region`"
            yield Finding("line-missing", place, message)


def regions_are_chosen(subject: Subject) -> Iterator[Finding]:
    """A region is a fact that shows a choice of the form, so that a round can name it."""
    service = subject.service
    if service.line is None:
        return
    name = service.line.region
    choices = [field.name for field in service.form.fields if field.type == "choice"]
    if name not in service.facts:
        message = f"there is no fact `{name}`; {closest(name, service.facts)}"
        yield Finding("fact-unknown", ("line", "region"), message)
    elif name not in choices:
        message = f"`{name}` shows no choice of the form; {closest(name, choices)}"
        yield Finding("region-unchosen", ("line", "region"), message)


def numbers_come_before_waiting(subject: Subject) -> Iterator[Finding]:
    """Nobody waits without a number, and nobody gets two."""
    for walk in subject.walks:
        numbered = [step.name for step, _ in walk.steps() if isinstance(step, EnqueueStep)]
        for step, place in walk.steps():
            if isinstance(step, EnqueueStep) and _has_a_number(walk.process):
                message = f"who comes to `{walk.name}` has a number and keeps it; take `{step.name}` out"
                yield Finding("number-twice", place, message)
            waits = isinstance(step, OutcomeStep) and step.result == "waitlisted"
            if (
                waits
                and not _has_a_number(walk.process)
                and not walk.graph.always_before(numbered, step.name)
            ):
                message = (
                    f"`{step.name}` can be reached without a number; put an `enqueue` on every way to it"
                )
                yield Finding("waiting-unnumbered", place, message)


def whoever_waits_is_called(subject: Subject) -> Iterator[Finding]:
    """There is one process for who is called, and a line that leads to it."""
    called = [name for name, process in subject.service.processes.items() if process.opened_by == "round"]
    if subject.service.line and len(called) != 1:
        message = "write one process for who is called to a place: `opened_by: round`"
        yield Finding("round-process", ("processes",), message)
    if called and subject.service.line is None:
        message = f"nobody waits to be called to `{called[0]}`; describe the `line:`"
        yield Finding("line-missing", ("processes", called[0], "opened_by"), message)


def reserves_leave_places(subject: Subject) -> Iterator[Finding]:
    line = subject.service.line
    if line is None:
        return
    if sum(reserve.percent for reserve in line.reserves) > 100:
        message = "the reserves take more than all places; their `percent` add up to 100 at most"
        yield Finding("reserves-too-many", ("line", "reserves"), message)


def categories_are_told_apart(subject: Subject) -> Iterator[Finding]:
    """Each reserve and each group is counted under a name of its own."""
    line = subject.service.line
    if line is None:
        return
    places: dict[tuple[str | int, ...], str] = {
        ("line", "reserves", at, "category"): one.category for at, one in enumerate(line.reserves)
    }
    for at, group in enumerate(queues.groups_of(subject.service)):
        places[_group(at, "category")] = group.category
    names = list(places.values())
    for place, name in places.items():
        if name in (queues.GENERAL, "line") or names.count(name) > 1:
            message = f"`{name}` is taken; give each reserve and group a `category` of its own, not `general` or `line`"
            yield Finding("category-taken", place, message)


def groups_are_of_one_kind(subject: Subject) -> Iterator[Finding]:
    """A group says in one way who belongs to it, and those who come together have answers to compare."""
    fields = [field.name for field in subject.service.form.fields]
    groups = queues.groups_of(subject.service) if subject.service.line else ()
    for at, group in enumerate(groups):
        kinds = [name for name in ("again", "order", "beside") if getattr(group, name)]
        if len(kinds) > 1:
            message = f"`{kinds[0]}` and `{kinds[1]}` both say who they are; make two groups of it"
            yield Finding("group-unclear", _group(at, kinds[1]), message)
        for name in group.beside.same if group.beside else ():
            if name not in fields:
                message = f"there is no field `{name}`; {closest(name, fields)}"
                yield Finding("field-unknown", _group(at, "beside", "same"), message)


def _group(at: int, *within: str) -> tuple[str | int, ...]:
    return "line", "second_stage", "groups", at, *within


def lots_have_no_estimate(subject: Subject) -> Iterator[Finding]:
    """Where lots decide, nobody can be told when the turn comes."""
    line = subject.service.line
    if line and line.by == "lot" and line.places_a_year:
        message = "the places go by lot, so no number has a time to wait; take `places_a_year` out"
        yield Finding("estimate-by-lot", ("line", "places_a_year"), message)


def the_example_can_wait(subject: Subject) -> Iterator[Finding]:
    """The example has a region and an order that can be compared as text, and a deposit that can be given back."""
    service = subject.service
    if service.line is None:
        return
    try:
        facts = forms.facts(service, forms.example(service, FIRST_DAY), today=FIRST_DAY)
        order = queues.order_of(service, facts, FIRST_DAY)
        for at, reserve in enumerate(service.line.reserves):
            until = queues.last_of(service, reserve, FIRST_DAY)
            if len(until) != len(order.get(reserve.category, until)):
                message = f"`order` and `until` are compared as text; write both alike, as `{until}`"
                yield Finding("order-unlike", ("line", "reserves", at, "until"), message)
    except ExpressionFailed as error:
        yield Finding("example-fails", ("line",), f"with the example, {error}")


def _has_a_number(process: Process) -> bool:
    return process.opened_by == "round" or process.statuses == WAITING


PROOFS = (
    lines_are_described,
    regions_are_chosen,
    numbers_come_before_waiting,
    whoever_waits_is_called,
    reserves_leave_places,
    categories_are_told_apart,
    groups_are_of_one_kind,
    lots_have_no_estimate,
)
OF_THE_EXAMPLE = (the_example_can_wait,)
