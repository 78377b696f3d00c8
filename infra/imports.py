"""Proves that everything imports with nothing but the zip and boto3, as Lambda has it.

The zip holds extensions for Lambda's machine. On another one they are replaced by the same versions from the
environment at hand, so that all else is still read from the zip; the environment itself is out of sight.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

# What Lambda's Python brings with it.
BROUGHT = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six")

# Runs in a Python without site-packages and without this environment's variables.
_PROBE = """
import importlib, json, sys
paths, handler = json.loads(sys.argv[1])
sys.path += paths
module, _, name = handler.rpartition(".")
if not callable(getattr(importlib.import_module(module), name)):
    raise TypeError(f"{handler} cannot be called")
print(len(sys.modules))
"""


_PROBE_ALL = """
import importlib, json, sys
paths, modules = json.loads(sys.argv[1])
sys.path += paths
for module in modules:
    importlib.import_module(module)
"""


class Missing(Exception):
    """Something does not import; the message names it and the error."""


def prove(archive: Path, workspace: Path, handlers: Mapping[str, str]) -> dict[str, int]:
    """Import each handler in a process of its own and return how many modules that loads.

    Also every module of ours, since most are imported only when they are used. Raises `Missing`.
    """
    paths = unpack(archive, workspace)
    with zipfile.ZipFile(archive) as opened:
        ours = sorted(filter(None, map(_module, opened.namelist())))
    _run(_PROBE_ALL, "a module of ours", [paths, ours])
    return {name: _load(name, handler, paths) for name, handler in handlers.items()}


def unpack(archive: Path, workspace: Path) -> list[str]:
    """Unpack the zip, and return the paths on which Python finds it and boto3, as in Lambda, and nothing else."""
    shutil.rmtree(workspace, ignore_errors=True)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(workspace / "zip")
    native = _replace_extensions(workspace / "zip", workspace / "native")
    brought = _linked(map(distribution, BROUGHT), workspace / "brought")
    return [str(path) for path in (native, workspace / "zip", brought)]


def _module(file: str) -> str | None:
    if not file.endswith(".py") or file.split("/")[0] not in ("functions", "events"):
        return None
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _load(name: str, handler: str, paths: list[str]) -> int:
    return int(_run(_PROBE, f"{name}: {handler}", [paths, handler]).splitlines()[-1])


def _run(probe: str, what: str, argument: object) -> str:
    command = [sys.executable, "-I", "-S", "-c", probe, json.dumps(argument)]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"{what} does not import with the zip and boto3 alone:\n{done.stderr}")
    return done.stdout


def _replace_extensions(unpacked: Path, native: Path) -> Path:
    """Link this machine's build of each distribution that has extensions in the zip; raises `Missing`."""
    here = {_normal(found.name): found for found in distributions()}
    chosen = []
    for name, version in _with_extensions(unpacked):
        if name not in here or here[name].version != version:
            raise Missing(
                f"this environment lacks {name} {version}, without which the zip cannot be tried here"
            )
        chosen.append(here[name])
    return _linked(iter(chosen), native)


def _with_extensions(unpacked: Path) -> Iterator[tuple[str, str]]:
    owners = {path.relative_to(unpacked).parts[0].partition(".")[0] for path in unpacked.rglob("*.so")}
    for metadata in sorted(unpacked.glob("*.dist-info")):
        found = Distribution.at(metadata)
        if _imports(found.name) & owners:
            yield _normal(found.name), found.version


def _imports(name: str) -> set[str]:
    """Return the top-level names that a distribution of this environment gives."""
    files = distribution(name).files or []
    return {file.parts[0].partition(".")[0] for file in files if not file.parts[0].endswith(".dist-info")} - {
        ""
    }


def _linked(chosen: Iterator[Distribution], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for found in chosen:
        for top in {file.parts[0] for file in found.files or [] if file.parts[0] != ".."}:
            source = Path(str(found.locate_file(top)))
            if source.exists() and not (folder / top).exists():
                (folder / top).symlink_to(source)
    return folder


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
