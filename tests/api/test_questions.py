"""A question beside the process: who is asked, what they see of the case, and where the answer comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.driver import CaseDriver, people
from tests.api.asking import Asker, Got
from tests.portal import ways

As = Callable[..., Asker]
TPT, OTHER_TPT = (one.username for one in people().holders("pupr/tpt")[:2])
ADVISER = people().holders("dlh/environment")[0].username
COLLEAGUE = people().holders("pupr/secretariat")[0].username


@pytest.fixture
def review(case: CaseDriver) -> CaseDriver:
    return ways.review(case)


def ask(asker: Asker, case: CaseDriver, **changes: Any) -> Got:
    document = next(iter(case.case.documents))
    asked = {
        "to": "dlh/environment",
        "text": "Is the well too close?",
        "fields": ["/floors"],
        "documents": [document],
    }
    return asker.post(f"/v1/tasks/{case.task('technical-review').id}/questions", asked | changes)


def items(asker: Asker) -> list[str]:
    return [item["id"] for item in asker.get("/v1/tasks").body["items"] if item["kind"] == "answer"]


def test_another_office_finds_it_in_its_worklist_and_sees_only_what_came_along(
    as_: As, review: CaseDriver
) -> None:
    got = ask(as_(TPT), review)
    adviser = as_(ADVISER)

    assert got.status == 201
    assert items(adviser) == [got.body["id"]]
    seen = adviser.get(got.headers["Location"]).body
    assert (seen["text"], seen["form"]) == ("Is the well too close?", {"floors": 1})
    assert [one["id"] for one in seen["documents"]] == got.body["documents"][0]["id"].split()
    assert seen["may_answer"] is True
    assert adviser.get(f"/v1/cases/{review.id}").status == 404
    assert adviser.get(f"/v1/tasks/{review.task('technical-review').id}").status == 404


def test_the_documents_that_came_along_can_be_read_and_no_others(as_: As, case: CaseDriver) -> None:
    review = ways.review(case)
    asked = ask(as_(TPT), review).body
    first, second, *_ = review.case.documents

    assert as_(ADVISER).get(f"/v1/questions/{asked['id']}/documents/{first}").status == 200
    assert as_(ADVISER).get(f"/v1/questions/{asked['id']}/documents/{second}").status == 404
    assert as_(ADVISER).get(f"/v1/cases/{review.id}/documents/{first}").status == 404


def test_the_answer_comes_back_to_the_task_and_into_the_history(as_: As, review: CaseDriver) -> None:
    asked = ask(as_(TPT), review).body
    adviser = as_(ADVISER)

    got = adviser.post(f"/v1/questions/{asked['id']}/answer", {"text": "Twelve metres are enough."})

    assert (got.status, got.body["state"]) == (200, "answered")
    assert items(adviser) == []
    (back,) = as_(TPT).get(f"/v1/tasks/{review.task('technical-review').id}/questions").body["items"]
    assert (back["answer"], back["answered_by"]) == ("Twelve metres are enough.", ADVISER)
    assert review.types[-2:] == ["question.asked", "question.answered"]
    assert "metres" not in str(review.history)
    # What came along is not shown any longer than it is needed.
    after = adviser.get(f"/v1/questions/{asked['id']}").body
    assert (after["form"], after["documents"], after["may_answer"]) == ({}, [], False)


def test_nothing_waits_for_it_and_it_ends_with_its_task(as_: As, review: CaseDriver) -> None:
    asked = ask(as_(TPT), review).body
    ways.answer(review, "approve")

    assert review.task("statement").is_open
    seen = as_(ADVISER).get(f"/v1/questions/{asked['id']}").body
    assert (seen["state"], seen["form"], seen["may_answer"]) == ("closed", {}, False)
    assert items(as_(ADVISER)) == []
    late = as_(ADVISER).post(f"/v1/questions/{asked['id']}/answer", {"text": "Too late."})
    assert (late.status, late.body["type"]) == (409, "urn:loket:problem:question-closed")


def test_silence_is_an_answer_that_is_missing(as_: As, review: CaseDriver) -> None:
    asked = ask(as_(TPT), review, working_days=1).body
    review.advance(working_days=3)

    seen = as_(TPT).get(f"/v1/questions/{asked['id']}").body
    assert (seen["state"], seen["late"]) == ("open", True)
    assert as_(ADVISER).post(f"/v1/questions/{asked['id']}/answer", {"text": "Sorry."}).status == 200


def test_a_colleague_is_asked_by_name(as_: As, review: CaseDriver) -> None:
    asked = ask(as_(TPT), review, to=f"@{COLLEAGUE}").body

    assert asked["to"] == f"pupr/@{COLLEAGUE}"
    assert items(as_(COLLEAGUE)) == [asked["id"]]
    assert as_(COLLEAGUE).post(f"/v1/questions/{asked['id']}/answer", {"text": "Yes."}).status == 200


@pytest.mark.parametrize("stranger", ["siti", "budi", "irfan"])
def test_whoever_neither_asked_nor_was_asked_finds_nothing(
    as_: As, review: CaseDriver, stranger: str
) -> None:
    asked = ask(as_(TPT), review).body

    for got in (
        as_(stranger).get(f"/v1/questions/{asked['id']}"),
        as_(stranger).post(f"/v1/questions/{asked['id']}/answer", {"text": "Yes."}),
        as_(stranger).get(f"/v1/questions/{asked['id']}/documents/{asked['documents'][0]['id']}"),
    ):
        assert (got.status, got.body["type"]) == (404, "urn:loket:problem:question-unknown")


def test_a_name_counts_only_with_a_role_of_the_office(as_: As, review: CaseDriver) -> None:
    asked = ask(as_(TPT), review, to="@maria").body

    assert items(as_("maria")) == []
    assert as_("maria").get(f"/v1/questions/{asked['id']}").status == 404


def test_who_asks_cannot_answer_in_the_place_of_who_was_asked(as_: As, review: CaseDriver) -> None:
    asked = ask(as_(TPT), review).body

    got = as_(TPT).post(f"/v1/questions/{asked['id']}/answer", {"text": "Yes."})

    assert (got.status, got.body["rule"]) == (403, "role")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"to": "dlh/nobody"}, "/to"),
        ({"to": "nowhere/head"}, "/to"),
        ({"to": "dpmptsp/integrator"}, "/to"),
        ({"to": f"@{TPT}"}, "/to"),
        ({"to": "@siti"}, "/to"),
        ({"to": "@a b"}, "/to"),
        ({"text": "  "}, "/text"),
        ({"working_days": 0}, "/working_days"),
        ({"working_days": 31}, "/working_days"),
        ({"fields": ["/nothing"]}, "/fields/0"),
        ({"documents": ["x.d9"]}, "/documents/0"),
    ],
)
def test_says_what_is_wrong_with_a_question(
    as_: As, review: CaseDriver, changes: dict[str, Any], pointer: str
) -> None:
    got = ask(as_(TPT), review, **changes)

    assert (got.status, got.pointers) == (422, [pointer])


def test_only_who_could_answer_the_task_asks(as_: As, review: CaseDriver) -> None:
    review.claim(TPT, "technical-review")

    assert ask(as_(OTHER_TPT), review).status == 409
    assert ask(as_("sri"), review).status == 403
    assert ask(as_("siti"), review).status == 404


def test_an_applicant_asks_no_office(as_: As, review: CaseDriver) -> None:
    ways.give_back(review)
    (task,) = (one for one in review.case.open_tasks() if one.role == "applicant")

    got = as_("siti").post(f"/v1/tasks/{task.id}/questions", {"to": "dlh/environment", "text": "May I?"})

    assert (got.status, got.body["rule"]) == (403, "role")


def test_a_repeat_asks_once(as_: As, review: CaseDriver) -> None:
    path = f"/v1/tasks/{review.task('technical-review').id}/questions"
    body = {"to": "dlh/environment", "text": "Is the well too close?"}

    first, again = (as_(TPT).post(path, body, idempotency_key="k") for _ in range(2))

    assert first.body["id"] == again.body["id"]
    assert len(review.case.questions) == 1
