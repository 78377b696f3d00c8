"""Is every text written in both languages, each under its own?

A text that stands twice alike was mostly forgotten when it was translated; names and numbers are the same in both. One
that has more of the small words of the other language than of its own stands under the wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from functions.domain.expression import names_below
from functions.domain.service import CheckStep, ChooseStep, Service, Text
from infra.compiler.finding import Finding, Place
from infra.compiler.prove.subject import Subject

_SMALL_WORDS = {
    "id": re.compile(
        r"\b(?:yang|dan|untuk|dengan|dari|tidak|atau|pada|ini|itu|oleh|dalam|anda|belum|sudah|ke|di|bila|agar|hanya|"
        r"setiap|akan|dapat|telah|sampai|lebih|juga|bukan|seperti|paling|karena)\b"
    ),
    "en": re.compile(
        r"\b(?:the|and|of|for|with|not|or|on|this|that|by|in|you|your|is|are|to|from|it|be|has|have|been|who|at|as|was|"
        r"will|which|may|can|its)\b"
    ),
}
_OTHER = {"id": "en", "en": "id"}
_NAMES = {"id": "Indonesian", "en": "English"}
_NO_WORDS = re.compile(r"\{\{.*?\}\}|\{.*?\}|`[^`]*`")
_UNNAMED = re.compile(r"(?<!\S)[a-z]{3,}")
"""A word that begins small, and so is no name."""


def texts_are_translated(subject: Subject) -> Iterator[Finding]:
    for place, text in texts_in(subject.service):
        if is_repeated(text.pair()):
            message = "the same words stand in both languages; translate them"
            yield Finding("text-untranslated", place, message)


def texts_are_in_their_language(subject: Subject) -> Iterator[Finding]:
    for place, text in texts_in(subject.service):
        for language in foreign(text.pair()):
            message = f"this is {_NAMES[_OTHER[language]]}; write it in {_NAMES[language]}"
            yield Finding("text-misplaced", (*place, language), message)


def figures_are_called_something(subject: Subject) -> Iterator[Finding]:
    """What a fee or a named result is computed from is shown to people, and a code is no name."""
    service = subject.service
    options = {str(option.value) for field in service.form.fields for option in field.options}
    for name in figures_shown(service):
        figure = service.titled[name]
        place: Place = ("values", name) if name in service.values else ("fee", "values", name)
        if figure.title is None:
            message = (
                f"`values.{name}` is shown to people who ask how a figure was computed; write what it is called: "
                f"`{name}: {{title: {{id: …, en: …}}, value: …}}`"
            )
            yield Finding("value-untitled", place, message)
        unnamed = sorted(_rows(figure.value) - options - figure.rows.keys())
        if unnamed:
            rows = ", ".join(f"{row}: {{id: …, en: …}}" for row in unnamed)
            message = f"its table has rows that are no choice of the form; say in `rows` what they are called: `{rows}`"
            yield Finding("value-untitled", place, message)


def facts_are_called_something(subject: Subject) -> Iterator[Finding]:
    """What a rule has read is shown beside it: by the question that asked it, or by what it is called."""
    service = subject.service
    known = (
        {field.name for field in service.form.fields}
        | service.called.keys()
        | service.publication.facts.keys()
    )
    for name in facts_shown(service):
        if name not in known:
            message = (
                f"`facts.{name}` is shown beside the rule that reads it; write what it is called: "
                f"`called: {{{name}: {{title: {{id: …, en: …}}}}}}`, with `words` where it is one of a few codes"
            )
            yield Finding("fact-untitled", ("facts", name), message)


def facts_shown(service: Service) -> list[str]:
    """Give the names of the facts that checks, ways, fees and named results read."""
    steps = [step for process in service.processes.values() for step in process.steps]
    read = _formulas(service)
    read += [rule.must for step in steps if isinstance(step, CheckStep) for rule in step.rules]
    read += [one.when for step in steps if isinstance(step, ChooseStep) for one in step.branches]
    noted = service.facts.keys() | {name for step in steps for name in getattr(step, "facts", ())}
    return [name for name in names_below("facts", " ".join(read)) if name in noted]


def figures_shown(service: Service) -> list[str]:
    """Give the names of the values that are read by what people are shown as computed."""
    return [name for name in names_below("values", " ".join(_formulas(service))) if name in service.titled]


def _formulas(service: Service) -> list[str]:
    """Give the expressions of the fee's lines and of the named results."""
    lines = service.fee.lines if service.fee else ()
    read = [one.value for one in service.computed.values()]
    return read + [text for line in lines for text in (line.amount, line.when) if text]


def _rows(value: Any) -> set[str]:
    """Give the keys of a table, nested ones too."""
    if isinstance(value, list | tuple):
        return set().union(*map(_rows, value))
    return (
        {str(key) for key in value}.union(*map(_rows, value.values()))
        if isinstance(value, Mapping)
        else set()
    )


def texts_in(value: Any, place: Place = ()) -> Iterator[tuple[Place, Text]]:
    """Give every text of a model with its place."""
    if isinstance(value, Text):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from texts_in(getattr(value, name), (*place, name))
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from texts_in(one, (*place, name))
    elif isinstance(value, tuple | list):
        for at, one in enumerate(value):
            yield from texts_in(one, (*place, at))


def is_repeated(pair: Mapping[str, str]) -> bool:
    """Tell whether both languages say the same in words that are no names."""
    said = {" ".join(text.split()) for text in pair.values()}
    return len(said) == 1 and _UNNAMED.search(_NO_WORDS.sub(" ", said.pop())) is not None


def foreign(pair: Mapping[str, str]) -> list[str]:
    """Give under which languages a text of the other one stands."""
    return [
        language
        for language in pair
        if _small(pair, language, _OTHER[language]) > _small(pair, language, language)
    ]


def _small(pair: Mapping[str, str], under: str, language: str) -> int:
    """Count the small words of a language in the text under this one."""
    return len(_SMALL_WORDS[language].findall(_NO_WORDS.sub(" ", pair[under]).lower()))


PROOFS = (
    texts_are_translated,
    texts_are_in_their_language,
    figures_are_called_something,
    facts_are_called_something,
)
