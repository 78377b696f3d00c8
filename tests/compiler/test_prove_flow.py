"""Proofs that every way through a process leads to an end, and every verdict somewhere."""

from __future__ import annotations

from tests.compiler.small import codes, findings

ROUTE = """      - choose: route
        title: {id: Pilih, en: Choose}
        branches: [{when: facts.area > 100, then: advice}]
        then: granted
      - outcome: granted
"""


def test_the_small_service_is_proven() -> None:
    assert codes() == []


def test_a_step_to_which_nothing_leads_is_found() -> None:
    found = findings(
        ("        rejected: dismissed\n", ""),
        ("[approve, reject]\n        different_from: [judge, sign]", "[approve]"),
    )

    assert [finding.code for finding in found] == ["step-unreachable"]
    assert "nothing leads to `dismissed`" in found[0].message


def test_a_path_that_runs_out_is_found() -> None:
    last = "      - outcome: lapsed\n        title: {id: Gugurkan, en: Lapse}\n        result: lapsed\n"
    found = findings((last, "      - assess: lapsed\n        title: {id: Gugurkan, en: Lapse}\n"))

    assert [finding.code for finding in found] == ["path-unended"]
    assert "after `lapsed` the process runs out" in found[0].message


def test_steps_that_go_round_for_ever_are_found() -> None:
    found = codes(
        (
            "      - assess: levy\n        title: {id: Hitung, en: Assess}\n",
            "      - assess: levy\n        title: {id: Hitung, en: Assess}\n        then: advice\n",
        ),
    )

    assert "loop-unbounded" in found
    assert "step-unreachable" in found


def test_a_loop_by_a_route_is_found() -> None:
    found = findings(("      - outcome: granted\n", ROUTE))

    assert [finding.code for finding in found] == ["loop-unbounded"]
    assert "advice → levy → bill → sign → route → advice" in found[0].message


def test_a_correction_that_leads_on_is_found() -> None:
    assert codes(("then: check", "then: refused")) == ["correction-leads-on"]


def test_a_return_that_leads_nowhere_is_found() -> None:
    found = findings(
        (
            "        actions: [approve, return]\n        returned: mend\n",
            "        actions: [approve, return]\n",
        )
    )

    assert [finding.code for finding in found] == ["verdict-unhandled"]
    assert "`returned: …`" in found[0].message


def test_a_refusal_by_silence_that_leads_nowhere_is_found() -> None:
    found = codes(
        ("        within: 1 wd\n        silence: alarm\n", "        within: 1 wd\n        silence: refuse\n")
    )

    assert found == ["verdict-unhandled"]


def test_an_objection_that_refuses_and_leads_nowhere_is_found() -> None:
    found = codes(
        (
            "        returned: mend\n        rejected: refused\n      - assess",
            "        objections: reject\n        returned: mend\n      - assess",
        ),
        ("actions: [approve, return, reject]", "actions: [approve, return]"),
    )

    assert found == ["verdict-unhandled"]


def test_a_way_that_no_verdict_takes_is_found() -> None:
    assert codes(("actions: [approve, return]\n", "actions: [approve]\n")) == ["verdict-impossible"]


def test_a_return_to_somebody_else_than_the_applicant_is_found() -> None:
    found = codes(
        (
            "        actions: [approve, return]\n        returned: mend\n",
            "        actions: [approve, return]\n        returned: refused\n",
        )
    )

    assert found == ["return-not-corrected"]


def test_a_task_may_only_be_sent_back_before_its_moment() -> None:
    alone = (
        "actions: [approve, return]\n        returned: mend\n      - consult",
        "actions: [return]\n        returned: mend\n      - consult",
    )
    silent = (
        "        silence: alarm\n        marks: complete",
        "        silence: approve\n        marks: complete",
    )
    ends = ("        within: 1 wd\n", "        within: 1 wd\n        until: facts.size\n")

    assert codes(alone, silent, ends) == []
    assert codes(alone, silent) == ["way-on-missing", "silence-unfit"]


def test_a_task_that_nobody_can_agree_to_is_found() -> None:
    found = codes(
        ("        different_from: [judge]\n", ""),
        (
            "        actions: [approve, reject]\n        rejected: refused\n      - outcome",
            "        actions: [reject]\n        rejected: refused\n      - outcome",
        ),
    )

    assert found == ["way-on-missing"]


def test_a_permit_without_approval_is_found() -> None:
    assert codes(
        ("result: rejected\n        letter: refusal", "result: rejected\n        issue: permit")
    ) == ["permit-without-approval"]


def test_a_clock_that_never_starts_is_found() -> None:
    assert codes(("        marks: complete\n", "")) == ["clock-never-starts"]


def test_every_loop_of_the_small_service_is_counted() -> None:
    assert codes(("rounds: 3", "rounds: 20")) == ["execution-too-long"]


SIGNED = "        actions: [approve, reject]\n        rejected: refused\n      - outcome"
COUNTED = SIGNED.replace("refused", "advice\n        rounds: 2\n        exhausted: refused")
ALONE = ("        different_from: [judge]\n", "")


def test_a_refusal_may_lead_back_a_number_of_times() -> None:
    assert codes(ALONE, (SIGNED, COUNTED)) == []


def test_a_refusal_that_leads_back_half_is_found() -> None:
    without = COUNTED.replace("        exhausted: refused\n", "")
    uncounted = without.replace("        rounds: 2\n", "")

    assert codes(ALONE, (SIGNED, without)) == ["refusal-half-back"]
    assert codes(ALONE, (SIGNED, uncounted)) == ["loop-unbounded"]
