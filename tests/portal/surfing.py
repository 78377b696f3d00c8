"""Somebody with a browser that has no script: keeps cookies, follows where it is sent, fills in forms."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import lxml.html

from infra.local.office import Office

HOST = "localhost:8000"


@dataclass
class Page:
    """What came back; ``headers`` by their names in small letters, with one value each but for cookies."""

    status: int
    address: str
    headers: dict[str, str]
    cookies: list[str]
    content: bytes

    @property
    def html(self) -> Any:
        return lxml.html.fromstring(self.content.decode(), base_url=self.address)

    @property
    def source(self) -> str:
        return self.content.decode()

    @property
    def text(self) -> str:
        """The words of the page's main part, as they are read."""
        (main,) = self.html.xpath("//main")
        return re.sub(r" (?=[:;,.])", "", " ".join(" ".join(main.itertext()).split()))

    @property
    def heading(self) -> str:
        return " ".join(self.html.xpath("//h1")[0].text_content().split())

    @property
    def errors(self) -> list[str]:
        return [" ".join(one.text_content().split()) for one in self.html.xpath("//*[@class='errors']//li")]

    def links(self) -> list[str]:
        return [str(link) for link in self.html.xpath("//main//a/@href")]

    def form(self, action: str = "", *, place: int = -1) -> Any:
        """Give the last form in the main part whose action ends so."""
        found = [one for one in self.html.xpath("//main//form") if (one.get("action") or "").endswith(action)]
        assert found, f"no form for {action!r} in {self.source}"
        return found[place]


@dataclass
class Surfer:
    """One browser window."""

    office: Office
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)

    def sign_in(self, username: str) -> Surfer:
        page = self.get("/sign-in")
        self.submit(page, "/sign-in", place=0, username=username)
        return self

    def get(self, path: str, **headers: str) -> Page:
        return self.ask("GET", path, **headers)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "",
        *,
        follow: bool = True,
        **headers: str,
    ) -> Page:
        """Ask for an address, and go on where it leads while it stays in this office."""
        page = self._once(method, path, body, content_type, headers)
        while (
            follow and page.status == 303 and not urlsplit(page.headers["location"]).netloc.endswith(":5555")
        ):
            location = page.headers["location"]
            if urlsplit(location).netloc not in ("", HOST):
                break
            parts = urlsplit(urljoin(page.address, location))
            page = self._once("GET", parts.path + (f"?{parts.query}" if parts.query else ""), b"", "", {})
        return page

    def submit(
        self, page: Page, action: str = "", *, place: int = -1, press: str = "", **values: Any
    ) -> Page:
        """Fill in a form and send it; ``press`` is ``name=value`` of the button."""
        form = page.form(action, place=place)
        fields: list[tuple[str, str]] = [
            (name, value) for name, value in form.form_values() if name not in values
        ]
        for name, value in values.items():
            fields += [(name, one) for one in (value if isinstance(value, list) else [value])]
        if press:
            name, _, value = press.partition("=")
            fields.append((name, value))
        path = urlsplit(urljoin(page.address, form.get("action") or page.address)).path
        if (form.get("method") or "get").lower() == "get":
            return self.get(f"{path}?{urlencode(fields)}")
        return self.ask(
            "POST",
            path,
            urlencode(fields).encode(),
            "application/x-www-form-urlencoded",
            referer=page.address,
        )

    def send_file(self, page: Page, kind: str, content: bytes, filename: str, content_type: str) -> Page:
        """Send a file by the form of its kind, as a browser does without a script."""
        form = next(one for one in page.html.xpath("//main//form") if ("kind", kind) in one.form_values())
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in form.form_values()
            if name != "file"
        ]
        head = f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: {content_type}'
        parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        return self.ask("POST", form.get("action"), body, f"multipart/form-data; boundary={boundary}")

    def _once(self, method: str, path: str, body: bytes, content_type: str, more: dict[str, str]) -> Page:
        address, _, query = path.partition("#")[0].partition("?")
        headers = {"accept-language": self.language, "host": HOST, "accept": "text/html"}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            headers |= {
                "content-type": content_type,
                "content-length": str(len(body)),
                "origin": f"http://{HOST}",
            }
        headers |= {name.replace("_", "-").lower(): value for name, value in more.items()}
        status, answered, content = self.office.gateway.handle(method, address, query, headers, body)
        if method != "GET":
            self.office.system.aws.settle()
        self.visited.append(path)
        cookies = [value for name, value in answered if name.lower() == "set-cookie"]
        for cookie in cookies:
            self._keep(cookie)
        flat = {name.lower(): value for name, value in answered}
        return Page(status, f"http://{HOST}{path}", flat, cookies, content)

    def _keep(self, cookie: str) -> None:
        pair, *attributes = cookie.split("; ")
        name, _, value = pair.partition("=")
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
