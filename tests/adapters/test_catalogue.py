"""The catalogue: services with their versions, agencies and their calendars, as they lie beside the code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from functions.adapters.catalogue import WORKFLOWS, Catalogue
from functions.domain.errors import NotFound, ServiceUnknown
from tests.builders import MORNING


@pytest.fixture
def workflows(tmp_path: Path) -> Path:
    """The building permit in version 2, with version 1 kept."""
    folder = tmp_path / "building-permit"
    (folder / "versions").mkdir(parents=True)
    known = WORKFLOWS / "building-permit" / "service.json"
    shutil.copy(known, folder / "versions" / "1.json")
    (folder / "service.json").write_text(json.dumps(json.loads(known.read_text()) | {"version": 2}))
    shutil.copy(WORKFLOWS / "agencies.json", tmp_path)
    return tmp_path


def test_every_service_of_the_folder_is_offered():
    assert "building-permit" in [service.code for service in Catalogue().services()]


def test_a_case_keeps_the_version_under_which_it_began(workflows: Path):
    catalogue = Catalogue(workflows)

    assert catalogue.service("building-permit").version == 2
    assert catalogue.service("building-permit", 2) is catalogue.service("building-permit", 2)
    assert catalogue.service("building-permit", 1).version == 1


@pytest.mark.parametrize(
    "code",
    ["", "castle", "../building-permit", "building-permit/../building-permit", "/etc", "building-permit\x00"],
)
def test_any_other_code_is_unknown_and_never_a_path(code: str):
    with pytest.raises(ServiceUnknown):
        Catalogue().service(code)


def test_a_version_that_was_not_kept_is_unknown(workflows: Path):
    with pytest.raises(ServiceUnknown):
        Catalogue(workflows).service("building-permit", 3)


def test_an_agency_has_its_calendar_in_its_zone():
    calendar = Catalogue().calendar("dpmptsp")

    assert calendar.zone.key == "Asia/Jakarta"
    assert calendar.is_working_day(calendar.day_of(MORNING))
    assert Catalogue().agency("dpmptsp").name.en == "Investment and One-Stop Service Office"


def test_an_unknown_agency_is_not_there():
    with pytest.raises(NotFound):
        Catalogue().agency("nowhere")
    with pytest.raises(NotFound):
        Catalogue().calendar("nowhere")
