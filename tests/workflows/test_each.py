"""The same for every member of a list, through the real definitions: also as a case of another office for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.domain import each
from functions.domain.errors import LoketError
from functions.domain.service import TaskSpec
from infra.driver import CaseDriver
from infra.local.aws import LocalClock
from infra.local.system import LocalSystem
from tests.builders import MORNING, PERMIT
from tests.workflows.stalls import compiled

CALLED = """
called:
  agreed: {title: {id: Tempat yang direkomendasikan, en: Places recommended}}
  asked: {title: {id: Tempat yang ditanyakan, en: Places asked about}}
"""
ASKED = """
      - consult: surroundings
        title: {{id: Tanyakan lingkungan, en: Ask about the surroundings}}
        join: {join}
        objections: {objections}
{rejected}        of:
          - task: place
            each: facts.places
            at_most: 3
            start: agency-recommendation
            by: dpmptsp/operator
            title: {{id: Rekomendasi lingkungan, en: Environmental recommendation}}
            role: dlh/environment
            within: 20 wd
            silence: no_objection
            form:
              subject: '"Lapak"'
              purpose: '"Lapak di " & item'
              location: item
              area_m2: facts.area_m2
              answer_within: "20"
      - enqueue: ticket
"""
PLACES = """        - name: places
          type: list
          items: text
          max_length: 3
          title: {id: Tempat, en: Places}
          example: [Jalan Melati, Jalan Mawar]
        - name: neighbour
"""


COUNTED = """
      - tally: answers
        title: {id: Hitung rekomendasi, en: Count the recommendations}
        facts:
          agreed: $count(children[status = "approved"])
          asked: $count(children)
          objecting: children[status = "rejected"].form.location
        words:
          id: "{{ facts.agreed }} dari {{ facts.asked }} tempat direkomendasikan."
          en: "{{ facts.agreed }} of {{ facts.asked }} places are recommended."
      - check: enough
        title: {id: Cukupkah rekomendasinya, en: Are there enough recommendations}
        failed: refused
        rules:
          - code: two-of-three
            must: facts.agreed * 3 >= facts.asked * 2
            message:
              id: "Baru {{ facts.agreed }} dari {{ facts.asked }} tempat direkomendasikan."
              en: "Only {{ facts.agreed }} of {{ facts.asked }} places are recommended."
      - enqueue: ticket
