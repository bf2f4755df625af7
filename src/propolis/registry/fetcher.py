"""Asks a repository: shows what it wants to see, follows redirects, and tells refusals in words."""

from collections.abc import Mapping

import aiohttp
import msgspec
from yarl import URL

from propolis.core.errors import LimitError, SourceError
from propolis.registry.authorizer import Authorizer, checked_url, is_as_safe, login_words
from propolis.registry.exchange import (
    BUSY,
    Exchange,
    PassingError,
    one_line,
    read_small,
    seconds_to_wait,
    server,
)
from propolis.registry.repository import Repository

MOST_REDIRECTS = 5
_MOST_ERROR_BYTES = 1 << 16
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNAUTHORIZED = 401


class Wanted(msgspec.Struct, frozen=True):
    """What is asked of a repository.

    Attributes:
        path: Below the repository ("manifests/1.2").
        asked: The same in words, for the text of an error ("pull docker.io/library/debian:12").
        accept: Media types.
        first_byte: From where on; 0 for all.
        is_stream: Whether the answer may take as long as it is large.
    """

    repository: Repository
    path: str
    asked: str
    accept: tuple[str, ...] = ()
    first_byte: int = 0
    is_stream: bool = False

    @property
    def url(self) -> URL:
        """Its address."""
        return self.repository.origin / "v2" / self.repository.path / self.path

    @property
    def headers(self) -> dict[str, str]:
        """Without Authorization."""
        headers = {"Accept": ", ".join(self.accept) or "*/*"}
        return {**headers, "Range": f"bytes={self.first_byte}-"} if self.first_byte else headers


class _Error(msgspec.Struct, frozen=True):
    code: str | None = None
    message: str | None = None


class _Errors(msgspec.Struct, frozen=True):
    errors: tuple[_Error, ...] = ()


class Fetcher:
    """Used within one event loop."""

    def __init__(self, exchange: Exchange, authorizer: Authorizer, *, is_insecure: bool = False) -> None:
        self._exchange = exchange
        self._authorizer = authorizer
        self._is_insecure = is_insecure

    async def open(self, wanted: Wanted) -> aiohttp.ClientResponse:
        """An answer 200 or 206, which the caller closes.

        Raises:
            SourceError: The registry refuses, or leads astray.
            PassingError: It is busy, or does not answer.
        """
        header = self._authorizer.header(wanted.repository)
        response = await self._follow(wanted, header)
        if response.status == _UNAUTHORIZED and _is_own(response.url, wanted):
            header = await self._answer(wanted, response)
            if header:
                response.release()
                response = await self._follow(wanted, header)
        if response.status not in (200, 206):
            raise await self._refusal(wanted, response, has_shown=bool(header))
        return response

    async def _answer(self, wanted: Wanted, response: aiohttp.ClientResponse) -> str:
        """What to show to the registry that asks for it."""
        challenges = response.headers.getall("WWW-Authenticate", [])
        try:
            return await self._authorizer.answer(wanted.repository, challenges, wanted.asked)
        except BaseException:
            response.close()
            raise

    async def _follow(self, wanted: Wanted, header: str) -> aiohttp.ClientResponse:
        """The answer at the end of redirects. Whatever is not the registry itself sees no credentials."""
        url, headers = wanted.url, _with_header(wanted.headers, header)
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._exchange.send(url, wanted.asked, headers, is_stream=wanted.is_stream)
            if response.status not in _REDIRECTS:
                return response
            response.release()
            url = self._next(wanted, url, response.headers.get("Location", ""))
            if not _is_own(url, wanted):
                headers = wanted.headers
        answer = f"it redirects more than {MOST_REDIRECTS} times"
        raise SourceError(wanted.asked, server(wanted.url), answer)

    def _next(self, wanted: Wanted, url: URL, location: str) -> URL:
        try:
            following = checked_url(str(url.join(URL(location, encoded=True))))
        except ValueError as error:
            answer = f"it redirects to {one_line(location)[:100]!r}: {error}"
            raise SourceError(wanted.asked, server(url), answer) from error
        if not is_as_safe(following, wanted.repository, is_insecure=self._is_insecure):
            answer = f"it redirects to {server(following)}, which is not as safe as itself; not followed"
            raise SourceError(wanted.asked, server(url), answer)
        return following

    async def _refusal(
        self, wanted: Wanted, response: aiohttp.ClientResponse, *, has_shown: bool
    ) -> Exception:
        status, url = response.status, response.url
        try:
            told = _told(await read_small(response, _MOST_ERROR_BYTES, wanted.asked))
        except (PassingError, LimitError):
            told = ""
        told = told or one_line(response.reason or "")
        answer = f"{status} {told}".strip() + self._advice(wanted, status, has_shown=has_shown)
        error = SourceError(wanted.asked, server(url), answer, try_again=status in BUSY)
        return PassingError(error, _wait(response)) if status in BUSY else error

    def _advice(self, wanted: Wanted, status: int, *, has_shown: bool) -> str:
        """What a person can do about a status."""
        repository = wanted.repository
        note = self._authorizer.note(repository)
        why = f" ({note})" if note else ""
        match status:
            case 401 if has_shown:
                return f"; not there, or not for these credentials: {login_words(repository)}{why}"
            case 401:
                return f"; it wants credentials: {login_words(repository)}{why}"
            case 403:
                return f"; what was shown does not allow it: ask for the right to pull {repository.name}{why}"
            case 404:
                return "; it is not there: check the name and the tag"
            case 429:
                return f"; too many requests: wait, or {login_words(repository)}"
            case _:
                return ""


def _with_header(headers: Mapping[str, str], header: str) -> dict[str, str]:
    return {**headers, "Authorization": header} if header else dict(headers)


def _is_own(url: URL, wanted: Wanted) -> bool:
    """Whether an address is one of the registry itself: the same scheme, host and port."""
    return url.origin() == wanted.repository.origin


def _wait(response: aiohttp.ClientResponse) -> float:
    return seconds_to_wait(response.headers.get("Retry-After"))


def _told(content: bytes) -> str:
    """What the body of a refusal says, in one line."""
    try:
        errors = msgspec.json.decode(content, type=_Errors).errors
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    return one_line("; ".join(one.message or one.code or "" for one in errors[:3]))
