"""The business licence: issued at once or by law, with the reasons shown, stopped and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.domain.errors import ChecksFailed
from functions.domain.letter import Letter
from functions.steps import check_rules
from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.office import Office
from tests.api.asking import Asker

MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HOSPITAL = {"kbli": "86103", "scale": "large"}


class Reading:
    """A renderer that remembers what it drew."""

    def __init__(self, real: Any) -> None:
        self.real, self.drawn = real, list[Letter]()

    def render(self, letter: Letter, *, draft: bool = False) -> bytes:
        self.drawn.append(letter)
        return bytes(self.real.render(letter, draft=draft))


@pytest.fixture
def office() -> Iterator[Office]:
    with Office(LocalClock(MORNING, frozen=True)) as running:
        yield running


def licence(office: Office, **answers: Any) -> CaseDriver:
    return CaseDriver(office.system, service="business-licence", applicant="griya-nusantara").apply(answers)


@pytest.mark.parametrize(
    ("kbli", "risk"), [("56102", "low"), ("56101", "medium_low"), ("55110", "medium_high"), ("86103", "high")]
)
def test_the_estimate_tells_the_risk_and_what_it_rests_on(office: Office, kbli: str, risk: str) -> None:
    form = Asker(office).get("/v1/services/business-licence").body["form"]["examples"][0] | {"kbli": kbli}

    answer = Asker(office).post("/v1/services/business-licence/estimate", {"form": form})

    assert answer.status == 200
    assert answer.body["computed"]["risk"] == risk
    (found,) = [one for one in answer.body["computations"] if one["name"] == "risk"]
    assert (found["rule"], found["version"], found["inputs"]) == ("business-licence/risk", 1, {"risk": risk})
    assert kbli in found["message"]
    assert found["message"].endswith(f"at this scale: {risk.replace('_', ' ')}.")
    assert answer.body["fee"]["amount"] == 0


def test_a_closed_activity_is_not_eligible(office: Office) -> None:
    form = Asker(office).get("/v1/services/business-licence").body["form"]["examples"][0] | {"kbli": "92000"}

    body = Asker(office).post("/v1/services/business-licence/estimate", {"form": form}).body

    assert (body["eligible"], [one["rule"] for one in body["reasons"]]) == (
        False,
        ["open-to-private-business"],
    )


def test_a_low_risk_business_has_its_signed_number_with_the_answer_to_its_filing(office: Office) -> None:
    asker = Asker(office, "kopi-senja")
    form = asker.get("/v1/services/business-licence").body["form"]["examples"][0]
    case = asker.post("/v1/cases", {"service": "business-licence", "form": form}).body["id"]

    assert asker.post(f"/v1/cases/{case}/submit").status == 202

    shown = asker.get(f"/v1/cases/{case}").body
    assert (shown["status"], shown["tasks"], shown["computed"]["risk"]) == ("approved", [], "low")
    assert [(check["rule"], check["holds"]) for check in shown["checks"]] == [
        ("open-to-private-business", True),
        ("risk-is-known", True),
        ("standards-declared", True),
    ]
    (permit,) = shown["permits"]
    assert (permit["state"], permit["valid_until"]) == ("valid", None)
    assert Asker(office).get(f"/v1/permits/{permit['number']}").body["state"] == "valid"
    (entry,) = Asker(office).get("/v1/register?service=business-licence").body["items"]
    (risk,) = [fact for fact in entry["facts"] if fact["name"] == "risk"]
    assert (risk["value"], risk["text"]) == ("low", "low")
    (entri,) = Asker(office).get("/v1/register?service=business-licence", accept_language="id").body["items"]
    assert [fact["text"] for fact in entri["facts"] if fact["name"] == "risk"] == ["rendah"]
    checked = [
        e for e in asker.get(f"/v1/cases/{case}/history").body["items"] if e["type"] == "rules.checked"
    ]
    assert set(checked[0]["data"]["checks"][0]) == {"rule", "holds", "inputs", "sentence", "law"}


def test_what_the_law_issues_says_so_and_nobody_signs_it(office: Office) -> None:
    reading = Reading(office.system.ports.renderer)
    office.system.ports.__dict__["renderer"] = reading
    case = licence(office, **HOSPITAL)

    case.advance_to(case.task("health").due_at + timedelta(seconds=1))

    assert case.case.status == "approved"
    for letter in reading.drawn:
        assert "Tingkat risiko kegiatan: tinggi." in str(letter.blocks)
        assert "Risk of the activity: high." in str(letter.blocks)
        assert letter.signatory is None
        assert letter.by_law is not None
        assert "operation of law" in letter.by_law.en
        assert "business-licence/health" in letter.by_law.id
    decided = [event for event in case.history if event["type"] == "outcome.decided"]
    assert (decided[0]["actor"], decided[0]["data"]["rule"]) == ("law", "business-licence/health: PP 28/2025")


def test_a_stopped_process_offers_to_resume_for_180_days(office: Office) -> None:
    case = licence(office, **HOSPITAL).act("dinkes/verifier", "approve")
    case.act(
        "dlh/environment", "return", comment="x", data={"documents": [{"kind": "environmental-document"}]}
    )
    case.advance_to(case.task("correct-documents").due_at + timedelta(seconds=1))
    asker = Asker(office, "griya-nusantara")

    assert asker.get(f"/v1/cases/{case.id}").body["status"] == "lapsed"
    assert "resume" in asker.get(f"/v1/cases/{case.id}").body["actions"]

    case.advance(days=179)
    assert "resume" in asker.get(f"/v1/cases/{case.id}").body["actions"]
    case.advance(days=2)
    shown = asker.get(f"/v1/cases/{case.id}").body
    assert (shown["status"], "resume" in shown["actions"], shown["outcome"]["by"]) == (
        "rejected",
        False,
        "law",
    )
    assert "180 calendar days" in shown["outcome"]["reasons"]


def test_a_check_that_failed_fails_the_same_way_when_it_is_called_again(office: Office) -> None:
    case = licence(office, kbli="56101", meets_standards=False)
    step = (
        office.system.ports.catalogue.service("business-licence").process("application").step("requirements")
    )
    request = {
        "case": case.id, "episode": 1, "attempt": 1, "round": 1, "step": "requirements",
        "parameters": {"rules": [rule.model_dump() for rule in step.rules]},
    }  # fmt: skip

    with pytest.raises(ChecksFailed):
        check_rules.handler(request, None)

    assert [one.step for one in case.case.checks] == ["admission", "requirements"]
