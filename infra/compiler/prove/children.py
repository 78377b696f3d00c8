"""Does every case that is started elsewhere exist, know who asks, and get a form that it accepts?"""

from __future__ import annotations

from collections.abc import Iterator

from functions.domain import form as forms
from functions.domain.children import filled
from functions.domain.each import items
from functions.domain.service import Service, TaskSpec
from infra.compiler.finding import Finding, Place
from infra.compiler.prove.subject import Subject, closest
from infra.compiler.prove.words import FIRST_DAY


def only_a_start_has_a_form(subject: Subject) -> Iterator[Finding]:
    for task, _, place in subject.tasks():
        if task.start is None:
            for key in ("by", "form"):
                if getattr(task, key):
                    message = f"`{task.name}` starts no case; write `start: <service>`, or take `{key}` out"
                    yield Finding("start-missing", (*place, key), message)
        elif task.by is None:
            message = f"say which role asks in the name of its office: `by: {subject.service.agency}/…`"
            yield Finding("start-by-nobody", place, message)


def started_services_exist(subject: Subject) -> Iterator[Finding]:
    for task, place in _starting(subject):
        other = subject.services.get(str(task.start))
        here = (*place, "start")
        if other is None:
            known = [code for code in subject.services if code != subject.service.code]
            yield Finding(
                "service-unknown", here, f"there is no service `{task.start}`; {closest(task.start, known)}"
            )
            continue
        if _comes_back(subject, other):
            message = f"`{other.code}` leads back to `{subject.service.code}`, and so on without end"
            yield Finding("start-circular", here, message)
        if task.role.partition("/")[0] != other.agency:
            message = (
                f"`{other.code}` is answered by `{other.agency}`; give `{task.name}` a role of that office"
            )
            yield Finding("start-elsewhere", (*place, "role"), message)
        if other.unique:
            once = ", ".join(one.field for one in other.unique)
            message = f"`{other.code}` lets {once} be used only once; such a case cannot be started"
            yield Finding("start-unique", here, message)


def started_forms_are_accepted(subject: Subject) -> Iterator[Finding]:
    """With the example of this service, the form is complete and right there, and brings every document needed."""
    service = subject.service
    for task, place in _starting(subject):
        other = subject.services.get(str(task.start))
        if other is None:
            continue
        known = [field.name for field in other.form.fields]
        strange = [name for name in task.form if name not in known]
        for name in strange:
            message = f"`{other.code}` has no field `{name}`; {closest(name, known)}"
            yield Finding("field-unknown", (*place, "form", name), message)
        if not strange:
            yield from _accepted(service, task, other, place)


def _accepted(service: Service, task: TaskSpec, other: Service, place: Place) -> Iterator[Finding]:
    context = forms.context_of(service, forms.example(service, FIRST_DAY), today=FIRST_DAY)
    try:
        context["item"] = next(iter(items(task, context)), None) if task.each else None
        form = filled(task, other, context)
        faults = forms.faults(other, form, today=FIRST_DAY)
    except ValueError as error:
        yield Finding("example-fails", (*place, "form"), f"with the example, {error}")
        return
    for fault in faults:
        message = f"with the example, `{other.code}` refuses {fault.pointer}: {fault.message['en']}"
        yield Finding("start-refused", (*place, "form"), message)
    if not faults:
        needed = forms.documents_needed(other, forms.context_of(other, form, today=FIRST_DAY))
        for kind in needed:
            if kind.required and kind.kind not in task.documents:
                message = f"`{other.code}` needs `{kind.kind}`; hand it over: `documents: [{kind.kind}]`"
                yield Finding("start-without-document", place, message)


def _comes_back(subject: Subject, other: Service) -> bool:
    todo, seen = [other], set[str]()
    while todo:
        one = todo.pop()
        if one.code == subject.service.code:
            return True
        if one.code not in seen:
            seen.add(one.code)
            todo += [subject.services[code] for code in started_by(one) if code in subject.services]
    return False


def started_by(service: Service) -> list[str]:
    """Give the services of which this one starts cases."""
    return [str(task.start) for task, _ in _starting(Subject(service, {}))]


def _starting(subject: Subject) -> list[tuple[TaskSpec, Place]]:
    return [(task, place) for task, _, place in subject.tasks() if task.start]


PROOFS = (only_a_start_has_a_form, started_services_exist)
OF_THE_EXAMPLE = (started_forms_are_accepted,)
