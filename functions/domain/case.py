"""What a case is: the fold of its history.

    commits (items of the case's partition) ──▶ events in order ──▶ `Case.apply` ──▶ the state

A case has no state of its own beside its history, so a change that is not in the history cannot exist. Personal
content (form values, names of files, comments) does not stand in the events but beside them, under the number of
the event that speaks of it, and can be erased without breaking the chain.

Statuses, and where they lead:

    draft ▶ submitted ▶ in_review ⇄ awaiting_applicant, awaiting_payment ▶ approved | rejected | lapsed
    in_review ▶ waitlisted ⇄ in_review, awaiting_payment (its turn has come)
    every open one ▶ withdrawn, needs_attention ▶ (redrive) where it stood; rejected ▶ (appeal) in_review
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import events
from functions.domain import form as forms
from functions.domain import history
from functions.domain.history import Event

Data = Mapping[str, Any]

OPEN = frozenset(
    {"submitted", "in_review", "awaiting_applicant", "awaiting_payment", "waitlisted", "needs_attention"}
)
DECIDED = frozenset({"approved", "rejected", "withdrawn", "lapsed"})
TASK_OPEN = frozenset({"open", "claimed"})


@dataclass
class Document:
    """A file of the case; ``issued`` ones are made by the office, the others come from the applicant or an officer.

    ``source`` is the document of another case that this one shows. Under a ``seal`` neither name nor digest is known;
    ``sealed_version`` names its bytes as they came.
    """

    id: str
    kind: str
    by: str
    size: int
    sha256: str
    content_type: str
    filename: str | None = None
    state: str = "announced"
    reason: str | None = None
    object_version: str | None = None
    issued: bool = False
    announced_at: datetime | None = None
    source: str | None = None
    seal: Seal | None = None
    sealed_version: str | None = None

    @property
    def under_seal(self) -> bool:
        return self.seal is not None and not self.sha256


@dataclass
class Task:
    """An obligation; its key says which step, in which round of which episode, opened it.

    ``item`` is the member of a list that it is about, ``initials`` the text of each letter on which it puts them.
    """

    id: str
    episode: int
    step: str
    round: int
    name: str
    kind: str
    role: str
    opened_at: datetime
    due_at: datetime
    payment: str | None = None
    item: Any = None
    state: str = "open"
    assignee: str | None = None
    claimed_at: datetime | None = None
    action: str | None = None
    done_by: str | None = None
    done_name: str | None = None
    done_for: str | None = None
    done_at: datetime | None = None
    comment: str | None = None
    conditions: list[str] = field(default_factory=list)
    scores: dict[str, Any] = field(default_factory=dict)
    letter: str | None = None
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    initials: dict[str, str] = field(default_factory=dict)
    rule: str | None = None
    alarmed: bool = False
    reminded: bool = False
    version: int = 0

    @property
    def key(self) -> tuple[int, str, int]:
        return self.episode, self.step, self.round

    @property
    def is_open(self) -> bool:
        return self.state in TASK_OPEN


@dataclass
class Question:
    """What an officer asks somebody beside the process, from a task; ``to`` is ``agency/role`` or ``agency/@username``.

    ``fields`` and ``documents`` are what whoever is asked may see.
    """

    id: str
    task: str
    to: str
    by: str
    fields: tuple[str, ...]
    documents: tuple[str, ...]
    asked_at: datetime
    due_at: datetime
    seq: int
    text: str | None = None
    by_name: str | None = None
    answer: str | None = None
    answered_by: str | None = None
    answered_name: str | None = None
    answered_at: datetime | None = None


@dataclass
class Child:
    """A case below this one: started by it, and then ``task`` waits for its result; or filed by somebody else."""

    id: str
    service: str
    task: str = ""
    applicant: str = ""
    documents: list[str] = field(default_factory=list)
    form: dict[str, Any] | None = None
    status: str = "submitted"
    decided: bool = False


@dataclass(frozen=True)
class Seal:
    """Answers under seal: ``envelope`` holds their ciphertext, and how those who may can open it."""

    fields: tuple[str, ...]
    opens_at: datetime
    envelope: Mapping[str, Any] | None


@dataclass(frozen=True)
class Receipt:
    """Money that has come for a bill: all of it, or a part."""

    amount: int
    at: datetime
    notification: str


@dataclass
class Payment:
    """A bill; ``least`` is the smallest part that may be paid by itself, where it may be paid in parts."""

    id: str
    amount: int
    currency: str
    due_at: datetime
    lines: list[dict[str, Any]]
    least: int | None = None
    state: str = "due"
    receipts: list[Receipt] = field(default_factory=list)
    refunded: int = 0
    forfeited: int = 0
    failures: int = 0
    notifications: set[str] = field(default_factory=set)

    @property
    def received(self) -> int:
        return sum(receipt.amount for receipt in self.receipts)

    @property
    def held(self) -> int:
        """What came of it, and has neither gone back nor been lost."""
        return self.received - self.refunded - self.forfeited

    @property
    def rest(self) -> int:
        """What is still to be paid of it, or would have been."""
        return self.amount - self.received

    @property
    def paid_at(self) -> datetime | None:
        """When the last of it was paid; ``None`` while something is left."""
        return self.receipts[-1].at if self.receipts and not self.rest else None


@dataclass(frozen=True)
class Forfeit:
    """Money that was lost: out of these payments, and on which lines of the fee it was."""

    payments: tuple[str, ...]
    lines: tuple[Mapping[str, Any], ...]


@dataclass
class Deposit:
    """What was paid in elsewhere before filing."""

    amount: int
    currency: str
    refunded: int = 0


@dataclass
class Permit:
    number: str
    kind: str
    document: str
    sha256: str
    issued_at: datetime
    valid_until: datetime | None = None
    state: str = "valid"
    episode: int = 0
    text: str | None = None
    signed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Called:
    """The place that a round holds for a case: in which stage, and as which category it was chosen."""

    period: str
    region: str
    number: int
    category: str
    stage: int


@dataclass
class Queue:
    """The place in line: ``waiting`` until it is called or left; ``order`` sorts it within each reserve."""

    number: int
    region: str
    category: str
    order: dict[str, str]
    joined_at: datetime
    waiting: bool = True
    left: bool = False
    called: Called | None = None
    calls: list[Called] = field(default_factory=list)

    @property
    def entries(self) -> frozenset[str]:
        """Under which keys the line shows this number: by itself, and within each reserve by its order."""
        if not self.waiting:
            return frozenset()
        number = f"{self.number:010d}"
        return frozenset({f"line#{number}", *(f"{name}#{key}#{number}" for name, key in self.order.items())})


@dataclass(frozen=True)
class Refund:
    """What goes back by a day: ``payments`` are the bills it comes from, ``lines`` what had been paid with it."""

    amount: int
    currency: str
    ordered_at: datetime
    due_at: datetime
    reason: str
    law: str
    payments: tuple[str, ...] = ()
    lines: tuple[Mapping[str, Any], ...] = ()


@dataclass
class Outcome:
    result: str
    at: datetime
    by: str
    reasons: str | Mapping[str, str] | None = None
    rule: str | None = None


@dataclass
class Checked:
    """The outcome of one automatic check: its rules with ``rule``, ``holds``, ``inputs`` and the ``sentence``."""

    episode: int
    step: str
    version: int
    rules: list[dict[str, Any]]
    seq: int

    @property
    def broken(self) -> list[dict[str, Any]]:
        return [rule for rule in self.rules if not rule["holds"]]


@dataclass
class Episode:
    """One run of one process; ``attempt`` counts the executions that have driven it.

    ``act`` is what a person asked for with it and ``reason`` why, ``before`` how the case stood then; ``answers`` are
    the form and the facts that were changed with it, ``result`` what was decided in it.
    """

    no: int
    process: str
    opened_at: datetime
    attempt: int = 1
    open: bool = True
    rounds: int = 0
    act: str | None = None
    reason: str | None = None
    before: tuple[str, Outcome | None] = ("draft", None)
    answers: tuple[dict[str, Any], dict[str, Any]] | None = None
    result: str | None = None
    seq: int = 0


@dataclass
class ClockRecord:
    """What has happened to the legal clock of the running episode; ``expired`` is what the law said then, and why."""

    started_at: datetime
    term: str
    pauses: list[tuple[datetime, datetime | None, str]] = field(default_factory=list)
    extensions: list[tuple[str, str]] = field(default_factory=list)
    stopped_at: datetime | None = None
    alarmed: bool = False
    expired: tuple[str, str] | None = None

    @property
    def paused(self) -> bool:
        return bool(self.pauses) and self.pauses[-1][1] is None


@dataclass
class Correction:
    """What the applicant was asked to mend: only this is open for change, and what follows from changing it.

    ``before`` is the form as it was when the applicant was asked, ``brought`` how many documents there were;
    ``wait`` is the wait of the officers who asked.
    """

    wait: tuple[int, str, int]
    fields: dict[str, str | None]
    documents: dict[str, str | None]
    task: str | None = None
    before: dict[str, Any] = field(default_factory=dict)
    brought: int = 0


@dataclass(frozen=True)
class Request:
    """An Idempotency-Key (with who sent it) and the digest of the body that came with it."""

    key: str
    digest: str


@dataclass(frozen=True)
class StepRecord:
    """The result of a step under its key ``<episode>/<step>/<round>``: a repeat gets the same.

    The facts that a step leaves are not stored again: they are those after its commit.
    """

    key: str
    result: Mapping[str, Any]


@dataclass(frozen=True)
class LineChange:
    """What a commit changes in a line, with it or not at all; ``takes`` takes the number from the counter."""

    line: str
    number: int
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    takes: bool = False


@dataclass(frozen=True)
class Commit:
    """What one command or one step changes: written as one item, or not at all.

    ``below`` is the case in whose register a new case is entered with it. ``claims`` are names that only one case may
    hold, and that this one does from now on, ``frees`` those that any other may have again.
    """

    events: tuple[Event, ...]
    private: Mapping[str, Any] = field(default_factory=dict)
    request: Request | None = None
    step: StepRecord | None = None
    claims: tuple[str, ...] = ()
    line: LineChange | None = None
    below: str | None = None
    frees: tuple[str, ...] = ()

    @property
    def seq(self) -> int:
        return self.events[0].seq


@dataclass
class Case:
    """The state of a case after its last event. ``version`` is the number of that event."""

    id: str
    seq: int = 0
    head: str = history.ZEROS
    service: str = ""
    service_version: int = 0
    agency: str = ""
    applicant: str = ""
    filed_by: str | None = None
    parent: str | None = None
    contact: dict[str, Any] = field(default_factory=dict)
    number: str | None = None
    status: str = "draft"
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    form: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    seals: list[Seal] = field(default_factory=list)
    opened_at: datetime | None = None
    opened: list[str] = field(default_factory=list)
    closed_by: str | None = None
    ranking: list[dict[str, Any]] = field(default_factory=list)
    fee: dict[str, Any] | None = None
    checks: list[Checked] = field(default_factory=list)
    computed: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    permits: dict[str, Permit] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    episodes: list[Episode] = field(default_factory=list)
    clock: ClockRecord | None = None
    correction: Correction | None = None
    outcome: Outcome | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    replaced: tuple[dict[str, Any], dict[str, Any]] | None = None
    queue: Queue | None = None
    deposit: Deposit | None = None
    refunds: list[Refund] = field(default_factory=list)
    forfeits: list[Forfeit] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    claims: frozenset[str] = frozenset()
    scheduled: tuple[str, datetime] | None = None
    held: bool = False
    erased: bool = False
    parked: dict[str, Any] | None = None
    changed_at: datetime | None = None
    _facts: list[tuple[int, dict[str, Any]]] = field(default_factory=list, compare=False, repr=False)

    @property
    def version(self) -> int:
        return self.seq

    @property
    def episode(self) -> Episode | None:
        """The open episode, if one is open."""
        return next((episode for episode in reversed(self.episodes) if episode.open), None)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def came_to_nothing(self) -> bool:
        """Tell whether the case has ended without ever having been granted."""
        ended = self.status in DECIDED and self.status != "approved"
        return ended and not any(outcome.result == "approved" for outcome in self.outcomes)

    @property
    def open_correction(self) -> Correction | None:
        """What is open for the applicant to mend now, whatever becomes of the driver meanwhile."""
        asked = self.correction
        return asked if asked and asked.task and self.tasks[asked.task].is_open else None

    @property
    def sealed_fields(self) -> frozenset[str]:
        """The answers that are there and cannot be read yet."""
        return frozenset(name for seal in self.seals for name in seal.fields) - set(self.form or {})

    @property
    def conditions(self) -> list[str]:
        """The conditions set in the running or last episode, in the officials' own words."""
        episode = len(self.episodes)
        return [line for task in self.tasks.values() if task.episode == episode for line in task.conditions]

    def open_tasks(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.is_open]

    def still_asks(self, question: Question) -> bool:
        """Tell whether an answer is still wanted: a question ends with the task from which it was asked."""
        return question.answered_at is None and self.tasks[question.task].is_open

    def tasks_of(self, episode: int, step: str, round_: int) -> list[Task]:
        return [task for task in self.tasks.values() if task.key == (episode, step, round_)]

    def apply(self, event: Event, private: Mapping[str, Any] | None = None) -> None:
        """Take in the next event; ``private`` is the personal content that belongs to it, or what is left of it."""
        _APPLY[event.type](self, event, event.data, private or {})
        self.seq, self.head, self.changed_at = event.seq, event.hash, moment(event.at)

    @classmethod
    def of(cls, case_id: str, commits: Iterable[Commit]) -> Case:
        """Fold the commits of a case, in order, into its state."""
        case = cls(case_id)
        for commit in commits:
            case.take(commit)
        return case

    def take(self, commit: Commit) -> None:
        for event in commit.events:
            self.apply(event, commit.private.get(str(event.seq)))
        self.claims = (self.claims | set(commit.claims)) - set(commit.frees)
        if not self._facts or self._facts[-1][1] != self.facts:
            self._facts.append((commit.seq, dict(self.facts)))
        if commit.step:
            self.results[commit.step.key] = {"facts": dict(self.facts), **commit.step.result}

    def facts_at(self, seq: int) -> dict[str, Any]:
        """Give the facts after the commit of that event: a driver that walks the way again must find it as it was."""
        return next((facts for since, facts in reversed(self._facts) if since <= seq), self.facts)


