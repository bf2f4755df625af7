"""A policy of kyverno.io as policies in CEL: one for each of its rules."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.resource import Document
from propolis.policy.engine.cel.compiler import compile_run
from propolis.policy.engine.cel.programs import PolicyError
from propolis.policy.engine.convert.mutating import is_movable, mutating_spec
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.settings import LEFT_OUT, controllers_of, rules_for_controllers
from propolis.policy.engine.convert.validating import validating_spec
from propolis.policy.model.cel.parse import parse_cel_policy
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

API_VERSION = "policies.kyverno.io/v1"
LONGEST_NAME = 63
_ANNOTATION = "pod-policies.kyverno.io/"


class RuleConversion(msgspec.Struct, frozen=True):
    """What became of one rule.

    Attributes:
        number: Of the rule in its policy.
        documents: The new policies, mostly one; none where the rule has no sure translation.
        reason: Why not.
        remarks: What the new policy does otherwise, however it is written.
    """

    number: int
    rule: str
    documents: tuple[Document, ...] = ()
    policies: tuple[CelPolicy, ...] = ()
    reason: str = ""
    remarks: tuple[str, ...] = ()


def convert_policy(policy: Policy) -> tuple[RuleConversion, ...]:
    """The rules of a policy as policies, or why they have no translation."""
    return tuple(_converted(policy, rule, number) for number, rule in enumerate(policy.spec.rules))


def _converted(policy: Policy, rule: PolicyRule, number: int) -> RuleConversion:
    try:
        documents = tuple(_documents(policy, rule))
        made = tuple(map(parse_cel_policy, documents))
        for one in made:
            compile_run(one)
    except Refused as refused:
        return RuleConversion(number, rule.name, reason=refused.reason)
    except (DocumentError, PolicyError, RecursionError) as error:
        return RuleConversion(number, rule.name, reason=f"the result would be no policy: {error}")
    return RuleConversion(number, rule.name, documents, made, remarks=tuple(_remarks(policy, rule)))


def _documents(policy: Policy, rule: PolicyRule) -> Iterator[Document]:
    """The policy; where autogen of CEL policies does not do it, those for controllers too."""
    if rule.validation is not None:
        yield _document(policy, rule, "ValidatingPolicy", validating_spec(policy, rule))
        return
    if rule.mutate is None:
        raise Refused("it verifies images" if rule.verify_images else "it has no translation")
    spec = mutating_spec(policy, rule)
    generated = [] if is_movable(spec) else rules_for_controllers(policy, rule)
    if generated:
        spec["autogen"] = {"podControllers": {"controllers": []}}
    yield _document(policy, rule, "MutatingPolicy", spec)
    for made in generated:
        yield _document(policy, made, "MutatingPolicy", mutating_spec(policy, made), is_generated=True)


def _document(
    policy: Policy, rule: PolicyRule, kind: str, spec: dict[str, Any], *, is_generated: bool = False
) -> Document:
    kept = {key: text for key, text in policy.annotations.items() if not key.startswith(_ANNOTATION)}
    metadata: dict[str, Any] = {"name": converted_name(policy, rule, is_generated=is_generated)}
    if policy.namespace:
        metadata["namespace"] = policy.namespace
        kind = f"Namespaced{kind}"
    if policy.labels:
        metadata["labels"] = dict(policy.labels)
    if kept:
        metadata["annotations"] = kept
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def converted_name(policy: Policy, rule: PolicyRule, *, is_generated: bool = False) -> str:
    """The policy's name where the rule is its only one, else with the rule's behind it."""
    if len(policy.spec.rules) == 1 and not is_generated:
        return policy.name
    text = re.sub(r"[^a-z0-9.-]+", "-", f"{policy.name}-{rule.name}".lower())
    return text[:LONGEST_NAME].strip("-.")


def _remarks(policy: Policy, rule: PolicyRule) -> list[str]:
    found = []
    if LEFT_OUT in controllers_of(policy, rule):
        found.append("ReplicationControllers are judged no longer: CEL policies are not made for them")
    if rule.validation is not None and rule.validation.allow_existing_violations is not False:
        found.append("updates of objects that violate it already are refused too (allowExistingViolations)")
    return found
