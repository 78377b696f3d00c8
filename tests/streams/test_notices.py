"""People are told what happens to their case: once, in their language, by mail and for what is urgent by SMS."""

from __future__ import annotations

import pytest

import events
from functions.domain import episodes, notices
from functions.domain.service import NOTICES
from functions.runtime.wiring import ports
from functions.streams.notices import handler
from infra.driver import CaseDriver
from infra.local.system import LocalSystem
from tests.builders import CATALOGUE, PERMIT, Walk, applicant, case_in
from tests.streams.bus import invocation, newest, told

SITI, MARIA = applicant("siti"), applicant("maria")
LINK = "https://loket.example/cases/x"


def said(walk: Walk, kind: str) -> list[notices.Message]:
    """The messages about the newest event of a type."""
    agency = CATALOGUE.agency(walk.service.agency)
    calendar = CATALOGUE.calendar(walk.service.agency)
    event = newest(walk.case, walk.commits, kind)["event"]
    return notices.to_applicant(walk.case, walk.service, agency, calendar, event, LINK)


def sent(system: LocalSystem, to: str | None = None) -> list[tuple[str, str]]:
    return [(message["channel"], message["subject"]) for message in system.aws.sent_messages(to)]


# -- what is said


def test_the_applicant_hears_of_the_submission_by_mail_alone() -> None:
    walk = Walk().submitted()

    (mail,) = said(walk, "case.submitted")

    assert (mail.channel, mail.to) == ("email", SITI.email)
    assert mail.subject == f"Permohonan PBG {walk.case.number} diterima"
    assert mail.body.startswith(
        "Yth. Siti Rahmawati,\n\nPermohonan PBG Anda telah kami terima pada 2 Februari 2026"
    )
    assert LINK in mail.body


def test_whoever_prefers_english_reads_english() -> None:
    walk = Walk(person=MARIA).submitted()

    (mail,) = said(walk, "case.submitted")

    assert mail.subject == f"Application {walk.case.number} received"
    assert "Dear Maria Fransiska Simanjuntak," in mail.body


def test_a_bill_comes_by_mail_and_by_sms_with_its_amount_and_term() -> None:
    walk = case_in("awaiting_payment")

    mail, sms = said(walk, "payment.billed")

    assert "paling lambat 4 Maret 2026" in mail.body
    assert (sms.channel, sms.to) == ("sms", SITI.phone)
    assert "paling lambat 4 Maret 2026" in sms.body
    assert sms.body.endswith(LINK)


def test_a_correction_is_told_once_its_term_is_known() -> None:
    walk = Walk().correction()

    assert said(walk, "correction.requested") == []
    mail, sms = said(walk, "task.opened")

    assert mail.subject == f"Permohonan {walk.case.number} perlu diperbaiki"
    assert "paling lambat 4 Maret 2026" in mail.body
    assert "perlu diperbaiki" in sms.body


def test_the_task_of_an_officer_is_told_to_nobody() -> None:
    walk = Walk().completeness()

    assert said(walk, "task.opened") == []


def test_the_permit_is_named_when_it_has_been_issued() -> None:
    walk = case_in("approved")

    (mail,) = said(walk, "outcome.decided")

    assert mail.subject == "PBG PBG-2026-00000-00000 telah terbit"


def test_an_appeal_that_is_upheld_does_not_speak_of_a_permit() -> None:
    walk = Walk().rejected()
    walk.do("siti", lambda writer: episodes.appeal(writer, PERMIT, CATALOGUE.calendar, "Periksa lagi."))
    walk.open("decide-appeal").act("decide-appeal", "approve", comment="Benar.")
    walk.outcome("approved", opens="application")

    (mail,) = said(walk, "outcome.decided")

    assert mail.subject == f"Keputusan atas {walk.case.number}"
    assert LINK in mail.body


def test_who_left_no_address_is_told_nothing() -> None:
    walk = Walk().submitted()
    walk.case.contact.clear()

    assert said(walk, "case.submitted") == []


def test_who_has_only_a_telephone_gets_every_notice_there() -> None:
    walk = Walk().submitted()
    del walk.case.contact["email"]

    (sms,) = said(walk, "case.submitted")

    assert (sms.channel, sms.to) == ("sms", SITI.phone)
    assert sms.body == f"Permohonan PBG {walk.case.number} diterima {LINK}"


def test_nothing_that_breaks_a_line_gets_into_a_subject() -> None:
    walk = Walk().submitted()
    walk.case.number = "PBG-1\r\nBcc: all@example.id"

    (mail,) = said(walk, "case.submitted")

    assert "\n" not in mail.subject
    assert "\r" not in mail.subject


def test_every_notice_belongs_to_an_event_that_exists() -> None:
    history = {
        "outcome.approved": "outcome.decided",
        "outcome.rejected": "outcome.decided",
        "payment.received_in_part": "payment.received",
    }

    assert {history.get(name, name) for name in NOTICES} <= set(events.TYPES)
    assert set(events.TYPES) >= notices.TOLD


