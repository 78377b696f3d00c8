"""Which AWS actions a function needs, read from the source: its calls of ports, and the adapters' calls of AWS.

    handler module ─▶ what it imports of functions/ ─▶ ``ports.<port>.<method>`` ─▶ adapter method ─▶ operations

Modules are taken whole, so the result can hold an action too many, and never one too few as long as ports are
called by their full name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache

from tests.architecture.source import Module, dotted, modules

# By operation as boto3 names it. S3 authorises by what is touched, not by what is called.
_READ = {"s3:GetObject", "s3:GetObjectVersion"}
ACTIONS: dict[str, set[str]] = {
    "delete_item": {"dynamodb:DeleteItem"},
    "get_item": {"dynamodb:GetItem"},
    "put_item": {"dynamodb:PutItem"},
    "query": {"dynamodb:Query"},
    "update_item": {"dynamodb:UpdateItem"},
    "transact_write_items": {"dynamodb:PutItem"},
    "generate_presigned_post": {"s3:PutObject"},
    "generate_presigned_url": _READ,
    "get_object": _READ,
    # Without ListBucket an object that is not there is forbidden instead of missing.
    "head_object": _READ | {"s3:ListBucket"},
    "put_object": {"s3:PutObject"},
    "delete_objects": {"s3:DeleteObjectVersion"},
    "list_object_versions": {"s3:ListBucketVersions"},
    "get_object_tagging": {"s3:GetObjectTagging", "s3:GetObjectVersionTagging"},
    "put_object_tagging": {"s3:PutObjectTagging", "s3:PutObjectVersionTagging"},
    "describe_key": {"kms:DescribeKey"},
    "get_public_key": {"kms:GetPublicKey"},
    "sign": {"kms:Sign"},
    "generate_data_key": {"kms:GenerateDataKey"},
    # Decrypting, and giving the grant back, are allowed by the grant itself: no policy names them.
    "create_grant": {"kms:CreateGrant"},
    "retire_grant": set(),
    "decrypt": set(),
    "copy_object": _READ | {"s3:PutObject"},
    "start_execution": {"states:StartExecution"},
    "stop_execution": {"states:StopExecution"},
    "send_task_failure": {"states:SendTaskFailure"},
    "send_task_success": {"states:SendTaskSuccess"},
    "put_events": {"events:PutEvents"},
    "send_email": {"ses:SendEmail"},
    "publish": {"sns:Publish"},
    "get_parameter": {"ssm:GetParameter"},
}
_CLIENT = re.compile(r"^(self\._(client|s3|kms|ses|sns|ssm)|)\.(\w+)$")


def needed_by(handler: Module) -> set[str]:
    """Return the actions that a function needs for what it does itself, without those of its platform."""
    return {action for operation in _operations_of(_closure([handler])) for action in ACTIONS[operation]}


def needed_by_all(handlers: Iterable[Module]) -> set[str]:
    return {action for operation in _operations_of(_closure(handlers)) for action in ACTIONS[operation]}


def indexes_of(handlers: Iterable[Module]) -> set[str]:
    """Return the indexes that lists are read from, by the name that ``ports.views.list`` is given first."""
    return {
        f"by_{call.args[0].value}"
        for module in _closure(handlers)
        for call in _calls(module.tree)
        if (dotted(call.func) or "").endswith("ports.views.list")
        if call.args and isinstance(call.args[0], ast.Constant)
    }


def unknown_operations() -> set[str]:
    """Return what adapters call of AWS and `ACTIONS` does not name."""
    return {
        f"{module.name}: {operation}"
        for module in (*modules("functions/adapters"), *modules("functions/runtime/wiring.py"))
        for operation in _direct(module.tree)
        if operation not in ACTIONS
    }


def _closure(handlers: Iterable[Module]) -> set[Module]:
    """Return the handlers and all that they import of ours, without the wiring, which names everything."""
    every = {module.name: module for module in modules("functions")}
    seen: set[Module] = set()
    waiting = list(handlers)
    while waiting:
        module = waiting.pop()
        if module not in seen and module.name != "functions.runtime.wiring":
            seen.add(module)
            waiting += [every[name] for name in module.imports if name in every]
    return seen


def _operations_of(closure: Iterable[Module]) -> set[str]:
    used = {
        match.groups() for module in closure for name in _port_names(module) if (match := _PORT.search(name))
    }
    return {operation for port, method in used for operation in _port(port, method)}


_PORT = re.compile(r"(?:^|\.)ports\.(\w+)(?:\.(\w+))?")


def _port_names(module: Module) -> Iterator[str]:
    names = set(module.attributes())
    return (name for name in names if not any(other.startswith(name + ".") for other in names))


@cache
def _port(port: str, method: str | None) -> frozenset[str]:
    """Return the operations behind one method of a port, or behind all of them where none is named."""
    wiring = next(iter(modules("functions/runtime/wiring.py"))).tree
    properties = _methods(_class(wiring, "Ports"))
    if port not in properties:
        return frozenset()
    body = properties[port]
    found = set(_direct(body))
    for name in _self_attributes(body) & set(properties) - {port}:
        found |= _port(name, method)
    for adapter, cls in _adapters(body):
        tree = next(iter(modules(f"functions/adapters/{adapter}.py"))).tree
        found |= _class_operations(tree, cls, method)
    return frozenset(found)


def _adapters(body: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(body):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("functions.adapters."):
            for alias in node.names:
                if alias.name[0].isupper():
                    yield str(node.module).rpartition(".")[2], alias.name


def _class_operations(tree: ast.Module, name: str, method: str | None) -> set[str]:
    """Return what one method of a class calls of AWS, by way of whatever else of its module it names."""
    methods = _methods(_class(tree, name))
    tops = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    waiting: list[ast.AST] = list(methods.values())
    if method is not None:
        waiting = [methods[start] for start in ("__init__", method) if start in methods]
    seen: list[ast.AST] = []
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.append(node)
            names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            waiting += [tops[top] for top in names & set(tops) if top != name]
            waiting += [methods[own] for own in _self_attributes(node) & set(methods)]
    return {operation for node in seen for operation in _direct(node)} | _through_the_table(seen, tree)


def _through_the_table(nodes: list[ast.AST], tree: ast.Module) -> set[str]:
    """Return what is called by way of the case table, ``self._table.<method>``."""
    called = {
        name.rpartition(".")[2]
        for node in nodes
        for call in _calls(node)
        if (name := dotted(call.func) or "").startswith("self._table.")
    }
    table = next(iter(modules("functions/adapters/dynamodb.py"))).tree
    if tree is table:
        return set()
    return {operation for method in called for operation in _class_operations(table, "CaseTable", method)}


def _direct(node: ast.AST) -> set[str]:
    found = set()
    for call in _calls(node):
        match = _CLIENT.match(_written(call.func))
        if not match:
            continue
        operation = match[3]
        if operation == "get_paginator" and isinstance(call.args[0], ast.Constant):
            operation = str(call.args[0].value)
        if operation == "transact_write_items" and _says(call, "Update"):
            found.add("update_item")
        found.add(operation)
    return found


def _says(node: ast.AST, word: str) -> bool:
    return any(isinstance(inner, ast.Constant) and inner.value == word for inner in ast.walk(node))


def _written(function: ast.expr) -> str:
    """Return a call as text; ``self._client("ssm").get_parameter`` as ``.get_parameter``, any other base as nothing."""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call):
        return f".{function.attr}" if dotted(function.value.func) == "self._client" else ""
    name = dotted(function) or ""
    return "" if name.startswith(".") else name


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))


def _self_attributes(node: ast.AST) -> set[str]:
    return {
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "self"
    }


def _class(tree: ast.Module, name: str) -> ast.ClassDef:
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _methods(cls: ast.ClassDef) -> dict[str, ast.AST]:
    return {node.name: node for node in cls.body if isinstance(node, ast.FunctionDef)}
