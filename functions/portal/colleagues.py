"""Who works in a role: whom a task can be handed to, and a role be lent.

Roles stand in a person's own token, so nobody but the issuer could list who holds one. Who signs in leaves a sign
under each role for ninety days, beside all cases; that costs one write unit a role and sign-in, and reading one query.
A sign gives no right: it is shown to colleagues, who choose by a name instead of recalling a username.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain.clock import read_rfc3339, rfc3339
from functions.domain.errors import DependencyDown
from functions.domain.identity import Person
from functions.runtime.wiring import ports

LASTS = timedelta(days=90)


@dataclass(frozen=True, order=True)
class Colleague:
    name: str
    username: str


def note(person: Person, now: datetime) -> None:
    """Leave a sign under each role; signing in does not wait for a table that is down."""
    body = {"name": person.name, "until": rfc3339(now + LASTS)}
    try:
        for role in sorted(person.roles):
            ports.table.put(_key(role), person.username, body, ttl=int((now + LASTS).timestamp()))
    except DependencyDown:
        return


def of(person: Person, roles: Iterable[str], now: datetime) -> list[Colleague]:
    """Give by name who else has signed in with one of the roles in the last ninety days."""
    items = [item for role in sorted(roles) for item in ports.table.under(_key(role)).items]
    known = {Colleague(one["name"], one["sk"]) for one in items if now < read_rfc3339(one["until"])}
    return sorted(one for one in known if one.username != person.username)


def _key(role: str) -> str:
    return f"ROLE#{role}"