class Writer:
    """Collects what one command or step changes, applying each event to the case at once.

    So later decisions of the same command see the earlier ones. Nothing is written before `commit` is stored. The
    clocks of two machines differ a little: ``now`` is never before the last event.
    """

    def __init__(self, case: Case, *, actor: str, now: datetime) -> None:
        self.case, self.actor = case, actor
        self.now = max(now, case.changed_at or now)
        self._events: list[Event] = []
        self._private: dict[str, Any] = {}
        self.reopens = case.came_to_nothing
        self._in_line = (case.queue.number, case.queue.entries) if case.queue else (0, frozenset())

    def add(
        self, data: events.EventData, private: Mapping[str, Any] | None = None, *, actor: str | None = None
    ) -> None:
        """Record an event; ``private`` is its personal content, kept beside the history."""
        draft = history.Draft(data.type, data.plain())
        (event,) = history.seal(
            [draft], seq=self.case.seq + 1, prev=self.case.head, at=self.now, actor=actor or self.actor
        )
        self._events.append(event)
        if private:
            self._private[str(event.seq)] = dict(private)
        self.case.apply(event, private)

    def next_id(self, letter: str, taken: Mapping[str, Any]) -> str:
        """Give the next id of a task (t), question (q), document (d) or payment (p): the case's own id and a number."""
        return f"{self.case.id}.{letter}{len(taken) + 1}"

    @property
    def changed(self) -> bool:
        return bool(self._events)

    @property
    def types(self) -> set[str]:
        """Give the types of what has been added."""
        return {event.type for event in self._events}

    def commit(
        self,
        *,
        request: Request | None = None,
        step: StepRecord | None = None,
        claims: Sequence[str] = (),
        frees: Sequence[str] = (),
        below: str | None = None,
    ) -> Commit:
        """Give what is to be stored. Needs at least one event."""
        return Commit(
            tuple(self._events), dict(self._private), request, step, tuple(claims), self._line_change(), below,
            tuple(frees),
        )  # fmt: skip

    def _line_change(self) -> LineChange | None:
        """What the line shows follows from the case, so that both are always written together."""
        queue = self.case.queue
        if queue is None:
            return None
        number, before = self._in_line
        enters, leaves = queue.entries - before, before - queue.entries
        takes = queue.number != number
        if not (enters or leaves or takes):
            return None
        line = line_of(self.case.service, queue.region)
        return LineChange(line, queue.number, tuple(sorted(enters)), tuple(sorted(leaves)), takes)


