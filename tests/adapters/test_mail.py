"""E-mail and text messages: sent, refused for good, or to be tried again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions.adapters.mail import SesMail
from functions.domain.errors import DependencyDown
from functions.domain.notices import Undeliverable
from infra.local.aws import LocalAws, LocalClock
from tests.builders import MORNING


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws({}, LocalClock(MORNING, frozen=True)) as running:
        yield running


@pytest.fixture
def mail(aws: LocalAws) -> SesMail:
    return SesMail(aws.client("sesv2"), aws.client("sns"), "loket@example.go.id")


def test_a_mail_and_a_text_message_reach_the_outbox(aws: LocalAws, mail: SesMail):
    mail.send(to="siti@warga.example", subject="Permohonan – diterima", body="Terima kasih.\n")
    mail.text(to="+628000000101", body="Diterima")

    assert [(sent["channel"], sent["to"], sent["subject"]) for sent in aws.sent_messages()] == [
        ("email", "siti@warga.example", "Permohonan – diterima"),
        ("sms", "+628000000101", ""),
    ]


@pytest.mark.parametrize("error", ["MessageRejected", "BadRequestException"])
def test_an_address_that_is_refused_is_undeliverable(aws: LocalAws, mail: SesMail, error: str):
    aws.faults.fail("sesv2", "SendEmail", error=error)

    with pytest.raises(Undeliverable):
        mail.send(to="nobody", subject="x", body="y")


@pytest.mark.parametrize("error", [None, "TooManyRequestsException", "SendingPausedException"])
def test_a_service_that_does_not_answer_is_down(aws: LocalAws, mail: SesMail, error: str | None):
    aws.faults.fail("sesv2", "SendEmail", error=error)
    aws.faults.fail("sns", "Publish", error=error)

    with pytest.raises(DependencyDown):
        mail.send(to="siti@warga.example", subject="x", body="y")
    with pytest.raises(DependencyDown):
        mail.text(to="+628000000101", body="y")
