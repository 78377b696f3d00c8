"""The same for every member of a list: one obligation in a definition, one task for each item.

The items are facts, so they may stand in events. A task is named by its item, not by its place in the list: whoever
has agreed in an earlier round is found again when the list has changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from functions.domain.errors import LoketError
from functions.domain.expression import evaluate, fill
from functions.domain.service import TaskSpec, Text

Item = str | int | float


def asked(specs: Iterable[TaskSpec], context: Mapping[str, Any]) -> Iterator[tuple[TaskSpec, Item | None]]:
    """Give every obligation that these specs stand for, those with a list once for each item.

    Raises `LoketError` for a list that is longer than the service allows, or is none.
    """
    for spec in specs:
        if spec.each is None:
            yield spec, None
        else:
            for item in items(spec, context):
                yield of(spec, item, context), item


def items(spec: TaskSpec, context: Mapping[str, Any]) -> list[Item]:
    """Give the items of a list, each once; nothing is an empty list, a single value a list of one."""
    found = evaluate(str(spec.each), context)
    listed = [] if found is None else found if isinstance(found, list) else [found]
    if not all(isinstance(one, Item) and not isinstance(one, bool) for one in listed):
        raise LoketError(f"`each` of {spec.name} gives something else than texts and numbers")
    distinct = list(dict.fromkeys(listed))
    if len(distinct) > spec.most:
        raise LoketError(f"`each` of {spec.name} gives {len(distinct)} items, and `at_most` is {spec.most}")
    return distinct


def of(spec: TaskSpec, item: Item, context: Mapping[str, Any]) -> TaskSpec:
    """Give the obligation for one item: with a name, a title and a role of its own."""
    known = {**context, "item": item}
    words = {language: fill(text, known) for language, text in (spec.item_words or _ITSELF).pair().items()}
    title = {language: f"{text}: {words[language]}" for language, text in spec.title.pair().items()}
    return spec.model_copy(
        update={
            "name": name_of(spec.name, item),
            "title": Text(**title),
            "role": spec.roles.get(str(item), spec.role),
        }
    )


def name_of(name: str, item: Item) -> str:
    """Give the name of an item's task: the item itself where it can stand in a name, else its digest."""
    text = str(item)
    plain = re.fullmatch(r"[a-z0-9-]{1,20}", text)
    return f"{name}-{text if plain else hashlib.sha256(text.encode()).hexdigest()[:12]}"


def stands_for(spec: TaskSpec, name: str) -> bool:
    """Tell whether a task of this name was opened for this spec."""
    return name.startswith(f"{spec.name}-") if spec.each else name == spec.name


_ITSELF = Text(id="{{ item }}", en="{{ item }}")
