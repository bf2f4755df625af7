"""Fields that the API server and controllers set, in which a resource may differ from its manifest.

The defaults of k8s-manifest-sigstore and of Kyverno (pkg/engine/resources/default-config.yaml) together.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from propolis.core.resource import Document, reference_of
from propolis.lang.wildcard import matches

_METADATA = (
    "metadata.namespace",
    "metadata.managedFields.*",
    "metadata.resourceVersion",
    "metadata.selfLink",
    "metadata.annotations.control-plane.alpha.kubernetes.io/leader",
    "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
    "metadata.annotations.namespace",
    "metadata.annotations.deprecated.daemonset.template.generation",
    "metadata.annotations.deployment.kubernetes.io/revision",
    "metadata.creationTimestamp",
    "metadata.generation",
    "metadata.uid",
    "metadata.finalizers",
    "metadata.labels.app.kubernetes.io/instance",
    "status",
)
_CONTAINERS = (
    "spec.containers.*.imagePullPolicy",
    "spec.containers.*.terminationMessagePath",
    "spec.containers.*.terminationMessagePolicy",
    "spec.dnsPolicy",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.terminationGracePeriodSeconds",
)
_OF_KIND: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.volumes.*.name",
        "spec.volumes.*.projected.*",
        "spec.volumes.*.configMap.defaultMode",
        "spec.containers.*.volumeMounts.*",
        "spec.tolerations.*",
        "spec.enableServiceLinks",
        "spec.preemptionPolicy",
        "spec.priority",
        "spec.serviceAccount",
    ),
    "Deployment": (
        "spec.progressDeadlineSeconds",
        "spec.revisionHistoryLimit",
        "spec.strategy.*",
        "spec.template.metadata.creationTimestamp",
        "spec.containers.*.ports.*.protocol",
        "spec.containers.*.resources",
        "spec.securityContext",
    ),
    "CustomResourceDefinition": ("spec.conversion.strategy", "spec.names.listKind"),
    "Service": (
        "spec.ports.*.nodePort",
        "spec.clusterIP",
        "spec.clusterIPs.0",
        "spec.sessionAffinity",
        "spec.type",
        "spec.ipFamilies.*",
        "spec.ipFamilyPolicy",
        "spec.internalTrafficPolicy",
    ),
    "ServiceAccount": ("secrets.*.name", "imagePullSecrets.*.name"),
}
_POLICIES = (
    "metadata.annotations.pod-policies.kyverno.io/autogen-controllers",
    "spec.failurePolicy",
    "spec.background",
    "spec.validationFailureAction",
)
_OF_KIND |= {"ClusterPolicy": _POLICIES, "Policy": _POLICIES}
_SIGNED = ("message", "signature", "certificate", "bundle", "resourceBundleRef")


def ignored_fields(document: Document, more: Iterable[Mapping[str, Any]], domain: str) -> list[str]:
    """The fields of a resource that are not compared: those of its kind, and those that a policy names."""
    fields = [*_METADATA, *_CONTAINERS, *(f"metadata.annotations.{domain}/{name}" for name in _SIGNED)]
    fields += _OF_KIND.get(str(document.get("kind")), ())
    if document.get("kind") == "Route":
        fields.append("spec.host")
    for one in more:
        objects: Any = one.get("objects") or ({},)
        if any(_is_meant(item, document) for item in objects if isinstance(item, dict)):
            fields += (field for field in one.get("fields") or () if isinstance(field, str))
    return fields


def _is_meant(wanted: Mapping[str, Any], document: Document) -> bool:
    ref = reference_of(document)
    version = ref.api_version.rpartition("/")[2]
    found = {
        "group": ref.group,
        "version": version,
        "kind": ref.kind,
        "name": ref.name,
        "namespace": ref.namespace,
    }
    return all(matches(str(wanted[name]), text) for name, text in found.items() if wanted.get(name))
