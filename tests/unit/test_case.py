"""A case is the fold of its history: every status, and what each event does to it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from functions.domain import case as cases
from functions.domain import episodes, history
from functions.domain.case import Case, Commit, Request, StepRecord, Writer
from tests.builders import CASE_ID, HOUSE, MORNING, STAGES, Walk, calendar_of, case_in


def test_every_event_of_the_published_language_has_its_effect():
    assert set(cases._APPLY) == set(events.TYPES)


@pytest.mark.parametrize("status", STAGES)
def test_a_case_can_be_in_every_status(status: str):
    assert case_in(status).case.status == status


@pytest.mark.parametrize("status", STAGES)
def test_folding_the_stored_commits_gives_the_state_that_the_commands_saw(status: str):
    walk = STAGES[status]()

    assert Case.of(CASE_ID, walk.commits) == walk.case


@pytest.mark.parametrize("status", STAGES)
def test_the_history_of_every_way_verifies(status: str):
    assert history.verify(case_in(status).history) == []


def test_the_version_is_the_number_of_the_last_event():
    walk = Walk().create().bring("id-card")

    assert walk.case.version == len(walk.history) == 4


def test_form_values_and_names_of_files_stand_beside_the_history():
    walk = Walk().submitted()
    told = json.dumps(walk.history)

    assert HOUSE["owner_name"] not in told
    assert HOUSE["address"] not in told
    assert "id-card.pdf" not in told
    assert walk.case.form == HOUSE


def test_without_the_personal_content_the_state_still_folds():
    walk = Walk().approved()
    bare = [replace(commit, private={}) for commit in walk.commits]

    case = Case.of(CASE_ID, bare)

    assert case.form is None
    assert case.contact == {}
    assert (case.status, case.number, list(case.permits)) == (
        "approved", walk.case.number, list(walk.case.permits),
    )  # fmt: skip


def test_an_erasure_keeps_the_chain_and_takes_the_content():
    walk = Walk().approved()
    walk.do("tuti", lambda writer: episodes.erase(writer, "retention"))
    bare = [replace(commit, private={}) for commit in walk.commits]

    case = Case.of(CASE_ID, bare)

    assert case.erased
    assert case.form is None
    assert history.verify([event.as_dict() for commit in bare for event in commit.events]) == []


def test_results_of_steps_are_found_by_their_key_with_the_facts_that_they_left():
    walk = Walk().submitted()
    commit = replace(walk.commits[-1], step=StepRecord("1/fee/1", {"error": "NotEligible"}))

    case = Case.of(CASE_ID, [*walk.commits[:-1], commit])

    assert case.results == {"1/fee/1": {"facts": walk.case.facts, "error": "NotEligible"}}


def test_facts_are_remembered_as_they_were_after_each_commit():
    walk = Walk().correction(("/floor_area_m2",))
    opened, asked = walk.case.episodes[0].seq, walk.task("technical-review").version
    walk.patch(floor_area_m2=99).act("correct-plans", "resubmit").open("review")

    case = Case.of(CASE_ID, walk.commits)

    assert [case.facts_at(seq)["floor_area_m2"] for seq in (opened, asked)] == [90, 90]
    assert case.facts_at(walk.task("correct-plans").version)["floor_area_m2"] == 99
    assert case.facts_at(case.version) == case.facts


def test_a_writer_sees_its_own_events_before_they_are_stored():
    writer = Writer(Case(CASE_ID), actor="siti", now=MORNING)
    created = events.CaseCreated(
        service="building-permit", version=1, agency="dpmptsp", applicant="siti", form=history.digest({})
    )

    writer.add(created, {"form": {}})

    assert writer.case.applicant == "siti"
    assert writer.commit(request=Request("k", "d")) == Commit(
        tuple(writer.commit().events), {"1": {"form": {}}}, Request("k", "d")
    )


def test_facts_and_rankings_of_before_rules_were_told_with_them_still_count():
    walk = Walk().submitted()
    noted = events.FactsNoted(episode=1, step="count", noted=["bids"], facts={**walk.case.facts, "bids": 2})
    made = {
        "criteria": ["price"],
        "weights": [1.0],
        "ties": [],
        "scores": [],
        "ranking": [{"child": "c", "rank": 1}],
    }
    ranked = events.RankingMade(episode=1, step="rank", round=1, rule="s/rank", version=1, **made)

    walk.do("system", lambda writer: (writer.add(noted), writer.add(ranked)))

    assert "rule" not in noted.plain()
    assert "sentence" not in ranked.plain()
    assert (walk.case.facts["bids"], walk.case.ranking[0]["rank"]) == (2, 1)
    assert list(walk.case.found) == ["s/rank"]


def test_events_of_one_commit_are_chained():
    walk = Walk().submitted()
    submitted, opened = walk.commits[-1].events

    assert opened.prev == submitted.hash
    assert submitted.prev == walk.commits[-2].events[-1].hash


def test_ids_of_parts_name_the_case_and_count_on():
    walk = Walk().submitted()

    assert list(walk.case.documents) == [f"{CASE_ID}.d1", f"{CASE_ID}.d2", f"{CASE_ID}.d3"]


def test_a_redrive_gives_the_status_back_in_which_the_case_was_parked():
    walk = Walk().correction().park()

    walk.do("sri", lambda writer: episodes.redrive(writer, "mended"))

    assert walk.case.status == "awaiting_applicant"
    assert walk.case.episodes[0].attempt == 2
    assert walk.case.parked is None


def test_a_payment_that_came_while_the_case_was_parked_counts_after_the_redrive():
    walk = Walk().payment().park()
    walk.pay()

    walk.do("sri", lambda writer: episodes.redrive(writer, "mended"))

    assert walk.case.status == "in_review"


def test_an_applicant_can_go_on_mending_while_the_case_is_parked():
    walk = Walk().correction(("/floors",)).park()

    walk.patch(floors=2)

    assert walk.case.form == HOUSE | {"floors": 2}


def test_returns_of_one_round_are_asked_for_together():
    two = Walk(HOUSE | {"floors": 2, "function": "business"}).review()
    first = two.task("technical-review").key

    two.returned(("/floors",), ("site-plan",))

    assert two.case.correction is not None
    assert two.case.correction.wait == first
    assert two.case.correction.fields == {"/floors": "Look again."}
    assert two.case.correction.documents == {"site-plan": "Not legible."}


def test_what_was_asked_in_an_episode_that_ended_is_not_asked_in_the_next():
    walk = (
        Walk()
        .review()
        .act("technical-review", "return", comment="x", data={"fields": [{"pointer": "/floors"}]})
    )
    walk.do("sri", lambda writer: episodes.withdraw(writer, walk.service, "no"))
    walk.do("sri", lambda writer: episodes.reopen(writer, walk.service, calendar_of, "again"))
    walk.open("completeness").act("completeness", "approve").open("review")

    walk.act("technical-review", "return", comment="x", data={"fields": [{"pointer": "/address"}]})

    assert walk.case.correction is not None
    assert list(walk.case.correction.fields) == ["/address"]


@given(st.integers(0, 3), st.integers(1, 400))
def test_time_in_a_history_never_goes_back_even_when_the_clock_does(step: int, seconds: int):
    walk = Walk().create()
    walk.at(MORNING - timedelta(seconds=seconds * step)).bring("id-card")

    assert [fault for fault in history.verify(walk.history) if fault.kind == "time"] == []
