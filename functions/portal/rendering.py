"""Turns a template and what it shows into a page: Jinja2, everything escaped, nothing missing unnoticed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from functions.domain import letter
from functions.domain.clock import read_rfc3339
from functions.domain.money import money
from functions.portal import assets, messages, urls

TEMPLATES = Path(__file__).with_name("templates")
HOME_ZONE = "Asia/Jakarta"
_NO_BREAK_SPACE = "\u00a0"

Language = Literal["id", "en"]


@cache
def environment() -> Environment:
    """Give the one environment of all pages."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(url=urls.url, asset=_asset, fresh=lambda: secrets.token_urlsafe(12))
    return made


def render(pages: Environment, template: str, language: Language, context: Mapping[str, Any]) -> str:
    """Give the page in one language."""
    words = Words(language)
    return pages.get_template(template).render(
        {
            "language": language,
            "t": words.t,
            "has_message": messages.has,
            "of": words.of,
            "day": words.day,
            "up_to": words.up_to,
            "cite": words.cite,
            "time": words.time,
            "month": words.month,
            "money": words.money,
            "number": words.number,
            "size": words.size,
            **context,
        }
    )


class Words:
    """How things are written in one language: messages, days, times, money and numbers."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def t(self, name: str, /, **values: Any) -> Markup:
        return messages.say(name, self.language, **values)

    def of(self, text: Any) -> str:
        """Give a text of both languages in this one."""
        return str(text[self.language] if isinstance(text, Mapping) else getattr(text, self.language))

    def day(self, moment: datetime | str | None, zone: str = HOME_ZONE) -> str:
        """Write a day as letters do: ``24 November 2026``."""
        if moment is None:
            return "–"
        return _kept(letter.long_date(_local(moment, zone).date(), self.language))

    def month(self, text: str) -> str:
        """Write a month, such as ``2026-11``: ``November 2026``."""
        return letter.long_date(date.fromisoformat(f"{text}-01"), self.language).partition(" ")[2]

    def time(self, moment: datetime | str | None, zone: str = HOME_ZONE) -> str:
        """Write a day and a time of day with its zone: ``24 November 2026, 14.05 WIB``."""
        if moment is None:
            return "–"
        return _kept(letter.long_time(_local(moment, zone), self.language))

    def up_to(self, moment: datetime | str | None, zone: str = HOME_ZONE) -> str:
        """Write up to when something lasts: the day, and the hour where it ends before the day does."""
        return "–" if moment is None else _kept(letter.until(_local(moment, zone), self.language))

    def cite(self, law: str) -> str:
        return messages.cite(law, self.language)

    def money(self, amount: int, currency: str = "IDR") -> str:
        return money(amount, currency, self.language)

    def number(self, value: float) -> str:
        """Write a number with the separators of the language."""
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"
        return text.translate({ord(","): ".", ord("."): ","}) if self.language == "id" else text

    def size(self, count: int) -> str:
        """Write the size of a file."""
        if count < 1024 * 1024:
            return f"{self.number(max(1, round(count / 1024)))}{_NO_BREAK_SPACE}KB"
        return f"{self.number(round(count / 1024 / 1024, 1))}{_NO_BREAK_SPACE}MB"


def _kept(text: str) -> str:
    """Keep a date, and a time with its zone, on one line each."""
    return text.replace(" ", _NO_BREAK_SPACE).replace(f",{_NO_BREAK_SPACE}", ", ")


def _local(moment: datetime | str, zone: str) -> datetime:
    known = read_rfc3339(moment) if isinstance(moment, str) else moment
    return known.astimezone(ZoneInfo(zone))


def _asset(file: str) -> str:
    return urls.url(f"/static/{assets.name_of(file)}")
