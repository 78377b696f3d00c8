"""The case table: one partition a case, one item a commit, and beside them the token and the views.

    pk               sk              holds
    CASE#<id>        #00000012       one commit: events (``prev`` is the hash before), private, request, step
    CASE#<id>        @wait           the task tokens of the newest driver
    CASE#<id>        ~case, ~<task>  views: index keys and what lists show
    CLAIM#<name>     claim           a value or number that only one case may hold
    BELOW#<case>     <id>            the register of the cases opened below one, each entered with its first commit
    NUMBERS#<line>   next            the next number of a line: it moves on with the commit that takes it
    QUEUE#<line>     line#<number>   who waits in it, and once more by the order of each reserve

A command is one query and one put (1 write unit a started KB), where a transaction of case, task and event would
cost twice the units of three items. ``#`` sorts before ``@`` and ``~``, so loading a case reads no view.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import base64
import binascii
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.domain import history
from functions.domain.case import Case, Commit, LineChange, Request, StepRecord, moment
from functions.domain.errors import (
    CaseUnknown,
    CommitConflict,
    DependencyDown,
    Duplicate,
    Malformed,
    Superseded,
)
from functions.domain.history import Event
from functions.ports import Page, Record, Token

Item = dict[str, Any]
INDEXES = {
    "who": ("by_who", "who", "who_sort"),
    "place": ("by_place", "place", "place_sort"),
    "due": ("by_due", "due", "due_at"),
}
_LARGEST_ITEM = 390_000
_TURNS, _PAUSE_SECONDS = 6, 0.05
_DAY_SECONDS = 86_400


class CaseTable:
    """Cases, views and claims in one table."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    # -- cases

    def load(self, case_id: str) -> Record:
        """Read a case; strongly consistent, so that what was just written is seen."""
        commits: list[Commit] = []
        tokens: tuple[Token, ...] = ()
        turn = 0
        head = history.ZEROS
        for item in self._partition(case_id):
            if item["sk"]["S"] == "@wait":
                tokens = tuple(Token(**known) for known in json.loads(item["tokens"]["S"]))
                turn = int(item["turn"]["N"])
                continue
            commit = _commit(item, head)
            head = commit.events[-1].hash
            commits.append(commit)
        if not commits:
            raise CaseUnknown({"id": "Berkas tidak ditemukan.", "en": "There is no such case."})
        return Record(Case.of(case_id, commits), commits, tokens, turn)

    def commit(self, case_id: str, commit: Commit) -> None:
        """Put the commit where its number is still free; with claims, all or nothing."""
        item = _item(case_id, commit)
        put = {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            with _answering():
                if commit.claims or commit.frees or commit.line or commit.below:
                    claims = [{"Put": self._claim(name, case_id)} for name in commit.claims]
                    at = moment(commit.events[-1].at)
                    line = self._line(case_id, commit.line, at) if commit.line else []
                    entry = [self._entry(case_id, commit.below)] if commit.below else []
                    freed = [{"Put": self._free(name, case_id, at)} for name in commit.frees]
                    parts = [{"Put": put}, *claims, *freed, *line, *entry]
                    self._client.transact_write_items(TransactItems=parts)
                else:
                    self._client.put_item(**put)
        except ClientError as error:
            self._explain(error, item, len(commit.claims))

    def next_number(self, line: str) -> int:
        """Give the number that comes next in a line; only a commit takes it, if no other has been first."""
        with _answering():
            answer = self._client.get_item(TableName=self._table, Key=_counter(line), ConsistentRead=True)
        return int(answer["Item"]["number"]["N"]) if "Item" in answer else 1

    def below(self, case_id: str) -> list[str]:
        """Read the register of a case; strongly consistent, so that whoever could be filed by now is in it."""
        ask: dict[str, Any] = {
            "TableName": self._table, "ConsistentRead": True, "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"BELOW#{case_id}"}},
        }  # fmt: skip
        found: list[str] = []
        while True:
            with _answering():
                answer = self._client.query(**ask)
            found += [item["sk"]["S"] for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            ask["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _entry(self, case_id: str, above: str) -> dict[str, Any]:
        item = {"pk": {"S": f"BELOW#{above}"}, "sk": {"S": case_id}}
        return {"Put": {"TableName": self._table, "Item": item}}

    def _line(self, case_id: str, change: LineChange, at: datetime) -> list[dict[str, Any]]:
        """Give what goes along in the transaction of a commit that changes a line, the counter first.

        All of it is put, so that a function that commits needs no other right: who has left is marked, not read any
        more, and removed by the table itself a day later.
        """
        pk = f"QUEUE#{change.line}"
        shown = {"case": case_id, "number": change.number}
        gone = {"ttl": {"N": str(int(at.timestamp()) + _DAY_SECONDS)}}
        items = [_document(pk, sk, shown) for sk in change.enters]
        items += [_document(pk, sk, {**shown, "gone": True}) | gone for sk in change.leaves]
        parts = [{"Put": {"TableName": self._table, "Item": item}} for item in items]
        return [self._taking(change.line, change.number), *parts] if change.takes else parts

    def _taking(self, line: str, number: int) -> dict[str, Any]:
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": {**_counter(line), "number": {"N": str(number + 1)}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if number > 1:
            put["ConditionExpression"] = "#number = :mine"
            put["ExpressionAttributeNames"] = {"#number": "number"}
            put["ExpressionAttributeValues"] = {":mine": {"N": str(number)}}
        return {"Put": put}

    def put_tokens(self, case_id: str, tokens: Sequence[Token], turn: int) -> None:
        """Keep the tokens of a driver, unless it has put others since, or a newer driver its own."""
        driver = _rank(tokens[-1])
        plain = [{k: v for k, v in asdict(token).items() if v is not None} for token in tokens]
        item = {
            "pk": {"S": f"CASE#{case_id}"},
            "sk": {"S": "@wait"},
            "attempt": {"N": str(driver)},
            "turn": {"N": str(turn + 1)},
            "tokens": {"S": json.dumps(plain, separators=(",", ":"))},
        }
        unchanged = "attribute_not_exists(attempt) OR attempt < :mine OR (attempt = :mine AND turn = :turn)"
        try:
            with _answering():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression=unchanged,
                    ExpressionAttributeValues={":mine": item["attempt"], ":turn": {"N": str(turn)}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            if int(error.response["Item"]["attempt"]["N"]) > driver:
                raise Superseded("a newer execution drives this case") from error
            raise CommitConflict("other tokens were put first") from error

    def erase(self, case_id: str) -> None:
        """Remove the personal content of every commit."""
        for item in self._partition(case_id):
            if "private" in item:
                with _answering():
                    self._client.update_item(
                        TableName=self._table,
                        Key={"pk": item["pk"], "sk": item["sk"]},
                        UpdateExpression="REMOVE #private",
                        ExpressionAttributeNames={"#private": "private"},
                    )

    def _partition(self, case_id: str) -> Iterator[Item]:
        ask: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk AND sk < :views",
            "ExpressionAttributeValues": {":pk": {"S": f"CASE#{case_id}"}, ":views": {"S": "~"}},
        }
        while True:
            with _answering():
                answer = self._client.query(**ask)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            ask["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _claim(self, name: str, case_id: str) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Item": {"pk": {"S": f"CLAIM#{name}"}, "sk": {"S": "claim"}, "case": {"S": case_id}},
            "ConditionExpression": "attribute_not_exists(#case) OR #case = :case",
            "ExpressionAttributeNames": {"#case": "case"},
            "ExpressionAttributeValues": {":case": {"S": case_id}},
        }

    def _free(self, name: str, case_id: str, at: datetime) -> dict[str, Any]:
        """Let anybody claim a name again: who held it is not named any more, and the table removes it a day later."""
        claim = self._claim(name, case_id)
        kept = {key: value for key, value in claim["Item"].items() if key != "case"}
        return {**claim, "Item": kept | {"ttl": {"N": str(int(at.timestamp()) + _DAY_SECONDS)}}}

    def _explain(self, error: ClientError, item: Item, claims: int = 0) -> None:
        """Tell a lost answer (our own commit stands there already) from a real conflict."""
        if _code(error) == "ConditionalCheckFailedException":
            if _same(error.response.get("Item"), item):
                return
            raise CommitConflict("another change of this case came first") from error
        if _code(error) != "TransactionCanceledException":
            raise error
        reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])
        failed = [reason.get("Code") == "ConditionalCheckFailed" for reason in reasons]
        if failed and failed[0]:
            if _same(reasons[0].get("Item"), item):
                return
            raise CommitConflict("another change of this case came first") from error
        if any(failed[1 : 1 + claims]):
            raise Duplicate(
                {"id": "Nilai ini sudah dipakai.", "en": "This value is in use already."}
            ) from error
        raise CommitConflict("the transaction was called off") from error

    def claim(self, name: str, case_id: str) -> bool:
        """Let a case hold a name that no other may; tells whether it does. Holding it already is as good."""
        try:
            with _answering():
                self._client.put_item(**self._claim(name, case_id))
        except ClientError as error:
            if _code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def claimed(self, name: str) -> str | None:
        """Give the case that holds a claimed name."""
        with _answering():
            answer = self._client.get_item(
                TableName=self._table,
                Key={"pk": {"S": f"CLAIM#{name}"}, "sk": {"S": "claim"}},
                ConsistentRead=True,
            )
        found = answer.get("Item", {}).get("case")
        return str(found["S"]) if found else None

    # -- views

    def replace(self, case_id: str, views: Mapping[str, Mapping[str, Any]]) -> None:
        """Make these the views of a case: write what differs, remove what is not among them."""
        present = self._views(case_id)
        for name, view in views.items():
            item = _view_item(case_id, name, view)
            if not _alike(item, present.get(name)):
                self._put_view(item)
        for name in set(present) - set(views):
            with _answering():
                self._client.delete_item(
                    TableName=self._table, Key={"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": f"~{name}"}}
                )

    def _put_view(self, item: Item) -> None:
        try:
            with _answering():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk) OR version <= :version",
                    ExpressionAttributeValues={":version": item["version"]},
                )
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise

    def _views(self, case_id: str) -> dict[str, Item]:
        ask = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk >= :views",
            "ExpressionAttributeValues": {":pk": {"S": f"CASE#{case_id}"}, ":views": {"S": "~"}},
            "ConsistentRead": True,
        }
        with _answering():
            return {item["sk"]["S"][1:]: item for item in self._client.query(**ask)["Items"]}

    def list(
        self,
        index: str,
        key: str,
        *,
        prefix: str = "",
        before: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        where: Mapping[str, str] | None = None,
        descending: bool = False,
    ) -> Page:
        """Read one page of an index; ``where`` keeps only items whose attributes have these values.

        Raises `Malformed` for a cursor that this list did not give.
        """
        name, hash_key, sort_key = INDEXES[index]
        names, values = {"#h": hash_key}, {":h": {"S": key}}
        condition = "#h = :h"
        if before is not None:
            condition += " AND #s <= :before"
            names["#s"], values[":before"] = sort_key, {"S": before}
        elif prefix:
            condition += " AND begins_with(#s, :prefix)"
            names["#s"], values[":prefix"] = sort_key, {"S": prefix}
        ask: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not descending,
        }
        if where:
            ask["FilterExpression"] = " AND ".join(f"#w{place} = :w{place}" for place in range(len(where)))
            for place, (attribute, value) in enumerate(where.items()):
                names[f"#w{place}"], values[f":w{place}"] = attribute, {"S": value}
        start = _start(cursor, hash_key, sort_key, key)
        with _from(start):
            items, last = self._collect(ask, limit, start)
        after = tuple(_cursor(item, hash_key, sort_key) for item in items)
        return Page([_view(item) for item in items], after[-1] if after and last else None, after)

    def _collect(self, ask: dict[str, Any], limit: int, start: Item | None) -> tuple[list[Item], bool]:
        """Read on until the page is full: a filter may leave a read page nearly empty."""
        items: list[Item] = []
        while True:
            with _answering():
                answer = self._client.query(
                    **ask, Limit=max(limit, 25), **({"ExclusiveStartKey": start} if start else {})
                )
            items += answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if len(items) >= limit or start is None:
                return items[:limit], start is not None or len(items) > limit

    # -- items of other kinds (delegations, webhooks, figures): plain documents under a key

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        with _answering():
            answer = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
            )
        return json.loads(answer["Item"]["body"]["S"]) if "Item" in answer else None

    def put(
        self, pk: str, sk: str, body: Mapping[str, Any], *, new: bool = False, ttl: int | None = None
    ) -> bool:
        """Write a document; with ``new`` only where there is none yet. Tells whether it was written."""
        item = _document(pk, sk, body)
        if ttl:
            item["ttl"] = {"N": str(ttl)}
        try:
            with _answering():
                condition = {"ConditionExpression": "attribute_not_exists(pk)"} if new else {}
                self._client.put_item(TableName=self._table, Item=item, **condition)
        except ClientError as error:
            if _code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def delete(self, pk: str, sk: str) -> None:
        with _answering():
            self._client.delete_item(TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}})

    def under(
        self,
        pk: str,
        *,
        prefix: str = "",
        since: str | None = None,
        until: str | None = None,
        limit: int = 1000,
        cursor: str | None = None,
        descending: bool = False,
    ) -> Page:
        """Read documents under a key in the order of their sort keys; ``sk`` is given with each."""
        values: dict[str, Any] = {":pk": {"S": pk}}
        condition = "pk = :pk"
        if since is not None or until is not None:
            condition += " AND sk BETWEEN :since AND :until"
            values |= {":since": {"S": since or " "}, ":until": {"S": until or "~~~~"}}
        elif prefix:
            condition += " AND begins_with(sk, :prefix)"
            values[":prefix"] = {"S": prefix}
        start = {"ExclusiveStartKey": {"pk": {"S": pk}, "sk": {"S": _decoded(cursor)}}} if cursor else {}
        with _from(start), _answering():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                Limit=limit,
                ScanIndexForward=not descending,
                **start,
            )
        last = answer.get("LastEvaluatedKey")
        items = [{"sk": item["sk"]["S"], **json.loads(item["body"]["S"])} for item in answer["Items"]]
        return Page(items, _encoded(last["sk"]["S"]) if last else None)

    def count(
        self, mark: tuple[str, str], body: Mapping[str, Any], counter: tuple[str, str], counts: Mapping[str, int]
    ) -> bool:  # fmt: skip
        """Write the document ``mark`` and add to the numbers of ``counter``: both or neither.

        Tells whether it counted; where the document exists already, nothing changes, so a repeat counts once. Costs 4
        write units: of two items, and twice for the transaction. Who adds to the same counter at the same moment is
        turned away by DynamoDB, and tries again here.
        """
        put = {
            "TableName": self._table,
            "Item": _document(*mark, body),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        parts = [{"Put": put}, {"Update": self._addition(*counter, counts)}]
        for turn in range(_TURNS):
            try:
                with _answering():
                    self._client.transact_write_items(TransactItems=parts)
                return True
            except ClientError as error:
                if _condition_failed(error):
                    return False
            time.sleep(random.uniform(0, _PAUSE_SECONDS * 2**turn))  # noqa: S311
        raise DependencyDown("the counter is busy")

    def _addition(self, pk: str, sk: str, counts: Mapping[str, int]) -> dict[str, Any]:
        names = {f"#n{place}": name for place, name in enumerate(counts)}
        values = {f":n{place}": {"N": str(count)} for place, count in enumerate(counts.values())}
        terms = ", ".join(f"#n{place} :n{place}" for place in range(len(counts)))
        return {
            "TableName": self._table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}, "UpdateExpression": f"ADD {terms}",
            "ExpressionAttributeNames": names, "ExpressionAttributeValues": values,
        }  # fmt: skip

    def counters(
        self, pk: str, *, since: str = " ", until: str = "~", limit: int | None = None
    ) -> list[tuple[str, dict[str, int]]]:
        """Read counters under a key by their sort keys, from ``since`` to ``until``, at most ``limit``."""
        ask: dict[str, Any] = {
            "TableName": self._table, "KeyConditionExpression": "pk = :pk AND sk BETWEEN :since AND :until",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":since": {"S": since}, ":until": {"S": until}},
            **({"Limit": limit} if limit else {}),
        }  # fmt: skip
        found: list[tuple[str, dict[str, int]]] = []
        while True:
            with _answering():
                answer = self._client.query(**ask)
            for item in answer["Items"]:
                numbers = {name: int(value["N"]) for name, value in item.items() if "N" in value}
                found.append((item["sk"]["S"], numbers))
            if limit or "LastEvaluatedKey" not in answer:
                return found
            ask["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _counter(line: str) -> Item:
    return {"pk": {"S": f"NUMBERS#{line}"}, "sk": {"S": "next"}}


def _document(pk: str, sk: str, body: Mapping[str, Any]) -> Item:
    return {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "body": {"S": json.dumps(body, separators=(",", ":"), ensure_ascii=False)},
    }


def _condition_failed(error: ClientError) -> bool:
    reasons = error.response.get("CancellationReasons", [])
    return any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)


