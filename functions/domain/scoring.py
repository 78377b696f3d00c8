"""Several people score the same cases without seeing each other, and a declared rule makes a ranking of it.

The score of a case is the weighted mean, over its criteria, of the mean of what the evaluators gave; computed exactly
and written with two decimals, rounded half up. Cases of the same exact score are ordered by the declared rule for
ties, and at last by who filed first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import events
from functions.domain import history, waits
from functions.domain.case import Case, Task, Writer
from functions.domain.errors import Fault, Invalid, LoketError
from functions.domain.expression import evaluate
from functions.domain.service import RankStep, Service

Scores = Mapping[str, Mapping[str, float]]


def rank_step(case: Case, service: Service, task: Task) -> RankStep | None:
    """Give the step that ranks what this task scores."""
    process = service.process(case.episodes[task.episode - 1].process)
    return next((s for s in process.steps if isinstance(s, RankStep) and s.scores == task.step), None)


def criteria_of(step: RankStep, case: Case) -> list[str]:
    named = evaluate(step.criteria, {"facts": dict(case.facts)})
    return [str(name) for name in (named if isinstance(named, list) else [named]) if name is not None]


def weights_of(step: RankStep, case: Case, criteria: Sequence[str]) -> list[int | float]:
    """Give the weight of each criterion; where none are declared, all weigh the same."""
    named = evaluate(step.weights, {"facts": dict(case.facts)}) if step.weights else None
    weights = named if isinstance(named, list) else [named] if named is not None else [1] * len(criteria)
    fit = len(weights) == len(criteria) and all(isinstance(one, int | float) and one >= 0 for one in weights)
    if not fit or not sum(weights):
        raise LoketError("the weights do not fit the criteria")
    return list(weights)


def read(case: Case, service: Service, task: Task, data: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Read the scores of one evaluator: every case, by every criterion. Raises `Invalid` with all that is wrong."""
    step = rank_step(case, service, task)
    if step is None:
        raise LoketError(f"nothing ranks what `{task.step}` scores")
    given = data.get("scores")
    if not isinstance(given, Mapping):
        raise Invalid([Fault("/data/scores", _NEEDED)])
    criteria = criteria_of(step, case)
    faults = [Fault(f"/data/scores/{child}", _UNKNOWN) for child in given if child not in case.opened]
    for child in case.opened:
        one = given.get(child)
        if not isinstance(one, Mapping):
            faults.append(Fault(f"/data/scores/{child}", _NEEDED))
            continue
        faults += [Fault(f"/data/scores/{child}/{name}", _UNKNOWN) for name in one if name not in criteria]
        wrong = [name for name in criteria if not _fits(one.get(name), step)]
        faults += [Fault(f"/data/scores/{child}/{name}", _number(step)) for name in wrong]
    if faults:
        raise Invalid(faults)
    return {child: {name: given[child][name] for name in criteria} for child in case.opened}


def _fits(value: Any, step: RankStep) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and step.lowest <= value <= step.highest


def _number(step: RankStep) -> dict[str, str]:
    return {
        "id": f"Isi angka dari {step.lowest} sampai {step.highest}.",
        "en": f"Give a number from {step.lowest} to {step.highest}.",
    }


_NEEDED = {"id": "Nilai untuk setiap berkas diperlukan.", "en": "A score for each case is needed."}
_UNKNOWN = {"id": "Tidak ada di sini.", "en": "There is no such thing here."}


def schema(case: Case, service: Service, task: Task) -> dict[str, Any] | None:
    """Give the JSON Schema of what an evaluator hands in."""
    step = rank_step(case, service, task)
    if step is None:
        return None
    criteria = criteria_of(step, case)
    number = {"type": "number", "minimum": step.lowest, "maximum": step.highest}
    each = {
        "type": "object",
        "properties": dict.fromkeys(criteria, number),
        "required": criteria,
        "additionalProperties": False,
    }
    scores = {
        "type": "object",
        "properties": dict.fromkeys(case.opened, each),
        "required": list(case.opened),
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"scores": scores},
        "required": ["scores"],
    }


