"""A check: rules that need nobody, what is proven of them and what they become."""

from __future__ import annotations

from infra.compiler.define import define
from infra.compiler.graph import Edge, Graph
from infra.compiler.normalise import normalise, service_of
from infra.compiler.read import read_text
from tests.compiler.small import SERVICE, changed, codes

ASSESS = "      - assess: levy\n        title: {id: Hitung, en: Assess}\n"
CHECK = """      - check: rules
        title: {id: Periksa aturan, en: Check the rules}
        rules:
          - code: not-huge
            must: facts.area < 5000
            message: {id: "Luas {{ facts.area }} m².", en: "An area of {{ facts.area }} m²."}
        failed: %s
"""


def test_a_check_is_proven_with_the_rest() -> None:
    assert codes((ASSESS, CHECK % "refused" + ASSESS)) == []


def test_a_check_that_fails_to_nowhere_is_found() -> None:
    assert codes((ASSESS, CHECK % "elsewhere" + ASSESS)) == ["step-unknown"]


def test_a_rule_that_is_named_twice_is_found() -> None:
    twice = CHECK.replace(
        "        failed",
        "          - {code: not-huge, must: facts.area > 1, message: {id: a, en: b}}\n        failed",
    )

    assert codes((ASSESS, twice % "refused" + ASSESS)) == ["check-rule-doubled"]


def test_a_rule_about_what_does_not_exist_is_found() -> None:
    unknown = (CHECK % "refused").replace("facts.area < 5000", "facts.size2 < 5000")

    assert codes((ASSESS, unknown + ASSESS)) == ["name-unknown"]


def test_a_failed_check_is_caught_by_its_name() -> None:
    service = service_of(normalise(read_text(changed(SERVICE, (ASSESS, CHECK % "refused" + ASSESS)))))

    state = define(service)["application"]["States"]["Check the rules"]

    assert state["Arguments"]["FunctionName"] == "${CheckRules}"
    assert state["Catch"][0] == {"ErrorEquals": ["ChecksFailed"], "Next": "Refuse"}
    assert Graph.of(service.process("application")).edges["rules"] == (
        Edge("levy", "next"),
        Edge("refused", "failed"),
    )
