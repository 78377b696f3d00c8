"""Questions as a page asks them, and answers as a browser sends them.

FormField + stored answer ─▶ Question (label, kind of input, value as people write it)
text that was typed       ─▶ answer of the field's type, or the text itself, which then is a fault
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from functions.domain.clock import rfc3339
from functions.domain.letter import long_date
from functions.domain.money import money
from functions.domain.service import FormField
from functions.portal import messages
from functions.portal.rendering import HOME_ZONE, Words

Language = Literal["id", "en"]
MOST_RADIOS = 7
"""With more options than these a list to choose from is easier to survey."""

_HOME = ZoneInfo(HOME_ZONE)
_AUTOCOMPLETE = {"email": "email", "phone": "tel"}


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    chosen: bool = False


@dataclass
class Question:
    """One question on a page. ``kind`` is ``radios``, ``checks``, ``select``, ``area``, or the type of an input."""

    name: str
    label: str
    kind: str
    value: str = ""
    hint: str = ""
    note: str = ""
    """What an officer wrote about the answer."""
    fault: str = ""
    required: bool = True
    hidden: bool = False
    options: Sequence[Choice] = ()
    mode: str = ""
    prefix: str = ""
    width: str = ""
    autocomplete: str = ""
    longest: int | None = None
    rows: int = 3

    @property
    def id(self) -> str:
        return f"f-{self.name}"


def question(asked: FormField, answer: Any, language: Language, *, currency: str = "IDR") -> Question:
    """Make the question of a field, with the answer that is stored."""
    words = Words(language)
    made = Question(
        name=asked.name,
        label=words.of(asked.title),
        kind=_KINDS.get(asked.type, "text"),
        hint=words.of(asked.help) if asked.help else "",
        required=asked.required,
        value=typed(asked, answer, language),
        autocomplete=_AUTOCOMPLETE.get(asked.type, ""),
        longest=asked.max_length if asked.type in ("text", "long_text") else None,
    )
    if asked.type in ("boolean", "choice"):
        made.options = _options(asked, answer, language)
        made.kind = "radios" if len(made.options) <= MOST_RADIOS else "select"
    elif asked.type in ("integer", "money", "number"):
        made.mode, made.width = "decimal" if asked.type == "number" else "numeric", "w-short"
        made.prefix = money(0, currency, language).split("\u00a0")[0] if asked.type == "money" else ""
    elif asked.type in ("date", "month", "moment"):
        made.width = "w-mid"
        made.hint = made.hint or str(words.t(f"form.{asked.type}_hint"))
    elif asked.type == "list" and asked.options:
        made.options, made.kind = _options(asked, answer, language), "checks"
    elif asked.type == "list":
        made.rows, made.hint = 4, made.hint or str(words.t("form.list_hint"))
    return made


_KINDS = {
    "long_text": "area",
    "list": "area",
    "email": "email",
    "phone": "tel",
    "date": "date",
    "month": "month",
    "moment": "datetime-local",
}


def _options(asked: FormField, answer: Any, language: Language) -> list[Choice]:
    if asked.type == "boolean":
        pairs = [("true", messages.say("form.yes", language)), ("false", messages.say("form.no", language))]
        said = "" if answer is None else str(answer).lower()
        return [Choice(value, str(label), value == said) for value, label in pairs]
    return [
        Choice(
            str(option.value),
            getattr(option.title, language),
            option.value in answer if isinstance(answer, list) else option.value == answer,
        )
        for option in asked.options
    ]


# -- from an answer to text


def typed(asked: FormField, answer: Any, language: Language) -> str:
    """Give an answer as it stands in an input; what could not be read stands there as it was typed."""
    if answer is None:
        return ""
    if isinstance(answer, list):
        return "\n".join(str(item) for item in answer)
    if asked.type == "number" and isinstance(answer, float) and language == "id":
        return str(answer).replace(".", ",")
    if asked.type == "money" and isinstance(answer, int):
        return Words(language).number(answer)
    if asked.type == "boolean":
        return str(answer).lower()
    if asked.type == "moment":
        return _moment_typed(str(answer))
    return str(answer)


def _moment_typed(answer: str) -> str:
    """Give a moment as a clock on the wall shows it, in the form that browsers ask for."""
    try:
        local = datetime.fromisoformat(answer)
    except ValueError:
        return answer
    # Without a zone it was refused, and is shown as it was typed.
    home = local.astimezone(_HOME) if local.tzinfo else local
    return home.replace(tzinfo=None).isoformat(timespec="minutes")


def in_words(asked: FormField, answer: Any, language: Language, *, currency: str = "IDR") -> str:
    """Give an answer as people read it: the option's title, a date, money."""
    if answer is None or answer == "":
        return str(messages.say("form.unanswered", language))
    if asked.type == "boolean":
        return str(messages.say("form.yes" if answer is True else "form.no", language))
    if asked.type == "choice":
        return next((getattr(o.title, language) for o in asked.options if o.value == answer), str(answer))
    if asked.type == "list" and isinstance(answer, list):
        titles = {option.value: getattr(option.title, language) for option in asked.options}
        return ", ".join(str(titles.get(item, item)) for item in answer)
    try:
        return _WRITTEN.get(asked.type, _as_it_is)(answer, language, currency)
    except (TypeError, ValueError):
        return str(answer)


