"""The calculator of DynamoDB's units agrees with the examples that AWS publishes.

Sources, all in the Amazon DynamoDB Developer Guide (docs.aws.amazon.com/amazondynamodb/latest/developerguide/):
CapacityUnitCalculations.html, read-write-operations.html, GSI.html, transaction-apis.html; and the pricing page
aws.amazon.com/dynamodb/pricing/on-demand/.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cost import (
    PRICES,
    Index,
    Item,
    Ledger,
    Usage,
    batch_read_units,
    failed_write_units,
    item_size,
    read_units,
    transact_write_units,
    write_units,
)

KB = 1024
SCORES = Index("GameTitleIndex", ("GameTitle", "TopScore"), "KEYS_ONLY", table_key=("UserId",))


def item_of(size: float, **more: Any) -> dict[str, Any]:
    """An item of so many bytes in all."""
    item: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"S": "b"}, **more}
    item["x"] = {"S": "x" * (int(size) - item_size(item) - 1)}
    assert item_size(item) == int(size)
    return item


def score(top_score: int | None = None, **more: Any) -> dict[str, Any]:
    """A row of the guide's GameScores table; without a top score it is not in the index."""
    item: dict[str, Any] = {"UserId": {"N": "123"}, "GameTitle": {"S": "Comet Quest"}, **more}
    return item if top_score is None else {**item, "TopScore": {"N": str(top_score)}}


# -- sizes


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"name": {"S": "Siti"}}, 4 + 4),
        ({"né": {"S": "é"}}, 3 + 2),
        ({"b": {"B": "AAECAw=="}}, 1 + 4),
        ({"b": {"B": b"\0\1\2\3"}}, 1 + 4),
        ({"flag": {"BOOL": True}}, 4 + 1),
        ({"none": {"NULL": True}}, 4 + 1),
        ({"list": {"L": []}}, 4 + 3),
        ({"map": {"M": {}}}, 3 + 3),
        ({"list": {"L": [{"S": "ab"}, {"BOOL": True}]}}, 4 + 3 + (1 + 2) + (1 + 1)),
        ({"map": {"M": {"key": {"S": "ab"}}}}, 3 + 3 + (1 + 3 + 2)),
        ({"map": {"M": {"in": {"L": [{"N": "7"}]}}}}, 3 + 3 + (1 + 2 + 3 + (1 + 2))),
        ({"set": {"SS": ["ab", "c"]}}, 3 + 3),
        ({"set": {"NS": ["1", "234"]}}, 3 + 2 + 3),
        ({"set": {"BS": [b"abc"]}}, 3 + 3),
    ],
)
def test_an_item_is_as_large_as_its_names_and_values(item: Item, size: int):
    """CapacityUnitCalculations: name and value by type; a list or map 3 bytes, and 1 more for each element."""
    assert item_size(item) == size


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ("0", 1),
        ("-0.00", 1),
        ("7", 2),
        ("27", 2),
        ("499770", 4),
        ("-27", 3),
        ("0027.00", 2),
        ("5000000", 2),
        ("12345678901234567890123456789012345678", 20),
        ("0.0005", 2),
        ("9E+125", 2),
        ("9E-130", 2),
        ("2.5", 3),
        ("1000.5", 4),
        ("3.1416", 4),
    ],
)
def test_a_number_is_as_large_as_its_significant_digits(number: str, size: int):
    """CapacityUnitCalculations: a byte for two significant digits and one more; zeros at both ends are trimmed."""
    assert item_size({"n": {"N": number}}) == 1 + size


@pytest.mark.parametrize("value", [{"X": "1"}, {"N": "NaN"}])
def test_refuses_what_dynamodb_does_not_know(value: Any):
    with pytest.raises(ValueError, match="DynamoDB"):
        item_size({"a": value})


# -- reads


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(3_500, True, 1), (8 * KB, True, 2), (8 * KB, False, 1), (3.5 * KB, True, 1), (10 * KB, True, 3)],
)
def test_a_read_counts_4_kb_blocks(size: float, consistent: bool, units: float):
    """read-write-operations: 3,500 bytes read like 4 KB, 10 KB like 12; 8 KB takes 2 units, eventually consistent 1."""
    assert read_units([item_of(size)], consistent) == units


def test_a_transaction_reads_twice():
    """read-write-operations: 8 KB takes 4 read units in a transactional read."""
    assert read_units([item_of(8 * KB)], consistent=True, transactional=True) == 4
    assert read_units([item_of(100), None], consistent=True, transactional=True) == 4


