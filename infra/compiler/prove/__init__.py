"""Pass 3, prove: before a service is compiled it is shown that it can be run, and run lawfully.

Each module holds the proofs of one question. A proof is a generator of findings over a `Subject`; it has its own
code, says what to do, and has a test with a service that breaks just this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from functions.domain.service import Agency, Service
from infra.compiler.finding import Finding
from infra.compiler.prove import (
    below,
    bounds,
    children,
    each,
    flow,
    lines,
    money,
    names,
    people,
    seals,
    texts,
    words,
)
from infra.compiler.prove.subject import Subject

Proof = Callable[[Subject], Iterator[Finding]]

GROUPS: tuple[tuple[Proof, ...], ...] = (
    names.PROOFS,
    (
        *flow.PROOFS,
        *people.PROOFS,
        *money.PROOFS,
        *words.PROOFS,
        *children.PROOFS,
        *each.PROOFS,
        *below.PROOFS,
        *lines.PROOFS,
        *seals.PROOFS,
        *texts.PROOFS,
    ),
    (
        *words.OF_THE_EXAMPLE,
        *children.OF_THE_EXAMPLE,
        *each.OF_THE_EXAMPLE,
        *lines.OF_THE_EXAMPLE,
        *bounds.PROOFS,
    ),
)
"""In this order: ways to nowhere cannot be walked, loops have no length, and unreadable expressions no value."""


def prove(
    service: Service,
    agencies: Mapping[str, Agency],
    services: Mapping[str, Service] | None = None,
    calendars: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Finding]:
    """Give what the first group of proofs with findings found; an empty list means that the service is proven.

    ``services`` are those of which it may start cases, ``calendars`` the data of those that the agencies keep.
    """
    subject = Subject(service, agencies, services or {}, calendars or {})
    for group in GROUPS:
        findings = [finding for proof in group for finding in proof(subject)]
        if findings:
            return findings
    return []
