"""When personal content may be erased, and by which rule."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.domain import episodes, retention
from functions.domain.errors import NotNow
from functions.domain.service import Retention
from tests.builders import PERMIT, Walk, calendar_of

TERM = timedelta(days=3660)
ON_REQUEST = PERMIT.model_copy(
    update={"retention": Retention(term=PERMIT.retention.term, law="UU 27/2022", erase_on_request=True)}
)


def withdrawn() -> Walk:
    return Walk().submitted().withdraw()


def test_not_while_it_is_under_way():
    walk = Walk().submitted()

    with pytest.raises(NotNow) as refusal:
        retention.rule_to_erase(walk.case, ON_REQUEST, calendar_of, walk.now + TERM)

    assert refusal.value.code == "case-open"


def test_not_before_the_term_has_passed_and_it_says_when():
    walk = withdrawn()

    with pytest.raises(NotNow) as refusal:
        retention.rule_to_erase(walk.case, PERMIT, calendar_of, walk.now)

    assert refusal.value.code == "retention"
    assert str(refusal.value.facts["until"]).startswith("2036-02-0")


def test_after_the_term_by_its_law():
    walk = withdrawn()

    rule = retention.rule_to_erase(walk.case, PERMIT, calendar_of, walk.now + TERM)

    assert rule == f"building-permit/retention: {PERMIT.retention.law}"


def test_earlier_where_the_service_allows_it_on_request():
    walk = withdrawn()

    assert retention.rule_to_erase(walk.case, ON_REQUEST, calendar_of, walk.now) == "building-permit/request"


def test_never_while_it_is_held():
    walk = withdrawn()
    walk.do("tuti", lambda writer: episodes.hold(writer, "Sengketa.", on=True))

    with pytest.raises(NotNow) as refusal:
        retention.rule_to_erase(walk.case, ON_REQUEST, calendar_of, walk.now + TERM)

    assert refusal.value.code == "on-hold"
