"""Policies that are objects of the cluster: every kind of them that the server serves, kept in step."""

import asyncio
from collections.abc import Iterator

from propolis.app.policy_objects import KeptPolicies, PolicyObject
from propolis.cluster.api_client import ApiClient
from propolis.cluster.discovery import Served
from propolis.cluster.reflector import Key, Reflector
from propolis.policy.sources.documents import LoadedPolicies

_SCOPED = ("ValidatingPolicy", "MutatingPolicy", "ImageValidatingPolicy", "GeneratingPolicy")
KINDS = frozenset(
    {
        ("kyverno.io", "ClusterPolicy"),
        ("kyverno.io", "Policy"),
        ("kyverno.io", "PolicyException"),
        ("kyverno.io", "GlobalContextEntry"),
        ("policies.kyverno.io", "PolicyException"),
        *(("policies.kyverno.io", f"{scope}{kind}") for kind in _SCOPED for scope in ("", "Namespaced")),
    }
)
"""Groups and kinds that admission reads."""
NATIVE = frozenset(
    ("admissionregistration.k8s.io", f"ValidatingAdmissionPolicy{part}") for part in ("", "Binding")
)
"""Policies that the API server itself enforces, which scans read beside."""


class PolicyObjects:
    """The policies of a cluster. One that cannot be used does not stop the others: the server has taken it.

    Attributes:
        is_changed: Whether anything is another than when it was read last.
        revision: Grows with every change.
        changed: Is set with every change.
    """

    def __init__(self, client: ApiClient, kinds: frozenset[tuple[str, str]] = KINDS) -> None:
        self.is_changed = False
        self.revision = 0
        self.changed = asyncio.Event()
        self._client = client
        self._kinds = kinds
        self._informers: dict[tuple[str, str], KeptPolicies] = {}

    def reflectors_of(self, served: tuple[Served, ...]) -> list[Reflector]:
        """Reflectors of the kinds that are served and not followed yet, to be run."""
        made = []
        for kind in served:
            key = (kind.group, kind.kind)
            if key in self._kinds and key not in self._informers:
                informer = KeptPolicies(kind.name, self._change)
                self._informers[key] = informer
                made.append(Reflector(self._client, kind, informer))
        return made

    def read(self) -> LoadedPolicies:
        """All of them as they are now, in a stable order."""
        self.is_changed = False
        found = list(self._loaded())
        return LoadedPolicies(
            policies=tuple(policy for one in found for policy in one.policies),
            exceptions=tuple(exception for one in found for exception in one.exceptions),
            errors=tuple(error for one in found for error in one.errors),
            global_contexts=tuple(entry for one in found for entry in one.global_contexts),
            bindings=tuple(binding for one in found for binding in one.bindings),
        )

    def _loaded(self) -> Iterator[LoadedPolicies]:
        for _, _, found in self.each():
            yield found.loaded

    def each(self) -> Iterator[tuple[tuple[str, str], Key, PolicyObject]]:
        """Every object with its group and kind, and its namespace and name."""
        for kind, informer in sorted(self._informers.items()):
            for key, found in sorted(informer.objects.items(), key=lambda item: item[0]):
                yield kind, key, found

    def uid_of(self, kind: str, namespace: str, name: str) -> str:
        """The uid of a policy or an exception; empty for one that is not there."""
        for (_, own), informer in self._informers.items():
            found = informer.objects.get((namespace, name)) if own == kind else None
            if found is not None:
                return found.uid
        return ""

    def _change(self) -> None:
        self.is_changed = True
        self.revision += 1
        self.changed.set()
