"""Delegations for leave: lent, read by who acts, taken back whole even after a failure half-way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from functions.adapters.delegations import DelegationTable
from functions.domain.errors import DependencyDown
from functions.domain.identity import Delegation
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem
from tests.builders import MORNING

ROLES = ("pupr/tpt", "pupr/secretariat")
SINCE, UNTIL = "2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z"


@pytest.fixture
def system() -> Iterator[LocalSystem]:
    with LocalSystem(LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture
def delegations(system: LocalSystem) -> DelegationTable:
    return DelegationTable(system.ports.table)


def lend(delegations: DelegationTable, to: str = "nurul", roles: tuple[str, ...] = ROLES) -> None:
    delegations.lend("teguh", to, roles, SINCE, UNTIL)


def roles_of(delegations: DelegationTable, username: str) -> list[str]:
    return sorted(lent.role for lent in delegations.of(username))


def test_what_was_lent_is_read_by_who_acts(delegations: DelegationTable):
    lend(delegations, roles=ROLES[:1])

    assert delegations.of("nurul") == (
        Delegation("pupr/tpt", "teguh", datetime(2026, 2, 2, tzinfo=UTC), datetime(2026, 2, 9, tzinfo=UTC)),
    )
    assert delegations.of("teguh") == ()
    assert delegations.standing("teguh") == {
        "to": "nurul",
        "roles": ["pupr/tpt"],
        "since": SINCE,
        "until": UNTIL,
    }


def test_lending_to_another_ends_what_was_lent_before(delegations: DelegationTable):
    lend(delegations)

    lend(delegations, "mega", ROLES[:1])

    assert delegations.of("nurul") == ()
    assert roles_of(delegations, "mega") == ["pupr/tpt"]


def test_what_is_taken_back_is_gone(delegations: DelegationTable):
    lend(delegations)

    delegations.end("teguh")
    delegations.end("teguh")

    assert delegations.of("nurul") == ()
    assert delegations.standing("teguh") is None


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("when", ["before", "after"])
def test_lending_that_failed_half_way_leaves_nothing_that_cannot_be_taken_back(
    system: LocalSystem, delegations: DelegationTable, nth: int, when: str
):
    system.aws.faults.fail("dynamodb", "PutItem", nth=nth, when=when)
    with pytest.raises(DependencyDown):
        lend(delegations)

    lend(delegations, "mega")

    assert delegations.of("nurul") == ()
    assert roles_of(delegations, "mega") == sorted(ROLES)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_taking_back_that_failed_half_way_is_finished_the_next_time(
    system: LocalSystem, delegations: DelegationTable, nth: int
):
    lend(delegations)
    system.aws.faults.fail("dynamodb", "DeleteItem", nth=nth)
    with pytest.raises(DependencyDown):
        delegations.end("teguh")

    delegations.end("teguh")

    assert delegations.of("nurul") == ()
