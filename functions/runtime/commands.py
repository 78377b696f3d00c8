"""How a command changes a case: loaded, decided, written once; decided again if another was first.

A repeat with the same Idempotency-Key finds its own commit and gives the state of that moment again; the same key
with another body is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from functions.domain import intake
from functions.domain.case import Case, Commit, Request, Writer
from functions.domain.errors import CommitConflict, Conflict, KeyReused, Stale
from functions.domain.service import Service
from functions.ports import Record
from functions.runtime.wiring import ports

_TRIES = 8

Decide = Callable[[Writer, Service], None]


@dataclass(frozen=True)
class Done:
    """The case after a command, and whether this call only repeated an earlier one.

    ``commits`` are those that the command found.
    """

    case: Case
    service: Service
    repeated: bool = False
    commits: Sequence[Commit] = ()


def change(
    case_id: str,
    actor: str,
    decide: Decide,
    *,
    request: Request | None = None,
    version: int | None = None,
    part_version: Callable[[Case], int] | None = None,
) -> Done:
    """Let ``decide`` change a case and write what it added, with the values that no other case may hold.

    ``version`` is the version that the caller has seen (If-Match), of the case or of what ``part_version`` gives.
    Raises what ``decide`` raises, `Duplicate`, `Stale`, `KeyReused`, `CaseUnknown`, `DependencyDown`.
    """
    for _ in range(_TRIES):
        record = ports.cases.load(case_id)
        service = ports.catalogue.service(record.case.service, record.case.service_version)
        repeated = _repeated(case_id, record, request)
        if repeated:
            return Done(repeated, service, True, record.commits)
        current = part_version(record.case) if part_version else record.case.version
        if version is not None and version != current:
            raise Stale(
                {
                    "id": "Berkas sudah berubah sejak Anda membacanya. Muat ulang lalu coba lagi.",
                    "en": "This has changed since you read it. Load it again, then try again.",
                },
                version=current,
            )
        writer = Writer(record.case, actor=actor, now=ports.clock.now())
        decide(writer, service)
        if not writer.changed:
            return Done(record.case, service, commits=record.commits)
        claims, frees = intake.claims_of(writer, service)
        try:
            ports.cases.commit(case_id, writer.commit(request=request, claims=claims, frees=frees))
        except CommitConflict:
            continue
        return Done(record.case, service, commits=record.commits)
    raise Conflict(
        {"id": "Berkas sedang ramai diubah. Coba lagi.", "en": "The case is changing too fast. Try again."},
        code="busy",
    )


def open_case(
    case_id: str,
    actor: str,
    service: Service,
    decide: Callable[[Writer], None],
    *,
    request: Request | None = None,
    below: str | None = None,
) -> Done:
    """Write the first commit of a case. With an Idempotency-Key its id follows from the key, so a repeat meets it.

    ``below`` is the case in whose register it is entered.

    Raises what ``decide`` raises, `KeyReused`, `DependencyDown`.
    """
    writer = Writer(Case(case_id), actor=actor, now=ports.clock.now())
    decide(writer)
    try:
        ports.cases.commit(case_id, writer.commit(request=request, below=below))
    except CommitConflict:
        record = ports.cases.load(case_id)
        repeated = _repeated(case_id, record, request)
        if repeated is None:
            raise KeyReused() from None
        known = ports.catalogue.service(record.case.service, record.case.service_version)
        return Done(repeated, known, True, record.commits)
    return Done(writer.case, service)


def _repeated(case_id: str, record: Record, request: Request | None) -> Case | None:
    """Give the case as it was after the commit that first answered this key."""
    if request is None:
        return None
    for place, commit in enumerate(record.commits):
        if commit.request and commit.request.key == request.key:
            if commit.request.digest != request.digest:
                raise KeyReused()
            return Case.of(case_id, record.commits[: place + 1])
    return None
