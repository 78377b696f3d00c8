"""Takes the pictures that the README shows: ``.venv/bin/python -m tests.browser.photographer``."""

from __future__ import annotations

import base64
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page

from tests.browser.conftest import Street, Window, open_browser, open_street
from tests.browser.places import REVIEWER, furnish
from tests.workflows.stalls import compiled

FOLDER = Path(__file__).with_name("pictures")
QUALITY = 60
PICTURES: tuple[tuple[str, str | None, str, int, int, str], ...] = (
    ("home", None, "/", 1000, 700, "light"),
    ("case", "maria", "/cases/{reviewed}", 1000, 820, "light"),
    ("worklist", REVIEWER, "/tasks", 1000, 700, "light"),
    ("task", REVIEWER, "/tasks/{review}", 1000, 820, "light"),
    ("form", "maria", "/apply/{draft}/3", 390, 760, "light"),
    ("dark", None, "/services/building-permit", 390, 760, "dark"),
)
"""Name, who looks, address, width and height in pixels, colours."""


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as agency,
        open_browser() as browser,
        open_street(compiled(Path(agency))) as street,
    ):
        names = furnish(street.office)
        for name, who, path, width, height, scheme in PICTURES:
            page = _look(browser, street, who, path.format(**names), width, height, scheme)
            (FOLDER / f"{name}.webp").write_bytes(_photograph(page))
            page.context.close()


def _look(
    browser: Browser, street: Street, who: str | None, path: str, width: int, height: int, scheme: str
) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en", color_scheme=scheme,  # type: ignore[arg-type]
    )  # fmt: skip
    window = Window(context.new_page(), street)
    if who:
        window.sign_in(who)
    return window.go(path)


def _photograph(page: Page) -> bytes:
    session = page.context.new_cdp_session(page)
    taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    return base64.b64decode(taken["data"])


if __name__ == "__main__":
    main()
