"""Where AWS does not answer: one translation of botocore's errors for the adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from functions.domain.errors import DependencyDown, Text

Refusals = Mapping[str, Callable[[str], Exception]]


@contextmanager
def translated(service: str, down: Text | str, refusals: Refusals | None = None) -> Iterator[None]:
    """Turn every error of a call into `DependencyDown`; ``refusals`` makes others of AWS's own codes.

    ``down`` is what people are told, ``service`` and the code go along as facts.
    """
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if refusals and code in refusals:
            raise refusals[code](code) from error
        raise DependencyDown(down, service=service, reason=code) from error
    except BotoCoreError as error:
        raise DependencyDown(down, service=service, reason=type(error).__name__) from error
