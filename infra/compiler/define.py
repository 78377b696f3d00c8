"""Pass 4, compile: each process of a proven service becomes one definition in Amazon States Language.

The states are named by the titles of the steps, so that a definition reads as prose in the console. Parameters of a
step travel in its state: a running execution keeps the version with which it began. What a state passes on is ids
and the declared facts, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.domain.service import (
    AnswerStep,
    AssessStep,
    BelowStep,
    CheckStep,
    ChooseStep,
    ConsultStep,
    CorrectStep,
    EnqueueStep,
    HoldStep,
    OutcomeStep,
    PayStep,
    Process,
    PublishStep,
    RankStep,
    RefundStep,
    Service,
    Step,
    TallyStep,
    TaskStep,
    UnsealStep,
    WaitStep,
)
from functions.domain.waits import LAW_SAYS, SILENT_ACTION
from infra.compiler import expressions
from infra.compiler.graph import Graph
from infra.compiler.normalise import plain

TAKE_UP = "Take up the case"
CLOSED = "Closed elsewhere"
CALL = "Call for attention"
ATTENTION = "Needs attention"
ENDED = "Ended: "
RESERVED = (TAKE_UP, CLOSED, CALL, ATTENTION)

YEAR_SECONDS = 365 * 86_400
"""The longest life of a Standard execution; a case that takes longer is taken up by a new one."""
STEP_SECONDS = 120
"""More than a step's Lambda may take, so that the function's own timeout is what is seen."""

WAITS = {"task": "OpenTasks", "consult": "OpenTasks", "correct": "AskCorrection", "pay": "AskPayment",
    "wait": "AwaitDate",
    "hold": "HoldCase",
}  # fmt: skip
SYNCHRONOUS = {
    "check": "CheckRules",
    "assess": "AssessFee",
    "refund": "RefundPayment",
    "enqueue": "JoinQueue",
    "tally": "TallyChildren",
    "unseal": "OpenSeals",
    "rank": "RankChildren",
    "answer": "AnswerChildren",
    "publish": "RecordOutcome",
    "outcome": "RecordOutcome",
}
PARK = "ParkCase"

RETRY = [
    {
        "ErrorEquals": [
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.TooManyRequestsException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.Unknown",
            "Sandbox.Timedout",
            "DependencyDown",
            "CommitConflict",
        ],
        "IntervalSeconds": 2,
        "MaxAttempts": 6,
        "BackoffRate": 2,
        "MaxDelaySeconds": 60,
        "JitterStrategy": "FULL",
    }
]
"""The one Retry: a step may be repeated at any moment, so whatever may pass by itself is tried again."""

VARIABLES = frozenset({"case", "episode", "attempt", "facts", "round", "wake", "chosen", "fault"})
"""All that an execution holds."""

State = dict[str, Any]


def define(service: Service) -> dict[str, State]:
    """Give the definition of each process."""
    return {name: _definition(service, name, process) for name, process in service.processes.items()}


def _definition(service: Service, name: str, process: Process) -> State:
    graph = Graph.of(process)
    titles = {step.name: step.title.en for step in process.steps}
    states: dict[str, State] = {TAKE_UP: _take_up(titles[graph.start])}
    endings: dict[str, State] = {}
    by_law = LAW_SAYS.get(SILENT_ACTION.get(service.clock.silence, ""), "")
    for step_name in graph.walked():
        step = process.step(step_name)
        onward = graph.edges[step_name][0].to if graph.edges[step_name] else None
        if isinstance(step, ChooseStep):
            states[step.title.en] = _choice(step, titles)
        elif isinstance(step, OutcomeStep):
            ending = ENDED + step.name.replace("-", " ")
            states[step.title.en] = _synchronous(step, _parameters(step, service, process), titles, ending)
            endings[ending] = {"Type": "Succeed", "Comment": f"The case is {step.result}."}
        elif isinstance(step, CheckStep | AssessStep | RefundStep | EnqueueStep | BelowStep):
            states[step.title.en] = _synchronous(
                step, _parameters(step, service, process), titles, titles[str(onward)]
            )
        else:
            states[step.title.en] = _wait(
                step, _parameters(step, service, process), titles, titles[str(onward)], by_law
            )
    _tell_of_choices(states, process, graph, titles)
    return {
        "Comment": f"{service.title.en}: {process.title.en}. Compiled from {service.code}/service.yaml, "
        f"version {service.version}, process {name}.",
        "QueryLanguage": "JSONata",
        "StartAt": TAKE_UP,
        "TimeoutSeconds": YEAR_SECONDS,
        "States": {**states, **endings, **_emergencies()},
    }


def _take_up(first: str) -> State:
    given = {
        key: f"{{% $states.context.Execution.Input.{key} %}}"
        for key in ("case", "episode", "attempt", "facts")
    }
    return {
        "Type": "Pass",
        "Comment": "Take the ids and the declared facts; nothing personal enters an execution.",
        "Assign": {**given, "round": 1, "wake": 0},
        "Next": first,
    }


def _wait(
    step: TaskStep | ConsultStep | CorrectStep | PayStep | WaitStep | HoldStep,
    parameters: State,
    titles: Mapping[str, str],
    onward: str,
    by_law: str,
) -> State:
    title = step.title.en
    assign: State = {"facts": "{% $states.result.facts %}", "wake": 0}
    if isinstance(step, CorrectStep):
        assign["round"] = "{% $round + 1 %}"
    timeout = f"{{% $wake > 0 ? $wake : {_first_ring(step)} %}}"
    return {
        "Type": "Task",
        "Comment": _said(step),
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": _arguments(WAITS[step.kind], step, parameters, timeout=timeout),
        "TimeoutSeconds": timeout,
        "Retry": RETRY,
        "Assign": assign,
        "Catch": [
            *(
                {
                    "ErrorEquals": [error],
                    "Assign": {"wake": 0, **_next_round(step, error)},
                    "Next": titles[to],
                }
                for error, to in _verdicts(step, by_law)
            ),
            {
                "ErrorEquals": ["StillTime"],
                "Assign": {"wake": "{% $number($states.errorOutput.Cause) %}"},
                "Next": title,
            },
            {
                "ErrorEquals": ["States.Timeout", "States.HeartbeatTimeout"],
                "Assign": {"wake": 0},
                "Next": title,
            },
            *_faults(title),
        ],
        "Next": onward,
    }


def _next_round(step: Step, error: str) -> State:
    """A late bill is assessed anew, a hold or a refusal sends back: what the steps record then is another round."""
    back = error == "Overdue" or (isinstance(step, HoldStep) and error == "Returned")
    back = back or (isinstance(step, TaskStep) and bool(step.rounds) and error == "Rejected")
    return {"round": "{% $round + 1 %}"} if back else {}


def _verdicts(
    step: TaskStep | ConsultStep | CorrectStep | PayStep | WaitStep | HoldStep, by_law: str
) -> list[tuple[str, str]]:
    match step:
        case WaitStep():
            return []
        case HoldStep():
            aside = (
                ("Returned", step.again),
                ("Rejected", step.rejected),
                ("Lapsed", step.lapsed or step.exhausted),
            )
            return [(error, to) for error, to in aside if to]
        case TaskStep() | ConsultStep():
            exhausted = ("Lapsed", step.exhausted if isinstance(step, TaskStep) else None)
            aside = (
                ("Returned", step.returned),
                ("Rejected", step.rejected),
                exhausted,
                (by_law, step.by_law),
            )
            return [(error, to) for error, to in aside if to]
        case CorrectStep():
            return [("Lapsed", step.lapsed), ("RoundsExhausted", step.exhausted)]
        case PayStep():
            return [("Lapsed", step.lapsed), *([("Overdue", step.overdue)] if step.overdue else [])]


def _synchronous(
    step: CheckStep | AssessStep | RefundStep | EnqueueStep | BelowStep | OutcomeStep,
    parameters: State,
    titles: Mapping[str, str],
    onward: str,
) -> State:
    aside = [("ChecksFailed", step.failed)] if isinstance(step, CheckStep) else []
    if isinstance(step, AssessStep) and step.overpaid:
        aside = [("Overpaid", step.overpaid)]
    return {
        "Type": "Task",
        "Comment": _said(step),
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": _arguments(SYNCHRONOUS[step.kind], step, parameters),
        "TimeoutSeconds": STEP_SECONDS,
        "Retry": RETRY,
        "Assign": {"facts": "{% $states.result.Payload.facts %}"},
        "Catch": [
            *({"ErrorEquals": [error], "Next": titles[to]} for error, to in aside),
            *_faults(step.title.en),
        ],
        "Next": onward,
    }


def _choice(step: ChooseStep, titles: Mapping[str, str]) -> State:
    chosen = {"chosen": f"{{% $chosen & '{step.name} ' %}}"}
    return {
        "Type": "Choice",
        "Comment": _said(step),
        "Choices": [
            {
                "Condition": f"{{% {expressions.with_variables(branch.when, {'facts'})} %}}",
                "Assign": chosen,
                "Next": titles[branch.then],
            }
            for branch in step.branches
        ],
        "Assign": chosen,
        "Default": titles[step.then],
    }


def _tell_of_choices(
    states: dict[str, State], process: Process, graph: Graph, titles: Mapping[str, str]
) -> None:
    """A choice costs no write of its own: the step to which it leads learns of it, and notes it with what it writes."""
    choices = [step for step in process.steps if isinstance(step, ChooseStep) and titles[step.name] in states]
    if not choices:
        return
    states[TAKE_UP]["Assign"]["chosen"] = ""
    for title in {titles[way] for step in choices for way in graph.ways(step.name)}:
        state = states[title]
        if state["Type"] == "Task":
            state["Arguments"]["Payload"]["chosen"] = "{% $chosen %}"
            aside = [way for way in state["Catch"] if way["Next"] not in (title, CLOSED, CALL)]
            for way in (state, *aside):
                way["Assign"] = {**way.get("Assign", {}), "chosen": ""}


def _arguments(function: str, step: Step, parameters: State, *, timeout: str | None = None) -> State:
    """Give what a step is called with; one that waits also learns its token and when its timer rings."""
    payload: State = {key: f"{{% ${key} %}}" for key in ("case", "episode", "attempt", "round")}
    payload["step"] = step.name
    if timeout:
        payload |= {
            "token": "{% $states.context.Task.Token %}",
            "timeout": timeout,
        }
    return {"FunctionName": f"${{{function}}}", "Payload": {**payload, "parameters": parameters}}


def _parameters(step: Step, service: Service, process: Process) -> State:
    title = step.title.pair()
    pauses = service.clock.pauses if process.clock else ()
    match step:
        case TaskStep() | ConsultStep():
            return {
                "title": title,
                "join": step.join,
                "objections": step.objections if isinstance(step, ConsultStep) else "advise",
                "tasks": [plain(task) for task in step.of],
                "supervisors": list(service.supervisors),
            }
        case CorrectStep():
            return {
                "title": title,
                "within": str(step.within),
                "rounds": step.rounds,
                "clock_pauses": "correction" in pauses,
                **({"until": step.until} if step.until else {}),
            }
        case PayStep():
            more: State = {"credit": step.credit} if step.credit != "step" else {}
            more |= {"least": step.parts.least} if step.parts else {}
            return {"title": title, "within": str(step.within), "clock_pauses": "payment" in pauses, **more}
        case WaitStep():
            until = {"until": step.until} if step.until else {}
            return {"title": title, "within": str(step.within), **until}
        case CheckStep():
            return {"title": title, "rules": [plain(rule) for rule in step.rules]}
        case AssessStep():
            fee = plain(service.fee) if service.fee else None
            return {"title": title, "fee": fee, **({"overpaid": step.overpaid} if step.overpaid else {})}
        case RefundStep() | EnqueueStep():
            return {"title": title}
        case HoldStep():
            return {"title": title, "within": str(step.within)}
        case TallyStep():
            words = {"words": step.words.pair()} if step.words else {}
            return {"title": title, "facts": dict(step.facts), **words}
        case UnsealStep():
            return {"title": title}
        case RankStep():
            return {"title": title, "rule": plain(step)}
        case AnswerStep():
            kept = plain(step)
            names = ("action", "when", "reasons", "facts", "documents")
            return {"title": title, **{name: kept[name] for name in names if name in kept}}
        case PublishStep():
            return {
                "result": None,
                "title": title,
                "issue": {kind: plain(service.permits[kind]) for kind in step.permits},
                "letter": step.letter,
            }
        case OutcomeStep():
            return {
                "result": step.result,
                "title": title,
                "issue": {kind: plain(service.permits[kind]) for kind in step.issue},
                "letter": step.letter,
                "needs_payment": step.needs_payment,
                "opens": step.opens,
                **({"later": plain(step.later)} if step.later else {}),
                **({"forfeits": step.forfeits} if step.forfeits else {}),
            }
        case ChooseStep():
            return {}


def _faults(title: str) -> list[State]:
    fault = {"state": title, "error": "{% $states.errorOutput.Error %}"}
    return [
        {"ErrorEquals": ["Superseded", "CaseClosed"], "Next": CLOSED},
        {"ErrorEquals": ["States.ALL"], "Assign": {"fault": fault}, "Next": CALL},
    ]


def _emergencies() -> dict[str, State]:
    payload = {key: f"{{% ${key} %}}" for key in ("case", "episode", "attempt", "fault")}
    return {
        CLOSED: {
            "Type": "Succeed",
            "Comment": "The case has ended otherwise, or a newer execution drives it.",
        },
        CALL: {
            "Type": "Task",
            "Comment": "Park the case, so that somebody looks at it and drives it on.",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": f"${{{PARK}}}", "Payload": payload},
            "TimeoutSeconds": STEP_SECONDS,
            "Retry": RETRY,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": ATTENTION}],
            "Next": ATTENTION,
        },
        ATTENTION: {
            "Type": "Fail",
            "Comment": "An alarm sees this execution fail; a redrive starts another one where the case stands.",
            "Error": "NeedsAttention",
            "Cause": "{% 'A fault in the state ' & $fault.state & ': ' & $fault.error %}",
        },
    }


def _first_ring(step: TaskStep | ConsultStep | CorrectStep | PayStep | WaitStep | HoldStep) -> int:
    """When to look at the clock for the first time, in seconds: never after the first moment that matters.

    For an officer that is the end of the shortest term, for an applicant the reminder at four fifths of it.
    """
    if isinstance(step, TaskStep | ConsultStep):
        return min(task.within.lower_bound_seconds(task.ends) for task in step.of)
    if isinstance(step, HoldStep):
        return step.within.lower_bound_seconds(step.ends)
    shortest = step.within.lower_bound_seconds()
    return shortest if isinstance(step, WaitStep) else shortest * 4 // 5


def _said(step: Step) -> str:
    match step:
        case TaskStep() | ConsultStep():
            return "; ".join(
                f"{task.role} within {task.within}, silence: {task.silence}"
                + (f", for each of {task.each}, at most {task.at_most}" if task.each else "")
                + (f", when {task.when}" if task.when else "")
                for task in step.of
            )
        case CorrectStep():
            return f"The applicant corrects within {step.within}, at most {step.rounds} rounds."
        case PayStep():
            return f"The applicant pays within {step.within}."
        case WaitStep():
            return f"Nobody acts before {step.until or step.within}" + (
                f", at most {step.within}." if step.until else " is over."
            )
        case CheckStep():
            return "Rules that need nobody: " + ", ".join(rule.code for rule in step.rules) + "."
        case RefundStep():
            return "What was paid beyond the fee is given back."
        case EnqueueStep():
            return "The case gets the next number of its region's line."
        case AssessStep():
            return "The fee is computed, line by line."
        case WaitStep():
            return f"Nobody acts before {step.until or step.within}" + (
                f", at most {step.within}." if step.until else " is over."
            )
        case HoldStep():
            return f"The cases around this one let it go on; {step.within}."
        case TallyStep():
            return f"From the cases below: {', '.join(step.facts)}."
        case RankStep():
            return f"The cases below are ranked by what `{step.scores}` gave."
        case AnswerStep():
            return f"The cases below are told: {step.action}" + (f", when {step.when}." if step.when else ".")
        case UnsealStep():
            return "What was filed under seal is opened, once its moment has come and two people have opened."
        case PublishStep():
            return (
                f"Issued on the way: {', '.join([*step.permits, *([step.letter] if step.letter else [])])}."
            )
        case ChooseStep():
            return "The declared facts choose the way."
        case OutcomeStep():
            return f"The case is {step.result}" + (
                f", {' and '.join(step.issue)} issued." if step.issue else "."
            )
