"""Which adapter stands behind which port. Built when first used, so that a function loads only what it needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from functions.runtime.settings import Settings

if TYPE_CHECKING:
    from functions import ports as protocols
    from functions.adapters.dynamodb import CaseTable
    from functions.adapters.oidc import TokenVerifier


class SystemClock:
    """The machine's time is the law's time, except where a local system says otherwise."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Ports:
    """Everything that the engine needs of the world. ``client`` makes a boto3 client for a service name."""

    def __init__(self, settings: Settings | None = None, client: Callable[[str], Any] | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self._client = client or _client

    @cached_property
    def clock(self) -> protocols.Clock:
        return SystemClock()

    @cached_property
    def table(self) -> CaseTable:
        from functions.adapters.dynamodb import CaseTable

        return CaseTable(self._client("dynamodb"), self.settings.table)

    @property
    def cases(self) -> protocols.Cases:
        return self.table

    @property
    def views(self) -> protocols.Views:
        return self.table

    @cached_property
    def rounds(self) -> protocols.Rounds:
        from functions.adapters.rounds import RoundTable

        return RoundTable(self._client("dynamodb"), self.settings.table)

    @cached_property
    def catalogue(self) -> protocols.Catalogue:
        from functions.adapters.catalogue import Catalogue

        return Catalogue()

    @cached_property
    def documents(self) -> protocols.Documents:
        from functions.adapters.files import S3Files

        return S3Files(self._client("s3"), self.settings.bucket, self.settings.sealing_key)

    @cached_property
    def executions(self) -> protocols.Executions:
        from functions.adapters.stepfunctions import StateMachines

        return StateMachines(self._client("stepfunctions"), self.settings.state_machines)

    @cached_property
    def bus(self) -> protocols.Bus:
        from functions.adapters.eventbridge import EventBus

        return EventBus(self._client("events"), self.settings.bus)

    @cached_property
    def mail(self) -> protocols.Mail:
        from functions.adapters.mail import SesMail

        return SesMail(self._client("sesv2"), self._client("sns"), self.settings.sender)

    @cached_property
    def signer(self) -> protocols.Signer:
        from functions.adapters.kms import KmsSigner

        return KmsSigner(self._client("kms"), self.settings.signing_key, self.settings.certificate or None)

    @cached_property
    def sealer(self) -> protocols.Sealer:
        from functions.adapters.sealer import KmsSealer

        return KmsSealer(self._client("kms"), self.settings.sealing_key)

    @cached_property
    def opener(self) -> protocols.Opener:
        from functions.adapters.opener import KmsOpener

        return KmsOpener(self._client("kms"), self.settings.sealing_key, self.settings.opener_role)

    @cached_property
    def renderer(self) -> protocols.Renderer:
        from functions.adapters.pdf import PdfRenderer

        return PdfRenderer()

    @cached_property
    def scans(self) -> protocols.Scans:
        from functions.adapters.guardduty import GuardDuty

        return GuardDuty()

    @cached_property
    def payments(self) -> protocols.Payments:
        from functions.adapters.payment_provider import PaymentProvider

        return PaymentProvider(self.settings.payment_url, self.payment_secret)

    @cached_property
    def webhook_sender(self) -> protocols.WebhookSender:
        from functions.adapters.webhook_sender import WebhookSender

        # Only a local system is reached without TLS: the template takes no such address.
        return WebhookSender(local=self.settings.public_url.startswith("http://"))

    @cached_property
    def payment_secret(self) -> str:
        """The secret that the payment provider signs with."""
        return self._secret(self.settings.payment_secret, self.settings.payment_secret_parameter)

    @cached_property
    def session_key(self) -> bytes:
        """The key with which the portal seals its cookies."""
        return self._secret(self.settings.session_key, self.settings.session_key_parameter).encode()

    def _secret(self, value: str, parameter: str) -> str:
        """Give a secret of the settings; a deployed system keeps it in Parameter Store."""
        if not parameter:
            return value
        answer = self._client("ssm").get_parameter(Name=parameter, WithDecryption=True)
        return str(answer["Parameter"]["Value"])

    @cached_property
    def delegations(self) -> protocols.Delegations:
        from functions.adapters.delegations import DelegationTable

        return DelegationTable(self.table)

    @cached_property
    def tokens(self) -> TokenVerifier:
        from functools import partial

        from functions.adapters.oidc import SigningKeys, TokenVerifier, jwks_of
        from functions.domain.identity import ROLES_CLAIM, from_claims

        chosen = self.settings
        return TokenVerifier(
            chosen.issuer,
            chosen.audience,
            SigningKeys(jwks_of(chosen.issuer)),
            audience_claim=chosen.audience_claim,
            token_use=chosen.token_use or None,
            person_of=partial(from_claims, roles_claim=chosen.roles_claim or ROLES_CLAIM),
        )

    @cached_property
    def issuer(self) -> protocols.Issuer:
        from functions.adapters.issuer import Issuer

        return Issuer(self.settings.issuer, self.settings.audience, self.tokens)


class _Current:
    """The ports in use: those of the environment, unless `use` has put others in their place."""

    _ports: Ports | None = None

    def __getattr__(self, name: str) -> Any:
        if _Current._ports is None:
            _Current._ports = Ports()
        return getattr(_Current._ports, name)


ports: Any = _Current()


def use(new: Ports | None) -> None:
    """Put other ports in place (a local system, a test); ``None`` goes back to the environment's."""
    _Current._ports = new


def _client(service: str) -> Any:
    from functions.adapters.clients import client

    return client(service)
