"""Streams: in order, at least once, with partial failures and dead letters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from infra.local.aws import LocalAws

from .conftest import Handlers
from .test_tables import key

Event = dict[str, Any]


def write(table: Any, *names: str) -> None:
    for name in names:
        table.put_item(TableName="cases", Item=key(name))


def names(event: Event) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]


def test_a_record_has_the_shape_that_lambda_gives(aws: LocalAws, functions: Handlers, table: Any) -> None:
    events: list[Event] = []
    functions["relay"] = lambda event, context: events.append(event)
    aws.subscribe_stream("cases", "relay")

    table.put_item(TableName="cases", Item=key("a") | {"n": {"N": "1"}, "bytes_": {"B": b"\x00"}})
    table.update_item(
        TableName="cases",
        Key=key("a"),
        UpdateExpression="SET n = :two REMOVE bytes_",
        ExpressionAttributeValues={":two": {"N": "2"}},
    )
    table.delete_item(TableName="cases", Key=key("a"))
    aws.settle()

    records = [record for event in events for record in event["Records"]]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    inserted, modified, removed = [record["dynamodb"] for record in records]
    assert inserted["Keys"] == key("a")
    assert inserted["NewImage"] == key("a") | {"n": {"N": "1"}, "bytes_": {"B": "AA=="}}
    assert "OldImage" not in inserted
    assert (modified["OldImage"]["n"], modified["NewImage"]["n"]) == ({"N": "1"}, {"N": "2"})
    assert removed["OldImage"] == key("a") | {"n": {"N": "2"}}
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert numbers == sorted(set(numbers))
    assert records[0]["eventSource"] == "aws:dynamodb"
    assert records[0]["eventSourceARN"].startswith(
        "arn:aws:dynamodb:ap-southeast-3:123456789012:table/cases/stream/"
    )
    assert len({record["eventID"] for record in records}) == 3


def test_an_update_that_creates_an_item_is_one_insert(aws: LocalAws, functions: Handlers, table: Any) -> None:
    records: list[Event] = []
    functions["relay"] = lambda event, context: records.extend(event["Records"])
    aws.subscribe_stream("cases", "relay")

    table.update_item(
        TableName="cases",
        Key=key("a"),
        UpdateExpression="SET n = :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    table.put_item(TableName="cases", Item=key("a") | {"n": {"N": "1"}})
    aws.settle()

    assert [(record["eventName"], record["dynamodb"]["NewImage"]["n"]) for record in records] == [
        ("INSERT", {"N": "1"})
    ]


def test_a_cancelled_transaction_makes_no_record(aws: LocalAws, functions: Handlers, table: Any) -> None:
    seen: list[str] = []
    functions["relay"] = lambda event, context: seen.extend(names(event))
    write(table, "taken")
    aws.subscribe_stream("cases", "relay")

    with pytest.raises(table.exceptions.TransactionCanceledException):
        table.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "cases", "Item": key("free")}},
                {
                    "Put": {
                        "TableName": "cases",
                        "Item": key("taken"),
                        "ConditionExpression": "attribute_not_exists(sk)",
                    }
                },
            ]
        )
    table.transact_write_items(TransactItems=[{"Put": {"TableName": "cases", "Item": key("done")}}])
    aws.settle()

    assert seen == ["done"]


def test_reported_failures_come_again_from_the_first_of_them(
    aws: LocalAws, functions: Handlers, table: Any
) -> None:
    batches: list[list[str]] = []

    def relay(event: Event, context: Any) -> Any:
        batches.append(names(event))
        failed = [record for record in event["Records"] if names({"Records": [record]}) == ["c"]]
        if len(batches) < 3 and failed:
            return {"batchItemFailures": [{"itemIdentifier": failed[0]["dynamodb"]["SequenceNumber"]}]}
        return {"batchItemFailures": []}

    functions["relay"] = relay
    aws.subscribe_stream("cases", "relay")

    table.batch_write_item(
        RequestItems={"cases": [{"PutRequest": {"Item": key(name)}} for name in ("a", "b", "c", "d")]}
    )
    aws.settle()

    assert batches == [["a", "b", "c", "d"], ["c", "d"], ["c", "d"]]


def test_an_exception_brings_the_records_again(aws: LocalAws, functions: Handlers, table: Any) -> None:
    taken: list[str] = []
    tries: list[int] = []

    def relay(event: Event, context: Any) -> None:
        tries.append(len(event["Records"]))
        if len(tries) == 1:
            raise ConnectionError("throttled")
        taken.extend(names(event))

    functions["relay"] = relay
    aws.subscribe_stream("cases", "relay")

    write(table, "a", "b", "c")
    aws.settle()

    assert taken == ["a", "b", "c"]
    assert aws.dead_letters == []


def test_a_poisonous_record_becomes_a_dead_letter_once_the_clock_has_moved(
    aws: LocalAws, functions: Handlers, table: Any
) -> None:
    taken: list[str] = []

    def relay(event: Event, context: Any) -> None:
        if "poison" in names(event):
            raise ValueError("cannot read this")
        taken.extend(names(event))

    functions["relay"] = relay
    aws.subscribe_stream("cases", "relay")

    write(table, "a", "poison", "b")
    aws.settle()
    before = (list(taken), list(aws.dead_letters))
    aws.advance(timedelta(minutes=2))

    assert before == (["a"], [])
    assert taken == ["a", "b"]
    assert [(letter.function_name, names({"Records": letter.records})) for letter in aws.dead_letters] == [
        ("relay", ["poison"])
    ]
    assert "cannot read this" in aws.dead_letters[0].error


def test_two_subscriptions_do_not_wait_for_each_other(aws: LocalAws, functions: Handlers, table: Any) -> None:
    projected: list[str] = []

    def relay(event: Event, context: Any) -> None:
        raise ValueError("down")

    functions |= {"relay": relay, "project": lambda event, context: projected.extend(names(event))}
    aws.subscribe_stream("cases", "relay")
    aws.subscribe_stream("cases", "project", batch_size=1)

    write(table, "a", "b", "c")
    aws.settle()

    assert projected == ["a", "b", "c"]


def test_a_write_made_by_a_consumer_is_delivered_before_the_system_settles(
    aws: LocalAws, functions: Handlers, table: Any
) -> None:
    seen: list[str] = []

    def relay(event: Event, context: Any) -> None:
        seen.extend(names(event))
        if len(seen) < 5:
            write(table, f"next-{len(seen)}")

    functions["relay"] = relay
    aws.subscribe_stream("cases", "relay")

    write(table, "first")
    aws.settle()

    assert seen == ["first", "next-1", "next-2", "next-3", "next-4"]


def test_refuses_to_subscribe_a_function_that_is_not_there(aws: LocalAws, table: Any) -> None:
    with pytest.raises(KeyError, match="relay"):
        aws.subscribe_stream("cases", "relay")
