"""The files of a bid: sealed as they come, opened by two people after the closing, and read by the panel alone."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from moto.s3.models import s3_backends

from functions.adapters.pdf import PdfRenderer
from functions.domain.letter import Facts, Letter
from infra.local.aws import LocalClock
from infra.local.aws.account import ACCOUNT
from infra.local.aws.sealed import stored
from infra.local.office import Office
from infra.local.scanner import EICAR
from infra.local.system import BUCKET, TABLE
from tests.api.asking import Got
from tests.builders import MORNING
from tests.workflows.tendering import (
    EVALUATORS,
    OFFICER,
    OPENERS,
    POKJA,
    RECORDS,
    SECOND,
    SUPERVISOR,
    Tendering,
)

SECRET = "Metode gantung 47"
PROPOSAL = f"%PDF-1.7\n{SECRET}\n%%EOF".encode()
FILENAME = "usulan-sinar-jaya.pdf"
DIGEST = hashlib.sha256(PROPOSAL).hexdigest()


@pytest.fixture
def tendering() -> Iterator[Tendering]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield Tendering(running)


def announce(tendering: Tendering, bidder: str, content: bytes = PROPOSAL, **changes: Any) -> Got:
    body = {
        "kind": "technical-proposal",
        "filename": FILENAME,
        "content_type": "application/pdf",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return tendering.as_(bidder).post(f"/v1/cases/{tendering.bids[bidder]}/documents", body | changes)


def send(tendering: Tendering, announced: Got, content: bytes = PROPOSAL) -> int:
    answer = tendering.office.system.aws.upload(announced.body["upload"], content)
    tendering.office.system.aws.settle()
    return int(answer.status)


def bid(tendering: Tendering, bidder: str = "sinar-jaya", content: bytes = PROPOSAL) -> Tendering:
    """Hand in a bid with a proposal."""
    tendering.bid(bidder, submit=False)
    announced = announce(tendering, bidder, content)
    assert announced.status == 201, announced.text
    assert send(tendering, announced, content) == 204
    assert tendering.as_(bidder).post(f"/v1/cases/{tendering.bids[bidder]}/submit").status == 202
    return tendering


def document(tendering: Tendering, by: str = SUPERVISOR, bidder: str = "sinar-jaya") -> dict[str, Any]:
    shown = tendering.as_(by).get(f"/v1/cases/{tendering.bids[bidder]}").body["documents"]
    return dict(shown[0])


def link(tendering: Tendering, by: str, bidder: str = "sinar-jaya") -> Got:
    identity = f"{tendering.bids[bidder]}.d1"
    return tendering.as_(by).get(f"/v1/cases/{tendering.bids[bidder]}/documents/{identity}")


def lying(tendering: Tendering) -> str:
    """Give everything that lies in the table and the bucket, as it lies there, and what S3 tells of it."""
    aws = tendering.office.system.aws
    items = aws.client("dynamodb").scan(TableName=TABLE)["Items"]
    keys = s3_backends[ACCOUNT]["aws"].get_bucket(BUCKET).keys
    seen = json.dumps(items, default=str)
    for name in list(keys):
        for one in keys.getlist(name):
            seen += name + json.dumps(dict(one.metadata)) + one.etag + stored(one).decode("latin-1")
    return seen


def test_shows_nothing_of_a_file_to_anybody_before_the_opening(
    tendering: Tendering, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    bid(tendering.file().announce())
    aws = tendering.office.system.aws

    seen = lying(tendering) + caplog.text + "".join(capfd.readouterr()) + str(aws.runs())
    for username in (OFFICER, POKJA, *OPENERS, *EVALUATORS, SUPERVISOR, RECORDS, "kopi-senja", "sinar-jaya"):
        for path in ("", "/history", "/personal-data", f"/documents/{tendering.bids['sinar-jaya']}.d1"):
            answer = tendering.as_(username).get(f"/v1/cases/{tendering.bids['sinar-jaya']}{path}")
            seen += answer.text
            assert "X-Amz-Signature" not in answer.text
    seen += json.dumps([call.response for call in aws.faults.calls if call.service == "events"], default=str)
    seen += json.dumps([call.params for call in aws.faults.calls if call.service == "events"], default=str)

    assert f"sealed/{tendering.bids['sinar-jaya']}/d1" in seen
    for secret in (SECRET, FILENAME, "usulan", DIGEST, hashlib.md5(PROPOSAL).hexdigest()):
        assert secret not in seen


def test_lets_nobody_read_the_object_even_with_the_rights_of_the_account(tendering: Tendering) -> None:
    from botocore.exceptions import ClientError

    bid(tendering.file().announce())
    s3 = tendering.office.system.aws.client("s3")
    key = f"sealed/{tendering.bids['sinar-jaya']}/d1"

    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=BUCKET, Key=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.copy_object(Bucket=BUCKET, Key="mine", CopySource={"Bucket": BUCKET, "Key": key})


def test_tells_who_files_that_it_came_and_says_why_nobody_reads_it(tendering: Tendering) -> None:
    bid(tendering.file().announce())

    shown = document(tendering, "sinar-jaya")
    refused = link(tendering, "sinar-jaya")

    assert (shown["state"], shown["sha256"], shown["filename"]) == ("received", None, None)
    assert shown["sealed_until"] == "2026-02-16T03:00:00Z"
    assert refused.status == 409
    assert "under seal" in refused.body["detail"]


def test_is_read_by_the_panel_and_by_who_filed_after_the_opening(tendering: Tendering) -> None:
    bid(tendering.file().announce()).close().open()

    shown = document(tendering)
    assert (shown["state"], shown["sha256"], shown["filename"]) == ("clean", DIGEST, FILENAME)
    for username in (POKJA, EVALUATORS[0], "sinar-jaya"):
        answer = link(tendering, username)
        assert answer.status == 200, answer.text
        assert tendering.office.system.aws.download(answer.body["url"]).body == PROPOSAL
    for stranger in ("kopi-senja", "siti"):
        assert link(tendering, stranger).status == 404


def test_lists_the_files_with_their_digests_in_the_minutes(
    tendering: Tendering, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Letter] = []
    render = PdfRenderer.render
    monkeypatch.setattr(
        PdfRenderer, "render", lambda self, letter: drawn.append(letter) or render(self, letter)
    )
    bid(tendering.file().announce()).close().open()

    number = tendering.as_(POKJA).get(f"/v1/cases/{tendering.bids['sinar-jaya']}").body["number"]
    minutes = next(letter for letter in drawn if letter.title.en == "Minutes of the opening of bids")
    rows = [row for block in minutes.blocks if isinstance(block, Facts) for row in block.rows]

    assert [row.value for row in rows if row.label.en == number] == [
        f"technical-proposal ({len(PROPOSAL)} B) {DIGEST}"
    ]


def test_the_history_says_what_came_and_what_was_opened(tendering: Tendering) -> None:
    bid(tendering.file().announce()).close().open()

    found = [
        event for event in tendering.history(tendering.bids["sinar-jaya"]) if "document" in event["type"]
    ]

    assert [event["type"] for event in found] == [
        "document.sealed",
        "document.received",
        "document.opened",
        "document.received",
        "document.cleared",
    ]
    assert "sha256" not in found[0]["data"] | found[1]["data"]
    assert found[2]["data"]["sha256"] == DIGEST


def test_opens_nothing_with_one_opener_or_too_early(tendering: Tendering) -> None:
    from functions.domain.sealing import SealHolds
    from functions.steps import open_seals

    bid(tendering.file().announce())
    request = {"case": tendering.id, "episode": 1, "attempt": 1, "round": 1, "step": "break-seals"}
    with pytest.raises(SealHolds):
        open_seals.handler(request, None)
    tendering.close()
    assert tendering.complete(OPENERS[0], "open").status == 200
    with pytest.raises(SealHolds):
        open_seals.handler(request, None)

    aws = tendering.office.system.aws
    assert aws.faults.count("kms", "CreateGrant") == aws.faults.count("s3", "CopyObject") == 0
    assert SECRET not in lying(tendering)


def test_gives_back_the_grant_after_the_opening(tendering: Tendering) -> None:
    bid(tendering.file().announce()).close().open()
    aws = tendering.office.system.aws
    kms, key = aws.client("kms"), tendering.office.system.ports.settings.sealing_key

    assert aws.faults.count("kms", "CreateGrant") == 1
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_leaves_the_files_of_a_withdrawn_bid_shut(tendering: Tendering) -> None:
    bid(tendering.file().announce())
    path = f"/v1/cases/{tendering.bids['sinar-jaya']}/withdraw"
    assert tendering.as_("sinar-jaya").post(path, {"reason": "Batal."}).status == 200
    tendering.bid("kopi-senja")
    tendering.close().open()

    assert document(tendering)["sha256"] is None
    assert link(tendering, POKJA).status == 409
    assert SECRET not in lying(tendering)


def test_finds_at_the_opening_what_is_no_document_or_holds_a_virus(tendering: Tendering) -> None:
    bid(tendering.file().announce(), "sinar-jaya", b"MZ this is a program")
    bid(tendering, "kopi-senja", b"%PDF-1.7\n" + EICAR)
    assert document(tendering)["state"] == "received"
    tendering.close().open()

    assert document(tendering)["reason"] == "type_by_content"
    assert document(tendering, bidder="kopi-senja")["reason"] == "infected"
    assert tendering.open_tasks() == ["negotiation"]


def test_takes_no_file_that_is_posted_after_the_closing(tendering: Tendering) -> None:
    tendering.file().announce()
    tendering.bid("sinar-jaya", submit=False)
    announced = announce(tendering, "sinar-jaya")
    assert tendering.as_("sinar-jaya").post(f"/v1/cases/{tendering.bids['sinar-jaya']}/submit").status == 202
    tendering.close()

    assert send(tendering, announced) == 204
    late = announce(tendering, "sinar-jaya")

    assert document(tendering)["reason"] == "too_late"
    assert late.status == 409
    tendering.open()
    assert SECRET not in lying(tendering)


def test_announces_nothing_for_a_draft_after_the_closing(tendering: Tendering) -> None:
    tendering.file().announce()
    tendering.bid("sinar-jaya", submit=False)
    tendering.close()

    answer = announce(tendering, "sinar-jaya")

    assert (answer.status, answer.body["type"].rpartition(":")[2]) == (409, "too-late")


def test_the_store_takes_the_file_sealed_or_not_at_all(tendering: Tendering) -> None:
    tendering.file().announce()
    tendering.bid("sinar-jaya", submit=False)
    announced = announce(tendering, "sinar-jaya")
    fields = announced.body["upload"]["fields"]
    open_ = {name: value for name, value in fields.items() if "encryption" not in name}
    other = fields | {"x-amz-server-side-encryption-context": "e30="}

    for changed in (open_, other):
        form = {"url": announced.body["upload"]["url"], "fields": changed}
        assert tendering.office.system.aws.upload(form, PROPOSAL).status == 403
    assert send(tendering, announced, PROPOSAL[:-1] + b"X") == 400
    assert send(tendering, announced) == 204


def test_the_same_announcement_gives_the_same_form_again(tendering: Tendering) -> None:
    tendering.file().announce()
    tendering.bid("sinar-jaya", submit=False)
    body = {
        "kind": "technical-proposal", "filename": FILENAME, "content_type": "application/pdf",
        "size": len(PROPOSAL), "sha256": DIGEST,
    }  # fmt: skip
    path = f"/v1/cases/{tendering.bids['sinar-jaya']}/documents"

    first, second = (
        tendering.as_("sinar-jaya").post(path, body, idempotency_key="proposal-1") for _ in range(2)
    )

    assert first.body["id"] == second.body["id"]
    assert send(tendering, second) == 204


def test_erases_the_sealed_bytes_too(tendering: Tendering) -> None:
    bid(tendering.file().announce()).close().open()
    tendering.office.system.ports.documents.delete_all_versions(f"sealed/{tendering.bids['sinar-jaya']}/")

    assert f"sealed/{tendering.bids['sinar-jaya']}/" not in lying(tendering).replace("\\", "")


# -- crashes


def through(tendering: Tendering) -> None:
    aws = tendering.office.system.aws
    tendering.move_to(tendering.now + 600 * SECOND)
    if tendering.tender["status"] == "needs_attention":
        path = f"/v1/cases/{tendering.id}/redrive"
        assert tendering.as_(SUPERVISOR).post(path, {"reason": "Diulangi."}).status == 200
    aws.settle()


@pytest.mark.parametrize(
    ("service", "operation", "when"),
    [
        ("kms", "CreateGrant", "after"),
        ("kms", "Decrypt", "before"),
        ("kms", "Decrypt", "after"),
        ("s3", "CopyObject", "before"),
        ("s3", "CopyObject", "after"),
        ("kms", "RetireGrant", "before"),
        ("kms", "RetireGrant", "after"),
        ("lambda", "open_seals", "after"),
        ("lambda", "document_arrived", "before"),
    ],
)
def test_an_opening_that_breaks_off_anywhere_is_finished_once(
    tendering: Tendering, service: str, operation: str, when: Any
) -> None:
    bid(tendering.file().announce()).close()
    tendering.complete(OPENERS[0], "open")
    tendering.office.system.aws.faults.fail(service, operation, when=when)

    tendering.complete(OPENERS[1], "open")
    through(tendering)

    assert opened_once(tendering)


def test_an_opening_that_runs_twice_opens_once(tendering: Tendering) -> None:
    bid(tendering.file().announce()).close()
    tendering.office.system.aws.faults.fail("lambda", "open_seals", when="twice")
    tendering.open()

    assert opened_once(tendering)


def test_waits_for_a_grant_that_the_store_does_not_know_yet(tendering: Tendering) -> None:
    bid(tendering.file().announce()).close()
    tendering.office.system.aws.faults.fail("s3", "CopyObject", times=3, error="AccessDenied")
    tendering.open()
    tendering.move_to(tendering.now + 120 * SECOND)

    assert tendering.tender["status"] != "needs_attention"
    assert opened_once(tendering)


def opened_once(tendering: Tendering) -> bool:
    types = tendering.types(tendering.bids["sinar-jaya"])
    kms, key = (
        tendering.office.system.aws.client("kms"),
        tendering.office.system.ports.settings.sealing_key,
    )
    return (
        document(tendering)["state"] == "clean"
        and types.count("content.opened") == types.count("document.opened") == 1
        and tendering.types().count("seals.opened") == 1
        and kms.list_grants(KeyId=key)["Grants"] == []
        and tendering.open_tasks() == ["negotiation"]
    )
