"""Builds what is deployed, ``build/template.yaml`` and ``build/deployment.zip``, in passes over plain data.

    merge ─▶ chalice ─▶ finish ─▶ wheels ─▶ zip ─▶ prove
    ours     theirs     names     Lambda's  both    lint, limits, imports

Chalice packages the functions; the libraries are installed here, because from the machine's own Python it chooses
neither the wheels nor the runtime of `RUNTIME`. The wheels lie in ``.venv/lambda-wheels`` from the first
installation on, so that a build needs no network.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from infra import imports
from infra.refusals import gateway_responses

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
WHEELS = ROOT / ".venv" / "lambda-wheels"
LOCK = ROOT / "infra" / "chalice" / "lambda.lock"
STAGE = "live"
REGION = "ap-southeast-3"

RUNTIME = "python3.13"
# Amazon Linux 2023 has glibc 2.34.
PLATFORMS = (
    "manylinux_2_34_aarch64",
    "manylinux_2_28_aarch64",
    "manylinux_2_17_aarch64",
    "manylinux2014_aarch64",
)
LARGEST_ZIP = 50 * 1024 * 1024
LARGEST_CONTENT = 250 * 1024 * 1024

Template = dict[str, Any]


class Unfit(Exception):
    """What was built may not be deployed; the message says why."""


# ── merge: what stands beside the functions ─────────────────────────────────────────────────────────────────────


def base() -> Template:
    """Return ``infra/template.yaml`` with the state machines and groups that the services ask for."""
    template: Template = yaml.safe_load((ROOT / "infra" / "template.yaml").read_text())
    template["Resources"] |= {**state_machines(definitions()), **groups(roles())}
    return template


def definitions() -> dict[str, Path]:
    """Return each compiled process by ``<service>-<process>``."""
    found = sorted((ROOT / "workflows").glob("*/*.asl.json"))
    return {f"{path.parent.name}-{path.name.removesuffix('.asl.json')}": path for path in found}


def substitutions(definition: str) -> list[str]:
    """Return the functions that a definition names as ``${Function}``, each once."""
    return sorted(set(re.findall(r"\$\{(\w+)\}", definition)))


def state_machines(processes: Mapping[str, Path]) -> Template:
    resources: Template = {}
    for name, path in processes.items():
        functions = substitutions(path.read_text())
        machine = f"{camel(name)}Process"
        resources[machine] = _state_machine(name, functions, f"{machine}Role")
        resources[f"{machine}Role"] = _state_machine_role(functions)
    return resources


def _state_machine(name: str, functions: Iterable[str], role: str) -> Template:
    return {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {
            "Name": {"Fn::Sub": f"${{AWS::StackName}}-{name}"},
            "Type": "STANDARD",
            "DefinitionUri": f"./definitions/{name}.asl.json",
            "DefinitionSubstitutions": {function: _arn(function) for function in functions},
            "Role": _arn(role),
            # What a case says stays in the table: only the names of errors are logged.
            "Logging": {
                "Level": "ERROR",
                "IncludeExecutionData": False,
                "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": _arn("ExecutionLogs")}}],
            },
            "Tracing": {"Enabled": True},
        },
    }


def _state_machine_role(functions: Iterable[str]) -> Template:
    logs = (
        "CreateLogDelivery DeleteLogDelivery DescribeLogGroups DescribeResourcePolicies GetLogDelivery "
        "ListLogDeliveries PutResourcePolicy UpdateLogDelivery"
    )
    traces = "GetSamplingRules GetSamplingTargets PutTelemetryRecords PutTraceSegments"
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "states.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                    }
                ],
            },
            "Policies": [
                {
                    "PolicyName": "drive",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            _allow("Steps", ["lambda:InvokeFunction"], [_arn(name) for name in functions]),
                            # Log delivery and X-Ray know no resources: "Logging using CloudWatch Logs".
                            _allow("Logs", [f"logs:{action}" for action in logs.split()], "*"),
                            _allow("Traces", [f"xray:{action}" for action in traces.split()], "*"),
                        ],
                    },
                }
            ],
        },
    }


def roles() -> list[str]:
    """Return every ``agency/role`` that an office has."""
    agencies = yaml.safe_load((ROOT / "workflows" / "agencies.yaml").read_text())
    return [f"{code}/{role}" for code, agency in agencies.items() for role in agency["roles"]]


def groups(names: Iterable[str]) -> Template:
    """Whoever is in the group holds the role: ``cognito:groups`` is the claim that says so."""
    return {
        f"{camel(name)}Group": {
            "Type": "AWS::Cognito::UserPoolGroup",
            "Properties": {"UserPoolId": {"Ref": "People"}, "GroupName": name},
        }
        for name in names
    }


def camel(name: str) -> str:
    """``assess_fee``, ``building-permit-appeal`` and ``office/head`` as CloudFormation names them."""
    return "".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", name))


def _arn(resource: str) -> Template:
    return {"Fn::GetAtt": [resource, "Arn"]}


def _allow(sid: str, actions: list[str], resources: Any) -> Template:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


# ── chalice: the functions ──────────────────────────────────────────────────────────────────────────────────────


# Its command line, without relying on where a virtual environment keeps scripts.
_CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"


def packaged(merge: Template, out: Path) -> Template:
    """Let Chalice write template and zip of the functions into a folder, and return the template.

    It works on a copy of the project, because it writes there too and two builds may run at once.
    """
    shutil.rmtree(out, ignore_errors=True)
    unwanted = shutil.ignore_patterns("__pycache__", "deployments")
    project = shutil.copytree(ROOT / "infra" / "chalice", out / "chalice" / "project", ignore=unwanted)
    shutil.copytree(ROOT / "infra" / "policies", out / "chalice" / "policies")
    (out / "merge.json").write_text(json.dumps(merge))
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(out),
        "PYTHONPATH": str(project / "vendor"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": REGION,
    }
    command = [
        *(sys.executable, "-c", _CHALICE, "--project-dir", str(project), "package", "--stage", STAGE),
        *("--merge-template", str(out / "merge.json"), str(out)),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unfit(f"Chalice could not package the functions:\n{done.stderr or done.stdout}")
    template: Template = json.loads((out / "sam.json").read_text())
    return template


# ── finish: what Chalice leaves open ────────────────────────────────────────────────────────────────────────────


def finish(template: Template) -> Template:
    """Name runtime, functions and logs, and let the gateway's own answers be problem documents.

    Raises `Unfit` where the merged template adds to a function that there is not.
    """
    resources = template["Resources"]
    nameless = sorted(name for name, resource in resources.items() if "Type" not in resource)
    if nameless:
        raise Unfit(
            f"infra/template.yaml speaks of {', '.join(nameless)}, which functions/app.py does not have"
        )
    for logical, function in functions_of(template).items():
        name = "api_handler" if logical == "APIHandler" else snake(logical)
        full_name = f"${{AWS::StackName}}-{name}"
        function["Properties"] |= {"Runtime": RUNTIME, "FunctionName": {"Fn::Sub": full_name}}
        del function["Properties"]["Tags"]
        # Chalice names the logs by a reference to the function, which for the API leads nowhere.
        logs = f"{camel(name)}LogGroup"
        resources[logs]["Properties"]["LogGroupName"] = {"Fn::Sub": f"/aws/lambda/{full_name}"}
        function["DependsOn"] = logs
    definition = resources["RestAPI"]["Properties"]["DefinitionBody"]
    definition["x-amazon-apigateway-gateway-responses"] = gateway_responses()
    return {key: template[key] for key in (*_TOP, *(set(template) - set(_TOP))) if key in template}


_TOP = (
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Parameters",
    "Conditions",
    "Globals",
    "Resources",
)


def functions_of(template: Template) -> dict[str, Template]:
    return {
        logical: resource
        for logical, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def snake(logical: str) -> str:
    """``AssessFee`` as the module is named."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", logical).lower()


