"""What the local system has used: calls, units, transitions and invocations, counted by AWS's rules.

moto's own figures of consumed capacity are wrong; here every recorded call is priced by `infra.cost`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from infra.cost import Index, Item, Ledger, Usage, failed_write_units, read_units, write_units
from infra.local.aws import LocalAws
from infra.local.system import TABLE, template

Key = tuple[str, str]


def measure(aws: LocalAws) -> Usage:
    """Count everything since the system was started (or its record of calls cleared)."""
    described = template()["Resources"]["Cases"]["Properties"]["GlobalSecondaryIndexes"]
    meter = _Meter([Index.from_description(index) for index in described])
    for call in list(aws.faults.calls):
        meter.take(call.service, call.operation, call.params, call.response)
    for run in aws.runs():
        meter.ledger.transition(run.transitions)
    return meter.ledger.usage


class _Meter:
    """Follows the table item by item, so that it knows what stood there before each write."""

    def __init__(self, indexes: list[Index]) -> None:
        self.ledger = Ledger()
        self._indexes = indexes
        self._items: dict[Key, Item] = {}

    def take(self, service: str, operation: str, params: Any, response: Any) -> None:
        if service == "lambda":
            self.ledger.invocation(operation)
        elif service != "dynamodb" or params.get("TableName", TABLE) != TABLE:
            self.ledger.request(f"{service}:{operation}")
        elif _is_local(params.get("Item") or params.get("Key") or {}):
            return
        else:
            writes, reads = self._units(operation, params, response)
            self.ledger.request(operation, write_units=writes, read_units=reads)

    def _units(self, operation: str, params: Any, response: Any) -> tuple[float, float]:
        match operation:
            case "PutItem":
                return self._put(params["Item"], failed="Error" in response), 0
            case "DeleteItem":
                return self._become(_key(params["Key"]), None), 0
            case "UpdateItem":
                return self._update(params["Key"]), 0
            case "TransactWriteItems":
                return self._transact(params["TransactItems"], failed="Error" in response), 0
            case "GetItem":
                return 0, read_units([response.get("Item")], params.get("ConsistentRead", False))
            case "Query":
                return 0, read_units(response.get("Items", []), params.get("ConsistentRead", False))
        return 0, 0

    def _put(self, item: Item, *, failed: bool, transactional: bool = False) -> float:
        key = _key(item)
        if failed:
            return failed_write_units(self._items.get(key), item, transactional=transactional)
        return self._become(key, item, transactional=transactional)

    def _transact(self, parts: Iterable[Mapping[str, Any]], *, failed: bool) -> float:
        return sum(
            self._put(part["Put"]["Item"], failed=failed, transactional=True)
            if "Put" in part
            else self._update(part["Update"]["Key"], transactional=True)
            for part in parts
        )

    def _update(self, key: Item, *, transactional: bool = False) -> float:
        # The updates here remove or count within an item: its size before is the larger, or as large.
        item = self._items.get(_key(key))
        return write_units(item, item, indexes=(), transactional=transactional)

    def _become(self, key: Key, item: Item | None, *, transactional: bool = False) -> float:
        units = write_units(self._items.get(key), item, indexes=self._indexes, transactional=transactional)
        if item is None:
            self._items.pop(key, None)
        else:
            self._items[key] = item
        return units


def _is_local(item: Mapping[str, Any]) -> bool:
    """What the stand-ins keep in the table would not be there on AWS."""
    return str(item.get("pk", {}).get("S", "")).startswith("LOCAL#")


def _key(item: Mapping[str, Any]) -> Key:
    return json.dumps(item["pk"]), json.dumps(item["sk"])
