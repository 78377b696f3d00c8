"""Is every list that is asked for item by item bounded, and can each of its items be told from the others?"""

from __future__ import annotations

from collections.abc import Iterator

from functions.domain import each
from functions.domain import form as forms
from functions.domain.errors import LoketError
from functions.domain.service import Service, TaskSpec
from infra.compiler.finding import Finding, Place
from infra.compiler.prove.subject import Subject
from infra.compiler.prove.words import FIRST_DAY

MOST_AT_ONCE = 20
"""Tasks of one step."""
LONGEST_LIST = 100
"""Items of a list that says nothing else."""


def only_a_list_has_items(subject: Subject) -> Iterator[Finding]:
    for task, _, place in subject.tasks():
        for key in ("at_most", "item_words", "roles"):
            if task.each is None and getattr(task, key):
                message = (
                    f"`{task.name}` is asked once; write `each: <a list of the facts>`, or take `{key}` out"
                )
                yield Finding("each-missing", (*place, key), message)


def lists_are_bounded(subject: Subject) -> Iterator[Finding]:
    """The form lets nobody name more than are asked, and no step asks more than twenty."""
    for task, place in _listed(subject):
        longest = _longest(subject.service, task)
        if task.at_most is None:
            yield Finding("each-unbounded", place, "say how many items there can be, such as `at_most: 5`")
        elif longest and longest[1] > task.most:
            message = (
                f"`{longest[0]}` may hold {longest[1]} items and `at_most` is {task.at_most}; "
                f"write `max_length: {task.at_most}` at the field"
            )
            yield Finding("each-unbounded", (*place, "at_most"), message)
    for step, place in subject.steps():
        asked = sum(task.most for task in getattr(step, "of", ()))
        if asked > MOST_AT_ONCE:
            message = f"`{step.name}` may ask {asked} at once; {MOST_AT_ONCE} is the most"
            yield Finding("each-too-many", place, message)


def items_are_told_apart(subject: Subject) -> Iterator[Finding]:
    """A task is named by its item, so that no other may begin with the same name; four eyes name the step."""
    for walk in subject.walks:
        names = [task.name for task, _, _ in walk.tasks()]
        for task, _, place in walk.tasks():
            for name in names if task.each else ():
                if name.startswith(f"{task.name}-"):
                    message = f"`{name}` could be an item of `{task.name}`; rename one of the two"
                    yield Finding("each-name-taken", place, message)
            for other, its_step, _ in walk.tasks():
                if other.each and other.name in task.different_from and other.name != its_step.name:
                    message = f"`{other.name}` is asked for each item; name its step: `{its_step.name}`"
                    yield Finding("four-eyes-each", (*place, "different_from"), message)
            if task.roles and task.start:
                message = f"`{task.start}` is answered by one office; take `roles` out"
                yield Finding("start-elsewhere", (*place, "roles"), message)


def the_example_can_be_listed(subject: Subject) -> Iterator[Finding]:
    service = subject.service
    for task, place in _listed(subject):
        try:
            context = forms.context_of(service, forms.example(service, FIRST_DAY), today=FIRST_DAY)
            for item in each.items(task, context):
                each.of(task, item, context)
        except (ValueError, LoketError) as error:
            yield Finding("example-fails", (*place, "each"), f"with the example, {error}")


def _listed(subject: Subject) -> Iterator[tuple[TaskSpec, Place]]:
    return ((task, place) for task, _, place in subject.tasks() if task.each)


def _longest(service: Service, task: TaskSpec) -> tuple[str, int] | None:
    """Give the list of the form that a fact shows as it is, with the most items that it may hold."""
    fact = str(task.each).strip().removeprefix("facts.")
    shown = service.facts.get(fact, "").strip().removeprefix("form.")
    field = next((one for one in service.form.fields if one.name == shown and one.type == "list"), None)
    return (field.name, int(field.max_length or LONGEST_LIST)) if field else None


PROOFS = (only_a_list_has_items, lists_are_bounded, items_are_told_apart)
OF_THE_EXAMPLE = (the_example_can_be_listed,)
