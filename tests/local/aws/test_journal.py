"""What is kept across a stop and across a kill."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from infra.local.aws import LocalAws, LocalClock
from infra.local.aws.journal import DirectoryTaken, Journal, fold, unfold

from .conftest import NEW_YEAR, Handlers, Machines
from .test_bus import put, rule
from .test_executions import token
from .test_tables import key

ROOT = Path(__file__).parents[3]


def system(data: Path, functions: Handlers | None = None, clock: LocalClock | None = None) -> LocalAws:
    return LocalAws(functions or {}, clock or LocalClock(NEW_YEAR, frozen=True), data=data)


def furnish(aws: LocalAws) -> Any:
    """The table and the bucket, as every start makes them; the client to the table."""
    client = aws.client("dynamodb")
    client.create_table(
        TableName="cases",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"})
    s3.put_bucket_versioning(Bucket="files", VersioningConfiguration={"Status": "Enabled"})
    return client


def items(table: Any) -> dict[str, Any]:
    return {item["pk"]["S"]: item for item in table.scan(TableName="cases")["Items"]}


def test_items_come_back_with_their_table(tmp_path: Path) -> None:
    with system(tmp_path) as aws:
        table = furnish(aws)
        for name in ("a", "b", "c"):
            table.put_item(
                TableName="cases", Item=key(name) | {"raw": {"B": b"\x00\xff"}, "list": {"L": [{"N": "1"}]}}
            )
        table.update_item(
            TableName="cases",
            Key=key("a"),
            UpdateExpression="SET n = :n",
            ExpressionAttributeValues={":n": {"N": "7"}},
        )
        table.transact_write_items(TransactItems=[{"Delete": {"TableName": "cases", "Key": key("b")}}])
        before = items(table)

    for _ in range(2):
        with system(tmp_path) as aws:
            assert items(furnish(aws)) == before
    assert set(before) == {"a", "c"}
    assert before["a"]["raw"] == {"B": b"\x00\xff"}


def test_objects_come_back_with_their_versions(tmp_path: Path) -> None:
    with system(tmp_path) as aws:
        furnish(aws)
        s3 = aws.client("s3")
        s3.put_object(Bucket="files", Key="a b/é", Body=b"old")
        s3.put_object(
            Bucket="files",
            Key="a b/é",
            Body=b"new",
            ContentType="text/plain",
            Metadata={"kind": "plan"},
            ChecksumAlgorithm="SHA256",
        )
        s3.put_object(Bucket="files", Key="gone", Body=b"x")
        s3.delete_object(Bucket="files", Key="gone")
        erased = s3.put_object(Bucket="files", Key="erased", Body=b"x")
        s3.delete_objects(
            Bucket="files", Delete={"Objects": [{"Key": "erased", "VersionId": erased["VersionId"]}]}
        )
        before = described(s3)

    for _ in range(2):
        with system(tmp_path) as aws:
            furnish(aws)
            assert described(aws.client("s3")) == before
    assert len(list((tmp_path / "objects").iterdir())) == 3


def described(s3: Any) -> Any:
    listed = s3.list_object_versions(Bucket="files")
    versions = [
        (
            version["Key"],
            version["VersionId"],
            version["IsLatest"],
            s3.get_object(Bucket="files", Key=version["Key"], VersionId=version["VersionId"])["Body"].read(),
        )
        for version in listed["Versions"]
    ]
    markers = [(marker["Key"], marker["VersionId"]) for marker in listed["DeleteMarkers"]]
    head = s3.head_object(Bucket="files", Key="a b/é", ChecksumMode="ENABLED")
    kept = {name: head[name] for name in ("ContentType", "Metadata", "ChecksumSHA256", "ETag", "VersionId")}
    return versions, markers, kept


def test_what_was_signed_can_still_be_verified(tmp_path: Path) -> None:
    with system(tmp_path) as aws:
        kms = aws.client("kms")
        made = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/permits", TargetKeyId=made)
        signature = kms.sign(KeyId=made, Message=b"permit", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")[
            "Signature"
        ]

    with system(tmp_path) as aws:
        kms = aws.client("kms")
        kept = kms.get_public_key(KeyId="alias/permits")
        again = kms.sign(KeyId=made, Message=b"permit", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")[
            "Signature"
        ]

    public = load_der_public_key(kept["PublicKey"])
    assert isinstance(public, RSAPublicKey)
    public.verify(signature, b"permit", padding.PKCS1v15(), hashes.SHA256())
    assert (kept["KeyId"], again) == (made, signature)


def test_the_clock_goes_on_from_where_it_stood(tmp_path: Path) -> None:
    with system(tmp_path) as aws:
        aws.advance(timedelta(days=28))
    with system(tmp_path) as aws:
        assert aws.clock.now() == NEW_YEAR + timedelta(days=28)

    running = tmp_path / "running"
    with system(running, clock=LocalClock()) as aws:
        aws.advance(timedelta(days=28))
    with system(running, clock=LocalClock()) as aws:
        assert timedelta(days=28) <= aws.clock.now() - datetime.now(UTC) + timedelta(seconds=1)


def test_records_that_nobody_took_are_delivered_after_a_restart(tmp_path: Path) -> None:
    def down(event: Any, context: Any) -> None:
        raise ConnectionError("down")

    seen: list[tuple[str, Any]] = []
    projected: list[str] = []
    functions: Handlers = {"relay": down, "project": lambda event, context: projected.extend(names(event))}
    with system(tmp_path, functions) as aws:
        table = furnish(aws)
        aws.subscribe_stream("cases", "relay")
        aws.subscribe_stream("cases", "project")
        table.put_item(TableName="cases", Item=key("a") | {"n": {"N": "1"}})
        table.put_item(TableName="cases", Item=key("a") | {"n": {"N": "2"}})
        aws.settle()

    functions["relay"] = lambda event, context: seen.extend(
        (record["eventName"], record["dynamodb"].get("OldImage", {}).get("n")) for record in event["Records"]
    )
    for _ in range(2):
        with system(tmp_path, functions) as aws:
            furnish(aws)
            aws.subscribe_stream("cases", "relay")
            aws.subscribe_stream("cases", "project")
            aws.settle()
            assert seen in ([], [("INSERT", None), ("MODIFY", {"N": "1"})])
            aws.resume()
            aws.settle()

    assert seen == [("INSERT", None), ("MODIFY", {"N": "1"})]
    assert projected == ["a", "a"]


def names(event: Any) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]


def test_events_that_were_not_delivered_are_after_a_restart(tmp_path: Path) -> None:
    heard: list[str] = []

    def down(event: Any, context: Any) -> None:
        raise ConnectionError("down")

    with system(tmp_path, {"listen": down}) as aws:
        rule(aws, "listen", {"source": ["loket"]})
        put(aws, "case.submitted", {"case": "c1"}, bus="default")
        aws.settle()

    functions: Handlers = {"listen": lambda event, context: heard.append(event["detail"]["case"])}
    for _ in range(2):
        with system(tmp_path, functions) as aws:
            aws.resume()
            aws.settle()

    assert heard == ["c1"]


def test_lost_executions_are_started_again(tmp_path: Path) -> None:
    asked: list[Any] = []
    functions: Handlers = {"open_tasks": lambda event, context: asked.append(event)}
    with system(tmp_path, functions) as aws:
        machines = Machines(aws)
        waiting = machines.start({"Decide": token()}, {"case": "c1"}, "waits")
        machines.start({"Done": {"Type": "Succeed"}}, {"case": "c2"}, "ends")

    with system(tmp_path, functions) as aws:
        lost = aws.lost_executions()
        Machines(aws).create({"Decide": token()}, "waits")
        Machines(aws).create({"Done": {"Type": "Succeed"}}, "ends")
        aws.resume()
        aws.settle()
        again = list(aws.runs())

    assert [(run["arn"], run["name"], json.loads(run["input"])) for run in lost] == [
        (waiting, "first", {"case": "c1"})
    ]
    assert [(run.arn, run.status) for run in again] == [(waiting, "RUNNING")]
    assert len(asked) == 2


KILLED = """
import os, sys
from pathlib import Path
from infra.local.aws import LocalAws, LocalClock
from tests.local.aws.conftest import NEW_YEAR, Machines
from tests.local.aws.test_executions import token
from tests.local.aws.test_journal import furnish
from tests.local.aws.test_tables import key

