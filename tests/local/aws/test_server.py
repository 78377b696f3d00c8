"""The account over HTTP, seen from another process as the `aws` CLI sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

from infra.local.aws import LocalAws, LocalClock

from .conftest import NEW_YEAR, Machines
from .test_executions import token

LOOK = """
import boto3, json, sys
sfn = boto3.client("stepfunctions", endpoint_url=sys.argv[1], region_name="ap-southeast-3",
                   aws_access_key_id="any", aws_secret_access_key="any")
machine = sfn.list_state_machines()["stateMachines"][0]["stateMachineArn"]
execution = sfn.list_executions(stateMachineArn=machine)["executions"][0]
history = sfn.get_execution_history(executionArn=execution["executionArn"])["events"]
definition = sfn.describe_state_machine(stateMachineArn=machine)["definition"]
tables = boto3.client("dynamodb", endpoint_url=sys.argv[1], region_name="ap-southeast-3",
                      aws_access_key_id="any", aws_secret_access_key="any").list_tables()["TableNames"]
print(json.dumps({"status": execution["status"], "events": [event["type"] for event in history],
                  "at": history[-1]["timestamp"].isoformat(), "definition": json.loads(definition), "tables": tables}))
"""


def look(endpoint: str) -> Any:
    done = subprocess.run([sys.executable, "-c", LOOK, endpoint], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_another_process_sees_the_same_state() -> None:
    functions: dict[str, Any] = {"open_tasks": lambda event, context: None}
    with LocalAws(functions, LocalClock(NEW_YEAR, frozen=True), port=0) as aws:
        Machines(aws).start({"Decide": token(TimeoutSeconds=86_400, End=True)})
        aws.advance(timedelta(days=1))

        seen = look(str(aws.endpoint))

    assert seen["status"] == "FAILED"
    assert seen["events"] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskTimedOut",
        "ExecutionFailed",
    ]
    assert seen["at"].startswith("2026-01-02T08:00:00")
    assert seen["definition"]["StartAt"] == "Decide"
    assert seen["tables"] == []
