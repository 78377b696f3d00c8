"""What an answer issues: the documents that it leads to, what stands in them, and who signs.

    the answer as it would be ▶ letters, shown to whoever signs ▶ fingerprint ─┬▶ noted with the answer
                                                                              └▶ compared by the step that issues

A fingerprint speaks of everything but the number and the day, which a document gets when it is issued. So what is
signed is what was shown, whichever execution comes to sign it, and however often it tries.

Initials are put on the text before it is signed: their fingerprint leaves the signatories out too, and whoever checks
the document can be told whether it still is that text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import events
from functions.domain import episodes, history, waits
from functions.domain.case import Case, Permit, Task, Writer
from functions.domain.clock import Calendar
from functions.domain.episodes import Decision
from functions.domain.errors import Conflict, Fault, Invalid, LoketError
from functions.domain.expression import holds
from functions.domain.letter import Letter, Signatory
from functions.domain.service import (
    Agency,
    ChooseStep,
    ConsultStep,
    CorrectStep,
    OutcomeStep,
    PermitKind,
    Process,
    PublishStep,
    Service,
    TaskStep,
    Text,
    Written,
)
from functions.domain.waits import Verdict

OfficeOf = Callable[[str], Agency]
DrawingOf = Callable[..., "Drawing"]
"""Gives what letters are drawn from: of a case, its service, and the names of the letters."""
Words = dict[str, dict[str, str]]
Hand = Literal["own", "shared", "initials", "another"]
_SIGNING = ("decide", "open")
Issues = OutcomeStep | PublishStep
NOT_YET = "…"
"""What stands in the place of a number that is given when the document is issued."""


class LetterChanged(Conflict):
    """The letter is not any more what was shown to whoever signs it."""

    title = {"id": "Surat sudah berubah", "en": "The letter has changed"}


@dataclass(frozen=True)
class Paper:
    """One document: ``letter`` is its content, ``kind`` that of a permit, ``permit`` how the service describes it."""

    letter: str
    kind: str | None = None
    permit: PermitKind | None = None

    @property
    def signatory(self) -> str:
        return self.permit.signatory if self.permit else "head"

    @property
    def signed_by(self) -> str | tuple[str, ...] | None:
        return self.permit.signed_by if self.permit else None


@dataclass(frozen=True)
class Drawing:
    """What a letter is drawn from besides the case; ``children`` are those below it where a letter names them."""

    office_of: OfficeOf
    calendar: Calendar
    children: Sequence[Mapping[str, Any]] = ()


# -- which documents


def led_to(case: Case, service: Service, task: Task, action: str) -> Issues | None:
    """Give the step that issues documents right after this answer: nobody is asked, nothing is computed before.

    Where others are asked at the same time, an answer leads on that is the last one, or that decides for all.
    """
    step = waits.step_of(case, service, task.key)
    if not isinstance(step, TaskStep | ConsultStep):
        return None
    process = service.process(case.episodes[task.episode - 1].process)
    verdict = waits.verdict_after(case, service, task, action)
    after = _after(process, step, verdict) if verdict else None
    if verdict and verdict.error == "Returned" and not waits.rounds_left(case, service, task):
        after = _when_exhausted(process, after)
    return _issuing(case, service, process, after, ())


def prepared(case: Case, service: Service, task: Task, action: str) -> Issues | None:
    """Give the step whose documents lie before whoever answers so.

    It comes right after the answer, or once others who are asked at the same time have signed the same paper or have
    agreed too, or what bears the initials.
    """
    direct = led_to(case, service, task, action)
    spec, step = waits.spec_of(case, service, task), waits.step_of(case, service, task.key)
    if direct or spec is None or not isinstance(step, TaskStep | ConsultStep):
        return direct
    process = service.process(case.episodes[task.episode - 1].process)
    after = _agreed(process, step)
    if spec.initials:
        signed = _issuing(case, service, process, after, (TaskStep, ConsultStep))
        return signed if action in waits.IN_FAVOUR else None
    together = _issuing(case, service, process, after, ())
    signing = papers(service, together) if together else ()
    agrees = isinstance(step, ConsultStep) and action in waits.IN_FAVOUR
    return together if agrees or any(_signs_with_others(paper, task) for paper in signing) else None


def _issuing(
    case: Case, service: Service, process: Process, after: str | None, through: tuple[type, ...]
) -> Issues | None:
    """Follow a process by the facts up to the next step that issues; on the way only these kinds are agreed to."""
    for _ in process.steps:
        found = process.step(after) if after else None
        if isinstance(found, OutcomeStep | PublishStep):
            return found if papers(service, found) else None
        if isinstance(found, ChooseStep):
            ways = (branch.then for branch in found.branches if holds(branch.when, {"facts": case.facts}))
            after = next(ways, found.then)
        elif isinstance(found, TaskStep | ConsultStep) and isinstance(found, through):
            after = _agreed(process, found)
        else:
            return None
    return None


def _agreed(process: Process, step: TaskStep | ConsultStep) -> str | None:
    return step.then or _following(process, step.name)


def _after(process: Process, step: TaskStep | ConsultStep, verdict: Verdict) -> str | None:
    """Give the step to which the verdict of a wait leads."""
    if verdict.error is None:
        return _agreed(process, step)
    return {"Rejected": step.rejected, "Returned": step.returned}.get(verdict.error)


def _when_exhausted(process: Process, name: str | None) -> str | None:
    correct = process.step(name) if name else None
    return correct.exhausted if isinstance(correct, CorrectStep) else None


def _following(process: Process, name: str) -> str | None:
    names = [step.name for step in process.steps]
    return next(iter(names[names.index(name) + 1 :]), None)


def papers(service: Service, step: Issues) -> tuple[Paper, ...]:
    """Give the documents that a step issues, in order."""
    kinds = step.issue if isinstance(step, OutcomeStep) else step.permits
    permits = [Paper(service.permits[kind].letter, kind, service.permits[kind]) for kind in kinds]
    return (*permits, *((Paper(step.letter),) if step.letter else ()))


def writable(case: Case, service: Service, task: Task, action: str) -> tuple[Written, ...]:
    """Give the paragraphs that whoever answers so may write: who only advises writes in nobody's letter.

    Of several who decide together each may, and sees what those before have written; the last word counts.
    """
    decides = task.kind in _SIGNING and not puts_initials(case, service, task)
    step = prepared(case, service, task, action) if decides else None
    return tuple(
        block.written
        for paper in (papers(service, step) if step else ())
        for block in service.letters[paper.letter].blocks
        if block.written
    )


# -- what stands in them


def draw(
    case: Case,
    service: Service,
    drawing: Drawing,
    paper: Paper,
    decision: Decision,
    *,
    episode: int,
    step: str,
    number: str,
    now: datetime,
    url: str,
    valid_until: datetime | None = None,
    unsigned: bool = False,
) -> Letter:
    """Give one document of a step as it is issued at this moment, or ``unsigned``, before all have signed."""
    # Few commands draw a letter: what composes one is loaded with the first.
    from functions.domain import letters

    by_hand = decision.by != "law"
    to_come = unsigned and not isinstance(paper.signed_by, tuple)
    signing = signers(case, service, episode, paper) if by_hand and not to_come else []
    signed = [_signatory(drawing.office_of, signer, paper.signatory) for signer in signing]
    office = (
        signing[-1].role.partition("/")[0] if signing and isinstance(paper.signed_by, str) else case.agency
    )
    if to_come:
        own = drawing.office_of(case.agency)
        signed = [Signatory(name=NOT_YET, title=own.signatories.get(paper.signatory) or own.name)]
    return letters.compose(
        case,
        service,
        drawing.office_of(office),
        drawing.calendar,
        letter=paper.letter,
        number=number,
        signatory=signed[-1] if signed else None,
        cosignatories=tuple(signed[:-1]),
        reasons=decision.reasons,
        by_law=decision.law,
        now=now,
        url=url,
        valid_until=valid_until,
        children=drawing.children,
        written=_written(case, service, episode, step) if by_hand else None,
    )


def valid_until(case: Case, drawing: Drawing, paper: Paper, now: datetime) -> datetime | None:
    """Give up to when a document is valid issued now; where it continues another, from that one's end."""
    permit = paper.permit
    if permit is None or paper.kind is None or permit.valid_for is None:
        return None
    since = episodes.valid_from(case, paper.kind, now) if permit.continues else now
    return drawing.calendar.due(since, permit.valid_for)


