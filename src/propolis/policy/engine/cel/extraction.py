"""Policies on pods for workloads of any kind: pod templates are found in the object, each judged as a pod.

Follows Kyverno pkg/cel/autogen/extract and pkg/cel/policies/vpol/engine/engine.go @ v1.19.1. Templates are
judged in the order of their paths; the first that does not pass decides.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import msgspec

from propolis.core.finding import Outcome
from propolis.core.resource import Document, Resource, reference_of
from propolis.policy.engine.policy_set import ContextOf
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.model.cel.match import MatchConstraints, ResourceRule
from propolis.policy.model.cel.policy import (
    KYVERNO,
    MODES,
    CelPolicy,
    ImageValidatingSpec,
    MutatingSpec,
    ValidatingSpec,
)

Run = Callable[[Request, ContextOf], RuleResult | None]
MOST_LEVELS = 100
"""Deepest place of a template."""
MOST_TEMPLATES = 1_000
"""Templates of one object that are judged."""
NOT_CHANGED = RuleResult(
    Outcome.SKIP, "extraction mode: mutation for custom workload CRDs is not yet supported"
)
_REFUSALS = frozenset({Outcome.FAIL, Outcome.ERROR})


def for_custom_workloads(policy: CelPolicy) -> CelPolicy | None:
    """What a policy on pods means for the workloads that it names as ``plural.version.group``."""
    spec = policy.spec
    if not isinstance(spec, ValidatingSpec | ImageValidatingSpec | MutatingSpec):
        return None
    stated = spec.autogen.pod_controllers if spec.autogen else None
    constraints = spec.match_constraints
    if policy.group != KYVERNO or policy.mode != MODES[0] or constraints is None or stated is None:
        return None
    operations = (constraints.resource_rules or (ResourceRule(),))[0].operations
    rules = tuple(rule for name in stated.controllers or () if (rule := _rule(name, operations)) is not None)
    if not rules:
        return None
    moved = MatchConstraints(resource_rules=rules, namespace_selector=constraints.namespace_selector)
    return msgspec.structs.replace(policy, spec=msgspec.structs.replace(spec, match_constraints=moved))


def _rule(name: str, operations: tuple[str, ...] | None) -> ResourceRule | None:
    plural, _, rest = name.partition(".")
    version, _, group = rest.partition(".")
    if not (plural and version and group):
        return None
    return ResourceRule(
        api_groups=(group,), api_versions=(version,), operations=operations, resources=(plural,)
    )


class ExtractionRun:
    """A policy on pods, called for an object that holds templates of pods."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __call__(self, request: Request, context_of: ContextOf) -> RuleResult | None:
        """The first result that refuses, else the last; an object without templates is an error."""
        found = dict(templates(request.document))
        if not found:
            text = f"extraction mode: no pod template found in {_api_version(request)}/{request.kind}"
            return RuleResult(Outcome.ERROR, f"error: {text}")
        before = dict(templates(request.subject.old)) if request.subject.old else {}
        result: RuleResult | None = None
        for path, template in found.items():
            last = self._run(_pod_request(request, template, before.get(path)), context_of)
            if last is None or last.outcome is Outcome.SKIP:
                result = result or last
                continue
            result = last
            if last.outcome in _REFUSALS:
                return msgspec.structs.replace(last, message=f"{last.message} (pod template at {path})")
        return result


def _api_version(request: Request) -> str:
    return f"{request.group}/{request.version}" if request.group else request.version


def templates(document: Document) -> Iterator[tuple[str, Document]]:
    """Templates of pods below ``spec`` by their paths, in order; none within another."""
    yield from islice(_templates(document.get("spec"), "spec", 0), MOST_TEMPLATES)


def _templates(value: Any, path: str, level: int) -> Iterator[tuple[str, Document]]:
    if level > MOST_LEVELS:
        return
    if isinstance(value, dict):
        if _is_template(value):
            yield path, value
            return
        for key in sorted(value, key=str):
            yield from _templates(value[key], f"{path}.{key}", level + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _templates(item, f"{path}[{index}]", level + 1)


def _is_template(value: Document) -> bool:
    """Whether an object has the shape of a template: containers with names and images, and maybe metadata."""
    spec = value.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    if not isinstance(value.get("metadata", {}), dict) or not isinstance(containers, list) or not containers:
        return False
    return all(
        isinstance(one, dict)
        and isinstance(one.get("name"), str)
        and bool(one["name"])
        and isinstance(one.get("image"), str)
        for one in containers
    )


def _pod_request(request: Request, template: Document, old: Document | None) -> Request:
    """The request as if its object were the pod of a template."""
    document = _pod(request, template)
    resource = Resource(reference_of(document), document, request.subject.resource.origin)
    before = None if old is None else _pod(request, old)
    return Request(msgspec.structs.replace(request.subject, resource=resource, old=before), request.ask)


def _pod(request: Request, template: Document) -> Document:
    metadata = dict(template.get("metadata") or {})
    metadata["name"] = metadata.get("name") or request.name
    metadata["namespace"] = metadata.get("namespace") or request.namespace
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template.get("spec")}
