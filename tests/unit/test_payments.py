"""Bills and notifications: paid once, late, wrong, repeated; what cannot be true changes only the history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.domain import episodes, payments
from tests.builders import HOUSE, MOSQUE, SHOP, Walk, applicant, calendar_of


def refusals(walk: Walk) -> list[str]:
    return [event["data"]["reason"] for event in walk.history if event["type"] == "payment.refused"]


def test_the_bill_is_the_assessed_fee_with_its_lines():
    bill = Walk(SHOP).payment().bill

    assert (bill.amount, bill.currency, bill.state) == (6_452_586, "IDR", "due")
    assert bill.lines == [{"code": "building-levy", "amount": 6_452_586}]


def test_a_payment_settles_the_task_and_lets_the_clock_go_on():
    walk = Walk().payment()
    version = walk.case.version

    assert walk.pay() == "accepted"

    assert walk.bill.state == "paid"
    assert walk.types(version) == ["payment.received", "task.completed", "clock.resumed"]
    assert walk.task("bill").state == "done"


def test_the_same_notification_twice_has_one_effect():
    walk = Walk().payment()
    walk.pay()
    version = walk.case.version

    assert walk.pay() == "repeated"
    assert walk.case.version == version


def test_money_that_reconciliation_found_as_well_is_not_refused():
    walk = Walk().payment()
    walk.pay(notification="n1")

    assert walk.pay(notification="r1", found_by="reconciliation") == "repeated"


def test_a_second_payment_under_another_name_is_refused_and_recorded():
    walk = Walk().payment()
    walk.pay(notification="n1")

    assert walk.pay(notification="n2") == "refused"
    assert refusals(walk) == ["already_paid"]
    assert walk.bill.state == "paid"


@pytest.mark.parametrize("outcome", ["paid", "failed", "expired"])
@pytest.mark.parametrize(("wrong", "reason"), [({"amount": 1}, "amount"), ({"currency": "USD"}, "currency")])
def test_a_wrong_amount_or_currency_is_refused_and_recorded(
    outcome: str, wrong: dict[str, object], reason: str
):
    walk = Walk().payment()

    assert walk.pay(outcome, **wrong) == "refused"
    assert refusals(walk) == [reason]
    assert (walk.bill.state, walk.case.status) == ("due", "awaiting_payment")
    assert walk.pay(notification="n2") == "accepted"


def test_a_refused_notification_that_comes_again_is_recorded_once():
    walk = Walk().payment()
    walk.pay(amount=1)

    assert walk.pay(amount=1) == "repeated"
    assert refusals(walk) == ["amount"]


@pytest.mark.parametrize("outcome", ["failed", "expired"])
def test_a_failed_payment_leaves_the_bill_to_be_paid(outcome: str):
    walk = Walk().payment()

    assert walk.pay(outcome) == "accepted"
    assert (walk.bill.state, walk.case.status) == ("failed", "awaiting_payment")

    assert walk.pay(notification="n2") == "accepted"
    assert walk.bill.state == "paid"


def test_a_failure_after_the_payment_is_refused():
    walk = Walk().payment()
    walk.pay()

    assert walk.pay("failed", notification="n2") == "refused"
    assert walk.bill.state == "paid"


def test_what_counts_is_when_it_was_paid_and_not_when_the_word_of_it_came():
    walk = Walk().payment()
    due = walk.bill.due_at

    assert walk.at(due + timedelta(hours=3)).pay(at=due + timedelta(seconds=1)) == "refused"
    assert refusals(walk) == ["late"]
    assert walk.pay(notification="n2", at=due) == "accepted"


def test_a_bill_that_has_lapsed_takes_no_payment():
    walk = Walk().lapsed()

    assert walk.pay(at=walk.bill.due_at) == "refused"
    assert refusals(walk) == ["bill_expired"]
    assert walk.case.status == "lapsed"


def test_a_withdrawn_case_takes_no_payment():
    walk = Walk().payment().withdraw()

    assert walk.pay() == "refused"
    assert refusals(walk) == ["bill_expired"]


def test_a_payment_of_no_bill_is_unknown_and_changes_nothing():
    walk = Walk().payment()
    notice = payments.Notification("n1", f"{walk.case.id}.p9", "paid", 1, "IDR", walk.now)
    version = walk.case.version

    answer = walk.do("system", lambda w: payments.take_in(w, walk.service, calendar_of, notice))

    assert (answer, walk.case.version) == ("unknown", version)


def test_a_fee_of_zero_is_not_billed():
    walk = Walk(MOSQUE).payment()

    assert walk.answer == "paid"
    assert walk.case.payments == {}


def again(walk: Walk) -> Walk:
    """Examine a refused application anew, up to the bill."""
    walk.act("sign-permit", "reject", comment="No.").outcome("rejected").appeal().open("decide-appeal")
    walk.act("decide-appeal", "approve", comment="Yes.").outcome("approved", opens="application")
    walk.open("completeness").act("completeness", "approve").open("review").reviewed().assess()
    return walk.open("statement").act("statement", "approve").open("bill")


def test_who_paid_for_a_refused_application_does_not_pay_again():
    walk = again(Walk().signing())

    assert walk.answer == "paid"
    assert len(walk.case.payments) == 1


def test_only_the_difference_is_billed_when_the_new_fee_is_higher():
    walk = Walk().signing()
    walk.act("sign-permit", "reject", comment="No.").outcome("rejected")
    walk.do("sri", lambda w: episodes.reopen(w, walk.service, calendar_of, "New plans."))
    walk.open("completeness").act("completeness", "approve").open("review").returned(("/floor_area_m2",))
    walk.patch(floor_area_m2=99).act("correct-plans", "resubmit").open("review").reviewed().assess()

    walk.open("statement").act("statement", "approve").open("bill")

    assert walk.bill.amount == 549_747 - 499_770
    assert HOUSE["floor_area_m2"] == 90
    assert applicant().username == walk.case.applicant
