"""Open what was filed under seal below a case, once its moment has come and two people have opened.

The only function that may have content decrypted, and only what lies below one case: no role holds the right, and here
it is lent for as long as it takes. What is opened is written to each case below by itself, once; a case that was
withdrawn in time stays shut. A file is copied by the store itself from where it lies sealed to where files lie, and its
arrival there is looked at like that of any other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

import events
from functions.domain import documents, sealing
from functions.domain.case import Case, Seal, Writer
from functions.domain.service import Service
from functions.runtime.below import count
from functions.runtime.commands import change
from functions.runtime.step import Desk, StepRequest, step
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)


class Request(StepRequest):
    pass


def run(request: Request, desk: Desk) -> None:
    """Open every seal below this case; raises `SealHolds` before its time, or without two people."""
    opened, by = [], set[str]()
    for (moments, openers), sealed in _by_moments(desk).items():
        with ports.opener.allowed(*(sealing.scope(desk.case.id, moment) for moment in moments)):
            children = [_open(child, openers) for child in sealed]
        opened += [child.id for child in children if child.status != "withdrawn"]
        by |= set(openers)
    desk.writer.add(
        events.SealsOpened(episode=request.episode, step=request.step, openers=sorted(by), opened=opened),
        actor="system",
    )


def _by_moments(desk: Desk) -> dict[tuple[tuple[datetime, ...], tuple[str, ...]], list[Case]]:
    """Give what is under seal, by the moments that it was closed for, and who has opened."""
    found: dict[tuple[tuple[datetime, ...], tuple[str, ...]], list[Case]] = {}
    for child in count(desk):
        if child.status == "withdrawn" or not child.seals:
            continue
        service = desk.ports.catalogue.service(child.service, child.service_version)
        openers = tuple(sealing.openers(desk.case, service, desk.writer.now))
        found.setdefault((sealing.moments(child), openers), []).append(child)
    return found


def _open(child: Case, openers: Sequence[str]) -> Case:
    """Open one case, once; gives it as it then is, for it may have been withdrawn at the last moment.

    Its files are copied after the commit that speaks of them, for a copy that nobody knows of would be nobody's; a
    repeat copies what has not arrived yet.
    """
    child = child if child.opened_at else _with_answers(child, openers)
    for document in sealing.to_be_copied(child):
        ports.documents.unseal(
            documents.sealed_key(document.id),
            documents.object_key(document),
            version=document.sealed_version,
            content_type=document.content_type,
        )
    return child


def _with_answers(child: Case, openers: Sequence[str]) -> Case:
    content: dict[str, Any] = {}
    for seal in child.seals:
        content |= _inside(child, seal)
    files = {one.id: _inside(child, one.seal) for one in sealing.files_of(child) if one.seal}

    def decide(writer: Writer, service: Service) -> None:
        sealing.open_up(writer, service, content, list(openers), files)

    return change(child.id, "system", decide).case


def _inside(child: Case, seal: Seal) -> dict[str, Any]:
    if seal.envelope is None:
        return {}
    context = sealing.context(child.id, child.parent or "", seal.opens_at)
    found: dict[str, Any] = json.loads(ports.opener.open(seal.envelope, context))
    return found


handler = blueprint.lambda_function(name="open_seals")(step(Request, run))
