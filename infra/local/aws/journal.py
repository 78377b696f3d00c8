"""What the account holds, kept in a directory: a log that is written before an answer is given.

moto keeps nothing. Each line of `journal.jsonl` is one fact; at the start the lines are folded into a state and
written anew, shorter. A torn last line was never answered for and is dropped. The bytes of objects lie beside it.

Kept are items, stream records that a subscriber has not taken yet, objects, keys, the law's time, bus events that
are not delivered yet, and which executions run: these themselves end with the process, and are told as lost.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Attributes = dict[str, Any]
Fact = dict[str, Any]


@dataclass
class State:
    """The fold of a journal."""

    # By table and key (as JSON): the attributes of an item.
    items: dict[str, dict[str, Attributes]] = field(default_factory=dict)
    # Changes (number, table, keys, old, new) that some subscription has not acknowledged.
    changes: list[tuple[int, str, Attributes, Attributes | None, Attributes | None]] = field(
        default_factory=list
    )
    # By subscription: its table, and the number of the last change that it took.
    subscriptions: dict[str, tuple[str, int]] = field(default_factory=dict)
    # By bucket and key: its versions, oldest first; a delete marker has no `file`.
    objects: dict[str, dict[str, list[Fact]]] = field(default_factory=dict)
    keys: dict[str, Fact] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    events: dict[str, Fact] = field(default_factory=dict)
    runs: dict[str, Fact] = field(default_factory=dict)
    clock: Fact | None = None
    number: int = 0


class DirectoryTaken(RuntimeError):
    """Another process keeps its state in the directory."""


class Journal:
    """The log of one directory.

    Raises:
        DirectoryTaken: one process writes it at a time.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "journal.jsonl"
        self._lock = threading.Lock()
        self._dirty = False
        (directory / "objects").mkdir(parents=True, exist_ok=True)
        self._claim = (directory / "lock").open("w")
        try:
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._claim.close()
            raise DirectoryTaken(f"another process keeps its state in {directory}") from None
        self.state = fold(self._read())
        self._compact()
        self._log = self._path.open("a", buffering=1, encoding="utf-8")

    def write(self, **fact: Any) -> None:
        """Append a fact: it outlives this process at once, and the machine once `sync` has returned."""
        line = json.dumps(fact, separators=(",", ":")) + "\n"
        with self._lock:
            self._log.write(line)
            self._dirty = True

    def sync(self) -> None:
        with self._lock:
            if self._dirty:
                os.fsync(self._log.fileno())
                self._dirty = False

    def close(self) -> None:
        self.sync()
        self._log.close()
        self._claim.close()

    def write_file(self, bucket: str, key: str, version: str, content: bytes) -> str:
        """Keep the bytes of an object; return the name of the file."""
        name = hashlib.sha256(f"{bucket}\0{key}\0{version}".encode()).hexdigest()
        _write(self._directory / "objects" / name, content)
        return name

    def read_file(self, name: str) -> bytes:
        return (self._directory / "objects" / name).read_bytes()

    def _read(self) -> list[Fact]:
        if not self._path.exists():
            return []
        lines = self._path.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines[:-1]]

    def _compact(self) -> None:
        text = "".join(json.dumps(fact, separators=(",", ":")) + "\n" for fact in unfold(self.state))
        _write(self._path, text.encode())
        kept = {
            version["file"]
            for keys in self.state.objects.values()
            for versions in keys.values()
            for version in versions
            if "file" in version
        }
        for path in (self._directory / "objects").iterdir():
            if path.name not in kept:
                path.unlink()


def _write(path: Path, content: bytes) -> None:
    """Put a file in its place whole: after a crash there is the old one or the new one."""
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def fold(facts: list[Fact]) -> State:
    """The state that the facts lead to."""
    state = State()
    for fact in facts:
        ((kind, value),) = fact.items()
        _FOLDS[kind](state, value)
    taken = {name: number for name, (_, number) in state.subscriptions.items()}
    state.changes = [
        change
        for change in state.changes
        if any(
            change[0] > taken[name] and change[1] == table for name, (table, _) in state.subscriptions.items()
        )
    ]
    return state


def unfold(state: State) -> list[Fact]:
    """The shortest facts that lead to the state; items are as before the changes, which follow."""
    items = {table: dict(by_key) for table, by_key in state.items.items()}
    for _, table, keys, old, _ in reversed(state.changes):
        _place(items, table, keys, old)
    facts: list[Fact] = [
        {"item": [table, json.loads(key), item]}
        for table, by_key in items.items()
        for key, item in by_key.items()
    ]
    facts += [{"subscription": [name, *value]} for name, value in state.subscriptions.items()]
    facts += [{"change": [number, table, keys, new]} for number, table, keys, _, new in state.changes]
    facts += [
        {"object": [bucket, key, version]}
        for bucket, by_key in state.objects.items()
        for key, versions in by_key.items()
        for version in versions
    ]
    facts += [{"key": key} for key in state.keys.values()]
    facts += [{"alias": [name, key]} for name, key in state.aliases.items()]
    facts += [{"event": event} for event in state.events.values()]
    facts += [{"run": run} for run in state.runs.values()]
    facts += [{"clock": state.clock}] if state.clock else []
    return [*facts, {"number": state.number}]


def _place(
    items: dict[str, dict[str, Attributes]], table: str, keys: Attributes, item: Attributes | None
) -> None:
    by_key, key = items.setdefault(table, {}), json.dumps(keys, sort_keys=True)
    if item is None:
        by_key.pop(key, None)
    else:
        by_key[key] = item


def _item(state: State, value: list[Any]) -> None:
    _place(state.items, *value)


def _change(state: State, value: list[Any]) -> None:
    number, table, keys, new = value
    old = state.items.get(table, {}).get(json.dumps(keys, sort_keys=True))
    _place(state.items, table, keys, new)
    state.changes.append((number, table, keys, old, new))
    state.number = max(state.number, number)


def _subscription(state: State, value: list[Any]) -> None:
    name, table, number = value
    state.subscriptions[name] = (table, number)


def _object(state: State, value: list[Any]) -> None:
    bucket, key, version = value
    versions = state.objects.setdefault(bucket, {}).setdefault(key, [])
    versions[:] = [other for other in versions if other["version"] != version["version"]] + [version]


def _gone(state: State, value: list[Any]) -> None:
    bucket, key, version = value
    versions = state.objects.get(bucket, {}).get(key, [])
    versions[:] = [other for other in versions if version is not None and other["version"] != version]
    if not versions:
        state.objects.get(bucket, {}).pop(key, None)


def _number(state: State, value: int) -> None:
    state.number = max(state.number, value)


_FOLDS: dict[str, Any] = {
    "item": _item,
    "change": _change,
    "subscription": _subscription,
    "object": _object,
    "gone": _gone,
    "number": _number,
    "key": lambda state, value: state.keys.update({value["id"]: value}),
    "alias": lambda state, value: state.aliases.update({value[0]: value[1]}),
    "event": lambda state, value: state.events.update({value["id"]: value}),
    "delivered": lambda state, value: state.events.pop(value, None),
    "run": lambda state, value: state.runs.update({value["arn"]: value}),
    "ended": lambda state, value: state.runs.pop(value, None),
    "clock": lambda state, value: setattr(state, "clock", value),
}
