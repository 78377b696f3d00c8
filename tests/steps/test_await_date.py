"""A wait for a day, a moment or a term, through a definition that was compiled for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from functions.adapters.catalogue import Catalogue
from functions.domain.errors import Forbidden
from functions.domain.identity import Person
from infra.compiler.build import offices_files, read_offices, service_files, write
from infra.driver import CaseDriver
from infra.local import system as local
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem
from tests.compiler.small import AGENCIES, SERVICE, changed

MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
CALENDAR = "calendar: indonesia\nzone: Asia/Jakarta\nholidays: []\n"
SIGNED = "      - outcome: granted\n"
ANI = Person("ani", "Ani", email="ani@warga.example")
CLERK = Person("ida", "Ida", frozenset({"office/desk", "office/clerk"}))
EXPERT = Person("eko", "Eko", frozenset({"other/expert"}))
HEAD = Person("umi", "Umi", frozenset({"office/head"}))
BOSS = Person("oka", "Oka", frozenset({"office/boss"}))


def folder(path: Path, wait: str) -> Path:
    """A folder with the small service, which waits before it grants anything."""
    step = f"      - wait: patience\n        title: {{id: Tunggu, en: Wait}}\n{wait}"
    (path / "small").mkdir()
    (path / "calendars").mkdir()
    (path / "calendars" / "indonesia.yaml").write_text(CALENDAR)
    (path / "agencies.yaml").write_text(AGENCIES)
    (path / "small" / "service.yaml").write_text(changed(SERVICE, (SIGNED, step + SIGNED)))
    offices = read_offices(path)
    write(offices_files(path, offices) | service_files(path, "small", offices))
    return path


@pytest.fixture
def waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[CaseDriver]:
    path = folder(tmp_path, request.param)
    definitions = {}
    for name in ("application", "appeal"):
        text = (path / "small" / f"{name}.asl.json").read_text()
        for worker in local.worker_names():
            text = text.replace("${" + local.pascal(worker) + "}", worker)
        definitions[f"small-{name}"] = text
    monkeypatch.setattr(local, "definitions", lambda: definitions)
    with LocalSystem(LocalClock(MORNING, frozen=True), catalogue=Catalogue(path)) as system:
        case = CaseDriver(system, service="small", applicant=ANI).apply()
        case.act(CLERK, "approve", task="check").act(CLERK, "approve", task="judge")
        case.act(EXPERT, "no_objection", task="hear")
        case.pay()
        yield case.act(HEAD, "approve", task="sign")


def until(expression: str, within: str = "60 d") -> str:
    return f"        within: {within}\n        until: '{expression}'\n"


DAY, MOMENT, PAST, TERM = (
    until('"2026-04-01"'),
    until('"2026-03-05T08:30:00Z"'),
    until('"2026-01-01"'),
    "        within: 5 wd\n",
)


@pytest.mark.parametrize(
    ("waiting", "last", "first"),
    [
        (DAY, datetime(2026, 3, 31, 16, 59, 59, tzinfo=UTC), datetime(2026, 3, 31, 17, 0, 1, tzinfo=UTC)),
        (MOMENT, datetime(2026, 3, 5, 8, 29, 59, tzinfo=UTC), datetime(2026, 3, 5, 8, 30, 1, tzinfo=UTC)),
        (TERM, datetime(2026, 3, 9, 16, 59, 59, tzinfo=UTC), datetime(2026, 3, 9, 17, 0, 1, tzinfo=UTC)),
        (
            until('"2027-01-01"'),
            datetime(2026, 5, 1, 16, 59, 59, tzinfo=UTC),
            datetime(2026, 5, 1, 17, 0, 1, tzinfo=UTC),
        ),
    ],
    indirect=["waiting"],
)
def test_a_case_goes_on_when_the_day_has_come(waiting: CaseDriver, last: datetime, first: datetime) -> None:
    waiting.advance_to(last)
    before = waiting.case.status
    waiting.advance_to(first)

    assert (before, waiting.case.status) == ("in_review", "approved")
    assert waiting.case.outcome is not None
    assert waiting.case.outcome.by == "umi"


@pytest.mark.parametrize("waiting", [PAST], indirect=True)
def test_what_is_past_is_not_waited_for(waiting: CaseDriver) -> None:
    assert waiting.case.status == "approved"


@pytest.mark.parametrize("waiting", [DAY], indirect=True)
def test_nobody_ends_a_wait_by_hand(waiting: CaseDriver) -> None:
    for person in (BOSS, HEAD):
        with pytest.raises(Forbidden) as refused:
            waiting.act(person, "approve", task="patience")

        assert refused.value.rule == "not_by_hand"


@pytest.mark.parametrize("waiting", [DAY], indirect=True)
def test_a_wait_goes_on_after_a_redrive_and_ends_with_a_withdrawal(waiting: CaseDriver) -> None:
    waiting.redrive(by=BOSS)
    opened = waiting.types.count("task.opened")
    waiting.advance(days=3)

    waiting.withdraw()

    assert waiting.types.count("task.opened") == opened
    assert waiting.case.status == "withdrawn"
