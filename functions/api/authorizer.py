"""The authorizer: asks who stands behind a bearer token, once for all routes, and hands the person on.

Its own Lambda, whose answer API Gateway keeps per token for ``TTL`` seconds; what a person may do is asked of the
table of rights by every route. An invalid token gives 401, a valid one that names nobody 403.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from chalice.app import AuthRequest, AuthResponse, Blueprint

from functions.domain.errors import Forbidden, Unauthenticated
from functions.domain.identity import Delegation, Person, Session, TokenInvalid

if TYPE_CHECKING:
    from functions.ports import Tokens

TTL = 300

logger = logging.getLogger(__name__)
blueprint = Blueprint(__name__)


class Unauthorized(Exception):
    """API Gateway answers 401 to this very message, and 500 to any other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@dataclass(frozen=True)
class Decision:
    """``context`` is what the routes will see of the person; ``reason`` is safe to log."""

    outcome: Literal["allow", "deny", "unauthenticated"]
    principal: str = "nobody"
    context: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def authorize(
    header: str,
    tokens: Tokens,
    delegations_of: Callable[[str], tuple[Delegation, ...]],
    now: datetime,
) -> Decision:
    """Decide on an ``Authorization`` header. ``now`` is the law's time: by it a delegation begins and ends.

    Raises DependencyDown when nobody can tell, because the issuer's keys are out of reach.
    """
    try:
        session = tokens.verify(_bearer(header))
    except Unauthenticated as refusal:
        return Decision("unauthenticated", reason=str(refusal.facts.get("reason", refusal.code)))
    except Forbidden as refusal:
        return Decision("deny", reason=refusal.rule)
    person = replace(session.person, delegated=_current(delegations_of(session.person.username), now))
    return Decision("allow", person.username, replace(session, person=person).to_context())


def caller(context: Mapping[str, object], moment: datetime) -> Person:
    """Return who calls, from ``request.context["authorizer"]``. ``moment`` is the machine's time.

    Raises Unauthenticated when there is nobody, or the token has expired since API Gateway kept the answer.
    """
    return Session.from_context(context).person_at(moment)


def policy(decision: Decision, request: AuthRequest) -> dict[str, Any]:
    """Return API Gateway's answer, for every route: it is kept by token, not by route."""
    answer = AuthResponse(["*"], decision.principal, dict(decision.context)).to_dict(request)
    if decision.outcome != "allow":
        answer["policyDocument"]["Statement"][0]["Effect"] = "Deny"
    return answer


@blueprint.authorizer(name="authorizer", ttl_seconds=TTL)
def authorizer(request: AuthRequest) -> dict[str, Any]:
    # Every route imports this module; only this function may load what verifies tokens.
    from functions.runtime.wiring import ports

    decision = authorize(request.token, ports.tokens, ports.delegations.of, ports.clock.now())
    if decision.outcome != "allow":
        logger.info("a token was refused: %s", decision.reason)
    if decision.outcome == "unauthenticated":
        raise Unauthorized
    return policy(decision, request)


def _bearer(header: str) -> str:
    scheme, _, token = header.strip().partition(" ")
    if scheme.casefold() != "bearer" or not token.strip():
        raise TokenInvalid("missing")
    return token.strip()


def _current(delegations: tuple[Delegation, ...], now: datetime) -> tuple[Delegation, ...]:
    """Keep also those that begin while API Gateway still answers from its cache."""
    soon = now + timedelta(seconds=TTL)
    return tuple(lent for lent in delegations if lent.until > now and lent.since <= soon)
