"""Observes a live cluster: which kinds it serves, then each of them, a few at a time.

What an answer cannot give (a kind that is forbidden, a server that hangs) becomes a problem, and
the other kinds go on. Nothing is written, nothing is watched.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator

from propolis.cluster.api_client import ApiClient, Patience, open_client
from propolis.cluster.discovery import Served, discover
from propolis.cluster.kubeconfig import Access
from propolis.cluster.listing import Heading, Listing
from propolis.cluster.observation import Observation
from propolis.cluster.owners import LAST, Owners, remark_on_made
from propolis.cluster.wanted import WANTED
from propolis.core.assessment import Problem
from propolis.core.limits import DEFAULT, Limits
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.lang.quiet_gc import quiet_gc

AT_ONCE = 4
"""Kinds that are listed at the same time."""

Tell = Callable[[str, int, int | None], None]
"""Told the name of the step, the kinds that are done, and how many there are."""


def observe_cluster(
    access: Access,
    limits: Limits = DEFAULT,
    cluster: str = "",
    wanted: Collection[tuple[str, str]] = WANTED,
    tell: Tell | None = None,
    patience: Patience = Patience(),  # noqa: B008  # frozen
) -> Observation:
    """All objects of the wanted kinds, as one observation.

    Args:
        access: Where and as whom to ask.
        limits: ``file_bytes`` bounds a page, depth and values bound an object.
        cluster: Becomes a part of every reference; the context's name when empty.
        wanted: Groups and kinds; those that the server does not serve are passed over.
        tell: Is told how far it is.
        patience: Time-outs and retries.

    Raises:
        DocumentError: The access cannot be used.
        SourceError: The server does not answer, or refuses the credentials.
    """
    with quiet_gc():
        return asyncio.run(
            observe_through(access, limits, cluster or access.context, wanted, tell or _silent, patience)
        )


async def observe_through(
    access: Access,
    limits: Limits,
    cluster: str,
    wanted: Collection[tuple[str, str]],
    tell: Tell,
    patience: Patience,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Observation:
    """`observe_cluster` for those who run a loop already."""
    async with open_client(access, patience, sleep) as client:
        tell("Listing", 0, None)
        found = await discover(client)
        kinds = [kind for kind in found.served if (kind.group, kind.kind) in wanted]
        walk = _Walk(client, limits, cluster, tell, len(kinds))
        for stage in _stages(kinds):
            await walk.list_all(stage)
    return walk.observation(list(found.problems))


def _stages(kinds: list[Served]) -> Iterator[list[Served]]:
    """Owners before what they make, so that its copies need not be kept."""
    last = [kind for stage in LAST for kind in stage]
    yield [kind for kind in kinds if kind.kind not in last]
    for stage in LAST:
        yield [kind for kind in kinds if kind.kind in stage]


class _Walk:
    """The state of one observation."""

    def __init__(self, client: ApiClient, limits: Limits, cluster: str, tell: Tell, total: int) -> None:
        self._listings: list[Listing] = []
        self._owners = Owners()
        self._client = client
        self._limits = limits
        self._cluster = cluster
        self._tell = tell
        self._total = total
        self._done = 0
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def list_all(self, stage: list[Served]) -> None:
        """Lists some kinds; the order of the result is theirs, not that of the answers."""
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._list(kind)) for kind in stage]
        self._listings += (task.result() for task in running)

    def observation(self, problems: Iterable[Problem]) -> Observation:
        """All that was listed; ``problems`` were met before."""
        told = [problem for listing in self._listings for problem in listing.problems]
        left_out = sum(listing.left_out for listing in self._listings)
        resources = tuple(
            self._resource(document) for listing in self._listings for document in listing.documents
        )
        return Observation(resources, (*problems, *told, *remark_on_made(left_out)))

    async def _list(self, kind: Served) -> Listing:
        async with self._gate:
            listing = await Listing(self._client, kind, self._limits, self._is_wanted).read()
        self._done += 1
        self._tell("Listing", self._done, self._total)
        return listing

    def _is_wanted(self, kind: Served, heading: Heading) -> bool:
        """Remembers an object; wanted is what no other object here makes."""
        namespace = heading.namespace or ""
        owners = [
            (owner.api_version, owner.kind, owner.name)
            for owner in heading.owner_references or ()
            if owner.controller
        ]
        self._owners.add(kind.api_version, kind.kind, namespace, heading.name or "")
        return not self._owners.is_made(namespace, owners)

    def _resource(self, document: Document) -> Resource:
        return Resource(reference_of(document, self._cluster), document, Origin(self._client.server))


def _silent(step: str, done: int, total: int | None) -> None:
    del step, done, total
