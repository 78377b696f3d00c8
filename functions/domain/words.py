"""What the texts of a service may speak of: a case in one language, with dates and amounts as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from functions.domain import letter, queues
from functions.domain.case import Case
from functions.domain.clock import Calendar
from functions.domain.expression import fill
from functions.domain.money import money
from functions.domain.service import Service, Text

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, Language] = ("id", "en")


def context(
    case: Case, service: Service, calendar: Calendar, language: Language, *, personal: bool, **more: Any
) -> dict[str, Any]:
    """Give the values that ``{{ }}`` in a text may name; without ``personal`` the form is left out.

    ``more`` adds what the text is about: ``task``, ``payment``, ``permit``, ``link``.
    """
    form = dict(case.form or {})
    known: dict[str, Any] = {
        "case": {
            "id": case.id,
            "number": case.number,
            "service": getattr(service.title, language),
            "submitted_on": day(case.submitted_at, calendar, language),
            "decided_on": day(case.outcome.at if case.outcome else None, calendar, language),
        },
        "facts": facts(case.facts, service, calendar, language),
        "titles": titles(service, form, language),
        "values": service.constants,
        "fee": dict(case.fee or {}),
        "form": form if personal else {},
        "issued": {permit.kind.replace("-", "_"): permit.number for permit in case.permits.values()},
        "queue": _queue(case, service, language),
        "refund": _refund(case, calendar, language),
    }
    if personal:
        known["computed"] = {name: one.get("value") for name, one in case.computed.items()}
    return {**known, **more}


def _queue(case: Case, service: Service, language: Language) -> dict[str, Any]:
    """The number in line, with the words for its region and its category."""
    queue = case.queue
    if queue is None:
        return {}
    region = queues.regions(service).get(queue.region, {})
    return {
        "number": queue.number,
        "region": region.get(language, queue.region),
        "category": queues.titles(service)[queue.category][language],
    }


def _refund(case: Case, calendar: Calendar, language: Language) -> dict[str, Any]:
    ordered = case.refunds[-1] if case.refunds else None
    if ordered is None:
        return {}
    return {
        "amount": amount(ordered.amount, ordered.currency, language),
        "due_on": day(ordered.due_at, calendar, language),
    }


def titles(service: Service, form: Mapping[str, Any], language: Language) -> dict[str, str]:
    """Give the words for the chosen options of a form: ``{"function": "Dwelling"}``."""
    found = {}
    for field in service.form.fields:
        for option in field.options:
            if form.get(field.name) == option.value:
                found[field.name] = getattr(option.title, language)
    return found


def day(moment: datetime | None, calendar: Calendar, language: Language) -> str | None:
    """Write the day of a moment in the agency's time zone."""
    return letter.long_date(calendar.day_of(moment), language) if moment else None


def until(moment: datetime, calendar: Calendar, language: Language) -> str:
    """Write up to when a term lasts by the agency's clock: the day, and the hour where it ends before the day does."""
    return letter.until(moment.astimezone(calendar.zone), language)


def facts(
    known: Mapping[str, Any], service: Service, calendar: Calendar, language: Language
) -> dict[str, Any]:
    """Give facts as texts say them: one that is named like a moment of the form is written by the agency's clock."""
    moments = {field.name for field in service.form.fields if field.type == "moment"}
    return {
        name: moment(value, calendar, language) if name in moments else value for name, value in known.items()
    }


def moment(value: Any, calendar: Calendar, language: Language) -> Any:
    """Write an RFC 3339 moment: ``24 November 2026, 14:05 WIB``; anything else stays as it is."""
    try:
        return letter.long_time(datetime.fromisoformat(value).astimezone(calendar.zone), language)
    except (TypeError, ValueError):
        return value


def amount(value: int, currency: str, language: Language) -> str:
    return money(value, currency, language)


Said = str | Mapping[str, str]
"""What was said: an officer's own words, or a sentence of the service in both languages."""


def said(words: Said, language: Language) -> str:
    return words if isinstance(words, str) else words[language]


def both(text: Text, contexts: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Fill a text in both languages, each from its own context."""
    return {"id": fill(text.id, contexts["id"]), "en": fill(text.en, contexts["en"])}
