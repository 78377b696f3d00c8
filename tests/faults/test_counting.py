"""Whoever was told that they filed in time is counted, and nobody else, whatever is late, slow, killed or at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from functions.api import cases as api
from functions.domain import intake, numbers, sealing
from functions.domain.case import Commit, Writer
from functions.domain.errors import NotNow, TooLate
from functions.domain.identity import Person
from functions.domain.service import Service
from functions.runtime.commands import change, open_case
from functions.streams import relay
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.builders import MORNING
from tests.workflows.tendering import Tendering

CROWD = 12
LAST = "kopi-senja"


@pytest.fixture
def tendering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tendering]:
    """A tender whose stream brings no word of a bid before the bids are counted."""
    monkeypatch.setattr(relay, "_tell_above", lambda child: None)
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield Tendering(running)


def counted(tendering: Tendering) -> list[str]:
    """Give the cases that were opened, as the history has them."""
    opened = [event["data"]["opened"] for event in tendering.history() if event["type"] == "seals.opened"]
    assert len(opened) == 1
    assert next(e["data"]["facts"]["bids"] for e in tendering.history() if e["type"] == "facts.noted") == len(
        opened[0]
    )
    return list(opened[0])


def file(case_id: str, at_the_door: Callable[[], object] = lambda: None) -> str:
    """Submit a draft; ``at_the_door`` is what happens between the look at the clock and the write."""

    def decide(writer: Writer, service: Service) -> None:
        intake.submit(writer, service, api.ports.catalogue.calendar, api.above_of(writer.case.parent))
        at_the_door()

    try:
        change(case_id, "somebody", decide)
    except (NotNow, TooLate) as refused:
        return refused.code
    return "accepted"


def drafts(tendering: Tendering, number: int = CROWD) -> list[str]:
    """Let many begin a bid of which everything is there."""
    service: Service = api.ports.catalogue.service("tender-bid")
    above = api.above_of(tendering.id)
    assert above is not None
    found = []
    for n in range(number):
        bidder = Person(f"bidder-{n}", f"Bidder {n}")

        def decide(writer: Writer, bidder: Person = bidder, n: int = n) -> None:
            intake.create(writer, service, bidder, {}, parent=above.id, above=above)
            opens_at = sealing.opens_at(service, above)
            context = sealing.context(writer.case.id, above.id, opens_at)
            answers = f'{{"price": {1000 + n}, "bidder": "Peserta {n}"}}'.encode()
            fields = {"price": 0, "bidder": ""}
            sealing.close(writer, fields, api.ports.sealer.close(answers, context), opens_at)

        case_id = numbers.case_id(f"bid {n}".encode())
        open_case(case_id, bidder.username, service, decide, below=above.id)
        found.append(case_id)
    return found


def hooked(
    monkeypatch: pytest.MonkeyPatch, tendering: Tendering, hook: Callable[[str, Commit], None]
) -> None:
    """Let something happen right before a commit."""
    table = tendering.office.system.ports.table
    commit = table.commit

    def hooked_commit(case_id: str, wanted: Commit) -> None:
        hook(case_id, wanted)
        commit(case_id, wanted)

    monkeypatch.setattr(table, "commit", hooked_commit)


def stored(tendering: Tendering, case_id: str) -> list[str]:
    """Give the types in the history of a case that only its owner may read."""
    record = tendering.office.system.ports.cases.load(case_id)
    return [event.type for commit in record.commits for event in commit.events]


def has(commit: Commit, type_: str) -> bool:
    return any(event.type == type_ for event in commit.events)


def test_counts_what_was_filed_though_the_stream_brings_no_word_of_it(tendering: Tendering) -> None:
    tendering.file().announce().three_bids().close().open()

    assert sorted(counted(tendering)) == sorted(tendering.bids.values())
    assert tendering.types().count("child.filed") == 3


def test_word_that_comes_after_the_count_adds_nothing(tendering: Tendering, monkeypatch: Any) -> None:
    tendering.file().announce().three_bids().close().open()
    before = tendering.types()
    monkeypatch.undo()

    for bid in tendering.bids.values():
        relay._tell(tendering.office.system.ports.cases.load(bid).case)

    assert tendering.types() == before


def test_refuses_who_looked_at_the_clock_in_time_and_comes_after_the_count(tendering: Tendering) -> None:
    tendering.file().announce().three_bids()
    late = drafts(tendering, 1)[0]
    looked, go = threading.Event(), threading.Event()

    def at_the_door() -> None:
        looked.set()
        assert go.wait(30)

    with ThreadPoolExecutor(1) as pool:
        filing = pool.submit(file, late, at_the_door)
        assert looked.wait(30)
        tendering.close().open()
        go.set()
        answer = filing.result(30)

    assert answer == "too-late"
    assert sorted(counted(tendering)) == sorted(tendering.bids.values())
    case = tendering.office.system.ports.cases.load(late).case
    assert (case.status, case.submitted_at, case.opened_at) == ("draft", None, None)


def test_counts_who_is_written_down_while_the_count_looks_at_the_draft(
    tendering: Tendering, monkeypatch: pytest.MonkeyPatch
) -> None:
    tendering.file().announce().three_bids()
    last = drafts(tendering, 1)[0]
    looked, go = threading.Event(), threading.Event()

    def at_the_door() -> None:
        looked.set()
        assert go.wait(30)

    with ThreadPoolExecutor(1) as pool:
        filing: Future[str] = pool.submit(file, last, at_the_door)
        assert looked.wait(30)

        def hook(case_id: str, commit: Commit) -> None:
            if has(commit, "filing.closed"):
                go.set()
                assert filing.result(30) == "accepted"

        hooked(monkeypatch, tendering, hook)
        tendering.close().open()

    assert sorted(counted(tendering)) == sorted([*tendering.bids.values(), last])
    assert "filing.closed" not in stored(tendering, last)


def test_of_a_crowd_at_the_door_those_are_counted_who_were_accepted(
    tendering: Tendering, monkeypatch: pytest.MonkeyPatch
) -> None:
    tendering.file().announce()
    crowd = drafts(tendering)
    looked, go = threading.Semaphore(0), threading.Event()

    def at_the_door() -> None:
        looked.release()
        assert go.wait(30)

    def hook(case_id: str, commit: Commit) -> None:
        if has(commit, "filing.closed"):
            go.set()

    with ThreadPoolExecutor(CROWD) as pool:
        filings = {case_id: pool.submit(file, case_id, at_the_door) for case_id in crowd}
        for _ in crowd:
            assert looked.acquire(timeout=30)
        hooked(monkeypatch, tendering, hook)
        tendering.close().open()
        answers = {case_id: filing.result(30) for case_id, filing in filings.items()}

    accepted = [case_id for case_id, answer in answers.items() if answer == "accepted"]
    assert set(answers.values()) <= {"accepted", "too-late"}
    assert sorted(counted(tendering)) == sorted(accepted)


def test_leaves_shut_what_is_withdrawn_at_the_last_moment(
    tendering: Tendering, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.domain import episodes

    tendering.file().announce().three_bids()
    looked, go = threading.Event(), threading.Event()

    def decide(writer: Writer, service: Service) -> None:
        episodes.withdraw(writer, service, "Batal ikut.")
        looked.set()
        assert go.wait(30)

    def hook(case_id: str, commit: Commit) -> None:
        if case_id == tendering.bids[LAST] and has(commit, "content.opened"):
            go.set()
            withdrawing.result(30)

    with ThreadPoolExecutor(1) as pool:
        withdrawing = pool.submit(change, tendering.bids[LAST], LAST, decide)
        assert looked.wait(30)
        hooked(monkeypatch, tendering, hook)
        tendering.close().open()

    others = [bid for bidder, bid in tendering.bids.items() if bidder != LAST]
    assert sorted(counted(tendering)) == sorted(others)
    assert "content.opened" not in tendering.types(tendering.bids[LAST])


@pytest.mark.parametrize(
    ("step", "when"),
    [("open_seals", "before"), ("open_seals", "after"), ("open_seals", "twice"), ("tally_children", "after")],
)
def test_a_count_that_is_killed_or_runs_twice_counts_the_same(
    tendering: Tendering, step: str, when: Any
) -> None:
    tendering.file().announce().three_bids()
    draft = drafts(tendering, 1)[0]
    tendering.close()
    tendering.office.system.aws.faults.fail("lambda", step, when=when)

    tendering.open()
    through(tendering)

    assert sorted(counted(tendering)) == sorted(tendering.bids.values())
    assert stored(tendering, draft).count("filing.closed") == 1


@pytest.mark.parametrize(
    ("nth", "when"), [*((nth, "after") for nth in range(1, 7)), (1, "before"), (4, "before")]
)
def test_a_write_of_the_count_may_be_lost_or_its_answer_may(
    tendering: Tendering, nth: int, when: Any
) -> None:
    tendering.file().announce().three_bids()
    draft = drafts(tendering, 1)[0]
    tendering.close()
    tendering.complete("yulia-p", "open")
    tendering.office.system.aws.faults.fail("dynamodb", "PutItem", nth=nth + 1, when=when)

    tendering.complete("fajar-p", "open")
    through(tendering)

    assert sorted(counted(tendering)) == sorted(tendering.bids.values())
    assert stored(tendering, draft).count("filing.closed") == 1


def through(tendering: Tendering) -> None:
    """Let what failed be tried again, by the definition's own retries or by a supervisor."""
    from datetime import timedelta

    aws = tendering.office.system.aws
    aws.advance(timedelta(minutes=10))
    aws.settle()
    if tendering.tender["status"] == "needs_attention":
        path = f"/v1/cases/{tendering.id}/redrive"
        assert tendering.as_("gunadi").post(path, {"reason": "Diulangi."}).status == 200
    aws.settle()


