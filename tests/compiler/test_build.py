"""The row of passes: what is written, when it has drifted, and what a published version forbids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.compiler.__main__ import main
from infra.compiler.build import WORKFLOWS, as_json
from tests.compiler.small import SERVICE, change


def run(workflows: Path, *arguments: str) -> int:
    return main(["--workflows", str(workflows), *arguments])


def test_what_is_committed_is_what_the_sources_compile_to() -> None:
    assert main(["--check"]) == 0


def test_everything_is_written(workflows: Path) -> None:
    assert run(workflows) == 0

    written = {
        path.relative_to(workflows).as_posix()
        for path in workflows.rglob("*")
        if path.suffix in (".json", ".svg")
    }
    assert written >= {
        "agencies.json",
        "small/service.json",
        "small/application.asl.json",
        "small/appeal.asl.json",
    }


def test_compiling_again_changes_nothing(workflows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(workflows)
    capsys.readouterr()

    assert run(workflows) == 0
    assert capsys.readouterr().out == ""
    assert run(workflows, "--check") == 0


def test_drift_is_told(workflows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(workflows)
    change(workflows, ("within: 1 wd", "within: 2 wd"))

    assert run(workflows, "--check") == 1
    told = capsys.readouterr().err
    assert "small/application.asl.json: [drift]" in told
    assert "run `make workflows`" in told


def test_a_check_writes_nothing(workflows: Path) -> None:
    assert run(workflows, "--check") == 1
    assert not (workflows / "agencies.json").exists()


def test_a_process_that_is_gone_leaves_nothing(workflows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workflows / "small" / "renewal.asl.json").write_text("{}")

    run(workflows)

    assert not (workflows / "small" / "renewal.asl.json").exists()
    assert "removed" in capsys.readouterr().out


def test_what_is_wrong_has_file_line_and_remedy(workflows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(workflows, ("role: office/desk\n", "role: office/dsk\n"))
    line = SERVICE[: SERVICE.index("        role: office/desk")].count("\n") + 1

    assert run(workflows) == 1
    assert capsys.readouterr().err == (
        f"{workflows}/small/service.yaml:{line}: [role-unknown] processes.application.steps.0.of.0.role: "
        "there is no role `office/dsk` in agencies.yaml; did you mean `office/desk`?\n"
    )
    assert not (workflows / "small" / "service.json").exists()


def test_an_agency_without_its_calendar_is_told(workflows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workflows / "calendars" / "indonesia.yaml").unlink()

    assert run(workflows) == 1
    assert "there is no calendars/indonesia.yaml" in capsys.readouterr().err


def test_a_service_is_named_like_its_folder(workflows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(workflows, ("code: small", "code: little"))

    assert run(workflows) == 1
    assert "[code-differs] code: the folder is `small`: write `code: small`" in capsys.readouterr().err


def test_a_definition_written_by_hand_is_linted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.asl.json"
    path.write_text(
        '{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}'
    )

    assert main(["--lint", str(path)]) == 1
    assert f"{path}: [target-missing] States.A.Next: there is no state `B`" in capsys.readouterr().err
    assert main(["--lint", str(tmp_path / "missing.asl.json")]) == 1
    assert main(["--lint", *map(str, WORKFLOWS.glob("*/*.asl.json"))]) == 0


def test_a_service_is_compiled_alone(workflows: Path) -> None:
    (workflows / "other").mkdir()
    (workflows / "other" / "service.yaml").write_text("code: other\n")

    assert run(workflows, "small") == 0
    assert run(workflows) == 1


def test_a_published_version_cannot_change_in_substance(
    workflows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(workflows, "--publish")
    change(workflows, ("within: 1 wd", "within: 2 wd"))

    assert run(workflows) == 1
    assert "version 1 is published and cases run under it; write `version: 2`" in capsys.readouterr().err


def test_the_words_of_a_published_version_may_be_mended(workflows: Path) -> None:
    run(workflows, "--publish")
    change(workflows, ("en: Summary.", "en: A better summary."))

    assert run(workflows) == 0


def test_the_wording_of_letters_is_substance(workflows: Path) -> None:
    run(workflows, "--publish")
    change(workflows, ("Granted to {{ form.owner }}.", "Given to {{ form.owner }}."))

    assert run(workflows) == 1


def test_a_new_version_keeps_the_old_one(workflows: Path) -> None:
    run(workflows)
    old = json.loads((workflows / "small" / "service.json").read_text())
    change(workflows, ("version: 1\nprefix", "version: 2\nprefix"), ("within: 1 wd", "within: 2 wd"))

    assert run(workflows) == 0
    assert json.loads((workflows / "small" / "versions" / "1.json").read_text()) == old
    assert json.loads((workflows / "small" / "service.json").read_text())["version"] == 2
    pictures = workflows / "small" / "versions" / "1.en.svg", workflows / "small" / "diagram.en.svg"
    assert all(path.read_text().startswith("<svg") for path in pictures)


def test_a_version_cannot_fall(workflows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(workflows, ("version: 1\nprefix", "version: 2\nprefix"))
    run(workflows)
    change(workflows, ("version: 2\nprefix", "version: 1\nprefix"))

    assert run(workflows) == 1
    assert "the version can only rise" in capsys.readouterr().err


def test_json_is_laid_out_for_readers() -> None:
    text = as_json({"short": [1, 2], "long": ["x" * 60, "y" * 60], "empty": {}, "ü": None})

    assert text.splitlines()[1] == '  "short": [1, 2],'
    assert json.loads(text) == {"short": [1, 2], "long": ["x" * 60, "y" * 60], "empty": {}, "ü": None}
    assert '"ü": null' in text


def test_no_compiled_line_is_longer_than_it_must_be() -> None:
    for path in WORKFLOWS.glob("*/*.asl.json"):
        for line in path.read_text().splitlines():
            assert len(line) <= 120 or not line.rstrip(",").endswith(("}", "]")), line
