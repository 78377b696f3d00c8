"""What DynamoDB, Step Functions and Lambda charge for: read and write units by AWS's published rules, and a ledger.

Items are in DynamoDB JSON, ``{"pk": {"S": "CASE#1"}}``. The rules: Amazon DynamoDB Developer Guide, "Item sizes and
formats" (CapacityUnitCalculations), "Read and write operations" (read-write-operations), "Using global secondary
indexes" (GSI, throughput considerations) and "Transactions: how it works" (transaction-apis). A KB is 1,024 bytes.

The guide gives the size of a number only approximately. Here its significant digits count in pairs on each side of the
decimal point, rounded up, and a minus sign costs a byte, as measured at the size limit of an item (public conformance
suite nubo-db/dynamodb-conformance, 2026-08).
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from threading import Lock
from typing import Any, Literal, Self

Value = Mapping[str, Any]
Item = Mapping[str, Value]
Change = tuple[Item | None, Item | None]
Language = Literal["id", "en"]

WRITE_BLOCK = 1024
READ_BLOCK = 4096
TRANSACTION_FACTOR = 2


# -- sizes -------------------------------------------------------------------------------------------------------


def item_size(item: Item) -> int:
    """Give the bytes of an item: its attributes' names and values."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Value) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "B":
            return len(base64.b64decode(content) if isinstance(content, str) else content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _value_size(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(each) for name, each in content.items())
        case "SS" | "NS" | "BS":
            return sum(_value_size({kind[0]: each}) for each in content)
    raise ValueError(f"DynamoDB has no type {kind!r}")


def _number_size(text: str) -> int:
    sign, digits, exponent = Decimal(text).as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{text!r} is no number of DynamoDB")
    written = "".join(map(str, digits))
    significant = written.rstrip("0")
    if not significant:
        return 1
    decimals = -exponent - (len(written) - len(significant))
    fraction = min(len(significant), max(0, decimals))
    return 1 + _blocks(len(significant) - fraction, 2) + _blocks(fraction, 2) + sign


def _blocks(size: int, block: int) -> int:
    return -(-size // block)


def _at_least_one(size: int, block: int) -> int:
    return max(1, _blocks(size, block))


# -- indexes -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index; ``key`` and ``table_key`` name the attributes of its own and of the table's key."""

    name: str
    key: tuple[str, ...]
    projection: Literal["ALL", "KEYS_ONLY", "INCLUDE"] = "ALL"
    attributes: frozenset[str] = frozenset()
    table_key: tuple[str, ...] = ("pk", "sk")

    @classmethod
    def from_description(
        cls, description: Mapping[str, Any], table_key: Sequence[str] = ("pk", "sk")
    ) -> Self:
        """Read an index as CloudFormation and DescribeTable write it."""
        projection = description["Projection"]
        return cls(
            description["IndexName"],
            tuple(part["AttributeName"] for part in description["KeySchema"]),
            projection["ProjectionType"],
            frozenset(projection.get("NonKeyAttributes", ())),
            tuple(table_key),
        )

    def project(self, item: Item | None) -> Item | None:
        """Give what the index holds of an item; None if it lacks the index's key."""
        if item is None or any(name not in item for name in self.key):
            return None
        if self.projection == "ALL":
            return item
        held = {*self.key, *self.table_key, *(self.attributes if self.projection == "INCLUDE" else ())}
        return {name: value for name, value in item.items() if name in held}

    def write_units(self, old: Item | None, new: Item | None) -> int:
        """Give what a change of an item costs here: nothing, a put, a delete, an update, or a delete and a put."""
        before, after = self.project(old), self.project(new)
        if before == after:
            return 0
        sizes = [item_size(projected) for projected in (before, after) if projected is not None]
        if before is not None and after is not None and all(before[name] == after[name] for name in self.key):
            sizes = [max(sizes)]
        return sum(_at_least_one(size, WRITE_BLOCK) for size in sizes)


# -- units -------------------------------------------------------------------------------------------------------


def write_units(
    old: Item | None, new: Item | None, *, indexes: Sequence[Index] = (), transactional: bool = False
) -> int:
    """Give the units of a put, update or delete that turns ``old`` into ``new`` (None: there is no item).

    The larger of both sizes counts; deleting what is not there costs 1. A transaction doubles the write to the table,
    not those to the indexes, which follow it once (measured; the guide does not say).
    """
    indexed = sum(index.write_units(old, new) for index in indexes)
    return failed_write_units(old, new, transactional=transactional) + indexed


def failed_write_units(existing: Item | None, attempted: Item | None, *, transactional: bool = False) -> int:
    """Give the units of a write whose condition did not hold: by the larger of both items, at least 1."""
    size = max((item_size(item) for item in (existing, attempted) if item is not None), default=0)
    return _at_least_one(size, WRITE_BLOCK) * (TRANSACTION_FACTOR if transactional else 1)


def transact_write_units(
    changes: Iterable[Change], *, checks: Iterable[Item | None] = (), indexes: Sequence[Index] = ()
) -> int:
    """Give the units of a TransactWriteItems; ``checks`` are the items on which it only sets a condition."""
    written = sum(write_units(old, new, indexes=indexes, transactional=True) for old, new in changes)
    return written + sum(failed_write_units(item, None, transactional=True) for item in checks)


def read_units(items: Sequence[Item | None], consistent: bool, transactional: bool = False) -> float:
    """Give the units of one read: a GetItem, or a Query or Scan, whose items are summed before rounding.

    ``items`` are all that were evaluated, filtered or not; of an index, what it holds (`Index.project`). What is not
    there (an empty list, None) is read like the smallest item. A transaction rounds each item on its own.
    """
    if transactional:
        return TRANSACTION_FACTOR * batch_read_units(items, consistent=True)
    size = sum(item_size(item) for item in items if item is not None)
    return _at_least_one(size, READ_BLOCK) * (1 if consistent else 0.5)


def batch_read_units(items: Sequence[Item | None], consistent: bool) -> float:
    """Give the units of a BatchGetItem, which rounds each item on its own."""
    return sum((read_units([item], consistent) for item in items), 0.0)


# -- prices ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million of each, on demand and without the free tier; ``confirmed``: read in AWS's own list."""

    region: str
    as_of: date
    source: str
    confirmed: bool
    write_units: Decimal
    read_units: Decimal
    transitions: Decimal
    invocations: Decimal


_PAGES = "aws.amazon.com/dynamodb/pricing, /step-functions/pricing, /lambda/pricing"
PRICES: Mapping[str, Prices] = {
    prices.region: prices
    for prices in (
        Prices(
            "ap-southeast-3", date(2025, 11, 1), _PAGES, confirmed=False,
            write_units=Decimal("0.7115"), read_units=Decimal("0.1423"),
            transitions=Decimal("25"), invocations=Decimal("0.20"),
        ),
        Prices(
            "us-east-1", date(2025, 11, 1), _PAGES, confirmed=False,
            write_units=Decimal("0.625"), read_units=Decimal("0.125"),
            transitions=Decimal("25"), invocations=Decimal("0.20"),
        ),
    )
}  # fmt: skip


# -- the ledger --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used up to a moment, or, as a difference, between two. Lambda's duration and storage are not in it."""

    requests: Counter[str] = field(default_factory=Counter)
    invocations: Counter[str] = field(default_factory=Counter)
    transitions: int = 0
    write_units: float = 0
    read_units: float = 0

    def __sub__(self, earlier: Usage) -> Usage:
        return Usage(
            self.requests - earlier.requests,
            self.invocations - earlier.invocations,
            self.transitions - earlier.transitions,
            self.write_units - earlier.write_units,
            self.read_units - earlier.read_units,
        )

    def cost(self, prices: Prices) -> Decimal:
        """Give the US dollars of it all."""
        return sum((dollars for _, _, dollars in self._lines(prices)), Decimal())

    def table(self, prices: Prices, language: Language = "en") -> str:
        """Write a small table: how many of each, what it costs, where the prices are from."""
        lines = [
            (_LABELS[key][language], f"{amount:g}", f"{usd:.7f}") for key, amount, usd in self._lines(prices)
        ]
        total = (_LABELS["total"][language], "", f"{self.cost(prices):.7f}")
        head = (f"{prices.region}, {prices.as_of:%Y-%m}", _LABELS["number"][language], "US$")
        rows = [head, *lines, total]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        written = [
            f"{name:<{widths[0]}}  {amount:>{widths[1]}}  {usd:>{widths[2]}}" for name, amount, usd in rows
        ]
        named = ", ".join(f"{name} {count}" for name, count in sorted(self.requests.items()))
        notes = [f"{_LABELS['requests'][language]}: {named or '–'}"]
        notes += [] if prices.confirmed else [_LABELS["unconfirmed"][language].format(source=prices.source)]
        return "\n".join([*written, *notes])

    def _lines(self, prices: Prices) -> list[tuple[str, float, Decimal]]:
        amounts = {
            "write_units": self.write_units,
            "read_units": self.read_units,
            "transitions": self.transitions,
            "invocations": self.invocations.total(),
        }
        return [
            (key, amount, Decimal(str(amount)) * getattr(prices, key) / 1_000_000)
            for key, amount in amounts.items()
        ]


class Ledger:
    """Counts what is used; several threads may write in it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._usage = Usage()

    def request(self, operation: str, *, write_units: float = 0, read_units: float = 0) -> None:
        """Count a request to a service, such as ``PutItem`` or ``s3:GetObject``, and its units."""
        self._add(Usage(Counter([operation]), write_units=write_units, read_units=read_units))

    def transition(self, number: int = 1) -> None:
        """Count state transitions of Standard workflows: each state that is entered, retries included."""
        self._add(Usage(transitions=number))

    def invocation(self, function: str) -> None:
        self._add(Usage(invocations=Counter([function])))

    @property
    def usage(self) -> Usage:
        """What was used so far; ``after - before`` is what was used between."""
        with self._lock:
            return self._usage

    def _add(self, more: Usage) -> None:
        with self._lock:
            so_far = self._usage
            self._usage = Usage(
                so_far.requests + more.requests,
                so_far.invocations + more.invocations,
                so_far.transitions + more.transitions,
                so_far.write_units + more.write_units,
                so_far.read_units + more.read_units,
            )


_LABELS: Mapping[str, Mapping[Language, str]] = {
    "write_units": {"id": "Unit tulis DynamoDB", "en": "DynamoDB write units"},
    "read_units": {"id": "Unit baca DynamoDB", "en": "DynamoDB read units"},
    "transitions": {"id": "Transisi Step Functions", "en": "Step Functions transitions"},
    "invocations": {"id": "Pemanggilan Lambda", "en": "Lambda invocations"},
    "total": {"id": "Jumlah", "en": "Total"},
    "number": {"id": "banyaknya", "en": "number"},
    "requests": {"id": "Permintaan", "en": "Requests"},
    "unconfirmed": {
        "id": "Harga belum dicocokkan dengan daftar AWS ({source}).",
        "en": "Prices not checked against AWS's list ({source}).",
    },
}
