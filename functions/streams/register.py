"""Keeps the public register and the statistics: what was received, how it ended, which permits are in force.

Both are made anew from the case itself, so events may come late, twice or out of order. A case is counted in the same
transaction that writes the entry of its permit, or a bare mark where none was issued.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalice.app import Blueprint

from functions.domain import register, statistics
from functions.domain.case import Case, Permit, moment
from functions.domain.service import Service
from functions.domain.statistics import Conclusion
from functions.ports import Record
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
CONCERNED = register.KEEPING | statistics.CONCLUDING | {"case.submitted"}


def run(happening: Mapping[str, Any]) -> None:
    """Let an event have its effect on the register and on the statistics, once."""
    event = happening["event"]
    if event["type"] == "case.submitted":
        _receive(happening)
    elif event["type"] in CONCERNED:
        record = ports.cases.load(happening["case"])
        _settle(record)
        _count_later(record, event["seq"])


def _receive(happening: Mapping[str, Any]) -> None:
    day = ports.catalogue.calendar(happening["agency"]).day_of(moment(happening["event"]["at"]))
    case_id = happening["case"]
    counter = statistics.counter(case_id, happening["service"], happening["agency"], day)
    ports.table.count(statistics.mark(case_id, "received"), {}, counter, {"received": 1})


def _settle(record: Record) -> None:
    case = record.case
    service = ports.catalogue.service(case.service, case.service_version)
    ended = statistics.conclusion(case.id, record.commits, service, ports.catalogue.calendar(case.agency))
    listed = [permit for permit in case.permits.values() if service.permits[permit.kind].listed]
    if ended:
        numbers = {permit.number for permit in listed}
        ended = replace(ended, permits=tuple(number for number in ended.permits if number in numbers))
    for permit in listed:
        _enter(record, service, permit, ended)
    if ended and not ended.permits:
        _count(case, ended, statistics.mark(case.id, "ended"), {})


def _enter(record: Record, service: Service, permit: Permit, ended: Conclusion | None) -> None:
    key = register.key(service.code, permit)
    entry = register.entry(record.case, record.commits, service, permit)
    standing = ports.table.get(*key)
    if not register.takes_the_place_of(entry, standing):
        return
    if standing is None and ended and permit.number in ended.permits[:1]:
        _count(record.case, ended, key, entry)
    else:
        ports.table.put(*key, entry)


def _count(case: Case, ended: Conclusion, mark: statistics.Key, body: Mapping[str, Any]) -> None:
    counter = statistics.counter(case.id, case.service, case.agency, ended.on)
    ports.table.count(mark, body, counter, statistics.counts_of(ended))


def _count_later(record: Record, seq: int) -> None:
    """Count the steps of an appeal, a renewal or whatever else has ended with this event, once."""
    case = record.case
    ended = statistics.later_end(case.id, record.commits, seq, ports.catalogue.calendar(case.agency))
    if ended and ended[1]:
        day, steps = ended
        counter = statistics.counter(case.id, case.service, case.agency, day)
        counts = statistics.counts_of_steps(steps)
        ports.table.count(statistics.mark(case.id, f"ended-{seq}"), {}, counter, counts)


@blueprint.lambda_function(name="register")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    run(event["detail"])
    return {}
