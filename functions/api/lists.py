"""Lists: several sorted lists read as one, with one cursor that remembers how far each of them was read."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.domain.errors import Malformed
from functions.ports import Page

Item = dict[str, Any]
Read = Callable[[str | None, int], Page]
Keep = Callable[[Item], bool]
MOST_EXAMINED = 1000
"""A page ends early, with a cursor to go on from, rather than read a long list for a rare match."""

_ENDED = ""


@dataclass
class Source:
    """One list by name; ``read`` gives the page at a cursor, ``keep`` leaves out what the caller may not see."""

    name: str
    read: Read
    keep: Keep = lambda item: True
    limit: int = 50
    position: str | None = None
    """The cursor after the last item taken; `_ENDED` after the last of all."""
    _waiting: list[tuple[Item, str]] = field(default_factory=list)
    _more: str | None = None
    _begun: bool = False

    def head(self) -> Item | None:
        """Give the next item without taking it."""
        while not self._waiting and self.position != _ENDED and not (self._begun and self._more is None):
            page = self.read(self._more if self._begun else self.position, self.limit)
            self._begun, self._more = True, page.next
            self._waiting = list(zip(page.items, page.after, strict=True))
        return self._waiting[0][0] if self._waiting else None

    def take(self) -> Item:
        item, self.position = self._waiting.pop(0)
        return item

    def close(self) -> str | None:
        """Give where to go on."""
        return _ENDED if self.head() is None else self.position


def merged(
    sources: Sequence[Source],
    *,
    order: Callable[[Item], Any],
    limit: int,
    cursor: str | None,
    keep: Keep = lambda item: True,
    descending: bool = False,
) -> Page:
    """Give one page of several lists, each of which is in ``order`` already.

    Raises `Malformed` for a cursor that this list did not give.
    """
    positions = _positions(cursor)
    for source in sources:
        source.position, source.limit = positions.get(source.name), limit
    found: list[Item] = []
    choose = max if descending else min
    for _ in range(MOST_EXAMINED):
        heads = [(head, source) for source in sources if (head := source.head()) is not None]
        if not heads or len(found) == limit:
            break
        _, source = choose(heads, key=lambda pair: order(pair[0]))
        item = source.take()
        if keep(item) and source.keep(item):
            found.append(item)
    return Page(found, _following(sources))


def page_of(
    items: Sequence[Any], name: Callable[[Any], str], limit: int, cursor: str | None
) -> tuple[list[Any], str | None]:
    """Give one page of what is at hand, in the order of its names, and the cursor behind it."""
    after = _positions(cursor).get("after", "")
    rest = [item for item in sorted(items, key=name) if name(item) > after]
    page = rest[:limit]
    return page, _encoded({"after": name(page[-1])}) if len(rest) > limit else None


def matches(wanted: str | None, *texts: str | None) -> bool:
    """Tell whether any of the texts holds the wanted one, whatever the case of its letters."""
    return wanted is None or any(wanted.casefold() in text.casefold() for text in texts if text)


def _following(sources: Iterable[Source]) -> str | None:
    positions = {source.name: source.close() for source in sources}
    if all(position == _ENDED for position in positions.values()):
        return None
    begun = {name: position for name, position in positions.items() if position is not None}
    return _encoded(begun)


def _encoded(positions: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(positions).encode()).decode().rstrip("=")


def _positions(cursor: str | None) -> dict[str, str]:
    if cursor is None:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        raise _bad_cursor() from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _bad_cursor()
    return found


def _bad_cursor() -> Malformed:
    return Malformed(
        {
            "id": "`cursor` tidak berasal dari daftar ini. Mulai lagi tanpa `cursor`.",
            "en": "This `cursor` does not come from this list. Start again without a `cursor`.",
        },
        code="bad-cursor",
    )
