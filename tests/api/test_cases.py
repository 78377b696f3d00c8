"""Cases over HTTP: opened, filled in, submitted, listed, read, and hidden from whom they do not concern."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from functions.domain import history
from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker
from tests.builders import HOUSE

As = Callable[..., Asker]
NEW = {"service": "building-permit", "form": HOUSE}


class TestOpening:
    def test_gives_a_draft_and_its_address(self, as_: As) -> None:
        got = as_("siti").post("/v1/cases", NEW)

        case = got.body
        assert got.status == 201
        assert got.headers["Location"] == f"/v1/cases/{case['id']}"
        assert got.headers["ETag"] == '"1"'
        assert (case["status"], case["version"], case["number"], case["form"]) == ("draft", 1, None, HOUSE)
        assert case["actions"] == ["patch", "upload", "submit", "withdraw", "personal-data"]
        assert as_("siti").get(got.headers["Location"]).body == case

    def test_takes_an_incomplete_form_but_no_wrong_answer(self, as_: As) -> None:
        siti = as_("siti")

        assert siti.post("/v1/cases", {"service": "building-permit"}).status == 201
        refused = siti.post("/v1/cases", {**NEW, "form": {"floors": "two", "colour": "red", "work": "old"}})

        assert refused.status == 422
        assert set(refused.pointers) == {"/floors", "/colour", "/work"}

    def test_an_answer_of_null_is_none(self, as_: As) -> None:
        got = as_("siti").post("/v1/cases", {**NEW, "form": {**HOUSE, "infrastructure_volume": None}})

        assert got.body["form"] == HOUSE

    def test_an_unknown_service_is_not_found(self, as_: As) -> None:
        assert as_("siti").post("/v1/cases", {"service": "../agencies"}).status == 404

    def test_the_front_office_files_on_behalf_and_goes_on_helping(self, as_: As) -> None:
        got = as_("dewi").post("/v1/cases", {**NEW, "on_behalf_of": "budi"})

        assert got.status == 201
        assert (got.body["applicant"], got.body["filed_by"]) == ("budi", "dewi")
        assert as_("budi").get(got.headers["Location"]).status == 200
        assert as_("dewi").patch(got.headers["Location"], {"form": {"floors": 2}}).status == 200
        assert as_("rizky").get(got.headers["Location"]).status == 404

    def test_nobody_else_files_on_behalf(self, as_: As) -> None:
        got = as_("siti").post("/v1/cases", {**NEW, "on_behalf_of": "budi"})

        assert (got.status, got.body["rule"]) == (403, "on_behalf")

    @pytest.mark.parametrize("name", ["", "two words", "law", "a/b", "x" * 200])
    def test_on_behalf_of_whom_must_be_a_username(self, as_: As, name: str) -> None:
        got = as_("dewi").post("/v1/cases", {**NEW, "on_behalf_of": name})

        assert (got.status, got.pointers) == (422, ["/on_behalf_of"])

    def test_a_parent_must_be_a_case_that_the_caller_may_read(self, as_: As, case: CaseDriver) -> None:
        own = as_("siti").post("/v1/cases", {**NEW, "parent": case.id})
        foreign = as_("budi").post("/v1/cases", {**NEW, "parent": case.id})
        nonsense = as_("budi").post("/v1/cases", {**NEW, "parent": "x"})

        assert own.body["parent"] == case.id
        assert (
            (foreign.status, foreign.pointers) == (nonsense.status, nonsense.pointers) == (422, ["/parent"])
        )


class TestTheSameAgain:
    def test_the_same_key_and_body_give_the_first_answer(self, as_: As, office: Office) -> None:
        first = as_("siti").post("/v1/cases", NEW, idempotency_key="k")
        office.system.aws.advance(timedelta(minutes=1))

        again = as_("siti").post("/v1/cases", NEW, idempotency_key="k")

        assert (again.status, again.body) == (first.status, first.body)
        assert len(as_("siti").get("/v1/cases").body["items"]) == 1

    def test_the_same_key_with_another_body_is_refused(self, as_: As) -> None:
        as_("siti").post("/v1/cases", NEW, idempotency_key="k")

        got = as_("siti").post("/v1/cases", {"service": "building-permit"}, idempotency_key="k")

        assert (got.status, got.body["type"]) == (422, "urn:loket:problem:key-reused")

    def test_the_key_of_somebody_else_is_another_key(self, as_: As) -> None:
        first = as_("siti").post("/v1/cases", NEW, idempotency_key="k")

        assert as_("budi").post("/v1/cases", NEW, idempotency_key="k").body["id"] != first.body["id"]

    def test_submitting_twice_under_one_key_gives_one_number(
        self, as_: As, draft: CaseDriver, office: Office
    ) -> None:
        draft.bring()
        path = f"/v1/cases/{draft.id}/submit"
        first = as_("siti").post(path, idempotency_key="k")
        office.system.aws.advance(timedelta(hours=1))

        again, without = as_("siti").post(path, idempotency_key="k"), as_("siti").post(path)

        assert (first.status, again.status, again.body) == (202, 202, first.body)
        assert without.status == 409
        assert draft.types.count("case.submitted") == 1

    def test_the_key_of_one_act_is_not_that_of_another(self, as_: As, case: CaseDriver) -> None:
        siti, path = as_("siti"), f"/v1/cases/{case.id}"
        siti.post(f"{path}/messages", {"text": "Kapan?"}, idempotency_key="k")

        got = siti.post(f"{path}/withdraw", {"reason": "Batal."}, idempotency_key="k")

        assert (got.status, got.body["type"]) == (422, "urn:loket:problem:key-reused")


class TestFillingIn:
    def test_a_merge_patch_adds_changes_and_takes_away(self, as_: As, draft: CaseDriver) -> None:
        got = as_("siti").patch(f"/v1/cases/{draft.id}", {"form": {"floors": 2, "owner_phone": None}})

        assert got.body["form"]["floors"] == 2
        assert "owner_phone" not in got.body["form"]
        assert got.headers["ETag"] == '"2"'

    def test_a_patch_that_changes_nothing_writes_nothing(self, as_: As, draft: CaseDriver) -> None:
        got = as_("siti").patch(f"/v1/cases/{draft.id}", {"form": {"floors": draft.case.form["floors"]}})  # type: ignore[index]

        assert (got.status, got.body["version"]) == (200, 1)

    def test_accepts_the_media_type_of_merge_patches(self, as_: As, draft: CaseDriver) -> None:
        got = as_("siti").ask(
            "PATCH",
            f"/v1/cases/{draft.id}",
            raw=b'{"form": {"floors": 2}}',
            content_type="application/merge-patch+json",
        )

        assert got.status == 200

    def test_what_was_submitted_is_closed(self, as_: As, case: CaseDriver) -> None:
        got = as_("siti").patch(f"/v1/cases/{case.id}", {"form": {"floors": 2}})

        assert (got.status, got.body["type"]) == (409, "urn:loket:problem:not-now")

    def test_in_a_correction_only_what_was_named_is_open(self, as_: As, case: CaseDriver) -> None:
        asked = {"fields": [{"pointer": "/address", "message": "RT/RW?"}], "documents": []}
        case.act("pupr/secretariat", "return", comment="Belum lengkap.", data=asked)
        siti, path = as_("siti"), f"/v1/cases/{case.id}"

        shown = siti.get(path).body
        closed = siti.patch(path, {"form": {"floors": 3}})
        opened = siti.patch(path, {"form": {"address": "Jalan Baru 1, RT 01/RW 02"}})

        assert shown["status"] == "awaiting_applicant"
        assert {"patch", "upload"} <= set(shown["actions"])
        (task,) = shown["tasks"]
        assert task["correction"]["fields"] == [{"pointer": "/address", "message": "RT/RW?"}]
        assert [action["name"] for action in task["actions"]] == ["resubmit"]
        assert (closed.status, closed.pointers) == (422, ["/floors"])
        assert opened.status == 200


class TestSubmitting:
    def test_lists_every_missing_field_and_document_at_once(self, as_: As) -> None:
        case = (
            as_("siti").post("/v1/cases", {**NEW, "form": {"floors": 4, "permanence": "non_permanent"}}).body
        )

        got = as_("siti").post(f"/v1/cases/{case['id']}/submit")

        assert got.status == 422
        assert {"/address", "/owner_name", "/work", "/documents/id-card", "/documents/site-plan"} <= set(
            got.pointers
        )

    def test_promises_a_date(self, as_: As, draft: CaseDriver) -> None:
        draft.bring()

        got = as_("siti").post(f"/v1/cases/{draft.id}/submit")

        assert got.status == 202
        assert got.body["number"].startswith("PBG-2026-")
        assert got.body["submitted_at"] == "2026-02-02T02:00:00Z"
        assert got.body["due_at"] > "2026-03-12"
        assert set(got.body) == {"number", "submitted_at", "due_at"}


class TestReading:
    def test_shows_the_case_as_the_contract_has_it(self, as_: As, case: CaseDriver) -> None:
        shown = as_("siti").get(f"/v1/cases/{case.id}").body

        assert {
            *("id", "number", "service", "version", "status", "step", "form", "documents", "tasks", "fee"),
            *("clock", "outcome", "permits", "payments", "actions", "parent", "children"),
        } <= set(shown)
        assert (shown["status"], shown["step"]) == ("in_review", "completeness")
        assert {"id", "kind", "filename", "state", "size", "sha256"} <= set(shown["documents"][0])
        assert set(shown["clock"]) == {
            *("started_at", "due_at", "working_days", "used", "paused_days", "state", "sentence")
        }

    def test_speaks_the_language_of_the_reader(self, as_: As, case: CaseDriver) -> None:
        english = as_("siti", "en").get(f"/v1/cases/{case.id}").body
        indonesian = as_("siti", "id").get(f"/v1/cases/{case.id}").body

        assert (english["title"], indonesian["title"]) == (
            "Building permit (PBG)",
            "Persetujuan Bangunan Gedung (PBG)",
        )
        assert english["clock"]["sentence"] != indonesian["clock"]["sentence"]
        assert english["documents"][0]["title"] != indonesian["documents"][0]["title"]

    @pytest.mark.parametrize("path", ["", "/history", "/documents/{case}.d1", "/personal-data"])
    @pytest.mark.parametrize("stranger", ["budi", "irfan"])
    def test_to_whom_it_is_none_of_their_business_it_does_not_exist(
        self, as_: As, case: CaseDriver, path: str, stranger: str
    ) -> None:
        got = as_(stranger).get(f"/v1/cases/{case.id}{path.format(case=case.id)}")

        assert (got.status, got.body["type"]) == (404, "urn:loket:problem:case-unknown")

    @pytest.mark.parametrize(
        "act", ["submit", "withdraw", "messages", "appeal", "extend", "redrive", "erase"]
    )
    def test_a_stranger_who_tries_to_act_learns_nothing(self, as_: As, case: CaseDriver, act: str) -> None:
        body = {"reason": "x", "term": "1 wd"} if act == "extend" else {"reason": "x"}

        got = as_("budi").post(f"/v1/cases/{case.id}/{act}", None if act in ("submit", "erase") else body)

        assert (got.status, got.body["type"]) == (404, "urn:loket:problem:case-unknown")

    @pytest.mark.parametrize("name", ["nothing", "0" * 26, "0" * 25, "%2e%2e", "CASE%23x"])
    def test_what_is_no_case_is_not_found(self, as_: As, name: str) -> None:
        assert as_("siti").get(f"/v1/cases/{name}").status == 404

    def test_an_office_sees_a_case_only_once_it_is_asked(self, as_: As, office: Office) -> None:
        shop = {"function": "business", "floor_area_m2": 240, "floors": 2, "small_business": False}
        case = CaseDriver(office.system).apply(shop)
        before = as_("arif").get(f"/v1/cases/{case.id}").status
        case.act("pupr/secretariat", "approve")

        assert (before, as_("arif").get(f"/v1/cases/{case.id}").status) == (404, 200)

    def test_officers_do_not_see_drafts(self, as_: As, draft: CaseDriver) -> None:
        assert as_("hendra").get(f"/v1/cases/{draft.id}").status == 404


class TestHistory:
    def test_is_a_chain_that_verifies(self, as_: As, case: CaseDriver) -> None:
        got = as_("siti").get(f"/v1/cases/{case.id}/history").body

        assert got["next"] is None
        assert [event["seq"] for event in got["items"]] == list(range(1, len(got["items"]) + 1))
        assert history.verify(got["items"]) == []

    def test_holds_no_personal_content(self, as_: As, case: CaseDriver) -> None:
        text = as_("siti").get(f"/v1/cases/{case.id}/history").text

        assert "Siti Rahayu" not in text
        assert "Melati" not in text

    def test_can_be_read_page_by_page(self, as_: As, case: CaseDriver) -> None:
        siti, path = as_("siti"), f"/v1/cases/{case.id}/history"
        whole = siti.get(path).body["items"]
        pages, cursor = [], ""
        while cursor is not None:
            page = siti.get(f"{path}?limit=5{cursor and '&cursor=' + cursor}").body
            pages += page["items"]
            cursor = page["next"]

        assert pages == whole


class TestLists:
    def test_an_applicant_sees_the_own_cases_newest_first(self, as_: As, office: Office) -> None:
        mine = [self._file(office, "siti").id for _ in range(3)]
        self._file(office, "budi")

        listed = as_("siti").get("/v1/cases").body

        assert [item["id"] for item in listed["items"]] == mine[::-1]
        assert listed["next"] is None

    def test_an_officer_sees_what_was_submitted_to_the_agency(self, as_: As, office: Office) -> None:
        self._file(office, "siti")
        submitted = CaseDriver(office.system, applicant="budi").apply()

        assert [item["id"] for item in as_("hendra").get("/v1/cases").body["items"]] == [submitted.id]
        assert as_("slamet").get("/v1/cases").body["items"] == []

    def test_an_officer_finds_the_own_cases_too(self, as_: As, office: Office) -> None:
        own = self._file(office, "dewi")

        assert as_("dewi").get("/v1/cases").body["items"] == []
        assert [item["id"] for item in as_("dewi").get("/v1/cases?mine=true").body["items"]] == [own.id]

    def test_can_be_narrowed(self, as_: As, office: Office) -> None:
        case = CaseDriver(office.system).apply()
        withdrawn = CaseDriver(office.system).apply().withdraw()
        hendra = as_("hendra")

        def found(query: str) -> list[str]:
            return [item["id"] for item in hendra.get(f"/v1/cases?{query}").body["items"]]

        assert found("status=withdrawn") == [withdrawn.id]
        assert set(found("service=building-permit")) == {case.id, withdrawn.id}
        assert found("service=hajj-registration") == []
        assert found(f"q={case.case.number[-5:].lower()}") == [case.id]  # type: ignore[index]
        assert set(found("q=SITI")) == {case.id, withdrawn.id}
        assert [item["id"] for item in as_("siti").get("/v1/cases?status=withdrawn").body["items"]] == [
            withdrawn.id
        ]

    @pytest.mark.parametrize("query", ["", "&q=siti", "&status=in_review"])
    def test_pages_hold_every_case_once(self, as_: As, office: Office, query: str) -> None:
        ids = {CaseDriver(office.system).apply().id for _ in range(5)}
        hendra, found, cursor = as_("hendra"), [], ""
        while cursor is not None:
            page = hendra.get(f"/v1/cases?limit=2{query}{cursor and '&cursor=' + cursor}").body
            assert len(page["items"]) <= 2
            found += [item["id"] for item in page["items"]]
            cursor = page["next"]

        assert len(found) == 5
        assert set(found) == ids

    def test_a_cursor_of_another_list_is_refused(self, as_: As, office: Office) -> None:
        for _ in range(2):
            self._file(office, "siti")
            self._file(office, "budi")
        cursor = as_("siti").get("/v1/cases?limit=1").body["next"]

        got = as_("budi").get(f"/v1/cases?limit=1&cursor={cursor}")

        assert (got.status, got.body["type"]) == (400, "urn:loket:problem:bad-cursor")

    @staticmethod
    def _file(office: Office, username: str) -> CaseDriver:
        office.system.aws.advance(timedelta(seconds=1))
        return CaseDriver(office.system, applicant=username).file()