def signers(case: Case, service: Service, episode: int, paper: Paper) -> list[Task]:
    """Give the answers of those who sign a document, the signatory's last; who was silent signs nothing.

    One signs: who decided last, or last at the task or the step that the service names. Where it names several, all do.
    """
    done = sorted(
        (task for task in case.tasks.values() if task.episode == episode and task.state == "done"),
        key=lambda task: task.version,
    )
    if isinstance(paper.signed_by, tuple):
        # Who answered in several rounds signs once, by the last word.
        last = {(name, task.name): task for name in paper.signed_by for task in done if _is_named(task, name)}
        return list({task.id: task for task in last.values()}.values())
    decided = [
        task for task in done if task.kind in _SIGNING and paper.signed_by in (None, task.name, task.step)
    ]
    return [task for task in decided if not puts_initials(case, service, task)][-1:]


def _is_named(task: Task, name: str) -> bool:
    """Tell whether a name means this task: its own, that of its step, or that of the several it is one of."""
    return name in (task.name, task.step) or task.name.startswith(f"{name}-")


def hand(case: Case, service: Service, task: Task, action: str) -> Hand:
    """Tell what an answer does to the letters before whoever gives it: sign, alone or with others, initial, advise."""
    if puts_initials(case, service, task):
        return "initials"
    step = prepared(case, service, task, action)
    if step and any(_signs_with_others(paper, task) for paper in papers(service, step)):
        return "shared"
    decides = task.kind in _SIGNING and led_to(case, service, task, action)
    return "own" if decides else "another"


