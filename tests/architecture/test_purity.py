"""What the domain never does by itself, where the environment is read, and that no client is built at import."""

from __future__ import annotations

import ast
import re

from tests.architecture.source import ROOT, dotted, modules

CLOCKS_AND_DICE = re.compile(
    r"(^|\.)(now|utcnow|today|time|time_ns|monotonic|perf_counter|sleep|uuid1|uuid4|urandom|token_\w+)$"
)
SERVICES = r"building|hajj|tender|\btax|promotion|licence"


def test_the_domain_asks_no_clock_and_throws_no_dice() -> None:
    foreign = {
        (module.name, call)
        for module in modules("functions/domain")
        for call in module.calls()
        if CLOCKS_AND_DICE.search(call) and call.split(".")[0] in _imported_names(module.tree)
    }
    dice = {
        module.name
        for module in modules("functions/domain")
        if module.imports & {"random", "secrets", "uuid"}
    }

    assert foreign == set()
    assert dice == set()


def test_the_domain_reads_no_file_and_no_network() -> None:
    doors = {"io", "os", "pathlib", "socket", "subprocess", "urllib.request", "http.client"}

    using = {(module.name, name) for module in modules("functions/domain") for name in module.imports & doors}

    assert using == set()


def test_only_settings_read_the_environment() -> None:
    readers = {
        module.name
        for module in (*modules("functions"), *modules("events"))
        if {"os.environ", "os.getenv", "os.environb"} & set(module.attributes())
        or {"os.environ", "os.getenv"} & module.imports
    }

    assert readers == {"functions.runtime.settings"}


def test_no_client_is_built_at_import() -> None:
    built = {
        module.name
        for module in modules("functions")
        for node in module.tree.body
        if not isinstance(node, ast.FunctionDef | ast.ClassDef)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and (dotted(call.func) or "").startswith("boto3.")
    }

    assert built == set()


def test_the_engine_knows_no_service() -> None:
    known = {
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for place in ("functions", "infra/compiler")
        for path in (ROOT / place).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(SERVICES, line, re.IGNORECASE)
    }

    assert known == set()


def _imported_names(tree: ast.Module) -> set[str]:
    return {
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
