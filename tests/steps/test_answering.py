"""The steps that answer at once: their result is recorded with their effects, and a repeat gets the same."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from functions.domain import numbers
from functions.domain.documents import object_key
from functions.domain.errors import CommitConflict, DependencyDown, LoketError
from functions.steps import park_case
from infra.local.system import BUCKET
from tests.builders import SHOP, Walk, case_in
from tests.steps.conftest import Stage


def stored(stage: Stage) -> list[str]:
    """The keys of every version in the store."""
    answer = stage.aws.client("s3").list_object_versions(Bucket=BUCKET)
    return [version["Key"] for version in answer.get("Versions", [])]


# -- the fee -----------------------------------------------------------------------------------------------------


def test_the_fee_is_bound_to_the_case_with_everything_to_compute_it_again(stage: Stage):
    stage.put(Walk(SHOP).review().reviewed())

    answer = stage.call("fee")

    assessed = stage.record.commits[-1].events[0]
    assert answer == {"facts": stage.case.facts}
    assert assessed.data["amount"] == 6_452_586
    assert assessed.data["inputs"] == stage.case.facts
    assert (assessed.data["version"], assessed.data["law"][:10]) == (1, "PP 16/2021")


@pytest.mark.parametrize("step", ["fee", "granted"])
def test_a_repeat_gets_the_recorded_result_and_has_no_effect(stage: Stage, step: str):
    stage.put(
        Walk(SHOP).review().reviewed() if step == "fee" else Walk().signing().act("sign-permit", "approve")
    )
    first = stage.call(step)
    version, keys = stage.case.version, stored(stage)

    assert stage.call(step) == first
    assert stage.call(step, attempt=1) == first

    assert (stage.case.version, stored(stage)) == (version, keys)


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_that_was_lost_is_given_the_next_time(stage: Stage, when: Any):
    stage.put(Walk(SHOP).review().reviewed())
    stage.aws.faults.fail("dynamodb", "PutItem", when=when)
    with pytest.raises(DependencyDown):
        stage.call("fee")

    assert stage.call("fee") == {"facts": stage.case.facts}
    assert stage.types.count("fee.assessed") == 1


# -- the outcome -------------------------------------------------------------------------------------------------


def signed(stage: Stage) -> Walk:
    return stage.put(Walk().signing().act("sign-permit", "approve"))


def test_a_permit_is_drawn_signed_stored_and_recorded(stage: Stage):
    signed(stage)

    stage.call("granted")

    assert stage.types[-4:] == ["permit.issued", "outcome.decided", "clock.stopped", "episode.closed"]
    (permit,) = stage.case.permits.values()
    document = stage.case.documents[permit.document]
    found = stage.aws.client("s3").get_object(
        Bucket=BUCKET, Key=object_key(document), VersionId=document.object_version
    )
    assert hashlib.sha256(found["Body"].read()).hexdigest() == permit.sha256
    assert stage.ports.views.claimed(f"permit/{permit.number}") == stage.id


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("kms", "GetPublicKey"),
        ("kms", "Sign"),
        ("s3", "PutObject"),
        ("dynamodb", "PutItem"),
        ("dynamodb", "Query"),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_step_that_died_on_the_way_to_the_permit_issues_one_permit(
    stage: Stage, service: str, operation: str, when: Any
):
    signed(stage)
    stage.aws.faults.fail(service, operation, when=when)
    with pytest.raises(DependencyDown):
        stage.call("granted")

    stage.call("granted")

    assert stage.types.count("permit.issued") == stage.types.count("outcome.decided") == 1
    assert len(stage.case.permits) == 1
    (permit,) = stage.case.permits.values()
    assert stage.ports.views.claimed(f"permit/{permit.number}") == stage.id


def test_a_permit_is_not_issued_before_it_is_paid(stage: Stage):
    stage.put(Walk().payment())

    with pytest.raises(LoketError, match="not paid"):
        stage.call("granted")

    assert stored(stage) == []


def test_a_number_that_another_case_holds_gives_way_to_the_next(stage: Stage):
    signed(stage)
    taken = numbers.number("PBG", 2026, f"{stage.id}/0")
    stage.ports.cases.claim(f"permit/{taken}", "another case")

    stage.call("granted")

    assert list(stage.case.permits) == [numbers.number("PBG", 2026, f"{stage.id}/0", salt=1)]


def test_a_refusal_issues_its_letter(stage: Stage):
    stage.put(Walk().statement().act("statement", "reject", comment="Thin columns."))

    stage.call("refused")

    assert stage.types[-4:] == ["letter.issued", "outcome.decided", "clock.stopped", "episode.closed"]
    assert stage.case.outcome is not None
    assert stage.case.outcome.reasons == "Thin columns."


def test_an_appeal_upheld_opens_the_application_in_the_same_commit(stage: Stage):
    walk = Walk().rejected().appeal().open("decide-appeal").act("decide-appeal", "approve", comment="Yes.")
    stage.put(walk)

    stage.call("upheld", process="appeal", episode=2)

    assert [event.type for event in stage.record.commits[-1].events] == [
        "outcome.decided", "episode.closed", "episode.opened",
    ]  # fmt: skip


# -- parking -----------------------------------------------------------------------------------------------------


def park(stage: Stage, **changes: Any) -> None:
    fault = {"state": "Assess the fee", "error": "KeyError"}
    park_case.handler({"case": stage.id, "episode": 1, "attempt": 1, "fault": fault} | changes, None)


def test_a_case_is_parked_once_with_an_alarm(stage: Stage):
    stage.put(Walk().review())

    park(stage)
    park(stage)

    assert stage.case.status == "needs_attention"
    assert stage.types[-2:] == ["case.parked", "alarm.raised"]


@pytest.mark.parametrize("changes", [{"attempt": 0}, {"attempt": 2}, {"episode": 2}])
def test_the_case_of_another_driver_is_not_parked(stage: Stage, changes: dict[str, int]):
    stage.put(Walk().review())

    park(stage, **changes)

    assert stage.case.status == "in_review"


def test_a_case_that_has_ended_is_not_parked(stage: Stage):
    stage.put(case_in("approved"))

    park(stage)

    assert stage.case.status == "approved"


def test_a_case_that_changes_too_fast_is_left_to_the_definitions_own_retry(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    stage.put(Walk().review())

    def conflict(*_: Any) -> None:
        raise CommitConflict("another was first")

    monkeypatch.setattr(stage.ports.table, "commit", conflict)

    with pytest.raises(CommitConflict):
        park(stage)
    with pytest.raises(CommitConflict):
        stage.call("fee")