def _signs_with_others(paper: Paper, task: Task) -> bool:
    by = paper.signed_by
    return isinstance(by, tuple) and any(_is_named(task, name) for name in by)


def puts_initials(case: Case, service: Service, task: Task) -> bool:
    spec = waits.spec_of(case, service, task)
    return bool(spec and spec.initials)


def _answer_before(case: Case, service: Service, episode: int, step: str) -> Task | None:
    """Give the last answer before a step that issues, if it led there; who agreed by silence has said nothing."""
    said = (
        task
        for task in case.tasks.values()
        if task.episode == episode and task.action
        if task.state == "done" or task.action not in waits.IN_FAVOUR
    )
    last = max(said, key=lambda task: task.version, default=None)
    leads = led_to(case, service, last, last.action) if last and last.action else None
    return last if leads and leads.name == step else None


def _written(case: Case, service: Service, episode: int, step: str) -> Words:
    """Give what the officials who were asked together have written, the last word counting."""
    return {
        name: words for task in _writers(case, service, episode, step) for name, words in task.words.items()
    }


def _writers(case: Case, service: Service, episode: int, step: str) -> list[Task]:
    """Give the answers of those who wrote in what a step issues, in order: who answered for something else did not."""
    answered = [task for task in case.tasks.values() if task.episode == episode and task.state == "done"]
    last = max(answered, key=lambda task: task.version, default=None)
    together = sorted(case.tasks_of(*last.key), key=lambda task: task.version) if last else []
    return [task for task in together if task.words and _is_for(case, service, task, step)]


def _is_for(case: Case, service: Service, task: Task, step: str) -> bool:
    """Tell whether an answer was for what a step issues: who agreed had the letter in mind to which all agree."""
    asked = waits.step_of(case, service, task.key)
    if isinstance(asked, ConsultStep) and task.action in waits.IN_FAVOUR:
        process = service.process(case.episodes[task.episode - 1].process)
        issues = _issuing(case, service, process, _agreed(process, asked), ())
    else:
        issues = prepared(case, service, task, task.action or "")
    return issues is not None and issues.name == step


def written_before(case: Case, service: Service, task: Task, action: str) -> dict[str, Task]:
    """Give by paragraph the last answer before this one whose words stand in the letter."""
    step = prepared(case, service, task, action)
    before = (one for one in case.tasks_of(*task.key) if one.id != task.id and one.words)
    writers = sorted(before, key=lambda one: one.version)
    return {
        name: one for one in writers if step and _is_for(case, service, one, step.name) for name in one.words
    }


