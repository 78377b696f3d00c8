"""End an episode, or issue a document on its way: the decision with its reasons, the signed document, what follows.

The document is drawn, signed and stored before the commit that speaks of it. A step that died in between does it
again; what was stored before is an older version of the same object that nothing refers to.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from chalice.app import Blueprint
from pydantic import BaseModel, ConfigDict

import events
from functions.domain import documents, episodes, issuing, numbers, payments
from functions.domain.clock import Calendar, rfc3339
from functions.domain.episodes import Decision
from functions.domain.errors import LoketError
from functions.domain.issuing import Drawing, Paper
from functions.domain.letter import Letter, Signatory
from functions.domain.service import Later, PermitKind, Text
from functions.runtime.drawing import drawing_of
from functions.runtime.step import Desk, StepRequest, step

blueprint = Blueprint(__name__)
_SALTS = 8


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    result: str | None
    issue: dict[str, PermitKind] = {}
    letter: str | None = None
    needs_payment: bool = False
    opens: str | None = None
    later: Later | None = None
    forfeits: str | None = None


class Request(StepRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> None:
    """Record the outcome and issue its document; without a result only the document.

    Nothing is issued but what whoever signs has been shown.
    """
    wanted = request.parameters
    if wanted.needs_payment and not payments.settled(desk.case, desk.service):
        raise LoketError("the fee is not paid: the definition leads here too early")
    decision = episodes.decision_of(desk.case, desk.service, request.episode, wanted.result or "approved")
    drawing = _drawing(desk, wanted)
    issuing.demand_as_signed(desk.case, desk.service, drawing, request.episode, request.step)
    ends = [
        _issue_permit(request, desk, drawing, Paper(permit.letter, kind, permit), decision)
        for kind, permit in wanted.issue.items()
    ]
    if wanted.letter:
        _issue_letter(request, desk, drawing, Paper(wanted.letter), decision)
    if wanted.result is None:
        return
    if wanted.forfeits:
        payments.forfeit(desk.writer, desk.service, wanted.forfeits)
    later = (wanted.later, _later(desk, wanted.later, ends)) if wanted.later else None
    episodes.conclude(
        desk.writer,
        desk.service,
        result=wanted.result,
        opens=wanted.opens,
        later=later,
        calendar=_calendar(desk),
    )


def _later(desk: Desk, later: Later, ends: list[datetime | None]) -> datetime:
    """Give when another process opens by itself."""
    if later.after:
        return _calendar(desk).due(desk.writer.now, later.after)
    first = min((end for end in ends if end), default=None)
    if first is None or later.before_end is None:
        raise LoketError("no permit that ends was issued: the definition leads here too early")
    hours = later.before_end.amount * (24 if later.before_end.unit == "d" else 1)
    return first - timedelta(hours=hours)


def _drawing(desk: Desk, wanted: Parameters) -> Drawing:
    return drawing_of(
        desk.case, desk.service, [*(one.letter for one in wanted.issue.values()), wanted.letter]
    )


def _issue_permit(
    request: Request, desk: Desk, drawing: Drawing, paper: Paper, decision: Decision
) -> datetime | None:
    """Issue the document in the place of the one before; gives when it ends."""
    permit, kind = paper.permit, paper.kind
    if permit is None or kind is None:
        return None
    until = issuing.valid_until(desk.case, drawing, paper, desk.writer.now)
    episodes.replace_permits(desk.writer, kind)
    number = _free_number(desk, permit)
    letter = _draw(request, desk, drawing, paper, decision, number, f"/permits/{number}", until)
    document, content, version = _store(desk, letter, permit.title.id)
    signing = issuing.signers(desk.case, desk.service, request.episode, paper) if letter.cosignatories else []
    text = issuing.initialled_text(
        desk.case, desk.service, drawing, paper, decision, episode=request.episode, step=request.step
    )
    desk.writer.add(
        events.PermitIssued(
            number=number,
            kind=kind,
            document=document,
            sha256=_sha256(content),
            size=len(content),
            object_version=version,
            valid_until=rfc3339(until) if until else None,
            text=text,
            signed=[task.id for task in signing] or None,
        )
    )
    return until


def _issue_letter(request: Request, desk: Desk, drawing: Drawing, paper: Paper, decision: Decision) -> None:
    number = f"{desk.case.number}/{len(desk.case.documents) + 1}"
    letter = _draw(request, desk, drawing, paper, decision, number, f"/cases/{desk.case.id}")
    document, content, version = _store(desk, letter, letter.title.id)
    desk.writer.add(
        events.LetterIssued(
            letter=paper.letter,
            document=document,
            sha256=_sha256(content),
            size=len(content),
            object_version=version,
        )
    )


def _free_number(desk: Desk, permit: PermitKind) -> str:
    """Give a number that this case holds from now on; a repeat finds its own again."""
    seed = f"{desk.case.id}/{len(desk.case.permits)}"
    for salt in range(_SALTS):
        number = numbers.number(permit.prefix, _calendar(desk).day_of(desk.writer.now).year, seed, salt=salt)
        if desk.ports.cases.claim(f"permit/{number}", desk.case.id):
            return number
    raise LoketError("no free number was found")


def _draw(
    request: Request,
    desk: Desk,
    drawing: Drawing,
    paper: Paper,
    decision: Decision,
    number: str,
    path: str,
    valid_until: datetime | None = None,
) -> Letter:
    return issuing.draw(
        desk.case,
        desk.service,
        drawing,
        paper,
        decision,
        episode=request.episode,
        step=request.step,
        number=number,
        now=_whole(desk.writer.now),
        url=desk.ports.settings.public_url + path,
        valid_until=valid_until,
    )


def _store(desk: Desk, letter: Letter, reason: str) -> tuple[str, bytes, str | None]:
    """Draw, sign and store; gives the document's id, its bytes and the version of the stored object."""
    seals = letter.signatories or (Signatory(name=letter.letterhead.agency.id, title=_SEAL),)
    signed = desk.ports.signer.sign(
        desk.ports.renderer.render(letter),
        names=[f"{one.name}, {one.title.id}" for one in seals],
        reason=reason,
        location=letter.place,
        signed_at=datetime.now(UTC),
    )
    identity = desk.writer.next_id("d", desk.case.documents)
    key = documents.issued_key(identity)
    arrived = desk.ports.documents.put(key, signed, content_type="application/pdf", sha256=_sha256(signed))
    return identity, signed, arrived.version


def _calendar(desk: Desk) -> Calendar:
    calendar: Calendar = desk.ports.catalogue.calendar(desk.case.agency)
    return calendar


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


_SEAL = Text(id="Segel elektronik", en="Electronic seal")

handler = blueprint.lambda_function(name="record_outcome")(step(Request, run))
