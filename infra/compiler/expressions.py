"""JSONata seen from outside: does it parse, and what does it read, call and compare?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException

Names = tuple[str, ...]

UNSTEADY = frozenset({"now", "millis", "random", "shuffle", "eval"})
"""Functions whose value is not the same everywhere and every time; time and chance are never read in a service."""
FUNCTIONS = frozenset(Jsonata.static_frame.bindings) - UNSTEADY
"""What runs alike in a browser, in Lambda and in a definition."""

_CONTEXT = ("", "$")
_COMPARISONS = ("=", "!=", "in")


class Unreadable(ValueError):
    """The text is no JSONata expression."""


@dataclass(frozen=True)
class Path:
    """A path from the root of the context, such as ``form.floors``; ``end`` is where its first name ends.

    Whatever reads the whole root at once (``$``, ``*``, ``**``) is a path with that one name.
    """

    names: Names
    end: int


@dataclass(frozen=True)
class Uses:
    """What an expression uses.

    ``inner`` are names that are read from a value found (in a filter, in a step of a path) and not from the root;
    ``variables`` are paths that begin with a variable which the expression does not bind; ``compared`` are paths from
    the root beside the texts that they are compared with; ``negated`` are those of which ``$not`` is taken as they are.
    """

    paths: tuple[Path, ...]
    inner: frozenset[str]
    variables: frozenset[Names]
    functions: frozenset[str]
    compared: frozenset[tuple[Names, str]]
    negated: frozenset[Names]


@lru_cache(maxsize=4096)
def uses(expression: str) -> Uses:
    """Give what the expression uses. Raises `Unreadable`."""
    try:
        tree = Jsonata(expression).ast
    except (JException, RecursionError, IndexError, AttributeError, TypeError, ValueError) as error:
        raise Unreadable(f"`{expression}` is no JSONata: {error}") from error
    walk = _Walk()
    walk.node(tree, at_root=True)
    return Uses(
        tuple(walk.paths),
        frozenset(walk.inner),
        frozenset(walk.variables),
        frozenset(walk.functions),
        frozenset(walk.compared),
        frozenset(walk.negated),
    )


def with_variables(expression: str, names: Collection[str]) -> str:
    """Write the root names of an expression as variables: ``facts.risk`` becomes ``$facts.risk``."""
    ends = sorted({path.end for path in uses(expression).paths if path.names[0] in names}, reverse=True)
    for end in ends:
        name = re.search(r"[A-Za-z_]\w*$", expression[:end])
        assert name is not None
        expression = f"{expression[: name.start()]}${expression[name.start() :]}"
    return expression


@dataclass
class _Walk:
    """Walks the tree of a parsed expression, knowing whether a name is read from the root or from a value found."""

    paths: list[Path] = field(default_factory=list)
    inner: set[str] = field(default_factory=set)
    variables: set[Names] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    compared: set[tuple[Names, str]] = field(default_factory=set)
    negated: set[Names] = field(default_factory=set)
    bound: list[set[str]] = field(default_factory=lambda: [set()])

    def node(self, node: Any, *, at_root: bool) -> None:
        match getattr(node, "type", None):
            case None:
                pass
            case "path":
                self._path(node, at_root)
            case "name":
                self._name(str(node.value), node.position, at_root)
                self._below(node, at_root=False)
            case "wildcard" | "descendant" | "parent" if at_root:
                self.paths.append(Path((str(node.value),), node.position))
            case "variable":
                self._variable((str(node.value),), at_root)
                self._below(node, at_root=False)
            case "bind":
                self._bind(node, at_root)
            case "lambda":
                self._scope([node.body], {str(argument.value) for argument in node.arguments}, at_root)
            case "block":
                self._scope(node.expressions, set(), at_root)
            case "function" | "partial":
                self._call(node, at_root)
            case _:
                self._below(node, at_root=at_root)
                if at_root and node.type == "binary" and node.value in _COMPARISONS:
                    self._compare(node)

    def _path(self, node: Any, at_root: bool) -> None:
        steps = list(node.steps)
        self.bound[-1].update(str(name) for step in steps for name in (step.focus, step.index) if name)
        if len(steps) > 1 and steps[0].type == "variable" and str(steps[0].value) in _CONTEXT:
            self._below(steps.pop(0), at_root=False)
        names = list(_leading_names(steps))
        if names and at_root:
            self.paths.append(Path(tuple(names), steps[0].position))
        elif names:
            self.inner.add(names[0])
        elif steps and steps[0].type == "variable":
            names = [str(steps[0].value), *_leading_names(steps[1:])]
            self._variable(tuple(names), at_root)
        for step in steps[: len(names)]:
            self._below(step, at_root=False)
        rest = steps[len(names) :]
        for at, step in enumerate(rest):
            self.node(step, at_root=at_root and not names and at == 0)
        if node.group is not None:
            self._below(node.group, at_root=False)

    def _name(self, name: str, end: int, at_root: bool) -> None:
        if at_root:
            self.paths.append(Path((name,), end))
        else:
            self.inner.add(name)

    def _variable(self, names: Names, at_root: bool) -> None:
        if names[0] in _CONTEXT:
            if at_root:
                self.paths.append(Path(("$",), 0))
        elif not self._is_bound(names[0]):
            self.variables.add(names)

    def _bind(self, node: Any, at_root: bool) -> None:
        if node.rhs.type == "lambda":  # it may call itself
            self.bound[-1].add(str(node.lhs.value))
        self.node(node.rhs, at_root=at_root)
        self.bound[-1].add(str(node.lhs.value))

    def _call(self, node: Any, at_root: bool) -> None:
        procedure = node.procedure
        if procedure.type == "variable" and not self._is_bound(str(procedure.value)):
            self.functions.add(str(procedure.value))
        else:
            self.node(procedure, at_root=at_root)
        for argument in node.arguments or ():
            self.node(argument, at_root=at_root)
            if at_root and procedure.value == "not" and argument.type == "path":
                self.negated.add(tuple(_leading_names(argument.steps)))

    def _compare(self, node: Any) -> None:
        for one, other in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
            if one.type == "path":
                names = tuple(_leading_names(one.steps))
                if len(names) == len(one.steps):
                    self.compared.update((names, text) for text in _texts(other))

    def _scope(self, nodes: Any, names: set[str], at_root: bool) -> None:
        self.bound.append(names)
        for node in nodes:
            self.node(node, at_root=at_root)
        self.bound.pop()

    def _below(self, node: Any, *, at_root: bool) -> None:
        for child in _children(node):
            self.node(child, at_root=at_root)

    def _is_bound(self, name: str) -> bool:
        return any(name in scope for scope in self.bound)


def _leading_names(steps: Any) -> Iterator[str]:
    for step in steps:
        if step.type != "name":
            return
        yield str(step.value)


def _texts(node: Any) -> Iterator[str]:
    if node.type == "string":
        yield str(node.value)
    elif node.type == "unary" and node.value == "[":
        for item in node.expressions or ():
            yield from _texts(item)


_NOT_BELOW = frozenset(
    {"ancestor", "seeking_parent", "_outer_instance", "procedure", "steps", "token", "input"}
)


def _children(node: Any) -> Iterator[Any]:
    for name, value in vars(node).items():
        if name not in _NOT_BELOW:
            yield from (item for item in _flat(value) if isinstance(getattr(item, "type", None), str))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value
