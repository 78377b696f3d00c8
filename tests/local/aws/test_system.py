"""Starting, stopping and what is left behind."""

from __future__ import annotations

import json
import os
import textwrap
import threading
import time
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.core.models import botocore_stubber
from moto.dynamodb.responses import DynamoHandler
from moto.stepfunctions.parser.asl.component.program.program import Program

import infra.local.aws
from infra.local.aws import LocalAws, LocalClock, NotSettled

from .conftest import ROLE, Handlers, Machines
from .test_executions import token


def test_leaves_no_thread_no_patch_and_no_credentials() -> None:
    before = (threading.active_count(), dict(os.environ), DynamoHandler.call_action, Program.eval)

    with LocalAws({}) as aws:
        Machines(aws).start({"Sleep": {"Type": "Wait", "Seconds": 99, "End": True}})
        assert os.environ["AWS_REGION"] == "ap-southeast-3"

    assert before == (threading.active_count(), dict(os.environ), DynamoHandler.call_action, Program.eval)
    assert not botocore_stubber.enabled


def test_starts_and_stops_fifty_times_in_a_few_seconds() -> None:
    begin = time.perf_counter()

    for _ in range(50):
        with LocalAws({}) as aws:
            Machines(aws).start({"Sleep": {"Type": "Wait", "Seconds": 99, "End": True}})

    assert time.perf_counter() - begin < 10


def test_a_new_system_knows_nothing_of_the_one_before() -> None:
    with LocalAws({}) as aws:
        Machines(aws).create({"End": {"Type": "Succeed"}})

    with LocalAws({}) as aws:
        assert aws.client("stepfunctions").list_state_machines()["stateMachines"] == []


def test_refuses_a_second_system_at_the_same_time(aws: LocalAws) -> None:
    with pytest.raises(RuntimeError, match="another local system"):
        LocalAws({}).start()


def test_clients_that_others_make_reach_the_same_state(aws: LocalAws) -> None:
    boto3.client("s3").create_bucket(
        Bucket="files", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"}
    )

    buckets = aws.client("s3").list_buckets()["Buckets"]

    assert [bucket["Name"] for bucket in buckets] == ["files"]


def test_settle_names_what_still_moves(aws: LocalAws, functions: Handlers, machines: Machines) -> None:
    release = threading.Event()
    functions["slow"] = lambda event, context: release.wait(10)
    arn = machines.create(
        {
            "Work": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {"FunctionName": "slow"},
                "End": True,
            }
        }
    )
    machines.api.start_execution(stateMachineArn=arn, name="stuck")

    with pytest.raises(NotSettled, match="execution stuck"):
        aws.motion.settle(patience=0.01)

    release.set()
    aws.settle()


def test_the_example_of_the_package_works() -> None:
    example = textwrap.dedent(str(infra.local.aws.__doc__).split("Example:\n")[1].split("\nWith `port`")[0])
    waiting = {"Decide": token(TimeoutSeconds=40 * 86_400, End=True)}
    names = {
        "LocalAws": LocalAws,
        "LocalClock": LocalClock,
        "datetime": datetime,
        "timedelta": timedelta,
        "UTC": UTC,
        "ROLE": ROLE,
        "PERMIT": json.dumps({"QueryLanguage": "JSONata", "StartAt": "Decide", "States": waiting}),
        "CASES": {
            "TableName": "cases",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        },
    }

    exec(example, names)

    assert len(names["tokens"]) == 1
