"""Every scenario of every service, as its author wrote it; and what an author is told when one is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.adapters.catalogue import Catalogue
from infra.compiler.finding import Faulty
from infra.scenarios import SHOWN, ScenarioFailed, Script, load, main, scripts, walk, ways_of

WALKED = list(scripts())


@pytest.mark.parametrize("script", WALKED, ids=lambda script: script.name)
def test_a_scenario_goes_as_its_author_says(script: Script):
    walk(script)


SERVICES = {service.code: service for service in Catalogue().services()}


@pytest.mark.parametrize("code", SERVICES)
def test_every_service_shows_each_way_that_it_has(code: str):
    ways = ways_of(SERVICES[code])

    assert (
        ways - {way for script in WALKED if script.service == code for way in script.scenario.shows} == set()
    )


def test_the_ways_of_a_service_are_those_for_which_it_has_a_step():
    permit, tax = SERVICES["building-permit"], SERVICES["business-tax"]

    assert ways_of(permit) == {"granted", "refused", "returned", "withdrawn", "silence", "unpaid"}
    alone = {"withdrawable": False, "processes": {"application": tax.process("application")}}
    assert ways_of(tax.model_copy(update=alone)) == {"granted", "refused", "unpaid"}


@pytest.mark.parametrize("way", sorted(SHOWN))
def test_what_a_scenario_claims_to_show_is_looked_for_in_its_history(tmp_path: Path, way: str):
    step = "{as: pupr/secretariat, do: approve}"
    script = load(written(tmp_path, f"scenario: Mine\nshows: [{way}]\nsteps:\n  - {step}\n"))

    with pytest.raises(ScenarioFailed) as failed:
        walk(script)

    assert f"the scenario does not show `{way}`" in str(failed.value)


def written(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "building-permit" / "scenarios"
    folder.mkdir(parents=True)
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            "{as: pupr/secretariat, do: approve, expect: {status: approved}}",
            "mine.yaml:3: step 1 (pupr/secretariat: do approve): expected status 'approved', got 'in_review'",
        ),
        ("{expect: {open: [review]}}", "step 1 (expect): expected open ['review'], got ['completeness']"),
        ("{expect: {history: [case.submitted, case.created]}}", "case.created is missing"),
        (
            "{expect: {once: [task.opened], never: [case.submitted]}}",
            "expected case.submitted never, got it 1 times",
        ),
        ("{expect: {notices: [Selamat]}}", "expected a notice with 'Selamat', got ['Permohonan PBG"),
        ("{as: pupr/head, do: approve}", "pupr/head has no open task; there are: completeness (open)"),
        ("{past: bill}", "no task 'bill'; there are: completeness (open)"),
        (
            "{as: pupr/secretariat, do: reject}",
            "expected no refusal, got invalid: 1 thing to mend.; /action: Possible",
        ),
        (
            "{as: pupr/secretariat, do: approve, refused: four-eyes}",
            "expected the refusal four-eyes, got none",
        ),
        ("{as: budi, do: approve, task: completeness, refused: role}", "expected role, got task-unknown"),
        ("{case: other, expect: {status: draft}}", "no case 'other' in this story; there are: own"),
        ("{expect: {facts: {floors: 99}}}", "expected the fact floors 99, got"),
    ],
)
def test_a_step_that_goes_otherwise_is_named_with_what_was_expected_and_what_came(
    tmp_path: Path, step: str, said: str
):
    script = load(written(tmp_path, f"scenario: Mine\nsteps:\n  - {step}\n"))

    with pytest.raises(ScenarioFailed) as failed:
        walk(script)

    assert said in str(failed.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "scenario: Mine\nsteps:\n  - {claim: x}\n",
            "mine.yaml:3: [scenario] steps.0.claim: a step has no `claim`",
        ),
        ("scenario: Mine\nsteps:\n  - {wait: 1 d, pay: paid}\n", "write one act a step, not pay and wait"),
        ("scenario: Mine\nsteps:\n  - {do: approve}\n", "`do` needs `as`"),
        ("scenario: Mine\nsteps:\n  - {as: siti}\n", "write an act"),
        ("scenario: Mine\nsteps:\n  - {as: siti, file: building-permit}\n", "`file` and `draft` need `case`"),
        ("scenario: Mine\nsteps:\n  - {refused: role, expect: {}}\n", "needs the act that is refused"),
        ("scenario: Mine\nsteps: []\n", "[scenario] steps:"),
        ("steps:\n  - {expect: {}}\n", "[scenario] scenario: Field required"),
        ("scenario: [\n", "this is no YAML"),
    ],
)
def test_a_scenario_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, text: str, said: str):
    with pytest.raises(Faulty) as faulty:
        load(written(tmp_path, text))

    assert said in str(faulty.value)


def test_a_story_tells_of_several_cases_by_name(tmp_path: Path):
    steps = "  - {case: other, as: budi, draft: building-permit}\n  - {case: other, expect: {status: submitted}}\n"
    script = load(written(tmp_path, f"scenario: Mine\nsteps:\n{steps}"))

    with pytest.raises(ScenarioFailed, match=r"mine.yaml:4: .*expected status 'submitted', got 'draft'"):
        walk(script)


def test_what_goes_wrong_in_the_case_above_is_named_with_its_line(tmp_path: Path):
    folder = tmp_path / "tender-bid" / "scenarios"
    folder.mkdir(parents=True)
    above = "  above:\n    applicant: hendra\n    steps:\n      - {past: nothing}\n"
    (folder / "mine.yaml").write_text(f"scenario: Mine\ngiven:\n{above}steps:\n  - {{wait: 1 d}}\n")

    with pytest.raises(ScenarioFailed, match=r"mine.yaml:6: step 1 .*no task 'nothing'"):
        walk(load(folder / "mine.yaml"))


def test_the_command_walks_the_scenarios_of_a_service(capsys: pytest.CaptureFixture[str]):
    assert main(["building-permit", "--only", "incomplete"]) == 0
    assert "✓ building-permit/incomplete" in capsys.readouterr().out


def test_the_command_says_when_there_is_nothing_to_walk(capsys: pytest.CaptureFixture[str]):
    assert main(["castle"]) == 1
    assert "no such scenario" in capsys.readouterr().err
