"""What the engine needs of the world: one protocol a need, implemented by `functions.adapters`.

Every method may raise `DependencyDown`, before or after it took effect; callers repeat or leave it to whoever calls
them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from functions.domain.case import Case, Commit
from functions.domain.clock import Calendar
from functions.domain.identity import Delegation, Session
from functions.domain.letter import Letter
from functions.domain.payments import Notification
from functions.domain.quota import Call, Candidate, Ledger
from functions.domain.service import Agency, Service

if TYPE_CHECKING:  # only whoever scans needs to load it
    from functions.domain.scan import ScanResult


class Clock(Protocol):
    """The law's time."""

    def now(self) -> datetime: ...


@dataclass(frozen=True)
class Token:
    """Which driver waits for which step, and where to answer it. ``still`` asks for another timer (seconds);
    ``answer`` is the verdict of a wait for which nobody had to be asked."""

    attempt: int
    episode: int
    step: str
    round: int
    token: str
    still: int | None = None
    answer: str | None = None


@dataclass
class Record:
    """A case as it is stored: its commits in order, the state that they fold to, and the tokens of its driver.

    There is one token, but for calls that came late or twice: which of several still lives only Step Functions knows.
    ``turn`` counts how often they have been put.
    """

    case: Case
    commits: list[Commit] = field(default_factory=list)
    tokens: tuple[Token, ...] = ()
    turn: int = 0

    @property
    def token(self) -> Token | None:
        """The token that was put last."""
        return self.tokens[-1] if self.tokens else None


class Cases(Protocol):
    """The case table: one partition a case, one item a commit."""

    def load(self, case_id: str) -> Record:
        """Read a case, strongly consistent, in one query. Raises `CaseUnknown`."""

    def commit(self, case_id: str, commit: Commit) -> None:
        """Write the next commit. Raises `CommitConflict` if another was first, `Duplicate` for a claimed value.

        A repeat of the very same commit is no conflict.
        """

    def below(self, case_id: str) -> list[str]:
        """Give the ids of all cases that were opened below this one, strongly consistent, drafts too."""

    def claim(self, name: str, case_id: str) -> bool:
        """Let a case hold a name that no other may, such as ``permit/<number>``; tells whether it does."""

    def next_number(self, line: str) -> int:
        """Give the number that comes next in a line. A commit takes it, or raises `CommitConflict`."""

    def put_tokens(self, case_id: str, tokens: Sequence[Token], turn: int) -> None:
        """Keep the tokens of a driver, which were ``turn`` when it looked.

        Raises `CommitConflict` if others were put since, `Superseded` if a newer driver has put its own.
        """

    def erase(self, case_id: str) -> None:
        """Remove the personal content of every commit; the events stay."""


@dataclass(frozen=True)
class Page:
    """One page of a list; ``next`` is opaque, and so is ``after``: for each item the cursor to what follows it."""

    items: list[dict[str, Any]]
    next: str | None = None
    after: tuple[str, ...] = ()


class Views(Protocol):
    """The projections: lists, the public register and figures. Eventually consistent, rebuilt at will."""

    def replace(self, case_id: str, views: Mapping[str, Mapping[str, Any]]) -> None:
        """Make these the views of a case: write what differs, remove what is not among them."""

    def list(
        self, index: str, key: str, *, prefix: str = "", before: str | None = None, limit: int = 50,
        cursor: str | None = None, where: Mapping[str, str] | None = None, descending: bool = False,
    ) -> Page: ...  # fmt: skip

    def claimed(self, name: str) -> str | None:
        """Give the case that holds a claimed name, such as ``permit/<number>``."""


class Rounds(Protocol):
    """Rounds of places, and the lines of those who wait for them; always strongly consistent."""

    def open(self, service: str, period: str, content: Mapping[str, Any]) -> bool: ...

    def touch(self, service: str, period: str) -> None: ...

    def draw(self, service: str, period: str, content: Mapping[str, Any]) -> bool: ...

    def read(self, service: str, period: str) -> dict[str, Any] | None: ...

    def newest(self, service: str) -> dict[str, Any] | None: ...

    def all(self, service: str) -> list[dict[str, Any]]: ...

    def ledger(self, service: str, period: str, region: str) -> tuple[Ledger | None, int]: ...

    def write(
        self, service: str, period: str, region: str, ledger: Ledger, version: int,
        calls: Sequence[tuple[Call, str]] = (),
    ) -> None: ...  # fmt: skip

    def call(
        self, service: str, period: str, region: str, number: int, stage: int
    ) -> tuple[Call, str] | None: ...

    def calls(self, service: str, period: str, region: str) -> Iterator[tuple[Call, str]]: ...

    def waiting(
        self, service: str, region: str, within: str = "line", until: str = "~"
    ) -> Iterator[Candidate]: ...


