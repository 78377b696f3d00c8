"""Proofs about the steps that look at the cases below or wait for the one above: hold, tally, rank, answer."""

from __future__ import annotations

import pytest

from infra.compiler.finding import Faulty
from infra.compiler.normalise import agencies_of, normalise, service_of
from infra.compiler.prove import prove
from infra.compiler.read import read_text
from tests.compiler.small import AGENCIES, SERVICE, Change, changed, codes

ASSESS = "      - assess: levy\n        title: {id: Hitung, en: Assess}\n"
TALLY = """      - tally: count
        title: {id: Hitung berkas, en: Count the cases}
        facts: {cases: $count(children)}
"""
SCORE = """      - task: score
        kind: score
        title: {id: Nilai berkas, en: Score the cases}
        role: office/clerk
        within: 5 wd
        silence: alarm
        actions: [submit_scores]
"""
RANK = """      - rank: ranking
        title: {id: Urutkan, en: Rank}
        scores: score
        criteria: '["quality"]'
        ties: [{by: child.form.price}]
        facts: {best: "children[0].number"}
"""
HOLD = """      - hold: window
        title: {id: Tunggu keberatan, en: Wait for objections}
        within: 5 d
        ends: working_day
        pending: child.process = "appeal"
        again_when: child.status = "in_review"
        again: count
        rounds: 1
        exhausted: refused
"""
ANSWER = """      - answer: tell
        title: {id: Beri tahu, en: Tell}
        action: reject
        when: child.rank > 1
        facts: {place: child.rank}
        documents: [permit]
"""
STEPS = TALLY + SCORE + RANK + HOLD + ANSWER
PARENT = """      - hold: word
        title: {id: Tunggu putusan, en: Wait for the word}
        within: 100 d
        answered_by: parent
        rejected: refused
        lapsed: lapsed
"""
GATHER = f"""      - hold: gather
        title: {{id: Kumpulkan, en: Gather}}
        within: 5 d
{ASSESS}"""
ABOVE: Change = ("unique: [area]\n", "above: {service: large, at: [gather]}\n")


def found(*changes: Change, steps: str = STEPS) -> list[str]:
    return codes((ASSESS, changed(steps, *changes) + ASSESS))


def waiting(*changes: Change, above: bool = True) -> list[str]:
    """The small service as one that is filed below another and waits for its word."""
    text = changed(SERVICE, (ASSESS, changed(PARENT, *changes) + ASSESS), *((ABOVE,) if above else ()))
    try:
        one = service_of(normalise(read_text(text)))
    except Faulty as faulty:
        return [finding.code for finding in faulty.findings]
    large = service_of(
        normalise(read_text(changed(SERVICE, ("code: small", "code: large"), (ASSESS, GATHER))))
    )
    return [
        finding.code
        for finding in prove(one, agencies_of(read_text(AGENCIES)), {"small": one, "large": large})
    ]


def test_cases_below_are_counted_scored_ranked_waited_for_and_answered() -> None:
    assert found() == []


def test_a_case_may_wait_for_the_word_of_the_one_above() -> None:
    assert waiting() == []


# -- rank


def test_a_ranking_by_what_gives_no_scores_is_found() -> None:
    assert found(("scores: score", "scores: count")) == ["scores-unknown"]
    assert found(("scores: score", "scores: nowhere")) == ["scores-unknown"]


def test_a_ranking_that_may_come_before_its_scores_is_found() -> None:
    past = """      - choose: way
        title: {id: Pilih jalur, en: Choose the way}
        branches: [{when: facts.area > 50, then: ranking}]
        then: score
"""

    assert found(steps=TALLY + past + SCORE + RANK + HOLD + ANSWER) == ["rank-before-scores"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("criteria: '[\"quality\"]'", "criteria: form.area"),
        ("by: child.form.price", "by: form.price"),
        ('best: "children[0].number"', "best: child.number"),
    ],
)
def test_a_ranking_by_what_does_not_stand_there_is_found(old: str, new: str) -> None:
    assert found((old, new)) == ["name-out-of-scope"]


# -- tally


def test_a_count_over_what_does_not_stand_there_is_found() -> None:
    assert found(("$count(children)", "$count(form.area)")) == ["name-out-of-scope"]


def test_a_count_that_takes_the_name_of_a_fact_of_the_form_is_found() -> None:
    assert found(("facts: {cases:", "facts: {area:")) == ["fact-doubled"]


def test_what_was_counted_is_a_fact_and_what_was_not_is_none() -> None:
    counted = (
        "documents: [permit]\n",
        "documents: [permit]\n        reasons: {id: '{{ facts.cases }}', en: '{{ facts.cases }}'}\n",
    )
    misspelt = (counted[0], counted[1].replace("cases", "casses"))

    assert found(counted) == []
    assert found(misspelt) == ["name-unknown", "name-unknown"]


@pytest.mark.parametrize("said", ["facts: {place: child.rank}", "reasons: {id: Ya., en: Yes.}"])
def test_a_message_to_the_cases_below_says_something(said: str) -> None:
    tell = """      - answer: news
        title: {id: Kabar, en: News}
        action: tell
        when: child.rank > 1
"""

    assert found(steps=TALLY + SCORE + RANK + HOLD + tell + f"        {said}\n") == []
    assert found(steps=TALLY + SCORE + RANK + HOLD + tell) == ["tell-nothing"]


# -- hold


@pytest.mark.parametrize(
    "left", ["again_when: child.status", "again: count", "rounds: 1", "exhausted: refused"]
)
def test_a_hold_that_goes_back_by_halves_is_found(left: str) -> None:
    line = next(line for line in HOLD.splitlines(keepends=True) if left in line)

    assert "hold-half-back" in found((line, ""))


def test_a_hold_that_leads_nowhere_is_found() -> None:
    assert found(("exhausted: refused", "exhausted: refusd")) == ["step-unknown"]


def test_a_hold_that_nobody_can_reject_is_found() -> None:
    assert found(("        rounds: 1\n", "        rounds: 1\n        rejected: refused\n")) == [
        "verdict-impossible"
    ]


def test_a_hold_that_looks_at_the_own_form_is_found() -> None:
    assert found(('pending: child.process = "appeal"', "pending: form.area > 1")) == ["name-out-of-scope"]


def test_a_hold_for_the_word_of_nobody_is_found() -> None:
    assert waiting(above=False) == ["hold-without-parent"]


def test_a_hold_without_an_end_is_found() -> None:
    assert waiting(("        lapsed: lapsed\n", "")) == ["hold-unended"]


def test_a_hold_that_waits_for_both_is_found() -> None:
    both = ("        lapsed: lapsed\n", '        lapsed: lapsed\n        pending: child.status = "x"\n')

    assert waiting(both) == ["hold-both-ways"]


# -- answer


def test_an_answer_that_hands_on_what_is_not_issued_is_found() -> None:
    assert found(("documents: [permit]", "documents: [permits]")) == ["document-unknown"]


def test_an_answer_to_whom_nothing_says_is_found() -> None:
    assert found(("when: child.rank > 1", "when: children.rank > 1")) == ["name-out-of-scope"]
    assert found(("{place: child.rank}", "{place: form.area}")) == ["name-out-of-scope"]


def test_an_answer_that_is_none_is_found() -> None:
    assert found(("action: reject", "action: refuse")) == ["does-not-fit"]
