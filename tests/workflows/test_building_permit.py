"""Every way that a building permit can go, through the real definitions, by the law's time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from functions.adapters.kms import verify_pdf
from functions.domain import history
from functions.domain.documents import object_key
from functions.domain.errors import Forbidden, NotNow, TaskUnknown
from infra.driver import CaseDriver, holder, user
from infra.local.bank import Bank
from infra.local.scanner import EICAR
from infra.local.system import BUCKET, LocalSystem
from tests.builders import MOSQUE, SHOP, asked

SECOND = timedelta(seconds=1)
WAITS = ("completeness", "review", "correction", "statement", "payment", "signing")


# -- on the way --------------------------------------------------------------------------------------------------


def agree(case: CaseDriver, *besides: str) -> CaseDriver:
    """Let everybody agree who is asked now, but for these."""
    for task in case.case.open_tasks():
        if task.name not in besides and task.role != "applicant":
            case.act(task.role, "approve" if task.kind == "decide" else "no_objection", task=task.name)
    return case


def bring_to(case: CaseDriver, wait: str, form: dict[str, Any] | None = None) -> CaseDriver:
    """Walk the plain way up to one of `WAITS`."""
    case.apply(form)
    if wait == "completeness":
        return case
    agree(case)
    if wait == "review":
        return case
    if wait == "correction":
        agree(case, "technical-review")
        return case.act("pupr/tpt", "return", comment="Mend this.", data=asked(("/floors",), ("site-plan",)))
    agree(case)
    if wait == "statement":
        return case
    agree(case)
    if wait == "payment":
        return case
    case.pay()
    return case


def finish(case: CaseDriver) -> CaseDriver:
    """Go the plain way to the end from wherever the case stands."""
    while tasks := case.case.open_tasks():
        if tasks[0].kind == "pay":
            case.pay()
        elif tasks[0].kind == "correct":
            case.act("applicant", "resubmit")
        else:
            agree(case)
    return case


def ended(case: CaseDriver) -> str:
    """The name of the state in which the newest execution of the case has ended, and how."""
    mine = [run for run in case.aws.runs() if run.name.startswith(case.id)]
    run = max(mine, key=lambda run: [int(part) for part in run.name.split("-")[1:]])
    return f"{run.status} {run.states[-1]}"


# -- granted -----------------------------------------------------------------------------------------------------


def test_a_permit_is_granted(case: CaseDriver):
    finish(case.apply(SHOP))

    assert case.case.status == "approved"
    assert ended(case) == "SUCCEEDED Ended: granted"
    fee = case.case.fee or {}
    assert (fee["amount"], fee["currency"]) == (6_452_586, "IDR")
    assert fee["lines"] == [{"code": "building-levy", "amount": 6_452_586}]
    assert history.verify(case.history) == []
    assert case.types == [
        "case.created",
        *["document.announced", "document.received", "document.cleared"] * 3,
        "case.submitted", "episode.opened",
        "rules.checked", "task.opened", "task.completed", "clock.started",
        "task.opened", "task.opened", "task.opened", "task.completed", "task.completed", "task.completed",
        "fee.assessed",
        "task.opened", "task.completed",
        "payment.billed", "task.opened", "clock.paused", "payment.received", "task.completed", "clock.resumed",
        "task.opened", "task.completed",
        "permit.issued", "outcome.decided", "clock.stopped", "episode.closed",
    ]  # fmt: skip


def test_the_permit_is_a_signed_pdf_whose_digest_is_in_the_history(case: CaseDriver, system: LocalSystem):
    finish(case.apply(SHOP))

    (permit,) = case.case.permits.values()
    document = case.case.documents[permit.document]
    stored = system.aws.client("s3").get_object(
        Bucket=BUCKET, Key=object_key(document), VersionId=document.object_version
    )
    content = stored["Body"].read()
    assert hashlib.sha256(content).hexdigest() == permit.sha256 == document.sha256
    assert len(content) == document.size
    signature = verify_pdf(content, [system.ports.signer.certificate_pem])
    assert (signature["intact"], signature["valid"], signature["trusted"]) == (True, True, True)
    assert str(signature["signer"]).startswith(holder("dpmptsp/head").name)
    assert BytesIO(content).read(5) == b"%PDF-"
    assert system.ports.views.claimed(f"permit/{permit.number}") == case.id


def test_documents_go_straight_to_the_store_and_are_checked_before_anybody_reads_them(case: CaseDriver):
    case.file(SHOP)

    plan = case.upload("site-plan")
    infected = case.upload("id-card", b"%PDF-1.4\n" + EICAR, content_type="application/pdf")
    disguised = case.upload("land-title", b"MZ\x90\x00 a program", content_type="application/pdf")

    assert (plan.state, infected.state, disguised.state) == ("clean", "refused", "refused")
    assert (infected.reason, disguised.reason) == ("infected", "type_by_content")
    assert case.needed() == ["id-card", "land-title"]


def test_a_free_permit_is_not_billed(case: CaseDriver):
    finish(case.apply(MOSQUE))

    assert case.case.status == "approved"
    assert case.case.fee is not None
    assert case.case.fee["amount"] == 0
    assert "payment.billed" not in case.types


def test_every_office_that_the_answers_ask_for_is_asked_at_once(case: CaseDriver):
    agree(case.apply(SHOP | {"function": "special"}))

    assert [task.name for task in case.case.open_tasks()] == [
        "technical-review", "fire-safety", "spatial-plan", "environment-recommendation",
    ]  # fmt: skip


def test_the_counter_files_for_a_citizen(system: LocalSystem):
    case = CaseDriver(system, applicant="budi")
    case.file(SHOP, by="dpmptsp/front-office").bring(by="dewi").submit(by="dewi")
    finish(case)

    assert (case.case.applicant, case.case.filed_by, case.case.status) == ("budi", "dewi", "approved")
    assert case.history[0]["actor"] == "dewi"


def test_a_colleague_stands_in_for_an_officer_on_leave(case: CaseDriver):
    bring_to(case, "review", SHOP)
    deputy = case.lend("pupr/tpt", "teguh", "hadi")

    case.act(deputy, "approve", task="technical-review")
    finish(case)

    done = case.task("technical-review")
    assert (done.done_by, done.done_for, case.case.status) == ("hadi", "teguh", "approved")


def test_the_same_person_cannot_sign_the_statement_and_the_permit(case: CaseDriver):
    bring_to(case, "statement", SHOP).act("surya", "approve", task="statement").pay()

    with pytest.raises(Forbidden) as refused:
        case.act("surya", "approve", task="sign-permit")

    assert refused.value.rule == "four_eyes"
    assert case.act("bambang", "approve", task="sign-permit").case.status == "approved"


# -- refused -----------------------------------------------------------------------------------------------------


def letters(case: CaseDriver) -> list[str]:
    return [document.kind for document in case.case.documents.values() if document.issued]


def test_the_review_refuses_with_its_reasons(case: CaseDriver):
    bring_to(case, "review", SHOP).act("pupr/tpt", "reject", comment="Kolom terlalu tipis.")
    case.act("damkar/fire-safety", "object", comment="Satu pintu keluar.")
    agree(case)

    assert case.case.outcome is not None
    assert (case.case.status, case.case.outcome.by) == ("rejected", "teguh")
    assert case.case.outcome.reasons == "Kolom terlalu tipis.\nSatu pintu keluar."
    assert letters(case) == ["refusal"]
    assert ended(case) == "SUCCEEDED Ended: refused"
    assert case.case.fee is None


@pytest.mark.parametrize(("wait", "who"), [("statement", "pupr/head"), ("signing", "dpmptsp/head")])
def test_a_head_refuses(case: CaseDriver, wait: str, who: str):
    bring_to(case, wait, SHOP).act(who, "reject", comment="Tidak sesuai.")

    assert case.case.outcome is not None
    assert (case.case.status, case.case.outcome.by) == ("rejected", holder(who).username)
    assert case.case.permits == {}


def test_an_objection_is_weighed_by_the_head_and_hinders_nothing(case: CaseDriver):
    bring_to(case, "review", SHOP).act("damkar/fire-safety", "object", comment="Satu pintu keluar.")
    finish(case)

    assert case.case.status == "approved"


# -- returned and mended -----------------------------------------------------------------------------------------


def test_one_field_is_mended(case: CaseDriver):
    bring_to(case, "review", SHOP).act(
        "pupr/tpt", "return", comment="Periksa luas.", data=asked(("/floor_area_m2",))
    )
    assert case.case.status == "in_review"
    agree(case)
    assert case.case.status == "awaiting_applicant"

    case.patch(floor_area_m2=250).act("applicant", "resubmit")

    assert [task.name for task in case.case.open_tasks()] == ["technical-review"]
    finish(case)
    assert case.case.fee is not None
    assert (case.case.status, case.case.fee["amount"]) == ("approved", 6_721_444)


def test_one_document_is_sent_again(case: CaseDriver):
    bring_to(case, "completeness", SHOP)
    case.act("pupr/secretariat", "return", comment="Tidak terbaca.", data=asked((), ("site-plan",)))

    case.upload("site-plan")
    case.act("applicant", "resubmit")

    assert [task.name for task in case.case.open_tasks()] == ["completeness"]
    assert finish(case).case.status == "approved"


def test_two_rounds_are_mended_in_two_steps(case: CaseDriver):
    bring_to(case, "statement", SHOP)
    for _ in range(2):
        case.act("pupr/head", "return", comment="Lagi.", data=asked(("/floors",))).act(
            "applicant", "resubmit"
        )
        agree(case)

    assert case.case.episodes[0].rounds == 2
    assert finish(case).case.status == "approved"


def test_after_five_rounds_only_yes_or_no_is_left(case: CaseDriver):
    bring_to(case, "review", SHOP)
    agree(case, "technical-review")
    for _ in range(5):
        case.act("pupr/tpt", "return", comment="Lagi.", data=asked(("/floors",))).act("applicant", "resubmit")

    with pytest.raises(Exception, match="thing"):
        case.act("pupr/tpt", "return", comment="Lagi.", data=asked(("/floors",)))
    case.act("pupr/tpt", "reject", comment="Tetap tidak memenuhi.")

    assert (case.case.status, case.case.episodes[0].rounds) == ("rejected", 5)


# -- silence -----------------------------------------------------------------------------------------------------


def test_a_consulted_office_that_says_nothing_does_not_object_by_law_at_the_very_moment(case: CaseDriver):
    bring_to(case, "review", SHOP)
    agree(case, "spatial-plan")
    due = case.task("spatial-plan").due_at

    case.advance_to(due)
    assert case.task("spatial-plan").state == "open"
    case.advance(seconds=1)

    task = case.task("spatial-plan")
    assert (task.state, task.action, task.done_by, task.done_at) == (
        "expired",
        "no_objection",
        "law",
        due + SECOND,
    )
    assert [task.name for task in case.case.open_tasks()] == ["statement"]
    assert finish(case).case.status == "approved"


@pytest.mark.parametrize("wait", ["completeness", "review", "statement", "signing"])
def test_a_silent_officer_is_reported_to_the_supervisors_and_can_still_answer(case: CaseDriver, wait: str):
    bring_to(case, wait, SHOP)
    name = case.case.open_tasks()[0].name

    case.advance_to(case.task(name).due_at + SECOND)
    assert (case.task(name).state, case.task(name).alarmed) == ("open", True)
    case.advance(days=40)

    tasks = [
        event["data"] for event in case.history if event["type"] == "alarm.raised" and "task" in event["data"]
    ]
    assert tasks.count({"reason": "task", "task": case.task(name).id}) == 1
    assert (
        "supervisor" in "".join(message["to"] for message in case.aws.sent_messages())
        or case.aws.sent_messages()
    )
    assert finish(case).case.status == "approved"


def test_the_whole_term_passing_alarms_once_and_grants_nothing(case: CaseDriver):
    bring_to(case, "review", SHOP).advance(days=90)

    reasons = [event["data"]["reason"] for event in case.history if event["type"] == "alarm.raised"]
    assert reasons.count("clock") == 1
    assert case.case.status == "in_review"


def test_who_does_not_mend_in_time_lets_the_application_lapse(case: CaseDriver):
    bring_to(case, "correction", SHOP)
    due = case.task("correct-plans").due_at

    case.advance_to(due)
    assert case.case.status == "awaiting_applicant"
    case.advance(seconds=1)

    assert (case.case.status, ended(case)) == ("lapsed", "SUCCEEDED Ended: lapsed")
    assert case.types.count("task.reminded") == 1
    assert letters(case) == ["lapse"]


# -- paying ------------------------------------------------------------------------------------------------------


def test_an_unpaid_bill_lets_the_application_lapse_by_law(case: CaseDriver):
    bring_to(case, "payment", SHOP)
    bill = next(iter(case.case.payments.values()))

    case.advance_to(bill.due_at)
    assert case.case.status == "awaiting_payment"
    case.advance(seconds=1)

    assert case.case.outcome is not None
    assert (case.case.status, case.case.outcome.by) == ("lapsed", "law")
    assert case.pay(at=bill.due_at) == ["refused"]
    assert case.case.status == "lapsed"


def test_a_payment_that_failed_can_be_made_again(case: CaseDriver):
    bring_to(case, "payment", SHOP)

    assert case.pay("failed") == ["accepted"]
    assert case.case.status == "awaiting_payment"
    assert case.pay(times=3) == ["accepted", "repeated", "repeated"]

    assert finish(case).case.status == "approved"
    assert case.types.count("payment.received") == 1


def test_a_lost_notification_is_found_by_asking_the_provider(case: CaseDriver, bank: Bank):
    bring_to(case, "payment", SHOP)
    (payment,) = case.case.payments

    bank.pay({"payment": payment, "outcome": "paid", "times": 0}, lambda path, body, headers: 200)
    case.advance(minutes=9)
    assert case.case.status == "awaiting_payment"
    case.advance(minutes=20)

    (received,) = [event for event in case.history if event["type"] == "payment.received"]
    assert received["data"]["found_by"] == "reconciliation"
    assert finish(case).case.status == "approved"


# -- withdrawn ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", WAITS)
def test_an_application_can_be_withdrawn_wherever_it_waits(case: CaseDriver, wait: str):
    bring_to(case, wait, SHOP).withdraw()

    assert case.case.status == "withdrawn"
    assert case.case.open_tasks() == []
    assert ended(case) == "SUCCEEDED Closed elsewhere"
    assert case.ports.views.list("who", "role#pupr/tpt").items == []


def test_a_withdrawn_application_stays_withdrawn_whatever_time_brings(case: CaseDriver):
    bring_to(case, "payment", SHOP).withdraw().advance(days=60)

    assert case.case.status == "withdrawn"
    assert case.types[-1] == "episode.closed"


# -- appealed ----------------------------------------------------------------------------------------------------


def refused(case: CaseDriver) -> CaseDriver:
    return bring_to(case, "statement", SHOP).act("pupr/head", "reject", comment="Tidak sesuai.")


def test_an_upheld_appeal_examines_the_application_anew_and_it_can_be_granted(case: CaseDriver):
    refused(case).appeal().act("dpmptsp/supervisor", "approve", comment="Sesuai.", task="decide-appeal")

    assert [episode.process for episode in case.case.episodes] == ["application", "appeal", "application"]
    assert [task.name for task in case.case.open_tasks()] == ["completeness"]
    assert finish(case).case.status == "approved"
    assert [outcome.result for outcome in case.case.outcomes] == ["rejected", "approved", "approved"]
    assert len(case.case.permits) == 1
    assert [run.status for run in case.aws.runs()] == ["SUCCEEDED"] * 3


def test_a_dismissed_appeal_leaves_the_refusal_and_ends_the_matter(case: CaseDriver):
    refused(case).appeal().act("dpmptsp/supervisor", "reject", comment="Tetap.", task="decide-appeal")

    assert case.case.status == "rejected"
    assert letters(case) == ["refusal", "appeal-dismissed"]
    with pytest.raises(NotNow):
        case.appeal()


def test_an_appeal_that_comes_too_late_is_not_heard(case: CaseDriver):
    refused(case).advance(working_days=21).appeal()
    other = refused(CaseDriver(case.system)).advance(working_days=22)

    with pytest.raises(NotNow):
        other.appeal()


def test_an_appeal_is_decided_by_somebody_who_took_no_part(case: CaseDriver):
    bring_to(case, "statement", SHOP).act("surya", "reject", comment="Tidak.", task="statement").appeal()

    with pytest.raises(TaskUnknown):
        case.act("surya", "approve", task="decide-appeal", comment="Ya.")


# -- overseen ----------------------------------------------------------------------------------------------------


def test_a_supervisor_gives_more_time(case: CaseDriver):
    bring_to(case, "review", SHOP).extend("14 wd")

    assert case.clock is not None
    assert case.clock.working_days == 42
    assert finish(case).case.status == "approved"


def test_a_supervisor_revokes_the_permit(case: CaseDriver):
    finish(case.apply(SHOP)).revoke()

    assert [permit.state for permit in case.case.permits.values()] == ["revoked"]


def test_a_supervisor_reopens_a_lapsed_application(case: CaseDriver):
    bring_to(case, "payment", SHOP).advance(days=31)
    assert case.case.status == "lapsed"

    assert finish(case.reopen()).case.status == "approved"


# -- the clock ---------------------------------------------------------------------------------------------------


def test_28_working_days_with_their_pauses_are_counted_as_the_law_does(case: CaseDriver):
    # Monday, 2 February 2026: filed and found complete, day 0 of 28.
    bring_to(case, "review", SHOP)
    assert case.clock is not None
    assert case.clock.view(case.now)["due_at"] == "2026-03-16T16:59:59Z"

    # Wednesday of the next week, working day 7: returned; mended twelve days later, over the new year's holidays.
    case.advance(working_days=7)
    agree(case, "technical-review").act("pupr/tpt", "return", comment="Lagi.", data=asked(("/floors",)))
    assert case.clock.view(case.now)["state"] == "paused"
    case.advance(days=12)
    case.act("applicant", "resubmit")
    assert case.now == datetime(2026, 2, 23, 2, tzinfo=UTC)

    # Approved; the payment is awaited for three days.
    agree(case)
    agree(case)
    case.advance(days=3)
    case.pay()

    view = case.clock.view(case.now)
    assert (view["state"], view["used"], view["paused_days"]) == ("running", 7, 15)
    # Eid in the third week of March and Good Friday are no working days.
    assert view["due_at"] == "2026-04-06T16:59:59Z"
    assert view["sentence"]["en"] == (
        "working day 7 of 28; paused 12 days while waiting for your correction; "
        "paused 3 days while waiting for the payment; due on 6 April 2026"
    )
    assert finish(case).case.status == "approved"
    assert case.clock.view(case.now)["state"] == "stopped"


def test_a_case_can_wait_for_a_year_without_its_driver_giving_up(case: CaseDriver):
    bring_to(case, "review", SHOP).advance(days=300)

    assert finish(case).case.status == "approved"
    assert all(run.transitions < 60 for run in case.aws.runs())


def test_strangers_cannot_act(case: CaseDriver):
    bring_to(case, "review", SHOP)
    acts: list[Callable[[], object]] = [
        lambda: case.act(user("budi"), "approve", task="technical-review"),
        lambda: case.act(holder("dlh/environment"), "approve", task="technical-review"),
    ]

    for act in acts:
        with pytest.raises(TaskUnknown):
            act()