def line_of(service: str, region: str) -> str:
    """Give the name of the line in which the cases of a service wait for the places of a region."""
    return f"{service}#{region}"


def moment(text: str) -> datetime:
    """Read an RFC 3339 time."""
    return datetime.fromisoformat(text)


# -- how each event changes the state ----------------------------------------------------------------------------


def _created(case: Case, event: Event, data: Data, private: Data) -> None:
    case.service, case.service_version, case.agency = data["service"], data["version"], data["agency"]
    case.applicant, case.filed_by, case.parent = data["applicant"], data.get("filed_by"), data.get("parent")
    case.created_at = moment(event.at)
    case.form, case.contact = private.get("form"), dict(private.get("contact", {}))


def _form_changed(case: Case, event: Event, data: Data, private: Data) -> None:
    if "patch" in private:
        case.form = forms.merge(case.form or {}, private["patch"])
    else:
        case.form = private.get("form")


def _announced(case: Case, event: Event, data: Data, private: Data) -> None:
    case.documents[data["document"]] = Document(
        data["document"],
        data["kind"],
        event.actor,
        data["size"],
        data["sha256"],
        data["content_type"],
        filename=private.get("filename"),
        announced_at=moment(event.at),
    )


def _received(case: Case, event: Event, data: Data, private: Data) -> None:
    document = case.documents[data["document"]]
    document.state, document.object_version = "received", data.get("object_version")


