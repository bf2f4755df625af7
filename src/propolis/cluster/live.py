"""A live cluster that is asked again and again by code that is not asynchronous."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from propolis.cluster.api_client import ApiClient, Patience, RefusedError, open_client
from propolis.cluster.discovery import JSON, Served, discover
from propolis.cluster.kubeconfig import Access
from propolis.cluster.listing import Heading, Listing
from propolis.cluster.observation import Observation
from propolis.core.errors import SourceError
from propolis.core.limits import DEFAULT
from propolis.core.resource import Document, Origin, Resource, reference_of

if TYPE_CHECKING:
    from propolis.core.assessment import Problem

AT_ONCE = 4
_NOT_FOUND = 404

Result = TypeVar("Result")
Tell = Callable[[str, int, int | None], None]


class LiveCluster:
    """One client on a loop of its own, and the kinds that the server serves. A context manager.

    Attributes:
        served: All kinds that can be listed.
        problems: Groups that did not answer.

    Raises:
        DocumentError: On entering: the access cannot be used.
        SourceError: On entering: the server does not answer.
    """

    def __init__(self, access: Access, patience: Patience = Patience()) -> None:  # noqa: B008  # frozen
        self.served: tuple[Served, ...] = ()
        self.problems: tuple[Problem, ...] = ()
        self.name = access.context
        self._access = access
        self._patience = patience
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._client: ApiClient

    def __enter__(self) -> Self:
        try:
            self.run(self._open())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_raised: object) -> None:
        self.run(self._stack.aclose())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Runs something on the cluster's loop until it is done."""
        return self._runner.run(work)

    async def _open(self) -> None:
        self._client = await self._stack.enter_async_context(open_client(self._access, self._patience))
        served, problems = await discover(self._client)
        self.served, self.problems = tuple(served), tuple(problems)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The document at a path; None where there is nothing.

        Raises:
            SourceError: The server refuses, or gives no JSON.
        """
        try:
            return self._document(path, await self._client.get(path, f"read {path}", JSON, query or {}))
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    async def post(self, path: str, body: bytes) -> Any:
        """What the server answers to a document.

        Raises:
            SourceError: The server refuses, or gives no JSON.
        """
        return self._document(path, await self._client.post(path, f"ask {path}", body))

    def _document(self, path: str, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise SourceError(
                f"read {path}", self._client.server, f"the answer is no JSON: {error}"
            ) from error

    async def list_whole(self, kinds: Iterable[Served], namespace: str, tell: Tell) -> Observation:
        """All objects of some kinds as they are, those that a controller made too.

        Args:
            kinds: Of `served`.
            namespace: The only one; kinds outside of namespaces are left out then. Empty for all.
            tell: Is told how many kinds are read.
        """
        wanted = [kind for kind in kinds if kind.is_namespaced or not namespace]
        gate = asyncio.Semaphore(AT_ONCE)
        done = 0

        async def read(kind: Served) -> Listing:
            nonlocal done
            async with gate:
                listing = Listing(self._client, kind, DEFAULT, _anything, namespace, is_whole=True)
                await listing.read()
            done += 1
            tell("Listing", done, len(wanted))
            return listing

        found = await asyncio.gather(*map(read, wanted))
        resources = tuple(self._resource(one) for listing in found for one in listing.documents)
        return Observation(resources, tuple(problem for listing in found for problem in listing.problems))

    def _resource(self, document: Document) -> Resource:
        return Resource(reference_of(document, self.name), document, Origin(self._client.server))


def _anything(_kind: Served, _heading: Heading) -> bool:
    return True
