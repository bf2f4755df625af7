"""Who may read, and the headers that keep a page to itself. Plain ASGI around the application."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "propolis-session"
LOCAL_HOSTS = frozenset({"localhost", "localhost.", "[::1]"})
_LOOPBACK = re.compile(r"127(?:\.[0-9]{1,3}){3}")
OPEN_PATHS = ("/healthz", "/readyz", "/sign-in", "/static/")
"""What is told without a token: that the process lives, and the page that asks for the token."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def session_of(token: str) -> str:
    """What the cookie holds: a digest, so that the token itself is not kept in the browser."""
    return hmac.new(token.encode(), b"propolis console session", hashlib.sha256).hexdigest()


class Access:
    """Refuses strangers and adds the headers."""

    def __init__(self, application: ASGIApp, *, token: str, only_local: bool) -> None:
        self._application = application
        self._token = token
        self._only_local = only_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        answer = self._refusal(scope["path"], headers) or self._application
        await answer(scope, receive, send_with_headers)

    def _refusal(self, path: str, headers: Headers) -> ASGIApp | None:
        if self._only_local and not _is_local(headers.get("host", "")):
            return PlainTextResponse("this console answers at 127.0.0.1 and localhost only\n", 421)
        if not self._token or path.startswith(OPEN_PATHS) or self._is_signed_in(headers):
            return None
        if "text/html" in headers.get("accept", "") and not path.startswith(("/api/", "/metrics")):
            return RedirectResponse("/sign-in", 303)
        return PlainTextResponse(
            "send the token: Authorization: Bearer TOKEN\n", 401, {"WWW-Authenticate": "Bearer"}
        )

    def _is_signed_in(self, headers: Headers) -> bool:
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(shown.strip(), self._token):
            return True
        return any(_same(value, session_of(self._token)) for value in _cookies(headers.getlist("cookie")))


def _cookies(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        try:
            cookies = SimpleCookie(line)
        except CookieError:
            continue
        if COOKIE in cookies:
            yield cookies[COOKIE].value


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _is_local(host: str) -> bool:
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.lower() in LOCAL_HOSTS or (name.startswith("127.") and _LOOPBACK.fullmatch(name) is not None)
