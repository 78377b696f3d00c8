"""KMS: what moto signs with MessageType RAW is right, so there is no seam; keys are made once a process."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from infra.local.aws import LocalAws

SCHEMES = [("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"), ("ECC_NIST_P256", "ECDSA_SHA_256")]


def signed(aws: LocalAws, spec: str, algorithm: str) -> tuple[bytes, bytes]:
    """A public key and its signature of b"permit"."""
    kms = aws.client("kms")
    key = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    answer = kms.sign(KeyId=key, Message=b"permit", MessageType="RAW", SigningAlgorithm=algorithm)
    return kms.get_public_key(KeyId=key)["PublicKey"], answer["Signature"]


@pytest.mark.parametrize(("spec", "algorithm"), SCHEMES)
def test_a_raw_message_is_signed_as_kms_signs_it(aws: LocalAws, spec: str, algorithm: str) -> None:
    public, signature = signed(aws, spec, algorithm)

    key = load_der_public_key(public)
    if isinstance(key, RSAPublicKey):
        key.verify(signature, b"permit", padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(key, EllipticCurvePublicKey)
        key.verify(signature, b"permit", ec.ECDSA(hashes.SHA256()))


def test_keys_of_one_system_differ_and_the_next_system_has_the_same() -> None:
    with LocalAws({}) as aws:
        first, second = [signed(aws, *SCHEMES[0])[0] for _ in range(2)]
    with LocalAws({}) as aws:
        again = signed(aws, *SCHEMES[0])[0]

    assert first != second
    assert again == first
