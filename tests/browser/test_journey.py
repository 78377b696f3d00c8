"""A citizen carries a building permit from the home page to the signed document, with a script and without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from infra.driver import SMALL_PDF, CaseDriver
from tests.browser.conftest import Street, Window
from tests.portal import ways

pytestmark = pytest.mark.xdist_group("browser")
Open = Callable[..., Window]
GO_ON = {"en": "Save and continue", "id": "Simpan dan lanjutkan"}
BUILDING = {
    "work": "new", "function": "business", "complexity": "simple", "permanence": "permanent", "ownership": "private",
}  # fmt: skip


def find_and_begin(page: Page, language: str) -> str:
    """From the home page by the search to the first question; gives the case."""
    page.fill("#q", "PBG")
    page.press("#q", "Enter")
    page.get_by_role("link", name="PBG").first.click()
    page.get_by_role(
        "link", name={"en": "Start an application", "id": "Mulai permohonan"}[language]
    ).first.click()
    page.get_by_role("button", name={"en": "Start", "id": "Mulai"}[language], exact=True).click()
    page.wait_for_url("**/apply/*/1")
    return page.url.split("/")[4]


def answer(page: Page, language: str) -> None:
    go_on = page.get_by_role("button", name=GO_ON[language])
    page.fill("[name=owner_name]", "Siti Rahmawati")
    go_on.click()
    page.fill("[name=address]", "Jalan Melati No. 12, Sukamaju")
    go_on.click()
    for name, value in BUILDING.items():
        page.check(f"[name={name}][value={value}]")
    page.fill("[name=floor_area_m2]", "240")
    page.fill("[name=floors]", "2")
    go_on.click()
    page.wait_for_url("**/4")
    go_on.click()
    page.wait_for_url("**/documents")


def bring(page: Page, street: Street, *, script: bool) -> None:
    for kind in ("id-card", "land-title", "site-plan"):
        file: Any = {"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": SMALL_PDF}
        page.set_input_files(f"#f-{kind}", file)
        if not script:
            page.click(f"#d-{kind} button")
            page.wait_for_url(f"**#d-{kind}")
    for kind in ("id-card", "land-title", "site-plan"):
        expect(page.locator(f"#d-{kind} .tag.good")).to_be_visible()


def submit(page: Page, language: str) -> str:
    page.get_by_role("link", name=GO_ON[language]).click()
    page.get_by_role(
        "button", name={"en": "Submit the application", "id": "Ajukan permohonan"}[language]
    ).click()
    page.wait_for_url("**/receipt")
    return page.locator(".receipt .number").inner_text()


def correct(page: Page, case: CaseDriver, street: Street, language: str, *, script: bool) -> None:
    ways.give_back(ways.review(case))
    page.goto(f"{street.url}/cases/{case.id}")
    page.get_by_role("link", name={"en": "Correct it now", "id": "Perbaiki sekarang"}[language]).click()
    page.locator(".tasks a").first.click()
    page.fill("[name=floors]", "1")
    page.get_by_role("button", name=GO_ON[language]).click()
    page.wait_for_url("**/documents")
    file: Any = {"name": "denah.pdf", "mimeType": "application/pdf", "buffer": SMALL_PDF}
    page.set_input_files("#f-site-plan", file)
    if not script:
        page.click("#d-site-plan button")
        page.wait_for_url("**#d-site-plan")
    expect(page.locator("#d-site-plan .tag.good")).to_be_visible()
    page.get_by_role("link", name=GO_ON[language]).click()
    page.get_by_role("button", name={"en": "Send the correction", "id": "Kirim perbaikan"}[language]).click()
    page.wait_for_url(f"**/cases/{case.id}?sent=correction")


def pay(page: Page, case: CaseDriver, street: Street, language: str) -> None:
    for task in case.case.open_tasks():
        case.act(task.role, "approve", task=task.name)
    case.act("pupr/head", "approve", task="statement")
    page.goto(f"{street.url}/cases/{case.id}")
    page.get_by_role("link", name={"en": "Pay now", "id": "Bayar sekarang"}[language]).click()
    page.locator("button[value=paid]").click()
    page.wait_for_url(f"**/cases/{case.id}")


def download(page: Page, case: CaseDriver, street: Street) -> bytes:
    case.act("dpmptsp/head", "approve", task="sign-permit")
    page.goto(f"{street.url}/cases/{case.id}")
    expect(page.locator(".panel.good h2")).to_be_visible()
    with page.expect_download() as saved:
        page.locator(".panel.good .button").click()
    return Path(saved.value.path()).read_bytes()


@pytest.mark.parametrize(
    ("script", "language", "width"),
    [(True, "en", 1280), (False, "id", 360)],
    ids=["with a script", "without a script, in Indonesian, on a small screen"],
)
def test_a_citizen_carries_a_permit_from_home_to_the_signed_document(
    window: Open, street: Street, script: bool, language: str, width: int
) -> None:
    shown = window(script=script, language=language, width=width)
    page = shown.sign_in("siti")

    case = CaseDriver(street.office.system, case_id=find_and_begin(page, language))
    answer(page, language)
    bring(page, street, script=script)
    number = submit(page, language)
    correct(page, case, street, language, script=script)
    pay(page, case, street, language)
    pdf = download(page, case, street)

    assert number == case.case.number
    assert pdf.startswith(b"%PDF-")
    assert case.case.status == "approved"
    page.get_by_role(
        "link", name={"en": "Its public verification page", "id": "Halaman verifikasi umum"}[language]
    ).click()
    expect(page.locator(".verdict.good")).to_be_visible()


def test_the_form_goes_by_the_keyboard_alone(window: Open, street: Street) -> None:
    shown = window()
    page = shown.sign_in("budi")
    shown.go("/services/building-permit/start")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")

    _tab_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/1")
    _tab_to(page, "main form .acts button")
    page.keyboard.press("Enter")
    expect(page.locator(".errors")).to_be_focused()
    _tab_to(page, ".errors a")
    page.keyboard.press("Enter")
    expect(page.locator("[name=owner_name]")).to_be_focused()
    page.keyboard.type("Budi Santoso")
    page.keyboard.press("Enter")
    page.wait_for_url("**/2")
    _tab_to(page, "[name=address]")
    page.keyboard.type("Jalan Kenanga 3")
    _tab_to(page, "main form .acts button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/3")
    _tab_to(page, "[name=function]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")

    assert page.locator("[name=function]:checked").get_attribute("value") == "business"
    expect(page.locator("[data-saved]")).to_have_text("Saved.")


def _tab_to(page: Page, selector: str, most: int = 60) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"no way by the keyboard to {selector}")


def test_answers_are_kept_as_they_are_given_and_raise_their_questions(window: Open, street: Street) -> None:
    shown = window()
    page = shown.sign_in("wayan")
    case = CaseDriver(street.office.system, applicant="wayan").file()
    shown.go(f"/apply/{case.id}/4")
    expect(page.locator("[data-field=infrastructure]")).to_be_hidden()

    page.fill("[name=infrastructure_volume]", "20")
    page.keyboard.press("Tab")
    expect(page.locator("[data-field=infrastructure]")).to_be_visible()
    page.check("[name=infrastructure][value=pavement]")
    expect(page.locator("[data-saved]")).to_have_text("Saved.")
    page.reload()

    assert page.locator("[name=infrastructure]:checked").get_attribute("value") == "pavement"
    assert case.case.form["infrastructure_volume"] == 20

    page.context.set_offline(True)
    page.fill("[name=infrastructure_volume]", "30")
    page.keyboard.press("Tab")
    expect(page.locator("[data-saved]")).to_contain_text("Not saved: the connection is lost.")
    shown.errors.clear()


def test_a_file_that_the_store_does_not_get_can_be_sent_again(window: Open, street: Street) -> None:
    shown = window()
    page = shown.sign_in("wayan")
    case = CaseDriver(street.office.system, applicant="wayan").file()
    shown.go(f"/apply/{case.id}/documents")
    file: Any = {"name": "ktp.pdf", "mimeType": "application/pdf", "buffer": SMALL_PDF}

    page.route(f"{street.store}/**", lambda route: route.abort())
    page.set_input_files("#f-id-card", file)
    expect(page.locator("#d-id-card .fault[data-fault]")).to_contain_text("The file did not arrive")
    expect(page.locator("#d-id-card .tag")).to_have_text("Not sent yet")
    shown.errors.clear()
    page.unroute(f"{street.store}/**")
    page.set_input_files("#f-id-card", file)

    expect(page.locator("#d-id-card .tag.good")).to_have_text("Accepted")
    expect(page.locator("#d-id-card .fault[data-fault]")).to_be_hidden()


RECORD_PROGRESS = """bar => {
    window.seen = [];
    new MutationObserver(() => window.seen.push([bar.hidden, bar.value])).observe(bar, {attributes: true});
}"""


def test_how_far_a_file_has_gone_is_shown_while_it_is_sent(window: Open, street: Street) -> None:
    shown = window()
    page = shown.sign_in("wayan")
    case = CaseDriver(street.office.system, applicant="wayan").file()
    shown.go(f"/apply/{case.id}/documents")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 500_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.locator("#d-id-card progress").evaluate(RECORD_PROGRESS)

    content = SMALL_PDF + b"%" + b"x" * 400_000
    page.set_input_files("#f-id-card", {"name": "ktp.pdf", "mimeType": "application/pdf", "buffer": content})
    expect(page.locator("#d-id-card .tag.good")).to_have_text("Accepted")

    seen = page.evaluate("window.seen")
    assert any(0 < value < 100 for hidden, value in seen if not hidden)
    assert [value for _, value in seen] == sorted(value for _, value in seen)
    assert seen[-1] == [True, 100]


def test_a_button_that_is_pressed_twice_sends_once(window: Open, street: Street) -> None:
    shown = window()
    page = shown.sign_in("wayan")
    case = CaseDriver(street.office.system, applicant="wayan").apply()
    shown.go(f"/cases/{case.id}")
    page.fill("#f-text", "Hello.")
    button = page.locator("form[action$=messages] button")
    page.evaluate(
        "addEventListener('beforeunload', () => { sessionStorage.said = document.activeElement.textContent })"
    )

    button.dblclick()
    page.wait_for_url("**sent=message#messages")

    assert len(case.case.messages) == 1
    assert page.evaluate("sessionStorage.said") == "One moment…"