def _document_sealed(case: Case, event: Event, data: Data, private: Data) -> None:
    case.documents[data["document"]] = Document(
        data["document"],
        data["kind"],
        event.actor,
        data["size"],
        "",
        data["content_type"],
        announced_at=moment(event.at),
        seal=Seal((), moment(data["opens_at"]), private.get("envelope")),
    )


def _document_opened(case: Case, event: Event, data: Data, private: Data) -> None:
    document = case.documents[data["document"]]
    document.sha256, document.filename = data["sha256"], private.get("filename")
    document.sealed_version, document.object_version = document.object_version, None
    document.state = "announced"


def _cleared(case: Case, event: Event, data: Data, private: Data) -> None:
    case.documents[data["document"]].state = "clean"


def _refused(case: Case, event: Event, data: Data, private: Data) -> None:
    document = case.documents[data["document"]]
    document.state, document.reason = "refused", data["reason"]


def _submitted(case: Case, event: Event, data: Data, private: Data) -> None:
    case.number, case.facts = data["number"], dict(data["facts"])
    case.status, case.submitted_at = "submitted", moment(event.at)
    if private.get("form") is not None:
        case.form = private["form"]


def _episode_opened(case: Case, event: Event, data: Data, private: Data) -> None:
    opened = Episode(data["episode"], data["process"], moment(event.at), act=data.get("act"), seq=event.seq)
    opened.reason = private.get("reason")
    opened.before = (case.status, case.outcome)
    opened.answers, case.replaced = case.replaced, None
    case.episodes.append(opened)
    case.scheduled = None
    if data["episode"] > 1:
        case.status, case.outcome, case.clock = "in_review", None, None


def _episode_closed(case: Case, event: Event, data: Data, private: Data) -> None:
    case.episodes[data["episode"] - 1].open = False


