"""The terms of the services that ship: what the law gives an office, an applicant and a bidder, step by step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions.adapters.catalogue import Catalogue
from functions.domain.service import ConsultStep, TaskStep

CATALOGUE = Catalogue()
TERMS = {
    ("business-licence", "application"): {
        "space-consultation": "20 wd", "environment": "10 wd", "correct-documents": "14 d"
    },
    ("business-licence", "resumption"): {"": "180 d"},
    ("business-licence", "appeal"): {"": "21 wd", "decide-appeal": "10 wd"},
    ("hajj-registration", "application"): {"verify": "5 wd"},
    ("business-tax", "appeal"): {"": "3 months"},
    ("business-tax", "audit"): {"": "5 years"},
    ("public-tender", "application"): {
        "objection-window": "5 d", "appeal-window": "5 wd", "appointment": "2 wd", "contract": "14 wd"
    },
    ("tender-bid", "objection"): {"": "5 d", "objection": "3 d"},
    ("tender-bid", "appeal"): {"": "5 wd", "appeal-answer": "14 wd"},
}  # fmt: skip
CLOCKS = {
    "business-licence": "30 wd", "hajj-registration": "5 wd", "business-tax": "1 wd",
    "agency-recommendation": "20 wd",
}  # fmt: skip


def terms(service: str, process: str) -> Iterator[tuple[str, str]]:
    """Each step or task with its term, and under the empty name the term in which the process can be opened."""
    found = CATALOGUE.service(service).process(process)
    yield "", str(found.opens_within)
    for step in found.steps:
        parts = step.of if isinstance(step, TaskStep | ConsultStep) else [step]
        for part in parts:
            yield part.name, str(getattr(part, "within", None))


@pytest.mark.parametrize(("service", "process"), TERMS)
def test_a_step_has_the_term_of_the_law(service: str, process: str) -> None:
    found = dict(terms(service, process))

    assert {name: found[name] for name in TERMS[service, process]} == TERMS[service, process]


def test_a_case_has_the_term_of_the_law() -> None:
    assert {code: str(CATALOGUE.service(code).clock.term) for code in CLOCKS} == CLOCKS
    assert str(CATALOGUE.service("hajj-registration").refunds.within) == "9 d"


def test_the_wait_for_the_pilgrimage_is_about_26_years() -> None:
    """The waiting list of Aceh by its places a year, which every province now has nearly alike."""
    values = CATALOGUE.service("hajj-registration").constants

    assert round(values["national_list"] / values["regular_quota"], 1) == 26.6
    assert values["regular_quota"] + 17_680 == 221_000


def test_the_contract_is_signed_in_the_term_that_the_appointment_names() -> None:
    tender = CATALOGUE.service("public-tender")
    contract = tender.process("application").step("contract")

    assert str(contract.of[0].within) == f"{tender.constants['contract_days']} wd"
    assert "within {{ facts.contract_days }} working days" in tender.permits["appointment"].allows.en


def test_the_map_of_a_recommendation_is_a_pdf_of_5_mb() -> None:
    documents = CATALOGUE.service("agency-recommendation").documents
    (drawn,) = [document for document in documents if document.kind == "location-map"]

    assert (drawn.types, drawn.max_mb) == (("application/pdf",), 5)
