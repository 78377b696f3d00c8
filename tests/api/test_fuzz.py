"""Whatever is sent to whichever route, as whoever: an answer or a problem document, never a fault of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import functions.app  # noqa: F401  (registers the routes)
from functions.api.http import ROUTES, Route
from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker
from tests.api.conftest import opened
from tests.builders import HOUSE, PERMIT

SENDING = [one for one in ROUTES if one.method != "GET"]
READING = [one for one in ROUTES if one.method == "GET"]
FIELDS = [field.name for field in PERMIT.form.fields]
NAMES = sorted(
    {name for one in SENDING for name in one.body.model_fields} | set(HOUSE) | {"pointer", "message", "kind"}
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*NAMES, "approve", "return", "IDR", "2026-01-01T00:00:00Z", "14 wd"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)
bodies = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), values, max_size=8)
words = st.text(
    st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters="/?#"), max_size=30
)


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with opened() as running:
        yield running


@pytest.fixture(scope="module")
def place(office: Office) -> dict[str, str]:
    """A case under review, so that most routes have something to work on."""
    case = CaseDriver(office.system).apply()
    return {
        "case": case.id, "task": case.task("completeness").id, "document": f"{case.id}.d1",
        "service": "building-permit", "user": "yuni",
    }  # fmt: skip


def lets_nothing_through(status: int, text: str) -> bool:
    if status < 400:
        return True
    problem = json.loads(text)
    return status < 500 and problem["status"] == status and bool(problem["detail"])


many = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("route", SENDING, ids=lambda one: f"{one.method} {one.path}")
@many
@given(who=st.sampled_from(["siti", "yuni", "sri", "tuti"]), content=bodies)
def test_no_body_makes_a_route_fail(
    office: Office, place: dict[str, str], route: Route, who: str, content: dict[str, Any]
) -> None:
    path = "".join(
        place.get(part[1:-1], "x") if part.startswith("{") else part for part in _parts(route.path)
    )

    got = Asker(office, who).ask(
        route.method, path, raw=json.dumps(content).encode(), content_type="application/json"
    )

    assert lets_nothing_through(got.status, got.text), got


@pytest.mark.parametrize("route", READING, ids=lambda one: one.path)
@many
@given(
    word=words,
    names=st.dictionaries(
        st.sampled_from(
            [
                "limit",
                "cursor",
                "q",
                "status",
                "state",
                "role",
                "service",
                "due_before",
                "mine",
                "lang",
                "from",
                "to",
            ]
        ),
        words,
    ),
)
def test_no_address_makes_a_route_fail(
    office: Office, place: dict[str, str], route: Route, word: str, names: dict[str, str]
) -> None:
    path = "".join(
        quote(word or "x", safe="") if part.startswith("{") else part for part in _parts(route.path)
    )

    got = Asker(office, "yuni").get(f"{path}?{urlencode(names)}")

    assert lets_nothing_through(got.status, got.text if got.status >= 400 else ""), got


@many
@given(content=st.binary(max_size=200))
def test_no_bytes_make_a_route_fail(office: Office, place: dict[str, str], content: bytes) -> None:
    got = Asker(office, "siti").ask(
        "PATCH", f"/v1/cases/{place['case']}", raw=content, content_type="application/json"
    )

    assert lets_nothing_through(got.status, got.text), got


@settings(max_examples=100)
@given(answers=st.dictionaries(st.sampled_from(FIELDS), values, max_size=4))
def test_no_answers_make_an_application_fail(office: Office, answers: dict[str, Any]) -> None:
    siti, form = Asker(office, "siti"), {**HOUSE, **answers}
    service = "building-permit"
    content = json.dumps({"form": form}).encode()

    estimated = siti.ask(
        "POST", f"/v1/services/{service}/estimate", raw=content, content_type="application/json"
    )
    opened = siti.ask(
        "POST",
        "/v1/cases",
        raw=json.dumps({"form": form, "service": service}).encode(),
        content_type="application/json",
    )

    assert lets_nothing_through(estimated.status, estimated.text), estimated
    assert lets_nothing_through(opened.status, opened.text), opened
    if opened.status == 201:
        submitted = siti.post(f"/v1/cases/{opened.body['id']}/submit")
        assert lets_nothing_through(submitted.status, submitted.text), submitted


def _parts(path: str) -> list[str]:
    return re.split(r"(\{\w+\})", path)
