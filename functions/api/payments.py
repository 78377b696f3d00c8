"""The payment provider's word on a bill: signed, recent, about this money, and heard once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Literal

from chalice.app import Blueprint
from pydantic import Field

from functions.api.http import Answer, Body, Call, Reply, route
from functions.api.shapes import Moment, Name, read_moment
from functions.domain import numbers, payments, signatures
from functions.domain.case import Commit, Writer
from functions.domain.errors import CaseUnknown, DependencyDown, Invalid, Malformed, NotFound
from functions.domain.payments import Notification
from functions.domain.service import Service
from functions.runtime.commands import change
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)


class Notice(Body):
    """``id`` names the notification: a repeat carries the same."""

    id: Name
    payment: Name
    outcome: Literal["paid", "failed", "expired"]
    amount: int
    currency: str = Field(min_length=3, max_length=3)
    at: Moment


class Heard(Answer):
    result: Literal["accepted", "repeated"]


@route(
    blueprint,
    "POST",
    "/v1/payments/notifications",
    body=Notice,
    answer=Heard,
    public=True,
    signed=True,
    summary={"id": "Pemberitahuan dari penyedia pembayaran", "en": "The payment provider's notification"},
    description={
        "id": 'Header `Loket-Signature: t=<detik unix>,v1=<hex HMAC-SHA256 dari "<t>.<isi mentah>">`, paling lama '
        "300 detik. Ulangan dijawab 200 tanpa akibat.",
        "en": 'Header `Loket-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<raw body>">`, at most 300 '
        "seconds old. A repeat is answered with 200 and changes nothing.",
    },
)
def notify(call: Call) -> Reply:
    _demand_signature(call)
    notice = _notice(call)
    case = numbers.case_of(notice.payment, "p")
    result = "unknown"

    def decide(writer: Writer, service: Service) -> None:
        nonlocal result
        result = payments.take_in(writer, service, ports.catalogue.calendar, notice)

    try:
        if case:
            done = change(case, "system", decide)
            result = "refused" if result == "repeated" and _differs(done.commits, notice) else result
    except CaseUnknown:
        result = "unknown"
    if result == "unknown":
        raise NotFound(
            {"id": "Tagihan ini tidak ada.", "en": "There is no such bill."}, code="payment-unknown"
        )
    if result == "refused":
        raise Malformed(
            {
                "id": "Pemberitahuan tidak sesuai dengan tagihannya dan ditolak.",
                "en": "The notification does not agree with its bill and was refused.",
            },
            code="payment-refused",
        )
    return Reply(Heard.model_validate({"result": result}))


def _differs(commits: Iterable[Commit], notice: Notification) -> bool:
    """Tell whether a notification that was heard before was refused then, or says something else now."""
    said = {"paid": "payment.received", "failed": "payment.failed", "expired": "payment.failed"}
    heard = [e for commit in commits for e in commit.events if e.data.get("notification") == notice.id]
    return any(
        event.type != said[notice.outcome]
        or event.data.get("amount", notice.amount) != notice.amount
        or event.data.get("currency", notice.currency) != notice.currency
        for event in heard
    )


def _demand_signature(call: Call) -> None:
    secret = ports.payment_secret
    if not secret:
        # Without a secret anybody could sign.
        raise DependencyDown(
            {
                "id": "Penerimaan pembayaran belum disiapkan.",
                "en": "Receiving payments is not set up.",
            }
        )
    reason = signatures.fault(secret, call.raw, call.header(signatures.HEADER), int(time.time()))
    if reason:
        raise Malformed(
            {
                "id": "Tanda tangan tidak sah atau terlalu lama.",
                "en": "The signature is not valid, or too old.",
            },
            code="bad-signature",
            reason=reason,
        )


def _notice(call: Call) -> Notification:
    """Read the body only once its signature is right; whatever is wrong with it then is the provider's fault."""
    try:
        body: Notice = call.body
    except Invalid as error:
        raise Malformed(
            {"id": "Isi pemberitahuan tidak terbaca.", "en": "The notification cannot be read."},
            errors=[
                {"pointer": fault.pointer, "message": call.text(fault.message)} for fault in error.faults
            ],
        ) from None
    return Notification(body.id, body.payment, body.outcome, body.amount, body.currency, read_moment(body.at))
