"""The local AWS: moto in one process, with small named seams where it differs from AWS.

Example:
    tokens = []
    functions = {
        "open_tasks": lambda event, context: tokens.append(event["token"]),
        "relay": lambda event, context: {"batchItemFailures": []},
    }
    with LocalAws(functions, LocalClock(datetime(2026, 1, 5, 8, tzinfo=UTC), frozen=True)) as aws:
        aws.client("dynamodb").create_table(**CASES)
        aws.subscribe_stream("cases", "relay")
        states = aws.client("stepfunctions")
        machine = states.create_state_machine(name="permit", definition=PERMIT, roleArn=ROLE)
        states.start_execution(stateMachineArn=machine["stateMachineArn"], name="c1-1-1", input="{}")
        aws.settle()  # until everything stands still
        aws.advance(timedelta(days=28))  # timers ring on the way, in their order
        aws.faults.fail("lambda", "relay", when="after")  # it works, but its answer is lost
        aws.client("dynamodb").put_item(TableName="cases", Item={"pk": {"S": "c1"}})
        states.send_task_success(taskToken=tokens[-1], output="{}")
        aws.settle()
        assert aws.runs()[0].status == "SUCCEEDED"
        assert aws.faults.count("dynamodb", "PutItem") == 1
        assert aws.dead_letters == []

With `port` the account is served on 127.0.0.1 for the `aws` CLI and for browsers; with `data` it is kept, and
`resume` goes on with what was unfinished.
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
