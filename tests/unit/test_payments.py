"""Bills and notifications: paid once, late, wrong, repeated; what cannot be true changes only the history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.domain import episodes, intake, payments
from functions.domain.case import Case, Payment, Receipt
from functions.domain.service import Parts, Refunds
from tests.builders import HOUSE, MORNING, MOSQUE, SHOP, Walk, applicant, calendar_of, with_step


def refusals(walk: Walk) -> list[str]:
    return [event["data"]["reason"] for event in walk.history if event["type"] == "payment.refused"]


def reconcile(walk: Walk, *known: payments.Notification) -> int:
    return int(
        walk.do("system", lambda w: payments.reconcile(w, walk.service, calendar_of, walk.bill.id, known))
    )


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
    bill = walk.bill
    same = payments.Notification("r1", bill.id, "paid", bill.amount, "IDR", walk.now, "reconciliation")

    assert reconcile(walk, same) == 0
    assert refusals(walk) == []


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


def in_parts(unfinished: str = "keep", least: int = 100_000) -> Walk:
    """A bill of 499,770 that may be paid in parts."""
    service = with_step("bill", parts=Parts(least=least, unfinished=unfinished))
    service = service.model_copy(update={"refunds": Refunds(within="9 d", law="Perda 1")})
    return Walk(service=service).payment()


def test_a_part_leaves_the_remainder_due_and_the_task_open():
    walk = in_parts()
    version = walk.case.version

    assert walk.pay(amount=200_000) == "accepted"

    assert (walk.bill.state, walk.bill.received, walk.bill.rest) == ("due", 200_000, 299_770)
    assert (walk.case.status, walk.task("bill").state) == ("awaiting_payment", "open")
    assert walk.types(version) == ["payment.received"]
    assert walk.history[-1]["data"]["left"] == 299_770


def test_the_last_part_settles_the_bill():
    walk = in_parts()
    walk.pay(amount=200_000)
    version = walk.case.version

    assert walk.pay(notification="n2") == "accepted"

    assert (walk.bill.state, walk.bill.paid_at, len(walk.bill.receipts)) == ("paid", walk.now, 2)
    assert walk.types(version) == ["payment.received", "task.completed", "clock.resumed"]
    assert "left" not in walk.history[-3]["data"]


@pytest.mark.parametrize("amount", [99_999, 499_771, 0, -1])
def test_less_than_the_least_part_or_more_than_the_rest_is_refused(amount: int):
    walk = in_parts()

    assert walk.pay(amount=amount) == "refused"
    assert refusals(walk) == ["amount"]


def test_a_rest_smaller_than_the_least_part_can_be_paid():
    walk = in_parts()
    walk.pay(amount=499_000)

    assert walk.pay(notification="n2", amount=770) == "accepted"
    assert walk.bill.state == "paid"


def test_the_same_part_twice_counts_once_and_another_of_the_same_amount_counts():
    walk = in_parts()

    answers = [walk.pay(amount=150_000, notification=name) for name in ("n1", "n1", "n2", "n1")]

    assert answers == ["accepted", "repeated", "accepted", "repeated"]
    assert walk.bill.rest == 199_770


def test_words_of_parts_may_come_in_any_order():
    walk = in_parts()
    first, second = walk.now, walk.later(hours=1).now

    assert walk.pay(amount=100_000, notification="n2", at=second) == "accepted"
    assert walk.pay(amount=399_770, notification="n1", at=first) == "accepted"
    assert walk.bill.state == "paid"


def test_reconciliation_finds_the_part_whose_word_was_lost():
    walk = in_parts()
    walk.pay(amount=150_000, notification="n1")
    told = [
        payments.Notification(name, walk.bill.id, "paid", 150_000, "IDR", walk.now, "reconciliation")
        for name in ("n1", "n2")
    ]

    assert (reconcile(walk, *told), reconcile(walk, *told)) == (1, 0)
    assert walk.bill.rest == 199_770


def test_reconciliation_of_no_bill_finds_nothing():
    walk = in_parts()

    known = [payments.Notification("n1", "p9", "paid", 1, "IDR", walk.now)]

    assert walk.do("system", lambda w: payments.reconcile(w, walk.service, calendar_of, "p9", known)) == 0


def test_a_failure_between_parts_leaves_the_rest_to_be_paid():
    walk = in_parts()
    walk.pay(amount=200_000)
    walk.pay("failed", notification="n2")
    assert (walk.bill.state, walk.bill.rest) == ("failed", 299_770)

    assert walk.pay(amount=100_000, notification="n3") == "accepted"
    assert (walk.bill.state, walk.bill.rest) == ("due", 199_770)


def lapsed(walk: Walk) -> Walk:
    walk.pay(amount=200_000)
    return walk.at(walk.bill.due_at).later(seconds=1).ring("bill").outcome("lapsed")


def test_parts_of_a_bill_that_lapses_go_back_where_the_service_says_so():
    walk = lapsed(in_parts("refund"))

    (back,) = walk.case.refunds
    assert (back.amount, back.reason, back.law) == (200_000, "lapsed", "Perda 1")
    assert (walk.bill.state, payments.balance(walk.case, walk.service).overpaid) == ("refunded", 0)


def test_parts_that_are_kept_count_when_the_fee_is_billed_again():
    walk = lapsed(in_parts())
    assert walk.case.refunds == []
    walk.do("sri", lambda w: episodes.reopen(w, walk.service, calendar_of, "The money was there."))
    walk.open("completeness").act("completeness", "approve").open("review").reviewed().assess()

    walk.open("statement").act("statement", "approve").open("bill")

    assert walk.bill.amount == 299_770


def test_who_withdraws_gets_a_part_back_with_the_case():
    walk = in_parts("refund")
    walk.pay(amount=200_000)

    walk.withdraw()

    assert [(back.amount, back.reason) for back in walk.case.refunds] == [(200_000, "withdrawn")]


def test_a_bill_paid_to_its_end_stays_paid_when_the_application_is_refused():
    walk = in_parts("refund")
    walk.pay(amount=200_000)
    walk.pay(notification="n2")
    walk.open("sign-permit").act("sign-permit", "reject", comment="No.").outcome("rejected")

    assert walk.case.refunds == []


def test_what_was_paid_for_what_was_granted_is_spent():
    walk = Walk().approved()
    walk.do("sri", lambda w: intake.open_episode(w, "application"))
    walk.open("completeness").act("completeness", "approve").open("review").reviewed().assess()

    walk.open("statement").act("statement", "approve").open("bill")

    assert (walk.bill.amount, len(walk.case.payments)) == (499_770, 2)
    assert payments.balance(walk.case, walk.service).overpaid == 0


def test_a_rebate_counts_from_the_first_part():
    lines = [
        {"code": "cost", "amount": 900},
        {"code": "rebate", "amount": -300},
        {"code": "extra", "amount": 100},
    ]
    bill = Payment("p1", 700, "IDR", MORNING, lines)

    shares = []
    for amount in (100, 550, 50):
        bill.receipts.append(Receipt(amount, MORNING, f"n{amount}"))
        shares.append(payments.receipts([bill])[-1].lines)

    assert shares[0] == {"cost": 400, "rebate": -300, "extra": 0}
    assert [sum(share.values()) for share in shares] == [100, 550, 50]
    assert payments.paid(Case("c"), [bill]) == {"cost": 900, "rebate": -300, "extra": 100}
