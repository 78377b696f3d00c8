"""DynamoDB under many threads: one call at a time, transactions that copy what they touch, changes told once.

moto's conditional writes have two winners when threads race for them; its transactions copy whole tables, and
apply a repeated ClientRequestToken twice; an update that creates an item makes two stream records.
"""

from __future__ import annotations

import base64
import copy
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionContext, ActionResult
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models import table as table_module
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamShard, Table
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from infra.local.aws import queries
from infra.local.aws.patches import Patches

Attributes = dict[str, Any]

# "A token is valid for 10 minutes": AWS, TransactWriteItems.
TOKEN_SECONDS = 600


@dataclass(frozen=True)
class Change:
    """What one call did to one item: its images before and after, in DynamoDB's JSON; none: absent."""

    table: Table
    keys: Attributes
    old: Attributes | None
    new: Attributes | None


# Told of the changes of one call, in their order, before the call returns.
Listener = Callable[[list[Change]], None]


class Tables:
    """The lock, the idempotency tokens and the changes of the call that is under way."""

    def __init__(self, listener: Listener, kept: dict[str, dict[str, Attributes]]) -> None:
        """With the items that an earlier system kept, by table: they are back as soon as the table is made."""
        self.lock = threading.RLock()
        self._listener = listener
        self._kept = dict(kept)
        self._first: dict[tuple[str, str], Change] = {}
        self._tokens: dict[str, tuple[float, str]] = {}

    def note(self, table: Table, old: Item | None, new: Item | None) -> None:
        """Keep a change of the call under way; changes of the same item become one."""
        item = old if old is not None else new
        if item is None:
            return
        queries.note(table, old, new)
        keys = {name: _plain(item.attrs[name]) for name in table.table_key_attrs}
        place = (table.name, json.dumps(keys, sort_keys=True))
        before = self._first[place].old if place in self._first else image(old)
        self._first[place] = Change(table, keys, before, image(new))

    def restore(self, table: Table) -> None:
        for attributes in self._kept.pop(table.name, {}).values():
            hash_key, range_key = keys = _keys(table, attributes)
            _place(table, keys, Item(hash_key, range_key, attributes))

    def tell(self) -> None:
        """Tell the listener what the call changed; an item that is as it was before did not change."""
        changes = [change for change in self._first.values() if change.old != change.new]
        self._first.clear()
        if changes:
            self._listener(changes)

    def seen(self, token: str, request: str) -> bool:
        """Whether a transaction was applied under this token; raises on another request under the same."""
        now = time.monotonic()
        self._tokens = {key: value for key, value in self._tokens.items() if value[0] > now}
        _, before = self._tokens.get(token, (now, request))
        if before != request:
            raise IdempotentParameterMismatch()
        return token in self._tokens

    def remember(self, token: str, request: str) -> None:
        self._tokens[token] = (time.monotonic() + TOKEN_SECONDS, request)


class IdempotentParameterMismatch(DynamodbException):
    """A ClientRequestToken came again with another transaction."""

    error_type = "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"

    def __init__(self) -> None:
        super().__init__(self.error_type, "The token was used for another request.")


def image(item: Item | None) -> Attributes | None:
    """An item as plain DynamoDB JSON, which later updates do not touch."""
    return None if item is None else {name: _plain(value) for name, value in item.attrs.items()}


def _plain(value: DynamoType) -> Attributes:
    if value.is_map():
        return {"M": {name: _plain(inner) for name, inner in value.value.items()}}
    if value.is_list():
        return {"L": [_plain(inner) for inner in value.value]}
    if value.is_set():
        return {value.type: [_text(inner) for inner in value.value]}
    return {value.type: _text(value.value)}


