"""Documents sealed with a key that never leaves KMS: PAdES signatures, the key's certificate, and their verification.

PAdES baseline B-B (ETSI EN 319 142-1), sub-filter ETSI.CAdES.detached. The first signature certifies the document: no
change is allowed afterwards, and where several sign, none but the signatures of the others, each in its own field that
was there before the first. Everything but an ECDSA signature itself is determined by the arguments, so that with an
RSA key a repeated step gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from io import BytesIO
from typing import Any, TypedDict

from asn1crypto import algos, core, csr, keys, pem, x509
from pyhanko.pdf_utils.generic import ArrayObject, ByteStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from functions.adapters.outage import translated

# RFC 9336: the purpose "signing of documents".
_DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
_SELF_SIGNED_FOR = timedelta(days=3652)
_LARGEST_RAW_MESSAGE = 4096
_FIELD = "Signature"


@dataclass(frozen=True)
class _Scheme:
    """How a kind of key signs: KMS's name, X.509's name, and the longest signature in bytes."""

    kms: str
    x509: str
    longest: int

    @property
    def algorithm(self) -> algos.SignedDigestAlgorithm:
        described: dict[str, Any] = {"algorithm": self.x509}
        if self.x509 == "sha256_rsa":  # RFC 4055: RSA's parameters are NULL, ECDSA has none
            described["parameters"] = core.Null()
        return algos.SignedDigestAlgorithm(described)


def _scheme_of(public: keys.PublicKeyInfo) -> _Scheme:
    if public.algorithm == "rsa":
        return _Scheme("RSASSA_PKCS1_V1_5_SHA_256", "sha256_rsa", public.byte_size)
    if public.algorithm == "ec" and public.curve == ("named", "secp256r1"):
        return _Scheme("ECDSA_SHA_256", "sha256_ecdsa", 72)
    raise ValueError("documents are signed with a key of the spec RSA_2048 (or longer) or ECC_NIST_P256")


@dataclass(frozen=True)
class Subject:
    """Whose key it is, as a certificate names it."""

    common_name: str
    organization: str
    unit: str | None = None
    country: str = "ID"

    @property
    def name(self) -> x509.Name:
        parts = {
            "country_name": self.country,
            "organization_name": self.organization,
            "organizational_unit_name": self.unit,
            "common_name": self.common_name,
        }
        return x509.Name.build({kind: value for kind, value in parts.items() if value})


class Verification(TypedDict):
    """What a signed document shows of itself.

    ``intact``: not one byte has changed or come since; ``valid``: intact, and the signature is the key's;
    ``trusted``: the certificate of the key leads to a root that we trust. ``signer`` is the name that the last
    signature claims, ``certificate`` whom the certificate names. All signatures must hold; ``signers`` names them.
    """

    intact: bool
    valid: bool
    trusted: bool
    signer: str | None
    signers: tuple[str | None, ...]
    certificate: str | None
    signed_at: datetime | None
    reason: str | None
    location: str | None


_UNSIGNED = Verification(
    intact=False,
    valid=False,
    trusted=False,
    signer=None,
    signers=(),
    certificate=None,
    signed_at=None,
    reason=None,
    location=None,
)


class KmsSigner:
    """Signs PDF files with one KMS key.

    ``certificate_pem`` is the key's certificate, followed by those of its issuers. Without one the key vouches for
    itself, from its creation and for ten years: good for a trial, until a certification authority has answered
    `certificate_request`.
    """

    def __init__(
        self, client: Any, key_id: str, certificate_pem: str | None, *, subject: Subject | None = None
    ) -> None:
        self._key = _Key(client, key_id)
        self._given = certificate_pem
        self._subject = subject or Subject("Loket", "Loket")

    @cached_property
    def certificate_pem(self) -> str:
        """The certificate and its chain, for those who verify."""
        if self._given is not None:
            return self._given
        created = self._key.created_at
        return _self_signed(self._key, self._subject, created, created + _SELF_SIGNED_FOR)

    def sign(
        self, pdf: bytes, *, names: Sequence[str], reason: str, location: str, signed_at: datetime
    ) -> bytes:
        """Sign a PDF in the name of each official, one after the other, as ``name, title``.

        `signed_at` is aware and goes into the signatures as given. Raises `DependencyDown` when KMS does not answer.
        """
        for place, name in enumerate(names):
            file = _SameFile(BytesIO(pdf))
            for other in range(1, len(names) if place == 0 else 0):
                append_signature_field(file, SigFieldSpec(_field(other), on_page=0))
            signer = _PdfSignerAt(
                signed_at,
                PdfSignatureMetadata(
                    field_name=_field(place),
                    name=name,
                    reason=reason,
                    location=location,
                    md_algorithm="sha256",
                    subfilter=SigSeedSubFilter.PADES,
                    certify=place == 0,
                    docmdp_permissions=MDPPerm.NO_CHANGES if len(names) == 1 else MDPPerm.FILL_FORMS,
                ),
                signer=_KeySigner(self._key, _certificates(self.certificate_pem)),
                new_field_spec=SigFieldSpec(_FIELD, on_page=0) if place == 0 else None,
            )
            signed = BytesIO()
            signer.sign_pdf(file, output=signed)
            pdf = signed.getvalue()
        return pdf


def _field(place: int) -> str:
    return f"{_FIELD}{place + 1}" if place else _FIELD


def self_signed_certificate(
    client: Any, key_id: str, subject: Subject, not_before: datetime, not_after: datetime
) -> str:
    """Make a certificate (PEM) for a KMS key, signed by the key itself."""
    return _self_signed(_Key(client, key_id), subject, not_before, not_after)


def certificate_request(client: Any, key_id: str, subject: Subject) -> str:
    """Make the request (PKCS #10, PEM) by which a certification authority certifies a KMS key."""
    key = _Key(client, key_id)
    wanted = {"type": "extension_request", "values": [x509.Extensions(_extensions(key, issuer=False))]}
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": subject.name,
            "subject_pk_info": key.public,
            "attributes": [wanted],
        }
    )
    request = csr.CertificationRequest(
        {
            "certification_request_info": info,
            "signature_algorithm": key.scheme.algorithm,
            "signature": key.sign(info.dump()),
        }
    )
    return str(pem.armor("CERTIFICATE REQUEST", request.dump()).decode("ascii"))


