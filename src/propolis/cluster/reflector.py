"""Keeps a copy of all objects of one kind in step with the API server: a list, then what changes.

Follows kubernetes.io/docs/reference/using-api/api-concepts: a watch goes on from the version of the list or
of the last event or bookmark; a version that the server has forgotten (410) begins with a new list;
everything else that breaks is tried again, after waits that grow and differ, so that many clients do not come
back at once.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from types import MappingProxyType
from typing import Any, Protocol

import msgspec

from propolis.cluster.api_client import ApiClient, RefusedError
from propolis.cluster.discovery import JSON, Served
from propolis.core.errors import Error, LimitError, SourceError
from propolis.core.limits import DEFAULT, Limits

PAGE = 500
AT_ONCE = 50
"""Objects of a page that are read before others have their turn."""
MOST_OBJECTS = 1_000_000
WATCH_SECONDS = 240
"""After which the server ends a watch; it is begun again from where it was."""
SILENCE_SECONDS = 120.0
"""Servers send a bookmark about each minute; after two without any the connection counts as broken."""
_GONE = 410

Key = tuple[str, str]
"""Namespace and name; the namespace is empty for what is in none."""


class Store(Protocol):
    """Who keeps the copy. Documents come as they were sent, those of a list page by page."""

    def put(self, key: Key, document: bytes) -> None:
        """An object is there, or is another now."""
        ...

    def drop(self, key: Key) -> None:
        """An object is gone."""
        ...

    def keep(self, keys: AbstractSet[Key]) -> None:
        """A list has ended, and these are all objects; others are gone."""
        ...


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _Object(msgspec.Struct, frozen=True):
    """An object, a bookmark, or the Status of an error."""

    metadata: _Metadata = _Metadata()
    code: int = 0
    message: str = ""


class _List(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    items: list[msgspec.Raw] | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


class Backoff:
    """Waits that double, each a random part of its share, until something goes well."""

    def __init__(self, first_seconds: float = 0.5, longest_seconds: float = 30.0) -> None:
        self._first = first_seconds
        self._longest = longest_seconds
        self._next = first_seconds

    def reset(self) -> None:
        """Begins anew: it went well."""
        self._next = self._first

    def seconds(self) -> float:
        """How long to wait now."""
        share = self._next
        self._next = min(2 * share, self._longest)
        return share * random.uniform(0.5, 1.0)  # noqa: S311  # spreads clients, keeps no secret


class Reflector:
    """One kind, kept in step.

    Attributes:
        is_synced: Set once the store holds all objects of a list.
        problem: What broke last; empty when nothing is broken.
    """

    def __init__(
        self,
        client: ApiClient,
        served: Served,
        store: Store,
        *,
        path: str = "",
        query: Mapping[str, str] = MappingProxyType({}),
        limits: Limits = DEFAULT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Makes one that has nothing yet.

        Args:
            client: Whom to ask.
            served: The kind.
            store: Who keeps it.
            path: Of some of its objects, those of a namespace; empty for all.
            query: Selectors of some of its objects.
            limits: Of what is read.
            sleep: Waits.
        """
        self.is_synced = asyncio.Event()
        self.problem = ""
        self._client = client
        self._served = served
        self._path = path or served.path
        self._query = dict(query)
        self._store = store
        self._limits = limits
        self._sleep = sleep
        self._version = ""
        self._page_size = PAGE
        self._backoff = Backoff()

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            try:
                if not self._version:
                    await self._list()
                if not await self._watch():
                    await self._sleep(self._backoff.seconds())
            except _GoneError:
                self._version = ""
            except Error as error:
                if isinstance(error, RefusedError) and error.status == _GONE:
                    self._version = ""
                self.problem = str(error)
                await self._sleep(self._backoff.seconds())

    async def _list(self) -> None:
        """Gives the store all objects page by page, so that no more than a page is held beside it."""
        found: set[Key] = set()
        async with aclosing(self._pages()) as pages:  # type: ignore[type-var]  # an async generator has aclose
            async for page in pages:
                version = await self._take_page(page, found)
        self._store.keep(found)
        self._version = version
        self._went_well()
        self.is_synced.set()

    async def _take_page(self, page: _List, found: set[Key]) -> str:
        """Gives a page to the store; the version of the list."""
        for number, raw in enumerate(page.items or ()):
            key = _key(self._decoded(raw, _Object).metadata)
            found.add(key)
            self._store.put(key, bytes(raw))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        if len(found) > MOST_OBJECTS:
            raise SourceError(self._asked, self._client.server, f"more than {MOST_OBJECTS:,} objects")
        return page.metadata.resource_version

    async def _pages(self) -> AsyncIterator[_List]:
        """All pages; the server makes the next one while one is read."""
        page = await self._page("")
        while token := page.metadata.continue_:
            coming = asyncio.ensure_future(self._page(token))
            try:
                yield page
                page = await coming
            finally:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
        yield page

    async def _page(self, token: str) -> _List:
        """One page; smaller ones from now on where it is beyond the limit."""
        while True:
            query = {**self._query, "limit": str(self._page_size)} | ({"continue": token} if token else {})
            try:
                body = await self._client.get(self._path, self._asked, JSON, query, self._limits)
            except LimitError:
                if self._page_size == 1:
                    raise
                self._page_size = max(1, self._page_size // 10)
            else:
                found: _List = self._decoded(body, _List)
                return found

    async def _watch(self) -> bool:
        """Follows what changes until the server ends it; whether anything came."""
        query = {
            **self._query,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        lines = self._client.lines(self._path, self._asked, query, SILENCE_SECONDS, self._limits)
        async with aclosing(lines) as events:  # type: ignore[type-var]  # an async generator has aclose
            came = False
            async for line in events:
                if line.strip():
                    self._take(self._decoded(line, _Event))
                    came = True
        return came

    def _take(self, event: _Event) -> None:
        found = self._decoded(event.object, _Object)
        match event.type:
            case "ADDED" | "MODIFIED":
                self._store.put(_key(found.metadata), bytes(event.object))
            case "DELETED":
                self._store.drop(_key(found.metadata))
            case "ERROR" if found.code == _GONE:
                raise _GoneError
            case "ERROR":
                told = f"{found.code} {found.message}"
                raise SourceError(self._asked, self._client.server, told, try_again=True)
        self._version = found.metadata.resource_version or self._version
        self._went_well()

    def _went_well(self) -> None:
        self.problem = ""
        self._backoff.reset()

    def _decoded(self, data: bytes | msgspec.Raw, kind: type[Any]) -> Any:
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            told = f"the answer cannot be read: {error}"
            raise SourceError(self._asked, self._client.server, told, try_again=True) from error

    @property
    def _asked(self) -> str:
        return f"watch {self._served.name}"


class _GoneError(Exception):
    """The server has forgotten the version from which a watch was to go on."""


def _key(metadata: _Metadata) -> Key:
    return metadata.namespace, metadata.name
