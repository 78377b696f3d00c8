"""Rounds and lines in the case table: who waits, which places there are, and who was called to them.

    pk                          sk                              holds
    ROUNDS#<service>            @<period>                       a round: its quota, who opened it, and when
    ROUND#<service>#<period>    region#<region>                 the ledger of a region, with its version
    ROUND#<service>#<period>    call#<region>#<number>#<stage>  one call, and what became of it
    QUEUE#<service>#<region>    line#<number>, <reserve>#…      who waits (written with the commits of the cases)

Whatever changes the places of a region goes through its ledger's version, so that one after the other decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.domain.case import line_of
from functions.domain.errors import CommitConflict, DependencyDown
from functions.domain.quota import Call, Candidate, Ledger

Item = dict[str, Any]
MOST_AT_ONCE = 99
"""Calls that go with the ledger into one transaction."""
_PAGE = 100


class RoundTable:
    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    # -- rounds

    def open(self, service: str, period: str, content: Mapping[str, Any]) -> bool:
        """Write down a round unless it is there; tells whether it was new."""
        condition = {"ConditionExpression": "attribute_not_exists(pk)"}
        return self._put(f"ROUNDS#{service}", f"@{period}", content, condition)

    def draw(self, service: str, period: str, content: Mapping[str, Any]) -> bool:
        """Write down a round with its seed unless it has one; tells whether it had none."""
        undrawn = {"ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(drawn)"}
        return self._put(f"ROUNDS#{service}", f"@{period}", content, undrawn, drawn={"BOOL": True})

    def touch(self, service: str, period: str) -> None:
        """Change a round by nothing but a count, so that the stream tells of it again."""
        known = self.read(service, period)
        if known:
            again = {**known, "turn": known.get("turn", 0) + 1}
            marked = {"drawn": {"BOOL": True}} if "drawn" in known else {}
            self._put(f"ROUNDS#{service}", f"@{period}", again, {}, **marked)

    def read(self, service: str, period: str) -> dict[str, Any] | None:
        item = self._get(f"ROUNDS#{service}", f"@{period}")
        return _body(item) if item else None

    def newest(self, service: str) -> dict[str, Any] | None:
        """Give the round of the latest period: the one that fills its places."""
        asked = {"Limit": 1, "ScanIndexForward": False}
        found = next(self._pages(f"ROUNDS#{service}", "@", asked), None)
        return _body(found) if found else None

    def all(self, service: str) -> list[dict[str, Any]]:
        """Give the rounds of a service, newest first, at most a hundred."""
        asked = {"Limit": _PAGE, "ScanIndexForward": False}
        return [_body(item) for item in islice(self._pages(f"ROUNDS#{service}", "@", asked), _PAGE)]

    # -- the places of a region

    def ledger(self, service: str, period: str, region: str) -> tuple[Ledger | None, int]:
        """Give the ledger of a region and its version; version 0 is none yet."""
        item = self._get(f"ROUND#{service}#{period}", f"region#{region}")
        return (Ledger.of(_body(item)), int(item["version"]["N"])) if item else (None, 0)

    def write(
        self, service: str, period: str, region: str, ledger: Ledger, version: int,
        calls: Sequence[tuple[Call, str]] = (),
    ) -> None:  # fmt: skip
        """Write the ledger over the version that was read, together with what became of calls.

        Raises `CommitConflict` if another was first.
        """
        pk = f"ROUND#{service}#{period}"
        item = {**_item(pk, f"region#{region}", ledger.plain()), "version": {"N": str(version + 1)}}
        put: dict[str, Any] = {"TableName": self._table, "Item": item}
        if version:
            put |= {
                "ConditionExpression": "version = :seen",
                "ExpressionAttributeValues": {":seen": {"N": str(version)}},
            }
        else:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        told = [
            _item(pk, _call_key(region, call.number, call.stage), {**call.plain(), "state": state})
            for call, state in calls
        ]
        parts = [{"Put": put}, *({"Put": {"TableName": self._table, "Item": one}} for one in told)]
        try:
            self._client.transact_write_items(TransactItems=parts)
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionCanceledException":
                raise CommitConflict("another has changed the places of this region") from error
            raise DependencyDown("the case table does not answer") from error
        except BotoCoreError as error:
            raise DependencyDown("the case table does not answer") from error

    def call(
        self, service: str, period: str, region: str, number: int, stage: int
    ) -> tuple[Call, str] | None:
        """Give a call and its state: called, paid or released."""
        item = self._get(f"ROUND#{service}#{period}", _call_key(region, number, stage))
        if item is None:
            return None
        return _call_of(item)

    def calls(self, service: str, period: str, region: str) -> Iterator[tuple[Call, str]]:
        """Give every call of a region with its state, by number."""
        for item in self._pages(f"ROUND#{service}#{period}", f"call#{region}#", {"Limit": _PAGE}):
            yield _call_of(item)

    # -- who waits

    def waiting(
        self, service: str, region: str, within: str = "line", until: str = "~"
    ) -> Iterator[Candidate]:
        """Give who waits in a region, in strict order, read as far as it is taken: the line, or a reserve."""
        begins = f"{within}#"
        for item in self._pages(f"QUEUE#{line_of(service, region)}", begins, {"Limit": _PAGE}):
            body = _body(item)
            order = item["sk"]["S"].removeprefix(begins).rpartition("#")[0]
            if order > until:
                return
            if not body.get("gone"):
                yield Candidate(body["number"], body["case"], order)

    # -- inside

    def _get(self, pk: str, sk: str) -> Item | None:
        try:
            answer = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
            )
        except (ClientError, BotoCoreError) as error:
            raise DependencyDown("the case table does not answer") from error
        return answer.get("Item")  # type: ignore[no-any-return]

    def _put(
        self, pk: str, sk: str, content: Mapping[str, Any], condition: Mapping[str, Any], **marks: Any
    ) -> bool:
        item = {**_item(pk, sk, content), **marks}
        try:
            self._client.put_item(TableName=self._table, Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise DependencyDown("the case table does not answer") from error
        except BotoCoreError as error:
            raise DependencyDown("the case table does not answer") from error
        return True

    def _pages(self, pk: str, begins: str, asked: Mapping[str, Any]) -> Iterator[Item]:
        start: dict[str, Any] = {}
        while True:
            try:
                answer = self._client.query(
                    TableName=self._table,
                    ConsistentRead=True,
                    KeyConditionExpression="pk = :pk AND begins_with(sk, :begins)",
                    ExpressionAttributeValues={":pk": {"S": pk}, ":begins": {"S": begins}},
                    **asked,
                    **start,
                )
            except (ClientError, BotoCoreError) as error:
                raise DependencyDown("the case table does not answer") from error
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _call_key(region: str, number: int, stage: int) -> str:
    return f"call#{region}#{number:010d}#{stage}"


def _call_of(item: Item) -> tuple[Call, str]:
    body = _body(item)
    state = str(body.pop("state"))
    return Call(**body), state


def _item(pk: str, sk: str, content: Mapping[str, Any]) -> Item:
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return {"pk": {"S": pk}, "sk": {"S": sk}, "body": {"S": text}}


def _body(item: Item) -> dict[str, Any]:
    return dict(json.loads(item["body"]["S"]))
