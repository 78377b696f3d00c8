"""What is deployed is complete, small, the same each time, and built without a network."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from functions.domain.identity import Person, Session
from infra import imports, package

MOST_MODULES = 480
DEVELOPMENT = (
    "moto/",
    "pytest",
    "hypothesis/",
    "ruff",
    "mypy/",
    "cfnlint/",
    "boto3/",
    "botocore/",
    "infra/",
    "tests/",
)


@pytest.fixture(scope="session")
def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def test_the_libraries_are_there_without_a_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")

    package.fetch_wheels()
    package.install_wheels(tmp_path / "libraries")

    assert (tmp_path / "libraries" / "pydantic").is_dir()


def test_the_zip_has_the_versions_that_are_tested() -> None:
    tested, deployed = (_pins(lock) for lock in (package.ROOT / "requirements.lock", package.LOCK))

    assert deployed
    assert {name: tested.get(name) for name in deployed} == deployed


def test_no_lock_names_where_packages_come_from() -> None:
    for lock in (package.ROOT / "requirements.lock", package.LOCK):
        assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", lock.read_text())


def test_the_zip_is_one_that_lambda_takes(archive: Path) -> None:
    assert archive.stat().st_size < 50 * 1024 * 1024

    assert "MB zipped" in package.limits(archive)


def test_the_zip_holds_what_the_functions_read(names: list[str]) -> None:
    services = {path.parent.name for path in (package.ROOT / "workflows").glob("*/service.json")}

    assert {
        "app.py",
        "chalice/app.py",
        "functions/app.py",
        "events/__init__.py",
        "workflows/agencies.json",
    } <= set(names)
    assert {f"workflows/{service}/service.json" for service in services} <= set(names)


def test_the_zip_holds_nothing_that_only_developers_need(names: list[str]) -> None:
    assert [name for name in names if name.startswith(DEVELOPMENT)] == []
    assert [name for name in names if name.endswith(".pyc") or "__pycache__" in name] == []
    assert [
        name for name in names if name.startswith("workflows/") and name.endswith((".yaml", ".asl.json"))
    ] == []


def test_extensions_are_those_of_lambdas_machine(names: list[str]) -> None:
    extensions = [name for name in names if name.endswith(".so") or ".so." in name]

    assert extensions
    assert [name for name in extensions if "x86_64" in name or "cp311-" in name] == []


def test_the_same_content_gives_the_same_bytes(archive: Path, build: Path, tmp_path: Path) -> None:
    again = package.write_zip(build / "parts" / "deployment.zip", build / "libraries", tmp_path / "again.zip")

    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(archive.read_bytes()).digest()


def test_every_handler_imports_with_nothing_but_the_zip_and_boto3(
    template: dict[str, object], archive: Path, tmp_path: Path
) -> None:
    handlers = package.handlers(template)

    loaded = imports.prove(archive, tmp_path / "proof", handlers)

    assert set(loaded) == set(handlers)
    assert max(loaded.values()) <= MOST_MODULES


def test_a_library_that_is_not_in_the_zip_is_missed(tmp_path: Path) -> None:
    archive = _zip(tmp_path, {"leaning.py": "import yaml\n\ndef handler(event, context): ...\n"})

    with pytest.raises(imports.Missing, match=r"Lean: leaning\.handler .*\n(.*\n)*.*No module named 'yaml'"):
        imports.prove(archive, tmp_path / "proof", {"Lean": "leaning.handler"})


def test_a_library_that_is_needed_only_later_is_missed_too(tmp_path: Path) -> None:
    archive = _zip(tmp_path, {"functions/later.py": "import yaml\n"})

    with pytest.raises(imports.Missing, match="No module named 'yaml'"):
        imports.prove(archive, tmp_path / "proof", {})


def test_a_handler_that_is_not_where_the_template_says_is_missed(tmp_path: Path) -> None:
    archive = _zip(tmp_path, {"empty.py": ""})

    with pytest.raises(imports.Missing, match="Empty"):
        imports.prove(archive, tmp_path / "proof", {"Empty": "empty.handler"})


def test_boto3_is_there_as_lambda_has_it(tmp_path: Path) -> None:
    archive = _zip(tmp_path, {"leaning.py": "import boto3\n\ndef handler(event, context): ...\n"})

    loaded = imports.prove(archive, tmp_path / "proof", {"Lean": "leaning.handler"})

    assert loaded["Lean"] > 0


def test_a_zip_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = _zip(tmp_path, {"some.py": "x = 1\n"})
    monkeypatch.setattr(package, "LARGEST_CONTENT", 3)

    with pytest.raises(package.Unfit, match="250 MB"):
        package.limits(archive)


def test_a_template_with_an_error_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "template.yaml"
    broken.write_text(
        json.dumps(
            {
                "AWSTemplateFormatVersion": "2010-09-09",
                "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Size": 1}}},
            }
        )
    )

    with pytest.raises(package.Unfit, match="E3002"):
        package.lint(broken)


# Runs the API's handler as Lambda does, and tells how many modules the call has loaded.
CALL = """
import json, sys
paths, event = json.loads(sys.argv[1])
sys.path += paths
from app import app
answer = app(event, None)
print(json.dumps({"status": answer["statusCode"], "body": json.loads(answer["body"]), "modules": len(sys.modules)}))
"""


@pytest.fixture(scope="session")
def table() -> Iterator[dict[str, str]]:
    """An AWS that answers over HTTP and has the table of the template; gives the environment that leads there."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    cases = package.base()["Resources"]["Cases"]["Properties"]
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": package.REGION,
        "TABLE": "cases",
        "BUCKET": "documents",
        "PUBLIC_URL": "https://loket.example",
    }
    client = boto3.client(
        "dynamodb", region_name=package.REGION, endpoint_url=environment["AWS_ENDPOINT_URL"]
    )
    described = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    client.create_table(TableName="cases", **{name: cases[name] for name in described})
    yield environment
    server.stop()


