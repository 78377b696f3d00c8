"""What is filed under seal stays shut until two people may open it: each proof with a service that breaks just it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from functions.domain.service import Agency, Service
from infra.compiler.prove import prove

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
AGENCIES = {
    code: Agency.model_validate(content)
    for code, content in json.loads((WORKFLOWS / "agencies.json").read_text())["agencies"].items()
}


def read(code: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((WORKFLOWS / code / "service.json").read_text())
    return content


def codes(code: str, change: Callable[[dict[str, Any]], object] = lambda content: None) -> list[str]:
    content = read(code)
    change(content)
    service = Service.model_validate(content)
    parent = Service.model_validate(read("public-tender"))
    services = {parent.code: parent, service.code: service}
    return sorted({finding.code for finding in prove(service, AGENCIES, services)})


def steps(content: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content["processes"]["application"]["steps"]
    return found


def test_the_services_as_they_are_pass() -> None:
    assert codes("tender-bid") == []
    assert codes("public-tender") == []


def test_the_service_above_exists() -> None:
    assert codes("tender-bid", lambda c: c["above"].update(service="public-tendr")) == ["service-unknown"]


def test_the_process_above_waits_at_the_step_that_is_named() -> None:
    assert codes("tender-bid", lambda c: c["above"].update(at=["biding"])) == ["above-elsewhere"]


def test_only_what_is_filed_below_another_case_is_sealed() -> None:
    assert set(codes("tender-bid", lambda c: c.pop("above"))) == {
        "hold-without-parent",
        "seal-without-parent",
    }


def test_a_sealed_field_exists() -> None:
    assert codes("tender-bid", lambda c: c["sealed"].update(fields=["prize"])) == ["field-unknown"]


def test_nothing_reads_a_sealed_field_before_the_opening() -> None:
    assert codes("tender-bid", lambda c: c["facts"].update(price="form.price")) == ["seal-broken"]


def test_the_moment_is_a_fact_of_the_case_above() -> None:
    assert codes("tender-bid", lambda c: c["sealed"].update(until="facts.closes")) == ["name-unknown"]


def test_the_openers_open_in_the_process_above() -> None:
    wrong = ["ukpbj/opener", "ukpbj/ppk"]

    assert codes("tender-bid", lambda c: c["sealed"].update(openers=wrong)) == ["opener-unknown"]


def test_a_file_is_not_asked_for_by_what_is_under_seal() -> None:
    file = {"kind": "bond", "title": {"id": "Jaminan", "en": "Bond"}, "when": "form.price > 100"}

    assert codes("tender-bid", lambda c: c["documents"].append(file)) == ["seal-broken"]


def test_two_people_open_before_the_seals_are_broken() -> None:
    def alone(content: dict[str, Any]) -> None:
        opening = next(step for step in steps(content) if step["name"] == "opening")
        del opening["of"][1]
        opening["of"][0].pop("different_from")

    assert codes("public-tender", alone) == ["unseal-unguarded"]
