"""Letters that several tests draw."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from functions.domain.letter import (
    Fact,
    Facts,
    FeeItem,
    FeeTable,
    Letter,
    Letterhead,
    Numbered,
    Paragraph,
    Signatory,
)
from functions.domain.service import Text

URL = "https://loket.example.go.id/permits/PBG-2026-7K3M9QX2RT"
CREATED_AT = datetime(2026, 11, 24, 10, 15, tzinfo=timezone(timedelta(hours=8)))


def both(indonesian: str, english: str) -> Text:
    return Text(id=indonesian, en=english)


def a_permit(**changes: Any) -> Letter:
    """A building permit of the usual length."""
    letter = Letter(
        letterhead=Letterhead(
            government="Pemerintah Kabupaten Badung",
            agency=both(
                "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu",
                "Office of Investment and One-Stop Integrated Services",
            ),
            address=("Jalan Raya Sempidi, Mangupura 80351",),
        ),
        title=both("Persetujuan Bangunan Gedung", "Building Permit"),
        number="PBG-2026-7K3M9QX2RT",
        place="Mangupura",
        date=date(2026, 11, 24),
        blocks=(
            Paragraph(
                text=both(
                    "Berdasarkan Pernyataan Pemenuhan Standar Teknis dan bukti pembayaran retribusi diberikan "
                    "Persetujuan Bangunan Gedung kepada:",
                    "On the ground of the Statement of Fulfilment of Technical Standards and the receipt for the "
                    "fee this Building Permit is granted to:",
                )
            ),
            Facts(
                title=both("Data bangunan", "The building"),
                rows=(
                    Fact(label=both("Pemilik", "Owner"), value="Ni Luh Putu Sari"),
                    Fact(
                        label=both("Alamat", "Address"),
                        value="Jalan Raya Canggu 88, Tibubeneng, Kuta Utara 80361",
                    ),
                    Fact(label=both("Fungsi", "Function"), value=both("Usaha", "Business")),
                    Fact(label=both("Luas lantai", "Floor area"), value="240 m²"),
                    Fact(label=both("Jumlah lantai", "Storeys"), value="2"),
                ),
            ),
            FeeTable(
                title=both("Retribusi yang telah dibayar", "Fee paid"),
                lines=(
                    FeeItem(title=both("Bangunan gedung", "Building"), amount=6_452_586),
                    FeeItem(title=both("Prasarana: pagar", "Infrastructure: fence"), amount=350_000),
                ),
            ),
            Numbered(
                title=both("Ketentuan", "Conditions"),
                items=(
                    both("Pelaksanaan dimulai dalam enam bulan.", "Work starts within six months."),
                    both(
                        "Setiap tahap diberitahukan kepada penilik.",
                        "Each stage is notified to the inspector.",
                    ),
                    both(
                        "Bangunan tidak dimanfaatkan sebelum Sertifikat Laik Fungsi terbit.",
                        "The building is not used before its Certificate of Worthiness is issued.",
                    ),
                ),
            ),
        ),
        signatory=Signatory(
            name="Ir. I Made Contoh, M.T.",
            title=both("Kepala Dinas", "Head of the Office"),
            number="NIP 19750312 200003 1 002",
        ),
        verification_url=URL,
        created_at=CREATED_AT,
    )
    return letter.model_copy(update=changes)
