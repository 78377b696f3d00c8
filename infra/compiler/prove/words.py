"""Can every expression be read, does it name what exists, and does nothing personal get out?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from functions.domain import fees
from functions.domain import form as forms
from functions.domain.errors import Fault, LoketError
from functions.domain.expression import evaluate, placeholders
from functions.domain.service import (
    SCOPE_NAMES,
    SCOPES,
    AnswerStep,
    CheckStep,
    ChooseStep,
    CorrectStep,
    FormField,
    HoldStep,
    Letter,
    RankStep,
    Service,
    TallyStep,
    Text,
    WaitStep,
)
from infra.compiler.expressions import FUNCTIONS, UNSTEADY, Unreadable, Uses, uses
from infra.compiler.finding import Finding, Place
from infra.compiler.prove.names import facts_of
from infra.compiler.prove.subject import Subject, closest

OF_A_CALL = ("period", "stage", "waited_months")
"""The facts that a case gets when it is called to a place."""
ALWAYS_PERSONAL = ("email", "phone")
FREE_TEXT = ("long_text",)
FIRST_DAY, DAYS_TRIED = date(2026, 1, 1), 366
"""The days on which the example is tried; fixed, so that a service is proven today as it was yesterday."""


@dataclass(frozen=True)
class Phrase:
    """An expression, the scope that its place gives it, and the place."""

    text: str
    scope: str
    place: Place


def expressions_can_be_read(subject: Subject) -> Iterator[Finding]:
    for phrase in phrases(subject.service):
        try:
            uses(phrase.text)
        except Unreadable as error:
            yield Finding("expression-unreadable", phrase.place, str(error))


def names_are_in_scope(subject: Subject) -> Iterator[Finding]:
    for phrase, used in _readable(subject.service):
        allowed = SCOPES[phrase.scope]
        for path in used.paths:
            if path.names[0] not in allowed:
                message = f"`{path.names[0]}` cannot be used here; {closest(path.names[0], allowed)}"
                yield Finding("name-out-of-scope", phrase.place, message)
        for name in sorted(used.inner & set(allowed)):
            message = f"inside a filter `{name}` is looked for in the item, not here; bind it before: `$x := {name}.…`"
            yield Finding("name-in-filter", phrase.place, message)


def names_exist(subject: Subject) -> Iterator[Finding]:
    known = _known(subject.service)
    for phrase, used in _readable(subject.service):
        for path in used.paths:
            if path.names[0] in SCOPES[phrase.scope]:
                yield from _missing(path.names, known, phrase.place)


def variables_are_bound(subject: Subject) -> Iterator[Finding]:
    for phrase, used in _readable(subject.service):
        for names in sorted(used.variables):
            if names[0] not in FUNCTIONS:
                message = f"`${names[0]}` is bound nowhere; write `${names[0]} := …;` before it"
                yield Finding("variable-unbound", phrase.place, message)


def functions_are_steady(subject: Subject) -> Iterator[Finding]:
    """A service gives the same answer everywhere and every time."""
    for phrase, used in _readable(subject.service):
        for name in sorted(used.functions | {names[0] for names in used.variables}):
            if name in UNSTEADY:
                message = f"`${name}` differs each time; what is recorded once must come out the same again"
                yield Finding("function-unsteady", phrase.place, message)
            elif name in used.functions and name not in FUNCTIONS:
                yield Finding(
                    "function-unknown",
                    phrase.place,
                    f"there is no function `${name}`; {closest(name, FUNCTIONS)}",
                )


def options_exist(subject: Subject) -> Iterator[Finding]:
    """A choice is compared with what can be chosen."""
    options = _options(subject.service)
    for phrase, used in _readable(subject.service):
        for names, text in sorted(used.compared):
            choices = options.get(names)
            if choices is not None and text not in choices:
                message = f"`{'.'.join(names)}` is never `{text}`; {closest(text, choices)}"
                yield Finding("option-unknown", phrase.place, message)


def nothing_is_not_negated(subject: Subject) -> Iterator[Finding]:
    """JSONata's ``$not`` of an answer that is not there is nothing, and nothing counts as false."""
    unsure = {
        ("form", field.name) for field in subject.service.form.fields if field.when or not field.required
    }
    unsure |= {
        ("facts", name) for name, text in subject.service.facts.items() if _names_alone(text) in unsure
    }
    for phrase, used in _readable(subject.service):
        for names in sorted(used.negated & unsure):
            name = ".".join(names)
            message = (
                f"`{name}` may be missing, and `$not` of nothing is not true; write `$not({name} = true)`"
            )
            yield Finding("nothing-negated", phrase.place, message)


