"""The published language: each event has its schema, an example and its effect, and reaches whom it concerns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from moto.events.models import EventPattern

import events
from events import __main__ as generator
from functions.adapters import guardduty
from functions.domain import case as cases
from functions.domain import documents, history, notices, numbers, register, statistics
from functions.domain.scan import Verdict
from functions.domain.service import NOTICES
from functions.streams import (
    allocate_places,
    document_arrived,
    document_scanned,
    execution_ended,
    reconcile_payments,
    records,
    retry_webhooks,
    wake_due,
)
from functions.streams import notices as notices_stream
from functions.streams import register as register_stream
from functions.streams import webhooks as webhooks_stream
from infra.local.system import LocalSystem, _resolved, template
from tests.builders import CATALOGUE

FOLDER = Path(events.__file__).parent
TYPES = sorted(events.TYPES)
DECIDED = {"outcome.approved": "outcome.decided", "outcome.rejected": "outcome.decided"}
SAID_APART = DECIDED | {"payment.received_in_part": "payment.received"}


def example(kind: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / "examples" / f"{kind}.json").read_text(encoding="utf-8"))
    return content


def payload(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / "payloads" / f"{name}.json").read_text(encoding="utf-8"))
    return content


# -- schemas and examples


def test_the_schemas_are_what_the_models_say() -> None:
    assert generator.drift() == [], "run `python -m events`"


def test_drift_is_told_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generator, "SCHEMAS", tmp_path)
    (tmp_path / "nothing.happened.json").write_text("{}")

    assert generator.main(["--check"]) == 1
    assert "drifted events/schemas/nothing.happened.json" in capsys.readouterr().out
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0
    assert sorted(path.stem for path in tmp_path.iterdir()) == TYPES


def test_every_type_has_one_example() -> None:
    assert sorted(path.stem for path in (FOLDER / "examples").iterdir()) == TYPES


@pytest.mark.parametrize("kind", TYPES)
def test_a_schema_is_valid_and_takes_its_example(kind: str) -> None:
    schema = generator.schema(events.TYPES[kind])

    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(example(kind))


@pytest.mark.parametrize("kind", TYPES)
def test_a_schema_refuses_what_is_not_said(kind: str) -> None:
    validator = Draft202012Validator(generator.schema(events.TYPES[kind]))
    known = example(kind)

    assert not validator.is_valid({**known, "data": {**known["data"], "name_of_the_applicant": "Siti"}})
    assert not validator.is_valid({**known, "type": "nothing.happened"})
    assert not validator.is_valid({name: value for name, value in known.items() if name != "prev"})


@pytest.mark.parametrize("kind", TYPES)
def test_an_example_is_what_its_model_writes_with_its_true_hash(kind: str) -> None:
    shown = example(kind)

    sealed = history.seal(
        [history.Draft(kind, events.TYPES[kind](**shown["data"]).plain())],
        seq=shown["seq"],
        prev=shown["prev"],
        at=cases.moment(shown["at"]),
        actor=shown["actor"],
    )

    assert sealed[0].as_dict() == shown


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_is_noun_and_verb(kind: str) -> None:
    noun, dot, verb = kind.partition(".")

    assert dot
    assert noun.isalpha()
    assert verb.isalpha()


# -- what events do


def test_every_event_has_its_effect_on_a_case_and_no_other() -> None:
    assert set(cases._APPLY) == set(events.TYPES)


def test_notices_are_about_events_that_exist() -> None:
    assert {SAID_APART.get(name, name) for name in NOTICES} <= set(events.TYPES)


def test_services_give_words_only_for_notices_that_are_sent() -> None:
    sent = {name for name in map(notices.about, map(_as_said, TYPES)) if name} | set(SAID_APART)

    for service in CATALOGUE.services():
        assert set(service.notices) <= set(NOTICES) & sent, service.code


def _as_said(kind: str) -> dict[str, Any]:
    shown = example(kind)
    # The correction is told of by the task that opens for it.
    return shown if kind != "task.opened" else {**shown, "data": {**shown["data"], "kind": "correct"}}


# -- who is woken by what

ON_OUR_BUS = {
    "Notices": notices.TOLD,
    "Register": register.KEEPING | statistics.CONCLUDING | {"case.submitted"},
    "Webhooks": frozenset(TYPES),
    "AllocatePlaces": frozenset({*allocate_places.STATES, "queue.waiting"}),
}
ON_THE_DEFAULT_BUS = {
    "DocumentArrived": "object_created",
    "DocumentScanned": "object_scanned",
    "ExecutionEnded": "execution_status_changed",
}


def pattern(function: str) -> EventPattern:
    """The pattern of a function's rule in the template, with the names of the local system put in."""
    rules = template()["Resources"][function]["Properties"]["Events"].values()
    (found,) = [rule["Properties"]["Pattern"] for rule in rules if rule["Type"] == "EventBridgeRule"]
    return EventPattern.load(json.dumps(_resolved(found)))


