"""The row of passes: from the folder of services to the text of every compiled file.

Published versions
    ``versions/<n>.json`` beside a service is version n as it was published. What running cases rely on (everything
    but titles and explanations) cannot change under that number: raise ``version``. When the version rises, the
    ``service.json`` that stood there is kept under its number; the definitions and the pictures of an old version
    follow from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from functions.domain.service import Agency, Service
from infra.compiler import diagram
from infra.compiler.define import VARIABLES, define
from infra.compiler.finding import Faulty, Finding
from infra.compiler.lint import lint
from infra.compiler.normalise import agencies_of, calendars_of, normalise, plain, service_of
from infra.compiler.prove import prove
from infra.compiler.prove.children import started_by
from infra.compiler.prove.seals import filed_below
from infra.compiler.read import Block, line_of, read

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
SOURCE = "service.yaml"
TEXT_KEYS = frozenset(
    {
        "title",
        "help",
        "summary",
        "who",
        "words",
        "when_words",
        "silence_words",
        "message",
        "label",
        "legal_basis",
    }
)
"""Titles and explanations, which may be mended in a published version; the wording of letters is substance."""

LINE = 118
"""Compiled JSON is laid out for lines of this length."""

Files = dict[Path, str]


@dataclass(frozen=True)
class Offices:
    """The agencies by code, and the calendars that they use."""

    agencies: Mapping[str, Agency]
    calendars: Mapping[str, Mapping[str, Any]]


def service_codes(workflows: Path) -> list[str]:
    return sorted(path.parent.name for path in workflows.glob(f"*/{SOURCE}"))


def home_of(workflows: Path, service: str) -> tuple[Path, str]:
    """Give the folder in which a service's folder lies, and its code; ``service`` is a code or a path."""
    folder = Path(service)
    if len(folder.parts) > 1 or folder.is_absolute() or (folder / SOURCE).exists():
        folder = folder.resolve()
        return folder.parent, folder.name
    return workflows, service


def read_offices(workflows: Path) -> Offices:
    """Read the agencies and their calendars. Raises `Faulty`."""
    path = workflows / "agencies.yaml"
    source = read(path)
    try:
        agencies = agencies_of(source)
        sources = {file.stem: read(file) for file in sorted((workflows / "calendars").glob("*.yaml"))}
        calendars = calendars_of(sources)
    except Faulty as faulty:
        raise Faulty(replace(finding, file=finding.file or path) for finding in faulty.findings) from faulty
    findings = [
        Finding(
            "calendar-unknown", (code, "calendar"), f"there is no calendars/{agency.calendar}.yaml", path,
            line_of(source, (code, "calendar")),
        )
        for code, agency in agencies.items()
        if agency.calendar not in calendars
    ]  # fmt: skip
    if findings:
        raise Faulty(findings)
    return Offices(agencies, calendars)


def offices_files(workflows: Path, offices: Offices) -> Files:
    agencies = {code: plain(agency) for code, agency in offices.agencies.items()}
    return {workflows / "agencies.json": as_json({"agencies": agencies, "calendars": offices.calendars})}


def service_files(workflows: Path, code: str, offices: Offices, beside: Path | None = None) -> Files:
    """Take one service through all passes; give the text of each file that it becomes. Raises `Faulty`.

    It may start cases of the services that lie ``beside`` it too.
    """
    folder = workflows / code
    path = folder / SOURCE
    source: Block | None = None
    try:
        source = normalise(read(path))
        service = service_of(source)
        _raise_if_any(_named_like_its_folder(service, folder))
        services = _startable(workflows, service, beside)
        _raise_if_any(prove(service, offices.agencies, services, offices.calendars))
        content = plain(service)
        _raise_if_any(_kept(folder, content))
    except Faulty as faulty:
        raise Faulty(_located(faulty.findings, path, source)) from faulty
    files = {folder / "service.json": as_json(content)}
    for name, definition in define(service).items():
        file = folder / f"{name}.asl.json"
        _raise_if_any(replace(finding, file=file) for finding in lint(definition, variables=VARIABLES))
        files[file] = as_json(definition)
    for language in diagram.LANGUAGES:
        files[folder / f"diagram.{language}.svg"] = diagram.draw(service, offices.agencies, language)
    kept = _history(folder, service)
    return files | kept | _old_pictures(folder, kept, service.version, offices.agencies)


def _old_pictures(folder: Path, kept: Files, current: int, agencies: Mapping[str, Agency]) -> Files:
    """Draw each version that is kept: a case that runs on it is shown on the process that it follows."""
    known = {path: path.read_text(encoding="utf-8") for path in (folder / "versions").glob("*.json")} | kept
    return {
        path.with_name(f"{path.stem}.{language}.svg"): diagram.draw(
            Service.model_validate_json(text), agencies, language
        )
        for path, text in sorted(known.items())
        if path.stem != str(current)
        for language in diagram.LANGUAGES
    }


