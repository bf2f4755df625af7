"""Which requests a CEL policy is for: resources as paths name them, selectors, conditions.

Facts from the Kubernetes API reference (admissionregistration.k8s.io/v1 MatchResources).
"""

from typing import Any, Literal

from propolis.policy.model.struct import ApiStruct


class ResourceRule(ApiStruct, frozen=True):
    """Requests by group, version, resource (``pods``, ``pods/exec``, ``*/*``), operation and name."""

    api_groups: tuple[str, ...] | None = None
    api_versions: tuple[str, ...] | None = None
    operations: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    resource_names: tuple[str, ...] | None = None
    scope: Literal["Cluster", "Namespaced", "*"] | None = None


class MatchConstraints(ApiStruct, frozen=True):
    """All of it must fit; of the rules one, and none of those that exclude.

    Attributes:
        expression: Of mutations of what exists: gives the targets.
    """

    resource_rules: tuple[ResourceRule, ...] | None = None
    exclude_resource_rules: tuple[ResourceRule, ...] | None = None
    namespace_selector: dict[str, Any] | None = None
    object_selector: dict[str, Any] | None = None
    match_policy: Literal["Exact", "Equivalent"] | None = None
    expression: str | None = None


class NamedExpression(ApiStruct, frozen=True):
    """An expression under a name: a match condition, a variable."""

    name: str
    expression: str


class AuditAnnotation(ApiStruct, frozen=True):
    """A text that goes into the audit log with the decision."""

    key: str
    value_expression: str


class Validation(ApiStruct, frozen=True):
    """What must be true, and what is said when it is not."""

    expression: str
    message: str | None = None
    message_expression: str | None = None
    reason: str | None = None
