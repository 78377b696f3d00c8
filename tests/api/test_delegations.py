"""Delegations: roles lent for a period work for whoever borrowed them, then and only then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker

As = Callable[..., Asker]
WEEK = {"to": "budi", "until": "2026-02-09T02:00:00Z"}


class TestLending:
    def test_who_borrowed_a_role_works_with_it(self, as_: As, case: CaseDriver) -> None:
        lent = as_("yuni").put("/v1/delegations/yuni", WEEK)

        assert (lent.status, lent.body["roles"]) == (200, ["pupr/secretariat"])
        (task,) = as_("budi").get("/v1/tasks").body["items"]
        done = as_("budi").post(f"/v1/tasks/{task['id']}/complete", {"action": "approve"})
        assert (done.status, done.body["done_by"], done.body["done_for"]) == (200, "budi", "yuni")

    def test_before_and_after_the_period_it_is_nothing(
        self, as_: As, case: CaseDriver, office: Office
    ) -> None:
        as_("yuni").put("/v1/delegations/yuni", {**WEEK, "from": "2026-02-03T02:00:00Z"})
        seen = []
        for _ in range(3):
            seen.append(len(as_("budi").get("/v1/tasks").body["items"]))
            office.system.aws.advance(timedelta(days=4))

        assert seen == [0, 1, 0]

    def test_what_is_taken_back_is_gone(self, as_: As, case: CaseDriver) -> None:
        as_("yuni").put("/v1/delegations/yuni", WEEK)

        ended = as_("yuni").delete("/v1/delegations/yuni")

        assert (ended.status, ended.text) == (204, "")
        assert as_("budi").get("/v1/tasks").body["items"] == []
        assert as_("yuni").delete("/v1/delegations/yuni").status == 404

    def test_a_new_one_takes_the_place_of_the_old(self, as_: As, case: CaseDriver) -> None:
        as_("yuni").put("/v1/delegations/yuni", WEEK)

        as_("yuni").put("/v1/delegations/yuni", {**WEEK, "to": "maria"})

        assert as_("budi").get("/v1/tasks").body["items"] == []
        assert len(as_("maria").get("/v1/tasks").body["items"]) == 1

    def test_what_was_borrowed_cannot_be_lent_on(self, as_: As) -> None:
        as_("yuni").put("/v1/delegations/yuni", WEEK)

        got = as_("budi").put("/v1/delegations/budi", {**WEEK, "to": "maria"})

        assert (got.status, got.body["rule"]) == (403, "role")

    def test_the_case_of_whoever_lent_the_role_is_closed_too(self, as_: As, office: Office) -> None:
        case = CaseDriver(office.system, applicant="yuni").apply()
        as_("yuni").put("/v1/delegations/yuni", WEEK)

        got = as_("budi").post(f"/v1/tasks/{case.task('completeness').id}/complete", {"action": "approve"})

        assert (got.status, got.body["rule"]) == (403, "own_case")

    @pytest.mark.parametrize(
        ("changes", "pointers"),
        [
            ({"to": "yuni"}, ["/to"]),
            ({"to": "no body"}, ["/to"]),
            ({"until": "2026-02-01T00:00:00Z"}, ["/until"]),
            ({"until": "2028-02-01T00:00:00Z"}, ["/until"]),
            ({"until": "tomorrow"}, ["/until"]),
            ({"until": "2026-02-09T02:00:00"}, ["/until"]),
            ({"until": "0001-01-01T00:00:00+14:00"}, ["/until"]),
            ({"since": "2026-02-10T00:00:00Z"}, ["/until"]),
            ({"roles": []}, ["/roles"]),
            ({"roles": ["pupr/secretariat", "pupr/head"]}, ["/roles/1"]),
            ({"roles": ["everything"]}, ["/roles/0"]),
        ],
    )
    def test_names_what_cannot_be(self, as_: As, changes: dict[str, Any], pointers: list[str]) -> None:
        got = as_("yuni").put("/v1/delegations/yuni", WEEK | changes)

        assert (got.status, got.pointers) == (422, pointers)


class TestSupervisors:
    def test_lend_for_somebody_who_is_away(self, as_: As, case: CaseDriver) -> None:
        got = as_("eko").put("/v1/delegations/yuni", {**WEEK, "roles": ["pupr/secretariat"]})

        assert got.status == 200
        assert len(as_("budi").get("/v1/tasks").body["items"]) == 1
        assert as_("eko").get("/v1/delegations/yuni").body["to"] == "budi"
        assert as_("eko").delete("/v1/delegations/yuni").status == 204

    def test_name_the_roles_and_only_those_of_their_agency(self, as_: As) -> None:
        unnamed = as_("eko").put("/v1/delegations/yuni", WEEK)
        foreign = as_("eko").put("/v1/delegations/dewi", {**WEEK, "roles": ["dpmptsp/front-office"]})

        assert (unnamed.status, unnamed.pointers) == (422, ["/roles"])
        assert (foreign.status, foreign.pointers) == (422, ["/roles/0"])

    def test_do_not_end_what_was_lent_in_another_agency(self, as_: As) -> None:
        as_("surya").put("/v1/delegations/surya", WEEK)

        replaced = as_("eko").put("/v1/delegations/surya", {**WEEK, "roles": ["pupr/head"]})
        ended = as_("eko").delete("/v1/delegations/surya")

        assert (replaced.status, ended.status) == (403, 404)

    @pytest.mark.parametrize("who", ["siti", "yuni", "irfan"])
    def test_nobody_else_lends_for_others(self, as_: As, who: str) -> None:
        got = as_(who).put("/v1/delegations/fajar", {**WEEK, "roles": ["pupr/secretariat"]})

        assert (got.status, got.body["rule"]) == (403, "role")


class TestLooking:
    def test_those_whom_it_concerns_see_it(self, as_: As) -> None:
        as_("yuni").put("/v1/delegations/yuni", WEEK)

        assert {as_(who).get("/v1/delegations/yuni").status for who in ("yuni", "budi", "eko")} == {200}
        assert {as_(who).get("/v1/delegations/yuni").status for who in ("siti", "fajar", "sri")} == {404}

    def test_who_borrowed_does_not_take_it_back(self, as_: As) -> None:
        as_("yuni").put("/v1/delegations/yuni", WEEK)

        assert as_("budi").delete("/v1/delegations/yuni").status == 403
