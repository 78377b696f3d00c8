"""``python -m infra.compiler [--check | --prove | --publish | --lint] [service…]``: compile, and guard the result."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.compiler import build
from infra.compiler.finding import Faulty, Finding


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile the named services, or all; give 1 if anything is wrong."""
    options = _parser().parse_args(arguments)
    if options.lint:
        return _tell([finding for path in options.services for finding in build.lint_file(Path(path))])
    workflows: Path = options.workflows
    names = options.services or build.service_codes(workflows)
    findings: list[Finding] = []
    try:
        offices = build.read_offices(workflows)
        if not options.prove:
            findings += _finish(build.offices_files(workflows, offices), [], options.check)
    except Faulty as faulty:
        return _tell(faulty.findings)
    for name in names:
        try:
            home, code = build.home_of(workflows, name)
            files = build.service_files(home, code, offices, beside=workflows)
            if not options.prove:
                findings += _finish(files, build.stale(home / code, files), options.check)
            if options.publish:
                print(f"published {_shown(build.publish(home, code))}")
        except Faulty as faulty:
            findings += faulty.findings
    return _tell(findings)


def _finish(files: build.Files, stale: list[Path], check: bool) -> list[Finding]:
    if check:
        return build.drift(files, stale)
    for path in build.write(files):
        print(f"wrote {_shown(path)}")
    for path in stale:
        path.unlink()
        print(f"removed {_shown(path)}")
    return []


def _tell(findings: Sequence[Finding]) -> int:
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.compiler", description=__doc__)
    parser.add_argument(
        "services", nargs="*", metavar="service", help="codes or folders of services; all if none is named"
    )
    parser.add_argument("--workflows", type=Path, default=build.WORKFLOWS, help="the folder of the services")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument(
        "--check", action="store_true", help="write nothing; tell what is not as its source says"
    )
    doing.add_argument(
        "--prove", action="store_true", help="write nothing; tell only what is wrong with the sources"
    )
    doing.add_argument("--publish", action="store_true", help="freeze the compiled version under its number")
    doing.add_argument(
        "--lint", action="store_true", help="lint the definitions (files, not codes) that are named"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
