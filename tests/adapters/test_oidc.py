"""Bearer tokens: what is believed, what is refused and why, and how the issuer's keys are kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from functions.adapters.oidc import SigningKeys, TokenVerifier, fetch_json, jwks_at, jwks_of
from functions.domain.errors import DependencyDown, Forbidden, Malformed
from functions.domain.identity import TokenInvalid
from infra.local.identity import LocalIdentity, key_kept_at, load_directory

ISSUER = "http://localhost:8000/local/oidc"
HOUR = timedelta(hours=1)


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def rsa_jwk(**extra: Any) -> dict[str, Any]:
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True), "kid": "rsa", **extra}


def ec_jwk(**extra: Any) -> dict[str, Any]:
    return {**jwt.algorithms.ECAlgorithm.to_jwk(ec_key().public_key(), as_dict=True), "kid": "ec", **extra}


class Source:
    """A JWKS source that counts its fetches and can be out of reach."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.fetches = 0
        self.down = False

    def __call__(self) -> Mapping[str, Any]:
        self.fetches += 1
        if self.down:
            raise DependencyDown("out of reach")
        return {"keys": self.keys}


class Ticks:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def claims(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    standard = {"iss": ISSUER, "aud": "loket", "sub": "siti", "iat": now, "exp": now + HOUR}
    return {name: value for name, value in {**standard, **changes}.items() if value is not None}


def signed(payload: dict[str, Any], algorithm: str = "ES256", *, kid: str | None = None) -> str:
    key = ec_key() if algorithm == "ES256" else rsa_key()
    return jwt.encode(
        payload, key, algorithm, headers={"kid": kid or ("ec" if algorithm == "ES256" else "rsa")}
    )


def verifier(*keys: dict[str, Any], **settings: Any) -> TokenVerifier:
    source = Source(*(keys or (ec_jwk(), rsa_jwk())))
    return TokenVerifier(ISSUER, settings.pop("audience", "loket"), SigningKeys(source), **settings)


def refusal(token: str, checked_by: TokenVerifier | None = None) -> str:
    with pytest.raises(TokenInvalid) as refused:
        (checked_by or verifier()).verify(token)
    return refused.value.reason


def segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


class TestBelieved:
    @pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256"])
    def test_a_token_that_is_signed_by_the_issuer(self, algorithm: str) -> None:
        session = verifier().verify(signed(claims(), algorithm))

        assert session.person.username == "siti"

    def test_the_session_ends_when_the_token_does(self) -> None:
        end = datetime.now(UTC).replace(microsecond=0) + HOUR

        assert verifier().verify(signed(claims(exp=end))).expires_at == end

    def test_one_of_several_audiences(self) -> None:
        checked_by = verifier(audience=["portal", "loket"])

        assert checked_by.verify(signed(claims(aud=["other", "loket"]))).person.username == "siti"

    def test_a_cognito_access_token_by_its_client(self) -> None:
        checked_by = verifier(audience="client", audience_claim="client_id", token_use="access")
        token = signed(claims(aud=None, client_id="client", token_use="access", username="yuni"))

        assert checked_by.verify(token).person.username == "yuni"

    @pytest.mark.parametrize("changes", [{"exp": -5}, {"nbf": 5}, {"iat": 5}])
    def test_clocks_that_differ_by_a_few_seconds(self, changes: dict[str, int]) -> None:
        now = datetime.now(UTC)
        moved = {name: now + timedelta(seconds=seconds) for name, seconds in changes.items()}

        assert verifier().verify(signed(claims(**moved)))


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"exp": datetime.now(UTC) - HOUR}, "expired"),
            ({"nbf": datetime.now(UTC) + HOUR}, "not_yet_valid"),
            ({"iat": datetime.now(UTC) + HOUR, "exp": datetime.now(UTC) + 2 * HOUR}, "not_yet_valid"),
            ({"iss": "https://elsewhere.example"}, "issuer"),
            ({"iss": ISSUER + "/"}, "issuer"),
            ({"iss": None}, "claims"),
            ({"aud": "another"}, "audience"),
            ({"aud": ["another", "third"]}, "audience"),
            ({"aud": None}, "audience"),
            ({"aud": None, "client_id": "loket"}, "audience"),
            ({"exp": None}, "claims"),
            ({"iat": None}, "claims"),
            ({"sub": None}, "claims"),
            ({"exp": "tomorrow"}, "malformed"),
            ({"exp": 1e300}, "claims"),
        ],
    )
    def test_for_its_claims(self, changes: dict[str, Any], reason: str) -> None:
        assert refusal(signed(claims(**changes))) == reason

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"client_id": "another"}, "audience"),
            ({"client_id": ["client"]}, "audience"),
            ({"client_id": None}, "audience"),
            ({"client_id": None, "aud": "client"}, "audience"),
            ({"token_use": "id"}, "purpose"),
            ({"token_use": None}, "purpose"),
        ],
    )
    def test_a_cognito_token_of_another_client_or_use(self, changes: dict[str, Any], reason: str) -> None:
        checked_by = verifier(audience="client", audience_claim="client_id", token_use="access")
        content = claims(**{"aud": None, "client_id": "client", "token_use": "access", **changes})

        assert refusal(signed(content), checked_by) == reason

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
    def test_without_signature(self, algorithm: str) -> None:
        content = claims(iat=1, exp=9_999_999_999)
        token = f"{segment({'alg': algorithm, 'typ': 'JWT', 'kid': 'ec'})}.{segment(content)}."

        assert refusal(token) == "algorithm"

    def test_hs256_with_the_public_key_as_the_secret(self) -> None:
        public = rsa_key().public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        body = f"{segment({'alg': 'HS256', 'kid': 'rsa'})}.{segment(claims(iat=1, exp=9_999_999_999))}"
        mac = base64.urlsafe_b64encode(hmac.digest(pem, body.encode(), "sha256")).rstrip(b"=").decode()

        assert refusal(f"{body}.{mac}") == "algorithm"

    def test_an_algorithm_that_does_not_fit_the_key(self) -> None:
        assert refusal(signed(claims(), "RS256", kid="ec")) == "algorithm"
        assert refusal(signed(claims(), "ES256", kid="rsa")) == "algorithm"

    def test_an_algorithm_that_the_issuer_does_not_name_for_the_key(self) -> None:
        assert refusal(signed(claims(), "PS256"), verifier(rsa_jwk(alg="RS256"))) == "algorithm"

    def test_an_algorithm_that_is_not_set(self) -> None:
        assert refusal(signed(claims(), "PS256"), verifier(algorithms=["ES256", "RS256"])) == "algorithm"

    def test_a_payload_that_was_changed(self) -> None:
        head, _, signature = signed(claims()).split(".")
        content = claims(sub="slamet", iat=1, exp=9_999_999_999)

        assert refusal(f"{head}.{segment(content)}.{signature}") == "signature"

    def test_a_signature_of_another_key(self) -> None:
        stranger = ec.generate_private_key(ec.SECP256R1())

        assert refusal(jwt.encode(claims(), stranger, "ES256", headers={"kid": "ec"})) == "signature"

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "a",
            "a.b",
            "a.b.c",
            "....",
            "é.é.é",
            "\udc80.a.b",
            "x" * 20_000,
            f"{segment([])}.e30.",
            "e30.e30.",
        ],
    )
    def test_what_is_no_token(self, token: str) -> None:
        assert refusal(token) in ("malformed", "algorithm")

    @pytest.mark.parametrize("kid", [None, 7, ["ec"]])
    def test_a_token_that_names_no_key(self, kid: object) -> None:
        body = f"{segment({'alg': 'ES256', 'kid': kid})}.{segment(claims(iat=1, exp=9_999_999_999))}.AAAA"

        assert refusal(body) in ("malformed", "unknown_key")

    def test_a_key_in_the_token_is_not_asked(self) -> None:
        stranger = ec.generate_private_key(ec.SECP256R1())
        own = jwt.algorithms.ECAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
        token = jwt.encode(claims(), stranger, "ES256", headers={"kid": "ec", "jwk": own})

        assert refusal(token) == "signature"

    def test_a_valid_token_that_names_nobody_is_forbidden(self) -> None:
        with pytest.raises(Forbidden):
            verifier().verify(signed(claims(sub="system")))

    @pytest.mark.parametrize(
        "jwk", [{"use": "enc"}, {"alg": "RSA-OAEP"}, {"alg": "HS256"}, {"kty": "oct", "k": "AAAA"}]
    )
    def test_a_key_that_is_not_for_signatures(self, jwk: dict[str, str]) -> None:
        checked_by = verifier(rsa_jwk(**jwk), ec_jwk())

        assert refusal(signed(claims(), "RS256"), checked_by) == "unknown_key"

    def test_a_key_that_cannot_be_read_does_not_spoil_the_others(self) -> None:
        checked_by = verifier(rsa_jwk(n="?"), {"kid": "odd"}, ec_jwk())

        assert checked_by.verify(signed(claims()))

    def test_the_reason_is_told_in_both_languages_and_holds_nothing_of_the_token(self) -> None:
        with pytest.raises(TokenInvalid) as refused:
            verifier().verify(signed(claims(aud="another")))

        assert refused.value.message == {
            "id": "Token bukan untuk layanan ini.",
            "en": "The token is meant for another service.",
        }


