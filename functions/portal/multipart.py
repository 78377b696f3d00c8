"""Reads ``multipart/form-data`` (RFC 7578), as browsers send a form with a file."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from functions.domain.errors import Malformed

_MOST_PARTS = 200


@dataclass(frozen=True)
class Part:
    """One field; only a file has a ``filename``, an empty one if none was chosen."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str = "text/plain"


def parts(body: bytes, content_type: str) -> list[Part]:
    """Split a body into its fields; raises `Malformed`."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise _unreadable()
    # The first boundary may stand at the very beginning; every other one follows a line break.
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii", "replace"))
    if len(pieces) < 2 or not pieces[-1].startswith(b"--") or len(pieces) > _MOST_PARTS:
        raise _unreadable()
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, found, content = piece.partition(b"\r\n\r\n")
    if not found:
        raise _unreadable()
    headers = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = value.strip()
    name = headers.get_param("name", header="content-disposition")
    filename = headers.get_param("filename", header="content-disposition")
    if not isinstance(name, str):
        raise _unreadable()
    kind = headers.get_content_type() if headers["content-type"] else "text/plain"
    return Part(name, content, _last_name(filename) if isinstance(filename, str) else None, kind)


def _last_name(filename: str) -> str:
    """Some browsers send the whole path."""
    return filename.replace("\\", "/").rpartition("/")[2]


def _unreadable() -> Malformed:
    return Malformed({"id": "Formulir tidak terbaca.", "en": "The form cannot be read."})
