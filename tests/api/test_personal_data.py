"""Personal content: handed out with a note of it, held, and erased without breaking the history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from functions.domain import history
from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker

As = Callable[..., Asker]
WHY = {"reason": "Diminta pengadilan."}


class TestExport:
    def test_holds_everything_that_people_wrote(self, as_: As, office: Office) -> None:
        case = CaseDriver(office.system).file()
        case.upload("id-card", filename="ktp siti.pdf")
        case.bring().submit()
        as_("siti").post(f"/v1/cases/{case.id}/messages", {"text": "Kapan selesai?"})
        case.act(
            "pupr/secretariat",
            "return",
            comment="Alamat?",
            data={"fields": [{"pointer": "/address", "message": "RT?"}]},
        )

        got = as_("siti").get(f"/v1/cases/{case.id}/personal-data")

        assert got.status == 200
        for piece in (
            "Siti Rahayu",
            "siti.rahmawati@warga.example",
            "ktp siti.pdf",
            "Kapan selesai?",
            "Alamat?",
            "RT?",
        ):
            assert piece in got.text
        assert got.body["documents"][0]["kind"] == "id-card"

    @pytest.mark.parametrize("who", ["siti", "tuti"])
    def test_is_noted_with_who_took_it(self, as_: As, case: CaseDriver, who: str) -> None:
        as_(who).get(f"/v1/cases/{case.id}/personal-data")

        last = case.history[-1]
        assert (last["type"], last["actor"], last["data"]) == ("data.exported", who, {})

    def test_is_for_the_applicant_and_the_records_officer_only(self, as_: As, case: CaseDriver) -> None:
        got = as_("hendra").get(f"/v1/cases/{case.id}/personal-data")

        assert (got.status, got.body["rule"]) == (403, "role")


class TestErasure:
    def test_waits_for_the_end_of_the_retention_term(self, as_: As, case: CaseDriver, office: Office) -> None:
        open_still = as_("tuti").post(f"/v1/cases/{case.id}/erase")
        case.withdraw()
        too_soon = as_("tuti").post(f"/v1/cases/{case.id}/erase")
        office.system.aws.advance(timedelta(days=3660))

        erased = as_("tuti").post(f"/v1/cases/{case.id}/erase")

        assert (open_still.status, open_still.body["type"]) == (409, "urn:loket:problem:case-open")
        assert (too_soon.status, too_soon.body["type"]) == (409, "urn:loket:problem:retention")
        assert too_soon.body["until"].startswith("2036-02")
        assert (erased.status, erased.body["erased"], erased.body["form"]) == (200, True, None)

    def test_leaves_nothing_personal_and_a_history_that_verifies(self, as_: As, office: Office) -> None:
        case = CaseDriver(office.system).file()
        case.upload("id-card", filename="ktp siti.pdf")
        case.bring().submit().withdraw("Saya pindah.")
        head = case.history[-1]["hash"]
        office.system.aws.advance(timedelta(days=3660))

        as_("tuti").post(f"/v1/cases/{case.id}/erase")

        shown = as_("siti").get(f"/v1/cases/{case.id}")
        for piece in ("Siti Rahayu", "Melati", "ktp siti", "Saya pindah"):
            assert piece not in shown.text
        assert as_("siti").get(f"/v1/cases/{case.id}/documents/{case.id}.d1").status == 404
        kept = office.system.aws.client("s3").list_object_versions(
            Bucket="loket-documents", Prefix=f"cases/{case.id}/"
        )
        assert kept.get("Versions", []) == []
        assert history.verify(case.history, head=head) == []
        assert case.history[-1]["type"] == "case.erased"

    def test_done_again_changes_nothing(self, as_: As, case: CaseDriver, office: Office) -> None:
        case.withdraw()
        office.system.aws.advance(timedelta(days=3660))
        first = as_("tuti").post(f"/v1/cases/{case.id}/erase")

        again = as_("tuti").post(f"/v1/cases/{case.id}/erase")

        assert (again.status, again.body["version"]) == (200, first.body["version"])

    def test_what_was_cut_short_is_finished_by_asking_again(
        self, as_: As, case: CaseDriver, office: Office
    ) -> None:
        case.withdraw()
        office.system.aws.advance(timedelta(days=3660))
        office.system.aws.faults.fail("dynamodb", "UpdateItem", times=5)

        cut = as_("tuti").post(f"/v1/cases/{case.id}/erase")
        office.system.aws.faults.clear()
        as_("tuti").post(f"/v1/cases/{case.id}/erase")

        assert cut.status == 503
        assert not any(commit.private for commit in case.record.commits)

    def test_a_hold_stops_it(self, as_: As, case: CaseDriver, office: Office) -> None:
        case.withdraw()
        held = as_("tuti").post(f"/v1/cases/{case.id}/hold", {**WHY, "on": True})
        office.system.aws.advance(timedelta(days=3660))
        stopped = as_("tuti").post(f"/v1/cases/{case.id}/erase")

        as_("tuti").post(f"/v1/cases/{case.id}/hold", {**WHY, "on": False})

        assert (held.status, held.body["held"]) == (200, True)
        assert (stopped.status, stopped.body["type"]) == (409, "urn:loket:problem:on-hold")
        assert as_("tuti").post(f"/v1/cases/{case.id}/erase").status == 200

    @pytest.mark.parametrize("who", ["siti", "sri", "yuni"])
    def test_is_done_by_the_records_officer_only(self, as_: As, case: CaseDriver, who: str) -> None:
        case.withdraw()

        assert as_(who).post(f"/v1/cases/{case.id}/erase").status == 403
        assert as_(who).post(f"/v1/cases/{case.id}/hold", {**WHY, "on": True}).status == 403


class TestRetention:
    def test_lists_what_is_decided_with_its_term(self, as_: As, office: Office) -> None:
        running, kept, held = (CaseDriver(office.system).apply() for _ in range(3))
        kept.withdraw()
        held.withdraw()
        as_("tuti").post(f"/v1/cases/{held.id}/hold", {**WHY, "on": True})

        listed = as_("tuti").get("/v1/retention").body["items"]

        states = {one["id"]: one["state"] for one in listed}
        assert (states.get(running.id), states[kept.id], states[held.id]) == (None, "kept", "held")
        shown = next(one for one in listed if one["id"] == kept.id)
        assert shown["number"] == kept.case.number
        assert shown["kept_until"] > shown["decided_at"]
        assert "Siti" not in str(shown)

    def test_finds_what_may_be_erased_page_by_page(self, as_: As, office: Office) -> None:
        cases = [CaseDriver(office.system).apply().withdraw() for _ in range(3)]
        before = as_("tuti").get("/v1/retention?state=due").body["items"]
        office.system.aws.advance(timedelta(days=3660))
        erased = cases[1]
        as_("tuti").post(f"/v1/cases/{erased.id}/erase")

        found: list[str] = []
        page = as_("tuti").get("/v1/retention?state=due&limit=1").body
        while True:
            found += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            page = as_("tuti").get(f"/v1/retention?state=due&limit=1&cursor={page['next']}").body

        assert {case.id for case in cases} & {one["id"] for one in before} == set()
        assert {cases[0].id, cases[2].id} <= set(found)
        assert erased.id not in found
        assert len(found) == len(set(found))

    def test_is_the_records_officers_own_agency_only(self, as_: As, case: CaseDriver) -> None:
        case.withdraw()

        assert as_("hendra").get("/v1/retention").status == 403
        assert as_("siti").get("/v1/retention").status == 403
        assert as_("siti").get("/v1/retention?state=nothing").status == 400
