"""The integrator: which of the agency's own systems are told of events, and what became of each delivery."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import events
from functions.api import webhooks as api
from functions.api.http import Paged
from functions.domain.errors import Fault, Invalid, NotFound
from functions.domain.webhooks import agencies_of
from functions.portal.urls import url
from functions.portal.visit import Answer, Html, SeeOther, Visit, checked
from functions.runtime.wiring import ports

PAGE = 25
NEWS = frozenset({"removed", "replayed", "queued"})
"""What can have just happened; a message names each."""


def show(visit: Visit) -> Answer:
    """List the webhooks of the agency, with the form that adds one."""
    return _list(visit)


def add(visit: Visit) -> Answer:
    """Set up a webhook, and show its secret this once."""
    try:
        body = checked(
            api.WebhookCreate,
            url=visit.field("url"),
            types=visit.fields.get("type", []),
            services=visit.fields.get("service", []),
            agency=visit.field("agency") or None,
        )
        created = visit.ask(api.create, body=body, once=True)
    except Invalid as error:
        return _list(visit, error.faults)
    return Html("webhook-created.html", {"webhook": created})


def one(visit: Visit, webhook: str) -> Answer:
    """Show a webhook and its deliveries, newest first."""
    found = visit.ask(api.read, webhook)
    wanted = Paged(limit=PAGE, cursor=visit.query.get("cursor"))
    page = visit.ask(api.delivered, webhook, query=wanted)
    return Html(
        "webhook.html",
        {
            "webhook": found,
            "deliveries": page.items,
            "first": wanted.cursor is None,
            "failed": any(item.status == "failed" for item in page.items),
            "next": url(f"/webhooks/{webhook}", cursor=page.next) if page.next else "",
            "sent": _news(visit),
        },
    )


def act(visit: Visit, webhook: str) -> Answer:
    """Send one delivery again, or all that failed, or remove the webhook."""
    wanted = visit.field("act")
    if wanted == "remove":
        visit.ask(api.remove, webhook)
        return SeeOther(url("/webhooks", sent="removed"))
    if wanted == "replay":
        visit.ask(api.replay, webhook, visit.field("delivery"), once=True)
        return SeeOther(url(f"/webhooks/{webhook}", sent="replayed"))
    if wanted == "replay-failed":
        visit.ask(api.replay_failed, webhook, body=api.ReplayFailed())
        return SeeOther(url(f"/webhooks/{webhook}", sent="queued"))
    raise NotFound(_UNKNOWN, code="not-found")


def _list(visit: Visit, faults: Iterable[Fault] = ()) -> Answer:
    agencies = agencies_of(visit.person, visit.now)
    said = [{"link": _place(fault), "text": visit.text(fault.message)} for fault in faults]
    page: dict[str, Any] = {
        "webhooks": visit.ask(api.listing).items,
        "agencies": [(code, visit.text(ports.catalogue.agency(code).name)) for code in agencies],
        "types": sorted(events.TYPES),
        "services": sorted(
            (visit.text(one.title), one.code) for one in ports.catalogue.services() if one.agency in agencies
        ),
        "typed": {
            "url": visit.field("url"),
            "agency": visit.field("agency"),
            "type": visit.fields.get("type", []),
            "service": visit.fields.get("service", []),
        },
        "faults": said,
        "fault_of": {fault["link"]: fault["text"] for fault in said},
        "sent": _news(visit),
    }
    return Html("webhooks.html", page, status=422 if said else 200)


def _news(visit: Visit) -> str:
    sent = visit.query.get("sent", "")
    return sent if sent in NEWS else ""


def _place(fault: Fault) -> str:
    name = fault.pointer.lstrip("/").split("/")[0]
    return f"#f-{name if name in ('types', 'services', 'agency') else 'url'}"


_UNKNOWN = {"id": "Tindakan ini tidak dikenal.", "en": "This act is unknown."}
