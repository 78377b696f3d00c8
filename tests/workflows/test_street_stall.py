"""A ninth service, written from the guide alone: stalls by lot, renewed yearly, nothing in the engine for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.catalogue import Catalogue
from functions.runtime.wiring import ports
from functions.streams import allocate_places
from infra.cli import main as loket
from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from infra.scenarios import Script, load, scripts, walk, ways_of
from tests.api.asking import Asker, Got
from tests.builders import MORNING
from tests.portal.surfing import Surfer
from tests.workflows.stalls import CODE, SOURCE, compiled

ROUNDS = f"/v1/services/{CODE}/rounds"
SOON = "2026-02-03T09:00:00+07:00"
LOTS = {"source": "Drand, putaran 27000000 / drand, round 27000000", "published_at": SOON}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service as its author compiles it, outside the folder of the services that ship."""
    assert loket(["check", str(SOURCE)]) == 0
    return compiled(tmp_path_factory.mktemp("agency"))


@pytest.mark.parametrize("name", sorted(path.name for path in (SOURCE / "scenarios").glob("*.yaml")))
def test_a_scenario_goes_as_its_author_says(folder: Path, name: str) -> None:
    script: Script = load(folder / "scenarios" / name)

    walk(script)


def test_it_shows_each_way_that_it_has(folder: Path) -> None:
    service = Catalogue(more=[folder]).service(CODE)

    shown = {way for script in scripts([str(folder)]) for way in script.scenario.shows}

    assert ways_of(service) <= shown


def test_the_commands_of_an_author_take_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert loket(["check", str(folder)]) == 0
    assert loket(["simulate", str(folder), "--only", "refused-by-rule"]) == 0
    assert loket(["diagram", str(folder)]) == 0

    said = capsys.readouterr().out
    assert "✓ street-stall/refused-by-rule" in said
    assert str(folder / "diagram.en.svg") in said


# -- the lots, over HTTP ------------------------------------------------------------------------------------------


@pytest.fixture
def office(folder: Path) -> Iterator[Office]:
    with Office(LocalClock(MORNING, frozen=True), services=[folder]) as running:
        yield running


@pytest.fixture
def waiting(office: Office) -> list[CaseDriver]:
    first = CaseDriver(office.system, service=CODE)
    return [first.like() for _ in range(5)]


def begin(office: Office, places: int = 2, period: str = "2026", lots: Any = LOTS, **headers: str) -> Got:
    body = {"period": period, "quota": [{"region": "riverside", "places": places}], "lots": lots}
    return Asker(office, "sri", "en").post(ROUNDS, body, **headers)


def draw(office: Office, seed: str, who: str = "sri", **headers: str) -> Got:
    return Asker(office, who, "en").post(f"{ROUNDS}/2026/draw", {"seed": seed}, **headers)


def status(cases: list[CaseDriver]) -> list[str]:
    return [case.case.status for case in cases]


def in_order(seed: str, most: int) -> list[int]:
    """By the documented formula alone."""
    text = f"{seed}/{CODE}/2026/riverside"
    return sorted(range(1, most + 1), key=lambda one: hashlib.sha256(f"{text}/{one}".encode()).hexdigest())


