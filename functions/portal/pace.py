"""Where time is lost: the figures of each step of a service, for its supervisors."""

from __future__ import annotations

from itertools import groupby

from pydantic import ValidationError

from functions.api import statistics as api
from functions.domain.errors import Malformed
from functions.portal import charts, progress, worklist
from functions.portal.public import faults_of
from functions.portal.visit import Answer, Content, Html, Visit

LONGEST = 8
"""Steps that the pictures show: those in which most of the time goes by."""


def show(visit: Visit, service: str) -> Answer:
    """Show the figures of the last twelve months, or of the months asked for."""
    given = {name: visit.query.get(name) or None for name in ("from", "to")}
    faults: list[str] = []
    try:
        found = visit.ask(
            api.steps, service, query=api.StepsQuery.model_validate({**given, "format": "json"})
        )
    except (ValidationError, Malformed) as error:
        faults = faults_of(visit, error)
        found = visit.ask(api.steps, service, query=api.StepsQuery(format="json"))
    slowest = sorted((one for one in found.items if one.done), key=lambda one: -one.share)[:LONGEST]
    page = {
        "found": found,
        "slowest": slowest,
        "processes": [list(steps) for _, steps in groupby(found.items, key=lambda one: one.process)],
        "named": lambda one: _named(found.items, one),
        "who": lambda one: _who(visit, one.role),
        "months": sorted({month.month for one in found.items for month in one.months}),
        "others": [one for one in worklist.overseen(visit.person, visit.now) if one.code != service],
        "charts": charts,
        "given": given,
        "faults": [{"link": "#f-from", "text": text} for text in faults],
    }
    return Html("pace.html", page, status=422 if faults else 200)


def _named(all_steps: list[api.StepFigures], one: api.StepFigures) -> str:
    """Name a step where its process is not told: with it, if others are called alike."""
    alike = [other for other in all_steps if other.title == one.title]
    return one.title if len(alike) == 1 else f"{one.title} – {one.process_title}"


def _who(visit: Visit, role: str) -> str:
    if role == "applicant":
        return str(visit.t("case.applicant"))
    return progress.office(role, visit.language) if role else ""


def table(visit: Visit, service: str) -> Answer:
    """Give the same as a table for spreadsheets, a row for each step and month."""
    given = {name: visit.query.get(name) or None for name in ("from", "to")}
    try:
        wanted = api.StepsQuery.model_validate({**given, "format": "csv"})
    except ValidationError as error:
        raise Malformed({language: faults_of(visit, error)[0] for language in ("id", "en")}) from None
    reply = visit.reply(api.steps, service, query=wanted)
    disposition = {"Content-Disposition": f'attachment; filename="{service}-steps.csv"'}
    return Content(str(reply.body), reply.content_type, headers={**reply.headers, **disposition})
