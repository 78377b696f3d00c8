"""Presigned forms, links and checksums, verified as S3 does.

moto takes any form whatever its signature, age, size, type and checksum, any link whatever its signature and age,
and stores what does not fit its checksum. Expiry counts the machine's time: it is security's, not the law's.

Source: AWS, "Authenticating Requests: Browser-Based Uploads Using POST (AWS Signature Version 4)" and
"Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from xml.sax.saxutils import escape

from moto.s3.responses import S3Response
from moto.s3.utils import metadata_from_headers

from infra.local.aws.account import ACCESS_KEY, SECRET_KEY
from infra.local.aws.patches import Patches
from infra.local.aws.sealed import asking

ALGORITHM = "AWS4-HMAC-SHA256"

# Fields of a form that need no condition in its policy; so do those that begin with `x-ignore-`.
FREE_FIELDS = frozenset({"x-amz-signature", "file", "policy"})

CONTEXT = "x-amz-server-side-encryption-context"

Answer = tuple[int, dict[str, Any], Any]


class Refused(Exception):
    """S3 refuses a request: HTTP status, error code, message and further elements of the answer."""

    def __init__(self, status: int, code: str, message: str, **details: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.elements = {"Code": code, "Message": message} | details

    def answer(self) -> Answer:
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in self.elements.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}<RequestId>local</RequestId></Error>'
        return self.status, {"content-type": "application/xml"}, body


def install(patches: Patches) -> None:
    """Let S3 refuse what its policies and signatures do not allow."""
    patches.set(S3Response, "_bucket_response_post", _post(S3Response._bucket_response_post))
    patches.set(S3Response, "_key_response", _key(S3Response._key_response))
    patches.set(S3Response, "put_object", _put(S3Response.put_object))


# --- forms -----------------------------------------------------------------------------------------------------


def _post(original: Callable[..., Answer]) -> Callable[..., Answer]:
    def post(response: S3Response, request: Any, bucket_name: str) -> Answer:
        if "delete" in request.args:
            return original(response, request, bucket_name)
        try:
            return _take_form(response, request, bucket_name)
        except Refused as refused:
            return refused.answer()

    return post


def _take_form(response: S3Response, request: Any, bucket_name: str) -> Answer:
    fields = {name.lower(): value for name, value in request.form.items()}
    if "key" not in fields:
        raise Refused(400, "InvalidArgument", "Bucket POST must contain a field named 'key'.")
    if not request.files and "file" not in fields:
        raise Refused(400, "InvalidArgument", "POST requires exactly one file upload per request.")
    fields["key"] = response.querystring["key"][0]
    content = response.body.encode() if isinstance(response.body, str) else response.body
    verify_form(fields, len(content), bucket_name, _now())
    verify_checksum(fields.get("x-amz-checksum-sha256"), content)
    with asking(fields.get(CONTEXT)):
        key = response.backend.put_object(
            bucket_name,
            fields["key"],
            content,
            request_method="POST",
            encryption=fields.get("x-amz-server-side-encryption"),
            kms_key_id=fields.get("x-amz-server-side-encryption-aws-kms-key-id"),
        )
    key.set_metadata(metadata_from_headers({k: v for k, v in request.form.items() if k.lower() != "key"}))
    _keep_checksum(key, fields.get("x-amz-checksum-sha256"))
    location = f"{request.host_url}{bucket_name}/{quote(fields['key'])}"
    headers = {"ETag": key.etag, "Location": location}
    if key.version_id != "null":
        headers["x-amz-version-id"] = key.version_id
    return _thank(fields, headers, bucket_name)


def _thank(fields: Mapping[str, str], headers: dict[str, str], bucket_name: str) -> Answer:
    if "success_action_redirect" in fields:
        return 303, headers | {"Location": fields["success_action_redirect"]}, ""
    status = fields.get("success_action_status", "204")
    if status != "201":
        return (200 if status == "200" else 204), headers, ""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>{escape(headers["Location"])}</Location>'
        f"<Bucket>{bucket_name}</Bucket><Key>{escape(fields['key'])}</Key>"
        f"<ETag>{escape(headers['ETag'])}</ETag></PostResponse>"
    )
    return 201, headers | {"content-type": "application/xml"}, body


def verify_form(fields: Mapping[str, str], size: int, bucket: str, now: datetime) -> None:
    """Check the policy of a form, its signature and expiry, and the fields (lower-case) against its conditions.

    Raises:
        Refused: with the first thing that is wrong, as S3 names it.
    """
    policy = _policy(fields)
    _verify_signature(fields)
    if now >= datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00")):
        raise _not_by_policy("Policy expired.")
    given = dict(fields) | {"bucket": bucket}
    conditions = [_condition(condition) for condition in policy["conditions"]]
    for kind, name, value in conditions:
        if kind != "content-length-range" and not _holds(kind, given.get(name, ""), value):
            shown = json.dumps([kind, f"${name}", value])
            raise _not_by_policy(f"Policy Condition failed: {shown}")
    allowed = {name for _, name, _ in conditions} | FREE_FIELDS
    extra = sorted(name for name in fields if name not in allowed and not name.startswith("x-ignore-"))
    if extra:
        raise _not_by_policy(f"Extra input fields: {', '.join(extra)}")
    for kind, _, value in conditions:
        if kind == "content-length-range":
            _verify_size(size, *value)


def _policy(fields: Mapping[str, str]) -> dict[str, Any]:
    if "policy" not in fields:
        raise Refused(403, "AccessDenied", "Access Denied")
    try:
        policy = json.loads(base64.b64decode(fields["policy"], validate=True))
        return {"expiration": str(policy["expiration"]), "conditions": list(policy["conditions"])}
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise Refused(400, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") from None


def _condition(condition: Any) -> tuple[str, str, Any]:
    """A condition as (kind, field in lower case, value)."""
    if isinstance(condition, dict):
        ((name, value),) = condition.items()
        return "eq", name.lower(), value
    kind, name, value = condition
    if kind.lower() == "content-length-range":
        return "content-length-range", "", (int(name), int(value))
    return kind.lower(), name.removeprefix("$").lower(), value


def _holds(kind: str, given: str, value: str) -> bool:
    return given.startswith(value) if kind == "starts-with" else kind == "eq" and given == value


def _verify_size(size: int, least: int, most: int) -> None:
    if size < least:
        message = "Your proposed upload is smaller than the minimum allowed size"
        details = {"ProposedSize": str(size), "MinSizeAllowed": str(least)}
        raise Refused(400, "EntityTooSmall", message, **details)
    if size > most:
        message = "Your proposed upload exceeds the maximum allowed size"
        raise Refused(400, "EntityTooLarge", message, ProposedSize=str(size), MaxSizeAllowed=str(most))


def _verify_signature(fields: Mapping[str, str]) -> None:
    if fields.get("x-amz-algorithm") != ALGORITHM or "x-amz-credential" not in fields:
        raise Refused(403, "AccessDenied", "Access Denied")
    key = signing_key(fields["x-amz-credential"])
    expected = hmac.new(key, fields["policy"].encode(), hashlib.sha256).hexdigest()
    _compare(expected, fields.get("x-amz-signature", ""))


def _not_by_policy(reason: str) -> Refused:
    return Refused(403, "AccessDenied", f"Invalid according to Policy: {reason}")


# --- links -----------------------------------------------------------------------------------------------------


def _key(original: Callable[..., Any]) -> Callable[..., Any]:
    def key_response(response: S3Response, request: Any, full_url: str) -> Any:
        try:
            verify_link(request.method, request.raw_url, request.headers, _now())
        except Refused as refused:
            return refused.answer()
        return original(response, request, full_url)

    return key_response


def verify_link(method: str, url: str, headers: Mapping[str, str], now: datetime) -> None:
    """Check the signature and the age of a presigned link; what is not presigned passes.

    Raises:
        Refused: as S3 would.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "Signature" in query and "AWSAccessKeyId" in query:
        message = (
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        )
        raise Refused(400, "InvalidRequest", message)
    if "X-Amz-Signature" not in query:
        return
    _compare(_link_signature(method, parts.path, query, headers), query["X-Amz-Signature"])
    begun = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ends = begun + timedelta(seconds=int(query["X-Amz-Expires"]))
    if now > ends:
        details = {
            "X-Amz-Expires": query["X-Amz-Expires"],
            "Expires": ends.isoformat(),
            "ServerTime": now.isoformat(),
        }
        raise Refused(403, "AccessDenied", "Request has expired", **details)


