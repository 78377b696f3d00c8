"""What API Gateway answers before any function is asked, as problem documents (RFC 9457): one table.

The template makes gateway responses of it, and the local gateway answers the same. API Gateway cannot choose by
``Accept-Language``, so each text stands in both languages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

CONTENT_TYPE = "application/problem+json"


class Refusal(NamedTuple):
    """``code`` names the problem type; without ``status`` API Gateway's own stands."""

    status: int | None
    code: str
    title: str
    detail: str

    def problem(self) -> dict[str, Any]:
        document = {"type": f"urn:loket:problem:{self.code}", "title": self.title, "status": self.status}
        return {key: value for key, value in document.items() if value} | {"detail": self.detail}


# By the name that API Gateway gives the cause: "Gateway response types for API Gateway".
REFUSALS: Mapping[str, Refusal] = {
    "UNAUTHORIZED": Refusal(
        401,
        "unauthenticated",
        "Silakan masuk · Sign in first",
        "Token tidak disertakan atau tidak berlaku. · The bearer token is missing or not valid.",
    ),
    "ACCESS_DENIED": Refusal(
        403,
        "forbidden",
        "Tidak diizinkan · Not allowed",
        "Akun ini tidak boleh memakai layanan. · This account may not use the service.",
    ),
    # An address without a route is "missing a token" to API Gateway, which answers 403 by itself.
    "MISSING_AUTHENTICATION_TOKEN": Refusal(
        404,
        "not-found",
        "Tidak ditemukan · Not found",
        "Alamat atau metode ini tidak dikenal. · This address or method is unknown.",
    ),
    "RESOURCE_NOT_FOUND": Refusal(
        404,
        "not-found",
        "Tidak ditemukan · Not found",
        "Alamat ini tidak dikenal. · This address is unknown.",
    ),
    "REQUEST_TOO_LARGE": Refusal(
        413,
        "too-large",
        "Terlalu besar · Too large",
        "Permintaan melebihi 10 MB. · The request is larger than 10 MB.",
    ),
    "UNSUPPORTED_MEDIA_TYPE": Refusal(
        415,
        "unsupported-media-type",
        "Jenis isi tidak didukung · Unsupported media type",
        "Kirim application/json. · Send application/json.",
    ),
    "THROTTLED": Refusal(
        429,
        "too-many-requests",
        "Terlalu banyak permintaan · Too many requests",
        "Coba lagi sebentar lagi. · Try again in a moment.",
    ),
    "AUTHORIZER_FAILURE": Refusal(
        503,
        "dependency-down",
        "Sedang tidak tersedia · Not available now",
        "Layanan masuk sedang tidak menjawab. Coba lagi sebentar. · "
        "The sign-in service does not answer. Try again in a moment.",
    ),
    "INTEGRATION_TIMEOUT": Refusal(
        504,
        "timeout",
        "Waktu habis · Timed out",
        "Jawaban belum selesai. Ulangi dengan Idempotency-Key yang sama. · "
        "There was no answer in time. Repeat it with the same Idempotency-Key.",
    ),
    "INTEGRATION_FAILURE": Refusal(
        502,
        "bad-gateway",
        "Terjadi kesalahan · Something went wrong",
        "Ulangi dengan Idempotency-Key yang sama. · Repeat it with the same Idempotency-Key.",
    ),
    "DEFAULT_4XX": Refusal(
        None,
        "bad-request",
        "Permintaan tidak dapat dibaca · The request cannot be read",
        "Periksa kembali permintaan. · Check the request.",
    ),
    "DEFAULT_5XX": Refusal(
        None,
        "something-went-wrong",
        "Terjadi kesalahan · Something went wrong",
        "Coba lagi sebentar lagi. · Try again in a moment.",
    ),
}

HEADERS: Mapping[str, Mapping[str, str]] = {
    "UNAUTHORIZED": {"WWW-Authenticate": "Bearer"},
    "THROTTLED": {"Retry-After": "1"},
    "AUTHORIZER_FAILURE": {"Retry-After": "2"},
}


def gateway_responses() -> dict[str, dict[str, Any]]:
    """Return the OpenAPI extension ``x-amazon-apigateway-gateway-responses``.

    It stands in the definition and not in resources of its own, because a stage shows only what its deployment held.
    """
    return {name: _response(name, refusal) for name, refusal in REFUSALS.items()}


def _response(name: str, refusal: Refusal) -> dict[str, Any]:
    headers = {"Content-Type": CONTENT_TYPE} | HEADERS.get(name, {})
    response: dict[str, Any] = {
        "responseParameters": {
            f"gatewayresponse.header.{key}": f"'{value}'" for key, value in headers.items()
        },
        "responseTemplates": {"application/json": json.dumps(refusal.problem(), ensure_ascii=False)},
    }
    return response if refusal.status is None else {"statusCode": str(refusal.status), **response}
