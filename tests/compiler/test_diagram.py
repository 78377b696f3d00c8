"""The picture of a service: whole, legible by eye and by screen reader, in both languages and both schemes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import pytest

from functions.domain.clock import Language
from functions.domain.service import Service
from infra.compiler.diagram import LANGUAGES, draw
from infra.compiler.normalise import agencies_of, normalise, service_of
from infra.compiler.read import read_text
from tests.compiler.small import AGENCIES, SERVICE, Change, changed
from tests.compiler.test_define import ROUTE

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]


def service(*changes: Change) -> Service:
    return service_of(normalise(read_text(changed(SERVICE, *changes))))


def picture(language: Language, *changes: Change) -> ET.Element:
    return ET.fromstring(draw(service(*changes), agencies_of(read_text(AGENCIES)), language))


def texts(svg: ET.Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text")]


def boxes(svg: ET.Element) -> list[Box]:
    cards = [element for element in svg.iter(f"{SVG}rect") if element.get("class") != "paper"]
    x, y, width, height = (
        [float(card.get(key, 0)) for card in cards] for key in ("x", "y", "width", "height")
    )
    return list(zip(x, y, width, height, strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_stands_in_it(language: Language) -> None:
    known = service()

    shown = texts(picture(language))

    for process in known.processes.values():
        assert getattr(process.title, language) in shown
        for step in process.steps:
            assert getattr(step.title, language) in shown


def test_each_step_is_a_group_of_its_name() -> None:
    groups = [group.get("id") for group in picture("en").iter(f"{SVG}g")]

    known = service()
    assert sorted(filter(None, groups)) == sorted(
        f"{name}.{step.name}" for name, process in known.processes.items() for step in process.steps
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_screen_reader_hears_its_name_and_the_steps_in_order(language: Language) -> None:
    svg = picture(language)
    title, words = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")

    assert title is not None
    assert words is not None
    assert svg.get("role") == "img"
    assert svg.get("lang") == language
    assert svg.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"
    assert title.text == getattr(service().title, language)
    places = [
        (words.text or "").index(getattr(s.title, language))
        for s in service().process("application").steps[:6]
    ]
    assert places == sorted(places)


def test_roles_terms_and_silence_are_told() -> None:
    shown = " ".join(texts(picture("en")))

    assert "Desk (OFFICE)" in shown
    assert "10 working days; silence means a supervisor is alarmed" in shown
    assert "5 working days; silence means no objection" in shown
    assert "14 days, at most 3 rounds" in shown


def test_conditions_are_told_in_words_where_there_are_any() -> None:
    hear = "            within: 5 wd\n"
    condition = f"{hear}            when: facts.area > 50\n"
    words = "            when_words: {id: besar, en: it is large}\n"

    bare = " ".join(texts(picture("en", (hear, condition))))
    worded = " ".join(texts(picture("en", (hear, condition + words))))

    assert "if facts.area > 50" in bare
    assert "if it is large" in worded
    assert "facts.area" not in worded


def test_no_card_covers_another() -> None:
    for (x, y, width, height), (x2, y2, width2, height2) in combinations(boxes(picture("en")), 2):
        assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y


def test_everything_lies_within_the_picture() -> None:
    svg = picture("id", ("      - assess: levy\n", ROUTE))
    width, height = (float(part) for part in (svg.get("viewBox") or "").split()[2:])

    assert all(x >= 0 and x + w <= width and y >= 0 and y + h <= height for x, y, w, h in boxes(svg))
    for path in svg.iter(f"{SVG}path"):
        numbers = re.findall(r"[HM](-?\d+)", path.get("d", "")) if path.get("stroke") else []
        assert all(0 <= float(number) <= width for number in numbers)


def test_a_choice_draws_each_of_its_ways() -> None:
    shown = " ".join(texts(picture("en", ("      - assess: levy\n", ROUTE))))

    assert "Large?" in shown
    assert 'if facts.size = "large" and facts.area > 5 → Assess' in shown


def test_it_follows_the_readers_scheme_and_runs_nothing() -> None:
    text = draw(service(), agencies_of(read_text(AGENCIES)), "en")

    assert "prefers-color-scheme: dark" in text
    assert "currentColor" in text
    assert "<script" not in text
    assert "href" not in text


def test_what_authors_write_is_escaped() -> None:
    text = draw(service(("en: Refuse}", 'en: "Refuse <b>&"}')), agencies_of(read_text(AGENCIES)), "en")

    assert "Refuse &lt;b&gt;&amp;" in text
    ET.fromstring(text)


def test_the_same_service_is_the_same_picture() -> None:
    agencies = agencies_of(read_text(AGENCIES))

    assert draw(service(), agencies, "id") == draw(service(), agencies, "id")
