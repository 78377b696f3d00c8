"""The case above lets those below know something: once, as a message to whoever filed them, and they wait on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import events
from functions.domain import episodes, notices
from functions.domain.case import Case, Writer
from functions.domain.clock import rfc3339
from functions.domain.service import Notice, Text
from functions.steps import answer_children
from tests.builders import CATALOGUE, Walk, with_service
from tests.streams.bus import newest

WORDS = Notice(
    subject=Text(id="Kabar tentang {{ case.number }}", en="News of {{ case.number }}"),
    body=Text(id="Baca di {{ link }}.", en="Read it at {{ link }}."),
)
TITLE = {"id": "Beri tahu", "en": "Tell them"}
SAID = {"id": "Ditutup pada {{ facts.closes_on }}.", "en": "It closes on {{ facts.closes_on }}."}
CHANGES = {"facts": {"closes_on": "facts.closes_on"}, "reasons": SAID}


def waiting() -> Walk:
    """A case that was filed below another and waits for its word."""
    walk = Walk(service=with_service(notices={"message.posted": WORDS})).submitted()
    opened = events.TaskOpened(
        task=f"{walk.case.id}.t1", episode=1, step="word", round=1, name="word", kind="wait",
        role="pupr/secretariat", due_at=rfc3339(walk.later(days=9).now),
    )  # fmt: skip
    walk.do("system", lambda writer: writer.add(opened))
    return walk


def run(walk: Walk, monkeypatch: pytest.MonkeyPatch, **wanted: Any) -> Writer:
    """Let a case above answer this one; gives the pen with which it notes that."""
    parent = Case("above", service="fair", agency="dpmptsp", facts={"closes_on": "2026-03-09"})
    desk = SimpleNamespace(
        writer=Writer(parent, actor="system", now=walk.now), case=parent, service=walk.service,
        ports=SimpleNamespace(catalogue=CATALOGUE),
    )  # fmt: skip
    parameters = {"title": TITLE, "action": "tell", **CHANGES, **wanted}
    request = answer_children.Request.model_validate(
        {
            "case": "above",
            "episode": 1,
            "attempt": 1,
            "round": 1,
            "step": "news",
            "parameters": parameters,
        }
    )
    monkeypatch.setattr(answer_children, "load", lambda case: [walk.case])
    monkeypatch.setattr(answer_children, "drafts", lambda case: [])
    monkeypatch.setattr(
        answer_children,
        "change",
        lambda case, actor, decide: walk.do(actor, lambda writer: decide(writer, walk.service)),
    )
    answer_children.run(request, desk)  # type: ignore[arg-type]
    return desk.writer


def test_who_waits_is_told_in_both_languages_gets_the_facts_and_waits_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = waiting()

    writer = run(walk, monkeypatch)

    noted, posted = walk.commits[-1].events
    (message,) = walk.case.messages
    assert (noted.type, posted.type) == ("facts.noted", "message.posted")
    assert walk.case.facts["closes_on"] == "2026-03-09"
    assert (noted.data["rule"], noted.data["inputs"]) == ("building-permit/news", {"above": "above"})
    assert noted.data["sentence"]["en"] == "Tell them"
    assert message["by"] == "system"
    assert all(text in message["text"] for text in ("Ditutup pada", "It closes on"))
    assert "closes" not in str(posted.data), "the history has the digest alone"
    assert [task.name for task in walk.case.open_tasks()] == ["word"]
    assert writer.commit().events[-1].data["children"] == [walk.case.id]


def test_it_is_told_once_however_often_the_step_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = waiting()

    run(walk, monkeypatch)
    run(walk, monkeypatch)
    assert len(walk.case.messages) == 1
    run(walk, monkeypatch, reasons={"id": "Diundur.", "en": "Put off."})

    assert [message["text"].splitlines()[-1] for message in walk.case.messages] == [
        "It closes on 2026-03-09.", "Put off."
    ]  # fmt: skip


def test_nobody_is_told_who_does_not_wait_or_is_not_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    walk, decided = waiting(), Walk().completeness().withdraw()

    run(walk, monkeypatch, when='child.status = "rejected"')
    run(decided, monkeypatch)

    assert walk.case.messages == decided.case.messages == []


def test_whoever_filed_hears_of_a_message_that_is_not_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = waiting()
    run(walk, monkeypatch)
    told = notices_of(walk)
    walk.do("siti", lambda writer: episodes.message(writer, "Terima kasih."))

    (mail,) = told
    assert mail.subject == f"Kabar tentang {walk.case.number}"
    assert "Ditutup" not in mail.body, "what was said stands in the case, not in a mail"
    assert notices_of(walk) == []


def notices_of(walk: Walk) -> list[notices.Message]:
    agency, calendar = CATALOGUE.agency(walk.service.agency), CATALOGUE.calendar(walk.service.agency)
    event = newest(walk.case, walk.commits, "message.posted")["event"]
    return notices.to_applicant(walk.case, walk.service, agency, calendar, event, "https://loket.example/x")
