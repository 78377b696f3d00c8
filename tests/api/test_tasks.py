"""Tasks over HTTP: the worklist, who takes and answers what, and what becomes of the one who comes second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker, Got

As = Callable[..., Asker]
SHOP = {"function": "business", "floor_area_m2": 240, "floors": 2, "small_business": False}


def completeness(case: CaseDriver) -> str:
    return f"/v1/tasks/{case.task('completeness').id}"


def approve(asker: Asker, path: str, **headers: str) -> Got:
    return asker.post(f"{path}/complete", {"action": "approve"}, **headers)


class TestOneTask:
    def test_shows_what_the_contract_has(self, as_: As, case: CaseDriver) -> None:
        got = as_("yuni").get(completeness(case))

        task = got.body
        assert {
            *("id", "case", "service", "step", "title", "kind", "role", "agency", "state", "assignee"),
            *("opened_at", "due_at", "clock", "actions", "version"),
        } <= set(task)
        assert [(a["name"], a["comment"]) for a in task["actions"]] == [
            ("approve", "optional"),
            ("return", "required"),
        ]
        assert task["may"] == ["claim", "complete"]
        assert got.headers["ETag"] == f'"{task["version"]}"'

    def test_the_form_of_a_return_stands_with_its_action(self, as_: As, case: CaseDriver) -> None:
        actions = {action["name"]: action for action in as_("yuni").get(completeness(case)).body["actions"]}

        assert set(actions["return"]["form"]["properties"]) == {"fields", "documents"}
        assert "form" not in actions["approve"]

    def test_a_supervisor_may_look_and_assign_but_not_decide(self, as_: As, case: CaseDriver) -> None:
        task = as_("eko").get(completeness(case)).body

        assert (task["actions"], task["may"]) == ([], ["assign"])

    @pytest.mark.parametrize("stranger", ["siti", "budi", "surya", "teguh", "irfan"])
    def test_whoever_is_not_asked_finds_nothing(self, as_: As, case: CaseDriver, stranger: str) -> None:
        got = as_(stranger).get(completeness(case))

        assert (got.status, got.body["type"]) == (404, "urn:loket:problem:task-unknown")

    @pytest.mark.parametrize("name", ["nothing", "0" * 26, "0" * 26 + ".t1", "0" * 26 + ".d1", "bulk"])
    def test_what_is_no_task_is_not_found(self, as_: As, name: str) -> None:
        assert as_("yuni").get(f"/v1/tasks/{name}").status == 404
        assert as_("yuni").post(f"/v1/tasks/{name}/claim").status == 404


class TestTaking:
    def test_who_takes_a_task_holds_it(self, as_: As, case: CaseDriver) -> None:
        got = as_("yuni").post(f"{completeness(case)}/claim")

        assert (got.status, got.body["state"], got.body["assignee"]) == (200, "claimed", "yuni")
        assert got.body["may"] == ["release", "assign", "complete"]
        assert as_("yuni").post(f"{completeness(case)}/claim").body["version"] == got.body["version"]

    @pytest.mark.parametrize("act", ["claim", "release", "complete"])
    def test_the_second_is_told_who_was_first_and_when(self, as_: As, case: CaseDriver, act: str) -> None:
        as_("yuni").post(f"{completeness(case)}/claim")

        got = as_("fajar").post(
            f"{completeness(case)}/{act}", {"action": "approve"} if act == "complete" else None
        )

        assert (got.status, got.body["type"]) == (409, "urn:loket:problem:task-taken")
        assert (got.body["by"], got.body["at"], got.body["state"]) == (
            "yuni",
            "2026-02-02T02:00:00Z",
            "claimed",
        )
        assert "yuni" in got.body["detail"]

    def test_what_is_given_back_anybody_of_the_role_may_take(self, as_: As, case: CaseDriver) -> None:
        as_("yuni").post(f"{completeness(case)}/claim")

        released = as_("yuni").post(f"{completeness(case)}/release")

        assert (released.body["state"], released.body["assignee"]) == ("open", None)
        assert as_("fajar").post(f"{completeness(case)}/claim").status == 200

    def test_a_supervisor_hands_a_task_over(self, as_: As, case: CaseDriver) -> None:
        as_("yuni").post(f"{completeness(case)}/claim")

        got = as_("eko").post(f"{completeness(case)}/assign", {"to": "fajar"})

        assert (got.status, got.body["assignee"]) == (200, "fajar")
        assert approve(as_("yuni"), completeness(case)).status == 409
        assert approve(as_("fajar"), completeness(case)).status == 200

    def test_only_a_supervisor_does(self, as_: As, case: CaseDriver) -> None:
        got = as_("yuni").post(f"{completeness(case)}/assign", {"to": "fajar"})

        assert (got.status, got.body["rule"]) == (403, "role")

    def test_nobody_is_given_a_case_of_their_own(self, as_: As, case: CaseDriver) -> None:
        got = as_("eko").post(f"{completeness(case)}/assign", {"to": "siti"})

        assert (got.status, got.body["rule"]) == (403, "own_case")

    def test_to_whom_must_be_a_username(self, as_: As, case: CaseDriver) -> None:
        got = as_("eko").post(f"{completeness(case)}/assign", {"to": "no body"})

        assert (got.status, got.pointers) == (422, ["/to"])

    def test_whoever_was_given_a_task_without_the_role_still_cannot_do_it(
        self, as_: As, case: CaseDriver
    ) -> None:
        as_("eko").post(f"{completeness(case)}/assign", {"to": "budi"})

        assert approve(as_("budi"), completeness(case)).status == 404


class TestAnswering:
    def test_answering_an_open_task_takes_it(self, as_: As, case: CaseDriver) -> None:
        got = approve(as_("yuni"), completeness(case))

        assert got.status == 200
        assert (got.body["state"], got.body["done_by"], got.body["action"]) == ("done", "yuni", "approve")
        assert (got.body["actions"], got.body["may"]) == ([], [])

    def test_the_second_answer_is_told_who_was_first(self, as_: As, case: CaseDriver) -> None:
        approve(as_("yuni"), completeness(case))

        got = approve(as_("fajar"), completeness(case))

        assert (got.status, got.body["by"], got.body["state"]) == (409, "yuni", "done")
        assert got.body["at"] == "2026-02-02T02:00:00Z"

    def test_of_two_at_the_same_moment_one_wins(self, as_: As, case: CaseDriver) -> None:
        path, barrier, answers = completeness(case), Barrier(2), []

        def answer(asker: Asker) -> None:
            barrier.wait()
            answers.append(approve(asker, path).status)

        threads = [Thread(target=answer, args=(as_(name),)) for name in ("yuni", "fajar")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(answers) == [200, 409]
        assert case.types.count("task.completed") == 1

    def test_the_same_key_gives_the_first_answer_again(self, as_: As, case: CaseDriver) -> None:
        first = approve(as_("yuni"), completeness(case), idempotency_key="k")

        again = approve(as_("yuni"), completeness(case), idempotency_key="k")
        other = as_("yuni").post(f"{completeness(case)}/complete", {"action": "return"}, idempotency_key="k")

        assert (again.status, again.body) == (200, first.body)
        assert (other.status, other.body["type"]) == (422, "urn:loket:problem:key-reused")

    def test_who_has_seen_an_older_version_is_told(self, as_: As, case: CaseDriver) -> None:
        seen = as_("yuni").get(completeness(case)).headers["ETag"]
        claimed = as_("yuni").post(f"{completeness(case)}/claim").headers["ETag"]

        assert approve(as_("yuni"), completeness(case), if_match=seen).status == 412
        assert approve(as_("yuni"), completeness(case), if_match=claimed).status == 200

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({}, ["/action"]),
            ({"action": "reject"}, ["/action"]),
            ({"action": "explode"}, ["/action"]),
            ({"action": 1, "comment": [], "data": "x"}, ["/action", "/comment", "/data"]),
            ({"action": "return"}, ["/comment"]),
            ({"action": "return", "comment": "  "}, ["/comment"]),
            ({"action": "return", "comment": "x"}, ["/data"]),
            ({"action": "return", "comment": "x" * 5001, "data": {}}, ["/comment"]),
            ({"action": "approve", "comment": "bell \u0007"}, ["/comment"]),
            (
                {
                    "action": "return",
                    "comment": "x",
                    "data": {"fields": [{"pointer": "/colour", "message": "?"}]},
                },
                ["/data/fields/0/pointer"],
            ),
            (
                {
                    "action": "return",
                    "comment": "x",
                    "data": {"documents": [{"kind": "poem", "message": "?"}]},
                },
                ["/data/documents/0/kind"],
            ),
            ({"action": "return", "comment": "x", "data": {"fields": "all"}}, ["/data/fields"]),
            ({"action": "return", "comment": "x", "data": {"fields": [1]}}, ["/data/fields"]),
        ],
    )
    def test_an_answer_that_cannot_be_names_what_is_wrong(
        self, as_: As, case: CaseDriver, body: dict[str, Any], pointers: list[str]
    ) -> None:
        got = as_("yuni").post(f"{completeness(case)}/complete", body)

        assert (got.status, got.pointers) == (422, pointers)

    def test_the_applicant_mends_and_sends_again(self, as_: As, case: CaseDriver) -> None:
        wanted = {
            "fields": [{"pointer": "/address", "message": "RT/RW?"}],
            "documents": [{"kind": "id-card", "message": "Buram."}],
        }
        as_("yuni").post(
            f"{completeness(case)}/complete",
            {"action": "return", "comment": "Belum lengkap.", "data": wanted},
        )
        siti = as_("siti")
        (task,) = siti.get("/v1/tasks").body["items"]

        too_soon = siti.post(f"/v1/tasks/{task['id']}/complete", {"action": "resubmit"})
        siti.patch(f"/v1/cases/{case.id}", {"form": {"address": "Jalan Baru 1, RT 01/RW 02"}})
        case.bring("id-card")
        mended = siti.post(f"/v1/tasks/{task['id']}/complete", {"action": "resubmit"})

        assert (task["kind"], task["role"]) == ("correct", "applicant")
        assert (too_soon.status, too_soon.pointers) == (422, ["/documents/id-card"])
        assert (mended.status, mended.body["state"]) == (200, "done")
        assert as_("yuni").get("/v1/tasks").body["items"][0]["step"] == "completeness"


class TestFourEyes:
    def test_who_reviewed_does_not_sign_the_statement(
        self, as_: As, case: CaseDriver, office: Office
    ) -> None:
        case.act("pupr/secretariat", "approve").act("pupr/tpt", "approve", task="technical-review")
        case.act("tata-ruang/spatial-plan", "no_objection")
        lent = {"to": "teguh", "until": "2026-03-01T00:00:00Z"}
        as_("slamet").put("/v1/delegations/slamet", lent)

        got = approve(as_("teguh"), f"/v1/tasks/{case.task('statement').id}")

        assert (got.status, got.body["rule"]) == (403, "four_eyes")
        assert as_("teguh").get(f"/v1/tasks/{case.task('statement').id}").body["actions"] == []

    def test_nobody_decides_their_own_case(self, as_: As, office: Office) -> None:
        case = CaseDriver(office.system, applicant="yuni").apply()

        got = approve(as_("yuni"), completeness(case))

        assert (got.status, got.body["rule"]) == (403, "own_case")
        assert "own" in got.body["detail"]


class TestWorklist:
    def test_an_officer_sees_what_the_role_is_asked_soonest_due_first(self, as_: As, office: Office) -> None:
        later = CaseDriver(office.system).apply()
        later.act("pupr/secretariat", "approve")
        sooner = CaseDriver(office.system, applicant="budi").apply()

        found = as_("rahmat").get("/v1/tasks").body["items"]

        assert [(item["case"], item["step"]) for item in found] == [
            (sooner.id, "completeness"),
            (later.id, "review"),
        ]
        assert {
            "id",
            "case",
            "service",
            "title",
            "kind",
            "role",
            "agency",
            "state",
            "due_at",
            "clock",
        } <= set(found[0])
        assert found[0]["clock"]["working_days"] == 1

    def test_an_applicant_sees_what_is_asked_of_them(self, as_: As, case: CaseDriver) -> None:
        assert as_("siti").get("/v1/tasks").body["items"] == []

        case.act(
            "pupr/secretariat",
            "return",
            comment="?",
            data={"fields": [{"pointer": "/address", "message": "?"}]},
        )

        assert [item["kind"] for item in as_("siti").get("/v1/tasks").body["items"]] == ["correct"]
        assert as_("budi").get("/v1/tasks").body["items"] == []

    def test_can_be_narrowed(self, as_: As, office: Office) -> None:
        reviewed = CaseDriver(office.system).apply(SHOP)
        reviewed.act("pupr/secretariat", "approve")
        fresh = CaseDriver(office.system, applicant="budi").apply()
        as_("rahmat").post(f"{completeness(fresh)}/claim")

        def found(query: str) -> list[str]:
            return [item["case"] for item in as_("rahmat").get(f"/v1/tasks?{query}").body["items"]]

        assert found("role=pupr/tpt") == [reviewed.id]
        assert found("state=open") == [reviewed.id]
        assert found("state=claimed") == [fresh.id]
        assert found("service=hajj-registration") == []
        assert found("due_before=2026-02-05T00:00:00%2B07:00") == [fresh.id]
        assert found(f"q={fresh.case.number.lower()}") == [fresh.id]  # type: ignore[union-attr]
        assert found("q=standar") == [reviewed.id]

    def test_shows_what_the_role_can_do_unless_a_colleague_is_on_it(self, as_: As, case: CaseDriver) -> None:
        def actions(username: str) -> list[tuple[str, str]]:
            (item,) = as_(username).get("/v1/tasks?role=pupr/secretariat").body["items"]
            return [(action["name"], action["comment"]) for action in item["actions"]]

        assert actions("yuni") == [("approve", "optional"), ("return", "required")]
        as_("rahmat").post(f"{completeness(case)}/claim")
        assert (actions("rahmat"), actions("yuni")) == ([("approve", "optional"), ("return", "required")], [])

    def test_shows_an_applicant_that_what_was_mended_is_sent_again(self, as_: As, case: CaseDriver) -> None:
        case.act("yuni", "return", comment="?", data={"fields": [{"pointer": "/address", "message": "?"}]})

        (item,) = as_("siti").get("/v1/tasks").body["items"]

        assert [action["name"] for action in item["actions"]] == ["resubmit"]

    def test_settled_tasks_are_found_in_their_case(self, as_: As) -> None:
        got = as_("yuni").get("/v1/tasks?state=done")

        assert (got.status, got.body["type"]) == (400, "urn:loket:problem:bad-query")

    def test_a_supervisor_may_look_at_a_role_others_may_not(self, as_: As, case: CaseDriver) -> None:
        seen = as_("sri").get("/v1/tasks?role=pupr/secretariat")
        refused = as_("teguh").get("/v1/tasks?role=pupr/secretariat")

        assert [item["case"] for item in seen.body["items"]] == [case.id]
        assert (refused.status, refused.body["rule"]) == (403, "role")

    @pytest.mark.parametrize("query", ["", "&q=PBG"])
    def test_the_lists_of_several_roles_are_one_list(self, as_: As, office: Office, query: str) -> None:
        for place in range(6):
            case = CaseDriver(office.system, applicant="siti" if place % 2 else "budi").apply()
            if place % 2:
                case.act("pupr/secretariat", "approve")
            office.system.aws.advance(timedelta(hours=3))
        rahmat, found, cursor = as_("rahmat"), [], ""
        while cursor is not None:
            page = rahmat.get(f"/v1/tasks?limit=2{query}{cursor and '&cursor=' + cursor}").body
            found += page["items"]
            cursor = page["next"]

        assert len({item["id"] for item in found}) == len(found) == 6
        assert {item["role"] for item in found} == {"pupr/secretariat", "pupr/tpt"}
        assert [item["due_at"] for item in found] == sorted(item["due_at"] for item in found)

    def test_a_page_that_nothing_follows_says_so(self, as_: As, office: Office) -> None:
        for _ in range(2):
            CaseDriver(office.system).apply()

        assert as_("yuni").get("/v1/tasks?limit=2").body["next"] is None


class TestBulk:
    def test_each_task_has_its_own_result(self, as_: As, office: Office) -> None:
        good, taken, own = (
            CaseDriver(office.system, applicant=name).apply() for name in ("siti", "budi", "yuni")
        )
        as_("fajar").post(f"{completeness(taken)}/claim")
        ids = [case.task("completeness").id for case in (good, taken, own)] + ["nothing"]

        got = as_("yuni").post("/v1/tasks/bulk", {"tasks": ids, "action": "approve"})

        assert got.status == 200
        results = got.body["items"]
        assert [item["task"] for item in results] == ids
        assert [item["status"] for item in results] == [200, 409, 403, 404]
        assert results[0]["state"] == "done"
        assert results[1]["problem"]["by"] == "fajar"
        assert results[2]["problem"]["rule"] == "own_case"

    def test_the_same_key_changes_nothing_twice(self, as_: As, office: Office) -> None:
        cases = [CaseDriver(office.system).apply() for _ in range(2)]
        body = {"tasks": [case.task("completeness").id for case in cases], "action": "approve"}
        first = as_("yuni").post("/v1/tasks/bulk", body, idempotency_key="k")

        again = as_("yuni").post("/v1/tasks/bulk", body, idempotency_key="k")

        assert again.body == first.body
        assert [case.types.count("task.completed") for case in cases] == [1, 1]

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({"tasks": [], "action": "approve"}, ["/tasks"]),
            ({"tasks": ["a"] * 101, "action": "approve"}, ["/tasks"]),
            ({"tasks": ["a", "b", "a"], "action": "approve"}, ["/tasks/2"]),
            ({"tasks": "all"}, ["/tasks", "/action"]),
            ({"tasks": [1, "b"], "action": "approve"}, ["/tasks/0"]),
        ],
    )
    def test_takes_one_to_a_hundred_tasks(self, as_: As, body: Any, pointers: list[str]) -> None:
        got = as_("yuni").post("/v1/tasks/bulk", body)

        assert (got.status, got.pointers) == (422, pointers)


def test_the_worklist_is_counted_by_due_date(office: Office, as_: As) -> None:
    officer = "yuni"
    path = "/v1/tasks/counts?role=pupr/secretariat"
    before = as_(officer).get(path).body
    CaseDriver(office.system).apply()

    after = as_(officer).get(path).body

    assert sum(after[name] - before[name] for name in ("today", "soon")) == 1
    assert (after["overdue"], after["later"]) == (before["overdue"], before["later"])
    assert as_(officer).get(f"{path}&q=nothing-like-it").body["soon"] == 0
    assert as_("siti").get("/v1/tasks/counts?role=pupr/secretariat").status == 403
