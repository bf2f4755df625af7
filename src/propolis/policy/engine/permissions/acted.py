"""What policies change beyond the request: objects that they make, change or delete."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.policy.engine.kinds import parse_kind
from propolis.policy.engine.permissions.expressions import wanted_by, written_by
from propolis.policy.engine.permissions.named import Named, Names
from propolis.policy.engine.permissions.structs import expressions_of, parts_of
from propolis.policy.model.cel.match import MatchConstraints
from propolis.policy.model.cel.policy import CelPolicy, DeletingSpec, GeneratingSpec, MutatingSpec, Template
from propolis.policy.model.cleanup import CleanupPolicy
from propolis.policy.model.generation import GeneratePattern, Generation
from propolis.policy.model.mutation import MutationTarget
from propolis.policy.model.policy import Policy

MADE = ("get", "list", "create", "update", "patch")
KEPT = (*MADE, "delete")
"""What is kept in step is deleted with its policy or its trigger."""
CHANGED = ("get", "list", "update", "patch")
DELETED = ("get", "list", "delete")
READ = ("get", "list")
_KIND = re.compile(
    r"^(?:- )?apiVersion: *[\"']?([\w./-]+)[\"']? *\n *kind: *[\"']?(\w+)", re.MULTILINE | re.ASCII
)
"""The beginning of an object in a template."""


class Change(msgspec.Struct, frozen=True):
    """Verbs on a resource; ``namespace`` is empty where it may be any."""

    named: Named
    verbs: tuple[str, ...]
    namespace: str = ""


Acted = Change | str
"""A change, or why one cannot be told."""


def acted_by(policy: Policy | CelPolicy | CleanupPolicy, names: Names) -> Iterator[Acted]:
    """All that a policy changes."""
    if isinstance(policy, CleanupPolicy):
        for text in policy.spec.match.kinds():
            yield from _of_selector(text, names, DELETED, policy.namespace)
    elif isinstance(policy, Policy):
        yield from _of_rules(policy, names)
    elif isinstance(policy.spec, DeletingSpec):
        yield from _of_constraints(policy.spec.match_constraints, DELETED, policy.namespace)
    elif isinstance(policy.spec, MutatingSpec) and _is_on(policy.spec.evaluation, "mutate_existing"):
        targets = policy.spec.target_match_constraints or policy.spec.match_constraints
        if targets is not None and targets.expression:
            yield "which objects are changed is computed by an expression"
        yield from _of_constraints(targets, CHANGED, policy.namespace)
    elif isinstance(policy.spec, GeneratingSpec):
        yield from _of_generators(policy.spec, names)


def _of_generators(spec: GeneratingSpec, names: Names) -> Iterator[Acted]:
    """Objects that expressions and templates write out; without any, those that are read to be copied."""
    verbs = KEPT if _is_on(spec.evaluation, "synchronize") else MADE
    texts = list(expressions_of(spec))
    kinds = [kind for text in texts for kind in written_by(text)]
    kinds += [kind for template in parts_of(spec, Template) for kind in _KIND.findall(template.value)]
    found = [names.of(*kind) for kind in kinds]
    asked = [one for text in texts for one in wanted_by(text)]
    for verb in READ:
        if not found:
            found += [Named(one.group, one.resource) for one in asked if one.verb == verb]
    for named in found:
        yield _change(named, verbs, None, None, "made")
    if not found:
        yield "what is made is computed by an expression: grant create, update and delete on it"


def _of_rules(policy: Policy, names: Names) -> Iterator[Acted]:
    for rule in policy.spec.rules:
        if rule.generate is not None:
            yield from _of_generation(rule.generate, names)
        for target in parts_of(rule.mutate, MutationTarget):
            named = names.of(target.api_version or "", target.kind or "")
            yield _change(named, CHANGED, target.namespace, target.kind, "changed")


def _of_generation(generation: Generation, names: Names) -> Iterator[Acted]:
    verbs = KEPT if generation.synchronize else MADE
    for one in (generation, *(generation.foreach or ())):
        yield from _of_pattern(one, names, verbs)


def _of_pattern(one: GeneratePattern, names: Names, verbs: tuple[str, ...]) -> Iterator[Acted]:
    if one.kind:
        named = names.of(one.api_version or "", one.kind)
        yield _change(named, verbs, one.namespace, one.kind, "made")
        if one.clone is not None:
            yield _change(named, READ, one.clone.namespace, one.kind, "copied")
    for text in (one.clone_list.kinds or ()) if one.clone_list else ():
        api_version, _, kind = text.rpartition("/")
        named = names.of(api_version, kind)
        yield _change(named, verbs, one.namespace, text, "made")
        yield _change(named, READ, one.clone_list.namespace if one.clone_list else None, text, "copied")


def _change(
    named: Named | None, verbs: tuple[str, ...], namespace: str | None, kind: str | None, what: str
) -> Acted:
    if named is None:
        return f"which {kind or 'kind'} is {what} is known with a request only"
    return Change(named, verbs, "" if not namespace or _varies(namespace) else namespace)


def _of_selector(text: str, names: Names, verbs: tuple[str, ...], namespace: str) -> Iterator[Acted]:
    found = names.selected(parse_kind(text))
    yield from (Change(one, verbs, namespace) for one in found)
    if not found:
        yield f"no resource is known for {text}"


def _of_constraints(
    constraints: MatchConstraints | None, verbs: tuple[str, ...], namespace: str
) -> Iterator[Acted]:
    for rule in (constraints.resource_rules or ()) if constraints else ():
        for group in rule.api_groups or ():
            for resource in rule.resources or ():
                yield Change(Named(group, resource), verbs, namespace)


def _is_on(evaluation: Any, switch: str) -> bool:
    found = getattr(evaluation, switch, None)
    return found is not None and found.enabled is True


def _varies(text: str) -> bool:
    return any(mark in text for mark in ("{{", "*", "?"))