def _item(case_id: str, commit: Commit) -> Item:
    events = [{k: v for k, v in event.as_dict().items() if k != "prev"} for event in commit.events]
    item = {
        "pk": {"S": f"CASE#{case_id}"},
        "sk": {"S": f"#{commit.seq:08d}"},
        "events": {"S": json.dumps(events, separators=(",", ":"), ensure_ascii=False)},
    }
    if commit.private:
        item["private"] = {"S": json.dumps(commit.private, separators=(",", ":"), ensure_ascii=False)}
    if commit.request:
        item["request"] = {"S": f"{commit.request.key} {commit.request.digest}"}
    for name, claimed in (("claims", commit.claims), ("frees", commit.frees)):
        if claimed:
            item[name] = {"S": json.dumps(claimed, separators=(",", ":"))}
    if commit.step:
        step = {"key": commit.step.key, "result": commit.step.result}
        item["step"] = {"S": json.dumps(step, separators=(",", ":"))}
    if len(item["events"]["S"]) + len(item.get("private", {}).get("S", "")) > _LARGEST_ITEM:
        raise Malformed({"id": "Perubahan terlalu besar.", "en": "The change is too large."})
    return item


def _commit(item: Item, head: str) -> Commit:
    events = []
    for stored in json.loads(item["events"]["S"]):
        event = Event.from_dict({**stored, "prev": head})
        head = event.hash
        events.append(event)
    request = item["request"]["S"].rsplit(" ", 1) if "request" in item else None
    step = json.loads(item["step"]["S"]) if "step" in item else None
    return Commit(
        tuple(events),
        json.loads(item["private"]["S"]) if "private" in item else {},
        Request(*request) if request else None,
        StepRecord(**step) if step else None,
        claims=tuple(json.loads(item["claims"]["S"])) if "claims" in item else (),
        frees=tuple(json.loads(item["frees"]["S"])) if "frees" in item else (),
    )


