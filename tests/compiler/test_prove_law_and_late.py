"""Proofs about silence that decides a whole case, processes that open later, late bills and refunds."""

from __future__ import annotations

import pytest

from tests.compiler.small import codes

CLOCK = "  silence: alarm\n  law: Perda 1\n"
APPROVES = "  silence: approve\n  by_law: %s\n  law: Perda 1\n"
FOUR_EYES = "        different_from: [judge]\n"
PAID = "        needs_payment: true\n"
PAY = "        within: 14 d\n        lapsed: lapsed\n      - task: sign"
ASSESS = "      - assess: levy\n        title: {id: Hitung, en: Assess}\n"
REFUNDS = ("clock:\n  term", "refunds: {within: 30 d, law: UU 1}\nclock:\n  term")
LAPSED = "        result: lapsed\n"
APPEAL = "  appeal:\n"
CLOSING = """  closing:
    title: {id: Penutupan, en: Closing}
    opened_by: due
    clock: false
    steps:
      - outcome: closed
        title: {id: Tutup, en: Close}
        result: rejected
"""


def by_law(target: str) -> list[str]:
    return codes((CLOCK, APPROVES % target), (FOUR_EYES, ""), (PAID, ""))


def test_silence_may_decide_the_whole_case() -> None:
    assert by_law("granted") == []


def test_silence_that_decides_must_lead_somewhere() -> None:
    assert codes((CLOCK, APPROVES.replace("  by_law: %s\n", "")), (FOUR_EYES, "")) == ["by-law-missing"]


def test_a_way_by_law_without_a_silence_that_decides_is_found() -> None:
    assert codes((CLOCK, CLOCK + "  by_law: refused\n")) == ["by-law-idle"]


@pytest.mark.parametrize("target", ["refused", "sign"])
def test_silence_that_approves_leads_to_nothing_but_approval(target: str) -> None:
    assert "by-law-elsewhere" in by_law(target)


def test_silence_may_not_take_the_place_of_a_second_person() -> None:
    assert codes((CLOCK, APPROVES % "granted"), (PAID, "")) == ["four-eyes-silent"]


def test_silence_may_not_take_the_place_of_the_payment() -> None:
    assert codes((CLOCK, APPROVES % "granted"), (FOUR_EYES, "")) == ["outcome-before-payment"]


def test_what_opens_later_must_be_a_process_that_opens_when_due() -> None:
    later = LAPSED + "        later: {after: 180 d, opens: %s}\n"

    assert codes((LAPSED, later % "closing"), (APPEAL, CLOSING + APPEAL)) == []
    assert codes((LAPSED, later % "appeal")) == ["process-unknown"]
    assert codes((APPEAL, CLOSING + APPEAL)) == ["process-unopened"]


def test_a_clock_of_what_opens_by_itself_needs_an_office_that_it_binds() -> None:
    later = LAPSED + "        later: {after: 180 d, opens: closing}\n"
    judged = """      - task: confirm
        title: {id: Pastikan, en: Confirm}
        role: office/desk
        within: 2 wd
        silence: alarm
        actions: [approve]
"""
    ticking = CLOSING.replace("    clock: false\n", "")
    asking = ticking.replace("    steps:\n", "    steps:\n" + judged)
    filed = ("starts: complete", "starts: submitted")

    assert codes(filed, (LAPSED, later), (APPEAL, ticking + APPEAL)) == ["clock-idle"]
    assert codes(filed, (LAPSED, later), (APPEAL, asking + APPEAL)) == []


def test_only_fields_that_exist_can_be_changed() -> None:
    assert codes(("    opened_by: appeal\n", "    opened_by: amend\n    changes: [sice]\n")) == [
        "field-unknown"
    ]


@pytest.mark.parametrize(
    ("overdue", "found"),
    [
        ("        overdue: levy\n        times: 3\n", {"overdue-beside-correction"}),
        ("        overdue: levy\n", {"overdue-unbounded", "overdue-beside-correction"}),
        ("        overdue: check\n        times: 3\n", {"overdue-elsewhere", "overdue-beside-correction"}),
    ],
)
def test_a_late_bill_leads_back_to_its_assessment_a_number_of_times(overdue: str, found: set[str]) -> None:
    late = PAY.replace("        lapsed", overdue + "        lapsed")

    assert set(codes((PAY, late))) == found


def test_money_goes_back_only_after_a_decision() -> None:
    refund = "      - refund: back\n        title: {id: Kembalikan, en: Give back}\n"
    first = "      - task: check\n        title: {id: Periksa, en: Check}\n"

    assert codes(REFUNDS, (ASSESS, refund + ASSESS)) == []
    assert codes(REFUNDS, (first, refund + first)) == ["refund-undecided"]
    assert codes((ASSESS, refund + ASSESS)) == ["refunds-missing"]


def parts(said: str) -> tuple[str, str]:
    return PAY, PAY.replace("        lapsed", f"        parts: {said}\n        lapsed")


def test_a_bill_may_be_paid_in_parts() -> None:
    assert codes(parts("{least: 1000, unfinished: keep}")) == []
    assert codes(REFUNDS, parts("{unfinished: refund}")) == []


def test_parts_or_a_deposit_that_go_back_need_a_term() -> None:
    assert codes(parts("{unfinished: refund}")) == ["refunds-missing"]
    assert codes(("clock:\n  term", "deposit: {amount: form.area}\nclock:\n  term")) == ["refunds-missing"]


def test_parts_of_a_late_bill_count_on_the_next() -> None:
    late = "{unfinished: keep}\n        overdue: levy\n        times: 3"

    assert "parts-lost" in codes(parts(late))
    assert "parts-lost" not in codes(parts(late + "\n        credit: case"))


def test_who_pays_a_part_is_told_so() -> None:
    said = '    subject: {id: "Diterima", en: "Received"}\n    body: {id: "Diterima.", en: "Received."}\n'
    whole = ("notices:\n", f"notices:\n  payment.received:\n{said}")
    part = ("notices:\n  p", f"notices:\n  payment.received_in_part:\n{said}  p")

    assert codes(parts("{unfinished: keep}"), whole) == ["parts-unspoken"]
    assert codes(parts("{unfinished: keep}"), whole, part) == []


def test_a_second_bill_asks_only_for_what_is_not_paid_yet() -> None:
    second = "      - pay: more\n        title: {id: Lagi, en: More}\n        within: 14 d\n        lapsed: lapsed\n"
    to = PAY.replace("      - task: sign", second + "%s      - task: sign")

    assert codes((PAY, to % "")) == ["billed-twice"]
    assert codes((PAY, to % "        credit: case\n")) == []
