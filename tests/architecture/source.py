"""The source as data: every module of the project with its syntax tree and what it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One file; ``name`` is dotted from the root of the repository."""

    path: Path
    name: str
    tree: ast.Module

    @property
    def stem(self) -> str:
        return self.path.stem

    @property
    def imports(self) -> set[str]:
        """Every module that it imports anywhere, dotted; for ``from a import b`` both ``a`` and ``a.b``."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def calls(self) -> Iterator[str]:
        """Give the dotted name of everything that is called, as it is written."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and (name := dotted(node.func)):
                yield name

    def attributes(self) -> Iterator[str]:
        """Give every dotted attribute, as it is written."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and (name := dotted(node)):
                yield name


def dotted(node: ast.expr) -> str | None:
    """Return ``a.b.c`` for such an expression, and for any other base only the attributes: ``.b.c``."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return ".".join([node.id, *parts])
    return "." + ".".join(parts) if parts else None


@cache
def modules(folder: str) -> tuple[Module, ...]:
    """Return the modules under a folder of the repository, or the one module that is named."""
    top = ROOT / folder
    # Chalice's project dir links to the root folders.
    paths = [top] if top.is_file() else [path for path in top.rglob("*.py") if "chalice" not in path.parts]
    return tuple(sorted((_module(path) for path in paths), key=lambda module: module.name))


def handlers(folder: str) -> tuple[Module, ...]:
    """Return the modules of a folder that hold a Lambda of their own."""
    return tuple(module for module in modules(folder) if _defines(module.tree, "handler"))


def _module(path: Path) -> Module:
    name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    return Module(path, name, ast.parse(path.read_text(encoding="utf-8"), str(path)))


def _defines(tree: ast.Module, name: str) -> bool:
    return name in defined(tree)


def defined(tree: ast.Module) -> set[str]:
    """Return the names that a module defines at its top."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names
