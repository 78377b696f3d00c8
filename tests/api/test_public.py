"""What anybody may see: is a permit genuine, what stands in the register, how long do things take."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.api.register import as_csv, prefers_csv
from functions.domain import register, statistics
from functions.domain.case import Permit
from functions.runtime.wiring import ports
from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.builders import MORNING

Answer = tuple[int, dict[str, str], Any]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture(scope="module")
def granted(office: Office) -> CaseDriver:
    driver = CaseDriver(office.system).apply()
    for role in ("pupr/secretariat", "pupr/tpt"):
        driver.act(role, "approve")
    driver.act("tata-ruang/spatial-plan", "no_objection").act("pupr/head", "approve")
    driver.pay()
    return driver.act("dpmptsp/head", "approve")


@pytest.fixture(scope="module")
def number(granted: CaseDriver) -> str:
    return next(iter(granted.case.permits))


def get(office: Office, path: str, query: str = "", **headers: str) -> Answer:
    sent = {"accept-language": "en"} | {name.replace("_", "-"): value for name, value in headers.items()}
    status, found, body = office.gateway.handle("GET", path, query, sent, b"")
    content = body.decode()
    return status, dict(found), json.loads(content) if "json" in dict(found)["Content-Type"] else content


def enter(number: str, at: datetime, service: str = "building-permit", **more: Any) -> None:
    """Put an entry into the register as if its permit had been issued."""
    key = register.key(service, Permit(number, "permit", "d", "0" * 64, at))
    entry = {"number": number, "kind": "permit", "service": service, "version": 1, "agency": "dpmptsp"}
    state = {"state": "valid", "issued_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "facts": {}}
    ports.table.put(*key, {**entry, **state, **more})


# -- a permit


def test_a_permit_says_what_it_allows_and_which_file_it_is(
    office: Office, granted: CaseDriver, number: str
) -> None:
    status, _, permit = get(office, f"/v1/permits/{number}")

    assert status == 200
    assert (permit["number"], permit["genuine"], permit["state"]) == (number, True, "valid")
    assert permit["allows"] == "New building, function: Dwelling, floor area 90 m², 1 floor."
    assert permit["agency_name"] == "Investment and One-Stop Service Office"
    known = granted.case.permits[number]
    assert (permit["sha256"], permit["size"]) == (
        known.sha256,
        granted.case.documents[known.document].size,
    )


def test_a_permit_names_no_person(office: Office, granted: CaseDriver, number: str) -> None:
    _, _, permit = get(office, f"/v1/permits/{number}")

    personal = [
        granted.applicant.name,
        granted.applicant.username,
        *map(str, (granted.case.form or {}).values()),
    ]
    shown = json.dumps(permit, ensure_ascii=False)
    assert not [value for value in personal if len(value) > 6 and value in shown]


def test_a_permit_is_told_in_indonesian_too(office: Office, number: str) -> None:
    _, headers, permit = get(office, f"/v1/permits/{number}", accept_language="id")

    assert headers["Content-Language"] == "id"
    assert permit["allows"].startswith("Bangunan baru dengan fungsi Hunian")
    assert permit["sentence"] == "Dokumen ini asli dan berlaku."


def test_a_number_may_be_typed_as_it_is_read_aloud(office: Office, number: str) -> None:
    head, tail = number[:9].lower(), number[9:].lower().replace("0", "o").replace("1", "i")

    status, _, permit = get(office, f"/v1/permits/{head}{tail}")

    assert (status, permit["number"]) == (200, number)


def test_a_permit_costs_two_calls_of_the_table(office: Office, number: str) -> None:
    office.system.aws.faults.clear()

    get(office, f"/v1/permits/{number}")

    assert [call.operation for call in office.system.aws.faults.calls] == ["GetItem", "Query"]


@pytest.mark.parametrize("unknown", ["PBG-2026-00000-00000", "nothing", "a" * 300, "%23", "..%2f.."])
def test_an_unknown_number_says_how_to_check(office: Office, unknown: str) -> None:
    status, headers, problem = get(office, f"/v1/permits/{unknown}")

    assert status == 404
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["genuine"] is False
    assert "QR code" in problem["detail"]


def test_a_permit_has_expired_once_its_last_moment_has_passed() -> None:
    until = MORNING + timedelta(days=1)

    assert register.state_at("valid", until, until) == "valid"
    assert register.state_at("valid", until, until + timedelta(seconds=1)) == "expired"
    assert register.state_at("revoked", until, until + timedelta(seconds=1)) == "revoked"
    assert register.state_at("valid", None, until) == "valid"


def test_a_revoked_permit_says_so_at_once(office: Office) -> None:
    driver = CaseDriver(office.system, applicant="budi").apply()
    for role in ("pupr/secretariat", "pupr/tpt"):
        driver.act(role, "approve")
    driver.act("tata-ruang/spatial-plan", "no_objection").act("pupr/head", "approve")
    driver.pay()
    (number,) = driver.act("dpmptsp/head", "approve").case.permits

    driver.revoke()

    _, _, permit = get(office, f"/v1/permits/{number}")
    assert (permit["state"], permit["revoked_at"]) == ("revoked", "2026-02-02T02:00:00Z")
    _, _, listed = get(office, "/v1/register")
    assert [item["state"] for item in listed["items"] if item["number"] == number] == ["revoked"]


def test_what_a_permit_allows_outlives_an_erasure(office: Office, granted: CaseDriver, number: str) -> None:
    before = get(office, f"/v1/permits/{number}")[2]["allows"]
    record = granted.record
    record.case.form = None
    erased, ports.cases.load = ports.cases.load, lambda case_id: record
    try:
        after = get(office, f"/v1/permits/{number}")[2]["allows"]
    finally:
        ports.cases.load = erased

    assert after == before


# -- the register


@pytest.mark.usefixtures("granted")
def test_the_register_shows_published_facts_with_their_titles(office: Office, number: str) -> None:
    status, _, page = get(office, "/v1/register")

    (entry,) = [item for item in page["items"] if item["number"] == number]
    assert status == 200
    assert entry["title"] == "Building permit"
    assert entry["facts"][0] == {
        "name": "function",
        "title": "Function of the building",
        "value": "dwelling",
        "text": "Dwelling",
    }


def test_pages_go_on_across_months_without_gap_or_repeat(office: Office) -> None:
    late = MORNING.replace(year=2025)
    count_from(late)
    issued = [late + timedelta(days=day) for day in range(0, 240, 9)]
    for place, at in enumerate(issued):
        enter(f"PBG-2025-0{place:04}-AAAAA", at)
        enter(f"PBG-2025-1{place:04}-AAAAA", at)
    period = "from=2025-02-01&to=2025-12-31&limit=7"

    found, cursor, pages = [], "", 0
    while True:
        _, _, page = get(office, "/v1/register", f"{period}{cursor}")
        found += [item["number"] for item in page["items"]]
        pages += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert len(found) == len(set(found)) == 2 * len(issued)
    assert pages == 8
    places = [int(number[10:14]) for number in found]
    assert places == sorted(places, reverse=True)


def test_a_permit_issued_between_two_pages_moves_nothing(office: Office) -> None:
    count_from(MORNING.replace(year=2024))
    for day in range(1, 5):
        enter(f"PBG-2024-0000{day}-BBBBB", MORNING.replace(year=2025, month=1, day=day))
    period = "from=2025-01-01&to=2025-01-31&limit=2"
    _, _, first = get(office, "/v1/register", period)

    enter("PBG-2024-00009-BBBBB", MORNING.replace(year=2025, month=1, day=20))
    _, _, second = get(office, "/v1/register", f"{period}&cursor={first['next']}")

    assert [item["number"][13] for item in first["items"] + second["items"]] == ["4", "3", "2", "1"]
    assert second["next"] is None


def test_a_long_silence_ends_a_page_early_and_not_the_list(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_from(MORNING.replace(year=2020))
    enter("PBG-2020-00001-CCCCC", MORNING.replace(year=2020, month=3))
    monkeypatch.setattr("functions.api.register.MOST_PARTITIONS", 12)

    found, cursor, pages = [], "", 0
    while True:
        _, _, page = get(office, "/v1/register", f"service=building-permit&to=2022-12-31{cursor}")
        found += page["items"]
        pages += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert [item["number"] for item in found] == ["PBG-2020-00001-CCCCC"]
    assert pages == 3


@pytest.mark.parametrize(
    ("day", "found"), [("2026-01-05", False), ("2026-01-06", True), ("2026-01-07", False)]
)
def test_days_are_those_of_the_agency(office: Office, day: str, found: bool) -> None:
    # 18:00 on the 5th in Greenwich is one o'clock on the 6th in Jakarta.
    enter("PBG-2026-00001-DDDDD", datetime.fromisoformat("2026-01-05T18:00:00Z"))

    _, _, page = get(office, "/v1/register", f"from={day}&to={day}&service=building-permit")

    assert ("PBG-2026-00001-DDDDD" in [item["number"] for item in page["items"]]) is found


def test_a_time_may_be_given_to_the_second(office: Office) -> None:
    enter("PBG-2026-00001-EEEEE", datetime.fromisoformat("2026-01-10T18:00:00Z"))

    _, _, page = get(office, "/v1/register", "from=2026-01-11T01:00:00%2B07:00&to=2026-01-10T18:00:00Z")

    assert [item["number"] for item in page["items"]] == ["PBG-2026-00001-EEEEE"]


def test_an_entry_whose_term_is_over_reads_expired_before_any_sweep(office: Office) -> None:
    at = datetime.fromisoformat("2026-01-12T03:00:00Z")
    enter("PBG-2026-00001-FFFFF", at, valid_until="2026-01-31T16:59:59Z")

    _, _, page = get(office, "/v1/register", "from=2026-01-12&to=2026-01-12")

    assert [(item["state"], item["valid_until"]) for item in page["items"]] == [
        ("expired", "2026-01-31T16:59:59Z")
    ]


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-13-01", "from=yesterday", "to=2026-02-30", "from=1700000000", "from=2026-03-01&to=2026-02-01",
        "cursor=zzz", "cursor=eyJhIjoxfQ", "cursor=%00", "limit=0", "limit=101", "limit=x", "format=xml",
        "cursor=OTk5OS0xMi0zMVQyMzo1OTo1OS45OTla",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_problem_and_no_fault(office: Office, query: str) -> None:
    status, headers, problem = get(office, "/v1/register", query)

    assert status == 400
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["type"].startswith("urn:loket:problem:bad-")


def test_the_longest_period_is_read_as_far_as_there_is_something(office: Office) -> None:
    status, _, page = get(office, "/v1/register", "from=0001-01-01&to=9999-12-31&limit=1")

    assert status == 200
    assert len(page["items"]) == 1


def test_an_unknown_service_is_not_found(office: Office) -> None:
    assert get(office, "/v1/register", "service=nothing")[0] == 404


# -- as a table


@pytest.mark.usefixtures("granted")
def test_the_register_is_a_table_for_who_asks_for_one(office: Office, number: str) -> None:
    status, headers, table = get(office, "/v1/register", "service=building-permit", accept="text/csv")

    assert status == 200
    assert headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert "Accept" in headers["Vary"]
    assert "\r\n" in table
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    (row,) = [row for row in rows if row["number"] == number]
    assert (row["function"], row["floor_area_m2"], row["state"]) == ("dwelling", "90", "valid")


def test_the_next_page_of_a_table_is_linked(office: Office) -> None:
    _, headers, first = get(office, "/v1/register", "format=csv&limit=1")

    address = headers["Link"].removeprefix("<").partition(">")[0]
    path, _, query = address.partition("?")
    _, _, second = get(office, path, query)

    assert headers["Link"].endswith('rel="next"')
    assert "format=csv" in query
    assert "limit=1" in query
    assert first.splitlines()[0] == second.splitlines()[0]
    assert first.splitlines()[1] != second.splitlines()[1]


def test_no_cell_is_a_formula() -> None:
    table = as_csv(
        ["a"], [["=HYPERLINK(1)"], ["+1"], ["-1+2"], ["@x"], ["\t=1"], ['say "hi", you'], [-5], [None]]
    )

    assert [row[0] for row in csv.reader(io.StringIO(table, newline="")) if row][1:] == [
        "'=HYPERLINK(1)", "'+1", "'-1+2", "'@x", "'\t=1", 'say "hi", you', "-5", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("accept", "table"),
    [
        ("text/csv", True),
        ("text/csv, application/json;q=0.5", True),
        ("application/json, text/csv;q=0.9", False),
        ("*/*", False),
        ("text/html", False),
        (None, False),
        ("text/csv;q=nonsense", True),
    ],
)
def test_accept_chooses_the_form(accept: str | None, table: bool) -> None:
    assert prefers_csv(accept) is table


# -- statistics


@pytest.mark.usefixtures("granted")
def test_statistics_tell_received_decided_in_time_and_percentiles(office: Office) -> None:
    status, _, answer = get(office, "/v1/statistics", "from=2026-02&to=2026-02")

    (figures,) = [item for item in answer["items"] if item["service"] == "building-permit"]
    assert status == 200
    assert answer["period"] == {"from": "2026-02", "to": "2026-02"}
    assert figures["title"] == "Building permit (PBG)"
    assert figures["received"] >= figures["decided"] == figures["in_time"] >= 1
    assert figures["days"] == {"p50": 0, "p90": 0}
    assert figures["working_days"] == {"p50": 0, "p90": 0}


def test_statistics_are_those_of_the_last_twelve_months(office: Office) -> None:
    for month, days in (("2025-02", 40), ("2025-03", 8), ("2026-02", 4)):
        key = statistics.counter(
            "0" * 26, "building-permit", "pupr", datetime.fromisoformat(f"{month}-15").date()
        )
        ports.table.count((f"COUNTED#{month}", "ended"), {}, key, {"decided": 1, f"d{days}": 1})

    _, _, answer = get(office, "/v1/statistics", "agency=pupr")

    assert answer["period"] == {"from": "2025-03", "to": "2026-02"}
    (figures,) = answer["items"]
    assert (figures["decided"], figures["days"]) == (2, {"p50": 4, "p90": 8})
    assert answer["total"]["decided"] == 2


def test_a_service_of_which_nothing_was_heard_is_shown_with_nothing(office: Office) -> None:
    _, _, answer = get(office, "/v1/statistics", "from=2019-01&to=2019-12")

    assert {item["received"] for item in answer["items"]} == {0}
    assert {item["days"]["p90"] for item in answer["items"]} == {None}


@pytest.mark.parametrize(
    "query", ["from=x", "from=2026-13", "from=2026-02&to=2026-01", "from=1901-01&to=2026-01", "to=0000-01"]
)
def test_months_that_cannot_be_read_are_a_problem(office: Office, query: str) -> None:
    assert get(office, "/v1/statistics", query)[0] == 400


def read_steps(office: Office, username: str, query: str = "") -> Answer:
    bearer = f"Bearer {office.identity.token(username)}"
    return get(office, "/v1/services/building-permit/steps", query, authorization=bearer)


@pytest.mark.usefixtures("granted")
def test_a_supervisor_reads_where_time_is_lost(office: Office) -> None:
    CaseDriver(office.system).apply()
    office.system.aws.settle()

    status, _, answer = read_steps(office, "sri", "from=2026-02&to=2026-02")

    (found,) = [item for item in answer["items"] if item["step"] == "completeness"]
    assert status == 200
    assert (found["process_title"], found["title"]) == (
        "Application for a building permit",
        "Check completeness",
    )
    assert {"appeal", "inspection"} < {item["process"] for item in answer["items"]}
    assert found["done"] >= 1
    assert (found["late"], found["returned"]) == (0, 0)
    assert found["working_days"] == {"p50": 0, "p90": 0}
    assert found["open"] >= 1
    assert (found["overdue"], found["at_least"]) == (0, False)
    assert [month["month"] for month in found["months"]] == ["2026-02"]


@pytest.mark.usefixtures("granted")
def test_the_figures_of_steps_are_a_table_too(office: Office) -> None:
    status, headers, table = read_steps(office, "sri", "format=csv")

    rows = {row["step"]: row for row in csv.DictReader(io.StringIO(table))}
    assert (status, headers["Content-Type"].partition(";")[0]) == (200, "text/csv")
    assert rows["statement"]["working_days_p90"] == "0"


def test_figures_of_steps_are_for_supervisors_of_the_service(office: Office) -> None:
    assert read_steps(office, "siti")[0] == 403
    assert read_steps(office, "hendra")[0] == 403
    assert get(office, "/v1/services/building-permit/steps")[0] == 401


def count_from(at: datetime) -> None:
    """Let the first case of all have been counted then."""
    key = statistics.counter("0" * 26, "building-permit", "dpmptsp", at.date())
    ports.table.count((f"COUNTED#{at:%Y-%m}", "received"), {}, key, {"received": 1})
