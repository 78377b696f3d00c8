"""Starting, stopping and what is left behind."""

from __future__ import annotations

import os
import threading
import time

import boto3
import pytest
from moto.core.models import botocore_stubber
from moto.dynamodb.responses import DynamoHandler
from moto.stepfunctions.parser.asl.component.program.program import Program

from infra.local.aws import LocalAws, NotSettled

from .conftest import Handlers, Machines


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
