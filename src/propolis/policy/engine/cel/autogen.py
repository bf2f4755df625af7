"""Policies on pods that stand for the controllers of pods too: the same expressions on the template.

Follows Kyverno pkg/cel/autogen and pkg/cel/policies/*/autogen @ v1.19.1: only the names ``object.spec`` and
``object.metadata`` are moved, never ``object.metadata.namespace``.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.lang.text_scan import matching_brace
from propolis.policy.model.cel.match import MatchConstraints, NamedExpression, ResourceRule
from propolis.policy.model.cel.policy import (
    KYVERNO,
    MODES,
    CelMutation,
    CelPolicy,
    ImageValidatingSpec,
    MutatingSpec,
    Patch,
    ValidatingSpec,
)

CONTROLLERS = {
    "daemonsets": "apps",
    "deployments": "apps",
    "replicasets": "apps",
    "statefulsets": "apps",
    "jobs": "batch",
    "cronjobs": "batch",
}
"""Plural names of the controllers and their groups, all of version v1."""

_TEMPLATE = "spec.template"
_CRON_TEMPLATE = "spec.jobTemplate.spec.template"
_MOVED = re.compile(r"(object|oldObject)\.(spec|metadata)(?!\.namespace(?![A-Za-z0-9_]))")
_MUTATED = re.compile(r"\b(object|oldObject|Object)\.(spec|metadata\.labels|metadata\.annotations)")
_ROOT = re.compile(r"\s*Object\s*\{")


def can_be_moved(policy: CelPolicy) -> bool:
    """Whether a policy is on pods and nothing else, so that it means something for what makes pods."""
    constraints = policy.spec.match_constraints
    return constraints is not None and _is_for_pods(constraints)


def for_controllers(policy: CelPolicy) -> Iterator[CelPolicy]:
    """The policies that one on pods also means: for controllers with a template, and for CronJobs."""
    spec = policy.spec
    if not isinstance(spec, ValidatingSpec | ImageValidatingSpec | MutatingSpec):
        return
    if policy.group != KYVERNO or policy.mode != MODES[0]:
        return
    constraints = spec.match_constraints
    if constraints is None or not _is_for_pods(constraints):
        return
    wanted = _wanted(spec)
    for names, template in ((wanted - {"cronjobs"}, _TEMPLATE), (wanted & {"cronjobs"}, _CRON_TEMPLATE)):
        if names:
            moved = _constraints(sorted(names), constraints)
            yield msgspec.structs.replace(policy, spec=_moved_spec(spec, template, moved))


def _wanted(spec: ValidatingSpec | ImageValidatingSpec | MutatingSpec) -> set[str]:
    controllers = spec.autogen.pod_controllers if spec.autogen else None
    names = controllers.controllers if controllers else None
    return set(CONTROLLERS) if names is None else set(CONTROLLERS) & set(names)


def _is_for_pods(constraints: MatchConstraints) -> bool:
    """Whether the constraints name pods and nothing else, so that they can be moved."""
    if constraints.object_selector or constraints.exclude_resource_rules:
        return False
    if not constraints.resource_rules or len(constraints.resource_rules) != 1:
        return False
    rule = constraints.resource_rules[0]
    named = (rule.api_groups, rule.api_versions, rule.resources)
    return not rule.resource_names and named == (("",), ("v1",), ("pods",))


def _constraints(names: list[str], constraints: MatchConstraints) -> MatchConstraints:
    rule = (constraints.resource_rules or (ResourceRule(),))[0]
    groups = {CONTROLLERS[name] for name in names}
    rules = tuple(
        ResourceRule(
            api_groups=(group,),
            api_versions=("v1",),
            operations=rule.operations,
            resources=tuple(name for name in names if CONTROLLERS[name] == group),
        )
        for group in sorted(groups)
    )
    return MatchConstraints(resource_rules=rules, namespace_selector=constraints.namespace_selector)


def _moved_spec(
    spec: ValidatingSpec | ImageValidatingSpec | MutatingSpec, template: str, constraints: MatchConstraints
) -> ValidatingSpec | ImageValidatingSpec | MutatingSpec:
    if isinstance(spec, MutatingSpec):
        moved: ValidatingSpec | ImageValidatingSpec | MutatingSpec = _moved_mutations(spec, template)
    else:
        moved = _moved_texts(spec, template)
    return msgspec.structs.replace(moved, match_constraints=constraints)


def _moved_texts(
    spec: ValidatingSpec | ImageValidatingSpec, template: str
) -> ValidatingSpec | ImageValidatingSpec:
    """Every text of a spec, as upstream moves them in its JSON."""
    document = _in_texts(msgspec.to_builtins(spec), template)
    if isinstance(spec, ValidatingSpec):
        return msgspec.convert(document, ValidatingSpec)
    return msgspec.convert(document, ImageValidatingSpec)


def _in_texts(value: Any, template: str) -> Any:
    if isinstance(value, str):
        return _MOVED.sub(rf"\1.{template}.\2", value)
    if isinstance(value, dict):
        return {key: _in_texts(item, template) for key, item in value.items()}
    return [_in_texts(item, template) for item in value] if isinstance(value, list | tuple) else value


def _moved_mutations(spec: MutatingSpec, template: str) -> MutatingSpec:
    """Conditions and applied objects; JSON patches and variables stay as they are."""
    conditions = tuple(
        NamedExpression(one.name, _moved_mutation(one.expression, template))
        for one in spec.match_conditions or ()
    )
    mutations = tuple(_applied(one, template) for one in spec.mutations or ())
    return msgspec.structs.replace(spec, match_conditions=conditions, mutations=mutations)


def _applied(mutation: CelMutation, template: str) -> CelMutation:
    applied = mutation.apply_configuration
    if applied is None or not applied.expression:
        return mutation
    moved = Patch(_moved_mutation(applied.expression, template))
    return msgspec.structs.replace(mutation, apply_configuration=moved)


def _moved_mutation(expression: str, template: str) -> str:
    text = _MUTATED.sub(rf"\1.{template}.\2", expression)
    opening = _ROOT.match(text)
    end = matching_brace(text, opening.end() - 1) if opening else -1
    if opening is None or end < 0:
        return text
    inner, rest = text[opening.end() : end], text[end + 1 :]
    return f"{_wrapped(inner, template)}{rest}"


def _wrapped(inner: str, template: str) -> str:
    """Fields of a pod as fields of its template, each level under its type name."""
    path = "Object"
    opened = "Object{"
    parts = template.split(".")
    for part in parts:
        path = f"{path}.{part}"
        opened += f"{part}: {path}{{"
    return opened + inner + "}" * (len(parts) + 1)
