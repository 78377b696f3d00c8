"""The provider's notification: believed only when signed, recent and about this money; heard once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.domain import signatures
from infra.driver import CaseDriver
from infra.local.office import Office
from tests.api.asking import Asker, Got
from tests.api.conftest import opened

As = Callable[..., Asker]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """One office for all of them: each test has a case of its own."""
    with opened() as running:
        yield running


SECRET = "local-payment-secret"


@pytest.fixture
def billed(case: CaseDriver) -> CaseDriver:
    case.act("pupr/secretariat", "approve").act("pupr/tpt", "approve")
    return case.act("tata-ruang/spatial-plan", "no_objection").act("pupr/head", "approve")


def notice(case: CaseDriver, **changes: Any) -> dict[str, Any]:
    (bill,) = case.case.payments.values()
    said = {"id": "n1", "payment": bill.id, "outcome": "paid", "amount": bill.amount, "currency": "IDR"}
    return said | {"at": "2026-02-02T03:00:00Z"} | changes


def notify(
    anybody: Asker, body: Any, *, secret: str = SECRET, age: int = 0, header: str | None = None
) -> Got:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = signatures.sign(secret, raw, int(time.time()) - age) if header is None else header
    sent = {"loket_signature": signature} if signature else {}
    return anybody.ask("POST", "/v1/payments/notifications", raw=raw, content_type="application/json", **sent)


class TestHeard:
    def test_a_payment_settles_the_bill(self, as_: As, billed: CaseDriver) -> None:
        got = notify(as_(), notice(billed))

        assert (got.status, got.body) == (200, {"result": "accepted"})
        shown = as_("siti").get(f"/v1/cases/{billed.id}").body
        assert [(one["state"], one["paid_at"]) for one in shown["payments"]] == [
            ("paid", "2026-02-02T03:00:00Z")
        ]
        assert shown["payments"][0]["lines"][0]["title"]
        assert shown["step"] == "sign-permit"

    def test_a_repeat_changes_nothing(self, as_: As, billed: CaseDriver) -> None:
        notify(as_(), notice(billed))
        before = billed.case.version

        got = notify(as_(), notice(billed))

        assert (got.status, got.body) == (200, {"result": "repeated"})
        assert billed.case.version == before

    def test_a_failure_leaves_the_bill_standing(self, as_: As, billed: CaseDriver) -> None:
        assert notify(as_(), notice(billed, outcome="failed")).status == 200
        assert notify(as_(), notice(billed, id="n2")).status == 200
        assert billed.case.status == "in_review"

    def test_the_applicant_cannot_settle_it_by_saying_so(self, as_: As, billed: CaseDriver) -> None:
        (task,) = as_("siti").get("/v1/tasks").body["items"]

        got = as_("siti").post(f"/v1/tasks/{task['id']}/complete", {"action": "paid"})

        assert (got.status, task["kind"], task["payment"]) == (409, "pay", f"{billed.id}.p1")


class TestRefused:
    @pytest.mark.parametrize("wrong", [{"amount": 1}, {"currency": "USD"}])
    def test_wrong_money_is_refused_every_time_and_recorded_once(
        self, as_: As, billed: CaseDriver, wrong: dict[str, Any]
    ) -> None:
        answers = [notify(as_(), notice(billed, **wrong)) for _ in range(2)]

        assert [got.status for got in answers] == [400, 400]
        assert answers[0].body["type"] == "urn:loket:problem:payment-refused"
        assert billed.types.count("payment.refused") == 1
        assert billed.case.status == "awaiting_payment"

    def test_what_was_heard_is_not_heard_anew_with_other_money(self, as_: As, billed: CaseDriver) -> None:
        notify(as_(), notice(billed))

        assert notify(as_(), notice(billed, amount=1)).status == 400
        assert notify(as_(), notice(billed, outcome="failed")).status == 400

    @pytest.mark.parametrize(
        ("sent", "reason"),
        [
            ({"secret": "guessed"}, "wrong"),
            ({"age": 301}, "old"),
            ({"age": -301}, "old"),
            ({"header": ""}, "missing"),
            ({"header": "t=1,v1=abc"}, "form"),
            ({"header": "nonsense"}, "form"),
        ],
    )
    def test_a_signature_must_be_right_and_recent(
        self, as_: As, billed: CaseDriver, sent: dict[str, Any], reason: str
    ) -> None:
        got = notify(as_(), notice(billed), **sent)

        assert (got.status, got.body["type"]) == (400, "urn:loket:problem:bad-signature")
        assert got.body["reason"] == reason
        assert billed.case.status == "awaiting_payment"

    def test_an_altered_body_is_not_what_was_signed(self, as_: As, billed: CaseDriver) -> None:
        signature = signatures.sign(SECRET, json.dumps(notice(billed, amount=1)).encode(), int(time.time()))

        assert notify(as_(), notice(billed), header=signature).status == 400

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", {}, {"id": 1}, {"outcome": "stolen"}, {"amount": "1"}, {"at": "noon"}, {"x": 1}],
    )
    def test_what_cannot_be_read_is_refused(self, as_: As, billed: CaseDriver, body: Any) -> None:
        sent = notice(billed) | body if isinstance(body, dict) and body else body

        assert notify(as_(), sent).status == 400

    @pytest.mark.parametrize("payment", ["nothing", "{id}.p2", "{id}.t1", "0" * 26 + ".p1"])
    def test_an_unknown_bill_is_not_found(self, as_: As, billed: CaseDriver, payment: str) -> None:
        got = notify(as_(), notice(billed, payment=payment.format(id=billed.id)))

        assert (got.status, got.body["type"]) == (404, "urn:loket:problem:payment-unknown")

    def test_without_a_secret_nobody_is_believed(
        self, as_: As, billed: CaseDriver, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(office.system.ports.__dict__, "payment_secret", "")

        assert notify(as_(), notice(billed), secret="").status == 503
