"""Every page of the portal with the people who see it and a case for it; a page that is missing here fails a test."""

from __future__ import annotations

import re
from datetime import timedelta

from functions.domain import questions, webhooks
from functions.domain.case import Writer
from functions.domain.service import Service
from functions.portal import routes
from functions.runtime.wiring import ports
from infra.driver import CaseDriver, people, user
from infra.local.office import Office
from tests.portal import ways
from tests.workflows.tendering import BIDDERS, EVALUATORS, Tendering

REVIEWER = people().holders("pupr/tpt")[0].username
ADVISER = people().holders("dlh/environment")[0].username
SIGNER = people().holders("dpmptsp/head")[0].username
INITIALS = people().holders("dlh/unit-head")[0].username
AUDITOR = people().holders("bapenda/supervisor")[0].username

PLACES: dict[str | None, tuple[str, ...]] = {
    None: (
        "/", "/services", "/services?q=zzzz", "/services/building-permit", "/permits",
        "/permits/PBG-2026-AAAAA-BBBBB", "/permits/{permit}", "/permits/{minutes}", "/register", "/open",
        "/open?service=street-stall", "/statistics", "/privacy", "/accessibility", "/sign-in", "/signed-out",
        "/sign-in?error=access_denied&state=x", "/nowhere",
    ),
    "maria": (
        "/services/building-permit/start", "/apply/{draft}", "/apply/{draft}/1", "/apply/{draft}/3",
        "/apply/{draft}/documents", "/apply/{draft}/check", "/apply/{empty}/check", "/cases", "/cases/{draft}",
        "/cases/{reviewed}", "/cases/{reviewed}/process", "/cases/{reviewed}/receipt", "/cases/{reviewed}/withdraw",
        "/cases/{returned}", "/apply/{returned}", "/apply/{returned}/3", "/apply/{returned}/documents",
        "/cases/{billed}", "/local/bank/{bill}", "/cases/{granted}", "/cases/{refused}", "/cases/{refused}/appeal",
        "/cases/nothing",
    ),
    REVIEWER: ("/tasks", "/tasks?q=zzzz", "/tasks/{review}", "/tasks/{review}/questions"),
    ADVISER: ("/questions/{question}",),
    SIGNER: ("/tasks/{signing}",),
    INITIALS: ("/tasks/{initials}",),
    EVALUATORS[0]: ("/tasks/{scoring}",),
    "griya-nusantara": ("/cases/{lost}", "/cases/{lost}/appeal"),
    AUDITOR: ("/cases/{taxed}/acts/reopen",),
    "sri": (
        "/tasks?role=pupr%2Ftpt", "/tasks/{review}", "/attention", "/services/building-permit/pace", "/delegations",
        "/cases?of=office", "/cases/{reviewed}", "/cases/{reviewed}/process", "/cases/{reviewed}/acts/extend",
        "/services/street-stall/rounds", "/services/street-stall/rounds/2026",
    ),
    "tuti": ("/records", "/records?state=all", "/cases/{refused}/record"),
    "irfan": ("/webhooks", "/webhooks/{webhook}"),
    "zainal": ("/services/hajj-registration/rounds", "/services/hajj-registration/rounds/2027"),
}  # fmt: skip

NO_PAGES = {
    "/register.csv", "/apply/{case}/files", "/cases/{case}/history.json", "/cases/{case}/personal-data.json",
    "/cases/{case}/documents/{document}", "/questions/{question}/documents/{document}",
    "/cases/{case}/process.svg", "/services/{service}/pace.csv",
}  # fmt: skip
"""Addresses that give data, or lead on."""


def uncovered() -> set[str]:
    """Give the addresses of the table of contents that no place stands for."""
    asked = [path for method, path, page in routes.PAGES if method == "GET" and page != "public.nowhere"]
    shown = {_route(address.partition("?")[0], asked) for some in PLACES.values() for address in some}
    return set(asked) - NO_PAGES - shown


def _route(address: str, asked: list[str]) -> str:
    """Give the first address of the table of contents that answers, those without parameters first."""
    fitting = [path for path in asked if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), address)]
    return min(fitting, key=lambda path: path.count("{"), default="")