@pytest.fixture(scope="session")
def call(
    archive: Path, table: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., dict[str, Any]]:
    """Send one request to the API as it lies in the zip."""
    paths = imports.unpack(archive, tmp_path_factory.mktemp("lambda") / "zip")
    applicant = Session(Person("ani", "Ani"), datetime.now(UTC) + timedelta(hours=1)).to_context()

    def send(method: str, resource: str, body: object = None, **parameters: str) -> dict[str, Any]:
        event = {
            "resource": resource,
            "path": resource.format(**parameters),
            "httpMethod": method,
            "headers": {"content-type": "application/json"},
            "multiValueQueryStringParameters": None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "requestContext": {"httpMethod": method, "resourcePath": resource, "authorizer": applicant},
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        command = [sys.executable, "-I", "-S", "-B", "-c", CALL, json.dumps([paths, event])]
        done = subprocess.run(command, env=table, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        answered: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answered

    return send


def test_the_zip_answers_requests_and_a_command_stays_light(call: Callable[..., dict[str, Any]]) -> None:
    services = (
        json.loads(path.read_text()) for path in sorted(package.ROOT.glob("workflows/*/service.json"))
    )
    code = next(service["code"] for service in services if "citizens" in service["audience"])
    service = call("GET", "/v1/services/{service}", service=code)
    form = service["body"].get("form", {}).get("examples", [None])[0]

    filed = call("POST", "/v1/cases", {"service": code, "form": form})
    case = call("GET", "/v1/cases/{case}", case=str(filed["body"].get("id")))

    assert (service["status"], filed["status"], case["status"]) == (200, 201, 200), (service, filed, case)
    assert case["body"]["form"] == form
    assert filed["modules"] <= MOST_MODULES


def test_the_api_loads_no_worker() -> None:
    probe = "import sys, functions.app; print(*(name for name in sys.modules))"

    loaded = subprocess.run(
        [sys.executable, "-c", probe], cwd=package.ROOT, env={}, capture_output=True, text=True, check=True
    ).stdout.split()

    assert [name for name in loaded if name.startswith(("functions.steps.", "functions.streams."))] == []
    assert {"fpdf", "pyhanko", "lxml", "PIL", "botocore", "cryptography"} & set(loaded) == set()


def _pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def _zip(folder: Path, files: dict[str, str]) -> Path:
    archive = folder / "some.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return archive
