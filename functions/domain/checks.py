"""Automatic rules: what holds, from which facts, and the sentence that says so in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import events
from functions.domain import form as forms
from functions.domain import words
from functions.domain.case import Writer
from functions.domain.clock import Calendar
from functions.domain.expression import fill, holds, names_below, reads
from functions.domain.service import Branch, CheckRule, CheckStep, ChooseStep, Rule, Service, Text

LONGEST_BACK = timedelta(days=400)
"""Working days are counted back over a little more than a year; of an older date nothing is told."""
ADMISSION = "admission"
"""Under which name it is noted that whoever filed may apply."""
_PASSED = Text(id="Syarat terpenuhi.", en="The requirement is met.")


def check(
    writer: Writer,
    service: Service,
    rules: Iterable[Rule | CheckRule],
    *,
    episode: int,
    step: str,
    context: Mapping[str, Any],
) -> bool:
    """Note what came of each rule; tells whether all of them hold.

    The history keeps as inputs the facts that a rule reads; the answers of the form that it reads stand beside it.
    """
    rules = tuple(rules)
    found = [_checked(rule, service, context) for rule in rules]
    answers = {rule.code: forms.answers_read(rule.must, context) for rule in rules}
    read = {code: given for code, given in answers.items() if given}
    writer.add(
        events.RulesChecked(episode=episode, step=step, version=service.version, checks=found),
        {"inputs": read} if read else None,
        actor="system",
    )
    return all(one["holds"] for one in found)


def admit(writer: Writer, service: Service, calendar: Calendar) -> None:
    """Note that what decides who may apply holds of the answers as they now are, unless it is noted already.

    It was demanded when they came in; whatever the driver writes next has room for it, where the filing has none.
    """
    case, rules = writer.case, [rule for rule in service.form.rules if rule.kind == "eligibility"]
    filed = calendar.day_of(case.submitted_at or writer.now)
    context = context_of(service, case.form or {}, case.facts, calendar, filed)
    known = next((one.rules for one in reversed(case.checks) if one.step == ADMISSION), None)
    if rules and known != [_with_answers(rule, service, context) for rule in rules]:
        check(writer, service, rules, episode=len(case.episodes), step=ADMISSION, context=context)


def note_choice(writer: Writer, service: Service, name: str, *, episode: int, round_: int) -> None:
    """Note which way a choice has taken, from which facts; once for each time that the process passes there."""
    case = writer.case
    process = service.process(case.episodes[episode - 1].process)
    step, rule = process.step(name), f"{service.code}/{name}"
    if not isinstance(step, ChooseStep) or case.found.get(rule, {}).get("turn") == (episode, round_):
        return
    context = {"facts": dict(case.facts)}
    way, branch = way_of(step, context), _branch_of(step, context)
    chosen = {
        "rule": rule,
        "value": way,
        "inputs": inputs_of(" ".join(one.when for one in step.branches), context),
        "sentence": after_title(step.title, (branch and branch.when_words) or process.step(way).title),
    }
    writer.add(
        events.ResultsComputed(
            version=service.version, results=[chosen], episode=episode, step=name, round=round_
        ),
        actor="system",
    )


def after_title(title: Text, words_: Text) -> dict[str, str]:
    """Write what was found after the title of the step that has found it, as one sentence."""

    def said(asked: str, found: str) -> str:
        return f"{asked} {found[0].upper()}{found[1:]}." if asked.endswith("?") else f"{asked}: {found}."

    return {"id": said(title.id, words_.id), "en": said(title.en, words_.en)}


def _with_answers(rule: Rule | CheckRule, service: Service, context: Mapping[str, Any]) -> dict[str, Any]:
    found = _checked(rule, service, context)
    return found | {"inputs": {**found["inputs"], **forms.answers_read(rule.must, context)}}


def hindrances(service: Service, context: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Tell what stands against an application with these answers: each rule that does not hold, with its sentence.

    Who may not even apply is told that alone.
    """
    eligible = [rule for rule in service.form.rules if rule.kind == "eligibility"]
    return _broken(eligible, service, context) or _broken(_foreseen(service, context), service, context)


def _broken(
    rules: Iterable[Rule | CheckRule], service: Service, context: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    failed = [rule for rule in rules if not holds(rule.must, context)]
    return {rule.code: said_of(rule.message, service, context) for rule in failed}


def _foreseen(service: Service, context: Mapping[str, Any]) -> list[CheckRule]:
    """Give the automatic rules that an application meets before anybody is asked: those with which it begins."""
    process = service.process("application")
    step, found = process.steps[0], list[CheckRule]()
    while isinstance(step, CheckStep | ChooseStep):
        if isinstance(step, CheckStep):
            found += step.rules
        step = process.step(way_of(step, context) if isinstance(step, ChooseStep) else process.after(step))
    return found


def context_of(
    service: Service,
    form: Mapping[str, Any],
    facts: Mapping[str, Any] | None,
    calendar: Calendar,
    filed: date,
) -> dict[str, Any]:
    """Give what rules speak of; without ``facts`` they follow from the form."""
    context = forms.context_of(service, form, facts, today=filed)
    return context | {"working_days": working_days(service, form, calendar, filed)}


def _checked(rule: Rule | CheckRule, service: Service, context: Mapping[str, Any]) -> dict[str, Any]:
    held = holds(rule.must, context)
    sentence = (rule.passed or _PASSED) if held else rule.message
    found = {
        "rule": rule.code,
        "holds": held,
        "inputs": inputs_of(rule.must, context),
        "sentence": said_of(sentence, service, context),
    }
    return found | ({"law": rule.law} if rule.law else {})


def way_of(step: ChooseStep, context: Mapping[str, Any]) -> str:
    """Give the name of the step to which a choice leads."""
    branch = _branch_of(step, context)
    return branch.then if branch else step.then


def _branch_of(step: ChooseStep, context: Mapping[str, Any]) -> Branch | None:
    return next((branch for branch in step.branches if holds(branch.when, context)), None)


def working_days(
    service: Service, form: Mapping[str, Any], calendar: Calendar, filed: date
) -> dict[str, int]:
    """Tell for each date of the form, up to the day of filing, how many working days have passed since."""
    dates = {field.name: form.get(field.name) for field in service.form.fields if field.type == "date"}
    days = {name: date.fromisoformat(given) for name, given in dates.items() if given}
    return {
        name: calendar.working_days_between(day, filed)
        for name, day in days.items()
        if timedelta(0) <= filed - day <= LONGEST_BACK
    }


def inputs_of(expression: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Give the facts that an expression reads, with their values."""
    known = context.get("facts", {})
    found = {name: known.get(name) for name in names_below("facts", expression)}
    passed = context.get("working_days", {})
    found |= {f"working_days.{name}": passed.get(name) for name in names_below("working_days", expression)}
    return found | ({"today": context["today"]} if reads("today", expression) else {})


def said_of(sentence: Text, service: Service, context: Mapping[str, Any]) -> dict[str, str]:
    form = context.get("form", {})
    return {
        "id": fill(sentence.id, _known(service, form, context, "id")),
        "en": fill(sentence.en, _known(service, form, context, "en")),
    }


def _known(
    service: Service, form: Mapping[str, Any], context: Mapping[str, Any], language: words.Language
) -> dict[str, Any]:
    return {"facts": context.get("facts", {}), "titles": words.titles(service, form, language)}
