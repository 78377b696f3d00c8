"""Pass 1, read: YAML text becomes plain data that remembers its lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from infra.compiler.finding import Faulty, Finding, Place


class Block(dict[str, Any]):
    """A mapping with the line (from 1) on which it and each of its keys stand."""

    def __init__(self, items: dict[str, Any], line: int, lines: dict[str, int]) -> None:
        super().__init__(items)
        self.line, self.lines = line, lines

    def with_items(self, items: dict[str, Any], lines: dict[str, int] | None = None) -> Block:
        """Give the same block with other items; a key that is new stands where the block stands."""
        return Block(items, self.line, {**self.lines, **(lines or {})})


class Row(list[Any]):
    """A sequence with the line on which each of its items stands."""

    def __init__(self, items: list[Any], lines: list[int]) -> None:
        super().__init__(items)
        self.lines = lines


def read(path: Path) -> Block:
    """Read a file whose top is a mapping. Raises `Faulty`."""
    try:
        return read_text(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Faulty([Finding("file-unreadable", (), f"{error.strerror}: {path}", path)]) from error
    except Faulty as faulty:
        raise Faulty(replace(finding, file=path) for finding in faulty.findings) from faulty


def read_text(text: str) -> Block:
    """Read YAML whose top is a mapping. Raises `Faulty` for what is no YAML, doubled keys and merge keys."""
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise Faulty(
                [Finding("not-a-mapping", (), "write `key: value` lines at the top of the file", line=1)]
            )
        findings: list[Finding] = []
        data = _plain(node, (), loader, findings)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        hint = "; a text with `: `, `, `, `?`, `#`, `{` or `[` in it stands in quotes"
        raise Faulty(
            [Finding("not-yaml", (), f"this is no YAML: {error.problem}{hint}", line=line)]
        ) from error
    except yaml.YAMLError as error:
        raise Faulty([Finding("not-yaml", (), f"this is no YAML: {error}")]) from error
    if findings:
        raise Faulty(findings)
    assert isinstance(data, Block)
    return data


def line_of(data: Any, place: Place) -> int | None:
    """Give the line of the deepest part of ``place`` that stands in the data; parts that do not are passed over."""
    line = getattr(data, "line", None)
    for part in place:
        if isinstance(data, Block) and part in data:
            line = data.lines.get(str(part), data.line)
            data = data[str(part)]
        elif isinstance(data, Row) and isinstance(part, int) and part < len(data):
            line = data.lines[part]
            data = data[part]
    return line


def _plain(node: yaml.Node, place: Place, loader: yaml.SafeLoader, findings: list[Finding]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _block(node, place, loader, findings)
    if isinstance(node, yaml.SequenceNode):
        items = [_plain(item, (*place, at), loader, findings) for at, item in enumerate(node.value)]
        return Row(items, [_line(item) for item in node.value])
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    return loader.construct_object(node)


def _block(node: yaml.MappingNode, place: Place, loader: yaml.SafeLoader, findings: list[Finding]) -> Block:
    block = Block({}, _line(node), {})
    for key_node, value_node in node.value:
        key = str(key_node.value)
        here = (*place, key)
        if key_node.tag == "tag:yaml.org,2002:merge":
            findings.append(
                Finding("merge-key", place, "write the keys out instead of `<<`", line=_line(key_node))
            )
        elif key in block:
            first = block.lines[key]
            message = f"`{key}` stands here and on line {first}; keep one"
            findings.append(Finding("doubled-key", here, message, line=_line(key_node)))
        else:
            block[key] = _plain(value_node, here, loader, findings)
            block.lines[key] = _line(key_node)
    return block


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
