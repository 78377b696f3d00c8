"""Webhooks: what an agency's own systems are told, and what became of it. Only the agency's integrator sees them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from functions.api.http import Answer, Body, Call, Paged, Reply, route
from functions.api.shapes import Moment, Name, read_moment
from functions.domain import webhooks
from functions.domain.clock import rfc3339
from functions.domain.errors import Conflict, Fault, Invalid, KeyReused, NotFound
from functions.domain.webhooks import Webhook
from functions.runtime import deliveries
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
MOST_REPLAYED = 200
"""Deliveries that one request can set to be sent again."""
_PAGE = 100


class WebhookUnknown(NotFound):
    pass


class DeliveryUnknown(NotFound):
    pass


class TooManyWebhooks(Conflict):
    pass


class WebhookCreate(Body):
    """Without ``types`` every type of event, without ``services`` every service of the agency.

    ``agency`` is needed by who integrates several of them.
    """

    url: Annotated[str, Field(max_length=2000, examples=["https://sistem.example/loket"])]
    types: Annotated[list[Name], Field(max_length=100)] = []
    services: Annotated[list[Name], Field(max_length=100)] = []
    agency: Name | None = None


class WebhookAnswer(Answer):
    id: str
    agency: str
    url: str
    types: list[str]
    services: list[str]
    created_at: str
    created_by: str


class WebhookCreated(WebhookAnswer):
    """``secret`` signs every delivery, as the payment provider signs: it is shown only now."""

    secret: str


class WebhookList(Answer):
    items: list[WebhookAnswer]
    next: None


class DeliveryAnswer(Answer):
    """``id`` is that of the event, in the body and in the header Loket-Delivery of every attempt.

    ``at`` is the last attempt, ``next_at`` the next; ``code`` is the HTTP status of the answer, and where there was
    none ``error`` says why: name, address, connection, timeout or tls.
    """

    id: str
    event: str
    case: str
    seq: int
    status: Literal["delivered", "failed"]
    attempts: int
    at: str
    code: int | None
    error: str | None
    next_at: str | None


class DeliveryPage(Answer):
    items: list[DeliveryAnswer]
    next: str | None


class ReplayFailed(Body):
    """What failed since this time; without it, all that is remembered."""

    since: Moment | None = None


class Queued(Answer):
    """How many deliveries are sent again within a quarter of an hour."""

    queued: int


# -- webhooks


@route(
    blueprint, "POST", "/v1/webhooks", body=WebhookCreate, answer=WebhookCreated, status=201,
    summary={"id": "Daftarkan webhook", "en": "Set up a webhook"},
    description={
        "id": (
            "Setiap kiriman ditandatangani di kepala `Loket-Signature` (`t=…,v1=…`, HMAC-SHA256 atas `<t>.<isi>`). "
            "Kiriman dapat datang lebih dari sekali dan tidak berurutan: pakai `id` dan `event.seq`."
        ),
        "en": (
            "Every delivery is signed in the header `Loket-Signature` (`t=…,v1=…`, HMAC-SHA256 of `<t>.<body>`). "
            "Deliveries may come more than once and in any order: go by `id` and `event.seq`."
        ),
    },
)  # fmt: skip
def create(call: Call) -> Reply:
    body: WebhookCreate = call.body
    agency = _agency(call, body.agency)
    identity = _id(call.key.key) if call.key else secrets.token_hex(8)
    standing = ports.table.get(*webhooks.key(agency, identity)) if call.key else None
    if standing is None:
        _demand_sound(body)
        _demand_room(agency)
        standing = _keep(call, body, agency, identity)
    if call.key and standing["request"] != call.key.digest:
        raise KeyReused()
    shown = WebhookCreated(**_shown(standing), secret=standing["secret"])
    return Reply(shown, location=f"/v1/webhooks/{shown.id}")


def _keep(call: Call, body: WebhookCreate, agency: str, identity: str) -> Webhook:
    """Write the webhook, and give it; where the same request was a moment faster, give that one."""
    webhook: dict[str, Any] = {
        "id": identity, "agency": agency, "url": body.url, "types": list(body.types), "services": list(body.services),
        "created_at": rfc3339(call.now), "created_by": call.person.username, "secret": secrets.token_urlsafe(32),
        "request": call.key.digest if call.key else None,
    }  # fmt: skip
    key = webhooks.key(agency, identity)
    if ports.table.put(*key, webhook, new=True):
        return webhook
    first: Webhook = ports.table.get(*key) or webhook
    return first


@route(
    blueprint, "GET", "/v1/webhooks", answer=WebhookList,
    summary={"id": "Webhook instansi", "en": "The agency's webhooks"},
)  # fmt: skip
def listing(call: Call) -> Reply:
    agencies = webhooks.agencies_of(call.person, call.now)
    found = [webhook for agency in agencies for webhook in _of(agency)]
    return Reply(WebhookList(items=[WebhookAnswer(**_shown(webhook)) for webhook in found], next=None))


@route(
    blueprint, "GET", "/v1/webhooks/{webhook}", answer=WebhookAnswer,
    summary={"id": "Satu webhook", "en": "One webhook"},
)  # fmt: skip
def read(call: Call, webhook: str) -> Reply:
    return Reply(WebhookAnswer(**_shown(_find(call, webhook))))


@route(
    blueprint, "DELETE", "/v1/webhooks/{webhook}", status=204,
    summary={"id": "Hapus webhook", "en": "Remove a webhook"},
)  # fmt: skip
def remove(call: Call, webhook: str) -> Reply:
    found = _find(call, webhook)
    ports.table.delete(*webhooks.key(found["agency"], found["id"]))
    return Reply()


# -- deliveries


@route(
    blueprint, "GET", "/v1/webhooks/{webhook}/deliveries", query=Paged, answer=DeliveryPage,
    summary={"id": "Kiriman, terbaru dahulu", "en": "Deliveries, newest first"},
)  # fmt: skip
def delivered(call: Call, webhook: str) -> Reply:
    found = _find(call, webhook)
    pk, _ = webhooks.delivery_key(found["id"], "")
    page = ports.table.under(pk, limit=call.query.limit, cursor=call.query.cursor, descending=True)
    return Reply(DeliveryPage(items=[_delivery(item) for item in page.items], next=page.next))


@route(
    blueprint, "POST", "/v1/webhooks/{webhook}/deliveries/{delivery}/replay", answer=DeliveryAnswer,
    summary={"id": "Kirim ulang sekarang", "en": "Send again now"},
)  # fmt: skip
def replay(call: Call, webhook: str, delivery: str) -> Reply:
    found = _find(call, webhook)
    known = webhooks.is_delivery_id(delivery)
    standing = ports.table.get(*webhooks.delivery_key(found["id"], delivery)) if known else None
    if standing is None:
        raise _no_delivery()
    request = f"{call.key.key} {call.key.digest}" if call.key else None
    if request is not None and standing.get("request") == request:
        return Reply(_delivery(standing))
    happening = deliveries.happening_of(ports.cases.load(standing["case"]), standing["seq"])
    if happening is None:
        raise _no_delivery()
    return Reply(_delivery(deliveries.deliver(found, happening, call.now, again=True, request=request)))


@route(
    blueprint, "POST", "/v1/webhooks/{webhook}/replay", body=ReplayFailed, answer=Queued, status=202,
    summary={"id": "Kirim ulang yang gagal", "en": "Send again what failed"},
)  # fmt: skip
def replay_failed(call: Call, webhook: str) -> Reply:
    found = _find(call, webhook)
    wanted: ReplayFailed = call.body
    queued = _queue(found, read_moment(wanted.since) if wanted.since else None, call.now)
    return Reply(Queued(queued=queued))


def _queue(webhook: Webhook, since: datetime | None, now: datetime) -> int:
    """Let the next run send what failed, newest first, up to `MOST_REPLAYED`."""
    pk, _ = webhooks.delivery_key(webhook["id"], "")
    queued, cursor = 0, None
    while True:
        page = ports.table.under(pk, limit=_PAGE, cursor=cursor, descending=True)
        for item in page.items:
            late = since is not None and read_moment(item["at"]) < since
            if item["status"] == "failed" and not late and queued < MOST_REPLAYED:
                known = {name: value for name, value in item.items() if name != "sk"}
                deliveries.note(webhook, known | {"next_at": rfc3339(now)}, now)
                queued += 1
        if page.next is None or queued == MOST_REPLAYED:
            return queued
        cursor = page.next


# -- what is allowed


def _agency(call: Call, wanted: str | None) -> str:
    """Give the agency whose webhook this will be. Raises `Forbidden`, `Invalid`."""
    agencies = webhooks.agencies_of(call.person, call.now)
    if wanted in agencies:
        return str(wanted)
    if wanted is None and len(agencies) == 1:
        return agencies[0]
    names = ", ".join(agencies)
    text = {"id": f"Pilih salah satu: {names}.", "en": f"Choose one of: {names}."}
    raise Invalid([Fault("/agency", text)])


def _demand_sound(body: WebhookCreate) -> None:
    faults = webhooks.filter_faults(
        body.types, body.services, (one.code for one in ports.catalogue.services())
    )
    if objection := ports.webhook_sender.objection(body.url):
        faults.append(Fault("/url", objection))
    if faults:
        raise Invalid(faults)


def _demand_room(agency: str) -> None:
    if len(_of(agency)) >= webhooks.MOST:
        raise TooManyWebhooks(
            {
                "id": f"Paling banyak {webhooks.MOST} webhook per instansi. Hapus yang tidak dipakai.",
                "en": f"An agency has {webhooks.MOST} webhooks at most. Remove what is not used.",
            }
        )


def _of(agency: str) -> list[dict[str, Any]]:
    return list(ports.table.under(webhooks.partition(agency)).items)


def _find(call: Call, webhook_id: str) -> Webhook:
    """Give a webhook of the caller's agencies; another agency's does not exist. Raises `WebhookUnknown`."""
    agencies = webhooks.agencies_of(call.person, call.now)
    for agency in agencies if webhooks.is_webhook_id(webhook_id) else ():
        found: Webhook | None = ports.table.get(*webhooks.key(agency, webhook_id))
        if found is not None:
            return found
    raise WebhookUnknown({"id": "Webhook tidak ditemukan.", "en": "There is no such webhook."})


def _no_delivery() -> DeliveryUnknown:
    return DeliveryUnknown({"id": "Kiriman tidak ditemukan.", "en": "There is no such delivery."})


def _id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {name: webhook[name] for name in WebhookAnswer.model_fields}


def _delivery(item: Webhook) -> DeliveryAnswer:
    return DeliveryAnswer.model_validate({name: item.get(name) for name in DeliveryAnswer.model_fields})
