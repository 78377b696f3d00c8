"""The event bus: what has happened to cases, for whoever listens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.domain.errors import DependencyDown

SOURCE = "loket"
ROUNDS = "loket.rounds"
_MOST_ENTRIES = 10


class EventBus:
    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def publish(self, happenings: Sequence[Mapping[str, Any]], *, source: str = SOURCE) -> None:
        """Put events on the bus, ten a call; raises `DependencyDown` if any is not taken, so that all come again.

        What is no event of a case has another ``source``, so that no consumer of cases is woken by it.
        """
        entries = [
            {
                "EventBusName": self._name,
                "Source": source,
                "DetailType": happening["event"]["type"],
                "Detail": json.dumps(happening, separators=(",", ":")),
            }
            for happening in happenings
        ]
        for start in range(0, len(entries), _MOST_ENTRIES):
            try:
                answer = self._client.put_events(Entries=entries[start : start + _MOST_ENTRIES])
            except (ClientError, BotoCoreError) as error:
                raise DependencyDown("the event bus does not answer") from error
            if answer["FailedEntryCount"]:
                raise DependencyDown("the event bus did not take every event")
