"""What a record of the table's stream says, and how a batch answers which records must come again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from functions.runtime.observability import logger

Record = Mapping[str, Any]


def case_of(record: Record) -> str | None:
    """Give the case whose commit or token this record shows; ``None`` for views and everything else."""
    keys = record["dynamodb"]["Keys"]
    pk, sk = keys["pk"]["S"], keys["sk"]["S"]
    if not pk.startswith("CASE#") or sk.startswith("~") or "NewImage" not in record["dynamodb"]:
        return None
    return str(pk[5:])


def round_of(record: Record) -> tuple[str, str] | None:
    """Give the service and the period of a round that was opened or goes on."""
    keys = record["dynamodb"]["Keys"]
    pk, sk = keys["pk"]["S"], keys["sk"]["S"]
    if not pk.startswith("ROUNDS#") or "NewImage" not in record["dynamodb"]:
        return None
    return str(pk[7:]), str(sk[1:])


def events_of(record: Record) -> list[dict[str, Any]]:
    """Give the events of a commit that was just written; a token, or an erasure of what was written, has none."""
    image = record["dynamodb"]["NewImage"]
    if record["eventName"] != "INSERT" or "events" not in image:
        return []
    return list(json.loads(image["events"]["S"]))


def is_token(record: Record) -> bool:
    return bool(record["dynamodb"]["Keys"]["sk"]["S"] == "@wait")


def by_case(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Group the records of a batch by case, in order."""
    cases: dict[str, list[Record]] = {}
    for record in records:
        case = case_of(record)
        if case:
            cases.setdefault(case, []).append(record)
    return cases


def each_case(event: Mapping[str, Any], act: Callable[[str, list[Record]], None]) -> dict[str, Any]:
    """Act on each case of a batch; from the first record of a case that fails on, the batch comes again.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    failed = []
    for case, records in by_case(event["Records"]).items():
        try:
            act(case, records)
        except Exception as error:
            logger.error("stream", extra={"case": case, "error": type(error).__name__})
            failed.append(records[0]["dynamodb"]["SequenceNumber"])
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def failed(records: Iterable[Record], act: Callable[[Record], None]) -> list[dict[str, str]]:
    """Act on each record by itself; gives those that must come again."""
    again = []
    for record in records:
        try:
            act(record)
        except Exception as error:
            logger.error("stream", extra={"error": type(error).__name__})
            again.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
    return again
