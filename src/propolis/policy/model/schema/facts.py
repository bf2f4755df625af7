"""What an API server is to know of fields beyond their types: defaults, limits, choices, how lists merge.

Facts from the CustomResourceDefinitions of Kyverno @ 111e07b. A fact of a struct is one of those that
extend it too.
"""

from collections.abc import Mapping
from typing import Any

from propolis.policy.model import (
    conditions,
    context,
    exception,
    generation,
    global_context,
    images,
    match,
    mutation,
    policy,
    rule,
    update_request,
    validation,
)
from propolis.policy.model.cel import exception as cel_exception
from propolis.policy.model.cel import image as cel_image
from propolis.policy.model.cel import match as cel_match
from propolis.policy.model.cel import policy as cel_policy
from propolis.policy.model.cel import settings
from propolis.policy.model.cel.binding import ParamRef
from propolis.policy.model.schema import status
from propolis.policy.model.schema.selectors import (
    IgnoredFields,
    LabelSelector,
    ObjectReference,
    SelectorRequirement,
)

Fact = Mapping[str, Any]
_ON: Fact = {"default": True}
_OFF: Fact = {"default": False}
_INT32: Fact = {"format": "int32"}
_AT_LEAST_ONE: Fact = {"minimum": 1}
_SHA256: Fact = {"default": "sha256"}
_ATOMIC: Fact = {"x-kubernetes-list-type": "atomic"}
_SET: Fact = {"x-kubernetes-list-type": "set"}
_BY_NAME: Fact = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
_WHOLE: Fact = {"x-kubernetes-map-type": "atomic"}
_OPEN: Fact = {"x-kubernetes-preserve-unknown-fields": True}


def _one_of(*names: str) -> Fact:
    return {"oneOf": [{"required": [name]} for name in names]}


def _not_both(*names: str) -> Fact:
    return {"not": {"required": list(names)}}


def _texts(*values: str) -> Fact:
    return {"enum": list(values)}


def _list_of(*values: str) -> Fact:
    return {"items": {"type": "string", "enum": list(values)}}


_OPERATORS = _texts(
    "Equals", "NotEquals", "In", "AnyIn", "AllIn", "NotIn", "AnyNotIn", "AllNotIn", "GreaterThanOrEquals",
    "GreaterThan", "LessThanOrEquals", "LessThan", "DurationGreaterThanOrEquals", "DurationGreaterThan",
    "DurationLessThanOrEquals", "DurationLessThan",
)  # fmt: skip
_CONTROLS = _texts(
    "HostProcess", "Host Namespaces", "Privileged Containers", "Capabilities", "HostPath Volumes",
    "Host Ports", "AppArmor", "SELinux", "/proc Mount Type", "Seccomp", "Sysctls", "Volume Types",
    "Privilege Escalation", "Running as Non-root", "Running as Non-root user",
)  # fmt: skip
_ANY_CASE = _texts("audit", "enforce", "Audit", "Enforce")
_ACTIONS = _texts("Audit", "Enforce")
_PROVIDERS = _list_of("default", "amazon", "azure", "google", "github")
_DECISIONS: Fact = {**_SET, **_list_of("Deny", "Audit", "Warn")}
_TEMPLATE_RULE: Fact = {
    "x-kubernetes-validations": [
        {
            "rule": "has(self.expression) != has(self.template)",
            "message": "give one of expression and template",
        }
    ]
}

