"""The facade: one local AWS with our functions in it, to be started, driven and stopped."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from infra.local.aws import (
    account,
    browser,
    bus,
    executions,
    expressions,
    faults,
    functions,
    keys,
    objects,
    outbox,
    queries,
    sealed,
    states_api,
    streams,
    tables,
    uploads,
    waits,
)
from infra.local.aws.account import Account
from infra.local.aws.bus import Bus, Delivery
from infra.local.aws.clock import LocalClock
from infra.local.aws.faults import Faults
from infra.local.aws.functions import Functions
from infra.local.aws.journal import Journal, State
from infra.local.aws.motion import Motion, NotSettled
from infra.local.aws.objects import Objects
from infra.local.aws.outbox import Outbox
from infra.local.aws.patches import Patches
from infra.local.aws.server import Server
from infra.local.aws.streams import DeadLetter, Streams
from infra.local.aws.tables import Change, Tables

STOP_SECONDS = 10.0
STOP_STEP_SECONDS = 0.2


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
        self.faults = Faults(recording=port is None)
        self.dead_letters: list[DeadLetter] = []
        self._handlers = functions
        self._port = port
        self._data = data
        self._server: Server | None = None
        self._journal: Journal | None = None

    def start(self) -> LocalAws:
        """Start the account.

        Raises:
            RuntimeError: when another one runs in this process, or another process keeps its state in `data`.
            OSError: when the port is taken.
        """
        self._server = None if self._port is None else Server(self._port)
        self._account = Account(self.endpoint)
        self._patches = Patches()
        try:
            self._account.open(self._patches)
        except RuntimeError:
            self._close_server()
            raise
        try:
            self._build()
        except BaseException:
            self._leave()
            raise
        return self

    def _build(self) -> None:
        self._stopping = False
        self._journal = None if self._data is None else Journal(self._data)
        self._state = State() if self._journal is None else self._journal.state
        self._numbers = itertools.count(self._state.number + 1)
        self.motion = Motion(self.clock)
        self.functions = Functions(self._handlers, self.faults)
        self._streams = Streams(self.motion, self.functions, self.dead_letters)
        self._bus = Bus(self.motion, self.functions, self.dead_letters)
        self._objects = Objects(self._bus)
        self._outbox = Outbox(self.clock)
        self._tables = Tables(self._changed, self._state.items)
        self._mend()
        if self._journal is not None:
            self._keep(self._journal)
        faults.use(self.faults)
        self.clock.attach(self.settle, self._run_schedule)
        if self._server is not None:
            self._server.start()

    def stop(self) -> None:
        """End everything; with a directory, what is unfinished goes on when the next system resumes.

        Raises:
            NotSettled: when a function does not end within ten seconds.
        """
        self._close_server()
        self.clock.detach()
        self._streams.close()
        self._bus.close()
        self._stopping = True
        try:
            self._end_executions()
        finally:
            self._leave()

    def _end_executions(self) -> None:
        """Stop all until none runs: one that was just starting does not hear the first time."""
        give_up = time.monotonic() + STOP_SECONDS
        while True:
            for execution in self._executions():
                execution.stop()
            try:
                self.motion.join(STOP_STEP_SECONDS)
            except NotSettled:
                if time.monotonic() >= give_up:
                    raise
            else:
                return

    def _leave(self) -> None:
        self._close_server()
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        faults.use(None)
        self._account.close()
        self._patches.restore()

    def _close_server(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

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

    def add_machine(self, name: str, definition: str) -> None:
        """Add a state machine as a deployment does; there are many of them, and a request for each takes its time."""
        account.backend(stepfunctions_parser_backends).create_state_machine(
            name=name, definition=definition, roleArn=f"arn:aws:iam::{account.ACCOUNT}:role/loket"
        )

    def subscribe_stream(self, table: str, function_name: str, batch_size: int = 100) -> None:
        """Deliver the changes of a table to a function from now on.

        What a stop or a crash left over comes first, once the system resumes.

        Raises:
            KeyError: when there is no function of that name.
        """
        name = streams.name_of(table, self.functions.known(function_name))
        with self._tables.lock:
            _, taken = self._state.subscriptions.get(name, (table, self._state.number))
            self._write(subscription=[name, table, taken])
            self._sync()
            missed = [change for change in self._state.changes if change[0] > taken and change[1] == table]
            self._streams.subscribe(
                table, function_name, batch_size, [self._change(change) for change in missed]
            )

    def upload(self, post: Mapping[str, Any], content: bytes, filename: str = "file") -> browser.Answer:
        """Post a file with a presigned form `{"url", "fields"}`, as a browser does."""
        return browser.post_form(post["url"], post["fields"], content, filename)

    def download(self, url: str) -> browser.Answer:
        """Follow a presigned link, as a browser does."""
        return browser.get(url)

    def sent_messages(self, to: str | None = None) -> list[dict[str, Any]]:
        """The e-mails and text messages sent so far: channel, to, subject, body, at."""
        return self._outbox.messages(to)

    def lost_executions(self) -> list[dict[str, Any]]:
        """The executions that ran when the system stopped: arn, machine, name, input (JSON), started."""
        return list(self._state.runs.values())

    def resume(self) -> None:
        """Go on after a restart, once tables, subscriptions, rules and machines are there and functions can work.

        Stream records and bus events that were not taken are delivered, and every lost execution is started again,
        under its name and with its input: what it had done before, its steps must know.
        """
        self._streams.resume()
        for event in self._state.events.values():
            self._bus.deliver(Delivery(event["id"], event["function"], event["event"]))
        lost = self.lost_executions()
        self._state.events.clear()
        self._state.runs.clear()
        for run in lost:
            self.client("stepfunctions").start_execution(
                stateMachineArn=run["machine"], name=run["name"], input=run["input"]
            )
        self._sync()

    def runs(self) -> list[Run]:
        """Every execution, in the order of their start."""
        return [_run(execution) for execution in sorted(self._executions(), key=lambda each: each.start_date)]

    def _mend(self) -> None:
        """Lay every seam."""
        functions.install(self._patches, self.functions, self.motion)
        expressions.install(self._patches, self.clock)
        executions.install(self._patches, self.motion, self._watch)
        waits.install(self._patches, self.clock)
        states_api.install(self._patches)
        tables.install(self._patches, self._tables)
        queries.install(self._patches)
        bus.install(self._patches, self._bus)
        sealed.install(self._patches)
        uploads.install(self._patches)
        objects.install(self._patches, self._objects, self._journal)
        keys.install(self._patches, self._journal)
        outbox.install(self._patches, self._outbox)

    def _keep(self, journal: Journal) -> None:
        """Let the journal hear of what the seams do not write themselves."""
        if journal.state.clock is not None:
            self.clock.resume_from(journal.state.clock)
        self.clock.moved = lambda: journal.write(clock=self.clock.reading())
        self.clock.moved()
        self._streams.acknowledge = lambda *subscription: journal.write(subscription=list(subscription))
        self._bus.accepted = lambda delivery: journal.write(
            event={"id": delivery.id, "function": delivery.function_name, "event": delivery.event}
        )
        self._bus.finished = lambda delivery_id: journal.write(delivered=delivery_id)
        self._bus.kept = self._objects.kept = journal.sync

    def _write(self, **fact: Any) -> None:
        if self._journal is not None:
            self._journal.write(**fact)

    def _sync(self) -> None:
        if self._journal is not None:
            self._journal.sync()

    def _changed(self, changes: list[Change]) -> None:
        """Keep the changes of one call, then hand them on; the call has not returned yet."""
        numbered = [(next(self._numbers), change) for change in changes]
        for number, change in numbered:
            self._write(change=[number, change.table.name, change.keys, change.new])
        self._sync()
        self._streams.publish(numbered)

    def _change(self, kept: tuple[int, str, Any, Any, Any]) -> tuple[int, Change]:
        number, table, item_keys, old, new = kept
        return number, Change(account.backend(dynamodb_backends).tables[table], item_keys, old, new)

    def _watch(self, execution: Any) -> None:
        if self._stopping:
            return
        if execution.status == "RUNNING":
            self._write(run=bus.run_of(execution))
        detail = bus.execution_detail(execution)
        self._bus.publish("aws.states", bus.STATUS_CHANGE, [execution.exec_arn], detail)
        if execution.status != "RUNNING":
            self._write(ended=execution.exec_arn)
        self._sync()

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
