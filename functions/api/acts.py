"""Acts on a whole case: what the applicant and the supervisor can do with it, each with a reason."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint
from pydantic import Field

from functions.api.cases import CaseAnswer, MessageAnswer, act
from functions.api.documents import demand_case_id
from functions.api.http import Body, Call, Reply, route
from functions.api.shapes import Prose, Reason
from functions.domain import acts, episodes, rights
from functions.domain.case import Writer
from functions.domain.clock import Term, TermUnreadable
from functions.domain.errors import Fault, Invalid, NotNow
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)


class Wish(Reason):
    """``form`` is a merge patch of the answers that this act may change in this service."""

    form: dict[str, Any] | None = None


class Extension(Reason):
    """``term`` is counted like the term that it lengthens, such as ``14 wd``."""

    term: str = Field(max_length=20, examples=["14 wd"])


class Message(Body):
    """``text``, or ``reason`` as in the other acts."""

    text: Prose | None = None
    reason: Prose | None = None


# -- the applicant


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/withdraw",
    body=Wish,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Tarik permohonan", "en": "Withdraw the application"},
)
def withdraw(call: Call, case: str) -> Reply:
    return act(
        call,
        case,
        "withdraw",
        lambda writer, service: episodes.withdraw(writer, service, _wish(call), ports.catalogue.calendar),
    )


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/appeal",
    body=Wish,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Ajukan keberatan atas penolakan", "en": "Appeal against a refusal"},
)
def appeal(call: Call, case: str) -> Reply:
    def decide(writer: Writer, service: Service) -> None:
        if episodes.process_for(service, "appeal") is None:
            raise NotNow(
                {"id": "Layanan ini tidak mengenal keberatan.", "en": "This service has no appeal."},
                code="no-such-process",
            )
        episodes.appeal(writer, service, ports.catalogue.calendar, call.body.reason, call.body.form)

    return act(call, case, "appeal", decide)


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/renew",
    body=Wish,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Perpanjang izin", "en": "Renew what was granted"},
)
def renew(call: Call, case: str) -> Reply:
    return _begin(call, case, "renew")


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/amend",
    body=Wish,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Ubah izin", "en": "Amend what was granted"},
)
def amend(call: Call, case: str) -> Reply:
    return _begin(call, case, "amend")


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/resume",
    body=Wish,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Lanjutkan proses yang terhenti", "en": "Resume a process that was stopped"},
)
def resume(call: Call, case: str) -> Reply:
    return _begin(call, case, "resume")


def _begin(call: Call, case: str, name: str) -> Reply:
    def decide(writer: Writer, service: Service) -> None:
        wish: Wish = call.body
        episodes.begin(writer, service, ports.catalogue.calendar, name, wish.reason, wish.form)

    return act(call, case, name, decide)


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/messages",
    body=Message,
    answer=MessageAnswer,
    status=201,
    versioned=True,
    summary={"id": "Kirim pesan", "en": "Send a message"},
)
def message(call: Call, case: str) -> Reply:
    body: Message = call.body
    text = body.text if body.text is not None else body.reason

    def decide(writer: Writer, service: Service) -> None:
        rights.demand("message", call.person, writer.case, service, writer.now)
        call.demand_version(writer.case.version)
        if not acts.POSSIBLE["message"](writer.case, service, ports.catalogue.calendar, writer.now):
            raise NotNow(
                {
                    "id": "Pesan dapat dikirim setelah permohonan diajukan.",
                    "en": "Messages can be sent once the application has been submitted.",
                }
            )
        if not (text or "").strip():
            raise Invalid([Fault("/text", {"id": "Tulis pesannya.", "en": "Write the message."})])
        episodes.message(writer, text or "")

    done = change(demand_case_id(case), call.person.username, decide, request=call.key)
    return Reply(MessageAnswer.model_validate(done.case.messages[-1]), version=done.case.version)


# -- the supervisor


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/reopen",
    body=Wish,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Buka kembali berkas yang sudah diputus", "en": "Take a decided case up again"},
)
def reopen(call: Call, case: str) -> Reply:
    return act(
        call,
        case,
        "reopen",
        lambda writer, service: episodes.reopen(
            writer, service, ports.catalogue.calendar, call.body.reason, call.body.form
        ),
    )


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/revoke",
    body=Reason,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Cabut izin", "en": "Revoke the permit"},
)
def revoke(call: Call, case: str) -> Reply:
    return act(call, case, "revoke", lambda writer, service: episodes.revoke(writer, _reason(call)))


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/suspend",
    body=Reason,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Bekukan izin", "en": "Suspend the permit"},
)
def suspend(call: Call, case: str) -> Reply:
    return act(call, case, "suspend", lambda writer, service: episodes.suspend(writer, _reason(call)))


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/reinstate",
    body=Reason,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Berlakukan kembali izin", "en": "Reinstate the permit"},
)
def reinstate(call: Call, case: str) -> Reply:
    return act(call, case, "reinstate", lambda writer, service: episodes.reinstate(writer, _reason(call)))


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/extend",
    body=Extension,
    answer=CaseAnswer,
    versioned=True,
    summary={"id": "Perpanjang jangka waktu", "en": "Extend the running term"},
)
def extend(call: Call, case: str) -> Reply:
    try:
        term = Term.parse(call.body.term)
    except TermUnreadable:
        text = {
            "id": "Tulis jangka waktu, misalnya 14 wd (hari kerja) atau 30 d (hari).",
            "en": "Give a term such as 14 wd (working days) or 30 d (days).",
        }
        raise Invalid([Fault("/term", text)]) from None

    def decide(writer: Writer, service: Service) -> None:
        episodes.extend(writer, service, ports.catalogue.calendar, term, _reason(call))

    return act(call, case, "extend", decide)


@route(
    blueprint,
    "POST",
    "/v1/cases/{case}/redrive",
    body=Reason,
    answer=CaseAnswer,
    versioned=True,
    summary={
        "id": "Jalankan kembali proses dari tempat berhentinya",
        "en": "Drive the case on from where it stands",
    },
)
def redrive(call: Call, case: str) -> Reply:
    return act(call, case, "redrive", lambda writer, service: episodes.redrive(writer, _reason(call)))


def _reason(call: Call) -> str:
    return episodes.demand_reason(call.body.reason)


def _wish(call: Call) -> str:
    if call.body.form:
        text = {"id": "Tindakan ini tidak mengubah isian.", "en": "This act takes no answers."}
        raise Invalid([Fault("/form", text)])
    return _reason(call)
