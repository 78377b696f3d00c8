"""Proofs that whatever is referred to exists, under one name."""

from __future__ import annotations

import pytest

from infra.compiler.prove.names import LONGEST_NAME
from tests.compiler.small import codes, findings

CALLED = "called: {sise: {title: {id: Ukuran, en: Size}}}"


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("exhausted: refused", "exhausted: refusd", "step-unknown", "did you mean `refused`?"),
        ("opens: application", "opens: aplication", "process-unknown", "did you mean `application`?"),
        ("opened_by: appeal", "opened_by: appeal\n    against: [aplication]", "process-unknown", "only an appeal is"),
        ("issue: permit", "issue: permits", "permit-unknown", "did you mean `permit`?"),
        ("letter: refusal", "letter: refusals", "letter-unknown", "did you mean `refusal`?"),
        ("letter: grant", "letter: grants", "letter-unknown", "did you mean `grant`?"),
        ("case.submitted:", "case.sumbitted:", "notice-unknown", "did you mean `case.submitted`?"),
        ("    size: {id: Ukuran", "    sise: {id: Ukuran", "fact-unknown", "did you mean `size`?"),
        ("publication:", f"{CALLED}\npublication:", "fact-unknown", "mean `size`?"),
        ("unique: [area]", "unique: [areas]", "field-unknown", "did you mean `area`?"),
        ("pointer: /area", "pointer: /aera", "field-unknown", "did you mean `/area`?"),
        ("marks: complete", "documents: [plans]\n        marks: complete", "document-unknown", "did you mean `plan`?"),
        ("kind: survey", "kind: plan", "document-doubled", "occurs 2 times"),
        ("task: hear", "task: judge", "name-doubled", "occurs 2 times"),
        ("en: Refuse}", "en: Lapse}", "title-doubled", "occurs 2 times"),
        ("en: Refuse}", f"en: {'r' * 81}}}", "title-long", f"at most {LONGEST_NAME}"),
        ("en: Refuse}", "en: Needs attention}", "title-reserved", "choose another"),
        ("en: Refuse}", "en: 'Ended: refused'}", "title-reserved", "choose another"),
    ],
)  # fmt: skip
def test_a_name_that_is_wrong_is_found(old: str, new: str, code: str, said: str) -> None:
    found = findings((old, new))

    assert [finding.code for finding in found] == [code]
    assert said in found[0].message


def test_a_service_without_an_application_is_found() -> None:
    assert codes(("  application:\n", "  request:\n"), ("opens: application", "opens: request")) == [
        "application-missing"
    ]


def test_an_application_that_is_not_opened_by_submitting_is_found() -> None:
    assert codes(("  application:\n", "  application:\n    opened_by: renew\n")) == ["application-missing"]


def test_two_lines_of_a_fee_with_one_code_are_found() -> None:
    line = "    - {code: levy, title: {id: Lagi, en: Again}, amount: '1'}\nclock:\n"

    assert codes(("clock:\n  term", f"{line}  term")) == ["fee-line-doubled"]


ISSUED = "        issue: permit\n        needs_payment: true\n"
RENEWAL = """  renewal:
    title: {id: Perpanjangan, en: Renewal}
    opened_by: due
    clock: false
    steps:
      - outcome: ended
        title: {id: Berakhir, en: Ended}
        result: lapsed
"""
DUE = ("  appeal:\n", RENEWAL + "  appeal:\n")
BEFORE_END = (ISSUED, ISSUED + "        later: {before_end: 30 d, opens: renewal}\n")
VALID = ("signatory: head\n", "signatory: head\n    valid_for: 1 years\n    continues: true\n")


def test_a_process_may_open_before_a_permit_ends() -> None:
    assert codes(DUE, BEFORE_END, VALID) == []


def test_a_process_before_the_end_of_what_never_ends_is_found() -> None:
    assert codes(DUE, BEFORE_END) == ["end-unknown"]


@pytest.mark.parametrize("moment", ["before_end: 2 wd", "before_end: 30 d, after: 1 years", "law: x"])
def test_what_opens_later_has_one_moment(moment: str) -> None:
    later = (BEFORE_END[0], BEFORE_END[1].replace("before_end: 30 d", moment))

    assert set(codes(DUE, later, VALID)) <= {"does-not-fit", "unknown-key"}
    assert codes(DUE, later, VALID)


def test_what_nobody_is_asked_when_a_process_opens_is_found() -> None:
    application = "  application:\n    title: {id: Permohonan, en: Application}\n"

    assert codes((application, f"{application}    asks: [remark]\n")) == ["asked-by-nobody"]
    assert codes((application, f"{application}    brings: [survey]\n")) == ["asked-by-nobody"]
