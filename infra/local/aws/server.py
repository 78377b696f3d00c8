"""The account over HTTP on loopback: for the `aws` CLI, for presigned forms and links, for browsers."""

from __future__ import annotations

import logging
import socket
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
    """moto's server; its own wrapper listens on all addresses and cannot tell a port that is taken.

    Raises OSError when the port is taken.
    """

    def __init__(self, port: int) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        application = DomainDispatcherApplication(create_backend_app)
        # werkzeug ends the process when it finds the port taken.
        with socket.create_server(("127.0.0.1", port)) as listening:
            self._server = make_server(
                "127.0.0.1",
                port,
                application,
                threaded=True,
                request_handler=MotoRequestHandler,
                fd=listening.fileno(),
            )
        self._server.daemon_threads = True
        self.port = self._server.port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="aws endpoint", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
