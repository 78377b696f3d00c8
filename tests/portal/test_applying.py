"""An application from the first answer to the receipt, without a script; and what the script asks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from functions.domain.clock import Term
from functions.domain.letter import long_date
from infra.driver import SMALL_PDF, CaseDriver
from infra.local.office import Office
from tests.portal.surfing import Page, Surfer

pytestmark = pytest.mark.xdist_group("applying")
Surf = Callable[..., Surfer]
BUILDING = {
    "work": "new", "function": "business", "floor_area_m2": "240", "floors": "2", "complexity": "simple",
    "permanence": "permanent", "ownership": "private",
}  # fmt: skip


def begin(surfer: Surfer) -> tuple[Page, str]:
    page = surfer.submit(surfer.get("/services/building-permit/start"), "/start")
    return page, page.address.split("/")[4]


def promised(office: Office) -> str:
    """The last day of 28 working days from now."""
    calendar = office.system.ports.catalogue.calendar("dpmptsp")
    due = calendar.due(office.system.aws.clock.now(), Term.parse("28 wd"))
    return long_date(calendar.day_of(due), "en")


def fill(surfer: Surfer, page: Page) -> Page:
    """Answer all four groups; gives the page of the documents."""
    page = surfer.submit(page, "/1", owner_name="Siti Rahmawati")
    page = surfer.submit(page, "/2", address="Jalan Melati No. 12")
    page = surfer.submit(page, "/3", **BUILDING)
    return surfer.submit(page, "/4")


def test_is_carried_to_its_receipt_without_a_script(office: Office, surf: Surf) -> None:
    surfer = surf("siti")

    page, case = begin(surfer)
    page = fill(surfer, page)
    for kind in ("id-card", "land-title", "site-plan"):
        page = surfer.send_file(page, kind, SMALL_PDF, f"{kind}.pdf", "application/pdf")
        assert page.status == 200
    page = surfer.get(f"/apply/{case}/check")
    assert page.errors == []
    page = surfer.submit(page, f"/apply/{case}")

    number = office.system.ports.cases.load(case).case.number
    assert page.address.endswith(f"/cases/{case}/receipt")
    assert number in page.text
    assert f"Decision due by {promised(office)}" in page.text
    assert not any("siti" in path.lower() or "rahmawati" in path.lower() for path in surfer.visited)


def test_every_answer_is_kept_at_once_and_found_on_another_device(surf: Surf) -> None:
    here, elsewhere = surf("siti"), surf("siti")
    page, case = begin(here)
    here.submit(page, "/1", owner_name="Siti Rahmawati")

    again = elsewhere.get(f"/apply/{case}/1")

    assert again.html.xpath("//*[@name='owner_name']/@value") == ["Siti Rahmawati"]
    assert f"/apply/{case}" in elsewhere.get("/cases").links()


def test_what_is_missing_is_named_at_the_top_and_at_the_field(surf: Surf) -> None:
    surfer = surf("siti")
    page, _ = begin(surfer)

    page = surfer.submit(page, "/1")

    (field,) = page.html.xpath("//*[@name='owner_name']")
    assert page.status == 422
    assert page.errors == ["Name of the owner: Please answer this."]
    assert page.html.xpath("//*[@class='errors']//a/@href") == [f"#{field.get('id')}"]
    assert field.get("aria-invalid") == "true"
    assert field.get("aria-describedby") == "f-owner_name-fault"
    assert page.html.xpath("//title/text()")[0].startswith("Error: ")


def test_a_wrong_answer_keeps_the_right_ones(office: Office, surf: Surf) -> None:
    surfer = surf("siti")
    page, case = begin(surfer)
    page = surfer.get(f"/apply/{case}/3")

    page = surfer.submit(page, "/3", **(BUILDING | {"floors": "two"}))

    form = office.system.ports.cases.load(case).case.form
    assert page.errors == ["Number of floors: Must be a whole number."]
    assert page.html.xpath("//*[@name='floors']/@value") == ["two"]
    assert form["floor_area_m2"] == 240
    assert "floors" not in form


def test_can_be_left_half_done(surf: Surf) -> None:
    surfer = surf("siti")
    page, case = begin(surfer)

    page = surfer.submit(page, "/1", press="then=later")

    assert page.address.endswith(f"/apply/{case}")
    assert "Not started" in page.text


def test_a_question_that_an_answer_raises_is_asked_and_is_no_mistake(surf: Surf) -> None:
    surfer = surf("siti")
    _, case = begin(surfer)
    page = surfer.get(f"/apply/{case}/4")
    assert page.html.xpath("//*[@data-field='infrastructure' and @hidden]") != []

    page = surfer.submit(page, "/4", infrastructure_volume="20")

    assert page.status == 200
    assert page.errors == []
    assert "They lead to further questions below." in page.text
    assert page.html.xpath("//*[@data-field='infrastructure' and @hidden]") == []
    assert surfer.submit(page, "/4").errors == ["Kind of infrastructure: Please answer this."]


def test_a_rule_stops_who_cannot_apply_with_the_reason(surf: Surf) -> None:
    surfer = surf("siti")
    _, case = begin(surfer)

    page = surfer.submit(
        surfer.get(f"/apply/{case}/2"), "/2", address="Jalan Melati No. 12", land_in_dispute="true"
    )

    assert page.status == 422
    assert "Settle the dispute first." in page.errors[0]


def test_a_rule_between_pages_waits_for_all_its_answers(surf: Surf) -> None:
    surfer = surf("siti")
    _, case = begin(surfer)
    page = surfer.get(f"/apply/{case}/3")
    answers = {name: value for name, value in BUILDING.items() if name != "floors"}

    page = surfer.submit(page, "/3", **(answers | {"permanence": "non_permanent"}))
    assert page.errors == ["Number of floors: Please answer this."]

    page = surfer.submit(page, "/3", floors="3")
    assert page.errors == ["Number of floors: A non-permanent building has two floors at most."]


def test_documents_follow_from_the_answers(draft: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    draft.patch(applicant_kind="company", represented=True)

    text = surfer.get(f"/apply/{draft.id}/documents").text

    assert "Deed of the company" in text
    assert "Stamped power of attorney" in text
    assert "Environmental document" not in text


@pytest.mark.parametrize(
    ("content", "filename", "kind", "said"),
    [
        (b"", "", "application/octet-stream", "Choose the file first."),
        (b"MZ\x90", "virus.exe", "application/x-msdownload", "Accepted types"),
        (b"x" * (2 * 1024 * 1024 + 1), "ktp.jpg", "image/jpeg", "At most 2 MB."),
    ],
    ids=["none", "type", "size"],
)
def test_a_file_that_cannot_be_taken_is_refused_with_the_reason(
    draft: CaseDriver, surf: Surf, content: bytes, filename: str, kind: str, said: str
) -> None:
    surfer = surf("siti")

    page = surfer.send_file(surfer.get(f"/apply/{draft.id}/documents"), "id-card", content, filename, kind)

    assert page.status == 422
    assert said in page.errors[0]


def test_a_file_beyond_what_the_portal_can_carry_is_too_large(draft: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    page = surfer.get(f"/apply/{draft.id}/documents")

    page = surfer.send_file(page, "site-plan", b"x" * (5 * 1024 * 1024), "plan.pdf", "application/pdf")

    assert page.status == 413
    assert "4 MB" in page.text


def test_says_how_large_a_file_may_be_without_a_script(draft: CaseDriver, surf: Surf) -> None:
    page = surf("siti").get(f"/apply/{draft.id}/documents")

    assert "Without JavaScript a file may have 4\u00a0MB at most" in page.source


def test_an_infected_file_is_refused_and_can_be_replaced(draft: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    eicar = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    page = surfer.get(f"/apply/{draft.id}/documents")

    page = surfer.send_file(page, "land-title", b"%PDF-1.4\n" + eicar, "t.pdf", "application/pdf")
    assert "Refused: it holds a virus." in page.text

    page = surfer.send_file(page, "land-title", SMALL_PDF, "t.pdf", "application/pdf")
    assert "Accepted" in page.text


def test_the_check_shows_everything_and_links_to_what_is_missing(surf: Surf) -> None:
    surfer = surf("siti")
    page, case = begin(surfer)
    surfer.submit(page, "/1", owner_name="Siti Rahmawati")

    page = surfer.get(f"/apply/{case}/check")

    links = page.html.xpath("//*[@class='errors']//a/@href")
    assert "Siti Rahmawati" in page.text
    assert f"/apply/{case}/3#f-floors" in links
    assert f"/apply/{case}/documents#d-site-plan" in links
    assert page.html.xpath("//main//form") == []


def test_the_check_says_what_it_costs_and_when_it_is_promised(
    office: Office, draft: CaseDriver, surf: Surf
) -> None:
    draft.bring()

    text = surf("siti").get(f"/apply/{draft.id}/check").text

    assert "Building permit levy" in text
    assert f"Decision promised by {promised(office)}" in text


def test_submitting_twice_by_the_same_form_submits_once(draft: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    page = surfer.get(f"/apply/{draft.bring().id}/check")

    first = surfer.submit(page, f"/apply/{draft.id}")
    second = surfer.submit(page, f"/apply/{draft.id}")

    assert (first.status, second.status) == (200, 409)
    assert draft.types.count("case.submitted") == 1


def test_what_was_submitted_is_closed(case: CaseDriver, surf: Surf) -> None:
    page = surf("siti").get(f"/apply/{case.id}/1")

    assert page.status == 409
    assert page.heading == "Things have moved on"


def test_nobody_else_can_see_or_change_a_draft(draft: CaseDriver, surf: Surf) -> None:
    for username in ("budi", "sri"):
        assert surf(username).get(f"/apply/{draft.id}/1").status == 404


def test_an_officer_at_the_counter_files_for_somebody(office: Office, surf: Surf) -> None:
    surfer = surf("dewi")

    page = surfer.submit(surfer.get("/services/building-permit/start"), "/start", on_behalf_of="siti")

    case = office.system.ports.cases.load(page.address.split("/")[4]).case
    assert (case.applicant, case.filed_by) == ("siti", "dewi")
    assert "for siti" in page.text
    for place in ("/cases", "/services/building-permit/start"):
        assert f"/apply/{case.id}" in surf("dewi").get(place).links()
    assert f"/apply/{case.id}" not in surf("sri").get("/cases").links()


def test_a_username_that_can_be_none_is_said_at_the_field(surf: Surf) -> None:
    surfer = surf("dewi")

    page = surfer.submit(surfer.get("/services/building-permit/start"), "/start", on_behalf_of="no/body")

    assert page.status == 422
    assert page.errors == ["This cannot be the applicant's username."]


def test_a_citizen_is_not_asked_for_whom(surf: Surf) -> None:
    assert surf("siti").get("/services/building-permit/start").html.xpath("//*[@name='on_behalf_of']") == []


def test_goes_on_with_what_was_begun(office: Office, surf: Surf) -> None:
    draft = CaseDriver(office.system, applicant="wayan").file()

    assert f"/apply/{draft.id}" in surf("wayan").get("/services/building-permit/start").links()


# -- what the script asks


def test_the_script_saves_as_one_goes_and_learns_what_is_asked(draft: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    form = surfer.get(f"/apply/{draft.id}/4").form("/4")
    token = dict(form.form_values())["_csrf"]

    page = surfer.ask(
        "POST",
        f"/apply/{draft.id}/4",
        f"_csrf={token}&infrastructure_volume=20".encode(),
        "application/x-www-form-urlencoded",
        x_csrf=token,
    )

    assert json.loads(page.content) == {
        "asked": ["infrastructure_volume", "infrastructure"], "message": "Saved.",
    }  # fmt: skip
    assert draft.case.form["infrastructure_volume"] == 20


def test_the_script_gets_a_form_for_the_store_and_sees_the_file_arrive(
    office: Office, draft: CaseDriver, surf: Surf
) -> None:
    surfer = surf("siti")
    page = surfer.get(f"/apply/{draft.id}/documents")
    (listed,) = page.html.xpath("//*[@data-files]")
    described = {
        "kind": "site-plan", "filename": "denah.pdf", "content_type": "application/pdf", "size": len(SMALL_PDF),
        "sha256": hashlib.sha256(SMALL_PDF).hexdigest(),
    }  # fmt: skip

    told = surfer.ask(
        "POST", listed.get("data-announce"), json.dumps(described).encode(), "application/json",
        x_csrf=listed.get("data-csrf"),
    )  # fmt: skip
    announced = json.loads(told.content)
    office.system.aws.upload({"url": announced["url"], "fields": announced["fields"]}, SMALL_PDF, "denah.pdf")
    office.system.aws.settle()
    states = json.loads(surfer.get(listed.get("data-files"), x_csrf=listed.get("data-csrf")).content)

    origin = "/".join(announced["url"].split("/")[:3])
    assert told.status == 201
    assert f"connect-src 'self' {origin}" in page.headers["content-security-policy"]
    assert states["files"]["site-plan"]["state"] == "clean"
    assert states["busy"] is False


def test_the_script_is_told_why_a_file_is_refused(draft: CaseDriver, surf: Surf) -> None:
    surfer = surf("siti")
    (listed,) = surfer.get(f"/apply/{draft.id}/documents").html.xpath("//*[@data-files]")
    described = {
        "kind": "site-plan",
        "filename": "a.png",
        "content_type": "image/png",
        "size": 0,
        "sha256": "x",
    }

    told = surfer.ask(
        "POST", listed.get("data-announce"), json.dumps(described).encode(), "application/json",
        x_csrf=listed.get("data-csrf"),
    )  # fmt: skip

    assert told.status == 422
    assert "PDF" in json.loads(told.content)["message"]


def test_the_script_of_somebody_who_was_signed_out_is_told_so(draft: CaseDriver, surf: Surf) -> None:
    page = surf().ask("POST", f"/apply/{draft.id}/announce", b"{}", "application/json", x_csrf="x")

    assert page.status == 401
    assert json.loads(page.content) == {"signed_out": True}
