"""Delegations: an officer's roles lent to a colleague for a period, by themselves or by their supervisor."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import AliasChoices, Field

from functions.api.http import Answer, Body, Call, Reply, route
from functions.api.shapes import Moment, read_moment
from functions.api.tasks import Username
from functions.domain.clock import rfc3339
from functions.domain.errors import Fault, Forbidden, Invalid, NotFound
from functions.domain.identity import Person, is_username
from functions.domain.service import Role
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
LONGEST = timedelta(days=366)
SUPERVISOR = "supervisor"


class Lending(Body):
    """Without ``roles`` all of the own roles; a supervisor who lends for somebody else names them.

    The period runs from ``since`` (now, unless given) up to ``until``.
    """

    to: Username
    roles: Annotated[list[Role], Field(min_length=1, max_length=50)] | None = None
    since: Moment | None = Field(default=None, validation_alias=AliasChoices("since", "from"))
    until: Moment


class DelegationAnswer(Answer):
    user: str
    to: str
    roles: list[str]
    since: str
    until: str


@route(
    blueprint,
    "PUT",
    "/v1/delegations/{user}",
    body=Lending,
    answer=DelegationAnswer,
    summary={"id": "Limpahkan peran untuk suatu masa", "en": "Lend roles for a period"},
    description={
        "id": "Oleh pemegang peran sendiri atau pengawas di instansinya; menggantikan pelimpahan sebelumnya. Berlaku "
        "dan berakhir paling lambat lima menit kemudian bagi yang sudah masuk.",
        "en": "By the holder, or by a supervisor of the same agency; it takes the place of an earlier one. For who is "
        "signed in it takes effect, and ends, within five minutes.",
    },
)
def lend(call: Call, user: str) -> Reply:
    body: Lending = call.body
    roles = _roles(call.person, user, body.roles)
    _demand_over_standing(call.person, user)
    since = read_moment(body.since) if body.since else call.now
    until = read_moment(body.until)
    faults = []
    if body.to == user:
        faults.append(Fault("/to", {"id": "Pilih orang lain.", "en": "Choose somebody else."}))
    if until <= max(since, call.now):
        text = {"id": "Masa berakhir sebelum mulai.", "en": "The period ends before it begins."}
        faults.append(Fault("/until", text))
    elif until - since > LONGEST:
        text = {"id": "Paling lama satu tahun.", "en": "At most one year."}
        faults.append(Fault("/until", text))
    if faults:
        raise Invalid(faults)
    lent = {"to": body.to, "roles": roles, "since": rfc3339(since), "until": rfc3339(until)}
    ports.delegations.lend(user, body.to, roles, lent["since"], lent["until"])
    return Reply(DelegationAnswer.model_validate({"user": user, **lent}))


@route(
    blueprint,
    "GET",
    "/v1/delegations/{user}",
    answer=DelegationAnswer,
    summary={"id": "Pelimpahan yang berlaku", "en": "What somebody has lent"},
)
def read(call: Call, user: str) -> Reply:
    standing = ports.delegations.standing(user)
    if standing is None or not _concerns(call.person, user, standing):
        raise _unknown()
    return Reply(DelegationAnswer.model_validate({"user": user, **standing}))


@route(
    blueprint,
    "DELETE",
    "/v1/delegations/{user}",
    status=204,
    summary={"id": "Akhiri pelimpahan", "en": "Take back what was lent"},
)
def end(call: Call, user: str) -> Reply:
    standing = ports.delegations.standing(user)
    if standing is None or not _concerns(call.person, user, standing):
        raise _unknown()
    if call.person.username != user and not _oversees(call.person, standing["roles"]):
        raise _refused()
    ports.delegations.end(user)
    return Reply()


def _roles(person: Person, user: str, wanted: list[str] | None) -> list[str]:
    """Give the roles to lend; raises `Forbidden` or `Invalid`. Only own roles can be lent, none that was borrowed."""
    if person.username == user:
        roles = sorted(person.roles) if wanted is None else wanted
        if not roles:
            raise _refused()
        foreign = [place for place, role in enumerate(roles) if role not in person.roles]
        text = {"id": "Anda tidak memegang peran ini.", "en": "You do not hold this role."}
    else:
        if not _supervised(person) or not is_username(user):
            raise _refused()
        roles = wanted or []
        if not roles:
            text = {"id": "Sebutkan peran yang dilimpahkan.", "en": "Name the roles to lend."}
            raise Invalid([Fault("/roles", text)])
        foreign = [place for place, role in enumerate(roles) if not _oversees(person, [role])]
        text = {"id": "Peran ini bukan di instansi Anda.", "en": "This role is not in your agency."}
    if foreign:
        raise Invalid([Fault(f"/roles/{place}", text) for place in foreign])
    return list(dict.fromkeys(roles))


def _demand_over_standing(person: Person, user: str) -> None:
    """A supervisor may not end what somebody has lent in another agency."""
    standing = ports.delegations.standing(user) if person.username != user else None
    if standing and not _oversees(person, standing["roles"]):
        raise _refused()


def _supervised(person: Person) -> set[str]:
    """The agencies in which somebody is supervisor by a role of their own."""
    return {role.partition("/")[0] for role in person.roles if role.endswith(f"/{SUPERVISOR}")}


def _oversees(person: Person, roles: Any) -> bool:
    return {role.partition("/")[0] for role in roles} <= _supervised(person)


def _concerns(person: Person, user: str, standing: dict[str, Any]) -> bool:
    return person.username in (user, standing["to"]) or _oversees(person, standing["roles"])


def _refused() -> Forbidden:
    return Forbidden(
        "role",
        {
            "id": "Hanya pemegang peran sendiri atau pengawas instansinya yang dapat melimpahkannya.",
            "en": "Only the holder of a role, or a supervisor of the same agency, can lend it.",
        },
    )


def _unknown() -> NotFound:
    return NotFound(
        {"id": "Tidak ada pelimpahan.", "en": "There is no delegation."}, code="delegation-unknown"
    )
