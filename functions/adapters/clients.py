"""Clients of AWS with short time-outs and the standard retries, made once a process.

They come from botocore itself: boto3 would load fifty modules of resources and transfers that nothing here uses.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "max_attempts": 3})


@cache
def client(service: str) -> Any:
    """Give the client of a service, by its name in boto3. Presigned forms need S3's newest signature."""
    config = CONFIG.merge(Config(signature_version="s3v4")) if service == "s3" else CONFIG
    return _session().create_client(service, config=config)


@cache
def _session() -> Session:
    return get_session()