class TestSettings:
    @pytest.mark.parametrize(("issuer", "audience"), [("", "loket"), (ISSUER, ""), (ISSUER, [])])
    def test_an_issuer_and_an_audience_are_demanded(self, issuer: str, audience: Any) -> None:
        with pytest.raises(ValueError, match="audience"):
            TokenVerifier(issuer, audience, SigningKeys(Source()))

    @pytest.mark.parametrize("algorithm", ["HS256", "none"])
    def test_no_setting_lets_a_weak_algorithm_in(self, algorithm: str) -> None:
        with pytest.raises(ValueError, match="accepted"):
            verifier(algorithms=["ES256", algorithm])


class TestKeys:
    def test_are_fetched_once_within_their_time(self) -> None:
        source, ticks = Source(ec_jwk()), Ticks()
        keys = SigningKeys(source, ttl=60, clock=ticks)

        for _ in range(3):
            assert keys.key("ec")
            ticks.now += 19

        assert source.fetches == 1

    def test_are_fetched_anew_after_their_time(self) -> None:
        source, ticks = Source(ec_jwk()), Ticks()
        keys = SigningKeys(source, ttl=60, clock=ticks)
        keys.key("ec")

        source.keys = [rsa_jwk()]
        ticks.now += 60

        assert keys.key("ec") is None
        assert source.fetches == 2

    def test_an_unknown_id_leads_to_one_more_fetch(self) -> None:
        source, ticks = Source(ec_jwk()), Ticks()
        keys = SigningKeys(source, cooldown=30, clock=ticks)
        keys.key("ec")

        source.keys = [ec_jwk(), rsa_jwk()]
        ticks.now += 30

        assert keys.key("rsa")
        assert source.fetches == 2

    def test_invented_ids_lead_to_no_more_than_one_fetch_in_the_cooldown(self) -> None:
        source, ticks = Source(ec_jwk()), Ticks()
        keys = SigningKeys(source, cooldown=30, clock=ticks)

        for number in range(290):
            assert keys.key(f"invented-{number}") is None
            ticks.now += 1 / 8

        assert source.fetches == 2

    def test_a_known_key_goes_on_while_the_issuer_is_down(self) -> None:
        source, ticks = Source(ec_jwk()), Ticks()
        keys = SigningKeys(source, ttl=60, retry=2, stale_for=600, clock=ticks)
        keys.key("ec")

        source.down = True
        ticks.now += 599

        assert keys.key("ec")
        assert keys.key("rsa") is None

    def test_a_known_key_is_not_believed_for_ever(self) -> None:
        source, ticks = Source(ec_jwk()), Ticks()
        keys = SigningKeys(source, ttl=60, stale_for=600, clock=ticks)
        keys.key("ec")

        source.down = True
        ticks.now += 600

        with pytest.raises(DependencyDown):
            keys.key("ec")

    def test_an_issuer_that_is_down_is_asked_again_after_a_pause_only(self) -> None:
        source, ticks = Source(ec_jwk()), Ticks()
        keys = SigningKeys(source, retry=2, clock=ticks)
        source.down = True

        for _ in range(5):
            with pytest.raises(DependencyDown):
                keys.key("ec")
        source.down = False
        ticks.now += 2

        assert keys.key("ec")
        assert source.fetches == 2

    @pytest.mark.parametrize(
        "document", [{}, {"keys": None}, {"keys": []}, {"keys": ["ec"]}, {"keys": [{"kty": "EC"}]}]
    )
    def test_a_document_without_usable_keys_counts_as_down(self, document: dict[str, Any]) -> None:
        with pytest.raises(DependencyDown):
            SigningKeys(lambda: document).key("ec")

    def test_a_document_without_usable_keys_does_not_drop_those_at_hand(self) -> None:
        source, ticks = Source(ec_jwk()), Ticks()
        keys = SigningKeys(source, ttl=60, clock=ticks)
        keys.key("ec")

        source.keys = []
        ticks.now += 60

        assert keys.key("ec")

    def test_threads_that_come_together_share_one_fetch(self) -> None:
        source = Source(ec_jwk())
        keys = SigningKeys(source)
        together, found = threading.Barrier(8), []

        def ask() -> None:
            together.wait()
            found.append(keys.key("ec"))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(found) == 8
        assert all(found)
        assert source.fetches == 1