def _rank(token: Token) -> int:
    """Of two drivers the newer counts more."""
    return token.episode * 10_000 + token.attempt


def _same(stored: Item | None, item: Item) -> bool:
    return stored is not None and stored.get("events") == item["events"]


def _alike(item: Item, stored: Item | None) -> bool:
    """A view that shows the same needs no write, of whatever version of the case it is."""
    return stored is not None and {**item, "version": None} == {**stored, "version": None}


_KEYS = ("who", "who_sort", "place", "place_sort", "due", "due_at", "status", "service", "kind", "assignee")


def _view_item(case_id: str, name: str, view: Mapping[str, Any]) -> Item:
    item: Item = {
        "pk": {"S": f"CASE#{case_id}"},
        "sk": {"S": f"~{name}"},
        "version": {"N": str(view["version"])},
    }
    item |= {key: {"S": str(view[key])} for key in _KEYS if view.get(key)}
    item["body"] = {"S": json.dumps(view["body"], separators=(",", ":"), ensure_ascii=False)}
    return item


def _view(item: Item) -> dict[str, Any]:
    return dict(json.loads(item["body"]["S"]))


def _cursor(item: Item, hash_key: str, sort_key: str) -> str:
    return _encoded(json.dumps([item[key]["S"] for key in ("pk", "sk", hash_key, sort_key)] + [sort_key]))


