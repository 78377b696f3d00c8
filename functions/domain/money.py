"""Money as people read it: an amount of the currency's minor unit (of rupiah, whole rupiah) as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["id", "en"]

_SYMBOL: Mapping[str, str] = {"IDR": "Rp", "USD": "US$", "EUR": "€"}
# ISO 4217 gives the rupiah two decimals, but no sen has been in use since 1971: amounts are whole rupiah.
_DECIMALS: Mapping[str, int] = {"IDR": 0, "JPY": 0, "KRW": 0, "VND": 0}
_DEFAULT_DECIMALS = 2
_NO_BREAK_SPACE = "\u00a0"
_MINUS = "\u2212"

_TO_ELEVEN = "satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas"
_ONES = ("", *_TO_ELEVEN.split())
_SCALES = ((10**12, "triliun"), (10**9, "miliar"), (10**6, "juta"), (10**3, "ribu"))


def money(amount: int, currency: str = "IDR", lang: Language = "id") -> str:
    """Write an amount with its currency and the language's separators: ``Rp 6.452.586``, ``US$ 1,250.00``."""
    decimals = _DECIMALS.get(currency, _DEFAULT_DECIMALS)
    whole, rest = divmod(abs(amount), 10**decimals)
    figures = f"{whole:,}" + (f".{rest:0{decimals}}" if decimals else "")
    if lang == "id":
        figures = figures.translate({ord(","): ".", ord("."): ","})
    sign = _MINUS if amount < 0 else ""
    return f"{sign}{_SYMBOL.get(currency, currency)}{_NO_BREAK_SPACE}{figures}"


def rupiah_in_words(amount: int) -> str:
    """Spell an amount as Indonesian bills do beside the figure: ``dua ribu rupiah``."""
    spelled = _spell(abs(amount)) or "nol"
    return f"{'minus ' if amount < 0 else ''}{spelled} rupiah"


def _spell(number: int) -> str:
    for scale, name in _SCALES:
        if number >= scale:
            head = "seribu" if (scale, number // scale) == (1000, 1) else f"{_spell(number // scale)} {name}"
            return f"{head} {_spell(number % scale)}".rstrip()
    if number >= 200:
        return f"{_ONES[number // 100]} ratus {_spell(number % 100)}".rstrip()
    if number >= 100:
        return f"seratus {_spell(number - 100)}".rstrip()
    if number >= 20:
        return f"{_ONES[number // 10]} puluh {_spell(number % 10)}".rstrip()
    if number >= 12:
        return f"{_ONES[number - 10]} belas"
    return _ONES[number]
