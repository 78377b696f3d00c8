"""The hash-chained history: who did what and when, in a form that anybody can check.

An event is ``{seq, at, actor, type, data, prev, hash}``: ``hash`` is the lower-case hex SHA-256 of the RFC 8785
canonical JSON of the event without ``hash``, ``prev`` the hash of the event before (64 zeros for the first), ``seq``
counts from 1, ``at`` is RFC 3339 in UTC and never goes back. Events of one commit may share a moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self

import rfc8785

from functions.domain.clock import read_rfc3339, rfc3339

Text = Mapping[str, str]
FaultKind = Literal[
    "unreadable",
    "altered",
    "removed",
    "reordered",
    "inserted",
    "misnumbered",
    "beginning",
    "time",
    "truncated",
]

ZEROS = "0" * 64
_FIELDS = {"seq": int, "at": str, "actor": str, "type": str, "data": Mapping, "prev": str, "hash": str}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be recorded, before it has its place in the chain."""

    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One link of the chain, as it is stored and published."""

    seq: int
    at: str
    actor: str
    type: str
    data: Mapping[str, Any]
    prev: str
    hash: str

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read an event as stored, without checking its hash (see `verify`). Raises ValueError if it is none."""
        if problem := _unreadable(stored):
            raise ValueError(problem["en"])
        return cls(**stored)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a history, and with which event: its number, or None where it has no readable one."""

    seq: int | None
    kind: FaultKind
    message: Text


def digest(value: Any) -> str:
    """Hash a JSON value by its RFC 8785 canonical form.

    Raises rfc8785.CanonicalizationError (a ValueError) for what JSON in a browser cannot hold: NaN, integers beyond
    2^53, other types.
    """
    return digest_bytes(rfc8785.dumps(value))


def digest_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def seal(drafts: Sequence[Draft], *, seq: int, prev: str, at: datetime, actor: str) -> tuple[Event, ...]:
    """Chain drafts to the event with the hash ``prev``; ``seq`` is the number of the first of them."""
    sealed: list[Event] = []
    moment = rfc3339(at)
    for number, draft in enumerate(drafts, seq):
        event = Event(number, moment, actor, draft.type, draft.data, prev, hash="")
        prev = _hash(event)
        sealed.append(replace(event, hash=prev))
    return tuple(sealed)


def verify(events: Iterable[Mapping[str, Any]], *, head: str | None = None) -> list[Fault]:
    """Give every fault of a whole history; none means that nobody has touched it.

    ``head`` is the hash of an event that must be among them, such as the one on a receipt: with it, an end that was
    cut off is found too. A history may have grown since.
    """
    faults: list[Fault] = []
    read: list[Event] = []
    for place, stored in enumerate(events, 1):
        if problem := _unreadable(stored):
            seq = stored.get("seq") if isinstance(stored, Mapping) else None
            faults.append(Fault(seq if type(seq) is int else None, "unreadable", _at_place(place, problem)))
            continue
        event = Event(**stored)
        read.append(event)
        if not _is_sealed(event):
            faults.append(_fault(event, "altered"))
    known = {(fault.seq, fault.kind) for fault in faults}
    faults.extend(fault for fault in _links(read) if (fault.seq, fault.kind) not in known)
    if head is not None and head not in {event.hash for event in read}:
        faults.append(Fault(read[-1].seq if read else None, "truncated", _MESSAGES["truncated"]))
    return faults


def _hash(event: Event) -> str:
    return digest({name: value for name, value in event.as_dict().items() if name != "hash"})


def _is_sealed(event: Event) -> bool:
    try:
        return _hash(event) == event.hash
    except rfc8785.CanonicalizationError:
        return False


def _links(events: Sequence[Event]) -> Iterator[Fault]:
    """Compare each event with the one before it in the list."""
    if events and (events[0].seq, events[0].prev) != (1, ZEROS):
        yield _fault(events[0], "beginning")
    for place in range(1, len(events)):
        before, event = events[place - 1], events[place]
        if event.prev != before.hash:
            yield _broken_link(events, place)
        elif event.seq != before.seq + 1:
            yield _fault(event, "misnumbered")
        if event.at < before.at and read_rfc3339(event.at) < read_rfc3339(before.at):
            yield _fault(event, "time")


def _broken_link(events: Sequence[Event], place: int) -> Fault:
    """Say what was done where an event does not follow from the one before it in the list.

    Whatever the guess, the link is broken: the kind helps a person to look in the right place.
    """
    before, event = events[place - 1], events[place]
    earlier = events[:place]
    if not _is_sealed(event):
        return _fault(event, "altered")
    if event.seq in {other.seq for other in earlier}:
        return _fault(event, "inserted")
    if event.seq < before.seq or any(before.seq < other.seq < event.seq for other in events):
        return _fault(event, "reordered")
    if event.prev in {other.hash for other in earlier}:
        return _fault(before, "inserted")
    if event.seq > before.seq + 1:
        return _fault(event, "removed")
    return _fault(before, "altered")


def _unreadable(stored: Any) -> Text | None:
    """Say why this is no event at all."""
    if not isinstance(stored, Mapping) or set(stored) != set(_FIELDS):
        return _MESSAGES["fields"]
    for name, kind in _FIELDS.items():
        if not isinstance(stored[name], kind) or isinstance(stored[name], bool):
            return {language: text.format(name=name) for language, text in _MESSAGES["field"].items()}
    try:
        read_rfc3339(stored["at"])
    except ValueError:
        return {language: text.format(name="at") for language, text in _MESSAGES["field"].items()}
    return None


def _fault(event: Event, kind: FaultKind) -> Fault:
    return Fault(
        event.seq, kind, {language: text.format(seq=event.seq) for language, text in _MESSAGES[kind].items()}
    )


def _at_place(place: int, problem: Text) -> Text:
    return {"id": f"Entri ke-{place}: {problem['id']}", "en": f"Entry {place}: {problem['en']}"}


_MESSAGES: Mapping[str, Text] = {
    "fields": {
        "id": "bukan peristiwa; isinya harus tepat seq, at, actor, type, data, prev, dan hash",
        "en": "not an event; it must hold exactly seq, at, actor, type, data, prev and hash",
    },
    "field": {"id": "nilai `{name}` tidak terbaca", "en": "`{name}` has no readable value"},
    "altered": {
        "id": "Peristiwa {seq} telah diubah: isinya tidak sesuai dengan hash-nya atau dengan peristiwa berikutnya.",
        "en": "Event {seq} has been altered: it does not match its hash, or the event after it.",
    },
    "removed": {
        "id": "Ada peristiwa yang dihapus sebelum peristiwa {seq}.",
        "en": "An event before event {seq} has been removed.",
    },
    "reordered": {
        "id": "Peristiwa {seq} tidak berada di tempatnya: urutannya telah diubah.",
        "en": "Event {seq} is not in its place: the order has been changed.",
    },
    "inserted": {
        "id": "Peristiwa {seq} telah disisipkan: peristiwa lain tidak merujuk kepadanya.",
        "en": "Event {seq} has been inserted: no other event follows from it.",
    },
    "misnumbered": {
        "id": "Peristiwa {seq} salah nomor: nomornya tidak melanjutkan nomor sebelumnya.",
        "en": "Event {seq} is misnumbered: its number does not follow the one before.",
    },
    "beginning": {
        "id": "Awal riwayat hilang atau diubah: peristiwa pertama harus bernomor 1 dan merujuk ke 64 angka nol.",
        "en": "The beginning is missing or altered: the first event must have number 1 and refer to 64 zeros.",
    },
    "time": {
        "id": "Waktu peristiwa {seq} lebih awal daripada peristiwa sebelumnya.",
        "en": "Event {seq} is earlier in time than the event before it.",
    },
    "truncated": {
        "id": "Akhir riwayat terpotong: peristiwa dengan hash yang diharapkan tidak ada.",
        "en": "The end has been cut off: the event with the expected hash is not there.",
    },
}
