"""Namespaces, webhooks and what else belongs to the cluster rather than to a pod."""

from propolis.compliance.engine.checks.wording import config_rule, listed, shown
from propolis.compliance.model.check import Fault, PodCheck, ResourceCheck
from propolis.compliance.model.pod import PodView, numbered_maps
from propolis.core.finding import Severity
from propolis.core.resource import Resource

WEBHOOKS = (
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
)
ENFORCE_LABEL = "pod-security.kubernetes.io/enforce"
SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})


def _is_in_default_namespace(pod: PodView) -> Fault | None:
    if pod.ref.namespace not in ("", "default"):
        return None
    found = pod.ref.namespace or "not set"
    return Fault(
        "shares its namespace with everything that names none", "metadata.namespace", found, "name another"
    )


def _admits_any_pod(resource: Resource) -> Fault | None:
    level = resource.labels.get(ENFORCE_LABEL)
    if level in ("baseline", "restricted") or resource.ref.name in SYSTEM_NAMESPACES:
        return None
    place = f"metadata.labels[{ENFORCE_LABEL}]"
    return Fault("admits privileged pods", place, shown(level), "set it to baseline or restricted")


def _fails_open(resource: Resource) -> Fault | None:
    entries = numbered_maps(resource.document.get("webhooks"))
    found = [
        (index, shown(entry.get("name")))
        for index, entry in entries
        if entry.get("failurePolicy") == "Ignore"
    ]
    if not found:
        return None
    return Fault(
        f"lets requests pass while {listed(name for _, name in found)} does not answer",
        f"webhooks[{found[0][0]}].failurePolicy",
        "Ignore",
        "set it to Fail if the webhook protects the cluster",
    )


CHECKS = (
    PodCheck(
        config_rule(
            "KSV-0110",
            "Workloads stand in a namespace of their own",
            Severity.LOW,
            "Namespaces",
            "leave-default-namespace",
            "Set metadata.namespace to a namespace other than default.",
        ),
        _is_in_default_namespace,
    ),
    ResourceCheck(
        config_rule(
            "PROP-0009",
            "Namespaces enforce a Pod Security level",
            Severity.MEDIUM,
            "Namespaces",
            "enforce-pod-security",
            "Label the namespace pod-security.kubernetes.io/enforce: baseline or restricted.",
        ),
        (("", "Namespace"),),
        _admits_any_pod,
    ),
    ResourceCheck(
        config_rule(
            "PROP-0010",
            "Admission webhooks refuse when they cannot answer",
            Severity.LOW,
            "Admission",
            "close-webhooks",
            "Set failurePolicy to Fail for webhooks that protect the cluster.",
        ),
        WEBHOOKS,
        _fails_open,
    ),
)
