"""A local system in which nothing follows by itself: a test calls one step at a time, with what its state hands it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.domain.case import Case
from functions.ports import Record
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem, definitions, workers
from tests.builders import MORNING, Walk


class Quiet(LocalSystem):
    """No stream, no rule, no schedule."""

    def _subscribe(self) -> None:
        pass


class Stage:
    """One case in the table, and the steps of its definition."""

    def __init__(self, system: Quiet) -> None:
        self.system, self.aws, self.ports = system, system.aws, system.ports
        self._states = {
            process: json.loads(definitions()[f"building-permit-{process}"])["States"]
            for process in ("application", "appeal")
        }

    def put(self, walk: Walk) -> Walk:
        """Store a case as it was walked, and stop the clock at its moment."""
        for commit in walk.commits:
            self.ports.cases.commit(walk.case.id, commit)
        self.aws.advance_to(walk.now)
        self.id = walk.case.id
        return walk

    @property
    def record(self) -> Record:
        record: Record = self.ports.cases.load(self.id)
        return record

    @property
    def case(self) -> Case:
        return self.record.case

    @property
    def types(self) -> list[str]:
        return [event.type for commit in self.record.commits for event in commit.events]

    def payload(self, step: str, *, process: str = "application", **changes: Any) -> dict[str, Any]:
        """What the state of a step hands to its function."""
        (state,) = (
            state
            for state in self._states[process].values()
            if state.get("Arguments", {}).get("Payload", {}).get("step") == step
        )
        payload = state["Arguments"]["Payload"]
        known: dict[str, Any] = {"case": self.id, "episode": 1, "attempt": 1, "round": 1}
        if "token" in payload:
            known |= {"token": f"token of {step}", "timeout": 60}
        return {**payload, **known, **changes}

    def call(self, step: str, *, process: str = "application", **changes: Any) -> dict[str, Any]:
        """Call the function of a step, as Step Functions does; gives its answer."""
        (function,) = (
            state["Arguments"]["FunctionName"]
            for state in self._states[process].values()
            if state.get("Arguments", {}).get("Payload", {}).get("step") == step
        )
        answer = workers()[function](self.payload(step, process=process, **changes), None)
        return dict(json.loads(json.dumps(answer)))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Quiet(LocalClock(MORNING, frozen=True)) as running:
        yield Stage(running)
