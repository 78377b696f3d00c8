import os

from functions.app import app, register_workers

# Set by Chalice's command line, and so while packaging, never in Lambda.
if os.environ.get("AWS_CHALICE_CLI_MODE"):
    register_workers(app)
