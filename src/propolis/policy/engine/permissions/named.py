"""Kinds to resources, by what a server serves or, without one, by how the built-in ones are called."""

from collections.abc import Iterable

import msgspec

from propolis.lang.wildcard import has_wildcard, matches
from propolis.policy.engine.kinds import KindSelector
from propolis.policy.engine.webhooks import ServedKind
from propolis.policy.model.schema.kinds import KINDS

_BUILT_IN = {
    (
        "",
        "v1",
    ): "ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod "
    "PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount",
    ("admissionregistration.k8s.io", "v1"): "MutatingWebhookConfiguration ValidatingAdmissionPolicy "
    "ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration",
    ("apiextensions.k8s.io", "v1"): "CustomResourceDefinition",
    ("apiregistration.k8s.io", "v1"): "APIService",
    ("apps", "v1"): "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    ("autoscaling", "v2"): "HorizontalPodAutoscaler",
    ("batch", "v1"): "CronJob Job",
    ("certificates.k8s.io", "v1"): "CertificateSigningRequest",
    ("coordination.k8s.io", "v1"): "Lease",
    ("discovery.k8s.io", "v1"): "EndpointSlice",
    ("events.k8s.io", "v1"): "Event",
    ("flowcontrol.apiserver.k8s.io", "v1"): "FlowSchema PriorityLevelConfiguration",
    ("networking.k8s.io", "v1"): "Ingress IngressClass NetworkPolicy",
    ("node.k8s.io", "v1"): "RuntimeClass",
    ("policy", "v1"): "PodDisruptionBudget",
    ("rbac.authorization.k8s.io", "v1"): "ClusterRole ClusterRoleBinding Role RoleBinding",
    ("scheduling.k8s.io", "v1"): "PriorityClass",
    ("storage.k8s.io", "v1"): "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment",
}
_OWN_GROUPS = frozenset({group for group, _ in _BUILT_IN} | {"extensions"})
_SAME_IN_PLURAL = frozenset({"Endpoints"})
_VOWELS = "aeiou"


def plural_of(kind: str) -> str:
    """How a kind is called in paths, as the API's conventions have it."""
    name = kind.lower()
    if kind in _SAME_IN_PLURAL:
        return name
    if name.endswith("y") and name[-2:-1] not in _VOWELS:
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"


BUILT_IN: tuple[ServedKind, ...] = (
    *(
        ServedKind(group, version, kind, plural_of(kind))
        for (group, version), kinds in _BUILT_IN.items()
        for kind in kinds.split()
    ),
    *(ServedKind(one.group, one.versions[0].name, one.kind, one.plural) for one in KINDS),
)
"""Kinds of Kubernetes itself, and ours."""


class Named(msgspec.Struct, frozen=True):
    """A resource, and whether its name was guessed."""

    group: str
    resource: str
    is_guessed: bool = False


class Names:
    """Tells resources of kinds.

    Args:
        served: Kinds of a server.
        guesses: Whether a kind that is not among them has a name all the same, by the API's conventions.
    """

    def __init__(self, served: Iterable[ServedKind] = BUILT_IN, *, guesses: bool = True) -> None:
        self.served = tuple(served)
        self._guesses = guesses
        self._by_kind = {(one.group, one.kind): one.plural for one in self.served}

    def of(self, api_version: str, kind: str) -> Named | None:
        """The resource of a kind; None for one that cannot be told."""
        group = api_version.rpartition("/")[0]
        kind, _, subresource = kind.partition("/")
        plural = self._by_kind.get((group, kind))
        if plural is None and (not (kind and api_version and self._guesses) or _varies(group + kind)):
            return None
        named = plural or plural_of(kind)
        return Named(group, f"{named}/{subresource}" if subresource else named, plural is None)

    def selected(self, selector: KindSelector) -> list[Named]:
        """Resources of what a selector means; of a kind that nobody knows that of the group that it names.

        A version that is not served selects nothing, nor does a kind that left a group of Kubernetes itself.
        """
        found = [
            Named(one.group, one.plural)
            for one in self.served
            if selector.selects(one.group, one.version, one.kind, selector.subresource)
        ]
        if found or not self.is_unknown(selector) or not self._guesses or selector.group == "*":
            return found
        return [Named(selector.group, plural_of(selector.kind), is_guessed=True)]

    def is_unknown(self, selector: KindSelector) -> bool:
        """Whether a kind is named that is neither among those of the server nor of Kubernetes itself."""
        if not selector.kind or _varies(selector.kind) or selector.group in _OWN_GROUPS:
            return False
        return not any(
            matches(selector.group, one.group) and one.kind == selector.kind for one in self.served
        )


def _varies(text: str) -> bool:
    return has_wildcard(text) or "{{" in text