def _text(value: Any) -> Any:
    """Bytes as base64, as DynamoDB's JSON has them; everything else as it is."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def install(patches: Patches, tables: Tables) -> None:
    """Serialize the calls, and let every table tell its changes, whether or not it has a stream."""
    patches.set(DynamoHandler, "call_action", _one_at_a_time(tables))
    patches.set(DynamoHandler, "transact_write_items", _once_a_token(tables))
    patches.set(DynamoDBBackend, "transact_write_items", _touch_only_what_it_names(tables))
    patches.set(Table, "set_stream_specification", _always_tell(tables))
    patches.set(table_module, "StreamShard", _shard_class(tables))
    patches.set(DynamoResult, "execute_result", _answer)


# The operations whose answers hold whole items.
ITEM_OPERATIONS = frozenset(
    {"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan", "PutItem", "UpdateItem"}
)

_execute_result = DynamoResult.execute_result


def _answer(result: DynamoResult, context: ActionContext) -> Any:
    """moto looks for every possible member of every value under several names, 4 ms for an item of 2 KB."""
    if context.operation_model.name not in ITEM_OPERATIONS:
        return _execute_result(result, context)
    return 200, {"content-type": "application/x-amz-json-1.0"}, json.dumps(result.result, default=_text)


def _one_at_a_time(tables: Tables) -> Callable[[DynamoHandler], Any]:
    original = DynamoHandler.call_action

    def call_action(handler: DynamoHandler) -> Any:
        with tables.lock:
            try:
                return original(handler)
            finally:
                tables.tell()

    return call_action


def _once_a_token(tables: Tables) -> Callable[[DynamoHandler], ActionResult]:
    original = DynamoHandler.transact_write_items

    def transact_write_items(handler: DynamoHandler) -> ActionResult:
        token = handler.body.get("ClientRequestToken")
        request = repr(handler.body["TransactItems"])
        if token is not None and tables.seen(token, request):
            return ActionResult({})
        result = original(handler)
        if token is not None:
            tables.remember(token, request)
        return result

    return transact_write_items


def _touch_only_what_it_names(tables: Tables) -> Callable[[DynamoDBBackend, list[dict[str, Any]]], None]:
    original = DynamoDBBackend.transact_write_items

    def transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        """Run the transaction on small copies of the tables, and take them over when it has succeeded."""
        scratch = copy.copy(backend)
        scratch.tables = {}
        touched = []
        for operation in [next(iter(item.values())) for item in transact_items]:
            table = backend.tables.get(operation.get("TableName"))
            if table is None:
                continue
            attributes = operation.get("Key") or operation.get("Item") or {}
            small = scratch.tables.setdefault(table.name, _empty(table))
            # moto will refuse an incomplete key.
            if all(name in attributes for name in table.table_key_attrs):
                keys = _keys(table, attributes)
                _place(small, keys, copy.deepcopy(_item(table, keys)))
                touched.append((table, keys))
        original(scratch, transact_items)
        for table, keys in touched:
            before, after = _item(table, keys), _item(scratch.tables[table.name], keys)
            _place(table, keys, after)
            tables.note(table, before, after)

    return transact_write_items


Keys = tuple[DynamoType, DynamoType | None]


def _keys(table: Table, attributes: Attributes) -> Keys:
    range_key = DynamoType(attributes[table.range_key_attr]) if table.range_key_attr else None
    return DynamoType(attributes[table.hash_key_attr]), range_key


def _empty(table: Table) -> Table:
    small = copy.copy(table)
    small.items = table.items.__class__(table.items.default_factory)
    small.stream_shard = None
    return small


def _item(table: Table, keys: Keys) -> Item | None:
    hash_key, range_key = keys
    if hash_key not in table.items:
        return None
    found = table.items[hash_key]
    return found if range_key is None else found.get(range_key)


def _place(table: Table, keys: Keys, item: Item | None) -> None:
    hash_key, range_key = keys
    if range_key is not None and item is not None:
        table.items[hash_key][range_key] = item
    elif range_key is not None:
        table.items[hash_key].pop(range_key, None)
    elif item is not None:
        table.items[hash_key] = item
    else:
        table.items.pop(hash_key, None)


def _always_tell(tables: Tables) -> Callable[[Table, dict[str, Any] | None], None]:
    original = Table.set_stream_specification

    def set_stream_specification(table: Table, streams: dict[str, Any] | None) -> None:
        original(table, streams)
        if table.stream_shard is None:
            table.stream_shard = table_module.StreamShard(table.account_id, table)
        tables.restore(table)

    return set_stream_specification


def _shard_class(tables: Tables) -> type[StreamShard]:
    class Shard(StreamShard):
        """Tells the tables of each write; the records are made once the call has done all its writes."""

        def add(self, old: Item | None, new: Item | None) -> None:
            tables.note(self.table, old, new)

    return Shard
