"""The letter on the task page: seen, written, and seen again before it is signed, without a script."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from functions.portal import worklist
from infra.driver import CaseDriver, people, user
from infra.local.office import Office
from tests.adapters.test_pdf import text_of
from tests.api.test_letters import words_of
from tests.portal import ways
from tests.portal.surfing import Surfer

pytestmark = pytest.mark.xdist_group("back-office")
Surf = Callable[..., Surfer]
HEAD = people().holders("dpmptsp/head")[0].username
WORDS = {
    "words-further_provisions-id": "Pagar depan paling tinggi satu meter.",
    "words-further_provisions-en": "The front fence is one metre at most.",
}


@pytest.fixture
def desk(billed: CaseDriver) -> str:
    billed.pay()
    return f"/tasks/{billed.task('sign-permit').id}"


def test_the_letter_stands_on_the_page_before_it_is_signed(desk: str, billed: CaseDriver, surf: Surf) -> None:
    page = surf(HEAD).get(desk)

    (letter,) = page.html.xpath("//article[@class='letter']")
    assert str((billed.case.form or {})["owner_name"]) in letter.text_content()
    assert people().holders("dpmptsp/head")[0].name in letter.text_content()
    assert "Draft – not signed yet" in letter.text_content()


def test_what_is_written_is_shown_before_it_is_signed(desk: str, billed: CaseDriver, surf: Surf) -> None:
    surfer = surf(HEAD)

    page = surfer.submit(surfer.get(desk), desk, press="action=approve", comment="Noted.", **WORDS)

    assert page.heading == "Look at this letter before it is issued"
    (letter,) = page.html.xpath("//article[@class='letter']")
    assert WORDS["words-further_provisions-id"] in letter.text_content()
    assert page.html.xpath("//textarea[@name='comment']")[0].text.strip() == "Noted."
    assert billed.task("sign-permit").is_open

    surfer.submit(page, desk, press="action=approve")

    assert billed.case.status == "approved"
    assert (
        billed.task("sign-permit").words["further_provisions"]["en"] == WORDS["words-further_provisions-en"]
    )


def test_it_can_be_looked_at_as_often_as_one_likes(desk: str, billed: CaseDriver, surf: Surf) -> None:
    surfer = surf(HEAD)
    page = surfer.submit(surfer.get(desk), desk, press="look=approve", **WORDS)

    page = surfer.submit(page, desk, press="look=approve", **{"words-further_provisions-en": "A low fence."})

    assert "A low fence." in page.html.xpath("//article[@class='letter']")[0].text_content()
    assert billed.task("sign-permit").is_open


def test_the_draft_can_be_had_as_a_pdf_with_what_was_typed(desk: str, billed: CaseDriver, surf: Surf) -> None:
    surfer = surf(HEAD)

    page = surfer.submit(surfer.get(desk), desk, press="paper=approve", **WORDS)

    (link,) = page.html.xpath("//a[@download]/@href")
    kind, _, content = link.partition(",")
    assert kind == "data:application/pdf;base64"
    assert WORDS["words-further_provisions-en"] in " ".join(
        " ".join(text_of(base64.b64decode(content))).split()
    )
    assert page.html.xpath("//textarea[@name='words-further_provisions-en']")[0].text.strip()
    assert billed.task("sign-permit").is_open


def test_a_refusal_is_shown_before_it_is_signed(desk: str, billed: CaseDriver, surf: Surf) -> None:
    surfer = surf(HEAD)

    page = surfer.submit(surfer.get(desk), desk, press="action=reject", comment="The fee is not enough.")

    assert "The fee is not enough." in page.html.xpath("//article[@class='letter']")[0].text_content()
    surfer.submit(page, desk, press="action=reject")
    assert billed.case.status == "rejected"


def test_half_a_translation_is_said_where_it_is_missing(desk: str, surf: Surf) -> None:
    surfer = surf(HEAD)

    page = surfer.submit(
        surfer.get(desk), desk, press="action=approve", **{"words-further_provisions-id": "Pagar rendah."}
    )

    assert page.status == 422
    assert page.errors == ["Write it in both languages."]
    assert "#f-words-further_provisions-en" in page.links()
    (typed,) = page.html.xpath("//textarea[@name='words-further_provisions-id']")
    assert typed.text.strip() == "Pagar rendah."


def test_a_refusal_of_the_review_is_shown_and_written_before_it_is_signed(
    reviewed: CaseDriver, surf: Surf
) -> None:
    review, advice = reviewed.task("technical-review"), reviewed.task("spatial-plan")
    reviewer = surf(people().holders("pupr/tpt")[0].username)
    desk = f"/tasks/{review.id}"

    page = reviewer.submit(
        reviewer.get(desk), desk, press="action=reject", comment="The columns are too thin."
    )

    (letter,) = page.html.xpath("//article[@class='letter']")
    assert "The columns are too thin." in letter.text_content()
    assert "Other offices are still asked." in page.text
    written = {"words-advice-id": "Pakai kolom lebih tebal.", "words-advice-en": "Use thicker columns."}
    page = reviewer.submit(page, desk, press="action=reject", **written)
    assert "Use thicker columns." in page.html.xpath("//article[@class='letter']")[0].text_content()
    reviewer.submit(page, desk, press="action=reject")
    assert reviewed.case.status == "in_review"

    adviser = surf(people().holders("tata-ruang/spatial-plan")[0].username)
    page = adviser.get(f"/tasks/{advice.id}")
    assert "Use thicker columns." in page.html.xpath("//article[@class='letter']")[0].text_content()
    assert "The official who decided signs it." in page.text
    assert page.html.xpath("//textarea[starts-with(@name, 'words-')]") == []
    adviser.submit(page, f"/tasks/{advice.id}", press="action=no_objection")

    assert reviewed.case.status == "rejected"


def test_a_return_after_the_last_round_shows_the_refusal_that_it_is(office: Office, surf: Surf) -> None:
    case = CaseDriver(office.system, service="agency-recommendation", applicant="agus").apply()
    mend = {"fields": [{"pointer": "/location", "message": "Where?"}], "documents": []}
    for _ in range(2):
        case.act("dlh/front-office", "return", task="completeness", comment="Mend this.", data=mend)
        case.act("applicant", "resubmit")
    surfer, desk = (
        surf(people().holders("dlh/front-office")[0].username),
        f"/tasks/{case.task('completeness').id}",
    )
    page = surfer.get(desk)
    assert surfer.submit(page, desk, press="action=return").errors == ["Give the reason."]

    page = surfer.submit(page, desk, press="action=return", comment="Still not clear.")

    assert "Still not clear." in page.html.xpath("//article[@class='letter']")[0].text_content()
    surfer.submit(page, desk, press="action=return")
    assert case.case.status == "rejected"


def test_many_letters_are_seen_before_they_are_signed_and_signed_as_they_were_seen(
    office: Office, surf: Surf, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [ways.bill(ways.review(CaseDriver(office.system).apply())) for _ in range(2)]
    for case in cases:
        case.pay()
    tasks = [case.task("sign-permit").id for case in cases]
    surfer, colleague = surf(HEAD), surf(people().holders("dpmptsp/head")[1].username)

    with monkeypatch.context() as patched:
        patched.setattr(worklist, "MOST_LETTERS", 1)
        page = surfer.submit(surfer.get("/tasks"), "/tasks", task=tasks, press="action=approve")
        alone = len(page.content)
        assert "One letter is shown at a time." in page.text
        assert page.html.xpath("//input[@name='task']/@value") == tasks[:1]

    page = surfer.submit(surfer.get("/tasks"), "/tasks", task=tasks, press="action=approve")

    assert page.heading == "Look at these letters before they are issued"
    assert len(page.html.xpath("//details//article[@class='letter']")) == 2
    marks = dict(zip(tasks, page.html.xpath("//input[starts-with(@name, 'shown-')]/@value"), strict=True))
    assert marks[tasks[0]][:12] in page.text
    assert alone + (worklist.MOST_LETTERS - 1) * (len(page.content) - alone) < 100_000
    assert all(case.case.status == "in_review" for case in cases)

    forged = {f"shown-{tasks[0]}": "0" * 64}
    colleague.submit(colleague.get(f"/tasks/{tasks[1]}"), "/claim")
    page = surfer.submit(page, "/tasks", task=tasks, press="action=approve", **forged)

    assert "One letter is not what you saw" in page.text
    assert "1 could not be answered." in page.text
    assert page.html.xpath("//input[@name='task']/@value") == tasks[:1]
    assert all(case.case.status == "in_review" for case in cases)

    surfer.submit(page, "/tasks", press="action=approve")
    assert [case.case.status for case in cases] == ["approved", "in_review"]
    assert cases[0].task("sign-permit").letter == marks[tasks[0]]


def test_many_letters_are_written_in_and_seen_again_before_they_are_signed_together(
    office: Office, surf: Surf
) -> None:
    cases = [ways.bill(ways.review(CaseDriver(office.system).apply())) for _ in range(2)]
    for case in cases:
        case.pay()
    tasks, surfer = [case.task("sign-permit").id for case in cases], surf(HEAD)
    page = surfer.submit(surfer.get("/tasks"), "/tasks", task=tasks, press="action=approve")
    first = {name.replace("words-", f"words-{tasks[0]}-"): text for name, text in WORDS.items()}

    half = {f"words-{tasks[0]}-further_provisions-id": "Pagar rendah."}
    page = surfer.submit(page, "/tasks", press="look=approve", **half)

    assert (page.status, page.errors) == (422, ["Write it in both languages."])
    assert (
        page.html.xpath(f"//details[@open]//textarea[@id='f-{next(iter(half))}']")[0].text.strip()
        == "Pagar rendah."
    )

    page = surfer.submit(page, "/tasks", press="look=approve", **first)

    fence = WORDS["words-further_provisions-en"]
    letters = page.html.xpath("//article[@class='letter']")
    assert [fence in letter.text_content() for letter in letters] == [True, False]
    marks = page.html.xpath("//input[starts-with(@name, 'shown-')]/@value")
    assert marks[0] != marks[1]
    assert all(mark[:12] in page.text for mark in marks)
    assert all(case.case.status == "in_review" for case in cases)

    second = {name.replace(tasks[0], tasks[1]): text for name, text in first.items()}
    page = surfer.submit(page, "/tasks", press="action=approve", **second)

    assert "1 task was answered." in page.text
    assert [case.case.status for case in cases] == ["approved", "in_review"]
    assert cases[0].task("sign-permit").words["further_provisions"]["en"] == fence
    assert cases[0].task("sign-permit").letter == marks[0]
    assert "One letter is not what you saw" in page.text
    assert fence in page.html.xpath("//article[@class='letter']")[0].text_content()

    page = surfer.submit(page, "/tasks", press="action=approve")
    assert "1 task was answered." in page.text
    assert cases[1].case.status == "approved"
    assert cases[1].task("sign-permit").words == cases[0].task("sign-permit").words


def test_of_a_paper_of_several_each_sees_what_is_still_open_and_reads_it_once_it_is_issued(
    office: Office, surf: Surf
) -> None:
    form = {"technical_agencies": ["damkar"], "answer_within": 20}
    case = CaseDriver(office.system, service="agency-recommendation", applicant="hendra").apply(form)
    case.act("dlh/front-office", "approve")
    fire = people().holders("damkar/fire-safety")[0].username
    order = [("gilang", "minutes-1"), ("kartika", "minutes-2"), (fire, "attend-damkar")]

    for at, (who, name) in enumerate(order):
        surfer, desk = surf(who), f"/tasks/{case.task(name).id}"
        page = surfer.get(desk)
        (letter,) = page.html.xpath("//article[@class='letter']")
        told = " ".join(letter.text_content().split())
        signed, left = [one for one, _ in order[: at + 1]], len(order) - at - 1
        assert all(user(one).name in told for one in signed)
        assert told.count("not signed yet") == left + 1
        assert ("Still open" in told) == ("Your signature covers this text" in page.text) == (left > 0)
        surfer.submit(page, desk, press="action=no_objection")

    (minutes,) = case.case.permits.values()
    for who, _ in order:
        read = surf(who).get(f"/cases/{case.id}")
        assert minutes.number in read.text
        assert any(minutes.document in link for link in read.links())


def test_of_two_who_decide_the_second_goes_on_with_the_words_of_the_first(office: Office, surf: Surf) -> None:
    number = {"employee_number": user("rina").employee_number}
    case = CaseDriver(office.system, service="employee-benefit", applicant="rina").apply(number)
    case.act("bkpsdm/hr", "approve")
    first, second = (f"/tasks/{case.task(f'payment-{at}').id}" for at in (1, 2))
    words = {"words-payment_note-id": "Dibayar bulan depan.", "words-payment_note-en": "Paid next month."}
    murni, galih = surf("murni"), surf("galih")

    page = murni.submit(murni.get(first), first, press="action=approve", **words)

    (letter,) = page.html.xpath("//article[@class='letter']")
    assert "Paid next month." in letter.text_content()
    assert "Approve the payment (2/2) – not answered yet" in " ".join(letter.text_content().split())
    assert "you do not sign it" in page.text
    murni.submit(page, first, press="action=approve")

    page = galih.get(second)
    assert f"these words are by {user('murni').name}" in page.text
    (typed,) = page.html.xpath("//textarea[@name='words-payment_note-en']")
    assert typed.text.strip() == "Paid next month."
    assert "Paid next month." in page.html.xpath("//article[@class='letter']")[0].text_content()
    longer = {name: f"{text} (2)" for name, text in words.items()}
    page = galih.submit(page, second, press="action=approve", **longer)
    assert "Still open" not in page.text
    galih.submit(page, second, press="action=approve")

    assert case.case.status == "approved"
    (decision,) = case.case.permits.values()
    assert "Paid next month. (2)" in words_of(office, case.case.documents[decision.document])


def test_initials_are_put_on_the_letter_that_is_shown_and_named_where_it_is_verified(
    office: Office, surf: Surf
) -> None:
    form = {"employee_number": "199501172019032011", "effective_date": "2026-04-01"}
    case = CaseDriver(office.system, service="employee-promotion", applicant="rina").apply(form)
    case.act("bkpsdm/hr", "approve")

    page = surf(people().holders("bkn/documents")[0].username).get(
        f"/tasks/{case.task('check-documents').id}"
    )
    case.act("bkn/documents", "approve").act("bkn/data", "approve").act("bkn/head", "approve")
    (number,) = case.case.permits

    assert "Your initials go on this text before it is signed" in page.text
    assert page.html.xpath("//article[@class='letter']")
    verified = surf().get(f"/permits/{number}").text
    assert "Initials before it was signed" in verified
    assert "Data verifier, National Civil Service Agency" in verified
    assert "changed it" not in verified
