"""Proofs that there is somebody for every task, two where two are needed, and a meaning of silence."""

from __future__ import annotations

import pytest

from tests.compiler.small import codes, findings

JUDGE = "within: 10 wd\n            silence: alarm"
HEAR = "within: 5 wd\n            silence: no_objection"


@pytest.mark.parametrize(
    "old",
    ["role: office/boss", "supervisors: [office/boss]", "filed_for_by: [office/desk]", "role: other/expert"],
)
def test_a_role_that_no_agency_has_is_found(old: str) -> None:
    role = old.split("/")[1].strip("]")
    found = findings((old, old.replace(role, f"{role}x")))

    assert [finding.code for finding in found] == ["role-unknown"]
    assert f"did you mean `{'other' if role == 'expert' else 'office'}/{role}`?" in found[0].message


def test_an_agency_that_does_not_exist_is_found() -> None:
    assert codes(("agency: office", "agency: ofice")) == ["agency-unknown"]


def test_a_signatory_that_does_not_exist_is_found() -> None:
    assert codes(("signatory: head", "signatory: boss")) == ["signatory-unknown"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (JUDGE, JUDGE.replace("alarm", "no_objection")),
        (JUDGE, JUDGE.replace("alarm", "lapse")),
        (HEAR, HEAR.replace("no_objection", "approve")),
        (HEAR, HEAR.replace("no_objection", "lapse")),
        ("  silence: alarm\n  law", "  silence: lapse\n  law"),
    ],
)
def test_a_silence_that_cannot_be_meant_is_found(old: str, new: str) -> None:
    assert codes((old, new)) == ["silence-unfit"]


def test_a_silence_that_says_what_nobody_could_say_is_found() -> None:
    found = findings((HEAR, f"{HEAR}\n            actions: [approve, object]"))

    assert [finding.code for finding in found] == ["silence-unfit"]
    assert "does not offer it" in found[0].message


def test_a_task_without_a_meaning_of_silence_is_found() -> None:
    found = findings((HEAR, "within: 5 wd"))

    assert [finding.code for finding in found] == ["silence-undefined"]
    assert found[0].line is not None


def test_the_same_office_of_one_holder_cannot_see_twice() -> None:
    found = findings(("role: office/clerk", "role: office/head"))

    assert [finding.code for finding in found] == ["four-eyes-impossible"]
    assert "`office/head` is held by one official" in found[0].message


def test_the_same_role_of_several_holders_can_see_twice() -> None:
    assert codes(("role: office/head", "role: office/clerk")) == []


def test_an_earlier_task_that_does_not_exist_is_found() -> None:
    assert codes(("different_from: [judge]", "different_from: [juge]")) == ["four-eyes-unknown"]


def test_an_earlier_task_that_comes_later_is_found() -> None:
    assert codes(("marks: complete", "different_from: [sign]\n        marks: complete")) == [
        "four-eyes-later"
    ]


def test_an_earlier_task_that_silence_may_approve_is_found() -> None:
    # The appeal names it too, but looks at it again: there nobody is kept away who had not seen it.
    assert codes((JUDGE, JUDGE.replace("alarm", "approve"))) == ["four-eyes-silent"]


def test_an_appeal_may_name_tasks_of_the_application() -> None:
    assert codes(("different_from: [judge, sign]", "different_from: [check]")) == []


@pytest.mark.parametrize(
    ("join", "found"), [("3", ["join-impossible"]), ("0", ["join-impossible"]), ("2", []), ("any", [])]
)
def test_more_answers_than_are_asked_for_are_found(join: str, found: list[str]) -> None:
    assert codes(("        of:\n", f"        join: {join}\n        of:\n")) == found


def test_a_join_that_counts_on_somebody_who_may_not_be_asked_is_found() -> None:
    found = codes(
        ("        of:\n", "        join: 2\n        of:\n"),
        (HEAR, f"{HEAR}\n            when: facts.area > 50"),
    )

    assert found == ["join-impossible"]


def test_a_refusal_by_objection_where_nobody_can_object_is_found() -> None:
    found = codes(
        ("        of:\n", "        objections: reject\n        of:\n"),
        (HEAR, f"{HEAR}\n            actions: [no_objection]"),
    )

    assert found == ["objection-impossible"]


INITIAL = """      - task: initial
        title: {id: Paraf, en: Put initials}
        role: office/desk
        within: 1 wd
        silence: alarm
        initials: true
        actions: [approve]
"""
SIGN = "      - task: sign\n"


def test_initials_on_what_nobody_signs_after_them_are_found() -> None:
    assert codes((SIGN, INITIAL + SIGN)) == []
    assert codes(("        marks: complete\n", "        marks: complete\n        initials: true\n")) == [
        "initials-unsigned"
    ]
    assert codes((SIGN, SIGN + "        initials: true\n")) == ["initials-unsigned"]
