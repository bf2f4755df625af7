"""Policies of the API server itself, with their bindings.

Follows Kyverno pkg/admissionpolicy/builder.go @ v1.19.1: names have ``cpol-``, ``vpol-`` or ``mpol-`` before
them, a binding ends in ``-binding`` and carries the actions.
"""

from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.model.cel.policy import CelPolicy, MutatingSpec, ValidatingSpec

API_VERSION = "admissionregistration.k8s.io/v1"
MUTATING_API_VERSION = "admissionregistration.k8s.io/v1alpha1"
_LABELS = {"app.kubernetes.io/managed-by": "kyverno"}
_OWN = ("evaluation", "autogen", "webhookConfiguration", "validationActions")


def admission_documents(
    prefix: str, metadata: dict[str, Any], spec: dict[str, Any], param_ref: dict[str, Any] | None = None
) -> tuple[Document, Document]:
    """A ValidatingAdmissionPolicy and its binding.

    Args:
        prefix: ``cpol`` or ``vpol``, by the kind of the original.
        metadata: Of the original; its annotations stay.
        spec: Of a ValidatingPolicy, without autogen.
        param_ref: Objects that parametrize it.
    """
    name = f"{prefix}-{metadata['name']}"
    kept = {key: value for key, value in spec.items() if key not in _OWN}
    actions = list(spec.get("validationActions") or ["Deny"])
    bound: dict[str, Any] = {"policyName": name}
    if param_ref is not None:
        bound["paramRef"] = param_ref
    bound["validationActions"] = actions
    annotations = metadata.get("annotations")
    own: dict[str, Any] = {"name": name, "labels": _LABELS}
    if annotations:
        own["annotations"] = annotations
    return (
        {"apiVersion": API_VERSION, "kind": "ValidatingAdmissionPolicy", "metadata": own, "spec": kept},
        {
            "apiVersion": API_VERSION,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": f"{name}-binding", "labels": _LABELS},
            "spec": bound,
        },
    )


def generated_admission(policy: CelPolicy) -> tuple[Document, Document]:
    """What a ValidatingPolicy or MutatingPolicy is as a policy of the API server.

    Raises:
        Refused: Its kind has none, or it says what the API server does not know.
    """
    if policy.namespace:
        raise Refused("policies of the API server have no namespace")
    spec = policy.spec
    document: dict[str, Any] = msgspec.to_builtins(spec)
    metadata: dict[str, Any] = {"name": policy.name, "annotations": dict(policy.annotations)}
    if isinstance(spec, ValidatingSpec):
        return admission_documents("vpol", metadata, document)
    if not isinstance(spec, MutatingSpec):
        raise Refused(f"a {policy.kind} has no counterpart in the API server")
    if spec.target_match_constraints is not None or spec.target_match_conditions:
        raise Refused("it changes what exists")
    return _mutating(policy, document)


def _mutating(policy: CelPolicy, document: dict[str, Any]) -> tuple[Document, Document]:
    name = f"mpol-{policy.name}"
    kept = {key: value for key, value in document.items() if key not in _OWN}
    kept.setdefault("reinvocationPolicy", "Never")
    kind = "MutatingAdmissionPolicy"
    return (
        {
            "apiVersion": MUTATING_API_VERSION,
            "kind": kind,
            "metadata": {"name": name, "labels": _LABELS},
            "spec": kept,
        },
        {
            "apiVersion": MUTATING_API_VERSION,
            "kind": f"{kind}Binding",
            "metadata": {"name": f"{name}-binding", "labels": _LABELS},
            "spec": {"policyName": name},
        },
    )