def _signatory(office_of: OfficeOf, signer: Task, role: str) -> Signatory:
    """Name the official who decided; whoever has no title of their own signs by that of the service's ``role``."""
    code, _, held = signer.role.partition("/")
    agency = office_of(code)
    title = (
        agency.signatories.get(held) or agency.roles.get(held) or agency.signatories.get(role) or agency.name
    )
    return Signatory(name=signer.done_name or signer.done_by or agency.name.id, title=title)


# -- what was shown is what is signed


def shown(
    case: Case, service: Service, drawing: Drawing, task: Task, *, now: datetime | None = None
) -> list[Letter]:
    """Give the letters of an answer that has just been given, without number; ``now`` is the day that they bear."""
    step = prepared(case, service, task, task.action or "")
    if step is None:
        return []
    unsigned = led_to(case, service, task, task.action or "") is None
    decision = episodes.decision_of(case, service, task.episode, _result(step))
    day = now or case.submitted_at or task.opened_at
    return [
        draw(
            case, service, drawing, paper, decision,
            episode=task.episode, step=step.name, number=NOT_YET, now=day, url="",
            valid_until=valid_until(case, drawing, paper, now) if now else None, unsigned=unsigned,
        )
        for paper in papers(service, step)
    ]  # fmt: skip


def _result(step: Issues) -> str:
    return step.result if isinstance(step, OutcomeStep) else "approved"


def fingerprint(case: Case, service: Service, drawing: Drawing, task: Task) -> str:
    """Give the digest of all that stands in the letters of an answer, but for the number and the day."""
    return history.digest([_stands_in(letter) for letter in shown(case, service, drawing, task)])


def _stands_in(letter: Letter, *but: str) -> dict[str, Any]:
    alone = () if letter.cosignatories else ("cosignatories",)
    left_out = {"number", "date", "created_at", "verification_url", *alone, *but}
    return letter.model_dump(mode="json", exclude=left_out)


# -- initials


def _text_of(letter: Letter) -> str:
    """Give the digest of the text of a letter, whoever signs it on whose paper."""
    return history.digest(_stands_in(letter, "letterhead", "place", "signatory", "cosignatories"))


def initialled_text(
    case: Case,
    service: Service,
    drawing: Drawing,
    paper: Paper,
    decision: Decision,
    *,
    episode: int,
    step: str,
) -> str | None:
    """Give the digest of the text of a document that is issued now, as initials speak of it: without number and day.

    ``None`` where nobody has put any on it.
    """
    if not initials_on(case, episode, paper.letter):
        return None
    day = case.submitted_at or case.episodes[episode - 1].opened_at
    letter = draw(
        case, service, drawing, paper, decision, episode=episode, step=step, number=NOT_YET, now=day, url=""
    )
    return _text_of(letter)


def put_initials(writer: Writer, service: Service, task: Task, drawing_of: DrawingOf) -> None:
    """Note with an answer that has just been given on which text it puts its initials, if it puts any."""
    case = writer.case
    step = prepared(case, service, task, task.action or "")
    if step is None or not puts_initials(case, service, task):
        return
    names = [paper.letter for paper in papers(service, step)]
    drawn = shown(case, service, drawing_of(case, service, names), task)
    texts = {name: _text_of(letter) for name, letter in zip(names, drawn, strict=True)}
    writer.add(events.LetterInitialled(task=task.id, letters=texts))


def initials_on(case: Case, episode: int, letter: str) -> list[Task]:
    """Give the tasks at which initials were put on a letter in an episode, in order; of several rounds the last."""
    put = [task for task in case.tasks.values() if task.episode == episode and letter in task.initials]
    last = {task.name: task for task in sorted(put, key=lambda task: task.version)}
    return sorted(last.values(), key=lambda task: task.version)


def hands_on(case: Case, permit: Permit, letter: str) -> tuple[list[Task], list[Task]]:
    """Give the tasks of those who have signed a permit, where they are several, and put their initials on it."""
    return [case.tasks[name] for name in permit.signed], initials_on(case, permit.episode, letter)


