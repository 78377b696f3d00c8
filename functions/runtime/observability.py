"""Logs and metrics: ids, names of steps and errors, never what a person wrote."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from functions.runtime.settings import Settings

logger = Logger(service="loket", level=Settings.from_environment().log_level)
