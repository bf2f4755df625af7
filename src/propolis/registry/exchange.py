"""One request and its answer, and the patience for those that fail: nothing here knows of registries."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar

import aiohttp
import msgspec
from yarl import URL

from propolis.core import clock
from propolis.core.errors import LimitError, Place, SourceError

BUSY = frozenset({408, 429, 500, 502, 503, 504})
BROKEN = (aiohttp.ClientError, TimeoutError, OSError)
READ_BYTES = 512 * 1024
"""Twice of this is what a connection reads ahead at most."""
_UNTRUSTED = (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)
_SECONDS = re.compile(r"[0-9]{1,9}")

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


class Patience(msgspec.Struct, frozen=True):
    """How long a request may take, and how often it is made.

    Attributes:
        silence_seconds: Between two parts of an answer, or before the first.
        request_seconds: Of one small answer as a whole.
        grace_seconds: For which a blob may come as slowly as it likes.
        slowest_bytes_per_second: Of a blob after that.
        attempts: Requests that fail in a row before the last failure counts as final.
        first_wait_seconds: Before the second; it doubles from there.
        longest_wait_seconds: Of any wait. A server that asks for a longer one is not asked again.
    """

    connect_seconds: float = 10.0
    silence_seconds: float = 30.0
    request_seconds: float = 60.0
    grace_seconds: float = 60.0
    slowest_bytes_per_second: float = 16 * 1024.0
    attempts: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 30.0


class PassingError(Exception):
    """A failure that may pass: ask again, not before some seconds. ``error`` is raised when it stays."""

    def __init__(self, error: SourceError, after_seconds: float = 0.0) -> None:
        self.error = error
        self.after_seconds = after_seconds
        super().__init__(str(error))


class Trials:
    """Counts failures in a row and waits between them."""

    def __init__(self, patience: Patience, sleep: Sleep) -> None:
        self._patience = patience
        self._sleep = sleep
        self._failures = 0

    def begin_anew(self) -> None:
        """Something went well."""
        self._failures = 0

    async def failed(self, passing: PassingError) -> None:
        """Waits before the next trial. Raises `SourceError` when there is none."""
        patience = self._patience
        self._failures += 1
        if self._failures >= patience.attempts or passing.after_seconds > patience.longest_wait_seconds:
            raise passing.error from passing
        wait = patience.first_wait_seconds * 2 ** (self._failures - 1)
        await self._sleep(min(max(wait, passing.after_seconds), patience.longest_wait_seconds))


async def persist(operation: Callable[[], Awaitable[T]], patience: Patience, sleep: Sleep) -> T:
    """Does something again while it fails in a way that may pass."""
    trials = Trials(patience, sleep)
    while True:
        try:
            return await operation()
        except PassingError as passing:
            await trials.failed(passing)


class Exchange:
    """Sends requests through a session; follows nothing and keeps nothing."""

    def __init__(self, session: aiohttp.ClientSession, patience: Patience) -> None:
        self._session = session
        self._patience = patience

    async def send(
        self,
        url: URL,
        asked: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        *,
        is_stream: bool = False,
    ) -> aiohttp.ClientResponse:
        """An answer, whatever its status; with a form the request is a POST. The caller closes it.

        Raises:
            SourceError: The server is not trusted.
            PassingError: There is no answer.
        """
        patience = self._patience
        timeout = aiohttp.ClientTimeout(
            total=None if is_stream else patience.request_seconds,
            sock_connect=patience.connect_seconds,
            sock_read=patience.silence_seconds,
        )
        method = "GET" if form is None else "POST"
        try:
            return await self._session.request(
                method, url, headers=headers, data=form, allow_redirects=False, timeout=timeout
            )
        except _UNTRUSTED as error:
            answer = f"its certificate or its TLS is not accepted: {reason(error)}"
            raise SourceError(asked, server(url), answer) from error
        except ValueError as error:
            raise SourceError(asked, server(url), f"no address to ask: {reason(error)}") from error
        except BROKEN as error:
            raise broken(error, asked, url) from error


async def read_small(response: aiohttp.ClientResponse, most_bytes: int, asked: str) -> bytes:
    """The body of an answer that must be small; closes it.

    Raises:
        LimitError: It is larger.
        PassingError: The connection breaks.
    """
    found = bytearray()
    try:
        async for chunk in response.content.iter_any():
            found += chunk
            if len(found) > most_bytes:
                place = Place(server(response.url))
                raise LimitError(f"{asked}: the answer is too large", place, f"at most {most_bytes:,} bytes")
    except BROKEN as error:
        raise broken(error, asked, response.url) from error
    finally:
        response.close()
    return bytes(found)


def broken(error: Exception, asked: str, url: URL) -> PassingError:
    """The failure of a connection."""
    return PassingError(SourceError(asked, server(url), reason(error), try_again=True))


def server(url: URL) -> str:
    """Whom an address asks; what follows the host may be a secret."""
    return str(url.origin())


def reason(error: Exception) -> str:
    """What a failed connection says, in words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return one_line(str(error)) or type(error).__name__


def one_line(text: str) -> str:
    """What a stranger says, fit for a terminal."""
    printable = "".join(one if one.isprintable() else " " for one in text[:1000])
    return " ".join(printable.split())[:300]


def seconds_to_wait(header: str | None) -> float:
    """Retry-After in seconds, from either of its forms; 0 where it cannot be read."""
    if not header:
        return 0.0
    text = header.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(header) - clock.now()).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


default_sleep: Sleep = asyncio.sleep
