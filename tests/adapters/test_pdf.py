"""Letters as PDF files: what stands on them, how they paginate, and that they are PDF/A and always the same."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic

from functions.adapters import pdf as drawing
from functions.adapters.paper import Paper, Style
from functions.adapters.pdf import PdfRenderer, _layout, render_letter
from functions.domain.letter import (
    Fact,
    Facts,
    FeeItem,
    FeeTable,
    Letter,
    Note,
    Numbered,
    Paragraph,
    Signatory,
    long_date,
)
from functions.domain.money import money, rupiah_in_words
from tests.adapters.pdfa import pages_of, reader_of, said, violations, xmp_of
from tests.adapters.specimens import CREATED_AT, URL, a_permit, both

LONG = both(
    "Permohonan tidak memenuhi ketentuan garis sempadan bangunan dalam rencana detail tata ruang. " * 6,
    "The application does not meet the building setback set in the detailed spatial plan. " * 6,
)


def content_of(page: generic.DictionaryObject) -> bytes:
    return bytes(page["/Contents"].data)


def text_of(pdf: bytes) -> list[str]:
    """Read the text back, a list of strings a page, as a reader does: character codes through ToUnicode."""
    reader = reader_of(pdf)
    return [page_text(page) for page in pages_of(reader)]


def page_text(page: generic.DictionaryObject) -> str:
    return "\n".join(text for _, _, text in set_texts(page))


SET_TEXT = re.compile(
    rb"([\d.]+) Tc|(/F\d+) ([\d.]+) Tf|([\d.]+) [\d.]+ Td \(((?:[^\\)]|\\.)*)\) Tj", re.DOTALL
)


def set_texts(page: generic.DictionaryObject) -> Iterator[tuple[float, tuple[str, float, float], str]]:
    """Give each stretch of text with where it starts (points) and its font, size and letter spacing."""
    fonts = page["/Resources"]["/Font"]
    maps = {name: to_unicode(fonts[name]["/ToUnicode"].data.decode("ascii")) for name in fonts}
    name, size, spacing = "", 0.0, 0.0
    for found in SET_TEXT.finditer(content_of(page)):
        if found[1]:
            spacing = float(found[1])
        elif found[2]:
            name, size = found[2].decode(), float(found[3])
        else:
            codes = unescaped(found[5])
            pairs = zip(codes[::2], codes[1::2], strict=True)
            yield float(found[4]), (name, size, spacing), "".join(maps[name][a << 8 | b] for a, b in pairs)


def unescaped(string: bytes) -> bytes:
    return re.sub(rb"\\(.)", lambda found: b"\r" if found[1] == b"r" else found[1], string, flags=re.DOTALL)


def to_unicode(cmap: str) -> dict[int, str]:
    pairs = re.findall(r"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>\n", cmap)
    return {int(code, 16): bytes.fromhex(char).decode("utf-16-be") for code, char in pairs}


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_permit_fits_on_one_page() -> None:
    assert len(text_of(render_letter(a_permit()))) == 1


def test_everything_stands_on_it_in_both_languages() -> None:
    letter = a_permit(recipient=("Ni Luh Putu Sari", "Jalan Raya Canggu 88"))

    (page,) = text_of(render_letter(letter))

    text = words(page)
    for expected in (
        "PEMERINTAH KABUPATEN BADUNG",
        "Office of Investment and One-Stop Integrated Services",
        "PERSETUJUAN BANGUNAN GEDUNG",
        "Building Permit",
        "Nomor Number PBG-2026-7K3M9QX2RT",
        "Kepada To Ni Luh Putu Sari",
        "Pemilik Owner Ni Luh Putu Sari",
        "Fungsi Function Usaha Business",
        "240 m²",
        "Rp 6.452.586",
        "Jumlah Total Rp 6.802.586",
        "Terbilang: enam juta delapan ratus dua ribu lima ratus delapan puluh enam rupiah",
        "1. Pelaksanaan dimulai dalam enam bulan. Work starts within six months.",
        "Mangupura, 24 November 2026",
        "Kepala Dinas Head of the Office",
        "Ditandatangani secara elektronik Signed electronically",
        "Ir. I Made Contoh, M.T. NIP 19750312 200003 1 002",
        "Halaman 1 dari 1 · Page 1 of 1",
    ):
        assert expected in text


def test_the_indonesian_text_comes_before_its_translation() -> None:
    (page,) = text_of(render_letter(a_permit()))

    assert page.index("Berdasarkan") < page.index("On the ground")


def test_a_text_that_is_the_same_in_both_languages_stands_once() -> None:
    reason = "Gambar denah tidak sesuai."
    letter = a_permit(blocks=(Numbered(items=(both(reason, reason),)), Paragraph(text=both("Sama", "Sama"))))

    (page,) = text_of(render_letter(letter))

    assert page.count(reason) == 1
    assert page.count("Sama") == 1


def test_the_address_to_verify_is_a_link_and_a_qr_code() -> None:
    reader = reader_of(render_letter(a_permit()))

    (page,) = pages_of(reader)

    assert [str(link["/A"]["/URI"]) for link in page["/Annots"]] == [URL]
    matrix = segno.make(URL, error="m", micro=False, boost_error=False).matrix
    runs = sum(len(re.findall(rb"\x01+", bytes(row))) for row in matrix)
    rectangles = re.findall(
        rb"\bre\b", max(re.split(rb"\bf\*?\b", content_of(page)), key=lambda p: p.count(b"re"))
    )
    assert len(rectangles) == runs


def test_a_document_issued_by_law_names_the_rule_and_bears_a_seal() -> None:
    rule = both("UU 30/2014 Pasal 53", "Law 30/2014 Art. 53")

    (page,) = text_of(render_letter(a_permit(by_law=rule, signatory=None)))

    text = words(page)
    assert (
        "Diterbitkan karena hukum Issued by operation of law UU 30/2014 Pasal 53 Law 30/2014 Art. 53" in text
    )
    assert "Disegel secara elektronik Sealed electronically" in text
    assert "Ditandatangani" not in text


def test_everybody_who_signs_stands_on_the_paper() -> None:
    others = tuple(
        Signatory(name=f"Anggota {number}", title=both("Tim teknis", "Technical team")) for number in range(3)
    )

    (page,) = text_of(render_letter(a_permit(cosignatories=others)))

    text = words(page)
    assert text.count("Ditandatangani secara elektronik") == 4
    assert all(one.name in text for one in others)


def test_a_date_that_reads_differently_is_given_in_both_languages() -> None:
    (page,) = text_of(render_letter(a_permit(date=date(2026, 5, 4))))

    assert "Mangupura, 4 Mei 2026 4 May 2026" in words(page)


def test_a_long_letter_goes_on_and_its_signature_never_stands_alone() -> None:
    for count in range(8, 20):
        letter = a_permit(blocks=(Numbered(items=(LONG,) * count),))

        pages = text_of(render_letter(letter))

        assert len(pages) > 1
        last = words(pages[-1])
        assert "The application" in last
        assert "Ditandatangani secara elektronik" in last
        assert f"Halaman {len(pages)} dari {len(pages)}" in last
        assert "Ditandatangani secara elektronik" not in "".join(pages[:-1])


def test_no_text_is_lost_when_a_letter_goes_on() -> None:
    items = tuple(both(f"Alasan nomor {n}. {LONG.id}", f"Reason number {n}. {LONG.en}") for n in range(25))

    text = words(" ".join(text_of(render_letter(a_permit(blocks=(Numbered(items=items),))))))

    assert [int(n) for n in re.findall(r"Alasan nomor (\d+)\.", text)] == list(range(25))
    assert text.count("sempadan") == text.count("setback") == 25 * 6


def test_a_letter_that_spills_a_little_is_set_tighter(monkeypatch: pytest.MonkeyPatch) -> None:
    def pages_with(conditions: int) -> int:
        more = Numbered(items=(both("Ketentuan tambahan.", "A further condition."),) * conditions)
        return len(text_of(render_letter(a_permit(blocks=(*a_permit().blocks, more)))))

    tight = [pages_with(2), pages_with(4), pages_with(12)]
    monkeypatch.setattr(drawing, "_DENSITIES", (1.0,))
    loose = [pages_with(2), pages_with(4), pages_with(12)]

    assert (tight, loose) == ([1, 1, 2], [1, 2, 2])


def test_nothing_reaches_over_the_margins() -> None:
    word = "x" * 400
    url = "https://contoh.go.id/" + "bagian-yang-panjang/" * 20
    letter = a_permit(
        title=both("Keputusan Penolakan Permohonan Persetujuan Bangunan Gedung " * 2, word[:90]),
        recipient=(word,),
        blocks=(
            Paragraph(text=both(word, url)),
            Facts(rows=(Fact(label=both(word[:80], LONG.en), value=both(url, word)),)),
            FeeTable(lines=(FeeItem(title=both(LONG.id, word), amount=10**12),)),
            Note(title=both(word, "x"), text=both(word, word)),
        ),
    )

    pdf = render_letter(letter)

    margins = _layout().margins
    left, right = margins.left * 72 / 25.4, (210 - margins.right) * 72 / 25.4
    placed = list(texts_with_places(pdf))
    assert len(placed) > 50
    for x, end, text in placed:
        assert left - 0.1 <= x, text
        assert end <= right + 0.1, text


def texts_with_places(pdf: bytes) -> Iterator[tuple[float, float, str]]:
    faces: dict[str, Any] = {"/F1": "", "/F2": "B", "/F3": "I"}
    with Paper(_layout().font) as paper:
        for page in pages_of(reader_of(pdf)):
            for start, (font, size, spacing), text in set_texts(page):
                width = paper.width(text, Style(faces[font], size, 5, tracking=spacing))
                yield start, start + width * paper.pdf.k, text


def test_a_character_that_the_font_lacks_is_replaced() -> None:
    letter = a_permit(recipient=("Ngurah Éric Łukasz Ş. ﬁ 李 😀\tdan\x00 Ω ж",))

    pdf = render_letter(letter)

    assert "Ngurah Éric Łukasz Ş. ﬁ ? ? dan Ω ж" in text_of(pdf)[0]
    assert violations(pdf) == []


def test_texts_of_which_nothing_is_left_do_no_harm() -> None:
    nothing = both("\u200b", "\u200b")
    letter = a_permit(
        title=nothing,
        recipient=("",),
        blocks=(
            Paragraph(text=nothing),
            Facts(title=nothing, rows=(Fact(label=nothing, value=""),)),
            FeeTable(lines=(FeeItem(title=nothing, amount=0),)),
            Numbered(items=(nothing, both("\u200b", "only English"))),
            Note(text=nothing),
        ),
    )

    (page,) = text_of(render_letter(letter))

    assert "only English" in page
    assert "Terbilang: nol rupiah" in page


@pytest.mark.parametrize(
    "letter",
    [
        a_permit(),
        a_permit(by_law=both("UU 30/2014 Pasal 53", "Law 30/2014 Art. 53"), signatory=None),
        a_permit(blocks=(Numbered(items=(LONG,) * 20),), title=both('Penolakan <&> "PBG"', "Refusal <&>")),
    ],
    ids=["permit", "by law", "long"],
)
def test_a_letter_is_pdf_a(letter: Letter) -> None:
    assert violations(render_letter(letter)) == []


def test_the_checks_of_pdf_a_see_a_fault() -> None:
    pdf = render_letter(a_permit())

    for sound, broken, clause in (
        (b"/F 4", b"/F 2", "6.3.2"),
        (b"/GTS_PDFA1", b"/GTS_PDFX1", "6.2.3"),
        (b"/ToUnicode", b"/ToUniCode", "6.2.11.7"),
        (b"/FontFile2", b"/FontFile9", "6.2.11.4"),
        (b"<pdfaid:part>2", b"<pdfaid:part>1", "6.6.4"),
    ):
        assert any(found.startswith(clause) for found in violations(pdf.replace(sound, broken))), clause


def test_it_says_what_it_is() -> None:
    reader = reader_of(render_letter(a_permit()))

    xmp = xmp_of(reader)
    assert said(xmp, "dc:title/rdf:Alt/rdf:li[@xml:lang='id']") == "Persetujuan Bangunan Gedung"
    assert said(xmp, "dc:title/rdf:Alt/rdf:li[@xml:lang='en']") == "Building Permit"
    assert said(xmp, "dc:description") == "PBG-2026-7K3M9QX2RT"
    assert said(xmp, "xmp:CreateDate") == CREATED_AT.isoformat()
    assert reader.root["/Lang"] == "id-ID"
    assert reader.root["/ViewerPreferences"]["/DisplayDocTitle"]


def test_the_same_letter_is_always_the_same_file() -> None:
    first, again = render_letter(a_permit()), PdfRenderer().render(a_permit())

    assert first == again
    assert render_letter(a_permit(created_at=CREATED_AT + timedelta(seconds=1))) != first


def test_the_same_letter_is_the_same_file_in_another_process() -> None:
    program = (
        "import hashlib;from functions.adapters.pdf import render_letter;from tests.adapters.specimens import a_permit;"
        "print(hashlib.sha256(render_letter(a_permit())).hexdigest())"
    )

    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
        text=True,
    )

    assert answer.stdout.strip() == hashlib.sha256(render_letter(a_permit())).hexdigest()


def test_a_letter_is_small() -> None:
    assert len(render_letter(a_permit())) < 80_000


SOME_TEXT = st.text(max_size=300).map(lambda text: f"{text}.")


@profile(max_examples=15)
@given(SOME_TEXT, SOME_TEXT)
def test_any_text_can_be_set(indonesian: str, english: str) -> None:
    text = both(indonesian, english)
    letter = a_permit(
        blocks=(Paragraph(text=text), Facts(rows=(Fact(label=text, value=text),)), Note(text=text))
    )

    assert violations(render_letter(letter)) == []


@pytest.mark.parametrize(
    ("amount", "currency", "lang", "written"),
    [
        (6_452_586, "IDR", "id", "Rp\u00a06.452.586"),
        (6_452_586, "IDR", "en", "Rp\u00a06,452,586"),
        (0, "IDR", "id", "Rp\u00a00"),
        (-350_000, "IDR", "id", "\u2212Rp\u00a0350.000"),
        (125_000, "USD", "en", "US$\u00a01,250.00"),
        (125_005, "USD", "id", "US$\u00a01.250,05"),
        (999, "SAR", "en", "SAR\u00a09.99"),
    ],
)
def test_money_is_written_as_the_language_does(amount: int, currency: str, lang: Any, written: str) -> None:
    assert money(amount, currency, lang) == written


@pytest.mark.parametrize(
    ("amount", "spelled"),
    [
        (0, "nol rupiah"),
        (11, "sebelas rupiah"),
        (12, "dua belas rupiah"),
        (20, "dua puluh rupiah"),
        (101, "seratus satu rupiah"),
        (1_000, "seribu rupiah"),
        (1_100, "seribu seratus rupiah"),
        (2_019, "dua ribu sembilan belas rupiah"),
        (499_770, "empat ratus sembilan puluh sembilan ribu tujuh ratus tujuh puluh rupiah"),
        (1_000_000, "satu juta rupiah"),
        (1_001_000, "satu juta seribu rupiah"),
        (25_000_000_000, "dua puluh lima miliar rupiah"),
        (-5_000, "minus lima ribu rupiah"),
    ],
)
def test_rupiah_are_spelled_as_on_a_bill(amount: int, spelled: str) -> None:
    assert rupiah_in_words(amount) == spelled


def test_dates_are_written_out() -> None:
    assert long_date(date(2026, 8, 17), "id") == "17 Agustus 2026"
    assert long_date(date(2026, 8, 17), "en") == "17 August 2026"


def test_a_letter_needs_an_aware_moment() -> None:
    naive = a_permit().model_dump() | {"created_at": CREATED_AT.replace(tzinfo=None)}

    with pytest.raises(ValueError, match="timezone"):
        Letter.model_validate(naive)

    assert Letter.model_validate(a_permit().model_dump()).created_at.astimezone(UTC).hour == 2


def test_a_draft_is_set_like_the_letter_says_what_it_is_and_cannot_be_verified() -> None:
    letter = a_permit()
    file = render_letter(letter, draft=True)

    draft, issued = (" ".join(text_of(one)) for one in (file, render_letter(letter)))

    assert "Konsep – belum ditandatangani" in draft
    assert "has no effect" in draft
    assert "Konsep" not in issued
    assert URL.rpartition("/")[0] in issued
    assert URL.rpartition("/")[0] not in draft
    assert letter.signatory
    assert letter.signatory.name in draft
    assert violations(file) == []