def _startable(workflows: Path, service: Service, beside: Path | None) -> dict[str, Service]:
    """Give the services by code if this one starts cases or stands below another.

    One that cannot be read is told of by its own compilation.
    """
    found = {service.code: service}
    if started_by(service) or filed_below(service):
        for home in {workflows, beside or workflows}:
            for code in service_codes(home):
                if code not in found:
                    with suppress(Faulty):
                        found[code] = service_of(normalise(read(home / code / SOURCE)))
    return found


def as_json(content: Any) -> str:
    """Write JSON for readers: indented by two, with whatever fits on one line kept on one line."""
    return _laid_out(content, 0, 0) + "\n"


def _laid_out(value: Any, indent: int, before: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, dict | list | tuple) or indent + before + len(line) < LINE:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        keys = [json.dumps(str(key), ensure_ascii=False) + ": " for key in value]
        items = [
            f"{key}{_laid_out(item, indent + 2, len(key))}"
            for key, item in zip(keys, value.values(), strict=True)
        ]
        opening, closing = "{", "}"
    else:
        items = [_laid_out(item, indent + 2, 0) for item in value]
        opening, closing = "[", "]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(items) + f"\n{' ' * indent}{closing}"


def write(files: Files) -> list[Path]:
    """Write what has changed; give those paths."""
    changed = [
        path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
    return changed


def stale(folder: Path, files: Files) -> list[Path]:
    """Give the compiled files of a service that no process stands behind any more."""
    return [path for path in sorted(folder.glob("*.asl.json")) if path not in files]


def drift(files: Files, stale_files: Iterable[Path]) -> list[Finding]:
    """Tell which committed files are not what the sources compile to."""
    remedy = "run `make workflows` and commit the result"
    missing = [Finding("drift", (), f"is missing; {remedy}", path) for path in files if not path.exists()]
    changed = [
        Finding("drift", (), f"is not what its source compiles to; {remedy}", path)
        for path, text in files.items()
        if path.exists() and path.read_text(encoding="utf-8") != text
    ]
    left = [Finding("drift", (), f"has no process any more; {remedy}", path) for path in stale_files]
    return missing + changed + left


def publish(workflows: Path, code: str) -> Path:
    """Freeze the compiled version of a service under its number."""
    folder = workflows / code
    text = (folder / "service.json").read_text(encoding="utf-8")
    path = _version_file(folder, json.loads(text)["version"])
    write({path: text})
    return path


def lint_file(path: Path) -> list[Finding]:
    """Lint one definition, compiled or written by hand."""
    try:
        definition = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return [Finding("file-unreadable", (), str(error), path)]
    return [replace(finding, file=path) for finding in lint(definition)]


def _named_like_its_folder(service: Service, folder: Path) -> list[Finding]:
    if service.code == folder.name:
        return []
    return [Finding("code-differs", ("code",), f"the folder is `{folder.name}`: write `code: {folder.name}`")]


def _kept(folder: Path, content: Mapping[str, Any]) -> list[Finding]:
    version = int(content["version"])
    published = _version_file(folder, version)
    if published.exists() and _substance(json.loads(published.read_text(encoding="utf-8"))) != _substance(
        content
    ):
        message = f"version {version} is published and cases run under it; write `version: {version + 1}`"
        return [Finding("version-published", ("version",), message)]
    present = _present(folder)
    if present and present["version"] > version:
        message = f"version {present['version']} is compiled already; the version can only rise"
        return [Finding("version-falls", ("version",), message)]
    return []


def _history(folder: Path, service: Service) -> Files:
    present = _present(folder)
    if not present or present["version"] >= service.version:
        return {}
    kept = _version_file(folder, present["version"])
    return {} if kept.exists() else {kept: as_json(present)}


def _present(folder: Path) -> dict[str, Any] | None:
    path = folder / "service.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _version_file(folder: Path, version: int) -> Path:
    return folder / "versions" / f"{version}.json"


def _substance(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _substance(item) for key, item in value.items() if key not in TEXT_KEYS}
    if isinstance(value, list):
        return [_substance(item) for item in value]
    return value


def _located(findings: Iterable[Finding], path: Path, source: Block | None) -> list[Finding]:
    return [
        replace(finding, file=finding.file or path, line=finding.line or line_of(source, finding.place))
        for finding in findings
    ]


def _raise_if_any(findings: Iterable[Finding]) -> None:
    found = tuple(findings)
    if found:
        raise Faulty(found)
