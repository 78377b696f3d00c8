"""Does everything that is referred to exist, under one name?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from functions.domain.service import (
    NOTICES,
    AssessStep,
    CheckStep,
    ChooseStep,
    ConsultStep,
    CorrectStep,
    HoldStep,
    OutcomeStep,
    PayStep,
    PublishStep,
    RankStep,
    Service,
    Step,
    TallyStep,
    TaskStep,
)
from infra.compiler.define import ENDED, RESERVED
from infra.compiler.finding import Finding, Place
from infra.compiler.prove.subject import Subject, closest

LONGEST_NAME = 80
"""Characters in the name of a state."""


def application_exists(subject: Subject) -> Iterator[Finding]:
    """A case begins with the process `application`."""
    process = subject.service.processes.get("application")
    if process is None:
        yield Finding(
            "application-missing", ("processes",), "write a process `application`: a case begins with it"
        )
    elif process.opened_by != "submit":
        place = ("processes", "application", "opened_by")
        yield Finding(
            "application-missing", place, "`application` is opened by submitting: take `opened_by` out"
        )


def names_are_unique(subject: Subject) -> Iterator[Finding]:
    for walk in subject.walks:
        found: list[tuple[str, Place]] = [(step.name, place) for step, place in walk.steps()]
        found += [
            (task.name, place)
            for task, step, place in walk.tasks()
            if task.name != step.name or len(step.of) > 1
        ]
        yield from _doubled("name-doubled", found, "name each step and task of a process differently")


def titles_can_be_states(subject: Subject) -> Iterator[Finding]:
    """A step's English title is the name of its state."""
    for walk in subject.walks:
        titles = [(step.title.en, (*place, "title", "en")) for step, place in walk.steps()]
        yield from _doubled("title-doubled", titles, "give each step of a process its own English title")
        for title, place in titles:
            if len(title) > LONGEST_NAME:
                yield Finding(
                    "title-long",
                    place,
                    f"`{title}` has {len(title)} characters; a state's name has at most 80",
                )
            if title in RESERVED or title.startswith(ENDED):
                yield Finding(
                    "title-reserved", place, f"`{title}` is the name of a state of its own; choose another"
                )


def steps_exist(subject: Subject) -> Iterator[Finding]:
    for walk in subject.walks:
        known = walk.graph.edges
        for step, place in walk.steps():
            for key, to in _targets(step):
                if to not in known:
                    message = f"there is no step `{to}` in this process; {closest(to, known)}"
                    yield Finding("step-unknown", (*place, *key), message)


def processes_exist(subject: Subject) -> Iterator[Finding]:
    known = subject.service.processes
    for step, place in subject.steps():
        if isinstance(step, OutcomeStep) and step.opens and step.opens not in known:
            message = f"there is no process `{step.opens}`; {closest(step.opens, known)}"
            yield Finding("process-unknown", (*place, "opens"), message)


def appeals_are_against_processes(subject: Subject) -> Iterator[Finding]:
    known = subject.service.processes
    for name, process in known.items():
        for at, other in enumerate(process.against):
            if other not in known or process.opened_by != "appeal":
                message = f"only an appeal is `against` a process, and one of these: {', '.join(known)}"
                yield Finding("process-unknown", ("processes", name, "against", at), message)


def later_processes_are_opened_when_due(subject: Subject) -> Iterator[Finding]:
    """What is to open by itself exists, and what opens by itself is named by an outcome."""
    processes = subject.service.processes
    named = set()
    for step, place in subject.steps():
        if isinstance(step, OutcomeStep) and step.later:
            named.add(step.later.opens)
            ends = any(
                kind in subject.service.permits and subject.service.permits[kind].valid_for
                for kind in step.issue
            )
            if step.later.before_end and not ends:
                message = f"`{step.name}` issues no permit with `valid_for`, so nothing ends; write `after:` instead"
                yield Finding("end-unknown", (*place, "later", "before_end"), message)
            process = processes.get(step.later.opens)
            if process is None or process.opened_by != "due":
                due = [name for name, process in processes.items() if process.opened_by == "due"]
                wanted = step.later.opens
                message = f"there is no process `{wanted}` that is opened by `due`; {closest(wanted, due)}"
                yield Finding("process-unknown", (*place, "later", "opens"), message)
    for name, process in processes.items():
        if process.opened_by == "due" and name not in named:
            message = f"nothing opens `{name}`; name it in the `later` of an outcome"
            yield Finding("process-unopened", ("processes", name), message)


