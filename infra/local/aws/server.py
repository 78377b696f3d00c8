"""The account over HTTP on loopback: for the `aws` CLI, for presigned forms and links, for browsers."""

from __future__ import annotations

import logging
import threading

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

# How long a stop may wait for the listening thread.
POLL_SECONDS = 0.02


class Server:
    """moto's server; its own wrapper listens on all addresses and cannot tell a port that is taken."""

    def __init__(self, port: int) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        application = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            "127.0.0.1", port, application, threaded=True, request_handler=MotoRequestHandler
        )
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="aws endpoint", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
