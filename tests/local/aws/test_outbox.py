"""What was sent to whom, and when by the law's time."""

from __future__ import annotations

from datetime import timedelta

from infra.local.aws import LocalAws

from .conftest import NEW_YEAR


def test_mail_and_text_messages_are_kept_in_their_order(aws: LocalAws) -> None:
    aws.client("sesv2").send_email(
        FromEmailAddress="loket@example.go.id",
        Destination={"ToAddresses": ["siti@example.id"]},
        Content={"Simple": {"Subject": {"Data": "Permit"}, "Body": {"Text": {"Data": "It is issued."}}}},
    )
    aws.advance(timedelta(days=1))
    aws.client("sns").publish(PhoneNumber="+628123456789", Message="It is issued.")
    aws.client("ses").send_email(
        Source="loket@example.go.id",
        Destination={"ToAddresses": ["budi@example.id"], "CcAddresses": ["siti@example.id"]},
        Message={"Subject": {"Data": "Copy"}, "Body": {"Text": {"Data": "For you."}}},
    )

    assert aws.sent_messages() == [
        {
            "channel": "email",
            "to": "siti@example.id",
            "subject": "Permit",
            "body": "It is issued.",
            "at": NEW_YEAR,
        },
        {
            "channel": "sms",
            "to": "+628123456789",
            "subject": "",
            "body": "It is issued.",
            "at": NEW_YEAR + timedelta(days=1),
        },
        {
            "channel": "email",
            "to": "budi@example.id",
            "subject": "Copy",
            "body": "For you.",
            "at": NEW_YEAR + timedelta(days=1),
        },
        {
            "channel": "email",
            "to": "siti@example.id",
            "subject": "Copy",
            "body": "For you.",
            "at": NEW_YEAR + timedelta(days=1),
        },
    ]
    assert [message["subject"] for message in aws.sent_messages("siti@example.id")] == ["Permit", "Copy"]
