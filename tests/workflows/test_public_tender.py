"""Every way that a tender and its bids can go, through the real definitions, by the law's time."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.domain.sealing import SealHolds
from infra.local.aws import LocalClock
from infra.local.office import Office
from infra.local.system import BUCKET, TABLE
from tests.builders import MORNING
from tests.workflows.tendering import (
    BIDDERS,
    EVALUATORS,
    KPA,
    OFFICER,
    OPENERS,
    POKJA,
    PRICES,
    RECORDS,
    SUPERVISOR,
    Tendering,
)

Scores = dict[str, dict[str, float]]
SCORES: Scores = {
    "sinar-jaya": {"technical": 80, "price": 90},
    "griya-nusantara": {"technical": 85.5, "price": 70},
    "kopi-senja": {"technical": 60, "price": 100},
}


@pytest.fixture
def tendering() -> Iterator[Tendering]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield Tendering(running)


def announced(tendering: Tendering) -> Tendering:
    """Walk up to the objection window: sinar-jaya has won."""
    return tendering.file().announce().three_bids().close().open().score(SCORES).prove().award()


def window_ends(tendering: Tendering) -> datetime:
    window = [task for task in tendering.tender["tasks"] if task["name"] == "objection-window"][-1]
    return datetime.fromisoformat(window["due_at"])


def object_as(tendering: Tendering, bidder: str) -> Any:
    path = f"/v1/cases/{tendering.bids[bidder]}/appeal"
    grounds = {"objection_grounds": ["error-in-evaluation"]}
    return tendering.as_(bidder).post(path, {"reason": "Evaluasi teknis keliru.", "form": grounds})


# -- announced


def test_announces_the_tender_and_its_winner_in_the_public_register(tendering: Tendering) -> None:
    announced(tendering)

    entries = tendering.as_(OFFICER).get("/v1/register?service=public-tender").body["items"]

    newest = {fact["name"]: fact["value"] for fact in entries[0]["facts"]}
    assert [entry["title"] for entry in entries] == ["Announcement of the winner", "Tender announcement"]
    assert newest["winner"] == "Peserta sinar-jaya"
    assert newest["winning_price"] == PRICES["sinar-jaya"]
    assert (newest["reserve_1"], newest["reserve_2"]) == ("Peserta kopi-senja", "Peserta griya-nusantara")
    handed_down = tendering.history(tendering.bids["griya-nusantara"], by="griya-nusantara")
    said = [event["data"]["sentence"]["en"] for event in handed_down if event["type"] == "facts.noted"]
    assert said[-1] == "Tell who has not won"


def test_takes_the_bond_from_the_estimate_where_the_bid_is_below_four_fifths_of_it(
    tendering: Tendering,
) -> None:
    tendering.file(estimate=1_600_000_000).announce().three_bids().close().open().score(SCORES).prove()

    noted = [event["data"]["facts"] for event in tendering.history() if event["type"] == "facts.noted"][-1]

    assert PRICES["sinar-jaya"] < 0.8 * 1_600_000_000
    assert noted["performance_bond"] == 80_000_000


# -- sealed


def test_shows_the_price_to_nobody_before_the_opening(
    tendering: Tendering, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    tendering.file().announce().three_bids()

    seen = raw(tendering) + caplog.text + "".join(capfd.readouterr())
    for username in (OFFICER, POKJA, *OPENERS, SUPERVISOR, RECORDS, "kopi-senja", "sinar-jaya"):
        for bid in tendering.bids.values():
            for path in ("", "/history", "/personal-data"):
                seen += tendering.as_(username).get(f"/v1/cases/{bid}{path}").text
        seen += tendering.as_(username).get("/v1/cases").text + tendering.as_(username).get("/v1/tasks").text

    assert tendering.bids["sinar-jaya"] in seen
    for price in PRICES.values():
        assert str(price) not in seen
    assert "Peserta sinar-jaya" not in seen


def raw(tendering: Tendering) -> str:
    """Give everything that lies in the table, the bucket, the executions and the journal of calls but KMS's own."""
    aws = tendering.office.system.aws
    items = aws.client("dynamodb").scan(TableName=TABLE)["Items"]
    s3 = aws.client("s3")
    versions = s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
    objects = [
        s3.get_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])["Body"]
        .read()
        .decode("latin-1")
        for one in versions
    ]
    return json.dumps(items, default=str) + "".join(objects)