"""


def author(tmp_path: Path, join: str, objections: str = "advise", counted: str = "") -> Path:
    """The stall service with a case in the environment office for each place, as its author changes and compiles it."""
    rejected = "        rejected: refused\n" if objections == "reject" else ""
    asked = ASKED.format(join=join, objections=objections, rejected=rejected)
    asked = asked.replace("\n      - enqueue: ticket\n", counted) if counted else asked
    return compiled(
        tmp_path,
        {
            "\n      - enqueue: ticket\n": asked,
            "        - name: neighbour\n": PLACES,
            "  market: form.market\n": "  market: form.market\n  places: form.places\n",
            "  term: 5 wd": "  term: 30 wd",
            "\nprocesses:\n": (CALLED if counted else "") + "\nprocesses:\n",
        },
    )


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return author(tmp_path, *request.param)


@pytest.fixture
def case(folder: Path) -> Iterator[CaseDriver]:
    with LocalSystem(LocalClock(MORNING, frozen=True), services=[folder]) as system:
        driver = CaseDriver(system, service="street-stall").apply(
            {"places": ["Jalan Melati", "Jalan Mawar", "Jalan Kenanga"]}
        )
        yield driver.act("disperindag/verifier", "approve")
        assert system.aws.dead_letters == []


def below(case: CaseDriver) -> list[CaseDriver]:
    return [
        CaseDriver(case.system, service=child.service, case_id=child.id)
        for child in case.case.children.values()
    ]


def recommend(child: CaseDriver, action: str = "approve") -> None:
    child.act("dlh/front-office", "approve")
    child.act("gilang", "no_objection", task="minutes-1").act("kartika", "no_objection", task="minutes-2")
    child.act("dlh/head", action, comment="Terlalu dekat dengan sungai." if action == "reject" else None)


@pytest.mark.parametrize("folder", [("all",)], indirect=True)
def test_each_item_is_a_case_of_its_own_and_all_answers_come_back(case: CaseDriver) -> None:
    children = below(case)

    assert [child.case.form["location"] for child in children if child.case.form] == [
        "Jalan Melati", "Jalan Mawar", "Jalan Kenanga"
    ]  # fmt: skip
    recommend(children[0])
    recommend(children[1])
    assert case.case.status == "in_review"
    recommend(children[2])
    assert case.case.status == "waitlisted"
    tasks = [task for task in case.case.tasks.values() if task.item]
    assert [(task.item, task.action) for task in tasks] == [
        ("Jalan Melati", "no_objection"), ("Jalan Mawar", "no_objection"), ("Jalan Kenanga", "no_objection")
    ]  # fmt: skip
    assert len({task.name for task in tasks}) == 3


@pytest.mark.parametrize("folder", [("any",), ("2",)], indirect=True)
def test_as_many_answers_as_are_waited_for_are_enough_and_the_others_are_called_off(
    case: CaseDriver, folder: Path
) -> None:
    needed = 1 if "join: any" in (folder / "service.yaml").read_text() else 2
    children = below(case)

    for child in children[:needed]:
        assert case.case.status == "in_review"
        recommend(child)

    assert case.case.status == "waitlisted"
    assert [child.case.status for child in children] == ["approved"] * needed + ["withdrawn"] * (3 - needed)


@pytest.mark.parametrize("folder", [("all", "reject")], indirect=True)
def test_one_refusal_of_all_refuses_where_objections_do(case: CaseDriver) -> None:
    children = below(case)
    recommend(children[0])
    recommend(children[1], "reject")
    recommend(children[2])

    assert case.case.status == "rejected"
    assert case.case.outcome
    assert "sungai" in str(case.case.outcome.reasons)


@pytest.mark.parametrize("folder", [("all",)], indirect=True)
def test_an_execution_that_is_driven_again_starts_no_case_twice(case: CaseDriver) -> None:
    recommend(below(case)[0])

    case.redrive()

    assert len(case.case.children) == 3
    for child in below(case)[1:]:
        recommend(child)
    assert case.case.status == "waitlisted"


@pytest.mark.parametrize("folder", [("all", "advise", COUNTED)], indirect=True)
def test_the_cases_that_were_started_are_counted_and_their_outcomes_decide(case: CaseDriver) -> None:
    first = below(case)
    recommend(first[0])
    recommend(first[1], "reject")
    recommend(first[2])
    other = CaseDriver(case.system, service="street-stall", applicant="budi").apply(
        {"places": ["Jalan Melati", "Jalan Mawar", "Jalan Kenanga"], "letter_number": "SKB-20260777"}
    )
    other.act("disperindag/verifier", "approve")
    for child, action in zip(below(other), ("reject", "approve", "reject"), strict=True):
        recommend(child, action)

    found = case.case.found["street-stall/answers"]
    assert (case.case.status, case.case.facts["agreed"], case.case.facts["asked"]) == ("waitlisted", 2, 3)
    assert found["inputs"]["children"] == {
        first[0].id: "approved",
        first[1].id: "rejected",
        first[2].id: "approved",
    }
    assert found["sentence"]["en"] == "2 of 3 places are recommended."
    assert (other.case.status, other.case.facts["objecting"]) == (
        "rejected",
        ["Jalan Melati", "Jalan Kenanga"],
    )
    assert other.case.outcome
    assert other.case.outcome.reasons["en"] == "Only 1 of 3 places are recommended."


# -- the list itself ----------------------------------------------------------------------------------------------

CONSULT = PERMIT.process("application").step("review")
SPEC: TaskSpec = CONSULT.of[0].model_copy(update={"name": "site", "each": "facts.sites", "at_most": 3})  # type: ignore[union-attr]


def listed(*sites: object) -> list[str]:
    return [spec.name for spec, _ in each.asked([SPEC], {"facts": {"sites": list(sites)}, "values": {}})]


def test_a_task_is_named_by_its_item_wherever_it_stands_in_the_list() -> None:
    assert listed("north", "south") == ["site-north", "site-south"]
    assert listed("south", "north") == ["site-south", "site-north"]
    assert listed(1, 2) == ["site-1", "site-2"]
    assert listed("Jalan Melati")[0].startswith("site-")
    assert listed("Jalan Melati") != listed("Jalan Mawar")


def test_an_item_is_asked_for_once_and_nobody_for_no_item() -> None:
    assert listed("north", "north") == ["site-north"]
    assert listed() == []
    assert [item for _, item in each.asked([SPEC], {"facts": {}})] == []
    assert [item for _, item in each.asked([SPEC], {"facts": {"sites": "north"}, "values": {}})] == ["north"]


@pytest.mark.parametrize("sites", [[1, 2, 3, 4], [{"name": "north"}], [True]])
def test_a_list_that_is_longer_than_allowed_or_no_list_is_a_fault(sites: list[object]) -> None:
    with pytest.raises(LoketError, match="`each` of site"):
        listed(*sites)


def test_the_title_of_a_task_says_which_item() -> None:
    spec = each.of(
        SPEC.model_copy(update={"roles": {"south": "dlh/head"}}), "south", {"facts": {}, "values": {}}
    )

    assert spec.title.en == f"{SPEC.title.en}: south"
    assert spec.role == "dlh/head"