def test_a_batch_rounds_each_item():
    """read-write-operations: BatchGetItem of 1.5 KB and 6.5 KB is 12 KB (4 + 8), not 8 KB."""
    items = [item_of(1.5 * KB), item_of(6.5 * KB)]

    assert batch_read_units(items, consistent=True) == 3
    assert batch_read_units(items, consistent=False) == 1.5


def test_a_query_sums_before_it_rounds():
    """read-write-operations: 10 items of 40.8 KB together are 44 KB; 1,500 items of 64 bytes are 96 KB."""
    ten = [item_of(4.08 * KB)] * 10

    assert read_units(ten, consistent=True) == 11
    assert read_units(ten, consistent=False) == 5.5
    assert read_units([item_of(64)] * 1_500, consistent=True) == 24


def test_an_eventually_consistent_read_of_80_kb_takes_10_units():
    """ProvisionedThroughput, "Read operations and read consistency"."""
    assert read_units([item_of(8 * KB)] * 10, consistent=False) == 10


def test_reading_what_is_not_there_costs_the_least():
    """read-write-operations: 1 unit strongly, 0.5 eventually consistent."""
    assert read_units([], consistent=True) == 1
    assert read_units([None], consistent=False) == 0.5


def test_a_query_of_an_index_reads_what_the_index_holds():
    """GSI: 8 entries of 2,000 bytes are 16,000 bytes, 16 KB, at half price 2 units."""
    index = Index("by_y", ("y",), "INCLUDE", frozenset({"z"}))
    held = {"pk": {"S": "a"}, "sk": {"S": "b"}, "y": {"S": "c"}, "z": {"S": "z" * 1_991}}
    items = [index.project({**held, "large": {"S": "x" * 50_000}})] * 8

    assert item_size(items[0] or {}) == 2_000
    assert read_units(items, consistent=False) == 2


# -- writes


@pytest.mark.parametrize(("size", "units"), [(500, 1), (512, 1), (1 * KB, 1), (1.6 * KB, 2), (3 * KB, 3)])
def test_a_write_counts_1_kb_blocks(size: float, units: int):
    """read-write-operations: 500 bytes write like 1 KB, 1.6 KB like 2, also when deleted. Pricing page: 3 KB is 3."""
    item = item_of(size)

    assert write_units(None, item) == units
    assert write_units(item, None) == units
    assert write_units(item, item) == units


def test_the_larger_of_before_and_after_counts():
    """read-write-operations: PutItem and UpdateItem take the larger of both sizes."""
    assert write_units(item_of(2.5 * KB), item_of(100)) == 3
    assert write_units(item_of(100), item_of(2.5 * KB)) == 3


def test_deleting_what_is_not_there_costs_one():
    assert write_units(None, None) == 1


def test_a_batch_of_writes_is_rounded_one_by_one():
    """read-write-operations: BatchWriteItem of 500 bytes and 3.5 KB is 5 KB (1 + 4), not 4 KB."""
    assert sum(write_units(None, item_of(size)) for size in (500, 3.5 * KB)) == 5


def test_a_failed_condition_costs_the_larger_item_and_at_least_one():
    """read-write-operations: existing item 300 KB, new one 310 KB: the units of 310 KB; nothing there: 1."""
    assert failed_write_units(item_of(300 * KB), item_of(310 * KB)) == 310
    assert failed_write_units(None, None) == 1
    assert failed_write_units(None, item_of(1.5 * KB), transactional=True) == 4


def test_a_transaction_writes_twice():
    """transaction-apis: three items of 500 bytes take 2 units each, so 6; pricing page: a 3 KB item takes 6."""
    small, large = item_of(500), item_of(3 * KB)

    assert transact_write_units([(None, small)] * 3) == 6
    assert write_units(None, large, transactional=True) == 6
    assert transact_write_units([(None, small)], checks=[small, large, None]) == 2 + 2 + 6 + 2


# -- indexes


@pytest.mark.parametrize(
    ("old", "new", "units"),
    [
        (None, score(7), 1),  # a new item that defines the indexed attribute
        (score(), score(7), 1),  # an update that defines it
        (score(7), score(8), 2),  # its value changes: delete and put
        (score(7), score(), 1),  # it is removed
        (score(7), None, 1),  # the item is deleted
        (score(), score(Wins={"N": "1"}), 0),  # in the index neither before nor after
        (score(7), score(7, Wins={"N": "1"}), 0),  # nothing changes that the index holds
        (None, score(), 0),  # without top score it is not propagated
    ],
)
def test_an_index_costs_what_its_entry_needs(old: Item | None, new: Item | None, units: int):
    """GSI, "Write capacity units", the five cases, on the guide's GameScores table."""
    assert SCORES.write_units(old, new) == units
    assert write_units(old, new, indexes=[SCORES]) == 1 + units


