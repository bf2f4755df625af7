"""The ``validate`` part of a rule."""

from typing import Any

import msgspec

from propolis.policy.model.cel.binding import ParamRef
from propolis.policy.model.cel.match import AuditAnnotation, NamedExpression
from propolis.policy.model.cel.match import Validation as CelCheck
from propolis.policy.model.cel.settings import ParamKind
from propolis.policy.model.conditions import AnyAllConditions, Conditions
from propolis.policy.model.context import ContextEntry
from propolis.policy.model.struct import ApiStruct


class Deny(ApiStruct, frozen=True):
    """Refuses when its conditions hold; without conditions, always."""

    conditions: Conditions | None = None


class PodSecurityExclusion(ApiStruct, frozen=True):
    """A Pod Security control that is let off, for some images or some values of one field."""

    control_name: str
    images: tuple[str, ...] | None = None
    restricted_field: str | None = None
    values: tuple[str, ...] | None = None


class PodSecurity(ApiStruct, frozen=True):
    """A level of the Pod Security Standards."""

    level: str | None = None
    version: str | None = None
    exclude: tuple[PodSecurityExclusion, ...] | None = None


class Cel(ApiStruct, frozen=True):
    """CEL expressions, as in a ValidatingAdmissionPolicy."""

    generate: bool | None = None
    expressions: tuple[CelCheck, ...] | None = None
    param_kind: ParamKind | None = None
    param_ref: ParamRef | None = None
    audit_annotations: tuple[AuditAnnotation, ...] | None = None
    variables: tuple[NamedExpression, ...] | None = None


class DryRun(ApiStruct, frozen=True):
    """Whether the manifest is compared after a dry run."""

    enable: bool | None = None
    namespace: str | None = None


class Manifests(ApiStruct, frozen=True):
    """Signed manifests."""

    attestors: tuple[dict[str, Any], ...] | None = None
    annotation_domain: str | None = None
    ignore_fields: tuple[dict[str, Any], ...] | None = None
    dry_run: DryRun | None = None
    repository: str | None = None


class ForEachValidation(ApiStruct, frozen=True):
    """A check of every element of a list."""

    list: str | None = None
    element_scope: bool | None = None
    context: tuple[ContextEntry, ...] | None = None
    preconditions: AnyAllConditions | None = None
    pattern: Any = None
    any_pattern: Any = None
    deny: Deny | None = None
    foreach: tuple["ForEachValidation", ...] | None = None


class FailureActionOverride(ApiStruct, frozen=True):
    """Another failure action in some namespaces."""

    action: str | None = None
    namespaces: tuple[str, ...] | None = None
    namespace_selector: dict[str, Any] | None = None


class Validation(ApiStruct, frozen=True):
    """One way of checking, and what a failure says and does."""

    failure_action: str | None = None
    failure_action_overrides: tuple[FailureActionOverride, ...] | None = None
    allow_existing_violations: bool | None = None
    message: str | None = None
    manifests: Manifests | None = None
    foreach: tuple[ForEachValidation, ...] | None = None
    pattern: Any = None
    any_pattern: Any = None
    deny: Deny | None = None
    pod_security: PodSecurity | None = None
    cel: Cel | None = None
    assertion: Any = msgspec.field(default=None, name="assert")
