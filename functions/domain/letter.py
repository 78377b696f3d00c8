"""A letter that an agency issues: everything that stands on it, in both languages, before it is drawn.

Indonesian is the legal text (UU 24/2009 Art. 27), English its translation. A letter holds all that decides its
bytes, the moment of creation too, so that the same letter is always the same file.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from functions.domain.money import Language
from functions.domain.service import Model, Text

_MONTHS = {
    lang: names.split()
    for lang, names in {
        "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
        "en": "January February March April May June July August September October November December",
    }.items()
}


class Letterhead(Model):
    """Who writes. ``government`` is the body that the agency belongs to, in Indonesian."""

    government: str | None = None
    agency: Text
    address: tuple[str, ...] = ()


class Signatory(Model):
    """Who signs. ``number`` is the staff number as it is printed, e.g. ``NIP 19750312 200003 1 002``."""

    name: str
    title: Text
    number: str | None = None


class Paragraph(Model):
    kind: Literal["paragraph"] = "paragraph"
    text: Text


class Fact(Model):
    label: Text
    value: str | Text


class Facts(Model):
    kind: Literal["facts"] = "facts"
    title: Text | None = None
    rows: tuple[Fact, ...] = Field(min_length=1)


class FeeItem(Model):
    title: Text
    amount: int


class FeeTable(Model):
    """Amounts in the currency's minor unit; the total is their sum and nothing else."""

    kind: Literal["fee"] = "fee"
    title: Text | None = None
    lines: tuple[FeeItem, ...] = Field(min_length=1)
    currency: str = "IDR"

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)


class Numbered(Model):
    """Conditions of a permit, reasons of a refusal."""

    kind: Literal["numbered"] = "numbered"
    title: Text | None = None
    items: tuple[Text, ...] = Field(min_length=1)


class Note(Model):
    kind: Literal["note"] = "note"
    title: Text | None = None
    text: Text


Block = Annotated[Paragraph | Facts | FeeTable | Numbered | Note, Field(discriminator="kind")]


class Letter(Model):
    """One document. Without a signatory it bears the agency's electronic seal; ``by_law`` is the rule by which
    it was issued through the silence of the agency. ``cosignatories`` sign before the signatory, in this order.
    """

    letterhead: Letterhead
    title: Text
    number: str
    place: str
    date: date
    recipient: tuple[str, ...] = ()
    blocks: tuple[Block, ...]
    signatory: Signatory | None
    cosignatories: tuple[Signatory, ...] = ()
    by_law: Text | None = None
    verification_url: str
    created_at: AwareDatetime

    @property
    def signatories(self) -> tuple[Signatory, ...]:
        """All who sign, the signatory last."""
        return (*self.cosignatories, *([self.signatory] if self.signatory else []))


def long_date(day: date, lang: Language) -> str:
    """Write a date as letters do: ``24 November 2026``, ``5 Mei 2026``."""
    return f"{day.day} {_MONTHS[lang][day.month - 1]} {day.year}"


def long_time(wall: datetime, lang: Language) -> str:
    """Write a moment, given by the clock on a wall, with its zone: ``24 November 2026, 14:05 WIB``."""
    clock = f"{wall:%H.%M}" if lang == "id" else f"{wall:%H:%M}"
    return f"{long_date(wall.date(), lang)}, {clock} {wall.tzname()}"


def until(wall: datetime, lang: Language) -> str:
    """Write up to when something lasts: a day where it lasts to the end of it, else the hour too."""
    return long_date(wall.date(), lang) if f"{wall:%H:%M:%S}" == "23:59:59" else long_time(wall, lang)
