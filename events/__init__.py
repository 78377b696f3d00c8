"""The published language: what can be said of a case, one model for each type of history event.

An event's ``data`` holds ids, facts and digests, never personal content, so that the hash chain still verifies after
an erasure, and so that events may travel over the bus, to webhooks and into archives.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

Digest = str
Moment = str


class EventData(BaseModel):
    """The facts of one event; ``type`` is its name, noun.verb."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ClassVar[str]

    def plain(self) -> dict[str, Any]:
        """Give the JSON object that is hashed: without what is not said."""
        return self.model_dump(mode="json", exclude_none=True)


class CaseCreated(EventData):
    type = "case.created"
    service: str
    version: int
    agency: str
    applicant: str
    filed_by: str | None = None
    parent: str | None = None
    form: Digest


class FormChanged(EventData):
    """The applicant changed a draft, or the fields that a correction opened."""

    type = "form.changed"
    pointers: list[str]
    form: Digest


class DocumentAnnounced(EventData):
    type = "document.announced"
    document: str
    kind: str
    size: int
    sha256: Digest
    content_type: str


class DocumentReceived(EventData):
    """The file lies in the store and is what was announced: length, SHA-256 and type by content.

    Under seal the store alone has compared length and SHA-256, and shows neither digest nor content.
    """

    type = "document.received"
    document: str
    size: int
    sha256: Digest | None = None
    object_version: str | None = None


class DocumentCleared(EventData):
    type = "document.cleared"
    document: str


class DocumentRefused(EventData):
    type = "document.refused"
    document: str
    reason: str


class CaseSubmitted(EventData):
    type = "case.submitted"
    number: str
    form: Digest
    facts: dict[str, Any]


class EpisodeOpened(EventData):
    """A process of the service begins; ``attempt`` 1 of its driver; ``act`` is what a person asked for with it."""

    type = "episode.opened"
    episode: int
    process: str
    act: str | None = None
    reason: Digest | None = None


class EpisodeScheduled(EventData):
    """A process opens by itself once the moment has passed, unless another one is opened before."""

    type = "episode.scheduled"
    process: str
    due_at: Moment


class AnswersChanged(EventData):
    """The applicant changed answers of a decided case, with the act that opens a process about them."""

    type = "answers.changed"
    pointers: list[str]
    form: Digest
    facts: dict[str, Any]


class EpisodeClosed(EventData):
    type = "episode.closed"
    episode: int


class ClockStarted(EventData):
    type = "clock.started"
    term: str
    due_at: Moment


class ClockPaused(EventData):
    type = "clock.paused"
    reason: str


class ClockResumed(EventData):
    type = "clock.resumed"
    due_at: Moment | None = None


class ClockExtended(EventData):
    type = "clock.extended"
    term: str
    reason: Digest
    due_at: Moment | None = None


class ClockExpired(EventData):
    """The term of the whole case has passed: ``action`` is what the law puts in the place of every answer."""

    type = "clock.expired"
    action: str
    rule: str


class ClockStopped(EventData):
    type = "clock.stopped"


class TaskOpened(EventData):
    """Somebody must do something: ``role`` is ``agency/role`` or ``applicant``, ``item`` the fact that it is about."""

    type = "task.opened"
    task: str
    episode: int
    step: str
    round: int
    name: str
    kind: str
    role: str
    due_at: Moment
    payment: str | None = None
    item: str | int | float | None = None


class TaskClaimed(EventData):
    type = "task.claimed"
    task: str
    on_behalf_of: str | None = None


class TaskReleased(EventData):
    type = "task.released"
    task: str


class TaskAssigned(EventData):
    type = "task.assigned"
    task: str
    to: str


class TaskReminded(EventData):
    type = "task.reminded"
    task: str


