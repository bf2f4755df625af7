"""Which kinds belong to a namespace and which to the cluster.

Follows the resource lists of the Kubernetes API reference (v1.30 to v1.36) for built-in kinds. Kinds
of custom resources are known by their definitions in the same input; a short list holds those that
people apply without them.
"""

from collections.abc import Iterable, Mapping

from propolis.core.resource import Document, ResourceRef

CLUSTER_SCOPED: Mapping[str, frozenset[str]] = {
    "": frozenset({"ComponentStatus", "Namespace", "Node", "PersistentVolume"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "authentication.k8s.io": frozenset({"SelfSubjectReview", "TokenReview"}),
    "authorization.k8s.io": frozenset(
        {"SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"}
    ),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "internal.apiserver.k8s.io": frozenset({"StorageVersion"}),
    "metrics.k8s.io": frozenset({"NodeMetrics"}),
    "networking.k8s.io": frozenset({"IPAddress", "IngressClass", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "policy": frozenset({"PodSecurityPolicy"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "DeviceTaintRule", "ResourceSlice"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset(
        {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}
    ),
    "storagemigration.k8s.io": frozenset({"StorageVersionMigration"}),
}
"""Cluster-scoped kinds of the groups that Kubernetes itself serves; all others there are namespaced."""

NAMESPACED_GROUPS = frozenset(
    {"apps", "autoscaling", "batch", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "extensions"}
)
"""Groups of Kubernetes itself without any cluster-scoped kind."""

_KNOWN_CUSTOM: Mapping[str, frozenset[str]] = {
    "gateway.networking.k8s.io": frozenset({"GatewayClass"}),
    "policy.networking.k8s.io": frozenset(
        {"AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"}
    ),
    "policies.kyverno.io": frozenset(
        {
            "DeletingPolicy",
            "GeneratingPolicy",
            "ImageValidatingPolicy",
            "MutatingPolicy",
            "ValidatingPolicy",
        }
    ),
    "kyverno.io": frozenset({"GlobalContextEntry"}),
    "snapshot.storage.k8s.io": frozenset({"VolumeSnapshotClass", "VolumeSnapshotContent"}),
    "templates.gatekeeper.sh": frozenset({"ConstraintTemplate"}),
}
_CLUSTER_GROUPS = frozenset({"constraints.gatekeeper.sh", "karpenter.sh", "karpenter.k8s.aws"})
_CLUSTER_PREFIX = "Cluster"
_CLUSTER_NAMES = frozenset({"CiliumClusterwideNetworkPolicy"})


class Scopes:
    """Tells the scope of any kind; made once for one input, whose own definitions come first."""

    def __init__(self, documents: Iterable[Document] = ()) -> None:
        self._defined: dict[tuple[str, str], bool] = {}
        for document in documents:
            if document.get("kind") == "CustomResourceDefinition":
                self._define(document)

    def _define(self, definition: Document) -> None:
        spec = definition.get("spec")
        names = spec.get("names") if isinstance(spec, dict) else None
        if isinstance(spec, dict) and isinstance(names, dict):
            key = (str(spec.get("group")), str(names.get("kind")))
            self._defined[key] = spec.get("scope") == "Cluster"

    def is_cluster_scoped(self, ref: ResourceRef) -> bool:
        """Whether the kind has no namespace.

        A custom kind that nobody defines is taken for namespaced, unless its name begins with
        Cluster, as is the custom.
        """
        group, kind = ref.group, ref.kind
        if (defined := self._defined.get((group, kind))) is not None:
            return defined
        if is_builtin_group(group):
            return kind in CLUSTER_SCOPED.get(group, ())
        if group in _CLUSTER_GROUPS or kind in _KNOWN_CUSTOM.get(group, ()) or kind in _CLUSTER_NAMES:
            return True
        return kind.startswith(_CLUSTER_PREFIX) and kind != _CLUSTER_PREFIX


def is_builtin_group(group: str) -> bool:
    """Whether Kubernetes itself serves the group."""
    return group in CLUSTER_SCOPED or group in NAMESPACED_GROUPS
