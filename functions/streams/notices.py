"""Tells people what has happened to their case: the applicant by e-mail and SMS, the supervisors of an alarm.

A message is claimed before it is sent, under the id of the invocation, so that each goes out once:

    delivered twice, at once or later   the second finds the claim of another invocation, and leaves it
    the provider does not answer        the claim is given back and the event comes again
    killed while sending                Lambda tries an asynchronous invocation again under the same id, which finds
                                        its own claim and sends: here alone a message can be repeated

A mark that is only made after sending would let two deliveries send at once, and a second mark to tell "sent" from
"being sent" would double the price (1 write unit a message) for what the id of the invocation tells already.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalice.app import Blueprint

from functions.domain import notices
from functions.domain.notices import Message, Undeliverable
from functions.runtime.observability import logger
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
REMEMBERED = timedelta(days=400)
"""Longer than the archive of the bus keeps events: what is replayed from it tells nobody again."""


def run(happening: Mapping[str, Any], invocation: str) -> None:
    """Send what an event calls for; ``invocation`` stays the same when Lambda tries again."""
    event = happening["event"]
    if notices.about(event) is None or happening["number"] is None:
        return
    for message in _messages(happening["case"], event):
        _send_once(f"NOTICES#{happening['case']}", f"{event['seq']:08d}#{message.name}", message, invocation)


def _messages(case_id: str, event: Mapping[str, Any]) -> list[Message]:
    case = ports.cases.load(case_id).case
    service = ports.catalogue.service(case.service, case.service_version)
    calendar = ports.catalogue.calendar(case.agency)
    link = f"{ports.settings.public_url}/cases/{case.id}"
    if event["type"] == notices.ALARM:
        agencies = [ports.catalogue.agency(code) for code in notices.supervising(service)]
        return notices.to_supervisors(case, service, agencies, calendar, event, link)
    agency = ports.catalogue.agency(case.agency)
    return notices.to_applicant(case, service, agency, calendar, event, link)


def _send_once(pk: str, sk: str, message: Message, invocation: str) -> None:
    try:
        if _claim(pk, sk, invocation):
            _send(message)
    except Undeliverable as error:
        # The claim stays: this address is refused every time.
        logger.warning("notice refused", extra={"notice": f"{pk}/{sk}", "error": error.code})
    except Exception:
        _give_back(pk, sk, invocation)
        raise


def _claim(pk: str, sk: str, invocation: str) -> bool:
    forgotten = int((ports.clock.now() + REMEMBERED).timestamp())
    if ports.table.put(pk, sk, {"by": invocation}, new=True, ttl=forgotten):
        return True
    return _holder(pk, sk) == invocation


def _give_back(pk: str, sk: str, invocation: str) -> None:
    """The claim may have been written although no answer came."""
    if _holder(pk, sk) == invocation:
        ports.table.delete(pk, sk)


def _holder(pk: str, sk: str) -> str | None:
    standing = ports.table.get(pk, sk)
    return str(standing["by"]) if standing else None


def _send(message: Message) -> None:
    if message.channel == "sms":
        ports.mail.text(to=message.to, body=message.body)
    else:
        ports.mail.send(to=message.to, subject=message.subject, body=message.body)


@blueprint.lambda_function(name="notices")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    run(event["detail"], context.aws_request_id)
    return {}
