"""What becomes of a whole case: withdrawn, appealed, extended, redriven, reopened, revoked, decided, erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

import events
from functions.domain import episodes
from functions.domain.case import Writer
from functions.domain.clock import Term, rfc3339
from functions.domain.errors import Invalid, NotNow
from tests.builders import (
    HOUSE,
    PERMIT,
    SHOP,
    STAGES,
    Walk,
    calendar_of,
    case_in,
    holder,
    with_service,
    with_step,
)

SECOND = timedelta(seconds=1)
OPEN = ["submitted", "in_review", "awaiting_applicant", "awaiting_payment", "needs_attention"]
CLOSED = ["approved", "rejected", "withdrawn", "lapsed"]


def oversee(walk: Walk, act: Callable[..., None], *arguments: object) -> Walk:
    walk.do("sri", lambda writer: act(writer, *arguments))
    return walk


def extend(walk: Walk, term: str) -> Walk:
    return oversee(walk, episodes.extend, walk.service, calendar_of, Term.parse(term), "A soil survey.")


def reopen(walk: Walk) -> Walk:
    return oversee(walk, episodes.reopen, walk.service, calendar_of, "New evidence.")


# -- withdrawing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["draft", *OPEN])
def test_a_case_is_withdrawn_while_it_is_open(status: str):
    walk = case_in(status).withdraw()

    assert (walk.case.status, walk.case.episode, walk.case.open_tasks()) == ("withdrawn", None, [])
    assert walk.case.outcome is not None
    assert (walk.case.outcome.result, walk.case.outcome.by) == ("withdrawn", "siti")


@pytest.mark.parametrize("status", CLOSED)
def test_what_is_decided_cannot_be_withdrawn(status: str):
    with pytest.raises(NotNow):
        case_in(status).withdraw()


def test_a_withdrawal_calls_off_tasks_bill_and_clock():
    walk = Walk().payment()
    version = walk.case.version

    walk.withdraw()

    assert walk.types(version) == [
        "task.cancelled", "payment.expired", "case.withdrawn", "clock.stopped", "episode.closed",
    ]  # fmt: skip


def test_a_service_may_forbid_the_withdrawal():
    with pytest.raises(NotNow):
        Walk(service=with_service(withdrawable=False)).submitted().withdraw()


# -- appealing ---------------------------------------------------------------------------------------------------


def test_a_refusal_can_be_appealed_to_the_last_second_of_the_term():
    walk = Walk().rejected()
    assert walk.case.outcome is not None
    due = calendar_of("dpmptsp").due(walk.case.outcome.at, Term.parse("21 wd"))

    with pytest.raises(NotNow):
        walk.at(due + SECOND).appeal()
    walk.at(due).appeal()

    assert walk.case.status == "in_review"
    assert walk.case.episode is not None
    assert walk.case.episode.process == "appeal"
    assert walk.case.clock is None


@pytest.mark.parametrize("status", [status for status in STAGES if status != "rejected"])
def test_only_a_refusal_can_be_appealed(status: str):
    with pytest.raises(NotNow):
        case_in(status).appeal()


def test_an_appeal_that_was_dismissed_is_not_appealed_again():
    walk = (
        Walk().rejected().appeal().open("decide-appeal").act("decide-appeal", "reject", comment="Still thin.")
    )
    walk.outcome("rejected")

    assert walk.case.status == "rejected"
    with pytest.raises(NotNow):
        walk.appeal()


def test_an_upheld_appeal_opens_the_application_anew():
    walk = (
        Walk()
        .rejected()
        .appeal()
        .open("decide-appeal")
        .act("decide-appeal", "approve", comment="Thick enough.")
    )
    walk.outcome("approved", opens="application")

    assert [episode.process for episode in walk.case.episodes] == ["application", "appeal", "application"]
    assert walk.case.status == "in_review"
    assert [outcome.result for outcome in walk.case.outcomes] == ["rejected", "approved"]
    assert walk.case.outcomes[-1].reasons == "Thick enough."
    walk.open("completeness").act("completeness", "approve")
    assert walk.case.clock is not None


def test_an_appeal_can_be_against_what_an_appeal_has_decided():
    first = PERMIT.process("appeal").model_copy(update={"against": ("application",)})
    second = first.model_copy(update={"against": ("appeal",), "opens_within": Term.parse("5 wd")})
    service = with_service(processes={**PERMIT.processes, "appeal": first, "higher-appeal": second})
    walk = Walk(service=service).rejected().appeal()
    walk.open("decide-appeal").act("decide-appeal", "reject", comment="No.").outcome("rejected")
    assert walk.case.outcome is not None
    due = calendar_of("dpmptsp").due(walk.case.outcome.at, Term.parse("5 wd"))

    with pytest.raises(NotNow):
        walk.at(due + SECOND).appeal()
    walk.at(due).appeal()

    assert walk.case.episode is not None
    assert walk.case.episode.process == "higher-appeal"


def test_a_second_refusal_of_the_application_can_be_appealed():
    walk = (
        Walk()
        .rejected()
        .appeal()
        .open("decide-appeal")
        .act("decide-appeal", "approve", comment="Look again.")
    )
    walk.outcome("approved", opens="application").open("completeness").act("completeness", "approve")
    walk.open("review").act("technical-review", "reject", comment="No.").reviewed().outcome("rejected")

    assert walk.appeal().case.status == "in_review"


# -- extending ---------------------------------------------------------------------------------------------------


def test_an_extension_lengthens_the_running_term():
    walk = extend(Walk().review(), "10 wd")

    assert walk.case.clock is not None
    assert walk.case.clock.extensions == [("10 wd", "sri")]
    assert "survey" not in str(walk.history)


@pytest.mark.parametrize("term", ["10 d", "2 months", "5 h", "367 wd"])
def test_an_extension_is_counted_like_the_term_and_bounded(term: str):
    with pytest.raises(Invalid) as refused:
        extend(Walk().review(), term)

    assert [fault.pointer for fault in refused.value.faults] == ["/term"]


@pytest.mark.parametrize("status", ["draft", "submitted", *CLOSED])
def test_a_clock_that_does_not_run_is_not_extended(status: str):
    with pytest.raises(NotNow):
        extend(case_in(status), "5 wd")


# -- redriving and parking ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", OPEN)
def test_an_open_case_is_redriven_by_a_new_attempt(status: str):
    walk = oversee(case_in(status), episodes.redrive, "A fault was mended.")

    assert walk.case.episode is not None
    assert walk.case.episode.attempt == 2
    assert walk.case.status != "needs_attention"


@pytest.mark.parametrize("status", ["draft", *CLOSED])
def test_without_an_open_episode_there_is_nothing_to_redrive(status: str):
    with pytest.raises(NotNow):
        oversee(case_in(status), episodes.redrive, "again")


def test_parking_alarms_once_and_keeps_what_stood_open():
    walk = Walk().review().park().park()

    assert walk.types()[-2:] == ["case.parked", "alarm.raised"]
    assert walk.types().count("case.parked") == 1
    assert walk.case.open_tasks() != []
    assert walk.history[-1]["data"] == {"reason": "fault", "state": "Assess the fee", "error": "Boom"}


def test_an_older_driver_does_not_park_the_case_of_a_newer():
    walk = oversee(Walk().review(), episodes.redrive, "again")

    assert walk.park().case.status == "in_review"


def test_a_case_that_has_ended_is_not_parked():
    assert case_in("approved").park().case.status == "approved"


# -- reopening and revoking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["rejected", "lapsed", "withdrawn"])
def test_a_case_that_came_to_nothing_is_examined_anew(status: str):
    walk = reopen(case_in(status))

    assert walk.case.status == "in_review"
    assert walk.case.outcome is None
    assert walk.types()[-2:] == ["case.reopened", "episode.opened"]


FROM_FILING = with_service(clock=PERMIT.clock.model_copy(update={"starts": "submitted"}))


def test_a_term_that_counts_from_the_filing_runs_anew_in_what_is_reopened():
    walk = reopen(Walk(service=FROM_FILING).rejected().later(days=30))

    assert walk.types()[-3:] == ["case.reopened", "episode.opened", "clock.started"]
    assert walk.case.clock is not None
    assert walk.case.clock.started_at == walk.now


def test_a_term_that_counts_from_the_filing_runs_anew_after_an_appeal_was_upheld():
    walk = Walk(service=FROM_FILING).rejected().appeal()

    walk.outcome("approved", opens="application")

    assert walk.types()[-2:] == ["episode.opened", "clock.started"]


def test_a_term_that_counts_from_completeness_waits_for_it_in_what_is_reopened():
    assert reopen(case_in("rejected")).case.clock is None


@pytest.mark.parametrize("status", ["draft", *OPEN])
def test_any_other_case_is_not_reopened(status: str):
    with pytest.raises(NotNow):
        reopen(case_in(status))


UNEXAMINED = {name: one for name, one in PERMIT.processes.items() if one.opened_by != "reopen"}


def test_what_was_granted_is_not_reopened_where_the_service_has_no_process_for_it():
    walk = Walk(service=with_service(processes=UNEXAMINED)).submitted().outcome("approved")

    with pytest.raises(NotNow):
        reopen(walk)


@pytest.mark.parametrize("ends", ["rejected", "approved"])
def test_what_was_granted_is_examined_by_a_process_of_its_own_and_stands(ends: str):
    walk = reopen(case_in("approved"))
    opened = walk.case.episode

    assert opened is not None
    assert (opened.process, opened.act, walk.case.status) == ("inspection", "reopen", "in_review")
    with pytest.raises(NotNow):
        walk.withdraw()
    assert walk.outcome(ends).case.status == "approved"


def test_a_draft_that_was_withdrawn_is_not_reopened():
    with pytest.raises(NotNow):
        reopen(Walk().create().withdraw())


def test_an_erased_case_is_neither_reopened_nor_appealed():
    walk = oversee(Walk().rejected(), episodes.erase, "retention")

    with pytest.raises(NotNow):
        reopen(walk)
    with pytest.raises(NotNow):
        walk.appeal()


def test_a_valid_permit_can_be_revoked_once():
    walk = oversee(Walk().approved(), episodes.revoke, "Forged plans.")

    assert [permit.state for permit in walk.case.permits.values()] == ["revoked"]
    assert walk.case.status == "approved"
    with pytest.raises(NotNow):
        oversee(walk, episodes.revoke, "again")


@pytest.mark.parametrize("status", [status for status in STAGES if status != "approved"])
def test_without_a_permit_there_is_nothing_to_revoke(status: str):
    with pytest.raises(NotNow):
        oversee(case_in(status), episodes.revoke, "x")


def test_a_permit_expires_after_its_last_second_by_law():
    walk = Walk().signing()
    until = walk.now + timedelta(days=365)

    def issue(writer: Writer) -> None:
        issued = events.PermitIssued(
            number="PBG-2026-1", kind="permit", document=f"{walk.case.id}.d9", sha256="a" * 64, size=1,
            valid_until=until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )  # fmt: skip
        writer.add(issued)

    walk.do("system", issue)

    oversee(walk.at(until), episodes.expire_permits)
    assert walk.case.permits["PBG-2026-1"].state == "valid"
    oversee(walk.at(until + SECOND), episodes.expire_permits)
    assert walk.case.permits["PBG-2026-1"].state == "expired"
    assert walk.history[-1]["actor"] == "law"


# -- who decided, and in which words -----------------------------------------------------------------------------


def decision(walk: Walk, result: str) -> episodes.Decision:
    return episodes.decision_of(walk.case, walk.service, len(walk.case.episodes), result)


def test_a_permit_is_the_decision_of_who_signed_it():
    walk = Walk().approved()

    assert walk.case.outcome is not None
    assert (walk.case.outcome.by, walk.case.outcome.reasons, walk.case.outcome.rule) == (
        "bambang",
        None,
        None,
    )


def test_a_refusal_in_the_review_is_the_reviewers_with_all_words_against_it():
    walk = Walk(SHOP).review().act("technical-review", "reject", comment="Unsafe.")
    walk.act("fire-safety", "object", comment="One exit.")
    walk.at(walk.task("spatial-plan").due_at + SECOND).ring("spatial-plan")

    assert decision(walk, "rejected") == episodes.Decision("teguh", None, "Unsafe.\nOne exit.")


def test_a_refusal_by_the_head_has_the_heads_words_alone():
    walk = Walk(SHOP).review().act("fire-safety", "object", comment="One exit.").reviewed().assess()
    walk.open("statement").act("statement", "reject", comment="Thin columns.")

    assert decision(walk, "rejected") == episodes.Decision("slamet", None, "Thin columns.")


def test_a_decision_by_silence_is_the_laws_with_its_rule():
    walk = Walk(service=with_step("completeness", tasks={"silence": "refuse"})).completeness()
    walk.at(walk.task("completeness").due_at + SECOND).ring("completeness").outcome("rejected")

    assert walk.case.outcome is not None
    assert walk.case.outcome.by == "law"
    assert walk.case.outcome.rule == "building-permit/completeness: PP 16/2021 Art. 253"


def test_a_lapse_is_the_laws_and_names_what_was_not_done():
    walk = Walk().lapsed()

    assert walk.case.outcome is not None
    assert (walk.case.outcome.result, walk.case.outcome.by) == ("lapsed", "law")
    assert str(walk.case.outcome.rule).startswith("building-permit/bill:")


def test_when_every_round_is_used_up_the_last_return_is_the_reason():
    walk = Walk().correction()

    assert decision(walk, "rejected") == episodes.Decision("teguh", None, "Mend this.")


def test_what_no_person_decided_is_the_systems():
    assert decision(Walk().submitted(), "approved") == episodes.Decision("system")


def test_an_outcome_of_a_closed_episode_is_recorded_once():
    walk = case_in("approved")
    version = walk.case.version

    assert walk.outcome("rejected").case.status == "approved"
    assert walk.types(version) == []


# -- keeping and erasing -----------------------------------------------------------------------------------------


def test_a_case_is_kept_for_ten_years_from_its_outcome():
    walk = Walk().approved()
    assert walk.case.outcome is not None

    until = episodes.may_be_erased_from(walk.case, walk.service, calendar_of)

    assert until is not None
    assert until.year == walk.case.outcome.at.year + 10
    assert episodes.may_be_erased_from(Walk().review().case, walk.service, calendar_of) is None


def test_a_hold_is_placed_and_lifted():
    walk = Walk().approved()

    walk.do("tuti", lambda w: episodes.hold(w, "A lawsuit.", on=True))
    assert walk.case.held
    walk.do("tuti", lambda w: episodes.hold(w, "It is over.", on=False))
    assert not walk.case.held


@pytest.mark.parametrize("reason", [None, "", "  ", "x" * 5001])
def test_a_reason_is_demanded_and_bounded(reason: str | None):
    with pytest.raises(Invalid) as refused:
        episodes.demand_reason(reason)

    assert [fault.pointer for fault in refused.value.faults] == ["/reason"]


def test_a_message_stands_beside_the_history():
    walk = Walk().review()
    walk.do("siti", lambda w: episodes.message(w, "When will it be ready?"))

    assert walk.case.messages == [
        {"at": "2026-02-02T02:00:00Z", "by": "siti", "text": "When will it be ready?"}
    ]
    assert "ready" not in str(walk.history)
    assert holder("dpmptsp/records").username == "tuti"
    assert HOUSE["floors"] == 1


@pytest.mark.parametrize(("clock", "started"), [(False, []), (True, ["28 wd"])])
def test_the_clock_of_what_opens_by_itself_runs_from_its_opening_where_the_service_says_so(
    clock: bool, started: list[str]
) -> None:
    later = PERMIT.process("application").model_copy(update={"opened_by": "due", "clock": clock})
    legal = PERMIT.clock.model_copy(update={"starts": "submitted"})
    service = PERMIT.model_copy(update={"processes": {**PERMIT.processes, "later": later}, "clock": legal})
    walk = Walk().completeness().withdraw()
    due, calendar = walk.now + timedelta(days=100), calendar_of(PERMIT.agency)
    scheduled = events.EpisodeScheduled(process="later", due_at=rfc3339(due))
    walk.do("system", lambda writer: writer.add(scheduled))
    seq = walk.case.seq

    oversee(walk.at(due), episodes.open_what_is_due, service, calendar)
    assert walk.case.seq == seq, "not before its moment has passed"
    oversee(walk.at(due + SECOND), episodes.open_what_is_due, service, calendar)

    opened, *more = walk.commits[-1].events
    assert (opened.type, opened.actor) == ("episode.opened", "law")
    assert [event.data["term"] for event in more] == started
    if clock:
        assert walk.case.clock is not None
        assert walk.case.clock.started_at == due + SECOND
