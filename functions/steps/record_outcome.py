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
from functions.domain import below, documents, episodes, letters, numbers, payments
from functions.domain.case import Task
from functions.domain.clock import Calendar, rfc3339
from functions.domain.episodes import Decision
from functions.domain.errors import LoketError
from functions.domain.letter import Letter, Signatory
from functions.domain.service import Later, PermitKind, Text
from functions.runtime.below import load
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


class Request(StepRequest):
    parameters: Parameters


def run(request: Request, desk: Desk) -> None:
    """Record the outcome and issue its document; without a result only the document."""
    wanted = request.parameters
    if wanted.needs_payment and not payments.settled(desk.case, desk.service):
        raise LoketError("the fee is not paid: the definition leads here too early")
    decision = episodes.decision_of(desk.case, desk.service, request.episode, wanted.result or "approved")
    ends = [_issue_permit(request, desk, kind, permit, decision) for kind, permit in wanted.issue.items()]
    if wanted.letter:
        _issue_letter(request, desk, wanted.letter, decision)
    if wanted.result is None:
        return
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


def _issue_permit(
    request: Request, desk: Desk, kind: str, permit: PermitKind, decision: Decision
) -> datetime | None:
    """Issue the document in the place of the one before; gives when it ends."""
    since = episodes.valid_from(desk.case, kind, desk.writer.now) if permit.continues else desk.writer.now
    episodes.replace_permits(desk.writer, kind)
    number = _free_number(desk, permit)
    until = _calendar(desk).due(since, permit.valid_for) if permit.valid_for else None
    signatory = _signatory(desk, request.episode, decision, permit.signatory, by=permit.signed_by)
    office = _office_of(desk, request.episode, permit.signed_by)
    letter = _compose(desk, permit.letter, number, f"/permits/{number}", signatory, decision, until, office)
    document, content, version = _store(desk, letter, permit.title.id)
    desk.writer.add(
        events.PermitIssued(
            number=number,
            kind=kind,
            document=document,
            sha256=_sha256(content),
            size=len(content),
            object_version=version,
            valid_until=rfc3339(until) if until else None,
        )
    )
    return until


def _issue_letter(request: Request, desk: Desk, name: str, decision: Decision) -> None:
    number = f"{desk.case.number}/{len(desk.case.documents) + 1}"
    signatory = _signatory(desk, request.episode, decision, "head")
    letter = _compose(desk, name, number, f"/cases/{desk.case.id}", signatory, decision)
    document, content, version = _store(desk, letter, letter.title.id)
    desk.writer.add(
        events.LetterIssued(
            letter=name, document=document, sha256=_sha256(content), size=len(content), object_version=version
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


def _compose(
    desk: Desk,
    letter: str,
    number: str,
    path: str,
    signatory: Signatory | None,
    decision: Decision,
    valid_until: datetime | None = None,
    office: str | None = None,
) -> Letter:
    case = desk.case
    agency = desk.ports.catalogue.agency(office or case.agency)
    rows = any(block.each for block in desk.service.letters[letter].blocks)
    return letters.compose(
        case,
        desk.service,
        agency,
        _calendar(desk),
        letter=letter,
        number=number,
        signatory=signatory,
        reasons=decision.reasons,
        by_law=decision.law,
        now=_whole(desk.writer.now),
        url=desk.ports.settings.public_url + path,
        valid_until=valid_until,
        children=[below.seen(child) for child in load(case)] if rows else (),
    )


def _store(desk: Desk, letter: Letter, reason: str) -> tuple[str, bytes, str | None]:
    """Draw, sign and store; gives the document's id, its bytes and the version of the stored object."""
    seal = letter.signatory or Signatory(name=letter.letterhead.agency.id, title=_SEAL)
    signed = desk.ports.signer.sign(
        desk.ports.renderer.render(letter),
        name=seal.name,
        title=seal.title.id,
        reason=reason,
        location=letter.place,
        signed_at=datetime.now(UTC),
    )
    identity = desk.writer.next_id("d", desk.case.documents)
    key = documents.issued_key(identity)
    arrived = desk.ports.documents.put(key, signed, content_type="application/pdf", sha256=_sha256(signed))
    return identity, signed, arrived.version


def _office_of(desk: Desk, episode: int, name: str | None) -> str | None:
    """Give the office of the official who did the task of this name."""
    return (
        next((task.role.partition("/")[0] for task in _decided(desk, episode, name)), None) if name else None
    )


def _decided(desk: Desk, episode: int, name: str | None = None) -> list[Task]:
    """Give what officials have decided in an episode: everything, or the task or the step of this name."""
    return [
        task
        for task in desk.case.tasks.values()
        if task.episode == episode
        and task.kind in ("decide", "open")
        and task.state == "done"
        and name in (None, task.name, task.step)
    ]


def _signatory(
    desk: Desk, episode: int, decision: Decision, role: str, *, by: str | None = None
) -> Signatory | None:
    """Give the official who decided last, or who did the task ``by``, for whoever decides signs; nobody for the law."""
    decided = _decided(desk, episode, by)
    if decision.by == "law" or not decided:
        return None
    signer = max(decided, key=lambda task: task.version)
    code, _, held = signer.role.partition("/")
    agency = desk.ports.catalogue.agency(code)
    title = (
        agency.signatories.get(held) or agency.roles.get(held) or agency.signatories.get(role) or agency.name
    )
    return Signatory(name=signer.done_name or signer.done_by or agency.name.id, title=title)


def _calendar(desk: Desk) -> Calendar:
    calendar: Calendar = desk.ports.catalogue.calendar(desk.case.agency)
    return calendar


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


_SEAL = Text(id="Segel elektronik", en="Electronic seal")

handler = blueprint.lambda_function(name="record_outcome")(step(Request, run))
