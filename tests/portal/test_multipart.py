"""Forms with files are read byte for byte."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.filepost import encode_multipart_formdata

from functions.domain.errors import Malformed
from functions.portal.multipart import Part, parts


@given(st.binary(max_size=2000), st.text(max_size=200))
def test_gives_back_what_a_browser_sent(content: bytes, text: str) -> None:
    body, content_type = encode_multipart_formdata(
        [("kind", text), ("file", ("plan.pdf", content, "application/pdf"))], boundary="----a-boundary"
    )

    kind, file = parts(body, content_type)

    assert (kind.name, kind.content, kind.filename) == ("kind", text.encode(), None)
    assert file == Part("file", content, "plan.pdf", "application/pdf")


def test_knows_a_file_that_was_not_chosen() -> None:
    body, content_type = encode_multipart_formdata([("file", ("", b"", "application/octet-stream"))])

    assert parts(body, content_type)[0].filename == ""


def test_keeps_only_the_last_part_of_a_path() -> None:
    body, content_type = encode_multipart_formdata([("file", (r"C:\Foto\ktp.jpg", b"x", "image/jpeg"))])

    assert parts(body, content_type)[0].filename == "ktp.jpg"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n", "multipart/form-data"),
        (b"--x\r\nno name\r\n\r\nvalue\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\n" * 500 + b"--x--", "multipart/form-data; boundary=x"),
    ],
)
def test_refuses_what_is_no_form(body: bytes, content_type: str) -> None:
    with pytest.raises(Malformed):
        parts(body, content_type)


@given(st.binary(max_size=500))
def test_reads_any_bytes_without_harm(body: bytes) -> None:
    with suppress(Malformed):
        parts(b"--x\r\n" + body + b"\r\n--x--\r\n", "multipart/form-data; boundary=x")
