"""What a command may cost: two calls of the table, and a start that loads little."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from functions.domain.views import worklist
from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker
from tests.builders import HOUSE

As = Callable[..., Asker]
ROOT = Path(__file__).resolve().parents[2]
MOST_MODULES = 480


@pytest.fixture
def calls(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[str]]:
    """Tell which calls of AWS an act makes itself, without the authorizer and all that follows from it."""

    def made(act: Callable[[], object]) -> list[str]:
        office.system.aws.settle()
        monkeypatch.setattr(office.system.ports, "delegations", Nobody(), raising=False)
        monkeypatch.setattr(office.system.aws, "settle", lambda: None)
        office.system.aws.faults.clear()
        try:
            act()
            return [f"{one.service}:{one.operation}" for one in _made_here(office)]
        finally:
            monkeypatch.undo()
            office.system.aws.settle()

    return made


class Nobody:
    """Nobody has lent anything, and to know it costs nothing."""

    def of(self, username: str) -> tuple[()]:
        return ()


def _made_here(office: Office) -> list[Any]:
    here = threading.get_ident()
    made = [one for one in list(office.system.aws.faults.calls) if one.thread == here]
    return [one for one in made if one.service != "lambda"]


def test_opening_a_case_is_one_put(as_: As, office: Office, calls: Callable[..., list[str]]) -> None:
    siti = as_("siti")

    assert calls(lambda: siti.post("/v1/cases", {"service": "building-permit", "form": HOUSE})) == [
        "dynamodb:PutItem"
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "who"),
    [
        ("PATCH", "/v1/cases/{case}", {"form": {"floors": 2}}, "siti"),
        ("POST", "/v1/cases/{case}/submit", None, "siti"),
        ("POST", "/v1/cases/{case}/withdraw", {"reason": "Batal."}, "siti"),
    ],
)
def test_a_command_on_a_case_is_one_query_and_one_put(
    as_: As,
    draft: CaseDriver,
    calls: Callable[..., list[str]],
    method: str,
    path: str,
    body: object,
    who: str,
) -> None:
    draft.bring()
    asker = as_(who)

    made = calls(
        lambda: asker.ask(method, path.format(case=draft.id), body, idempotency_key="k", if_match="*")
    )

    assert made == ["dynamodb:Query", "dynamodb:PutItem"]


@pytest.mark.parametrize(("act", "body"), [("claim", None), ("complete", {"action": "approve"})])
def test_a_command_on_a_task_is_one_query_and_one_put(
    as_: As, case: CaseDriver, calls: Callable[..., list[str]], act: str, body: object
) -> None:
    yuni, path = as_("yuni"), f"/v1/tasks/{case.task('completeness').id}/{act}"

    assert calls(lambda: yuni.post(path, body)) == ["dynamodb:Query", "dynamodb:PutItem"]


@pytest.mark.parametrize(
    "path", ["/v1/cases/{case}", "/v1/cases/{case}/history", "/v1/tasks/{case}.t1", "/v1/cases"]
)
def test_reading_is_one_query(as_: As, case: CaseDriver, calls: Callable[..., list[str]], path: str) -> None:
    asker = as_("yuni" if "tasks" in path else "siti")

    assert calls(lambda: asker.get(path.format(case=case.id))) == ["dynamodb:Query"]


_PROGRAM = """
import sys
from io import BytesIO
import functions.app as loket
from botocore.awsrequest import AWSResponse
from functions.runtime.wiring import ports

class Empty(BytesIO):
    def stream(self, **_):
        yield self.read()

# The call is signed and its answer read, but it goes nowhere.
events = ports.table._client.meta.events
events.register("before-send.dynamodb", lambda **_: AWSResponse("", 200, {}, Empty(b"{}")))

def post(path, body, **parameters):
    return loket.app({
        "requestContext": {
            "httpMethod": "POST", "resourcePath": path,
            "authorizer": {"username": "siti", "expires_at": "99999999999"},
        },
        "headers": {"content-type": "application/json"}, "pathParameters": parameters, "stageVariables": None,
        "multiValueQueryStringParameters": None, "body": body,
    }, None)

created = post("/v1/cases", '{"service": "building-permit", "form": {"floors": 2}}')
assert created["statusCode"] == 201, created
# Whatever expressions need is loaded too, as by submitting.
estimated = post("/v1/services/{service}/estimate", '{"form": {}}', service="building-permit")
assert estimated["statusCode"] == 422, estimated
unwanted = {"boto3", "s3transfer", "jwt", "cryptography", "jsonschema", "fpdf", "pyhanko", "aws_lambda_powertools"}
print(len(sys.modules), sorted(unwanted & set(sys.modules)))
"""


def test_the_command_handler_loads_little() -> None:
    """Counted after a command, with the table's client made: what every cold start of the API costs."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=ROOT,
        env={
            "AWS_DEFAULT_REGION": "ap-southeast-3",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "TABLE": "t",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    count, _, unwanted = done.stdout.strip().partition(" ")
    assert unwanted == "[]"
    assert int(count) <= MOST_MODULES


def test_a_worklist_costs_the_same_however_long_it_is(
    as_: As, office: Office, calls: Callable[..., list[str]]
) -> None:
    """A page reads what it shows and no more, first what is due soonest."""
    teguh, page = as_("teguh"), {}

    def asked_of_the_table() -> list[str]:
        return calls(lambda: page.update(teguh.get("/v1/tasks?limit=25").body))

    _file_tasks(office, range(40))
    few = asked_of_the_table()
    _file_tasks(office, range(40, 300))

    assert asked_of_the_table() == few == ["dynamodb:Query"] * len(few)
    assert [item["due_at"][:10] for item in page["items"]] == ["2026-05-01"] * 11 + ["2026-05-02"] * 11 + [
        "2026-05-03"
    ] * 3


def _file_tasks(office: Office, numbers: range) -> None:
    """Put open reviews into the worklist, ever the next of them due on the next of the first 28 days of May."""
    for number in numbers:
        due, case = f"2026-05-{1 + number % 28:02}T00:00:00Z", f"{number:026}"
        body = {
            "id": f"{case}.t1", "case": case, "number": f"PBG-2026-{number}", "service": "building-permit",
            "service_version": 1, "process": "application", "step": "review", "name": "technical-review",
            "title": {"id": "Nilai", "en": "Review"}, "kind": "review", "role": "pupr/tpt", "state": "open",
            "assignee": None, "opened_at": due, "due_at": due, "version": 1, "agency": "pupr",
        }  # fmt: skip
        task = {
            name: body[name] for name in ("version", "service", "kind", "assignee", "body") if name in body
        }
        task |= {"who": worklist("pupr/tpt"), "who_sort": due, "body": body}
        office.system.ports.views.replace(case, {"t1": task})
