"""What a file is, told by its first bytes and never by its name.

Each signature stands with the specification that it comes from. Active content (HTML, SVG) is told apart from
plain text, so that a page cannot be handed in as a note.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

PDF = "application/pdf"
PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
HEIC = "image/heic"
DWG = "image/vnd.dwg"
MP4 = "video/mp4"
QUICKTIME = "video/quicktime"
ZIP = "application/zip"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODF = "application/vnd.oasis.opendocument."
TEXT = "text/plain"

ENOUGH = 4096
"""Bytes from the start of a file that `sniff` wants to see."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", PDF),  # ISO 32000-1, 7.5.2
    (b"\x89PNG\r\n\x1a\n", PNG),  # W3C PNG, 5.2
    (b"\xff\xd8\xff", JPEG),  # ITU-T T.81, B.1.1.3: SOI and the next marker
    (b"II*\x00", TIFF),  # TIFF 6.0, section 2
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),  # BigTIFF
    (b"MM\x00+", TIFF),
    (b"AC10", DWG),  # AutoCAD R13 and later: AC1012 … AC1032
)

# ISO/IEC 14496-12, 4.3: the brands of the file type box, the first that is known decides.
_BRANDS: Mapping[bytes, str] = {
    b"isom": MP4, b"iso2": MP4, b"iso4": MP4, b"iso5": MP4, b"iso6": MP4,
    b"mp41": MP4, b"mp42": MP4, b"avc1": MP4, b"M4V ": MP4, b"dash": MP4,
    b"qt  ": QUICKTIME,
    b"heic": HEIC, b"heix": HEIC, b"mif1": HEIC,
}  # fmt: skip

# ECMA-376 part 2: a package of parts; where the main part lies tells which.
_PARTS: tuple[tuple[bytes, str], ...] = ((b"word/", DOCX), (b"xl/", XLSX), (b"ppt/", PPTX))

# The markup that a browser would run, by the WHATWG MIME Sniffing Standard, 7.1.
_MARKUP: tuple[tuple[str, str], ...] = (
    ("<!doctype html", "text/html"),
    ("<html", "text/html"),
    ("<head", "text/html"),
    ("<body", "text/html"),
    ("<script", "text/html"),
    ("<iframe", "text/html"),
    ("<svg", "image/svg+xml"),
    ("<!doctype svg", "image/svg+xml"),
    ("<?xml", "text/xml"),
)

_PLAIN_TEXT = frozenset({TEXT, "text/csv", "text/markdown", "application/json", "image/vnd.dxf"})
_ZIP_LOCAL_HEADER = b"PK\x03\x04"  # PKWARE APPNOTE, 4.3.7
_CONTROLS = frozenset(range(0x20)) - frozenset(b"\t\n\f\r\x1b")


def sniff(head: bytes) -> str | None:
    """Name the media type of a file that begins with these bytes, or None if it is none that is known."""
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[4:8] == b"ftyp":
        return _film_or_photo(head)
    if head.startswith(_ZIP_LOCAL_HEADER):
        return _package(head)
    return _text(head)


def agrees(declared: str, found: str | None) -> bool:
    """Say whether a file found to be `found` may go by the type that was declared.

    The first bytes cannot tell every kind apart: a CSV file is seen as plain text, and of an office document
    whose main part lies late only the ZIP is seen.
    """
    if found is None:
        return False
    if found == TEXT:
        return declared in _PLAIN_TEXT
    if found == ZIP:
        return declared in (ZIP, DOCX, XLSX, PPTX) or declared.startswith(ODF)
    return declared == found


def _film_or_photo(head: bytes) -> str | None:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)


def _package(head: bytes) -> str:
    for name, content in _entries(head):
        if name == b"mimetype" and content.startswith(ODF.encode()):
            return content.split(b"PK", 1)[0].decode("ascii", "replace")
        for folder, media_type in _PARTS:
            if name.startswith(folder):
                return media_type
    return ZIP


def _entries(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give the name and the first bytes of each entry whose header lies in these bytes."""
    at = head.find(_ZIP_LOCAL_HEADER)
    while 0 <= at <= len(head) - 30:
        name_length, extra_length = struct.unpack_from("<HH", head, at + 26)
        start = at + 30 + name_length
        yield head[at + 30 : start], head[start + extra_length : start + extra_length + 100]
        at = head.find(_ZIP_LOCAL_HEADER, at + 4)


def _text(head: bytes) -> str | None:
    if not head:
        return None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif not _CONTROLS.isdisjoint(head):
        return None
    else:
        encoding = "utf-8-sig"
    try:
        text = head.decode(encoding)
    except UnicodeDecodeError as error:
        # The head may end inside a character.
        if len(head) < ENOUGH or error.start < len(head) - 4:
            return None
        text = head[: error.start].decode(encoding)
    opening = text.lstrip()[:20].lower()
    return next((media_type for tag, media_type in _MARKUP if opening.startswith(tag)), TEXT)
