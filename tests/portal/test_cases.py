"""My cases: where they stand, what is asked of me, what I can do, and what was decided."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from functions.domain import history
from infra.driver import SMALL_PDF, CaseDriver, holder, user
from infra.local.office import Office
from tests.portal import ways
from tests.portal.surfing import Surfer

pytestmark = pytest.mark.xdist_group("cases")
Surf = Callable[..., Surfer]


def test_an_empty_list_says_where_to_begin(surf: Surf) -> None:
    page = surf("wayan").get("/cases")

    assert "You have no applications yet" in page.text
    assert "/services" in page.links()


def test_lists_the_own_cases_and_what_is_asked_first(office: Office, surf: Surf) -> None:
    returned = ways.give_back(ways.review(CaseDriver(office.system, applicant="maria").apply()))

    page = surf("maria").get("/cases")

    assert "1 thing waits for you Correct the plans" in page.text
    assert "Needs your correction" in page.text
    assert returned.case.number in page.text


def test_the_list_is_filtered_by_status_and_words(case: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")

    assert case.case.number in surfer.get(f"/cases?status=in_review&q={case.case.number}").text
    assert "No application fits" in surfer.get("/cases?status=lapsed").text
    assert "No application fits" in surfer.get("/cases?q=zzzz").text


def test_tells_where_a_case_stands_who_has_it_and_how_long(reviewed: CaseDriver, surf: Surf) -> None:
    reviewed.aws.advance(timedelta(days=3))

    page = surf("siti").get(f"/cases/{reviewed.id}")

    (now,) = page.html.xpath("//*[@aria-current='step']")
    assert page.heading == "Building permit (PBG)"
    assert "Legal term: working day 3 of 28; due on" in page.text
    assert "Review the plans and consult the offices" in now.text_content()
    assert "Technical review team, Public Works Office: waiting for the answer" in " ".join(
        now.text_content().split()
    )


def test_what_rules_found_and_which_way_was_chosen_is_told_to_the_applicant_and_the_officer(
    office: Office, surf: Surf
) -> None:
    benefit = CaseDriver(office.system, service="employee-benefit", applicant="rina")
    benefit.apply({"employee_number": user("rina").employee_number or ""})
    chosen, held = "Which benefit is it? Check the family insured.", "No more than five people are insured"

    told = surf("rina").get(f"/cases/{benefit.id}").text
    shown = surf(holder("bkpsdm/hr").username).get(f"/tasks/{benefit.task('verify').id}").text

    assert told.count(chosen) == 2, "as what was found, and in the story"
    assert held in told
    assert chosen in shown
    assert held in shown


def test_a_correction_names_what_to_mend_and_opens_only_that(returned: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    page = surfer.get(f"/cases/{returned.id}")
    assert "Number of floors: The drawings show three floors." in page.text
    assert "Site plan and drawings: The scale is missing." in page.text

    page = surfer.get(f"/apply/{returned.id}")
    assert [link for link in page.links() if link.startswith(f"/apply/{returned.id}/")] == [
        f"/apply/{returned.id}/3", f"/apply/{returned.id}/documents", f"/apply/{returned.id}/check",
    ]  # fmt: skip

    page = surfer.get(f"/apply/{returned.id}/3")
    assert [one.get("name") for one in page.html.xpath("//main//input[not(@type='hidden')]")] == ["floors"]
    assert "The officer writes: The drawings show three floors." in page.text
    assert surfer.get(f"/apply/{returned.id}/1").status == 404


def test_a_correction_is_sent_once_everything_is_mended(returned: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    page = surfer.submit(surfer.get(f"/apply/{returned.id}/3"), "/3", floors="3")
    assert "Soil investigation and structural calculation" in page.text

    page = surfer.get(f"/apply/{returned.id}/check")
    assert any("Site plan and drawings: This document was asked for again" in error for error in page.errors)

    returned.aws.advance(timedelta(days=6))
    page = surfer.get(f"/apply/{returned.id}/documents")
    for kind in ("site-plan", "structural-calculation", "neighbour-consent"):
        page = surfer.send_file(page, kind, SMALL_PDF, f"{kind}.pdf", "application/pdf")
    page = surfer.submit(surfer.get(f"/apply/{returned.id}/check"), f"/apply/{returned.id}")

    assert "Your correction was sent. The examination goes on." in page.text
    assert "paused 6 days while waiting for your correction; due on" in page.text
    assert returned.case.form["floors"] == 3
    assert "correction.received" in returned.types


def test_a_bill_shows_its_lines_and_is_paid_at_the_bank(billed: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    (bill,) = billed.case.payments.values()

    page = surfer.get(f"/cases/{billed.id}")
    assert "Building permit levy" in page.text
    assert f"/local/bank/{bill.id}" in page.links()

    page = surfer.submit(surfer.get(f"/local/bank/{bill.id}"), press="outcome=paid")
    assert page.address.endswith(f"/cases/{billed.id}")
    assert "Sign the permit" in page.html.xpath("//*[@aria-current='step']")[0].text_content()


def test_a_payment_that_failed_can_be_tried_again(billed: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    (bill,) = billed.case.payments

    page = surfer.submit(surfer.get(f"/local/bank/{bill}"), press="outcome=failed")

    assert "The last payment failed; please try again." in page.text
    assert f"/local/bank/{bill}" in page.links()


def test_a_bill_can_be_paid_in_parts_and_says_what_is_left(office: Office, surf: Surf) -> None:
    tax = CaseDriver(office.system, service="business-tax", applicant="sinar-jaya")
    (bill,) = tax.apply({"period": f"{tax.now:%Y-%m}"}).case.payments
    surfer = surf("sinar-jaya")
    assert "of at least Rp 100,000 each" in surfer.get(f"/cases/{tax.id}").text

    page = surfer.submit(surfer.get(f"/local/bank/{bill}"), amount="10000000", press="outcome=paid")

    assert "Rp 10,000,000 of Rp 18,500,000 is paid; the remainder is due by" in page.text
    assert "Pay Rp 8,500,000" in page.text
    assert f"{bill}/1" in page.text
    assert "A part of the bill was paid: Rp 10,000,000. Rp 8,500,000 is left." in page.text
    dalam = surfer.get(f"/cases/{tax.id}?lang=id").text
    assert "Sudah dibayar Rp 10.000.000 dari Rp 18.500.000; sisanya paling lambat" in dalam
    page = surfer.submit(surfer.get(f"/local/bank/{bill}?lang=en"), press="outcome=paid")
    assert "Tax receipt (SSPD)" in page.text


def test_the_page_says_by_which_rules_the_amount_came_about(office: Office, surf: Surf) -> None:
    tax = CaseDriver(office.system, service="business-tax", applicant="sinar-jaya")
    tax.apply({"period": f"{tax.now:%Y-%m}"})

    page = surf("sinar-jaya").get(f"/cases/{tax.id}")

    (found,) = [one for one in page.html.xpath("//details") if "business-tax/fee" in one.text_content()]
    text = " ".join(found.text_content().split())
    assert "Tax Rp 18,500,000" in text
    assert "business-tax/tax · version 1 · From: " in text
    assert "within-five-years · version 1" in text
    assert "Computed: The tax on the turnover of" in page.text


def test_parts_of_a_bill_that_expired_stay_on_the_account(office: Office, surf: Surf) -> None:
    tax = CaseDriver(office.system, service="business-tax", applicant="sinar-jaya")
    tax.apply({"period": f"{tax.now:%Y-%m}"}).pay(amount=10_000_000)
    tax.withdraw()

    page = surf("sinar-jaya").get(f"/cases/{tax.id}")

    assert "Rp 10,000,000 of a bill that was not paid to its end stays on your account" in page.text


def test_the_bank_knows_no_other_bills(surf: Surf) -> None:
    assert surf().get("/local/bank/nothing").status == 404


def test_a_granted_permit_can_be_downloaded_and_verified(
    office: Office, granted: CaseDriver, surf: Surf
) -> None:
    surfer = surf("siti")
    (permit,) = granted.case.permits.values()

    page = surfer.get(f"/cases/{granted.id}")
    file = surfer.ask("GET", f"/cases/{granted.id}/documents/{permit.document}", follow=False)

    assert "Your application was approved" in page.text
    assert f"/permits/{permit.number}" in page.links()
    assert office.system.aws.download(file.headers["location"]).body.startswith(b"%PDF-")


def test_a_refusal_gives_its_reasons_and_can_be_appealed(refused: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    page = surfer.get(f"/cases/{refused.id}")
    assert "The application was refused" in page.text
    assert "The columns are too thin." in page.text

    page = surfer.get(f"/cases/{refused.id}/appeal")
    assert "It is decided within 10 working days." in page.text
    assert surfer.submit(page, "/appeal").errors == ["Give the reason."]

    page = surfer.submit(page, "/appeal", reason="They carry twice the load.")
    assert "Your appeal has been lodged." in page.text
    assert "Decide the appeal" in page.html.xpath("//*[@aria-current='step']")[0].text_content()
    assert "A process was opened: Appeal against a refusal. They carry twice the load." in page.text
    (task,) = refused.case.open_tasks()
    desk = surf(holder(task.role).username).get(f"/tasks/{task.id}").text
    assert "What is asked, and why Appeal against a refusal" in desk
    assert "They carry twice the load." in desk


def test_withdrawing_wants_a_reason_and_ends_the_case(case: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    page = surfer.get(f"/cases/{case.id}/withdraw")
    assert "This cannot be undone" in page.text

    assert surfer.submit(page, "/withdraw").status == 422
    page = surfer.submit(page, "/withdraw", reason="Another plan.")

    assert "Your application has been withdrawn." in page.text
    assert case.case.status == "withdrawn"


def test_what_cannot_be_done_now_is_not_offered(case: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")

    assert f"/cases/{case.id}/appeal" not in surfer.get(f"/cases/{case.id}").links()
    assert surfer.get(f"/cases/{case.id}/appeal").status == 409
    assert surfer.get(f"/cases/{case.id}/redrive").status == 404


def test_writes_to_the_agency_and_reads_the_answer(office: Office, case: CaseDriver, surf: Surf) -> None:
    surfer, officer = surf("siti"), surf("sri")

    page = surfer.submit(surfer.get(f"/cases/{case.id}"), "/messages", text="When will you come?\nThank you.")
    officer.submit(officer.get(f"/cases/{case.id}"), "/messages", text="On Monday.")

    mine, theirs = surfer.get(f"/cases/{case.id}").html.xpath("//ol[@class='talk']/li")
    assert "Your message was sent." in page.text
    assert mine.get("class") == "mine"
    assert "Investment and One-Stop Service Office" in theirs.text_content()
    assert "Write to the applicant" in officer.get(f"/cases/{case.id}").text
    (told,) = (one for one in office.system.aws.sent_messages() if "/ Message: " in one["subject"])
    assert case.case.number in told["subject"]
    assert "When will you come?" not in str(told)


def test_who_decides_reads_what_the_applicant_has_written(case: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    surfer.submit(surfer.get(f"/cases/{case.id}"), "/messages", text="The gate is at the back.")

    assert "The gate is at the back." in surf("yuni").get(f"/tasks/{case.task('completeness').id}").text


def test_an_empty_message_is_not_sent(case: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")

    page = surfer.submit(surfer.get(f"/cases/{case.id}"), "/messages", text="  ")

    assert page.status == 422
    assert page.errors == ["Write the message."]


def test_a_message_that_is_sent_twice_stands_there_once(case: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    page = surfer.get(f"/cases/{case.id}")

    surfer.submit(page, "/messages", text="Hello.")
    surfer.submit(page, "/messages", text="Hello.")
    surfer.submit(page, "/messages", text="Hello again.")

    assert [message["text"] for message in case.case.messages] == ["Hello.", "Hello again."]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7 * 7 }}", '" onfocus="alert(1)'])
def test_what_somebody_writes_stays_text(case: CaseDriver, surf: Surf, text: str) -> None:
    surfer = surf("siti")

    page = surfer.submit(surfer.get(f"/cases/{case.id}"), "/messages", text=text)

    assert text in page.text
    assert "<script>alert" not in page.source


def test_applies_again_with_the_same_answers(office: Office, refused: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")

    page = surfer.submit(surfer.get(f"/cases/{refused.id}"), "/again")

    made = office.system.ports.cases.load(page.address.split("/")[4]).case
    assert made.status == "draft"
    assert made.form == refused.case.form


def test_the_history_is_told_in_plain_words(granted: CaseDriver, surf: Surf) -> None:
    page = surf("siti").get(f"/cases/{granted.id}")

    lines = [" ".join(one.text_content().split()) for one in page.html.xpath("//ol[@class='story']/li/p")]
    assert lines[-1] == "You began the application."
    assert any(line.startswith("The term of 28 working days began; it is due on") for line in lines)
    assert any(line.startswith("Permit PBG-2026-") for line in lines)
    assert not [line for line in lines if "{" in line or "None" in line]


def test_the_history_that_is_downloaded_verifies(granted: CaseDriver, surf: Surf) -> None:
    file = surf("siti").get(f"/cases/{granted.id}/history.json")

    assert file.headers["content-disposition"].startswith("attachment")
    assert history.verify(json.loads(file.content)["items"]) == []


def test_downloads_all_personal_data(case: CaseDriver, surf: Surf) -> None:
    file = surf("siti").get(f"/cases/{case.id}/personal-data.json")

    assert json.loads(file.content)["form"] == case.case.form
    assert surf("sri").get(f"/cases/{case.id}/personal-data.json").status == 403


def test_an_officer_of_the_agency_reads_the_same_page(case: CaseDriver, surf: Surf) -> None:
    page = surf("sri").get(f"/cases/{case.id}")

    assert page.status == 200
    assert f"/cases/{case.id}/withdraw" not in page.links()


def test_an_officer_finds_a_case_that_asks_nothing_of_anybody_now(granted: CaseDriver, surf: Surf) -> None:
    surfer = surf("sri")
    page = surfer.get("/cases?of=office")

    found = surfer.submit(page, "/cases", q=granted.case.number)

    assert "/cases?of=office" in surfer.get("/tasks").links()
    assert f"/cases/{granted.id}" in found.links()
    assert f"/cases/{granted.id}" not in surf("budi").get("/cases?of=office").links()


def test_an_office_that_asks_another_mends_its_request_and_sees_both_cases(
    office: Office, surf: Surf
) -> None:
    large = {"function": "business", "floor_area_m2": 2500, "floors": 1}
    case = ways.review(CaseDriver(office.system).file(large).bring().submit())
    asked = case.child("agency-recommendation")
    wanted = {"fields": [{"pointer": "/location", "message": "Which plot?"}], "documents": []}
    asked.act("dlh/front-office", "return", comment="Unclear.", data=wanted)

    below = surf("hendra").get(f"/cases/{asked.id}")

    assert "Which plot?" in below.text
    assert f"/apply/{asked.id}" in below.links()
    assert f"/cases/{case.id}" in below.links()
    assert f"/cases/{asked.id}" in surf("hendra").get(f"/cases/{case.id}").links()
    assert "Recommendation between agencies" in surf("siti").get(f"/cases/{case.id}").text
    assert f"/cases/{asked.id}" not in surf("siti").get(f"/cases/{case.id}").links()


def test_a_refusal_by_rule_cites_its_law_and_no_code(office: Office, surf: Surf) -> None:
    case = CaseDriver(office.system, service="hajj-registration").apply({"deposit_date": "2026-01-23"})

    text = surf("siti").get(f"/cases/{case.id}").text.partition("Where it stands")[0]

    assert case.case.outcome.rule.endswith(": five-working-days")
    assert "five-working-days" not in text
    assert "on its way" not in surf("siti").get(f"/cases/{case.id}/receipt").text


def test_who_filed_at_the_counter_helps_to_correct(office: Office, surf: Surf) -> None:
    case = CaseDriver(office.system).file(by="dewi").bring(by="dewi").submit(by="dewi")
    ways.give_back(ways.review(case))

    page = surf("dewi").get(f"/cases/{case.id}")

    assert "The scale is missing." in page.text
    assert f"/apply/{case.id}" in page.links()


def test_an_erased_case_says_so(case: CaseDriver, surf: Surf) -> None:
    case.withdraw()
    case.ports.cases.erase(case.id)

    assert surf("siti").get(f"/cases/{case.id}").status == 200


def test_the_receipt_of_a_draft_says_that_it_is_none(draft: CaseDriver, surf: Surf) -> None:
    assert "has not been submitted yet" in surf("siti").get(f"/cases/{draft.id}/receipt").text


def test_a_case_in_both_languages(returned: CaseDriver, surf: Surf) -> None:
    page = surf("siti").get(f"/cases/{returned.id}?lang=id")

    assert "Anda diminta memperbaiki" in page.text
    assert page.html.get("lang") == "id"


def test_what_a_rule_read_is_said_in_words(surf: Surf, granted: CaseDriver) -> None:
    read = surf("siti").get(f"/cases/{granted.id}").text

    assert "The fire service is asked: No" in read
    assert "False" not in read
    assert "_asked" not in read
