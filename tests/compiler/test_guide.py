"""The authors' guide knows every word of the process language, and what each finding means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from functions.domain import service as language
from functions.domain.service import NOTICES, SCOPES, FieldType, Service, Step, TaskSpec
from infra import scenarios
from infra.compiler.normalise import STEP_KINDS, USUAL_ACTIONS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "workflows" / "README.md").read_text()
WORDS = set(re.findall(r"[a-z_0-9]+", GUIDE))
COMPILER = ROOT / "infra" / "compiler"
MADE = {"kind", "name", "by_law", "default"}
"""Keys that the compiler writes out, and those that every step has under its kind."""


def models(of: Any, seen: set[type]) -> Iterator[type[BaseModel]]:
    """Give every model that a service is made of."""
    for one in (of, *get_args(of)):
        if isinstance(one, type) and issubclass(one, BaseModel) and one not in seen:
            seen.add(one)
            yield one
            for field in one.model_fields.values():
                yield from models(field.annotation, seen)
        elif one is not of:
            yield from models(one, seen)


def found_codes() -> set[str]:
    sources = [path for path in COMPILER.rglob("*.py") if path.name != "lint.py"]
    named = re.compile(
        r'(?:Finding\(|_doubled\(|return|\w+, message =|: \()\s*"([a-z]+(?:-[a-z]+)+|missing|drift)"'
    )
    return {code for path in sources for code in named.findall(path.read_text())}


def test_every_key_of_a_service_is_explained() -> None:
    keys = {
        key
        for model in models(Service, set())
        if model.__module__ == language.__name__
        for key in model.model_fields
    }

    assert len(keys) > 100
    assert sorted(keys - MADE - WORDS) == []


def test_every_step_action_notice_and_type_is_explained() -> None:
    wanted = {*STEP_KINDS, *USUAL_ACTIONS, *NOTICES, *get_args(FieldType)}

    assert [word for word in sorted(wanted) if f"`{word}`" not in GUIDE] == []


def test_every_name_that_an_expression_may_use_is_explained() -> None:
    assert sorted({name for names in SCOPES.values() for name in names} - WORDS - {"value", "issued"}) == []


def test_every_act_and_expectation_of_a_scenario_is_explained() -> None:
    wanted = {*scenarios.ACTS, *scenarios.Expectation.model_fields, *scenarios.Given.model_fields}

    assert sorted(wanted - WORDS) == []


def test_every_finding_is_explained() -> None:
    codes = found_codes()

    assert len(codes) > 90
    assert [code for code in sorted(codes) if f"`{code}`" not in GUIDE] == []


@pytest.mark.parametrize(
    "code",
    sorted(
        set(
            re.findall(
                r"`([a-z]+(?:-[a-z]+)+)`",
                GUIDE.partition("What the codes mean")[2].partition("## Versions")[0],
            )
        )
    ),
)
def test_no_finding_is_explained_that_there_is_not(code: str) -> None:
    assert any(f'"{code}"' in path.read_text() for path in COMPILER.rglob("*.py"))


def test_what_is_asked_of_a_task_and_a_step_is_a_key_of_them() -> None:
    keys = {
        *TaskSpec.model_fields,
        *(key for step in get_args(get_args(Step)[0]) for key in step.model_fields),
    }
    tables = GUIDE.partition("## The steps")[2].partition("### A short process")[0]
    named = {
        word
        for row in tables.splitlines()
        if row.startswith("| `")
        for word in re.findall(r"`([a-z_]+)`", row.split("|")[1])
    }

    assert named - {"times"} <= keys | set(STEP_KINDS)
