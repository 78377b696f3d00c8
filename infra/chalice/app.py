from functions.app import app  # noqa: F401
