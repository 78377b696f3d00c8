"""Do the steps that look at the cases below, or wait for the one above, come to an end and know whom they mean?"""

from __future__ import annotations

from collections.abc import Iterator

from functions.domain.service import AnswerStep, ConsultStep, HoldStep, RankStep, TallyStep, TaskStep
from infra.compiler.finding import Finding, Place
from infra.compiler.prove.subject import Subject, Walk, closest


def rankings_have_scores(subject: Subject) -> Iterator[Finding]:
    """Whoever is ranked was scored before, on every way."""
    for walk in subject.walks:
        scored = [step.name for step, _ in walk.steps() if _gives_scores(step)]
        for step, place in walk.steps():
            if isinstance(step, RankStep):
                yield from _scored_before(walk, step, scored, place)


def holds_are_let_go(subject: Subject) -> Iterator[Finding]:
    """A hold ends: by the word of a case above that there is, or by its term, and goes back a number of times."""
    for step, place in subject.steps():
        if isinstance(step, HoldStep):
            yield from _by_the_parent(subject, step, place) if step.answered_by else _by_its_term(step, place)


def tallies_make_facts_of_their_own(subject: Subject) -> Iterator[Finding]:
    """A fact of the form is computed anew when an application is corrected; what was counted would be lost."""
    for step, place in subject.steps():
        if isinstance(step, TallyStep | RankStep):
            for name in step.facts:
                if name in subject.service.facts:
                    message = (
                        f"`{name}` is a fact of the form already; give what `{step.name}` finds another name"
                    )
                    yield Finding("fact-doubled", (*place, "facts", name), message)


def answers_hand_on_what_is_issued(subject: Subject) -> Iterator[Finding]:
    known = [*subject.service.permits, *subject.service.letters]
    for step, place in subject.steps():
        for kind in step.documents if isinstance(step, AnswerStep) else ():
            if kind not in known:
                message = f"no document `{kind}` is issued here; {closest(kind, known)}"
                yield Finding("document-unknown", (*place, "documents"), message)


def _gives_scores(step: object) -> bool:
    return isinstance(step, TaskStep | ConsultStep) and any(task.kind == "score" for task in step.of)


def _scored_before(walk: Walk, step: RankStep, scored: list[str], place: Place) -> Iterator[Finding]:
    if step.scores not in scored:
        message = f"no task of `{step.scores}` gives scores (`kind: score`); {closest(step.scores, scored)}"
        yield Finding("scores-unknown", (*place, "scores"), message)
    elif not walk.graph.always_before([step.scores], step.name):
        message = (
            f"`{step.name}` can be reached before `{step.scores}` has given scores; put it on every way to it"
        )
        yield Finding("rank-before-scores", place, message)


def _by_the_parent(subject: Subject, step: HoldStep, place: Place) -> Iterator[Finding]:
    if subject.service.above is None:
        message = f"no case above answers `{step.name}`; say `above: {{service, at}}`"
        yield Finding("hold-without-parent", (*place, "answered_by"), message)
    if step.lapsed is None:
        message = f"say where `{step.name}` leads when no answer has come: `lapsed: …`"
        yield Finding("hold-unended", place, message)
    for key in ("pending", "again_when", "again"):
        if getattr(step, key):
            message = f"`{step.name}` waits for the case above, not for those below; take `{key}` out"
            yield Finding("hold-both-ways", (*place, key), message)


def _by_its_term(step: HoldStep, place: Place) -> Iterator[Finding]:
    back = {
        "again_when": step.again_when,
        "again": step.again,
        "exhausted": step.exhausted,
        "rounds": step.rounds,
    }
    missing = [key for key, value in back.items() if not value]
    if missing and len(missing) < len(back):
        message = (
            f"to go back a number of times `{step.name}` needs {', '.join(f'`{key}`' for key in missing)} too"
        )
        yield Finding("hold-half-back", place, message)
    if step.rejected:
        message = f"nobody rejects `{step.name}`; take it out, or write `answered_by: parent`"
        yield Finding("verdict-impossible", (*place, "rejected"), message)


def messages_say_something(subject: Subject) -> Iterator[Finding]:
    for step, place in subject.steps():
        tells = isinstance(step, AnswerStep) and step.action == "tell"
        if tells and not (step.reasons or step.facts or step.documents):
            message = f"`{step.name}` tells nothing; say `reasons: {{id, en}}`, or take it out"
            yield Finding("tell-nothing", place, message)


PROOFS = (
    rankings_have_scores,
    holds_are_let_go,
    tallies_make_facts_of_their_own,
    answers_hand_on_what_is_issued,
    messages_say_something,
)
