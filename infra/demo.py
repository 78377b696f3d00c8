"""``make demo``: one building permit from the counter to the signed document, told as it happens.

Everything is real: requests to the API, files to the store, the compiled definition on the local Step Functions, the
signed PDF. The figures at the end are counted from the calls that were made, by AWS's rules.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from functions.domain import history
from functions.domain.money import money
from functions.runtime.observability import logger
from infra.cost import PRICES, Usage
from infra.local.aws import LocalClock
from infra.local.meter import measure
from infra.local.office import Office
from infra.local.visitor import Visitor

ZONE = ZoneInfo("Asia/Jakarta")
OPENING = datetime(2026, 11, 24, 2, 5, tzinfo=UTC)
"""A Tuesday, five past nine in Jakarta."""

REGION = "ap-southeast-3"
OUT = Path("build") / "demo"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
SHOP = {"function": "business", "floors": 2, "floor_area_m2": 240}
"""The two-floor shop of the law's example: fire safety and the spatial plan are consulted."""


class Teller:
    """Tells the story, with the day and hour in Jakarta at which each thing happens."""

    def __init__(self, office: Office, console: Console) -> None:
        self._office, self._console = office, console

    def says(self, who: str, what: str) -> None:
        now = self._office.system.aws.clock.now().astimezone(ZONE)
        when = f"[dim]{now:%a %d %b %H:%M}[/]"
        self._console.print(f"{when}  [bold]{who:<22}[/] {what}", highlight=False, soft_wrap=True)

    def sleeps(self, **span: int) -> None:
        """Let the law's time pass; whatever falls due meanwhile is carried out."""
        self._office.system.aws.advance(timedelta(**span))


def main() -> int:
    """Tell the story and write the permit to ``build/demo/permit.pdf``."""
    console = Console(width=110)
    logger.setLevel("ERROR")
    with Office(LocalClock(OPENING, frozen=True)) as office:
        teller = Teller(office, console)
        console.rule("[bold]A building permit, from the counter to the signed document")
        case = file_application(office, teller)
        decide(office, teller, case)
        permit = close(office, teller, case)
        show_clock(console, permit)
        show_history(office, console, case)
        show_cost(console, measure(office.system.aws), states_of(office))
        console.print(
            f"\nThe permit: [bold]{OUT / 'permit.pdf'}[/]   its history: [bold]{OUT / 'history.json'}[/]"
        )
        console.print(
            "Check the history yourself, offline: .venv/bin/loket verify-history build/demo/history.json"
        )
    return 0


def file_application(office: Office, teller: Teller) -> str:
    siti = Visitor(office, "siti")
    service = siti.get("/v1/services/building-permit")
    form = {**service["form"]["examples"][0], **SHOP}
    estimate = siti.post("/v1/services/building-permit/estimate", {"form": form})
    fee = money(estimate["fee"]["amount"], lang="en")
    brought = [document["kind"] for document in estimate["documents"] if document["required"]]
    teller.says("Siti, citizen", f"asks about a two-floor shop of 240 m²: {fee}; bring {', '.join(brought)}")
    case = siti.post("/v1/cases", {"service": "building-permit", "form": form})["id"]
    for kind in brought:
        siti.upload(case, kind, PDF, filename=f"{kind}.pdf", content_type="application/pdf")
    teller.says(
        "Siti", f"fills in the form, sends {len(brought)} files straight to the store; each is scanned"
    )
    sent = siti.post(f"/v1/cases/{case}/submit")
    teller.says("Siti", f"submits: number {sent['number']}, promised by {day(sent['due_at'])}")
    return str(case)


def decide(office: Office, teller: Teller, case: str) -> None:
    teller.sleeps(hours=3)
    Visitor(office, "yuni").decide(case, "completeness", "approve")
    teller.says("Yuni, secretariat", "finds the file complete: the clock of 28 working days starts")
    teller.says("Loket", "asks the technical team, fire service and spatial planners all at once")
    teller.sleeps(days=3)
    Visitor(office, "arif").decide(
        case, "fire-safety", "no_objection", "Two exits; extinguishers on both floors."
    )
    teller.says("Arif, fire service", "has no objection")
    teller.sleeps(days=1, hours=2)
    Visitor(office, "dimas").decide(case, "spatial-plan", "no_objection")
    teller.says("Dimas, spatial plan", "has no objection")
    teller.sleeps(days=4)
    Visitor(office, "teguh").decide(
        case, "technical-review", "approve", "Structure and services meet the standards."
    )
    teller.says("Teguh, technical team", "approves; Loket assesses the fee by the formula of the law")
    teller.sleeps(hours=5)
    Visitor(office, "slamet").decide(case, "statement", "approve")
    teller.says("Slamet, head of works", "signs the statement of technical standards")


def close(office: Office, teller: Teller, case: str) -> dict[str, Any]:
    siti = Visitor(office, "siti")
    bill = siti.get(f"/v1/cases/{case}")["payments"][0]
    amount = money(bill["amount"], lang="en")
    teller.says(
        "Loket", f"bills {amount}, due {day(bill['due_at'])}; the clock stands still until it is paid"
    )
    teller.sleeps(days=2)
    Visitor(office).post("/local/pay", {"payment": bill["id"], "outcome": "paid"})
    teller.says("The bank", f"confirms {amount} with a signed notification")
    teller.sleeps(days=1)
    Visitor(office, "bambang").decide(case, "sign-permit", "approve")
    seen: dict[str, Any] = siti.get(f"/v1/cases/{case}")
    permit = seen["permits"][0]
    teller.says("Bambang, one-stop head", f"signs the permit: {permit['number']}")
    link = siti.get(f"/v1/cases/{case}/documents/{permit['document']}")
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "permit.pdf").write_bytes(office.system.aws.download(link["url"]).body)
    (OUT / "history.json").write_text(json.dumps(siti.get(f"/v1/cases/{case}/history"), indent=2) + "\n")
    public = Visitor(office).get(f"/v1/permits/{permit['number']}")
    teller.says("Anybody", f"scans the QR code: genuine, {public['state']}, SHA-256 {public['sha256'][:16]}…")
    return seen


def show_clock(console: Console, case: dict[str, Any]) -> None:
    console.rule("The legal clock")
    console.print(case["clock"]["sentence"], highlight=False)


def show_history(office: Office, console: Console, case: str) -> None:
    events = Visitor(office, "siti").get(f"/v1/cases/{case}/history")["items"]
    console.rule(f"The history: {len(events)} events, each with the hash of the one before")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("#", "at (UTC)", "who", "what", "hash"):
        table.add_column(column, no_wrap=True)
    for event in events:
        table.add_row(str(event["seq"]), event["at"], event["actor"], event["type"], event["hash"][:12])
    console.print(table)
    faults = history.verify(events)
    console.print("The chain is whole." if not faults else f"The chain is broken: {faults}")


def show_cost(console: Console, usage: Usage, states: list[str]) -> None:
    console.rule("What it cost, counted by AWS's rules")
    console.print(usage.table(PRICES[REGION]), highlight=False, soft_wrap=True)
    console.print(f"The {usage.transitions} transitions: {' ▶ '.join(states)}", highlight=False)


def states_of(office: Office) -> list[str]:
    return [state for run in office.system.aws.runs() for state in run.states]


def day(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ZONE):%-d %B %Y}"


if __name__ == "__main__":
    sys.exit(main())
