"""The history is a chain that anybody can check: whatever is done to it afterwards is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rfc8785
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.domain.history import ZEROS, Draft, Event, digest, digest_bytes, seal, verify

START = datetime(2026, 2, 2, 3, 0, tzinfo=UTC)
Stored = dict[str, Any]


def chain(length: int = 5) -> list[Stored]:
    """A history of so many events, one a minute."""
    events: list[Event] = []
    for n in range(length):
        head = events[-1].hash if events else ZEROS
        draft = Draft("task.completed", {"task": f"t{n}", "amount": 499770, "note": "disetujui – ya"})
        events += seal([draft], seq=n + 1, prev=head, at=START + timedelta(minutes=n), actor="rina")
    return [event.as_dict() for event in events]


def sealed(event: Stored) -> Stored:
    """The event with the hash that somebody would compute for it who wants to hide a change."""
    said = {name: value for name, value in event.items() if name != "hash"}
    return {**said, "hash": digest(said)}


def kinds(events: list[Stored], **options: Any) -> list[tuple[int | None, str]]:
    return [(fault.seq, fault.kind) for fault in verify(events, **options)]


def test_the_hash_is_that_of_the_canonical_json_without_it():
    said = {
        "actor": "siti",
        "at": "2026-02-02T03:00:00Z",
        "data": {"fee": 499770, "form": "ab", "small": True},
        "prev": "0" * 64,
        "seq": 1,
        "type": "case.created",
    }
    by_hand = hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    (event,) = seal(
        [Draft("case.created", {"small": True, "form": "ab", "fee": 499770})],
        seq=1,
        prev=ZEROS,
        at=START,
        actor="siti",
    )

    assert event.hash == by_hand == "53ddfbe1ae134201f3eec5ce2161aed11a8cada0ba29775476f82a4401d736b9"
    assert event.as_dict() == {**said, "hash": by_hand}


def test_events_of_one_commit_are_chained_and_share_their_moment():
    first, second = seal(
        [Draft("case.submitted", {}), Draft("clock.started", {"term": "28 wd"})],
        seq=7, prev="a" * 64, at=START + timedelta(milliseconds=250), actor="system",
    )  # fmt: skip

    assert (first.seq, second.seq) == (7, 8)
    assert (first.prev, second.prev) == ("a" * 64, first.hash)
    assert first.at == second.at == "2026-02-02T03:00:00.250Z"


def test_digests_are_lower_case_hex_of_canonical_json():
    assert digest({"b": 1.0, "a": "é"}) == hashlib.sha256('{"a":"é","b":1}'.encode()).hexdigest()
    assert digest_bytes(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("value", [float("nan"), 2**53, object()])
def test_refuses_to_hash_what_has_no_canonical_form(value: object):
    with pytest.raises(rfc8785.CanonicalizationError):
        digest(value)


def test_an_event_survives_its_dictionary():
    stored = chain(1)[0]

    assert Event.from_dict(stored).as_dict() == stored


def test_finds_nothing_in_an_untouched_history():
    events = chain()

    assert verify(events) == []
    assert verify(events, head=events[2]["hash"]) == []
    assert verify([]) == []


def test_says_in_both_languages_what_is_wrong():
    events = chain()
    events[1]["data"] = {}

    (fault,) = verify(events)

    assert (fault.seq, fault.kind) == (2, "altered")
    assert fault.message["en"].startswith("Event 2 has been altered")
    assert fault.message["id"].startswith("Peristiwa 2 telah diubah")


def _altered(events: list[Stored]) -> None:
    events[2]["actor"] = "budi"


def _altered_and_sealed(events: list[Stored]) -> None:
    events[2] = sealed({**events[2], "actor": "budi"})


def _new_hash(events: list[Stored]) -> None:
    events[2]["hash"] = "f" * 64


def _new_prev(events: list[Stored]) -> None:
    events[2]["prev"] = "f" * 64


def _unhashable(events: list[Stored]) -> None:
    events[2]["data"] = {"n": 2**60}


def _removed(events: list[Stored]) -> None:
    del events[2]


def _beheaded(events: list[Stored]) -> None:
    del events[0]


def _other_beginning(events: list[Stored]) -> None:
    events[0] = sealed({**events[0], "prev": "1" * 64})


def _swapped(events: list[Stored]) -> None:
    events[1], events[2] = events[2], events[1]


def _repeated(events: list[Stored]) -> None:
    events.insert(3, events[2])


def _inserted(events: list[Stored]) -> None:
    events.insert(3, sealed({**events[2], "seq": 4, "prev": events[2]["hash"]}))


def _inserted_and_renumbered(events: list[Stored]) -> None:
    events.insert(3, sealed({**events[2], "seq": 3, "prev": events[2]["hash"], "data": {}}))
    del events[2]["data"]["note"]
    events[2] = sealed(events[2])


def _misnumbered(events: list[Stored]) -> None:
    events[4] = sealed({**events[4], "seq": 7})


def _back_in_time(events: list[Stored]) -> None:
    events[4] = sealed({**events[4], "at": "2026-02-02T02:59:59.999Z"})


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (_altered, [(3, "altered")]),
        (_altered_and_sealed, [(3, "altered")]),
        (_new_hash, [(3, "altered")]),
        (_new_prev, [(3, "altered")]),
        (_unhashable, [(3, "altered")]),
        (_removed, [(4, "removed")]),
        (_beheaded, [(2, "beginning")]),
        (_other_beginning, [(1, "beginning"), (1, "altered")]),
        (_swapped, [(3, "reordered"), (2, "reordered"), (2, "time"), (4, "reordered")]),
        (_repeated, [(3, "inserted")]),
        (_inserted, [(4, "inserted")]),
        (_inserted_and_renumbered, [(3, "inserted"), (3, "altered")]),
        (_misnumbered, [(7, "misnumbered")]),
        (_back_in_time, [(5, "time")]),
    ],
)
def test_finds_what_was_done(change: Callable[[list[Stored]], None], faults: list[tuple[int, str]]):
    events = chain()

    change(events)

    assert kinds(events) == faults


def test_finds_an_end_that_was_cut_off_by_the_hash_on_the_receipt():
    events = chain()

    assert kinds(events[:3]) == []
    assert kinds(events[:3], head=events[4]["hash"]) == [(3, "truncated")]
    assert kinds([], head=events[4]["hash"]) == [(None, "truncated")]


@pytest.mark.parametrize(
    ("stored", "seq"),
    [
        ("event", None),
        ({}, None),
        ({**chain(1)[0], "more": 1}, 1),
        ({**chain(1)[0], "seq": "1"}, None),
        ({**chain(1)[0], "seq": True}, None),
        ({**chain(1)[0], "data": []}, 1),
        ({**chain(1)[0], "at": "2026-02-02T03:00:00+00:00"}, 1),
        ({**chain(1)[0], "at": "2026-02-02T03:00:00.000Z"}, 1),
    ],
)
def test_reports_what_is_no_event(stored: Any, seq: int | None):
    assert kinds([stored]) == [(seq, "unreadable")]
    with pytest.raises(ValueError, match=r"."):
        Event.from_dict(stored)


@given(st.integers(0, 4), st.data())
def test_finds_any_byte_that_was_flipped(place: int, data: st.DataObject):
    events = chain()
    content = bytearray(rfc8785.dumps(events[place]))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        flipped = json.loads(content)
    except ValueError:
        return  # no longer JSON: whoever reads the file sees it
    assume(flipped != events[place])

    events[place] = flipped

    assert verify(events)


@given(st.permutations(range(5)), st.sets(st.integers(0, 4)))
def test_finds_any_other_order_or_gap(order: list[int], gone: set[int]):
    events = chain()
    shuffled = [events[n] for n in order if n not in gone]
    assume(shuffled != events[: len(shuffled)])

    assert verify(shuffled)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abä😀", max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.text("abc", max_size=3), JSON, max_size=3), min_size=1, max_size=4))
def test_a_history_still_verifies_after_its_way_through_json(contents: list[dict[str, Any]]):
    drafts = [Draft("fee.assessed", content) for content in contents]

    events = seal(drafts, seq=1, prev=ZEROS, at=START, actor="system")

    assert verify(json.loads(json.dumps([event.as_dict() for event in events])), head=events[-1].hash) == []
