"""Speaks to one export server: small answers into memory, archives into files that a later run continues.

Nothing is followed to another origin, nothing larger than its limit is read, and what arrives is compared
with the length and the digest that the server names.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
from yarl import URL

from propolis.core.errors import DocumentError, SourceError
from propolis.core.limits import MEBIBYTE

_ASKED = "download advisories"
_CHUNK_BYTES = 256 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ERRORS = (aiohttp.ClientError, TimeoutError)


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """How much is taken from a server."""

    archive_bytes: int = 4096 * MEBIBYTE
    index_bytes: int = 512 * MEBIBYTE
    record_bytes: int = 32 * MEBIBYTE
    changes: int = 2000
    """Most records fetched one by one; beyond it the whole archive comes."""
    attempts: int = 5
    """How often an archive is continued after the connection broke."""
    redirects: int = 3
    connect_seconds: float = 15.0
    silence_seconds: float = 60.0
    total_seconds: float = 3600.0
    """Of one answer."""


class ExportServer:
    """One server under one address."""

    def __init__(self, session: aiohttp.ClientSession, address: str, limits: ExportLimits) -> None:
        """Takes the address. Raises `DocumentError` for one that is no http address."""
        try:
            base = URL(address)
        except ValueError as error:
            raise DocumentError(
                f"address {address!r}: {error}", expected="http://... or https://..."
            ) from None
        if base.scheme not in {"http", "https"} or not base.host:
            raise DocumentError(f"address {address!r}", expected="http://... or https://...")
        self._session = session
        self._base = base
        self._limits = limits
        self._timeout = aiohttp.ClientTimeout(
            total=limits.total_seconds, sock_connect=limits.connect_seconds, sock_read=limits.silence_seconds
        )

    @property
    def address(self) -> str:
        """As bookkeeping names the server: without a slash at the end, without credentials."""
        return shown(self._base).rstrip("/")

    async def read(self, *path: str, max_bytes: int) -> bytes:
        """A whole answer. Raises `SourceError` for any that is not one."""
        url = self._url(path)
        try:
            async with await self._get(url, {}) as answer:
                self._check_status(url, answer.status, {HTTPStatus.OK})
                self._check_length(url, answer.content_length, max_bytes)
                body = bytearray()
                async for piece in answer.content.iter_chunked(_CHUNK_BYTES):
                    body += piece
                    self._check_length(url, len(body), max_bytes)
                return bytes(body)
        except _ERRORS as error:
            raise _broken(url, error) from error

    async def download(self, *path: str, target: Path) -> None:
        """An archive into a file; what an earlier call began is continued when the server still has the same.

        Raises:
            SourceError: when it does not come whole; what came stays beside the target for the next call.
        """
        url = self._url(path)
        partial = Partial(target)
        for attempt in range(1, self._limits.attempts + 1):
            try:
                await self._continue(url, partial)
            except _ERRORS as error:
                if attempt == self._limits.attempts:
                    raise _broken(url, error) from error
            else:
                partial.finish(url)
                return

    async def _continue(self, url: URL, partial: "Partial") -> None:
        """One request for what is missing; raises what the connection raises."""
        async with await self._get(url, partial.request_headers()) as answer:
            if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                partial.discard()
                raise aiohttp.ClientPayloadError("the server has less than before")
            self._check_status(url, answer.status, {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT})
            begin = partial.begin(answer.status, answer.headers)
            expected = None if answer.content_length is None else begin + answer.content_length
            self._check_length(url, expected, self._limits.archive_bytes)
            with partial.data.open("ab") as out:
                async for piece in answer.content.iter_chunked(_CHUNK_BYTES):
                    begin += len(piece)
                    self._check_length(url, begin, self._limits.archive_bytes)
                    out.write(piece)
            if expected is not None and begin != expected:
                raise aiohttp.ClientPayloadError(f"{begin} of {expected} bytes came")

    async def _get(self, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """The answer, after redirects within the same origin."""
        at = url
        for _ in range(self._limits.redirects + 1):
            answer = await self._session.get(
                at,
                headers={"Accept-Encoding": "identity", **headers},
                allow_redirects=False,
                timeout=self._timeout,
            )
            if answer.status not in _REDIRECTS:
                return answer
            location = answer.headers.get("Location", "")
            answer.release()
            at = self._same_origin(url, at, location)
        raise SourceError(_ASKED, shown(url), "the server redirects without end")

    def _same_origin(self, url: URL, at: URL, location: str) -> URL:
        try:
            found = at.join(URL(location))
        except ValueError:
            raise SourceError(_ASKED, shown(url), f"it redirects to {location!r}") from None
        if (found.scheme, found.host, found.port) != (self._base.scheme, self._base.host, self._base.port):
            raise SourceError(_ASKED, shown(url), f"it redirects to another server, {found.host}")
        return found

    def _url(self, path: tuple[str, ...]) -> URL:
        url = self._base
        for part in path:
            url = url / part
        return url

    def _check_status(self, url: URL, status: int, accepted: set[HTTPStatus]) -> None:
        if status not in accepted:
            again = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
            raise SourceError(_ASKED, shown(url), f"status {status}", try_again=again)

    def _check_length(self, url: URL, length: int | None, max_bytes: int) -> None:
        if length is not None and length > max_bytes:
            raise SourceError(_ASKED, shown(url), f"it sends more than {max_bytes} bytes")


class Partial:
    """A download that may be cut: the bytes so far, and by what the server recognises them."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.data = target.with_name(f"{target.name}.part")
        self._tag = target.with_name(f"{target.name}.tag")
        self._md5 = ""

    def request_headers(self) -> dict[str, str]:
        """Asks for the rest, should the server still have the same."""
        size = self.data.stat().st_size if self.data.exists() else 0
        tag = self._tag.read_text(encoding="utf-8") if self._tag.exists() else ""
        if not size or not tag:
            self.discard()
            return {}
        return {"Range": f"bytes={size}-", "If-Range": tag}

    def begin(self, status: int, headers: Mapping[str, str]) -> int:
        """Where the answer continues: the size of what is there for the rest, 0 for the whole."""
        size = self.data.stat().st_size if self.data.exists() else 0
        self._md5 = _md5_of(headers)
        if status == HTTPStatus.PARTIAL_CONTENT:
            if headers.get("Content-Range", "").startswith(f"bytes {size}-"):
                return size
            self.discard()
            raise aiohttp.ClientPayloadError("the server continues at another place")
        self.discard()
        tag = headers.get("ETag", "")
        if tag and not tag.startswith("W/"):
            self._tag.write_text(tag, encoding="utf-8")
        return 0

    def finish(self, url: URL) -> None:
        """Puts the whole file in place. Raises `SourceError` where its digest is not the server's."""
        if self._md5:
            with self.data.open("rb") as written:
                found = hashlib.file_digest(written, _md5).hexdigest()
            if found != self._md5:
                self.discard()
                raise SourceError(_ASKED, shown(url), "the digest differs", try_again=True)
        self.data.replace(self._target)
        self._tag.unlink(missing_ok=True)

    def discard(self) -> None:
        """Begins anew."""
        self.data.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)


def shown(url: URL) -> str:
    """An address as errors and bookkeeping show it: without credentials."""
    return str(url.with_user(None))


def _md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)


def _md5_of(headers: Mapping[str, str]) -> str:
    """The digest that Google's storage names (``x-goog-hash: md5=BASE64``), in hexadecimal; empty without."""
    for part in headers.get("x-goog-hash", "").split(","):
        kind, _, value = part.strip().partition("=")
        if kind == "md5":
            try:
                return base64.b64decode(value, validate=True).hex()
            except ValueError:
                return ""
    return ""


def _broken(url: URL, error: Exception) -> SourceError:
    reason = str(error) or type(error).__name__
    return SourceError(_ASKED, shown(url), f"the connection broke ({reason})", try_again=True)
