"""What can be seen of PDF/A-2U (ISO 19005-2) in the structure of a file, clause by clause.

It is no full validator: it finds the faults that a change of ours could bring in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any

from lxml import etree
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
_PRINT, _HIDDEN, _NO_VIEW = 4, 2, 32


def violations(pdf: bytes) -> list[str]:
    """List what the standard forbids in this file, by clause; none for a sound file."""
    reader = PdfFileReader(BytesIO(pdf))
    return [
        *_file(pdf, reader),
        *_metadata(reader),
        *_output_intent(reader),
        *_objects(reader),
        *_fonts(reader),
        *_annotations(reader),
        *_signatures(reader),
    ]


def reader_of(pdf: bytes) -> PdfFileReader:
    return PdfFileReader(BytesIO(pdf))


def xmp_of(reader: PdfFileReader) -> Any:
    parser = etree.XMLParser(resolve_entities=False)
    return etree.fromstring(reader.root["/Metadata"].data.split(b"?>", 1)[1].rsplit(b"<?", 1)[0], parser)


def said(xmp: Any, path: str) -> str:
    """Read one property of the metadata, such as ``xmp:CreateDate``."""
    return str(xmp.xpath(f"normalize-space(//{path})", namespaces=_NAMESPACES))


def _file(pdf: bytes, reader: PdfFileReader) -> Iterator[str]:
    header, comment = pdf.split(b"\n")[:2]
    if not re.fullmatch(rb"%PDF-1\.[0-7]", header):
        yield "6.1.2 the header names no PDF 1.x"
    if not (comment.startswith(b"%") and sum(byte > 127 for byte in comment[1:5]) == 4):
        yield "6.1.2 no comment of four high bytes after the header"
    if "/ID" not in reader.trailer:
        yield "6.1.3 no file identifier"
    if "/Encrypt" in reader.trailer:
        yield "6.1.3 encrypted"
    for forbidden in ("/OCProperties", "/AA", "/Names", "/Requirements"):
        if forbidden in reader.root:
            yield f"6.6.1 the catalogue has {forbidden}"


def _metadata(reader: PdfFileReader) -> Iterator[str]:
    if "/Metadata" not in reader.root:
        yield "6.6.2 no XMP metadata"
        return
    xmp = xmp_of(reader)
    if (said(xmp, "pdfaid:part"), said(xmp, "pdfaid:conformance")) != ("2", "U"):
        yield "6.6.4 not marked as PDF/A-2U"
    if not said(xmp, "dc:title/rdf:Alt/rdf:li[@xml:lang='x-default']"):
        yield "6.6.2 no title"
    if datetime.fromisoformat(said(xmp, "xmp:CreateDate")).tzinfo is None:
        yield "6.6.2 a moment without its time zone"
    if "/Info" in reader.trailer:
        yield "6.6.3 an information dictionary, which would have to agree with XMP"


def _output_intent(reader: PdfFileReader) -> Iterator[str]:
    intents = [intent for intent in reader.root.get("/OutputIntents", ()) if intent["/S"] == "/GTS_PDFA1"]
    if len(intents) != 1:
        yield "6.2.3 not one output intent of PDF/A"
    elif (
        intents[0]["/DestOutputProfile"]["/N"] != 3 or intents[0]["/DestOutputProfile"].data[36:40] != b"acsp"
    ):
        yield "6.2.3 the output intent has no RGB profile"


def _objects(reader: PdfFileReader) -> Iterator[str]:
    for thing in _all_objects(reader):
        if not isinstance(thing, generic.DictionaryObject):
            continue
        for alpha in ("/ca", "/CA"):
            if thing.get(alpha, 1) != 1:
                yield f"transparent: {alpha} {thing[alpha]}"
        if thing.get("/SMask", "/None") != "/None":
            yield "transparent: a soft mask"
        if thing.get("/BM", "/Normal") != "/Normal":
            yield f"transparent: blend mode {thing['/BM']}"
        if thing.get("/S") in ("/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData"):
            yield f"6.5.1 the action {thing['/S']}"
        if "/F" in thing and isinstance(thing, generic.StreamObject):
            yield "6.1.7 a stream outside the file"
        if "/LZWDecode" in str(thing.get("/Filter", "")):
            yield "6.1.7 LZW"
        if thing.get("/Subtype") in ("/PS", "/Image") and "/Alternates" in thing:
            yield "6.2.8 alternate images"


def _fonts(reader: PdfFileReader) -> Iterator[str]:
    for font in _all_objects(reader):
        if not isinstance(font, generic.DictionaryObject) or font.get("/Type") != "/Font":
            continue
        if font["/Subtype"] == "/Type0":
            if "/ToUnicode" not in font:
                yield f"6.2.11.7 {font['/BaseFont']} cannot be read back"
            if font["/Encoding"] != "/Identity-H":
                yield f"6.2.11.3 {font['/BaseFont']} is encoded as {font['/Encoding']}"
        elif font["/Subtype"] == "/CIDFontType2":
            if "/FontFile2" not in font["/FontDescriptor"]:
                yield f"6.2.11.4 {font['/BaseFont']} is not embedded"
            if "/CIDToGIDMap" not in font:
                yield f"6.2.11.3 {font['/BaseFont']} has no CIDToGIDMap"
        else:
            yield f"6.2.11.4 a font of the kind {font['/Subtype']}"


def _annotations(reader: PdfFileReader) -> Iterator[str]:
    for page in pages_of(reader):
        for annotation in page.get("/Annots", ()):
            annotation = annotation.get_object()
            flags = int(annotation.get("/F", 0))
            if not flags & _PRINT or flags & (_HIDDEN | _NO_VIEW):
                yield f"6.3.2 {annotation['/Subtype']} with the flags {flags}"
            empty = [float(side) for side in annotation["/Rect"]] == [0, 0, 0, 0]
            if annotation["/Subtype"] != "/Link" and not empty and "/AP" not in annotation:
                yield f"6.3.3 {annotation['/Subtype']} without an appearance"


def _signatures(reader: PdfFileReader) -> Iterator[str]:
    for entry in reader.root.get("/Perms", {}):
        if entry not in ("/UR3", "/DocMDP"):
            yield f"6.1.12 the permission {entry}"
    for signature in reader.embedded_signatures:
        for reference in signature.sig_object.get("/Reference", ()):
            if {"/DigestLocation", "/DigestMethod", "/DigestValue"} & set(reference):
                yield "6.1.12 a signature reference with a digest"
        if len(signature.signed_data["signer_infos"]) != 1:
            yield "6.4.3 not one signer"
        if not signature.signed_data["certificates"]:
            yield "6.4.3 no certificate of the signer"


def pages_of(reader: PdfFileReader) -> list[generic.DictionaryObject]:
    return [page.get_object() for page in reader.root["/Pages"]["/Kids"]]


def _all_objects(reader: PdfFileReader) -> Iterator[generic.PdfObject]:
    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [reader.root]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, generic.IndirectObject):
            if (thing.idnum, thing.generation) in seen:
                continue
            seen.add((thing.idnum, thing.generation))
            thing = thing.get_object()
        yield thing
        if isinstance(thing, generic.DictionaryObject):
            waiting += [thing.raw_get(key) for key in thing]
        elif isinstance(thing, generic.ArrayObject):
            waiting += [thing.raw_get(at) for at in range(len(thing))]