def write_template(template: Template, build: Path) -> Path:
    """Write the template, and the definitions that it points to."""
    folder = build / "definitions"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, path in definitions().items():
        shutil.copyfile(path, folder / f"{name}.asl.json")
    target = build / "template.yaml"
    target.write_text(yaml.dump(template, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110))
    return target


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


# ── wheels and zip: the libraries of Lambda's machine, beside the functions ─────────────────────────────────────


def fetch_wheels() -> None:
    """Download what the zip needs and is not there yet; the only pass that may need the network."""
    if _pip("install", "--dry-run", "--no-index", "--target", str(WHEELS / "none")).returncode == 0:
        return
    shutil.rmtree(WHEELS, ignore_errors=True)
    WHEELS.mkdir(parents=True)
    done = _pip("download", "--dest", str(WHEELS))
    if done.returncode:
        raise Unfit(f"The libraries for Lambda could not be downloaded:\n{done.stderr}")


def install_wheels(target: Path) -> None:
    """Unpack the wheels, for Lambda's machine and not for this one."""
    shutil.rmtree(target, ignore_errors=True)
    done = _pip("install", "--no-index", "--no-compile", "--target", str(target))
    if done.returncode:
        raise Unfit(
            f"The libraries for Lambda are not complete in {WHEELS.relative_to(ROOT)}:\n{done.stderr}"
        )


