"""Proofs that everybody who waits has a number, is called in order, and can be told where they stand."""

from __future__ import annotations

from infra.compiler.define import define
from infra.compiler.finding import Faulty
from infra.compiler.normalise import agencies_of, normalise, service_of
from infra.compiler.prove import prove
from infra.compiler.read import read_text
from tests.compiler.small import AGENCIES, SERVICE, Change, changed

SIGNED = "      - outcome: granted\n        title: {id: Beri, en: Grant}\n"
NUMBER = "      - enqueue: number\n        title: {id: Beri nomor, en: Give the number}\n"
WAIT = """      - outcome: waiting
        title: {id: Tunggu, en: Wait in line}
        result: waitlisted
"""
CALLED = """  turn:
    title: {id: Giliran, en: The turn}
    opened_by: round
    clock: false
    steps:
      - task: invite
        title: {id: Undang, en: Invite}
        role: office/desk
        within: 5 wd
        silence: alarm
        actions: [approve, reject]
        rejected: put-off
      - outcome: come
        title: {id: Datang, en: Come}
        result: approved
      - outcome: put-off
        title: {id: Tunda, en: Put off}
        result: waitlisted
"""
COME = "      - outcome: come\n"
LINE = """line:
  region: size
  law: Perda 1
  reserves:
    - category: wide
      title: {id: Luas, en: Wide}
      percent: 10
      order: '$formatNumber(facts.area, "000")'
      until: '"050"'
      law: Perda 1
"""
GRANT = SIGNED + "        result: approved\n        issue: permit\n        needs_payment: true\n"
WAITING: Change = (GRANT, NUMBER + WAIT)
TURN: Change = ("  appeal:\n", CALLED + "  appeal:\n")
DESCRIBED: Change = ("unique: [area]\n", LINE)


def found(*changes: Change, without: Change | None = None) -> list[str]:
    """The small service as one in which people wait, with these changes."""
    waiting = changed(SERVICE, *(one for one in (WAITING, TURN, DESCRIBED) if one != without))
    try:
        service = service_of(normalise(read_text(changed(waiting, *changes))))
    except Faulty as faulty:
        return [finding.code for finding in faulty.findings]
    return [finding.code for finding in prove(service, agencies_of(read_text(AGENCIES)))]


def test_a_service_in_which_people_wait_is_proven() -> None:
    assert found() == []


def test_a_line_that_is_not_described_is_found() -> None:
    assert set(found(without=DESCRIBED)) == {"line-missing"}


def test_waiting_without_a_number_is_found() -> None:
    assert found((NUMBER, "")) == ["waiting-unnumbered"]


def test_a_second_number_is_found() -> None:
    assert found((COME, NUMBER.replace("number", "again").replace("Give the", "Give another") + COME)) == [
        "number-twice"
    ]


def test_a_line_from_which_nobody_is_called_is_found() -> None:
    assert found(without=TURN) == ["round-process"]


def test_a_region_that_is_no_fact_is_found() -> None:
    assert found(("region: size", "region: sise")) == ["fact-unknown"]


def test_a_region_that_shows_no_choice_is_found() -> None:
    assert found(("region: size", "region: area")) == ["region-unchosen"]


def test_reserves_of_more_than_everything_are_found() -> None:
    second = LINE.partition("reserves:\n")[2].replace("wide", "narrow").replace("percent: 10", "percent: 91")

    assert found((LINE, LINE + second)) == ["reserves-too-many"]


def test_a_reserve_of_everybody_is_found() -> None:
    assert found(("category: wide", "category: general")) == ["category-taken"]


def test_an_order_that_cannot_be_compared_is_found() -> None:
    assert found(("until: '\"050\"'", "until: '\"50\"'")) == ["order-unlike"]


def test_an_order_about_what_does_not_exist_is_found() -> None:
    assert found(("$formatNumber(facts.area,", "$formatNumber(facts.aria,")) == ["name-unknown"]


def test_a_number_is_given_by_a_function_of_its_own() -> None:
    service = service_of(normalise(read_text(changed(SERVICE, WAITING, TURN, DESCRIBED))))

    state = define(service)["application"]["States"]["Give the number"]

    assert state["Arguments"]["FunctionName"] == "${JoinQueue}"
    assert state["Next"] == "Wait in line"


def test_lots_may_decide() -> None:
    assert found(("law: Perda 1\n  reserves", "law: Perda 1\n  by: lot\n  reserves")) == []


def test_where_lots_decide_an_estimate_of_the_wait_is_found() -> None:
    by_lot = ("law: Perda 1\n  reserves", "law: Perda 1\n  by: lot\n  places_a_year: facts.area\n  reserves")

    assert found(by_lot) == ["estimate-by-lot"]


def grouped(group: str) -> Change:
    """A second stage with one group."""
    name = "{category: late, title: {id: Terlambat, en: Late}, law: Perda 1, "
    return LINE, f"{LINE}  second_stage:\n    after: 30 d\n    groups:\n      - {name}{group}}}\n"


def test_a_group_of_two_kinds_and_one_that_compares_no_answer_are_found() -> None:
    assert found(grouped("beside: {number: facts.area, same: [area]}")) == []
    assert found(grouped("again: failed, order: facts.size")) == ["group-unclear"]
    assert found(grouped("beside: {number: facts.area, same: [aria]}")) == ["field-unknown"]
    assert found(grouped("again: failed"), ("category: late", "category: wide")) == ["category-taken"] * 2
