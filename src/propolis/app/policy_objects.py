"""Objects of the cluster that are policies, as a reflector brings them: what each says, and its status.

A status that is written comes back as a change of the object. It is no change of the policy, so nothing is
read or compiled again for it.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet

import msgspec

from propolis.cluster.reflector import Key
from propolis.core.resource import Document
from propolis.policy.sources.documents import LoadedPolicies, read_policies


class _Metadata(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: msgspec.Raw = msgspec.Raw(b"")
    annotations: msgspec.Raw = msgspec.Raw(b"")


class _Parts(msgspec.Struct, frozen=True, rename="camel"):
    """What an object consists of."""

    api_version: str = ""
    metadata: _Metadata = _Metadata()
    spec: msgspec.Raw = msgspec.Raw(b"")
    status: Document | None = None

    @property
    def essence(self) -> tuple[str, bytes, bytes, bytes]:
        """What a policy is read from."""
        metadata = self.metadata
        return self.api_version, bytes(metadata.labels), bytes(metadata.annotations), bytes(self.spec)


class PolicyObject(msgspec.Struct, frozen=True):
    """One object.

    Attributes:
        essence: What it was read from; an object with the same one says the same.
        status: As it stands in the cluster.
    """

    loaded: LoadedPolicies
    essence: tuple[str, bytes, bytes, bytes]
    uid: str = ""
    status: Document | None = None


class KeptPolicies:
    """The objects of one kind; a `Store` that a reflector fills.

    Attributes:
        objects: By namespace and name.
    """

    def __init__(self, kind: str, changed: Callable[[], None]) -> None:
        """Makes an empty one.

        Args:
            kind: Named in errors.
            changed: Is called when what any of them says has changed.
        """
        self.objects: dict[Key, PolicyObject] = {}
        self._kind = kind
        self._changed = changed

    def put(self, key: Key, document: bytes) -> None:
        """Takes one object over."""
        if self._keep(key, document):
            self._changed()

    def drop(self, key: Key) -> None:
        """Forgets an object."""
        if self.objects.pop(key, None) is not None:
            self._changed()

    def keep(self, keys: AbstractSet[Key]) -> None:
        """Forgets all other objects."""
        gone = self.objects.keys() - keys
        for key in gone:
            del self.objects[key]
        if gone:
            self._changed()

    def _keep(self, key: Key, document: bytes) -> bool:
        """Keeps an object; whether it says something else than before."""
        try:
            parts = msgspec.json.decode(document, type=_Parts)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            parts = _Parts()
        before = self.objects.get(key)
        is_same = before is not None and before.essence == parts.essence and bool(parts.api_version)
        loaded = before.loaded if before and is_same else read_policies(document, self._kind)
        self.objects[key] = PolicyObject(loaded, parts.essence, parts.metadata.uid, parts.status)
        return not is_same
