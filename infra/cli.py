"""``loket``: what people use who write services."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from functions.domain import history, lots
from infra.compiler import build

TEMPLATE = Path(__file__).with_name("new_service.yaml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    options = _parser().parse_args(arguments)
    status: int = options.act(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="loket", description="Write, check and try services.")
    commands = parser.add_subparsers(required=True, metavar="command")

    new = commands.add_parser("new", help="start a service from a small one that works")
    new.add_argument("code", help="such as street-stall, or the path of its folder")
    new.set_defaults(act=_new)

    check = commands.add_parser("check", help="prove services without writing anything")
    check.add_argument("services", nargs="*", metavar="service")
    check.set_defaults(act=lambda options: _compiler(["--prove", *options.services]))

    compile_ = commands.add_parser("compile", help="write definitions, pictures and service.json")
    compile_.add_argument("services", nargs="*", metavar="service")
    compile_.set_defaults(act=lambda options: _compiler(options.services))

    diagram = commands.add_parser(
        "diagram", help="print where the picture of a service lies, compiling it first"
    )
    diagram.add_argument("service")
    diagram.set_defaults(act=_diagram)

    simulate = commands.add_parser(
        "simulate", help="compile a service and walk through its scenarios, by the local clock"
    )
    simulate.add_argument("services", nargs="*", metavar="service")
    simulate.add_argument("-k", "--only", default="", help="only scenarios whose name contains this")
    simulate.set_defaults(act=_simulate)

    verify = commands.add_parser("verify-history", help="check a saved history offline")
    verify.add_argument(
        "file", type=Path, help="the JSON of GET /v1/cases/{id}/history; - reads standard input"
    )
    verify.add_argument(
        "--head", help="the hash of an event that must be in it, such as the one on a receipt"
    )
    verify.set_defaults(act=_verify)

    draw = commands.add_parser("verify-draw", help="compute the lots of a round again, offline")
    draw.add_argument(
        "file",
        type=Path,
        help="the JSON of GET /v1/services/{service}/rounds/{period}/draw; - reads standard input",
    )
    draw.set_defaults(act=_verify_draw)

    token = commands.add_parser("token", help="print a token of a demo user of the running local system")
    token.add_argument("username")
    token.add_argument("--url", default=f"http://localhost:{os.environ.get('PORT', '8000')}")
    token.set_defaults(act=_token)
    return parser


def _compiler(arguments: Sequence[str]) -> int:
    from infra.compiler.__main__ import main as compile_services

    status = compile_services(list(arguments))
    if status == 0:
        print("All is well." if "--prove" in arguments else "Compiled.")
    return status


def _new(options: argparse.Namespace) -> int:
    home, code = build.home_of(build.WORKFLOWS, options.code)
    folder = home / code
    if folder.exists():
        return _fail(f"{folder} exists already. Choose another code, or edit what is there.")
    if not code.replace("-", "").isalnum() or not code.islower():
        return _fail("A code has lower-case letters, digits and hyphens, such as street-stall.")
    folder.mkdir(parents=True)
    letters = "".join(part[0] for part in code.split("-")).upper()
    text = TEMPLATE.read_text().replace("CODE", code).replace("PREFIX", (letters + "XX")[:3])
    (folder / "service.yaml").write_text(text)
    print(f"Wrote {folder / 'service.yaml'}. Next: edit it, then `loket compile {options.code}`.")
    return 0


def _diagram(options: argparse.Namespace) -> int:
    status = _compiler([options.service])
    if status == 0:
        home, code = build.home_of(build.WORKFLOWS, options.service)
        for path in sorted((home / code).glob("diagram.*.svg")):
            print(path)
    return status


def _simulate(options: argparse.Namespace) -> int:
    from infra.scenarios import main as walk

    if options.services and _compiler(options.services):
        return 1
    return walk([*options.services, *(["--only", options.only] if options.only else [])])


def _json_of(path: Path) -> Any:
    return json.loads(sys.stdin.read() if str(path) == "-" else path.read_text())


def _verify_draw(options: argparse.Namespace) -> int:
    try:
        draw = _json_of(options.file)
        faults = lots.faults(draw)
        orders = [
            (
                one["region"],
                lots.Draw(draw["seed"], draw["service"], draw["period"], one["region"]),
                one["numbers"],
            )
            for one in ([] if faults else draw["entrants"])
        ]
    except (OSError, ValueError) as error:
        return _fail(f"{options.file} cannot be read as JSON: {error}")
    except (KeyError, TypeError) as error:
        return _fail(f"This is no draw of a round: {error} is missing.")
    for fault in faults:
        print(fault)
    if faults:
        return _fail("The draw is not as its seed says.")
    for region, order, most in orders:
        first = sorted(range(1, most + 1), key=order.lot)[:_FIRST]
        print(f"{region}: of {most} numbers the first by lot are {', '.join(map(str, first))}")
    print(f"The draw is as its seed says: {len(draw['calls'])} calls.")
    return 0


_FIRST = 20


def _verify(options: argparse.Namespace) -> int:
    try:
        content = _json_of(options.file)
    except (OSError, ValueError) as error:
        return _fail(f"{options.file} cannot be read as JSON: {error}")
    events = content.get("items", content.get("events")) if isinstance(content, dict) else content
    if not isinstance(events, list):
        return _fail("This is no history: a list of events, or an object with `items`, was expected.")
    faults = history.verify(events, head=options.head)
    for fault in faults:
        print(fault.message["en"])
    if faults:
        return _fail(f"The history is broken in {len(faults)} places.")
    last = f", the last at {events[-1]['at']}, head {events[-1]['hash']}" if events else ""
    print(f"The history is whole: {len(events)} events{last}.")
    return 0


def _token(options: argparse.Namespace) -> int:
    body = json.dumps({"username": options.username}).encode()
    request = Request(f"{options.url}/local/token", data=body, headers={"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=5) as answer:
            print(json.load(answer)["token"])
    except URLError as error:
        return _fail(f"No token: {error}. Is `make run` running at {options.url}, and does the user exist?")
    return 0


def _fail(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
