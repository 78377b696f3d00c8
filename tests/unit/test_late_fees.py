"""Fees that grow with delay: the due day, the months that have begun, and how long an amount is right."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from functions.domain import fees
from functions.domain import form as forms
from tests.builders import CATALOGUE

TAX = CATALOGUE.service("business-tax")
CALENDAR = CATALOGUE.calendar("bapenda")


def computed(today: date, **answers: object) -> dict[str, int]:
    form = {**forms.example(TAX, today), **answers}
    context = forms.context_of(TAX, forms.clean(TAX, form), today=today)
    now = datetime(today.year, today.month, today.day, 5, tzinfo=UTC)
    return forms.computed(TAX, fees.at(TAX, context, CALENDAR, now))


@pytest.mark.parametrize(
    ("answers", "due"),
    [
        ({"tax": "food_and_drink", "period": "2026-01"}, "2026-02-13"),
        ({"tax": "hotel", "period": "2026-02"}, "2026-03-13"),
        ({"tax": "final_income", "period": "2026-01", "turnover_year_to_date": 0}, "2026-02-15"),
        ({"tax": "final_income", "period": "2025-12", "turnover_year_to_date": 0}, "2026-01-15"),
    ],
)
def test_a_tax_is_due_ten_working_days_after_its_period_or_on_the_fifteenth(
    answers: dict[str, object], due: str
) -> None:
    assert computed(date(2026, 4, 1), **answers)["due_on"] == due


@pytest.mark.parametrize(
    ("day", "months"),
    [
        ("2026-02-13", 0),
        ("2026-02-14", 1),
        ("2026-03-13", 1),
        ("2026-03-14", 2),
        ("2026-04-13", 2),
        ("2027-02-14", 13),
    ],
)
def test_a_month_that_has_begun_counts(day: str, months: int) -> None:
    assert fees.months_begun(date(2026, 2, 13), date.fromisoformat(day)) == months


def test_a_month_ends_on_its_last_day_where_it_has_no_such_day() -> None:
    assert fees.months_begun(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert fees.months_begun(date(2026, 1, 31), date(2026, 3, 1)) == 2


@pytest.mark.parametrize(
    ("today", "penalty"),
    [
        (date(2026, 2, 13), 0),
        (date(2026, 4, 1), 370_000),
        (date(2028, 2, 13), 4_440_000),
        (date(2029, 1, 1), 4_440_000),
    ],
)
def test_one_per_cent_a_month_and_twenty_four_months_at_most(today: date, penalty: int) -> None:
    found = computed(today, period="2026-01", turnover=185_000_000)

    assert (found["tax"], found["penalty"]) == (18_500_000, penalty)


@pytest.mark.parametrize(
    ("taxpayer", "before", "turnover", "tax"),
    [
        ("individual", 0, 480_000_000, 0),
        ("individual", 0, 1_200_000_000, 3_500_000),
        ("individual", 0, 3_600_000_000, 15_500_000),
        ("individual", 480_000_000, 100_000_000, 400_000),
        ("individual", 900_000_000, 100_000_000, 500_000),
        ("firm", 0, 480_000_000, 2_400_000),
        ("company", 0, 1_200_000_000, 6_000_000),
    ],
)
def test_final_income_tax_frees_the_first_half_billion_of_the_year_for_individuals(
    taxpayer: str, before: int, turnover: int, tax: int
) -> None:
    answers = {
        "tax": "final_income", "taxpayer": taxpayer, "turnover": turnover, "turnover_year_to_date": before,
        "period": "2026-01",
    }  # fmt: skip

    assert computed(date(2026, 2, 3), **answers)["tax"] == tax


@pytest.mark.parametrize(
    ("answers", "rule"),
    [
        ({"turnover": 4_800_000_001, "turnover_year_to_date": 0}, "/turnover"),
        ({"turnover": 800_000_001, "turnover_year_to_date": 4_000_000_000}, "/turnover"),
        ({"taxpayer": "individual", "scheme_year": 8}, "/scheme_year"),
        ({"taxpayer": "firm", "scheme_year": 5}, "/scheme_year"),
        ({"taxpayer": "company", "scheme_year": 4}, "/scheme_year"),
    ],
)
def test_final_income_tax_ends_with_the_turnover_and_with_the_years(
    answers: dict[str, object], rule: str
) -> None:
    today = date(2026, 2, 3)
    form = {**forms.example(TAX, today), "tax": "final_income", "turnover_year_to_date": 0, **answers}

    assert [fault.pointer for fault in forms.faults(TAX, form, today=today)] == [rule]


def test_an_amount_is_right_until_the_next_month_of_delay_begins() -> None:
    context = {"facts": {"tax": "hotel", "period": "2026-01"}}

    def until(day: int, month: int) -> date:
        assert TAX.fee is not None
        found = fees.right_until(TAX.fee, context, CALENDAR, datetime(2026, month, day, 5, tzinfo=UTC))
        assert found is not None
        return CALENDAR.day_of(found)

    assert (until(3, 2), until(14, 2), until(13, 3), until(14, 3)) == (
        date(2026, 2, 13),
        date(2026, 3, 13),
        date(2026, 3, 13),
        date(2026, 4, 13),
    )


def test_each_result_says_what_it_rests_on() -> None:
    today = date(2026, 4, 1)
    form = {**forms.example(TAX, today), "period": "2026-01"}
    context = forms.context_of(TAX, forms.clean(TAX, form), today=today)

    found = {
        one["name"]: one
        for one in forms.explained(TAX, fees.at(TAX, context, CALENDAR, datetime(2026, 4, 1, 5, tzinfo=UTC)))
    }

    assert found["tax"]["rule"] == "business-tax/tax"
    assert (found["tax"]["version"], found["tax"]["value"]) == (TAX.version, 18_500_000)
    assert found["tax"]["inputs"]["turnover"] == 185_000_000
    assert found["months_late"]["inputs"] == {"months_late": 2}
    assert "2" in found["months_late"]["sentence"]["en"]
