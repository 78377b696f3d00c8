"""The answers that an act on a whole case may change: asked on its page beside the reason, and sent with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from functions.domain import episodes
from functions.domain.errors import Fault
from functions.domain.service import FormField, Process
from functions.portal import questions
from functions.portal.cases import Seen
from functions.portal.urls import url
from functions.portal.visit import Visit
from functions.runtime.wiring import ports


@dataclass(frozen=True)
class Wish:
    """An act that somebody would do with a case: which process it opens, and what was typed for that."""

    visit: Visit
    seen: Seen
    act: str

    @cached_property
    def process(self) -> Process | None:
        """The process that it opens; ``None`` where it opens none of its own."""
        seen, calendar_of = self.seen, ports.catalogue.calendar
        name = episodes.opened_by(seen.case, seen.service, calendar_of, self.act, self.visit.now)
        return seen.service.process(name) if name else None

    @cached_property
    def fields(self) -> list[FormField]:
        """The questions that it asks of its own, and those whose answers it may change."""
        names = (*self.process.changes, *self.process.asks) if self.process else ()
        return [field for field in self.seen.service.form.fields if field.name in names]

    @cached_property
    def typed(self) -> dict[str, Any]:
        sent = self.visit.fields if self.visit.request.method == "POST" else {}
        return questions.answers(self.fields, sent, self.visit.language)

    @property
    def form(self) -> dict[str, Any] | None:
        """The answers that differ from what stands in the case, and those that are asked for anew each time."""
        before, anew = self.seen.case.form or {}, self.seen.service.asked_later
        return {
            name: value for name, value in self.typed.items() if name in anew or value != before.get(name)
        } or None

    @property
    def brings(self) -> bool:
        """Tell whether documents may be brought with it."""
        return bool(self.process and (self.process.changes or self.process.brings))

    def questions(self, wrong: Mapping[str, str]) -> list[questions.Question]:
        """Ask with what stands there or was typed; ``wrong`` says by pointer what is wrong with it."""
        answers = {**(self.seen.case.form or {}), **self.typed}
        asked = [questions.question(f, answers.get(f.name), self.visit.language) for f in self.fields]
        for question in asked:
            question.fault = wrong.get(f"/{question.name}", "")
        return asked

    def wrong(self, faults: Iterable[Fault]) -> dict[str, str]:
        """Give by pointer what is wrong, the first of each."""
        said = reversed(list(faults))
        return {fault.pointer.removeprefix("/form"): self.visit.text(fault.message) for fault in said}

    def listed(self, wrong: Mapping[str, str]) -> list[dict[str, str]]:
        """List what is wrong in the order of the page, each named by its question, with the link to where it is."""
        names = {f"/{field.name}": self.visit.text(field.title) for field in self.fields}
        ordered = sorted(wrong, key=lambda pointer: [*names, pointer].index(pointer))
        said = {pointer: ": ".join(filter(None, (names.get(pointer), wrong[pointer]))) for pointer in ordered}
        return [{"link": self.place(pointer), "text": text} for pointer, text in said.items()]

    def place(self, pointer: str) -> str:
        """Give where on the page, or on that of the documents, a fault can be mended."""
        first, _, rest = pointer.lstrip("/").partition("/")
        documents = url(f"/apply/{self.seen.case.id}/documents")
        return f"{documents}#d-{rest}" if first == "documents" else f"#f-{first}"
