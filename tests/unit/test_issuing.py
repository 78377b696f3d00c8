"""What an answer issues: which step it leads to, and that nothing else is signed than was shown."""

from __future__ import annotations

import pytest

from functions.domain import issuing
from functions.domain.errors import LoketError
from functions.domain.issuing import Drawing, LetterChanged
from tests.builders import CATALOGUE, Walk

DRAWING = Drawing(CATALOGUE.agency, CATALOGUE.calendar("dpmptsp"))
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
        ("review", "technical-review", "reject", None),
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
