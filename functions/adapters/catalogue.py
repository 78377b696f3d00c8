"""The compiled services, agencies and calendars, as they lie beside the code: JSON only, read once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from functions.domain.clock import Calendar, Language
from functions.domain.errors import NotFound, ServiceUnknown
from functions.domain.service import Agency, Service

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
"""At the root of the repository, and at the root of a Lambda's zip."""


class Catalogue:
    """What this installation offers. A case names the version of its service; without one it is the current one.

    ``more`` are the folders of single services that lie elsewhere, such as one that is being written.
    """

    def __init__(self, workflows: Path = WORKFLOWS, more: Sequence[Path] = ()) -> None:
        self._workflows, self._more = workflows, more
        self._services: dict[tuple[str, int | None], Service] = {}
        self._calendars: dict[str, Calendar] = {}

    def service(self, code: str, version: int | None = None) -> Service:
        """Give a service; raises `ServiceUnknown` for an unknown code or version."""
        known = self._services.get((code, version))
        if known is None:
            known = self._services[code, version] = self._read(code, version)
        return known

    def services(self) -> list[Service]:
        """Give the current version of every service, by code."""
        return [self.service(code) for code in self.codes]

    def diagram(self, code: str, language: Language, version: int | None = None) -> str:
        """Give the picture of a service, or of an older version of it, as SVG; raises `ServiceUnknown`."""
        service = self.service(code)
        name = "diagram" if version in (None, service.version) else f"versions/{version}"
        path = self._folders[service.code] / f"{name}.{language}.svg"
        if not path.exists():
            raise _unknown(code, version)
        return path.read_text(encoding="utf-8")

    def agency(self, code: str) -> Agency:
        """Give an agency; raises `NotFound`."""
        try:
            return self._agencies[code]
        except KeyError:
            raise NotFound(
                {"id": f"Instansi {code} tidak dikenal.", "en": f"There is no agency {code}."}, agency=code
            ) from None

    def agencies(self) -> list[Agency]:
        return list(self._agencies.values())

    def calendar(self, agency: str) -> Calendar:
        """Give the working days of an agency in its time zone; raises `NotFound`."""
        if agency not in self._calendars:
            office = self.agency(agency)
            calendars = self._offices["calendars"]
            self._calendars[agency] = Calendar.from_data(
                calendars[office.calendar], calendars=calendars, zone=office.zone
            )
        return self._calendars[agency]

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(sorted(self._folders))

    @cached_property
    def _folders(self) -> dict[str, Path]:
        found = {path.parent.name: path.parent for path in self._workflows.glob("*/service.json")}
        return found | {folder.name: folder for folder in self._more}

    def _read(self, code: str, version: int | None) -> Service:
        # Only codes that lie in the folder are read, so a code from outside can never become a path.
        if code in self.codes:
            folder = self._folders[code]
            current = self._services.get((code, None)) or _service(folder / "service.json")
            if version in (None, current.version):
                return current
            kept = folder / "versions" / f"{version}.json"
            if kept.exists():
                return _service(kept)
        raise _unknown(code, version)

    @cached_property
    def _offices(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self._workflows / "agencies.json").read_text(encoding="utf-8"))
        return content

    @cached_property
    def _agencies(self) -> dict[str, Agency]:
        return {code: Agency.model_validate(content) for code, content in self._offices["agencies"].items()}


def _unknown(code: str, version: int | None) -> ServiceUnknown:
    return ServiceUnknown(
        {"id": f"Layanan {code} tidak dikenal.", "en": f"There is no service {code}."},
        service=code, version=version,
    )  # fmt: skip


def _service(path: Path) -> Service:
    return Service.model_validate_json(path.read_bytes())
