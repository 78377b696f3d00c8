"""What a rule has read, in words that people know: no code of the service's language reaches a page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from functions.adapters.catalogue import Catalogue
from functions.portal import messages
from functions.portal.cases import inputs_in_words
from functions.portal.visit import Visit


def visit(language: Any) -> Visit:
    def say(name: str, /, **values: Any) -> str:
        return str(messages.say(name, language, **values))

    def text(both: Any) -> str:
        return str(getattr(both, language))

    return cast("Visit", SimpleNamespace(language=language, t=say, text=text))


@pytest.mark.parametrize(
    ("code", "inputs", "english", "indonesian"),
    [
        (
            "business-licence",
            {"risk": "medium_high", "facts.self_declared": True},
            "Level of risk: medium high; The standards are declared to be met: Yes",
            "Tingkat risiko: menengah tinggi; Standar dinyatakan terpenuhi: Ya",
        ),
        ("hajj-registration", {"waited_months": 14}, "months waited: 14", "bulan menunggu: 14"),
        ("business-tax", {"months_late": 2}, "months late: 2", "bulan terlambat: 2"),
        (
            "hajj-registration",
            {"age": 41, "today": "2026-03-02"},
            "Age: 41; today: 2026-03-02",
            "Usia: 41; hari ini: 2026-03-02",
        ),
        ("building-permit", {"floors": 2}, "Number of floors: 2", "Jumlah lantai: 2"),
        ("building-permit", {"an_old_name": None}, "an old name: –", "an old name: –"),
    ],
)
def test_what_a_rule_has_read_is_called_as_people_call_it(
    code: str, inputs: dict[str, Any], english: str, indonesian: str
) -> None:
    service = Catalogue().service(code)

    assert inputs_in_words(visit("en"), service, inputs) == english
    assert inputs_in_words(visit("id"), service, inputs) == indonesian
