"""The web application of admission: reviews, health and metrics, without a framework between.

Paths follow Kyverno's: ``/validate`` and ``/mutate``, each with ``/fail`` or ``/ignore`` for the policies of
one failure policy and a name below for policies with webhooks of their own, ``/health/liveness``,
``/health/readiness`` and ``/metrics``.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from propolis.app.admission_rules import Chosen
from propolis.app.admission_service import AdmissionService, Webhook
from propolis.app.policy_reviews import PATH as POLICIES_PATH
from propolis.app.policy_reviews import PolicyReviews
from propolis.core import clock
from propolis.core.limits import MEBIBYTE
from propolis.policy.engine.webhook_groups import DEFAULT_TIMEOUT_SECONDS, LONGEST_TIMEOUT_SECONDS
from propolis.policy.model.admission_review import ReviewError

MOST_BODY_BYTES = 16 * MEBIBYTE
"""Of a review: an API server takes objects of 3 MiB, and a review holds two of them."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_JSON, _TEXT = b"application/json", b"text/plain; charset=utf-8"
_METRICS = b"text/plain; version=0.0.4; charset=utf-8"
_TIMEOUT = re.compile(r"([0-9]{1,4})(ms|s)?", re.ASCII)
_OWN = re.compile(r"(?P<shared>/(?:mutate|validate)/(?:fail|ignore))/(?P<key>.+)")
_ROUTES: dict[str, tuple[Webhook, Chosen]] = {
    "/mutate": ("mutate", "all"),
    "/mutate/fail": ("mutate", "fail"),
    "/mutate/ignore": ("mutate", "ignore"),
    "/validate": ("validate", "all"),
    "/validate/fail": ("validate", "fail"),
    "/validate/ignore": ("validate", "ignore"),
}


class AdmissionApplication:
    """An ASGI application.

    Attributes:
        policies: Reviews of policies themselves.
    """

    def __init__(self, service: AdmissionService) -> None:
        self._service = service
        self.policies = PolicyReviews()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        route = _route(scope["path"])
        if route is None:
            await self._other(scope, receive, send)
        elif scope["method"] != "POST":
            await _send(send, 405, b"reviews are sent by POST", _TEXT)
        else:
            await self._review(route, scope, receive, send)

    async def _review(
        self, route: tuple[Webhook, Chosen], scope: Scope, receive: Receive, send: Send
    ) -> None:
        begin = clock.monotonic()
        await self._reviewed(route, scope, receive, send)
        query = scope["query_string"].decode("latin1")
        url = f"{scope['path']}?{query}" if query else scope["path"]
        self._service.metrics.answered("POST", url, clock.monotonic() - begin)

    async def _reviewed(
        self, route: tuple[Webhook, Chosen], scope: Scope, receive: Receive, send: Send
    ) -> None:
        webhook, chosen = route
        body = await _read_body(scope, receive)
        if body is None:
            self._service.metrics.failed(webhook, "oversized")
            await _send(send, 413, f"a review has at most {MOST_BODY_BYTES:,} bytes".encode(), _TEXT)
            return
        try:
            answer = await self._service.review(
                webhook, chosen, body, _timeout_seconds(scope["query_string"])
            )
        except ReviewError as error:
            await _send(send, 400, str(error).encode(errors="replace"), _TEXT)
        else:
            await _send(send, 200, answer, _JSON)

    async def _policy_review(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A review of a policy itself."""
        body = await _read_body(scope, receive)
        if body is None:
            await _send(send, 413, f"a review has at most {MOST_BODY_BYTES:,} bytes".encode(), _TEXT)
            return
        try:
            answer = await self.policies.review(body, _timeout_seconds(scope["query_string"]))
        except ReviewError as error:
            await _send(send, 400, str(error).encode(errors="replace"), _TEXT)
        else:
            await _send(send, 200, answer, _JSON)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case _ if scope["path"] == POLICIES_PATH and scope["method"] == "POST":
                await self._policy_review(scope, receive, send)
            case "/health/liveness" | "/health/readiness":
                await _send(send, 200, b"ok", _TEXT)
            case "/metrics":
                await _send(send, 200, await self._service.metrics.text(), _METRICS)
            case _:
                await _send(send, 404, b"there is nothing here", _TEXT)


def _route(path: str) -> tuple[Webhook, Chosen] | None:
    """What a path is for; webhooks of single policies have paths below the shared ones."""
    found = _ROUTES.get(path)
    own = _OWN.fullmatch(path) if found is None else None
    if own is not None:
        webhook, failure = _ROUTES[own["shared"]]
        return webhook, f"{failure}/{own['key']}"
    return found


async def _read_body(scope: Scope, receive: Receive) -> bytes | None:
    """The body; None for one that is too large, which is not read to its end."""
    for name, value in scope["headers"]:
        if name == b"content-length" and int(value) > MOST_BODY_BYTES:
            return None
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= MOST_BODY_BYTES else None
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BODY_BYTES:
            return None
    return b"".join(parts)


@lru_cache(maxsize=256)
def _timeout_seconds(query: bytes) -> float:
    """The time-out that an API server states (``timeout=10s``)."""
    if not query:
        return DEFAULT_TIMEOUT_SECONDS
    stated = parse_qs(query.decode("latin1")).get("timeout", [""])[0]
    found = _TIMEOUT.fullmatch(stated)
    if found is None:
        return DEFAULT_TIMEOUT_SECONDS
    seconds = int(found[1]) / (1000 if found[2] == "ms" else 1)
    return min(seconds, LONGEST_TIMEOUT_SECONDS) or DEFAULT_TIMEOUT_SECONDS


async def _send(send: Send, status: int, body: bytes, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
