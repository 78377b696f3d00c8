"""Two people, two functions or two orders at once: one wins, the other is told, and nothing is lost between them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.domain import episodes, history, intake, numbers, tasks
from functions.domain.case import Request, Writer
from functions.domain.errors import Conflict, KeyReused, LoketError, Stale, TaskTaken
from functions.domain.identity import Person
from functions.domain.service import Service
from functions.runtime.commands import change, open_case
from infra.driver import holder
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem
from tests.builders import MORNING, SHOP, Walk
from tests.faults.conftest import Persistent, effects, onward
from tests.steps.conftest import Quiet

RACES, THREADS = 40, 12


@pytest.fixture
def quiet() -> Iterator[Quiet]:
    with Quiet(LocalClock(MORNING, frozen=True)) as running:
        yield running


def put(quiet: Quiet, number: int) -> str:
    """Store a case whose completeness is to be checked."""
    walk = Walk(case_id=numbers.case_id(number.to_bytes(16, "big"))).completeness()
    for commit in walk.commits:
        quiet.ports.cases.commit(walk.case.id, commit)
    return walk.case.id


def answer(quiet: Quiet, case_id: str, person: Person, action: str = "approve", **options: Any) -> str:
    """Answer the task of a case; gives ``done``, or who was first."""

    def decide(writer: Writer, service: Service) -> None:
        task = tasks.find(writer.case, f"{case_id}.t1")
        tasks.complete(
            writer,
            service,
            quiet.ports.catalogue.calendar,
            person,
            task,
            action=action,
            comment=None,
            data={},
        )

    try:
        change(case_id, person.username, decide, **options)
    except TaskTaken as taken:
        return f"{taken.facts['by']} at {taken.facts['at']}"
    return "done"


def test_of_twelve_officers_who_answer_one_task_one_wins_and_the_others_learn_who(quiet: Quiet):
    officers = [
        Person(f"officer-{n}", f"Officer {n}", frozenset({"pupr/secretariat"})) for n in range(THREADS)
    ]

    with ThreadPoolExecutor(THREADS) as pool:
        for race in range(RACES):
            case_id = put(quiet, race)

            answers = list(
                pool.map(lambda officer, case_id=case_id: answer(quiet, case_id, officer), officers)
            )

            record = quiet.ports.cases.load(case_id)
            winner = record.case.tasks[f"{case_id}.t1"].done_by
            assert answers.count("done") == 1
            assert officers[answers.index("done")].username == winner
            assert set(answers) == {"done", f"{winner} at 2026-02-02T02:00:00Z"}
            types = [event.type for commit in record.commits for event in commit.events]
            assert types.count("task.completed") == types.count("clock.started") == 1


def test_twelve_who_claim_one_task_leave_one_holder(quiet: Quiet):
    officers = [
        Person(f"officer-{n}", f"Officer {n}", frozenset({"pupr/secretariat"})) for n in range(THREADS)
    ]
    case_id = put(quiet, 1)

    def claim(person: Person) -> bool:
        def decide(writer: Writer, service: Service) -> None:
            tasks.claim(writer, service, person, tasks.find(writer.case, f"{case_id}.t1"))

        try:
            change(case_id, person.username, decide)
        except TaskTaken:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(claim, officers)) == 1


def test_one_request_sent_twelve_times_has_one_effect(quiet: Quiet):
    case_id, officer = put(quiet, 1), holder("pupr/secretariat")
    request = Request("yuni key", "d" * 64)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda _: answer(quiet, case_id, officer, request=request), range(THREADS)))

    assert answers == ["done"] * THREADS
    assert quiet.ports.cases.load(case_id).case.version == Walk().completeness().case.version + 2


def test_the_same_key_with_another_body_is_refused(quiet: Quiet):
    case_id, officer = put(quiet, 1), holder("pupr/secretariat")
    answer(quiet, case_id, officer, request=Request("yuni key", "d" * 64))

    with pytest.raises(KeyReused):
        answer(quiet, case_id, officer, request=Request("yuni key", "e" * 64))


def test_who_saw_an_older_version_is_told(quiet: Quiet):
    case_id, officer = put(quiet, 1), holder("pupr/secretariat")
    seen = quiet.ports.cases.load(case_id).case.version

    with pytest.raises(Stale):
        answer(quiet, case_id, officer, version=seen - 1)
    assert answer(quiet, case_id, officer, version=seen) == "done"


def test_many_writers_of_one_case_all_come_through_or_are_told_to_try_again(quiet: Quiet):
    case_id = put(quiet, 1)

    def say(number: int) -> bool:
        try:
            change(case_id, "siti", lambda writer, service: episodes.message(writer, f"Pesan {number}"))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        said = sum(pool.map(say, range(60)))

    record = quiet.ports.cases.load(case_id)
    assert len(record.case.messages) == said >= 40
    assert history.verify([event.as_dict() for commit in record.commits for event in commit.events]) == []


# -- orders ------------------------------------------------------------------------------------------------------


def test_an_answer_that_comes_before_the_token_is_not_lost(
    case: Persistent, plain: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    put_tokens, early = case.ports.table.put_tokens, holder("pupr/secretariat")
    raced: list[str] = []

    def put_after_the_answer(case_id: str, *arguments: Any) -> None:
        if not raced:
            raced.append(answer(case, case_id, early))  # type: ignore[arg-type]
        put_tokens(case_id, *arguments)

    monkeypatch.setattr(case.ports.table, "put_tokens", put_after_the_answer)
    case.file(SHOP).bring().submit()

    assert raced == ["done"]
    assert [task.name for task in case.case.open_tasks()] == [
        "technical-review",
        "fire-safety",
        "spatial-plan",
    ]
    assert effects(onward(case)) == plain


def test_a_withdrawal_while_a_step_opens_its_tasks_leaves_nothing_open(
    case: Persistent, monkeypatch: pytest.MonkeyPatch
):
    load, raced = case.ports.table.load, []

    def load_and_be_overtaken(case_id: str) -> Any:
        record = load(case_id)
        if record.case.status == "submitted" and not raced:
            raced.append(True)
            change(case_id, "siti", lambda writer, service: episodes.withdraw(writer, service, "Batal."))
        return record

    case.file(SHOP).bring()
    monkeypatch.setattr(case.ports.table, "load", load_and_be_overtaken)
    case.submit()

    assert case.case.status == "withdrawn"
    assert case.case.open_tasks() == []
    assert [run.status for run in case.aws.runs()] in ([], ["SUCCEEDED"])


def test_a_withdrawal_after_the_last_answer_and_before_the_relay_looks_ends_the_execution(case: Persistent):
    case.file(SHOP).bring().submit()
    case.aws.faults.fail("lambda", "relay", times=22, error=RuntimeError("away"))
    case.act("pupr/secretariat", "approve").withdraw()

    case.advance(minutes=3)

    assert case.case.status == "withdrawn"
    assert [(run.status, run.states[-1]) for run in case.aws.runs()] == [("SUCCEEDED", "Closed elsewhere")]


def test_records_of_the_stream_that_come_again_much_later_change_nothing(
    system: LocalSystem, case: Persistent, plain: dict[str, Any]
):
    onward(case.file(SHOP).bring().submit())
    batches = [
        (call.operation, call.params)
        for call in system.aws.faults.calls
        if call.service == "lambda" and call.operation in ("relay", "project")
    ]

    for function, event in reversed(batches):
        assert system.aws.functions.invoke(function, event) == {"batchItemFailures": []}
    system.aws.settle()

    assert effects(case) == plain
    assert len(system.aws.runs()) == 1


def test_a_batch_names_the_first_record_of_the_case_that_failed(system: LocalSystem, case: Persistent):
    case.file(SHOP).bring().submit()
    (batch,) = [
        call.params
        for call in system.aws.faults.calls
        if call.service == "lambda" and call.operation == "relay" and "episode.opened" in str(call.params)
    ]
    system.aws.faults.fail("stepfunctions", "StartExecution")

    answer = system.aws.functions.invoke("relay", batch)

    assert answer == {
        "batchItemFailures": [{"itemIdentifier": batch["Records"][0]["dynamodb"]["SequenceNumber"]}]
    }


def test_two_who_open_one_case_under_one_key_meet(quiet: Quiet):
    case_id, service = (
        numbers.case_id(b"one key of one person"),
        quiet.ports.catalogue.service("building-permit"),
    )
    applicant = Person("siti", "Siti")

    def open_one(form: int) -> str:
        def decide(writer: Writer) -> None:
            intake.create(writer, service, applicant, {"floors": form})

        request = Request("siti key", str(form) * 64)
        try:
            done = open_case(case_id, "siti", service, decide, request=request)
        except LoketError as error:
            return error.code
        return "repeated" if done.repeated else "opened"

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(open_one, [1] * 6 + [2] * 6))

    assert "opened" in answers
    assert set(answers) <= {"opened", "repeated", "key-reused"}
    assert answers.count("key-reused") == 6
    assert quiet.ports.cases.load(case_id).case.version == 1
