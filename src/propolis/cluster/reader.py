"""Reads one cluster: documents, whole lists, and the kinds that it serves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from propolis.cluster.api_client import ApiClient, Patience, RefusedError, open_client
from propolis.cluster.discovery import JSON, Name, Served, discover
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

Tell = Callable[[str, int, int | None], None]


class ClusterReader:
    """One client, and what its server serves. Made by `open_reader`.

    Attributes:
        client: For what is not read.
        served: All kinds that can be listed.
        names: Everything that is served, subresources too.
        problems: Groups that did not answer.
    """

    def __init__(self, client: ApiClient, name: str = "") -> None:
        self.client = client
        self.name = name
        self.served: tuple[Served, ...] = ()
        self.names: frozenset[Name] = frozenset()
        self.problems: tuple[Problem, ...] = ()

    async def discover(self) -> None:
        """Looks again at what is served.

        Raises:
            SourceError: The server does not answer.
        """
        found = await discover(self.client)
        self.served, self.names, self.problems = found.served, found.names, found.problems

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The document at a path; None where there is nothing.

        Raises:
            SourceError: The server refuses, or gives no JSON.
        """
        try:
            return self._document(path, await self.client.get(path, f"read {path}", JSON, query or {}))
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    async def post(self, path: str, body: bytes) -> Any:
        """What the server answers to a document.

        Raises:
            SourceError: The server refuses, or gives no JSON.
        """
        return self._document(path, await self.client.post(path, f"ask {path}", body))

    def _document(self, path: str, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise SourceError(
                f"read {path}", self.client.server, f"the answer is no JSON: {error}"
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
                listing = Listing(self.client, kind, DEFAULT, _anything, namespace, is_whole=True)
                await listing.read()
            done += 1
            tell("Listing", done, len(wanted))
            return listing

        found = await asyncio.gather(*map(read, wanted))
        resources = tuple(self._resource(one) for listing in found for one in listing.documents)
        return Observation(resources, tuple(problem for listing in found for problem in listing.problems))

    def _resource(self, document: Document) -> Resource:
        return Resource(reference_of(document, self.name), document, Origin(self.client.server))


def _anything(_kind: Served, _heading: Heading) -> bool:
    return True


@asynccontextmanager
async def open_reader(
    access: Access,
    patience: Patience = Patience(),  # noqa: B008  # frozen
) -> AsyncIterator[ClusterReader]:
    """A reader for as long as the block runs.

    Raises:
        DocumentError: The access cannot be used.
        SourceError: The server does not answer.
    """
    async with open_client(access, patience) as client:
        reader = ClusterReader(client, access.context)
        await reader.discover()
        yield reader
