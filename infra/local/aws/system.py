"""The facade: one local AWS with our functions in it, to be started, driven and stopped."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from infra.local.aws import (
    account,
    browser,
    bus,
    executions,
    expressions,
    faults,
    functions,
    objects,
    outbox,
    tables,
    uploads,
)
from infra.local.aws.account import Account
from infra.local.aws.bus import Bus
from infra.local.aws.clock import LocalClock
from infra.local.aws.faults import Faults
from infra.local.aws.functions import Functions
from infra.local.aws.motion import Motion
from infra.local.aws.objects import Objects
from infra.local.aws.outbox import Outbox
from infra.local.aws.patches import Patches
from infra.local.aws.server import Server
from infra.local.aws.streams import DeadLetter, Streams
from infra.local.aws.tables import Change, Tables

STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Run:
    """One execution: `states` are the names of the states it entered, `transitions` those and its retries."""

    arn: str
    machine: str
    name: str
    status: str
    states: list[str]
    transitions: int


class LocalAws:
    """One AWS account in this process; only one can run at a time.

    `faults` breaks and counts calls, `dead_letters` holds what no function would take, `functions.failures` what
    functions raised.
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[[dict[str, Any], Any], Any]],
        clock: LocalClock | None = None,
        *,
        port: int | None = None,
        data: Path | None = None,
    ) -> None:
        """With a port (0: any), the account is also served over HTTP on 127.0.0.1; with a directory, it is kept."""
        self.clock = clock or LocalClock()
        self.faults = Faults()
        self.dead_letters: list[DeadLetter] = []
        self._handlers = functions
        self._port = port
        self._data = data
        self._server: Server | None = None
        self._numbers = itertools.count(1)

    def start(self) -> LocalAws:
        self._server = None if self._port is None else Server(self._port)
        self._account = Account(self.endpoint)
        self._patches = Patches()
        self._account.open(self._patches)
        self.motion = Motion(self.clock)
        self.functions = Functions(self._handlers, self.faults)
        self._streams = Streams(self.motion, self.functions, self.dead_letters)
        self._bus = Bus(self.motion, self.functions, self.dead_letters)
        self._objects = Objects(self._bus)
        self._outbox = Outbox(self.clock)
        self._mend()
        faults.use(self.faults)
        self.clock.attach(self.settle, self._run_schedule)
        if self._server is not None:
            self._server.start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
        self.clock.detach()
        self._streams.close()
        self._bus.close()
        for execution in self._executions():
            execution.stop()
        self.motion.join(STOP_SECONDS)
        faults.use(None)
        self._account.close()
        self._patches.restore()

    def __enter__(self) -> LocalAws:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def endpoint(self) -> str | None:
        """The address for `aws --endpoint-url`; none without a port."""
        return None if self._server is None else f"http://127.0.0.1:{self._server.port}"

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
        return account.client(service)

    def function_arn(self, name: str) -> str:
        return functions.arn_of(name)

    def settle(self) -> None:
        """Wait until nothing moves: records and events are delivered, every execution waits or has ended.

        Raises:
            NotSettled: after a minute of the machine's time.
        """
        self.motion.settle()

    def advance(self, delta: timedelta) -> datetime:
        """Move the law's time forward; all that fell due has been carried out on return."""
        return self.clock.advance(delta)

    def advance_to(self, moment: datetime) -> datetime:
        return self.clock.advance_to(moment)

    def every(self, period: timedelta, function_name: str) -> None:
        """Run a function on a schedule, with the event that EventBridge gives a scheduled rule."""
        self.clock.every(period, self.functions.known(function_name))

    def subscribe_stream(self, table: str, function_name: str, batch_size: int = 100) -> None:
        """Deliver the changes of a table to a function from now on.

        Raises:
            KeyError: when there is no function of that name.
        """
        self._streams.subscribe(table, self.functions.known(function_name), batch_size)

    def upload(self, post: Mapping[str, Any], content: bytes, filename: str = "file") -> browser.Answer:
        """Post a file with a presigned form `{"url", "fields"}`, as a browser does."""
        return browser.post_form(post["url"], post["fields"], content, filename)

    def download(self, url: str) -> browser.Answer:
        """Follow a presigned link, as a browser does."""
        return browser.get(url)

    def sent_messages(self, to: str | None = None) -> list[dict[str, Any]]:
        """The e-mails and text messages sent so far: channel, to, subject, body, at."""
        return self._outbox.messages(to)

    def runs(self) -> list[Run]:
        """Every execution, in the order of their start."""
        return [_run(execution) for execution in sorted(self._executions(), key=lambda each: each.start_date)]

    def _mend(self) -> None:
        """Lay every seam."""
        functions.install(self._patches, self.functions)
        expressions.install(self._patches, self.clock)
        executions.install(self._patches, self.motion, self._watch)
        tables.install(self._patches, Tables(self._changed))
        bus.install(self._patches, self._bus, lambda: None)
        uploads.install(self._patches)
        objects.install(self._patches, self._objects)
        outbox.install(self._patches, self._outbox)

    def _changed(self, changes: list[Change]) -> None:
        self._streams.publish([(next(self._numbers), change) for change in changes])

    def _watch(self, execution: Any) -> None:
        detail = bus.execution_detail(execution)
        self._bus.publish(
            "aws.states", "Step Functions Execution Status Change", [execution.exec_arn], detail
        )

    def _run_schedule(self, function_name: str) -> None:
        event = {
            "source": "aws.scheduler",
            "detail-type": "Scheduled Event",
            "time": self.clock.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
            "region": account.REGION,
            "account": account.ACCOUNT,
            "detail": {},
        }
        name = f"schedule {function_name}"
        self.motion.thread(self.functions.try_to_invoke, (function_name, event), name=name).start()

    def _executions(self) -> list[Any]:
        machines = account.backend(stepfunctions_parser_backends).state_machines
        return [execution for machine in machines for execution in machine.executions]


def _run(execution: Any) -> Run:
    events = execution.exec_worker.env.event_manager.get_event_history()
    kinds = [str(getattr(event["type"], "value", event["type"])) for event in events]
    states = [
        event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event
    ]
    retries = kinds.count("TaskScheduled") - kinds.count("TaskStateEntered")
    return Run(
        arn=execution.exec_arn,
        machine=execution.state_machine_arn.rsplit(":", 1)[1],
        name=execution.name,
        status=execution.status,
        states=states,
        transitions=len(states) + max(0, retries),
    )
