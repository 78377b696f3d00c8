"""DynamoDB under threads and in transactions, with and without our seam."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.aws import LocalAws


def key(pk: str, sk: str = "1") -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def claim(table: Any, race: int, who: int) -> bool:
    try:
        table.put_item(
            TableName="cases",
            Item=key(f"race-{race}") | {"who": {"N": str(who)}},
            ConditionExpression="attribute_not_exists(sk)",
        )
    except table.exceptions.ConditionalCheckFailedException:
        return False
    return True


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    barrier = threading.Barrier(count)
    answers: list[Any] = [None] * count

    def run(number: int) -> None:
        barrier.wait()
        answers[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_conditional_write_has_one_winner_in_forty_races_of_twelve(table: Any) -> None:
    winners = [sum(in_threads(12, lambda who, race=race: claim(table, race, who))) for race in range(40)]

    assert winners == [1] * 40


def test_counters_lose_no_step(table: Any) -> None:
    def add(_: int) -> None:
        for _ in range(20):
            table.update_item(
                TableName="cases",
                Key=key("counter"),
                UpdateExpression="ADD steps :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    in_threads(12, add)

    assert table.get_item(TableName="cases", Key=key("counter"))["Item"]["steps"] == {"N": "240"}


def test_a_failed_condition_shows_the_item_that_stood_in_the_way(table: Any) -> None:
    table.put_item(TableName="cases", Item=key("a") | {"who": {"S": "first"}})

    with pytest.raises(ClientError) as caught:
        table.put_item(
            TableName="cases",
            Item=key("a"),
            ConditionExpression="attribute_not_exists(sk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    assert caught.value.response["Item"]["who"] == {"S": "first"}  # type: ignore[typeddict-item]


def transact(table: Any, *puts: dict[str, Any], token: str | None = None) -> None:
    items = [
        {"Put": {"TableName": "cases", "Item": put, "ConditionExpression": "attribute_not_exists(sk)"}}
        for put in puts
    ]
    table.transact_write_items(TransactItems=items, **({"ClientRequestToken": token} if token else {}))


def test_a_transaction_writes_all_or_nothing(table: Any) -> None:
    table.put_item(TableName="cases", Item=key("taken"))

    with pytest.raises(table.exceptions.TransactionCanceledException) as caught:
        transact(table, key("free"), key("taken"))

    assert [reason["Code"] for reason in caught.value.response["CancellationReasons"]] == [
        "None",
        "ConditionalCheckFailed",
    ]
    assert "Item" not in table.get_item(TableName="cases", Key=key("free"))


def test_a_transaction_updates_deletes_and_checks(table: Any) -> None:
    for name in ("update", "delete", "check"):
        table.put_item(TableName="cases", Item=key(name) | {"n": {"N": "1"}})

    table.transact_write_items(
        TransactItems=[
            {
                "Update": {
                    "TableName": "cases",
                    "Key": key("update"),
                    "UpdateExpression": "SET n = n + :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
            {"Delete": {"TableName": "cases", "Key": key("delete")}},
            {
                "ConditionCheck": {
                    "TableName": "cases",
                    "Key": key("check"),
                    "ConditionExpression": "n = :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
        ]
    )

    assert table.get_item(TableName="cases", Key=key("update"))["Item"]["n"] == {"N": "2"}
    assert "Item" not in table.get_item(TableName="cases", Key=key("delete"))
    assert table.get_item(TableName="cases", Key=key("check"))["Item"]["n"] == {"N": "1"}


def test_a_repeated_token_applies_a_transaction_once(table: Any) -> None:
    transact(table, key("a"), token="once")

    transact(table, key("a"), token="once")

    with pytest.raises(ClientError) as caught:
        transact(table, key("b"), token="once")
    assert caught.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_transactions_stay_fast_in_a_large_table(table: Any) -> None:
    for hundred in range(200):
        old = [{"PutRequest": {"Item": key(f"old-{hundred}-{number}")}} for number in range(25)]
        table.batch_write_item(RequestItems={"cases": old})

    def seconds(work: Callable[[int], Any]) -> float:
        begin = time.perf_counter()
        for number in range(50):
            work(number)
        return time.perf_counter() - begin

    plain = seconds(lambda number: table.put_item(TableName="cases", Item=key(f"put-{number}")))
    transactions = seconds(lambda number: transact(table, key(f"t-{number}"), key(f"u-{number}")))

    assert transactions < 10 * plain


def test_a_query_reads_its_partition_in_the_order_of_the_sort_key(table: Any) -> None:
    for number in (3, 1, 2):
        table.put_item(TableName="cases", Item=key("case", f"#{number}"))
        table.put_item(TableName="cases", Item=key("other", f"#{number}"))

    found = table.query(
        TableName="cases",
        KeyConditionExpression="pk = :pk AND sk > :sk",
        ExpressionAttributeValues={":pk": {"S": "case"}, ":sk": {"S": "#1"}},
    )

    assert [item["sk"]["S"] for item in found["Items"]] == ["#2", "#3"]


def test_moto_alone_applies_a_repeated_token_twice() -> None:
    """When this fails, the seam for tokens can go."""
    from moto import mock_aws

    with mock_aws():
        alone = LocalAws({}).client("dynamodb")
        alone.create_table(
            TableName="cases",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        )
        transact(alone, key("a"), token="once")

        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            transact(alone, key("a"), token="once")


def test_an_index_finds_what_is_in_it_now(aws: LocalAws) -> None:
    client = aws.client("dynamodb")
    client.create_table(
        TableName="tasks",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "role", "due")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "worklist",
                "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [
                    {"AttributeName": "role", "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
                ],
            }
        ],
    )

    def task(name: str, role: str, due: str) -> dict[str, Any]:
        return {"pk": {"S": name}, "role": {"S": role}, "due": {"S": due}}

    def found(role: str) -> list[str]:
        pages = client.get_paginator("query").paginate(
            TableName="tasks",
            IndexName="worklist",
            KeyConditionExpression="#role = :role",
            ExpressionAttributeNames={"#role": "role"},
            ExpressionAttributeValues={":role": {"S": role}},
            PaginationConfig={"PageSize": 1},
        )
        return [item["pk"]["S"] for page in pages for item in page["Items"]]

    for name, due in (("c", "3"), ("a", "1"), ("b", "2")):
        client.put_item(TableName="tasks", Item=task(name, "fire", due))
    client.put_item(TableName="tasks", Item={"pk": {"S": "none"}})
    first = found("fire")
    client.update_item(
        TableName="tasks",
        Key={"pk": {"S": "a"}},
        UpdateExpression="SET #role = :role",
        ExpressionAttributeNames={"#role": "role"},
        ExpressionAttributeValues={":role": {"S": "plan"}},
    )
    client.delete_item(TableName="tasks", Key={"pk": {"S": "b"}})
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "tasks", "Item": task("d", "plan", "0")}},
            {"Update": {"TableName": "tasks", "Key": {"pk": {"S": "c"}}, "UpdateExpression": "REMOVE due"}},
        ]
    )

    assert first == ["a", "b", "c"]
    assert (found("fire"), found("plan"), found("nobody")) == ([], ["d", "a"], [])


def test_a_query_stays_fast_in_a_large_table(table: Any) -> None:
    def seconds() -> float:
        begin = time.perf_counter()
        for _ in range(20):
            table.query(
                TableName="cases",
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": "mine"}},
            )
        return time.perf_counter() - begin

    table.put_item(TableName="cases", Item=key("mine"))
    small = min(seconds() for _ in range(5))
    for hundred in range(80):
        other = [{"PutRequest": {"Item": key(f"other-{hundred}-{number}")}} for number in range(25)]
        table.batch_write_item(RequestItems={"cases": other})
    large = min(seconds() for _ in range(5))

    assert large < 3 * small
