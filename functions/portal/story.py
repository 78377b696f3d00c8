"""The history of a case in plain words: what happened, when, by whom, for whoever reads it.

What only turns the wheels (a file announced, a task taken and given back) is left out; the history to download has it
all, with its hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.api.shapes import read_moment
from functions.domain import episodes, history, views, words
from functions.domain.case import Case
from functions.domain.clock import Term
from functions.domain.history import Event
from functions.domain.letter import long_date
from functions.domain.money import money
from functions.domain.service import Service
from functions.portal.messages import cite, has, say
from functions.portal.progress import Language, office
from functions.ports import Record
from functions.runtime.wiring import ports

QUIET = frozenset(
    {
        "document.announced",
        "document.cleared",
        "episode.closed",
        "task.claimed",
        "task.released",
        "task.assigned",
        "task.cancelled",
        "payment.refused",
        "hold.placed",
        "hold.lifted",
        "case.redriven",
        "children.answered",
    }
)
"""What applicants are not told, because it changes nothing for them."""


REASONED = frozenset(
    {
        "case.withdrawn",
        "clock.extended",
        "episode.opened",
        "outcome.decided",
        "permit.suspended",
        "permit.reinstated",
        "permit.revoked",
    }
)
"""What is told with the words of who did it: the reason is owed to the other side."""


@dataclass(frozen=True)
class Line:
    """What happened; ``said`` are the reasons that were given for it."""

    at: str
    text: str
    said: str = ""


def tell(record: Record, service: Service, reader: str, language: Language) -> list[Line]:
    """Tell the whole history, newest first."""
    teller = _Teller(record.case, service, reader, language)
    lines = []
    for commit in record.commits:
        for event in commit.events:
            text = teller.say(event)
            if text:
                said = _reasons(event, commit.private.get(str(event.seq), {}), language)
                lines.append(Line(event.at, text, said))
    return lines[::-1]


def _reasons(event: Event, private: Mapping[str, Any], language: Language) -> str:
    """Give the reasons that were given, unless they are erased, or a code of ours stands for them."""
    said = private.get("reason") or private.get("reasons")
    if event.type not in REASONED or not said or said == episodes.REPLACED:
        return ""
    return words.said(said, language)


def since(record: Record, service: Service, reader: str, language: Language, seq: int) -> list[Line]:
    """Tell what others have done after the event of this number, in the order in which they did."""
    teller = _Teller(record.case, service, reader, language)
    told = [(event, teller.say(event)) for commit in record.commits for event in commit.events]
    return [
        Line(event.at, text) for event, text in told if text and event.seq > seq and event.actor != reader
    ]


class _Teller:
    def __init__(self, case: Case, service: Service, reader: str, language: Language) -> None:
        self._case, self._service, self._language = case, service, language
        self._reads_own = reader == case.applicant
        self._submitted = False

    def say(self, event: Event) -> str:
        if event.type in QUIET:
            return ""
        if event.type == "case.submitted":
            self._submitted = True
        special = SPECIAL.get(event.type)
        if special:
            return special(self, event, event.data)
        return self._plain(event)

    def _plain(self, event: Event) -> str:
        if not has(f"story.{event.type}"):
            return ""
        return str(say(f"story.{event.type}", self._language, who=self._actor(event.actor)))

    def _with(self, name: str, **values: Any) -> str:
        return str(say(f"story.{name}", self._language, **values))

    def _actor(self, username: str) -> str:
        if username == self._case.applicant:
            return str(say("case.you" if self._reads_own else "case.applicant", self._language))
        if username == "law":
            return str(say("story.by_law", self._language))
        if username == "system":
            return str(say("story.by_system", self._language))
        return self._agency()

    def _agency(self) -> str:
        return str(getattr(ports.catalogue.agency(self._case.agency).name, self._language))

    def _day(self, moment: str | None) -> str:
        calendar = ports.catalogue.calendar(self._case.agency)
        return long_date(calendar.day_of(read_moment(moment)), self._language) if moment else ""

    def _document(self, identity: str) -> str:
        document = self._case.documents[identity]
        known = self._service.document_kind(document.kind)
        return str(getattr(known.title, self._language)) if known else document.kind

    def _fields(self, pointers: list[str], kinds: list[str]) -> str:
        names = {pointer.lstrip("/").split("/")[0] for pointer in pointers}
        titles = [getattr(f.title, self._language) for f in self._service.form.fields if f.name in names]
        titles += [getattr(d.title, self._language) for d in self._service.documents if d.kind in kinds]
        return "; ".join(titles)

    def _task(self, identity: str) -> tuple[str, str]:
        task = self._case.tasks[identity]
        title = views.title_of(self._case, self._service, task)[self._language]
        who = (
            self._actor(self._case.applicant)
            if task.role == "applicant"
            else office(task.role, self._language)
        )
        return title, who

    # -- events that need more than their name

    def form_changed(self, event: Event, data: Mapping[str, Any]) -> str:
        if not self._submitted:
            return ""
        return self._with(
            "form.changed", who=self._actor(event.actor), what=self._fields(data["pointers"], [])
        )

    def document(self, event: Event, data: Mapping[str, Any]) -> str:
        day = self._day(data.get("opens_at"))
        return self._with(event.type, what=self._document(data["document"]), day=day)

    def submitted(self, event: Event, data: Mapping[str, Any]) -> str:
        return self._with(event.type, who=self._actor(event.actor), number=data["number"])

    def episode(self, event: Event, data: Mapping[str, Any]) -> str:
        if data["episode"] == 1:
            return ""
        title = getattr(self._service.process(data["process"]).title, self._language)
        return self._with(event.type, what=title, who=self._actor(event.actor))

    def clock_started(self, event: Event, data: Mapping[str, Any]) -> str:
        term = Term.parse(data["term"]).words[self._language]
        return self._with(event.type, term=term, day=self._day(data["due_at"]))

    def clock_extended(self, event: Event, data: Mapping[str, Any]) -> str:
        return self._with(event.type, term=Term.parse(data["term"]).words[self._language])

    def clock_paused(self, event: Event, data: Mapping[str, Any]) -> str:
        return self._with(f"{event.type}.{data['reason']}")

    def task_opened(self, event: Event, data: Mapping[str, Any]) -> str:
        if data["role"] == "applicant":
            return ""
        title, who = self._task(data["task"])
        return self._with(event.type, what=title, who=who, day=self._day(data["due_at"]))

    def task_completed(self, event: Event, data: Mapping[str, Any]) -> str:
        if self._case.tasks[data["task"]].role == "applicant":
            return ""
        title, who = self._task(data["task"])
        answer = say(f"case.answer.{data['action']}", self._language)
        return self._with(event.type, what=title, who=who, answer=answer)

    def task_expired(self, event: Event, data: Mapping[str, Any]) -> str:
        title, _ = self._task(data["task"])
        answer = say(f"case.answer.{data['action']}", self._language)
        return self._with(event.type, what=title, answer=answer, rule=cite(data["rule"], self._language))

    def alarm(self, event: Event, data: Mapping[str, Any]) -> str:
        return self._with("alarm.fault" if data["reason"] == "fault" else "alarm.term")

    def correction_requested(self, event: Event, data: Mapping[str, Any]) -> str:
        return self._with(event.type, what=self._fields(data["fields"], data["documents"]))

    def amount(self, event: Event, data: Mapping[str, Any]) -> str:
        written = money(data["amount"], data["currency"], self._language)
        return self._with(event.type, amount=written, day=self._day(data.get("due_at")))

    def received(self, event: Event, data: Mapping[str, Any]) -> str:
        written = {
            name: money(data.get(name, 0), data["currency"], self._language) for name in ("amount", "left")
        }
        return self._with("payment.part" if data.get("left") else event.type, **written)

    def outcome(self, event: Event, data: Mapping[str, Any]) -> str:
        return self._with(f"{event.type}.{data['result']}", who=self._actor(event.actor))

    def question(self, event: Event, data: Mapping[str, Any]) -> str:
        to = self._case.questions[data["question"]].to
        code, by_name, _ = to.partition("/@")
        to = (
            getattr(ports.catalogue.agency(code).name, self._language)
            if by_name
            else office(to, self._language)
        )
        return self._with(event.type, who=self._actor(event.actor), to=to)

    def permit(self, event: Event, data: Mapping[str, Any]) -> str:
        replaced = data.get("reason") == history.digest(episodes.REPLACED)
        return self._with("permit.replaced" if replaced else event.type, number=data["number"])

    def letter(self, event: Event, data: Mapping[str, Any]) -> str:
        known = self._service.letters.get(data["letter"])
        return self._with(event.type, what=getattr(known.title, self._language) if known else data["letter"])

    def initials(self, event: Event, data: Mapping[str, Any]) -> str:
        titles = [known.title for name in data["letters"] if (known := self._service.letters.get(name))]
        return self._with(event.type, what=", ".join(getattr(one, self._language) for one in titles))

    def answers_changed(self, event: Event, data: Mapping[str, Any]) -> str:
        return self._with(
            "form.changed", who=self._actor(event.actor), what=self._fields(data["pointers"], [])
        )

    def clock_expired(self, event: Event, data: Mapping[str, Any]) -> str:
        answer = say(f"case.answer.{data['action']}", self._language)
        return self._with(event.type, answer=answer, rule=cite(data["rule"], self._language))

    def scheduled(self, event: Event, data: Mapping[str, Any]) -> str:
        title = getattr(self._service.process(data["process"]).title, self._language)
        return self._with(event.type, what=title, day=self._day(data["due_at"]))

    def queue(self, event: Event, data: Mapping[str, Any]) -> str:
        return self._with(event.type, number=data["number"], region=self._region(data["region"]))

    def place(self, event: Event, data: Mapping[str, Any]) -> str:
        return self._with(event.type, period=data["period"], region=self._region(data["region"]))

    def _region(self, code: str) -> str:
        options = (option for field in self._service.form.fields for option in field.options)
        return next((getattr(o.title, self._language) for o in options if o.value == code), code)

    def sealed(self, event: Event, data: Mapping[str, Any]) -> str:
        what = self._fields(data["fields"], [])
        return self._with(event.type, what=what, day=self._day(data.get("opens_at")))

    def checked(self, event: Event, data: Mapping[str, Any]) -> str:
        broken = sum(1 for rule in data["checks"] if not rule["holds"])
        return self._with("rules.broken" if broken else "rules.kept", n=broken)

    def computed(self, event: Event, data: Mapping[str, Any]) -> str:
        said = " ".join(one["sentence"][self._language] for one in data["results"] if one.get("sentence"))
        if data.get("step"):
            return said
        return self._with(event.type, what=said) if said else ""

    def found(self, event: Event, data: Mapping[str, Any]) -> str:
        return str(data["sentence"][self._language]) if data.get("sentence") else self._plain(event)


SPECIAL: Mapping[str, Callable[[_Teller, Event, Mapping[str, Any]], str]] = {
    "form.changed": _Teller.form_changed,
    "document.received": _Teller.document,
    "document.refused": _Teller.document,
    "document.sealed": _Teller.document,
    "document.opened": _Teller.document,
    "case.submitted": _Teller.submitted,
    "episode.opened": _Teller.episode,
    "clock.started": _Teller.clock_started,
    "clock.extended": _Teller.clock_extended,
    "clock.paused": _Teller.clock_paused,
    "task.opened": _Teller.task_opened,
    "task.completed": _Teller.task_completed,
    "task.expired": _Teller.task_expired,
    "alarm.raised": _Teller.alarm,
    "correction.requested": _Teller.correction_requested,
    "fee.assessed": _Teller.amount,
    "results.computed": _Teller.computed,
    "ranking.made": _Teller.found,
    "facts.noted": _Teller.found,
    "payment.billed": _Teller.amount,
    "payment.received": _Teller.received,
    "outcome.decided": _Teller.outcome,
    "question.asked": _Teller.question,
    "question.answered": _Teller.question,
    "permit.issued": _Teller.permit,
    "permit.suspended": _Teller.permit,
    "permit.reinstated": _Teller.permit,
    "permit.revoked": _Teller.permit,
    "permit.expired": _Teller.permit,
    "letter.issued": _Teller.letter,
    "letter.initialled": _Teller.initials,
    "rules.checked": _Teller.checked,
    "content.sealed": _Teller.sealed,
    "content.opened": _Teller.sealed,
    "answers.changed": _Teller.answers_changed,
    "clock.expired": _Teller.clock_expired,
    "episode.scheduled": _Teller.scheduled,
    "deposit.declared": _Teller.amount,
    "refund.ordered": _Teller.amount,
    "payment.forfeited": _Teller.amount,
    "queue.joined": _Teller.queue,
    "queue.waiting": _Teller.queue,
    "queue.left": _Teller.queue,
    "place.called": _Teller.place,
    "place.taken": _Teller.place,
    "place.released": _Teller.place,
}
