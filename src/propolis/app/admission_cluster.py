"""What admission keeps of a cluster in memory: namespaces, bindings of roles, and policies where asked."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from propolis.app.admission_service import World
from propolis.app.live_lookups import LiveLookups
from propolis.app.service_calls import ServiceCalls
from propolis.cluster.discovery import Served
from propolis.cluster.informer import Informer
from propolis.cluster.reader import ClusterReader
from propolis.cluster.reflector import Reflector
from propolis.cluster.role_bindings import BoundRoles, RoleBinding
from propolis.core.errors import SourceError
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.resource import Document
from propolis.policy.engine.admission import Roles
from propolis.policy.lookups import NAMESPACE
from propolis.policy.model.global_context import GlobalContextEntry

RBAC = "rbac.authorization.k8s.io"


class AdmissionCluster:
    """Informers over one cluster, and answers from them; what they do not hold is asked.

    Attributes:
        reader: For what is asked.
        reflectors: To be run; each tells what broke.
    """

    def __init__(self, reader: ClusterReader, services: ServiceCalls | None = None) -> None:
        self.reader = reader
        self._services = services
        self._namespaces = Informer[Document](_document)
        self._bindings = [Informer[RoleBinding](_binding, self._forget) for _ in range(2)]
        self._bound: BoundRoles | None = None
        self._namespace_reflector = self._reflector("", "namespaces", "Namespace", self._namespaces)
        self._role_reflectors = [
            self._reflector(RBAC, "rolebindings", "RoleBinding", self._bindings[0]),
            self._reflector(RBAC, "clusterrolebindings", "ClusterRoleBinding", self._bindings[1]),
        ]

    @property
    def reflectors(self) -> tuple[Reflector, ...]:
        """All of them."""
        return (self._namespace_reflector, *self._role_reflectors)

    def _reflector(self, group: str, plural: str, kind: str, informer: Informer[Any]) -> Reflector:
        return Reflector(self.reader.client, Served(group, "v1", kind, plural), informer)

    def world(self, entries: Sequence[GlobalContextEntry]) -> World:
        """What decisions may ask, by the kinds that the server serves now."""
        lookups = LiveLookups(self.reader, entries, self._services)
        kinds = {(one.group, one.plural): one.kind for one in self.reader.served}

        async def answer(key: LookupKey) -> Answer:
            kept = self._namespace(key.arguments[0]) if key.kind == NAMESPACE else None
            return await lookups.answer(key) if kept is None else kept

        return World(
            answer, lambda group, plural: kinds.get((group, plural), ""), self._roles, self._namespace
        )

    def _namespace(self, name: str) -> Answer | None:
        """A namespace as it is kept; None where it is not, so that it is to be asked for."""
        kept = self._namespaces.objects.get(("", name))
        return None if kept is None else Answer(kept, _version(kept))

    def _roles(self, username: str, groups: tuple[str, ...]) -> Roles:
        """The roles of a user.

        Raises:
            SourceError: The bindings are not known yet; nobody is taken for one without roles.
        """
        if self._bound is None:
            for reflector in self._role_reflectors:
                if not reflector.is_synced.is_set():
                    told = reflector.problem or "the first list is on its way"
                    raise SourceError("know the roles of users", "", told, try_again=True)
            self._bound = BoundRoles(self._all_bindings())
        return self._bound.of(username, groups)

    def _all_bindings(self) -> Iterator[RoleBinding]:
        for informer in self._bindings:
            yield from informer.objects.values()

    def _forget(self) -> None:
        self._bound = None


def _document(data: bytes) -> Document:
    return msgspec.json.decode(data, type=dict[str, Any])


def _binding(data: bytes) -> RoleBinding:
    return msgspec.json.decode(data, type=RoleBinding)


def _version(document: Document) -> str:
    metadata = document.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else ""