class Documents(Protocol):
    """The store of files."""

    def announce_upload(
        self, key: str, *, size: int, sha256: str, content_type: str, expires: timedelta,
        sealed_for: Mapping[str, str] | None = None,
    ) -> Any: ...  # fmt: skip

    def head(self, key: str, *, version: str | None = None) -> Any: ...

    def first_bytes(self, key: str, n: int = 4096, *, version: str | None = None) -> bytes: ...

    def link(
        self, key: str, *, filename: str, content_type: str, expires: timedelta, version: str | None = None
    ) -> str: ...

    def put(
        self, key: str, content: bytes, *, content_type: str, sha256: str,
        sealed_for: Mapping[str, str] | None = None,
    ) -> Any: ...  # fmt: skip

    def unseal(self, key: str, to: str, *, version: str | None, content_type: str) -> None: ...

    def delete_all_versions(self, prefix: str) -> int: ...


class Executions(Protocol):
    """Step Functions, to whom only the relay talks. Everything is harmless when repeated."""

    def start(self, machine: str, name: str, content: Mapping[str, Any]) -> None: ...

    def stop(self, machine: str, name: str) -> None: ...

    def succeed(self, token: str, output: Mapping[str, Any]) -> None: ...

    def fail(self, token: str, error: str, cause: str) -> None: ...


class Bus(Protocol):
    """The event bus that other systems listen to."""

    def publish(self, happenings: Sequence[Mapping[str, Any]], *, source: str = ...) -> None: ...


class Mail(Protocol):
    """E-mail and SMS."""

    def send(self, *, to: str, subject: str, body: str) -> None: ...

    def text(self, *, to: str, body: str) -> None: ...


class Renderer(Protocol):
    """Draws a letter; the same letter is always the same file. A ``draft`` says so, and cannot be verified."""

    def render(self, letter: Letter, *, draft: bool = False) -> bytes: ...


class Signer(Protocol):
    """Signs a PDF with the key of the office, in the name of each official, one after the other."""

    def sign(
        self, pdf: bytes, *, names: Sequence[str], reason: str, location: str, signed_at: datetime
    ) -> bytes: ...


class Sealer(Protocol):
    """Closes what nobody may read before its time; who may close may not open."""

    def close(self, content: bytes, context: Mapping[str, str]) -> dict[str, Any]:
        """Give an envelope that is bound to its context."""


class Opener(Protocol):
    """Opens what the sealer has closed."""

    def allowed(self, *scopes: Mapping[str, str]) -> AbstractContextManager[None]:
        """Let what is closed for one of these scopes be opened, here and by the store, for as long as it takes."""

    def open(self, envelope: Mapping[str, Any], context: Mapping[str, str]) -> bytes:
        """Give what was closed for this very context."""


class Scans(Protocol):
    """The malware scanner's answers."""

    def parse(self, event: Mapping[str, Any]) -> ScanResult: ...


class Payments(Protocol):
    """The payment provider."""

    def look_up(self, payment: str) -> list[Notification]:
        """Ask for all that is known of a bill, of which a notification may be lost."""


class WebhookSender(Protocol):
    """Reaches the systems of the agencies."""

    def objection(self, url: str) -> Mapping[str, str] | None:
        """Tell why nothing can be sent to an address."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send once and give the HTTP status. Raises `webhooks.Unreachable`."""


class Catalogue(Protocol):
    """The services, agencies and calendars, as data."""

    def service(self, code: str, version: int | None = None) -> Service: ...

    def services(self) -> Sequence[Service]: ...

    def agency(self, code: str) -> Agency: ...

    def calendar(self, agency: str) -> Calendar: ...


class Delegations(Protocol):
    """Who stands in for whom, and until when."""

    def of(self, username: str) -> tuple[Delegation, ...]: ...


class Tokens(Protocol):
    """Verifies bearer tokens."""

    def verify(self, token: str) -> Session: ...


class Issuer(Protocol):
    """Where people sign in: the pages of the identity provider (OpenID Connect)."""

    def address(self, *, redirect: str, state: str, nonce: str, challenge: str) -> str:
        """Give the address at which somebody signs in; ``challenge`` is that of PKCE (S256)."""

    def redeem(self, code: str, *, redirect: str, verifier: str, nonce: str) -> Session:
        """Give who has signed in. Raises `Malformed`, `Unauthenticated` or `Forbidden`."""

    def end(self, *, back: str) -> str | None:
        """Give the address at which somebody signs out of the provider too, if there is one."""
