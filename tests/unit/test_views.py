"""The projections: who finds a case or a task in which list, and nothing personal in any of them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

import events
from functions.domain import tasks, views
from functions.domain.case import Writer
from tests.builders import CASE_ID, HOUSE, PERMIT, SHOP, STAGES, Walk, case_in, holder


def of(walk: Walk) -> dict[str, views.View]:
    return views.views_of(walk.case, PERMIT)


def test_a_draft_is_in_the_applicants_list_only():
    view = of(Walk().create())["case"]

    assert (view["who"], view["who_sort"]) == ("user#siti", "2026-02-02T02:00:00Z")
    assert "place" not in view


def test_a_draft_that_was_withdrawn_is_in_no_list_of_the_agency():
    assert "place" not in of(Walk().create().withdraw())["case"]


@pytest.mark.parametrize("status", [status for status in STAGES if status != "draft"])
def test_what_was_submitted_is_in_the_open_or_the_decided_half_of_the_agencys_list(status: str):
    view = of(case_in(status))["case"]

    assert view["place"] == "agency#dpmptsp"
    half = "decided" if status in ("approved", "rejected", "withdrawn", "lapsed") else "open"
    assert view["place_sort"] == f"{half}#2026-02-02T02:00:00Z"
    assert view["body"]["status"] == status


def test_each_open_task_is_in_the_worklist_of_its_role_soonest_due_first():
    found = of(Walk(SHOP).review())

    assert sorted(view["who"] for name, view in found.items() if name != "case") == [
        "role#damkar/fire-safety", "role#pupr/tpt", "role#tata-ruang/spatial-plan",
    ]  # fmt: skip
    assert found["t2"]["who_sort"] == found["t2"]["body"]["due_at"] == "2026-03-11T16:59:59Z"


def test_a_done_task_is_in_no_list():
    assert sorted(of(Walk(SHOP).review().act("technical-review", "approve"))) == ["case", "t3", "t4"]


def test_what_is_asked_of_the_applicant_is_in_the_applicants_worklist():
    assert of(Walk().correction())["t4"]["who"] == "asked#siti"


def test_a_bill_is_found_by_who_looks_for_lost_notifications():
    view = of(Walk().payment())["t5"]

    assert (view["due"], view["due_at"]) == ("payment", "2026-02-02T02:00:00Z")
    assert view["body"]["payment"] == f"{CASE_ID}.p1"


def test_a_claimed_task_shows_who_has_it():
    walk = Walk().review()
    reviewer = holder("pupr/tpt")
    walk.do(
        "teguh",
        lambda w: tasks.claim(w, walk.service, reviewer, w.case.tasks[walk.task("technical-review").id]),
    )

    view = of(walk)["t2"]

    assert (view["body"]["state"], view["body"]["assignee"], view["assignee"]) == (
        "claimed",
        "teguh",
        "teguh",
    )


def test_a_permit_with_an_end_is_found_when_it_ends():
    walk = Walk().approved()
    until = walk.now + timedelta(days=365)

    def issue(writer: Writer) -> None:
        writer.add(
            events.PermitIssued(
                number="PBG-2026-2", kind="permit", document=f"{CASE_ID}.d9", sha256="a" * 64, size=1,
                valid_until=until.strftime("%Y-%m-%dT%H:%M:%SZ"),
            )
        )  # fmt: skip

    walk.do("system", issue)

    assert (of(walk)["case"]["due"], of(walk)["case"]["due_at"]) == ("permit", "2027-02-02T02:00:00Z")
    assert "due" not in of(case_in("approved"))["case"]


@pytest.mark.parametrize("status", STAGES)
def test_no_view_holds_anything_personal(status: str):
    told = json.dumps(of(case_in(status)))

    assert HOUSE["owner_name"] not in told
    assert HOUSE["address"] not in told
    assert "Siti" not in told


def test_the_titles_of_tasks_are_in_both_languages():
    found = of(Walk().payment())

    assert found["t5"]["body"]["title"] == {"id": "Bayar retribusi", "en": "Pay the fee"}