def test_anyone_computes_the_draw_again_from_what_is_public(
    office: Office, waiting: list[CaseDriver], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(office)
    office.system.aws.advance_to(MORNING.replace(day=3))
    assert draw(office, "8f21").status == 202
    waiting[in_order("8f21", 5)[4] - 1].withdraw("Tidak jadi.")

    public = Asker(office, None, "en").get(f"{ROUNDS}/2026/draw").body

    order = in_order(public["seed"], public["entrants"][0]["numbers"])
    assert [one["number"] for one in public["calls"]] == order[:2]
    assert [one["number"] for one in public["waiting"]] == order[2:4]
    assert "SHA-256" in public["rule"]
    called = [case.case.queue.number for case in waiting if case.case.status == "awaiting_payment"]  # type: ignore[union-attr]
    assert sorted(called) == sorted(order[:2])
    saved = tmp_path / "draw.json"
    saved.write_text(json.dumps(public))
    assert loket(["verify-draw", str(saved)]) == 0
    assert ", ".join(map(str, order)) in capsys.readouterr().out
    saved.write_text(json.dumps({**public, "seed": "8f22"}))
    assert loket(["verify-draw", str(saved)]) == 1
    saved.write_text("{}")
    assert loket(["verify-draw", str(saved)]) == 1


def test_before_the_seed_is_published_nobody_can_draw_and_everybody_knows_where_it_will_be(
    office: Office, waiting: list[CaseDriver]
) -> None:
    opened = begin(office)

    early = draw(office, "8f21")

    assert opened.body["lots"] == {
        "source": LOTS["source"], "published_at": "2026-02-03T02:00:00Z", "seed": None, "drawn_at": None
    }  # fmt: skip
    assert opened.body["reserve"] == []
    assert (early.status, early.body["type"]) == (409, "urn:loket:problem:seed-not-published")
    assert status(waiting) == ["waitlisted"] * 5
    assert Asker(office, None, "en").get(f"{ROUNDS}/2026/draw").body["entrants"] == [
        {"region": "riverside", "numbers": 5}
    ]


def test_lots_are_drawn_once(office: Office, waiting: list[CaseDriver]) -> None:
    begin(office)
    office.system.aws.advance_to(MORNING.replace(day=3))

    first = draw(office, "8f21", idempotency_key="k")
    again = draw(office, "8f21", idempotency_key="k")
    other_body = draw(office, "9a", idempotency_key="k")
    other_seed = draw(office, "9a")

    assert (first.status, again.status, other_body.status, other_seed.status) == (202, 202, 422, 409)
    assert other_seed.body["type"] == "urn:loket:problem:lots-drawn"
    assert status(waiting).count("awaiting_payment") == 2


def test_nobody_opens_another_round_to_try_again(office: Office, waiting: list[CaseDriver]) -> None:
    begin(office)

    assert begin(office, period="2026-2").body["type"] == "urn:loket:problem:round-undrawn"
    assert begin(office).status == 202
    assert begin(office, lots={**LOTS, "source": "Another source of the seed"}).status == 409


@pytest.mark.parametrize("who", ["siti", "nurul", "aminah"])
def test_nobody_but_a_supervisor_draws(office: Office, who: str) -> None:
    begin(office)

    assert draw(office, "8f21", who).status == 403


@pytest.mark.parametrize(
    ("lots", "pointer"),
    [
        (None, "/lots"),
        ({**LOTS, "published_at": "2026-02-02T08:59:00+07:00"}, "/lots/published_at"),
        ({**LOTS, "published_at": "tomorrow"}, "/lots/published_at"),
        ({**LOTS, "source": "x"}, "/lots/source"),
    ],
)
def test_what_is_wrong_with_an_announcement_is_named(office: Office, lots: Any, pointer: str) -> None:
    got = begin(office, lots=lots)

    assert (got.status, got.pointers) == (422, [pointer])


@pytest.mark.parametrize("seed", ["", " 8f21", "8f21\n", "undian-é"])
def test_a_seed_is_written_as_it_was_published(office: Office, seed: str) -> None:
    assert draw(office, seed).pointers == ["/seed"]


def test_a_round_without_lots_has_no_draw(office: Office) -> None:
    anybody = Asker(office, None, "en")

    assert anybody.get(f"{ROUNDS}/2030/draw").body["type"] == "urn:loket:problem:round-unknown"
    assert draw(office, "8f21").status == 404


def test_who_waits_for_lots_is_told_that_nobody_is_ahead(office: Office, waiting: list[CaseDriver]) -> None:
    queue = Asker(office, "siti", "en").get(f"/v1/cases/{waiting[4].id}").body["queue"]

    assert (queue["number"], queue["estimate"]["ahead"], queue["estimate"]["years"]) == (5, None, None)
    assert "same chance" in queue["estimate"]["rule"]
    page = Asker(office, "siti", "en").get(f"/v1/services/{CODE}").body
    assert page["code"] == CODE


def test_a_draw_is_announced_and_entered_on_the_pages(office: Office, waiting: list[CaseDriver]) -> None:
    supervisor, rounds = Surfer(office).sign_in("sri"), f"/services/{CODE}/rounds"
    page = supervisor.get(rounds)
    announced = {"source": LOTS["source"], "published_on": "2026-02-03", "published_at": "09:00"}
    opening = {"period": "2026", "places-riverside": "2"}

    assert supervisor.submit(page, "/rounds", **opening).status == 422
    wrong = supervisor.submit(page, "/rounds", **opening, **announced | {"published_on": "soon"})
    assert wrong.errors == ["Write the day and the time at which the seed is published."]
    page = supervisor.submit(wrong, "/rounds", **opening, **announced)

    assert LOTS["source"] in page.text
    early = supervisor.submit(page, "/2026", seed="8f21")
    assert early.status == 409
    assert early.html.xpath("//input[@name='seed']/@value") == ["8f21"]
    assert Surfer(office).sign_in("siti").get(f"{rounds}/2026").html.xpath("//main//form") == []

    office.system.aws.advance_to(MORNING.replace(day=3))
    assert supervisor.submit(page, "/2026", seed=" ").errors == [
        "Write the seed exactly as it was published."
    ]
    page = supervisor.submit(page, "/2026", seed="8f21")

    assert page.address.endswith("/2026?sent=drawn")
    assert "8f21" in page.text
    assert page.html.xpath("//main//form") == []
    assert status(waiting).count("awaiting_payment") == 2


BY_HAND = {
    "    opened_by: due\n": "    opened_by: renew\n",
    "        later: {before_end: 30 d, opens: renewal}\n": "",
}


def test_a_permit_is_renewed_by_hand_on_the_pages_where_its_service_says_so(tmp_path: Path) -> None:
    changed = compiled(tmp_path, BY_HAND)
    with Office(LocalClock(MORNING, frozen=True), services=[changed]) as office:
        case = CaseDriver(office.system, service=CODE).like().open_round("2026", 1)
        case.advance(days=1).draw("8f21").pay()
        trader, renew = Surfer(office).sign_in(case.case.applicant), f"/cases/{case.id}/renew"
        assert renew in trader.get(f"/cases/{case.id}").links()

        page = trader.submit(trader.get(renew), "/renew")
        assert (page.status, len(page.errors)) == (422, 1)
        page = trader.submit(page, "/renew", reason="Saya tetap berjualan.")

        assert "The renewal has been applied for." in page.text
        assert "Pay for the renewal" in page.text
        assert renew not in page.links()
        case.pay()
        old, new = case.case.permits.values()
        assert (old.state, new.state) == ("revoked", "valid")
        assert new.valid_until.year == old.valid_until.year + 1  # type: ignore[union-attr]
        page = trader.get(f"/cases/{case.id}")
        assert "A process was opened: Renewal. Saya tetap berjualan." in page.text
        assert f"A newer permit takes the place of {old.number}." in page.text
        assert renew in page.links()


class Killed(Exception):
    pass


@pytest.mark.parametrize("survives", range(4))
def test_a_draw_that_is_killed_in_the_middle_goes_on_and_calls_the_same(
    office: Office, waiting: list[CaseDriver], monkeypatch: pytest.MonkeyPatch, survives: int
) -> None:
    left = survives

    def dying(real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*arguments, **options)

        return call

    waiting[0].open_round("2026", 3)
    opened = ports.rounds.newest(CODE)
    drawn = {**opened, "drawn": {"seed": "8f21", "by": "sri", "at": SOON, "key": None}}
    with monkeypatch.context() as patched:
        patched.setattr(allocate_places, "_told", dying(allocate_places._told))
        patched.setattr(ports.rounds, "write", dying(ports.rounds.write))
        with pytest.raises(Killed):
            allocate_places.fill(waiting[0].service, drawn, ["riverside"], lambda: True)
    waiting[0].advance(days=1).draw("8f21")
    allocate_places.sweep()
    allocate_places.sweep()

    order = in_order("8f21", 5)
    called = [case.case.queue.number for case in waiting if case.case.status == "awaiting_payment"]  # type: ignore[union-attr]
    assert sorted(called) == sorted(order[:3])
    assert [case.types.count("place.called") for case in waiting].count(1) == 3
