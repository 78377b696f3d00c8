"""The local AWS: moto in one process, with small named seams where it differs from AWS.

Example:
    def open_tasks(event, context):
        tokens.append(event["token"])

    tokens = []
    clock = LocalClock(datetime(2026, 1, 5, 8, tzinfo=UTC), frozen=True)
    with LocalAws({"open_tasks": open_tasks, "relay": relay}, clock) as aws:
        aws.client("dynamodb").create_table(TableName="cases", ...)
        aws.subscribe_stream("cases", "relay")
        machine = aws.client("stepfunctions").create_state_machine(name="permit", definition=..., roleArn=...)
        aws.client("stepfunctions").start_execution(stateMachineArn=machine["stateMachineArn"], name="c1-1-1")
        aws.settle()                        # until everything stands still
        aws.advance(timedelta(days=28))     # timers ring in their order
        aws.client("stepfunctions").send_task_success(taskToken=tokens[-1], output="{}")
        aws.settle()
        assert aws.dead_letters == []
"""

from infra.local.aws.browser import Answer
from infra.local.aws.clock import LocalClock
from infra.local.aws.faults import Faults
from infra.local.aws.functions import FunctionFailed
from infra.local.aws.motion import NotSettled
from infra.local.aws.streams import DeadLetter
from infra.local.aws.system import LocalAws, Run

__all__ = [
    "Answer",
    "DeadLetter",
    "Faults",
    "FunctionFailed",
    "LocalAws",
    "LocalClock",
    "NotSettled",
    "Run",
]