def furnish(office: Office) -> dict[str, str]:
    """Bring a case of maria's to each place on its way; gives what stands for the names in `PLACES`."""

    def new() -> CaseDriver:
        return CaseDriver(office.system, applicant="maria")

    empty = new().file({"floors": None})
    empty.patch(floors=None, owner_name=None)
    signing = new().apply()
    ways.bill(ways.review(signing)).pay()
    late = ways.review(CaseDriver(office.system).apply())
    office.system.aws.advance(timedelta(days=26))
    scoring, lost = _tenders(office)
    draft, reviewed = new().file(), ways.review(new().apply())
    returned = ways.give_back(ways.review(new().apply()))
    billed, granted = ways.bill(ways.review(new().apply())), ways.grant(ways.bill(ways.review(new().apply())))
    refused = ways.answer(ways.review(new().apply()), "reject", comment="The columns are too thin.")
    CaseDriver(office.system, service="hajj-registration").like().open_round("2027", 1)
    taxed = CaseDriver(office.system, service="business-tax", applicant="sinar-jaya").apply()
    taxed.pay()
    surveyed = _survey(office)
    CaseDriver(office.system, service="street-stall").apply().open_round("2026", 1)
    office.system.aws.advance(timedelta(days=1))
    webhook = _webhook()
    (bill,), (permit,) = billed.case.payments, granted.case.permits
    cases = {
        "empty": empty, "draft": draft, "reviewed": reviewed, "returned": returned, "billed": billed,
        "granted": granted, "refused": refused, "taxed": taxed,
    }  # fmt: skip
    return {name: case.id for name, case in cases.items()} | {
        "bill": bill,
        "permit": permit,
        "minutes": next(iter(surveyed.case.permits)),
        "initials": surveyed.task("initial-unit").id,
        "review": late.task("technical-review").id,
        "signing": signing.task("sign-permit").id,
        "webhook": webhook,
        "scoring": scoring,
        "lost": lost,
        "question": _question(late),
    }


def _tenders(office: Office) -> tuple[str, str]:
    """Give a task in which bids are scored, and a bid that lost and may be objected to; a third is open for bids."""
    decided, scored = (Tendering(office).file().announce().three_bids() for _ in range(2))
    decided.close()
    for one in (decided, scored):
        one.open()
    decided.score({bidder: {"technical": 80, "price": 80} for bidder in BIDDERS}).prove().award()
    Tendering(office).file().announce()
    return scored.task(EVALUATORS[0])["id"], decided.bids["griya-nusantara"]


def _survey(office: Office) -> CaseDriver:
    """Let officers of two offices sign the minutes of a survey; the draft then goes upward for initials."""
    case = CaseDriver(office.system, service="agency-recommendation", applicant="hendra")
    case.apply({"technical_agencies": ["damkar"]}).act("dlh/front-office", "approve")
    for place, who in enumerate(("gilang", "kartika"), 1):
        case.act(who, "no_objection", task=f"minutes-{place}")
    return case.act("damkar/fire-safety", "no_objection")


def _question(case: CaseDriver) -> str:
    """Let the reviewer of a case ask another office."""

    def ask(writer: Writer, service: Service) -> None:
        questions.ask(
            writer, service, ports.catalogue.calendar, ports.catalogue.agency, user(REVIEWER),
            case.task("technical-review"), to="dlh/environment", text="Is the well too close?", working_days=5,
            fields=["address"], documents=[],
        )  # fmt: skip

    case.command(REVIEWER, "read", ask)
    return list(case.case.questions)[-1]


def _webhook() -> str:
    """Set up a webhook of the agency that nothing was delivered to yet."""
    found = {
        "id": "0123456789abcdef", "agency": "dpmptsp", "url": "https://system.example/loket", "types": [],
        "services": [], "created_at": "2026-03-02T01:00:00Z", "created_by": "irfan", "secret": "x" * 43,
        "request": None,
    }  # fmt: skip
    ports.table.put(*webhooks.key(found["agency"], found["id"]), found, new=True)
    return found["id"]
