"""Registration for the hajj: numbers in line, yearly rounds, the figures of the law, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest

import events
from functions.adapters.catalogue import Catalogue
from functions.domain import fees, history, intake, numbers, queues
from functions.domain import form as forms
from functions.domain.case import Case, Writer
from functions.domain.errors import CommitConflict, Duplicate, Invalid
from functions.domain.service import Constant, Service
from functions.runtime.commands import change
from functions.runtime.wiring import ports
from functions.steps import join_queue
from functions.streams import allocate_places
from infra.cost import item_size, transact_write_units
from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.meter import measure
from infra.local.system import LocalSystem

MORNING = datetime(2026, 2, 2, 2, 0, tzinfo=UTC)
CODE = "hajj-registration"
SERVICE = Catalogue().service(CODE)
DAY = date(2026, 2, 2)


@pytest.fixture
def system() -> Iterator[LocalSystem]:
    with LocalSystem(LocalClock(MORNING, frozen=True)) as running:
        yield running


def pilgrim(system: LocalSystem, **form: Any) -> CaseDriver:
    return CaseDriver(system, service=CODE).like(form)


def status(*cases: CaseDriver) -> list[str]:
    return [one.case.status for one in cases]


def places(system: LocalSystem, period: str = "2027") -> dict[str, tuple[int, int, int, int]]:
    ledger, _ = system.ports.rounds.ledger(CODE, period, "aceh")
    assert ledger is not None
    return {
        name: (quota, *(getattr(ledger.count(name), what) for what in ("called", "paid", "released")))
        for name, quota in ledger.quota().items()
    }


# -- the figures -------------------------------------------------------------------------------------------------


def context(**form: Any) -> dict[str, Any]:
    return forms.context_of(SERVICE, forms.example(SERVICE, DAY) | form, today=DAY)


@pytest.mark.parametrize("regular", [203_302, 203_320])
def test_the_quota_of_aceh_is_its_share_of_the_waiting_list(regular: int) -> None:
    service = SERVICE.model_copy(
        update={"values": SERVICE.values | {"regular_quota": Constant(value=regular)}}
    )

    known = forms.context_of(service, forms.example(service, DAY), today=DAY)

    assert forms.computed(service, known)["province_quota"] == 5426


def test_what_is_left_to_pay_is_the_pilgrims_part_less_the_deposit() -> None:
    assert SERVICE.fee is not None

    found = fees.assess(SERVICE.fee, context())

    assert {line["code"]: line["amount"] for line in found.lines} == {
        "pilgrim-part": 54_193_807, "deposit": -25_000_000
    }  # fmt: skip
    assert found.amount == 29_193_807


def test_the_pilgrims_part_is_about_62_per_cent_of_the_average() -> None:
    values = SERVICE.constants

    assert round(values["pilgrim_part"] / values["bpih_average"], 2) == 0.62


def test_every_province_can_be_chosen() -> None:
    assert len(queues.regions(SERVICE)) == 38


@pytest.mark.parametrize(("born", "old_enough"), [("2014-02-02", True), ("2014-02-03", False)])
def test_a_pilgrim_is_twelve(born: str, old_enough: bool) -> None:
    rules = {fault.pointer for fault in forms.faults(SERVICE, context(birth_date=born)["form"], today=DAY)}

    assert ("/birth_date" not in rules) == old_enough


def test_less_than_the_first_deposit_is_not_enough() -> None:
    found = forms.faults(SERVICE, context(deposit=24_999_999)["form"], today=DAY)

    assert [fault.pointer for fault in found] == ["/deposit"]


def test_a_number_of_another_province_begins_at_one(system: LocalSystem) -> None:
    first, second = pilgrim(system), pilgrim(system, province="bali")

    assert first.case.queue
    assert second.case.queue
    assert [first.case.queue.number, second.case.queue.number] == [1, 1]


def test_a_validation_number_is_used_once(system: LocalSystem) -> None:
    def submit(case: CaseDriver) -> None:
        def decide(writer: Writer, service: Service) -> None:
            intake.submit(writer, service, system.ports.catalogue.calendar)

        change(case.id, case.applicant.username, decide)

    first, second = (
        CaseDriver(system, service=CODE, applicant=who).file().bring() for who in ("siti", "budi")
    )
    submit(first)

    with pytest.raises(Duplicate):
        submit(second)


# -- the number ---------------------------------------------------------------------------------------------------


def about_to_join(system: LocalSystem, number: int) -> str:
    """A case that has been examined and whose next step gives it a number."""
    case_id = numbers.case_id(number.to_bytes(16, "big"))
    form = forms.example(SERVICE, DAY)
    writer = Writer(Case(case_id), actor="siti", now=MORNING)
    digest = history.digest(form)
    writer.add(
        events.CaseCreated(service=CODE, version=1, agency="kemenhaj", applicant="siti", form=digest),
        {"form": form},
    )
    facts = forms.facts(SERVICE, form, today=DAY)
    writer.add(events.CaseSubmitted(number=f"HAJI-{number}", form=digest, facts=facts))
    system.ports.cases.commit(case_id, writer.commit())
    opened = Writer(system.ports.cases.load(case_id).case, actor="system", now=MORNING)
    opened.add(events.EpisodeOpened(episode=1, process="application"))
    system.ports.table.commit(case_id, opened.commit())
    return case_id


def join(case_id: str) -> dict[str, Any]:
    return join_queue.handler(
        {"case": case_id, "episode": 1, "attempt": 1, "round": 1, "step": "porsi", "parameters": {}}, None
    )


@pytest.fixture
def table_alone() -> Iterator[LocalSystem]:
    """A system in which nothing follows from a commit: the steps are called by the test."""

    def idle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return {"batchItemFailures": []}

    asleep = {"relay": idle, "project": idle}
    with LocalSystem(LocalClock(MORNING, frozen=True), handlers=asleep) as running:
        yield running


def test_two_hundred_at_once_get_two_hundred_numbers_in_a_row(table_alone: LocalSystem) -> None:
    system = table_alone
    cases = [about_to_join(system, number) for number in range(1, 201)]

    with ThreadPoolExecutor(50) as threads:
        list(threads.map(join, cases))

    given = {case: system.ports.cases.load(case).case.queue.number for case in cases}
    assert sorted(given.values()) == list(range(1, 201))
    line = list(system.ports.rounds.waiting(CODE, "aceh"))
    assert [one.number for one in line] == list(range(1, 201))
    assert {one.case: one.number for one in line} == given
    assert system.ports.cases.next_number(f"{CODE}#aceh") == 201


def test_a_repeat_takes_no_second_number(table_alone: LocalSystem) -> None:
    system = table_alone
    case = about_to_join(system, 1)

    assert join(case) == join(case)
    assert system.ports.cases.next_number(f"{CODE}#aceh") == 2


def test_a_commit_that_loses_takes_no_number_and_leaves_no_gap(table_alone: LocalSystem) -> None:
    system = table_alone
    case = about_to_join(system, 1)
    slow = Writer(system.ports.cases.load(case).case, actor="system", now=MORNING)
    queues.join(slow, SERVICE, 1, DAY)
    fast = Writer(system.ports.cases.load(case).case, actor="siti", now=MORNING)
    fast.add(events.MessagePosted(message="0" * 64))
    system.ports.cases.commit(case, fast.commit())

    with pytest.raises(CommitConflict):
        system.ports.cases.commit(case, slow.commit())

    join(case)
    assert system.ports.cases.load(case).case.queue.number == 1


def test_a_number_costs_what_is_said_alone_in_vain_and_with_others(table_alone: LocalSystem) -> None:
    """The figures of `join_queue`, from the items that it writes; DynamoDB takes 100 in a transaction of 4 MB."""
    system, said = table_alone, " ".join(str(join_queue.__doc__).split())
    first, second = about_to_join(system, 1), about_to_join(system, 2)
    late = Writer(system.ports.cases.load(second).case, actor="system", now=MORNING)
    queues.join(late, SERVICE, 1, DAY)
    system.aws.faults.calls.clear()

    join(first)
    (taking,) = (call for call in system.aws.faults.calls if call.operation == "TransactWriteItems")
    commit, counter, *line = (part["Put"]["Item"] for part in taking.params["TransactItems"])
    alone = measure(system.aws).write_units
    with pytest.raises(CommitConflict):
        system.ports.cases.commit(second, late.commit())

    assert (alone, measure(system.aws).write_units) == (8, 16)
    assert f"a number takes {alone} write units" in said
    rate = 1000 // transact_write_units([(None, item) for item in line])
    assert (rate, 1000 // transact_write_units([(None, counter)])) == (250, 500)
    assert f"each region gives {rate} numbers a second" in said
    each = [commit, *line]
    cases = (100 - 1) // len(each)
    together = transact_write_units([(None, item) for item in [*each * cases, counter]]) / cases
    assert f"numbers {cases} cases" in said
    assert f"{together:.1f} units a number" in said
    assert item_size(commit) * cases < 4 * 1024**2
    block = {**counter, "cases": {"L": [{"S": case} for case in [first] * 3000]}}
    assert item_size(block) < 400 * 1024
    assert f"{transact_write_units([(None, block), (None, counter)]) / 3000:.1f} units a number" in said


# -- rounds --------------------------------------------------------------------------------------------------------


def test_the_elderly_come_first_then_the_line(system: LocalSystem) -> None:
    young = [pilgrim(system) for _ in range(10)]
    old = [pilgrim(system, birth_date="1958-05-01"), pilgrim(system, birth_date="1940-01-31")]

    young[0].open_round("2027", 10)

    assert status(*old) == ["waitlisted", "awaiting_payment"]
    assert status(*young) == ["awaiting_payment"] * 9 + ["waitlisted"]
    assert places(system) == {"elderly": (1, 1, 0, 0), "general": (9, 9, 0, 0)}


def test_a_place_that_is_not_paid_for_goes_to_the_next_in_line(system: LocalSystem) -> None:
    cases = [pilgrim(system) for _ in range(4)]
    cases[0].open_round("2027", 2)

    cases[0].pay()
    cases[0].advance(days=31)

    assert status(*cases) == ["approved", "waitlisted", "awaiting_payment", "waitlisted"]
    assert places(system)["general"] == (2, 3, 1, 1)
    assert cases[1].case.queue
    assert cases[1].case.queue.number == 2


def test_the_second_stage_calls_who_let_the_place_lapse(system: LocalSystem) -> None:
    cases = [pilgrim(system) for _ in range(2)]
    cases[0].open_round("2027", 2)
    cases[1].pay()

    cases[0].advance(days=31)

    assert status(*cases) == ["awaiting_payment", "approved"]
    called = cases[0].case.queue.called if cases[0].case.queue else None
    assert called is not None
    assert called.stage == 2
    cases[0].advance(days=31)
    assert status(*cases) == ["waitlisted", "approved"]
    assert places(system)["general"] == (2, 3, 1, 2)


def test_a_round_worked_through_again_calls_nobody_twice(system: LocalSystem) -> None:
    cases = [pilgrim(system) for _ in range(4)]
    cases[0].open_round("2027", 3)
    before = [len(one.types) for one in cases]

    for _ in range(3):
        allocate_places.sweep()
        allocate_places.run(told("round.opened", period="2027"))

    assert [len(one.types) for one in cases] == before
    assert places(system)["general"] == (3, 3, 0, 0)


def told(kind: str, **data: Any) -> dict[str, Any]:
    return {"service": CODE, "event": {"type": kind, "data": data}}


class Killed(Exception):
    pass


@pytest.mark.parametrize("survives", range(5))
def test_a_round_that_is_killed_in_the_middle_goes_on_where_it_stopped(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch, survives: int
) -> None:
    """Killed before or after each of its writes; what was held is called, once, in order."""
    cases = [pilgrim(system) for _ in range(4)]
    left = survives

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*arguments, **options)

        return call

    quota = [{"region": "aceh", "places": 3}]
    with monkeypatch.context() as patched:
        patched.setattr(allocate_places, "_told", dying(allocate_places._told))
        patched.setattr(ports.rounds, "write", dying(ports.rounds.write))
        content = queues.opening("2027", quota, "zainal", MORNING, {"aceh": len(cases)})
        with pytest.raises(Killed):
            allocate_places.fill(SERVICE, content, ["aceh"], lambda: True)
    cases[0].open_round("2027", 3)

    assert status(*cases) == ["awaiting_payment"] * 3 + ["waitlisted"]
    assert [one.types.count("place.called") for one in cases] == [1, 1, 1, 0]
    assert places(system)["general"] == (3, 3, 0, 0)


def test_two_runs_at_once_call_each_number_once_and_in_order(system: LocalSystem) -> None:
    cases = [pilgrim(system) for _ in range(7)]
    quota = [{"region": "aceh", "places": 4}]
    opened = queues.opening("2027", quota, "zainal", MORNING, {"aceh": len(cases)})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: allocate_places.fill(SERVICE, opened, ["aceh"], lambda: True), range(4)))
    system.aws.settle()

    assert status(*cases) == ["awaiting_payment"] * 4 + ["waitlisted"] * 3
    assert places(system)["general"] == (4, 4, 0, 0)


def test_a_run_whose_time_is_up_is_taken_up_by_the_next(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allocate_places, "BATCH", 1)
    cases = [pilgrim(system) for _ in range(3)]
    quota = [{"region": "aceh", "places": 3}]
    content = queues.opening("2027", quota, "zainal", MORNING, {"aceh": len(cases)})
    system.ports.rounds.open(CODE, "2027", content)

    allocate_places.fill(SERVICE, content, ["aceh"], lambda: False)
    system.aws.settle()

    assert status(*cases) == ["awaiting_payment"] * 3
    assert system.ports.rounds.read(CODE, "2027")["turn"] >= 1


def test_who_has_waited_a_year_is_examined_before_paying(system: LocalSystem) -> None:
    case = pilgrim(system)
    case.advance(days=366)

    case.open_round("2027", 1)

    assert [task.name for task in case.case.open_tasks()] == ["fitness"]
    case.act("kemenhaj/doctor", "approve")
    assert case.case.status == "awaiting_payment"


def test_who_is_not_fit_keeps_the_number_and_is_not_called_again_in_the_round(system: LocalSystem) -> None:
    cases = [pilgrim(system) for _ in range(2)]
    cases[0].advance(days=366)
    cases[0].open_round("2027", 1)

    cases[0].act("kemenhaj/doctor", "reject", comment="Gagal jantung.")

    assert status(*cases) == ["waitlisted", "in_review"]
    assert places(system)["general"] == (1, 2, 0, 1)


def test_who_comes_after_the_opening_waits_for_the_next_round(system: LocalSystem) -> None:
    cases = [pilgrim(system)]
    cases[0].open_round("2027", 5)

    late = pilgrim(system, birth_date="1945-01-01")

    assert status(*cases, late) == ["awaiting_payment", "waitlisted"]
    late.open_round("2028", 1)
    assert late.case.status == "awaiting_payment"


def test_a_new_year_begins_with_the_smallest_number_that_waits(system: LocalSystem) -> None:
    cases = [pilgrim(system) for _ in range(3)]
    cases[0].open_round("2027", 1)
    cases[0].advance(days=31)

    cases[0].open_round("2028", 1)

    assert cases[0].case.queue
    assert cases[0].case.queue.called
    assert cases[0].case.queue.called.period == "2028"


# -- leaving and passing on ----------------------------------------------------------------------------------------


def test_who_leaves_gets_the_deposit_back_and_the_number_is_never_given_again(system: LocalSystem) -> None:
    first = pilgrim(system)

    first.withdraw("Pindah ke haji khusus.")
    second = pilgrim(system)

    assert first.case.status == "withdrawn"
    (back,) = first.case.refunds
    assert (back.amount, back.due_at.date()) == (25_000_000, date(2026, 2, 11))
    assert second.case.queue
    assert second.case.queue.number == 2
    assert [one.number for one in system.ports.rounds.waiting(CODE, "aceh")] == [2]


def heir(case: CaseDriver, **form: Any) -> CaseDriver:
    case.bring("death-certificate", "family-statement", "heir-identity")
    answers = {
        "name": "Hasan",
        "birth_date": "1949-06-01",
        "transfer_reason": "death",
        "heir_relation": "sibling",
    }
    return case.begin("amend", "Ayah kami wafat.", answers | form)


def test_a_number_passes_to_an_heir_with_its_place_in_line(system: LocalSystem) -> None:
    case = pilgrim(system)

    heir(case).act("kemenhaj/district", "approve").act("kemenhaj/head", "approve")

    found = case.case
    assert found.status == "waitlisted"
    assert found.queue
    assert (found.queue.number, found.queue.category) == (1, "elderly")
    assert found.form
    assert found.form["name"] == "Hasan"
    assert [one.number for one in system.ports.rounds.waiting(CODE, "aceh", "elderly", "1961-02")] == [1]


def test_a_transfer_that_is_refused_leaves_everything_as_it_was(system: LocalSystem) -> None:
    case = pilgrim(system)
    before = case.case.form

    heir(case).act("kemenhaj/district", "reject", comment="Bukan keluarga.")

    found = case.case
    assert (found.status, found.outcome) == ("waitlisted", None)
    assert found.form == before
    assert found.refunds == []
    assert found.queue
    assert (found.queue.number, found.queue.waiting) == (1, True)


def test_a_transfer_needs_its_documents(system: LocalSystem) -> None:
    case = pilgrim(system)

    with pytest.raises(Invalid) as refused:
        case.begin("amend", "Ayah wafat.", {"transfer_reason": "death", "heir_relation": "child"})

    assert {fault.pointer for fault in refused.value.faults} == {
        "/documents/death-certificate", "/documents/family-statement", "/documents/heir-identity"
    }  # fmt: skip


def test_decades_of_waiting_hold_no_execution(system: LocalSystem) -> None:
    case = pilgrim(system)

    assert not [run for run in system.aws.runs() if run.status == "RUNNING"]
    assert case.case.episode is None


def test_the_estimate_divides_those_ahead_by_the_places_of_a_year() -> None:
    known = {"province": "aceh"}
    number = queues.Queue(10_853, "aceh", "general", {}, MORNING)

    before = queues.estimate(number, SERVICE, known)
    after = queues.estimate(number, SERVICE, known, served=5_426, places=5_000)

    assert (before.years, before.ahead, before.a_year) == (3, 10_852, 5_426)
    assert (after.years, after.ahead, after.a_year) == (2, 5_426, 5_000)
    assert "10852 numbers before yours, divided by 5426" in before.words["en"]
