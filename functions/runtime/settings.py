"""The settings of a function: the only place that reads the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where things are. In a deployed system the template sets every value; a missing one is a fault at first use."""

    table: str = ""
    bucket: str = ""
    bus: str = ""
    signing_key: str = ""
    sealing_key: str = ""
    opener_role: str = ""
    """The role of the one function that opens seals, which makes grants to itself."""
    certificate: str = ""
    state_machines: str = ""
    """The beginning of a state machine's ARN, up to the service, such as ``arn:aws:states:…:stateMachine:loket-``."""
    issuer: str = ""
    audience: str = ""
    audience_claim: str = "aud"
    token_use: str = ""
    roles_claim: str = ""
    sender: str = ""
    payment_url: str = ""
    payment_secret: str = ""
    payment_secret_parameter: str = ""
    payment_page: str = ""
    """Where people pay: the address to which the id of a bill is added. Without it bills only show how to pay."""
    session_key: str = ""
    session_key_parameter: str = ""
    public_url: str = ""
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls) -> Settings:
        fields = {
            name: os.environ[name.upper()] for name in cls.__dataclass_fields__ if name.upper() in os.environ
        }
        return cls(**fields)
