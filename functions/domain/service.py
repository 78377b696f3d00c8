"""A service as data: the vocabulary in which an agency describes form, documents, fee, clock, steps and letters.

These models are the process language. ``service.yaml`` is read into them by the compiler, and their normalised
JSON (``service.json``) is what the functions load. Every text for people is a `Text` in Indonesian and English;
every expression is JSONata, and `SCOPES` says which names it may use where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from functions.domain.clock import End, Term

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$")]
Expression = Annotated[str, Field(min_length=1, max_length=4000)]
Silence = Literal["approve", "refuse", "no_objection", "alarm", "lapse"]
Audience = Literal["citizens", "businesses", "agencies", "employees"]

SCOPES: Mapping[str, tuple[str, ...]] = {
    "form": ("form",),
    "example": ("today", "values"),
    "rule": ("form", "facts", "values", "today"),
    "mended": ("form", "before", "facts", "values"),
    "document": ("form", "facts"),
    "fact": ("form", "values", "today"),
    "check": ("form", "facts", "values", "today", "working_days"),
    "computed": ("form", "facts", "values", "today", "months_late", "due_on", "paid", "receipts", "lines"),
    "fee": ("form", "facts", "values", "today", "months_late", "due_on", "paid", "receipts", "lines"),
    "due": ("facts",),
    "task": ("facts",),
    "start": ("form", "facts", "item"),
    "item": ("item", "facts", "values"),
    "route": ("facts",),
    "line": ("facts", "values", "today"),
    "deposit": ("form", "values"),
    "meaning": ("value", "facts"),
    "letter": ("form", "facts", "titles", "case", "permit", "computed", "queue", "issued"),
    "sealed": ("facts",),
    "children": ("children", "facts", "values"),
    "child": ("child", "facts", "since", "values"),
    "found": ("facts", "values"),
    "row": ("child", "facts", "values"),
    "permit": ("facts", "titles"),
    "notice": ("facts", "titles", "case", "permit", "payment", "task", "service", "link", "queue", "refund"),
}
"""Which names an expression may use, by where it stands.