@pytest.mark.parametrize("function", ON_OUR_BUS)
def test_a_consumer_is_woken_by_what_concerns_it_and_by_nothing_else(function: str) -> None:
    published = payload("event_published")
    rule = pattern(function)

    waking = {kind for kind in TYPES if rule.matches_event({**published, "detail-type": kind})}

    assert waking == ON_OUR_BUS[function]
    assert not rule.matches_event({**published, "source": "aws.s3"})


@pytest.mark.parametrize("function", ON_THE_DEFAULT_BUS)
def test_an_event_of_aws_wakes_the_one_who_reads_it(function: str) -> None:
    rule = pattern(function)

    woken = [name for name in ON_THE_DEFAULT_BUS.values() if rule.matches_event(payload(name))]

    assert woken == [ON_THE_DEFAULT_BUS[function]]


def test_an_execution_that_ended_well_wakes_nobody() -> None:
    ended = payload("execution_status_changed")

    assert not pattern("ExecutionEnded").matches_event(
        {**ended, "detail": {**ended["detail"], "status": "SUCCEEDED"}}
    )


def test_the_stream_wakes_the_relay_for_commits_and_tokens_and_the_lists_for_commits() -> None:
    def woken(function: str) -> list[str]:
        stream = template()["Resources"][function]["Properties"]["Events"]["Stream"]["Properties"]
        (rule,) = stream["FilterCriteria"]["Filters"]
        begins = tuple(each["prefix"] for each in json.loads(rule["Pattern"])["dynamodb"]["Keys"]["sk"]["S"])
        keys = [record["dynamodb"]["Keys"]["sk"]["S"] for record in payload("table_stream")["Records"]]
        return [key for key in keys if key.startswith(begins)]

    assert woken("Relay") == ["#00000011", "@wait", "#00000001"]
    assert woken("Project") == ["#00000011", "#00000001"]


# -- that the samples are read


def test_a_batch_of_the_stream_is_read_by_case() -> None:
    batch = payload("table_stream")["Records"]

    ((case_id, found),) = records.by_case(batch).items()

    assert numbers.is_case_id(case_id)
    assert [event["type"] for record in found for event in records.events_of(record)] == [
        "case.submitted",
        "episode.opened",
    ]
    assert [records.is_token(record) for record in found] == [False, True, False]


def test_a_stored_commit_holds_the_events_without_the_hash_before() -> None:
    (commit, *_) = payload("table_stream")["Records"]

    for event in records.events_of(commit):
        assert event == {name: value for name, value in example(event["type"]).items() if name != "prev"}


def test_an_arrived_object_is_a_document_of_a_case() -> None:
    key = payload("object_created")["detail"]["object"]["key"]

    assert documents.document_of(key) == example("document.announced")["data"]["document"]


def test_a_scan_result_is_read() -> None:
    result = guardduty.parse(payload("object_scanned"))

    assert result.verdict is Verdict.CLEAN
    assert documents.document_of(result.key) == example("document.cleared")["data"]["document"]


def test_what_is_published_is_an_example_with_where_it_belongs() -> None:
    published = payload("event_published")

    assert published["detail"]["event"] == example("case.submitted")
    assert published["detail-type"] == published["detail"]["event"]["type"]


@pytest.fixture(scope="module")
def system() -> Iterator[LocalSystem]:
    with LocalSystem() as running:
        yield running


Handler = Callable[[dict[str, Any], Any], Any]


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize(
    ("handler", "sample"),
    [
        (document_scanned.handler, "object_scanned"),
        (execution_ended.handler, "execution_status_changed"),
        (reconcile_payments.handler, "scheduled"),
        (wake_due.handler, "scheduled"),
        (allocate_places.handler, "scheduled"),
        (retry_webhooks.handler, "scheduled"),
        (webhooks_stream.handler, "event_published"),
        (register_stream.handler, "event_published"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__module__.rpartition(".")[2],
)
def test_a_sample_of_a_case_that_is_not_there_harms_nothing(handler: Handler, sample: str) -> None:
    assert handler(payload(sample), SimpleNamespace(aws_request_id="1")) is not None


def test_an_object_that_nobody_announced_harms_nothing(system: LocalSystem) -> None:
    arrived = payload("object_created")

    assert document_arrived.handler(arrived, SimpleNamespace(aws_request_id="1")) == {}


def test_a_notice_of_a_case_that_is_not_there_comes_again(system: LocalSystem) -> None:
    with pytest.raises(Exception, match="no such case"):
        notices_stream.handler(payload("event_published"), SimpleNamespace(aws_request_id="1"))