class TestLocalIssuer:
    @pytest.fixture
    def issuer(self) -> LocalIdentity:
        return LocalIdentity(ISSUER, load_directory())

    def checked_by(self, issuer: LocalIdentity, ticks: Ticks) -> TokenVerifier:
        return TokenVerifier(ISSUER, "loket", SigningKeys(issuer.jwks, cooldown=30, clock=ticks))

    def test_gives_tokens_that_tell_the_whole_person(self, issuer: LocalIdentity) -> None:
        person = self.checked_by(issuer, Ticks()).verify(issuer.token("yuni")).person

        assert person.name == "Yuni Astuti"
        assert person.roles == {"pupr/secretariat"}
        assert person.email == "yuni.astuti@pupr.example"
        assert person.phone == "+628000000401"
        assert person.employee_number == "198906162013022001"

    def test_a_token_lives_as_long_as_was_asked(self) -> None:
        long_ago = LocalIdentity(ISSUER, load_directory(), now=lambda: datetime.now(UTC) - 2 * HOUR)

        assert self.checked_by(long_ago, Ticks()).verify(long_ago.token("siti", 3 * HOUR))
        assert refusal(long_ago.token("siti", HOUR), self.checked_by(long_ago, Ticks())) == "expired"

    def test_old_and_new_tokens_are_believed_across_a_rotation(self, issuer: LocalIdentity) -> None:
        ticks = Ticks()
        checked_by = self.checked_by(issuer, ticks)
        old = issuer.token("siti")
        checked_by.verify(old)

        issuer.rotate()
        ticks.now += 30

        assert checked_by.verify(issuer.token("siti"))
        assert checked_by.verify(old)

    def test_a_key_that_was_rotated_out_is_no_longer_believed(self, issuer: LocalIdentity) -> None:
        old = issuer.token("siti")

        issuer.rotate()
        issuer.rotate()

        assert refusal(old, self.checked_by(issuer, Ticks())) == "unknown_key"

    def test_publishes_no_private_part_of_its_keys(self, issuer: LocalIdentity) -> None:
        issuer.rotate()

        assert len(issuer.jwks()["keys"]) == 2
        assert all("d" not in key for key in issuer.jwks()["keys"])

    def test_a_key_that_is_kept_outlives_a_restart(self, tmp_path: Path) -> None:
        path = tmp_path / "state" / "oidc.pem"
        before = LocalIdentity(ISSUER, load_directory(), key=key_kept_at(path))
        after = LocalIdentity(ISSUER, load_directory(), key=key_kept_at(path))

        assert self.checked_by(after, Ticks()).verify(before.token("siti"))
        assert path.stat().st_mode & 0o077 == 0


