"""EventBridge: rules choose, functions get, AWS services tell."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from infra.local.aws import LocalAws

from .conftest import Handlers, Machines
from .test_executions import token

Event = dict[str, Any]


def rule(aws: LocalAws, function: str, pattern: Event, bus: str = "default") -> None:
    events = aws.client("events")
    events.put_rule(Name=function, EventBusName=bus, EventPattern=json.dumps(pattern))
    events.put_targets(
        Rule=function, EventBusName=bus, Targets=[{"Id": "1", "Arn": aws.function_arn(function)}]
    )


@pytest.fixture
def heard(functions: Handlers) -> list[Event]:
    """The events that the function `listen` got."""
    events: list[Event] = []
    functions["listen"] = lambda event, context: events.append(event)
    return events


def put(aws: LocalAws, detail_type: str, detail: Event, bus: str = "loket") -> None:
    entry = {"EventBusName": bus, "Source": "loket", "DetailType": detail_type, "Detail": json.dumps(detail)}
    answer = aws.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0


def test_a_rule_sends_what_matches_to_its_function(aws: LocalAws, heard: list[Event]) -> None:
    aws.client("events").create_event_bus(Name="loket")
    rule(
        aws,
        "listen",
        {"detail-type": ["case.submitted"], "detail": {"service": [{"prefix": "building-"}]}},
        "loket",
    )

    put(aws, "case.submitted", {"service": "building-permit", "case": "c1"})
    put(aws, "case.submitted", {"service": "business-licence", "case": "c2"})
    put(aws, "case.withdrawn", {"service": "building-permit", "case": "c3"})
    aws.settle()

    assert [event["detail"]["case"] for event in heard] == ["c1"]
    assert heard[0] | {"id": "", "detail": {}} == {
        "version": "0",
        "id": "",
        "detail-type": "case.submitted",
        "source": "loket",
        "account": "123456789012",
        "time": "2026-01-01T08:00:00Z",
        "region": "ap-southeast-3",
        "resources": [],
        "detail": {},
    }


def test_events_of_one_bus_stay_in_it(aws: LocalAws, heard: list[Event]) -> None:
    aws.client("events").create_event_bus(Name="loket")
    rule(aws, "listen", {"source": ["loket"]})

    put(aws, "case.submitted", {"case": "c1"})
    aws.settle()

    assert heard == []


def test_a_disabled_rule_sends_nothing(aws: LocalAws, heard: list[Event]) -> None:
    rule(aws, "listen", {"source": ["loket"]})
    aws.client("events").disable_rule(Name="listen")

    put(aws, "case.submitted", {"case": "c1"}, bus="default")
    aws.settle()

    assert heard == []


def test_a_failing_function_is_tried_again_and_in_the_end_given_up(
    aws: LocalAws, functions: Handlers
) -> None:
    tries: list[str] = []

    def listen(event: Event, context: Any) -> None:
        tries.append(event["detail"]["case"])
        if event["detail"]["case"] == "bad" or tries.count("flaky") == 1:
            raise ConnectionError("no answer")

    functions["listen"] = listen
    rule(aws, "listen", {"source": ["loket"]})

    for case in ("flaky", "bad", "good"):
        put(aws, "case.submitted", {"case": case}, bus="default")
    aws.settle()
    aws.advance(timedelta(minutes=5))

    assert tries == ["flaky", "flaky", "bad", "bad", "bad", "good", "bad", "bad"]
    assert [letter.records[0]["detail"]["case"] for letter in aws.dead_letters] == ["bad"]


def test_every_try_of_a_delivery_has_the_same_request_id(aws: LocalAws, functions: Handlers) -> None:
    tries: list[tuple[str, str]] = []

    def listen(event: Event, context: Any) -> None:
        tries.append((event["detail"]["case"], context.aws_request_id))
        raise ConnectionError("no answer")

    functions["listen"] = listen
    rule(aws, "listen", {"source": ["loket"]})

    for case in ("one", "two"):
        put(aws, "case.submitted", {"case": case}, bus="default")
    aws.settle()
    aws.advance(timedelta(minutes=5))

    assert len(tries) == 10
    assert len(set(tries)) == len({request_id for _, request_id in tries}) == 2


def test_an_ended_execution_is_told_as_step_functions_tells_it(
    aws: LocalAws, functions: Handlers, heard: list[Event], machines: Machines
) -> None:
    rule(aws, "listen", {"source": ["aws.states"], "detail": {"status": ["FAILED", "TIMED_OUT", "ABORTED"]}})
    functions["open_tasks"] = lambda event, context: None

    failed = machines.start(
        {"No": {"Type": "Fail", "Error": "Broken", "Cause": "by hand"}}, {"case": "c1"}, "fails"
    )
    stopped = machines.start({"Decide": token()}, {"case": "c2"}, "waits")
    machines.start({"Yes": {"Type": "Succeed"}}, {"case": "c3"}, "succeeds")
    aws.advance(timedelta(days=1))
    machines.api.stop_execution(executionArn=stopped)
    aws.settle()

    assert [event["detail-type"] for event in heard] == ["Step Functions Execution Status Change"] * 2
    assert [event["detail"]["status"] for event in heard] == ["FAILED", "ABORTED"]
    first, second = [event["detail"] for event in heard]
    assert heard[0]["resources"] == [failed]
    assert (first["executionArn"], first["name"], first["input"]) == (failed, "first", '{"case": "c1"}')
    assert (first["error"], first["cause"], first["output"]) == ("Broken", "by hand", None)
    assert second["stopDate"] - second["startDate"] == 86_400_000


def test_a_new_object_is_told_as_s3_tells_it(aws: LocalAws, heard: list[Event]) -> None:
    s3 = aws.client("s3")
    for name in ("told", "silent"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"})
    s3.put_bucket_versioning(Bucket="told", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket="told", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    rule(
        aws,
        "listen",
        {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": ["told"]}}},
    )

    s3.put_object(Bucket="silent", Key="a", Body=b"x")
    version = s3.put_object(Bucket="told", Key="c1/site plan.pdf", Body=b"%PDF")["VersionId"]
    s3.delete_object(Bucket="told", Key="c1/site plan.pdf")
    aws.settle()

    assert len(heard) == 1
    detail = heard[0]["detail"]
    assert (heard[0]["source"], heard[0]["resources"]) == ("aws.s3", ["arn:aws:s3:::told"])
    assert (detail["bucket"], detail["reason"]) == ({"name": "told"}, "PutObject")
    assert detail["object"] | {"sequencer": ""} == {
        "key": "c1/site plan.pdf",
        "size": 4,
        "etag": "bfa4b10a76324b166cfdad5e02a63730",
        "version-id": version,
        "sequencer": "",
    }


def test_an_object_is_whole_when_it_is_told_of(aws: LocalAws, functions: Handlers) -> None:
    s3 = aws.client("s3")
    seen: list[Any] = []
    functions["listen"] = lambda event, context: seen.append(
        s3.head_object(Bucket="told", Key=event["detail"]["object"]["key"])["ContentType"]
    )
    s3.create_bucket(Bucket="told", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"})
    s3.put_bucket_notification_configuration(
        Bucket="told", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    rule(aws, "listen", {"source": ["aws.s3"]})

    for number in range(10):
        s3.put_object(Bucket="told", Key=f"{number}", Body=b"x", ContentType="image/png")
    aws.settle()

    assert seen == ["image/png"] * 10


def test_moto_alone_has_no_function_as_a_target() -> None:
    """When this fails, look whether the seam can go."""
    from moto import mock_aws

    with mock_aws():
        alone = LocalAws({})
        rule(alone, "listen", {"source": ["loket"]})

        with pytest.raises(NotImplementedError):
            put(alone, "case.submitted", {"case": "c1"}, bus="default")