def _clock_started(case: Case, event: Event, data: Data, private: Data) -> None:
    case.clock = ClockRecord(moment(event.at), data["term"])


def _clock_paused(case: Case, event: Event, data: Data, private: Data) -> None:
    if case.clock and not case.clock.paused:
        case.clock.pauses.append((moment(event.at), None, data["reason"]))


def _clock_resumed(case: Case, event: Event, data: Data, private: Data) -> None:
    if case.clock and case.clock.paused:
        since, _, reason = case.clock.pauses[-1]
        case.clock.pauses[-1] = (since, moment(event.at), reason)


def _clock_extended(case: Case, event: Event, data: Data, private: Data) -> None:
    if case.clock:
        case.clock.extensions.append((data["term"], event.actor))
        case.clock.alarmed = False


def _clock_expired(case: Case, event: Event, data: Data, private: Data) -> None:
    if case.clock:
        case.clock.expired = (data["action"], data["rule"])


def _scheduled(case: Case, event: Event, data: Data, private: Data) -> None:
    case.scheduled = (data["process"], moment(data["due_at"]))


def _answers_changed(case: Case, event: Event, data: Data, private: Data) -> None:
    case.replaced = (case.form or {}, case.facts)
    case.form, case.facts = private.get("form"), dict(data["facts"])


def _clock_stopped(case: Case, event: Event, data: Data, private: Data) -> None:
    if case.clock:
        case.clock.stopped_at = moment(event.at)


_STATUS_WHILE = {"correct": "awaiting_applicant", "pay": "awaiting_payment"}


def _task_opened(case: Case, event: Event, data: Data, private: Data) -> None:
    case.tasks[data["task"]] = Task(
        data["task"],
        data["episode"],
        data["step"],
        data["round"],
        data["name"],
        data["kind"],
        data["role"],
        opened_at=moment(event.at),
        due_at=moment(data["due_at"]),
        payment=data.get("payment"),
        item=data.get("item"),
        version=event.seq,
    )
    case.status = _STATUS_WHILE.get(data["kind"], "in_review")
    if data["kind"] == "correct" and case.correction:
        case.correction.task = data["task"]
        case.correction.before, case.correction.brought = dict(case.form or {}), len(case.documents)


def _task(case: Case, event: Event, data: Data) -> Task:
    task = case.tasks[data["task"]]
    task.version = event.seq
    return task


def _task_claimed(case: Case, event: Event, data: Data, private: Data) -> None:
    task = _task(case, event, data)
    task.state, task.assignee, task.claimed_at = "claimed", event.actor, moment(event.at)


def _task_released(case: Case, event: Event, data: Data, private: Data) -> None:
    task = _task(case, event, data)
    task.state, task.assignee, task.claimed_at = "open", None, None


def _task_assigned(case: Case, event: Event, data: Data, private: Data) -> None:
    task = _task(case, event, data)
    task.state, task.assignee, task.claimed_at = "claimed", data["to"], moment(event.at)


def _task_reminded(case: Case, event: Event, data: Data, private: Data) -> None:
    case.tasks[data["task"]].reminded = True


def _task_completed(case: Case, event: Event, data: Data, private: Data) -> None:
    task = _task(case, event, data)
    task.state, task.action, task.done_by, task.done_at = (
        "done",
        data["action"],
        event.actor,
        moment(event.at),
    )
    task.done_for, task.comment = data.get("on_behalf_of"), private.get("comment")
    task.done_name, task.conditions = private.get("name"), list(private.get("conditions", ()))
    task.assignee, task.scores = event.actor, dict(private.get("scores", {}))
    task.letter, task.words = data.get("letter"), dict(private.get("words", {}))
    _when_nothing_is_asked_of_the_applicant(case)


def _task_expired(case: Case, event: Event, data: Data, private: Data) -> None:
    task = _task(case, event, data)
    task.state, task.action, task.done_by, task.done_at = (
        "expired",
        data["action"],
        event.actor,
        moment(event.at),
    )
    task.rule = data["rule"]
    _when_nothing_is_asked_of_the_applicant(case)


def _task_cancelled(case: Case, event: Event, data: Data, private: Data) -> None:
    task = _task(case, event, data)
    task.state, task.done_at = "cancelled", moment(event.at)
    _when_nothing_is_asked_of_the_applicant(case)


def _when_nothing_is_asked_of_the_applicant(case: Case) -> None:
    asked = any(task.is_open and task.kind in _STATUS_WHILE for task in case.tasks.values())
    if case.status in _STATUS_WHILE.values() and not asked:
        case.status = "in_review"


def _alarm(case: Case, event: Event, data: Data, private: Data) -> None:
    if data.get("task"):
        case.tasks[data["task"]].alarmed = True
    elif data["reason"] == "clock" and case.clock:
        case.clock.alarmed = True


def _correction_requested(case: Case, event: Event, data: Data, private: Data) -> None:
    wait = case.tasks[data["task"]].key
    wanted = case.correction if case.correction and case.correction.wait == wait else Correction(wait, {}, {})
    said_fields, said_documents = private.get("fields", {}), private.get("documents", {})
    wanted.fields.update({pointer: said_fields.get(pointer) for pointer in data["fields"]})
    wanted.documents.update({kind: said_documents.get(kind) for kind in data["documents"]})
    case.correction = wanted


