"""The letter that a decision issues: seen and written before it is signed, and signed as it was seen."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from functions.domain import documents, issuing
from functions.domain.errors import LoketError
from infra.driver import CaseDriver, people
from infra.local.office import Office
from tests.adapters.test_pdf import text_of
from tests.api.asking import Asker
from tests.portal import ways

As = Callable[..., Asker]
HEAD = people().holders("dpmptsp/head")[0].username
WORDS = {
    "further_provisions": {
        "id": "Pagar depan paling tinggi satu meter.",
        "en": "The front fence is one metre at most.",
    }
}
APPROVE = {"action": "approve"}


@pytest.fixture
def signing(case: CaseDriver) -> CaseDriver:
    ways.bill(ways.review(case)).pay()
    return case


def path(case: CaseDriver, act: str) -> str:
    return f"/v1/tasks/{case.task('sign-permit').id}/{act}"


def answer(shown: str, words: Any = None) -> dict[str, Any]:
    return {**APPROVE, "data": {"letter": {"shown": shown, **({"words": words} if words else {})}}}


def see(asker: Asker, case: CaseDriver, words: Any = None) -> dict[str, Any]:
    got = asker.post(path(case, "letter"), {**APPROVE, "data": {"letter": {"words": words or {}}}})
    assert got.status == 200, got.text
    return dict(got.body)


def test_shows_the_letter_as_it_will_be_and_changes_nothing(as_: As, signing: CaseDriver) -> None:
    before = signing.case.version

    seen = see(as_(HEAD), signing)

    (letter,) = seen["letters"]
    assert letter["title"]["en"] == "Building permit"
    assert letter["signatory"]["name"] == people().holders("dpmptsp/head")[0].name
    facts = next(block for block in letter["blocks"] if block["kind"] == "facts")
    assert facts["rows"][0]["value"] == (signing.case.form or {})["owner_name"]
    assert (seen["words"][0]["name"], seen["words"][0]["en"]) == ("further_provisions", "")
    assert signing.case.version == before


def test_gives_the_letter_on_paper_as_a_draft_that_is_not_kept(
    as_: As, signing: CaseDriver, office: Office
) -> None:
    before = len(signing.case.documents)

    got = as_(HEAD).post(f"{path(signing, 'letter')}?files=true", APPROVE)

    (file,) = got.body["files"]
    text = " ".join(" ".join(text_of(base64.b64decode(file))).split())
    assert "Konsep – belum ditandatangani" in text
    assert (signing.case.form or {})["owner_name"] in text
    assert b"/ByteRange" not in base64.b64decode(file)
    assert len(signing.case.documents) == before


def test_the_task_says_which_answers_issue_a_letter(as_: As, signing: CaseDriver) -> None:
    actions = as_(HEAD).get(path(signing, "")[:-1]).body["actions"]

    assert [(one["name"], one.get("letter")) for one in actions] == [("approve", True), ("reject", True)]
    assert set(actions[0]["form"]["properties"]) == {"letter"}


def test_signs_exactly_what_was_shown_and_written(as_: As, signing: CaseDriver, office: Office) -> None:
    head = as_(HEAD)
    seen = see(head, signing, WORDS)
    assert seen["words"][0]["en"] == WORDS["further_provisions"]["en"]

    got = head.post(path(signing, "complete"), answer(seen["shown"], WORDS))

    assert got.status == 200
    assert signing.case.status == "approved"
    task = signing.task("sign-permit")
    assert (task.letter, task.words) == (seen["shown"], WORDS)
    (document,) = (one for one in signing.case.documents.values() if one.issued)
    text = words_of(office, document)
    assert WORDS["further_provisions"]["id"] in text
    assert WORDS["further_provisions"]["en"] in text


def test_what_is_written_stands_in_the_history_only_as_a_digest(as_: As, signing: CaseDriver) -> None:
    head = as_(HEAD)
    head.post(path(signing, "complete"), answer(see(head, signing, WORDS)["shown"], WORDS))

    (told,) = (one for one in signing.history if one["data"].get("letter"))
    assert len(told["data"]["words"]) == 64
    assert "fence" not in str(signing.history)


def test_a_letter_that_changed_since_is_not_signed(as_: As, signing: CaseDriver) -> None:
    head = as_(HEAD)
    seen = see(head, signing)

    got = head.post(path(signing, "complete"), answer(seen["shown"], WORDS))

    assert (got.status, got.body["type"]) == (409, "urn:loket:problem:letter-changed")
    assert signing.task("sign-permit").is_open


def test_the_day_and_the_number_are_no_change(as_: As, signing: CaseDriver) -> None:
    head = as_(HEAD)
    shown = see(head, signing)["shown"]
    signing.advance(hours=20)

    assert head.post(path(signing, "complete"), answer(shown)).status == 200


def test_a_refusal_shows_its_reasons(as_: As, signing: CaseDriver) -> None:
    head = as_(HEAD)

    refusal = {"action": "reject", "comment": "The fee is not enough."}
    without = head.post(path(signing, "letter"), {"action": "reject"})
    (letter,) = head.post(path(signing, "letter"), refusal).body["letters"]

    assert without.pointers == ["/comment"]
    assert "The fee is not enough." in str(letter["blocks"])


def test_of_many_only_what_was_shown_is_signed(as_: As, signing: CaseDriver) -> None:
    head, task = as_(HEAD), signing.task("sign-permit").id
    shown = see(head, signing)["shown"]
    unseen, seen = (
        {**APPROVE, "tasks": [task], "shown": {}},
        {**APPROVE, "tasks": [task], "shown": {task: shown}},
    )

    (item,) = head.post("/v1/tasks/bulk", unseen).body["items"]
    assert (item["status"], item["problem"]["type"]) == (409, "urn:loket:problem:letter-changed")
    assert head.post("/v1/tasks/bulk", seen).body["items"][0]["status"] == 200
    assert signing.task("sign-permit").letter == shown


@pytest.mark.parametrize(
    ("letter", "pointer"),
    [
        ("x", "/data/letter"),
        ({"shown": 5}, "/data/letter/shown"),
        ({"words": []}, "/data/letter/words"),
        ({"words": {"nonsense": {}}}, "/data/letter/words/nonsense"),
        ({"words": {"further_provisions": "x"}}, "/data/letter/words/further_provisions"),
        ({"words": {"further_provisions": {"id": "Hanya satu."}}}, "/data/letter/words/further_provisions/en"),
        ({"words": {"further_provisions": {"id": 5, "en": "x"}}}, "/data/letter/words/further_provisions/id"),
        ({"words": {"further_provisions": {"id": "x", "en": "x" * 2001}}}, "/data/letter/words/further_provisions/en"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_with_what_was_written(
    as_: As, signing: CaseDriver, letter: Any, pointer: str
) -> None:
    got = as_(HEAD).post(path(signing, "complete"), {**APPROVE, "data": {"letter": letter}})

    assert (got.status, got.pointers) == (422, [pointer])


def test_whoever_may_not_sign_sees_no_letter(as_: As, signing: CaseDriver) -> None:
    assert as_("siti").post(path(signing, "letter"), APPROVE).status == 404
    assert as_("sri").post(path(signing, "letter"), APPROVE).status == 403


def test_an_answer_that_leads_to_a_person_issues_nothing(as_: As, case: CaseDriver) -> None:
    got = as_("yuni").post(f"/v1/tasks/{case.task('completeness').id}/letter", APPROVE)

    assert (got.status, got.body["type"]) == (409, "urn:loket:problem:no-letter")


def test_nothing_else_is_signed_even_if_it_is_drawn_anew(
    as_: As, signing: CaseDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = as_(HEAD)
    shown = see(head, signing)["shown"]
    monkeypatch.setattr(issuing, "demand_as_signed", refuse)

    head.post(path(signing, "complete"), answer(shown))

    assert signing.case.status == "needs_attention"
    assert not signing.case.permits
    monkeypatch.undo()
    signing.redrive()
    assert signing.case.status == "approved"


def refuse(*told: Any) -> None:
    raise LoketError("the letter is not what was shown to whoever signed it")


def words_of(office: Office, document: Any) -> str:
    """Read the words of a signed document back from the store."""
    stored = office.system.aws.client("s3").get_object(
        Bucket=office.system.ports.settings.bucket, Key=documents.object_key(document)
    )
    return " ".join(" ".join(text_of(stored["Body"].read())).split())
