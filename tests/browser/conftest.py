"""A real browser before the whole office: Debian's Chromium, driven by Playwright, over HTTP on the loopback."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from waitress import create_server

from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.browser.walker import ByKeyboard, Walker
from tests.builders import MORNING
from tests.workflows.stalls import compiled

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 20_000
"""Milliseconds; a slow machine is no failure."""


@dataclass
class Street:
    """The office as it is reached from the street; ``store`` is where files go."""

    office: Office
    url: str
    store: str


@dataclass
class Window:
    """One browser window, and what went wrong in it."""

    page: Page
    street: Street
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    bytes: dict[str, int] = field(default_factory=dict)

    def go(self, path: str) -> Page:
        self.page.goto(self.street.url + path)
        return self.page

    def sign_in(self, username: str) -> Page:
        self.go("/sign-in")
        self.page.fill("[name=username]", username)
        self.page.press("[name=username]", "Enter")
        self.page.wait_for_url(self.street.url + "/")
        return self.page


@contextmanager
def open_browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("Chromium is missing. `make test` installs it; by hand: apt-get install -y chromium")
    with sync_playwright() as playwright:
        # Whoever runs this in a container is often root, for whom Chromium has no sandbox.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def open_street(*services: Path) -> Iterator[Street]:
    """Open the office, with these services (folders) beside those that ship."""
    port, aws_port = _free_port(), _free_port()
    clock = LocalClock(MORNING, frozen=True)
    with Office(clock, port=port, aws_port=aws_port, services=services) as office:
        server = create_server(office.gateway, host="127.0.0.1", port=port, threads=8, ident=None)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield Street(office, f"http://localhost:{port}", office.system.aws.endpoint)
        server.close()
        server.task_dispatcher.shutdown()
        thread.join(timeout=5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file: its driver keeps an event loop running in which no other test could start one."""
    with open_browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def street(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """One service more is there than ships, as it does what those do not: it draws lots."""
    with open_street(compiled(tmp_path_factory.mktemp("agency"))) as street:
        yield street


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def window(browser: Browser, street: Street) -> Iterator[Callable[..., Window]]:
    """Open a window: ``window(width=360, script=False, language="id", scheme="dark")``.

    At the end nothing may have been asked of another host, and no script may have failed.
    """
    opened: list[tuple[BrowserContext, Window]] = []

    def open_(
        *, width: int = 1280, script: bool = True, language: str = "en", scheme: str = "light"
    ) -> Window:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=script, locale=language,
            color_scheme=scheme, accept_downloads=True,  # type: ignore[arg-type]
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        window = Window(context.new_page(), street)
        _watch(window)
        opened.append((context, window))
        return window

    yield open_
    for context, window in opened:
        context.close()
        assert window.foreign == []
        assert window.errors == []


@pytest.fixture(
    params=[(Walker, True, "en", 1280), (Walker, False, "id", 360), (ByKeyboard, True, "id", 1280)],
    ids=["with a script", "without a script, in Indonesian, on a small screen", "by the keyboard alone"],
)
def walker(window: Callable[..., Window], street: Street, request: pytest.FixtureRequest) -> Walker:
    """Somebody at each kind of browser, or with nothing but its keys."""
    kind, script, language, width = request.param
    walker: Walker = kind(window(script=script, language=language, width=width), language, script)
    return walker


def _watch(window: Window) -> None:
    ours = {urlsplit(window.street.url).netloc, urlsplit(window.street.store).netloc}

    def asked(request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.netloc not in ours:
            window.foreign.append(request.url)

    def said(message: Any) -> None:
        # A page of status 422 or 404 is an answer like any other here.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            window.errors.append(message.text)

    window.page.on("request", asked)
    window.page.on("console", said)
    window.page.on("pageerror", lambda error: window.errors.append(str(error)))
