"""The case table against DynamoDB's own rules: conflicts, lost answers, claims, tokens, views, lists, erasure."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

import events
from functions.adapters.dynamodb import CaseTable
from functions.domain import history, intake, numbers
from functions.domain.case import Case, Commit, Request, StepRecord, Writer
from functions.domain.errors import (
    CaseUnknown,
    CommitConflict,
    DependencyDown,
    Duplicate,
    Malformed,
    Superseded,
)
from functions.domain.views import views_of
from functions.ports import Token
from infra.local.aws import LocalAws, LocalClock
from infra.local.system import TABLE, template
from tests.builders import CASE_ID, HOUSE, MORNING, PERMIT, SHOP, Walk, applicant

OTHER = numbers.case_id(b"another case than this")
TOKEN = Token(1, 1, "completeness", 1, "tok")


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws({}, LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture
def table(aws: LocalAws) -> Iterator[CaseTable]:
    """A table as the template describes it."""
    described = template()["Resources"]["Cases"]["Properties"]
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    client = aws.client("dynamodb")
    client.create_table(TableName=TABLE, **{name: described[name] for name in wanted})
    aws.faults.clear()
    yield CaseTable(client, TABLE)
    client.delete_table(TableName=TABLE)


def store(table: CaseTable, walk: Walk) -> Walk:
    for commit in walk.commits:
        table.commit(walk.case.id, commit)
    return walk


def first(text: str = "siti", case_id: str = CASE_ID) -> Commit:
    writer = Writer(Case(case_id), actor=text, now=MORNING)
    intake.create(writer, PERMIT, applicant(), HOUSE)
    return writer.commit()


def noted(text: str, seq: int, prev: str) -> Commit:
    draft = history.Draft("message.posted", {"message": history.digest(text)})
    return Commit(history.seal([draft], seq=seq, prev=prev, at=MORNING, actor="siti"))


# -- cases -------------------------------------------------------------------------------------------------------


def test_what_was_committed_is_loaded_with_everything_that_belongs_to_it(table: CaseTable):
    walk = Walk().approved()
    step = StepRecord("1/fee/1", {"facts": {"floors": 1}})
    walk.commits[3] = replace(walk.commits[3], request=Request("siti key with blanks", "d" * 64), step=step)
    store(table, walk)

    record = table.load(CASE_ID)

    assert record.commits == walk.commits
    assert record.case == Case.of(CASE_ID, walk.commits)
    assert record.token is None
    assert history.verify([event.as_dict() for commit in record.commits for event in commit.events]) == []


def test_an_unknown_case_is_not_there(table: CaseTable):
    with pytest.raises(CaseUnknown):
        table.load(CASE_ID)


def test_a_case_with_many_commits_is_read_whole(table: CaseTable):
    table.commit(CASE_ID, first())
    head = first().events[-1].hash
    for seq in range(2, 40):
        commit = replace(noted(str(seq), seq, head), private={str(seq): {"text": "x" * 50_000}})
        head = commit.events[-1].hash
        table.commit(CASE_ID, commit)

    assert table.load(CASE_ID).case.version == 39


def test_the_second_writer_of_a_number_is_told(table: CaseTable):
    table.commit(CASE_ID, first())
    head = first().events[-1].hash
    table.commit(CASE_ID, noted("one", 2, head))

    with pytest.raises(CommitConflict):
        table.commit(CASE_ID, noted("two", 2, head))

    assert len(table.load(CASE_ID).commits) == 2


def test_of_twelve_writers_at_once_one_wins_every_time(table: CaseTable):
    table.commit(CASE_ID, first())
    head = first().events[-1].hash

    for seq in range(2, 42):

        def race(writer: int, seq: int = seq, head: str = head) -> bool:
            try:
                table.commit(CASE_ID, noted(f"writer {writer}", seq, head))
            except CommitConflict:
                return False
            return True

        with ThreadPoolExecutor(12) as pool:
            assert sum(pool.map(race, range(12))) == 1
        head = table.load(CASE_ID).case.head

    record = table.load(CASE_ID)
    assert history.verify([event.as_dict() for commit in record.commits for event in commit.events]) == []


@pytest.mark.parametrize("claims", [(), ("permit/PBG-1",)])
def test_a_commit_whose_answer_was_lost_can_be_made_again(
    aws: LocalAws, table: CaseTable, claims: tuple[str, ...]
):
    commit = replace(first(), claims=claims)
    aws.faults.fail("dynamodb", "TransactWriteItems" if claims else "PutItem", when="after")
    with pytest.raises(DependencyDown):
        table.commit(CASE_ID, commit)

    table.commit(CASE_ID, commit)

    assert len(table.load(CASE_ID).commits) == 1


@pytest.mark.parametrize("operation", ["PutItem", "Query"])
@pytest.mark.parametrize("error", [None, "InternalServerError", "ProvisionedThroughputExceededException"])
def test_a_table_that_does_not_answer_is_a_dependency_that_is_down(
    aws: LocalAws, table: CaseTable, operation: str, error: str | None
):
    aws.faults.fail("dynamodb", operation, error=error)

    with pytest.raises(DependencyDown):
        _ = table.load(CASE_ID) if operation == "Query" else table.commit(CASE_ID, first())


def test_a_command_is_one_query_and_one_put(aws: LocalAws, table: CaseTable):
    table.load(store(table, Walk().create()).case.id)

    assert (aws.faults.count("dynamodb", "PutItem"), aws.faults.count("dynamodb", "Query")) == (1, 1)


def test_a_change_that_no_item_can_hold_is_refused(table: CaseTable):
    with pytest.raises(Malformed):
        table.commit(CASE_ID, replace(first(), private={"1": {"text": "x" * 400_000}}))


# -- claims ------------------------------------------------------------------------------------------------------


def test_a_name_is_held_by_the_first_case_that_claims_it(table: CaseTable):
    assert table.claim("permit/PBG-1", CASE_ID)
    assert table.claim("permit/PBG-1", CASE_ID)
    assert not table.claim("permit/PBG-1", OTHER)
    assert table.claimed("permit/PBG-1") == CASE_ID
    assert table.claimed("permit/PBG-2") is None


def test_a_commit_with_a_name_that_is_taken_is_not_written(table: CaseTable):
    table.commit(CASE_ID, replace(first(), claims=("hajj/1", "hajj/2")))

    with pytest.raises(Duplicate):
        table.commit(OTHER, replace(first(case_id=OTHER), claims=("hajj/3", "hajj/2")))

    with pytest.raises(CaseUnknown):
        table.load(OTHER)
    assert table.claimed("hajj/3") is None


def test_a_case_may_claim_again_what_it_holds(table: CaseTable):
    table.commit(CASE_ID, replace(first(), claims=("hajj/1",)))

    table.commit(CASE_ID, replace(noted("again", 2, first().events[-1].hash), claims=("hajj/1",)))

    assert table.load(CASE_ID).case.version == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_name_is_free_again_with_the_commit_that_says_so_or_not_at_all(
    aws: LocalAws, table: CaseTable, when: str
):
    table.commit(CASE_ID, replace(first(), claims=("hajj/1", "hajj/2")))
    ended = replace(noted("ended", 2, first().events[-1].hash), frees=("hajj/1",))
    with pytest.raises(CommitConflict):
        table.commit(CASE_ID, replace(noted("late", 1, first().events[-1].hash), frees=("hajj/1",)))
    assert table.claimed("hajj/1") == CASE_ID

    aws.faults.fail("dynamodb", "TransactWriteItems", when=when)
    for _ in range(3):
        with suppress(DependencyDown):
            table.commit(CASE_ID, ended)

    assert (table.claimed("hajj/1"), table.claimed("hajj/2")) == (None, CASE_ID)
    assert table.load(CASE_ID).case.claims == {"hajj/2"}
    table.commit(OTHER, replace(first(case_id=OTHER), claims=("hajj/1",)))
    assert table.claimed("hajj/1") == OTHER


def test_of_many_who_want_a_name_that_is_being_given_up_at_most_one_gets_it(table: CaseTable):
    table.commit(CASE_ID, replace(first(), claims=("hajj/1",)))
    ended = replace(noted("ended", 2, first().events[-1].hash), frees=("hajj/1",))
    others = [numbers.case_id(bytes([number]) * 16) for number in range(1, 10)]

    def act(case_id: str) -> str | None:
        if case_id == CASE_ID:
            table.commit(CASE_ID, ended)
            return None
        try:
            table.commit(case_id, replace(first(case_id=case_id), claims=("hajj/1",)))
        except Duplicate:
            return None
        return case_id

    with ThreadPoolExecutor(10) as threads:
        got = [one for one in threads.map(act, [*others[:4], CASE_ID, *others[4:]]) if one]

    assert table.claimed("hajj/1") == (got[0] if got else None)
    assert len(got) <= 1


def test_a_conflict_is_told_before_a_taken_name(table: CaseTable):
    table.commit(CASE_ID, replace(first(), claims=("hajj/1",)))

    with pytest.raises(CommitConflict):
        table.commit(CASE_ID, replace(first("budi"), claims=("hajj/1",)))


# -- tokens ------------------------------------------------------------------------------------------------------


def test_the_tokens_are_loaded_with_the_case(table: CaseTable):
    table.commit(CASE_ID, first())
    told = (TOKEN, replace(TOKEN, token="new", still=5), replace(TOKEN, step="bill", answer="paid"))
    table.put_tokens(CASE_ID, told, 0)

    record = table.load(CASE_ID)

    assert (record.tokens, record.turn, record.token) == (told, 1, told[-1])


def test_tokens_are_put_in_turn(table: CaseTable):
    table.commit(CASE_ID, first())
    table.put_tokens(CASE_ID, [TOKEN], 0)
    table.put_tokens(CASE_ID, [replace(TOKEN, step="review")], 1)

    with pytest.raises(CommitConflict):
        table.put_tokens(CASE_ID, [TOKEN], 1)

    assert table.load(CASE_ID).tokens == (replace(TOKEN, step="review"),)


@pytest.mark.parametrize("newer", [replace(TOKEN, attempt=2), replace(TOKEN, episode=2)])
def test_a_newer_driver_takes_the_place_of_an_older_whatever_the_turn(table: CaseTable, newer: Token):
    table.commit(CASE_ID, first())
    table.put_tokens(CASE_ID, [TOKEN], 0)

    table.put_tokens(CASE_ID, [newer], 0)

    assert table.load(CASE_ID).tokens == (newer,)


@pytest.mark.parametrize("standing", [replace(TOKEN, attempt=2), replace(TOKEN, episode=2)])
def test_an_older_driver_never_takes_the_place_of_a_newer(table: CaseTable, standing: Token):
    table.commit(CASE_ID, first())
    table.put_tokens(CASE_ID, [standing], 0)

    with pytest.raises(Superseded):
        table.put_tokens(CASE_ID, [replace(TOKEN, attempt=99) if standing.episode == 2 else TOKEN], 1)

    assert table.load(CASE_ID).tokens == (standing,)


# -- views -------------------------------------------------------------------------------------------------------


def project(table: CaseTable, walk: Walk) -> None:
    table.replace(walk.case.id, views_of(walk.case, walk.service))


def test_views_are_found_by_role_applicant_and_agency(table: CaseTable):
    project(table, Walk(SHOP).review())

    assert [item["case"] for item in table.list("who", "role#pupr/tpt").items] == [CASE_ID]
    assert [item["id"] for item in table.list("who", "user#siti").items] == [CASE_ID]
    assert [item["id"] for item in table.list("place", "agency#dpmptsp", prefix="open#").items] == [CASE_ID]
    assert table.list("place", "agency#dpmptsp", prefix="decided#").items == []


def test_a_view_that_is_not_among_them_any_more_is_removed(table: CaseTable):
    walk = Walk(SHOP).review()
    project(table, walk)

    project(table, walk.act("technical-review", "approve"))

    assert table.list("who", "role#pupr/tpt").items == []
    assert len(table.list("who", "role#damkar/fire-safety").items) == 1


def test_nothing_is_written_when_nothing_that_shows_has_changed(aws: LocalAws, table: CaseTable):
    walk = Walk(SHOP).review()
    project(table, walk)
    aws.faults.clear()

    project(table, walk)
    walk.do("siti", lambda w: w.add(events.MessagePosted(message="a" * 64), {"text": "x"}))
    project(table, walk)

    assert aws.faults.count("dynamodb", "PutItem") == aws.faults.count("dynamodb", "DeleteItem") == 0


def test_a_projector_that_is_behind_puts_no_older_view(table: CaseTable):
    project(table, Walk().review())

    project(table, Walk().submitted())

    assert table.list("who", "user#siti").items[0]["status"] == "in_review"


def test_views_are_not_read_with_the_case(aws: LocalAws, table: CaseTable):
    walk = store(table, Walk(SHOP).review())
    project(table, walk)
    aws.faults.clear()

    table.load(CASE_ID)

    (query,) = [call for call in aws.faults.calls if call.operation == "Query"]
    assert len(query.response["Items"]) == len(walk.commits)


# -- lists -------------------------------------------------------------------------------------------------------


def fill(table: CaseTable, number: int = 7) -> list[str]:
    """Put cases of one applicant into the table; gives their ids in the order of their creation."""
    known = []
    for place in range(number):
        case_id = numbers.case_id(place.to_bytes(16, "big"))
        walk = Walk(case_id=case_id).later(hours=place).create()
        if place % 2:
            walk.bring().submit()
        project(table, walk)
        known.append(case_id)
    return known


def ids(page: Any) -> list[str]:
    return [item["id"] for item in page.items]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_follow_one_another_without_gap_or_repeat(table: CaseTable, limit: int, descending: bool):
    known, seen, cursor = fill(table), [], None

    while True:
        page = table.list("who", "user#siti", limit=limit, cursor=cursor, descending=descending)
        seen += ids(page)
        assert len(page.items) <= limit
        if (cursor := page.next) is None:
            break

    assert seen == (known[::-1] if descending else known)


def test_a_filter_keeps_what_fits_and_pages_stay_full(table: CaseTable):
    known = fill(table)

    page = table.list("who", "user#siti", limit=2, where={"status": "submitted"})
    rest = table.list("who", "user#siti", limit=2, where={"status": "submitted"}, cursor=page.next)

    assert ids(page) + ids(rest) == [known[1], known[3], known[5]]
    assert rest.next is None


def test_a_list_can_end_at_a_moment(table: CaseTable):
    known = fill(table)

    assert ids(table.list("who", "user#siti", before="2026-02-02T04:00:00Z")) == known[:3]


def test_each_item_of_a_page_knows_the_cursor_behind_it(table: CaseTable):
    known = fill(table)
    page = table.list("who", "user#siti", limit=4)

    assert ids(table.list("who", "user#siti", cursor=page.after[1])) == known[2:]


@pytest.mark.parametrize("cursor", [
    "", "x", "%%%", "bnVsbA", "W10", "WzEsMiwzLDQsNV0", "e30", "\N{SNOWMAN}", "W" * 5000,
])  # fmt: skip
def test_a_cursor_that_was_made_up_is_a_bad_request(table: CaseTable, cursor: str):
    fill(table, 2)

    with pytest.raises(Malformed):
        table.list("who", "user#siti", cursor=cursor)


def test_a_cursor_of_another_list_is_a_bad_request(table: CaseTable):
    fill(table)
    cursor = table.list("who", "user#siti", limit=1).next

    with pytest.raises(Malformed):
        table.list("who", "user#budi", cursor=cursor)
    with pytest.raises(Malformed):
        table.list("place", "agency#dpmptsp", cursor=cursor)


# -- erasure -----------------------------------------------------------------------------------------------------


def test_an_erasure_takes_the_content_and_leaves_a_history_that_verifies(aws: LocalAws, table: CaseTable):
    walk = store(table, Walk().approved())

    table.erase(CASE_ID)
    table.erase(CASE_ID)

    record = table.load(CASE_ID)
    assert record.case.form is None
    assert all(not commit.private for commit in record.commits)
    assert [event.as_dict() for commit in record.commits for event in commit.events] == walk.history
    told = str(aws.client("dynamodb").scan(TableName=TABLE)["Items"])
    assert HOUSE["owner_name"] not in told
    assert HOUSE["address"] not in told


# -- other documents ---------------------------------------------------------------------------------------------


def test_documents_are_put_once_read_and_removed(table: CaseTable):
    assert table.put("HOOK#1", "a", {"url": "https://x"}, new=True)
    assert not table.put("HOOK#1", "a", {"url": "https://y"}, new=True)
    assert table.get("HOOK#1", "a") == {"url": "https://x"}

    table.put("HOOK#1", "a", {"url": "https://y"})
    assert table.get("HOOK#1", "a") == {"url": "https://y"}

    table.delete("HOOK#1", "a")
    assert table.get("HOOK#1", "a") is None


def test_documents_under_a_key_are_read_in_order_by_page(table: CaseTable):
    for place in range(5):
        table.put("LOG", f"2026-0{place + 1}", {"n": place})

    page = table.under("LOG", limit=2)
    rest = table.under("LOG", limit=9, cursor=page.next)

    assert [item["n"] for item in (*page.items, *rest.items)] == [0, 1, 2, 3, 4]
    assert [item["n"] for item in table.under("LOG", descending=True, limit=1).items] == [4]
    assert [item["sk"] for item in table.under("LOG", since="2026-02", until="2026-03").items] == [
        "2026-02",
        "2026-03",
    ]
    assert [item["sk"] for item in table.under("LOG", prefix="2026-05").items] == ["2026-05"]
    with pytest.raises(Malformed):
        table.under("LOG", cursor="\N{SNOWMAN}")


def test_a_count_counts_once_however_often_it_comes(table: CaseTable):
    def count(mark: int) -> bool:
        return table.count(("MARK", str(mark)), {}, ("COUNT", "2026"), {"received": 1, "days": 3})

    assert [count(1), count(2), count(1)] == [True, True, False]
    assert table.counters("COUNT") == [("2026", {"received": 2, "days": 6})]