def _names_alone(expression: str) -> tuple[str, ...]:
    """Give the names of an expression that is nothing but a path."""
    return tuple(expression.strip().split("."))


def facts_are_impersonal(subject: Subject) -> Iterator[Finding]:
    """Facts enter executions, the history and the register."""
    fields = {field.name: field for field in subject.service.form.fields}
    for phrase, used in _readable(subject.service):
        if phrase.scope != "fact":
            continue
        for path in used.paths:
            field = fields.get(path.names[1]) if len(path.names) > 1 else None
            if field and field.personal:
                message = (
                    f"`{field.name}` is personal and no fact may show it; derive something that names nobody"
                )
                yield Finding("fact-personal", phrase.place, message)
            elif field and field.type in FREE_TEXT:
                message = f"`{field.name}` is free text, in which anybody may be named; no fact may show it"
                yield Finding("fact-personal", phrase.place, message)


def contacts_are_personal(subject: Subject) -> Iterator[Finding]:
    for field, place in _fields(subject.service):
        if field.type in ALWAYS_PERSONAL and not field.personal:
            message = f"`{field.name}` reaches a person; write `personal: true`"
            yield Finding("contact-not-personal", place, message)


def examples_are_given(subject: Subject) -> Iterator[Finding]:
    for field, place in _fields(subject.service):
        if field.example is None and field.example_by is None and field.required:
            yield Finding("example-missing", place, f"`{field.name}` needs an `example`")


def the_example_is_valid(subject: Subject) -> Iterator[Finding]:
    """The form's examples together are one application that could be submitted."""
    service = subject.service
    try:
        faults = _faults_of_the_example(service)
    except ValueError as error:
        yield Finding("example-fails", ("form",), f"with the example, {error}")
        return
    for fault in faults:
        message = f"the example is refused: {fault.message['en']}"
        yield Finding("example-invalid", _field_place(service, fault.pointer), message)


def _faults_of_the_example(service: Service) -> list[Fault]:
    """Where rules look at the day, it is enough that the example could be submitted on some day of a year."""
    faults: list[Fault] = []
    for number in range(DAYS_TRIED if _looks_at_the_day(service) else 1):
        today = FIRST_DAY + timedelta(days=number)
        faults = forms.faults(service, forms.example(service, today), today=today)
        if not faults:
            break
    return faults


def _looks_at_the_day(service: Service) -> bool:
    return any(path.names == ("today",) for _, used in _readable(service) for path in used.paths)


def expressions_hold_for_the_example(subject: Subject) -> Iterator[Finding]:
    """What can be computed from the form is computed for the example, without a fault."""
    service = subject.service
    try:
        context = forms.context_of(service, forms.example(service, FIRST_DAY), today=FIRST_DAY)
    except ValueError as error:
        yield Finding("example-fails", ("facts",), f"with the example, {error}")
        return
    codes = dict.fromkeys((line.code for line in service.fee.lines) if service.fee else (), 0)
    context |= {
        "working_days": {},
        "months_late": 0,
        "due_on": FIRST_DAY.isoformat(),
        "paid": codes,
        "receipts": [],
        "lines": codes,
    }
    for phrase in phrases(service):
        if set(SCOPES[phrase.scope]) <= set(context):
            try:
                evaluate(phrase.text, context)
            except ValueError as error:
                yield Finding("example-fails", phrase.place, f"with the example, {error}")
    yield from _fee_of_the_example(service, context)


def _fee_of_the_example(service: Service, context: Mapping[str, Any]) -> Iterator[Finding]:
    if service.fee:
        try:
            fees.assess(service.fee, context)
        except ValueError:
            pass  # its expression fails, which is said already
        except LoketError as error:
            yield Finding(
                "example-fails", ("fee", "lines"), f"with the example, {error}; every amount is a number"
            )


