"""What comes from outside: files, scans, executions that end, payments that nobody told of, days that come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import events
from functions.domain import documents, numbers
from functions.domain.case import Document, Writer
from functions.domain.errors import Conflict, DependencyDown, NotNow
from functions.domain.payments import Notification
from functions.domain.scan import ScanResult, Verdict
from functions.domain.views import views_of
from functions.streams import (
    document_arrived,
    document_scanned,
    execution_ended,
    reconcile_payments,
    wake_due,
)
from infra.driver import SMALL_PDF, CaseDriver
from infra.local.system import BUCKET
from tests.builders import SHOP, Walk, case_in
from tests.steps.conftest import Stage


@pytest.fixture
def driver(stage: Stage) -> CaseDriver:
    found = CaseDriver(stage.system).file(SHOP)  # type: ignore[arg-type]
    stage.id = found.id
    return found


def sent(driver: CaseDriver, content: bytes = SMALL_PDF, content_type: str | None = None) -> Document:
    """Announce a site plan and put these bytes where its form leads to; nobody is told yet."""
    return driver.upload("site-plan", content, content_type=content_type)


def arrive(stage: Stage, document: Document, version: str | None = None) -> Document:
    document_arrived.run(documents.object_key(document), version)
    return stage.case.documents[document.id]


def scan(
    stage: Stage, document: Document, verdict: Verdict = Verdict.CLEAN, version: str | None = None
) -> Document:
    key = documents.object_key(document)
    document_scanned.run(ScanResult(BUCKET, key, version, verdict, stage.aws.clock.now()))
    return stage.case.documents[document.id]


# -- files -------------------------------------------------------------------------------------------------------


def test_a_file_that_is_as_announced_is_received_once(stage: Stage, driver: CaseDriver):
    document = sent(driver)

    assert arrive(stage, document).state == "received"
    version = stage.case.version
    arrive(stage, document)
    assert stage.case.version == version


def test_a_file_of_another_type_than_it_says_is_refused(stage: Stage, driver: CaseDriver):
    assert arrive(stage, sent(driver, b"MZ a program", "application/pdf")).reason == "type_by_content"


def test_an_object_that_was_put_past_the_form_is_measured(stage: Stage, driver: CaseDriver):
    document = sent(driver)
    stage.aws.client("s3").put_object(
        Bucket=BUCKET, Key=documents.object_key(document), Body=b"%PDF-", ContentType="application/pdf"
    )

    assert arrive(stage, document).reason == "size"


def test_objects_of_nobody_are_passed_over(stage: Stage, driver: CaseDriver):
    version = stage.case.version

    for key in (
        "malware-protection-resource-validation-object",
        f"cases/{'0' * 26}/d1",
        f"issued/{stage.id}/d1",
    ):
        document_arrived.run(key, None)
    document_arrived.run(f"cases/{stage.id}/d9", None)

    assert stage.case.version == version


def test_a_store_that_does_not_answer_leaves_the_file_to_be_looked_at_again(stage: Stage, driver: CaseDriver):
    document = sent(driver)
    stage.aws.faults.fail("s3", "HeadObject")
    with pytest.raises(DependencyDown):
        arrive(stage, document)

    assert arrive(stage, document).state == "received"


def test_the_key_of_an_event_is_read_as_s3_writes_it(stage: Stage, driver: CaseDriver):
    document = sent(driver)
    key = documents.object_key(document).replace("/", "%2F")

    document_arrived.handler({"detail": {"object": {"key": key}}}, None)

    assert stage.case.documents[document.id].state == "received"


# -- scans -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.CLEAN, "clean"),
        (Verdict.INFECTED, "refused"),
        (Verdict.UNSCANNABLE, "refused"),
        (Verdict.FAILED, "received"),
    ],
)
def test_only_what_was_found_clean_can_be_read(
    stage: Stage, driver: CaseDriver, verdict: Verdict, state: str
):
    document = arrive(stage, sent(driver))

    assert scan(stage, document, verdict).state == state


def test_a_scan_that_comes_before_the_arrival_was_noted_comes_again(stage: Stage, driver: CaseDriver):
    document = sent(driver)

    with pytest.raises(NotNow):
        scan(stage, document)
    arrive(stage, document)
    assert scan(stage, document).state == "clean"


def test_a_scan_of_another_version_says_nothing_of_this_one(stage: Stage, driver: CaseDriver):
    document = sent(driver)
    known = stage.aws.client("s3").head_object(Bucket=BUCKET, Key=documents.object_key(document))["VersionId"]
    arrive(stage, document, known)

    assert scan(stage, document, version="another").state == "received"
    assert scan(stage, document, version=known).state == "clean"


def test_a_scan_of_nothing_known_is_passed_over(stage: Stage):
    now = stage.aws.clock.now()

    for key in ("elsewhere", f"cases/{'0' * 26}/d1"):
        document_scanned.run(ScanResult(BUCKET, key, None, Verdict.CLEAN, now))


# -- executions --------------------------------------------------------------------------------------------------


def test_the_case_of_an_execution_that_ended_badly_is_parked(stage: Stage):
    stage.put(Walk().review())

    execution_ended.run(f"{stage.id}-1-1", "TIMED_OUT")
    execution_ended.run(f"{stage.id}-1-1", "TIMED_OUT")

    assert stage.case.parked is not None
    assert (stage.case.parked["state"], stage.case.parked["error"]) == ("execution", "TIMED_OUT")
    assert stage.types.count("case.parked") == 1


@pytest.mark.parametrize("name", ["{id}-1-0", "{id}-1-2", "{id}-2-1", "{id}", "another", "{id}-x-1", "-1-1"])
def test_any_other_execution_parks_nothing(stage: Stage, name: str):
    stage.put(Walk().review())

    execution_ended.run(name.format(id=stage.id), "FAILED")

    assert stage.case.status == "in_review"


def test_an_execution_of_no_case_or_of_one_that_has_ended_is_passed_over(stage: Stage):
    stage.put(case_in("approved"))

    execution_ended.run(f"{stage.id}-1-1", "ABORTED")
    execution_ended.run(f"{numbers.case_id(b'no such case at all')}-1-1", "FAILED")

    assert stage.case.status == "approved"


# -- payments ----------------------------------------------------------------------------------------------------


class Provider:
    """Knows of payments, or fails where ``broken``."""

    def __init__(self) -> None:
        self.known: dict[str, list[Notification]] = {}
        self.asked: list[str] = []
        self.broken: set[str] = set()

    def look_up(self, payment: str) -> list[Notification]:
        self.asked.append(payment)
        if payment in self.broken:
            raise DependencyDown("the provider does not answer")
        return self.known.get(payment, [])


def billed(stage: Stage, number: int) -> Walk:
    walk = Walk(case_id=numbers.case_id(number.to_bytes(16, "big"))).payment()
    for commit in walk.commits:
        stage.ports.cases.commit(walk.case.id, commit)
    stage.ports.views.replace(walk.case.id, views_of(walk.case, walk.service))
    return walk


def paid(walk: Walk) -> Notification:
    return Notification("n1", walk.bill.id, "paid", walk.bill.amount, "IDR", walk.now, "reconciliation")


@pytest.fixture
def provider(stage: Stage) -> Provider:
    found = Provider()
    stage.ports.__dict__["payments"] = found
    return found


def reconcile(stage: Stage, minutes: int = 11) -> int:
    return reconcile_payments.run(stage.aws.clock.now() + timedelta(minutes=minutes))


def test_a_bill_that_was_paid_without_a_word_is_settled(stage: Stage, provider: Provider):
    walk = billed(stage, 1)
    provider.known[walk.bill.id] = [paid(walk)]

    assert (reconcile(stage), reconcile(stage)) == (1, 0)

    case = stage.ports.cases.load(walk.case.id).case
    assert (case.payments[walk.bill.id].state, case.status) == ("paid", "in_review")


def test_a_young_bill_is_given_time(stage: Stage, provider: Provider):
    billed(stage, 1)

    assert reconcile(stage, minutes=9) == 0
    assert provider.asked == []


def test_one_bill_that_cannot_be_looked_up_does_not_hide_the_others(
    stage: Stage, provider: Provider, monkeypatch: pytest.MonkeyPatch
):
    broken, busy, good = (billed(stage, number) for number in (1, 2, 3))
    provider.broken.add(broken.bill.id)
    provider.known |= {walk.bill.id: [paid(walk)] for walk in (busy, good)}
    load = stage.ports.table.load

    def load_unless_busy(case_id: str) -> Any:
        if case_id == busy.case.id:
            raise Conflict("the case is changing too fast")
        return load(case_id)

    monkeypatch.setattr(stage.ports.table, "load", load_unless_busy)

    assert reconcile(stage) == 1
    assert sorted(provider.asked) == sorted(walk.bill.id for walk in (broken, busy, good))


def test_an_answer_about_another_case_is_not_taken(stage: Stage, provider: Provider):
    one, other = billed(stage, 1), billed(stage, 2)
    provider.known[one.bill.id] = [paid(other)]

    assert reconcile(stage) == 0


def test_more_bills_than_a_page_are_all_looked_up(stage: Stage, provider: Provider):
    bills = sorted(billed(stage, number).bill.id for number in range(105))

    reconcile(stage)

    assert sorted(provider.asked) == bills


# -- days that come ----------------------------------------------------------------------------------------------


def test_a_permit_whose_term_has_passed_expires(stage: Stage):
    walk = case_in("approved")
    until = walk.now + timedelta(days=30)
    number = "PBG-2026-TEST1-TEST1"

    def issue(writer: Writer) -> None:
        issued = events.PermitIssued(
            number=number, kind="permit", document=f"{walk.case.id}.d9", sha256="a" * 64, size=1,
            valid_until=until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )  # fmt: skip
        writer.add(issued)

    walk.do("system", issue)
    stage.put(walk)
    stage.ports.views.replace(stage.id, views_of(walk.case, walk.service))

    assert wake_due.run(until - timedelta(seconds=1)) == 0
    stage.aws.advance_to(until + timedelta(seconds=1))
    assert wake_due.run(stage.aws.clock.now()) == 1

    assert stage.case.permits[number].state == "expired"
