"""The local office: the system with its people, its bank, its scanner and its HTTP edge, in one process."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from functions.adapters.issuer import Issuer
from functions.adapters.oidc import SigningKeys, TokenVerifier
from functions.runtime.wiring import ports
from infra.local.aws import LocalClock
from infra.local.bank import Bank
from infra.local.bank_page import BankPages
from infra.local.console import Console
from infra.local.gateway import Gateway
from infra.local.identity import AUDIENCE, LocalIdentity, key_kept_at, load_directory
from infra.local.sign_in import SignInPages, in_process, session_key_kept_at
from infra.local.system import LocalSystem


class Office:
    """Everything behind one WSGI application, ``gateway``; a context manager.

    ``port`` is where the application will be reached, ``aws_port`` where the AWS-compatible endpoint listens (none:
    only in process); with ``data`` the state outlives a restart. ``services`` are folders that lie elsewhere.
    """

    def __init__(
        self, clock: LocalClock | None = None, *, port: int = 8000, aws_port: int | None = None,
        data: Path | None = None, payment_secret: str = "local-payment-secret", services: Sequence[Path] = (),
    ) -> None:  # fmt: skip
        url = f"http://localhost:{port}"
        key = key_kept_at(data / "oidc-key.pem") if data else None
        self.identity = LocalIdentity(
            f"{url}/local/oidc", load_directory(), services_for=_services_for, key=key
        )
        self.bank = Bank(payment_secret)
        tokens = TokenVerifier(self.identity.issuer, AUDIENCE, SigningKeys(self.identity.jwks))
        self.system = LocalSystem(
            clock, aws_port=aws_port, data=data, public_url=url, payment_secret=payment_secret, services=services,
            payments=self.bank,
            tokens=tokens, issuer=Issuer(self.identity.issuer, AUDIENCE, tokens, fetch=in_process(self.identity)),
            session_key=session_key_kept_at(data / "session.key") if data else secrets.token_bytes(32),
        )  # fmt: skip

    def start(self) -> Office:
        from functions.app import app

        self.system.start()
        self.gateway = Gateway(app, self.system)
        self.gateway.console = Console(self.system, self.identity, self.bank, self.gateway.post)
        self.gateway.pages = (
            SignInPages(self.identity, self.gateway.portal),
            BankPages(self.bank, self.gateway.post),
        )
        return self

    def stop(self) -> None:
        self.system.stop()

    def __enter__(self) -> Office:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _services_for(audiences: Iterable[str]) -> list[str]:
    wanted = set(audiences)
    return [service.code for service in ports.catalogue.services() if wanted & set(service.audience)]