def phrases(service: Service) -> Iterator[Phrase]:
    """Give every expression of a service with its place."""
    for field, place in _fields(service):
        yield from _optional(field.when, "form", (*place, "when"))
        yield from _optional(field.example_by, "example", (*place, "example_by"))
    for at, rule in enumerate(service.form.rules):
        yield Phrase(rule.must, "rule", ("form", "rules", at, "must"))
        if rule.passed:
            yield from _in_text(rule.passed, "permit", ("form", "rules", at, "passed"))
    for at, document in enumerate(service.documents):
        yield from _optional(document.when, "document", ("documents", at, "when"))
    for name, text in service.facts.items():
        yield Phrase(text, "fact", ("facts", name))
    for name, one in service.computed.items():
        yield Phrase(one.value, "computed", ("computed", name))
        if one.words:
            yield from _in_text(one.words, "meaning", ("computed", name, "words"))
    for at, due in enumerate(service.fee.due if service.fee else ()):
        yield from _optional(due.when, "due", ("fee", "due", at, "when"))
        yield Phrase(due.after, "due", ("fee", "due", at, "after"))
    for at, line in enumerate(service.fee.lines if service.fee else ()):
        yield Phrase(line.amount, "fee", ("fee", "lines", at, "amount"))
        yield from _optional(line.when, "fee", ("fee", "lines", at, "when"))
    yield from _optional(service.clock.term_by, "task", ("clock", "term_by"))
    if service.line:
        yield from _optional(service.line.places_a_year, "line", ("line", "places_a_year"))
        for at, reserve in enumerate(service.line.reserves):
            yield Phrase(reserve.order, "line", ("line", "reserves", at, "order"))
            yield Phrase(reserve.until, "line", ("line", "reserves", at, "until"))
        for at, group in enumerate(service.line.second_stage.groups if service.line.second_stage else ()):
            place = ("line", "second_stage", "groups", at)
            yield from _optional(group.order, "line", (*place, "order"))
            yield from _optional(group.beside and group.beside.number, "line", (*place, "beside", "number"))
    if service.deposit:
        yield Phrase(service.deposit.amount, "deposit", ("deposit", "amount"))
    yield from _of_processes(service)
    for name, permit in service.permits.items():
        yield from _in_text(permit.allows, "permit", ("permits", name, "allows"))
    for name, letter in service.letters.items():
        yield from _of_letter(letter, ("letters", name))
    for name, notice in service.notices.items():
        yield from _in_text(notice.subject, "notice", ("notices", name, "subject"))
        yield from _in_text(notice.body, "notice", ("notices", name, "body"))


def _of_processes(service: Service) -> Iterator[Phrase]:
    for walk in Subject(service, {}).walks:
        for task, _, place in walk.tasks():
            yield from _optional(task.when, "task", (*place, "when"))
            yield from _optional(task.within_by, "task", (*place, "within_by"))
            yield from _optional(task.each, "task", (*place, "each"))
            if task.item_words:
                yield from _in_text(task.item_words, "item", (*place, "item_words"))
            yield from _optional(task.until, "task", (*place, "until"))
            for name, text in task.form.items():
                yield Phrase(text, "start", (*place, "form", name))
        for step, place in walk.steps():
            if isinstance(step, WaitStep):
                yield from _optional(step.until, "route", (*place, "until"))
            if isinstance(step, ChooseStep):
                for at, branch in enumerate(step.branches):
                    yield Phrase(branch.when, "route", (*place, "branches", at, "when"))
            elif isinstance(step, CorrectStep):
                yield from _optional(step.until, "task", (*place, "until"))
                for at, one in enumerate(step.rules):
                    yield Phrase(one.must, "mended", (*place, "rules", at, "must"))
            elif isinstance(step, AnswerStep):
                yield from _optional(step.when, "child", (*place, "when"))
                for name, text in step.facts.items():
                    yield Phrase(text, "row", (*place, "facts", name))
                if step.reasons:
                    yield from _in_text(step.reasons, "row", (*place, "reasons"))
            elif isinstance(step, TallyStep | RankStep):
                if isinstance(step, RankStep):
                    yield Phrase(step.criteria, "route", (*place, "criteria"))
                    yield from _optional(step.weights, "route", (*place, "weights"))
                    for at, tie in enumerate(step.ties):
                        yield Phrase(tie.by, "row", (*place, "ties", at, "by"))
                for name, text in step.facts.items():
                    yield Phrase(text, "children", (*place, "facts", name))
                if isinstance(step, TallyStep) and step.words:
                    yield from _in_text(step.words, "found", (*place, "words"))
            elif isinstance(step, WaitStep):
                yield from _optional(step.until, "route", (*place, "until"))
            elif isinstance(step, HoldStep):
                yield from _optional(step.pending, "child", (*place, "pending"))
                yield from _optional(step.again_when, "child", (*place, "again_when"))
            elif isinstance(step, CheckStep):
                for at, rule in enumerate(step.rules):
                    here = (*place, "rules", at)
                    yield Phrase(rule.must, "check", (*here, "must"))
                    yield from _in_text(rule.message, "permit", (*here, "message"))
                    if rule.passed:
                        yield from _in_text(rule.passed, "permit", (*here, "passed"))


