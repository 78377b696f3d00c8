"""E-mail by SES and text messages by SNS."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.domain.errors import DependencyDown


class SesMail:
    """``sender`` is the verified address of the office."""

    def __init__(self, ses: Any, sns: Any, sender: str) -> None:
        self._ses, self._sns, self._sender = ses, sns, sender

    def send(self, *, to: str, subject: str, body: str) -> None:
        content = {"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": body}}}}
        try:
            self._ses.send_email(
                FromEmailAddress=self._sender, Destination={"ToAddresses": [to]}, Content=content
            )
        except (ClientError, BotoCoreError) as error:
            raise DependencyDown("the mail service does not answer") from error

    def text(self, *, to: str, body: str) -> None:
        try:
            self._sns.publish(PhoneNumber=to, Message=body)
        except (ClientError, BotoCoreError) as error:
            raise DependencyDown("the text message service does not answer") from error