def _correction_received(case: Case, event: Event, data: Data, private: Data) -> None:
    case.correction, case.facts = None, dict(data["facts"])
    if case.episode:
        case.episode.rounds += 1


def _fee_assessed(case: Case, event: Event, data: Data, private: Data) -> None:
    case.fee = {
        "amount": data["amount"],
        "currency": data["currency"],
        "lines": list(data["lines"]),
        "episode": len(case.episodes),
        "rule": data.get("rule"),
        "version": data["version"],
        "law": data["law"],
        "inputs": {**data["inputs"], **private.get("inputs", {})},
        "sentence": data.get("sentence"),
    }


def _checked(case: Case, event: Event, data: Data, private: Data) -> None:
    answers = private.get("inputs", {})
    rules = [{**one, "inputs": {**one["inputs"], **answers.get(one["rule"], {})}} for one in data["checks"]]
    case.checks.append(Checked(data["episode"], data["step"], data["version"], rules, event.seq))


def _computed(case: Case, event: Event, data: Data, private: Data) -> None:
    for one in data["results"]:
        if "step" in data:
            _find(case, data, one)
            continue
        name = one["rule"].rpartition("/")[2]
        case.computed[name] = {**one, **private.get(name, {}), "version": data["version"]}


def _billed(case: Case, event: Event, data: Data, private: Data) -> None:
    lines = data.get("lines") or (list(case.fee["lines"]) if case.fee else [])
    case.payments[data["payment"]] = Payment(
        data["payment"], data["amount"], data["currency"], moment(data["due_at"]), lines, data.get("least")
    )


def _paid(case: Case, event: Event, data: Data, private: Data) -> None:
    payment = case.payments[data["payment"]]
    payment.receipts.append(Receipt(data["amount"], moment(data["paid_at"]), data["notification"]))
    payment.state = "due" if payment.rest else "paid"
    payment.notifications.add(data["notification"])


def _payment_refused(case: Case, event: Event, data: Data, private: Data) -> None:
    case.payments[data["payment"]].notifications.add(data["notification"])


def _payment_failed(case: Case, event: Event, data: Data, private: Data) -> None:
    payment = case.payments[data["payment"]]
    payment.state = "failed"
    payment.failures += 1
    payment.notifications.add(data["notification"])


def _payment_expired(case: Case, event: Event, data: Data, private: Data) -> None:
    case.payments[data["payment"]].state = "expired"


def _outcome(case: Case, event: Event, data: Data, private: Data) -> None:
    case.outcome = Outcome(
        data["result"], moment(event.at), event.actor, private.get("reasons"), data.get("rule")
    )
    case.outcomes.append(case.outcome)
    case.episodes[data["episode"] - 1].result = data["result"]
    case.status, case.parked = data["result"], None
    _what_was_granted_stands(case)


def _what_was_granted_stands(case: Case) -> None:
    """A change, renewal or examination of what was granted that comes to nothing leaves it as it was.

    So does an objection to anything but a refusal. What an office has asked for and does not get lapses.
    """
    episode = case.episode
    if episode is None or case.status == "approved":
        return
    objection = episode.act == "appeal" and episode.before[0] != "rejected"
    examination = episode.act == "reopen" and case.status != "lapsed"
    if episode.act in ("amend", "renew") or objection or examination:
        case.status, case.outcome = episode.before
        if episode.answers and not case.erased:
            case.form, case.facts = episode.answers


def _joined(case: Case, event: Event, data: Data, private: Data) -> None:
    case.queue = Queue(
        data["number"], data["region"], data["category"], dict(data["order"]), joined_at=moment(event.at)
    )


def _waiting(case: Case, event: Event, data: Data, private: Data) -> None:
    if case.queue:
        case.queue.category, case.queue.order = data["category"], dict(data["order"])
        case.queue.waiting, case.queue.called = True, None
    case.status, case.outcome, case.parked = "waitlisted", None, None


def _left(case: Case, event: Event, data: Data, private: Data) -> None:
    if case.queue:
        case.queue.waiting, case.queue.left, case.queue.called = False, True, None


def _called(case: Case, event: Event, data: Data, private: Data) -> None:
    if case.queue:
        told = {name: data[name] for name in ("period", "region", "number", "category", "stage")}
        case.queue.waiting, case.queue.called = False, Called(**told)
        case.queue.calls.append(case.queue.called)
    case.facts |= {name: data[name] for name in ("period", "stage", "waited_months")}


def _taken(case: Case, event: Event, data: Data, private: Data) -> None:
    """The number has served; whose it was stays told."""


def _released(case: Case, event: Event, data: Data, private: Data) -> None:
    if case.queue:
        case.queue.called = None


def _deposit_declared(case: Case, event: Event, data: Data, private: Data) -> None:
    case.deposit = Deposit(data["amount"], data["currency"])