def verify_pdf(pdf: bytes, trust_roots: Iterable[str], *, at: datetime | None = None) -> Verification:
    """Check the signatures of a PDF against root certificates (PEM); `at` is now, or a moment to judge by.

    A file without a signature, or that is no PDF, is neither intact nor valid.
    """
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    try:
        signatures = PdfFileReader(BytesIO(pdf)).embedded_signatures
    except PdfError:
        signatures = []
    if not signatures:
        return _UNSIGNED
    signature = signatures[-1]
    roots = [certificate for root in trust_roots for certificate in _certificates(root)]
    found = [
        validate_pdf_signature(one, ValidationContext(trust_roots=roots, allow_fetching=False, moment=at))
        for one in signatures
    ]
    status = found[-1]
    undisturbed = all(one.intact and one.docmdp_ok is not False for one in found)
    intact = undisturbed and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    return Verification(
        intact=intact,
        valid=intact and all(one.valid for one in found),
        trusted=all(one.trusted for one in found),
        signer=_text(signature.sig_object, "/Name"),
        signers=tuple(_text(one.sig_object, "/Name") for one in signatures),
        certificate=status.signing_cert.subject.human_friendly,
        signed_at=status.signer_reported_dt,
        reason=_text(signature.sig_object, "/Reason"),
        location=_text(signature.sig_object, "/Location"),
    )


