"""The OpenAPI document is valid, names every route and no other, and what the routes answer is what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from functions.api.http import ROUTES
from functions.api.openapi import document
from functions.app import app
from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.api.asking import Asker
from tests.builders import HOUSE, MORNING

DOCUMENT = document("en")


def test_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_is_served_to_anybody_in_both_languages(office: Office) -> None:
    english, indonesian = (Asker(office, language=one).get("/v1/openapi.json") for one in ("en", "id"))

    assert english.body == DOCUMENT
    assert indonesian.body == document("id")
    assert english.body["openapi"] == "3.1.0"


def test_names_every_route_and_no_other() -> None:
    described = {(path, method.upper()) for path, item in DOCUMENT["paths"].items() for method in item}

    served = {
        (path, method)
        for path, methods in app.routes.items()
        for method in methods
        if path.startswith("/v1/")
    }

    assert described == served


def test_says_which_routes_need_a_token() -> None:
    described = {
        (path, method.upper()): operation.get("security") != []
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    }

    guarded = {
        (path, method): entry.authorizer is not None
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if path.startswith("/v1/")
    }

    assert described == guarded


def test_every_operation_says_what_it_is_in_both_languages() -> None:
    for one in ROUTES:
        assert set(one.summary) == {"id", "en"}
        assert all(one.summary.values())
        assert one.summary["id"] != one.summary["en"]


def test_operations_have_names_of_their_own() -> None:
    names = [op["operationId"] for item in DOCUMENT["paths"].values() for op in item.values()]

    assert len(set(names)) == len(names)


def test_every_parameter_of_a_path_is_described() -> None:
    for path, item in DOCUMENT["paths"].items():
        for operation in item.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))


def test_every_change_heeds_the_idempotency_key() -> None:
    for item in DOCUMENT["paths"].values():
        for method, operation in item.items():
            names = {one["name"] for one in operation["parameters"]}
            assert ("Idempotency-Key" in names) is (method != "get" and operation.get("security") != [])


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture(scope="module")
def granted(office: Office) -> CaseDriver:
    case = CaseDriver(office.system).file()
    case.upload("id-card")
    case.bring().submit()
    asked = {"fields": [{"pointer": "/address", "message": "?"}]}
    case.act("pupr/secretariat", "return", comment="?", data=asked).act("applicant", "resubmit")
    case.act("pupr/secretariat", "approve").act("pupr/tpt", "approve")
    case.act("tata-ruang/spatial-plan", "no_objection").act("pupr/head", "approve").pay()
    return case.act("dpmptsp/head", "approve")


class TestAnswers:
    """Each answer is held against the schema of its route."""

    @pytest.mark.parametrize(
        ("who", "path", "template"),
        [
            (None, "/v1/health", "/v1/health"),
            (None, "/v1/services", "/v1/services"),
            (None, "/v1/services/building-permit", "/v1/services/{service}"),
            ("siti", "/v1/cases", "/v1/cases"),
            ("siti", "/v1/cases/{case}", "/v1/cases/{case}"),
            ("yuni", "/v1/cases/{case}", "/v1/cases/{case}"),
            ("siti", "/v1/cases/{case}/history", "/v1/cases/{case}/history"),
            ("siti", "/v1/cases/{case}/documents/{case}.d1", "/v1/cases/{case}/documents/{document}"),
            ("siti", "/v1/cases/{case}/personal-data", "/v1/cases/{case}/personal-data"),
            ("yuni", "/v1/tasks", "/v1/tasks"),
            ("yuni", "/v1/tasks/{case}.t1", "/v1/tasks/{task}"),
            ("siti", "/v1/tasks/{case}.t2", "/v1/tasks/{task}"),
        ],
    )
    def test_reading_answers_as_described(
        self, office: Office, granted: CaseDriver, who: str | None, path: str, template: str
    ) -> None:
        CaseDriver(office.system, applicant="budi").apply()

        got = Asker(office, who).get(path.format(case=granted.id))

        assert got.status == 200
        self._hold(got.body, template, "get", 200)

    def test_changing_answers_as_described(self, office: Office) -> None:
        siti, yuni = Asker(office, "siti"), Asker(office, "yuni")
        estimate = siti.post("/v1/services/building-permit/estimate", {"form": HOUSE})
        case = siti.post("/v1/cases", {"service": "building-permit", "form": HOUSE})
        file = {
            "kind": "id-card",
            "filename": "a.pdf",
            "content_type": "application/pdf",
            "size": 9,
            "sha256": "0" * 64,
        }
        announced = siti.post(f"/v1/cases/{case.body['id']}/documents", file)
        driver = CaseDriver(office.system, case_id=case.body["id"]).bring()
        submitted = siti.post(f"/v1/cases/{driver.id}/submit")
        message = siti.post(f"/v1/cases/{driver.id}/messages", {"text": "Halo"})
        task = driver.task("completeness").id
        claimed = yuni.post(f"/v1/tasks/{task}/claim")
        bulk = yuni.post("/v1/tasks/bulk", {"tasks": [task, "nothing"], "action": "approve"})
        lent = yuni.put("/v1/delegations/yuni", {"to": "budi", "until": "2026-02-09T00:00:00Z"})

        self._hold(estimate.body, "/v1/services/{service}/estimate", "post", 200)
        self._hold(case.body, "/v1/cases", "post", 201)
        self._hold(announced.body, "/v1/cases/{case}/documents", "post", 201)
        self._hold(submitted.body, "/v1/cases/{case}/submit", "post", 202)
        self._hold(message.body, "/v1/cases/{case}/messages", "post", 201)
        self._hold(claimed.body, "/v1/tasks/{task}/claim", "post", 200)
        self._hold(bulk.body, "/v1/tasks/bulk", "post", 200)
        self._hold(lent.body, "/v1/delegations/{user}", "put", 200)

    def test_problems_answer_as_described(self, office: Office) -> None:
        invalid = Asker(office, "siti").post("/v1/cases", {"service": 1, "colour": "red"})
        unread = Asker(office, "siti").get("/v1/cases?limit=0")

        self._hold(invalid.body, "/v1/cases", "post", 422, "application/problem+json")
        self._hold(unread.body, "/v1/cases", "get", 400, "application/problem+json")

    def _hold(self, body: Any, path: str, method: str, status: int, media: str = "application/json") -> None:
        schema = DOCUMENT["paths"][path][method]["responses"][str(status)]["content"][media]["schema"]

        faults = list(
            Draft202012Validator({**schema, "components": DOCUMENT["components"]}).iter_errors(body)
        )

        assert [fault.message for fault in faults] == []
