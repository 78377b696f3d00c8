"""Normalising: the shorthand of authors becomes the models, and what does not fit has its line."""

from __future__ import annotations

import pytest

from functions.domain.service import ConsultStep, Service, TaskStep
from infra.compiler.finding import Faulty, Finding
from infra.compiler.normalise import agencies_of, calendars_of, normalise, plain, service_of
from infra.compiler.read import read_text
from tests.compiler.small import AGENCIES, SERVICE, Change, changed


def service(*changes: Change) -> Service:
    return service_of(normalise(read_text(changed(SERVICE, *changes))))


def check(*changes: Change) -> TaskStep:
    step = service(*changes).process("application").step("check")
    assert isinstance(step, TaskStep)
    return step


def refused(*changes: Change) -> Finding:
    with pytest.raises(Faulty) as raised:
        service(*changes)
    (finding,) = raised.value.findings
    return finding


def line(text: str) -> int:
    return SERVICE[: SERVICE.index(text)].count("\n") + 1


def test_a_task_becomes_a_step_with_its_obligation() -> None:
    step = check()

    assert (step.title.en, step.returned, step.rejected) == ("Check", "mend", None)
    assert [(task.name, task.title.en, task.kind, task.role) for task in step.of] == [
        ("check", "Check", "decide", "office/desk")
    ]


def test_a_consultation_asks_for_advice_unless_it_says_otherwise() -> None:
    step = service().process("application").step("advice")

    assert isinstance(step, ConsultStep)
    assert [(task.name, task.kind) for task in step.of] == [("judge", "decide"), ("hear", "consult")]
    assert [action.name for action in step.of[1].actions] == ["no_objection", "object"]


def test_actions_that_are_only_named_have_their_usual_titles() -> None:
    approve, back = check().of[0].actions

    assert approve.title.pair() == {"id": "Setujui", "en": "Approve"}
    assert (back.title.en, back.comment) == ("Return for correction", "required")


def test_actions_may_have_titles_of_their_own() -> None:
    actions = "actions: {approve: {title: {id: Lengkap, en: Complete}}, return: {comment: optional}}"

    approve, back = check(("actions: [approve, return]\n", f"{actions}\n")).of[0].actions

    assert approve.title.en == "Complete"
    assert (back.title.en, back.comment) == ("Return for correction", "optional")


def test_the_normalised_json_is_the_same_service() -> None:
    known = service()

    assert Service.model_validate(plain(known)) == known


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("      - assess: levy", "      - asess: levy", "step-kind", "a step begins with one of `task:`"),
        ("          - task: hear", "          - ask: hear", "step-kind", "`task:`"),
        ("actions: [approve, return]\n", "actions: [approve, send]\n", "action-unknown", "no_objection"),
        ("rounds: 3", "rounds: 99", "does-not-fit", "less than or equal to 20"),
        ("within: 1 wd", "within: 1 week", "does-not-fit", "is no term"),
        ("        marks: complete", "        mark: complete", "unknown-key", "there is no `mark` here"),
        ("prefix: SML\ntitle", "prefix: s\ntitle", "does-not-fit", "pattern"),
        ("      - reasons: true\n", "      - {reasons: true, fee: true}\n", "does-not-fit", "a block is one of"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_found_on_its_line(old: str, new: str, code: str, said: str) -> None:
    found = refused((old, new))

    assert (found.code, found.line) == (code, line(old))
    assert said in found.message


@pytest.mark.parametrize(
    ("old", "code", "at", "said"),
    [
        ("        role: office/desk\n", "role-undefined", "      - task: check", "role: agency/role"),
        ("            within: 5 wd\n", "term-undefined", "          - task: hear", "within: 5 wd"),
        ("        rounds: 3\n", "rounds-unbounded", "      - correct: mend", "rounds: 5"),
        ("retention: {term: 10 years, law: UU 2}\n", "missing", "code: small", "write `retention:` here"),
    ],
)
def test_what_is_missing_is_found_where_it_belongs(old: str, code: str, at: str, said: str) -> None:
    found = refused((old, ""))

    assert (found.code, found.line) == (code, line(at))
    assert said in found.message


def test_every_fault_is_found_at_once() -> None:
    with pytest.raises(Faulty) as raised:
        service(("version: 1", "version: 0"), ("audience: [citizens]", "audience: [cats]"))

    assert [finding.place[0] for finding in raised.value.findings] == ["version", "audience"]


def test_places_do_not_name_the_tags_of_unions() -> None:
    assert refused(("        role: office/desk\n", "        role: desk\n")).place == (
        "processes", "application", "steps", 0, "of", 0, "role",
    )  # fmt: skip


def test_agencies_carry_their_codes() -> None:
    assert [agency.code for agency in agencies_of(read_text(AGENCIES)).values()] == ["office", "other"]


def test_a_single_holder_that_is_no_role_is_found() -> None:
    with pytest.raises(Faulty, match="`single_holder` names chief, which is no role here"):
        agencies_of(read_text(changed(AGENCIES, ("single_holder: [head]", "single_holder: [chief]"))))


def test_a_calendar_that_cannot_be_built_is_found() -> None:
    with pytest.raises(Faulty, match="calendar-unusable"):
        calendars_of({"odd": read_text("calendar: odd\nzone: Asia/Nowhere\n")})
