"""E-mail by SES and text messages by SNS."""

from __future__ import annotations

from typing import Any

from functions.adapters.outage import Refusals, translated
from functions.domain.notices import Undeliverable

# What SES and SNS answer to an address that they will not take, today or tomorrow.
_REFUSED = ("MessageRejected", "BadRequestException", "InvalidParameter", "InvalidParameterException")


class SesMail:
    """``sender`` is the verified address of the office.

    Both ways raise `Undeliverable` for an address that is refused, `DependencyDown` when there is no answer.
    """

    def __init__(self, ses: Any, sns: Any, sender: str) -> None:
        self._ses, self._sns, self._sender = ses, sns, sender

    def send(self, *, to: str, subject: str, body: str) -> None:
        content = {"Simple": {"Subject": _utf8(subject), "Body": {"Text": _utf8(body)}}}
        with translated("ses", "the mail service does not answer", _refusals("mail")):
            self._ses.send_email(
                FromEmailAddress=self._sender, Destination={"ToAddresses": [to]}, Content=content
            )

    def text(self, *, to: str, body: str) -> None:
        # What is sent as advertising carriers may drop, or hold back at night.
        kind = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
        with translated("sns", "the text message service does not answer", _refusals("text message")):
            self._sns.publish(PhoneNumber=to, Message=body, MessageAttributes=kind)


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _refusals(what: str) -> Refusals:
    return dict.fromkeys(
        _REFUSED, lambda code: Undeliverable(f"the {what} service refuses the address", code=code)
    )
