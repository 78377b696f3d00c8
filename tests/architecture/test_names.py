"""One name everywhere, no name that says nothing, and rows of equal houses."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import Module, defined, handlers, modules

SAYING_NOTHING = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "manager",
    "managers",
    "misc",
    "base",
    "core",
}
WORKERS = (*handlers("functions/steps"), *handlers("functions/streams"))


def test_no_module_has_a_name_that_says_nothing() -> None:
    everything = (*modules("functions"), *modules("events"), *modules("infra"), *modules("tests"))

    assert {module.name for module in everything if module.stem in SAYING_NOTHING} == set()


def test_every_module_says_in_one_sentence_what_it_is() -> None:
    silent = {
        module.name
        for module in (*modules("functions"), *modules("events"), *modules("infra"), *modules("tests"))
        if not (ast.get_docstring(module.tree) or "").strip()
    }

    assert silent == set()


@pytest.mark.parametrize("module", WORKERS, ids=lambda module: module.stem)
def test_a_worker_is_named_like_its_module(module: Module) -> None:
    names = {
        keyword.value.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "lambda_function"
        for keyword in node.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
    }

    assert names == {module.stem}


@pytest.mark.parametrize("module", handlers("functions/steps"), ids=lambda module: module.stem)
def test_steps_are_a_row_of_equal_houses(module: Module) -> None:
    assert {"blueprint", "Request", "run", "handler"} <= defined(module.tree)


@pytest.mark.parametrize("module", handlers("functions/streams"), ids=lambda module: module.stem)
def test_consumers_are_a_row_of_equal_houses(module: Module) -> None:
    assert {"blueprint", "run", "handler"} <= defined(module.tree)


def test_every_step_is_a_lambda() -> None:
    steps = {module.stem for module in modules("functions/steps")} - {"__init__", "steps"}

    assert steps == {module.stem for module in handlers("functions/steps")}
