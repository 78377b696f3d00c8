"""The supervisor's pages: handing over, extending, driving on, revoking, each with a reason."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from functions.adapters.catalogue import WORKFLOWS, Catalogue
from functions.domain import episodes
from functions.portal import colleagues
from infra.driver import CaseDriver, people, user
from infra.local.office import Office
from tests.portal.surfing import Page, Surfer

pytestmark = pytest.mark.xdist_group("back-office")
Surf = Callable[..., Surfer]
SUPERVISOR = "sri"
AUDITING = (people().holders("bapenda/supervisor")[0].username, "id")
SVG = "{http://www.w3.org/2000/svg}"


def test_hands_a_task_to_somebody(case: CaseDriver, surf: Surf) -> None:
    surfer = surf(SUPERVISOR)
    task, to = case.task("completeness"), people().holders("pupr/secretariat")[1].username
    page = surfer.get(f"/tasks/{task.id}")
    assert surfer.submit(page, "/assign", to="").errors == ["Write a colleague's username."]
    assert page.html.xpath(f"//datalist/option[@value='{to}']") == []
    unseen = surfer.submit(page, "/assign", to=to)
    assert unseen.errors[0].startswith(
        "Nobody of this name has signed in with this role in the last 90 days."
    )
    assert case.task("completeness").assignee is None

    surf(to)
    page = surfer.get(f"/tasks/{task.id}")
    (known,) = page.html.xpath(f"//datalist/option[@value='{to}']")
    assert known.text == user(to).name
    page = surfer.submit(page, "/assign", to=to)

    assert "The task was handed over." in page.text
    assert case.task("completeness").assignee == to
    page = surfer.submit(unseen, "/assign", to="newcomer")
    assert page.errors
    page = surfer.submit(page, "/assign")
    assert case.task("completeness").assignee == "newcomer"
    assert page.status == 200


def test_a_role_is_lent_to_who_is_known_and_a_sign_fades(office: Office, surf: Surf) -> None:
    lender, colleague = (people().holders("pupr/tpt")[place].username for place in (0, 1))
    surf(colleague)
    listed = f"//datalist/option[@value='{colleague}']"

    assert surf(lender).get("/delegations").html.xpath(listed)
    now = office.system.aws.clock.now()
    assert colleague in {
        one.username for one in colleagues.of(user(lender), {"pupr/tpt"}, now + timedelta(days=89))
    }
    assert colleagues.of(user(lender), {"pupr/tpt"}, now + colleagues.LASTS) == []


def test_reads_the_worklist_of_a_role_that_is_overseen(case: CaseDriver, surf: Surf) -> None:
    surfer = surf(SUPERVISOR)

    assert "/tasks?role=pupr%2Fsecretariat" in surfer.get("/tasks").links()
    page = surfer.get("/tasks?role=pupr%2Fsecretariat")

    assert f"/tasks/{case.task('completeness').id}" in page.links()
    assert surf("hendra").get("/tasks?role=pupr%2Fsecretariat").status == 403


def test_extends_the_term_with_a_reason(reviewed: CaseDriver, surf: Surf) -> None:
    surfer = surf(SUPERVISOR)
    address = f"/cases/{reviewed.id}/acts/extend"
    assert address in surfer.get(f"/cases/{reviewed.id}").links()
    page = surfer.submit(surfer.get(address), "/extend", amount="soon", reason="Rain.")
    assert page.errors == ["Write the length as a number."]

    page = surfer.submit(page, "/extend", amount="5", reason="Rain.")

    assert "The term was extended." in page.text
    assert "clock.extended" in reviewed.types


def test_drives_on_only_what_stands_still(office: Office, reviewed: CaseDriver, surf: Surf) -> None:
    surfer = surf(SUPERVISOR)
    assert surfer.get(f"/cases/{reviewed.id}/acts/redrive").status == 409
    assert surfer.get(f"/cases/{reviewed.id}/acts/dance").status == 404
    assert "None stands still." in surfer.get("/attention").text
    reviewed.command(
        SUPERVISOR, "read", lambda writer, service: episodes.park(writer, attempt=1, state="", error="")
    )

    page = surfer.get("/attention")
    assert f"/cases/{reviewed.id}/acts/redrive" in page.links()
    page = surfer.submit(surfer.get(f"/cases/{reviewed.id}/acts/redrive"), "/redrive", reason="Mended.")

    assert "The process was driven on." in page.text
    assert "case.redriven" in reviewed.types


def test_revokes_a_permit(granted: CaseDriver, surf: Surf) -> None:
    surfer = surf(SUPERVISOR)
    page = surfer.get(f"/cases/{granted.id}/acts/revoke")
    assert surfer.submit(page, "/revoke", reason=" ").status == 422

    page = surfer.submit(page, "/revoke", reason="It was built elsewhere.")

    assert "The permit was revoked." in page.text
    assert [permit.state for permit in granted.case.permits.values()] == ["revoked"]


def test_who_is_no_supervisor_does_none_of_it(case: CaseDriver, surf: Surf) -> None:
    officer = surf("hendra")

    assert officer.get("/attention").status == 403
    assert officer.get(f"/cases/{case.id}/acts/extend").status == 409
    assert "/acts/" not in officer.get(f"/cases/{case.id}").source
    assert "/acts/" not in surf("siti").get(f"/cases/{case.id}").source


def test_a_supervisor_lends_the_roles_of_a_colleague(office: Office, surf: Surf) -> None:
    surfer = surf(SUPERVISOR)
    absent, deputy = (one.username for one in people().holders("dpmptsp/operator")[:2])
    page = surfer.get("/delegations?lang=id")
    assert page.heading == "Limpahkan peran saat cuti"

    page = surfer.submit(
        page, "/delegations", user=absent, to=deputy, role=["dpmptsp/operator"], until="2026-03-31"
    )

    assert "Peran sudah dilimpahkan." in page.text
    standing = office.system.ports.delegations.standing(absent)
    assert standing is not None
    assert standing["to"] == deputy
    office.system.ports.delegations.end(absent)


def test_sees_where_time_is_lost(granted: CaseDriver, surf: Surf) -> None:
    surfer = surf(SUPERVISOR)
    assert "/services/building-permit/pace" in surfer.get("/attention").links()

    page = surfer.get("/services/building-permit/pace")

    assert page.heading == "Where time is lost"
    assert "Check completeness" in page.text
    groups = [one.text_content() for one in page.html.xpath("//th[@scope='rowgroup']")]
    assert groups[:2] == ["Application for a building permit", "Appeal against a refusal"]
    assert "Building secretariat, Public Works Office" in page.text
    assert page.html.xpath("//main//figure/*[@role='img']") != []
    table = surfer.get("/services/building-permit/pace.csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert surf("hendra").get("/services/building-permit/pace").status == 403
    assert surfer.get("/services/building-permit/pace?from=x").status == 422


def states(page: Page) -> dict[str, str]:
    rows = [
        [" ".join(cell.text_content().split()) for cell in row] for row in page.html.xpath("//main//tbody/tr")
    ]
    return {title: state for title, state, _ in rows}


def test_sees_a_running_case_drawn_on_its_process(billed: CaseDriver, surf: Surf) -> None:
    surfer = surf(SUPERVISOR)
    address = f"/cases/{billed.id}/process"
    assert address in surfer.get(f"/cases/{billed.id}").links()

    page = surfer.get(address)

    told = states(page)
    assert told["Check completeness"] == "passed"
    assert told["Pay the fee"] == "under way"
    assert told["Sign the permit"] == "to come"
    assert told["Correct the plans"] == "not reached"
    (source,) = page.html.xpath("//main//img/@src")
    picture = surfer.get(source)
    svg = ET.fromstring(picture.content)
    assert picture.headers["content-type"].startswith("image/svg+xml")
    marked = {
        group.get("id"): " ".join(group.itertext()).strip()
        for group in svg.iter(f"{SVG}g")
        if group.get("id")
    }
    assert marked["application.completeness"].endswith("passed")
    assert marked["application.bill"].endswith("under way")
    assert marked["application.sign-permit"].endswith("to come")
    words = svg.find(f"{SVG}desc")
    assert words is not None
    assert "Pay the fee: under way." in (words.text or "")


def test_rounds_are_counted_in_the_picture(returned: CaseDriver, surf: Surf) -> None:
    returned.patch(floors=1).bring("site-plan")
    returned.act("applicant", "resubmit")

    told = states(surf(SUPERVISOR).get(f"/cases/{returned.id}/process"))

    assert told["Correct the plans"] == "passed"
    assert told["Review the plans and consult the offices"] == "under way (2 times)"


def test_a_case_is_drawn_on_the_version_that_it_follows(
    billed: CaseDriver, office: Office, surf: Surf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, folder = WORKFLOWS / "building-permit", tmp_path / "building-permit"
    (folder / "versions").mkdir(parents=True)
    compiled = (old / "service.json").read_text(encoding="utf-8")
    number = billed.service.version
    newer = compiled.replace(f'"version": {number},', f'"version": {number + 1},', 1)
    (folder / "service.json").write_text(newer, encoding="utf-8")
    (folder / "versions" / f"{number}.json").write_text(compiled, encoding="utf-8")
    monkeypatch.setitem(office.system.ports.__dict__, "catalogue", Catalogue(more=[folder]))
    surfer, address = surf(SUPERVISOR), f"/cases/{billed.id}/process"

    page = surfer.get(address)
    assert f"follows version {number} of its service" in page.text
    assert "No picture of that version was kept." in page.text
    assert page.html.xpath("//main//img") == []
    assert surfer.get(f"{address}.svg").status == 404

    shutil.copy(old / "diagram.en.svg", folder / "versions" / f"{number}.en.svg")
    (source,) = surfer.get(address).html.xpath("//main//img/@src")
    assert b"under way" in surfer.get(source).content


def test_a_case_of_others_is_not_drawn(billed: CaseDriver, surf: Surf) -> None:
    assert surf("budi").get(f"/cases/{billed.id}/process").status == 404
    assert surf("budi").get(f"/cases/{billed.id}/process.svg").status == 404


def test_what_was_found_is_written_on_the_page_that_opens_an_audit(office: Office, surf: Surf) -> None:
    case = CaseDriver(office.system, service="business-tax", applicant="sinar-jaya").apply()
    case.pay()
    before = case.case.form or {}
    surfer, address = surf(*AUDITING), f"/cases/{case.id}/acts/reopen"
    page = surfer.get(address)
    assert page.heading == "Pemeriksaan dan ketetapan kurang bayar"
    asked = {name for name in page.html.xpath("//main//form//@name") if not name.startswith("_")}
    assert asked == {*case.service.process("audit").changes, "reason"}

    page = surfer.submit(page, "/reopen", turnover="banyak", reason="")
    assert page.status == 422
    assert page.errors[0].endswith(": Harus bilangan bulat.")
    assert page.errors[1:] == ["Beri alasan."]
    assert {"#f-turnover", "#f-reason"} < set(page.links())
    assert page.html.xpath("//input[@name='turnover']/@value") == ["banyak"]

    page = surfer.submit(page, "/reopen", turnover="2.500.000.000", reason="Omzet di kasir.")

    assert page.status == 200
    assert case.case.form == before | {"turnover": 2_500_000_000}
    assert [task.name for task in case.case.open_tasks()] == ["examine"]
    assert surf("sinar-jaya").get(address).status == 409
