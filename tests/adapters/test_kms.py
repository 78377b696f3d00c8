"""Signatures with a key in KMS: PAdES, what they show, what breaks them, and the key's certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto import mock_aws
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from functions.adapters.kms import (
    KmsSigner,
    Subject,
    certificate_request,
    self_signed_certificate,
    verify_pdf,
)
from functions.adapters.pdf import render_letter
from functions.domain.errors import DependencyDown
from tests.adapters.pdfa import reader_of, violations
from tests.adapters.specimens import a_permit

SPECS = ("RSA_2048", "ECC_NIST_P256")
SIGNED_AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SUBJECT = Subject("Dinas Penanaman Modal", "Pemerintah Kabupaten Badung", unit="DPMPTSP")
HOW: dict[str, Any] = {
    "names": ["Ir. I Made Contoh, M.T., Kepala Dinas"],
    "reason": "Persetujuan Bangunan Gedung PBG-2026-7K3M9QX2RT",
    "location": "Mangupura",
    "signed_at": SIGNED_AT,
}


@pytest.fixture
def kms() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("kms", "ap-southeast-3")


@pytest.fixture(params=SPECS)
def key(request: pytest.FixtureRequest, kms: Any) -> str:
    return new_key(kms, request.param)


@pytest.fixture(scope="module")
def permit() -> bytes:
    return render_letter(a_permit())


def new_key(kms: Any, spec: str) -> str:
    return str(kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"])


class Authority:
    """A certification authority that answers a request as asked."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Otoritas Sertifikat Uji")])
        root = self._sign(
            self._name, self._key.public_key(), SIGNED_AT, SIGNED_AT + timedelta(days=3650), ca=True
        )
        self.certificate_pem = root.public_bytes(serialization.Encoding.PEM).decode()

    def certify(self, request: str, not_before: datetime, not_after: datetime) -> str:
        read = x509.load_pem_x509_csr(request.encode())
        certificate = self._sign(
            read.subject, read.public_key(), not_before, not_after, ca=False, extensions=read.extensions
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _sign(
        self, subject: Any, public: Any, start: datetime, end: datetime, *, ca: bool, extensions: Any = ()
    ) -> Any:
        builder = x509.CertificateBuilder(
            self._name, subject, public, x509.random_serial_number(), start, end
        )
        if ca:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        for extension in extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        return builder.sign(self._key, hashes.SHA256())


class Failing:
    """A client of which every call ends in the same error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def call(**kwargs: Any) -> Any:
            raise self.error

        return call


def test_a_signed_document_shows_who_signed_it_when_and_why(kms: Any, key: str, permit: bytes) -> None:
    signer = KmsSigner(kms, key, None, subject=SUBJECT)

    signed = signer.sign(permit, **HOW)

    assert verify_pdf(signed, [signer.certificate_pem]) == {
        "intact": True,
        "valid": True,
        "trusted": True,
        "signer": "Ir. I Made Contoh, M.T., Kepala Dinas",
        "signers": ("Ir. I Made Contoh, M.T., Kepala Dinas",),
        "certificate": (
            "Common Name: Dinas Penanaman Modal, Organizational Unit: DPMPTSP, "
            "Organization: Pemerintah Kabupaten Badung, Country: ID"
        ),
        "signed_at": SIGNED_AT,
        "reason": "Persetujuan Bangunan Gedung PBG-2026-7K3M9QX2RT",
        "location": "Mangupura",
    }


def test_the_document_stands_unchanged_before_its_signature(kms: Any, key: str, permit: bytes) -> None:
    signed = KmsSigner(kms, key, None).sign(permit, **HOW)

    assert signed.startswith(permit)


def test_the_signature_is_pades_with_the_certificate_bound_in(kms: Any, key: str, permit: bytes) -> None:
    signed = KmsSigner(kms, key, None).sign(permit, **HOW)

    (signature,) = reader_of(signed).embedded_signatures
    attributes = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert {"content_type", "message_digest", "signing_certificate_v2"} <= attributes
    assert "signing_time" not in attributes  # PAdES: the moment stands in /M alone
    assert signature.docmdp_level.value == 1


def test_a_signed_letter_is_still_pdf_a(kms: Any, key: str, permit: bytes) -> None:
    signed = KmsSigner(kms, key, None).sign(permit, **HOW)

    assert violations(signed) == []


def test_an_rsa_signature_repeated_gives_the_same_file(kms: Any, permit: bytes) -> None:
    key = new_key(kms, "RSA_2048")

    first = KmsSigner(kms, key, None).sign(permit, **HOW)
    again = KmsSigner(kms, key, None).sign(permit, **HOW)

    assert hashlib.sha256(first).digest() == hashlib.sha256(again).digest()


def test_a_changed_byte_breaks_it(kms: Any, key: str, permit: bytes) -> None:
    signer = KmsSigner(kms, key, None)
    signed = bytearray(signer.sign(permit, **HOW))
    signed[len(permit) // 2] ^= 1

    result = verify_pdf(bytes(signed), [signer.certificate_pem])

    assert (result["intact"], result["valid"]) == (False, False)


def test_what_is_added_later_is_not_covered(kms: Any, key: str, permit: bytes) -> None:
    signer = KmsSigner(kms, key, None)
    writer = IncrementalPdfFileWriter(BytesIO(signer.sign(permit, **HOW)))
    writer.root["/Lang"] = writer.root["/PageLayout"]
    writer.update_root()
    added = BytesIO()
    writer.write(added)

    result = verify_pdf(added.getvalue(), [signer.certificate_pem])

    assert (result["intact"], result["valid"]) == (False, False)


def test_the_signature_of_another_key_is_not_trusted(kms: Any, key: str, permit: bytes) -> None:
    signed = KmsSigner(kms, key, None).sign(permit, **HOW)
    other = KmsSigner(kms, new_key(kms, "RSA_2048"), None, subject=Subject("Lain", "Lain"))

    result = verify_pdf(signed, [other.certificate_pem])

    assert (result["intact"], result["valid"], result["trusted"]) == (True, True, False)


def test_a_certificate_of_an_authority_is_trusted_while_it_is_valid(
    kms: Any, key: str, permit: bytes
) -> None:
    authority = Authority()
    own = authority.certify(
        certificate_request(kms, key, SUBJECT), SIGNED_AT, SIGNED_AT + timedelta(days=730)
    )

    signed = KmsSigner(kms, key, own + authority.certificate_pem).sign(permit, **HOW)

    within = verify_pdf(signed, [authority.certificate_pem], at=SIGNED_AT + timedelta(days=1))
    after = verify_pdf(signed, [authority.certificate_pem], at=SIGNED_AT + timedelta(days=731))
    assert (within["trusted"], after["trusted"]) == (True, False)
    assert after["valid"]


@pytest.mark.parametrize("not_signed", [b"", b"%PDF-1.7\nnothing", b"\x89PNG"])
def test_what_bears_no_signature_is_neither_intact_nor_valid(not_signed: bytes) -> None:
    result = verify_pdf(not_signed, [])

    assert (result["intact"], result["valid"], result["trusted"], result["signer"]) == (
        False,
        False,
        False,
        None,
    )


def test_a_letter_before_it_is_signed_is_not_valid(permit: bytes) -> None:
    assert verify_pdf(permit, [])["valid"] is False


def test_the_certificate_is_signed_by_its_own_key(kms: Any, key: str) -> None:
    until = SIGNED_AT + timedelta(days=730)

    pem_text = self_signed_certificate(kms, key, SUBJECT, SIGNED_AT, until)

    certificate = x509.load_pem_x509_certificate(pem_text.encode())
    certificate.verify_directly_issued_by(certificate)
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (SIGNED_AT, until)
    assert (
        certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        == kms.get_public_key(KeyId=key)["PublicKey"]
    )
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)


def test_the_certificate_of_a_key_without_one_is_always_the_same(kms: Any) -> None:
    key = new_key(kms, "RSA_2048")

    assert KmsSigner(kms, key, None).certificate_pem == KmsSigner(kms, key, None).certificate_pem


def test_a_certification_authority_can_read_the_request(kms: Any, key: str) -> None:
    request = certificate_request(kms, key, SUBJECT)

    read = x509.load_pem_x509_csr(request.encode())
    assert read.is_signature_valid
    assert read.subject.rfc4514_string() == (
        "CN=Dinas Penanaman Modal,OU=DPMPTSP,O=Pemerintah Kabupaten Badung,C=ID"
    )
    assert read.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment


def test_the_chain_of_a_certificate_goes_into_the_signature(kms: Any, key: str, permit: bytes) -> None:
    own = KmsSigner(kms, key, None).certificate_pem
    issuer = KmsSigner(kms, new_key(kms, "RSA_2048"), None, subject=Subject("Induk", "Induk")).certificate_pem

    signed = KmsSigner(kms, key, own + issuer).sign(permit, **HOW)

    (signature,) = reader_of(signed).embedded_signatures
    names = {
        certificate.chosen.subject.native["common_name"]
        for certificate in signature.signed_data["certificates"]
    }
    assert names == {"Loket", "Induk"}


@pytest.mark.parametrize("spec", ["ECC_NIST_P384", "ECC_SECG_P256K1"])
def test_a_key_of_another_kind_is_refused(kms: Any, permit: bytes, spec: str) -> None:
    with pytest.raises(ValueError, match="RSA_2048"):
        KmsSigner(kms, new_key(kms, spec), None).sign(permit, **HOW)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EndpointConnectionError(endpoint_url="https://kms"), "EndpointConnectionError"),
        (ClientError({"Error": {"Code": "DisabledException"}}, "Sign"), "DisabledException"),
    ],
)
def test_a_signing_service_that_does_not_answer_is_a_dependency_down(
    permit: bytes, error: Exception, reason: str
) -> None:
    with pytest.raises(DependencyDown) as down:
        KmsSigner(Failing(error), "key", None).sign(permit, **HOW)

    assert down.value.facts == {"service": "kms", "reason": reason}


def test_the_key_signs_a_message_far_below_the_limit_of_kms(kms: Any, permit: bytes) -> None:
    sizes: list[int] = []
    kms.meta.events.register(
        "before-parameter-build.kms.Sign", lambda params, **_: sizes.append(len(params["Message"]))
    )
    key = new_key(kms, "RSA_2048")
    certificate = self_signed_certificate(kms, key, SUBJECT, SIGNED_AT, SIGNED_AT + timedelta(days=1))

    KmsSigner(kms, key, certificate).sign(permit, **HOW)

    assert len(sizes) == 2  # the certificate and the document
    assert max(sizes) < 2048


def test_each_of_several_signs_in_turn_and_all_must_hold(kms: Any, key: str, permit: bytes) -> None:
    signer = KmsSigner(kms, key, None)
    names = ["Gilang Ramadhan, Anggota tim", "Kartika Dewanti, Anggota tim", "Komarudin, Dinas Damkar"]

    signed = signer.sign(permit, **(HOW | {"names": names}))

    found = verify_pdf(signed, [signer.certificate_pem])
    assert (found["intact"], found["valid"], found["trusted"]) == (True, True, True)
    assert list(found["signers"]) == names
    assert signed.startswith(permit)
    assert violations(signed) == []
    broken = bytearray(signed)
    broken[len(permit) // 2] ^= 1
    assert not verify_pdf(bytes(broken), [signer.certificate_pem])["valid"]
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    changed = BytesIO()
    writer.write(changed)
    assert not verify_pdf(changed.getvalue(), [signer.certificate_pem])["intact"]
