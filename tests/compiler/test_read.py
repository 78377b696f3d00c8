"""Reading YAML: plain data that remembers its lines, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.compiler.finding import Faulty
from infra.compiler.read import line_of, read, read_text

TEXT = """a: 1
b:
  - x: one
    y: 2026-01-01
  - z: [1, 2]
"""


def test_data_is_plain() -> None:
    assert read_text(TEXT) == {"a": 1, "b": [{"x": "one", "y": "2026-01-01"}, {"z": [1, 2]}]}


@pytest.mark.parametrize(
    ("place", "line"),
    [((), 1), (("a",), 1), (("b",), 2), (("b", 0), 3), (("b", 0, "y"), 4), (("b", 1, "z", 1), 5)],
)
def test_every_place_has_its_line(place: tuple[str | int, ...], line: int) -> None:
    assert line_of(read_text(TEXT), place) == line


def test_a_place_that_is_not_there_has_the_line_above_it() -> None:
    data = read_text(TEXT)

    assert line_of(data, ("b", 0, "missing")) == 3
    assert line_of(data, ("b", "tag", 0, "y")) == 4


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "doubled-key", 3),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "merge-key", 3),
        ("a: [1\n", "not-yaml", 2),
        ("a: b: c\n", "not-yaml", 1),
        ("- 1\n", "not-a-mapping", 1),
        ("", "not-a-mapping", 1),
        ("a: \x00\n", "not-yaml", None),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, code: str, line: int | None) -> None:
    with pytest.raises(Faulty) as raised:
        read_text(text)

    (finding,) = raised.value.findings
    assert (finding.code, finding.line) == (code, line)


def test_a_file_is_named_in_what_is_found(tmp_path: Path) -> None:
    path = tmp_path / "service.yaml"
    path.write_text("a: 1\na: 2\n")

    with pytest.raises(
        Faulty, match=rf"{path}:2: \[doubled-key\] a: `a` stands here and on line 1; keep one"
    ):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Faulty, match="file-unreadable"):
        read(tmp_path / "service.yaml")