def _start(cursor: str | None, hash_key: str, sort_key: str, key: str) -> Item | None:
    if cursor is None:
        return None
    try:
        pk, sk, hash_value, sort_value, sort_name = found = json.loads(_decoded(cursor))
    except (ValueError, TypeError, RecursionError) as error:
        raise _bad_cursor() from error
    if not all(isinstance(part, str) and part.isprintable() and part for part in found) or (
        hash_value,
        sort_name,
    ) != (
        key,
        sort_key,
    ):
        raise _bad_cursor()
    return {"pk": {"S": pk}, "sk": {"S": sk}, hash_key: {"S": hash_value}, sort_key: {"S": sort_value}}


@contextmanager
def _from(start: Any) -> Iterator[None]:
    """A start that lies outside the list is a bad cursor, such as one of the same list with another filter."""
    try:
        yield
    except DependencyDown as error:
        if start and isinstance(error.__cause__, ClientError) and _code(error.__cause__) == _INVALID:
            raise _bad_cursor() from error
        raise


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise _bad_cursor() from error


def _bad_cursor() -> Malformed:
    return Malformed(
        {
            "id": "`cursor` tidak berasal dari daftar ini. Mulai lagi tanpa `cursor`.",
            "en": "This `cursor` does not come from this list. Start again without a `cursor`.",
        },
        code="bad-cursor",
    )


_INVALID = "ValidationException"
_OURS = frozenset({"ConditionalCheckFailedException", "TransactionCanceledException"})


@contextmanager
def _answering() -> Iterator[None]:
    """Turn everything but a failed condition into `DependencyDown`."""
    try:
        yield
    except ClientError as error:
        if _code(error) in _OURS:
            raise
        raise DependencyDown("the case table does not answer") from error
    except BotoCoreError as error:
        raise DependencyDown("the case table does not answer") from error


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
