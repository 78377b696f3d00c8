"""Files: announced with their digest, compared on arrival, unreadable until clean."""

from __future__ import annotations

from typing import Any

import pytest

from functions.domain import documents
from functions.domain.case import Document
from functions.domain.errors import DocumentMissing, DocumentNotReady, Invalid, NotNow
from tests.builders import CASE_ID, HOUSE, PERMIT, Walk, case_in, holder

DIGEST = "a" * 64
PDF: dict[str, Any] = {
    "kind": "site-plan", "filename": "denah.pdf", "content_type": "application/pdf", "size": 1000, "sha256": DIGEST,
}  # fmt: skip


def announce(walk: Walk, *, by: str = "siti", officer: bool = False, **changes: Any) -> Document:
    answer = PDF | changes
    found: Document = walk.do(by, lambda w: documents.announce(w, walk.service, officer=officer, **answer))
    return walk.case.documents[found.id]


def arrive(walk: Walk, document: Document, fault: str | None = None) -> Document:
    def decide(writer: Any) -> None:
        documents.arrive(writer, writer.case.documents[document.id], fault=fault, object_version="v1")

    walk.do("system", decide)
    return walk.case.documents[document.id]


def scan(walk: Walk, document: Document, *, clean: bool = True) -> Document:
    def decide(writer: Any) -> None:
        documents.scanned(writer, writer.case.documents[document.id], clean=clean, reason="infected")

    walk.do("system", decide)
    return walk.case.documents[document.id]


def faults(walk: Walk, **changes: Any) -> list[str]:
    with pytest.raises(Invalid) as refused:
        announce(walk, **changes)
    return [fault.pointer for fault in refused.value.faults]


def test_a_document_goes_from_announced_to_clean():
    walk = Walk().create()

    document = announce(walk)
    assert (document.id, document.state, document.filename) == (f"{CASE_ID}.d1", "announced", "denah.pdf")
    assert arrive(walk, document).state == "received"
    assert scan(walk, document).state == "clean"


def test_a_second_arrival_or_scan_changes_nothing():
    walk = Walk().create()
    document = announce(walk)
    scan(walk, arrive(walk, document))
    version = walk.case.version

    arrive(walk, document, "size")
    scan(walk, document, clean=False)

    assert walk.case.version == version


def test_a_scan_before_the_arrival_is_noted_changes_nothing():
    walk = Walk().create()

    assert scan(walk, announce(walk)).state == "announced"


def test_what_arrived_otherwise_or_infected_is_refused_with_the_reason():
    walk = Walk().create()
    other, infected = announce(walk), announce(walk)

    assert arrive(walk, other, "checksum").reason == "checksum"
    assert scan(walk, arrive(walk, infected), clean=False).reason == "infected"


@pytest.mark.parametrize("state", ["announced", "received", "refused"])
def test_only_a_clean_document_can_be_read(state: str):
    walk = Walk().create()
    document = announce(walk)
    if state != "announced":
        arrive(walk, document, "size" if state == "refused" else None)

    with pytest.raises(DocumentNotReady) as refused:
        documents.readable(walk.case, document.id)

    assert refused.value.facts["state"] == state


def test_an_unknown_document_is_not_there():
    with pytest.raises(DocumentMissing):
        documents.readable(case_in("draft").case, f"{CASE_ID}.d9")


def test_everything_wrong_with_an_announcement_is_named_at_once():
    walk = Walk().create()

    assert faults(walk, content_type="text/html", size=0, sha256="ABC", filename="\n") == [
        "/content_type", "/size", "/sha256", "/filename",
    ]  # fmt: skip
    assert faults(walk, kind="passport") == ["/kind"]
    assert faults(walk, filename="x" * 201) == ["/filename"]


def test_a_file_is_as_large_as_its_kind_allows():
    walk = Walk().create()

    announce(walk, size=20 * 1024 * 1024)

    assert faults(walk, size=20 * 1024 * 1024 + 1) == ["/size"]


def test_a_case_holds_a_bounded_number_of_files():
    walk = Walk().create()
    many = {
        f"{CASE_ID}.d{n}": Document(f"{CASE_ID}.d{n}", "id-card", "siti", 1, DIGEST, "x")
        for n in range(1, 201)
    }

    def decide(writer: Any) -> None:
        writer.case.documents.update(many)
        documents.announce(writer, walk.service, **PDF)

    with pytest.raises(Invalid) as refused:
        walk.do("siti", decide)

    assert [fault.pointer for fault in refused.value.faults] == [""]


@pytest.mark.parametrize("status", ["submitted", "in_review", "awaiting_payment", "approved", "rejected"])
def test_the_applicant_sends_nothing_while_nothing_is_asked(status: str):
    with pytest.raises(NotNow):
        announce(case_in(status))


def test_in_a_correction_only_what_was_asked_is_open():
    walk = Walk().correction((), ("site-plan",))

    announce(walk)
    announce(walk)

    with pytest.raises(NotNow):
        announce(walk, kind="land-title")


def test_in_a_correction_a_document_that_the_new_answers_demand_is_open_and_can_be_replaced():
    walk = Walk().correction(("/floors",)).patch(floors=3)

    walk.bring("neighbour-consent")
    announce(walk, kind="neighbour-consent")

    with pytest.raises(NotNow):
        announce(walk, kind="land-title")


def test_an_officer_adds_minutes_of_a_kind_of_its_own():
    walk = Walk().review()

    document = announce(walk, by=holder("pupr/tpt").username, officer=True, kind="site-minutes")

    assert document.by == "teguh"
    with pytest.raises(Invalid):
        announce(walk, officer=True, kind="../etc")


def test_documents_are_missing_by_the_answers():
    walk = Walk(HOUSE | {"floors": 4, "represented": True}).create()

    assert [kind.kind for kind in documents.missing(walk.case, PERMIT, walk.case.form or {})] == [
        "id-card", "land-title", "site-plan", "power-of-attorney", "structural-calculation", "neighbour-consent",
    ]  # fmt: skip
    assert documents.missing(walk.bring().case, PERMIT, walk.case.form or {}) == []


def test_a_refused_document_is_missing_still():
    walk = Walk().create()
    arrive(walk, announce(walk), "checksum")

    assert "site-plan" in [kind.kind for kind in documents.missing(walk.case, PERMIT, walk.case.form or {})]
    assert documents.newest(walk.case, "site-plan") is None


def test_with_an_answer_of_the_wrong_type_what_everybody_brings_is_still_named():
    walk = Walk().create()

    found = documents.missing(walk.case, PERMIT, HOUSE | {"floors": "three"})

    assert [kind.kind for kind in found][:3] == ["id-card", "land-title", "site-plan"]


def test_keys_of_the_store_hold_ids_only_and_lead_back():
    walk = Walk().create()
    document = announce(walk)

    key = documents.object_key(document)

    assert key == f"cases/{CASE_ID}/d1"
    assert documents.document_of(key) == document.id
    assert documents.document_of(documents.issued_key(document.id)) is None
    assert documents.document_of("cases/elsewhere/d1") is None
    assert documents.document_of("malware-protection-resource-validation-object") is None


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        ({}, None),
        ({"size": 999}, "size"),
        ({"sha256": "b" * 64}, "checksum"),
        ({"content_type": "text/html"}, "content_type"),
    ],
)
def test_what_arrived_is_compared_with_what_was_announced(seen: dict[str, Any], fault: str | None):
    document = announce(Walk().create())
    same = {"size": 1000, "sha256": DIGEST, "content_type": "application/pdf"}

    assert documents.arrived_wrongly(document, **(same | seen)) == fault
