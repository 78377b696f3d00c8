"""Signing in at the issuer: what is asked of it, what is taken from it, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.adapters.issuer import Issuer
from functions.adapters.oidc import SigningKeys, TokenVerifier
from functions.domain.errors import DependencyDown, Malformed
from functions.domain.identity import TokenInvalid
from infra.local.identity import AUDIENCE, LocalIdentity, load_directory
from infra.local.sign_in import in_process

ISSUER = "http://localhost:8000/local/oidc"
BACK = "http://localhost:8000/sign-in"
# RFC 7636, Appendix B.
VERIFIER, CHALLENGE = (
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
)


@pytest.fixture(scope="module")
def identity() -> LocalIdentity:
    return LocalIdentity(ISSUER, load_directory())


@pytest.fixture(scope="module")
def issuer(identity: LocalIdentity) -> Issuer:
    return Issuer(ISSUER, AUDIENCE, _verifier(identity), fetch=in_process(identity))


def _verifier(identity: LocalIdentity) -> TokenVerifier:
    return TokenVerifier(ISSUER, AUDIENCE, SigningKeys(identity.jwks))


def test_asks_for_a_code_with_a_challenge(issuer: Issuer) -> None:
    address = urlsplit(issuer.address(redirect=BACK, state="s", nonce="n", challenge=CHALLENGE))

    asked = {name: value for name, (value,) in parse_qs(address.query).items()}
    assert address.path == "/local/oidc/authorize"
    assert asked == {
        "response_type": "code", "client_id": "loket", "redirect_uri": BACK, "scope": "openid profile email phone",
        "state": "s", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip


def test_gives_who_has_signed_in(identity: LocalIdentity, issuer: Issuer) -> None:
    code = identity.grant("siti", redirect_uri=BACK, challenge=CHALLENGE, nonce="n")

    session = issuer.redeem(code, redirect=BACK, verifier=VERIFIER, nonce="n")

    assert session.person.username == "siti"


def test_refuses_the_token_of_another_sign_in(identity: LocalIdentity, issuer: Issuer) -> None:
    code = identity.grant("siti", redirect_uri=BACK, challenge=CHALLENGE, nonce="another")

    with pytest.raises(TokenInvalid):
        issuer.redeem(code, redirect=BACK, verifier=VERIFIER, nonce="n")


def test_refuses_an_answer_without_an_identity_token(identity: LocalIdentity) -> None:
    def fetch(url: str, form: Mapping[str, str] | None) -> Mapping[str, Any]:
        return identity.discovery() if form is None else {"access_token": "t"}

    issuer = Issuer(ISSUER, AUDIENCE, _verifier(identity), fetch=fetch)

    with pytest.raises(TokenInvalid):
        issuer.redeem("code", redirect=BACK, verifier=VERIFIER, nonce="n")


@pytest.mark.parametrize(("status", "raised"), [(400, Malformed), (500, DependencyDown)])
def test_tells_a_code_that_has_ended_from_an_issuer_that_is_down(
    identity: LocalIdentity, status: int, raised: type[Exception]
) -> None:
    def fetch(url: str, form: Mapping[str, str] | None) -> Mapping[str, Any]:
        if form is None:
            return identity.discovery()
        raise DependencyDown("the issuer does not answer") from HTTPError(url, status, "no", {}, None)  # type: ignore[arg-type]

    issuer = Issuer(ISSUER, AUDIENCE, _verifier(identity), fetch=fetch)

    with pytest.raises(raised):
        issuer.redeem("code", redirect=BACK, verifier=VERIFIER, nonce="n")


def test_signs_out_of_an_issuer_that_can(identity: LocalIdentity) -> None:
    described = {**identity.discovery(), "end_session_endpoint": "https://id.example/logout"}
    able = Issuer(ISSUER, AUDIENCE, _verifier(identity), fetch=lambda url, form: described)
    unable = Issuer(ISSUER, AUDIENCE, _verifier(identity), fetch=in_process(identity))

    assert str(able.end(back="https://loket.example/")).startswith(
        "https://id.example/logout?client_id=loket&"
    )
    assert unable.end(back="https://loket.example/") is None
