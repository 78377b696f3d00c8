"""``make run``: the whole system on this machine, on loopback, until it is interrupted."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from waitress import create_server

from infra.local.office import Office

THREADS = 16


def main() -> int:
    """Read PORT, AWS_PORT, DATA and PAYMENT_SECRET; serve; stop cleanly on SIGINT and SIGTERM."""
    port, aws_port = int(os.environ.get("PORT", "8000")), int(os.environ.get("AWS_PORT", "5555"))
    data = Path(os.environ["DATA"]) if os.environ.get("DATA") else None
    secret = os.environ.get("PAYMENT_SECRET") or "local-payment-secret"
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    with Office(port=port, aws_port=aws_port, data=data, payment_secret=secret) as office:
        server = create_server(
            office.gateway, host="127.0.0.1", port=port, threads=THREADS, ident=None,
            max_request_body_size=11 * 1024 * 1024,
        )  # fmt: skip
        thread = threading.Thread(target=server.run, name="http", daemon=True)
        thread.start()
        print(_welcome(office, port, data), flush=True)
        stopped.wait()
        server.close()
        server.task_dispatcher.shutdown()
    print("Loket has stopped.", flush=True)
    return 0


def _welcome(office: Office, port: int, data: Path | None) -> str:
    services = ", ".join(office.system.ports.catalogue.codes)
    users = office.identity.users()
    return "\n".join(
        [
            "",
            "  Loket is open.",
            f"    portal and API    http://localhost:{port}   (OpenAPI: /v1/openapi.json)",
            f"    AWS endpoint      {office.system.aws.endpoint}   (aws --endpoint-url …)",
            f"    services          {services}",
            f"    people            {len(users)} demo users: http://localhost:{port}/local/users",
            f"    state             {data if data else 'in memory (DATA=dir keeps it)'}",
            "  Ctrl-C closes it.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
