"""The only place that talks to AWS: one service a module."""
