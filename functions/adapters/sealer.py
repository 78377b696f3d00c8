"""Envelopes: content encrypted under a data key of its own, which only the sealing key in KMS can unwrap.

AES-256-GCM (NIST SP 800-38D) with a fresh data key and nonce for each envelope. What an envelope is bound to is the
encryption context of its data key, and the additional data of its content: put beside another case, or given another
moment, it does not open. Closing needs ``kms:GenerateDataKey``; opening stands in `functions.adapters.opener`, for no
function may do both.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from functions.adapters.outage import translated

_NONCE_BYTES = 12


class KmsSealer:
    """Closes envelopes with one symmetric KMS key, and cannot open them."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._kms = client
        self._key = key_id

    def close(self, content: bytes, context: Mapping[str, str]) -> dict[str, Any]:
        """Give an envelope, as JSON values. Raises `DependencyDown`."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        with translated("kms", DOWN):
            key = self._kms.generate_data_key(
                KeyId=self._key, KeySpec="AES_256", EncryptionContext=dict(context)
            )
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(key["Plaintext"]).encrypt(nonce, content, bound(context))
        return {
            "cipher": "AES-256-GCM",
            "key": _text(key["CiphertextBlob"]),
            "nonce": _text(nonce),
            "content": _text(sealed),
            "context": dict(context),
        }


def bound(context: Mapping[str, str]) -> bytes:
    """Give the additional data that ties the content to its context."""
    return json.dumps(dict(context), sort_keys=True).encode()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


DOWN = {
    "id": "Layanan kunci sedang tidak menjawab. Coba lagi nanti.",
    "en": "The key service does not answer. Try again later.",
}