class TaskCompleted(EventData):
    """``letter`` marks the letter that was shown before it was signed, ``words`` what was written in it."""

    type = "task.completed"
    task: str
    action: str
    comment: Digest | None = None
    on_behalf_of: str | None = None
    conditions: Digest | None = None
    scores: Digest | None = None
    letter: Digest | None = None
    words: Digest | None = None


class TaskExpired(EventData):
    """The term has passed and silence has its meaning: ``action`` is what the law puts in the answer's place."""

    type = "task.expired"
    task: str
    action: str
    rule: str


class TaskCancelled(EventData):
    type = "task.cancelled"
    task: str
    reason: str


class AlarmRaised(EventData):
    """A term has passed without the law deciding anything: a supervisor must look."""

    type = "alarm.raised"
    reason: str
    task: str | None = None
    state: str | None = None
    error: str | None = None


class CorrectionRequested(EventData):
    type = "correction.requested"
    task: str
    round: int
    fields: list[str]
    documents: list[str]


class CorrectionReceived(EventData):
    type = "correction.received"
    task: str
    round: int
    form: Digest
    facts: dict[str, Any]


class FeeAssessed(EventData):
    """The fee with its lines; ``rule``, ``version``, ``inputs`` and ``law`` let anybody compute it again.

    ``sentence`` says it in both languages. Answers of the form that it read stand beside the history.
    """

    type = "fee.assessed"
    amount: int
    currency: str
    lines: list[dict[str, Any]]
    inputs: dict[str, Any]
    law: str
    version: int
    rule: str | None = None
    sentence: dict[str, str] | None = None


class RulesChecked(EventData):
    """Automatic rules and what came of them: each is ``{rule, holds, inputs, sentence}``, its inputs facts alone.

    ``version`` is that of the service whose rules they are. Answers of the form that a rule read stand beside the
    history.
    """

    type = "rules.checked"
    episode: int
    step: str
    version: int
    checks: list[dict[str, Any]]


class ResultsComputed(EventData):
    """Named results that are new or have changed: each is ``{rule, value, inputs, sentence}``, and its ``law`` if any.

    ``version`` is that of the service whose rules they are. Where a rule read answers of the form, its value, its
    sentence and those answers stand beside the history. With a ``step`` it is the way that this step has chosen.
    """

    type = "results.computed"
    version: int
    results: list[dict[str, Any]]
    episode: int | None = None
    step: str | None = None
    round: int | None = None


class PaymentBilled(EventData):
    """``least`` is the smallest part that may be paid by itself; without it only the whole."""

    type = "payment.billed"
    payment: str
    amount: int
    currency: str
    due_at: Moment
    lines: list[dict[str, Any]] | None = None
    least: int | None = None


class PaymentReceived(EventData):
    """Money has come; ``left`` is what is still to be paid of the bill, where it was only a part."""

    type = "payment.received"
    payment: str
    notification: str
    amount: int
    currency: str
    paid_at: Moment
    found_by: str = "notification"
    left: int | None = None


class PaymentRefused(EventData):
    """A notification that cannot be true; the bill stays as it was."""

    type = "payment.refused"
    payment: str
    notification: str
    reason: str


class PaymentFailed(EventData):
    type = "payment.failed"
    payment: str
    notification: str


class PaymentExpired(EventData):
    type = "payment.expired"
    payment: str


class OutcomeDecided(EventData):
    type = "outcome.decided"
    episode: int
    result: str
    reasons: Digest | None = None
    rule: str | None = None


class QueueJoined(EventData):
    """A number in the line of a region, that nobody else gets; ``order`` is the place within each reserve."""

    type = "queue.joined"
    number: int
    region: str
    category: str
    order: dict[str, str] = {}


class QueueWaiting(EventData):
    """The case waits for its turn, or again, with no process open; the number stays."""

    type = "queue.waiting"
    number: int
    region: str
    category: str
    order: dict[str, str] = {}


class QueueLeft(EventData):
    """The number is lost for ever and given to nobody else."""

    type = "queue.left"
    number: int
    region: str
    reason: str