``form`` holds the answers, ``facts`` the declared facts, ``values`` the constants of the service and its fee,
``computed`` the named results. In a fee ``today`` is the day of the assessment, ``due_on`` the day up to which it
could be paid without delay and ``months_late`` how many months have begun since; ``lines`` are the amounts of the
lines before, by code, ``paid`` what has been paid of each line and not gone back, and ``receipts`` each payment by
itself, as `{amount, on, months_late, lines}`: what of each line was paid on which day, how many months late.
``today`` is the day of filing in the agency's zone, as ``2026-03-31``; it stays the same when an application is
corrected later. In a check ``working_days`` tells for
each date of the form how many working days passed from it to the day of filing. ``titles`` gives for a choice of the
form (or the fact of the same name) the title of the chosen option. Texts for people get ``titles``, dates (``…_on``,
``valid_until``) and money (``payment.amount``) already written in the language of the text.
``before`` are the answers as they were before they were mended.
``item`` is one of the list of an ``each``. ``children`` are the cases filed below this one, in the order of filing,
each with ``id, number, service, status, process, processes, since, submitted_at, form, documents`` (once they are open
to all; of each document its ``kind``, ``size``, ``sha256`` and ``state``); ``child`` is one of them, ``since`` when the
step began to wait.
"""
SCOPE_NAMES: Mapping[str, tuple[str, ...]] = {
    "case": ("number", "submitted_on"),
    "permit": ("number", "issued_on", "valid_until"),
    "payment": ("amount", "due_on", "left"),
    "task": ("title", "due_on"),
    "service": ("title",),
    "queue": ("number", "region", "category"),
    "refund": ("amount", "due_on"),
    "link": (),
    "value": (),
}
"""What stands below the names that every service has alike; ``link`` is itself a text: where to follow the case."""


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Model):
    """The same sentence in Indonesian and in English, neither of them blank."""

    id: str
    en: str

    @field_validator("id", "en")
    @classmethod
    def _is_written(cls, text: str) -> str:
        if not text.strip():
            raise PydanticCustomError("blank", "the text is blank")
        return text

    def pair(self) -> dict[str, str]:
        return {"id": self.id, "en": self.en}


class Option(Model):
    value: str | int
    title: Text


FieldType = Literal[
    "text",
    "long_text",
    "integer",
    "number",
    "money",
    "boolean",
    "choice",
    "date",
    "month",
    "moment",
    "list",
    "email",
    "phone",
]


class FormField(Model):
    """One question. ``when`` hides it (and drops its value) unless the expression is true.

    ``example_by`` computes an example that is right only at its time, such as the next date that can be applied for.
    """

    name: FieldName
    type: FieldType
    title: Text
    help: Text | None = None
    required: bool = True
    when: Expression | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    options: tuple[Option, ...] = ()
    items: Literal["text", "integer", "number"] | None = None
    example: Any = None
    example_by: Expression | None = None
    personal: bool = False

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> FormField:
        if self.type == "choice" and not self.options:
            raise ValueError(f"field {self.name}: a choice needs `options`")
        if self.options and self.type not in ("choice", "list"):
            raise ValueError(f"field {self.name}: only a choice or a list has `options`")
        if self.type == "list" and self.items is None:
            raise ValueError(f"field {self.name}: a list needs `items: text | integer | number`")
        return self


class FieldGroup(Model):
    title: Text
    fields: tuple[FormField, ...]


class Rule(Model):
    """Something that must hold; ``kind`` eligibility stops the applicant with the reason before filing.

    That such a rule held is noted, in the words of ``passed``.
    """

    code: Name
    must: Expression
    pointer: str = ""
    message: Text
    kind: Literal["form", "eligibility"] = "form"
    passed: Text | None = None
    law: str | None = None


class Form(Model):
    groups: tuple[FieldGroup, ...]
    rules: tuple[Rule, ...] = ()

    @property
    def fields(self) -> tuple[FormField, ...]:
        return tuple(field for group in self.groups for field in group.fields)

    @model_validator(mode="after")
    def _field_names_are_unique(self) -> Form:
        names = [field.name for field in self.fields]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"form: these fields occur twice: {', '.join(doubled)}")
        return self


class DocumentKind(Model):
    """A document to bring. Without ``when`` it is asked of everybody; ``required: false`` only offers it."""

    kind: Name
    title: Text
    help: Text | None = None
    when: Expression | None = None
    required: bool = True
    types: tuple[str, ...] = Field(default=("application/pdf", "image/jpeg", "image/png"), min_length=1)
    max_mb: int = Field(default=5, ge=1, le=100)


class Constant(Model):
    """A figure of the law or the agency: a number, a text, a list or a table, with what people call it.

    ``rows`` are what the rows of a table are called where they are no choice of the form. ``money`` has it written as
    an amount.
    """

    value: Any
    title: Text | None = None
    rows: dict[str, Text] = {}
    money: bool = False


def _constant(given: Any) -> Any:
    """Take a bare value for one without a title: so stand those that nobody is shown, and all of older versions."""
    described = (
        isinstance(given, Mapping) and "value" in given and given.keys() <= Constant.model_fields.keys()
    )
    return given if described or isinstance(given, Constant) else {"value": given}


Constants = dict[FieldName, Annotated[Constant, BeforeValidator(_constant)]]


class Called(Model):
    """What people call a fact that no question asks, and its ``words`` where it is one of a few codes."""

    title: Text
    words: dict[str, Text] = {}


class FeeLine(Model):
    """One named line; its amount is rounded half up to the whole unit of the currency."""

    code: Name
    title: Text
    amount: Expression
    when: Expression | None = None


class Computed(Model):
    """A named result: its value, and for people what it means (over ``value`` and ``facts``) and by which law.

    With ``money`` the words have the value written as an amount.
    """

    value: Expression
    words: Text
    law: str | None = None
    money: bool = False


class Due(Model):
    """Up to when a fee can be paid without delay: a term after a day, or after the end of a month (``2026-01``)."""

    when: Expression | None = None
    after: Expression
    within: Term
    law: str | None = None


class Fee(Model):
    """``due`` gives the first day rule that fits; without one, nothing is ever late."""

    currency: str = "IDR"
    law: str
    values: Constants = {}
    lines: tuple[FeeLine, ...]
    words: Text
    due: tuple[Due, ...] = ()


class Clock(Model):
    """The legal term of the whole case: what starts it, what stops it, what silence means at its end.

    ``by_law`` names the step at which a process goes on once silence has approved or refused the whole case;
    ``term_by`` takes it from the facts, in the unit of ``term`` and never longer.
    """

    term: Term
    term_by: Expression | None = None
    starts: Literal["submitted", "complete", "paid"]
    pauses: tuple[Literal["correction", "payment"], ...] = ()
    mode: Literal["continue", "reset"] = "continue"
    silence: Silence
    law: str
    silence_words: Text
    by_law: Name | None = None


ActionName = Literal["approve", "reject", "return", "no_objection", "object", "open", "submit_scores"]


class Action(Model):
    """What an officer can do with a task; with ``conditions`` on conditions of the officer, for a letter to print."""

    name: ActionName
    title: Text
    comment: Literal["required", "optional"] = "optional"
    conditions: Literal[True] | None = None


class TaskSpec(Model):
    """One obligation of one role, with its own term and its own meaning of silence.

    ``start`` answers it by a case of another service, filed by the role ``by`` with the ``form`` that expressions give
    and with the ``documents`` of these kinds; nobody can answer it by hand. ``within_by`` takes the term from the
    facts, in the unit of ``within`` and never longer.

    ``different_from`` names earlier tasks, of this process or of one that came before: whoever did one of them may
    not do this one. ``marks: complete`` says that the application is complete once this task is approved.
    ``each`` asks the same for every item of a list of the facts, at most ``at_most``; `item` stands for it in
    ``item_words``, which follow the title, and in ``form``. ``roles`` gives items a role of their own.
    The term counts from the opening of the task, or from the end of the window in which the process could be opened;
    with ``ends: working_day`` it ends on one, and ``until`` names a moment of the facts after which it never ends.
    ``when_words`` tells people for which applications it is asked, ``law_words`` what a document says that silence
    has issued. With ``initials`` a yes puts initials on the letter that is signed after it.
    """

    name: Name
    title: Text
    help: Text | None = None
    kind: Literal["decide", "consult", "await", "open", "score"] = "decide"
    role: Role
    within: Term
    within_by: Expression | None = None
    until: Expression | None = None
    silence: Silence
    law: str | None = None
    law_words: Text | None = None
    when: Expression | None = None
    when_words: Text | None = None
    actions: tuple[Action, ...]
    counts_from: Literal["window"] | None = None
    ends: End | None = None
    different_from: tuple[Name, ...] = ()
    marks: Literal["complete"] | None = None
    initials: Literal[True] | None = None
    documents: tuple[Name, ...] = ()
    start: Name | None = None
    by: Role | None = None
    form: dict[FieldName, Expression] = {}
    each: Expression | None = None
    at_most: int | None = Field(default=None, ge=1, le=20)
    item_words: Text | None = None
    roles: dict[str, Role] = {}

    @property
    def most(self) -> int:
        """How many tasks it can stand for."""
        return self.at_most or 1

    @field_validator("actions")
    @classmethod
    def _actions_are_unique(cls, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        names = [action.name for action in actions]
        if len(set(names)) != len(names) or not names:
            raise ValueError("`actions` names each action once, and at least one")
        return actions


class _Step(Model):
    name: Name
    title: Text
    then: Name | None = None


class TaskStep(_Step):
    """`task`: one officer decides.

    With ``rounds`` a refusal leads back, to be asked again about the next, so often and then to ``exhausted``.
    """

    kind: Literal["task"] = "task"
    of: tuple[TaskSpec, ...] = Field(min_length=1, max_length=1)
    join: Literal["all"] = "all"
    returned: Name | None = None
    rejected: Name | None = None
    rounds: int | None = Field(default=None, ge=1, le=20)
    exhausted: Name | None = None
    by_law: Name | None = None


class ConsultStep(_Step):
    """`consult`: several obligations at once, joined on all, any or k of n.

    With ``objections: reject`` an objection of a consulted agency refuses the application; otherwise it is advice.
    """

    kind: Literal["consult"] = "consult"
    of: tuple[TaskSpec, ...] = Field(min_length=1, max_length=20)
    join: Literal["all", "any"] | int = "all"
    objections: Literal["advise", "reject"] = "advise"
    returned: Name | None = None
    rejected: Name | None = None
    by_law: Name | None = None


class CorrectStep(_Step):
    """`correct`: back to the applicant, for the fields and documents that were named, a bounded number of rounds.

    ``until`` names a moment of the facts after which nothing can be mended any more. ``rules`` must hold of what was
    mended besides those of the form: ``before`` are the answers as they were.
    """

    kind: Literal["correct"] = "correct"
    within: Term
    until: Expression | None = None
    rules: tuple[Rule, ...] = ()
    rounds: int = Field(ge=1, le=20)
    then: Name
    lapsed: Name
    exhausted: Name


class AssessStep(_Step):
    """`assess`: the fee is computed, line by line, and bound to the case.

    Where more has been paid in the case than it now comes to, the step ``overpaid`` follows, if there is one.
    """

    kind: Literal["assess"] = "assess"
    overpaid: Name | None = None


class RefundStep(_Step):
    """`refund`: what has been paid beyond the fee is given back; an officer, or the law, has decided so before.

    By when, and under which law, is said once for all that the service gives back: `Refunds`.
    """

    kind: Literal["refund"] = "refund"


class CheckRule(Model):
    """One automatic rule: what must hold, and the sentences that say that it does not, or does."""

    code: Name
    must: Expression
    message: Text
    passed: Text | None = None
    law: str | None = None


class CheckStep(_Step):
    """`check`: rules that need nobody; where one does not hold, the step `failed` follows, with the reasons."""

    kind: Literal["check"] = "check"
    rules: tuple[CheckRule, ...] = Field(min_length=1)
    failed: Name


class WaitStep(_Step):
    """`wait`: nobody acts before a day or a moment has come, or before a term is over.

    ``until`` gives a day (``2026-04-01``: from its first second in the agency's zone) or an RFC 3339 moment, from the
    facts; it never waits longer than ``within``, which without it is the wait itself.
    """

    kind: Literal["wait"] = "wait"
    within: Term
    until: Expression | None = None


class HoldStep(_Step):
    """`hold`: nobody is asked; the process goes on when the cases around this one let it.

    ``answered_by: parent`` waits for the word of the case above, and after ``within`` goes to ``lapsed``. Otherwise
    ``within`` is the term, with ``ends`` up to the end of a working day or the close of the office, and ``pending``
    holds the process beyond it, while it is true of one of the cases below.

    With ``again`` the process goes back to that step, at most ``rounds`` times, where ``again_when`` is true of one of
    them, and then to ``exhausted``.
    """

    kind: Literal["hold"] = "hold"
    within: Term
    ends: End | None = None
    answered_by: Literal["parent"] | None = None
    rejected: Name | None = None
    lapsed: Name | None = None
    pending: Expression | None = None
    again_when: Expression | None = None
    again: Name | None = None
    rounds: int = Field(default=0, ge=0, le=5)
    exhausted: Name | None = None


class TallyStep(_Step):
    """`tally`: the cases below this one are looked at, and what is computed from them becomes facts of this case.

    Those count that were filed below it, in that order, and after them those that its tasks have started.

    ``words`` say to people what was found, over the facts as they then are.
    """

    kind: Literal["tally"] = "tally"
    facts: dict[FieldName, Expression] = Field(min_length=1)
    words: Text | None = None


class Tie(Model):
    """What orders cases of the same score."""

    by: Expression
    first: Literal["lowest", "highest"] = "lowest"


class RankStep(_Step):
    """`rank`: the cases below are ordered by what the tasks of the step ``scores`` gave, and facts follow from it.

    ``criteria`` and ``weights`` are lists over the facts; without weights all criteria weigh the same. In ``facts``
    ``children`` are those that were ranked, the best first, each with its ``rank`` and ``score``.
    """

    kind: Literal["rank"] = "rank"
    scores: Name
    criteria: Expression
    weights: Expression | None = None
    lowest: int = 0
    highest: int = 100
    ties: tuple[Tie, ...] = ()
    facts: dict[FieldName, Expression] = {}


class AnswerStep(_Step):
    """`answer`: the cases below that wait for this one are told what has become of them.

    Those of which ``when`` is true go on with ``approve``, ``reject`` or ``lapse``; what was decided before is
    reopened; with ``tell`` they wait on, and ``reasons`` is a message to them. ``facts`` become theirs, and the issued
    ``documents`` stand in them too.
    """

    kind: Literal["answer"] = "answer"
    action: Literal["approve", "reject", "lapse", "reopen", "tell"]
    when: Expression | None = None
    reasons: Text | None = None
    facts: dict[FieldName, Expression] = {}
    documents: tuple[Name, ...] = ()


class UnsealStep(_Step):
    """`unseal`: what was filed under seal below this case is opened, once its moment has come and two have opened."""

    kind: Literal["unseal"] = "unseal"


class PublishStep(_Step):
    """`publish`: a document is issued on the way; one of a listed kind stands in the public register from then on."""

    kind: Literal["publish"] = "publish"
    permits: tuple[Name, ...] = ()
    letter: Name | None = None

    @field_validator("permits", mode="before")
    @classmethod
    def _one_may_stand_alone(cls, issue: Any) -> Any:
        return (issue,) if isinstance(issue, str) else issue


BelowStep: TypeAlias = TallyStep | UnsealStep | RankStep | AnswerStep | PublishStep
"""Steps that answer at once and look at the cases below, or publish what came of it."""


class Parts(Model):
    """A bill that may be paid in parts: none smaller than ``least``, but for the rest of the bill.

    A part settles the lines in the order of the fee. ``unfinished`` says what becomes of parts whose bill is not paid
    to its end: they are kept and count when the fee is billed again, or they go back.
    """

    least: int = Field(default=1, ge=1)
    unfinished: Literal["keep", "refund"]


class PayStep(_Step):
    """`pay`: the assessed fee is billed; a bill of zero is settled at once.

    With ``overdue`` a bill whose term has passed leads back to an `assess`, for a new bill with what the delay costs,
    at most ``times`` times. ``credit`` says what was paid before counts: for the same `step` in runs of the process
    that came to nothing, or all in the `case`.
    """

    kind: Literal["pay"] = "pay"
    within: Term
    lapsed: Name
    overdue: Name | None = None
    times: int = Field(default=0, ge=0, le=11)
    credit: Literal["step", "case"] = "step"
    parts: Parts | None = None


class Branch(Model):
    """A way that is taken when the expression is true; ``when_words`` says it for people."""

    when: Expression
    when_words: Text | None = None
    then: Name


class ChooseStep(_Step):
    """`choose`: the first branch whose expression over ``facts`` is true, else `then`."""

    kind: Literal["choose"] = "choose"
    branches: tuple[Branch, ...] = Field(min_length=1)
    then: Name


class Later(Model):
    """What follows by itself, unless another process is opened before, with no execution open.

    ``after`` counts from the outcome, ``before_end`` back from the end of the permit that the outcome issues.
    """

    after: Term | None = None
    before_end: Term | None = None
    opens: Name

    @model_validator(mode="after")
    def _has_one_moment(self) -> Later:
        if (self.after is None) == (self.before_end is None):
            raise ValueError(
                "say when: `after: 1 years` (from the outcome) or `before_end: 30 d` (of the permit it issues)"
            )
        if self.before_end and self.before_end.unit not in ("d", "h"):
            raise ValueError("`before_end` counts back in days or hours, such as `30 d`")
        return self


class EnqueueStep(_Step):
    """`enqueue`: the case gets the next number of its region's line; it waits there once an outcome is `waitlisted`."""

    kind: Literal["enqueue"] = "enqueue"


class OutcomeStep(_Step):
    """`outcome`: how the episode ends, which documents it issues, and (for an appeal upheld) which process follows.

    ``later`` names the process that opens by itself after a term. ``forfeits`` is the law under which what was paid in
    the process is lost with it. ``law`` and ``reasons`` are those of an outcome that no person decides.
    """

    kind: Literal["outcome"] = "outcome"
    result: Literal["approved", "rejected", "lapsed", "waitlisted"]
    issue: tuple[Name, ...] = ()
    letter: Name | None = None
    needs_payment: bool = False
    opens: Name | None = None
    later: Later | None = None
    forfeits: str | None = None
    law: str | None = None
    reasons: Text | None = None

    @field_validator("issue", mode="before")
    @classmethod
    def _one_may_stand_alone(cls, issue: Any) -> Any:
        return (issue,) if isinstance(issue, str) else issue


Step = Annotated[
    TaskStep
    | ConsultStep
    | CorrectStep
    | CheckStep
    | AssessStep
    | RefundStep
    | PayStep
    | WaitStep
    | HoldStep
    | TallyStep
    | UnsealStep
    | RankStep
    | AnswerStep
    | PublishStep
    | ChooseStep
    | EnqueueStep
    | OutcomeStep,
    Field(discriminator="kind"),
]


class Process(Model):
    """One kind of episode: the steps in the order in which they follow unless `then` says otherwise.

    An appeal is ``against`` what these processes have decided, or against any that is no appeal itself; of several that
    may be opened the first is.
    ``opens_within`` is how long after the decision it may be opened (an appeal), with ``opens_until`` up to the end of
    a working day or the close of the office; ``within`` is its own legal term, in the place of the service's;
    ``clock`` tells whether the legal clock runs in it. ``opens_from`` are the statuses in which it may be opened,
    ``changes`` the fields that may be changed with it; ``asks`` are fields and ``brings`` documents that belong to it
    alone: they are answered anew each time, and nobody is asked for them before. What is opened by ``reopen`` is a
    supervisor's examination of what was granted. A process that is opened when it is ``due`` follows on an outcome by
    its ``later``; one opened by a ``round`` is for who is called to a place.
    """

    title: Text
    steps: tuple[Step, ...] = Field(min_length=1)
    opened_by: Literal["submit", "appeal", "renew", "amend", "resume", "reopen", "due", "round"] = "submit"
    opens_from: tuple[Literal["approved", "rejected", "lapsed", "waitlisted"], ...] = ()
    against: tuple[Name, ...] = ()
    opens_within: Term | None = None
    opens_until: End | None = None
    changes: tuple[FieldName, ...] = ()
    asks: tuple[FieldName, ...] = ()
    brings: tuple[Name, ...] = ()
    within: Term | None = None
    clock: bool = True

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses in which it may be opened: those it names, else the usual ones of who opens it."""
        usual = {
            "appeal": ("rejected",),
            "resume": ("lapsed",),
            "renew": ("approved",),
            "amend": ("approved",),
            "reopen": ("approved",),
        }
        return self.opens_from or usual.get(self.opened_by, ())

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def after(self, step: Step) -> str:
        """Give the name of the step that follows when nothing leads elsewhere."""
        return step.then or self.steps[self.steps.index(step) + 1].name


class LetterFact(Model):
    label: Text
    value: Expression
    money: bool = False


class LetterRow(Model):
    """A line for each case below this one that was opened: who, and what of it."""

    label: Text
    value: Expression
    money: bool = False


class Written(Model):
    """A paragraph that whoever signs may write, in both languages, before they sign.

    What they leave alone stands as ``text`` has it, and without one not at all. At most ``max_length`` characters in
    each language.
    """

    name: FieldName
    title: Text
    text: Text | None = None
    max_length: int = Field(default=2000, ge=1, le=5000)


class LetterBlock(Model):
    """One block of a letter; texts may hold ``{{ expression }}``. Exactly one kind of content.

    ``imposed`` prints the conditions that the officials have set, under the text, or nothing where they set none;
    ``written`` what the official who signs has written there.
    """

    paragraph: Text | None = None
    facts: tuple[LetterFact, ...] | None = None
    fee: bool = False
    reasons: bool = False
    conditions: tuple[Text, ...] | None = None
    imposed: Text | None = None
    note: Text | None = None
    each: LetterRow | None = None
    written: Written | None = None

    @model_validator(mode="after")
    def _has_one_content(self) -> LetterBlock:
        said = [name for name in type(self).model_fields if getattr(self, name) not in (None, False)]
        if len(said) != 1:
            raise ValueError(
                "a block is one of: paragraph, facts, fee, reasons, conditions, imposed, note, each, written"
            )
        return self


class Letter(Model):
    title: Text
    blocks: tuple[LetterBlock, ...]


class PermitKind(Model):
    """A document that stays valid and can be verified by its number: ``<prefix>-<year>-<ten characters>``.

    ``valid_for`` counts from the issue; with ``continues``, where one of the kind is in force, from that one's end.
    What is not ``listed`` can be verified by who knows the number, but does not stand in the public register.
    ``signed_by`` names the task or the step whose official signs it, on the paper of that official's office; otherwise
    whoever decided last signs for the service's own. Several names make it a paper that everybody signs who answered
    there, in that order.
    """

    title: Text
    prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,15}$")]
    letter: Name
    valid_for: Term | None = None
    continues: Literal[True] | None = None
    allows: Text
    signatory: Name
    signed_by: Name | tuple[Name, ...] | None = None
    listed: bool = True


NOTICES = (
    "case.submitted",
    "correction.requested",
    "payment.billed",
    "payment.received",
    "payment.received_in_part",
    "task.reminded",
    "outcome.approved",
    "outcome.rejected",
    "case.withdrawn",
    "case.lapsed",
    "permit.revoked",
    "permit.expired",
    "queue.joined",
    "place.called",
    "place.released",
    "refund.ordered",
    "message.posted",
)
"""The events of which the applicant may be told: history types, ``outcome.decided`` by its result, and
``payment.received`` by whether something is left to pay."""


class Notice(Model):
    """A message to the applicant when an event happens; texts may hold ``{{ expression }}`` over ids and facts."""

    subject: Text
    body: Text


class Publication(Model):
    """What the public register shows: facts by name, never the person."""

    facts: dict[FieldName, Text] = {}


class Reserve(Model):
    """Places kept for some who wait: ``percent`` of each region's, rounded half up, in the order of ``order``.

    ``order`` sorts as text, the first being the first served; who has one that is later than ``until`` does not belong
    to it yet. Both speak of facts, never of a person.
    """

    category: Name
    title: Text
    percent: int = Field(ge=1, le=100)
    order: Expression
    until: Expression
    law: str


class Beside(Model):
    """Who comes with somebody else of the same line: ``number`` gives that one's number, or nothing.

    Both must have given the same answer to each of ``same``.
    """

    number: Expression
    same: tuple[FieldName, ...] = Field((), max_length=10)


class Group(Model):
    """Some who come first in the second stage, at most ``percent`` of a region's places.

    One of these says who they are, else it is who comes next in the line: ``again``, those whose payment in the first
    stage failed, or was not made in time; ``order`` over the facts, which sorts them as text (nothing: none of them);
    ``beside``, those who come with somebody that holds a place of this round.
    """

    category: Name
    title: Text
    law: str
    percent: int | None = Field(None, ge=1, le=100)
    again: Literal["failed", "lapsed"] | None = None
    order: Expression | None = None
    beside: Beside | None = None


class SecondStage(Model):
    """Who gets the places that are left, so long ``after`` the round was opened, or its lots were drawn."""

    after: Term
    groups: tuple[Group, ...] = Field(min_length=1, max_length=10)


class Line(Model):
    """How a service that has fewer places than applicants lets them wait, and calls them in yearly rounds.

    ``region`` is a fact that shows a choice of the form. Places go by number, or with ``by: lot`` by a draw in each
    round (`functions.domain.lots`), which also decides between those of the same order in a reserve. ``places_a_year``
    is what a region can expect before any round was opened; the estimate of the wait by number rests on it.
    """

    region: FieldName
    law: str
    by: Literal["lot"] | None = None
    places_a_year: Expression | None = None
    reserves: tuple[Reserve, ...] = ()
    second_stage: SecondStage | None = None


class Deposit(Model):
    """What was paid in elsewhere before, and goes back in full when the case ends without what it was paid for."""

    amount: Expression
    currency: str = "IDR"


class Refunds(Model):
    """By when money goes back that a service has to give back, and under which law."""

    within: Term
    law: str


class Retention(Model):
    term: Term
    law: str
    erase_on_request: bool = False


class Unique(Model):
    """A field whose value only one submitted case may hold: for ever, or ``until`` it has ended without a grant."""

    field: FieldName
    until: Literal["ended"] | None = None


class Own(Model):
    """Who files for themselves writes their own number into ``field``; only who files for others may write another's.

    ``claim`` is what identifies the person at sign-in.
    """

    field: FieldName
    claim: Literal["employee_number"] = "employee_number"


class Above(Model):
    """The service below whose case a case of this one is filed, while that one waits at one of these steps."""

    service: Name
    at: tuple[Name, ...] = Field(min_length=1)


class Follows(Model):
    """A case may name, as its ``parent``, an earlier one of the same service that has come to nothing.

    ``statuses`` are how that one may have ended. The number of the document that announced it becomes the fact
    ``follows``.
    """

    statuses: tuple[Literal["rejected", "lapsed", "withdrawn"], ...] = Field(min_length=1)


class Sealed(Model):
    """Answers that nobody can read before a moment, which ``until`` gives over the facts of the case above.

    They are encrypted as they come in, and opened only after that moment and after two different people have completed
    the tasks to open them, one of each of the ``openers``. The documents that are brought with them are sealed too.
    """

    until: Expression
    openers: tuple[Role, Role]
    fields: tuple[FieldName, ...] = Field(min_length=1)
    law: str | None = None


class LegalBasis(Model):
    law: str
    title: Text
    unconfirmed: bool = False


class Service(Model):
    """Everything that the engine needs to know of one service."""

    code: Name
    version: int = Field(ge=1)
    prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,7}$")]
    title: Text
    summary: Text
    who: Text
    audience: tuple[Audience, ...] = Field(min_length=1)
    agency: Name
    filed_for_by: tuple[Role, ...] = ()
    supervisors: tuple[Role, ...] = Field(min_length=1)
    legal_basis: tuple[LegalBasis, ...]
    form: Form
    documents: tuple[DocumentKind, ...] = ()
    values: Constants = {}
    facts: dict[FieldName, Expression] = {}
    called: dict[FieldName, Called] = {}
    computed: dict[FieldName, Computed] = {}
    own: Own | None = None
    above: Above | None = None
    follows: Follows | None = None
    sealed: Sealed | None = None
    unique: tuple[Unique, ...] = ()
    fee: Fee | None = None
    line: Line | None = None
    deposit: Deposit | None = None
    refunds: Refunds | None = None
    clock: Clock
    processes: dict[Name, Process]
    permits: dict[Name, PermitKind] = {}
    letters: dict[Name, Letter] = {}
    notices: dict[str, Notice] = {}
    publication: Publication = Publication()
    retention: Retention
    withdrawable: bool = True

    @field_validator("unique", mode="before")
    @classmethod
    def _may_be_names(cls, unique: Any) -> Any:
        """A name alone is a field whose value is never free again."""
        fields = isinstance(unique, list | tuple)
        return [{"field": one} if isinstance(one, str) else one for one in unique] if fields else unique

    @property
    def constants(self) -> dict[str, Any]:
        """Give what expressions see as ``values``: those of the service, and those of its fee."""
        return {name: one.value for name, one in self.titled.items()}

    @property
    def titled(self) -> dict[str, Constant]:
        """Give the same with what people call them."""
        return {**self.values, **(self.fee.values if self.fee else {})}

    def words_of(self, fact: str, value: Any) -> Text | None:
        """Give what people call a value of a fact that no question asks, where it is one of a few codes."""
        called = self.called.get(fact)
        return called.words.get(str(value)) if called else None

    def process(self, name: str) -> Process:
        return self.processes[name]

    @property
    def asked_later(self) -> frozenset[str]:
        """Give the fields that are only asked by a process of their own."""
        return frozenset(name for process in self.processes.values() for name in process.asks)

    @property
    def brought_later(self) -> frozenset[str]:
        """Give the kinds of documents that are only brought with a process of their own."""
        return frozenset(kind for process in self.processes.values() for kind in process.brings)

    def document_kind(self, kind: str) -> DocumentKind | None:
        return next((document for document in self.documents if document.kind == kind), None)


class Agency(Model):
    """An office that takes part: its name on letters, its time zone and its working days.

    ``government`` is the body that it belongs to, ``place`` where its letters are dated.
    ``email`` is the mailbox of its supervisors, who are told there of alarms. ``single_holder`` names the roles that
    one official holds, so that two different people can never share them.
    """

    code: Name
    name: Text
    government: str | None = None
    address: str
    place: str
    email: str | None = None
    zone: str = "Asia/Jakarta"
    calendar: Name = "indonesia"
    roles: dict[Name, Text]
    single_holder: tuple[Name, ...] = ()
    signatories: dict[Name, Text] = {}

    @model_validator(mode="after")
    def _knows_its_single_holders(self) -> Agency:
        unknown = [role for role in self.single_holder if role not in self.roles]
        if unknown:
            raise ValueError(f"`single_holder` names {unknown[0]}, which is no role here")
        return self