def test_gives_the_bidder_a_receipt_of_the_ciphertext(tendering: Tendering) -> None:
    tendering.file().announce().bid("sinar-jaya")

    own = tendering.as_("sinar-jaya").get(f"/v1/cases/{tendering.bids['sinar-jaya']}").body
    sealed = [
        e
        for e in tendering.history(tendering.bids["sinar-jaya"], "sinar-jaya")
        if e["type"] == "content.sealed"
    ]

    assert own["form"] == {}
    assert own["sealed"] == {
        "fields": ["bidder", "price"],
        "opens_at": "2026-02-16T03:00:00Z",
        "opened_at": None,
    }
    assert len(sealed[0]["data"]["digest"]) == 64


def test_opens_nothing_with_one_opener_even_when_the_function_is_called(tendering: Tendering) -> None:
    from functions.steps import open_seals

    tendering.file().announce().three_bids().close()
    assert tendering.complete(OPENERS[0], "open").status == 200
    assert tendering.complete(OPENERS[0], "open").status == 403
    request = {"case": tendering.id, "episode": 1, "attempt": 1, "round": 1, "step": "break-seals"}

    with pytest.raises(SealHolds):
        open_seals.handler(request, None)

    assert "content.opened" not in tendering.types(tendering.bids["sinar-jaya"])


def test_opens_nothing_before_the_moment_even_when_the_function_is_called(tendering: Tendering) -> None:
    from functions.steps import open_seals

    tendering.file().announce().three_bids()
    request = {"case": tendering.id, "episode": 1, "attempt": 1, "round": 1, "step": "break-seals"}

    with pytest.raises(SealHolds):
        open_seals.handler(request, None)


def test_shows_the_bids_after_the_opening_and_issues_minutes(tendering: Tendering) -> None:
    tendering.file().announce().three_bids().move_to(tendering.closes_at)
    at_the_moment = tendering.bid("agus", 1_300_000_000)
    assert (at_the_moment.status, tendering.open_tasks()) == (202, ["bidding"])
    tendering.close().open()

    bid = tendering.as_(POKJA).get(f"/v1/cases/{tendering.bids['kopi-senja']}").body

    assert bid["form"] == {"price": 1_111_222_333, "bidder": "Peserta kopi-senja"}
    assert [d["kind"] for d in tendering.tender["documents"]] == [
        "announcement",
        "clarification-minutes",
        "opening-minutes",
    ]
    opened = [e for e in tendering.history(tendering.bids["kopi-senja"]) if e["type"] == "content.opened"]
    assert opened[0]["data"]["openers"] == sorted(OPENERS)


def test_opens_the_price_that_was_written_last(tendering: Tendering) -> None:
    tendering.file().announce()
    tendering.bid("kopi-senja", submit=False)
    path = f"/v1/cases/{tendering.bids['kopi-senja']}"
    assert tendering.as_("kopi-senja").patch(path, {"form": {"price": 999}}).status == 200
    assert tendering.as_("kopi-senja").post(f"{path}/submit").status == 202
    tendering.close().open()

    assert tendering.as_(POKJA).get(path).body["form"] == {"price": 999, "bidder": "Peserta kopi-senja"}


def test_wants_every_answer_before_a_bid_is_handed_in(tendering: Tendering) -> None:
    tendering.file().announce()
    body = {"service": "tender-bid", "parent": tendering.id, "form": {"bidder": "X"}}
    made = tendering.as_("kopi-senja").post("/v1/cases", body)

    answer = tendering.as_("kopi-senja").post(f"/v1/cases/{made.body['id']}/submit")

    assert (answer.status, answer.pointers) == (422, ["/price"])


def test_refuses_an_answer_of_the_wrong_type_before_it_goes_under_seal(tendering: Tendering) -> None:
    tendering.file().announce()
    body = {"service": "tender-bid", "parent": tendering.id, "form": {"price": "much"}}

    answer = tendering.as_("kopi-senja").post("/v1/cases", body)

    assert (answer.status, answer.pointers) == (422, ["/price"])


