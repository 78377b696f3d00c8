"""Keep the lists in step with the cases: what lists show is rebuilt from a case whenever it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalice.app import Blueprint

from functions.domain.views import views_of
from functions.runtime.wiring import ports
from functions.streams import records

blueprint = Blueprint(__name__)


def run(case_id: str, batch: Sequence[Mapping[str, Any]]) -> None:
    """Rebuild the views of one case, unless nothing but its token has changed."""
    if any(records.events_of(record) for record in batch):
        record = ports.cases.load(case_id)
        service = ports.catalogue.service(record.case.service, record.case.service_version)
        ports.views.replace(case_id, views_of(record.case, service, filed_below(service.code)))


def filed_below(code: str) -> dict[str, str | None]:
    """Give the steps of a service at which cases of others are filed below its own, and what says until when."""
    return {
        step: one.sealed.until if one.sealed else None
        for one in ports.catalogue.services()
        if one.above and one.above.service == code
        for step in one.above.at
    }


@blueprint.lambda_function(name="project")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return records.each_case(event, run)
