"""The facade: one local AWS with our functions in it, to be started, driven and stopped."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.local.aws import account, executions, expressions, functions, tables
from infra.local.aws.account import Account
from infra.local.aws.clock import LocalClock
from infra.local.aws.functions import Functions
from infra.local.aws.motion import Motion
from infra.local.aws.patches import Patches
from infra.local.aws.streams import DeadLetter, Streams
from infra.local.aws.tables import Change, Tables

STOP_SECONDS = 10.0


class LocalAws:
    """One AWS account in this process; only one can run at a time."""

    def __init__(
        self,
        functions: Mapping[str, Callable[[dict[str, Any], Any], Any]],
        clock: LocalClock | None = None,
        *,
        port: int | None = None,
        data: Path | None = None,
    ) -> None:
        self.clock = clock or LocalClock()
        self.dead_letters: list[DeadLetter] = []
        self._handlers = functions
        self._port = port
        self._data = data
        self._numbers = itertools.count(1)

    def start(self) -> LocalAws:
        self._patches = Patches()
        self._account = Account()
        self._account.open(self._patches)
        self.motion = Motion(self.clock)
        self.functions = Functions(self._handlers)
        self._streams = Streams(self.motion, self.functions, self.dead_letters)
        functions.install(self._patches, self.functions)
        expressions.install(self._patches, self.clock)
        executions.install(self._patches, self.motion, self._watch)
        tables.install(self._patches, Tables(self._changed))
        self.clock.attach(self.settle, self._run_schedule)
        return self

    def stop(self) -> None:
        self.clock.detach()
        self._streams.close()
        self._stop_executions()
        self.motion.join(STOP_SECONDS)
        self._account.close()
        self._patches.restore()

    def __enter__(self) -> LocalAws:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

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
        self.clock.every(period, function_name)

    def subscribe_stream(self, table: str, function_name: str, batch_size: int = 100) -> None:
        """Deliver the changes of a table to a function from now on.

        Raises:
            KeyError: when there is no function of that name.
        """
        self._streams.subscribe(table, self.functions.known(function_name), batch_size)

    def _changed(self, changes: list[Change]) -> None:
        self._streams.publish([(next(self._numbers), change) for change in changes])

    def _watch(self, execution: Any) -> None:
        return None

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

    def _stop_executions(self) -> None:
        from moto.stepfunctions.parser.models import stepfunctions_parser_backends

        backend = account.backend(stepfunctions_parser_backends)
        for machine in backend.state_machines:
            for execution in machine.executions:
                execution.stop()
