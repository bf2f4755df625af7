"""Notices that an API server serves other kinds: definitions of resources are followed.

A definition is established a moment before its kind is listed, so kinds are to be looked up more than once
after a change. What is served by other means (aggregated servers) is found by looking now and then.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet

import msgspec

from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.cluster.reflector import Key, Reflector
from propolis.core import clock

DEFINITION = Served(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", is_namespaced=False
)
AFTER_SECONDS = (0.0, 0.5, 1.5, 4.0)
"""After a change of a definition: when kinds are to be looked up."""
EVERY_SECONDS = 30.0
"""Between two looks at kinds when no definition has changed."""
_ESTABLISHED = "Established"


class _Version(msgspec.Struct, frozen=True):
    name: str = ""
    served: bool = False


class _Names(msgspec.Struct, frozen=True):
    kind: str = ""
    plural: str = ""


class _Spec(msgspec.Struct, frozen=True):
    group: str = ""
    scope: str = ""
    names: _Names = _Names()
    versions: tuple[_Version, ...] | None = None


class _Condition(msgspec.Struct, frozen=True):
    type: str = ""
    status: str = ""


class _Status(msgspec.Struct, frozen=True):
    conditions: tuple[_Condition, ...] | None = None


class _Definition(msgspec.Struct, frozen=True):
    """What of a definition decides which kinds are served."""

    spec: _Spec = _Spec()
    status: _Status | None = None

    def kinds(self) -> _Spec | None:
        """Its kinds; None as long as they are not served."""
        conditions = (self.status.conditions if self.status else None) or ()
        is_there = any(one.type == _ESTABLISHED and one.status == "True" for one in conditions)
        return self.spec if is_there else None


class Definitions:
    """The definitions of a cluster, as far as they decide what is served; a `Store` of a reflector."""

    def __init__(self, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._monotonic = monotonic
        self._known: dict[Key, _Spec | None] = {}
        self._is_listed = False
        self._due = [monotonic() + EVERY_SECONDS]

    def reflector(self, client: ApiClient) -> Reflector:
        """What keeps it in step with a server."""
        return Reflector(client, DEFINITION, self)

    def is_due(self) -> bool:
        """Whether kinds are to be looked up now; the next time it is asked this look-up counts as done."""
        now = self._monotonic()
        later = [moment for moment in self._due if moment > now]
        is_due = len(later) < len(self._due)
        self._due = later or [now + EVERY_SECONDS]
        return is_due

    def put(self, key: Key, document: bytes) -> None:
        """Takes one definition over; one that cannot be read defines nothing."""
        try:
            kinds = msgspec.json.decode(document, type=_Definition).kinds()
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            kinds = None
        if self._known.get(key) != kinds:
            self._changed()
        self._known[key] = kinds

    def drop(self, key: Key) -> None:
        """Forgets a definition."""
        if self._known.pop(key, None) is not None:
            self._changed()

    def keep(self, keys: AbstractSet[Key]) -> None:
        """Forgets all others; what was there before the first list is known to who looked up kinds."""
        for key in self._known.keys() - keys:
            self.drop(key)
        self._is_listed = True

    def _changed(self) -> None:
        if self._is_listed:
            now = self._monotonic()
            self._due = [now + seconds for seconds in AFTER_SECONDS]
