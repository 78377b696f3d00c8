"""Tells people what has happened to their case: the applicant by e-mail and SMS, the supervisors of an alarm.

An event is claimed before its messages are sent, under the id of the invocation, so that each goes out once:

    delivered twice, at once or later   the second finds the claim of another invocation, and leaves it
    the provider does not answer        the claim is given back with what was sent, and the event comes again
    killed while sending                Lambda tries an asynchronous invocation again under the same id, which finds
                                        its own claim and sends: here alone a message can be repeated

A mark that is only made after sending would let two deliveries send at once, and a second mark to tell "sent" from
"being sent" would double the price (1 write unit an event) for what the id of the invocation tells already.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    if not notices.concerns(event, happening["number"]):
        return
    messages = _messages(happening["case"], event)
    if messages:
        _send_once(_Claim(happening["case"], event["seq"], invocation), messages)


def _messages(case_id: str, event: Mapping[str, Any]) -> list[Message]:
    case = ports.cases.load(case_id).case
    service = ports.catalogue.service(case.service, case.service_version)
    calendar = ports.catalogue.calendar(case.agency)
    link = f"{ports.settings.public_url}/cases/{case.id}"
    if event["type"] == notices.ALARM:
        agencies = [ports.catalogue.agency(code) for code in notices.supervising(service)]
        return notices.to_supervisors(case, service, agencies, calendar, event, link)
    agency = ports.catalogue.agency(case.agency)
    written = notices.to_office(case, service, agency, event, link)
    return written or notices.to_applicant(case, service, agency, calendar, event, link)


def _send_once(claim: _Claim, messages: Iterable[Message]) -> None:
    sent: list[str] = []
    try:
        if not claim.take():
            return
        for message in messages:
            if message.name not in claim.sent:
                _send(message, claim)
                sent.append(message.name)
    except Exception:
        claim.give_back(sent)
        raise


def _send(message: Message, claim: _Claim) -> None:
    try:
        if message.channel == "sms":
            ports.mail.text(to=message.to, body=message.body)
        else:
            ports.mail.send(to=message.to, subject=message.subject, body=message.body)
    except Undeliverable as error:
        # The provider refuses this address every time: it counts as told.
        logger.warning(
            "notice refused", extra={"notice": f"{claim.name}/{message.name}", "error": error.code}
        )


class _Claim:
    """Who sends the messages of an event; ``sent`` names those that an earlier holder has sent."""

    def __init__(self, case_id: str, seq: int, invocation: str) -> None:
        self._key = f"NOTICES#{case_id}", f"{seq:08d}"
        self._invocation = invocation
        self.sent: list[str] = []

    @property
    def name(self) -> str:
        return "/".join(self._key)

    def take(self) -> bool:
        """Claim the event; tells whether this invocation is the one to send."""
        if self._write({"by": self._invocation}, new=True):
            return True
        standing = ports.table.get(*self._key) or {}
        self.sent = standing.get("sent", [])
        if "by" not in standing:
            return self._write({"by": self._invocation, "sent": self.sent})
        return bool(standing["by"] == self._invocation)

    def give_back(self, sent: list[str]) -> None:
        """Let another invocation send the rest; the claim may have been written although no answer came."""
        standing = ports.table.get(*self._key) or {}
        if standing.get("by") == self._invocation:
            self._write({"sent": standing.get("sent", []) + sent})

    def _write(self, body: Mapping[str, Any], *, new: bool = False) -> bool:
        forgotten = int((ports.clock.now() + REMEMBERED).timestamp())
        written: bool = ports.table.put(*self._key, body, new=new, ttl=forgotten)
        return written


@blueprint.lambda_function(name="notices")
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    run(event["detail"], context.aws_request_id)
    return {}