def test_an_alarm_goes_to_the_mailboxes_of_the_supervisors() -> None:
    walk = case_in("needs_attention")
    event = newest(walk.case, walk.commits, "alarm.raised")["event"]
    agencies = [CATALOGUE.agency(code) for code in notices.supervising(PERMIT)]

    mails = notices.to_supervisors(walk.case, PERMIT, agencies, CATALOGUE.calendar("dpmptsp"), event, LINK)

    assert [mail.to for mail in mails] == ["pengawas@dpmptsp.example", "pengawas@pupr.example"]
    assert "Assess the fee" in mails[0].body
    assert "berhenti" in mails[0].body
    assert SITI.name not in mails[0].body


# -- that it arrives, once


def test_the_way_of_a_permit_is_told_in_five_messages(system: LocalSystem) -> None:
    driver = CaseDriver(system).apply()
    number = driver.case.number

    for role in ("pupr/secretariat", "pupr/tpt"):
        driver.act(role, "approve")
    driver.act("tata-ruang/spatial-plan", "no_objection").act("pupr/head", "approve")
    driver.pay()
    driver.act("dpmptsp/head", "approve")

    assert sent(system) == [
        ("email", f"Permohonan PBG {number} diterima"),
        ("email", f"Tagihan retribusi {number}"),
        ("sms", ""),
        ("email", f"Pembayaran {number} diterima"),
        ("email", f"PBG {next(iter(driver.case.permits))} telah terbit"),
    ]
    assert system.aws.dead_letters == []


def test_an_event_that_comes_again_is_told_once(system: LocalSystem) -> None:
    driver = CaseDriver(system).apply()
    event = told(driver, "case.submitted")

    handler(event, invocation())
    handler(told(driver, "case.submitted"), invocation())

    assert len(sent(system, SITI.email)) == 1


def test_when_the_mail_service_does_not_answer_the_event_comes_again(system: LocalSystem) -> None:
    driver = CaseDriver(system).file().bring()
    system.aws.faults.fail("sesv2", "SendEmail", times=2)

    driver.submit()

    assert len(sent(system, SITI.email)) == 1
    assert system.aws.dead_letters == []


def test_what_was_sent_before_a_failure_is_not_sent_again(system: LocalSystem) -> None:
    driver = CaseDriver(system).apply().act("pupr/secretariat", "approve").act("pupr/tpt", "approve")
    driver.act("tata-ruang/spatial-plan", "no_objection")
    before = len(sent(system))
    system.aws.faults.fail("sns", "Publish", times=2)

    driver.act("pupr/head", "approve")

    assert [channel for channel, _ in sent(system)[before:]] == ["email", "sms"]
    assert system.aws.dead_letters == []


def test_a_claim_whose_answer_was_lost_is_given_back(system: LocalSystem) -> None:
    driver = CaseDriver(system).apply()
    event = told(driver, "case.submitted")
    ports.table.delete(f"NOTICES#{driver.id}", f"{event['detail']['event']['seq']:08d}")
    system.aws.faults.fail("dynamodb", "PutItem", when="after")

    with pytest.raises(Exception, match="does not answer"):
        handler(event, invocation("first"))
    handler(event, invocation("second"))

    assert len(sent(system, SITI.email)) == 2


def test_who_was_killed_while_sending_sends_again_and_nobody_else_does(system: LocalSystem) -> None:
    driver = CaseDriver(system).file()
    driver.bring().submit()
    event = told(driver, "case.submitted")
    key = (f"NOTICES#{driver.id}", f"{event['detail']['event']['seq']:08d}")
    ports.table.put(*key, {"by": "killed"})

    handler(event, invocation("another"))
    assert len(sent(system, SITI.email)) == 1

    handler(event, invocation("killed"))
    assert len(sent(system, SITI.email)) == 2


def test_an_address_that_is_refused_is_not_tried_again(system: LocalSystem) -> None:
    driver = CaseDriver(system).file().bring()
    system.aws.faults.fail("sesv2", "SendEmail", error="MessageRejected")

    driver.submit()
    handler(told(driver, "case.submitted"), invocation())

    assert sent(system, SITI.email) == []
    assert list(system.aws.functions.failures) == []


def test_a_draft_is_told_to_nobody(system: LocalSystem) -> None:
    driver = CaseDriver(system).file()

    driver.withdraw()

    assert sent(system) == []


def test_a_reminder_comes_before_the_term_of_a_bill_ends(system: LocalSystem) -> None:
    driver = CaseDriver(system).apply().act("pupr/secretariat", "approve").act("pupr/tpt", "approve")
    driver.act("tata-ruang/spatial-plan", "no_objection").act("pupr/head", "approve")

    driver.advance(days=25)

    channels = [message["channel"] for message in system.aws.sent_messages() if "engingat" in str(message)]
    assert channels == ["email", "sms"]


def test_a_term_that_passes_alarms_the_supervisors(system: LocalSystem) -> None:
    CaseDriver(system).apply().advance(days=3)

    (mail,) = system.aws.sent_messages("pengawas@pupr.example")

    assert "Periksa kelengkapan berkas" in mail["body"]
    assert "Check completeness" in mail["body"]
    assert len(system.aws.sent_messages("pengawas@dpmptsp.example")) == 1


def test_no_log_names_a_person(system: LocalSystem, caplog: pytest.LogCaptureFixture) -> None:
    driver = CaseDriver(system).file().bring()
    system.aws.faults.fail("sesv2", "SendEmail", error="MessageRejected")

    driver.submit()

    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "notice refused" in logged
    assert SITI.name not in logged
    assert str(SITI.email) not in logged
