"""What an operator serves: health and metrics, as an ASGI application without a framework between."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_TEXT = b"text/plain; charset=utf-8"
_METRICS = b"text/plain; version=0.0.4; charset=utf-8"


class OperatorApplication:
    """An ASGI application: ``/health/liveness``, ``/health/readiness``, ``/metrics``."""

    def __init__(self, metrics: Callable[[], bytes], is_ready: Callable[[], bool]) -> None:
        self._metrics = metrics
        self._is_ready = is_ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        del receive
        status, body, content_type = self._answer(scope["path"])
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, path: str) -> tuple[int, bytes, bytes]:
        match path:
            case "/health/liveness":
                return 200, b"ok", _TEXT
            case "/health/readiness":
                return (200, b"ok", _TEXT) if self._is_ready() else (503, b"not yet", _TEXT)
            case "/metrics":
                return 200, self._metrics(), _METRICS
        return 404, b"there is nothing here", _TEXT
