"""Requests to one API server: patience, limits, and errors that tell what to do."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import msgspec

from propolis.cluster.credentials import Credentials
from propolis.cluster.exec_plugin import ExecCredential
from propolis.cluster.kubeconfig import Access
from propolis.cluster.pace import Pace
from propolis.cluster.tls import tls_context
from propolis.core import clock
from propolis.core.errors import DocumentError, LimitError, Place, SourceError
from propolis.core.limits import DEFAULT, Limits

_BUSY = frozenset({429, 500, 502, 503, 504})
_UNAUTHORIZED = 401
_TOO_MANY = 429
_NOT_FOUND = 404
_JSON = "application/json"
_JSON_PATCH = "application/json-patch+json"
_APPLY = "application/apply-patch+yaml"
FIELD_MANAGER = "propolis"
_GOOD = frozenset({200, 201})
_SECONDS = re.compile(r"[0-9]{1,9}")
_CHUNK_BYTES = 1 << 16
_MOST_ERROR_BYTES = 1 << 16
_UNTRUSTED = (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError)


class Patience(msgspec.Struct, frozen=True):
    """How long a request may take, and how often it is made.

    Attributes:
        silence_seconds: Between two parts of an answer, or before the first.
        request_seconds: Of one answer as a whole.
        attempts: Requests before an answer counts as final.
        first_wait_seconds: Before the second; it doubles from there.
        longest_wait_seconds: Of any wait, also when the server asks for a longer one.
        requests_a_second: In the long run; as many may come at once after a rest. 0 for any number.
    """

    connect_seconds: float = 10.0
    silence_seconds: float = 15.0
    request_seconds: float = 120.0
    attempts: int = 5
    first_wait_seconds: float = 0.25
    longest_wait_seconds: float = 20.0
    requests_a_second: int = 300


class RefusedError(SourceError):
    """The server answered with a status that is no success."""

    def __init__(self, asked: str, of: str, answer: str, status: int, *, try_again: bool = False) -> None:
        super().__init__(asked, of, answer, try_again=try_again)
        self.status = status


class _Status(msgspec.Struct, frozen=True):
    """What a server says about a failure."""

    message: str | None = None


class _Request(msgspec.Struct, frozen=True):
    """One request; ``asked`` says what for, in errors."""

    path: str
    asked: str
    accept: str
    query: Mapping[str, str]
    most_bytes: int
    body: bytes | None = None
    method: str = "GET"
    content_type: str = _JSON

    @property
    def is_once(self) -> bool:
        """Whether it must not be made again after it may have been heard."""
        return self.method == "POST" or self.content_type == _JSON_PATCH


class ApiClient:
    """Asks one API server. Made by `open_client`.

    Attributes:
        observe: Is told each request: its method, or WATCH, and its path.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        access: Access,
        credentials: Credentials,
        patience: Patience = Patience(),  # noqa: B008  # frozen
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._access = access
        self._credentials = credentials
        self._patience = patience
        self._sleep = sleep
        self.observe: Callable[[str, str], None] = _unobserved
        self._pace = Pace(patience.requests_a_second, patience.requests_a_second)

    @property
    def server(self) -> str:
        """Its address."""
        return self._access.cluster.server.rstrip("/")

    async def get(
        self, path: str, asked: str, accept: str, query: Mapping[str, str], limits: Limits = DEFAULT
    ) -> bytes:
        """The body of an answer 200; a busy or broken server is asked again.

        Args:
            path: Below the server's address.
            asked: What is asked for, for the text of an error ("list pods").
            accept: The media type.
            query: Its parameters.
            limits: ``file_bytes`` is the most that a body may have.

        Raises:
            RefusedError: Another status than 200, in the end.
            SourceError: No answer, in the end.
            LimitError: The body is too large.
        """
        return await self._patiently(_Request(path, asked, accept, query, limits.file_bytes))

    async def post(self, path: str, asked: str, body: bytes, limits: Limits = DEFAULT) -> bytes:
        """The answer to a document in JSON; asked again only where the server did not look at it.

        Raises:
            RefusedError: A status that is no success.
            SourceError: No answer.
            LimitError: The body of the answer is too large.
        """
        return await self._patiently(_Request(path, asked, _JSON, {}, limits.file_bytes, body, "POST"))

    async def replace(self, path: str, asked: str, body: bytes, limits: Limits = DEFAULT) -> bytes:
        """Writes an object whole; the version in it must be that of the server, or it answers 409.

        Raises:
            RefusedError: A status that is no success.
            SourceError: No answer, in the end.
            LimitError: The body of the answer is too large.
        """
        return await self._patiently(_Request(path, asked, _JSON, {}, limits.file_bytes, body, "PUT"))

    async def apply(
        self, path: str, asked: str, body: bytes, limits: Limits = DEFAULT, manager: str = FIELD_MANAGER
    ) -> bytes:
        """Writes the fields of an object that are this program's own, by server-side apply.

        Args:
            path: Of the object.
            asked: What is asked for, for the text of an error.
            body: The fields, as JSON.
            limits: ``file_bytes`` is the most that an answer may have.
            manager: Under which the server keeps whose the fields are.

        Raises:
            RefusedError: A status that is no success.
            SourceError: No answer, in the end.
            LimitError: The body of the answer is too large.
        """
        query = {"fieldManager": manager, "force": "true"}
        request = _Request(path, asked, _JSON, query, limits.file_bytes, body, "PATCH", _APPLY)
        return await self._patiently(request)

    async def patch(self, path: str, asked: str, operations: bytes, limits: Limits = DEFAULT) -> bytes:
        """Changes an object by a JSON patch; made once only where the server may have heard it.

        Raises:
            RefusedError: A status that is no success; 422 where a test of the patch does not hold.
            SourceError: No answer.
            LimitError: The body of the answer is too large.
        """
        request = _Request(path, asked, _JSON, {}, limits.file_bytes, operations, "PATCH", _JSON_PATCH)
        return await self._patiently(request)

    async def delete(self, path: str, asked: str, options: bytes | None = None) -> None:
        """Deletes an object; one that is not there is deleted already.

        Args:
            path: Of the object.
            asked: What is asked for, for the text of an error.
            options: DeleteOptions as JSON: which object it must be, what becomes of its dependents.

        Raises:
            RefusedError: Another status than success or 404.
            SourceError: No answer, in the end.
        """
        try:
            request = _Request(path, asked, _JSON, {}, DEFAULT.file_bytes, options, method="DELETE")
            await self._patiently(request)
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise

    async def _patiently(self, request: _Request) -> bytes:
        wait = self._patience.first_wait_seconds
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return await self._once(request)
            except _Retry as retry:
                if attempt == self._patience.attempts or (request.is_once and not retry.is_unheard):
                    raise retry.error from retry.__cause__
                await self._sleep(min(max(wait, retry.after_seconds), self._patience.longest_wait_seconds))
                wait *= 2
        raise AssertionError("unreachable")  # pragma: no cover

    async def lines(
        self,
        path: str,
        asked: str,
        query: Mapping[str, str],
        silence_seconds: float,
        limits: Limits = DEFAULT,
    ) -> AsyncIterator[bytes]:
        """The lines of an answer that goes on, as they come; asked once.

        Args:
            path: Below the server's address.
            asked: What is asked for, for the text of an error.
            query: Its parameters.
            silence_seconds: Between two parts of the answer, after which the connection counts as broken.
            limits: ``file_bytes`` is the most that a line may have.

        Raises:
            RefusedError: The server refuses.
            SourceError: No answer, or the connection breaks.
            LimitError: A line is too long.
        """
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=self._patience.connect_seconds, sock_read=silence_seconds
        )
        request = _Request(path, asked, _JSON, query, limits.file_bytes)
        try:
            async with self._opened(request, timeout) as response:
                async for line in _lines(response, request):
                    yield line
        except _Retry as retry:
            raise retry.error from retry.__cause__

    async def _once(self, request: _Request) -> bytes:
        async with self._opened(request) as response:
            return await _body(response, request.most_bytes, request.asked)

    @asynccontextmanager
    async def _opened(
        self, request: _Request, patience: aiohttp.ClientTimeout | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is a success; what breaks while it is read is a wish to ask again."""
        wait = self._pace.wait_seconds(clock.monotonic())
        if wait:
            await self._sleep(wait)
        self.observe("WATCH" if "watch" in request.query else request.method, request.path)
        headers = [*await self._credentials.headers(), ("Accept", request.accept)]
        headers += [] if request.body is None else [("Content-Type", request.content_type)]
        cluster = self._access.cluster
        try:
            async with self._session.request(
                request.method,
                self.server + request.path,
                params=request.query,
                data=request.body,
                headers=headers,
                allow_redirects=False,
                proxy=cluster.proxy_url or None,
                server_hostname=cluster.tls_server_name or None,
                timeout=patience or self._session.timeout,
            ) as response:
                if response.status not in _GOOD:
                    raise await self._refused(response, request.asked)
                yield response
        except _UNTRUSTED as error:
            answer = f"its certificate or its TLS is not accepted: {_reason(error)}"
            raise SourceError(request.asked, self.server, answer) from error
        except _BROKEN as error:
            raise _Retry(SourceError(request.asked, self.server, _reason(error), try_again=True)) from error

    async def _refused(self, response: aiohttp.ClientResponse, asked: str) -> Exception:
        """The error of an answer, or the wish to ask again."""
        status = response.status
        message = _message(await response.content.read(_MOST_ERROR_BYTES)) or response.reason or ""
        is_busy = status in _BUSY
        if status == _UNAUTHORIZED:
            message += "; the credentials are refused: log in again"
        error = RefusedError(asked, self.server, f"{status} {message}".strip(), status, try_again=is_busy)
        if status == _UNAUTHORIZED and self._credentials.is_renewable():
            self._credentials.expire()
            return _Retry(error, is_unheard=True)
        after = _seconds(response.headers.get("Retry-After"))
        return _Retry(error, after, is_unheard=status == _TOO_MANY) if is_busy else error


def _unobserved(_method: str, _path: str) -> None:
    """Nobody counts."""


class _Retry(Exception):  # noqa: N818  # a wish
    """Ask again, not before some seconds; ``error`` is what to raise when it was the last time.

    ``is_unheard``: The server turned the request away before it looked at it.
    """

    def __init__(self, error: SourceError, after_seconds: float = 0.0, *, is_unheard: bool = False) -> None:
        self.error = error
        self.after_seconds = after_seconds
        self.is_unheard = is_unheard
        super().__init__(str(error))


@asynccontextmanager
async def open_client(
    access: Access,
    patience: Patience = Patience(),  # noqa: B008  # frozen
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[ApiClient]:
    """A client for as long as the block runs.

    Raises:
        DocumentError: The access cannot be used: no address, a damaged certificate.
        SourceError: The credentials cannot be had.
    """
    _check(access)
    credentials = Credentials(access)
    given = await credentials.certificates()
    timeout = aiohttp.ClientTimeout(
        total=patience.request_seconds,
        sock_connect=patience.connect_seconds,
        sock_read=patience.silence_seconds,
    )
    connector = aiohttp.TCPConnector(ssl=_trust(access, given))
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield ApiClient(session, access, credentials, patience, sleep)


def _trust(access: Access, given: ExecCredential) -> ssl.SSLContext | bool:
    return True if access.cluster.server.startswith("http://") else tls_context(access, given)


def _check(access: Access) -> None:
    """Refuses addresses that lead nowhere before anything is sent."""
    for address, field in ((access.cluster.server, "server"), (access.cluster.proxy_url, "proxy-url")):
        parts = urlsplit(address)
        if address and (parts.scheme not in ("http", "https") or not parts.hostname):
            message = f"the {field} {address!r} of context {access.context!r} cannot be used"
            raise DocumentError(message, expected="an http or https address")


async def _lines(response: aiohttp.ClientResponse, request: _Request) -> AsyncIterator[bytes]:
    rest = bytearray()
    async for chunk in response.content.iter_any():
        rest += chunk
        *whole, last = rest.split(b"\n") if b"\n" in chunk else (rest,)
        for line in whole:
            yield bytes(line)
        rest = last
        if len(rest) > request.most_bytes:
            place = Place(str(response.url.origin()))
            raise LimitError(
                f"{request.asked}: a line is too long", place, f"at most {request.most_bytes:,} bytes"
            )


async def _body(response: aiohttp.ClientResponse, most_bytes: int, asked: str) -> bytes:
    found = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        found += chunk
        if len(found) > most_bytes:
            response.close()
            place = Place(str(response.url.origin()))
            raise LimitError(
                f"{asked}: the answer is too large", place, f"at most {most_bytes:,} bytes a page"
            )
    return bytes(found)


def _message(body: bytes) -> str:
    """What the Status object of an answer says, in one line."""
    try:
        message = msgspec.json.decode(body, type=_Status).message or ""
    except (msgspec.DecodeError, UnicodeError):
        message = body.decode(errors="replace")
    return " ".join(message.split())[:300]


def _seconds(header: str | None) -> float:
    """Retry-After in seconds; its other form, a date, counts as none."""
    return float(header) if header and _SECONDS.fullmatch(header) else 0.0


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