class _Key:
    """A key in KMS: what is public of it, and its signature."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._kms = client
        self._id = key_id

    @cached_property
    def public(self) -> keys.PublicKeyInfo:
        with translated("kms", _DOWN):
            answer = self._kms.get_public_key(KeyId=self._id)
        return keys.PublicKeyInfo.load(answer["PublicKey"])

    @cached_property
    def scheme(self) -> _Scheme:
        return _scheme_of(self.public)

    @cached_property
    def created_at(self) -> datetime:
        with translated("kms", _DOWN):
            created: datetime = self._kms.describe_key(KeyId=self._id)["KeyMetadata"]["CreationDate"]
        return created.astimezone(UTC).replace(microsecond=0)

    def sign(self, message: bytes) -> bytes:
        if len(message) > _LARGEST_RAW_MESSAGE:
            raise ValueError(f"KMS signs at most {_LARGEST_RAW_MESSAGE} bytes, not {len(message)}")
        with translated("kms", _DOWN):
            answer = self._kms.sign(
                KeyId=self._id, Message=message, MessageType="RAW", SigningAlgorithm=self.scheme.kms
            )
        return bytes(answer["Signature"])


class _KeySigner(Signer):
    """The part of a CMS signature that only the holder of the key can make."""

    def __init__(self, key: _Key, certificates: list[x509.Certificate]) -> None:
        super().__init__(
            signing_cert=certificates[0],
            cert_registry=SimpleCertificateStore.from_certs(certificates[1:]),
            signature_mechanism=key.scheme.algorithm,
        )
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(self._key.scheme.longest) if dry_run else self._key.sign(data)


class _PdfSignerAt(PdfSigner):
    """A signer whose clock shows the moment that it was given."""

    def __init__(self, at: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at = at.replace(microsecond=0)

    def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self._at
        return session


class _SameFile(IncrementalPdfFileWriter):
    """Adds a signature and nothing else: metadata stay those of the document, and its id is no random number."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> ArrayObject:
        first = prev.trailer["/ID"][0].original_bytes
        return ArrayObject([ByteStringObject(first), ByteStringObject(hashlib.sha256(first).digest()[:16])])

    def _update_meta(self) -> None:
        """Leave the metadata: in PDF/A the two copies must agree, and the moment stands in the signature."""


def _self_signed(key: _Key, subject: Subject, not_before: datetime, not_after: datetime) -> str:
    serial = hashlib.sha256(key.public.dump() + not_before.isoformat().encode()).digest()[:16]
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": int.from_bytes(serial, "big") >> 1 | 1,
            "signature": key.scheme.algorithm,
            "issuer": subject.name,
            "validity": {"not_before": _time(not_before), "not_after": _time(not_after)},
            "subject": subject.name,
            "subject_public_key_info": key.public,
            "extensions": _extensions(key, issuer=True),
        }
    )
    certificate = x509.Certificate(
        {
            "tbs_certificate": body,
            "signature_algorithm": key.scheme.algorithm,
            "signature_value": key.sign(body.dump()),
        }
    )
    return str(pem.armor("CERTIFICATE", certificate.dump()).decode("ascii"))


def _extensions(key: _Key, *, issuer: bool) -> list[dict[str, Any]]:
    identifier = key.public.sha1  # RFC 5280, 4.2.1.2 (1)
    extensions = [
        {"extn_id": "basic_constraints", "critical": True, "extn_value": {"ca": False}},
        {"extn_id": "key_usage", "critical": True, "extn_value": {"digital_signature", "non_repudiation"}},
        {"extn_id": "extended_key_usage", "critical": False, "extn_value": [_DOCUMENT_SIGNING]},
        {"extn_id": "key_identifier", "critical": False, "extn_value": identifier},
    ]
    if issuer:
        extensions.append(
            {
                "extn_id": "authority_key_identifier",
                "critical": False,
                "extn_value": {"key_identifier": identifier},
            }
        )
    return extensions


def _time(moment: datetime) -> x509.Time:
    moment = moment.astimezone(UTC).replace(microsecond=0)
    kind = "utc_time" if moment.year < 2050 else "general_time"  # RFC 5280, 4.1.2.5
    return x509.Time(name=kind, value=moment)


def _certificates(pem_text: str) -> list[x509.Certificate]:
    blocks = pem.unarmor(pem_text.encode("ascii"), multiple=True)
    return [x509.Certificate.load(der) for kind, _, der in blocks if kind == "CERTIFICATE"]


def _text(signature: Any, entry: str) -> str | None:
    value = signature.get(entry)
    return None if value is None else str(value)


_DOWN = {
    "id": "Layanan tanda tangan elektronik sedang tidak menjawab. Coba lagi nanti.",
    "en": "The signing service does not answer. Try again later.",
}
