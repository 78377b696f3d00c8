"""Pass 2, normalise: the shorthand of authors becomes the models that the functions load.

``- task: completeness`` becomes a step with ``kind`` and ``name``, whose one obligation stands under ``of``; actions
that are only named get their usual titles. Lines are kept, so that later passes can say where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from functions.domain.clock import Calendar, CalendarUnusable
from functions.domain.service import Agency, Service, TaskSpec
from infra.compiler.finding import Faulty, Finding, Place
from infra.compiler.read import Block, Row, line_of

STEP_KINDS = (
    *(
        "task",
        "consult",
        "correct",
        "check",
        "assess",
        "refund",
        "pay",
        "wait",
        "choose",
        "enqueue",
        "outcome",
    ),
    *("hold", "tally", "unseal", "rank", "answer", "publish"),
)
OF_THE_STEP = ("title", "then", "returned", "rejected", "rounds", "exhausted")
"""The keys of a `task` that belong to the step; the others describe its obligation."""

USUAL_ACTIONS: Mapping[str, Mapping[str, Any]] = {
    "approve": {"title": {"id": "Setujui", "en": "Approve"}, "comment": "optional"},
    "reject": {"title": {"id": "Tolak", "en": "Reject"}, "comment": "required"},
    "return": {
        "title": {"id": "Kembalikan untuk diperbaiki", "en": "Return for correction"},
        "comment": "required",
    },
    "no_objection": {"title": {"id": "Tidak berkeberatan", "en": "No objection"}, "comment": "optional"},
    "object": {"title": {"id": "Nyatakan keberatan", "en": "Object"}, "comment": "required"},
    "open": {"title": {"id": "Buka", "en": "Open"}, "comment": "optional"},
    "submit_scores": {"title": {"id": "Serahkan nilai", "en": "Submit the scores"}, "comment": "optional"},
}
USUAL_ADVICE = ("no_objection", "object")
USUAL_ANSWERS = ("approve", "reject")

M = TypeVar("M", bound=BaseModel)


def normalise(source: Block) -> Block:
    """Write out every shorthand of a service file. Raises `Faulty`."""
    processes = source.get("processes")
    if not isinstance(processes, Block):
        return source
    findings: list[Finding] = []
    clock = source.get("clock")
    by_law = clock.get("by_law") if isinstance(clock, Block) else None
    normal = {
        name: _process(process, ("processes", name), findings, by_law)
        if isinstance(process, Block)
        else process
        for name, process in processes.items()
    }
    if findings:
        raise Faulty(findings)
    return source.with_items({**source, "processes": processes.with_items(normal)})


def service_of(source: Block) -> Service:
    """Give the model of a normalised service. Raises `Faulty` with every field that does not fit."""
    return _model(Service, source, ())


def agencies_of(source: Block) -> dict[str, Agency]:
    """Give the agencies by code. Raises `Faulty`."""
    agencies: dict[str, Agency] = {}
    findings: list[Finding] = []
    for code, content in source.items():
        try:
            block = content if isinstance(content, Block) else Block({}, source.lines[code], {})
            agencies[code] = _model(Agency, block.with_items({**block, "code": code}), (code,))
        except Faulty as faulty:
            findings += faulty.findings
    if findings:
        raise Faulty(findings)
    return agencies


def calendars_of(sources: Mapping[str, Block]) -> dict[str, dict[str, Any]]:
    """Give the calendars by name, each of which can be built. Raises `Faulty`."""
    findings = []
    for name, source in sources.items():
        try:
            Calendar.from_data(source, calendars=sources, zone=source.get("zone") or "UTC")
        except CalendarUnusable as error:
            findings.append(Finding("calendar-unusable", (name,), str(error), line=source.line))
    if findings:
        raise Faulty(findings)
    return {name: dict(source) for name, source in sources.items()}


def plain(model: BaseModel) -> dict[str, Any]:
    """Give the model as JSON values, without what says nothing: no value, an empty list, an empty table."""
    pruned: dict[str, Any] = _pruned(model.model_dump(mode="json"))
    return pruned


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _pruned(item) for key, item in value.items() if item is not None and item not in ([], {})
        }
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    return value


def _process(process: Block, place: Place, findings: list[Finding], by_law: Any) -> Block:
    steps = process.get("steps")
    if not isinstance(steps, Row):
        return process
    normal = [_step(step, (*place, "steps", at), steps.lines[at], findings) for at, step in enumerate(steps)]
    kept = [step for step in normal if step]
    if by_law and process.get("clock", True) is not False:
        # The clock of the whole case runs here: silence at its end leads every officer's wait to the same step.
        kept = [
            step.with_items({**step, "by_law": by_law}) if step["kind"] in ("task", "consult") else step
            for step in kept
        ]
    return process.with_items({**process, "steps": Row(kept, steps.lines)})


def _step(step: Any, place: Place, line: int, findings: list[Finding]) -> Block | None:
    kind = _only_kind(step, STEP_KINDS, place, line, findings)
    if kind is None:
        return None
    if kind == "task":
        return _task_step(step, place, findings)
    items = {"kind": kind, "name": step[kind], **{key: value for key, value in step.items() if key != kind}}
    if kind == "consult" and isinstance(step.get("of"), Row):
        of = step["of"]
        tasks = [_consulted(task, (*place, "of", at), of.lines[at], findings) for at, task in enumerate(of)]
        asked = [(one, line) for task, line in zip(tasks, of.lines, strict=True) for one in _times(task)]
        items["of"] = Row([one for one, _ in asked], [line for _, line in asked])
    return _named(step, kind, items)


def _task_step(step: Block, place: Place, findings: list[Finding]) -> Block:
    upper = {key: step[key] for key in OF_THE_STEP if key in step}
    lower = {key: value for key, value in step.items() if key not in OF_THE_STEP and key != "task"}
    spec = {"name": step["task"], **({"title": step["title"]} if "title" in step else {}), **lower}
    if "start" in spec:
        spec = {"kind": "await", "actions": list(USUAL_ANSWERS), **spec}
    obligation = _named(step, "task", _with_actions(step, spec, place, findings))
    items = {"kind": "task", "name": step["task"], **upper, "of": Row([obligation], [step.lines["task"]])}
    return _named(step, "task", items)


def _consulted(task: Any, place: Place, line: int, findings: list[Finding]) -> Block | None:
    if _only_kind(task, ("task",), place, line, findings) is None:
        return None
    spec = {
        "name": task["task"],
        "kind": "consult",
        **{key: value for key, value in task.items() if key != "task"},
    }
    if "start" in spec:
        spec["kind"] = "await"
    if spec["kind"] in ("consult", "await") and "actions" not in spec:
        spec["actions"] = list(USUAL_ADVICE)
    return _named(task, "task", _with_actions(task, spec, place, findings))


def _times(task: Block | None) -> list[Block]:
    """``times: 2`` asks two different people for the same: one obligation each, and whoever did one not the other."""
    if task is None:
        return []
    times = task.get("times", 1)
    bare = task.with_items({key: value for key, value in task.items() if key != "times"})
    if not isinstance(times, int) or times < 2:
        return [bare if times == 1 else task]
    names = [f"{task['name']}-{number}" for number in range(1, times + 1)]
    return [
        bare.with_items(
            {
                **bare,
                "name": name,
                "title": _numbered(bare.get("title"), at, times),
                "different_from": [*bare.get("different_from", ()), *(n for n in names if n != name)],
            }
        )
        for at, name in enumerate(names, 1)
    ]


def _numbered(title: Any, number: int, times: int) -> Any:
    if not isinstance(title, Block):
        return title
    return title.with_items({language: f"{text} ({number}/{times})" for language, text in title.items()})


def _named(block: Block, kind: str, items: dict[str, Any]) -> Block:
    return block.with_items(
        items, {"kind": block.lines[kind], "name": block.lines[kind], "of": block.lines.get("of", block.line)}
    )


def _only_kind(
    step: Any, kinds: Iterable[str], place: Place, line: int, findings: list[Finding]
) -> str | None:
    known = ", ".join(f"`{kind}:`" for kind in kinds)
    found = [kind for kind in kinds if kind in step] if isinstance(step, Block) else []
    if len(found) == 1:
        return found[0]
    message = f"a step begins with one of {known}, followed by its name"
    findings.append(Finding("step-kind", place, message, line=line))
    return None


def _with_actions(
    block: Block, spec: dict[str, Any], place: Place, findings: list[Finding]
) -> dict[str, Any]:
    actions = spec.get("actions")
    if not isinstance(actions, dict | list):
        return spec
    given = actions if isinstance(actions, dict) else dict.fromkeys(str(name) for name in actions)
    line = block.lines.get("actions", block.line)
    normal: list[Block] = []
    for name, content in given.items():
        if name not in USUAL_ACTIONS:
            known = ", ".join(USUAL_ACTIONS)
            findings.append(
                Finding(
                    "action-unknown",
                    (*place, "actions"),
                    f"there is no action `{name}`; use {known}",
                    line=line,
                )
            )
            continue
        own = content if isinstance(content, Block) else Block({}, line, {})
        normal.append(own.with_items({"name": name, **USUAL_ACTIONS[name], **own}))
    return {**spec, "actions": Row(normal, [action.line for action in normal])}


def _model(model: type[M], source: Block, above: Place) -> M:
    try:
        return model.model_validate(source)
    except ValidationError as error:
        raise Faulty(_finding(item, source, above) for item in _causes(error)) from error


def _causes(error: ValidationError) -> list[Any]:
    """Leave out what only follows: a list is empty because its item does not fit, a text is no `Term` object."""
    found: list[Any] = [e for e in error.errors(include_url=False) if e["type"] != "is_instance_of"]
    for item in found:
        item["loc"] = tuple(part for part in item["loc"] if "[" not in str(part))
    return [
        item
        for item in found
        if not any(
            item["loc"] == other["loc"][: len(item["loc"])] and item["loc"] != other["loc"] for other in found
        )
    ]


def _finding(error: Any, source: Block, above: Place) -> Finding:
    place: Place = tuple(error["loc"])
    last = place[-1] if place else ""
    code, message = "does-not-fit", error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        code, message = _MISSING.get(str(last), ("missing", f"write `{last}:` here"))
    elif error["type"] == "extra_forbidden":
        code, message = "unknown-key", f"there is no `{last}` here; take it out or mend its spelling"
    elif error["type"] in ("string_too_short", "blank") and last in ("id", "en"):
        code, message = _MISSING[str(last)]
    finding = Finding(code, (*above, *_shown(place)), message, line=line_of(source, place))
    return replace(finding, line=finding.line or source.line)


def _shown(place: Place) -> Place:
    """Leave out the tags of unions, which name no place in the file."""
    return tuple(
        part
        for at, part in enumerate(place)
        if not (part in STEP_KINDS and at and isinstance(place[at - 1], int))
    )


_MISSING = {
    "silence": (
        "silence-undefined",
        "say what silence means: `silence: approve | refuse | no_objection | alarm` (clock and task each say it)",
    ),
    "within": ("term-undefined", "say how long it may take, such as `within: 5 wd`"),
    "role": ("role-undefined", "say whose task it is, such as `role: agency/role`"),
    "rounds": ("rounds-unbounded", "bound the corrections, such as `rounds: 5`"),
    "id": ("text-missing", "write the text in Indonesian too, under `id:`"),
    "en": ("text-missing", "write the text in English too, under `en:`"),
}

assert set(OF_THE_STEP) & set(TaskSpec.model_fields) == {"title"}