def demand_as_shown(case: Case, service: Service, drawing: Drawing, task: Task) -> None:
    """Raise `LetterChanged` where the letters of an answer are not those whose fingerprint came with it."""
    if task.letter and fingerprint(case, service, drawing, task) != task.letter:
        raise LetterChanged(
            {
                "id": "Surat ini tidak lagi sama dengan yang Anda lihat. Periksa sekali lagi sebelum menandatangani.",
                "en": "The letter is not any more what you saw. Look at it once more before you sign.",
            }
        )


def demand_as_signed(case: Case, service: Service, drawing: Drawing, episode: int, step: str) -> None:
    """Raise where a step would issue something else than its official was shown: nothing is signed then.

    Of several who were asked together it is the last one who saw all that the others had said.
    """
    task = _answer_before(case, service, episode, step)
    if task and task.letter and fingerprint(case, service, drawing, task) != task.letter:
        raise LoketError("the letter is not what was shown to whoever signed it")


# -- what is written in them


def read_words(case: Case, service: Service, task: Task, action: str, data: Mapping[str, Any]) -> Words:
    """Read what an official has written into a letter; raises `Invalid` with all that is wrong.

    Each paragraph stands in both languages. One that is left blank counts as not written.
    """
    given = _object(data.get("words", {}), "/data/letter/words")
    known = {one.name: one for one in writable(case, service, task, action)}
    faults = [Fault(f"/data/letter/words/{name}", _UNKNOWN) for name in given if name not in known]
    read: Words = {}
    for name in known.keys() & given.keys():
        pair = _object(given[name], f"/data/letter/words/{name}")
        said = {language: _line(pair.get(language)) for language in ("id", "en")}
        for language, text in said.items():
            fault = _fault(text, known[name], any(said.values()))
            faults += [Fault(f"/data/letter/words/{name}/{language}", fault)] if fault else []
        if all(said.values()):
            read[name] = {language: str(text) for language, text in said.items()}
    if faults:
        raise Invalid(faults)
    return read


def read_shown(case: Case, service: Service, task: Task, action: str, data: Mapping[str, Any]) -> str | None:
    """Read the fingerprint of the letter that the official says to have seen; raises `Invalid` for what can be none."""
    given = data.get("shown")
    if given is None:
        return None
    fits = isinstance(given, str) and len(given) == len(history.ZEROS)
    if not fits or prepared(case, service, task, action) is None:
        raise Invalid([Fault("/data/letter/shown", _NO_LETTER if fits else _NO_FINGERPRINT)])
    return str(given)


def _object(value: Any, pointer: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid([Fault(pointer, {"id": "Harus berupa objek.", "en": "Must be an object."})])
    return value


def _line(text: Any) -> str | None:
    """A paragraph is one run of words, however it was typed; ``None`` for what is no text."""
    return " ".join(text.split()) if isinstance(text, str) else "" if text is None else None


def _fault(text: str | None, written: Written, wanted: bool) -> Mapping[str, str] | None:
    if text is None:
        return {"id": "Harus berupa teks.", "en": "Must be a text."}
    if wanted and not text:
        return {"id": "Tulis dalam kedua bahasa.", "en": "Write it in both languages."}
    if len(text) > written.max_length:
        return {
            "id": f"Paling banyak {written.max_length} huruf.",
            "en": f"At most {written.max_length} characters.",
        }
    return None


def standing(case: Case, service: Service, drawing: Drawing, task: Task, action: str) -> dict[str, Text]:
    """Give what stands in each paragraph that may be written, as long as nobody has written it."""
    from functions.domain import letters

    contexts = letters.contexts_of(
        case, service, drawing.calendar, now=case.submitted_at or task.opened_at, number=NOT_YET
    )
    return {
        one.name: letters.filled(one.text, contexts)
        for one in writable(case, service, task, action)
        if one.text
    }


_NO_FINGERPRINT = {"id": "Bukan sidik surat.", "en": "This is no fingerprint of a letter."}
_NO_LETTER = {
    "id": "Jawaban ini tidak langsung menerbitkan surat.",
    "en": "This answer issues no letter at once.",
}
_UNKNOWN = {"id": "Surat ini tidak memuat bagian itu.", "en": "The letter has no such part."}
