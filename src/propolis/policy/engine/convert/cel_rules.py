"""Rules with ``validate.cel``: the expressions stay, what is around them moves."""

from typing import Any

import msgspec

from propolis.policy.engine.convert.conditions import split_operations, translate_conditions
from propolis.policy.engine.convert.matching import operations_of, translate_match
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.settings import (
    actions_of,
    autogen_of,
    check_settings,
    controllers_of,
    evaluation_of,
    webhook_of,
)
from propolis.policy.engine.convert.terms import TRUE, expression
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import Cel


def cel_spec(policy: Policy, rule: PolicyRule, *, has_params: bool = False) -> dict[str, Any]:
    """The ``spec`` that says what a rule in CEL says.

    Args:
        policy: The policy of the rule.
        rule: The rule.
        has_params: Whether the new kind may have parameters.

    Raises:
        Refused: The rule has parameters that the new kind has not, or filters without a translation.
    """
    cel = rule.validation.cel if rule.validation else None
    if cel is None:
        raise Refused("it is not written in CEL")
    check_settings(policy, rule)
    if cel.param_kind is not None and not has_params:
        raise Refused("policies of policies.kyverno.io have no parameters: convert it to an admission policy")
    preconditions, operations = split_operations(rule.preconditions, operations_of(rule.match))
    if "DELETE" in operations and preconditions is not None:
        raise Refused("preconditions beside CEL for deletions")
    constraints = translate_match(rule.match, rule.exclude, operations, _holder(operations))
    terms = [*constraints.conditions, ("preconditions", translate_conditions(preconditions, Scope()).term)]
    conditions = [{"name": name, "expression": expression(term)} for name, term in terms if term != TRUE]
    conditions += [msgspec.to_builtins(one) for one in rule.cel_preconditions or ()]
    spec: dict[str, Any] = {
        "validationActions": actions_of(policy, rule),
        **webhook_of(policy),
        **evaluation_of(policy),
        **autogen_of(controllers_of(policy, rule), constraints.rules),
        "matchConstraints": {"resourceRules": list(constraints.rules)},
    }
    if conditions:
        spec["matchConditions"] = conditions
    return {**spec, **_expressions(cel, rule.validation.message if rule.validation else None)}


def _holder(operations: tuple[str, ...]) -> str:
    """What holds the object of every operation; filters on it cannot hold for deletions and others alike."""
    return "oldObject" if operations == ("DELETE",) else "object"


def _expressions(cel: Cel, message: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if cel.param_kind is not None:
        found["paramKind"] = msgspec.to_builtins(cel.param_kind)
    if cel.variables:
        found["variables"] = [msgspec.to_builtins(one) for one in cel.variables]
    validations = [msgspec.to_builtins(one) for one in cel.expressions or ()]
    found["validations"] = [
        one if one.get("message") or not message else {**one, "message": message.strip()}
        for one in validations
    ]
    if cel.audit_annotations:
        found["auditAnnotations"] = [msgspec.to_builtins(one) for one in cel.audit_annotations]
    return found
