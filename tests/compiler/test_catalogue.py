"""The catalogue: what the functions load of the compiled services, agencies and calendars."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from functions.adapters.catalogue import WORKFLOWS, Catalogue
from functions.domain.clock import Language
from functions.domain.errors import NotFound, ServiceUnknown
from infra.compiler.__main__ import main
from tests.compiler.small import change

CODES = sorted(path.parent.name for path in WORKFLOWS.glob("*/service.yaml"))


def test_every_service_of_the_folder_is_offered() -> None:
    assert [service.code for service in Catalogue().services()] == CODES


def test_a_service_is_read_once() -> None:
    catalogue = Catalogue()

    assert catalogue.service("building-permit") is catalogue.service("building-permit")


@pytest.mark.parametrize(
    "code", ["unknown", "", "..", "../functions", "calendars", "building-permit/../building-permit"]
)
def test_an_unknown_service_is_named(code: str) -> None:
    with pytest.raises(ServiceUnknown):
        Catalogue().service(code)


def test_a_case_finds_the_version_under_which_it_runs(workflows: Path) -> None:
    main(["--workflows", str(workflows)])
    change(workflows, ("version: 1\nprefix", "version: 2\nprefix"), ("rounds: 3", "rounds: 2"))
    main(["--workflows", str(workflows)])

    catalogue = Catalogue(workflows)

    assert catalogue.service("small").version == 2
    assert catalogue.service("small", 2).version == 2
    assert catalogue.service("small", 1).version == 1
    assert catalogue.service("small", 1).process("application").step("mend").rounds == 3  # type: ignore[union-attr]
    with pytest.raises(ServiceUnknown):
        catalogue.service("small", 3)


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_service_has_its_picture(language: Language) -> None:
    assert f'lang="{language}"' in Catalogue().diagram("building-permit", language)


def test_an_unknown_service_has_no_picture() -> None:
    with pytest.raises(ServiceUnknown):
        Catalogue().diagram("../calendars", "id")


def test_an_agency_has_its_name_roles_and_calendar() -> None:
    catalogue = Catalogue()

    assert catalogue.agency("pupr").roles["tpt"].en == "Technical review team"
    assert str(catalogue.calendar("pupr").zone) == "Asia/Jakarta"
    assert not catalogue.calendar("pupr").is_working_day(date(2026, 8, 17))


def test_an_unknown_agency_is_named() -> None:
    with pytest.raises(NotFound):
        Catalogue().agency("ministry-of-magic")
    with pytest.raises(NotFound):
        Catalogue().calendar("ministry-of-magic")


def test_nothing_of_yaml_or_the_compiler_is_loaded_at_run_time() -> None:
    program = (
        "import sys; from functions.adapters.catalogue import Catalogue; Catalogue().services(); "
        "Catalogue().calendar('dpmptsp'); print(sorted(m for m in sys.modules if m in ('yaml', 'boto3', 'infra')))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