aws = LocalAws({"open_tasks": lambda event, context: None}, LocalClock(NEW_YEAR, frozen=True), data=Path(sys.argv[1]))
aws.start()
table = furnish(aws)
Machines(aws).start({"Decide": token()}, {"case": "c1"})
aws.client("s3").put_object(Bucket="files", Key="plan", Body=b"%PDF")
number = 0
while True:
    table.put_item(TableName="cases", Item=key(f"case-{number}"))
    print(number, flush=True)
    number += 1
"""


def test_nothing_that_was_answered_is_lost_by_a_kill(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 50:
            process.kill()
            break
    answered = max([50, *(int(line) for line in process.stdout.read().split("\n")[:-1])])
    process.wait()
    process.stdout.close()

    with system(tmp_path) as aws:
        table = furnish(aws)
        kept = items(table)
        plan = aws.client("s3").get_object(Bucket="files", Key="plan")["Body"].read()
        lost = aws.lost_executions()

    assert {f"case-{number}" for number in range(answered + 1)} <= set(kept)
    assert plan == b"%PDF"
    assert [run["name"] for run in lost] == ["first"]


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    with system(tmp_path) as aws:
        furnish(aws).put_item(TableName="cases", Item=key("a"))
    with (tmp_path / "journal.jsonl").open("a") as log:
        log.write('{"change":[99,"cases",{"pk"')

    with system(tmp_path) as aws:
        assert set(items(furnish(aws))) == {"a"}


def test_folding_what_was_unfolded_changes_nothing(tmp_path: Path) -> None:
    facts: list[Any] = [
        {"subscription": ["cases>relay", "cases", 0]},
        {"change": [1, "cases", key("a"), key("a") | {"n": {"N": "1"}}]},
        {"subscription": ["cases>relay", "cases", 1]},
        {"change": [2, "cases", key("a"), key("a") | {"n": {"N": "2"}}]},
        {"change": [3, "other", key("b"), key("b")]},
        {"change": [4, "cases", key("a"), None]},
        {"run": {"arn": "r"}},
        {"event": {"id": "e"}},
        {"event": {"id": "f"}},
        {"delivered": "e"},
    ]
    state = fold(facts)

    assert fold(unfold(state)) == state
    assert [change[0] for change in state.changes] == [2, 4]
    assert state.number == 4


def test_a_directory_serves_one_system_at_a_time(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    with pytest.raises(DirectoryTaken):
        system(tmp_path).start()

    journal.close()
    with system(tmp_path):
        pass


def test_a_port_that_is_taken_is_told() -> None:
    with LocalAws({}, port=0) as aws:
        taken = int(str(aws.endpoint).rsplit(":", 1)[1])

        with pytest.raises(OSError, match="in use"):
            LocalAws({}, port=taken).start()