class PlaceCalled(EventData):
    """A round has a place for this number: the process that the service has for it begins."""

    type = "place.called"
    period: str
    region: str
    number: int
    category: str
    stage: int
    waited_months: int


class PlaceTaken(EventData):
    type = "place.taken"
    period: str
    region: str
    number: int
    stage: int


class PlaceReleased(EventData):
    """The place is free for the next in line; ``reason`` is lapsed, failed (a payment), refused or withdrawn."""

    type = "place.released"
    period: str
    region: str
    number: int
    stage: int
    reason: str


class DepositDeclared(EventData):
    """What was paid in elsewhere before filing, as the applicant says; the last word counts."""

    type = "deposit.declared"
    amount: int
    currency: str


class RefundOrdered(EventData):
    """Money goes back by this moment: out of ``payments`` as `{payment, amount}`, and so much of the ``deposit``.

    ``lines`` are the lines of the fee on which the payments were. ``reason`` is overpaid, withdrawn, refused or lapsed.
    """

    type = "refund.ordered"
    amount: int
    currency: str
    due_at: Moment
    reason: str
    law: str
    payments: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    deposit: int | None = None


class PaymentForfeited(EventData):
    """What was paid is lost under this law: so much out of ``payments`` as `{payment, amount}`.

    ``lines`` are the lines of the fee on which it was.
    """

    type = "payment.forfeited"
    amount: int
    currency: str
    law: str
    payments: list[dict[str, Any]]
    lines: list[dict[str, Any]]


class PermitIssued(EventData):
    """``text`` is the digest of what stands in it, where somebody put initials on that before it was signed.

    ``signed`` are the tasks at which it was signed, where they are several.
    """

    type = "permit.issued"
    number: str
    kind: str
    document: str
    sha256: Digest
    size: int
    object_version: str | None = None
    valid_until: Moment | None = None
    text: Digest | None = None
    signed: list[str] | None = None


class PermitRevoked(EventData):
    type = "permit.revoked"
    number: str
    reason: Digest


class PermitSuspended(EventData):
    """The permit may not be used for the time being."""

    type = "permit.suspended"
    number: str
    reason: Digest


class PermitReinstated(EventData):
    type = "permit.reinstated"
    number: str
    reason: Digest


class PermitExpired(EventData):
    type = "permit.expired"
    number: str


class LetterInitialled(EventData):
    """Whoever answered a task has put initials on letters that are signed later: the digest of each one's text."""

    type = "letter.initialled"
    task: str
    letters: dict[str, Digest]


class LetterIssued(EventData):
    type = "letter.issued"
    letter: str
    document: str
    sha256: Digest
    size: int
    object_version: str | None = None


class CaseWithdrawn(EventData):
    type = "case.withdrawn"
    reason: Digest


class CaseLapsed(EventData):
    type = "case.lapsed"
    reason: str


class CaseReopened(EventData):
    type = "case.reopened"
    reason: Digest


class CaseRedriven(EventData):
    """A fresh execution takes over the episode where the case stands."""

    type = "case.redriven"
    episode: int
    attempt: int
    reason: Digest


class CaseParked(EventData):
    """The driver met a fault that it cannot mend by itself."""

    type = "case.parked"
    episode: int
    attempt: int
    state: str
    error: str


class QuestionAsked(EventData):
    """An officer asks somebody beside the process; ``to`` is ``agency/role`` or ``agency/@username``.

    ``fields`` (pointers of the form) and ``documents`` are what whoever is asked may see.
    """

    type = "question.asked"
    question: str
    task: str
    to: str
    fields: list[str]
    documents: list[str]
    text: Digest
    due_at: Moment
    on_behalf_of: str | None = None


class QuestionAnswered(EventData):
    type = "question.answered"
    question: str
    text: Digest
    on_behalf_of: str | None = None


