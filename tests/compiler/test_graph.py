"""A process as a graph: ways, loops, what always comes before, the heaviest path."""

from __future__ import annotations

from infra.compiler.graph import Edge, Graph


def graph(**ways: str) -> Graph:
    """Build a graph from ``a="b c"``; the first is the start."""
    return Graph(
        next(iter(ways)), {name: tuple(Edge(to, "next") for to in to.split()) for name, to in ways.items()}
    )


def test_what_is_barred_is_not_passed() -> None:
    walked = graph(a="b c", b="d", c="", d="")

    assert walked.reachable() == {"a", "b", "c", "d"}
    assert walked.reachable(without=["b"]) == {"a", "c"}


def test_a_step_on_every_way_always_comes_before() -> None:
    diamond = graph(a="b c", b="d", c="d", d="e", e="")

    assert diamond.always_before(["d"], "e")
    assert diamond.always_before(["b", "c"], "d")
    assert not diamond.always_before(["b"], "d")


def test_readers_walk_on_first_and_the_side_ways_after() -> None:
    assert graph(a="b x", b="c y", c="", x="", y="").walked() == ["a", "b", "c", "y", "x"]


def test_a_loop_is_told_in_its_order() -> None:
    assert graph(a="b", b="c", c="b d", d="").loop() == ["b", "c"]
    assert graph(a="a").loop() == ["a"]
    assert graph(a="b", b="").loop() == []


def test_the_heaviest_path_is_weighed() -> None:
    weights = {"a": 1, "b": 5, "c": 2, "d": 1}

    assert graph(a="b c", b="d", c="d", d="").longest(weights.__getitem__) == 7


def test_ways_to_nowhere_are_no_ways() -> None:
    assert graph(a="missing").ways("a") == []
