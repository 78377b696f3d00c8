"""Is it ready: the catalogue can be read and the table answers."""

from __future__ import annotations

from typing import Literal

from chalice.app import Blueprint

from functions.api.http import Answer, Call, Reply, route
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)


class Health(Answer):
    status: Literal["ready"]
    services: int


@route(
    blueprint,
    "GET",
    "/v1/health",
    answer=Health,
    public=True,
    summary={"id": "Apakah sistem siap", "en": "Whether the system is ready"},
)
def read(call: Call) -> Reply:
    ports.table.get("HEALTH", "probe")
    return Reply(Health(status="ready", services=len(ports.catalogue.codes)))
