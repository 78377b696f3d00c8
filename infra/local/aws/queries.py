"""Queries that read what they find: a partition, or the entries of an index with one hash key.

moto looks at every item of the table for each query, 50 ms among 20,000 items.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from infra.local.aws.patches import Patches

# The place of `index_name` among the arguments of `Table.query` after the hash key.
INDEX_NAME = 6

Place = tuple[DynamoType, DynamoType | None]
# By attribute and its value: the items that have it.
Entries = dict[str, dict[DynamoType, dict[Place, Item]]]

_query = Table.query


def install(patches: Patches) -> None:
    """Let a query read a small table, which holds all that can match."""
    patches.set(Table, "query", _query_small)


def _query_small(table: Table, hash_key: DynamoType | None, *args: Any, **kwargs: Any) -> Any:
    index_name = args[INDEX_NAME] if len(args) > INDEX_NAME else kwargs.get("index_name")
    small = copy.copy(table)
    if index_name is None:
        small.items = {hash_key: table.items[hash_key]} if hash_key in table.items else {}
        return _query(small, hash_key, *args, **kwargs)
    conditions = kwargs.get("hash_key_conditions")
    if not conditions:
        return _query(table, hash_key, *args, **kwargs)
    attribute, value = conditions[0]
    small.items = _nested(table, _entries(table, attribute).get(value, {}).values())
    return _query(small, hash_key, *args, **kwargs)


def note(table: Table, old: Item | None, new: Item | None) -> None:
    """Move an item from the entries of its old values to those of its new ones."""
    for attribute, by_value in _index(table).items():
        if old is not None and attribute in old.attrs:
            by_value.get(old.attrs[attribute], {}).pop(_place(old), None)
        if new is not None and attribute in new.attrs:
            by_value.setdefault(copy.copy(new.attrs[attribute]), {})[_place(new)] = new


def _index(table: Table) -> Entries:
    index: Entries = vars(table).setdefault("local_index", {})
    return index


def _entries(table: Table, attribute: str) -> dict[DynamoType, dict[Place, Item]]:
    """The entries of an attribute, gathered when they are first asked for."""
    index = _index(table)
    if attribute not in index:
        index[attribute] = {}
        for item in table.all_items():
            if attribute in item.attrs:
                index[attribute].setdefault(copy.copy(item.attrs[attribute]), {})[_place(item)] = item
    return index[attribute]


def _place(item: Item) -> Place:
    return item.hash_key, item.range_key


def _nested(table: Table, items: Iterable[Item]) -> dict[DynamoType, Any]:
    """Items as a table holds them."""
    if not table.has_range_key:
        return {item.hash_key: item for item in items}
    nested: dict[DynamoType, Any] = {}
    for item in items:
        nested.setdefault(item.hash_key, {})[item.range_key] = item
    return nested
