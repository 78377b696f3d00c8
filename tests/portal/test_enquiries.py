"""Colleagues: asking one beside the process, seeing who else is at work, and what has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from infra.driver import CaseDriver, people
from infra.local.office import Office
from tests.portal import ways
from tests.portal.surfing import Surfer

pytestmark = pytest.mark.xdist_group("back-office")
Surf = Callable[..., Surfer]
TPT, OTHER_TPT = (one.username for one in people().holders("pupr/tpt")[:2])
ADVISER = people().holders("dlh/environment")[0]


def desk_of(case: CaseDriver) -> str:
    return f"/tasks/{case.task('technical-review').id}"


def ask(surfer: Surfer, case: CaseDriver) -> str:
    page = surfer.get(f"{desk_of(case)}/questions")
    sent = surfer.submit(page, "/questions", to="dlh/environment", text="Is the well too close?", group=["2"])
    assert "The question was sent." in sent.text
    return list(case.case.questions)[-1]


def test_asks_another_office_and_reads_its_answer_on_the_task(reviewed: CaseDriver, surf: Surf) -> None:
    officer, adviser = surf(TPT), surf(ADVISER.username)
    question = ask(officer, reviewed)

    listed = adviser.get(f"/tasks?q={reviewed.case.number}")
    assert f"/questions/{question}" in listed.links()
    page = adviser.get(f"/questions/{question}")
    assert "Is the well too close?" in page.text
    assert str((reviewed.case.form or {})["address"]) in page.text
    assert str((reviewed.case.form or {})["owner_name"]) not in page.text
    assert adviser.get(desk_of(reviewed)).status == 404
    assert "No answer yet" in officer.get(desk_of(reviewed)).text

    sent = adviser.submit(page, f"/questions/{question}", text="Twelve metres are enough.")

    assert "Your answer was sent." in sent.text
    back = officer.get(desk_of(reviewed)).text
    assert "Twelve metres are enough." in back
    assert ADVISER.name in back
    told = surf("siti").get(f"/cases/{reviewed.id}").text
    assert "Environment Office answered a question." in told
    assert "Twelve metres" not in told


def test_an_unfinished_question_is_kept_and_its_faults_are_said(reviewed: CaseDriver, surf: Surf) -> None:
    surfer = surf(TPT)
    page = surfer.get(f"{desk_of(reviewed)}/questions")

    page = surfer.submit(page, "/questions", text="Is the well too close?", working_days="soon", group=["2"])

    assert page.status == 422
    assert page.errors == [
        "Choose a role, or write the username of a colleague.",
        "From 1 to 30 working days.",
    ]
    assert page.html.xpath("//textarea[@name='text']")[0].text.strip() == "Is the well too close?"
    assert page.html.xpath("//input[@name='group'][@checked]/@value") == ["2"]


def test_an_empty_answer_is_refused_and_a_closed_question_says_so(reviewed: CaseDriver, surf: Surf) -> None:
    question = ask(surf(TPT), reviewed)
    adviser = surf(ADVISER.username)
    page = adviser.get(f"/questions/{question}")

    assert adviser.submit(page, f"/questions/{question}", text="").errors == ["Write the answer."]
    ways.answer(reviewed, "approve")
    assert "No answer is needed any more." in adviser.get(f"/questions/{question}").text
    refused = adviser.submit(page, f"/questions/{question}", text="Too late.")
    assert refused.status == 409
    assert "no answer is needed any more" in refused.text


def test_a_stranger_finds_no_question(reviewed: CaseDriver, surf: Surf) -> None:
    question = ask(surf(TPT), reviewed)

    assert surf("maria").get(f"/questions/{question}").status == 404
    assert surf("siti").get(f"{desk_of(reviewed)}/questions").status == 404


def test_a_colleague_who_is_at_it_is_named(reviewed: CaseDriver, surf: Surf, office: Office) -> None:
    first, second = surf(TPT), surf(OTHER_TPT)
    name = people().holders("pupr/tpt")[0].name
    assert "has had this task open" not in first.get(desk_of(reviewed)).text

    page = second.get(desk_of(reviewed))

    assert f"{name} has had this task open since" in page.text
    assert reviewed.types[-1] == "task.opened"
    office.system.aws.advance(timedelta(minutes=11))
    assert "has had this task open" not in second.get(desk_of(reviewed)).text


def test_a_page_that_stays_open_says_so_each_minute(reviewed: CaseDriver, surf: Surf, office: Office) -> None:
    first, second = surf(TPT), surf(OTHER_TPT)
    page = first.get(desk_of(reviewed))
    (csrf,) = page.html.xpath("//*[@data-presence]/@data-csrf")
    office.system.aws.advance(timedelta(minutes=9))

    first.ask("POST", f"{desk_of(reviewed)}/presence", x_csrf=csrf)

    office.system.aws.advance(timedelta(minutes=9))
    assert "has had this task open since" in second.get(desk_of(reviewed)).text
    assert first.ask("POST", f"{desk_of(reviewed)}/presence").status == 403


def test_what_changed_meanwhile_is_told_and_nothing_typed_is_lost(reviewed: CaseDriver, surf: Surf) -> None:
    surfer = surf(TPT)
    page = surfer.get(desk_of(reviewed))
    citizen = surf("siti")
    citizen.submit(citizen.get(f"/cases/{reviewed.id}"), "/messages", text="The well has moved.")

    page = surfer.submit(page, desk_of(reviewed), press="action=approve", comment="Sound columns.")

    assert page.status == 409
    assert "The application has changed since you opened this page" in page.text
    assert page.html.xpath("//textarea[@name='comment']")[0].text.strip() == "Sound columns."
    assert reviewed.task("technical-review").is_open
    surfer.submit(page, desk_of(reviewed), press="action=approve")
    assert reviewed.task("technical-review").comment == "Sound columns."


def test_what_was_chosen_to_be_mended_outlasts_a_change(reviewed: CaseDriver, surf: Surf) -> None:
    surfer = surf(TPT)
    page = surfer.submit(surfer.get(desk_of(reviewed)), desk_of(reviewed), press="action=return")
    citizen = surf("siti")
    citizen.submit(citizen.get(f"/cases/{reviewed.id}"), "/messages", text="The well has moved.")

    page = surfer.submit(page, desk_of(reviewed), comment="Mend.", **{"say-field-floors": "Three."})

    assert page.status == 409
    assert page.html.xpath("//textarea[@name='say-field-floors']")[0].text.strip() == "Three."
    surfer.submit(page, desk_of(reviewed))
    assert reviewed.task("technical-review").action == "return"
