"""The documents bucket: uploads that S3 holds to what was announced, links that end, erasure of all versions.

Bytes of attachments go between the person and S3, not through here; a digest is read from S3's own checksum. What is
sealed is encrypted by S3 with a key that nobody may decrypt with (SSE-KMS), under an encryption context that says for
what; opening it is a copy within S3.
The role needs ``s3:ListBucket``: without it S3 answers 403 instead of 404 for a document that is not there.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypedDict
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from functions.domain.errors import DependencyDown, DocumentMissing

_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound", "MethodNotAllowed"})
_CHUNK = 1024 * 1024


class Upload(TypedDict):
    """Where and with which form fields a file is posted; the file itself comes last, as ``file``."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Arrived:
    """What lies in the bucket; ``sha256`` in lower-case hex, ``version`` names exactly these bytes."""

    size: int
    sha256: str
    content_type: str
    version: str | None


class S3Files:
    """The documents in one versioned bucket.

    Every method raises `DependencyDown` when S3 does not answer; those on one document, `DocumentMissing`.
    """

    def __init__(self, client: Any, bucket: str, sealing_key: str = "") -> None:
        self._s3 = client
        self._bucket = bucket
        self._sealing_key = sealing_key

    def announce_upload(
        self,
        key: str,
        *,
        size: int,
        sha256: str,
        content_type: str,
        expires: timedelta,
        sealed_for: Mapping[str, str] | None = None,
    ) -> Upload:
        """Sign a form with which exactly this file, and no other, can be posted until it expires.

        With ``sealed_for`` it can be posted only to be encrypted with the sealing key, bound to that context.
        """
        fields = {
            "Content-Type": content_type,
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": _base64(sha256),
        }
        if sealed_for is not None:
            fields |= {
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": self._sealing_key,
                "x-amz-server-side-encryption-context": _encoded(sealed_for),
            }
        conditions = [{name: value} for name, value in fields.items()]
        with _translated(key):
            post = self._s3.generate_presigned_post(
                self._bucket,
                key,
                Fields=dict(fields),
                Conditions=[*conditions, ["content-length-range", size, size]],
                ExpiresIn=int(expires.total_seconds()),
            )
        return Upload(url=post["url"], fields=post["fields"])

    def head(self, key: str, *, version: str | None = None) -> Arrived:
        """Tell what has arrived; without a version, of the newest."""
        with _translated(key):
            seen = self._s3.head_object(**self._object(key, version), ChecksumMode="ENABLED")
            arrived = seen.get("VersionId")
            return Arrived(
                size=seen["ContentLength"],
                sha256=self._digest(key, arrived, seen),
                content_type=seen["ContentType"],
                version=arrived,
            )

    def first_bytes(self, key: str, n: int = 4096, *, version: str | None = None) -> bytes:
        """Read the first `n` bytes, fewer if the document is shorter."""
        with _translated(key):
            try:
                answer = self._s3.get_object(**self._object(key, version), Range=f"bytes=0-{n - 1}")
            except ClientError as error:
                if _code(error) == "InvalidRange":  # an empty document has no first byte
                    return b""
                raise
            return bytes(answer["Body"].read())

    def link(
        self,
        key: str,
        *,
        filename: str,
        content_type: str,
        expires: timedelta,
        version: str | None = None,
        disposition: Literal["attachment", "inline"] = "attachment",
    ) -> str:
        """Sign a link to read one version under the name and type that we know it by, not as it came."""
        with _translated(key):
            return str(
                self._s3.generate_presigned_url(
                    "get_object",
                    Params={
                        **self._object(key, version),
                        "ResponseContentDisposition": content_disposition(disposition, filename),
                        "ResponseContentType": content_type,
                    },
                    ExpiresIn=int(expires.total_seconds()),
                )
            )

    def put(
        self,
        key: str,
        content: bytes,
        *,
        content_type: str,
        sha256: str,
        sealed_for: Mapping[str, str] | None = None,
    ) -> Arrived:
        """Store a document that we issue; S3 refuses it if it is not the one with this digest.

        A repeat makes a newer version of the same bytes and harms nothing: a document is read by version. With
        ``sealed_for`` S3 encrypts it as it does what is posted so.
        """
        sealed = {}
        if sealed_for is not None:
            sealed = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": self._sealing_key,
                "SSEKMSEncryptionContext": _encoded(sealed_for),
            }
        with _translated(key):
            answer = self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=_base64(sha256),
                **sealed,
            )
        return Arrived(len(content), sha256, content_type, answer.get("VersionId"))

    def unseal(self, key: str, to: str, *, version: str | None, content_type: str) -> None:
        """Let S3 copy a sealed document to where it can be read; the sealed one stays as the proof of what came.

        Raises `DependencyDown` too where S3 may not decrypt it, or not yet.
        """
        with _translated(key):
            self._s3.copy_object(
                Bucket=self._bucket,
                Key=to,
                CopySource=self._object(key, version),
                ServerSideEncryption="AES256",
                ChecksumAlgorithm="SHA256",
                MetadataDirective="REPLACE",
                ContentType=content_type,
                TaggingDirective="REPLACE",
            )

    def delete_all_versions(self, prefix: str) -> int:
        """Erase all that lies under a folder, versions and delete markers, and count; a repeat finds none."""
        if not prefix.endswith("/") or not prefix.strip("/"):
            raise ValueError(f"not a folder: {prefix!r}")
        erased = 0
        with _translated(prefix):
            pages = self._s3.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            for page in pages:
                found = [
                    {"Key": version["Key"], "VersionId": version["VersionId"]}
                    for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                ]
                if not found:
                    continue
                answer = self._s3.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": found, "Quiet": True}
                )
                if answer.get("Errors"):
                    raise DependencyDown(_DOWN, service="s3", reason=answer["Errors"][0].get("Code"))
                erased += len(found)
        return erased

    def tag(self, key: str, tags: Mapping[str, str], *, version: str | None = None) -> None:
        """Add tags; those that others have set, such as the malware scanner's, stay."""
        with _translated(key):
            where = self._object(key, version)
            present = self._s3.get_object_tagging(**where)["TagSet"]
            merged = {tag["Key"]: tag["Value"] for tag in present} | dict(tags)
            self._s3.put_object_tagging(
                **where, Tagging={"TagSet": [{"Key": name, "Value": value} for name, value in merged.items()]}
            )

    def _object(self, key: str, version: str | None) -> dict[str, str]:
        where = {"Bucket": self._bucket, "Key": key}
        return where | {"VersionId": version} if version else where

    def _digest(self, key: str, version: str | None, seen: Mapping[str, Any]) -> str:
        checksum = seen.get("ChecksumSHA256", "")
        # A checksum of a multipart upload ("…-2") is one of checksums and says nothing of the whole file.
        if checksum and "-" not in checksum:
            return base64.b64decode(checksum).hex()
        digest = hashlib.sha256()
        for chunk in self._s3.get_object(**self._object(key, version))["Body"].iter_chunks(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest()


def content_disposition(disposition: str, filename: str) -> str:
    """Write the header by RFC 6266: a plain name for old readers, the true one encoded as in RFC 8187."""
    name = "".join(char for char in filename if char.isprintable()).strip() or "document"
    plain = "".join(char if char.isascii() and char not in '"\\/%' else "_" for char in name)
    return f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


_GONE = {"id": "Dokumen tidak ditemukan.", "en": "The document does not exist."}
_DOWN = {
    "id": "Penyimpanan dokumen sedang tidak menjawab. Coba lagi nanti.",
    "en": "The document store does not answer. Try again later.",
}


@contextmanager
def _translated(key: str) -> Iterator[None]:
    """Turn S3's errors into the domain's."""
    try:
        yield
    except ClientError as error:
        if _code(error) in _ABSENT:
            raise DocumentMissing(_GONE, document=key) from error
        raise DependencyDown(_DOWN, service="s3", reason=_code(error)) from error
    except BotoCoreError as error:
        raise DependencyDown(_DOWN, service="s3", reason=type(error).__name__) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _encoded(context: Mapping[str, str]) -> str:
    return base64.b64encode(json.dumps(dict(context), sort_keys=True).encode()).decode("ascii")


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode("ascii")
