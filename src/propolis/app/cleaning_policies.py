"""Policies that delete on a schedule: those of files, and those that are objects of the cluster."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.cluster.informer import Informer
from propolis.cluster.reflector import Reflector
from propolis.core import clock
from propolis.policy.controllers.cleaning import AnyCleanup
from propolis.policy.model.cel.policy import CelPolicy, DeletingSpec
from propolis.policy.sources.documents import LoadedPolicies, read_policies

KINDS = frozenset(
    {
        ("kyverno.io", "CleanupPolicy"),
        ("kyverno.io", "ClusterCleanupPolicy"),
        ("policies.kyverno.io", "DeletingPolicy"),
        ("policies.kyverno.io", "NamespacedDeletingPolicy"),
    }
)


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    creation_timestamp: datetime | None = None


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    last_execution_time: datetime | None = None


class _Object(msgspec.Struct, frozen=True):
    metadata: _Metadata
    status: _Status | None = None


class Kept(msgspec.Struct, frozen=True):
    """One object.

    Attributes:
        policy: None where it cannot be used; ``problem`` says why then.
        last: When it ran last, or was made.
        has_status: Whether anything is written back of it.
    """

    policy: AnyCleanup | None
    problem: str
    last: datetime
    has_status: bool


class CleaningPolicies:
    """All policies that delete on a schedule.

    Attributes:
        is_changed: Whether anything is another than when it was read last.
    """

    def __init__(self, client: ApiClient) -> None:
        self.is_changed = True
        self._client = client
        self._begun = clock.now()
        self._of_files: tuple[AnyCleanup, ...] = ()
        self._informers: dict[tuple[str, str], tuple[Served, Informer[Kept]]] = {}

    def take_files(self, policies: Iterable[AnyCleanup]) -> None:
        """These are the policies of files."""
        self._of_files = tuple(policies)
        self.is_changed = True

    def reflectors_of(self, served: Iterable[Served]) -> Iterator[Reflector]:
        """Reflectors of the kinds that are served and not followed yet, to be run."""
        for kind in served:
            key = (kind.group, kind.kind)
            if key in KINDS and key not in self._informers:
                informer = Informer[Kept](lambda data, kind=kind: _kept(data, kind), self._change)  # type: ignore[misc]
                self._informers[key] = kind, informer
                yield Reflector(self._client, kind, informer)

    def _change(self) -> None:
        self.is_changed = True

    def read(self) -> list[tuple[AnyCleanup, datetime]]:
        """All of them as they are now, each with when it ran last or was made; files count from the start."""
        self.is_changed = False
        found: list[tuple[AnyCleanup, datetime]] = [(one, self._begun) for one in self._of_files]
        for _, informer in self._informers.values():
            found += [(one.policy, one.last) for one in informer.objects.values() if one.policy is not None]
        return found

    def problems(self) -> Iterator[str]:
        """Objects that cannot be used."""
        for _, informer in self._informers.values():
            yield from (one.problem for one in informer.objects.values() if one.problem)
            yield from informer.broken.values()

    async def ran(self, policy: AnyCleanup, at: datetime) -> None:
        """Writes when a policy ran; those of files have no status. Raises `SourceError`."""
        for served, informer in self._informers.values():
            kept = informer.objects.get((policy.namespace, policy.name))
            if kept is None or kept.policy != policy:
                continue
            time = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            path, value = ("/status/lastExecutionTime", time) if kept.has_status else _whole(time)
            body = msgspec.json.encode([{"op": "add", "path": path, "value": value}])
            where = f"{served.path_in(policy.namespace)}/{policy.name}/status"
            await self._client.patch(where, f"tell when {policy.name} ran", body)


def _whole(time: str) -> tuple[str, object]:
    return "/status", {"lastExecutionTime": time}


def scheduled(loaded: LoadedPolicies) -> Iterator[AnyCleanup]:
    """Those of the policies of files that delete on a schedule."""
    yield from loaded.cleanups
    for policy in loaded.policies:
        if isinstance(policy, CelPolicy) and isinstance(policy.spec, DeletingSpec):
            yield policy


def _kept(data: bytes, kind: Served) -> Kept:
    """Raises `msgspec.DecodeError`."""
    found = msgspec.json.decode(data, type=_Object)
    document = {**msgspec.json.decode(data), "apiVersion": kind.api_version, "kind": kind.kind}
    name = f"{kind.name} {found.metadata.name}"
    loaded = read_policies(msgspec.json.encode(document), name)
    policies = list(scheduled(loaded))
    last = found.status.last_execution_time if found.status else None
    return Kept(
        policy=policies[0] if policies else None,
        problem="; ".join(map(str, loaded.errors)),
        last=last or found.metadata.creation_timestamp or clock.now(),
        has_status=found.status is not None,
    )
