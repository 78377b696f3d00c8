"""What can go wrong, named once; every layer raises these and no other.

LoketError
├── Unauthenticated        401  no valid token
├── Forbidden              403  a right or a rule says no (``rule`` names it)
├── NotFound               404  unknown, or not for this person's eyes
│   ├── CaseUnknown
│   ├── TaskUnknown
│   ├── ServiceUnknown
│   └── DocumentMissing
├── Conflict               409  the case has moved on
│   ├── TaskTaken               somebody else holds or has done the task
│   ├── NotNow                  this status does not allow it
│   │   └── TooLate                 what is filed until a moment came after it (``closed_at``)
│   ├── DocumentNotReady        not yet arrived, verified and clean
│   └── Duplicate               a value that may be used only once
├── Stale                  412  If-Match names an older version
├── TooLarge               413
├── Invalid                422  the content is wrong (``faults`` lists every one)
│   └── KeyReused               an Idempotency-Key with another body
├── Malformed              400  the request itself cannot be read
├── DependencyDown         503  an outside system does not answer; try again
├── CommitConflict              another writer was first; load and decide again
└── (raised by steps, caught by name in the definitions)
    ├── Superseded              a newer execution drives the case
    ├── CaseClosed              the case has ended while the execution waited
    └── RoundsExhausted         the applicant has used up all corrections
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Text = Mapping[str, str]


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a submitted content: where (JSON Pointer) and what, in both languages."""

    pointer: str
    message: Text


class LoketError(Exception):
    """The root. ``message`` is safe to show, in both languages; ``code`` names the problem type."""

    status = 500
    title: Text = {"id": "Terjadi kesalahan", "en": "Something went wrong"}

    def __init__(self, message: Text | str, *, code: str | None = None, **facts: object) -> None:
        self.message: Text = {"id": message, "en": message} if isinstance(message, str) else message
        self.code = code or _kebab(type(self).__name__)
        self.facts = facts
        super().__init__(self.message["en"])


class Unauthenticated(LoketError):
    status = 401
    title = {"id": "Silakan masuk", "en": "Sign in first"}


class Forbidden(LoketError):
    """``rule`` names the rule of the rights table that says no, e.g. ``four_eyes``."""

    status = 403
    title = {"id": "Tidak diizinkan", "en": "Not allowed"}

    def __init__(self, rule: str, message: Text | str, **facts: object) -> None:
        super().__init__(message, code=rule.replace("_", "-"), rule=rule, **facts)
        self.rule = rule


class NotFound(LoketError):
    status = 404
    title = {"id": "Tidak ditemukan", "en": "Not found"}


class CaseUnknown(NotFound):
    pass


class TaskUnknown(NotFound):
    pass


class QuestionUnknown(NotFound):
    title = {"id": "Pertanyaan tidak ditemukan", "en": "No such question"}


class ServiceUnknown(NotFound):
    pass


class DocumentMissing(NotFound):
    pass


class Conflict(LoketError):
    status = 409
    title = {"id": "Keadaan berkas sudah berubah", "en": "The case has moved on"}


class TaskTaken(Conflict):
    """``by`` and ``at`` say who holds or has done the task, and since when."""


class NotNow(Conflict):
    pass


class TooLate(NotNow):
    pass


class DocumentNotReady(Conflict):
    pass


class Duplicate(Conflict):
    pass


class Stale(LoketError):
    status = 412
    title = {"id": "Versi sudah usang", "en": "Out of date"}


class TooLarge(LoketError):
    status = 413
    title = {"id": "Terlalu besar", "en": "Too large"}


class Invalid(LoketError):
    status = 422
    title = {"id": "Isian belum benar", "en": "The content is not valid"}

    def __init__(self, faults: Sequence[Fault], message: Text | str | None = None) -> None:
        default = {
            "id": f"Ada {len(faults)} hal yang perlu diperbaiki.",
            "en": f"{len(faults)} thing{'s' if len(faults) != 1 else ''} to mend.",
        }
        super().__init__(message or default)
        self.faults = tuple(faults)


class KeyReused(Invalid):
    def __init__(self) -> None:
        super().__init__(
            (),
            {
                "id": "Idempotency-Key ini sudah dipakai untuk isi yang lain. Pakai kunci baru.",
                "en": "This Idempotency-Key was used with another body. Use a new key.",
            },
        )


class Malformed(LoketError):
    status = 400
    title = {"id": "Permintaan tidak terbaca", "en": "The request cannot be read"}


class DependencyDown(LoketError):
    status = 503
    title = {"id": "Sistem lain sedang tidak menjawab", "en": "Another system does not answer"}


class CommitConflict(LoketError):
    status = 409


class Superseded(LoketError):
    pass


class CaseClosed(LoketError):
    pass


class RoundsExhausted(LoketError):
    pass


class StepVerdict(LoketError):
    """How a step that answers at once sends its process another way: recorded, then raised, again on each repeat.

    The definition catches it by the name of its class.
    """


class ChecksFailed(StepVerdict):
    pass


class Overpaid(StepVerdict):
    pass


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
