"""Tell the cases below this one what has become of them: each goes on with its own process from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

from functions.domain import below, children, words
from functions.domain.case import Case, Writer
from functions.domain.expression import evaluate, holds
from functions.domain.service import Service, Text
from functions.runtime.below import drafts, load
from functions.runtime.commands import change
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    title: Text
    action: Literal["approve", "reject", "lapse", "reopen", "tell"]
    when: str | None = None
    reasons: Text | None = None
    facts: dict[str, str] = {}
    documents: tuple[str, ...] = ()


class Request(StepRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> None:
    """Answer every case below that the step means and that is still to be answered; again, nothing happens.

    What is told is told to who has begun one and not filed it, too.
    """
    wanted, case = request.parameters, desk.case
    answered = []
    begun = drafts(case) if wanted.action == "tell" else []
    for child in [*load(case), *begun]:
        shown = below.with_rank(case, below.seen(child))
        context = {"child": shown, "facts": dict(case.facts), "since": "", "values": desk.service.constants}
        if holds(wanted.when, context):
            _answer(request, desk, child, context)
            answered += [child.id] if child.submitted_at else []
    below.told(desk.writer, wanted.action, answered, episode=request.episode, step=request.step)


def _answer(request: Request, desk: Desk, child: Case, context: Mapping[str, Any]) -> None:
    wanted, parent = request.parameters, desk.case
    said = _said(wanted.reasons, desk, context) if wanted.reasons else None
    facts = {name: evaluate(expression, context) for name, expression in wanted.facts.items()}
    # The facts go by names that people are not shown; what they mean for the case below, the reasons say.
    origin = {"title": wanted.title, "inputs": {"above": parent.id}, "words": wanted.title}
    rest = below.resting(desk.service, request.step, facts, **origin) if facts else {}

    def decide(writer: Writer, service: Service) -> None:
        if wanted.action == "reopen":
            below.reopen(writer)
        elif writer.case.status == "draft":
            below.tell(writer, said)
        elif any(task.kind == "wait" for task in writer.case.open_tasks()):
            if facts:
                below.note(writer, facts, episode=len(writer.case.episodes), step="above", rest=rest)
            for document in parent.documents.values():
                if document.issued and document.kind in wanted.documents:
                    children.link(writer, document)
            if wanted.action == "tell":
                below.tell(writer, said)
            else:
                below.answer(writer, wanted.action, said)

    change(child.id, "system", decide)


def _said(reasons: Text, desk: Desk, context: Mapping[str, Any]) -> dict[str, str]:
    calendar, facts = desk.ports.catalogue.calendar(desk.case.agency), desk.case.facts
    told = {
        language: {**context, "facts": words.facts(facts, desk.service, calendar, language)}
        for language in words.LANGUAGES
    }
    return words.both(reasons, told)


handler = blueprint.lambda_function(name="answer_children")(step(Request, run))
