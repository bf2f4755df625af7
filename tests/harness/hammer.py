"""A client that asks an API server for the same object again and again, on kept connections."""

import contextlib
import http.client
import json
import threading
from typing import Any, Self

from propolis.cluster.exec_plugin import ExecCredential
from propolis.cluster.kubeconfig import load_access
from propolis.cluster.tls import tls_context
from tests.harness.control_plane import ControlPlane

WAIT_SECONDS = 60


class Hammer:
    """Threads that send one request each until told to stop. A context manager.

    Attributes:
        allowed: How many requests were let in.
        refused: How many a policy refused.
        unjudged: How many the API server refused since the webhook did not answer.
        other: Texts of other answers.
    """

    def __init__(self, plane: ControlPlane, path: str, document: dict[str, Any], threads: int = 4) -> None:
        self.allowed = 0
        self.refused = 0
        self.unjudged = 0
        self.other: list[str] = []
        self._plane = plane
        self._path = path
        self._body = json.dumps(document)
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    @property
    def sent(self) -> int:
        """How many requests were answered."""
        return self.allowed + self.refused + self.unjudged + len(self.other)

    def wait(self, refused: int) -> None:
        """Waits until so many more were refused."""
        with self._news:
            wanted = self.refused + refused
            assert self._news.wait_for(lambda: self.refused >= wanted, WAIT_SECONDS), self.told()

    def told(self) -> str:
        """The counts, for people."""
        return f"{self.allowed} let in, {self.refused} refused, {self.unjudged} unjudged, {self.other[:2]}"

    def _run(self) -> None:
        connection = connect(self._plane)
        headers = {"Content-Type": "application/json"}
        with contextlib.closing(connection):
            while not self._stop.is_set():
                connection.request("POST", f"{self._path}?dryRun=All", self._body, headers)
                answer = connection.getresponse()
                self._count(answer.status, answer.read().decode(errors="replace"))

    def _count(self, status: int, text: str) -> None:
        with self._news:
            self._news.notify_all()
            if status in (200, 201):
                self.allowed += 1
            elif "denied the request" in text:
                self.refused += 1
            elif "failed calling webhook" in text:
                self.unjudged += 1
            else:
                self.other.append(text)


def connect(plane: ControlPlane) -> http.client.HTTPSConnection:
    """A connection of the administrator."""
    context = tls_context(load_access((plane.kubeconfig,)), ExecCredential())
    host, _, port = plane.server.removeprefix("https://").partition(":")
    return http.client.HTTPSConnection(host, int(port), context=context, timeout=40)
