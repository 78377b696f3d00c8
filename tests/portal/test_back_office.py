"""The back office: the worklist, one task, and the answer to it, by people without a script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from infra.driver import CaseDriver, people
from infra.local.office import Office
from tests.portal.surfing import Page, Surfer

pytestmark = pytest.mark.xdist_group("back-office")
Surf = Callable[..., Surfer]


def holder(role: str, place: int = 0) -> str:
    return people().holders(role)[place].username


def at(case: CaseDriver, name: str) -> str:
    return f"/tasks/{case.task(name).id}"


def answer(surfer: Surfer, case: CaseDriver, name: str, action: str, **said: object) -> Page:
    """Find the task in the worklist, open it and press the button."""
    page = surfer.get(f"/tasks?q={case.case.number}")
    assert at(case, name) in page.links()
    return surfer.submit(surfer.get(at(case, name)), at(case, name), press=f"action={action}", **said)


def test_three_officers_carry_a_case_from_completeness_to_the_signature(case: CaseDriver, surf: Surf) -> None:
    page = answer(surf(holder("pupr/secretariat")), case, "completeness", "approve")
    assert "Your answer was recorded." in page.text
    assert page.heading == "Tasks"

    for task in case.case.open_tasks():
        if task.kind == "consult":
            case.act(task.role, "no_objection", task=task.name)
    answer(surf(holder("pupr/tpt")), case, "technical-review", "approve", comment="Sound columns.")

    page = surf(holder("pupr/head")).get(at(case, "statement"))
    assert f"{people().holders('pupr/tpt')[0].name}, Technical review team, Public Works Office" in page.text
    assert "Sound columns." in page.text
    answer(surf(holder("pupr/head")), case, "statement", "approve")
    case.pay()

    page = surf(holder("dpmptsp/head")).get(at(case, "sign-permit"))
    assert "How the fee was computed" in page.text
    assert "The formula of each line Building permit levy" in page.text
    assert "Fixed figures: Locality index (Ilo) = 0.005" in page.text
    answer(surf(holder("dpmptsp/head")), case, "sign-permit", "approve")
    assert case.case.status == "approved"


def test_a_decision_leads_back_to_the_list_as_it_was_filtered(case: CaseDriver, surf: Surf) -> None:
    officer = surf(holder("pupr/secretariat"))
    officer.get(f"/tasks?role=pupr/secretariat&q={case.case.number}&mine=")

    page = officer.submit(
        officer.get(at(case, "completeness")), at(case, "completeness"), press="action=approve"
    )

    assert page.html.xpath("//input[@name='q']/@value") == [case.case.number]
    assert page.html.xpath("//select[@name='role']/option[@selected]/@value") == ["pupr/secretariat"]


def test_an_officer_reads_that_a_step_is_with_the_applicant(case: CaseDriver, surf: Surf) -> None:
    path = f"/cases/{case.case.id}"

    assert "You" in surf(case.case.applicant).get(path).text
    read = surf(holder("dpmptsp/head")).get(path)
    steps = " ".join(" ".join(one.itertext()) for one in read.html.xpath("//ol[@class='steps']/li"))
    assert "The applicant" in steps
    assert "You" not in steps


def test_an_applicant_is_led_to_the_own_cases(surf: Surf) -> None:
    assert surf("siti").get("/tasks").address.endswith("/cases")


def test_an_empty_worklist_says_so(surf: Surf) -> None:
    surfer = surf(holder("bkn/head"))

    assert "No tasks New tasks appear here" in surfer.get("/tasks").text
    assert "No task fits" in surfer.get("/tasks?q=zzzz").text


def test_filters_stay_in_the_address(case: CaseDriver, surf: Surf) -> None:
    surfer = surf(holder("pupr/secretariat"))
    page = surfer.get("/tasks")

    page = surfer.submit(page, "/tasks", place=0, q=case.case.number, service="building-permit")

    assert f"q={case.case.number}" in page.address
    assert at(case, "completeness") in page.links()
    assert page.html.xpath("//select[@name='service']/option[@selected]/@value") == ["building-permit"]
    assert at(case, "completeness") not in surfer.get("/tasks?service=business-licence").links()
    assert at(case, "completeness") not in surfer.get("/tasks?due=2020-01-01").links()
    assert surfer.get("/tasks?due=soon").status == 422


def test_mine_are_those_that_i_have_taken(case: CaseDriver, surf: Surf) -> None:
    surfer = surf(holder("pupr/secretariat"))
    assert at(case, "completeness") not in surfer.get("/tasks?mine=1").links()

    page = surfer.submit(surfer.get(at(case, "completeness")), "/claim")

    assert "You have taken this task." in page.text
    assert at(case, "completeness") in surfer.get("/tasks?mine=1").links()
    page = surfer.submit(page, "/release")
    assert "Nobody has taken it yet." in page.text


def test_shows_the_answers_the_files_and_the_clock(case: CaseDriver, surf: Surf) -> None:
    page = surf(holder("pupr/secretariat")).get(at(case, "completeness"))

    (document, *_) = case.case.documents.values()
    assert page.heading == case.service.process("application").step("completeness").of[0].title.en  # type: ignore[union-attr]
    assert f"/cases/{case.id}/documents/{document.id}" in page.links()
    assert "Number of floors" in page.text
    assert "working day" in page.text
    assert "This is the first step." in page.text


def test_refusing_needs_a_reason(reviewed: CaseDriver, surf: Surf) -> None:
    surfer = surf(holder("pupr/tpt"))

    page = answer(surfer, reviewed, "technical-review", "reject")

    assert page.status == 422
    assert page.errors == ["Give the reason."]
    assert reviewed.task("technical-review").is_open


def test_returns_a_case_for_what_is_named(reviewed: CaseDriver, surf: Surf) -> None:
    surfer = surf(holder("pupr/tpt"))
    page = answer(surfer, reviewed, "technical-review", "return", comment="Mend this.")
    assert "Choose what is to be mended" in page.text
    assert page.html.xpath("//textarea[@name='comment']")[0].text.strip() == "Mend this."

    nothing = surfer.submit(page, at(reviewed, "technical-review"))
    assert nothing.errors == ["Choose at least one answer or document to be mended."]

    said = {
        "say-field-floors": "Three floors.",
        "document": "site-plan",
        "say-document-site-plan": "No scale.",
    }
    surfer.submit(page, at(reviewed, "technical-review"), **said)
    for task in reviewed.case.open_tasks():
        if task.kind == "consult":
            reviewed.act(task.role, "no_objection", task=task.name)

    correction = reviewed.case.open_correction
    assert correction is not None
    assert correction.fields == {"/floors": "Three floors."}
    assert correction.documents == {"site-plan": "No scale."}


def test_grants_on_conditions_a_line_each(office: Office, surf: Surf) -> None:
    case = CaseDriver(office.system, service="agency-recommendation", applicant="hendra")
    case.apply({"technical_agencies": []}).act("dlh/front-office", "approve")
    case.act("gilang", "no_objection", task="minutes-1").act("kartika", "no_objection", task="minutes-2")
    head = surf(holder("dlh/head"))
    page, place = head.get(at(case, "recommend")), at(case, "recommend")

    page = head.submit(page, place, press="look=approve", conditions="One " * 500)
    assert page.errors[0].startswith("At most ")
    assert page.html.xpath("//textarea[@name='conditions']")[0].text.strip() == ("One " * 500).strip()
    said = "A soak-away is built.\r\n\r\n  No tree is felled.  "
    page = head.submit(page, place, press="look=approve", conditions=said)
    assert "A soak-away is built." in page.text
    head.submit(page, place, press="action=approve")

    assert case.case.tasks[place.rpartition("/")[2]].conditions == [
        "A soak-away is built.",
        "No tree is felled.",
    ]
    assert (
        "On these conditions A soak-away is built. No tree is felled." in head.get(f"/cases/{case.id}").text
    )


def test_tells_who_was_first_and_when(case: CaseDriver, surf: Surf) -> None:
    first, second = (surf(holder("pupr/secretariat", place)) for place in (0, 1))
    page = second.get(at(case, "completeness"))
    first.submit(first.get(at(case, "completeness")), "/claim")

    page = second.submit(page, at(case, "completeness"), press="action=approve")

    assert page.status == 409
    assert f"{holder('pupr/secretariat')} has been working on it since" in page.text
    assert "WIB" in page.text
    assert f"Taken by {holder('pupr/secretariat')}" in second.get(f"/tasks?q={case.case.number}").text

    first.submit(first.get(at(case, "completeness")), at(case, "completeness"), press="action=approve")
    assert "It has been answered" in second.get(at(case, "completeness")).text


def test_four_eyes_are_explained(billed: CaseDriver, surf: Surf) -> None:
    billed.pay()
    examiner, signer = holder("pupr/head"), holder("dpmptsp/head")
    lender = surf(signer)
    page = lender.submit(lender.get("/delegations"), "/delegations", to=examiner, until="2099-01-01")
    assert page.errors == ["At most one year."]
    page = lender.submit(page, "/delegations", to=examiner, until="2026-06-30")
    assert f"To {examiner}" in page.text
    surfer = surf(examiner)

    page = surfer.get(at(billed, "sign-permit"))
    forced = surfer.submit(page, "/claim") if "/claim" in page.source else page

    assert "You cannot answer this task This step must be done by another person" in forced.text
    assert "Sign the permit" not in [one.text_content() for one in page.html.xpath("//main//button")]
    page = lender.submit(lender.get("/delegations"), "/delegations/end")
    assert "The lending has ended." in page.text


def test_another_agency_sees_nothing(case: CaseDriver, surf: Surf) -> None:
    surfer = surf(holder("bkn/head"))

    assert surfer.get(at(case, "completeness")).status == 404
    assert surfer.get(f"/cases/{case.id}").status == 404
    assert surfer.get("/tasks/nothing.t1").status == 404
    assert surf("siti").get(at(case, "completeness")).status == 404


def test_answers_many_at_once_and_says_of_each_what_became_of_it(office: Office, surf: Surf) -> None:
    one, other = (CaseDriver(office.system).apply() for _ in range(2))
    surfer = surf(holder("pupr/secretariat"))
    colleague = surf(holder("pupr/secretariat", 1))
    page = surfer.get("/tasks")
    colleague.submit(colleague.get(at(other, "completeness")), "/claim")
    chosen = [one.task("completeness").id, other.task("completeness").id]

    page = surfer.submit(page, "/tasks", task=chosen, press="action=approve")

    assert page.heading == "What became of your answers"
    assert "1 task was answered. 1 could not be answered." in page.text
    assert one.task("completeness").action == "approve"
    assert other.task("completeness").is_open


def test_nothing_chosen_is_said(case: CaseDriver, surf: Surf) -> None:
    surfer = surf(holder("pupr/secretariat"))

    page = surfer.submit(surfer.get("/tasks"), "/tasks", press="action=approve")

    assert page.errors == ["Choose the tasks first."]


def test_who_only_watches_over_a_list_is_offered_no_answer(case: CaseDriver, surf: Surf) -> None:
    page = surf("sri").get("/tasks?role=pupr%2Fsecretariat")

    assert case.task("completeness").id in page.source
    assert 'name="task"' not in page.source
    assert 'name="action"' not in page.source


def test_what_is_overdue_comes_first_and_is_said_in_words(office: Office, surf: Surf) -> None:
    late = CaseDriver(office.system).apply()
    office.system.aws.advance(timedelta(days=30))
    CaseDriver(office.system).apply()

    page = surf(holder("pupr/secretariat")).get("/tasks")

    assert "Overdue" in page.html.xpath("//ol[@id='list']/li | //ul[@id='list']/li")[0].text_content()
    assert "overdue" in page.text
    assert "Due today" in page.text
    assert at(late, "completeness") in page.links()
    page = surf(holder("dpmptsp/supervisor")).get("/attention")
    assert "secretariat, Public Works Office Check completeness" in page.text


@pytest.mark.parametrize(("language", "words"), [("id", "Jawaban Anda"), ("en", "Your answer")])
def test_a_task_in_both_languages(case: CaseDriver, surf: Surf, language: str, words: str) -> None:
    surfer = surf(holder("pupr/secretariat"), language)

    page = surfer.get(at(case, "completeness"))

    assert page.html.get("lang") == language
    assert words in page.text
    assert surfer.get("/tasks").html.get("lang") == language
