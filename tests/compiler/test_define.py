"""Compiling: a proven process becomes a definition that reads as prose and carries no personal data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.domain.case import Task
from functions.domain.clock import Term
from functions.domain.expression import evaluate
from functions.domain.waits import reminder_at
from infra.compiler.define import RETRY, VARIABLES, define
from infra.compiler.normalise import normalise, service_of
from infra.compiler.read import read_text
from tests.compiler.small import SERVICE, Change, changed

ROUTE = """      - choose: route
        title: {id: Pilih, en: "Large?"}
        branches: [{when: facts.size = "large" and facts.area > 5, then: levy}]
        then: granted
      - assess: levy
"""


def definitions(*changes: Change) -> dict[str, dict[str, Any]]:
    return define(service_of(normalise(read_text(changed(SERVICE, *changes)))))


def states(*changes: Change) -> dict[str, Any]:
    found: dict[str, Any] = definitions(*changes)["application"]["States"]
    return found


def parameters_of(found: dict[str, Any]) -> dict[str, Any]:
    payloads = {name: state["Arguments"]["Payload"] for name, state in found.items() if "Arguments" in state}
    return {name: payload["parameters"] for name, payload in payloads.items() if "parameters" in payload}


def catches(state: dict[str, Any]) -> dict[str, str]:
    return {error: catcher["Next"] for catcher in state["Catch"] for error in catcher["ErrorEquals"]}


def test_each_process_has_a_definition() -> None:
    found = definitions()

    assert list(found) == ["application", "appeal"]
    assert all(definition["QueryLanguage"] == "JSONata" for definition in found.values())
    assert found["appeal"]["Comment"].startswith("Small permit: Appeal.")


def test_states_stand_in_walking_order() -> None:
    assert list(states()) == [
        "Take up the case", "Check", "Ask for advice", "Assess", "Pay", "Sign", "Grant", "Refuse", "Lapse", "Mend",
        "Ended: granted", "Ended: refused", "Ended: lapsed",
        "Closed elsewhere", "Call for attention", "Needs attention",
    ]  # fmt: skip


def test_the_first_state_takes_the_ids_and_the_facts() -> None:
    first = states()["Take up the case"]

    assert first["Type"] == "Pass"
    assert first["Assign"] == {
        "case": "{% $states.context.Execution.Input.case %}",
        "episode": "{% $states.context.Execution.Input.episode %}",
        "attempt": "{% $states.context.Execution.Input.attempt %}",
        "facts": "{% $states.context.Execution.Input.facts %}",
        "round": 1,
        "wake": 0,
    }


def test_a_task_waits_for_its_token() -> None:
    state = states()["Check"]
    payload = state["Arguments"]["Payload"]

    assert state["Resource"] == "arn:aws:states:::lambda:invoke.waitForTaskToken"
    assert state["Arguments"]["FunctionName"] == "${OpenTasks}"
    assert (payload["step"], payload["token"]) == ("check", "{% $states.context.Task.Token %}")
    assert payload["timeout"] == state["TimeoutSeconds"]
    assert set(payload) == {"case", "episode", "attempt", "round", "step", "token", "timeout", "parameters"}


def test_the_parameters_of_a_step_travel_in_its_state() -> None:
    parameters = parameters_of(states())

    assert [task["name"] for task in parameters["Ask for advice"]["tasks"]] == ["judge", "hear"]
    assert parameters["Ask for advice"]["supervisors"] == ["office/boss"]
    assert (parameters["Ask for advice"]["join"], parameters["Ask for advice"]["objections"]) == (
        "all",
        "advise",
    )
    assert parameters["Mend"] == {
        "title": {"id": "Perbaiki", "en": "Mend"}, "within": "14 d", "rounds": 3, "clock_pauses": True,
    }  # fmt: skip
    assert parameters["Pay"] == {
        "title": {"id": "Bayar", "en": "Pay"},
        "within": "14 d",
        "clock_pauses": False,
    }
    assert parameters["Assess"]["fee"]["values"]["price"]["value"] == 1000
    assert parameters["Grant"]["issue"]["permit"]["prefix"] == "SML"
    assert parameters["Refuse"] == {
        "result": "rejected", "title": {"id": "Tolak", "en": "Refuse"}, "issue": {},
        "letter": "refusal", "needs_payment": False, "opens": None,
    }  # fmt: skip


def test_a_process_without_the_clock_pauses_none() -> None:
    change = (
        "    title: {id: Permohonan, en: Application}\n",
        "    title: {id: Permohonan, en: Application}\n    clock: false\n",
    )

    assert not parameters_of(states(change))["Mend"]["clock_pauses"]


def test_verdicts_are_caught_by_name() -> None:
    found = states()

    assert list(catches(found["Ask for advice"]).items()) == [
        ("Returned", "Mend"),
        ("Rejected", "Refuse"),
        ("StillTime", "Ask for advice"),
        ("States.Timeout", "Ask for advice"),
        ("States.HeartbeatTimeout", "Ask for advice"),
        ("Superseded", "Closed elsewhere"),
        ("CaseClosed", "Closed elsewhere"),
        ("States.ALL", "Call for attention"),
    ]
    assert "Rejected" not in catches(found["Check"])
    assert catches(found["Mend"])["Lapsed"] == "Lapse"
    assert catches(found["Mend"])["RoundsExhausted"] == "Refuse"
    assert catches(found["Pay"])["Lapsed"] == "Lapse"


def test_a_state_that_has_still_time_sleeps_until_the_next_moment() -> None:
    state = states()["Check"]
    still = next(catcher for catcher in state["Catch"] if catcher["ErrorEquals"] == ["StillTime"])
    timeout = state["TimeoutSeconds"][2:-2].replace("$wake", "wake")

    assert still["Assign"] == {"wake": "{% $number($states.errorOutput.Cause) %}"}
    assert evaluate(timeout, {"wake": 7}) == 7
    assert evaluate(timeout, {"wake": 0}) == Term.parse("1 wd").lower_bound_seconds()


def test_the_shortest_term_of_a_consultation_rings_first() -> None:
    shortest = Term.parse("5 wd").lower_bound_seconds()

    assert str(shortest) in states()["Ask for advice"]["TimeoutSeconds"]


@pytest.mark.parametrize("title", ["Mend", "Pay"])
def test_an_applicants_wait_rings_no_later_than_the_reminder(title: str) -> None:
    first = evaluate(states()[title]["TimeoutSeconds"][2:-2].replace("$wake", "wake"), {"wake": 0})
    opened = datetime(2026, 1, 5, 16, 59, 59, tzinfo=UTC)
    due = datetime(2026, 1, 19, 16, 59, 59, tzinfo=UTC)

    task = Task("c.t1", 1, "mend", 1, "mend", "correct", "applicant", opened, due)

    assert opened + timedelta(seconds=first) <= reminder_at(task)


def test_only_a_correction_counts_a_round() -> None:
    counting = [name for name, state in states().items() if "round" in state.get("Assign", {})]

    assert counting == ["Take up the case", "Mend"]
    assert states()["Mend"]["Assign"]["round"] == "{% $round + 1 %}"


def test_a_step_that_answers_at_once_gives_the_facts_on() -> None:
    state = states()["Assess"]

    assert state["Resource"] == "arn:aws:states:::lambda:invoke"
    assert state["Arguments"]["FunctionName"] == "${AssessFee}"
    assert state["Assign"] == {"facts": "{% $states.result.Payload.facts %}"}
    assert state["TimeoutSeconds"] == 120
    assert "token" not in state["Arguments"]["Payload"]


def test_an_outcome_ends_in_a_state_of_its_own() -> None:
    found = states()

    assert found["Grant"]["Arguments"]["FunctionName"] == "${RecordOutcome}"
    assert found["Grant"]["Next"] == "Ended: granted"
    assert found["Ended: granted"]["Type"] == "Succeed"


def test_facts_choose_the_way() -> None:
    found = states(("      - assess: levy\n", ROUTE))["Large?"]

    (branch,) = found["Choices"]
    assert branch["Condition"] == '{% $facts.size = "large" and $facts.area > 5 %}'
    assert (branch["Next"], found["Default"]) == ("Assess", "Grant")


def test_the_step_to_which_a_choice_leads_is_told_of_it_once() -> None:
    found = states(("      - assess: levy\n", ROUTE))
    told = {"chosen": "{% $chosen & 'route ' %}"}

    assert found["Take up the case"]["Assign"]["chosen"] == ""
    assert (found["Large?"]["Choices"][0]["Assign"], found["Large?"]["Assign"]) == (told, told)
    assert found["Assess"]["Arguments"]["Payload"]["chosen"] == "{% $chosen %}"
    assert found["Assess"]["Assign"]["chosen"] == ""
    assert "chosen" not in states()["Take up the case"]["Assign"], "where nothing is chosen nothing is told"


def test_a_fault_is_parked_for_a_redrive() -> None:
    found = states()
    caught = found["Assess"]["Catch"][-1]

    assert caught["Assign"] == {"fault": {"state": "Assess", "error": "{% $states.errorOutput.Error %}"}}
    assert found["Call for attention"]["Arguments"]["FunctionName"] == "${ParkCase}"
    assert set(found["Call for attention"]["Arguments"]["Payload"]) == {"case", "episode", "attempt", "fault"}
    assert found["Needs attention"]["Error"] == "NeedsAttention"


def test_every_task_has_the_one_retry_and_nothing_but_the_allowed_variables() -> None:
    for state in states().values():
        assert state.get("Retry", RETRY) == RETRY
        assert set(state.get("Assign", {})) <= VARIABLES
