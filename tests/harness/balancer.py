"""A balancer in front of replicas, as a Service is: each connection goes to one that takes it."""

import contextlib
import itertools
import socket
import threading
from typing import Self

CONNECT_SECONDS = 1.0
CHUNK_BYTES = 1 << 16


class Balancer:
    """Passes TCP connections on. A context manager.

    Attributes:
        port: Where it listens on the loopback address.
        backends: Ports of the replicas; may change while it runs.
    """

    def __init__(self) -> None:
        self.backends: list[int] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._turns = itertools.count()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Connects to the next one that takes it; without any the connection is closed."""
        backends, turn = list(self.backends), next(self._turns)
        for number in range(len(backends)):
            port = backends[(turn + number) % len(backends)]
            with contextlib.suppress(OSError):
                server = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS)
                server.settimeout(None)
                threading.Thread(target=_pass, args=(client, server), daemon=True).start()
                _pass(server, client)
                return
        client.close()


def _pass(source: socket.socket, target: socket.socket) -> None:
    """Passes bytes on until one side ends; then both do."""
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
