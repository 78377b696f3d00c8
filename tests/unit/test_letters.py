"""From a case to its letter: what stands in it, in which languages, and who is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.domain import letters
from functions.domain.letter import Facts, FeeTable, Letter, Numbered, Paragraph, Signatory
from functions.domain.service import LetterBlock, Text
from tests.builders import CATALOGUE, HOUSE, PERMIT, Walk, with_service

HEAD = Signatory(name="Bambang Sutrisno", title=Text(id="Kepala Dinas", en="Head of the Office"))


def compose(walk: Walk, letter: str = "permit", **changes: Any) -> Letter:
    known: dict[str, Any] = {
        "letter": letter, "number": "PBG-2026-7K3M9-Q2XW8", "signatory": HEAD, "reasons": None, "now": walk.now,
        "url": "https://loket.example/permits/x",
    }  # fmt: skip
    agency = CATALOGUE.agency("dpmptsp")
    calendar = CATALOGUE.calendar("dpmptsp")
    return letters.compose(walk.case, walk.service, agency, calendar, **(known | changes))


def said(letter: Letter, kind: type) -> list[Any]:
    return [block for block in letter.blocks if isinstance(block, kind)]


def test_a_permit_names_the_owner_the_building_and_the_fee_in_both_languages():
    letter = compose(Walk().signing())

    (facts,) = said(letter, Facts)
    assert [fact.value for fact in facts.rows[:5]] == [
        HOUSE["owner_name"],
        HOUSE["address"],
        Text(id="Bangunan baru", en="New building"),
        Text(id="Hunian", en="Dwelling"),
        "90 m²",
    ]
    (fee,) = said(letter, FeeTable)
    assert (fee.total, fee.currency) == (499_770, "IDR")
    assert letter.signatory == HEAD
    assert letter.recipient == ("Siti Rahmawati",)


def test_dates_stand_as_people_write_them():
    walk = Walk().signing()
    first = said(compose(walk), Paragraph)[0]

    assert "2 Februari 2026" in first.text.id
    assert "2 February 2026" in first.text.en
    assert str(walk.case.number) in first.text.id


def test_a_letter_is_dated_where_the_agency_sits():
    walk = Walk().signing()

    assert compose(walk, now=datetime(2026, 2, 5, 18, tzinfo=UTC)).date.isoformat() == "2026-02-06"


def test_a_refusal_lists_the_reasons_one_by_one():
    letter = compose(Walk().rejected(), "refusal", reasons="Thin columns.\n\nOne exit.")

    (reasons,) = said(letter, Numbered)
    assert [item.en for item in reasons.items] == ["Thin columns.", "One exit."]


def test_without_reasons_there_is_no_empty_list():
    assert said(compose(Walk().lapsed(), "lapse"), Numbered) == []


def test_a_free_permit_has_no_empty_table():
    walk = Walk(HOUSE | {"function": "worship"}).create()
    walk.case.fee = {"amount": 0, "currency": "IDR", "lines": []}

    assert said(compose(walk), FeeTable) == []


def test_what_was_issued_by_law_says_so():
    letter = compose(Walk().lapsed(), "lapse", signatory=None, by_law=Text(id="Pasal 53", en="Art. 53"))

    assert letter.by_law == Text(id="Pasal 53", en="Art. 53")
    assert letter.signatory is None


def test_a_letter_may_speak_of_the_permit_that_it_is():
    words = Text(
        id="{{ permit.number }} s.d. {{ permit.valid_until }}", en="{{ case.id }} {{ permit.issued_on }}"
    )
    block = LetterBlock(paragraph=words)
    described = PERMIT.letters["permit"].model_copy(update={"blocks": (block,)})
    walk = Walk(service=with_service(letters={"permit": described})).signing()

    (paragraph,) = said(compose(walk, valid_until=walk.now + timedelta(days=365)), Paragraph)

    assert paragraph.text.id == "PBG-2026-7K3M9-Q2XW8 s.d. 2 Februari 2027"
    assert paragraph.text.en == f"{walk.case.id} 2 February 2026"


def test_an_erased_case_still_gives_a_letter_without_the_person():
    walk = Walk().signing()
    walk.case.form, walk.case.contact = None, {}

    letter = compose(walk)

    assert letter.recipient == ()
    assert said(letter, Facts)[0].rows[0].value == "–"
