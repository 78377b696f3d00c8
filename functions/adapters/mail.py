"""E-mail by SES and text messages by SNS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.domain.errors import DependencyDown
from functions.domain.notices import Undeliverable

# What SES and SNS answer to an address that they will not take, today or tomorrow.
_REFUSED = frozenset(
    {"MessageRejected", "BadRequestException", "InvalidParameter", "InvalidParameterException"}
)


class SesMail:
    """``sender`` is the verified address of the office.

    Both ways raise `Undeliverable` for an address that is refused, `DependencyDown` when there is no answer.
    """

    def __init__(self, ses: Any, sns: Any, sender: str) -> None:
        self._ses, self._sns, self._sender = ses, sns, sender

    def send(self, *, to: str, subject: str, body: str) -> None:
        content = {"Simple": {"Subject": _utf8(subject), "Body": {"Text": _utf8(body)}}}
        with _translated("mail"):
            self._ses.send_email(
                FromEmailAddress=self._sender, Destination={"ToAddresses": [to]}, Content=content
            )

    def text(self, *, to: str, body: str) -> None:
        # What is sent as advertising carriers may drop, or hold back at night.
        kind = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
        with _translated("text message"):
            self._sns.publish(PhoneNumber=to, Message=body, MessageAttributes=kind)


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        if code in _REFUSED:
            raise Undeliverable(f"the {what} service refuses the address", code=code) from error
        raise DependencyDown(f"the {what} service does not answer") from error
    except BotoCoreError as error:
        raise DependencyDown(f"the {what} service does not answer") from error
