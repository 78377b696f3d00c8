"""The e-mails and text messages that were sent, in their order, with the moment of sending by the law's time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from email import message_from_string
from email.policy import default
from typing import Any

from moto.ses.models import SESBackend
from moto.sns.models import SNSBackend

from infra.local.aws.clock import LocalClock
from infra.local.aws.patches import Patches


@dataclass(frozen=True)
class Sent:
    """One message to one person; a text message has no subject."""

    channel: str
    to: str
    subject: str
    body: str
    at: datetime


class Outbox:
    """moto keeps mail and text messages apart, in no common order and without a time."""

    def __init__(self, clock: LocalClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: list[Sent] = []

    def add(self, channel: str, recipients: list[str], subject: str, body: str) -> None:
        with self._lock:
            self._sent += [Sent(channel, to, subject, body, self._clock.now()) for to in recipients]

    def messages(self, to: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(sent) for sent in self._sent if to in (None, sent.to)]


def install(patches: Patches, outbox: Outbox) -> None:
    """Keep what SES and SNS send, and let any address send: the local office has no domain to verify."""
    send_email, send_raw_email, publish = SESBackend.send_email, SESBackend.send_raw_email, SNSBackend.publish

    def email(backend: SESBackend, source: str, subject: str, body: str, destinations: Any) -> Any:
        sent = send_email(backend, source, subject, body, destinations)
        outbox.add("email", [to for group in destinations.values() for to in group], subject, body)
        return sent

    def raw_email(backend: SESBackend, source: str, destinations: list[str], raw_data: str) -> Any:
        sent = send_raw_email(backend, source, destinations, raw_data)
        message = message_from_string(raw_data, policy=default)
        part = message.get_body(("plain", "html"))
        outbox.add("email", sent.destinations, str(message["subject"]), part.get_content() if part else "")
        return sent

    def text(backend: SNSBackend, message: str, *args: Any, **kwargs: Any) -> Any:
        sent = publish(backend, message, *args, **kwargs)
        if kwargs.get("phone_number"):
            outbox.add("sms", [kwargs["phone_number"]], "", message)
        return sent

    patches.set(SESBackend, "_is_verified_address", _anybody)
    patches.set(SESBackend, "send_email", email)
    patches.set(SESBackend, "send_raw_email", raw_email)
    patches.set(SNSBackend, "publish", text)


_anybody: Callable[[SESBackend, str], bool] = lambda backend, source: True  # noqa: E731
