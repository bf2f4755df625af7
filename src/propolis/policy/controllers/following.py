"""Which kinds are followed: those that policies judge, and those that answers are about."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.cluster.reflector import Key, Reflector, Store
from propolis.policy.controllers.concerns import GroupPlural

NEVER = frozenset(
    {
        ("", "ComponentStatus"),
        ("", "Event"),
        ("events.k8s.io", "Event"),
        ("coordination.k8s.io", "Lease"),
        ("wgpolicyk8s.io", "PolicyReport"),
        ("wgpolicyk8s.io", "ClusterPolicyReport"),
        ("openreports.io", "Report"),
        ("openreports.io", "ClusterReport"),
        ("reports.kyverno.io", "EphemeralReport"),
        ("reports.kyverno.io", "ClusterEphemeralReport"),
        ("kyverno.io", "UpdateRequest"),
    }
)
"""Kinds that no policy judges in a scan: they cannot be watched, or scans write them."""
_NEVER_GROUPS = frozenset({"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"})

Begin = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


def can_be_judged(served: Served) -> bool:
    """Whether scans look at a kind at all."""
    return (served.group, served.kind) not in NEVER and served.group not in _NEVER_GROUPS


class Versions:
    """A `Store` that remembers of each object its version alone, to tell which have changed."""

    def __init__(self, touched: Callable[[Key], None], listed: Callable[[], None]) -> None:
        self._versions: dict[Key, str] = {}
        self._touched = touched
        self._listed = listed

    def put(self, key: Key, document: bytes) -> None:
        """An object is there, or is another now."""
        version = _version(document)
        if self._versions.get(key) != version:
            self._versions[key] = version
            self._touched(key)

    def drop(self, key: Key) -> None:
        """An object is gone."""
        if self._versions.pop(key, None) is not None:
            self._touched(key)

    def keep(self, keys: AbstractSet[Key]) -> None:
        """All others are gone."""
        for key in self._versions.keys() - keys:
            self.drop(key)
        self._listed()


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""


class _Object(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()


def _version(document: bytes) -> str:
    try:
        return msgspec.json.decode(document, type=_Object).metadata.resource_version
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""


class Followed(msgspec.Struct, frozen=True):
    """One kind that is followed, and where to."""

    served: Served
    reflector: Reflector
    task: asyncio.Task[None]
    is_judged: bool


class Following:
    """Reflectors, begun and ended as kinds are wanted.

    Attributes:
        kinds: What is followed.
    """

    def __init__(self, client: ApiClient, begin: Begin) -> None:
        self.kinds: dict[GroupPlural, Followed] = {}
        self._client = client
        self._begin = begin

    def follow(self, served: Served, store: Store, *, is_judged: bool) -> Followed:
        """Begins to follow a kind."""
        reflector = Reflector(self._client, served, store)
        followed = Followed(served, reflector, self._begin(reflector.run()), is_judged)
        self.kinds[served.group, served.plural] = followed
        return followed

    def end(self, kind: GroupPlural) -> None:
        """Follows a kind no more."""
        followed = self.kinds.pop(kind, None)
        if followed is not None:
            followed.task.cancel()

    @property
    def synced(self) -> set[GroupPlural]:
        """Kinds that are known whole, and told of when they change."""
        return {
            kind
            for kind, one in self.kinds.items()
            if one.reflector.is_synced.is_set() and not one.reflector.problem
        }

    def problems(self) -> Iterable[str]:
        """What is broken now."""
        return [one.reflector.problem for one in self.kinds.values() if one.reflector.problem]
