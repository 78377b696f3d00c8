"""The local system: everything of the deployed one, in one process on loopback."""
