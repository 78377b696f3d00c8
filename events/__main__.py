"""``python -m events [--check]``: write the JSON Schema of each type of event, or tell which have drifted."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from events import TYPES, EventData

SCHEMAS = Path(__file__).parent / "schemas"

_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_ENVELOPE: dict[str, dict[str, Any]] = {
    "seq": {"description": "The number of the event in its case, from 1.", "type": "integer", "minimum": 1},
    "at": {"description": "When it happened, by the law's time.", "type": "string", "format": "date-time"},
    "actor": {
        "description": "A username (a pseudonym), `system`, or `law` for what silence has decided.",
        "type": "string",
        "minLength": 1,
    },
    "prev": {"description": "The hash of the event before; 64 zeros for the first.", **_DIGEST},
    "hash": {"description": "SHA-256 of the RFC 8785 canonical JSON of the event without it.", **_DIGEST},
}


def documents() -> dict[str, str]:
    """Give every schema file by its name."""
    return {f"{kind}.json": _text(schema(model)) for kind, model in sorted(TYPES.items())}


def schema(model: type[EventData]) -> dict[str, Any]:
    """Give the schema of one type of event, from the model that writes it."""
    data = _plain(model.model_json_schema())
    description = data.pop("description", None)
    order = ("seq", "at", "actor", "type", "data", "prev", "hash")
    parts = {**_ENVELOPE, "type": {"const": model.type}, "data": data}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:loket:event:{model.type}",
        "title": model.type,
        **({"description": description} if description else {}),
        "type": "object",
        "properties": {name: parts[name] for name in order},
        "required": list(order),
        "additionalProperties": False,
    }


def drift() -> list[str]:
    """Name the files that are missing, superfluous or not what the models say."""
    wanted = documents()
    present = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def write() -> list[str]:
    """Make the files what the models say; gives the names of those that were not."""
    changed, wanted = drift(), documents()
    SCHEMAS.mkdir(exist_ok=True)
    for name in changed:
        path = SCHEMAS / name
        if name in wanted:
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the schemas; with ``--check`` write nothing and give 1 if any has drifted."""
    parser = argparse.ArgumentParser(prog="python -m events", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a schema has drifted")
    check = parser.parse_args(arguments).check
    changed = drift() if check else write()
    for name in changed:
        sys.stdout.write(f"{'drifted' if check else 'wrote'} events/schemas/{name}\n")
    return 1 if check and changed else 0


def _plain(value: Any) -> Any:
    """Leave out what pydantic adds and no reader needs, and null: what is not said is left out of an event."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _plain(item) for key, item in value.items() if not _is_noise(key, item)}
    kinds = [kind for kind in kept.pop("anyOf", ()) if kind != {"type": "null"}]
    return kept | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})


def _is_noise(key: str, item: Any) -> bool:
    # A property of this name is an object, a title is text.
    return (key == "title" and isinstance(item, str)) or (key == "default" and item is None)


def _text(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
