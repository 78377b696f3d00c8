"""Who may do what: the table, read from both sides; whoever stands in no relation to a case may do nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain import rights
from functions.domain.errors import CaseUnknown, Forbidden, TaskUnknown
from functions.domain.identity import Delegation, Person
from functions.domain.waits import spec_of
from tests.builders import HOUSE, MORNING, PERMIT, STAGES, Walk, applicant, case_in, holder, lending, user

ACTS = sorted(rights.RIGHTS)
SUBMITTED = [status for status in STAGES if status != "draft"]
OFFICES = ("dpmptsp", "pupr", "damkar", "tata-ruang", "dlh", "elsewhere")
NAMES = (
    "front-office",
    "operator",
    "head",
    "supervisor",
    "records",
    "integrator",
    "admin",
    "tpt",
    "secretariat",
)


def may(act: str, person: Person, walk: Walk) -> bool:
    return rights.may(act, person, walk.case, PERMIT, walk.now)


@pytest.mark.parametrize("status", STAGES)
@pytest.mark.parametrize("act", ACTS)
def test_a_stranger_may_do_nothing_in_any_status(act: str, status: str):
    stranger = Person("stranger", "Stranger", frozenset({"elsewhere/supervisor", "elsewhere/records"}))

    assert not may(act, stranger, case_in(status))
    with pytest.raises(CaseUnknown):
        rights.demand(act, stranger, case_in(status).case, PERMIT, MORNING)


@given(
    st.sampled_from(list(STAGES)),
    st.sampled_from(ACTS),
    st.sets(st.sampled_from(["damkar/fire-safety", "dlh/environment", "elsewhere/head", "elsewhere/admin"])),
)
def test_an_office_that_was_not_asked_may_do_nothing(status: str, act: str, roles: set[str]):
    # A one-storey house asks neither the fire service nor the environment office.
    assert not may(act, Person("other", "Other", frozenset(roles)), case_in(status))


@given(
    st.sampled_from(ACTS),
    st.sets(st.builds("{}/{}".format, st.sampled_from(OFFICES), st.sampled_from(NAMES))),
)
def test_a_draft_is_seen_by_nobody_but_its_applicant(act: str, roles: set[str]):
    assert not may(act, Person("other", "Other", frozenset(roles)), case_in("draft"))


def test_a_draft_that_was_withdrawn_stays_the_applicants():
    walk = Walk().create().withdraw()

    assert may("read", applicant(), walk)
    assert not any(may(act, holder("dpmptsp/supervisor"), walk) for act in ACTS)


@given(st.sampled_from(list(STAGES)), st.text(max_size=20).filter(lambda name: name not in rights.RIGHTS))
def test_an_act_that_is_not_in_the_table_is_refused_to_everybody(status: str, act: str):
    walk = case_in(status)

    assert not any(may(act, person, walk) for person in (applicant(), holder("dpmptsp/supervisor")))


@pytest.mark.parametrize("status", STAGES)
def test_the_applicant_reads_the_own_case_in_every_status(status: str):
    assert may("read", applicant(), case_in(status))


@pytest.mark.parametrize("status", SUBMITTED)
@pytest.mark.parametrize(
    "role", ["dpmptsp/front-office", "dpmptsp/head", "dpmptsp/records", "pupr/supervisor"]
)
def test_the_agency_and_the_supervisors_read_what_was_submitted(role: str, status: str):
    assert may("read", holder(role), case_in(status))


def test_the_agencys_integrator_reads_no_case():
    assert not may("read", holder("dpmptsp/integrator"), case_in("in_review"))


def test_a_consulted_office_reads_the_case_only_once_it_is_asked():
    spatial_plan = holder("tata-ruang/spatial-plan")

    assert not may("read", spatial_plan, Walk().completeness())
    assert may("read", spatial_plan, Walk().review())


def test_who_may_read_but_not_act_learns_which_rule_says_no():
    with pytest.raises(Forbidden) as refused:
        rights.demand("revoke", applicant(), case_in("approved").case, PERMIT, MORNING)

    assert refused.value.rule == "role"


@pytest.mark.parametrize("act", ["reopen", "revoke", "extend", "redrive", "assign"])
def test_supervisors_oversee_but_not_their_own_case(act: str):
    overseer = holder("dpmptsp/supervisor")
    own = Walk(person=overseer).submitted()

    assert may(act, overseer, case_in("in_review"))
    assert not may(act, overseer, own)
    with pytest.raises(Forbidden) as refused:
        rights.demand(act, overseer, own.case, PERMIT, MORNING)
    assert refused.value.rule == "own_case"


@pytest.mark.parametrize("act", ["erase", "hold"])
def test_only_the_records_officer_of_the_agency_erases(act: str):
    assert may(act, holder("dpmptsp/records"), case_in("approved"))
    assert not any(
        may(act, person, case_in("approved"))
        for person in (applicant(), holder("dpmptsp/supervisor"), holder("dpmptsp/admin"))
    )


@pytest.mark.parametrize("act", ["withdraw", "appeal"])
def test_only_the_applicant_withdraws_and_appeals(act: str):
    filed = Walk(person=holder("dpmptsp/front-office")).create(on_behalf_of="budi")

    assert may(act, user("budi"), filed)
    assert not may(act, filed.person, filed)


def test_the_counter_helps_on_behalf_until_the_role_is_gone():
    clerk = holder("dpmptsp/front-office")
    filed = Walk(person=clerk).create(on_behalf_of="budi")

    assert all(may(act, clerk, filed) for act in ("read", "patch", "upload", "submit"))
    assert not may("read", Person(clerk.username, clerk.name), filed)
    assert not may("read", holder("dpmptsp/front-office", 1), filed)


def test_officers_upload_only_while_they_are_asked():
    reviewer = holder("pupr/tpt")

    assert may("upload", reviewer, Walk().review())
    assert not may("upload", reviewer, case_in("awaiting_payment"))


# -- tasks -------------------------------------------------------------------------------------------------------


def demand(person: Person, walk: Walk, name: str) -> None:
    task = walk.task(name)
    rights.demand_task(
        person, walk.case, task, spec_of(walk.case, walk.service, task), walk.service, walk.now
    )


def test_a_task_is_hidden_from_who_does_not_hold_its_role():
    walk = Walk().review()

    with pytest.raises(TaskUnknown):
        demand(holder("damkar/fire-safety"), walk, "technical-review")
    with pytest.raises(TaskUnknown):
        demand(user("budi"), walk, "technical-review")


def test_a_supervisor_sees_a_task_and_may_not_do_it():
    with pytest.raises(Forbidden) as refused:
        demand(holder("pupr/supervisor"), Walk().review(), "technical-review")

    assert refused.value.rule == "role"


def test_nobody_decides_the_own_case():
    walk = Walk(person=holder("pupr/tpt")).review()

    with pytest.raises(Forbidden) as refused:
        demand(walk.person, walk, "technical-review")

    assert refused.value.rule == "own_case"


def test_nobody_decides_for_a_colleague_whose_own_case_it_is():
    reviewer = holder("pupr/tpt")
    walk = Walk(person=reviewer).review()

    with pytest.raises(Forbidden) as refused:
        demand(lending(reviewer, "pupr/tpt", user("hadi")), walk, "technical-review")

    assert refused.value.rule == "own_case"


def both(name: str = "surya") -> Person:
    """Somebody who holds the roles of the statement and of the signature."""
    return Person(
        name, name.title(), frozenset({"pupr/tpt", "pupr/head", "dpmptsp/head", "dpmptsp/supervisor"})
    )


def test_the_same_person_does_not_review_and_sign_the_statement():
    walk = Walk().review().act("technical-review", "approve", both()).reviewed().assess().open("statement")

    with pytest.raises(Forbidden) as refused:
        demand(both(), walk, "statement")

    assert refused.value.rule == "four_eyes"
    demand(holder("pupr/head"), walk, "statement")


def test_four_eyes_see_through_a_delegation():
    head, deputy = holder("pupr/head"), user("hadi")
    standing_in = lending(head, "pupr/head", deputy)
    walk = Walk().statement().act("statement", "approve", standing_in).open("bill")
    walk.pay()
    walk.open("sign-permit")
    both_offices = Person(head.username, head.name, frozenset({"dpmptsp/head"}))
    same_deputy = Person(deputy.username, deputy.name, frozenset({"dpmptsp/head"}))
    lent_by_head = lending(both_offices, "dpmptsp/head", user("vina"))

    for person in (both_offices, same_deputy, lent_by_head):
        with pytest.raises(Forbidden) as refused:
            demand(person, walk, "sign-permit")
        assert refused.value.rule == "four_eyes"


def test_whoever_reviewed_the_application_does_not_decide_the_appeal():
    walk = Walk().review().act("technical-review", "approve", both()).reviewed().assess().open("statement")
    walk.act("statement", "reject", comment="No.").outcome("rejected").appeal().open("decide-appeal")

    with pytest.raises(Forbidden) as refused:
        demand(both(), walk, "decide-appeal")

    assert refused.value.rule == "four_eyes"
    demand(holder("dpmptsp/supervisor"), walk, "decide-appeal")


def test_a_role_lent_counts_only_while_it_is_lent():
    walk = Walk().review()
    lent = Delegation("pupr/tpt", "teguh", MORNING, MORNING + timedelta(days=2))
    deputy = Person("hadi", "Hadi", frozenset(), (lent,))

    demand(deputy, walk, "technical-review")
    with pytest.raises(TaskUnknown):
        demand(deputy, walk.later(days=2), "technical-review")


def test_what_is_asked_of_the_applicant_is_done_by_the_applicant_or_the_counter_that_filed():
    clerk = holder("dpmptsp/front-office")
    filed = Walk(HOUSE, person=clerk)
    filed.create(on_behalf_of="budi").bring().submit().open("completeness").act("completeness", "approve")
    filed.open("review").returned(("/floors",))

    demand(user("budi"), filed, "correct-plans")
    demand(clerk, filed, "correct-plans")
    with pytest.raises(Forbidden) as refused:
        demand(holder("pupr/tpt"), filed, "correct-plans")
    assert refused.value.rule == "role"
    with pytest.raises(TaskUnknown):
        demand(user("maria"), filed, "correct-plans")