# -- late


def test_refuses_a_late_bid_by_its_own_clock(tendering: Tendering) -> None:
    tendering.file().announce().three_bids()
    del tendering.bids["kopi-senja"]
    tendering.close()

    answer = tendering.bid("agus", 1_300_000_000)

    assert answer.status == 409
    assert answer.body["type"].endswith("too-late")
    assert answer.body["closed_at"] == "2026-02-16T03:00:00Z"


def test_refuses_to_submit_late_what_was_begun_in_time(tendering: Tendering) -> None:
    tendering.file().announce()
    tendering.bid("kopi-senja", submit=False)
    tendering.close()
    path = f"/v1/cases/{tendering.bids['kopi-senja']}"

    assert tendering.as_("kopi-senja").post(f"{path}/submit").status == 409
    assert tendering.as_("kopi-senja").patch(path, {"form": {"price": 1}}).status == 409


def test_takes_a_bid_by_the_number_of_the_announcement(tendering: Tendering) -> None:
    tendering.file().announce()
    number = tendering.tender["permits"][0]["number"]
    body = {"service": "tender-bid", "parent": number, "form": {"price": 5, "bidder": "X"}}

    made = tendering.as_("kopi-senja").post("/v1/cases", body)

    assert (made.status, made.body["parent"]) == (201, tendering.id)


# -- held again


def test_a_tender_that_failed_is_held_again_and_both_public_entries_show_it(tendering: Tendering) -> None:
    tendering.file(few_bids="fail").announce()
    tendering.bid("kopi-senja")
    number, failed = tendering.tender["permits"][0]["number"], tendering.id
    example = tendering.as_(OFFICER).get("/v1/services/public-tender").body["form"]["examples"][0]
    again = {"service": "public-tender", "form": example, "parent": number}
    early = tendering.as_(OFFICER).post("/v1/cases", again)
    assert (early.status, early.pointers) == (422, ["/parent"])
    assert (
        tendering.as_(OFFICER).post("/v1/cases", {**again, "parent": "TDR-A-2026-XXXXX-XXXXX"}).status == 422
    )
    tendering.close().open()

    later = tendering.as_(OFFICER).get("/v1/services/public-tender").body["form"]["examples"][0]
    made = tendering.as_(OFFICER).post("/v1/cases", {**again, "form": later})
    assert made.body["parent"] == failed
    assert tendering.as_(OFFICER).post(f"/v1/cases/{made.body['id']}/submit").status == 202
    tendering.id = made.body["id"]
    tendering.announce()

    new = tendering.tender["permits"][0]["number"]
    assert tendering.as_("siti").get(f"/v1/permits/{new}").body["follows"] == number
    assert tendering.as_("siti").get(f"/v1/permits/{number}").body["followed_by"] == [new]
    newest = tendering.as_("siti").get("/v1/register?service=public-tender").body["items"][0]
    assert {fact["name"]: fact["text"] for fact in newest["facts"]}["follows"] == number


# -- scores


def test_shows_no_evaluator_the_scores_of_another_before_all_are_in(tendering: Tendering) -> None:
    tendering.file().announce().three_bids().close().open()
    first = tendering.complete(
        EVALUATORS[0], "submit_scores", "Rahasia saya.", scores=tendering.by_bid(SCORES)
    )
    assert first.status == 200

    for username in (EVALUATORS[1], KPA, SUPERVISOR, OFFICER):
        shown = tendering.as_(username).get(f"/v1/cases/{tendering.id}").text
        shown += tendering.as_(username).get(f"/v1/cases/{tendering.id}/history").text
        shown += tendering.as_(username).get(f"/v1/tasks/{first.body['id']}").text
        assert "85.5" not in shown
        assert "Rahasia" not in shown


def test_lets_nobody_score_twice(tendering: Tendering) -> None:
    tendering.file().announce().three_bids().close().open()
    tendering.score(SCORES, EVALUATORS[0])

    answer = tendering.complete(EVALUATORS[0], "submit_scores", scores=tendering.by_bid(SCORES))

    assert (answer.status, answer.body["type"].rpartition(":")[2]) == (403, "four-eyes")


