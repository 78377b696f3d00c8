"""Every message that a page says is in its catalogue, in both languages, and every one that is there is said."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from jinja2 import nodes

import events
from functions.domain import waits
from functions.portal import cases, catalogue, desk, leave, messages, rendering, story, worklist
from infra.local import pages
from infra.local.pages import environment
from tests.architecture.source import dotted, modules

ENVIRONMENT = environment()
TEMPLATES = sorted((*rendering.TEMPLATES.glob("*.html"), *pages.TEMPLATES.glob("*.html")))
SAYING = frozenset({"t", "say", "visit.t", "words.t", "messages.say", "self._with"})
ALL = [(group, name) for group in messages.groups() for name in messages.catalogue(group)]


def _said_in_template(path: Path) -> Iterator[tuple[str, bool]]:
    """Give the names that a template says: a whole one, or the beginning of one that is put together."""
    for call in ENVIRONMENT.parse(path.read_text()).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t" and call.args:
            yield from _names(call.args[0])


def _names(node: nodes.Node) -> Iterator[tuple[str, bool]]:
    if isinstance(node, nodes.Const):
        yield str(node.value), True
    elif isinstance(node, nodes.Concat):
        yield str(node.nodes[0].value), False  # type: ignore[attr-defined]
    elif isinstance(node, nodes.CondExpr):
        yield from _names(node.expr1)
        yield from _names(node.expr2 or nodes.Const(""))
    elif isinstance(node, nodes.Name):
        return
    else:
        raise AssertionError(f"what is said here? {node}")


def _said_in_python() -> Iterator[tuple[str, bool]]:
    for module in modules("functions/portal"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and (dotted(node.func) or "") in SAYING and node.args:
                yield from _python_names(node.args[0], "story." if dotted(node.func) == "self._with" else "")


def _python_names(node: ast.expr, before: str) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.Constant):
        yield before + str(node.value), True
    elif isinstance(node, ast.JoinedStr):
        first = node.values[0]
        yield before + (str(first.value) if isinstance(first, ast.Constant) else ""), False
    elif isinstance(node, ast.IfExp):
        yield from _python_names(node.body, before)
        yield from _python_names(node.orelse, before)
    elif before:
        yield before, False


# Names that are handed from Python to a template, or put together from what the domain calls things.
HANDED_ON = {"session.lost", "session.refused"}
PUT_TOGETHER = {
    "site.status.": cases.STATUSES,
    "site.audience.": catalogue.AUDIENCES,
    "home.for.": catalogue.AUDIENCES,
    "site.permit.": ("valid", "expired", "suspended", "revoked"),
    "site.bill.": ("due", "paid", "failed", "expired", "refunded"),
    "apply.state.": ("empty", "partial", "done", "optional"),
    "apply.file.": ("announced", "received", "sealed", "clean", "refused"),
    "case.errand.": cases.ERRANDS,
    "case.errand_means.": cases.ERRANDS,
    "case.reason.": cases.ERRANDS,
    "case.sent.": (*cases.ERRANDS, *cases.OVERSIGHT, "message", "correction"),
    "case.outcome.": ("approved", "rejected", "withdrawn", "lapsed"),
    "case.answer.": {
        "object",
        "resubmit",
        "paid",
        *waits.SILENT_ACTION.values(),
        *waits.AGAINST,
        *waits.IN_FAVOUR,
    },
    "case.state.": ("done", "now", "coming", "good", "bad", "ended"),
    "service.silent.": ("approve", "refuse", "no_objection", "alarm", "lapse"),
    "service.starts_at.": ("submitted", "complete", "paid"),
    "tasks.bulk.": worklist.BULK.values(),
    "desk.sent.": desk.NEWS,
    "desk.taken.": ("claimed", "done", "cancelled"),
    "leave.sent.": leave.NEWS,
    "oversight.act.": cases.OVERSIGHT,
    "oversight.means.": cases.OVERSIGHT,
    "oversight.unit.": ("wd", "d", "h", "months", "years"),
    "local.kind.": ("applicant", "officer", "supervisor", "admin", "integrator"),
}


def _said() -> set[tuple[str, bool]]:
    found = {pair for path in TEMPLATES for pair in _said_in_template(path)} | set(_said_in_python())
    return found | {(name, True) for name in HANDED_ON}


def test_no_message_is_missing() -> None:
    missing = sorted(name for name, whole in _said() if whole and not messages.has(name))
    missing += [
        beginning + end
        for beginning, ends in PUT_TOGETHER.items()
        for end in ends
        if not messages.has(beginning + end)
    ]

    assert missing == []


def test_no_message_is_left_over() -> None:
    whole = {name for name, exact in _said() if exact}
    beginnings = tuple(name for name, exact in _said() if not exact and name.count(".") >= 1)

    idle = [
        f"{group}.{name}"
        for group, name in ALL
        if f"{group}.{name}" not in whole and not f"{group}.{name}".startswith(beginnings)
    ]

    assert idle == []


@pytest.mark.parametrize(("group", "name"), ALL, ids=lambda part: part)
def test_a_message_says_the_same_in_both_languages(group: str, name: str) -> None:
    message = messages.find(f"{group}.{name}")

    assert set(message) <= {"id", "en", "en_one"}
    assert all(message[language].strip() for language in ("id", "en"))
    values = {form: _values(text) for form, text in message.items()}
    assert values["id"] == values["en"]
    assert values.get("en_one", values["en"]) | {"n"} == values["en"] | {"n"}


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_templates_hold_no_words_of_their_own() -> None:
    """What stands between tags is a message, but for names that are the same in every language."""
    alike = {"API", "SHA-256", "(PDF, )", 'aria-describedby="" aria-invalid="true" aria-required="true"'}
    found = {}
    for path in TEMPLATES:
        bare = re.sub(
            r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<(style|script)\b.*?</\1>",
            "",
            path.read_text(),
            flags=re.DOTALL,
        )
        words = [text.strip() for text in re.sub(r"<[^>]*>", "\n", bare).split("\n")]
        left = [text for text in words if re.search(r"[^\W\d_]{2,}", text) and text not in alike]
        if left:
            found[path.name] = left

    assert found == {}


def test_every_event_is_told_or_left_out_on_purpose() -> None:
    told = set(story.SPECIAL) | {name for name in events.TYPES if messages.has(f"story.{name}")}

    assert set(events.TYPES) - told - story.QUIET == set()


def test_a_value_is_escaped_and_markup_is_not() -> None:
    said = messages.say("start.title", "en", service="<b>Permit</b>")

    assert said == "Apply: &lt;b&gt;Permit&lt;/b&gt;"


def test_one_and_many_differ_in_english_only() -> None:
    assert messages.say("home.count", "en", n=1) == "1 service"
    assert messages.say("home.count", "en", n=2) == "2 services"
    assert messages.say("home.count", "id", n=1) == "1 layanan"


def test_an_unknown_message_is_an_error() -> None:
    with pytest.raises(messages.MessageMissing):
        messages.say("site.nothing", "en")
    with pytest.raises(messages.MessageMissing):
        messages.say("nowhere.nothing", "en")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("id", "PP 16/2021 Pasal\u00a0253, belum ditegaskan instansi"),
        ("en", "PP 16/2021 Art. 253, not yet confirmed by the agency"),
    ],
)
def test_a_law_is_cited_as_in_the_language(language: messages.Language, said: str) -> None:
    assert messages.cite("PP 16/2021 Art. 253 [unconfirmed]", language) == said
