"""Bindings: where an admission policy of the API server is in force, with which parameters.

Facts from the Kubernetes API reference (admissionregistration.k8s.io/v1).
"""

from typing import Any, Literal

import msgspec

from propolis.core.resource import Origin
from propolis.policy.model.cel.match import MatchConstraints
from propolis.policy.model.struct import ApiStruct

BINDING_KINDS = ("ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding")


class ParamRef(ApiStruct, frozen=True):
    """Objects of the policy's ``paramKind``: one by name, or all that a selector finds."""

    name: str | None = None
    namespace: str | None = None
    selector: dict[str, Any] | None = None
    parameter_not_found_action: Literal["Allow", "Deny"] | None = None


class BindingSpec(ApiStruct, frozen=True):
    """Which policy, for which requests, with which parameters."""

    policy_name: str
    param_ref: ParamRef | None = None
    match_resources: MatchConstraints | None = None
    validation_actions: tuple[Literal["Deny", "Warn", "Audit"], ...] | None = None


class Binding(msgspec.Struct, frozen=True):
    """A binding and where it stands."""

    kind: str
    name: str
    spec: BindingSpec
    origin: Origin = Origin("")
