"""What the pages say, in Indonesian and in English: one catalogue for each group of pages.

``locales/<group>.toml`` holds both languages of a message on one line, so that neither can be forgotten:

    found = {id = "{n} layanan", en = "{n} services", en_one = "{n} service"}

``en_one`` is for exactly one; Indonesian has no plural forms.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from markupsafe import Markup, escape

Language = Literal["id", "en"]
FOLDERS = [Path(__file__).with_name("locales")]
"""Where catalogues lie; a system with pages of its own adds its folder."""


class MessageMissing(KeyError):
    """No catalogue has a message of this name."""


def say(name: str, language: Language, /, **values: Any) -> Markup:
    """Give the message ``<group>.<name>`` with its values put in, safe to stand in a page.

    ``n`` chooses between one and many. A value that is `Markup` stays as it is, all others are escaped.
    """
    message = find(name)
    form = "en_one" if language == "en" and values.get("n") == 1 and "en_one" in message else language
    text = Markup(escape(message[form]))  # noqa: S704 - escaped in the same breath
    return text.format(**values) if values else text


def find(name: str) -> Mapping[str, str]:
    """Give a message in all its forms; raises `MessageMissing`."""
    group, _, rest = name.partition(".")
    try:
        return catalogue(group)[rest]
    except KeyError:
        raise MessageMissing(name) from None


def has(name: str) -> bool:
    """Tell whether there is such a message."""
    group, _, rest = name.partition(".")
    return rest in catalogue(group)


@cache
def catalogue(group: str) -> Mapping[str, Mapping[str, str]]:
    """Read the messages of a group of pages; raises `MessageMissing` for a group that there is none of."""
    path = next((path for folder in FOLDERS if (path := folder / f"{group}.toml").is_file()), None)
    if path is None:
        raise MessageMissing(group)
    return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")), ""))


def groups() -> list[str]:
    return sorted(path.stem for folder in FOLDERS for path in folder.glob("*.toml"))


def _flat(tree: Mapping[str, Any], above: str) -> list[tuple[str, Mapping[str, str]]]:
    found: list[tuple[str, Mapping[str, str]]] = []
    for name, value in tree.items():
        if "id" in value and isinstance(value["id"], str):
            found.append((above + name, value))
        else:
            found += _flat(value, f"{above}{name}.")
    return found


def cite(law: str, language: Language) -> str:
    """Write a citation, such as ``PP 16/2021 Art. 253 [unconfirmed]``, as laws are cited in the language.

    Of a rule, as histories name it (``service/step: PP 16/2021``), people read the law.
    """
    said = re.sub(r"^[\w-]+/[\w-]+: ", "", law).replace(
        " [unconfirmed]", f", {say('service.law_unconfirmed', language)}"
    )
    return re.sub(r"\bArt\. ", "Pasal\u00a0", said) if language == "id" else said
