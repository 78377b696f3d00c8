"""Waits: joined on all, any or some; what silence means, to the second; the clock that starts, pauses and goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain import episodes, waits
from functions.domain import form as forms
from functions.domain.case import Task
from functions.domain.clock import Term
from functions.domain.errors import NotNow
from tests.builders import (
    CATALOGUE,
    HOUSE,
    MORNING,
    SHOP,
    Walk,
    calendar_of,
    holder,
    user,
    with_service,
    with_step,
)

SECOND = timedelta(seconds=1)
FAR = Term.parse("300 d")


def states(walk: Walk, step: str = "review") -> dict[str, str]:
    return {task.name: task.state for task in walk.case.tasks.values() if task.step == step}


# -- joins -------------------------------------------------------------------------------------------------------


def test_the_facts_may_cut_a_term_short_and_never_lengthen_it():
    due = datetime(2026, 2, 10, 16, 59, 59, tzinfo=UTC)
    early, late = "2026-02-09T03:00:00Z", "2026-02-11T03:00:00Z"

    assert waits.not_after(due, "facts.ends", {"ends": early}) == datetime(2026, 2, 9, 3, tzinfo=UTC)
    assert waits.not_after(due, "facts.ends", {"ends": late}) == due
    assert waits.not_after(due, "facts.ends", {}) == due
    assert waits.not_after(due, None, {}) == due


def test_a_wait_lasts_up_to_the_very_moment_that_the_facts_name():
    now = datetime(2026, 2, 2, 3, tzinfo=UTC)
    case = SimpleNamespace(facts={"moment": "2026-02-09T03:00:00Z", "day": "2026-02-09"})

    def end(until: str) -> datetime:
        return waits.end_of_wait(case, calendar_of("dpmptsp"), FAR, until, now)  # type: ignore[arg-type]

    assert end("facts.moment") == datetime(2026, 2, 9, 3, tzinfo=UTC)
    assert end("facts.day") == datetime(2026, 2, 8, 16, 59, 59, tzinfo=UTC)


def test_a_refusal_leads_back_only_so_many_times():
    service = with_step("completeness", rounds=1, exhausted="refused", rejected="completeness")
    made = [
        SimpleNamespace(episode=1, step="completeness", round=n, action="reject", state="done", is_open=False)
        for n in (1, 2)
    ]
    case = SimpleNamespace(
        clock=None, episodes=[SimpleNamespace(process="application")], tasks=dict(enumerate(made)),
        tasks_of=lambda episode, step, round_: [one for one in made if one.round == round_],
    )  # fmt: skip

    verdicts = [waits.verdict_of(case, service, (1, "completeness", n)) for n in (1, 2)]  # type: ignore[arg-type]

    assert verdicts == [waits.Verdict("reject", "Rejected"), waits.Verdict("lapse", "Lapsed")]


def test_a_wait_on_all_goes_on_only_when_everybody_has_answered():
    walk = Walk(SHOP).review().act("technical-review", "approve").act("fire-safety", "no_objection")

    assert walk.verdict("technical-review") is None
    assert walk.act("spatial-plan", "no_objection").verdict("technical-review") == waits.Verdict("approve")


def test_any_one_answer_decides_and_calls_the_others_off():
    walk = Walk(SHOP, service=with_step("review", join="any")).review().act("spatial-plan", "no_objection")

    assert walk.verdict("spatial-plan") == waits.Verdict("approve")
    assert states(walk) == {
        "technical-review": "cancelled",
        "fire-safety": "cancelled",
        "spatial-plan": "done",
    }


def test_two_of_three_decide():
    walk = Walk(SHOP, service=with_step("review", join=2)).review().act("spatial-plan", "no_objection")
    assert walk.verdict("spatial-plan") is None

    walk.act("technical-review", "approve")

    assert walk.verdict("spatial-plan") == waits.Verdict("approve")
    assert states(walk)["fire-safety"] == "cancelled"


def test_the_worst_answer_counts_where_everybody_was_asked():
    walk = Walk(SHOP).review().act("technical-review", "reject", comment="Unsafe.").reviewed()

    assert walk.verdict("technical-review") == waits.Verdict("reject", "Rejected")


def test_an_objection_is_advice_unless_the_service_says_otherwise():
    advised = Walk(SHOP).review().act("fire-safety", "object", comment="One exit.").reviewed()
    bound = Walk(SHOP, service=with_step("review", objections="reject")).review()
    bound.act("fire-safety", "object", comment="One exit.").reviewed()

    assert advised.verdict("fire-safety") == waits.Verdict("approve")
    assert bound.verdict("fire-safety") == waits.Verdict("reject", "Rejected")


def test_a_return_goes_back_to_the_applicant():
    walk = Walk().correction()

    assert walk.verdict("technical-review") == waits.Verdict("return", "Returned")
    assert walk.act("correct-plans", "resubmit").verdict("correct-plans") == waits.Verdict("resubmit")


def test_a_paid_bill_goes_on():
    walk = Walk().payment()
    walk.pay()

    assert walk.verdict("bill") == waits.Verdict("paid")


# -- silence -----------------------------------------------------------------------------------------------------


def test_a_consulted_offices_silence_is_no_objection_from_the_first_second_after_its_term():
    walk = Walk(SHOP).review()
    due = walk.task("spatial-plan").due_at
    assert due == datetime(
        2026, 2, 18, 16, 59, 59, tzinfo=UTC
    )  # ten working days, the new year's holidays left out

    assert states(walk.at(due).ring("spatial-plan"))["spatial-plan"] == "open"
    walk.at(due + SECOND).ring("spatial-plan")

    task = walk.task("spatial-plan")
    assert (task.state, task.action, task.done_by) == ("expired", "no_objection", "law")
    assert task.rule == "building-permit/spatial-plan: PP 16/2021 Art. 253, 261 [unconfirmed]"


@pytest.mark.parametrize(("silence", "action", "error"), [
    ("approve", "approve", None), ("refuse", "reject", "Rejected"), ("lapse", "lapse", "Lapsed"),
])  # fmt: skip
def test_silence_has_the_meaning_that_the_service_gives_it(silence: str, action: str, error: str | None):
    walk = Walk(service=with_step("completeness", tasks={"silence": silence})).completeness()

    walk.at(walk.task("completeness").due_at + SECOND).ring("completeness")

    assert walk.verdict("completeness") == waits.Verdict(action, error)
    assert walk.task("completeness").done_by == "law"


def test_silence_at_the_counter_that_means_complete_starts_the_clock():
    walk = Walk(service=with_step("completeness", tasks={"silence": "approve"})).completeness()

    walk.at(walk.task("completeness").due_at + SECOND).ring("completeness")

    assert walk.types()[-2:] == ["task.expired", "clock.started"]


def test_a_silent_officer_is_reported_once_and_can_still_answer():
    walk = Walk().completeness()
    walk.at(walk.task("completeness").due_at + SECOND).ring("completeness").ring("completeness")

    assert walk.types().count("alarm.raised") == 1
    assert walk.task("completeness").state == "open"
    assert walk.act("completeness", "approve").verdict("completeness") == waits.Verdict("approve")


def test_after_the_term_the_law_has_spoken_even_before_the_timer_rings():
    walk = Walk(SHOP).review()
    due = walk.task("spatial-plan").due_at

    with pytest.raises(NotNow) as refused:
        walk.at(due + SECOND).act("spatial-plan", "object", comment="Too late.")

    assert refused.value.code == "deadline-passed"
    walk.at(due).act("spatial-plan", "object", comment="Just in time.")


def test_an_applicant_who_does_not_mend_lets_the_case_lapse():
    walk = Walk().correction()
    due = walk.task("correct-plans").due_at

    walk.at(due + SECOND).ring("correct-plans")

    assert walk.verdict("correct-plans") == waits.Verdict("lapse", "Lapsed")
    assert walk.types()[-2:] == ["task.expired", "clock.resumed"]
    with pytest.raises(NotNow) as refused:
        walk.act("correct-plans", "resubmit")
    assert refused.value.code == "deadline-passed"


def test_an_unpaid_bill_expires_by_law():
    walk = Walk().payment()

    walk.at(walk.task("bill").due_at + SECOND).ring("bill")

    assert walk.bill.state == "expired"
    assert walk.verdict("bill") == waits.Verdict("lapse", "Lapsed")
    assert walk.history[-2]["actor"] == "law"


def test_the_applicant_is_reminded_once_when_four_fifths_of_the_term_are_over():
    walk = Walk().payment()
    task = walk.task("bill")
    moment = waits.reminder_at(task)

    walk.at(moment - SECOND).ring("bill")
    assert not walk.task("bill").reminded
    walk.at(moment).ring("bill").ring("bill")

    assert walk.types().count("task.reminded") == 1
    assert moment - task.opened_at == (task.due_at - task.opened_at) * 0.8


# -- what time does next -----------------------------------------------------------------------------------------


def following(walk: Walk, name: str) -> datetime:
    return waits.next_moment(walk.case, walk.service, calendar_of, walk.task(name).key, walk.now)


def test_the_next_moment_is_the_soonest_of_all():
    walk = Walk(SHOP).review()

    assert following(walk, "spatial-plan") == walk.task("spatial-plan").due_at


def test_an_applicants_wait_looks_first_to_the_reminder_then_to_the_end():
    walk = Walk().payment()
    task = walk.task("bill")

    assert following(walk, "bill") == waits.reminder_at(task)
    walk.at(waits.reminder_at(task)).ring("bill")
    assert following(walk, "bill") == task.due_at


def test_after_the_alarm_only_the_end_of_the_whole_term_is_ahead():
    walk = Walk().review()
    walk.at(walk.task("technical-review").due_at + SECOND).ring("technical-review")

    due = end(walk)

    assert following(walk, "technical-review") == due
    walk.at(due + SECOND).ring("technical-review")
    assert following(walk, "technical-review") == walk.now + waits.LONGEST_SLEEP


@given(st.integers(0, 10**6), st.integers(0, 999_999))
def test_after_so_many_seconds_the_moment_has_passed(seconds: int, micro: int):
    moment = MORNING + timedelta(seconds=seconds, microseconds=micro)

    assert MORNING + waits.seconds_until(moment, MORNING) * SECOND > moment
    assert MORNING + (waits.seconds_until(moment, MORNING) - 1) * SECOND <= moment


# -- the clock ---------------------------------------------------------------------------------------------------


def end(walk: Walk) -> datetime:
    clock = waits.legal_clock(walk.case, walk.service, calendar_of("dpmptsp"))
    assert clock is not None
    due = clock.due_at(walk.now)
    assert due is not None
    return due


def clock_of(walk: Walk) -> dict[str, object]:
    clock = waits.legal_clock(walk.case, walk.service, calendar_of("dpmptsp"))
    assert clock is not None
    return clock.view(walk.now)


def test_the_clock_starts_when_the_application_is_complete():
    walk = Walk().submitted()
    assert walk.case.clock is None

    walk.open("completeness").later(days=1).act("completeness", "approve")

    assert clock_of(walk) == {
        "started_at": "2026-02-03T02:00:00Z",
        "due_at": "2026-03-17T16:59:59Z",
        "working_days": 28,
        "used": 0,
        "paused_days": 0,
        "state": "running",
        "sentence": {
            "id": "hari kerja ke-0 dari 28; jatuh tempo 17 Maret 2026",
            "en": "working day 0 of 28; due on 17 March 2026",
        },
    }


def test_an_application_that_is_returned_at_the_counter_has_no_clock_yet():
    walk = Walk().completeness()
    walk.act("completeness", "return", comment="x", data={"fields": [{"pointer": "/floors"}]})
    walk.open("correct-application")

    assert walk.case.clock is None
    walk.act("correct-application", "resubmit").open("completeness").act("completeness", "approve")
    assert walk.case.clock is not None


@pytest.mark.parametrize("moment", ["submitted", "paid"])
def test_a_service_can_start_its_clock_at_another_moment(moment: str):
    service = with_service(clock=Walk().service.clock.model_copy(update={"starts": moment}))
    walk = Walk(service=service).submitted()

    assert (walk.case.clock is not None) == (moment == "submitted")
    walk.open("completeness").act("completeness", "approve").open("review").reviewed().assess()
    walk.open("statement").act("statement", "approve").open("bill")
    walk.pay()
    assert walk.case.clock is not None


def test_the_clock_stands_still_while_the_applicant_mends():
    walk = Walk().correction()
    assert clock_of(walk)["state"] == "paused"

    walk.later(days=7).act("correct-plans", "resubmit")

    assert clock_of(walk)["state"] == "running"
    assert clock_of(walk)["paused_days"] == 7
    assert clock_of(walk)["due_at"] == "2026-03-30T16:59:59Z"


def test_the_clock_stands_still_while_the_payment_is_awaited():
    walk = Walk().payment()
    assert clock_of(walk)["state"] == "paused"

    walk.later(days=2)
    walk.pay()

    assert (clock_of(walk)["state"], clock_of(walk)["paused_days"]) == ("running", 2)


def test_a_service_that_does_not_pause_goes_on_counting():
    service = with_service(clock=Walk().service.clock.model_copy(update={"pauses": ()}))

    walk = Walk(service=service).correction()

    assert clock_of(walk)["state"] == "running"


def test_the_clock_stops_with_the_outcome():
    assert clock_of(Walk().approved())["state"] == "stopped"


def test_an_overdue_clock_alarms_once():
    service = with_step("review", tasks={"within": FAR, "silence": "alarm"})
    walk = Walk(service=service).review()
    due = end(walk)

    walk.at(due).ring("technical-review")
    assert "alarm.raised" not in walk.types()
    walk.at(due + SECOND).ring("technical-review").ring("technical-review")

    assert [e["data"] for e in walk.history if e["type"] == "alarm.raised"] == [{"reason": "clock"}]


def test_a_clock_that_was_extended_alarms_again_when_the_longer_term_passes():
    walk = Walk(service=with_step("review", tasks={"within": FAR, "silence": "alarm"})).review()
    walk.at(end(walk) + SECOND).ring("technical-review")
    extend = Term.parse("14 wd")
    walk.do("sri", lambda w: episodes.extend(w, walk.service, calendar_of, extend, "A soil survey."))

    due = end(walk)
    walk.at(due).ring("technical-review")
    assert walk.types().count("alarm.raised") == 1
    walk.at(due + SECOND).ring("technical-review")

    assert walk.types().count("alarm.raised") == 2
    assert clock_of(walk)["working_days"] == 42


def test_a_task_is_described_by_the_step_that_opened_it():
    walk = Walk().review()
    task: Task = walk.task("technical-review")

    spec = waits.spec_of(walk.case, walk.service, task)

    assert spec is not None
    assert (spec.name, spec.role) == ("technical-review", "pupr/tpt")
    assert waits.spec_of(Walk().payment().case, walk.service, Walk().payment().task("bill")) is None
    assert holder("pupr/tpt").username == "teguh"
    assert HOUSE["floors"] == 1


def test_an_officer_who_is_a_second_too_late_for_the_whole_term_cannot_act_before_the_timer_has_rung():
    service = CATALOGUE.service("business-licence")
    walk = Walk(
        forms.example(service) | {"kbli": "86103"}, service=service, person=user("griya-nusantara")
    ).submitted()
    # The task itself has time left; the term of the whole case has not.
    walk.later(days=43).open("verification")
    clock = waits.legal_clock(walk.case, service, calendar_of("dpmptsp"))
    assert clock is not None
    walk.at(clock.due_at(walk.now)).later(seconds=1)

    with pytest.raises(NotNow):
        walk.act("health", "reject", comment="Terlambat.")

    walk.ring("health")
    assert walk.verdict("health") == waits.Verdict("approve", "LawApproves")
    assert walk.case.clock.expired == ("approve", f"business-licence/clock: {service.clock.law}")
