"""The recommendation that one office asks of another: filed by hand, and started by a case that waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.adapters.catalogue import Catalogue
from functions.domain import fees, rights
from functions.domain import form as forms
from functions.domain.children import child_id
from functions.domain.errors import CaseUnknown, Forbidden, TaskUnknown
from functions.domain.service import Service
from infra.driver import CaseDriver, holder, user
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem
from tests.builders import HOUSE

MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SERVICE = Catalogue().service("agency-recommendation")
WAREHOUSE = HOUSE | {"function": "business", "floor_area_m2": 2500, "floors": 1}
ASKED = "environment-recommendation"


@pytest.fixture
def system() -> Iterator[LocalSystem]:
    with LocalSystem(LocalClock(MORNING, frozen=True)) as running:
        yield running


def request(system: LocalSystem, **answers: Any) -> CaseDriver:
    return CaseDriver(system, service="agency-recommendation", applicant="hendra").apply(answers)


def sign_minutes(case: CaseDriver) -> CaseDriver:
    return case.act("gilang", "no_objection", task="minutes-1").act(
        "kartika", "no_objection", task="minutes-2"
    )


def reviewed(system: LocalSystem) -> CaseDriver:
    """A building permit whose review has begun, with the recommendation that it asks for."""
    return CaseDriver(system).apply(WAREHOUSE).act("pupr/secretariat", "approve")


def child_of(parent: CaseDriver) -> CaseDriver:
    (child,) = parent.case.children.values()
    return CaseDriver(parent.system, service=child.service, applicant="hendra", case_id=child.id)


# -- by hand -----------------------------------------------------------------------------------------------------


def test_a_recommendation_is_surveyed_by_two_and_signed_by_the_head(system: LocalSystem) -> None:
    case = request(system).act("dlh/front-office", "approve")

    case.act("gilang", "no_objection", task="minutes-1")
    with pytest.raises(Forbidden):
        case.act("gilang", "no_objection", task="minutes-2")
    case.act("kartika", "no_objection", task="minutes-2").act("dlh/head", "approve")

    assert case.case.status == "approved"
    assert [permit.kind for permit in case.case.permits.values()] == ["recommendation"]


def test_it_may_be_given_on_conditions(system: LocalSystem) -> None:
    case = sign_minutes(request(system).act("dlh/front-office", "approve"))

    case.act("dlh/head", "approve", data={"conditions": ["Sumur resapan dibangun.", "Pohon dipertahankan."]})

    assert case.task("recommend").conditions == ["Sumur resapan dibangun.", "Pohon dipertahankan."]
    assert case.case.status == "approved"


def test_it_may_be_refused_with_reasons(system: LocalSystem) -> None:
    case = sign_minutes(request(system).act("dlh/front-office", "approve"))

    case.act("dlh/head", "reject", comment="Kawasan resapan air.")

    assert (case.case.status, case.case.outcome.reasons) == ("rejected", "Kawasan resapan air.")


@pytest.mark.parametrize("days", [3, 10])
def test_no_answer_within_the_term_that_was_asked_for_is_no_objection(system: LocalSystem, days: int) -> None:
    case = request(system, answer_within=days)

    case.advance(working_days=days)
    before = case.case.status
    case.advance(days=1)

    assert before == "in_review"
    assert case.case.status == "approved"
    assert (case.case.outcome.by, next(iter(case.case.permits.values())).kind) == ("law", "no-objection")
    assert "agency-recommendation/clock" in case.case.outcome.rule


def test_silence_after_the_survey_is_no_objection_too(system: LocalSystem) -> None:
    case = sign_minutes(request(system, answer_within=5).act("dlh/front-office", "approve"))

    case.advance(working_days=5, days=1)

    assert (case.case.status, case.case.outcome.by) == ("approved", "law")


@pytest.mark.parametrize(
    ("answers", "amount"),
    [
        ({"land_consideration": False}, 0),
        ({"land_consideration": True, "area_m2": 100_000}, 1_350_000),
        ({"land_consideration": True, "area_m2": 2_500}, 375_000),
    ],
)
def test_the_state_charge_follows_the_area_and_is_due_for_land_alone(
    answers: dict[str, Any], amount: int
) -> None:
    context = forms.context_of(SERVICE, forms.example(SERVICE) | answers)

    assert fees.assess(SERVICE.fee, context).amount == amount


def test_with_land_the_term_runs_once_the_charge_is_paid(system: LocalSystem) -> None:
    case = request(system, answer_within=5, land_consideration=True).act("dlh/front-office", "approve")

    case.advance(working_days=8)
    unpaid = case.case.status
    case.pay()
    case.advance(working_days=4)
    running = case.case.status
    case.advance(working_days=1, days=1)

    assert (unpaid, running, case.case.status) == ("awaiting_payment", "in_review", "approved")


def test_a_charge_that_is_not_paid_lets_the_request_lapse(system: LocalSystem) -> None:
    case = request(system, land_consideration=True).act("dlh/front-office", "approve").advance(days=15)

    assert case.case.status == "lapsed"


def test_a_request_is_returned_and_mended(system: LocalSystem) -> None:
    case = request(system)
    asked = {"fields": [{"pointer": "/location", "message": "Lengkapi."}], "documents": []}

    case.act("dlh/front-office", "return", comment="Alamat kurang.", data=asked)
    case.patch(location="Jalan Industri No. 8, RT 01").act("applicant", "resubmit", task="correct")
    sign_minutes(case.act("dlh/front-office", "approve")).act("dlh/head", "approve")

    assert case.case.status == "approved"


def test_a_request_can_be_withdrawn(system: LocalSystem) -> None:
    assert request(system).withdraw().case.status == "withdrawn"


# -- started by another case -------------------------------------------------------------------------------------


def test_a_permit_asks_by_a_case_of_its_own_and_the_answer_comes_back(system: LocalSystem) -> None:
    parent = reviewed(system)
    child = child_of(parent)

    asked = (child.case.status, child.case.form["area_m2"], [d.kind for d in child.case.documents.values()])
    sign_minutes(child.act("dlh/front-office", "approve")).act("dlh/head", "approve")

    assert asked == ("in_review", 2500, ["environmental-document", "site-plan"])
    task = parent.task(ASKED)
    assert (task.kind, task.state, task.action, task.done_by) == ("await", "done", "no_objection", "system")
    (known,) = parent.case.children.values()
    assert (known.status, known.decided) == ("approved", True)
    linked = [one for one in parent.case.documents.values() if one.source]
    assert [one.kind for one in linked] == ["recommendation"]
    permit = next(iter(child.case.permits.values()))
    assert (linked[0].sha256, linked[0].state) == (permit.sha256, "clean")


def test_the_permit_goes_on_with_the_answer(system: LocalSystem) -> None:
    parent = reviewed(system)
    parent.act("pupr/tpt", "approve").act("tata-ruang/spatial-plan", "no_objection")

    waiting = [task.name for task in parent.case.open_tasks()]
    child = sign_minutes(child_of(parent).act("dlh/front-office", "approve"))
    child.act("dlh/head", "reject", comment="Kawasan resapan air.")

    assert waiting == [ASKED]
    assert (parent.task(ASKED).action, parent.task(ASKED).comment) == ("object", "Kawasan resapan air.")
    assert parent.task("statement").state == "open"


def test_silence_there_has_its_own_meaning_there(system: LocalSystem) -> None:
    parent = reviewed(system)

    parent.advance(working_days=15, days=1)

    assert child_of(parent).case.outcome.by == "law"
    assert (parent.task(ASKED).action, parent.task(ASKED).done_by) == ("no_objection", "system")
    assert [one.kind for one in parent.case.documents.values() if one.source] == ["no-objection"]


def test_silence_here_has_its_own_meaning_here(system: LocalSystem) -> None:
    parent = reviewed(system)
    child = child_of(parent)
    asked = {"fields": [{"pointer": "/location", "message": "Lengkapi."}], "documents": []}
    child.act("dlh/front-office", "return", comment="Alamat kurang.", data=asked)

    parent.advance(working_days=8)
    child.act(user("hendra"), "resubmit", task="correct")
    parent.advance(working_days=12, days=1)
    late = parent.task(ASKED)
    sign_minutes(child.act("dlh/front-office", "approve")).act("dlh/head", "approve")

    assert (late.state, late.action, late.done_by) == ("expired", "no_objection", "law")
    assert [child.status for child in parent.case.children.values()] == ["approved"]
    assert parent.task(ASKED).state == "expired"


def test_a_withdrawn_permit_withdraws_what_it_has_asked(system: LocalSystem) -> None:
    parent = reviewed(system)
    child = child_of(parent)

    parent.withdraw()

    assert child.case.status == "withdrawn"
    assert [one.status for one in parent.case.children.values()] == ["withdrawn"]


def test_nobody_answers_in_the_place_of_the_other_case(system: LocalSystem) -> None:
    parent = reviewed(system)

    with pytest.raises((Forbidden, TaskUnknown)):
        parent.act("gilang", "no_objection", task=ASKED)
    with pytest.raises(Forbidden) as refused:
        parent.act("teguh", "no_objection", task=ASKED)

    assert refused.value.rule == "not_by_hand"


def may(act: str, who: str, case: CaseDriver) -> bool:
    service: Service = case.ports.catalogue.service(case.case.service)
    return rights.may(act, holder(who) if "/" in who else user(who), case.case, service, case.now)


def test_each_office_sees_only_what_it_is_asked_about(system: LocalSystem) -> None:
    parent = reviewed(system)
    child = child_of(parent)

    assert may("read", "dlh/environment", child)
    assert not may("read", "dlh/environment", parent)
    assert may("read", "dlh/head", child)
    assert not may("read", "dlh/head", parent)
    for other in ("pupr/tpt", "pupr/secretariat", "siti", "tata-ruang/spatial-plan"):
        assert may("read", other, parent)
        assert not may("read", other, child)
    with pytest.raises(CaseUnknown):
        rights.demand("upload", holder("dlh/environment"), parent.case, parent.service, parent.now)


def test_the_role_that_asked_stands_for_its_office(system: LocalSystem) -> None:
    child = child_of(reviewed(system))

    assert (child.case.applicant, child.case.parent is not None) == ("dpmptsp/operator", True)
    assert may("withdraw", "dpmptsp/operator", child)
    assert not may("read", "dpmptsp/front-office", child)


def test_what_another_case_waits_for_stands_in_no_worklist(system: LocalSystem) -> None:
    parent = reviewed(system)
    task = parent.task(ASKED)

    listed = system.ports.views.list("who", "role#dlh/environment")

    assert [item["id"] for item in listed.items if item["id"] == task.id] == []


def test_a_case_that_calls_itself_a_child_answers_nobody(system: LocalSystem) -> None:
    parent = reviewed(system)
    stranger = request(system)
    assert stranger.id != child_id(parent.id, parent.task(ASKED).key, ASKED)

    stranger.withdraw()

    assert parent.task(ASKED).is_open
