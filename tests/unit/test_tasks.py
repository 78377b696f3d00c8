"""Tasks: taken, given back, handed over, answered; each refusal says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.domain import tasks
from functions.domain.case import Task
from functions.domain.errors import Forbidden, Invalid, NotNow, TaskTaken, TaskUnknown
from functions.domain.identity import Person
from functions.domain.service import Rule, TaskSpec
from functions.domain.waits import Verdict
from tests.builders import HOUSE, SHOP, Walk, applicant, asked, case_in, holder, lending, user, with_step

TEGUH, NURUL = holder("pupr/tpt"), holder("pupr/tpt", 1)


def do(
    walk: Walk, act: Callable[..., None], person: Person, name: str = "technical-review", *more: Any
) -> Task:  # fmt: skip
    """Claim, release or assign the newest task of that name."""
    task = walk.task(name)
    walk.do(person.username, lambda w: act(w, walk.service, person, w.case.tasks[task.id], *more))
    return walk.task(name)


def faults(walk: Walk, name: str, action: str, **answer: Any) -> list[str]:
    with pytest.raises(Invalid) as refused:
        walk.act(name, action, **answer)
    return [fault.pointer for fault in refused.value.faults]


# -- taking ------------------------------------------------------------------------------------------------------


def test_a_claimed_task_names_who_works_on_it_and_since_when():
    task = do(Walk().review(), tasks.claim, TEGUH)

    assert (task.state, task.assignee) == ("claimed", "teguh")


def test_claiming_again_changes_nothing():
    walk = Walk().review()
    do(walk, tasks.claim, TEGUH)
    version = walk.case.version

    do(walk, tasks.claim, TEGUH)

    assert walk.case.version == version


def test_a_colleague_cannot_take_release_or_answer_what_is_claimed_and_learns_who_has_it():
    walk = Walk().review()
    do(walk, tasks.claim, TEGUH)

    for attempt in (
        lambda: do(walk, tasks.claim, NURUL),
        lambda: do(walk, tasks.release, NURUL),
        lambda: walk.act("technical-review", "approve", NURUL),
    ):
        with pytest.raises(TaskTaken) as refused:
            attempt()
        assert refused.value.facts["by"] == "teguh"
        assert refused.value.facts["at"] == "2026-02-02T02:00:00Z"


def test_a_released_task_is_everybodys_again():
    walk = Walk().review()
    do(walk, tasks.claim, TEGUH)
    do(walk, tasks.release, TEGUH)

    assert do(walk, tasks.claim, NURUL).assignee == "nurul"


def test_releasing_what_nobody_holds_changes_nothing():
    walk = Walk().review()
    version = walk.case.version

    do(walk, tasks.release, TEGUH)

    assert walk.case.version == version


def test_a_supervisor_hands_a_claimed_task_to_another():
    walk = Walk().review()
    do(walk, tasks.claim, TEGUH)

    task = do(walk, tasks.assign, holder("pupr/supervisor"), "technical-review", NURUL)

    assert (task.state, task.assignee) == ("claimed", "nurul")
    walk.act("technical-review", "approve", NURUL)


def test_a_task_is_handed_only_to_who_may_do_it():
    walk = Walk().review()
    overseer = holder("pupr/supervisor")

    with pytest.raises(TaskUnknown):
        do(walk, tasks.assign, overseer, "technical-review", holder("dlh/environment"))
    with pytest.raises(Forbidden) as refused:
        do(Walk(person=TEGUH).review(), tasks.assign, overseer, "technical-review", TEGUH)
    assert refused.value.rule == "own_case"


def test_an_officer_hands_over_nothing_that_another_might_take():
    with pytest.raises(Forbidden):
        do(Walk().review(), tasks.assign, TEGUH, "technical-review", NURUL)


def test_who_has_taken_a_task_hands_it_over_to_a_colleague():
    walk = Walk().review()
    do(walk, tasks.claim, TEGUH)

    assert do(walk, tasks.assign, TEGUH, "technical-review", NURUL).assignee == "nurul"
    with pytest.raises(Forbidden):
        do(walk, tasks.assign, TEGUH, "technical-review", TEGUH)


def test_a_done_task_cannot_be_handed_over():
    walk = Walk(SHOP).review().act("technical-review", "approve")

    with pytest.raises(TaskTaken) as refused:
        do(walk, tasks.assign, holder("pupr/supervisor"), "technical-review", NURUL)

    assert refused.value.facts["state"] == "done"


def test_an_unknown_task_is_not_there():
    with pytest.raises(TaskUnknown):
        tasks.find(case_in("in_review").case, "0" * 26 + ".t99")


# -- answering ---------------------------------------------------------------------------------------------------


def test_an_answer_is_recorded_with_who_gave_it_and_its_words_beside_the_history():
    walk = Walk().review().act("technical-review", "approve", comment="Sound.")
    task = walk.task("technical-review")

    assert (task.state, task.action, task.done_by, task.done_name) == ("done", "approve", "teguh", TEGUH.name)
    assert task.comment == "Sound."
    assert "Sound." not in str(walk.history)


def test_an_answer_on_behalf_names_both():
    walk = Walk().review()
    walk.act("technical-review", "approve", lending(TEGUH, "pupr/tpt", user("hadi")))
    task = walk.task("technical-review")

    assert (task.done_by, task.done_for) == ("hadi", "teguh")


def test_a_task_takes_one_answer_and_says_who_gave_it():
    walk = Walk(SHOP).review().act("technical-review", "approve")

    with pytest.raises(TaskTaken) as refused:
        walk.act("technical-review", "reject", NURUL, comment="No.")

    assert (refused.value.facts["by"], refused.value.facts["state"]) == ("teguh", "done")


def test_only_the_actions_of_the_task_are_possible():
    assert faults(Walk().completeness(), "completeness", "object") == ["/action"]


@pytest.mark.parametrize("comment", [None, "", "   "])
def test_a_refusal_needs_its_reason(comment: str | None):
    assert faults(Walk().review(), "technical-review", "reject", comment=comment) == ["/comment"]


def test_a_comment_is_bounded():
    assert faults(Walk().review(), "technical-review", "approve", comment="x" * 5001) == ["/comment"]


def test_a_bill_cannot_be_ticked_off():
    with pytest.raises(NotNow):
        Walk().payment().act("bill", "paid")


# -- returning ---------------------------------------------------------------------------------------------------


def test_a_return_names_what_is_to_be_mended():
    walk = Walk().review()

    assert faults(walk, "technical-review", "return", comment="x") == ["/data"]
    assert faults(
        walk, "technical-review", "return", comment="x", data=asked(("/colour",), ("passport",))
    ) == [
        "/data/fields/0/pointer",
        "/data/documents/0/kind",
    ]
    assert faults(walk, "technical-review", "return", comment="x", data={"fields": "floors"}) == [
        "/data/fields"
    ]
    assert faults(walk, "technical-review", "return", comment="x", data={"fields": [{"pointer": 3}]}) == [
        "/data/fields/0/pointer"
    ]
    long = {"fields": [{"pointer": "/floors", "message": "x" * 5001}]}
    assert faults(walk, "technical-review", "return", comment="x", data=long) == ["/data"]


def test_the_round_of_a_return_opens_only_what_was_named():
    walk = Walk().correction(("/floors",), ("site-plan",))

    walk.patch(floors=2).bring("site-plan").act("correct-plans", "resubmit")

    assert walk.case.form == HOUSE | {"floors": 2}
    assert walk.case.facts["floors"] == 2
    assert walk.case.correction is None
    assert walk.case.episodes[0].rounds == 1


def test_a_resubmission_without_the_document_asked_for_is_refused():
    assert faults(Walk().correction((), ("site-plan", "id-card")), "correct-plans", "resubmit") == [
        "/documents/site-plan",
        "/documents/id-card",
    ]


def test_a_document_from_before_the_return_does_not_count():
    walk = Walk().submitted().later(hours=1).open("completeness").later(hours=1)
    walk.act("completeness", "return", comment="x", data=asked((), ("site-plan",)))
    walk.open("correct-application")

    assert faults(walk, "correct-application", "resubmit") == ["/documents/site-plan"]


def test_a_correction_that_asks_for_more_documents_opens_them():
    walk = Walk().correction(("/floors",)).patch(floors=3)

    assert faults(walk, "correct-plans", "resubmit") == [
        "/documents/structural-calculation",
        "/documents/neighbour-consent",
    ]
    walk.bring("structural-calculation", "neighbour-consent").act("correct-plans", "resubmit")
    assert walk.case.facts["floors"] == 3


def test_a_resubmission_drops_answers_that_are_not_asked_any_more():
    fence = HOUSE | {"infrastructure_volume": 5, "infrastructure": "fence"}
    walk = Walk(fence).correction(("/infrastructure_volume",)).patch(infrastructure_volume=0)

    walk.act("correct-plans", "resubmit")

    assert walk.case.form == HOUSE | {"infrastructure_volume": 0}


def test_a_resubmission_that_breaks_a_rule_is_refused():
    walk = Walk().correction(("/permanence", "/floors")).patch(permanence="non_permanent", floors=3)
    walk.bring("structural-calculation", "neighbour-consent")

    assert faults(walk, "correct-plans", "resubmit") == ["/floors"]


def test_a_correction_has_rules_of_its_own_about_what_was_there_before():
    only_up = Rule.model_validate(
        {
            "code": "only-up",
            "must": "form.floors >= before.floors",
            "pointer": "/floors",
            "message": {"id": "Jangan dikurangi.", "en": "Do not lower it."},
        }
    )
    walk = Walk(HOUSE | {"floors": 2}, service=with_step("correct-plans", rules=(only_up,)))
    walk.review().returned(("/floors",)).patch(floors=1)

    with pytest.raises(Invalid) as refused:
        walk.act("correct-plans", "resubmit")
    assert [(fault.pointer, fault.message["en"]) for fault in refused.value.faults] == [
        ("/floors", "Do not lower it.")
    ]
    walk.patch(floors=2).act("correct-plans", "resubmit").open("review")

    walk.returned(("/floors",)).patch(floors=1)
    assert faults(walk, "correct-plans", "resubmit") == ["/floors"], "each round begins with what stood then"


def test_a_correction_knows_only_to_resubmit():
    assert faults(Walk().correction(), "correct-plans", "approve") == ["/action"]


# -- rounds ------------------------------------------------------------------------------------------------------


def rounds(walk: Walk, number: int) -> Walk:
    """Return and resubmit that often."""
    for _ in range(number):
        walk.returned(("/floors",)).act("correct-plans", "resubmit").open("review")
    return walk


def test_after_five_rounds_nothing_can_be_returned():
    walk = rounds(Walk().review(), 5)
    task = walk.task("technical-review")

    names = [action.name for action in tasks.allowed_actions(walk.case, walk.service, task)]

    assert names == ["approve", "reject"]
    assert faults(walk, "technical-review", "return", comment="x", data=asked(("/floors",))) == ["/action"]


def test_rounds_at_the_counter_and_in_the_review_count_together():
    walk = Walk().completeness()
    for _ in range(5):
        walk.act("completeness", "return", comment="x", data=asked(("/floors",)))
        walk.open("correct-application").act("correct-application", "resubmit").open("completeness")

    approve, refuse = tasks.allowed_actions(walk.case, walk.service, walk.task("completeness"))
    assert (approve.name, refuse.name, refuse.comment) == ("approve", "return", "required")
    assert refuse.title.en == "Refuse: every round of correction is used"
    walk.act("completeness", "return", comment="Still not legible.")
    assert walk.case.correction is None
    assert walk.verdict("completeness") == Verdict("return", "Returned")


def test_the_applicants_task_has_no_officers_actions():
    walk = Walk().correction()

    assert tasks.allowed_actions(walk.case, walk.service, walk.task("correct-plans")) == ()


# -- who is asked again ------------------------------------------------------------------------------------------


def names(specs: list[TaskSpec]) -> list[str]:
    return [spec.name for spec in specs]


def open_names(walk: Walk) -> list[str]:
    return [task.name for task in walk.case.open_tasks()]


def test_who_agreed_is_not_asked_again_when_the_review_returns():
    walk = rounds(Walk(SHOP).review(), 1)

    assert open_names(walk) == ["technical-review"]


def test_who_objected_is_asked_again():
    walk = Walk(SHOP).review().act("fire-safety", "object", comment="One exit only.")

    walk.returned(("/floors",)).act("correct-plans", "resubmit").open("review")

    assert open_names(walk) == ["technical-review", "fire-safety"]


def test_who_agreed_rounds_ago_is_not_asked_again():
    assert open_names(rounds(Walk(SHOP).review(), 3)) == ["technical-review"]


def test_everybody_is_asked_again_when_a_later_step_returned():
    walk = rounds(Walk(SHOP).review(), 1).act("technical-review", "approve").assess().open("statement")
    walk.act("statement", "return", comment="x", data=asked(("/floors",)))

    walk.open("correct-plans").act("correct-plans", "resubmit").open("review")

    assert open_names(walk) == ["technical-review", "fire-safety", "spatial-plan"]


def test_an_office_that_only_the_corrected_answers_concern_is_asked():
    walk = Walk().correction(("/floors",)).patch(floors=4)
    walk.bring("structural-calculation", "neighbour-consent").act("correct-plans", "resubmit").open("review")

    assert open_names(walk) == ["technical-review", "fire-safety"]


def test_with_nobody_left_to_ask_the_wait_answers_itself():
    service = with_step("review", tasks={"when": "facts.floors > 9"})

    walk = Walk(service=service).review()

    assert walk.answer == "approve"
    assert walk.case.open_tasks() == []
    assert applicant() == walk.person
