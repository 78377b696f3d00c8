"""Shapes that several resources share: a clock, a term, money, and the texts that people write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from functions.api.http import Answer, Body, Language
from functions.domain import fees
from functions.domain.clock import LegalClock, Term, rfc3339
from functions.domain.service import Service

LONGEST_TEXT = 5000


def _printable(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t\r" for character in text):
        raise PydanticCustomError("control", "control characters")
    return text


def _moment(text: str) -> str:
    try:
        return rfc3339(read_moment(text))
    except (ValueError, OverflowError):
        raise PydanticCustomError("moment", "not an RFC 3339 time") from None


Prose = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_printable)]
"""What a person writes to another."""

Moment = Annotated[
    str, Field(max_length=40, json_schema_extra={"format": "date-time"}), AfterValidator(_moment)
]
"""An RFC 3339 time with its zone; read into UTC."""

Name = Annotated[str, Field(min_length=1, max_length=128)]


class FaultAnswer(Answer):
    """``pointer`` is a JSON Pointer; in a form it is relative to the form. A bad query names its ``parameter``."""

    pointer: str | None = None
    parameter: str | None = None
    message: str


class Problem(Answer):
    """RFC 9457. Besides: ``errors`` names every fault of the content, ``rule`` the rule that says no, ``by`` and ``at``
    who was first and when."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[FaultAnswer] | None = None


class Reason(Body):
    """Why; it is kept with the case, and the applicant can read it."""

    reason: Prose


class ClockAnswer(Answer):
    """The legal clock. ``working_days`` is null for a term that is not counted in them."""

    started_at: str | None
    due_at: str | None
    working_days: int | None
    used: int
    paused_days: int
    state: Literal["not_started", "running", "paused", "overdue", "stopped"]
    sentence: str


class TermAnswer(Answer):
    """A length of time; ``duration`` is ISO 8601, which has no working days: those are null."""

    term: str = Field(examples=["28 wd"])
    words: str
    working_days: int | None
    duration: str | None = Field(examples=["P30D"])


class LineAnswer(Answer):
    code: str
    title: str
    amount: int


class FeeAnswer(Answer):
    """Money in whole units of its currency, and how it came about: ``inputs`` is what the rule read."""

    amount: int
    currency: str
    lines: list[LineAnswer]
    rule: str | None = None
    version: int | None = None
    law: str | None = None
    inputs: dict[str, Any] | None = None
    message: str | None = None


class ComputationAnswer(Answer):
    """What a named result, or what a step has found, rests on: the rule with its service's version, and what it reads.

    ``value`` and ``message`` are null once the answers that they rest on are erased.
    """

    name: str
    value: Any
    rule: str
    version: int
    law: str | None
    inputs: dict[str, Any]
    message: str | None


def computation_answers(
    found: Iterable[tuple[str, Mapping[str, Any]]], language: Language
) -> list[ComputationAnswer]:
    """Show named results, and what steps have found, by their names."""
    return [
        ComputationAnswer(
            name=name,
            value=one.get("value"),
            rule=one["rule"],
            version=one["version"],
            law=one.get("law"),
            inputs={**one["inputs"], **one.get("answers", {})},
            message=one["sentence"][language] if one.get("sentence") else None,
        )
        for name, one in found
    ]


def clock_answer(clock: LegalClock, now: datetime, language: Language) -> ClockAnswer:
    view = clock.view(now)
    return ClockAnswer.model_validate(view | {"sentence": view["sentence"][language]})


def term_answer(term: Term, language: Language) -> TermAnswer:
    letters = {"d": "P{}D", "h": "PT{}H", "months": "P{}M", "years": "P{}Y"}
    return TermAnswer(
        term=str(term),
        words=term.words[language],
        working_days=term.amount if term.unit == "wd" else None,
        duration=letters[term.unit].format(term.amount) if term.unit in letters else None,
    )


def fee_answer(fee: Mapping[str, Any], service: Service, language: Language) -> FeeAnswer:
    said = fee.get("sentence")
    return FeeAnswer(
        amount=fee["amount"],
        currency=fee["currency"],
        lines=line_answers(fee["lines"], service, language),
        rule=fee.get("rule"),
        version=fee.get("version"),
        law=fee.get("law"),
        inputs=fee.get("inputs"),
        message=said[language] if said else None,
    )


def line_answers(
    lines: Iterable[Mapping[str, Any]], service: Service, language: Language
) -> list[LineAnswer]:
    titled = fees.titled(service.fee, lines, language) if service.fee else []
    return [LineAnswer.model_validate(line) for line in titled]


def moment(at: datetime | None) -> str | None:
    return rfc3339(at) if at else None


def read_moment(text: str) -> datetime:
    """Read an RFC 3339 time in any zone. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or found.year < 1900:
        raise ValueError("no time zone, or no time of ours")
    return found
