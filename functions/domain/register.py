"""The public register: which permits were issued, what they are about, and whether they are valid. Never a person.

    REGISTER#<service>#<month>    <moment of issue>#<number>    one permit

A month of one service is one partition, so that neither a service nor a year grows without bound; the sort key is the
same in all of them, so that a place in the list is one such key, whichever partitions it is read from. Only values
are kept; titles come from the version of the service under which the permit was issued.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

from functions.domain import statistics, views
from functions.domain.case import Case, Commit, Permit, moment
from functions.domain.clock import rfc3339
from functions.domain.service import Service, Text

Entry = Mapping[str, Any]
State = Literal["valid", "expired", "suspended", "revoked"]
KEEPING = frozenset(
    {"permit.issued", "permit.suspended", "permit.reinstated", "permit.revoked", "permit.expired"}
)
"""The types of events after which the register may say something else."""
_FINAL = frozenset({"revoked", "expired"})
_NUMBER = re.compile(r"([A-Z][A-Z0-9-]*)-(\d{4})-([0-9A-Z]{5})-([0-9A-Z]{5})")
_READ_ALIKE = str.maketrans("OIL", "011")


def key(service: str, permit: Permit) -> statistics.Key:
    """Give where the entry of a permit stands."""
    return partition(service, month_of(permit.issued_at)), f"{_sortable(permit.issued_at)}#{permit.number}"


def partition(service: str, month: str) -> str:
    return f"REGISTER#{service}#{month}"


def entry(case: Case, commits: Iterable[Commit], service: Service, permit: Permit) -> dict[str, Any]:
    """Give what the register keeps of a permit: the facts that the service publishes, no person."""
    facts = facts_at_issue(commits, permit.number)
    published = views.published(facts, service)
    kept = {
        "number": permit.number, "kind": permit.kind, "service": service.code, "version": service.version,
        "agency": case.agency, "state": permit.state, "issued_at": rfc3339(permit.issued_at), "facts": published,
    }  # fmt: skip
    return kept | ({"valid_until": rfc3339(permit.valid_until)} if permit.valid_until else {})


def facts_at_issue(commits: Iterable[Commit], number: str) -> Mapping[str, Any]:
    """Give the facts for which a permit was issued; an amendment changes those of the case, not of this document."""
    facts: Mapping[str, Any] = {}
    for event in (event for commit in commits for event in commit.events):
        if isinstance(event.data.get("facts"), Mapping):
            facts = event.data["facts"]
        if event.type == "permit.issued" and event.data["number"] == number:
            break
    return facts


def takes_the_place_of(new: Entry, old: Entry | None) -> bool:
    """Tell whether an entry is to be written; one that was made from an older reading of the case never is."""
    if old is None:
        return True
    return new != old and not (old["state"] in _FINAL and new["state"] not in _FINAL)


def state_at(state: str, valid_until: datetime | None, now: datetime) -> State:
    """Tell the state of a permit; it has expired once its last moment has passed, whoever has noted it by then."""
    over = state == "valid" and valid_until is not None and now > valid_until
    return "expired" if over else cast("State", state)


def entry_state(entry: Entry, now: datetime) -> State:
    until = entry.get("valid_until")
    return state_at(entry["state"], moment(until) if until else None, now)


def as_written(number: str) -> str:
    """Give a number as it was issued, from how somebody typed it: small letters, O for 0, I or L for 1, blanks."""
    typed = "".join(number.split()).upper()
    match = _NUMBER.fullmatch(typed)
    if match is None:
        return typed
    prefix, year, *tail = match.groups()
    return "-".join([prefix, year, *(part.translate(_READ_ALIKE) for part in tail)])


# -- reading


def months(since: datetime, until: datetime) -> Iterator[str]:
    """Give the months in which permits of a period were issued, newest first."""
    month, first = month_of(until), month_of(since)
    while month >= first:
        yield month
        month = statistics.months_before(month, 1)


def bounds(month: str, since: datetime, before: str) -> tuple[str, str]:
    """Give the first and last sort key of a partition to be read: from ``since`` on, up to the place ``before``."""
    return max(_sortable(since), month), min(before, f"{month}~")


def place_of(until: datetime) -> str:
    """Give the place in the list after everything that was issued up to this moment."""
    return f"{_sortable(until)}#~"


def newest(found: Iterable[Mapping[str, Any]], limit: int, before: str) -> list[Mapping[str, Any]]:
    """Give the first entries of several lists together that come after the place ``before``."""
    older = (item for item in found if item["sk"] < before)
    return sorted(older, key=lambda item: str(item["sk"]), reverse=True)[:limit]


def month_of(at: datetime) -> str:
    return statistics.month_of(at.astimezone(UTC).date())


def _sortable(at: datetime) -> str:
    """With milliseconds always: "…00.5Z" would come before "…00Z"."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z"


# -- facts in words


def published(entry: Entry, service: Service) -> list[tuple[str, Text, Any, Text | None]]:
    """Give each published fact of an entry: name, title, value, and the value's own title where it has one."""
    return [
        (name, title, entry["facts"][name], _worded(name, service, entry["facts"][name]))
        for name, title in service.publication.facts.items()
        if name in entry["facts"]
    ]


def _worded(name: str, service: Service, value: Any) -> Text | None:
    options = (option for field in service.form.fields if field.name == name for option in field.options)
    chosen = next((option.title for option in options if option.value == value), None)
    return chosen or service.words_of(name, value)
