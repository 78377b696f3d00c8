"""Over HTTP: what offices ask of one another, and what employees file under their own number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.driver import CaseDriver, user
from infra.local.office import Office
from tests.api.asking import Asker
from tests.builders import HOUSE

As = Callable[..., Asker]
WAREHOUSE = HOUSE | {"function": "business", "floor_area_m2": 2500, "floors": 1}


@pytest.fixture
def parent(office: Office) -> CaseDriver:
    return CaseDriver(office.system).apply(WAREHOUSE).act("pupr/secretariat", "approve")


def child_of(as_: As, parent: CaseDriver) -> dict[str, Any]:
    (child,) = as_("siti").get(f"/v1/cases/{parent.id}").body["children"]
    return dict(child)


def answer(as_: As, child: str, **last: Any) -> None:
    steps = (
        ("tika", "completeness", {"action": "approve"}),
        ("gilang", "minutes-1", {"action": "no_objection"}),
        ("kartika", "minutes-2", {"action": "no_objection"}),
        ("marlina", "recommend", last or {"action": "approve"}),
    )
    for who, name, given in steps:
        tasks = as_(who).get(f"/v1/cases/{child}").body["tasks"]
        (task,) = (one["id"] for one in tasks if one["name"] == name)
        assert as_(who).post(f"/v1/tasks/{task}/complete", given).status == 200


@pytest.mark.parametrize("conditions", [[], ["Sumur resapan dibangun."]])
def test_a_paper_of_several_names_all_who_signed_and_who_put_initials(
    office: Office, as_: As, conditions: list[str]
) -> None:
    form = {"technical_agencies": ["damkar"], "answer_within": 20}
    case = CaseDriver(office.system, service="agency-recommendation", applicant="hendra").apply(form)
    case.act("dlh/front-office", "approve").act("gilang", "no_objection", task="minutes-1")
    minutes = as_("kartika").get(f"/v1/cases/{case.id}").body["tasks"]
    mine = next(one for one in minutes if one["name"] == "minutes-2")
    seen = as_("kartika").post(f"/v1/tasks/{mine['id']}/letter", {"action": "no_objection"}).body
    letter = {"letter": {"shown": seen["shown"]}}
    case.act("kartika", "no_objection", task="minutes-2", data=letter)
    case.act("damkar/fire-safety", "object", comment="Akses terlalu sempit.")
    for role in ("dlh/unit-head", "dlh/division-head"):
        case.advance(hours=1).act(role, "approve")
    case.act("dlh/head", "approve", data={"conditions": conditions})
    numbers = {permit.kind: number for number, permit in case.case.permits.items()}

    signed = as_().get(f"/v1/permits/{numbers['minutes']}").body
    recommended = as_("", "en").get(f"/v1/permits/{numbers['recommendation']}").body

    (draft,) = seen["letters"]
    assert (seen["final"], seen["hand"], draft["signatory"]["name"]) == (
        False,
        "shared",
        user("kartika").name,
    )
    assert [one["name"] for one in draft["cosignatories"]] == [user("gilang").name]
    assert [(one["title"], one["agency"]) for one in signed["signatories"]] == [
        ("Environment officer", "Environment Office"),
        ("Environment officer", "Environment Office"),
        ("Fire safety officer", "Fire and Rescue Service"),
    ]
    assert signed["initials"] == []
    assert [(one["title"], one["same_text"]) for one in recommended["initials"]] == [
        ("Head of the technical unit", not conditions), ("Head of the division", not conditions)
    ]  # fmt: skip
    assert recommended["initials"][0]["at"] < recommended["initials"][1]["at"] <= recommended["issued_at"]
    assert "Haryanto" not in str((signed, recommended))
    told = [event for commit in case.record.commits for event in commit.events]
    put = [event for event in told if event.type == "letter.initialled"]
    assert [event.actor for event in put] == [
        case.who(role).username for role in ("dlh/unit-head", "dlh/division-head")
    ]
    assert put[0].data["letters"] == put[1].data["letters"]


def test_the_applicant_sees_that_another_office_is_asked_and_not_what(as_: As, parent: CaseDriver) -> None:
    child = child_of(as_, parent)

    assert (child["service"], child["status"]) == ("agency-recommendation", "in_review")
    assert as_("siti").get(f"/v1/cases/{child['id']}").status == 404
    assert as_("teguh").get(f"/v1/cases/{child['id']}").status == 404


def test_the_office_that_is_asked_sees_its_case_alone(as_: As, parent: CaseDriver) -> None:
    child = child_of(as_, parent)

    seen = as_("gilang").get(f"/v1/cases/{child['id']}").body

    assert (seen["applicant"], seen["parent"]) == ("dpmptsp/operator", parent.id)
    assert as_("gilang").get(f"/v1/cases/{parent.id}").status == 404
    assert [one["case"] for one in as_("tika").get("/v1/tasks").body["items"]] == [child["id"]]
    assert as_("gilang").get("/v1/tasks").body["items"] == []


def test_the_answer_and_its_signed_document_stand_in_the_first_case(as_: As, parent: CaseDriver) -> None:
    child = child_of(as_, parent)

    answer(as_, child["id"], action="approve", data={"conditions": ["Sumur resapan dibangun."]})

    seen = as_("teguh").get(f"/v1/cases/{parent.id}").body
    (document,) = (one for one in seen["documents"] if one["kind"] == "recommendation")
    (task,) = (one for one in seen["tasks"] if one["kind"] == "await")
    assert child_of(as_, parent)["status"] == "approved"
    assert (document["state"], document["issued"]) == ("clean", True)
    assert as_("teguh").get(f"/v1/cases/{parent.id}/documents/{document['id']}").status == 200
    assert (task["role"], task["agency"], task["action"], task["actions"], task["may"]) == (
        "dlh/environment",
        "dlh",
        "no_objection",
        [],
        [],
    )


def test_nobody_completes_claims_or_hands_over_what_another_case_answers(as_: As, parent: CaseDriver) -> None:
    task = parent.task("environment-recommendation").id

    told = [
        as_(who).post(f"/v1/tasks/{task}/{act}", body).status
        for who in ("gilang", "teguh", "siti", "sri")
        for act, body in (
            ("claim", None),
            ("complete", {"action": "no_objection"}),
            ("assign", {"to": "gilang"}),
        )
    ]

    assert set(told) <= {403, 404}


def test_conditions_are_for_the_actions_that_take_them(as_: As, parent: CaseDriver) -> None:
    task = parent.task("technical-review").id

    refused = as_("teguh").post(
        f"/v1/tasks/{task}/complete", {"action": "approve", "data": {"conditions": ["Segera."]}}
    )

    assert (refused.status, refused.pointers) == (422, ["/data/conditions"])


def test_what_is_asked_of_the_asking_office_stands_in_the_worklist_of_its_role(
    as_: As, parent: CaseDriver
) -> None:
    child = child_of(as_, parent)["id"]
    (task,) = (one["id"] for one in as_("tika").get("/v1/tasks").body["items"])
    asked = {"fields": [{"pointer": "/location", "message": "Lengkapi."}]}
    as_("tika").post(f"/v1/tasks/{task}/complete", {"action": "return", "comment": "Kurang.", "data": asked})

    (mine,) = (one for one in as_("hendra").get("/v1/tasks").body["items"] if one["case"] == child)
    patched = as_("hendra").patch(f"/v1/cases/{child}", {"form": {"location": "Jalan Industri No. 8, RT 01"}})
    sent = as_("hendra").post(f"/v1/tasks/{mine['id']}/complete", {"action": "resubmit"})

    assert (mine["kind"], patched.status, sent.status) == ("correct", 200, 200)


def benefit(as_: As, who: str, number: str, **more: Any) -> Any:
    form = {
        "employee_number": number,
        "benefit": "health_insurance",
        "base_pay": 5_000_000,
        "family_members": 3,
        "extra_members": 0,
    }
    return as_(who).post("/v1/cases", {"service": "employee-benefit", "form": form, **more})


def number_of(who: str) -> str:
    return user(who).employee_number or ""


def test_an_employee_files_under_the_own_number_only(as_: As) -> None:
    assert benefit(as_, "rina", number_of("rina")).status == 201

    refused = benefit(as_, "rina", number_of("doni"))

    assert (refused.status, refused.pointers) == (422, ["/employee_number"])
    assert benefit(as_, "siti", number_of("rina")).status == 403


def test_an_hr_officer_files_on_behalf_and_nobody_else_does(as_: As) -> None:
    filed = benefit(as_, "laila", number_of("rina"), on_behalf_of="rina")

    assert (filed.status, filed.body["applicant"], filed.body["filed_by"]) == (201, "rina", "laila")
    assert benefit(as_, "murni", number_of("rina"), on_behalf_of="rina").status == 403


def test_the_estimate_says_what_the_employee_and_the_employer_pay(as_: As) -> None:
    form = {"employee_number": number_of("rina"), "benefit": "health_insurance", "base_pay": 20_000_000,
            "extra_members": 1}  # fmt: skip

    told = as_().post("/v1/services/employee-benefit/estimate", {"form": form}).body

    assert (told["eligible"], told["computed"]) == (True, {"share": 240_000, "employer_share": 480_000})


def test_the_estimate_foresees_what_the_automatic_rules_will_say(as_: As) -> None:
    form = {"employee_number": number_of("rina"), "benefit": "health_insurance", "base_pay": 20_000_000,
            "family_members": 6}  # fmt: skip

    told = as_().post("/v1/services/employee-benefit/estimate", {"form": form}).body

    assert (told["eligible"], [one["rule"] for one in told["reasons"]]) == (False, ["family-insured"])
    assert told["reasons"][0]["message"].startswith("At most five people")


def test_the_estimate_says_why_a_promotion_cannot_be_proposed(as_: As) -> None:
    form = as_().get("/v1/services/employee-promotion").body["form"]["examples"][0]

    fits = as_().post("/v1/services/employee-promotion/estimate", {"form": form}).body
    late = as_().post(
        "/v1/services/employee-promotion/estimate",
        {"form": form | {"effective_date": "2026-06-01", "performance": ["good", "fair"]}},
    ).body  # fmt: skip

    assert (form["effective_date"], fits["eligible"], fits["reasons"]) == ("2026-04-01", True, [])
    assert (late["eligible"], [one["rule"] for one in late["reasons"]]) == (
        False,
        ["filing-window", "performance-good"],
    )


def test_the_estimate_of_a_recommendation_promises_the_term_that_is_asked_for(as_: As) -> None:
    form = as_().get("/v1/services/agency-recommendation").body["form"]["examples"][0]

    soon, later = (
        as_()
        .post("/v1/services/agency-recommendation/estimate", {"form": form | {"answer_within": days}})
        .body
        for days in (3, 10)
    )

    assert (soon["promised_at"], later["promised_at"]) == ("2026-02-05T16:59:59Z", "2026-02-18T16:59:59Z")
