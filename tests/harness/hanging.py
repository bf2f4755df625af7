"""A server that takes connections and never answers."""

import contextlib
import socket
import threading
from typing import Self


class Hanging:
    """Listens on the loopback address. A context manager.

    Attributes:
        port: Where it listens.
        is_asked: Set once somebody has connected.
    """

    def __init__(self) -> None:
        self.is_asked = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._held: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._held:
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._held.append(self._listener.accept()[0])
                self.is_asked.set()
