"""Who may import whom: the table of the house, read from the source itself."""

from __future__ import annotations

import sys

import pytest

from tests.architecture.source import ROOT, Module, modules

STDLIB = set(sys.stdlib_module_names)
OURS = ("functions", "events", "infra", "tests", "workflows")

# What each place may import of ours, and which libraries beside the standard one.
LAWS: dict[str, tuple[set[str], set[str]]] = {
    "events": ({"events"}, {"pydantic", "rfc8785"}),
    "functions/domain": ({"events", "functions.domain"}, {"pydantic", "pydantic_core", "rfc8785", "jsonata"}),
    "functions/ports.py": ({"events", "functions.domain"}, set()),
    "functions/adapters": ({"events", "functions.domain", "functions.ports", "functions.adapters"}, {"*"}),
    "functions/runtime": (
        {"events", "functions.domain", "functions.ports", "functions.adapters", "functions.runtime"},
        {"aws_lambda_powertools", "pydantic"},
    ),
    "functions/steps": (
        {"events", "functions.domain", "functions.ports", "functions.runtime", "functions.steps"},
        {"chalice", "pydantic", "pydantic_core"},
    ),
    "functions/streams": (
        {"events", "functions.domain", "functions.ports", "functions.runtime", "functions.streams"},
        {"chalice", "pydantic", "pydantic_core"},
    ),
    "functions/portal": (
        {
            *("events", "functions.domain", "functions.ports", "functions.runtime"),
            *("functions.api", "functions.portal"),
        },
        {"chalice", "pydantic", "pydantic_core", "jinja2", "markupsafe"},
    ),
    "functions/api": (
        {"events", "functions.domain", "functions.ports", "functions.runtime", "functions.api"},
        {"chalice", "pydantic", "pydantic_core"},
    ),
}

PLACES = [place for place in LAWS if (ROOT / place).exists()]


@pytest.mark.parametrize("place", PLACES)
def test_imports_of_ours_only_what_the_table_of_the_house_allows(place: str) -> None:
    allowed, _ = LAWS[place]

    strangers = {
        module.name: sorted(name for name in module.imports if _is_ours(name) and not _within(name, allowed))
        for module in modules(place)
    }

    assert {name: found for name, found in strangers.items() if found} == {}


@pytest.mark.parametrize("place", PLACES)
def test_imports_only_the_libraries_that_belong_there(place: str) -> None:
    _, allowed = LAWS[place]
    if "*" in allowed:
        return

    strangers = {module.name: sorted(_libraries(module) - allowed) for module in modules(place)}

    assert {name: found for name, found in strangers.items() if found} == {}


def test_only_adapters_know_boto() -> None:
    using = {
        module.name
        for module in modules("functions")
        if _libraries(module) & {"boto3", "botocore", "s3transfer"}
    }

    assert {name for name in using if not name.startswith("functions.adapters.")} == set()


def test_only_runtime_knows_powertools() -> None:
    using = {module.name for module in modules("functions") if "aws_lambda_powertools" in _libraries(module)}

    assert {name for name in using if not name.startswith("functions.runtime.")} == set()


def test_nothing_that_is_deployed_imports_what_is_not() -> None:
    using = {
        module.name
        for module in (*modules("functions"), *modules("events"))
        if {name.split(".")[0] for name in module.imports} & {"infra", "tests"}
    }

    assert using == set()


def _libraries(module: Module) -> set[str]:
    tops = {name.split(".")[0] for name in module.imports}
    return tops - STDLIB - set(OURS)


def _is_ours(name: str) -> bool:
    return name.split(".")[0] in OURS


def _within(name: str, packages: set[str]) -> bool:
    # ``from functions.domain import x`` names the package "functions.domain"; ``from functions import ports`` only
    # "functions", whose own name says nothing yet.
    if name == "functions":
        return True
    return any(name == package or name.startswith(package + ".") for package in packages)
