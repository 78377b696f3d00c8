"""What anybody can see: services and what they ask, permits, the register and the figures."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from infra.driver import CaseDriver
from tests.portal.surfing import Surfer

pytestmark = pytest.mark.xdist_group("public")
Surf = Callable[..., Surfer]
SHOP = {
    "work": "new", "function": "business", "floor_area_m2": "240", "floors": "2", "complexity": "simple",
    "permanence": "permanent", "ownership": "private",
}  # fmt: skip


def test_home_leads_to_the_services_by_audience(surf: Surf) -> None:
    page = surf().get("/")

    assert page.heading == "What do you need to get done?"
    assert "/services?audience=citizens" in page.links()


def test_finds_a_service_by_words(surf: Surf) -> None:
    surfer = surf()
    home = surfer.get("/")

    page = surfer.submit(home, "/services", q="building")

    assert page.address.endswith("/services?q=building")
    assert "/services/building-permit" in page.links()


def test_says_when_nothing_fits(surf: Surf) -> None:
    page = surf().get("/services?q=zzzz")

    assert "No service fits" in page.text


def test_filters_by_audience_and_agency(surf: Surf) -> None:
    surfer = surf()

    assert "/services/building-permit" in surfer.get("/services?audience=citizens&agency=dpmptsp").links()
    assert "/services/building-permit" not in surfer.get("/services?audience=employees").links()
    assert surfer.get("/services?audience=martians").status == 200


def test_a_service_says_all_that_one_wants_to_know_before(surf: Surf) -> None:
    text = surf().get("/services/building-permit").text

    for said in (
        "Who may apply", "What to bring", "Identity card of the owner", "What it costs", "If the office stays silent",
        "28 working days", "Legal basis", "UU 28/2002", "Check completeness", "silence means no objection",
    ):  # fmt: skip
        assert said in text


def test_estimates_from_a_few_answers(surf: Surf) -> None:
    surfer = surf()

    page = surfer.submit(surfer.get("/services/building-permit"), "/services/building-permit#result", **SHOP)

    assert page.status == 200
    assert "Rp\u00a06,452,586" in page.text.replace(" 6,452", "\u00a06,452") or "6,452,586" in page.text
    assert "Title to the land" in page.text
    assert "owner_name" not in page.source


def test_an_estimate_names_what_is_missing(surf: Surf) -> None:
    surfer = surf()

    page = surfer.submit(
        surfer.get("/services/building-permit"),
        "/services/building-permit#result",
        **(SHOP | {"floors": "many"}),
    )

    assert page.status == 422
    assert page.errors == ["Number of floors: Must be a whole number."]
    assert page.html.xpath("//*[@name='floors']/@value") == ["many"]


def test_an_estimate_asks_only_what_the_answers_raise(surf: Surf) -> None:
    surfer = surf()
    hidden = "//*[@data-field='infrastructure' and @hidden]"
    page = surfer.get("/services/building-permit")
    assert page.html.xpath(hidden) != []

    told = surfer.ask(
        "POST",
        "/services/building-permit",
        b"infrastructure_volume=20",
        "application/x-www-form-urlencoded",
        x_csrf="",
    )
    page = surfer.submit(page, "/services/building-permit#result", **(SHOP | {"infrastructure_volume": "20"}))

    assert "infrastructure" in json.loads(told.content)["asked"]
    assert page.html.xpath(hidden) == []
    assert page.errors == ["Kind of infrastructure: Please answer this."]


def test_an_estimate_says_who_cannot_apply(surf: Surf) -> None:
    surfer = surf()

    page = surfer.submit(
        surfer.get("/services/building-permit"),
        "/services/building-permit#result",
        **(SHOP | {"land_in_dispute": "true"}),
    )

    assert "With these answers you cannot apply" in page.text


def test_the_diagram_has_the_same_in_words(surf: Surf) -> None:
    surfer = surf()
    page = surfer.get("/services/building-permit")

    (image,) = page.html.xpath("//main//img")

    assert image.get("alt")
    assert surfer.get(image.get("src")).headers["content-type"].startswith("image/svg+xml")


def test_verifies_a_permit_by_its_number(surf: Surf, granted: CaseDriver) -> None:
    surfer = surf()
    (number,) = granted.case.permits

    page = surfer.submit(surfer.get("/permits"), "/permits", number=number.lower())

    assert page.status == 200
    assert "This document is genuine and valid." in page.text
    assert number in page.text


def test_a_number_that_was_never_issued_is_not_genuine(surf: Surf) -> None:
    page = surf().get("/permits?number=PBG-2026-AAAAA-BBBBB")

    assert page.status == 404
    assert "We have issued no such number." in page.text


def test_the_register_shows_permits_and_no_person(surf: Surf, granted: CaseDriver) -> None:
    surfer = surf()
    (number,) = granted.case.permits

    page = surfer.get("/register?service=building-permit")

    assert number in page.text
    assert granted.case.form["owner_name"] not in page.source
    assert number in surfer.get("/register.csv?service=building-permit").source
    assert surfer.get("/register.csv").headers["content-type"].startswith("text/csv")


def test_the_register_says_which_filter_cannot_be_used(surf: Surf) -> None:
    page = surf().get("/register?from=2026-12-31&to=2026-01-01")

    assert page.status == 422
    assert page.errors == ["`from` must not come after `to`."]


def test_figures_are_drawn_without_a_script(surf: Surf, granted: CaseDriver) -> None:
    page = surf().get("/statistics")

    charts = page.html.xpath("//main//figure/*[@role='img']")
    assert len(charts) == 2
    assert "Building permit (PBG) 100%" in charts[0].get("aria-label")


def test_figures_say_when_there_are_none(surf: Surf) -> None:
    assert "No decisions in this period yet" in surf().get("/statistics?from=2020-01&to=2020-02").text