def changed_fields_exist(subject: Subject) -> Iterator[Finding]:
    known = [field.name for field in subject.service.form.fields]
    for name, process in subject.service.processes.items():
        for key, fields in (("changes", process.changes), ("asks", process.asks)):
            for at, field in enumerate(fields):
                if field not in known:
                    message = f"there is no field `{field}`; {closest(field, known)}"
                    yield Finding("field-unknown", ("processes", name, key, at), message)


def what_is_asked_later_is_asked(subject: Subject) -> Iterator[Finding]:
    """Only a process that a person opens can ask for something of its own."""
    for name, process in subject.service.processes.items():
        if (process.asks or process.brings) and process.opened_by in ("submit", "due", "round"):
            key = "asks" if process.asks else "brings"
            message = (
                f"nobody is asked when `{name}` opens (`opened_by: {process.opened_by}`); take `{key}` out"
            )
            yield Finding("asked-by-nobody", ("processes", name, key), message)


def documents_exist(subject: Subject) -> Iterator[Finding]:
    kinds = [document.kind for document in subject.service.documents]
    places: list[tuple[str, Place]] = [(kind, ("documents", at)) for at, kind in enumerate(kinds)]
    yield from _doubled("document-doubled", places, "describe each kind of document once")
    wanted = [
        ((*place, "documents", at), kind)
        for task, _, place in subject.tasks()
        for at, kind in enumerate(task.documents)
    ]
    wanted += [
        (("processes", name, "brings", at), kind)
        for name, process in subject.service.processes.items()
        for at, kind in enumerate(process.brings)
    ]
    for at_place, kind in wanted:
        if kind not in kinds:
            message = f"there is no document `{kind}`; {closest(kind, kinds)}"
            yield Finding("document-unknown", at_place, message)


def permits_exist(subject: Subject) -> Iterator[Finding]:
    known = subject.service.permits
    for step, place in subject.steps():
        for kind in step.issue if isinstance(step, OutcomeStep) else ():
            if kind not in known:
                message = f"there is no permit `{kind}`; {closest(kind, known)}"
                yield Finding("permit-unknown", (*place, "issue"), message)
        for kind in step.permits if isinstance(step, PublishStep) else ():
            if kind not in known:
                message = f"there is no permit `{kind}`; {closest(kind, known)}"
                yield Finding("permit-unknown", (*place, "permits"), message)


def letters_exist(subject: Subject) -> Iterator[Finding]:
    known = subject.service.letters
    wanted: list[tuple[str, Place]] = [
        (permit.letter, ("permits", name, "letter")) for name, permit in subject.service.permits.items()
    ]
    wanted += [
        (step.letter, (*place, "letter"))
        for step, place in subject.steps()
        if isinstance(step, OutcomeStep | PublishStep) and step.letter
    ]
    for letter, place in wanted:
        if letter not in known:
            yield Finding("letter-unknown", place, f"there is no letter `{letter}`; {closest(letter, known)}")


def notices_exist(subject: Subject) -> Iterator[Finding]:
    for event in subject.service.notices:
        if event not in NOTICES:
            message = f"nothing is told of `{event}`; {closest(event, NOTICES)}"
            yield Finding("notice-unknown", ("notices", event), message)


def facts_exist(subject: Subject) -> Iterator[Finding]:
    known = facts_of(subject.service)
    for fact in subject.service.publication.facts:
        if fact not in known:
            message = f"there is no fact `{fact}` to publish; {closest(fact, known)}"
            yield Finding("fact-unknown", ("publication", "facts", fact), message)
    for fact in subject.service.called:
        if fact not in known:
            message = f"there is no fact `{fact}` to be called something; {closest(fact, known)}"
            yield Finding("fact-unknown", ("called", fact), message)


def unique_fields_exist(subject: Subject) -> Iterator[Finding]:
    known = [field.name for field in subject.service.form.fields]
    for at, name in enumerate(one.field for one in subject.service.unique):
        if name not in known:
            message = f"there is no field `{name}`; {closest(name, known)}"
            yield Finding("field-unknown", ("unique", at), message)


