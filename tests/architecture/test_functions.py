"""Each function has one name: module, Lambda, settings, policy, resource and substitution."""

from __future__ import annotations

import json

from tests.architecture.source import ROOT, handlers


def test_every_function_has_its_settings_and_its_policy_by_the_same_name() -> None:
    functions = {"api_handler", "authorizer"} | {
        module.stem for module in (*handlers("functions/steps"), *handlers("functions/streams"))
    }
    stage = json.loads((ROOT / "chalice.json").read_text())["stages"]["live"]["lambda_functions"]

    policies = {path.stem for path in (ROOT / "infra" / "policies").glob("*.json")}

    assert set(stage) == functions
    assert policies == functions
    assert {name: settings["iam_policy_file"] for name, settings in stage.items()} == {
        name: f"../../policies/{name}.json" for name in functions
    }
