"""The AWS account of the local system: moto in this process, reached by every boto3 client made meanwhile.

moto's own switch also intercepts `requests`, at 1,400 patterns a start, and keeps a reference to every model
that was ever made; this one starts in a millisecond, leaves HTTP alone and forgets.
"""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import Any
from unittest.mock import patch

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from moto.core import responses
from moto.core.base_backend import BackendDict
from moto.core.common_models import BaseModel
from moto.core.config import default_user_config
from moto.core.models import botocore_stubber
from moto.s3.models import FakeKey, s3_backends
from moto.stepfunctions.parser.utils import TMP_THREADS

from infra.local.aws.patches import Patches

REGION = "ap-southeast-3"
ACCOUNT = "123456789012"
ACCESS_KEY = "LOKETLOCALACCESSKEY0"
SECRET_KEY = "loket-local-secret-key"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}

MOTO = {
    "lambda": {"use_docker": False},
    "stepfunctions": {"execute_state_machine": True},
    "iam": {"load_aws_managed_policies": False},
}

# Who gets most requests gets them unsigned: nobody looks at the signature here, and making it costs time.
UNSIGNED_SERVICES = frozenset({"dynamodb", "events", "stepfunctions"})

_CLIENTS: dict[tuple[str, str | None], Any] = {}
_CLIENTS_LOCK = Lock()


class Account:
    """Switches moto on and off; there is one account in a process, as moto's state is global."""

    _taken = Lock()

    def __init__(self, endpoint: str | None) -> None:
        """With an endpoint, presigned forms and links lead there."""
        self._environment = patch.dict(os.environ, ENVIRONMENT | _endpoint_settings(endpoint))
        self._settings = patch.dict(default_user_config, MOTO)
        self._session = patch("boto3.DEFAULT_SESSION", None)

    def open(self, patches: Patches) -> None:
        """Raise RuntimeError when another local system runs in this process."""
        if not self._taken.acquire(blocking=False):
            raise RuntimeError("another local system is running in this process: stop it first")
        self._environment.start()
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            os.environ.pop(name, None)
        self._settings.start()
        self._session.start()
        patches.set(BaseModel, "__new__", _untracked)
        patches.set(FakeKey, "__del__", FakeKey.dispose)
        # moto looks through a class for its methods at each request.
        patches.set(responses, "method_names_from_class", cache(responses.method_names_from_class))
        BackendDict.reset()
        botocore_stubber.enabled = True

    def close(self) -> None:
        botocore_stubber.enabled = False
        _close_objects()
        BackendDict.reset()
        TMP_THREADS.clear()
        self._session.stop()
        self._settings.stop()
        self._environment.stop()
        self._taken.release()


def client(service: str) -> Any:
    """A boto3 client of the account; clients hold no state, so one a service serves every system of the process."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") if service == "s3" else None
    with _CLIENTS_LOCK:
        if (service, endpoint) not in _CLIENTS:
            _CLIENTS[service, endpoint] = _session().client(service, config=_config(service))
        return _CLIENTS[service, endpoint]


def _endpoint_settings(endpoint: str | None) -> dict[str, str]:
    """Let boto3 sign for the endpoint, and let moto know the endpoint for its own S3."""
    if endpoint is None:
        return {}
    return {"AWS_ENDPOINT_URL_S3": endpoint, "MOTO_S3_CUSTOM_ENDPOINTS": endpoint}


def _config(service: str) -> Config:
    """One attempt, so that a failure is seen; a fixed user agent, as botocore composes one anew for each request."""
    signature = {"signature_version": UNSIGNED} if service in UNSIGNED_SERVICES else {}
    return Config(retries={"total_max_attempts": 1}, user_agent="loket", **signature)


def _session() -> boto3.Session:
    return boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION)


def backend(backends: Any) -> Any:
    """The moto backend of our account and region."""
    return backends[ACCOUNT][REGION]


def _close_objects() -> None:
    """Close the files of all versions of all objects; moto would look for them among the tracked."""
    for bucket in s3_backends[ACCOUNT]["aws"].buckets.values():
        for name in bucket.keys:
            for key in bucket.keys.getlist(name):
                if isinstance(key, FakeKey):
                    key.dispose()


def _untracked(cls: type, *_: Any, **__: Any) -> Any:
    return object.__new__(cls)
