"""Delegations for leave, in the case table under the user who is lent the role."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from functions.domain.identity import Delegation

if TYPE_CHECKING:
    from functions.adapters.dynamodb import CaseTable


class DelegationTable:
    """Each delegation is kept twice: under who lends (to change it) and under who acts (to read it at sign-in)."""

    def __init__(self, table: CaseTable) -> None:
        self._table = table

    def of(self, username: str) -> tuple[Delegation, ...]:
        """Give what others have lent to this user."""
        found = self._table.under(f"DELEGATE#{username}").items
        return tuple(_read(item) for item in found)

    def lend(self, from_user: str, to: str, roles: Sequence[str], since: str, until: str) -> None:
        """Lend the roles; an earlier delegation of the same user ends. ``since`` and ``until`` are RFC 3339."""
        self.end(from_user)
        # First what `end` goes by, so that a delegation that was cut off half-way can be taken back whole.
        self._table.put(
            "DELEGATOR", from_user, {"to": to, "roles": list(roles), "since": since, "until": until}
        )
        for role in roles:
            body = {"role": role, "from_user": from_user, "since": since, "until": until}
            self._table.put(f"DELEGATE#{to}", f"{from_user}#{role}", body)

    def end(self, from_user: str) -> None:
        """Take back what this user has lent."""
        standing = self._table.get("DELEGATOR", from_user)
        if standing:
            for role in standing["roles"]:
                self._table.delete(f"DELEGATE#{standing['to']}", f"{from_user}#{role}")
            self._table.delete("DELEGATOR", from_user)

    def standing(self, from_user: str) -> dict[str, object] | None:
        """Give what this user has lent, if anything."""
        return self._table.get("DELEGATOR", from_user)


def _read(item: dict[str, str]) -> Delegation:
    since, until = datetime.fromisoformat(item["since"]), datetime.fromisoformat(item["until"])
    return Delegation(item["role"], item["from_user"], since, until)