def _as_it_is(answer: Any, language: Language, currency: str) -> str:
    return str(answer)


def _number_written(answer: Any, language: Language, currency: str) -> str:
    return Words(language).number(answer)


def _money_written(answer: Any, language: Language, currency: str) -> str:
    return money(int(answer), currency, language)


def _date_written(answer: Any, language: Language, currency: str) -> str:
    from datetime import date

    return long_date(date.fromisoformat(answer), language)


def _moment_written(answer: Any, language: Language, currency: str) -> str:
    return Words(language).time(datetime.fromisoformat(answer))


def _month_written(answer: Any, language: Language, currency: str) -> str:
    return _date_written(f"{answer}-01", language, currency).partition(" ")[2]


_WRITTEN = {
    "integer": _number_written,
    "number": _number_written,
    "money": _money_written,
    "date": _date_written,
    "month": _month_written,
    "moment": _moment_written,
}


# -- from text to an answer


def answers(
    fields: Iterable[FormField], sent: Mapping[str, Sequence[str]], language: Language
) -> dict[str, Any]:
    """Read what was sent for these fields; ``None`` takes an answer away. What was not sent is left out."""
    return {
        one.name: read(one, "\n".join(sent[one.name]) if one.type == "list" else sent[one.name][-1], language)
        for one in fields
        if one.name in sent
    }


def read(asked: FormField, text: str, language: Language) -> Any:
    """Read one answer of the field's type; the text itself where it is none, so that it is named as a fault."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        return None
    match asked.type:
        case "integer" | "money" | "number":
            return _number(text, language)
        case "boolean":
            return {"true": True, "false": False}.get(text, text)
        case "choice":
            return next((option.value for option in asked.options if str(option.value) == text), text)
        case "moment":
            return _moment(text)
        case "list":
            lines = [line.strip() for line in text.split("\n") if line.strip()]
            if asked.options:
                known = {str(option.value): option.value for option in asked.options}
                return [known.get(line, line) for line in lines]
            numeric = asked.items in ("integer", "number")
            return [_number(line, language) if numeric else line for line in lines]
    return text


def _moment(text: str) -> str:
    """Read a moment: a time without a zone is the office's own."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return text
    return rfc3339(local if local.tzinfo else local.replace(tzinfo=_HOME))


def _number(text: str, language: Language) -> int | float | str:
    """Read a number as it is written in the language: ``1.250,5`` in Indonesian, ``1,250.5`` in English.

    A lone separator that cannot group thousands is taken for the decimal one, whichever it is.
    """
    plain = re.sub(r"[\s\u00a0]|^Rp\.?", "", text)
    group, decimal = (".", ",") if language == "id" else (",", ".")
    if re.fullmatch(rf"-?\d{{1,3}}(\{group}\d{{3}})+(\{decimal}\d+)?", plain):
        plain = plain.replace(group, "")
    plain = plain.replace(",", ".")
    if re.fullmatch(r"-?\d{1,16}", plain):
        return int(plain)
    return float(plain) if re.fullmatch(r"-?\d{1,16}\.\d{1,10}", plain) else text