def test_keeps_what_made_the_ranking_in_the_history(tendering: Tendering) -> None:
    tendering.file(weights=[70, 30]).announce().three_bids().close().open().score(SCORES)

    made = next(event["data"] for event in tendering.history() if event["type"] == "ranking.made")

    assert (made["rule"], made["version"], made["weights"]) == ("public-tender/ranking", 1, [70, 30])
    assert [one["by"] for one in made["scores"]] == list(EVALUATORS)
    assert [(one["child"], one["score"]) for one in made["ranking"]] == [
        (tendering.bids["sinar-jaya"], "83.00"),
        (tendering.bids["griya-nusantara"], "80.85"),
        (tendering.bids["kopi-senja"], "72.00"),
    ]
    first = tendering.as_("sinar-jaya").get(f"/v1/cases/{tendering.bids['sinar-jaya']}").body["number"]
    said = f"Ranking by technical (70), price (30), from the scores of 3 evaluators: 1. {first} (83.00); 2. "
    assert made["sentence"]["en"].startswith(said)


def test_keeps_what_was_counted_and_chosen_with_rule_version_and_sentence(tendering: Tendering) -> None:
    tendering.file().announce().three_bids().close().open()

    noted = next(event["data"] for event in tendering.history() if event["type"] == "facts.noted")
    shown = tendering.as_(OFFICER).get(f"/v1/cases/{tendering.id}").body["computations"]

    assert (noted["rule"], noted["version"]) == ("public-tender/count-bids", 1)
    assert noted["inputs"]["children"] == dict.fromkeys(tendering.bids.values(), "in_review")
    assert noted["sentence"]["en"] == "3 bids were handed in and not withdrawn."
    assert [(one["name"], one["value"], one["message"]) for one in shown] == [
        ("count-bids", {"bids": 3}, "3 bids were handed in and not withdrawn."),
        ("few", "evaluation", "Fewer than the minimum? Evaluate the bids."),
    ]


def test_puts_the_lower_price_first_where_scores_are_equal(tendering: Tendering) -> None:
    same = {bidder: {"technical": 70.0, "price": 70.0} for bidder in BIDDERS}
    tendering.file().announce().three_bids().close().open().score(same)

    made = next(event["data"] for event in tendering.history() if event["type"] == "ranking.made")

    by_price = sorted(BIDDERS, key=lambda bidder: PRICES[bidder])
    assert [one["child"] for one in made["ranking"]] == [tendering.bids[bidder] for bidder in by_price]


# -- objections


def test_awards_nothing_before_the_window_has_passed(tendering: Tendering) -> None:
    announced(tendering)
    tendering.move_to(window_ends(tendering))

    assert tendering.open_tasks() == ["objection-window"]


def test_ends_the_window_on_a_working_day_when_the_office_closes(tendering: Tendering) -> None:
    announced(tendering)

    # Announced on Monday 16 February: five calendar days later it is Saturday, and so Monday at 16:00 WIB.
    assert window_ends(tendering) == datetime(2026, 2, 23, 9, tzinfo=UTC)


def test_gives_the_panel_three_days_and_the_grounds_of_the_objection(tendering: Tendering) -> None:
    announced(tendering)
    bid = tendering.bids["kopi-senja"]
    path, none = f"/v1/cases/{bid}/appeal", {"objection_grounds": []}
    without = tendering.as_("kopi-senja").post(path, {"reason": "Tidak adil.", "form": none})
    object_as(tendering, "kopi-senja")

    due = tendering.task(POKJA)["due_at"]
    changed = next(event for event in tendering.history(bid) if event["type"] == "answers.changed")

    assert (without.status, without.pointers) == (422, ["/objection_grounds"])
    assert datetime.fromisoformat(due) == window_ends(tendering) + timedelta(days=3)
    assert changed["data"]["facts"]["objection_grounds"] == "error-in-evaluation"


def test_takes_no_objection_of_others(tendering: Tendering) -> None:
    announced(tendering)

    answer = tendering.as_("agus").post(
        f"/v1/cases/{tendering.bids['kopi-senja']}/appeal", {"reason": "Saya juga."}
    )

    assert answer.status == 404
