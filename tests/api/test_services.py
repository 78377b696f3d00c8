"""The catalogue over HTTP: what is offered, what it asks, and what these answers would mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from infra.local.office import Office
from tests.api.asking import Asker
from tests.api.conftest import opened
from tests.builders import HOUSE, MOSQUE, SHOP

As = Callable[..., Asker]
PERMIT = "/v1/services/building-permit"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """One office for all of them: reading changes nothing."""
    with opened() as running:
        yield running


class TestCatalogue:
    def test_anybody_may_read_and_keep_it_for_a_while(self, as_: As) -> None:
        got = as_().get("/v1/services")

        (service,) = [one for one in got.body["items"] if one["code"] == "building-permit"]
        assert {"code", "version", "title", "audience", "agency", "fee", "processing"} <= set(service)
        assert service["processing"]["promised"]["working_days"] == 28
        assert service["processing"]["measured_days"] is None
        assert got.headers["Cache-Control"] == "public, max-age=300"

    def test_speaks_both_languages(self, as_: As) -> None:
        english, indonesian = (as_(language=one).get(PERMIT).body for one in ("en", "id"))

        assert english["title"] == "Building permit (PBG)"
        assert indonesian["title"] == "Persetujuan Bangunan Gedung (PBG)"
        assert (
            english["form"]["properties"]["address"]["title"]
            != indonesian["form"]["properties"]["address"]["title"]
        )

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("audience=citizens", True),
            ("audience=employees", False),
            ("agency=dpmptsp", True),
            ("agency=pupr", False),
            ("q=gedung", True),
            ("q=BUILDING", True),
            ("q=permit", True),
            ("q=hovercraft", False),
        ],
    )
    def test_can_be_narrowed(self, as_: As, query: str, found: bool) -> None:
        codes = [one["code"] for one in as_().get(f"/v1/services?{query}").body["items"]]

        assert ("building-permit" in codes) is found

    def test_an_unknown_audience_is_a_problem(self, as_: As) -> None:
        assert as_().get("/v1/services?audience=cats").status == 400

    @pytest.mark.parametrize("code", ["nothing", "..", "..%2fcalendars", "building-permit%00"])
    def test_an_unknown_service_is_not_found(self, as_: As, code: str) -> None:
        for path in ("", "/diagram.svg"):
            assert as_().get(f"/v1/services/{code}{path}").status == 404
        assert as_().post(f"/v1/services/{code}/estimate", {"form": {}}).status == 404


class TestOneService:
    def test_says_all_that_the_contract_names(self, as_: As) -> None:
        service = as_().get(PERMIT).body

        assert {"form", "documents", "steps", "legal_basis", "clock", "silence"} <= set(service)
        assert {"name", "title", "role", "term", "silence"} <= set(service["steps"][0])
        assert [step["name"] for step in service["steps"] if step["process"] == "application"][:2] == [
            "completeness",
            "technical-review",
        ]

    def test_its_form_is_json_schema_with_a_valid_example(self, as_: As) -> None:
        schema = as_().get(PERMIT).body["form"]

        Draft202012Validator.check_schema(schema)
        (example,) = schema["examples"]
        Draft202012Validator(schema).validate(example)
        assert as_().post(f"{PERMIT}/estimate", {"form": example}).body["eligible"] is True

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_its_process_is_a_picture(self, as_: As, language: str) -> None:
        got = as_(language=language).get(f"{PERMIT}/diagram.svg")

        assert got.headers["Content-Type"].startswith("image/svg+xml")
        assert "<svg" in got.text
        assert "default-src 'none'" in got.headers["Content-Security-Policy"]


class TestEstimate:
    @pytest.mark.parametrize(("form", "amount"), [(HOUSE, 499_770), (SHOP, 6_452_586), (MOSQUE, 0)])
    def test_computes_the_fee_by_the_law(self, as_: As, form: dict[str, Any], amount: int) -> None:
        got = as_().post(f"{PERMIT}/estimate", {"form": form}).body

        assert (got["fee"]["amount"], got["fee"]["currency"]) == (amount, "IDR")
        assert sum(line["amount"] for line in got["fee"]["lines"]) == amount
        assert all({"code", "title", "amount"} == set(line) for line in got["fee"]["lines"])

    def test_counts_the_term_from_now(self, as_: As) -> None:
        assert as_().post(f"{PERMIT}/estimate", {"form": HOUSE}).body["promised_at"] > "2026-03-12"

    def test_asks_for_the_documents_that_the_answers_ask_for(self, as_: As) -> None:
        got = as_().post(f"{PERMIT}/estimate", {"form": HOUSE | {"floors": 3, "land_owned": False}}).body

        wanted = {one["kind"]: one["required"] for one in got["documents"]}
        assert wanted["structural-calculation"] is True
        assert wanted["land-use-agreement"] is True
        assert wanted["application-letter"] is False

    def test_says_why_somebody_is_not_eligible(self, as_: As) -> None:
        got = as_().post(f"{PERMIT}/estimate", {"form": HOUSE | {"land_in_dispute": True}}).body

        assert got["eligible"] is False
        assert [reason["rule"] for reason in got["reasons"]] == ["land-not-in-dispute"]
        assert "dispute" in got["reasons"][0]["message"]

    @pytest.mark.parametrize(
        ("form", "pointers"),
        [
            ({"work": "new"}, {"/address", "/owner_name", "/floors", "/function"}),
            (HOUSE | {"floors": "two", "colour": "red"}, {"/floors", "/colour"}),
            (HOUSE | {"permanence": "non_permanent", "floors": 3}, {"/floors"}),
            (
                HOUSE | {"infrastructure_volume": "much", "floors": "two"},
                {"/infrastructure_volume", "/floors"},
            ),
            (HOUSE | {"infrastructure_volume": 5}, {"/infrastructure"}),
            (HOUSE | {"floor_area_m2": 1e300}, {"/floor_area_m2"}),
            (HOUSE | {"address": None}, {"/address"}),
        ],
    )
    def test_names_every_answer_that_is_missing_or_wrong(
        self, as_: As, form: dict[str, Any], pointers: set[str]
    ) -> None:
        got = as_().post(f"{PERMIT}/estimate", {"form": form})

        assert got.status == 422
        assert pointers <= set(got.pointers)

    @pytest.mark.parametrize("body", [None, {}, {"form": []}, {"form": None}, {"form": HOUSE, "extra": 1}])
    def test_wants_a_form(self, as_: As, body: Any) -> None:
        assert as_().post(f"{PERMIT}/estimate", body).status == 422
