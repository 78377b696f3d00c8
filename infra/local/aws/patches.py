"""Replaces attributes of other people's modules and classes, and gives every one back."""

from __future__ import annotations

from typing import Any

_ABSENT = object()


class Patches:
    """The replacements of one running system; `restore` undoes them, the newest first."""

    def __init__(self) -> None:
        self._originals: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replace `owner.name`; a class or static method keeps its wrapper for the way back."""
        self._originals.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def restore(self) -> None:
        while self._originals:
            owner, name, value = self._originals.pop()
            if value is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
