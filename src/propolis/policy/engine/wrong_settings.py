"""Settings that Kyverno's admission refuses in a policy, as far as no cluster is needed to say so.

Follows Kyverno pkg/validation/policy/{validate,background}.go and api/kyverno/v1/spec_types.go @ v1.19.1.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from propolis.policy.engine.variables import expressions_in
from propolis.policy.model.cleanup import CleanupPolicy
from propolis.policy.model.exception import PolicyException
from propolis.policy.model.generation import GeneratePattern, Generation
from propolis.policy.model.match import MatchResources, ResourceFilter
from propolis.policy.model.policy import Policy
from propolis.policy.model.problem import Problem
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import PodSecurityExclusion

LONGEST_TIMEOUT_SECONDS = 30
_USER = re.compile(
    r"(?<![\w.])(serviceAccountName|serviceAccountNamespace|request\.(userInfo|roles|clusterRoles))\b"
)
"""What a background scan does not know."""
OF_CONTAINERS = frozenset(
    {"Capabilities", "Privileged Containers", "Host Ports", "/proc Mount Type", "Privilege Escalation"}
)
"""Pod Security controls that look at containers alone; they are let off by image."""
OF_PODS = frozenset({"Host Namespaces", "HostPath Volumes", "Sysctls", "Volume Types"})
"""Those that look at the pod alone."""
_USER_FIELDS = ("roles", "cluster_roles", "subjects")

_Path = tuple[str | int, ...]


def wrong_settings(found: Policy | CleanupPolicy | PolicyException) -> Iterator[Problem]:
    """Settings that cannot be together; paths begin below the spec."""
    if isinstance(found, CleanupPolicy):
        yield from _wrong_cleanup(found)
    elif isinstance(found, PolicyException):
        if found.spec.background is not False:
            yield from _users(found.spec.match, ("match",))
        yield from _exclusions(found.spec.pod_security or (), ("podSecurity",))
    else:
        yield from _wrong_policy(found)


def knows_who_asks(policy: Policy) -> bool:
    """Whether a rule needs to know who sends a request, so that Kyverno does not scan by the policy."""
    return any(True for rule in policy.spec.rules for _ in _asking(rule, ()))


def _asking(rule: PolicyRule, path: _Path) -> Iterator[Problem]:
    yield from _users(rule.match, (*path, "match"))
    yield from _users(rule.exclude or MatchResources(), (*path, "exclude"))
    if not (rule.mutate and rule.mutate.targets):
        yield from _user_variables(msgspec.to_builtins(rule), path)


def _wrong_policy(policy: Policy) -> Iterator[Problem]:
    spec, webhook = policy.spec, policy.spec.webhook_configuration
    timeouts: dict[_Path, int | None] = {
        ("webhookTimeoutSeconds",): spec.webhook_timeout_seconds,
        ("webhookConfiguration", "timeoutSeconds"): webhook.timeout_seconds if webhook else None,
    }
    for path, seconds in timeouts.items():
        if seconds is not None and not 1 <= seconds <= LONGEST_TIMEOUT_SECONDS:
            yield Problem(f"{seconds} seconds", path, f"1 to {LONGEST_TIMEOUT_SECONDS} seconds")
    if spec.admission is False and spec.background is False:
        yield Problem("the policy is for nothing", ("admission",), "admission or background")
    for index, rule in enumerate(spec.rules):
        yield from _wrong_rule(policy, rule, ("rules", index))


def _wrong_rule(policy: Policy, rule: PolicyRule, path: _Path) -> Iterator[Problem]:
    spec = policy.spec
    changes = {"mutate": rule.mutate, "generate": rule.generate, "verifyImages": rule.verify_images}
    for way, given in changes.items():
        if spec.admission is False and given is not None:
            yield Problem(f"{way} without admission", (*path, way), "admission for all but validate")
    if spec.background is not False:
        yield from _asking(rule, path)
    if policy.namespace:
        yield from _namespaces(rule.match, (*path, "match"))
        yield from _namespaces(rule.exclude or MatchResources(), (*path, "exclude"))
        for place, pattern in _patterns(rule.generate, (*path, "generate")):
            yield from _elsewhere(pattern, policy.namespace, place)
    security = rule.validation.pod_security if rule.validation else None
    if security is not None:
        yield from _exclusions(security.exclude or (), (*path, "validate", "podSecurity", "exclude"))
    if rule.verify_images is not None and any("*" in kind for kind in rule.match.kinds()):
        yield Problem("images of any kind", (*path, "match"), "kinds by name where images are verified")
    if rule.mutate is not None and not rule.mutate.targets:
        own = rule.mutate.mutate_existing_on_policy_update
        if spec.mutate_existing_on_policy_update if own is None else own:
            yield Problem("no targets", (*path, "mutate"), "targets, for existing resources are to change")


def _patterns(generation: Generation | None, path: _Path) -> Iterator[tuple[_Path, GeneratePattern]]:
    """All that a rule makes."""
    if generation is not None and generation.foreach:
        for index, one in enumerate(generation.foreach):
            yield (*path, "foreach", index), one
    elif generation is not None:
        yield path, generation


def _elsewhere(pattern: GeneratePattern, namespace: str, path: _Path) -> Iterator[Problem]:
    """What a policy of a namespace would make or copy outside of it."""
    clone, clones = pattern.clone, pattern.clone_list
    stated: dict[_Path, str | None] = {("namespace",): pattern.namespace}
    if clone is not None and clone.name:
        stated["clone", "namespace"] = clone.namespace
    if clones is not None and clones.kinds:
        stated["cloneList", "namespace"] = clones.namespace
    for place, named in stated.items():
        if named != namespace:
            text = f"a namespaced policy makes and copies what is in its namespace, not in {named or 'none'}"
            yield Problem(text, (*path, *place), namespace)


def _exclusions(exclusions: Iterable[PodSecurityExclusion], path: _Path) -> Iterator[Problem]:
    """Controls that are let off: those of containers by images alone, values and fields together alone."""
    for index, one in enumerate(exclusions):
        place: _Path = (*path, index)
        if one.control_name in OF_CONTAINERS and not one.images:
            text = "exclude.images must be specified for a control of containers"
            yield Problem(text, (*place, "controlName"), "images")
        if one.control_name in OF_PODS and one.images:
            text = "exclude.images must not be specified for a control of pods"
            yield Problem(text, (*place, "controlName"), "no images")
        if one.restricted_field and not one.values:
            yield Problem("values is required", (*place, "values"), "values of the restricted field")
        if one.values and not one.restricted_field:
            yield Problem(
                "restrictedField is required", (*place, "restrictedField"), "the field of the values"
            )


def _users(match: MatchResources, path: _Path) -> Iterator[Problem]:
    """Filters by who asks, which a background scan does not know."""
    for place, one in _filters(match, path).items():
        for field in _USER_FIELDS:
            if getattr(one, field):
                name = "clusterRoles" if field == "cluster_roles" else field
                text = f"invalid variable used: {name}, which a background scan does not know"
                yield Problem(text, (*place, name), "background: false")


def _namespaces(match: MatchResources, path: _Path) -> Iterator[Problem]:
    """Filters by namespace, in a policy that is for its own alone."""
    for place, one in _filters(match, path).items():
        if one.resources is not None and one.resources.namespaces:
            text = "Filtering namespaces not allowed in namespaced policies"
            yield Problem(text, (*place, "resources", "namespaces"), "a ClusterPolicy")


def _filters(match: MatchResources, path: _Path) -> dict[_Path, ResourceFilter]:
    """All filters, by their places."""
    found: dict[_Path, ResourceFilter] = {path: match}
    found |= {(*path, "any", index): one for index, one in enumerate(match.any or ())}
    return found | {(*path, "all", index): one for index, one in enumerate(match.all or ())}


def _user_variables(document: Any, path: _Path) -> Iterator[Problem]:
    if isinstance(document, str):
        for expression in expressions_in(document):
            if found := _USER.search(expression):
                text = f"variable {{{{{found[0]}}}}} is not allowed in a background scan"
                yield Problem(text, path, "background: false")
    elif isinstance(document, dict | list | tuple):
        items = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in items:
            yield from _user_variables(value, (*path, key))


def _wrong_cleanup(policy: CleanupPolicy) -> Iterator[Problem]:
    spec = policy.spec
    yield from _users(spec.match, ("match",))
    yield from _users(spec.exclude or MatchResources(), ("exclude",))
    for index, entry in enumerate(spec.context or ()):
        for name, given in {"configMap": entry.config_map, "imageRegistry": entry.image_registry}.items():
            if given is not None:
                yield Problem(f"{name} in a cleanup policy", ("context", index, name), "apiCall or variable")
