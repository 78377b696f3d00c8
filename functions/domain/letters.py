"""From a case to the letter that its service describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.domain import words
from functions.domain.case import Case
from functions.domain.clock import Calendar
from functions.domain.expression import evaluate
from functions.domain.letter import (
    Block,
    Fact,
    Facts,
    FeeItem,
    FeeTable,
    Letter,
    Letterhead,
    Note,
    Numbered,
    Paragraph,
    Signatory,
)
from functions.domain.service import Agency, LetterBlock, LetterFact, LetterRow, Service, Text

LANGUAGES = words.LANGUAGES
Contexts = Mapping[str, Mapping[str, Any]]


def compose(
    case: Case,
    service: Service,
    agency: Agency,
    calendar: Calendar,
    *,
    letter: str,
    number: str,
    signatory: Signatory | None,
    cosignatories: tuple[Signatory, ...] = (),
    reasons: words.Said | None,
    now: datetime,
    url: str,
    by_law: Text | None = None,
    valid_until: datetime | None = None,
    children: Sequence[Mapping[str, Any]] = (),
    written: Mapping[str, Mapping[str, str]] | None = None,
) -> Letter:
    """Give the letter named ``letter``, filled from the case; ``reasons`` are the officers' own words.

    ``written`` are the paragraphs that the official who signs has written, by name and language.

    ``children`` are the cases filed below this one, for blocks that say something of each that was opened.

    The letter of a permit is drawn before the permit is recorded: ``number`` and ``valid_until`` are to be its own.
    """
    described = service.letters[letter]
    contexts = contexts_of(case, service, calendar, number=number, now=now, valid_until=valid_until)
    blocks: list[Block] = []
    for block in described.blocks:
        built = (
            _rows(block.each, contexts, children)
            if block.each
            else _built(block, case, service, contexts, reasons, written or {})
        )
        blocks += built
    return Letter(
        letterhead=Letterhead(government=agency.government, agency=agency.name, address=(agency.address,)),
        title=described.title,
        number=number,
        place=agency.place,
        date=calendar.day_of(now),
        recipient=tuple(line for line in (case.contact.get("name"),) if line),
        blocks=tuple(blocks),
        signatory=signatory,
        cosignatories=cosignatories,
        by_law=by_law,
        verification_url=url,
        created_at=now,
    )


def contexts_of(
    case: Case,
    service: Service,
    calendar: Calendar,
    *,
    number: str,
    now: datetime,
    valid_until: datetime | None = None,
) -> Contexts:
    """Give in each language what the texts of a letter may speak of; dates of the permit are its own."""
    return {
        language: words.context(
            case, service, calendar, language, personal=True,
            permit={
                "number": number, "issued_on": words.day(now, calendar, language),
                "valid_until": words.day(valid_until, calendar, language),
            },
        )
        for language in LANGUAGES
    }  # fmt: skip


def _built(
    block: LetterBlock,
    case: Case,
    service: Service,
    contexts: Contexts,
    reasons: words.Said | None,
    written: Mapping[str, Mapping[str, str]],
) -> list[Block]:
    if block.written:
        own, standing = written.get(block.written.name), block.written.text
        text = Text(**own) if own else filled(standing, contexts) if standing else None
        return [Paragraph(text=text)] if text else []
    if block.paragraph:
        return [Paragraph(text=filled(block.paragraph, contexts))]
    if block.facts:
        return [Facts(rows=tuple(_fact(fact, contexts) for fact in block.facts))]
    if block.fee:
        return _fee(case, service)
    if block.reasons:
        id_, en = (words.said(reasons or "", language).split("\n") for language in LANGUAGES)
        items = tuple(Text(id=a, en=b) for a, b in zip(id_, en, strict=False) if a.strip() and b.strip())
        return [Numbered(items=items)] if items else []
    if block.conditions:
        return [Numbered(items=tuple(filled(condition, contexts) for condition in block.conditions))]
    if block.imposed:
        imposed = tuple(Text(id=line, en=line) for line in case.conditions)
        return [Paragraph(text=filled(block.imposed, contexts)), Numbered(items=imposed)] if imposed else []
    return [Note(text=filled(block.note, contexts))] if block.note else []


def _rows(row: LetterRow, contexts: Contexts, children: Sequence[Mapping[str, Any]]) -> list[Block]:
    rows = []
    for child in children:
        if child["opened"]:
            own: Contexts = {language: {**contexts[language], "child": child} for language in LANGUAGES}
            rows.append(
                _fact(LetterFact(label=filled(row.label, own), value=row.value, money=row.money), own)
            )
    return [Facts(rows=tuple(rows))] if rows else []


def _fact(fact: LetterFact, contexts: Contexts) -> Fact:
    id_, en = (_value(fact.value, fact.money, language, contexts) for language in LANGUAGES)
    return Fact(label=fact.label, value=id_ if id_ == en else Text(id=id_, en=en))


def _fee(case: Case, service: Service) -> list[Block]:
    if not case.fee or not service.fee or not case.fee["lines"]:
        return []
    titles = {line.code: line.title for line in service.fee.lines}
    lines = tuple(FeeItem(title=titles[line["code"]], amount=line["amount"]) for line in case.fee["lines"])
    return [FeeTable(lines=lines, currency=case.fee["currency"])]


def filled(text: Text, contexts: Contexts) -> Text:
    """Fill a text in both languages."""
    return Text(**words.both(text, contexts))


def _value(expression: str, is_money: bool, language: words.Language, contexts: Contexts) -> str:
    value = evaluate(expression, contexts[language])
    if value is None:
        return "–"
    return words.amount(int(value), "IDR", language) if is_money else str(value)