def _payment_forfeited(case: Case, event: Event, data: Data, private: Data) -> None:
    shares = {share["payment"]: share["amount"] for share in data["payments"]}
    for name, amount in shares.items():
        case.payments[name].forfeited += amount
    case.forfeits.append(Forfeit(tuple(shares), tuple(data["lines"])))


def _refund_ordered(case: Case, event: Event, data: Data, private: Data) -> None:
    shares = {share["payment"]: share["amount"] for share in data["payments"]}
    for name, amount in shares.items():
        payment = case.payments[name]
        payment.refunded += amount
        if payment.refunded == payment.received:
            payment.state = "refunded"
    if case.deposit:
        case.deposit.refunded += data.get("deposit", 0)
    case.refunds.append(
        Refund(
            data["amount"],
            data["currency"],
            moment(event.at),
            moment(data["due_at"]),
            data["reason"],
            data["law"],
            payments=tuple(shares),
            lines=tuple(data["lines"]),
        )
    )


def _issued_document(case: Case, event: Event, data: Data, kind: str) -> None:
    case.documents[data["document"]] = Document(
        data["document"],
        kind,
        event.actor,
        data["size"],
        data["sha256"],
        "application/pdf",
        filename=f"{kind}.pdf",
        state="clean",
        object_version=data.get("object_version"),
        issued=True,
        announced_at=moment(event.at),
    )


def _permit_issued(case: Case, event: Event, data: Data, private: Data) -> None:
    _issued_document(case, event, data, data["kind"])
    until = data.get("valid_until")
    case.permits[data["number"]] = Permit(
        data["number"],
        data["kind"],
        data["document"],
        data["sha256"],
        moment(event.at),
        moment(until) if until else None,
        episode=len(case.episodes),
        text=data.get("text"),
        signed=tuple(data.get("signed", ())),
    )


def _permit_revoked(case: Case, event: Event, data: Data, private: Data) -> None:
    case.permits[data["number"]].state = "revoked"


def _permit_suspended(case: Case, event: Event, data: Data, private: Data) -> None:
    case.permits[data["number"]].state = "suspended"


def _permit_reinstated(case: Case, event: Event, data: Data, private: Data) -> None:
    case.permits[data["number"]].state = "valid"


def _permit_expired(case: Case, event: Event, data: Data, private: Data) -> None:
    case.permits[data["number"]].state = "expired"


def _initialled(case: Case, event: Event, data: Data, private: Data) -> None:
    case.tasks[data["task"]].initials = dict(data["letters"])


def _letter_issued(case: Case, event: Event, data: Data, private: Data) -> None:
    _issued_document(case, event, data, data["letter"])


def _withdrawn(case: Case, event: Event, data: Data, private: Data) -> None:
    case.outcome = Outcome("withdrawn", moment(event.at), event.actor, private.get("reason"))
    case.outcomes.append(case.outcome)
    case.status, case.parked = "withdrawn", None
    _what_was_granted_stands(case)


def _lapsed(case: Case, event: Event, data: Data, private: Data) -> None:
    case.outcome = Outcome("lapsed", moment(event.at), event.actor, rule=data["reason"])
    case.outcomes.append(case.outcome)
    case.status, case.parked = "lapsed", None
    _what_was_granted_stands(case)


def _parked(case: Case, event: Event, data: Data, private: Data) -> None:
    case.parked = {**data, "status": case.status}
    case.status = "needs_attention"


def _redriven(case: Case, event: Event, data: Data, private: Data) -> None:
    case.episodes[data["episode"] - 1].attempt = data["attempt"]
    if case.parked:
        case.status, case.parked = case.parked["status"], None
        _when_nothing_is_asked_of_the_applicant(case)


def _message(case: Case, event: Event, data: Data, private: Data) -> None:
    case.messages.append({"at": event.at, "by": event.actor, "text": private.get("text")})


def _question_asked(case: Case, event: Event, data: Data, private: Data) -> None:
    case.questions[data["question"]] = Question(
        data["question"],
        data["task"],
        data["to"],
        event.actor,
        tuple(data["fields"]),
        tuple(data["documents"]),
        asked_at=moment(event.at),
        due_at=moment(data["due_at"]),
        seq=event.seq,
        text=private.get("text"),
        by_name=private.get("name"),
    )


def _question_answered(case: Case, event: Event, data: Data, private: Data) -> None:
    question = case.questions[data["question"]]
    question.answer, question.answered_name = private.get("text"), private.get("name")
    question.answered_by, question.answered_at = event.actor, moment(event.at)


def _child_started(case: Case, event: Event, data: Data, private: Data) -> None:
    case.children[data["child"]] = Child(
        data["child"],
        data["service"],
        data["task"],
        data["applicant"],
        list(data.get("documents", ())),
        private.get("form"),
    )


def _child_decided(case: Case, event: Event, data: Data, private: Data) -> None:
    child = case.children[data["child"]]
    child.status, child.decided = data["status"], data["status"] in DECIDED


def _linked(case: Case, event: Event, data: Data, private: Data) -> None:
    case.documents[data["document"]] = Document(
        data["document"],
        data["kind"],
        event.actor,
        data["size"],
        data["sha256"],
        data["content_type"],
        filename=private.get("filename"),
        state="clean",
        object_version=data.get("object_version"),
        issued=data["issued"],
        announced_at=moment(event.at),
        source=data["source"],
    )


