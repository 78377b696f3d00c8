"""The authorizer as API Gateway calls it, and what the routes see of a person."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from chalice import Chalice
from chalice.app import AuthRequest
from chalice.config import Config
from chalice.local import ForbiddenError, LocalGateway, NotAuthorizedError

from functions.adapters.oidc import SigningKeys, TokenVerifier
from functions.api.authorizer import (
    TTL,
    Decision,
    Unauthorized,
    authorize,
    authorizer,
    blueprint,
    caller,
    policy,
)
from functions.domain.errors import DependencyDown, Unauthenticated
from functions.domain.identity import Delegation, Person
from infra.local.identity import LocalIdentity, load_directory

ISSUER = "http://localhost:8000/local/oidc"
ARN = "arn:aws:execute-api:ap-southeast-3:123456789012:abcdef/v1/GET/v1/tasks"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ROOT = Path(__file__).parents[2]


class Lent:
    """A port of delegations with fixed content."""

    def __init__(self, **lent: tuple[Delegation, ...]) -> None:
        self._lent = lent

    def of(self, username: str) -> tuple[Delegation, ...]:
        return self._lent.get(username, ())


NONE = Lent()


@pytest.fixture
def issuer() -> LocalIdentity:
    return LocalIdentity(ISSUER, load_directory())


@pytest.fixture
def tokens(issuer: LocalIdentity) -> TokenVerifier:
    return TokenVerifier(ISSUER, "loket", SigningKeys(issuer.jwks))


def bearer(issuer: LocalIdentity, username: str = "yuni", **changes: Any) -> str:
    return f"Bearer {issuer.token(username, **changes)}"


class TestDecision:
    def test_a_valid_token_lets_the_person_in(self, issuer: LocalIdentity, tokens: TokenVerifier) -> None:
        decision = authorize(bearer(issuer), tokens, NONE.of, NOON)

        person = caller(decision.context, datetime.now(UTC))
        assert (decision.outcome, decision.principal) == ("allow", "yuni")
        assert (person.name, person.roles) == ("Yuni Astuti", {"pupr/secretariat"})

    @pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
    def test_the_scheme_is_read_as_http_has_it(
        self, issuer: LocalIdentity, tokens: TokenVerifier, scheme: str
    ) -> None:
        decision = authorize(f"{scheme} {issuer.token('yuni')}", tokens, NONE.of, NOON)

        assert decision.outcome == "allow"

    @pytest.mark.parametrize(
        ("header", "reason"),
        [
            ("", "missing"),
            ("Bearer", "missing"),
            ("Basic c2l0aTo=", "missing"),
            ("Bearer a.b.c", "malformed"),
        ],
    )
    def test_anything_else_is_nobody(self, tokens: TokenVerifier, header: str, reason: str) -> None:
        decision = authorize(header, tokens, NONE.of, NOON)

        assert (decision.outcome, decision.reason) == ("unauthenticated", reason)
        assert not decision.context

    def test_an_expired_token_is_nobody(self, issuer: LocalIdentity, tokens: TokenVerifier) -> None:
        decision = authorize(bearer(issuer, lifetime=timedelta(minutes=-1)), tokens, NONE.of, NOON)

        assert (decision.outcome, decision.reason) == ("unauthenticated", "expired")

    def test_a_valid_token_that_names_nobody_is_denied(self, tokens: TokenVerifier) -> None:
        directory = load_directory()
        system = directory.users[0].model_copy(update={"username": "system"})
        issuer = LocalIdentity(ISSUER, directory.model_copy(update={"users": (system,)}))

        decision = authorize(bearer(issuer, "system"), tokens, NONE.of, NOON)

        assert (decision.outcome, decision.reason) == ("deny", "named_person")

    def test_lent_roles_come_along(self, issuer: LocalIdentity, tokens: TokenVerifier) -> None:
        lent = Delegation("pupr/head", "slamet", NOON - DAY, NOON + DAY)

        decision = authorize(bearer(issuer), tokens, Lent(yuni=(lent,)).of, NOON)

        person = caller(decision.context, datetime.now(UTC))
        assert person.on_behalf_of("pupr/head", NOON) == "slamet"

    def test_only_those_that_can_count_while_the_answer_is_kept(
        self, issuer: LocalIdentity, tokens: TokenVerifier
    ) -> None:
        over = Delegation("pupr/head", "over", NOON - DAY, NOON)
        ending = Delegation("pupr/head", "ending", NOON - DAY, NOON + timedelta(seconds=1))
        soon = Delegation("pupr/head", "soon", NOON + timedelta(seconds=TTL), NOON + DAY)
        later = Delegation("pupr/head", "later", NOON + timedelta(seconds=TTL + 1), NOON + DAY)

        decision = authorize(bearer(issuer), tokens, Lent(yuni=(over, ending, soon, later)).of, NOON)

        assert caller(decision.context, datetime.now(UTC)).delegated == (ending, soon)

    def test_an_issuer_out_of_reach_is_no_verdict_on_the_token(self, issuer: LocalIdentity) -> None:
        tokens = TokenVerifier(ISSUER, "loket", SigningKeys(dict))

        with pytest.raises(DependencyDown):
            authorize(bearer(issuer), tokens, NONE.of, NOON)


class TestCaller:
    def test_is_nobody_once_the_token_has_expired_though_the_answer_is_kept(
        self, issuer: LocalIdentity, tokens: TokenVerifier
    ) -> None:
        decision = authorize(bearer(issuer, lifetime=timedelta(minutes=2)), tokens, NONE.of, NOON)

        with pytest.raises(Unauthenticated):
            caller(decision.context, datetime.now(UTC) + timedelta(minutes=2))

    @pytest.mark.parametrize("context", [{}, {"principalId": "yuni"}, Person("yuni", "Yuni").to_context()])
    def test_is_nobody_without_a_whole_session(self, context: dict[str, object]) -> None:
        with pytest.raises(Unauthenticated):
            caller(context, datetime.now(UTC))


class TestPolicy:
    def test_opens_every_route_because_the_answer_is_kept_by_token(
        self, issuer: LocalIdentity, tokens: TokenVerifier
    ) -> None:
        decision = authorize(bearer(issuer), tokens, NONE.of, NOON)

        answer = policy(decision, AuthRequest("TOKEN", "", ARN))

        assert answer["principalId"] == "yuni"
        assert answer["policyDocument"]["Statement"] == [
            {
                "Effect": "Allow",
                "Action": "execute-api:Invoke",
                "Resource": ["arn:aws:execute-api:ap-southeast-3:123456789012:abcdef/v1/*/*"],
            }
        ]
        assert all(type(value) is str for value in answer["context"].values())

    @pytest.mark.parametrize("outcome", ["deny", "unauthenticated"])
    def test_denies_every_route_by_default(self, outcome: Any) -> None:
        decision = Decision(outcome)

        answer = policy(decision, AuthRequest("TOKEN", "", ARN))

        assert [statement["Effect"] for statement in answer["policyDocument"]["Statement"]] == ["Deny"]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tokens: TokenVerifier) -> LocalGateway:
    """A Chalice app with one guarded route, behind Chalice's local API Gateway."""
    wiring: Any = ModuleType("functions.runtime.wiring")
    clock = SimpleNamespace(now=lambda: NOON)
    wiring.ports = SimpleNamespace(tokens=tokens, delegations=NONE, clock=clock)
    monkeypatch.setitem(sys.modules, "functions.runtime.wiring", wiring)
    app = Chalice("loket", configure_logs=False)
    app.register_blueprint(blueprint)

    @app.route("/whoami", authorizer=authorizer)
    def whoami() -> dict[str, str]:
        person = caller(app.current_request.context["authorizer"], datetime.now(UTC))
        return {"username": person.username, "name": person.name}

    return LocalGateway(app, Config())


