"""A tender and its bids, walked over HTTP by the people whom it takes, by the law's time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from infra.local.office import Office
from tests.api.asking import Asker, Got

OFFICER = "hendra"
BIDDERS = ("sinar-jaya", "griya-nusantara", "kopi-senja")
PRICES = {"sinar-jaya": 1_234_567_891, "griya-nusantara": 1_400_000_017, "kopi-senja": 1_111_222_333}
POKJA, OPENERS = "ratih-p", ("yulia-p", "fajar-p")
EVALUATORS = ("inggrid", "tomi", "laksmi")
KPA, PPK, SUPERVISOR, RECORDS = "nugroho-p", "wira", "gunadi", "slamet-p"
SECOND = timedelta(seconds=1)


class Tendering:
    """One tender; every answer waits until what it set off has happened."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.id = ""
        self.bids: dict[str, str] = {}

    def as_(self, username: str) -> Asker:
        return Asker(self.office, username)

    @property
    def now(self) -> datetime:
        now: datetime = self.office.system.aws.clock.now()
        return now

    def move_to(self, moment: datetime) -> None:
        self.office.system.aws.advance_to(moment)
        self.office.system.aws.settle()

    # -- the tender

    def file(self, **form: Any) -> Tendering:
        example = self.as_(OFFICER).get("/v1/services/public-tender").body["form"]["examples"][0]
        made = self.as_(OFFICER).post("/v1/cases", {"service": "public-tender", "form": {**example, **form}})
        assert made.status == 201, made.text
        self.id = made.body["id"]
        sent = self.as_(OFFICER).post(f"/v1/cases/{self.id}/submit")
        assert sent.status == 202, sent.text
        return self

    def announce(self) -> Tendering:
        assert self.complete(POKJA, "approve").status == 200
        return self

    @property
    def closes_at(self) -> datetime:
        return datetime.fromisoformat(self.tender["form"]["bids_close_at"])

    def close(self) -> Tendering:
        self.move_to(self.closes_at + SECOND)
        return self

    def open(self) -> Tendering:
        for opener in OPENERS:
            answer = self.complete(opener, "open")
            assert answer.status == 200, answer.text
        return self

    def score(self, scores: dict[str, dict[str, float]], *evaluators: str) -> Tendering:
        """Hand in scores by bidder, each evaluator the same."""
        for evaluator in evaluators or EVALUATORS:
            answer = self.complete(evaluator, "submit_scores", scores=self.by_bid(scores))
            assert answer.status == 200, answer.text
        return self

    def prove(self) -> Tendering:
        """Let the best bid prove its qualification."""
        assert self.complete(POKJA, "approve").status == 200
        return self

    def award(self) -> Tendering:
        """Let the winner be announced: from now on the others may object."""
        assert self.complete(KPA, "approve").status == 200
        return self

    def by_bid(self, scores: dict[str, dict[str, float]]) -> dict[str, Any]:
        return {self.bids[bidder]: one for bidder, one in scores.items()}

    # -- bids

    def bid(self, bidder: str, price: int | None = None, *, submit: bool = True) -> Got:
        body = {
            "service": "tender-bid",
            "parent": self.id,
            "form": {"price": price or PRICES[bidder], "bidder": f"Peserta {bidder}"},
        }
        made = self.as_(bidder).post("/v1/cases", body, idempotency_key=f"{bidder}-{self.id}")
        if made.status != 201:
            return made
        self.bids[bidder] = made.body["id"]
        return self.as_(bidder).post(f"/v1/cases/{made.body['id']}/submit") if submit else made

    def three_bids(self) -> Tendering:
        for bidder in BIDDERS:
            answer = self.bid(bidder)
            assert answer.status == 202, answer.text
        return self

    def status_of(self, bidder: str) -> str:
        status: str = self.as_(bidder).get(f"/v1/cases/{self.bids[bidder]}").body["status"]
        return status

    # -- what can be seen

    @property
    def tender(self) -> dict[str, Any]:
        found: dict[str, Any] = self.as_(OFFICER).get(f"/v1/cases/{self.id}").body
        return found

    def history(self, case: str | None = None, by: str = SUPERVISOR) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.as_(by).get(f"/v1/cases/{case or self.id}/history").body["items"]
        return found

    def types(self, case: str | None = None) -> list[str]:
        return [event["type"] for event in self.history(case)]

    def open_tasks(self, case: str | None = None) -> list[str]:
        shown = self.as_(SUPERVISOR).get(f"/v1/cases/{case or self.id}").body["tasks"]
        return [task["name"] for task in shown if task["state"] in ("open", "claimed")]

    def task(self, username: str) -> dict[str, Any]:
        """Give the first task in the worklist of an officer."""
        found: dict[str, Any] = self.as_(username).get("/v1/tasks").body["items"][0]
        return found

    def complete(self, username: str, action: str, comment: str | None = None, **data: Any) -> Got:
        """Answer the first task of the worklist that this person may answer."""
        answer = None
        for task in self.as_(username).get("/v1/tasks").body["items"]:
            body = {"action": action, "comment": comment, "data": data or None}
            answer = self.as_(username).post(f"/v1/tasks/{task['id']}/complete", body)
            if answer.status == 200:
                break
        assert answer is not None, f"{username} has nothing to do"
        return answer
