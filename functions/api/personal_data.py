"""Personal content: handed out to whom it concerns, held, and erased when its time has come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from chalice.app import Blueprint

import events
from functions.api import lists
from functions.api.cases import CaseAnswer, act, case_reply
from functions.api.documents import DocumentAnswer, demand_case_id, document_answer
from functions.api.http import Answer, Call, Paged, Reply, route
from functions.api.shapes import Name, Reason, read_moment
from functions.domain import episodes, retention, rights, views
from functions.domain.case import Commit, Writer
from functions.domain.clock import rfc3339
from functions.domain.service import Service
from functions.runtime.commands import Done, change
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)


class Hold(Reason):
    """``on`` keeps the case beyond its retention term, false lets it go again."""

    on: bool


class Piece(Answer):
    """What stands beside one event of the history: a form, a comment, a name."""

    seq: int
    at: str
    actor: str
    type: str
    content: dict[str, Any]


class PersonalData(Answer):
    """Everything personal that is kept of a case, as it stands and piece by piece."""

    case: str
    number: str | None
    service: str
    applicant: str
    exported_at: str
    contact: dict[str, Any]
    form: dict[str, Any] | None
    documents: list[DocumentAnswer]
    content: list[Piece]


Stage = Literal["due", "kept", "held", "erased"]


class RetentionQuery(Paged):
    """``state`` narrows the list; ``due`` is what may be erased now by the retention term."""

    state: Stage | None = None
    service: Name | None = None


class Kept(Answer):
    """A decided case and how long its personal content is kept: until ``kept_until``, by ``law``."""

    id: str
    number: str | None
    service: str
    title: str
    decided_at: str
    kept_until: str
    law: str
    state: Stage


class KeptPage(Answer):
    items: list[Kept]
    next: str | None


@route(
    blueprint,
    "GET",
    "/v1/retention",
    query=RetentionQuery,
    answer=KeptPage,
    summary={"id": "Masa simpan berkas instansi", "en": "How long the agency's cases are kept"},
    description={
        "id": "Untuk arsiparis: berkas yang sudah diputus, yang paling lama diajukan lebih dahulu.",
        "en": "For the records officer: decided cases, those submitted first come first.",
    },
)
def index(call: Call) -> Reply:
    query: RetentionQuery = call.query
    page = lists.merged(
        [_decided(agency, query.service) for agency in retention.agencies_of(call.person, call.now)],
        order=lambda item: (item["submitted_at"], item["id"]),
        limit=query.limit,
        cursor=query.cursor,
        keep=lambda item: query.state in (None, _kept(item, call).state),
    )
    return Reply(KeptPage(items=[_kept(item, call) for item in page.items], next=page.next))


def _decided(agency: str, service: str | None) -> lists.Source:
    where = {"service": service} if service else {}
    return lists.Source(
        agency,
        lambda cursor, limit: ports.views.list(
            "place",
            views.of_agency(agency),
            prefix=f"{views.DECIDED_STAGE}#",
            limit=limit,
            cursor=cursor,
            where=where,
        ),
        lambda item: item["decided_at"] is not None,
    )


def _kept(item: lists.Item, call: Call) -> Kept:
    service = ports.catalogue.service(item["service"], item["service_version"])
    until = ports.catalogue.calendar(item["agency"]).due(
        read_moment(item["decided_at"]), service.retention.term
    )
    state: Stage = "due" if call.now > until else "kept"
    return Kept(
        id=item["id"], number=item["number"], service=item["service"], title=item["title"][call.language],
        decided_at=item["decided_at"], kept_until=rfc3339(until), law=service.retention.law,
        state="erased" if item["erased"] else "held" if item["held"] else state,
    )  # fmt: skip


@route(
    blueprint,
    "GET",
    "/v1/cases/{case}/personal-data",
    answer=PersonalData,
    summary={"id": "Semua data pribadi dalam berkas", "en": "Everything personal in the case"},
    description={
        "id": "Setiap pengambilan dicatat dalam riwayat berkas.",
        "en": "Each export is noted in the case's history.",
    },
)
def export(call: Call, case: str) -> Reply:
    def decide(writer: Writer, service: Service) -> None:
        rights.demand("personal-data", call.person, writer.case, service, writer.now)
        writer.add(events.PersonalDataExported())

    done = change(demand_case_id(case), call.person.username, decide)
    return Reply(
        PersonalData(
            case=case,
            number=done.case.number,
            service=done.case.service,
            applicant=done.case.applicant,
            exported_at=rfc3339(call.now),
            contact=done.case.contact,
            form=done.case.form,
            documents=[
                document_answer(one, done.service, call.language) for one in done.case.documents.values()
            ],
            content=_pieces(done.commits),
        ),
        version=done.case.version,
    )


def _pieces(commits: Iterable[Commit]) -> list[Piece]:
    return [
        Piece(
            seq=event.seq,
            at=event.at,
            actor=event.actor,
            type=event.type,
            content=dict(commit.private[str(event.seq)]),
        )
        for commit in commits
        for event in commit.events
        if commit.private.get(str(event.seq))
    ]


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/hold",
    body=Hold,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Tahan berkas dari penghapusan", "en": "Hold a case back from erasure"},
)
def hold(call: Call, case: str) -> Reply:
    reason = episodes.demand_reason(call.body.reason)

    def decide(writer: Writer, service: Service) -> None:
        if writer.case.held != call.body.on:
            episodes.hold(writer, reason, on=call.body.on)

    return act(call, case, "hold", decide)


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/erase",
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Hapus data pribadi berkas", "en": "Erase the personal content of a case"},
    description={
        "id": "Setelah masa simpan, atau lebih awal bila layanan mengizinkannya atas permintaan; tidak selama ditahan. "
        "Riwayatnya tetap dan tetap dapat diperiksa.",
        "en": "After the retention term, or earlier where the service allows it on request; not while it is held. The "
        "history stays and still verifies.",
    },
)
def erase(call: Call, case: str) -> Reply:
    def decide(writer: Writer, service: Service) -> None:
        rights.demand("erase", call.person, writer.case, service, writer.now)
        call.demand_version(writer.case.version)
        if not writer.case.erased:
            rule = retention.rule_to_erase(writer.case, service, ports.catalogue.calendar, writer.now)
            episodes.erase(writer, rule)

    change(demand_case_id(case), call.person.username, decide, request=call.key)
    # The note comes first and the removal can be repeated: whoever asks again finishes what was cut short.
    ports.cases.erase(case)
    ports.documents.delete_all_versions(f"cases/{case}/")
    ports.documents.delete_all_versions(f"sealed/{case}/")
    ports.documents.delete_all_versions(f"issued/{case}/")
    record = ports.cases.load(case)
    return case_reply(
        call, Done(record.case, ports.catalogue.service(record.case.service, record.case.service_version))
    )
