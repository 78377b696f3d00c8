"""boto3 clients with short time-outs and AWS's standard retries, made once a process."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "max_attempts": 3})


@cache
def client(service: str) -> Any:
    """Give the client of a service."""
    return boto3.client(service, config=CONFIG)
