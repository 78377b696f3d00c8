"""Several sorted lists read as one: in order, everything once, wherever a page ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api import lists
from functions.domain.errors import Malformed
from functions.ports import Page

Lists = dict[str, list[int]]
some = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.integers(0, 20), max_size=12).map(sorted), max_size=4
)


def source(name: str, numbers: list[int], size: int) -> lists.Source:
    """A list that gives pages of its own size; a cursor is the place after an item."""

    def read(cursor: str | None, limit: int) -> Page:
        begin = int(cursor or 0)
        places = range(begin, min(begin + min(limit, size), len(numbers)))
        after = tuple(str(place + 1) for place in places)
        items = [{"n": numbers[place], "id": f"{name}{place}"} for place in places]
        return Page(items, after[-1] if after and int(after[-1]) < len(numbers) else None, after)

    return lists.Source(name, read)


def pages(
    found: Lists, limit: int, size: int, keep: lists.Keep = lambda item: True
) -> list[list[lists.Item]]:
    read, cursor = [], None
    while True:
        page = lists.merged(
            [source(name, numbers, size) for name, numbers in found.items()],
            order=lambda item: (item["n"], item["id"]),
            limit=limit,
            cursor=cursor,
            keep=keep,
        )
        read.append(page.items)
        cursor = page.next
        if cursor is None:
            return read


@given(found=some, limit=st.integers(1, 7), size=st.integers(1, 5))
def test_everything_comes_once_and_in_order(found: Lists, limit: int, size: int) -> None:
    read = [item for page in pages(found, limit, size) for item in page]

    assert [item["n"] for item in read] == sorted(n for numbers in found.values() for n in numbers)
    assert len({item["id"] for item in read}) == len(read)


@given(found=some, limit=st.integers(1, 7), size=st.integers(1, 5))
def test_no_page_is_longer_than_asked_and_only_the_last_may_be_short(
    found: Lists, limit: int, size: int
) -> None:
    lengths = [len(page) for page in pages(found, limit, size)]

    assert all(length == limit for length in lengths[:-1])
    assert lengths[-1] <= limit
    assert lengths[-1] > 0 or len(lengths) == 1


@given(found=some, limit=st.integers(1, 7), size=st.integers(1, 5))
def test_what_is_left_out_moves_no_other(found: Lists, limit: int, size: int) -> None:
    read = [item["n"] for page in pages(found, limit, size, lambda item: item["n"] % 2 == 0) for item in page]

    assert read == sorted(n for numbers in found.values() for n in numbers if n % 2 == 0)


def test_a_rare_match_ends_a_page_early_with_a_cursor_to_go_on_from() -> None:
    numbers = list(range(lists.MOST_EXAMINED + 5))

    first, *others = pages({"a": numbers}, 10, 100, lambda item: item["n"] == numbers[-1])

    assert first == []
    assert [item["n"] for page in others for item in page] == [numbers[-1]]


@pytest.mark.parametrize("cursor", ["%", "W10", "eyJhIjogMX0", "bm90IGpzb24", "é"])
def test_a_cursor_that_was_not_given_out_is_refused(cursor: str) -> None:
    with pytest.raises(Malformed):
        lists.merged([source("a", [1], 5)], order=lambda item: item["n"], limit=1, cursor=cursor)


@given(names=st.lists(st.text("abc", min_size=1, max_size=3), unique=True), limit=st.integers(1, 5))
def test_what_is_at_hand_is_paged_by_name(names: list[str], limit: int) -> None:
    read, cursor = [], None
    while True:
        page, cursor = lists.page_of(names, lambda name: name, limit, cursor)
        read += page
        if cursor is None:
            break

    assert read == sorted(names)
