"""What an answer issues: which step it leads to, and that nothing else is signed than was shown."""

from __future__ import annotations

import pytest

from functions.domain import issuing
from functions.domain.errors import Invalid, LoketError
from functions.domain.issuing import Drawing, LetterChanged
from functions.domain.waits import Verdict
from tests.builders import CATALOGUE, SHOP, Walk, holder, with_step

DRAWING = Drawing(CATALOGUE.agency, CATALOGUE.calendar("dpmptsp"))
ADVICE = {"advice": {"id": "Pakai kolom yang lebih tebal.", "en": "Use thicker columns."}}
WORDS = {"further_provisions": {"id": "Pagar rendah.", "en": "A low fence."}}


def signed(words: object = None) -> Walk:
    """Let the permit be signed after its letter was shown."""
    shown = Walk().signing().act("sign-permit", "approve", data={"letter": {"words": words or {}}})
    mark = issuing.fingerprint(shown.case, shown.service, DRAWING, shown.task("sign-permit"))
    letter = {"shown": mark, "words": words or {}}
    return Walk().signing().act("sign-permit", "approve", data={"letter": letter})


@pytest.mark.parametrize(
    ("stage", "task", "action", "step"),
    [
        ("signing", "sign-permit", "approve", "granted"),
        ("signing", "sign-permit", "reject", "refused"),
        ("statement", "statement", "approve", None),
        ("statement", "statement", "return", None),
        ("completeness", "completeness", "approve", None),
        ("review", "technical-review", "approve", None),
        ("review", "technical-review", "return", None),
        ("review", "technical-review", "reject", "refused"),
        ("review", "spatial-plan", "object", None),
    ],
)
def test_an_answer_leads_to_what_is_issued_with_nobody_in_between(
    stage: str, task: str, action: str, step: str | None
) -> None:
    walk: Walk = getattr(Walk(), stage)()

    found = issuing.led_to(walk.case, walk.service, walk.task(task), action)

    assert (found.name if found else None) == step


def test_what_was_shown_is_issued() -> None:
    walk = signed(WORDS)
    (letter,) = issuing.shown(walk.case, walk.service, DRAWING, walk.task("sign-permit"))

    issuing.demand_as_shown(walk.case, walk.service, DRAWING, walk.task("sign-permit"))
    issuing.demand_as_signed(walk.case, walk.service, DRAWING, 1, "granted")
    assert "A low fence." in str(letter.blocks)


def test_nothing_is_issued_once_the_case_says_something_else() -> None:
    walk = signed()
    walk.case.form = {**(walk.case.form or {}), "owner_name": "Somebody Else"}

    with pytest.raises(LetterChanged):
        issuing.demand_as_shown(walk.case, walk.service, DRAWING, walk.task("sign-permit"))
    with pytest.raises(LoketError, match="not what was shown"):
        issuing.demand_as_signed(walk.case, walk.service, DRAWING, 1, "granted")


def test_a_fingerprint_binds_only_the_step_that_it_was_shown_for() -> None:
    walk = signed()
    walk.case.form = {}

    issuing.demand_as_signed(walk.case, walk.service, DRAWING, 1, "refused")


def test_who_has_seen_no_letter_signs_the_standard_one() -> None:
    walk = Walk().signing().act("sign-permit", "approve")
    walk.case.form = {**(walk.case.form or {}), "owner_name": "Somebody Else"}

    issuing.demand_as_signed(walk.case, walk.service, DRAWING, 1, "granted")


REFUSAL = {"comment": "The columns are too thin."}


def refusing(**data: object) -> Walk:
    """Let the reviewer refuse while the other offices are still asked."""
    walk = Walk(SHOP).review()
    return walk.act("technical-review", "reject", data={"letter": data}, **REFUSAL)


def marked(walk: Walk, task: str) -> str:
    return issuing.fingerprint(walk.case, walk.service, DRAWING, walk.task(task))


def test_who_answers_last_sees_what_all_have_said_and_that_is_issued() -> None:
    mark = marked(refusing(), "technical-review")
    walk = refusing(shown=mark).act("spatial-plan", "no_objection")
    seen = marked(walk.act("fire-safety", "object", comment="There is no second stair."), "fire-safety")

    walk = refusing(shown=mark).act("spatial-plan", "no_objection")
    walk.act("fire-safety", "object", comment="There is no second stair.", data={"letter": {"shown": seen}})

    issuing.demand_as_shown(walk.case, walk.service, DRAWING, walk.task("fire-safety"))
    issuing.demand_as_signed(walk.case, walk.service, DRAWING, 1, "refused")
    (letter,) = issuing.shown(walk.case, walk.service, DRAWING, walk.task("fire-safety"))
    assert letter.signatory
    assert letter.signatory.name == holder("pupr/tpt").name
    assert all(text in str(letter.blocks) for text in (REFUSAL["comment"], "There is no second stair."))


def test_what_the_refuser_saw_is_issued_where_the_others_agree_by_silence() -> None:
    walk = refusing(shown=marked(refusing(), "technical-review"))
    walk.act("fire-safety", "no_objection")
    walk.at(walk.task("spatial-plan").due_at).later(seconds=1).ring("spatial-plan")

    assert walk.verdict("technical-review") == Verdict("reject", "Rejected")
    issuing.demand_as_signed(walk.case, walk.service, DRAWING, 1, "refused")


def test_who_refuses_writes_the_letter_and_who_advises_does_not() -> None:
    walk = refusing(words=ADVICE)
    walk.act("spatial-plan", "no_objection")
    adviser = walk.task("fire-safety")

    assert issuing.writable(walk.case, walk.service, adviser, "no_objection") == ()
    walk.act("fire-safety", "no_objection")
    (letter,) = issuing.shown(walk.case, walk.service, DRAWING, walk.task("fire-safety"))
    assert "Use thicker columns." in str(letter.blocks)


def test_the_last_return_refuses_and_shows_the_refusal() -> None:
    service = with_step("correct-plans", rounds=1)
    walk = Walk(service=service).correction()
    assert issuing.led_to(walk.case, service, walk.task("technical-review"), "return") is None

    walk.patch(floors=2).act("correct-plans", "resubmit").open("review")
    found = issuing.led_to(walk.case, service, walk.task("technical-review"), "return")

    assert found
    assert found.name == "refused"


def test_a_fingerprint_is_refused_where_no_letter_is_issued() -> None:
    walk = Walk().review()

    with pytest.raises(Invalid):
        walk.act("technical-review", "approve", data={"letter": {"shown": "0" * 64}})