_STRUCTS: dict[type, Fact] = {
    context.ContextEntry: _one_of("configMap", "apiCall", "imageRegistry", "variable", "globalReference"),
    global_context.GlobalContextSpec: _one_of("kubernetesResource", "apiCall"),
    match.ResourceDescription: _not_both("name", "names"),
    match.MatchResources: _not_both("any", "all"),
    match.Subject: _WHOLE,
    cel_image.Attestor: _one_of("cosign", "notary"),
    cel_image.ImageReferences: _one_of("glob", "expression"),
    cel_image.TextOrExpression: _one_of("value", "expression"),
    cel_image.PullSecret: _WHOLE,
    cel_match.MatchConstraints: _WHOLE,
    cel_match.ResourceRule: _WHOLE,
    cel_policy.Generator: _TEMPLATE_RULE,
    settings.ParamKind: _WHOLE,
    ParamRef: _WHOLE,
    LabelSelector: _WHOLE,
    ObjectReference: _WHOLE,
}
FIELDS: dict[tuple[type, str], Fact] = {
    (policy.Spec, "admission"): _ON,
    (policy.Spec, "background"): _ON,
    (policy.Spec, "emit_warning"): _OFF,
    (policy.Spec, "validation_failure_action"): {"default": "Audit"},
    (policy.Spec, "webhook_timeout_seconds"): _INT32,
    (policy.WebhookConfiguration, "timeout_seconds"): _INT32,
    (rule.PolicyRule, "name"): {"maxLength": 63},
    (rule.PolicyRule, "skip_background_requests"): _ON,
    (conditions.Condition, "operator"): _OPERATORS,
    (context.ApiCall, "method"): {"default": "GET"},
    (context.RegistryCredentials, "providers"): _PROVIDERS,
    (global_context.ExternalApiCall, "refresh_interval"): {"default": "10m", "format": "duration"},
    (global_context.ExternalApiCall, "retry_limit"): {"default": 3, **_AT_LEAST_ONE},
    (validation.Cel, "generate"): _OFF,
    (validation.FailureActionOverride, "action"): _ANY_CASE,
    (validation.Validation, "failure_action"): _ACTIONS,
    (validation.Validation, "allow_existing_violations"): _ON,
    (validation.PodSecurity, "level"): _texts("privileged", "baseline", "restricted"),
    (validation.PodSecurity, "version"): {"pattern": r"^(latest|v1\.[0-9]{1,3})$"},
    (validation.PodSecurityExclusion, "control_name"): _CONTROLS,
    (images.AttestorSet, "count"): _AT_LEAST_ONE,
    (images.Attestor, "signature_algorithm"): _SHA256,
    (images.KeysAttestor, "signature_algorithm"): _SHA256,
    (images.ImageVerification, "failure_action"): _ACTIONS,
    (images.ImageVerification, "type"): _texts("Cosign", "SigstoreBundle", "Notary"),
    (images.ImageVerification, "mutate_digest"): _ON,
    (images.ImageVerification, "verify_digest"): _ON,
    (images.ImageVerification, "required"): _ON,
    (images.ImageVerification, "use_cache"): _ON,
    (cel_exception.CelExceptionSpec, "report_result"): {"default": "skip"},
    (cel_image.PullSecret, "name"): {"default": ""},
    (cel_image.Credentials, "providers"): _PROVIDERS,
    (cel_image.ImageSettings, "mutate_digest"): _ON,
    (cel_image.ImageSettings, "verify_digest"): _ON,
    (cel_image.ImageSettings, "required"): _ON,
    (cel_match.MatchConstraints, "resource_rules"): _ATOMIC,
    (cel_match.MatchConstraints, "exclude_resource_rules"): _ATOMIC,
    (cel_match.ResourceRule, "api_groups"): _ATOMIC,
    (cel_match.ResourceRule, "api_versions"): _ATOMIC,
    (cel_match.ResourceRule, "operations"): _ATOMIC,
    (cel_match.ResourceRule, "resources"): _ATOMIC,
    (cel_match.ResourceRule, "resource_names"): _ATOMIC,
    (cel_policy.ImageValidatingSpec, "validation_configurations"): {"default": {}},
    (cel_policy.ImageValidatingSpec, "validation_actions"): _DECISIONS,
    (cel_policy.ImageValidatingSpec, "validations"): _ATOMIC,
    (cel_policy.ImageValidatingSpec, "audit_annotations"): _ATOMIC,
    (cel_policy.ValidatingSpec, "validation_actions"): _DECISIONS,
    (cel_policy.ValidatingSpec, "validations"): _ATOMIC,
    (cel_policy.ValidatingSpec, "audit_annotations"): _ATOMIC,
    (cel_policy.ValidatingSpec, "match_conditions"): _BY_NAME,
    (cel_policy.ValidatingSpec, "variables"): _BY_NAME,
    (cel_policy.MutatingSpec, "match_conditions"): _BY_NAME,
    (cel_policy.MutatingSpec, "target_match_conditions"): _BY_NAME,
    (cel_policy.MutatingSpec, "variables"): _BY_NAME,
    (cel_policy.MutatingSpec, "mutations"): _ATOMIC,
    (cel_policy.GeneratingSpec, "generate"): {"minItems": 1},
    (cel_policy.GeneratingSpec, "match_conditions"): _BY_NAME,
    (cel_policy.GeneratingSpec, "variables"): _BY_NAME,
    (cel_policy.DeletingSpec, "conditions"): _BY_NAME,
    (cel_policy.DeletingSpec, "variables"): _BY_NAME,
    (cel_policy.Template, "value"): {"minLength": 1},
    (cel_policy.Template, "interpolate"): {"default": "none"},
    (settings.Evaluation, "skip_background_requests"): _ON,
    (settings.Webhook, "timeout_seconds"): _INT32,
    (validation.ForEachValidation, "preconditions"): _OPEN,
    (mutation.ForEachMutation, "preconditions"): _OPEN,
    (generation.ForEachGeneration, "preconditions"): _OPEN,
    (LabelSelector, "match_expressions"): _ATOMIC,
    (SelectorRequirement, "values"): _ATOMIC,
    (status.Condition, "message"): {"maxLength": 32768},
    (status.Condition, "observed_generation"): {"format": "int64", "minimum": 0},
    (status.Condition, "reason"): {
        "minLength": 1, "maxLength": 1024, "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
    },
    (status.Condition, "type"): {
        "maxLength": 316,
        "pattern": r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
        "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
    },
}  # fmt: skip
REQUIRED = frozenset(
    {(rule.PolicyRule, "match"), (exception.ExceptedRules, "rule_names"), (context.RequestData, "value")}
)
"""What the model does without and the API does not."""
LEFT_OUT = frozenset({(cel_policy.ValidatingSpec, "param_kind"), (cel_policy.MutatingSpec, "param_kind")})
"""Fields of the API server's own policies, which share a struct with ours."""
SHAPES: dict[tuple[type, str], Any] = {
    (match.ResourceDescription, "selector"): LabelSelector,
    (match.ResourceDescription, "namespace_selector"): LabelSelector,
    (mutation.MutationTarget, "selector"): LabelSelector,
    (generation.CloneList, "selector"): LabelSelector,
    (validation.FailureActionOverride, "namespace_selector"): LabelSelector,
    (validation.Manifests, "attestors"): tuple[images.AttestorSet, ...],
    (validation.Manifests, "ignore_fields"): tuple[IgnoredFields, ...],
    (policy.WebhookConfiguration, "match_conditions"): tuple[cel_match.NamedExpression, ...],
    (cel_match.MatchConstraints, "namespace_selector"): LabelSelector,
    (cel_match.MatchConstraints, "object_selector"): LabelSelector,
    (cel_match.MatchConstraints, "match_policy"): str,
    (cel_match.ResourceRule, "scope"): str,
    (cel_policy.MutatingSpec, "reinvocation_policy"): str,
    (cel_policy.CelMutation, "patch_type"): str,
    (ParamRef, "selector"): LabelSelector,
    (ParamRef, "parameter_not_found_action"): str,
    (update_request.AdmissionInfo, "admission_request"): dict[str, Any],
    (update_request.RequestUser, "user_info"): dict[str, Any],
}
"""What stands in a field that the model keeps as it is, or in which an API server is more lenient."""


def of_struct(cls: type) -> Fact:
    """What is to be known of an object."""
    return next((_STRUCTS[one] for one in cls.__mro__ if one in _STRUCTS), {})


def of_field(cls: type, name: str) -> Fact | None:
    """What is to be known of a field; None for one that the API has not."""
    if any((one, name) in LEFT_OUT for one in cls.__mro__):
        return None
    return next((FIELDS[one, name] for one in cls.__mro__ if (one, name) in FIELDS), {})


def shape_of(cls: type, name: str) -> Any:
    """The type by which a field is described in place of its own; None for its own."""
    return next((SHAPES[one, name] for one in cls.__mro__ if (one, name) in SHAPES), None)


def is_required(cls: type, name: str) -> bool:
    """Whether an object without the field is refused though the model reads it."""
    return (cls, name) in REQUIRED
