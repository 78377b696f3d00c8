"""Rounds over HTTP: who opens them, what they answer, and what a case shows of its place in line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker, Got

As = Callable[..., Asker]
ROUNDS = "/v1/services/hajj-registration/rounds"


@pytest.fixture
def waiting(office: Office) -> list[CaseDriver]:
    """Three of siti's who wait in Aceh."""
    first = CaseDriver(office.system, service="hajj-registration")
    return [first.like() for _ in range(3)]


def begin(asker: Asker, places: int = 2, period: str = "2027", region: str = "aceh", **headers: str) -> Got:
    body = {"period": period, "quota": [{"region": region, "places": places}]}
    return asker.post(ROUNDS, body, **headers)


def shown(asker: Asker, case: CaseDriver) -> dict[str, Any]:
    body: dict[str, Any] = asker.get(f"/v1/cases/{case.id}").body
    return body


def test_a_supervisor_opens_a_round_and_those_called_are_asked_to_pay(
    as_: As, waiting: list[CaseDriver]
) -> None:
    got = begin(as_("zainal"))

    assert got.status == 202
    assert got.body["period"] == "2027"
    siti = as_("siti")
    assert [shown(siti, case)["status"] for case in waiting] == [
        "awaiting_payment", "awaiting_payment", "waitlisted"
    ]  # fmt: skip
    (bill,) = shown(siti, waiting[0])["payments"]
    assert (bill["amount"], bill["state"]) == (29_193_807, "due")
    (task,) = [task for task in shown(siti, waiting[0])["tasks"] if task["state"] == "open"]
    assert (task["kind"], task["role"]) == ("pay", "applicant")


def test_a_round_says_how_its_places_are_given(as_: As, waiting: list[CaseDriver]) -> None:
    begin(as_("zainal"))

    got = as_("khadijah").get(f"{ROUNDS}/2027")

    assert got.body["places"] == [
        {"region": "aceh", "category": "elderly", "quota": 0, "called": 0, "paid": 0, "released": 0},
        {"region": "aceh", "category": "general", "quota": 2, "called": 2, "paid": 0, "released": 0},
    ]
    assert got.body["reserve"] == [{"region": "aceh", "number": 3}]
    assert got.body["second_stage_at"] == "2026-03-04T16:59:59Z"


def test_a_repeat_changes_nothing_and_another_quota_is_refused(as_: As, waiting: list[CaseDriver]) -> None:
    first = begin(as_("zainal"), idempotency_key="k1")

    again = begin(as_("zainal"), idempotency_key="k1")
    other = begin(as_("zainal"), places=3, idempotency_key="k1")
    elsewhere = begin(as_("zainal"), places=3)

    assert (first.status, again.status) == (202, 202)
    assert again.body["places"][1]["called"] == 2
    assert (other.status, elsewhere.status) == (422, 409)


def test_only_the_newest_period_can_be_opened(as_: As, waiting: list[CaseDriver]) -> None:
    begin(as_("zainal"), period="2028")

    assert begin(as_("zainal"), period="2027").body["type"] == "urn:loket:problem:round-passed"


@pytest.mark.parametrize(
    ("quota", "pointer"),
    [
        ([{"region": "atlantis", "places": 1}], "/quota/0/region"),
        ([{"region": "aceh", "places": 1}, {"region": "aceh", "places": 2}], "/quota/1/region"),
        ([{"region": "aceh", "places": -1}], "/quota/0/places"),
        ([], "/quota"),
    ],
)
def test_what_is_wrong_with_a_quota_is_named(as_: As, quota: Any, pointer: str) -> None:
    got = as_("zainal").post(ROUNDS, {"period": "2027", "quota": quota})

    assert (got.status, got.pointers) == (422, [pointer])


@pytest.mark.parametrize("period", ["", "next", "20267", "2027 "])
def test_a_period_is_a_year(as_: As, period: str) -> None:
    got = begin(as_("zainal"), period=period)

    assert (got.status, got.pointers) == (422, ["/period"])


@pytest.mark.parametrize("who", ["siti", "aminah", "sri"])
def test_nobody_else_opens_a_round(as_: As, who: str) -> None:
    assert begin(as_(who)).status == 403


def test_a_round_that_was_not_opened_and_a_service_without_places(as_: As) -> None:
    assert as_("zainal").get(f"{ROUNDS}/2030").body["type"] == "urn:loket:problem:round-unknown"
    assert as_("sri").get("/v1/services/building-permit/rounds/2030").status == 409
    assert as_().get(f"{ROUNDS}/2030").status == 401


def test_a_case_shows_its_place_in_line_and_an_honest_estimate(as_: As, waiting: list[CaseDriver]) -> None:
    begin(as_("zainal"), places=1)

    queue = shown(as_("siti"), waiting[2])["queue"]

    assert (queue["number"], queue["region"], queue["category"]) == (3, "aceh", "general")
    estimate = queue["estimate"]
    assert (estimate["years"], estimate["ahead"], estimate["a_year"]) == (2, 1, 1)
    assert "estimate" in estimate["rule"]
    assert shown(as_("siti", "id"), waiting[2])["queue"]["estimate"]["rule"].startswith("Sekitar 2 tahun")


def test_who_leaves_the_line_is_shown_the_refund_and_no_number(as_: As, waiting: list[CaseDriver]) -> None:
    siti = as_("siti")
    assert {"withdraw", "amend"} <= set(shown(siti, waiting[0])["actions"])

    got = siti.post(f"/v1/cases/{waiting[0].id}/withdraw", {"reason": "Pindah."})

    assert (got.status, got.body["status"], got.body["queue"]) == (200, "withdrawn", None)
    (back,) = got.body["refunds"]
    assert (back["amount"], back["reason"], back["due_at"]) == (
        25_000_000, "withdrawn", "2026-02-11T16:59:59Z"
    )  # fmt: skip


def test_a_validation_number_is_refused_the_second_time(office: Office, as_: As) -> None:
    CaseDriver(office.system, service="hajj-registration").file().bring()
    first = CaseDriver(office.system, service="hajj-registration").file().bring()
    second = CaseDriver(office.system, service="hajj-registration", applicant="budi").file().bring()

    assert as_("siti").post(f"/v1/cases/{first.id}/submit").status == 202
    assert as_("budi").post(f"/v1/cases/{second.id}/submit").status == 409


def test_the_estimate_of_a_registration_shows_the_quota_of_the_province(as_: As) -> None:
    form = as_().get("/v1/services/hajj-registration").body["form"]["examples"][0]

    got = as_().post("/v1/services/hajj-registration/estimate", {"form": form})

    assert got.body["eligible"]
    assert got.body["computed"]["province_quota"] == 5426
    young = as_().post(
        "/v1/services/hajj-registration/estimate", {"form": form | {"birth_date": "2020-01-01"}}
    )
    assert [reason["rule"] for reason in young.body["reasons"]] == ["old-enough"]


def test_the_list_shows_the_rounds_and_the_line_of_each_region(as_: As, waiting: list[CaseDriver]) -> None:
    begin(as_("zainal"))

    got = as_("khadijah").get(ROUNDS)

    assert [(one["period"], one["places"]) for one in got.body["items"]] == [("2027", 2)]
    (aceh,) = [one for one in got.body["lines"] if one["region"] == "aceh"]
    assert aceh == {"region": "aceh", "numbers": 3, "first": 3}
    assert as_("siti").get("/v1/services/building-permit/rounds").status == 409