def _pip(command: str, *options: str) -> subprocess.CompletedProcess[str]:
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    python = RUNTIME.removeprefix("python")
    return subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", command),
            *("--require-hashes", "--no-deps", "--only-binary", ":all:", "--find-links", str(WHEELS)),
            *("--implementation", "cp", "--python-version", python, *platforms),
            *("--requirement", str(LOCK), *options),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


# Bytes that no function reads: caches, tests, stubs, sources of extensions, command line tools, pip's own notes, and
# of the workflows what only authors and Step Functions read.
_UNREAD = re.compile(
    r"(^|/)(__pycache__|tests?)/|^bin/|\.(pyc|pyi|pyx|pxd|pxi|c|h|cpp|hpp)$"
    r"|\.dist-info/(RECORD|INSTALLER|REQUESTED|WHEEL|direct_url\.json|top_level\.txt|sboms/.*)$"
    r"|^workflows/(.*/)?(scenarios/.*|[^/]*\.(yaml|asl\.json))$"
)


def write_zip(functions: Path, libraries: Path, target: Path) -> Path:
    """Join the zip of the functions and a folder of libraries: the same content gives the same bytes."""
    contents = dict(_libraries(libraries))
    with zipfile.ZipFile(functions) as ours:
        contents |= {name: ours.read(name) for name in ours.namelist() if not name.endswith("/")}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(contents):
            if not _UNREAD.search(name):
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, contents[name], zipfile.ZIP_DEFLATED)
    return target


def _libraries(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


# ── prove: nothing leaves that AWS would refuse or that fails at its first import ───────────────────────────────


_CFN_LINT = "import sys; from cfnlint.runner import main; sys.exit(main())"


def lint(template: Path) -> None:
    """Let cfn-lint read the template; its errors stop the build, its warnings are shown."""
    command = [sys.executable, "-c", _CFN_LINT, "--regions", REGION, "--non-zero-exit-code", "error", "--"]
    done = subprocess.run([*command, str(template)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unfit(f"cfn-lint finds errors:\n{done.stdout}{done.stderr}")
    sys.stdout.write(done.stdout)


def limits(archive: Path) -> str:
    """Return the sizes in words; raises `Unfit` above what Lambda takes."""
    with zipfile.ZipFile(archive) as opened:
        content = sum(entry.file_size for entry in opened.infolist())
    packed = archive.stat().st_size
    if packed > LARGEST_ZIP or content > LARGEST_CONTENT:
        raise Unfit(f"Lambda takes 50 MB zipped and 250 MB unzipped, not {packed:,} and {content:,} bytes")
    return f"{packed / 1e6:.1f} MB zipped, {content / 1e6:.1f} MB unzipped"


def handlers(template: Template) -> dict[str, str]:
    """Return each function's handler by the function's logical name."""
    return {name: function["Properties"]["Handler"] for name, function in functions_of(template).items()}


def build_template(build: Path = BUILD) -> Template:
    """Write the template and return it; the zip of the functions alone is left in ``parts/``."""
    template = finish(packaged(base(), build / "parts"))
    write_template(template, build)
    return template


def build_zip(build: Path = BUILD) -> Path:
    """Write the zip, of the functions that `build_template` has left and the libraries."""
    install_wheels(build / "libraries")
    return write_zip(build / "parts" / "deployment.zip", build / "libraries", build / "deployment.zip")


def build_all() -> None:
    """Build and prove everything; raises `Unfit`."""
    template = build_template()
    fetch_wheels()
    archive = build_zip()
    lint(BUILD / "template.yaml")
    print(f"{archive.relative_to(ROOT)}: {limits(archive)}")
    loaded = imports.prove(archive, BUILD / "proof", handlers(template))
    for name, modules in sorted(loaded.items(), key=lambda item: item[1]):
        print(f"  {name:20} loads {modules:4} modules")
    count = len(definitions())
    print(f"build/template.yaml: {len(loaded)} functions, {count} state machines, no error of cfn-lint")


def main(arguments: list[str] | None = None) -> int:
    """Build everything, or one part: ``--check`` builds and lints the template, ``--wheels`` fetches libraries."""
    parser = argparse.ArgumentParser(prog="python -m infra.package", description=main.__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--wheels", action="store_true")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.wheels:
            fetch_wheels()
        elif chosen.check:
            build_template()
            lint(BUILD / "template.yaml")
        else:
            build_all()
    except (Unfit, imports.Missing) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