def _child_filed(case: Case, event: Event, data: Data, private: Data) -> None:
    case.children[data["child"]] = Child(data["child"], data["service"])


def _filing_closed(case: Case, event: Event, data: Data, private: Data) -> None:
    case.closed_by = data["wait"]


def _content_sealed(case: Case, event: Event, data: Data, private: Data) -> None:
    case.seals.append(Seal(tuple(data["fields"]), moment(data["opens_at"]), private.get("envelope")))


def _content_opened(case: Case, event: Event, data: Data, private: Data) -> None:
    case.form = {**(case.form or {}), **private.get("form", {})}
    case.opened_at = moment(event.at)


def _seals_opened(case: Case, event: Event, data: Data, private: Data) -> None:
    case.opened = list(data["opened"])


def _ranked(case: Case, event: Event, data: Data, private: Data) -> None:
    case.ranking = list(data["ranking"])
    read = {name: data[name] for name in ("criteria", "weights", "ties")}
    _find(case, data, {**data, "value": case.ranking, "inputs": read})


def _facts_noted(case: Case, event: Event, data: Data, private: Data) -> None:
    case.facts = dict(data["facts"])
    if data.get("rule"):
        _find(case, data, {**data, "value": {name: case.facts.get(name) for name in data["noted"]}})


def _find(case: Case, data: Data, one: Data) -> None:
    """Keep what the rule of a step has found last, and in which round of which episode."""
    kept = {name: one.get(name) for name in ("rule", "value", "inputs", "sentence")}
    turn = (data["episode"], data.get("round"))
    case.found[one["rule"]] = {**kept, "version": data["version"], "turn": turn}


def _erased(case: Case, event: Event, data: Data, private: Data) -> None:
    case.erased, case.form, case.contact, case.seals = True, None, {}, []


def _held(case: Case, event: Event, data: Data, private: Data) -> None:
    case.held = event.type == "hold.placed"


def _noted(case: Case, event: Event, data: Data, private: Data) -> None:
    """Only the history speaks of it."""


_APPLY: dict[str, Callable[[Case, Event, Data, Data], None]] = {
    "case.created": _created,
    "form.changed": _form_changed,
    "document.announced": _announced,
    "document.received": _received,
    "document.cleared": _cleared,
    "document.refused": _refused,
    "case.submitted": _submitted,
    "episode.opened": _episode_opened,
    "episode.closed": _episode_closed,
    "clock.started": _clock_started,
    "clock.paused": _clock_paused,
    "clock.resumed": _clock_resumed,
    "clock.extended": _clock_extended,
    "clock.expired": _clock_expired,
    "clock.stopped": _clock_stopped,
    "episode.scheduled": _scheduled,
    "answers.changed": _answers_changed,
    "task.opened": _task_opened,
    "task.claimed": _task_claimed,
    "task.released": _task_released,
    "task.assigned": _task_assigned,
    "task.reminded": _task_reminded,
    "task.completed": _task_completed,
    "task.expired": _task_expired,
    "task.cancelled": _task_cancelled,
    "alarm.raised": _alarm,
    "correction.requested": _correction_requested,
    "correction.received": _correction_received,
    "fee.assessed": _fee_assessed,
    "rules.checked": _checked,
    "results.computed": _computed,
    "payment.billed": _billed,
    "payment.received": _paid,
    "payment.refused": _payment_refused,
    "payment.failed": _payment_failed,
    "payment.expired": _payment_expired,
    "outcome.decided": _outcome,
    "queue.joined": _joined,
    "queue.waiting": _waiting,
    "queue.left": _left,
    "place.called": _called,
    "place.taken": _taken,
    "place.released": _released,
    "deposit.declared": _deposit_declared,
    "refund.ordered": _refund_ordered,
    "payment.forfeited": _payment_forfeited,
    "permit.issued": _permit_issued,
    "permit.revoked": _permit_revoked,
    "permit.suspended": _permit_suspended,
    "permit.reinstated": _permit_reinstated,
    "permit.expired": _permit_expired,
    "letter.issued": _letter_issued,
    "letter.initialled": _initialled,
    "case.withdrawn": _withdrawn,
    "case.lapsed": _lapsed,
    "case.reopened": _noted,
    "case.redriven": _redriven,
    "case.parked": _parked,
    "message.posted": _message,
    "question.asked": _question_asked,
    "question.answered": _question_answered,
    "data.exported": _noted,
    "child.started": _child_started,
    "child.decided": _child_decided,
    "child.filed": _child_filed,
    "filing.closed": _filing_closed,
    "document.sealed": _document_sealed,
    "document.opened": _document_opened,
    "content.sealed": _content_sealed,
    "content.opened": _content_opened,
    "seals.opened": _seals_opened,
    "children.answered": _noted,
    "ranking.made": _ranked,
    "facts.noted": _facts_noted,
    "document.linked": _linked,
    "case.erased": _erased,
    "hold.placed": _held,
    "hold.lifted": _held,
}
