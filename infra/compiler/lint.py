"""Pass 5, lint: what Step Functions would refuse, or accept and then do wrongly.

Reads any definition in Amazon States Language with JSONata, compiled or written by hand, branches included. Some local
engines accept a `Next` that leads nowhere and a wait that never sends its token; here they are found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.compiler.define import RETRY
from infra.compiler.expressions import FUNCTIONS, Unreadable, Uses, uses
from infra.compiler.finding import Finding, Place

State = Mapping[str, Any]
Names = frozenset[str]

OF_AWS = frozenset({"partition", "range", "hash", "random", "uuid", "parse", "now", "millis"})
"""Functions that Step Functions adds to JSONata, or has although a service may not use them."""
PERSONAL = "form"
"""No expression of a definition reads the answers of a form."""
LONGEST_NAME = 80
SUBSTITUTION = re.compile(r"\$\{[A-Z][A-Za-z0-9]*\}")
SERVICE_RESOURCE = re.compile(r"arn:aws:states:::[a-z0-9-]+(:[A-Za-z0-9]+)+(\.(sync(:2)?|waitForTaskToken))?")
TOKEN = ("states", "context", "Task", "Token")

_FIELDS: Mapping[str, Names] = {
    kind: frozenset(f"Type Comment QueryLanguage {own}".split())
    for kind, own in {
        "Task": "Next End Resource Arguments Output Assign TimeoutSeconds HeartbeatSeconds Retry Catch Credentials",
        "Pass": "Next End Output Assign",
        "Choice": "Choices Default Output Assign",
        "Wait": "Next End Seconds Timestamp Output Assign",
        "Parallel": "Next End Branches Arguments Output Assign Retry Catch",
        "Map": "Next End Items ItemSelector ItemProcessor ItemReader ItemBatcher ResultWriter MaxConcurrency Label "
        "ToleratedFailurePercentage ToleratedFailureCount Output Assign Retry Catch",
        "Succeed": "Output",
        "Fail": "Error Cause",
    }.items()
}
_MACHINE = frozenset(
    {"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version", "ProcessorConfig"}
)
_OF_JSONPATH = frozenset(
    {"InputPath", "OutputPath", "ResultPath", "ResultSelector", "Parameters", "ItemsPath"}
)


def lint(definition: State, *, variables: Names | None = None) -> list[Finding]:
    """Give everything that is wrong with a definition. ``variables``, where given, are all that it may assign."""
    if definition.get("QueryLanguage") != "JSONata":
        return [Finding("query-language", ("QueryLanguage",), 'write `"QueryLanguage": "JSONata"`')]
    findings = [finding for machine in _machines(definition, ()) for finding in _lint_machine(machine)]
    findings += _variables(definition, (), frozenset(), variables)
    return findings


@dataclass(frozen=True)
class _Machine:
    """A definition, or a branch of one, and where it stands."""

    definition: State
    place: Place
    states: Mapping[str, State] = field(default_factory=dict)

    def at(self, name: str, *more: str | int) -> Place:
        return (*self.place, "States", name, *more)


def _machines(definition: State, place: Place) -> Iterator[_Machine]:
    states = definition.get("States") or {}
    yield _Machine(definition, place, states)
    for name, state in states.items():
        for inner, inner_place in _inside(state, (*place, "States", name)):
            yield from _machines(inner, inner_place)


def _inside(state: State, place: Place) -> Iterator[tuple[State, Place]]:
    for at, branch in enumerate(state.get("Branches", ())):
        yield branch, (*place, "Branches", at)
    if "ItemProcessor" in state:
        yield state["ItemProcessor"], (*place, "ItemProcessor")


def _lint_machine(machine: _Machine) -> Iterator[Finding]:
    yield from _fields_are_known(machine)
    yield from _targets_exist(machine)
    yield from _every_state_is_reachable(machine)
    yield from _it_can_end(machine)
    for name, state in machine.states.items():
        for check in _OF_A_STATE:
            yield from check(state, machine.at(name))
        yield from _expressions(state, machine.at(name))


# -- structure ---------------------------------------------------------------------------------------------------


def _fields_are_known(machine: _Machine) -> Iterator[Finding]:
    for key in machine.definition:
        if key not in _MACHINE:
            yield Finding(
                "field-unknown", (*machine.place, key), f"a state machine has no `{key}`; take it out"
            )
    for name, state in machine.states.items():
        kind = str(state.get("Type"))
        if kind not in _FIELDS:
            yield Finding(
                "type-unknown",
                machine.at(name, "Type"),
                f"there is no type `{kind}`; use {', '.join(_FIELDS)}",
            )
            continue
        if len(name) > LONGEST_NAME:
            yield Finding(
                "name-long", machine.at(name), f"a state's name has at most {LONGEST_NAME} characters"
            )
        for key in state:
            if key not in _FIELDS[kind]:
                why = (
                    "belongs to JSONPath; use Arguments, Output and Assign"
                    if key in _OF_JSONPATH
                    else "take it out"
                )
                yield Finding("field-unknown", machine.at(name, key), f"a {kind} has no `{key}`: {why}")


def _targets_exist(machine: _Machine) -> Iterator[Finding]:
    start = machine.definition.get("StartAt")
    if start not in machine.states:
        yield Finding(
            "target-missing",
            (*machine.place, "StartAt"),
            f"there is no state `{start}`; name one that exists",
        )
    for name, state in machine.states.items():
        for place, to in _targets(state):
            if to not in machine.states:
                yield Finding(
                    "target-missing",
                    machine.at(name, *place),
                    f"there is no state `{to}`; name one that exists",
                )


def _every_state_is_reachable(machine: _Machine) -> Iterator[Finding]:
    seen: set[str] = set()
    todo = [machine.definition.get("StartAt")]
    while todo:
        name = todo.pop()
        if name in machine.states and name not in seen:
            seen.add(str(name))
            todo += [to for _, to in _targets(machine.states[str(name)])]
    for name in machine.states:
        if name not in seen:
            yield Finding(
                "state-unreachable",
                machine.at(name),
                "nothing leads here; lead something here or take it out",
            )


def _it_can_end(machine: _Machine) -> Iterator[Finding]:
    if not any(
        state.get("Type") in ("Succeed", "Fail") or state.get("End") for state in machine.states.values()
    ):
        yield Finding(
            "end-missing", (*machine.place, "States"), "no state ends it; add a Succeed, or `End: true`"
        )


def _has_a_way_on(state: State, place: Place) -> Iterator[Finding]:
    kind = state.get("Type")
    ways = ("Next" in state) + ("End" in state)
    if kind in ("Task", "Pass", "Wait", "Parallel", "Map") and ways != 1:
        yield Finding("way-on-missing", place, f"a {kind} has either `Next` or `End: true`")
    if kind == "Choice" and "Default" not in state:
        yield Finding("default-missing", place, "where no choice holds the execution fails; write `Default`")
    if kind == "Choice" and not state.get("Choices"):
        yield Finding("choices-missing", place, "a Choice needs `Choices`")
    if kind == "Wait" and ("Seconds" in state) + ("Timestamp" in state) != 1:
        yield Finding("wait-unclear", place, "a Wait has either `Seconds` or `Timestamp`")


def _targets(state: State) -> Iterator[tuple[Place, str]]:
    for key in ("Next", "Default"):
        if key in state:
            yield (key,), state[key]
    for key in ("Choices", "Catch"):
        for at, rule in enumerate(state.get(key, ())):
            yield (key, at, "Next"), rule.get("Next")


# -- tasks -------------------------------------------------------------------------------------------------------


def _resource_is_substituted(state: State, place: Place) -> Iterator[Finding]:
    """Functions are named by substitution, so that a definition fits every account."""
    if state.get("Type") != "Task":
        return
    resource = str(state.get("Resource", ""))
    if not SERVICE_RESOURCE.fullmatch(resource) and not SUBSTITUTION.fullmatch(resource):
        message = f"`{resource}` names one account's resource; use arn:aws:states:::… or ${{Name}}"
        yield Finding("arn-written-out", (*place, "Resource"), message)
    function = (
        (state.get("Arguments") or {}).get("FunctionName")
        if isinstance(state.get("Arguments"), dict)
        else None
    )
    if ":lambda:invoke" in resource and not SUBSTITUTION.fullmatch(str(function)):
        message = f"`{function}` must be a substitution such as ${{AssessFee}}"
        yield Finding("arn-written-out", (*place, "Arguments", "FunctionName"), message)


def _token_is_sent(state: State, place: Place) -> Iterator[Finding]:
    waits = str(state.get("Resource", "")).endswith(".waitForTaskToken")
    sent = any(TOKEN in used.variables for used in _used(state.get("Arguments")))
    if waits and not sent:
        message = (
            "it waits for a token that nobody is given; put {% $states.context.Task.Token %} into Arguments"
        )
        yield Finding("token-unsent", (*place, "Arguments"), message)
    if sent and not waits:
        message = "a token is sent, but the state does not wait for it; use a resource that ends in .waitForTaskToken"
        yield Finding("token-unawaited", (*place, "Resource"), message)


def _time_is_bounded(state: State, place: Place) -> Iterator[Finding]:
    if state.get("Type") != "Task":
        return
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if timeout is None:
        yield Finding("timeout-missing", place, "without `TimeoutSeconds` a task may hang for a year")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        message = f"a heartbeat of {heartbeat} s is never missed within {timeout} s; make it shorter than the timeout"
        yield Finding("heartbeat-long", (*place, "HeartbeatSeconds"), message)


def _failures_are_caught(state: State, place: Place) -> Iterator[Finding]:
    catchers: Sequence[State] = state.get("Catch", ())
    everything = [at for at, catcher in enumerate(catchers) if "States.ALL" in catcher.get("ErrorEquals", ())]
    if state.get("Type") == "Task" and not everything:
        yield Finding(
            "catch-all-missing", place, "catch `States.ALL`, so that no failure ends the execution unseen"
        )
    for at in everything:
        if catchers[at]["ErrorEquals"] != ["States.ALL"]:
            message = "`States.ALL` stands alone in its ErrorEquals"
            yield Finding("catch-all-not-alone", (*place, "Catch", at), message)
        if at != len(catchers) - 1:
            yield Finding("catch-all-not-last", (*place, "Catch", at), "`States.ALL` is the last to catch")
    yield from _caught_once(catchers, place)


def _caught_once(catchers: Sequence[State], place: Place) -> Iterator[Finding]:
    seen: set[str] = set()
    for at, catcher in enumerate(catchers):
        for error in catcher.get("ErrorEquals", ()):
            if error in seen:
                message = f"`{error}` is caught above already; this is never reached"
                yield Finding("catch-doubled", (*place, "Catch", at), message)
            seen.add(error)


def _retry_is_canonical(state: State, place: Place) -> Iterator[Finding]:
    if state.get("Type") == "Task" and state.get("Retry") != RETRY:
        yield Finding("retry-uncommon", (*place, "Retry"), "use the one jittered Retry of all tasks")


_OF_A_STATE: tuple[Callable[[State, Place], Iterator[Finding]], ...] = (
    _has_a_way_on,
    _resource_is_substituted,
    _token_is_sent,
    _time_is_bounded,
    _failures_are_caught,
    _retry_is_canonical,
)


# -- expressions -------------------------------------------------------------------------------------------------


def _expressions(state: State, place: Place) -> Iterator[Finding]:
    for text, where in _strings(state, place):
        if "${" in text and where[-1] not in ("Resource", "FunctionName"):
            message = (
                f"`{text}` would be taken for a substitution; only the names of functions are substituted"
            )
            yield Finding("substitution-stray", where, message)
        if text.startswith("{%") != text.endswith("%}"):
            yield Finding(
                "expression-half", where, f"`{text}` opens or closes an expression without the other"
            )
            continue
        if not text.startswith("{%"):
            continue
        try:
            used = uses(_inner(text))
        except Unreadable as error:
            yield Finding("expression-unreadable", where, str(error))
            continue
        for name in sorted(used.functions - FUNCTIONS - OF_AWS):
            yield Finding("function-unknown", where, f"Step Functions has no `${name}`")
        for path in used.paths:
            message = f"Step Functions knows no bare `{path.names[0]}`; read a variable or $states.input"
            yield Finding("name-bare", where, message)
        if any(PERSONAL in names for names in (*used.variables, *(path.names for path in used.paths))):
            yield Finding(
                "personal-data", where, "the answers of a form never enter an execution; declare a fact"
            )


def _strings(value: Any, place: Place) -> Iterator[tuple[str, Place]]:
    """Give the texts of a state with their places, those of the machines inside it excepted."""
    if isinstance(value, str):
        yield value, place
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in ("Branches", "ItemProcessor", "Comment"):
                yield from _strings(item, (*place, key))
    elif isinstance(value, list | tuple):
        for at, item in enumerate(value):
            yield from _strings(item, (*place, at))


def _used(value: Any) -> Iterator[Uses]:
    for text, _ in _strings(value, ()):
        if text.startswith("{%") and text.endswith("%}"):
            try:
                yield uses(_inner(text))
            except Unreadable:
                continue


def _inner(text: str) -> str:
    return text[2:-2].strip()


def _reads(value: Any) -> Names:
    return (
        frozenset(names[0] for used in _used(value) for names in used.variables)
        - {"states"}
        - FUNCTIONS
        - OF_AWS
    )


# -- variables ---------------------------------------------------------------------------------------------------


def _variables(definition: State, place: Place, outer: Names, allowed: Names | None) -> list[Finding]:
    """Follow the variables through a machine: what is surely assigned where, and what is read there."""
    machine = _Machine(definition, place, definition.get("States") or {})
    known = _surely_assigned(machine, outer)
    findings: list[Finding] = []
    for name, state in machine.states.items():
        if name not in known:
            continue  # nothing leads there, which is said already
        here = machine.at(name)
        findings += _read_before(state, here, known[name])
        findings += _old_values(state, here)
        for block, block_place in _assignments(state, here):
            findings += _assigned_wrongly(block, block_place, outer if place else frozenset(), allowed)
        for inner, inner_place in _inside(state, here):
            findings += _variables(inner, inner_place, known[name], allowed)
    return findings


def _surely_assigned(machine: _Machine, outer: Names) -> dict[str, Names]:
    """Give for each reachable state the variables that every way to it has assigned."""
    known: dict[str, Names] = {str(machine.definition.get("StartAt")): outer}
    todo = list(known)
    while todo:
        name = todo.pop()
        for to, assigned in _exits(machine.states.get(name, {})):
            arriving = known[name] | assigned
            merged = known[to] & arriving if to in known else arriving
            if merged != known.get(to):
                known[to] = merged
                todo.append(to)
    return known


def _exits(state: State) -> Iterator[tuple[str, Names]]:
    own = frozenset(state.get("Assign", ()))
    for key in ("Next", "Default"):
        if key in state:
            yield state[key], own
    for key in ("Choices", "Catch"):
        for rule in state.get(key, ()):
            if "Next" in rule:
                yield rule["Next"], frozenset(rule.get("Assign", ()))


def _read_before(state: State, place: Place, known: Names) -> Iterator[Finding]:
    for name in sorted(_reads(state) - known):
        message = f"`${name}` is read, but not every way here assigns it; assign it on each"
        yield Finding("variable-unassigned", place, message)


def _old_values(state: State, place: Place) -> Iterator[Finding]:
    """All expressions of a state see the values from before it: what it assigns is new only in the next state."""
    for block, where in _assignments(state, place):
        for key, value in block.items():
            for name in sorted((_reads(value) & block.keys()) - {key}):
                message = f"`${name}` is assigned here too, and this reads its old value; assign it in an earlier state"
                yield Finding("old-value-read", (*where, key), message)
    for name in sorted(_reads(state.get("Output")) & frozenset(state.get("Assign", ()))):
        message = f"`Output` reads the old value of `${name}`, which this state assigns; read the new one in the next"
        yield Finding("old-value-read", (*place, "Output"), message)


def _assignments(state: State, place: Place) -> Iterator[tuple[Mapping[str, Any], Place]]:
    if "Assign" in state:
        yield state["Assign"], (*place, "Assign")
    for key in ("Choices", "Catch"):
        for at, rule in enumerate(state.get(key, ())):
            if "Assign" in rule:
                yield rule["Assign"], (*place, key, at, "Assign")


def _assigned_wrongly(
    block: Mapping[str, Any], place: Place, outer: Names, allowed: Names | None
) -> Iterator[Finding]:
    for name in block:
        if name in outer:
            message = (
                f"a branch cannot assign `{name}`, a variable of the scope around it; give the branch its own"
            )
            yield Finding("outer-variable-assigned", (*place, name), message)
        if name == "states":
            yield Finding(
                "variable-reserved", (*place, name), "`states` belongs to Step Functions; choose another name"
            )
        elif allowed is not None and name not in allowed:
            message = f"an execution holds only {', '.join(sorted(allowed))}; take `{name}` out"
            yield Finding("variable-not-allowed", (*place, name), message)
