"""Opens envelopes that `functions.adapters.sealer` has closed; only the function that breaks seals may.

No policy lets anybody decrypt with the sealing key, that function neither. What it may do is make a grant, to itself,
to decrypt, for the encryption context of one case above and its moment; it gives the grant back when it is done. So the
trail of the account shows each opening as ``CreateGrant``, and nothing could be opened between two of them.

A grant is known to KMS at once by its token, and to S3, which decrypts files in our name, after some seconds; until
then S3 refuses, and the step is tried again under the same grant.
https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    """Opens envelopes with the key that closed them; ``role`` is the one in whose name this runs."""

    def __init__(self, client: Any, key_id: str, role: str) -> None:
        self._kms = client
        self._key = key_id
        self._role = role
        self._tokens: list[str] = []

    @contextmanager
    def allowed(self, *scopes: Mapping[str, str]) -> Iterator[None]:
        """Lend the right to decrypt what is bound to one of these scopes. Raises `DependencyDown`.

        The same scope gets the same grant again. It is left behind where something fails: the repeat takes it up.
        """
        with translated("kms", DOWN):
            grants = [self._granted(scope) for scope in scopes]
        self._tokens = [grant["GrantToken"] for grant in grants]
        yield
        self._tokens = []
        with translated("kms", DOWN):
            for grant in grants:
                self._kms.retire_grant(KeyId=self._key, GrantId=grant["GrantId"])

    def _granted(self, scope: Mapping[str, str]) -> Any:
        return self._kms.create_grant(
            KeyId=self._key,
            GranteePrincipal=self._role,
            RetiringPrincipal=self._role,
            Operations=["Decrypt"],
            Constraints={"EncryptionContextSubset": dict(scope)},
            Name=_name(scope),
        )

    def open(self, envelope: Mapping[str, Any], context: Mapping[str, str]) -> bytes:
        """Give what was closed for this context. Raises `EnvelopeBroken`, `DependencyDown`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        with translated("kms", DOWN, _REFUSALS):
            key = self._kms.decrypt(
                KeyId=self._key,
                CiphertextBlob=_bytes(envelope["key"]),
                EncryptionContext=dict(context),
                GrantTokens=self._tokens,
            )
        try:
            return AESGCM(key["Plaintext"]).decrypt(
                _bytes(envelope["nonce"]), _bytes(envelope["content"]), bound(context)
            )
        except InvalidTag:
            raise EnvelopeBroken("the envelope is not what was closed") from None


def _name(scope: Mapping[str, str]) -> str:
    """Name the grant: letters, digits and a few signs are all that KMS takes."""
    return "open/" + "/".join(value.replace(":", "-") for value in scope.values())


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
