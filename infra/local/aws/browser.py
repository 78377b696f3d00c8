"""What a browser does with presigned forms and links, in process: without a port, through the same verification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from moto.core.models import botocore_stubber
from urllib3.filepost import encode_multipart_formdata


class Answer(NamedTuple):
    """What S3 answers; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def post_form(url: str, fields: Mapping[str, str], content: bytes, filename: str = "file") -> Answer:
    """Post a presigned form with a file, which comes last as S3 wants it."""
    parts = [*fields.items(), ("file", (filename, content, "application/octet-stream"))]
    body, content_type = encode_multipart_formdata(parts)
    return _send("POST", url, body, {"Content-Type": content_type, "Content-Length": str(len(body))})


def get(url: str) -> Answer:
    """Follow a presigned link."""
    return _send("GET", url, b"", {})


def _send(method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
    request = AWSPreparedRequest(method, url, headers | {"Host": urlsplit(url).netloc}, body, False)
    answer = botocore_stubber.process_request(request)
    if answer is None:
        raise ValueError(f"not an address of the local AWS: {url}")
    status, answered, content = answer
    lower = {name.lower(): str(value) for name, value in dict(answered).items()}
    return Answer(int(status), lower, _bytes(content))


def _bytes(content: Any) -> bytes:
    return content.encode() if isinstance(content, str) else bytes(content)