class TestBehindTheGateway:
    def ask(self, gateway: LocalGateway, **headers: str) -> Any:
        return gateway.handle_request("GET", "/whoami", headers, b"")

    def test_a_route_sees_who_calls(self, gateway: LocalGateway, issuer: LocalIdentity) -> None:
        answer = self.ask(gateway, authorization=bearer(issuer))

        assert json.loads(answer["body"]) == {"username": "yuni", "name": "Yuni Astuti"}

    def test_a_request_without_a_token_is_turned_away_before(self, gateway: LocalGateway) -> None:
        with pytest.raises(NotAuthorizedError):
            self.ask(gateway)

    def test_an_invalid_token_gives_the_one_message_that_becomes_401(self, gateway: LocalGateway) -> None:
        with pytest.raises(Unauthorized) as refusal:
            self.ask(gateway, authorization="Bearer a.b.c")

        assert str(refusal.value) == "Unauthorized"

    def test_a_token_that_names_nobody_gives_403(self, gateway: LocalGateway) -> None:
        directory = load_directory()
        law = directory.users[0].model_copy(update={"username": "law"})
        issuer = LocalIdentity(ISSUER, directory.model_copy(update={"users": (law,)}))

        with pytest.raises(ForbiddenError):
            self.ask(gateway, authorization=bearer(issuer, "law"))

    def test_a_refusal_is_logged_without_the_token(
        self, gateway: LocalGateway, issuer: LocalIdentity, caplog: pytest.LogCaptureFixture
    ) -> None:
        token = issuer.token("yuni", timedelta(minutes=-1))

        with caplog.at_level("INFO"), pytest.raises(Unauthorized):
            self.ask(gateway, authorization=f"Bearer {token}")

        assert "expired" in caplog.text
        assert token not in caplog.text

    def test_the_lambda_has_the_name_and_the_time_to_live_that_the_template_expects(self) -> None:
        app = Chalice("loket", configure_logs=False)
        app.register_blueprint(blueprint)

        (config,) = app.builtin_auth_handlers
        assert (config.name, config.handler_string) == ("authorizer", "functions.api.authorizer.authorizer")
        assert config.ttl_seconds == TTL


def test_the_module_loads_nothing_that_verifies_tokens() -> None:
    program = "import sys, functions.api.authorizer; print([m for m in ('jwt', 'cryptography') if m in sys.modules])"

    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
