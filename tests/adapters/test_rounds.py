"""Lines and rounds in the table: written with the case or not at all, read in strict order, decided one by one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import events
from functions.adapters.dynamodb import CaseTable
from functions.adapters.rounds import RoundTable
from functions.domain import numbers
from functions.domain.case import Case, Commit, LineChange, Writer
from functions.domain.errors import CommitConflict
from functions.domain.quota import Call, Candidate, opened
from infra.local.aws import LocalAws, LocalClock
from infra.local.system import TABLE, template
from tests.builders import MORNING

LINE = "stalls#north"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws({}, LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture
def client(aws: LocalAws) -> Iterator[object]:
    described = template()["Resources"]["Cases"]["Properties"]
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    made = aws.client("dynamodb")
    made.create_table(TableName=TABLE, **{name: described[name] for name in wanted})
    yield made
    made.delete_table(TableName=TABLE)


@pytest.fixture
def cases(client: object) -> CaseTable:
    return CaseTable(client, TABLE)


@pytest.fixture
def rounds(client: object) -> RoundTable:
    return RoundTable(client, TABLE)


def case_id(number: int) -> str:
    return numbers.case_id(number.to_bytes(16, "big"))


def taking(number: int, case: str, **order: str) -> Commit:
    """The commit with which a case takes a number."""
    writer = Writer(Case(case, service="stalls"), actor="system", now=MORNING)
    writer.add(events.QueueJoined(number=number, region="north", category="general", order=order))
    return writer.commit()


def leaving(cases: CaseTable, case: str) -> Commit:
    found = cases.load(case).case
    found.service = "stalls"
    writer = Writer(found, actor="system", now=MORNING)
    writer.add(events.QueueLeft(number=1, region="north", reason="withdrawn"))
    return writer.commit()


def test_a_commit_takes_its_number_or_is_not_written(cases: CaseTable) -> None:
    cases.commit(case_id(1), taking(1, case_id(1)))

    with pytest.raises(CommitConflict):
        cases.commit(case_id(2), taking(1, case_id(2)))
    with pytest.raises(CommitConflict):
        cases.commit(case_id(2), taking(3, case_id(2)))

    assert cases.next_number(LINE) == 2


def test_a_commit_whose_answer_was_lost_takes_one_number(cases: CaseTable) -> None:
    commit = taking(1, case_id(1))

    cases.commit(case_id(1), commit)
    cases.commit(case_id(1), commit)

    assert cases.next_number(LINE) == 2


def test_of_many_at_once_one_takes_a_number_every_time(cases: CaseTable) -> None:
    def attempt(number: int) -> bool:
        try:
            cases.commit(case_id(number), taking(1, case_id(number)))
        except CommitConflict:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        won = list(threads.map(attempt, range(12)))

    assert won.count(True) == 1


def test_who_waits_is_read_by_number_and_by_the_order_of_a_reserve(
    cases: CaseTable, rounds: RoundTable
) -> None:
    for number, key in ((1, "1985-04"), (2, "1950-01"), (3, "1941-09")):
        cases.commit(case_id(number), taking(number, case_id(number), elderly=key))

    line = [one.number for one in rounds.waiting("stalls", "north")]
    elderly = [one.number for one in rounds.waiting("stalls", "north", "elderly", "1961-02")]

    assert (line, elderly) == ([1, 2, 3], [3, 2])
    assert next(rounds.waiting("stalls", "north")) == Candidate(1, case_id(1))


def test_who_has_left_is_read_no_more(cases: CaseTable, rounds: RoundTable) -> None:
    cases.commit(case_id(1), taking(1, case_id(1), elderly="1950-01"))

    cases.commit(case_id(1), leaving(cases, case_id(1)))

    assert list(rounds.waiting("stalls", "north")) == []
    assert list(rounds.waiting("stalls", "north", "elderly")) == []
    assert cases.next_number(LINE) == 2


def test_a_line_is_read_over_all_its_pages(cases: CaseTable, rounds: RoundTable) -> None:
    for number in range(1, 231):
        cases.commit(case_id(number), taking(number, case_id(number)))

    assert [one.number for one in rounds.waiting("stalls", "north")] == list(range(1, 231))


def test_a_change_of_the_line_names_what_comes_and_goes() -> None:
    change = taking(7, case_id(7), elderly="1950-01").line

    assert change == LineChange(LINE, 7, enters=("elderly#1950-01#0000000007", "line#0000000007"), takes=True)


def test_a_round_is_opened_once_and_the_newest_is_found(rounds: RoundTable) -> None:
    assert rounds.newest("stalls") is None
    assert rounds.open("stalls", "2027", {"period": "2027", "quota": []})
    assert not rounds.open("stalls", "2027", {"period": "2027", "quota": [1]})
    assert rounds.open("stalls", "2028", {"period": "2028", "quota": []})

    rounds.touch("stalls", "2028")

    assert rounds.read("stalls", "2027") == {"period": "2027", "quota": []}
    assert rounds.newest("stalls") == {"period": "2028", "quota": [], "turn": 1}


def test_of_two_who_change_the_places_of_a_region_the_second_is_told(rounds: RoundTable) -> None:
    ledger = opened(10, {"elderly": 10})
    call = Call(3, case_id(3), "elderly")

    rounds.write("stalls", "2027", "north", ledger, 0, [(call, "called")])

    with pytest.raises(CommitConflict):
        rounds.write("stalls", "2027", "north", ledger, 0)
    assert rounds.ledger("stalls", "2027", "north") == (ledger, 1)
    assert rounds.call("stalls", "2027", "north", 3, 1) == (call, "called")
    rounds.write("stalls", "2027", "north", ledger, 1, [(call, "paid")])
    assert rounds.call("stalls", "2027", "north", 3, 1) == (call, "paid")
    assert rounds.call("stalls", "2027", "north", 4, 1) is None
