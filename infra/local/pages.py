"""Pages that only the local system has, in the design of the portal: what they are asked, and how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from jinja2 import Environment

Answer = tuple[int, list[tuple[str, str]], bytes]
TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Asked:
    """One request, as the local gateway has it; ``headers`` by their names in small letters."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes

    @cached_property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.query_string).items()}

    @cached_property
    def _fields(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode("utf-8", "replace"))

    def field(self, name: str) -> str:
        """One value of the form; empty where there is none."""
        return self._fields.get(name, [""])[-1].strip()


class _Request:
    """What a `Visit` asks of a request."""

    def __init__(self, asked: Asked) -> None:
        self.headers = _Headers(asked.headers)
        self.query_params, self.raw_body, self.method = asked.query, asked.body, asked.method
        self.context: dict[str, Any] = {}


class _Headers(dict[str, str]):
    def get(self, name: str, otherwise: Any = None) -> Any:
        return super().get(name.lower(), otherwise)


@cache
def environment() -> Environment:
    from jinja2 import FileSystemLoader

    from functions.portal import messages, rendering

    messages.FOLDERS.append(Path(__file__).with_name("locales"))
    return rendering.environment().overlay(loader=FileSystemLoader([TEMPLATES, rendering.TEMPLATES]))


def page(
    asked: Asked, template: str, shown: Mapping[str, Any], *, status: int = 200, cookies: Sequence[str] = ()
) -> Answer:
    """Draw a page as the portal draws its own."""
    # A system that nobody looks at with a browser loads no template.
    from functions.portal import edge
    from functions.portal.visit import Html, Visit

    visit: Any = Visit(asked.path, _Request(asked))  # type: ignore[arg-type]
    html = Html(template, dict(shown), status=status, cookies=tuple(cookies))
    answer = edge.html(visit, html, environment())
    return answer.status_code, _flat(answer.headers), answer.body.encode()


def see_other(address: str, cookies: Sequence[str] = ()) -> Answer:
    headers = [("Location", address), ("Cache-Control", "no-store")]
    return 303, headers + [("Set-Cookie", cookie) for cookie in cookies], b""


def _flat(headers: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in headers.items()
        for value in (values if isinstance(values, list) else [values])
    ]