def test_a_draft_costs_two_items_and_filing_it_one(tendering: Tendering) -> None:
    tendering.file().announce()
    aws = tendering.office.system.aws
    draft = drafts(tendering, 1)[0]
    aws.faults.clear()

    assert file(draft) == "accepted"

    mine = [call for call in aws.faults.calls if call.thread == threading.get_ident()]
    assert [call.operation for call in mine] == ["Query", "Query", "PutItem"]


def test_a_draft_of_another_round_is_closed_once_for_each_wait() -> None:
    """What is closed by one wait may be filed while the case above waits again, and is closed again after it."""
    from functions.domain import below
    from functions.domain.case import Case, Task

    def waiting(number: int, state: str) -> Task:
        return Task(
            f"t{number}", 1, "bidding", number, "bidding", "date", "a/b", MORNING, MORNING, state=state
        )  # fmt: skip

    def closes(writer: Writer, above: Case) -> bool:
        before = writer.case.version
        below.close(writer, service, above)
        return writer.case.version > before

    with Office(LocalClock(MORNING, frozen=True)):
        service = api.ports.catalogue.service("tender-bid")
    above, writer = Case("a"), Writer(Case("b"), actor="system", now=MORNING)
    above.tasks = {"t1": waiting(1, "open")}
    assert not closes(writer, above)
    above.tasks["t1"].state = "done"
    assert closes(writer, above)
    assert not closes(writer, above)
    above.tasks["t2"] = waiting(2, "open")
    assert not closes(writer, above)
    above.tasks["t2"].state = "expired"
    assert closes(writer, above)
