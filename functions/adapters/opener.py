"""Opens envelopes that `functions.adapters.sealer` has closed; only the function that breaks seals may."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.sealer import bound
from functions.domain.errors import DependencyDown, LoketError


class EnvelopeBroken(LoketError):
    """The envelope is not what was closed, or not for this context."""


class KmsOpener:
    """Opens envelopes with the key that closed them."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._kms = client
        self._key = key_id

    def open(self, envelope: Mapping[str, Any], context: Mapping[str, str]) -> bytes:
        """Give what was closed for this context. Raises `EnvelopeBroken`, `DependencyDown`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        with _translated():
            key = self._kms.decrypt(
                KeyId=self._key, CiphertextBlob=_bytes(envelope["key"]), EncryptionContext=dict(context)
            )
        try:
            return AESGCM(key["Plaintext"]).decrypt(
                _bytes(envelope["nonce"]), _bytes(envelope["content"]), bound(context)
            )
        except InvalidTag:
            raise EnvelopeBroken("the envelope is not what was closed") from None


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


_DOWN = {
    "id": "Layanan kunci sedang tidak menjawab. Coba lagi nanti.",
    "en": "The key service does not answer. Try again later.",
}


@contextmanager
def _translated() -> Iterator[None]:
    """Turn KMS's errors into the domain's: a wrong context or a foreign ciphertext is a broken envelope."""
    try:
        yield
    except ClientError as error:
        reason = error.response.get("Error", {}).get("Code")
        if reason == "InvalidCiphertextException":
            raise EnvelopeBroken("the envelope is not for this context") from error
        raise DependencyDown(_DOWN, service="kms", reason=reason) from error
    except BotoCoreError as error:
        raise DependencyDown(_DOWN, service="kms", reason=type(error).__name__) from error
