"""Proofs about the same for every item of a list: it is bounded, and its items can be told apart."""

from __future__ import annotations

import pytest

from functions.domain.service import ConsultStep
from infra.compiler.normalise import normalise, service_of
from infra.compiler.prove.bounds import most_events
from infra.compiler.read import read_text
from tests.compiler.small import SERVICE, Change, changed, codes, findings

REMARK = "        - {name: remark,"
SITES = f"""        - name: sites
          type: list
          items: text
          title: {{id: Lokasi, en: Sites}}
          max_length: 3
          example: [north, south]
{REMARK}"""
HEAR = "            role: other/expert\n            within: 5 wd\n            silence: no_objection\n"
EACH = f"""            each: facts.sites
            at_most: 3
            item_words: {{id: "tapak {{{{ item }}}}", en: "site {{{{ item }}}}"}}
            roles: {{south: office/clerk}}
{HEAR}"""
LISTED: tuple[Change, ...] = (
    (REMARK, SITES),
    ("  area: form.area\n", "  area: form.area\n  sites: form.sites\n"),
    (HEAR, EACH),
)


def found(*changes: Change) -> list[str]:
    return codes(*LISTED, *changes)


def test_the_same_may_be_asked_for_every_item() -> None:
    assert found() == []


def test_an_item_needs_a_list() -> None:
    assert found(("            each: facts.sites\n", "")) == ["each-missing"] * 3


@pytest.mark.parametrize("bound", ["", "            at_most: 2\n"])
def test_a_list_that_is_longer_than_what_is_asked_is_found(bound: str) -> None:
    assert found(("            at_most: 3\n", bound)) == ["each-unbounded"]


def test_a_list_of_the_form_without_an_end_is_found() -> None:
    told = findings(*LISTED, ("          max_length: 3\n", ""))

    assert [finding.code for finding in told] == ["each-unbounded"]
    assert "write `max_length: 3` at the field" in told[0].message


def test_more_than_twenty_at_once_are_found() -> None:
    assert found(("            at_most: 3\n", "            at_most: 20\n")) == ["each-too-many"]


def test_a_task_that_could_be_an_item_of_another_is_found() -> None:
    renamed = (
        ("          - task: judge\n", "          - task: hear-north\n"),
        ("different_from: [judge]", "different_from: [hear-north]"),
        ("different_from: [judge, sign]", "different_from: [sign]"),
    )

    assert found(*renamed) == ["each-name-taken"]


def test_four_eyes_name_the_step_of_a_list() -> None:
    assert found(("different_from: [judge]\n", "different_from: [judge, hear]\n")) == ["four-eyes-each"]
    assert found(("different_from: [judge]\n", "different_from: [judge, advice]\n")) == []


def test_a_role_of_an_item_exists() -> None:
    assert found(("{south: office/clerk}", "{south: office/clrk}")) == ["role-unknown"]


def test_a_list_speaks_of_facts_and_its_words_of_the_item() -> None:
    assert found(("each: facts.sites", "each: form.sites")) == ["name-out-of-scope"]
    assert found(("site {{ item }}", "site {{ form.owner }}")) == ["name-out-of-scope"]


def test_an_example_that_is_no_list_of_texts_is_found() -> None:
    assert found(("sites: form.sites", "sites: '{\"a\": 1}'")) == ["example-fails"]


def test_a_number_to_join_counts_the_items() -> None:
    assert found(("      - consult: advice\n", "      - consult: advice\n        join: 4\n")) == []
    assert found(("      - consult: advice\n", "      - consult: advice\n        join: 5\n")) == [
        "join-impossible"
    ]


def test_the_history_is_bounded_for_the_longest_list() -> None:
    one = service_of(normalise(read_text(SERVICE))).process("application")
    listed = service_of(normalise(read_text(changed(SERVICE, *LISTED)))).process("application")

    assert isinstance(listed.step("advice"), ConsultStep)
    assert most_events(listed) > most_events(one)