def hidden(case: Case, service: Service, task: Task) -> bool:
    """Tell whether what this task holds may not be shown yet: not all who score have done so."""
    return task.kind == "score" and waits.verdict_of(case, service, task.key) is None


def rank(
    writer: Writer,
    service: Service,
    step: RankStep,
    *,
    episode: int,
    round_: int,
    children: Sequence[Mapping[str, Any]],
) -> None:
    """Rank the cases by what all evaluators gave, and leave in the history how that came about."""
    case = writer.case
    done = [
        task for task in case.tasks_of(episode, step.scores, round_) if task.state == "done" and task.scores
    ]
    if not done:
        raise LoketError("nobody has scored")
    criteria = criteria_of(step, case)
    weights = weights_of(step, case, criteria)
    shown = [child for child in children if child["id"] in done[0].scores]
    scored = {
        child["id"]: score_of(child["id"], [task.scores for task in done], criteria, weights)
        for child in shown
    }
    ordered = sorted(
        shown,
        key=lambda child: (
            -scored[child["id"]],
            *_ties(step, child, case),
            child["submitted_at"],
            child["id"],
        ),
    )
    ranking = [
        {"child": child["id"], "rank": place, "score": written(scored[child["id"]])}
        for place, child in enumerate(ordered, 1)
    ]
    writer.add(
        events.RankingMade(
            episode=episode,
            step=step.name,
            round=round_,
            rule=f"{service.code}/{step.name}",
            version=service.version,
            criteria=criteria,
            weights=weights,
            ties=[tie.by for tie in step.ties],
            scores=[{"task": task.id, "by": task.done_by, "scores": task.scores} for task in done],
            ranking=ranking,
            sentence=_said(ordered, scored, criteria, weights, len(done)),
        ),
        actor="system",
    )


def _said(
    ordered: Sequence[Mapping[str, Any]],
    scored: Mapping[str, Fraction],
    criteria: Sequence[str],
    weights: Sequence[float],
    judges: int,
) -> dict[str, str]:
    """Tell who came first, up to the third, and by what."""
    by = ", ".join(f"{name} ({weight:g})" for name, weight in zip(criteria, weights, strict=True))
    best = "; ".join(
        f"{place}. {child['number']} ({written(scored[child['id']])})"
        for place, child in enumerate(ordered[:3], 1)
    )
    return {
        "id": f"Peringkat menurut {by}, dari nilai {judges} penilai: {best}.",
        "en": f"Ranking by {by}, from the scores of {judges} evaluator{'' if judges == 1 else 's'}: {best}.",
    }


def score_of(
    child: str, given: Sequence[Scores], criteria: Sequence[str], weights: Sequence[float]
) -> Fraction:
    """Give the exact score of one case."""
    total = Fraction(0)
    for name, weight in zip(criteria, weights, strict=True):
        mean = sum((_exact(scores[child][name]) for scores in given), Fraction(0)) / len(given)
        total += mean * _exact(weight)
    return total / sum((_exact(weight) for weight in weights), Fraction(0))


def written(score: Fraction) -> str:
    """Write a score with two decimals, rounded half up."""
    hundredths = (score * 100 * 2 + 1) // 2
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _exact(number: float) -> Fraction:
    """A decimal is meant as it is written, not as the binary number that is nearest."""
    return Fraction(str(number))


def _ties(step: RankStep, child: Mapping[str, Any], case: Case) -> list[Fraction]:
    found = []
    for tie in step.ties:
        value = evaluate(tie.by, {"child": dict(child), "facts": dict(case.facts)})
        number = _exact(value) if isinstance(value, int | float) else Fraction(0)
        found.append(number if tie.first == "lowest" else -number)
    return found


def nonced(scores: Scores, nonce: str) -> str:
    """Give the digest of scores that does not tell them to who tries all that are possible."""
    return history.digest({"scores": scores, "nonce": nonce})
