"""Acts on a whole case: what is offered can be done, what is not offered cannot, and each leaves its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

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


WHY = {"reason": "Rencana berubah."}


def granted(office: Office) -> CaseDriver:
    case = CaseDriver(office.system).apply()
    case.act("pupr/secretariat", "approve").act("pupr/tpt", "approve")
    case.act("tata-ruang/spatial-plan", "no_objection").act("pupr/head", "approve").pay()
    return case.act("dpmptsp/head", "approve")


def refused(office: Office) -> CaseDriver:
    case = CaseDriver(office.system).apply()
    case.act("pupr/secretariat", "approve").act("tata-ruang/spatial-plan", "no_objection")
    return case.act("pupr/tpt", "reject", comment="Struktur tidak memenuhi standar.")


def act(asker: Asker, case: CaseDriver, name: str, body: Any = None, **headers: str) -> Got:
    return asker.post(f"/v1/cases/{case.id}/{name}", WHY if body is None else body, **headers)


class TestTheApplicant:
    def test_withdraws(self, as_: As, case: CaseDriver) -> None:
        got = act(as_("siti"), case, "withdraw")

        assert (got.status, got.body["status"]) == (200, "withdrawn")
        assert got.body["outcome"] == {
            "result": "withdrawn", "reasons": WHY["reason"], "at": "2026-02-02T02:00:00Z", "by": "siti",
        }  # fmt: skip
        assert act(as_("siti"), case, "withdraw").status == 409

    def test_withdraws_once_under_one_key(self, as_: As, case: CaseDriver) -> None:
        first = act(as_("siti"), case, "withdraw", idempotency_key="k")

        assert act(as_("siti"), case, "withdraw", idempotency_key="k").body == first.body

    def test_appeals_against_a_refusal_only(self, as_: As, office: Office, case: CaseDriver) -> None:
        case_refused = refused(office)

        too_soon = act(as_("siti"), case, "appeal")
        appealed = act(as_("siti"), case_refused, "appeal")

        assert too_soon.status == 409
        assert (appealed.status, appealed.body["process"]) == (200, "appeal")
        assert [task["step"] for task in as_("sri").get(f"/v1/cases/{case_refused.id}").body["tasks"]][
            -1
        ] == "decide-appeal"

    @pytest.mark.parametrize("name", ["renew", "amend", "resume"])
    def test_is_told_that_the_service_has_no_such_process(self, as_: As, office: Office, name: str) -> None:
        got = act(as_("siti"), granted(office), name)

        assert (got.status, got.body["type"]) == (409, "urn:loket:problem:no-such-process")

    def test_writes_to_the_office_and_is_answered(self, as_: As, case: CaseDriver) -> None:
        sent = act(as_("siti"), case, "messages", {"text": "Kapan selesai?"})
        act(as_("hendra"), case, "messages", {"reason": "Pekan depan."})

        assert (sent.status, sent.body) == (
            201,
            {"at": "2026-02-02T02:00:00Z", "by": "siti", "text": "Kapan selesai?"},
        )
        messages = as_("siti").get(f"/v1/cases/{case.id}").body["messages"]
        assert [(one["by"], one["text"]) for one in messages] == [
            ("siti", "Kapan selesai?"),
            ("hendra", "Pekan depan."),
        ]

    @pytest.mark.parametrize("body", [{}, {"text": " "}, {"text": ""}])
    def test_an_empty_message_is_none(self, as_: As, case: CaseDriver, body: Any) -> None:
        got = act(as_("siti"), case, "messages", body)

        assert (got.status, got.pointers) == (422, ["/text"])

    def test_a_draft_has_nobody_to_write_to(self, as_: As, draft: CaseDriver) -> None:
        assert act(as_("siti"), draft, "messages", {"text": "Halo"}).status == 409

    @pytest.mark.parametrize(
        "body", [{}, {"reason": " "}, {"reason": "x" * 5001}, {"reason": None}, {"reason": 1}]
    )
    def test_every_act_wants_its_reason(self, as_: As, case: CaseDriver, body: Any) -> None:
        got = act(as_("siti"), case, "withdraw", body)

        assert (got.status, got.pointers) == (422, ["/reason"])

    def test_an_act_takes_no_answers(self, as_: As, case: CaseDriver) -> None:
        got = act(as_("siti"), case, "withdraw", {**WHY, "form": {"floors": 3}})

        assert (got.status, got.pointers) == (422, ["/form"])

    @pytest.mark.parametrize("name", ["reopen", "revoke", "suspend", "reinstate", "redrive", "extend"])
    def test_cannot_do_what_a_supervisor_does(self, as_: As, case: CaseDriver, name: str) -> None:
        body = {**WHY, "term": "5 wd"} if name == "extend" else WHY

        got = act(as_("siti"), case, name, body)

        assert (got.status, got.body["rule"]) == (403, "role")


class TestTheSupervisor:
    def test_revokes_a_permit(self, as_: As, office: Office) -> None:
        case = granted(office)

        got = act(as_("sri"), case, "revoke")

        assert (got.status, [permit["state"] for permit in got.body["permits"]]) == (200, ["revoked"])
        assert act(as_("sri"), case, "revoke").status == 409

    def test_suspends_a_permit_and_gives_it_its_force_again(self, as_: As, office: Office) -> None:
        case = granted(office)
        number = next(iter(case.case.permits))

        suspended = act(as_("sri"), case, "suspend")
        seen = as_().get(f"/v1/permits/{number}")
        again = act(as_("sri"), case, "reinstate")

        assert [permit["state"] for permit in suspended.body["permits"]] == ["suspended"]
        assert {"reinstate", "revoke"} <= set(suspended.body["actions"])
        assert seen.body["state"] == "suspended"
        assert [permit["state"] for permit in again.body["permits"]] == ["valid"]
        assert act(as_("sri"), case, "reinstate").status == 409

    def test_reopens_a_refused_case(self, as_: As, office: Office) -> None:
        got = act(as_("sri"), refused(office), "reopen")

        assert (got.status, got.body["status"], got.body["process"]) == (200, "in_review", "application")

    def test_extends_the_running_term(self, as_: As, case: CaseDriver) -> None:
        case.act("pupr/secretariat", "approve")
        before = as_("sri").get(f"/v1/cases/{case.id}").body["clock"]

        got = act(as_("sri"), case, "extend", {**WHY, "term": "5 wd"})

        assert got.status == 200
        assert got.body["clock"]["working_days"] == before["working_days"] + 5
        assert got.body["clock"]["due_at"] > before["due_at"]

    @pytest.mark.parametrize("term", ["soon", "0 wd", "5 d", "99999 wd", "-1 wd", ""])
    def test_a_term_must_be_one_of_the_like(self, as_: As, case: CaseDriver, term: str) -> None:
        case.act("pupr/secretariat", "approve")

        got = act(as_("sri"), case, "extend", {**WHY, "term": term})

        assert (got.status, got.pointers) == (422, ["/term"])

    def test_drives_a_case_on(self, as_: As, case: CaseDriver) -> None:
        got = act(as_("eko"), case, "redrive")

        assert got.status == 200
        assert "case.redriven" in case.types
        assert [task.name for task in case.case.open_tasks()] == ["completeness"]

    def test_an_officer_who_is_none_may_not(self, as_: As, case: CaseDriver) -> None:
        got = act(as_("hendra"), case, "redrive")

        assert (got.status, got.body["rule"]) == (403, "role")

    def test_may_not_in_a_case_of_their_own(self, as_: As, office: Office) -> None:
        got = act(as_("sri"), CaseDriver(office.system, applicant="sri").apply(), "redrive")

        assert (got.status, got.body["rule"]) == (403, "own_case")


ACTS: dict[str, Any] = {
    "patch": {"form": {"address": "Jalan Baru 1"}},
    "upload": {
        "kind": "id-card", "filename": "a.pdf", "content_type": "application/pdf", "size": 1, "sha256": "0" * 64,
    },
    "submit": None,
    "message": {"text": "Halo"},
    "extend": {**WHY, "term": "1 wd"},
    "hold": {**WHY, "on": True},
    "erase": None,
    **dict.fromkeys(("withdraw", "appeal", "renew", "amend", "resume"), WHY),
    **dict.fromkeys(("reopen", "revoke", "suspend", "reinstate", "redrive"), WHY),
}  # fmt: skip
LEADING_ELSEWHERE = {
    "submit",
    "withdraw",
    "appeal",
    "reopen",
    "revoke",
    "suspend",
    "reinstate",
    "redrive",
    "erase",
}
PATHS = {"patch": "", "upload": "/documents", "message": "/messages"}


def corrected(office: Office) -> CaseDriver:
    asked = {
        "fields": [{"pointer": "/address", "message": "?"}],
        "documents": [{"kind": "id-card", "message": "?"}],
    }
    return CaseDriver(office.system).apply().act("pupr/secretariat", "return", comment="?", data=asked)


def billed(office: Office) -> CaseDriver:
    case = CaseDriver(office.system).apply().act("pupr/secretariat", "approve").act("pupr/tpt", "approve")
    return case.act("tata-ruang/spatial-plan", "no_objection").act("pupr/head", "approve")


PLACES: dict[str, Callable[[Office], CaseDriver]] = {
    "a draft": lambda office: CaseDriver(office.system).file().bring(),
    "just submitted": lambda office: CaseDriver(office.system).apply(),
    "under correction": corrected,
    "billed": billed,
    "granted": granted,
    "refused": refused,
    "withdrawn": lambda office: CaseDriver(office.system).apply().withdraw(),
}


@pytest.mark.parametrize("place", PLACES)
class TestWhatIsOffered:
    """The list of actions tells the truth, wherever a case is and whoever looks at it."""

    def test_what_is_not_offered_cannot_be_done(self, as_: As, office: Office, place: str) -> None:
        case = PLACES[place](office)
        for who in ("siti", "sri", "tuti"):
            seen, offered = self._offered(as_(who), case)

            answers = {name: self._status(as_(who), case, name) for name in ACTS.keys() - offered}

            assert set(answers.values()) <= ({403, 409} if seen else {404}), answers

    def test_what_is_offered_can_be_done(self, as_: As, office: Office, place: str) -> None:
        for who in ("siti", "sri", "tuti"):
            case, answers = PLACES[place](office), {}
            _, offered = self._offered(as_(who), case)

            # Only an act that leads elsewhere needs a fresh case for the next one.
            for name in sorted(offered, key=lambda name: name in LEADING_ELSEWHERE):
                if answers.keys() & LEADING_ELSEWHERE:
                    case = PLACES[place](office)
                answers[name] = self._status(as_(who), case, name)

            assert set(answers.values()) <= {200, 201, 202}, answers

    def _offered(self, asker: Asker, case: CaseDriver) -> tuple[bool, set[str]]:
        got = asker.get(f"/v1/cases/{case.id}")
        return got.status == 200, ACTS.keys() & set(got.body.get("actions", ()))

    def _status(self, asker: Asker, case: CaseDriver, name: str) -> int:
        method = "PATCH" if name == "patch" else "POST"
        return asker.ask(method, f"/v1/cases/{case.id}{PATHS.get(name, f'/{name}')}", ACTS[name]).status
