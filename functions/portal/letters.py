"""The letter that an answer issues, on the pages of its task: shown as it will be, open where it may be written.

Nothing is signed that was not on the page: the form carries the fingerprint of the letter that it shows, and an answer
whose letter has another one is shown first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from functions.api import tasks as api
from functions.domain.errors import Fault, Invalid, LoketError
from functions.portal import progress
from functions.portal.visit import Visit, checked


@dataclass(frozen=True)
class Shown:
    """The letters of one answer; unless they are ``final`` others are still asked. ``files`` are drafts on paper.

    ``hand`` tells whether the answer signs them, alone or with others, or puts initials on them. ``awaited`` are those
    who have still to answer: their office, and what it is asked.
    """

    action: api.ActionAnswer
    letters: list[dict[str, Any]]
    words: list[api.WordsAnswer]
    mark: str
    final: bool
    files: list[str]
    hand: str
    awaited: list[tuple[str, str]]


@dataclass(frozen=True)
class Found:
    """What an answer to one of many tasks would issue, if anything; ``obstacle`` is why it cannot be given.

    ``typed`` is what was written in its letter. With ``faults`` that cannot stand so, and the letter is without it.
    """

    task: str
    letter: api.LettersAnswer | None = None
    obstacle: str = ""
    typed: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def issues(task: api.TaskAnswer, action: str) -> api.ActionAnswer | None:
    """Give the answer of this name if it issues a letter."""
    return next((one for one in task.actions if one.name == action and one.letter), None)


def look(
    visit: Visit, task: str, action: api.ActionAnswer, comment: str | None, data: Any, *, files: bool = False
) -> Shown:
    """Draw the letters of an answer; raises whatever the answer itself would raise."""
    body = checked(api.Complete, action=action.name, comment=comment, data=data)
    found = visit.ask(api.letter, task, body=body, query=api.LetterQuery(files=files))
    return Shown(
        action,
        found.letters,
        found.words,
        found.shown,
        found.final,
        found.files or [],
        found.hand,
        awaited(visit, found),
    )


def awaited(visit: Visit, found: api.LettersAnswer) -> list[tuple[str, str]]:
    """Give who has still to answer, in words: the office, and what it is asked."""
    return [(progress.office(one.role, visit.language), one.title) for one in found.awaited]


def of_many(visit: Visit, body: api.Bulk) -> list[Found]:
    """Draw the letters of the same answer to many tasks, and say of which it cannot be given."""
    return [_found(visit, task, body, (body.words or {}).get(task, {})) for task in body.tasks]


def _found(visit: Visit, task: str, body: api.Bulk, typed: Mapping[str, Any]) -> Found:
    try:
        return Found(task, _drawn(visit, task, body, typed), typed=typed)
    except LoketError as error:
        if typed and isinstance(error, Invalid):
            return replace(_found(visit, task, body, {}), typed=typed, faults=tuple(error.faults))
        issues_none = getattr(error, "code", "") == "no-letter"
        return Found(task, obstacle="" if issues_none else visit.text(error.message))


def _drawn(visit: Visit, task: str, body: api.Bulk, typed: Mapping[str, Any]) -> api.LettersAnswer:
    data = {"letter": {"words": typed}} if typed else None
    one = checked(api.Complete, action=body.action, comment=body.comment, data=data)
    answer: api.LettersAnswer = visit.ask(api.letter, task, body=one, query=api.LetterQuery())
    return answer


def first(visit: Visit, task: api.TaskAnswer, comment: str | None, data: Mapping[str, Any]) -> Shown | None:
    """Draw the letter of the first answer that can be given as the page stands, if any issues one.

    What is wrong in what was typed is said elsewhere; then the standard letter is shown.
    """
    action = next((one for one in task.actions if one.letter and one.comment == "optional"), None)
    if action is None:
        return None
    for said in ((comment, data), (None, {})):
        try:
            return look(visit, task.id, action, *said)
        except LoketError:
            continue
    return None


def written(visit: Visit, task: str = "") -> dict[str, dict[str, str]]:
    """Give what was typed into the letter, by paragraph and language; what was left blank was not.

    Where a page shows the letters of many tasks, ``task`` says which is meant.
    """
    found: dict[str, dict[str, str]] = {}
    before = _before(task)
    for name in visit.fields if visit.request.method == "POST" else ():
        if name.startswith(before):
            paragraph, _, language = name.removeprefix(before).rpartition("-")
            found.setdefault(paragraph, {})[language] = visit.field(name)
    return {name: pair for name, pair in found.items() if any(pair.values())}


def _before(task: str) -> str:
    return f"words-{task}-" if task else "words-"


def places(words: Iterable[api.WordsAnswer], task: str = "") -> dict[str, str]:
    """Give where on the page stands what the API points to."""
    return {
        f"/data/letter/words/{one.name}/{language}": f"#f-{_before(task)}{one.name}-{language}"
        for one in words
        for language in ("id", "en")
    }
