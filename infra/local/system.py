"""The whole of Loket in one process: the local AWS, the template's resources in it, and our functions behind them."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from uuid import uuid4

import yaml

import functions.steps
import functions.streams
from functions.adapters.catalogue import Catalogue
from functions.runtime import wiring
from functions.runtime.settings import Settings
from functions.runtime.wiring import Ports
from infra.local.aws import LocalAws, LocalClock
from infra.local.scanner import scan_event

ROOT = Path(__file__).resolve().parents[2]
TABLE, BUCKET, BUS, PREFIX = "loket", "loket-documents", "loket", "loket-"
ACCOUNT_PREFIX = "arn:aws:states:ap-southeast-3:123456789012:stateMachine:"
SIGNING_KEY = "alias/loket-signing"
SEALING_KEY = "alias/loket-sealing"
OPENER_ROLE = "arn:aws:iam::123456789012:role/loket-OpenSeals"
SENDER = "loket@example.go.id"
Handler = Callable[[dict[str, Any], Any], Any]


@cache
def template() -> dict[str, Any]:
    """Give the template that is deployed: the table, the rules and the schedules here are made from it."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "infra" / "template.yaml").read_text())
    return loaded


@cache
def definitions(*more: Path) -> dict[str, str]:
    """Give every compiled definition by the name of its state machine, with the functions' names put in.

    ``more`` are the folders of services that lie elsewhere.
    """
    found = {}
    elsewhere = [path for folder in more for path in sorted(folder.glob("*.asl.json"))]
    for path in [*sorted((ROOT / "workflows").glob("*/*.asl.json")), *elsewhere]:
        text = path.read_text()
        for name in worker_names():
            text = text.replace("${" + pascal(name) + "}", name)
        found[f"{path.parent.name}-{path.name.removesuffix('.asl.json')}"] = text
    return found


@cache
def worker_names() -> tuple[str, ...]:
    """Give the names of the functions behind steps, streams, rules and schedules."""
    packages = (functions.steps, functions.streams)
    found = [
        f"{package.__name__}.{module.name}"
        for package in packages
        for module in pkgutil.iter_modules(package.__path__)
    ]
    return tuple(
        name.rpartition(".")[2] for name in found if hasattr(importlib.import_module(name), "handler")
    )


def workers() -> dict[str, Handler]:
    """Give the functions by name, as Lambda would call them."""
    found = {}
    for package in (functions.steps, functions.streams):
        for module in pkgutil.iter_modules(package.__path__):
            handler = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "handler", None)
            if handler is not None:
                found[module.name] = handler
    return found


def pascal(name: str) -> str:
    """Give the CloudFormation name of a function: ``assess_fee`` is ``AssessFee``."""
    return "".join(part.title() for part in name.split("_"))


class LocalPorts(Ports):
    """The deployed wiring with the local clock, and local stand-ins where AWS is not the other side."""

    def __init__(self, settings: Settings, aws: LocalAws, **stand_ins: Any) -> None:
        super().__init__(settings, aws.client)
        self.__dict__.update(clock=aws.clock, **stand_ins)


