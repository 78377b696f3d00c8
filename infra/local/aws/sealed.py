"""Objects that lie encrypted, and keys that nobody may decrypt with unless a grant says so.

moto stores an object in the clear whatever encryption was asked for, and lets everybody decrypt. Here an object that
is encrypted with a key of KMS (SSE-KMS) lies as ciphertext, in memory and in the journal; and with a key whose policy
lets nobody decrypt, only what fits the constraint of a living grant is decrypted, by KMS and by S3 alike. Who asks is
not told apart: all have the same credentials here.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from moto.kms.exceptions import AccessDeniedException
from moto.kms.models import KmsBackend, kms_backends
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import FakeKey, S3Backend

from infra.local.aws.account import backend
from infra.local.aws.patches import Patches

MARK = b"SSE-KMS\n"
_NONCE_BYTES, _TAG_BYTES = 12, 16


def install(patches: Patches) -> None:
    """Let KMS obey grants, and S3 keep what is sealed as ciphertext."""
    patches.set(KmsBackend, "decrypt", _decrypt(KmsBackend.decrypt))
    patches.set(S3Backend, "put_object", _put_object(S3Backend.put_object))
    patches.set(KmsBackend, "create_grant", _create_grant(KmsBackend.create_grant))
    patches.set(FakeKey, "value", property(_value, _keep_length(FakeKey.value.fset)))
    patches.set(FakeKey, "__getstate__", _as_it_lies)


def stored(key: Any) -> bytes:
    """The bytes of an object as they lie there."""
    with key.lock:
        key._value_buffer.seek(0)
        return bytes(key._value_buffer.read())


# --- keys ------------------------------------------------------------------------------------------------------


def _decrypt(original: Callable[..., Any]) -> Callable[..., Any]:
    def decrypt(
        kms: KmsBackend, ciphertext_blob: bytes, encryption_context: dict[str, str], key_id: str | None = None
    ) -> Any:
        plain, arn = original(kms, ciphertext_blob, encryption_context, key_id)
        key = kms.keys[arn.rpartition("/")[2]]
        if not may_decrypt(json.loads(key.policy), key.list_grants(None), encryption_context):
            raise AccessDeniedException(f"User is not authorized to perform: kms:Decrypt on resource: {arn}")
        return plain, arn

    return decrypt


def _create_grant(original: Callable[..., Any]) -> Callable[..., Any]:
    """Under the same name the same grant is given again: moto makes another one."""

    def create_grant(kms: KmsBackend, key_id: str, *args: Any, **wanted: Any) -> Any:
        grant_id, token = original(kms, key_id, *args, **wanted)
        grants = kms.describe_key(key_id).grants
        new = grants[grant_id].to_json() | {"GrantId": ""}
        for known in [one for one in grants.values() if one.name and one.id != grant_id]:
            if known.to_json() | {"GrantId": ""} == new:
                del grants[grant_id]
                return known.id, token
        return grant_id, token

    return create_grant


def may_decrypt(policy: Mapping[str, Any], grants: list[Any], context: Mapping[str, str]) -> bool:
    """Whether the key's policy lets anybody decrypt, or one of the grants what has this context."""
    for statement in policy["Statement"]:
        named = statement["Action"]
        actions = {named} if isinstance(named, str) else set(named)
        if statement["Effect"] == "Allow" and actions & {"kms:Decrypt", "kms:*"}:
            return True
    return any("Decrypt" in grant.operations and _fits(grant.constraints, context) for grant in grants)


def _fits(constraints: Mapping[str, Any] | None, context: Mapping[str, str]) -> bool:
    subset = (constraints or {}).get("EncryptionContextSubset", {})
    return subset.items() <= context.items()


# --- objects ---------------------------------------------------------------------------------------------------


_asked: ContextVar[str | None] = ContextVar("the encryption context that a request asks for", default=None)


@contextmanager
def asking(context: str | None) -> Iterator[None]:
    """Let a request ask for an encryption context, as its header or form field has it (base64 of JSON)."""
    token = _asked.set(context)
    try:
        yield
    finally:
        _asked.reset(token)


def _put_object(original: Callable[..., Any]) -> Callable[..., Any]:
    def put_object(s3: S3Backend, bucket_name: str, key_name: str, value: bytes, **options: Any) -> Any:
        if options.get("encryption") == "aws:kms" and options.get("kms_key_id"):
            asked = _asked.get()
            context: dict[str, str] = json.loads(base64.b64decode(asked)) if asked else {}
            context["aws:s3:arn"] = f"arn:aws:s3:::{bucket_name}/{key_name}"
            value = seal(value, options["kms_key_id"], context)
        return original(s3, bucket_name, key_name, value, **options)

    return put_object


def seal(content: bytes, key_id: str, context: dict[str, str]) -> bytes:
    """Encrypt content under a data key of its own, which is kept with it, wrapped."""
    kms = backend(kms_backends)
    plain, wrapped, _ = kms.generate_data_key(key_id, context, 32, "AES_256")
    nonce = os.urandom(_NONCE_BYTES)
    head = {"key": base64.b64encode(wrapped).decode(), "nonce": nonce.hex(), "context": context}
    return MARK + json.dumps(head).encode() + b"\n" + AESGCM(plain).encrypt(nonce, content, None)


def _value(key: Any) -> bytes:
    content = stored(key)
    return _opened(content) if content.startswith(MARK) else content


def _keep_length(original: Callable[[Any, bytes], None]) -> Callable[[Any, bytes], None]:
    """What lies sealed is listed with the length that it has in the clear."""

    def set_value(key: Any, content: bytes) -> None:
        original(key, content)
        if content.startswith(MARK):
            _, _, sealed = content.removeprefix(MARK).partition(b"\n")
            key.contentsize = len(sealed) - _TAG_BYTES

    return set_value


def _as_it_lies(key: Any) -> dict[str, Any]:
    """Give the state of an object to copy it without looking inside, as moto would."""
    state = {name: value for name, value in vars(key).items() if name not in ("_value_buffer", "lock")}
    state["value"] = b"" if key._value_buffer.closed else stored(key)
    return state


def _opened(content: bytes) -> bytes:
    head, _, sealed = content.removeprefix(MARK).partition(b"\n")
    described = json.loads(head)
    try:
        wrapped = base64.b64decode(described["key"])
        plain, _ = backend(kms_backends).decrypt(wrapped, described["context"])
    except AccessDeniedException:
        raise S3AccessDeniedError() from None
    return AESGCM(plain).decrypt(bytes.fromhex(described["nonce"]), sealed, None)
