"""Follows the kinds that rules which act depend on, and tells of every object that changes."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

import msgspec

from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.cluster.reflector import Key
from propolis.core.resource import ResourceRef
from propolis.policy.controllers.acting import Acting
from propolis.policy.controllers.following import Begin, Following

if TYPE_CHECKING:
    from propolis.policy.controllers.concerns import GroupPlural


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] | None = None


class _Object(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()


class Watched:
    """A `Store` of one kind that remembers versions alone."""

    def __init__(self, kind: Served, acting: Acting) -> None:
        self._kind = kind
        self._acting = acting
        self._versions: dict[Key, str] = {}
        self._is_known = False

    def put(self, key: Key, document: bytes) -> None:
        """An object is there, or is another now."""
        try:
            metadata = msgspec.json.decode(document, type=_Object).metadata
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            metadata = _Metadata()
        if self._versions.get(key) != metadata.resource_version or not metadata.resource_version:
            self._versions[key] = metadata.resource_version
            self._acting.touched(self._kind, self._ref(key, metadata.uid), metadata.labels or {})

    def drop(self, key: Key) -> None:
        """An object is gone."""
        if self._versions.pop(key, None) is not None:
            self._acting.touched(self._kind, self._ref(key, ""), None)

    def keep(self, keys: AbstractSet[Key]) -> None:
        """All others are gone."""
        for key in self._versions.keys() - keys:
            self.drop(key)
        if not self._is_known:  # what went before the first list was told to nobody
            self._is_known = True
            self._acting.listed(self._kind)

    def _ref(self, key: Key, uid: str) -> ResourceRef:
        return ResourceRef(self._kind.api_version, self._kind.kind, key[1], key[0], uid=uid)


class ActingWatches:
    """Reflectors of the kinds that `Acting` wants, begun and ended as it does."""

    def __init__(self, client: ApiClient, acting: Acting, begin: Begin) -> None:
        self.following = Following(client, begin)
        self._acting = acting
        self._served: dict[GroupPlural, Served] = {}
        acting.wake = self.follow

    def take_served(self, served: Iterable[Served]) -> None:
        """These are the kinds of the server now. One that is missing is followed on: it may come back."""
        self._served |= {(one.group, one.plural): one for one in served}
        self.follow()

    def follow(self) -> None:
        """Begins to follow what is wanted, and ends what is not."""
        wanted = self._acting.kinds
        for kind in self.following.kinds.keys() - wanted:
            self.following.end(kind)
        for kind in wanted - self.following.kinds.keys():
            served = self._served.get(kind)
            if served is not None:
                self.following.follow(served, Watched(served, self._acting), is_judged=False)
