"""From the first answer to the submitted application, and what a correction opens again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.domain import intake
from functions.domain.case import Writer
from functions.domain.errors import Forbidden, Invalid, NotNow, TooLarge
from functions.domain.service import Own, Unique
from tests.builders import (
    HOUSE,
    MORNING,
    PERMIT,
    Walk,
    applicant,
    calendar_of,
    case_in,
    holder,
    lending,
    user,
    with_service,
)


def faults(act: Any) -> list[str]:
    with pytest.raises(Invalid) as refused:
        act()
    return [fault.pointer for fault in refused.value.faults]


# -- drafts ------------------------------------------------------------------------------------------------------


def test_a_draft_may_be_empty_and_keeps_how_the_applicant_can_be_reached():
    walk = Walk({}).create()

    assert (walk.case.status, walk.case.form, walk.case.applicant, walk.case.filed_by) == (
        "draft",
        {},
        "siti",
        None,
    )
    assert walk.case.contact["email"] == applicant().email


def test_a_draft_refuses_what_no_answer_can_be():
    assert faults(Walk({"floors": "three", "colour": 1}).create) == ["/floors", "/colour"]


def test_a_form_is_at_most_64_kilobytes():
    with pytest.raises(TooLarge):
        Walk({"address": "x" * 65_536}).create()
    with pytest.raises(TooLarge):
        Walk().create().patch(address="x" * 65_536)


def test_the_front_office_files_for_somebody_else():
    walk = Walk(person=holder("dpmptsp/front-office")).create(on_behalf_of="budi")

    assert (walk.case.applicant, walk.case.filed_by) == ("budi", "dewi")
    assert walk.case.contact == {}


def test_filing_for_oneself_is_no_filing_on_behalf():
    walk = Walk(person=holder("dpmptsp/front-office")).create(on_behalf_of="dewi")

    assert (walk.case.applicant, walk.case.filed_by) == ("dewi", None)


@pytest.mark.parametrize("person", [user("siti"), holder("pupr/tpt"), holder("dpmptsp/head")])
def test_nobody_else_files_for_another(person: Any):
    with pytest.raises(Forbidden) as refused:
        Walk(person=person).create(on_behalf_of="budi")

    assert refused.value.rule == "on_behalf"


def test_a_role_that_was_lent_files_for_another_as_well():
    deputy = lending(holder("dpmptsp/front-office"), "dpmptsp/front-office", user("vina"))

    assert Walk(person=deputy).create(on_behalf_of="budi").case.filed_by == "vina"


def test_what_answers_nothing_is_no_answer():
    blank = Walk({**HOUSE, "infrastructure_volume": None, "owner_name": ""}).create()

    assert "infrastructure_volume" not in blank.case.form
    assert blank.case.form["owner_name"] == ""
    assert "/owner_name" in faults(blank.submit)

    whole = Walk({**HOUSE, "land_title_number": ""}).create().bring().submit()
    assert "land_title_number" not in whole.case.form


def test_answers_of_a_draft_are_merged_and_only_changes_are_recorded():
    walk = Walk().create().patch(floors=2, address=None)
    version = walk.case.version

    walk.patch(floors=2)

    assert walk.case.form == {**{k: v for k, v in HOUSE.items() if k != "address"}, "floors": 2}
    assert walk.history[-1]["data"]["pointers"] == ["/address", "/floors"]
    assert walk.case.version == version


# -- submitting --------------------------------------------------------------------------------------------------


def test_submitting_names_every_fault_and_every_missing_document_at_once():
    walk = Walk(HOUSE | {"floors": 3, "address": ""}).create().bring("id-card")

    assert faults(walk.submit) == [
        "/address", "/documents/land-title", "/documents/site-plan", "/documents/structural-calculation",
        "/documents/neighbour-consent",
    ]  # fmt: skip
    assert walk.case.status == "draft"


def test_a_submitted_case_has_its_number_its_facts_and_an_open_episode():
    walk = Walk().submitted()

    assert walk.case.number is not None
    assert walk.case.number.startswith("PBG-2026-")
    assert (walk.case.status, walk.case.submitted_at) == ("submitted", walk.now)
    assert walk.case.episode is not None
    assert (walk.case.episode.no, walk.case.episode.process, walk.case.episode.attempt) == (
        1,
        "application",
        1,
    )
    assert walk.case.facts["floor_area_m2"] == 90


def test_the_year_of_a_number_is_that_of_the_agencys_wall():
    new_year = datetime(2026, 12, 31, 17, 30, tzinfo=UTC)  # 00:30 on the first of January in Jakarta

    assert str(Walk(now=new_year).submitted().case.number).startswith("PBG-2027-")


def test_answers_that_are_not_asked_are_dropped_when_submitted():
    walk = Walk(HOUSE | {"infrastructure_volume": 0, "infrastructure": "fence"}).submitted()

    assert "infrastructure" not in (walk.case.form or {})


@pytest.mark.parametrize("status", ["submitted", "in_review", "approved", "withdrawn"])
def test_a_case_is_submitted_once(status: str):
    with pytest.raises(NotNow):
        case_in(status).submit()


def test_who_is_not_eligible_is_told_why():
    with pytest.raises(Invalid) as refused:
        Walk(HOUSE | {"land_in_dispute": True}).create().bring().submit()

    (fault,) = refused.value.faults
    assert fault.pointer == "/land_in_dispute"
    assert "dispute" in fault.message["en"]


# -- corrections -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["submitted", "in_review", "awaiting_payment", "approved", "rejected", "lapsed"]
)
def test_answers_cannot_be_changed_while_nothing_is_asked(status: str):
    with pytest.raises(NotNow):
        case_in(status).patch(floors=2)


def test_a_correction_opens_one_field_and_no_other():
    walk = Walk().correction(("/floors",))

    walk.patch(floors=2)

    assert faults(lambda: walk.patch(address="Jalan Mawar 1", floor_area_m2=80)) == [
        "/address",
        "/floor_area_m2",
    ]
    assert walk.case.form == HOUSE | {"floors": 2}


def test_a_correction_of_documents_alone_opens_no_field():
    walk = Walk().correction((), ("site-plan",))

    assert faults(lambda: walk.patch(floors=2)) == ["/floors"]


def test_a_correction_opens_the_question_that_the_new_answer_raises():
    walk = Walk().correction(("/infrastructure_volume",))

    walk.patch(infrastructure_volume=12).patch(infrastructure="fence").patch(infrastructure="pavement")

    assert walk.case.form == HOUSE | {"infrastructure_volume": 12, "infrastructure": "pavement"}
    assert faults(lambda: walk.patch(floors=2)) == ["/floors"]


def test_a_pointer_into_a_field_opens_the_field():
    assert Walk().correction(("/floors/0",)).patch(floors=2).case.form == HOUSE | {"floors": 2}


def test_a_correction_takes_no_wrong_type():
    assert faults(lambda: Walk().correction(("/floors",)).patch(floors="many")) == ["/floors"]


def test_after_the_resubmission_everything_is_closed_again():
    walk = Walk().correction(("/floors",)).act("correct-plans", "resubmit")

    with pytest.raises(NotNow):
        walk.patch(floors=2)


# -- what may be used once ---------------------------------------------------------------------------------------


def test_values_that_only_one_case_may_hold_are_claimed_without_being_shown():
    number, phone = Unique(field="land_title_number"), Unique(field="owner_phone", until="ended")
    service = with_service(unique=(number, phone))
    walk = Walk()
    walk.case.form = {**HOUSE, "land_title_number": "SHM 04512", "owner_phone": "0812"}
    writer = Writer(walk.case, actor="siti", now=MORNING)
    writer.reopens = True

    (kept, passing), freed = intake.claims_of(writer, service)
    walk.case.claims, walk.case.status = frozenset({kept, passing}), "rejected"

    assert (kept.rpartition("/")[0], freed) == ("building-permit/land_title_number", ())
    assert "04512" not in kept
    assert intake.claims_of(writer, service) == ((), (passing,))
    assert intake.claims_of(writer, PERMIT) == ((), ())


# -- one's own number --------------------------------------------------------------------------------------------


NUMBERED = with_service(own=Own(field="land_title_number"))


def numbered(**walked: Any) -> Walk:
    return Walk({**HOUSE, "land_title_number": "123"}, service=NUMBERED, **walked)


def change_number(walk: Walk) -> None:
    calendar, change = calendar_of(walk.service.agency), {"land_title_number": "456"}
    process = walk.service.process("appeal").model_copy(update={"changes": ("land_title_number",)})

    def decide(writer: Writer) -> None:
        intake.change_answers(writer, walk.service, calendar, change, process)

    walk.do(walk.case.applicant, decide)


def test_who_files_for_themselves_does_not_change_to_the_number_of_somebody_else_later():
    walk = numbered(person=replace(applicant(), employee_number="123")).create().bring().submit()

    with pytest.raises(Invalid) as refused:
        change_number(walk)

    assert [fault.pointer for fault in refused.value.faults] == ["/land_title_number"]


def test_the_number_in_what_an_officer_filed_for_somebody_can_be_changed_later():
    walk = numbered(person=holder("dpmptsp/front-office")).create(on_behalf_of="siti").bring().submit()

    change_number(walk)

    assert walk.case.form is not None
    assert walk.case.form["land_title_number"] == "456"
