"""Opens envelopes that `functions.adapters.sealer` has closed; only the function that breaks seals may."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from functions.adapters.outage import Refusals, translated
from functions.adapters.sealer import DOWN, bound
from functions.domain.errors import LoketError


class EnvelopeBroken(LoketError):
    """The envelope is not what was closed, or not for this context."""


# KMS answers so to a wrong context and to a foreign ciphertext alike.
_REFUSALS: Refusals = {
    "InvalidCiphertextException": lambda code: EnvelopeBroken("the envelope is not for this context")
}


class KmsOpener:
    """Opens envelopes with the key that closed them."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._kms = client
        self._key = key_id

    def open(self, envelope: Mapping[str, Any], context: Mapping[str, str]) -> bytes:
        """Give what was closed for this context. Raises `EnvelopeBroken`, `DependencyDown`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        with translated("kms", DOWN, _REFUSALS):
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
