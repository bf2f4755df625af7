"""A policy of kyverno.io as policies in CEL: one for each of its rules."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.errors import DocumentError
from propolis.core.resource import Document
from propolis.policy.engine.cel.compiler import compile_run
from propolis.policy.engine.cel.programs import PolicyError
from propolis.policy.engine.convert.admission import admission_documents
from propolis.policy.engine.convert.cel_rules import cel_spec
from propolis.policy.engine.convert.generating import generating_spec
from propolis.policy.engine.convert.mutating import is_movable, mutating_spec
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.settings import LEFT_OUT, controllers_of, rules_for_controllers
from propolis.policy.engine.convert.validating import validating_spec
from propolis.policy.model.cel.parse import is_cel_policy, parse_cel_policy
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

AUTO, ADMISSION = "auto", "validatingadmissionpolicy"
VALIDATING, MUTATING, GENERATING = "validatingpolicy", "mutatingpolicy", "generatingpolicy"
TARGETS = (AUTO, VALIDATING, MUTATING, GENERATING, ADMISSION)
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


def convert_policy(policy: Policy, target: str = AUTO) -> tuple[RuleConversion, ...]:
    """The rules of a policy as policies, or why they have no translation.

    Args:
        policy: The policy.
        target: One of `TARGETS`; rules that have no such form are refused.
    """
    return tuple(_converted(policy, rule, number, target) for number, rule in enumerate(policy.spec.rules))


def _converted(policy: Policy, rule: PolicyRule, number: int, target: str) -> RuleConversion:
    try:
        documents = tuple(_documents(policy, rule, target))
        made = tuple(parse_cel_policy(one) for one in documents if is_cel_policy(one))
        for one in made:
            compile_run(one)
    except Refused as refused:
        return RuleConversion(number, rule.name, reason=refused.reason)
    except (DocumentError, PolicyError, RecursionError) as error:
        return RuleConversion(number, rule.name, reason=f"the result would be no policy: {error}")
    return RuleConversion(number, rule.name, documents, made, remarks=tuple(_remarks(policy, rule, target)))


def _documents(policy: Policy, rule: PolicyRule, target: str) -> Iterator[Document]:
    """The policy; where autogen does not do it, those for controllers too."""
    way = _target_of(rule)
    if target == ADMISSION and way == VALIDATING:
        yield from _admission(policy, rule)
        return
    if target not in (AUTO, way):
        raise Refused(f"such a rule becomes no {target}")
    if way == VALIDATING:
        yield _document(policy, rule, "ValidatingPolicy", _validating(policy, rule))
    elif way == MUTATING:
        yield from _mutating(policy, rule)
    else:
        yield _document(policy, rule, "GeneratingPolicy", generating_spec(policy, rule))


def _target_of(rule: PolicyRule) -> str:
    if rule.validation is not None:
        return VALIDATING
    if rule.mutate is not None:
        return MUTATING
    if rule.generate is not None:
        return GENERATING
    raise Refused("it verifies images")


def _validating(policy: Policy, rule: PolicyRule, *, has_params: bool = False) -> dict[str, Any]:
    if rule.validation is not None and rule.validation.cel is not None:
        return cel_spec(policy, rule, has_params=has_params)
    return validating_spec(policy, rule)


def _admission(policy: Policy, rule: PolicyRule) -> Iterator[Document]:
    """The API server knows no autogen: controllers have policies of their own."""
    if policy.namespace:
        raise Refused("policies of the API server have no namespace")
    cel = rule.validation.cel if rule.validation else None
    ref = msgspec.to_builtins(cel.param_ref) if cel and cel.param_ref else None
    for one in (rule, *rules_for_controllers(policy, rule)):
        spec = _validating(policy, one, has_params=True)
        document = _document(policy, one, "", spec, is_generated=one is not rule)
        yield from admission_documents("cpol", document["metadata"], spec, ref)


def _mutating(policy: Policy, rule: PolicyRule) -> Iterator[Document]:
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


def _remarks(policy: Policy, rule: PolicyRule, target: str) -> list[str]:
    found = []
    if LEFT_OUT in controllers_of(policy, rule) and target != ADMISSION:
        found.append("ReplicationControllers are judged no longer: CEL policies are not made for them")
    if rule.validation is not None and rule.validation.allow_existing_violations is not False:
        found.append("updates of objects that violate it already are refused too (allowExistingViolations)")
    return found
