"""Lots: an order that anyone can check and nobody can steer.

    round opened: who takes part is fixed, and where and when the seed will be published ─▶ that moment
        ─▶ the seed is entered, once ─▶ the order follows from it, for everybody who computes it

When the round is opened nobody knows the seed, and once it is known nobody can change who takes part: neither an
applicant, who has a number already, nor an officer, nor who runs the system. Nothing in it is personal, so it is all
public, and `faults` checks a saved draw offline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain.clock import read_rfc3339, rfc3339
from functions.domain.errors import Conflict, Fault, Invalid, KeyReused, NotFound, NotNow
from functions.domain.quota import GENERAL, Candidate
from functions.domain.service import Line

RULE = {
    "id": "Undian sebuah nomor adalah SHA-256 (heksadesimal, huruf kecil) dari teks "
    "benih/layanan/periode/wilayah/nomor dalam UTF-8; undian terkecil dilayani lebih dahulu.",
    "en": "The lot of a number is the SHA-256 (hexadecimal, lower case) of the text "
    "seed/service/period/region/number in UTF-8; the smallest lot is served first.",
}


@dataclass(frozen=True)
class Draw:
    """The order by lot of one region in one round."""

    seed: str
    service: str
    period: str
    region: str

    def lot(self, number: int) -> str:
        text = "/".join((self.seed, self.service, self.period, self.region, str(number)))
        return hashlib.sha256(text.encode()).hexdigest()

    def sorted(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Sort by lot; within a reserve those of the same order."""
        return sorted(candidates, key=lambda one: (one.order, self.lot(one.number)))


def draw_of(service: str, opened: Mapping[str, Any], region: str) -> Draw | None:
    """Give the draw of a region; ``None`` where the round goes by number, or its lots were not drawn yet."""
    drawn = opened.get("drawn")
    return Draw(drawn["seed"], service, opened["period"], region) if drawn else None


def awaits_its_draw(opened: Mapping[str, Any]) -> bool:
    return bool(opened.get("lots")) and not opened.get("drawn")


def announced(line: Line, wanted: Mapping[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    """Give what is announced of the seed when a round is opened: its ``source``, and when it is ``published_at``.

    Raises `Invalid` where the line goes by lot and nothing is announced, or the seed may be known already.
    """
    if line.by != "lot":
        if wanted is None:
            return None
        raise Invalid([Fault("/lots", _BY_NUMBER)])
    if wanted is None:
        raise Invalid([Fault("/lots", _UNANNOUNCED)])
    if wanted["published_at"] <= now:
        raise Invalid([Fault("/lots/published_at", _KNOWN_ALREADY)])
    return plain(wanted)


def plain(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Give an announcement as it is stored."""
    return {"source": wanted["source"], "published_at": rfc3339(wanted["published_at"])}


def told(opened: Mapping[str, Any]) -> dict[str, Any]:
    """Give what everybody may know of a round's lots."""
    known = opened.get("drawn") or {"seed": None, "at": None}
    return {**opened["lots"], "seed": known["seed"], "drawn_at": known["at"]}


def drawn(
    opened: Mapping[str, Any] | None, seed: str, by: str, now: datetime, key: str | None = None
) -> dict[str, Any] | None:
    """Give the round with its seed; ``None`` where the same seed stands in it already.

    Raises `NotFound` without a round, `NotNow` before the seed is published, `Conflict` for a second seed.
    """
    if opened is None:
        raise NotFound(
            {"id": "Putaran ini belum dibuka.", "en": "This round was not opened."}, code="round-unknown"
        )
    lots, known = opened.get("lots"), opened.get("drawn")
    if lots is None:
        text = {"id": "Putaran ini menurut nomor.", "en": "This round goes by number."}
        raise NotNow(text, code="no-lots")
    if known:
        if known["seed"] == seed:
            return None
        if key and known.get("key") == key:
            raise KeyReused()
        text = {
            "id": f"Undian ini sudah ditarik pada {known['at']} dengan benih lain.",
            "en": f"These lots were drawn at {known['at']} with another seed.",
        }
        raise Conflict(text, code="lots-drawn")
    if now < read_rfc3339(lots["published_at"]):
        text = {
            "id": f"Benih baru diumumkan pada {lots['published_at']}; sebelumnya tidak diterima.",
            "en": f"The seed is published at {lots['published_at']}; none is taken before.",
        }
        raise NotNow(text, code="seed-not-published")
    return {**opened, "drawn": {"seed": seed, "by": by, "at": rfc3339(now), "key": key}}


def faults(draw: Mapping[str, Any]) -> list[str]:
    """Check a saved draw (``GET /v1/services/{service}/rounds/{period}/draw``); an empty list means that it is right.

    Whoever was called by lot took part and stands in the order of the lots, and nobody who still waits has an earlier
    one. A number that is neither called nor waiting has been given up; its case's own history tells of it.
    """
    if not draw.get("seed"):
        return ["the lots were not drawn yet"]
    entrants = {one["region"]: one["numbers"] for one in draw["entrants"]}
    found = []
    if read_rfc3339(draw["drawn_at"]) < read_rfc3339(draw["published_at"]):
        found.append("the lots were drawn before the seed was published")
    for region, most in entrants.items():
        order = Draw(draw["seed"], draw["service"], draw["period"], region)
        called = [
            one["number"]
            for one in draw["calls"]
            if (one["region"], one["category"], one["stage"]) == (region, GENERAL, 1)
        ]
        waiting = [one["number"] for one in draw["waiting"] if one["region"] == region]
        found += [f"{region}: {n} did not take part" for n in (*called, *waiting) if not 1 <= n <= most]
        last = max(called, key=order.lot, default=None)
        if called != sorted(called, key=order.lot):
            found.append(f"{region}: the calls do not stand in the order of the lots")
        found += [
            f"{region}: {n} still waits, and has an earlier lot than {last}, which was called"
            for n in waiting
            if last is not None and order.lot(n) < order.lot(last)
        ]
    return found


_BY_NUMBER = {
    "id": "Layanan ini memanggil menurut nomor; hapus `lots`.",
    "en": "This service calls by number; leave `lots` out.",
}
_UNANNOUNCED = {
    "id": "Tempat diberikan dengan undian: sebutkan sumber benihnya dan kapan diumumkan.",
    "en": "The places are given by lot: name the source of the seed and when it is published.",
}
_KNOWN_ALREADY = {
    "id": "Benih harus diumumkan setelah putaran dibuka, agar belum diketahui siapa pun.",
    "en": "The seed must be published after the round is opened, so that nobody knows it yet.",
}
