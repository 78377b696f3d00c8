"""What people are told when something happens to a case: by e-mail, and by SMS what cannot wait.

The service gives the words (`NOTICES`); those of text messages and of alarms are the same for all. Nothing is told of
a draft, and nothing to who left no address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from functions.domain import views, words
from functions.domain.case import Case, Payment, Permit, Task
from functions.domain.clock import Calendar
from functions.domain.errors import LoketError
from functions.domain.expression import fill, placeholders
from functions.domain.service import NOTICES, Agency, Notice, Service, Text

Event = Mapping[str, Any]
ALARM = "alarm.raised"
TOLD = frozenset({*NOTICES, "task.opened", "outcome.decided", ALARM}) - {
    "correction.requested",
    "outcome.approved",
    "outcome.rejected",
    "payment.received_in_part",
}
"""The types of events of which somebody is told."""
URGENT = frozenset({"correction.requested", "payment.billed", "task.reminded"})
"""What the applicant must answer in time, so that it is sent to the telephone as well."""


class Undeliverable(LoketError):
    """The provider will never deliver to this address; trying again is of no use."""


@dataclass(frozen=True)
class Message:
    """One message to one address; ``name`` tells it from the others about the same event."""

    name: str
    channel: Literal["email", "sms"]
    to: str
    subject: str
    body: str


def about(event: Event) -> str | None:
    """Give the notice that an event calls for: one of `NOTICES`, `ALARM` or ``None``.

    Of a correction the applicant hears when the task opens: only then its term is known, and it is told once, however
    many offices have asked for something.
    """
    kind, data = event["type"], event["data"]
    if kind not in TOLD:
        return None
    if kind == "task.opened":
        return "correction.requested" if data["kind"] == "correct" else None
    if kind == "payment.received" and data.get("left"):
        return "payment.received_in_part"
    return f"outcome.{data['result']}" if kind == "outcome.decided" else str(kind)


def concerns(event: Event, number: str | None) -> bool:
    """Tell whether somebody is told of an event: of a case that was filed, or of what was said to a draft."""
    return about(event) is not None and (number is not None or event["type"] == "message.posted")


def to_applicant(
    case: Case, service: Service, agency: Agency, calendar: Calendar, event: Event, link: str
) -> list[Message]:
    """Give the messages of an event to the applicant, in the person's language; none without words or address."""
    key = about(event)
    notice = service.notices.get(key or "")
    if notice is None or key is None or not concerns(event, case.number) or _said_themselves(case, event):
        return []
    contact, language = case.contact, _language(case)
    context = _context(case, service, calendar, event, link, language)
    notice = notice if _can_be_said(notice, context) else _DECIDED
    subject = _line(fill(getattr(notice.subject, language), context))
    found = []
    if contact.get("email"):
        greeting = f"{_GREETING[language]} {contact['name']},\n\n" if contact.get("name") else ""
        body = (
            f"{greeting}{fill(getattr(notice.body, language), context)}\n\n{getattr(agency.name, language)}\n"
        )
        found.append(Message("email", "email", contact["email"], subject, body))
    if contact.get("phone") and (key in URGENT or not found):
        found.append(Message("sms", "sms", contact["phone"], "", _short(key, subject, context, language)))
    return found


def _said_themselves(case: Case, event: Event) -> bool:
    return event["type"] == "message.posted" and event["actor"] in (case.applicant, case.filed_by)


def to_office(case: Case, service: Service, agency: Agency, event: Event, link: str) -> list[Message]:
    """Give the message to the agency's mailbox that the applicant has written to it; of the words it has none."""
    if not (agency.email and case.number and _said_themselves(case, event)):
        return []
    context = {"case": {"number": case.number}, "link": link}
    bodies = [
        fill(getattr(_WRITTEN, language), context | {"service": {"title": getattr(service.title, language)}})
        for language in words.LANGUAGES
    ]
    return [
        Message(
            "office", "email", agency.email, f"Pesan / Message: {case.number}", "\n\n".join(bodies) + "\n"
        )
    ]


def to_supervisors(
    case: Case, service: Service, agencies: Iterable[Agency], calendar: Calendar, event: Event, link: str
) -> list[Message]:
    """Give the messages of an alarm to the mailboxes of the agencies that supervise the service."""
    data = event["data"]
    template = _ALARMS.get(data["reason"], _ANY_ALARM)
    task = case.tasks.get(data.get("task") or "")
    lines = []
    for language in words.LANGUAGES:
        context = {
            "service": {"title": getattr(service.title, language)}, "case": {"number": case.number},
            "task": _task(case, service, calendar, task, language) if task else {}, "alarm": dict(data), "link": link,
        }  # fmt: skip
        lines.append(fill(getattr(template, language), context))
    subject = f"Alarm: {case.number}"
    return [
        Message(f"alarm-{agency.code}", "email", agency.email, subject, "\n\n".join(lines) + "\n")
        for agency in agencies
        if agency.email
    ]


def supervising(service: Service) -> list[str]:
    """Give the codes of the agencies whose supervisors can act on a case of this service."""
    return sorted({role.partition("/")[0] for role in service.supervisors})


# -- what the words may speak of