class LocalSystem:
    """Everything, started in well under a second; a context manager. Only one runs in a process at a time."""

    def __init__(
        self, clock: LocalClock | None = None, *, aws_port: int | None = None, data: Path | None = None,
        public_url: str = "http://localhost:8000", payment_secret: str = "local-payment-secret",
        handlers: Mapping[str, Handler] | None = None, services: Sequence[Path] = (), **stand_ins: Any,
    ) -> None:  # fmt: skip
        """``services`` are the folders of compiled services that lie elsewhere than in ``workflows/``."""
        known = {**workers(), **(handlers or {})}
        known["document_arrived"] = self._scanning(known["document_arrived"], known["document_scanned"])
        self.aws = LocalAws(known, clock, port=aws_port, data=data)
        self._public_url, self._secret, self._services = public_url, payment_secret, tuple(services)
        self._stand_ins = {"catalogue": Catalogue(more=self._services)} if services else {}
        self._stand_ins |= stand_ins

    def start(self) -> LocalSystem:
        self.aws.start()
        signing, sealing = self._provision()
        settings = Settings(
            table=TABLE, bucket=BUCKET, bus=BUS, signing_key=signing, sealing_key=sealing, opener_role=OPENER_ROLE,
            state_machines=ACCOUNT_PREFIX + PREFIX, sender=SENDER, payment_secret=self._secret,
            payment_page="/local/bank/", public_url=self._public_url,
        )  # fmt: skip
        self.ports = LocalPorts(settings, self.aws, **self._stand_ins)
        wiring.use(self.ports)
        self._go_on()
        return self

    def _go_on(self) -> None:
        """After a restart: what was running walks through what is done and goes on where its case stands."""
        self.aws.resume()
        self.aws.settle()
        # What it took to make all this is no cost of any case.
        self.aws.faults.clear()

    def stop(self) -> None:
        self.aws.stop()
        wiring.use(None)

    def __enter__(self) -> LocalSystem:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _scanning(self, arrived: Handler, scanned: Handler) -> Handler:
        """Let the local scanner look at a file as soon as its arrival was noted, as GuardDuty does on AWS."""

        def handler(event: dict[str, Any], context: Any) -> Any:
            answer = arrived(event, context)
            seen = event["detail"]["object"]
            if seen["key"].startswith("cases/"):
                version = {"VersionId": seen["version-id"]} if seen.get("version-id") else {}
                found = self.aws.client("s3").get_object(
                    Bucket=BUCKET, Key=unquote_plus(seen["key"]), **version
                )
                result = scan_event(
                    found["Body"].read(), bucket=BUCKET, key=unquote_plus(seen["key"]), etag=seen.get("etag", ""),
                    version=seen.get("version-id"), event_id=str(uuid4()), at=self.aws.clock.now(),
                )  # fmt: skip
                scanned(result, context)
            return answer

        return handler

    # -- the template's resources

    def _provision(self) -> tuple[str, str]:
        self._make_table()
        self._make_bucket()
        self.aws.client("events").create_event_bus(Name=BUS)
        self._make_machines()
        self._subscribe()
        self._verify_sender()
        return (
            self._make_key(SIGNING_KEY, "RSA_2048", "SIGN_VERIFY"),
            self._make_key(SEALING_KEY, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "SealingKey"),
        )

    def _make_table(self) -> None:
        described = template()["Resources"]["Cases"]["Properties"]
        self.aws.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode=described["BillingMode"],
            AttributeDefinitions=described["AttributeDefinitions"],
            KeySchema=described["KeySchema"],
            GlobalSecondaryIndexes=described["GlobalSecondaryIndexes"],
            StreamSpecification={"StreamEnabled": True, **described["StreamSpecification"]},
        )

    def _make_bucket(self) -> None:
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_notification_configuration(
            Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )

    def _make_machines(self) -> None:
        for name, definition in definitions(*self._services).items():
            self.aws.add_machine(PREFIX + name, definition)

    def _make_key(self, alias_name: str, spec: str, usage: str, described: str | None = None) -> str:
        """Give a key of the office: the one that was kept, so that what it signed or sealed stays readable.

        It has the policy of the key that is ``described`` in the template.
        """
        kms = self.aws.client("kms")
        known = {alias["AliasName"]: alias.get("TargetKeyId") for alias in kms.list_aliases()["Aliases"]}
        if known.get(alias_name):
            return str(known[alias_name])
        policy = template()["Resources"][described]["Properties"]["KeyPolicy"] if described else None
        obeyed = {"Policy": json.dumps(policy)} if policy else {}
        key = kms.create_key(KeySpec=spec, KeyUsage=usage, **obeyed)["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=alias_name, TargetKeyId=key)
        return str(key)

    def _verify_sender(self) -> None:
        self.aws.client("ses").verify_email_identity(EmailAddress=SENDER)

    def _subscribe(self) -> None:
        known = {pascal(name): name for name in workers()}
        for logical, resource in template()["Resources"].items():
            for event in (resource.get("Properties", {}).get("Events") or {}).values():
                if logical in known:
                    self._connect(known[logical], event["Type"], event["Properties"])

    def _connect(self, function: str, kind: str, wanted: Mapping[str, Any]) -> None:
        if kind == "DynamoDB":
            self.aws.subscribe_stream(TABLE, function, wanted["BatchSize"])
        elif kind == "EventBridgeRule":
            self._make_rule(function, _resolved(wanted["Pattern"]), "EventBusName" in wanted)
        elif kind == "ScheduleV2":
            self.aws.every(_period(wanted["ScheduleExpression"]), function)

    def _make_rule(self, function: str, pattern: Any, on_our_bus: bool) -> None:
        events = self.aws.client("events")
        bus = {"EventBusName": BUS} if on_our_bus else {}
        events.put_rule(Name=function, EventPattern=json.dumps(pattern), **bus)
        events.put_targets(
            Rule=function, Targets=[{"Id": function, "Arn": self.aws.function_arn(function)}], **bus
        )


_NAMES = {"Documents": BUCKET, "Cases": TABLE, "Bus": BUS}


def _resolved(value: Any) -> Any:
    """Put the local names in the place of the template's references."""
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return _NAMES[value["Ref"]]
        if set(value) == {"Fn::Sub"}:
            return ACCOUNT_PREFIX + PREFIX
        return {key: _resolved(item) for key, item in value.items()}
    return [_resolved(item) for item in value] if isinstance(value, list) else value


def _period(expression: str) -> timedelta:
    amount, unit = expression.removeprefix("rate(").removesuffix(")").split()
    return timedelta(**{unit.rstrip("s") + "s": int(amount)})
