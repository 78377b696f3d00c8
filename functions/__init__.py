"""Loket's Lambda functions: the engine that carries services described as data."""
