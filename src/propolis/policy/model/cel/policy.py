"""The kinds of CEL policies and what each says.

Facts from the Kubernetes API reference (admissionregistration.k8s.io v1, v1beta1, v1alpha1) and the
CustomResourceDefinitions of policies.kyverno.io v1, v1beta1, v1alpha1 @ 111e07b.
"""

from typing import Literal

import msgspec

from propolis.core.resource import Origin
from propolis.policy.model.cel.image import (
    Attestation,
    Attestor,
    Credentials,
    ImageReferences,
    ImageSettings,
)
from propolis.policy.model.cel.match import AuditAnnotation, MatchConstraints, NamedExpression, Validation
from propolis.policy.model.cel.settings import Autogen, Evaluation, ParamKind, Webhook
from propolis.policy.model.struct import ApiStruct

Named = tuple[NamedExpression, ...] | None
Failure = Literal["Ignore", "Fail"] | None


class ValidatingSpec(ApiStruct, frozen=True):
    """What must be true of a request: ValidatingPolicy, and ValidatingAdmissionPolicy with ``paramKind``."""

    match_constraints: MatchConstraints | None = None
    match_conditions: Named = None
    variables: Named = None
    validations: tuple[Validation, ...] | None = None
    audit_annotations: tuple[AuditAnnotation, ...] | None = None
    failure_policy: Failure = None
    validation_actions: tuple[str, ...] | None = None
    evaluation: Evaluation | None = None
    autogen: Autogen | None = None
    webhook_configuration: Webhook | None = None
    param_kind: ParamKind | None = None


class Patch(ApiStruct, frozen=True):
    """An expression that gives a patch."""

    expression: str = ""


class CelMutation(ApiStruct, frozen=True):
    """One change: fields that are applied, or a JSON patch."""

    patch_type: Literal["ApplyConfiguration", "JSONPatch"]
    apply_configuration: Patch | None = None
    json_patch: Patch | None = None


class MutatingSpec(ApiStruct, frozen=True):
    """How a request, or what exists, is changed: MutatingPolicy, and MutatingAdmissionPolicy."""

    match_constraints: MatchConstraints | None = None
    match_conditions: Named = None
    target_match_constraints: MatchConstraints | None = None
    target_match_conditions: Named = None
    variables: Named = None
    mutations: tuple[CelMutation, ...] | None = None
    audit_annotations: tuple[AuditAnnotation, ...] | None = None
    failure_policy: Failure = None
    reinvocation_policy: Literal["Never", "IfNeeded"] | None = None
    evaluation: Evaluation | None = None
    autogen: Autogen | None = None
    webhook_configuration: Webhook | None = None
    param_kind: ParamKind | None = None


class Template(ApiStruct, frozen=True):
    """Resources as YAML, with expressions in it where it is interpolated."""

    value: str
    interpolate: Literal["none", "cel"] | None = None


class Generator(ApiStruct, frozen=True):
    """What makes resources: an expression that calls ``generator.Apply``, or a template."""

    expression: str | None = None
    template: Template | None = None


class GeneratingSpec(ApiStruct, frozen=True):
    """What a request makes exist: GeneratingPolicy."""

    generate: tuple[Generator, ...]
    match_constraints: MatchConstraints | None = None
    match_conditions: Named = None
    variables: Named = None
    audit_annotations: tuple[AuditAnnotation, ...] | None = None
    evaluation: Evaluation | None = None
    webhook_configuration: Webhook | None = None
    use_server_side_apply: bool | None = None


class DeletingSpec(ApiStruct, frozen=True):
    """What is deleted when its time comes: DeletingPolicy."""

    schedule: str
    match_constraints: MatchConstraints | None = None
    conditions: Named = None
    variables: Named = None
    deletion_propagation_policy: Literal["Foreground", "Background", "Orphan"] | None = None


class ImageValidatingSpec(ApiStruct, frozen=True):
    """Who must have signed the images of a request: ImageValidatingPolicy."""

    attestors: tuple[Attestor, ...]
    validations: tuple[Validation, ...]
    match_constraints: MatchConstraints | None = None
    match_conditions: Named = None
    match_image_references: tuple[ImageReferences, ...] | None = None
    images: Named = None
    attestations: tuple[Attestation, ...] | None = None
    variables: Named = None
    audit_annotations: tuple[AuditAnnotation, ...] | None = None
    failure_policy: Failure = None
    validation_actions: tuple[str, ...] | None = None
    validation_configurations: ImageSettings | None = None
    evaluation: Evaluation | None = None
    autogen: Autogen | None = None
    credentials: Credentials | None = None
    webhook_configuration: Webhook | None = None


CelSpec = ValidatingSpec | MutatingSpec | GeneratingSpec | DeletingSpec | ImageValidatingSpec

MODES = ("Kubernetes", "JSON", "Envoy", "HTTP")
"""Modes of evaluation, the default first."""
KYVERNO = "policies.kyverno.io"
KUBERNETES = "admissionregistration.k8s.io"


class CelPolicy(msgspec.Struct, frozen=True):
    """A policy written in CEL.

    Attributes:
        group: `KYVERNO` or `KUBERNETES`.
        namespace: Of a namespaced kind, which acts and looks up in its namespace only; empty for the others.
    """

    group: str
    kind: str
    name: str
    spec: CelSpec
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    origin: Origin = Origin("")

    @property
    def base_kind(self) -> str:
        """The kind without its scope: ``ValidatingPolicy`` for a NamespacedValidatingPolicy."""
        return self.kind.removeprefix("Namespaced")

    @property
    def mode(self) -> str:
        """What it is evaluated on: ``Kubernetes``, ``JSON``, ``Envoy`` or ``HTTP``."""
        evaluation = None if isinstance(self.spec, DeletingSpec) else self.spec.evaluation
        return (evaluation.mode if evaluation else None) or MODES[0]

    @property
    def key(self) -> str:
        """``namespace/name``, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def annotation(self, name: str) -> str:
        """``policies.kyverno.io/NAME``, or empty."""
        return self.annotations.get(f"policies.kyverno.io/{name}", "")