def test_a_projected_attribute_that_changes_costs_one_write():
    """GSI: one write updates the projected attributes; larger entries need more."""
    wins = Index("WinsIndex", ("GameTitle",), "INCLUDE", frozenset({"Wins"}), ("UserId",))

    assert wins.write_units(score(Wins={"N": "1"}), score(Wins={"N": "2"})) == 1
    assert wins.write_units(score(Wins={"S": "w" * 2 * KB}), score(Wins={"N": "2"})) == 3
    assert wins.write_units(score(Wins={"N": "1"}), score(Losses={"N": "2"}, Wins={"N": "1"})) == 0


def test_an_index_of_everything_costs_as_much_as_the_item():
    everything = Index("all", ("y",))
    old, new = item_of(2.5 * KB, y={"S": "1"}), item_of(1.5 * KB, y={"S": "2"})

    assert everything.write_units(None, old) == 3
    assert everything.write_units(old, new) == 3 + 2
    assert everything.write_units(old, {**old, "w": {"S": "1"}}) == 3


def test_a_transaction_does_not_double_the_index_writes():
    assert write_units(None, score(7), indexes=[SCORES], transactional=True) == 2 + 1


def test_reads_an_index_from_its_description():
    description = {
        "IndexName": "by_due",
        "KeySchema": [
            {"AttributeName": "due", "KeyType": "HASH"},
            {"AttributeName": "due_at", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title"]},
    }

    assert Index.from_description(description) == Index(
        "by_due", ("due", "due_at"), "INCLUDE", frozenset({"title"})
    )


@given(st.integers(30, 9_000), st.integers(30, 9_000))
def test_an_update_costs_the_dearer_of_a_put_and_a_delete(before: int, after: int):
    old, new = item_of(before, y={"S": "1"}), item_of(after, y={"S": "1"}, z={"S": "2"})
    index = [Index("by_y", ("y",))]

    put, delete = write_units(None, new, indexes=index), write_units(old, None, indexes=index)

    assert write_units(old, new, indexes=index) == max(put, delete)


# -- the ledger


def test_the_ledger_counts_and_prices():
    ledger = Ledger()

    ledger.request("PutItem", write_units=3)
    ledger.request("Query", read_units=2.5)
    ledger.request("Query", read_units=0.5)
    ledger.transition(9)
    ledger.invocation("api_handler")

    used = ledger.usage
    assert used == Usage(
        requests={"PutItem": 1, "Query": 2},
        invocations={"api_handler": 1},
        transitions=9,
        write_units=3,
        read_units=3,
    )
    prices = PRICES["us-east-1"]
    assert used.cost(prices) == Decimal("0.000001875") + Decimal("0.000000375") + Decimal(
        "0.000225"
    ) + Decimal("2E-7")


def test_the_ledger_tells_what_was_used_between():
    ledger = Ledger()
    ledger.request("PutItem", write_units=3)
    before = ledger.usage

    ledger.request("PutItem", write_units=1)
    ledger.transition()

    assert ledger.usage - before == Usage(requests={"PutItem": 1}, transitions=1, write_units=1)
    assert before.write_units == 3


def test_the_ledger_loses_nothing_among_threads():
    ledger = Ledger()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: ledger.request("PutItem", write_units=1), range(400)))

    assert (ledger.usage.requests.total(), ledger.usage.write_units) == (400, 400)


def test_the_table_is_small_and_says_where_its_prices_are_from():
    ledger = Ledger()
    ledger.request("PutItem", write_units=43)
    ledger.transition(9)

    table = ledger.usage.table(PRICES["ap-southeast-3"])

    assert table.splitlines() == [
        "ap-southeast-3, 2025-11     number        US$",
        "DynamoDB write units            43  0.0000306",
        "DynamoDB read units              0  0.0000000",
        "Step Functions transitions       9  0.0002250",
        "Lambda invocations               0  0.0000000",
        "Total                               0.0002556",
        "Requests: PutItem 1",
        f"Prices not checked against AWS's list ({PRICES['ap-southeast-3'].source}).",
    ]
    assert "Unit tulis DynamoDB" in ledger.usage.table(PRICES["ap-southeast-3"], "id")