def _of_letter(letter: Letter, place: Place) -> Iterator[Phrase]:
    yield from _in_text(letter.title, "letter", (*place, "title"))
    for at, block in enumerate(letter.blocks):
        here = (*place, "blocks", at)
        for key, text in (
            ("paragraph", block.paragraph), ("imposed", block.imposed), ("note", block.note)
        ):  # fmt: skip
            if text:
                yield from _in_text(text, "letter", (*here, key))
        for number, condition in enumerate(block.conditions or ()):
            yield from _in_text(condition, "letter", (*here, "conditions", number))
        if block.written and block.written.text:
            yield from _in_text(block.written.text, "letter", (*here, "written", "text"))
        if block.each:
            yield from _in_text(block.each.label, "row", (*here, "each", "label"))
            yield Phrase(block.each.value, "row", (*here, "each", "value"))
        for number, fact in enumerate(block.facts or ()):
            yield Phrase(fact.value, "letter", (*here, "facts", number, "value"))


def _optional(text: str | None, scope: str, place: Place) -> Iterator[Phrase]:
    if text is not None:
        yield Phrase(text, scope, place)


def _in_text(text: Text, scope: str, place: Place) -> Iterator[Phrase]:
    for language, words in text.pair().items():
        for expression in placeholders(words):
            yield Phrase(expression, scope, (*place, language))


def _readable(service: Service) -> Iterator[tuple[Phrase, Uses]]:
    for phrase in phrases(service):
        try:
            yield phrase, uses(phrase.text)
        except Unreadable:
            continue


def _known(service: Service) -> Mapping[str, Any]:
    codes = {line.code: None for line in service.fee.lines} if service.fee else {}
    choices = {field.name: None for field in service.form.fields if field.type == "choice"}
    return {
        "form": {field.name: None for field in service.form.fields},
        "before": {field.name: None for field in service.form.fields},
        "facts": dict.fromkeys((*sorted(facts_of(service)), *(OF_A_CALL if service.line else ()))),
        "titles": choices,
        "values": service.constants,
        "computed": dict.fromkeys(service.computed),
        "today": None,
        "children": None,
        "child": None,
        "item": None,
        "since": None,
        "working_days": {field.name: None for field in service.form.fields if field.type == "date"},
        "issued": {kind.replace("-", "_"): None for kind in service.permits},
        "months_late": None,
        "due_on": None,
        "paid": codes,
        "receipts": None,
        "lines": codes,
        **{name: dict.fromkeys(below) for name, below in SCOPE_NAMES.items()},
    }


def _missing(names: tuple[str, ...], known: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    below: Any = known
    for at, name in enumerate(names):
        if not isinstance(below, Mapping):
            return
        if name not in below:
            message = f"there is no `{'.'.join(names[: at + 1])}`; {closest(name, below)}"
            yield Finding("name-unknown", place, message)
            return
        below = below[name]
    if len(names) == 1 and isinstance(below, Mapping) and below:
        yield Finding("name-unknown", place, f"say which one: `{names[0]}.…`; {closest('', below)}")


def _options(service: Service) -> dict[tuple[str, ...], list[str]]:
    """Give what can be chosen, for fields and for the facts that show them as they are."""
    found: dict[tuple[str, ...], list[str]] = {
        ("form", field.name): [str(option.value) for option in field.options]
        for field in service.form.fields
        if field.type == "choice"
    }
    for name, text in service.facts.items():
        alias = tuple(text.strip().split("."))
        if alias in found:
            found["facts", name] = found[alias]
    return found


def _fields(service: Service) -> Iterator[tuple[FormField, Place]]:
    for group_at, group in enumerate(service.form.groups):
        for at, field in enumerate(group.fields):
            yield field, ("form", "groups", group_at, "fields", at)


def _field_place(service: Service, pointer: str) -> Place:
    name = pointer.lstrip("/").split("/")[0]
    return next((place for field, place in _fields(service) if field.name == name), ("form",))


PROOFS = (
    expressions_can_be_read,
    names_are_in_scope,
    names_exist,
    variables_are_bound,
    functions_are_steady,
    options_exist,
    nothing_is_not_negated,
    facts_are_impersonal,
    contacts_are_personal,
    examples_are_given,
)
OF_THE_EXAMPLE = (the_example_is_valid, expressions_hold_for_the_example)
