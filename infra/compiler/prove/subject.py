"""What is proven: a service among its agencies, with its processes as graphs and a way to name places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from functions.domain.clock import Calendar
from functions.domain.service import Agency, ConsultStep, Process, Service, Step, TaskSpec, TaskStep
from infra.compiler.finding import Place
from infra.compiler.graph import Graph


@dataclass(frozen=True)
class Walk:
    """One process: its name, the process, its graph."""

    name: str
    process: Process
    graph: Graph

    def steps(self) -> Iterator[tuple[Step, Place]]:
        for at, step in enumerate(self.process.steps):
            yield step, ("processes", self.name, "steps", at)

    def tasks(self) -> Iterator[tuple[TaskSpec, TaskStep | ConsultStep, Place]]:
        for step, place in self.steps():
            if isinstance(step, TaskStep | ConsultStep):
                for at, task in enumerate(step.of):
                    yield task, step, (*place, "of", at)

    def step_of(self, task: str) -> str | None:
        """Give the step in which a task (or the step of that name itself) stands."""
        for spec, step, _ in self.tasks():
            if task in (spec.name, step.name):
                return step.name
        return None


@dataclass(frozen=True)
class Subject:
    service: Service
    agencies: Mapping[str, Agency]
    services: Mapping[str, Service] = field(default_factory=dict)
    calendars: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def walks(self) -> tuple[Walk, ...]:
        processes = self.service.processes
        return tuple(Walk(name, process, Graph.of(process)) for name, process in processes.items())

    def tasks(self) -> Iterator[tuple[TaskSpec, TaskStep | ConsultStep, Place]]:
        for walk in self.walks:
            yield from walk.tasks()

    def steps(self) -> Iterator[tuple[Step, Place]]:
        for walk in self.walks:
            yield from walk.steps()

    def knows_role(self, role: str) -> bool:
        agency, _, name = role.partition("/")
        return agency in self.agencies and name in self.agencies[agency].roles

    def office_closes(self, agency: str) -> bool:
        """Tell whether the calendar of an agency says when its office closes."""
        office = self.agencies.get(agency)
        calendar = self.calendars.get(office.calendar) if office else None
        if office is None or calendar is None:
            return True  # which is a finding of its own
        return bool(Calendar.from_data(calendar, calendars=self.calendars, zone=office.zone).office_closes)

    def held_by_one(self, role: str) -> bool:
        agency, _, name = role.partition("/")
        return agency in self.agencies and name in self.agencies[agency].single_holder


def closest(wanted: str, known: object) -> str:
    """Give the end of a sentence that helps: the name that was meant, or all there are."""
    from difflib import get_close_matches

    names = sorted(str(name) for name in known)  # type: ignore[attr-defined]
    near = get_close_matches(wanted, names, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"there are: {', '.join(names)}" if names else "there are none yet"