class MessagePosted(EventData):
    type = "message.posted"
    message: Digest


class PersonalDataExported(EventData):
    """Somebody has taken out everything personal that is kept of the case: the actor says who."""

    type = "data.exported"


class ChildStarted(EventData):
    """This case asks another office: ``task`` waits for what the case ``child``, filed by ``applicant``, comes to."""

    type = "child.started"
    child: str
    service: str
    task: str
    applicant: str
    form: Digest
    documents: list[str] = []


class ChildDecided(EventData):
    """What the other case has come to; where ``task`` waited for it, events of their own link its documents."""

    type = "child.decided"
    child: str
    task: str | None = None
    status: str


class ChildFiled(EventData):
    """Somebody has filed a case below this one."""

    type = "child.filed"
    child: str
    service: str


class FilingClosed(EventData):
    """The case above counts what was filed below it while it waited, ``wait``: this draft was not, and is too late."""

    type = "filing.closed"
    wait: str


class DocumentSealed(EventData):
    """A file is announced under seal: its name and digest are in an envelope, whose ``digest`` is shown instead."""

    type = "document.sealed"
    document: str
    kind: str
    size: int
    content_type: str
    digest: Digest
    opens_at: Moment


class DocumentOpened(EventData):
    """The seal of a file was broken: from here on it is announced like any other, and is looked at as it arrives."""

    type = "document.opened"
    document: str
    sha256: Digest


class ContentSealed(EventData):
    """Answers that nobody can read before ``opens_at``: ``digest`` is that of their ciphertext."""

    type = "content.sealed"
    fields: list[str]
    digest: Digest
    opens_at: Moment


class ContentOpened(EventData):
    """The seals of a case were broken in due time, in the presence of ``openers``; ``form`` is what was under them."""

    type = "content.opened"
    fields: list[str]
    form: Digest
    openers: list[str]


class SealsOpened(EventData):
    """What was filed below this case was opened, in the order in which it was filed; what was withdrawn stays shut."""

    type = "seals.opened"
    episode: int
    step: str
    openers: list[str]
    opened: list[str]


class ChildrenAnswered(EventData):
    """Cases below this one were told what has become of them."""

    type = "children.answered"
    episode: int
    step: str
    action: str
    children: list[str]


class RankingMade(EventData):
    """The cases below, ranked by the declared criteria and weights: ``scores`` is what each evaluator gave.

    ``sentence`` says it in both languages.
    """

    type = "ranking.made"
    episode: int
    step: str
    round: int
    rule: str
    version: int
    criteria: list[str]
    weights: list[float]
    ties: list[str]
    scores: list[dict[str, Any]]
    ranking: list[dict[str, Any]]
    sentence: dict[str, str] | None = None


class FactsNoted(EventData):
    """What a step has found out: ``facts`` are all those of the case from now on, ``noted`` names the new ones.

    ``rule`` and ``version`` (of the service whose rule it is) and ``inputs``, what it read, let anybody find it out
    again; ``sentence`` says it in both languages.
    """

    type = "facts.noted"
    episode: int
    step: str
    noted: list[str]
    facts: dict[str, Any]
    rule: str | None = None
    version: int | None = None
    inputs: dict[str, Any] | None = None
    sentence: dict[str, str] | None = None


class DocumentLinked(EventData):
    """A document of another case, ``source``, stands in this one too; the file itself stays where it lies."""

    type = "document.linked"
    document: str
    source: str
    kind: str
    size: int
    sha256: Digest
    content_type: str
    issued: bool = False
    object_version: str | None = None


class CaseErased(EventData):
    type = "case.erased"
    rule: str


class HoldPlaced(EventData):
    type = "hold.placed"
    reason: Digest


class HoldLifted(EventData):
    type = "hold.lifted"
    reason: Digest


TYPES: dict[str, type[EventData]] = {model.type: model for model in EventData.__subclasses__()}