def the_own_number_is_a_field(subject: Subject) -> Iterator[Finding]:
    known = [field.name for field in subject.service.form.fields]
    own = subject.service.own
    if own and own.field not in known:
        message = f"there is no field `{own.field}`; {closest(own.field, known)}"
        yield Finding("field-unknown", ("own", "field"), message)


def rules_point_at_fields(subject: Subject) -> Iterator[Finding]:
    known = [f"/{field.name}" for field in subject.service.form.fields]
    rules = [(rule, ("form", "rules", at)) for at, rule in enumerate(subject.service.form.rules)]
    for step, place in subject.steps():
        if isinstance(step, CorrectStep):
            rules += [(rule, (*place, "rules", at)) for at, rule in enumerate(step.rules)]
    for rule, here in rules:
        if rule.pointer and rule.pointer not in known:
            message = f"`{rule.pointer}` points at no field; {closest(rule.pointer, known)}"
            yield Finding("field-unknown", (*here, "pointer"), message)


def fee_lines_are_unique(subject: Subject) -> Iterator[Finding]:
    if subject.service.fee:
        codes: list[tuple[str, Place]] = [
            (line.code, ("fee", "lines", at)) for at, line in enumerate(subject.service.fee.lines)
        ]
        yield from _doubled("fee-line-doubled", codes, "give each line of the fee its own code")


def check_rules_are_unique(subject: Subject) -> Iterator[Finding]:
    for step, place in subject.steps():
        if isinstance(step, CheckStep | CorrectStep):
            codes: list[tuple[str, Place]] = [
                (rule.code, (*place, "rules", at)) for at, rule in enumerate(step.rules)
            ]
            yield from _doubled("check-rule-doubled", codes, "give each rule of a step its own code")


def facts_of(service: Service) -> frozenset[str]:
    """Give every fact that a case of a service may have: from its form, and those that its steps find out."""
    steps = (step for process in service.processes.values() for step in process.steps)
    found = [step.facts for step in steps if isinstance(step, TallyStep | RankStep)]
    return frozenset(service.facts).union(*found, ["follows"] if service.follows else [])


def _targets(step: Step) -> Iterator[tuple[tuple[str | int, ...], str]]:
    wanted: list[tuple[tuple[str | int, ...], str | None]] = [(("then",), step.then)]
    match step:
        case TaskStep() | ConsultStep():
            wanted += [(("returned",), step.returned), (("rejected",), step.rejected)]
            wanted += [(("by_law",), step.by_law)]
        case CorrectStep():
            wanted += [(("lapsed",), step.lapsed), (("exhausted",), step.exhausted)]
        case PayStep():
            wanted += [(("lapsed",), step.lapsed), (("overdue",), step.overdue)]
        case AssessStep():
            wanted += [(("overpaid",), step.overpaid)]
        case HoldStep():
            aside = ("rejected", "lapsed", "again", "exhausted")
            wanted += [((key,), getattr(step, key)) for key in aside]
        case CheckStep():
            wanted += [(("failed",), step.failed)]
        case ChooseStep():
            wanted += [(("branches", at, "then"), branch.then) for at, branch in enumerate(step.branches)]
        case _:
            pass
    return ((key, to) for key, to in wanted if to)


def _doubled(code: str, found: Iterable[tuple[str, Place]], remedy: str) -> Iterator[Finding]:
    pairs = list(found)
    counts = Counter(name for name, _ in pairs)
    told: set[str] = set()
    for name, place in reversed(pairs):
        if counts[name] > 1 and name not in told:
            told.add(name)
            yield Finding(code, place, f"`{name}` occurs {counts[name]} times; {remedy}")


PROOFS = (
    application_exists,
    names_are_unique,
    titles_can_be_states,
    steps_exist,
    processes_exist,
    documents_exist,
    permits_exist,
    letters_exist,
    notices_exist,
    facts_exist,
    unique_fields_exist,
    the_own_number_is_a_field,
    rules_point_at_fields,
    later_processes_are_opened_when_due,
    changed_fields_exist,
    what_is_asked_later_is_asked,
    appeals_are_against_processes,
    fee_lines_are_unique,
    check_rules_are_unique,
)