class TestAuthorizationCode:
    PORTAL = "http://localhost:8000/signed-in"
    SECRET = "a-verifier-of-at-least-forty-three-characters-by-rfc-7636"

    @pytest.fixture
    def issuer(self) -> LocalIdentity:
        return LocalIdentity(ISSUER, load_directory())

    def code(self, issuer: LocalIdentity, **extra: Any) -> str:
        digest = hashlib.sha256(self.SECRET.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return issuer.grant("siti", redirect_uri=self.PORTAL, challenge=challenge, **extra)

    def test_is_redeemed_for_a_token(self, issuer: LocalIdentity) -> None:
        code = self.code(issuer, nonce="n-0S6")

        answer = issuer.redeem(code, redirect_uri=self.PORTAL, verifier=self.SECRET)

        checked_by = TokenVerifier(ISSUER, "loket", SigningKeys(issuer.jwks))
        assert checked_by.verify(answer["access_token"]).person.username == "siti"
        assert checked_by.claims(answer["id_token"])["nonce"] == "n-0S6"

    def test_works_once(self, issuer: LocalIdentity) -> None:
        code = self.code(issuer)
        issuer.redeem(code, redirect_uri=self.PORTAL, verifier=self.SECRET)

        with pytest.raises(Malformed):
            issuer.redeem(code, redirect_uri=self.PORTAL, verifier=self.SECRET)

    @pytest.mark.parametrize(
        "changes", [{"verifier": "guessed"}, {"redirect_uri": "https://elsewhere.example/"}]
    )
    def test_is_bound_to_who_asked_for_it(self, issuer: LocalIdentity, changes: dict[str, str]) -> None:
        asked = {"redirect_uri": self.PORTAL, "verifier": self.SECRET, **changes}

        with pytest.raises(Malformed):
            issuer.redeem(self.code(issuer), **asked)

    def test_lives_a_minute(self) -> None:
        times = [datetime.now(UTC)]
        issuer = LocalIdentity(ISSUER, load_directory(), now=lambda: times[-1])
        code = self.code(issuer)

        times.append(times[-1] + timedelta(seconds=60))

        with pytest.raises(Malformed):
            issuer.redeem(code, redirect_uri=self.PORTAL, verifier=self.SECRET)


Serve = Callable[[Mapping[str, tuple[int, str]]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve fixed answers by path on the loopback; {host} in a body becomes the address."""
    answers: dict[str, tuple[int, str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, ""))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{host}{body}")
            content = body.replace("{host}", host).encode()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def start(given: Mapping[str, tuple[int, str]]) -> str:
            answers.update(given)
            return host

        yield start
        server.shutdown()
        thread.join()


class TestOverHttp:
    def test_keys_are_found_by_discovery(self, serve: Serve) -> None:
        document = json.dumps({"issuer": "{host}", "jwks_uri": "{host}/jwks.json"})
        keys = json.dumps({"keys": [ec_jwk()]})
        host = serve({"/.well-known/openid-configuration": (200, document), "/jwks.json": (200, keys)})

        checked_by = TokenVerifier(host, "loket", SigningKeys(jwks_of(host)))

        assert checked_by.verify(signed(claims(iss=host)))

    @pytest.mark.parametrize(
        "document",
        ['{"issuer": "https://elsewhere.example", "jwks_uri": "{host}/jwks.json"}', '{"issuer": "{host}"}'],
    )
    def test_the_discovery_document_of_another_issuer_is_refused(self, serve: Serve, document: str) -> None:
        keys = json.dumps({"keys": [ec_jwk()]})
        host = serve({"/.well-known/openid-configuration": (200, document), "/jwks.json": (200, keys)})

        with pytest.raises(DependencyDown):
            jwks_of(host)()

    @pytest.mark.parametrize(
        "answer",
        [(500, "{}"), (404, ""), (200, "[]"), (200, "no json"), (302, "/elsewhere"), (200, "[" * 100_000)],
    )
    def test_an_answer_that_is_no_document_counts_as_down(
        self, serve: Serve, answer: tuple[int, str]
    ) -> None:
        host = serve({"/jwks.json": answer, "/elsewhere": (200, "{}")})

        with pytest.raises(DependencyDown):
            jwks_at(f"{host}/jwks.json")()

    def test_nobody_there_counts_as_down(self) -> None:
        with pytest.raises(DependencyDown):
            fetch_json("http://127.0.0.1:9/jwks.json", timeout=1)

    @pytest.mark.parametrize(
        "url", ["http://idp.example/jwks.json", "file:///etc/passwd", "ftp://idp.example/", "x"]
    )
    def test_keys_come_over_https_or_from_this_machine(self, url: str) -> None:
        with pytest.raises(DependencyDown) as down:
            fetch_json(url, timeout=1)

        assert "HTTPS" in str(down.value.__cause__)
