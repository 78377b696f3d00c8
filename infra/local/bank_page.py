"""The counter of the stand-in bank: a bill, and what may happen to it."""

from __future__ import annotations

from functions.domain import numbers
from functions.domain.errors import LoketError
from functions.runtime.wiring import ports
from infra.local.bank import OUTCOMES, Bank, Post
from infra.local.pages import Answer, Asked, page, see_other

COUNTER = "/local/bank/"
_DIGITS = 16


class BankPages:
    """Answers below ``/local/bank/``; paying makes the bank send its notification through ``post``."""

    def __init__(self, bank: Bank, post: Post) -> None:
        self._bank, self._post = bank, post

    def answer(self, asked: Asked) -> Answer | None:
        """Give ``None`` for what is not the bank's."""
        if not asked.path.startswith(COUNTER):
            return None
        payment = asked.path.removeprefix(COUNTER)
        case_id = numbers.case_of(payment, "p")
        try:
            bill = ports.cases.load(case_id).case.payments.get(payment) if case_id else None
        except LoketError:
            bill = None
        if bill is None:
            return page(asked, "no-bill.html", {}, status=404)
        if asked.method == "POST" and asked.field("outcome") in OUTCOMES:
            part = asked.field("amount")
            told = {"amount": int(part)} if part.isdecimal() and len(part) < _DIGITS else {}
            self._bank.pay({"payment": payment, "outcome": asked.field("outcome"), **told}, self._post)
            return see_other(f"/cases/{case_id}")
        return page(asked, "bank.html", {"bill": bill, "case": case_id, "action": asked.path})
