"""JSONata seen from outside: does it parse, and which names does it use?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException


class Unreadable(ValueError):
    """The text is no JSONata expression."""


@dataclass(frozen=True)
class Path:
    """A path from the root of the context, such as ``form.floors``; ``end`` is where its first name ends.

    Whatever reads the whole root at once (``$``, ``*``, ``**``) is a path with that one name.
    """

    names: tuple[str, ...]
    end: int


@dataclass(frozen=True)
class Uses:
    """What an expression uses: paths from the root, variables that it does not bind, functions that it calls."""

    paths: tuple[Path, ...]
    variables: frozenset[str]
    functions: frozenset[str]


@lru_cache(maxsize=4096)
def uses(expression: str) -> Uses:
    """Give what the expression uses. Raises `Unreadable`."""
    try:
        tree = Jsonata(expression).ast
    except (JException, RecursionError, IndexError, AttributeError, TypeError, ValueError) as error:
        raise Unreadable(f"`{expression}` is no JSONata: {error}") from error
    walker = _Walker()
    walker.walk(tree, at_root=True)
    return Uses(tuple(walker.paths), frozenset(walker.free), frozenset(walker.functions))


def with_variables(expression: str, names: Collection[str]) -> str:
    """Write the root names of an expression as variables: ``facts.risk`` becomes ``$facts.risk``."""
    ends = sorted({path.end for path in uses(expression).paths if path.names[0] in names}, reverse=True)
    for end in ends:
        name = re.search(r"[A-Za-z_]\w*$", expression[:end])
        assert name is not None
        expression = f"{expression[: name.start()]}${expression[name.start() :]}"
    return expression


class _Walker:
    """Walks the tree of a parsed expression, knowing whether a name is read from the root or from a value found."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.free: set[str] = set()
        self.functions: set[str] = set()
        self._bound: list[set[str]] = [set()]

    def walk(self, node: Any, *, at_root: bool) -> None:
        match getattr(node, "type", None):
            case "path":
                self._path(node, at_root)
            case "name" if at_root:
                self.paths.append(Path((str(node.value),), node.position))
                self._below(node, at_root=False)
            case "variable":
                self._variable(str(node.value), at_root)
                self._below(node, at_root=False)
            case "wildcard" | "descendant" | "parent" if at_root:
                self.paths.append(Path((str(node.value),), node.position))
            case "bind":
                if node.rhs.type == "lambda":
                    self._bound[-1].add(str(node.lhs.value))
                self.walk(node.rhs, at_root=at_root)
                self._bound[-1].add(str(node.lhs.value))
            case "lambda":
                self._scope(node.body, {str(argument.value) for argument in node.arguments}, at_root)
            case "block":
                self._bound.append(set())
                for expression in node.expressions:
                    self.walk(expression, at_root=at_root)
                self._bound.pop()
            case "function" | "partial":
                self._call(node, at_root)
            case None:
                pass
            case _:
                self._below(node, at_root=at_root)

    def _path(self, node: Any, at_root: bool) -> None:
        steps = list(node.steps)
        self._bound[-1].update(str(bound) for step in steps for bound in (step.focus, step.index) if bound)
        while at_root and len(steps) > 1 and steps[0].type == "variable" and str(steps[0].value) in _CONTEXT:
            self._below(steps.pop(0), at_root=False)
        if at_root and steps and steps[0].type == "name":
            names = []
            for step in steps:
                if step.type != "name":
                    break
                names.append(str(step.value))
            self.paths.append(Path(tuple(names), steps[0].position))
            for step in steps[: len(names)]:
                self._below(step, at_root=False)
            rest = steps[len(names) :]
        else:
            if steps:
                self.walk(steps[0], at_root=at_root)
            rest = steps[1:]
        for step in rest:
            self.walk(step, at_root=False)
        if getattr(node, "group", None) is not None:
            self._below(node.group, at_root=False)

    def _variable(self, name: str, at_root: bool) -> None:
        if name in _CONTEXT:
            if at_root:
                self.paths.append(Path(("$",), 0))
        elif not any(name in scope for scope in self._bound):
            self.free.add(name)

    def _call(self, node: Any, at_root: bool) -> None:
        procedure = node.procedure
        name = str(getattr(procedure, "value", ""))
        if procedure.type == "variable" and not any(name in scope for scope in self._bound):
            self.functions.add(name)
        else:
            self.walk(procedure, at_root=at_root)
        for argument in node.arguments or ():
            self.walk(argument, at_root=at_root)

    def _scope(self, body: Any, names: set[str], at_root: bool) -> None:
        self._bound.append(names)
        self.walk(body, at_root=at_root)
        self._bound.pop()

    def _below(self, node: Any, *, at_root: bool) -> None:
        for child in _children(node):
            self.walk(child, at_root=at_root)


_CONTEXT = ("", "$")
_NOT_BELOW = frozenset(
    {"ancestor", "seeking_parent", "outer_instance", "_outer_instance", "procedure", "steps"}
)


def _children(node: Any) -> Iterator[Any]:
    for name, value in vars(node).items():
        if name in _NOT_BELOW:
            continue
        for item in _flat(value):
            if getattr(item, "type", None) is not None and hasattr(item, "__dict__"):
                yield item


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value
