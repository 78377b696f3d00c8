"""Proofs that every text stands in both languages; all other texts that people read are held to the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from functions.portal import messages
from infra.compiler.prove.texts import foreign, is_repeated
from tests.architecture.source import modules
from tests.compiler.small import codes, findings

CROSSED = {"site.switch"}
"""Who reads one language is told in it how to come to it from the other."""
SUMMARY = "summary: {id: Ringkasan., en: Summary.}"
PRICE = "price: {title: {id: Harga tiap m², en: Price per m²}, money: true, value: 1000}"


@pytest.mark.parametrize(
    ("id_", "en", "code", "said"),
    [
        ("Unggah denah bangunan.", "Unggah denah bangunan.", "text-untranslated", "translate them"),
        ("The plan of your house.", "The plan of your home.", "text-misplaced", "write it in Indonesian"),
        ("Denah rumah.", "Denah rumah dan halaman.", "text-misplaced", "write it in English"),
    ],
)
def test_a_text_that_was_not_translated_is_found(id_: str, en: str, code: str, said: str) -> None:
    (found,) = findings((SUMMARY, f'summary: {{id: "{id_}", en: "{en}"}}'))

    assert (found.code, found.place[0]) == (code, "summary")
    assert said in found.message


@pytest.mark.parametrize("name", ["Aceh", "Diploma (D3)", "{{ case.number }}", "2.000 m²"])
def test_a_name_or_a_number_is_the_same_in_both(name: str) -> None:
    assert not is_repeated({"id": name, "en": name})


def test_a_figure_that_people_are_shown_without_a_title_is_found() -> None:
    assert codes((PRICE, "price: 1000")) == ["value-untitled"]
    assert codes(("small: 1, large: 2}", "small: 1, large: 2, vast: 3}")) == ["value-untitled"]
    assert codes((PRICE, f"{PRICE}\n    unread: 7")) == []


def test_a_fact_that_a_rule_reads_without_a_name_for_people_is_found() -> None:
    bulky = ("  area: form.area\n", "  area: form.area\n  bulk: form.area * 2\n")
    priced = ("amount: facts.area * ", "amount: facts.bulk * ")
    called = ("unique: [area]\n", "called: {bulk: {title: {id: Besar, en: Bulk}}}\nunique: [area]\n")

    assert codes(bulky, priced) == ["fact-untitled"]
    assert codes(bulky, priced, called) == []
    assert codes(bulky) == []


def _written_in_code() -> Iterator[tuple[str, dict[str, str]]]:
    """Give the texts of both languages that stand in the code."""
    for module in modules("functions"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Dict) and [_constant(key) for key in node.keys] == ["id", "en"]:
                said = dict(zip(("id", "en"), map(_constant, node.values), strict=True))
                if all(said.values()):
                    yield f"{module.path}:{node.lineno}", said


def _constant(node: ast.expr | None) -> str:
    if isinstance(node, ast.JoinedStr):
        return " ".join(map(_constant, node.values))
    return str(node.value) if isinstance(node, ast.Constant) else ""


def test_messages_and_refusals_are_written_in_both_languages() -> None:
    said = dict(_written_in_code())
    assert len(said) > 200
    said |= {
        f"{group}.{name}": {language: text[language] for language in ("id", "en")}
        for group in messages.groups()
        for name, text in messages.catalogue(group).items()
    }

    assert {where for where, pair in said.items() if is_repeated(pair)} == set()
    assert {where for where, pair in said.items() if foreign(pair)} == CROSSED