def _link_signature(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    names = query["X-Amz-SignedHeaders"].split(";")
    signed = sorted((name, value) for name, value in query.items() if name != "X-Amz-Signature")
    canonical = "\n".join(
        [
            method,
            path,
            "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in signed),
            *(f"{name}:{(headers.get(name) or '').strip()}" for name in names),
            "",
            query["X-Amz-SignedHeaders"],
            "UNSIGNED-PAYLOAD",
        ]
    )
    scope = query["X-Amz-Credential"].split("/", 1)[1]
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([ALGORITHM, query["X-Amz-Date"], scope, digest])
    return hmac.new(signing_key(query["X-Amz-Credential"]), text.encode(), hashlib.sha256).hexdigest()


def signing_key(credential: str) -> bytes:
    """The key of a credential `<access key>/<date>/<region>/s3/aws4_request`."""
    access_key, *scope = credential.split("/")
    if access_key != ACCESS_KEY or len(scope) != 4:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise Refused(403, "InvalidAccessKeyId", message, AWSAccessKeyId=access_key)
    key = f"AWS4{SECRET_KEY}".encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _compare(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected, given):
        message = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        )
        raise Refused(403, "SignatureDoesNotMatch", message)


# --- checksums -------------------------------------------------------------------------------------------------


def _put(original: Callable[[S3Response], Answer]) -> Callable[[S3Response], Answer]:
    def put_object(response: S3Response) -> Answer:
        digest = response.headers.get("x-amz-checksum-sha256")
        try:
            verify_checksum(digest, response.body or b"")
        except Refused as refused:
            return refused.answer()
        with asking(response.headers.get(CONTEXT)):
            return original(response)

    return put_object


def verify_checksum(digest: str | None, content: bytes) -> None:
    """Check a base64 SHA-256 against the content; none: nothing to check."""
    if digest is not None and digest != base64.b64encode(hashlib.sha256(content).digest()).decode():
        message = "The SHA256 you specified did not match the calculated checksum."
        raise Refused(400, "BadDigest", message)


def _keep_checksum(key: Any, digest: str | None) -> None:
    if digest is not None:
        key.checksum_algorithm, key.checksum_value = "SHA256", digest


def _now() -> datetime:
    return datetime.now(UTC)
