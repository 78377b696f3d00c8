"""Documents over HTTP: announced, sent straight to the store, read once they are clean."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.driver import SMALL_PDF, CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker, Got
from tests.api.conftest import opened

As = Callable[..., Asker]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """One office for all of them: each test has a case of its own."""
    with opened() as running:
        yield running


FILE = {
    "kind": "id-card", "filename": "ktp siti.pdf", "content_type": "application/pdf", "size": len(SMALL_PDF),
    "sha256": hashlib.sha256(SMALL_PDF).hexdigest(),
}  # fmt: skip


def announce(asker: Asker, case: CaseDriver, **changes: Any) -> Got:
    return asker.post(f"/v1/cases/{case.id}/documents", FILE | changes)


class TestAnnouncing:
    def test_gives_a_form_for_exactly_this_file(self, as_: As, draft: CaseDriver, office: Office) -> None:
        got = announce(as_("siti"), draft)

        document = got.body
        assert got.status == 201
        assert (document["id"], document["state"]) == (f"{draft.id}.d1", "announced")
        assert office.system.aws.upload(document["upload"], SMALL_PDF).status == 204
        office.system.aws.settle()
        assert as_("siti").get(f"/v1/cases/{draft.id}").body["documents"][0]["state"] == "clean"

    def test_another_file_does_not_fit_the_form(self, as_: As, draft: CaseDriver, office: Office) -> None:
        upload = announce(as_("siti"), draft).body["upload"]

        assert office.system.aws.upload(upload, SMALL_PDF + b"x").status == 400

    def test_the_same_key_announces_one_document(self, as_: As, draft: CaseDriver) -> None:
        siti, path = as_("siti"), f"/v1/cases/{draft.id}/documents"
        first = siti.post(path, FILE, idempotency_key="k")
        announce(siti, draft, kind="land-title")

        again = siti.post(path, FILE, idempotency_key="k")

        assert (again.status, again.body["id"]) == (201, first.body["id"])
        assert len(draft.case.documents) == 2

    def test_names_everything_that_does_not_fit(self, as_: As, draft: CaseDriver) -> None:
        got = announce(
            as_("siti"), draft, content_type="text/html", size=3 * 1024 * 1024, sha256="abc", filename="a\x00"
        )

        assert got.status == 422
        assert set(got.pointers) == {"/content_type", "/size", "/sha256", "/filename"}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("kind", "poem"),
            ("kind", 1),
            ("size", "15"),
            ("size", 1.5),
            ("size", 0),
            ("size", -1),
            ("sha256", None),
        ],
    )
    def test_refuses_what_cannot_be(self, as_: As, draft: CaseDriver, field: str, value: Any) -> None:
        got = announce(as_("siti"), draft, **{field: value})

        assert (got.status, got.pointers) == (422, [f"/{field}"])

    def test_after_submitting_only_what_was_asked_for(self, as_: As, case: CaseDriver) -> None:
        assert announce(as_("siti"), case).status == 409

        case.act(
            "pupr/secretariat",
            "return",
            comment="?",
            data={"documents": [{"kind": "id-card", "message": "Buram."}]},
        )

        assert announce(as_("siti"), case).status == 201
        assert announce(as_("siti"), case, kind="site-plan").status == 409

    def test_an_officer_with_an_open_task_adds_files(self, as_: As, case: CaseDriver) -> None:
        assert announce(as_("yuni"), case, kind="survey-minutes").status == 201
        assert announce(as_("hendra"), case, kind="survey-minutes").status == 403
        assert announce(as_("budi"), case, kind="survey-minutes").status == 404


class TestReading:
    def test_a_clean_file_is_read_by_a_link_that_soon_ends(
        self, as_: As, draft: CaseDriver, office: Office
    ) -> None:
        draft.upload("id-card", filename="ktp siti.pdf")

        got = as_("siti").get(f"/v1/cases/{draft.id}/documents/{draft.id}.d1")

        assert got.status == 200
        assert {"url", "filename", "content_type", "size", "sha256", "expires_at"} == set(got.body)
        assert got.body["filename"] == "ktp siti.pdf"
        answer = office.system.aws.download(got.body["url"])
        assert (answer.status, answer.body) == (200, SMALL_PDF)

    def test_officers_who_read_the_case_read_its_files(self, as_: As, office: Office) -> None:
        case = CaseDriver(office.system).file()
        case.upload("id-card")
        case.bring().submit()

        assert as_("yuni").get(f"/v1/cases/{case.id}/documents/{case.id}.d1").status == 200
        assert as_("arif").get(f"/v1/cases/{case.id}/documents/{case.id}.d1").status == 404

    def test_before_it_is_there_it_cannot_be_read(self, as_: As, draft: CaseDriver) -> None:
        announce(as_("siti"), draft)

        got = as_("siti").get(f"/v1/cases/{draft.id}/documents/{draft.id}.d1")

        assert (got.status, got.body["type"]) == (409, "urn:loket:problem:document-not-ready")
        assert got.body["state"] == "announced"

    def test_malware_is_never_read(self, as_: As, draft: CaseDriver) -> None:
        eicar = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
        draft.upload("id-card", SMALL_PDF + eicar)

        got = as_("siti").get(f"/v1/cases/{draft.id}/documents/{draft.id}.d1")

        assert (got.status, got.body["state"]) == (409, "refused")
        assert as_("siti").get(f"/v1/cases/{draft.id}").body["documents"][0]["reason"]

    @pytest.mark.parametrize("document", ["d9", "x", "{id}.d9", "{id}.t1", "..%2f..%2fsecret"])
    def test_what_is_no_document_is_not_found(self, as_: As, draft: CaseDriver, document: str) -> None:
        got = as_("siti").get(f"/v1/cases/{draft.id}/documents/{document.format(id=draft.id)}")

        assert (got.status, got.body["type"]) == (404, "urn:loket:problem:document-missing")
