"""Every service that there is can be read, estimated, filled in and followed by the same pages, whatever it asks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions.adapters.catalogue import Catalogue
from functions.domain import form as forms
from functions.domain.service import Service
from functions.portal import questions
from functions.portal.catalogue import estimating
from functions.runtime.wiring import ports
from infra.driver import CaseDriver
from infra.local.office import Office
from tests.portal.surfing import Surfer

pytestmark = pytest.mark.xdist_group("services")
Surf = Callable[..., Surfer]
SERVICES = [pytest.param(service, id=service.code) for service in Catalogue().services()]
ALONE = [
    pytest.param(service, id=service.code) for service in Catalogue().services() if service.above is None
]
"""Those that are not filed below a case of another service."""


def _filer(office: Office, service: Service) -> str:
    return next(user["username"] for user in office.identity.users() if service.code in user["services"])


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("language", ["id", "en"])
def test_a_service_is_explained_in_both_languages(surf: Surf, service: Service, language: str) -> None:
    page = surf(language=language).get(f"/services/{service.code}")

    assert page.status == 200
    assert page.heading == getattr(service.title, language)
    assert getattr(service.clock.silence_words, language).split()[0] in page.text
    assert "[unconfirmed]" not in page.text


def test_the_fee_is_explained_line_by_line_and_its_formula_can_be_unfolded(surf: Surf) -> None:
    page = surf(language="id").get("/services/building-permit")

    building, infrastructure = page.html.xpath("//h3[@id='formulas']/following-sibling::ul[1]/li")
    told = " ".join(building.text_content().split())
    assert told.startswith("Retribusi PBG bangunan Dari jawaban Anda: Jenis pekerjaan, Fungsi bangunan,")
    assert "Standar harga satuan tertinggi (SHST) tiap m² = Rp 6.170.000" in told
    assert "values.function Indeks fungsi bangunan (If)" in told
    assert "Hunian di bawah 100 m² dan kurang dari dua lantai0,15" in told
    assert "Rehabilitasi sedang0,225" in told
    assert building.xpath(".//details//pre/code")[0].text.startswith("(\n  $small :=")
    assert "Hanya dikenakan bila ini benar:" in infrastructure.text_content()
    late = surf().get("/services/business-tax").text
    assert "Also from the lines of the fee before it; what has been paid, and how many months late." in late


def test_a_figure_of_an_older_version_without_a_title_is_shown_by_its_name(
    surf: Surf, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Catalogue().service("building-permit").model_dump(mode="json")
    plain["fee"]["values"] = {name: one["value"] for name, one in plain["fee"]["values"].items()}
    older = Service.model_validate(plain)
    monkeypatch.setattr(ports.catalogue, "service", lambda *_: older)

    page = surf().get("/services/building-permit")

    assert older.constants == Catalogue().service("building-permit").constants
    assert "Fixed figures: ilo = 0.005; shst = 6,170,000" in page.text


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_estimated_from_few_and_impersonal_answers(
    office: Office, surf: Surf, service: Service
) -> None:
    surfer, asked = surf(), estimating(service)
    if not asked or not (service.fee or service.computed):
        return
    example = forms.example(service, CaseDriver(office.system, service=service.code).today)
    given = {f.name: questions.typed(f, example[f.name], "en") for f in asked if f.name in example}

    page = surfer.submit(surfer.get(f"/services/{service.code}"), "#result", **given)

    assert page.errors == []
    assert page.status == 200
    assert [field.name for field in asked if field.personal] == []


@pytest.mark.parametrize("service", ALONE)
def test_its_form_keeps_what_was_answered(office: Office, surf: Surf, service: Service) -> None:
    filer = _filer(office, service)
    draft = CaseDriver(office.system, service=service.code, applicant=filer).file()
    surfer, before = surf(filer), draft.case.form

    for number in range(1, len(service.form.groups) + 1):
        page = surfer.submit(surfer.get(f"/apply/{draft.id}/{number}"), f"/{number}")
        assert page.errors == []

    assert draft.case.form == before
    assert surfer.get(f"/apply/{draft.id}/documents").status == 200


def test_an_application_below_another_asks_for_its_number(surf: Surf) -> None:
    below = next(service for service in Catalogue().services() if service.above)
    surfer = surf("agus")
    page = surfer.get(f"/services/{below.code}/start?parent=X-2026-AAAAA-BBBBB")
    assert page.html.xpath("//*[@name='parent']/@value") == ["X-2026-AAAAA-BBBBB"]

    page = surfer.submit(page, "/start")

    assert page.status == 422
    assert page.errors == ["Name a parent case of the right service."]
    assert page.html.xpath("//*[@name='parent']/@value") == ["X-2026-AAAAA-BBBBB"]
    assert surfer.submit(page, "/start", parent="X" * 40).status == 422


@pytest.mark.parametrize("service", ALONE)
def test_it_is_followed_once_it_was_submitted(office: Office, surf: Surf, service: Service) -> None:
    filer = _filer(office, service)
    case = CaseDriver(office.system, service=service.code, applicant=filer).apply()

    page = surf(filer).get(f"/cases/{case.id}")

    assert page.status == 200
    assert case.case.number in page.text
    assert "{{" not in page.source
    assert surf(filer, language="id").get(f"/cases/{case.id}/receipt").status == 200


@pytest.mark.parametrize("service", ALONE)
def test_an_act_that_changes_answers_asks_for_them(office: Office, surf: Surf, service: Service) -> None:
    changing = [
        process for process in service.processes.values() if process.changes and process.opened_by != "appeal"
    ]
    filer = _filer(office, service)
    case = CaseDriver(office.system, service=service.code, applicant=filer).apply()
    for task in case.case.open_tasks() if changing else []:
        if task.role != "applicant":
            case.act(task.role, "approve", task=task.name)

    for process in changing:
        page = surf(filer).get(f"/cases/{case.id}/{process.opened_by}")
        if page.status == 200:
            asked = {name for name in page.html.xpath("//main//form//@name") if not name.startswith("_")}
            assert asked == {*process.changes, "reason"}
            assert surf(filer).get(f"/apply/{case.id}/documents").status == 200
