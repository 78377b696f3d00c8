"""The edge: what every route does alike with what it is sent, and that nothing sent makes it fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.api.http import preferred_language
from functions.runtime import wiring
from functions.runtime.observability import logger
from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker, Got
from tests.api.conftest import opened

As = Callable[..., Asker]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """One office for all of them: none of these tests looks at what others have left behind."""
    with opened() as running:
        yield running


@pytest.fixture(autouse=True)
def _mended(office: Office) -> Iterator[None]:
    yield
    office.system.aws.faults.clear()


def is_problem(got: Got, status: int, code: str | None = None) -> bool:
    problem = got.body
    assert got.status == problem["status"] == status, got.text
    assert got.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert "Traceback" not in got.text
    return code is None or problem["type"] == f"urn:loket:problem:{code}"


class TestBodies:
    @pytest.mark.parametrize(
        "raw",
        [
            b"{",
            b"not json",
            b"[]",
            b"null",
            b'"text"',
            b"7",
            b'{"form": NaN}',
            b'{"form": {"floors": Infinity}}',
            b'{"form": {"floors": 1e999}}',
            b'{"service": "a", "service": "b"}',
            b'{"form": {"address": "\\ud800"}}',
            b'{"\\udfff": 1}',
            b"\xff\xfe{}",
            b'{"form": ' + b"[" * 50 + b"]" * 50 + b"}",
            b'{"form": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            b'{"form": {"floors": ' + b"9" * 5000 + b"}}",
        ],
    )
    def test_what_is_no_json_object_cannot_be_read(self, as_: As, raw: bytes) -> None:
        got = as_("siti").ask("POST", "/v1/cases", raw=raw, content_type="application/json")

        assert is_problem(got, 400, "malformed")

    def test_more_than_256_kilobytes_are_too_large(self, as_: As) -> None:
        raw = json.dumps({"service": "building-permit", "form": {"address": "a" * 256 * 1024}}).encode()

        got = as_("siti").ask("POST", "/v1/cases", raw=raw, content_type="application/json")

        assert is_problem(got, 413, "too-large")

    def test_more_than_64_kilobytes_of_answers_are_too_large(self, as_: As) -> None:
        got = as_("siti").post("/v1/cases", {"service": "building-permit", "form": {"address": "a" * 70_000}})

        assert is_problem(got, 413, "too-large")

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    )
    def test_another_content_type_is_not_supported(self, as_: As, kind: str) -> None:
        got = as_("siti").ask("POST", "/v1/cases", raw=b"{}", content_type=kind or "nonsense")

        assert is_problem(got, 415, "unsupported-media-type")

    @pytest.mark.parametrize(
        "kind",
        [
            None,
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/x+json",
        ],
    )
    def test_json_is_read_however_its_type_is_written(self, as_: As, kind: str | None) -> None:
        headers = {"content_type": kind} if kind else {}

        got = as_("siti").ask("POST", "/v1/cases", raw=b'{"service": "building-permit"}', **headers)

        assert got.status == 201, got.text

    def test_no_body_names_what_is_missing(self, as_: As) -> None:
        got = as_("siti").ask("POST", "/v1/cases")

        assert is_problem(got, 422, "invalid")
        assert got.pointers == ["/service"]

    def test_names_every_fault_at_once_in_the_language_asked_for(self, as_: As) -> None:
        body = {"service": 7, "form": [], "parent": "x" * 99, "extra": 1}

        english, indonesian = as_("siti").post("/v1/cases", body), as_("siti", "id").post("/v1/cases", body)

        assert is_problem(english, 422, "invalid")
        assert set(english.pointers) == {"/service", "/form", "/parent", "/extra"}
        assert [e["message"] for e in english.body["errors"]] != [
            e["message"] for e in indonesian.body["errors"]
        ]
        assert english.body["detail"] == "4 things to mend."
        assert indonesian.body["detail"] == "Ada 4 hal yang perlu diperbaiki."

    def test_a_number_beyond_what_a_double_holds_is_named(self, as_: As) -> None:
        got = as_("siti").post("/v1/cases", {"service": "building-permit", "form": {"floor_area_m2": 10**17}})

        assert is_problem(got, 422)
        assert got.pointers == ["/floor_area_m2"]

    def test_a_route_that_needs_no_body_takes_none_that_it_cannot_read(
        self, as_: As, draft: CaseDriver
    ) -> None:
        siti, submit = as_("siti"), f"/v1/cases/{draft.id}/submit"

        assert is_problem(siti.ask("POST", submit, raw=b"{", content_type="application/json"), 400)
        assert is_problem(siti.post(submit, {"sooner": True}), 422)


class TestHeaders:
    def test_answers_for_one_person_are_kept_by_nobody(self, as_: As, draft: CaseDriver) -> None:
        got = as_("siti").get(f"/v1/cases/{draft.id}")

        assert got.headers["Cache-Control"] == "no-store"
        assert got.headers["ETag"] == f'"{draft.case.version}"'
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "max-age" in got.headers["Strict-Transport-Security"]
        assert got.headers["Vary"] == "Accept-Language"

    def test_the_language_of_an_answer_stands_in_its_header(self, as_: As) -> None:
        assert as_(language=None).get("/v1/services").headers["Content-Language"] == "id"
        assert as_(language="en-GB,id;q=0.3").get("/v1/services").headers["Content-Language"] == "en"
        assert as_(language="en").get("/v1/services?lang=id").headers["Content-Language"] == "id"

    @pytest.mark.parametrize(
        ("header", "language"),
        [
            (None, "id"),
            ("", "id"),
            ("en", "en"),
            ("EN-us", "en"),
            ("fr, en;q=0.1", "en"),
            ("id, en", "id"),
            ("id;q=0.2, en;q=0.3", "en"),
            ("en;q=0", "id"),
            ("en;q=banana", "id"),
            ("*", "id"),
            (";;;,,,q=", "id"),
        ],
    )
    def test_reads_accept_language(self, header: str | None, language: str) -> None:
        assert preferred_language(header) == language

    @pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
    def test_an_idempotency_key_has_bounds(self, as_: As, key: str) -> None:
        got = as_("siti").post("/v1/cases", {"service": "building-permit"}, idempotency_key=key)

        assert is_problem(got, 400, "bad-idempotency-key")

    @pytest.mark.parametrize("tag", ["7", '"7', '"1", "2"', "W/7"])
    def test_an_if_match_that_is_no_etag_cannot_be_read(self, as_: As, draft: CaseDriver, tag: str) -> None:
        got = as_("siti").patch(f"/v1/cases/{draft.id}", {"form": {}}, if_match=tag)

        assert is_problem(got, 400, "bad-if-match")

    @pytest.mark.parametrize("tag", ['"99"', 'W/"1"', '"other"', '""', '"99999999999999999999"'])
    def test_an_etag_that_is_not_the_present_one_is_out_of_date(
        self, as_: As, draft: CaseDriver, tag: str
    ) -> None:
        got = as_("siti").patch(f"/v1/cases/{draft.id}", {"form": {"floors": 2}}, if_match=tag)

        assert is_problem(got, 412, "stale")
        assert got.body["version"] == 1

    @pytest.mark.parametrize("tag", ['"1"', "*"])
    def test_the_present_etag_and_the_star_let_pass(self, as_: As, draft: CaseDriver, tag: str) -> None:
        assert as_("siti").patch(f"/v1/cases/{draft.id}", {"form": {"floors": 2}}, if_match=tag).status == 200

    def test_a_stranger_with_an_old_etag_learns_nothing(self, as_: As, draft: CaseDriver) -> None:
        got = as_("budi").patch(f"/v1/cases/{draft.id}", {"form": {}}, if_match='"99"')

        assert is_problem(got, 404, "case-unknown")


class TestWhoCalls:
    def test_without_a_token_nobody_gets_in(self, as_: As) -> None:
        assert is_problem(as_().get("/v1/cases"), 401, "unauthenticated")

    def test_with_a_bad_token_nobody_gets_in(self, as_: As) -> None:
        assert is_problem(as_().get("/v1/cases", authorization="Bearer a.b.c"), 401)

    def test_an_unknown_address_is_a_problem_too(self, as_: As) -> None:
        assert is_problem(as_("siti").get("/v1/nothing"), 404)
        assert is_problem(as_("siti").ask("DELETE", "/v1/cases"), 404)


class TestQueries:
    @pytest.mark.parametrize(
        "query",
        [
            "limit=0",
            "limit=101",
            "limit=many",
            "status=lost",
            "mine=perhaps",
            "cursor=%00",
            "cursor=e30",
            "cursor=W10",
            "cursor=eyJtaW5lIjoieCJ9",
            "cursor=eyJtaW5lIjo1fQ",
            "cursor=" + "a" * 5000,
            "cursor=eyJtaW5lIjogIlcxd2lZU0lzSW1JaVhRIn0",
        ],
    )
    def test_a_parameter_that_cannot_be_used_is_a_problem(
        self, as_: As, case: CaseDriver, query: str
    ) -> None:
        if query == "cursor=e30":  # an empty position is where a list begins
            assert as_("siti").get(f"/v1/cases?{query}").status == 200
        else:
            assert is_problem(as_("siti").get(f"/v1/cases?{query}"), 400)

    def test_says_which_parameter_is_wrong(self, as_: As) -> None:
        got = as_("siti", "id").get("/v1/tasks?limit=500&due_before=tomorrow")

        assert is_problem(got, 400, "bad-query")
        assert {e["parameter"] for e in got.body["errors"]} == {"limit", "due_before"}
        assert "Paling besar 100." in [e["message"] for e in got.body["errors"]]

    def test_what_is_unknown_is_ignored(self, as_: As) -> None:
        assert as_("siti").get("/v1/cases?utm=x&limit=&status=").status == 200


class TestFaults:
    def test_of_a_fault_of_ours_nothing_is_told_and_nothing_personal_logged(
        self, as_: As, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        logged: list[str] = []
        monkeypatch.setattr(logger, "error", lambda *said, **more: logged.append(f"{said} {more}"))

        def broken(code: str, version: int | None = None) -> Any:
            raise RuntimeError("the secret of Siti")

        monkeypatch.setattr(office.system.ports.catalogue, "service", broken)

        got = as_("siti").post("/v1/cases", {"service": "building-permit", "form": {"owner_name": "Siti"}})

        assert is_problem(got, 500, "something-went-wrong")
        assert "RuntimeError" not in got.text
        (line,) = logged
        assert "RuntimeError" in line
        assert "POST /v1/cases" in line
        assert "Siti" not in line

    def test_when_the_table_does_not_answer_to_try_again_is_advised(
        self, as_: As, office: Office, draft: CaseDriver
    ) -> None:
        # The first query is the authorizer's.
        office.system.aws.faults.fail("dynamodb", "Query", nth=2, times=5)

        got = as_("siti").get(f"/v1/cases/{draft.id}")

        assert is_problem(got, 503, "dependency-down")
        assert got.headers["Retry-After"]

    def test_when_nobody_can_tell_who_calls_to_try_again_is_advised(self, as_: As, office: Office) -> None:
        office.system.aws.faults.fail("dynamodb", "Query", times=5)

        got = as_("siti").get("/v1/cases")

        assert is_problem(got, 503, "dependency-down")
        assert got.headers["Retry-After"]

    def test_health_tells_when_the_table_does_not_answer(self, as_: As, office: Office) -> None:
        assert as_().get("/v1/health").body["status"] == "ready"

        office.system.aws.faults.fail("dynamodb", "GetItem", times=5)

        assert is_problem(as_().get("/v1/health"), 503)


def test_the_ports_in_use_are_those_of_the_office(office: Office) -> None:
    assert wiring.ports.settings is office.system.ports.settings
