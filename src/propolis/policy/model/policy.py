"""A policy: its identity, its settings, its rules."""

from typing import Literal

import msgspec

from propolis.core.resource import Origin
from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.struct import ApiStruct
from propolis.policy.model.validation import FailureActionOverride


class WebhookConfiguration(ApiStruct, frozen=True):
    """How the API server calls admission for the policy."""

    failure_policy: Literal["Ignore", "Fail"] | None = None
    timeout_seconds: int | None = None
    match_conditions: tuple[NamedExpression, ...] | None = None


class Spec(ApiStruct, frozen=True):
    """The settings of a policy and its rules."""

    rules: tuple[PolicyRule, ...] = ()
    apply_rules: Literal["All", "One"] | None = None
    failure_policy: Literal["Ignore", "Fail"] | None = None
    validation_failure_action: Literal["audit", "enforce", "Audit", "Enforce"] | None = None
    validation_failure_action_overrides: tuple[FailureActionOverride, ...] | None = None
    emit_warning: bool | None = None
    admission: bool | None = None
    background: bool | None = None
    schema_validation: bool | None = None
    webhook_timeout_seconds: int | None = None
    mutate_existing_on_policy_update: bool | None = None
    generate_existing_on_policy_update: bool | None = None
    generate_existing: bool | None = None
    use_server_side_apply: bool | None = None
    webhook_configuration: WebhookConfiguration | None = None


class Policy(msgspec.Struct, frozen=True):
    """A ClusterPolicy or a namespaced Policy."""

    kind: str
    name: str
    spec: Spec
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    origin: Origin = Origin("")

    def annotation(self, name: str) -> str:
        """``policies.kyverno.io/NAME``, or empty."""
        return self.annotations.get(f"policies.kyverno.io/{name}", "")
