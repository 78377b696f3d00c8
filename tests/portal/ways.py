"""How a building permit comes to each place on its way, by the people who bring it there."""

from __future__ import annotations

from infra.driver import CaseDriver

WANTED = {
    "fields": [{"pointer": "/floors", "message": "The drawings show three floors."}],
    "documents": [{"kind": "site-plan", "message": "The scale is missing."}],
}
"""What the technical team asks for when it returns the case."""


def review(case: CaseDriver) -> CaseDriver:
    """Let it be found complete: three offices are asked."""
    return case.act("pupr/secretariat", "approve", task="completeness")


def answer(case: CaseDriver, action: str, **said: object) -> CaseDriver:
    """Let the technical team answer so, and the other offices agree."""
    for task in case.case.open_tasks():
        if task.kind == "decide":
            case.act(task.role, action, task=task.name, **said)  # type: ignore[arg-type]
        else:
            case.act(task.role, "no_objection", task=task.name)
    return case


def give_back(case: CaseDriver) -> CaseDriver:
    """Return it for the number of floors and the site plan."""
    return answer(case, "return", comment="Mend this.", data=WANTED)


def bill(case: CaseDriver) -> CaseDriver:
    """Let it be examined: the fee is to be paid."""
    return answer(case, "approve").act("pupr/head", "approve", task="statement")


def grant(case: CaseDriver) -> CaseDriver:
    """Let it be paid and signed."""
    case.pay()
    return case.act("dpmptsp/head", "approve", task="sign-permit")