def _context(
    case: Case, service: Service, calendar: Calendar, event: Event, link: str, language: words.Language
) -> dict[str, Any]:
    data = event["data"]
    task = case.tasks.get(data.get("task") or "")
    payment = case.payments.get(data.get("payment") or "") or case.payments.get((task and task.payment) or "")
    permit = case.permits.get(data.get("number") or "") or next(reversed(case.permits.values()), None)
    known = words.context(
        case, service, calendar, language, personal=False, link=link,
        task=_task(case, service, calendar, task, language) if task else {},
        payment=_payment(payment, data, calendar, language) if payment else {},
        permit=_permit(permit, calendar, language) if permit else {},
    )  # fmt: skip
    return known | {"service": {"title": getattr(service.title, language)}}


def _task(
    case: Case, service: Service, calendar: Calendar, task: Task, language: words.Language
) -> dict[str, Any]:
    title = views.title_of(case, service, task)[language]
    return {"title": title, "role": task.role, "due_on": words.until(task.due_at, calendar, language)}


def _payment(
    payment: Payment, data: Mapping[str, Any], calendar: Calendar, language: words.Language
) -> dict[str, Any]:
    """What the event speaks of: what came, or else what is asked for."""
    amount, left = data.get("amount", payment.rest), data.get("left", payment.rest)
    return {
        "amount": words.amount(amount, payment.currency, language),
        "left": words.amount(left, payment.currency, language),
        "due_on": words.until(payment.due_at, calendar, language),
    }


def _permit(permit: Permit, calendar: Calendar, language: words.Language) -> dict[str, Any]:
    dates: dict[str, datetime | None] = {"issued_on": permit.issued_at, "valid_until": permit.valid_until}
    return {"number": permit.number} | {
        name: words.day(date, calendar, language) for name, date in dates.items()
    }


def _can_be_said(notice: Notice, context: Mapping[str, Any]) -> bool:
    """An appeal that is upheld approves without a permit, of which the words of a grant speak."""
    texts = (notice.subject.id, notice.body.id, notice.subject.en, notice.body.en)
    about_permit = any("permit." in expression for text in texts for expression in placeholders(text))
    return bool(context["permit"]) or not about_permit


def _language(case: Case) -> words.Language:
    return "en" if case.contact.get("language") == "en" else "id"


def _line(text: str) -> str:
    """A subject is one line: a line break would begin another header."""
    return " ".join(text.split())


def _short(key: str, subject: str, context: Mapping[str, Any], language: words.Language) -> str:
    text = _SHORT.get(key)
    said = _line(fill(getattr(text, language), context)) if text else subject
    return f"{said} {context['link']}"


_GREETING = {"id": "Yth.", "en": "Dear"}
_DECIDED = Notice(
    subject=Text(id="Keputusan atas {{ case.number }}", en="Decision on {{ case.number }}"),
    body=Text(
        id="Telah ada keputusan atas {{ case.number }}. Isi dan tindak lanjutnya dapat dibaca di {{ link }}.",
        en="A decision has been taken on {{ case.number }}. Read it, and what follows, at {{ link }}.",
    ),
)
_SHORT: Mapping[str, Text] = {
    "correction.requested": Text(
        id="{{ case.number }} perlu diperbaiki paling lambat {{ task.due_on }}.",
        en="{{ case.number }} needs correction by {{ task.due_on }}.",
    ),
    "payment.billed": Text(
        id="Tagihan {{ case.number }}: {{ payment.amount }}, paling lambat {{ payment.due_on }}.",
        en="Fee of {{ case.number }}: {{ payment.amount }}, due {{ payment.due_on }}.",
    ),
    "task.reminded": Text(
        id="Pengingat {{ case.number }}: {{ task.title }}, paling lambat {{ task.due_on }}.",
        en="Reminder, {{ case.number }}: {{ task.title }}, by {{ task.due_on }}.",
    ),
}
_ALARMS: Mapping[str, Text] = {
    "clock": Text(
        id=(
            "Jangka waktu hukum {{ case.number }} ({{ service.title }}) telah lewat tanpa keputusan. "
            "Tindak lanjuti di {{ link }}."
        ),
        en=(
            "The legal term of {{ case.number }} ({{ service.title }}) has passed without a decision. "
            "Act on it at {{ link }}."
        ),
    ),
    "task": Text(
        id=(
            "Tugas “{{ task.title }}” ({{ task.role }}) pada {{ case.number }} ({{ service.title }}) belum dijawab "
            "sampai tenggatnya, {{ task.due_on }}. Tindak lanjuti di {{ link }}."
        ),
        en=(
            "The task “{{ task.title }}” ({{ task.role }}) of {{ case.number }} ({{ service.title }}) was not answered "
            "by its term, {{ task.due_on }}. Act on it at {{ link }}."
        ),
    ),
    "fault": Text(
        id=(
            "{{ case.number }} ({{ service.title }}) berhenti pada langkah “{{ alarm.state }}” karena gangguan "
            "({{ alarm.error }}). Lanjutkan setelah gangguan teratasi: {{ link }}."
        ),
        en=(
            "{{ case.number }} ({{ service.title }}) stands still in the step “{{ alarm.state }}” after a fault "
            "({{ alarm.error }}). Redrive it once that is mended: {{ link }}."
        ),
    ),
}
_WRITTEN = Text(
    id="Pemohon {{ case.number }} ({{ service.title }}) menulis pesan. Baca dan jawab di {{ link }}#messages.",
    en="The applicant of {{ case.number }} ({{ service.title }}) has written. Read and answer at {{ link }}#messages.",
)
_ANY_ALARM = Text(
    id="{{ case.number }} ({{ service.title }}) memerlukan perhatian pengawas: {{ link }}.",
    en="{{ case.number }} ({{ service.title }}) needs the attention of a supervisor: {{ link }}.",
)
