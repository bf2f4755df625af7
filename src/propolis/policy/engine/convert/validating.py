"""Validate rules as ValidatingPolicy: each rule a policy, so that each keeps a result of its own."""

from typing import Any

import msgspec

from propolis.policy.engine.convert.always import always_there
from propolis.policy.engine.convert.checks import translate_check
from propolis.policy.engine.convert.conditions import split_operations, translate_conditions
from propolis.policy.engine.convert.context import scope_with
from propolis.policy.engine.convert.matching import Constraints, operations_of, translate_match
from propolis.policy.engine.convert.messages import message_fields
from propolis.policy.engine.convert.patterns import Asked
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
from propolis.policy.engine.convert.terms import TRUE, Choice, Compare, Term, expression, not_
from propolis.policy.engine.kinds import parse_kind
from propolis.policy.model.conditions import Conditions
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import Validation


class Translated(msgspec.Struct, frozen=True):
    """A rule for one way of holding the object."""

    asked: Asked
    preconditions: Term
    constraints: Constraints
    message: dict[str, str]


def validating_spec(policy: Policy, rule: PolicyRule) -> dict[str, Any]:
    """The ``spec`` of a ValidatingPolicy that says what a rule says.

    Raises:
        Refused: The rule has no sure translation.
    """
    validation = rule.validation
    if validation is None:
        raise Refused("it does not validate")
    _check_rule(policy, rule)
    wanted = operations_of(rule.match)
    if validation.pattern is not None or validation.any_pattern is not None:
        wanted = _without_deletions(wanted)
    elif validation.foreach is not None:
        if any("oldObject" in (item.list or "") for item in validation.foreach):
            raise Refused("a list of the object that goes")
        wanted = _without_deletions(wanted)
    preconditions, operations = split_operations(rule.preconditions, wanted)
    if not any("/" in kind and parse_kind(kind).subresource for kind in rule.match.kinds()):
        operations = tuple(one for one in operations if one != "CONNECT")
    if not operations:
        raise Refused("its preconditions hold for no operation")
    controllers = controllers_of(policy, rule)
    scopes = _scopes(rule, operations, is_moved=bool(controllers))
    found = [
        _translated(rule, validation, preconditions, operations, scope_with(rule.context, scope))
        for scope in scopes
    ]
    return _spec(policy, rule, controllers, found)


def _without_deletions(operations: tuple[str, ...]) -> tuple[str, ...]:
    """Patterns and lists of the object have nothing to say of what goes."""
    return tuple(one for one in operations if one != "DELETE")


def _check_rule(policy: Policy, rule: PolicyRule) -> None:
    check_settings(policy, rule)
    if rule.image_extractors:
        raise Refused("imageExtractors have no counterpart in validation")
    if rule.cel_preconditions:
        raise Refused("celPreconditions stand beside what is no CEL")


def _scopes(rule: PolicyRule, operations: tuple[str, ...], *, is_moved: bool) -> list[Scope]:
    """Deletions are judged by the object that goes."""
    always = always_there(rule, is_moved=is_moved)
    holders = [name for name, is_used in (
        ("object", operations != ("DELETE",)), ("oldObject", "DELETE" in operations)
    ) if is_used]  # fmt: skip
    return [Scope(always=always, holder=holder) for holder in holders]


def _translated(
    rule: PolicyRule,
    validation: Validation,
    preconditions: Conditions | None,
    operations: tuple[str, ...],
    scope: Scope,
) -> Translated:
    conditions = translate_conditions(preconditions, scope)
    asked = translate_check(rule, validation, scope)
    constraints = translate_match(rule.match, rule.exclude, operations, scope.holder)
    return Translated(asked, conditions.term, constraints, message_fields(validation.message, scope))


def _spec(
    policy: Policy, rule: PolicyRule, controllers: frozenset[str], found: list[Translated]
) -> dict[str, Any]:
    first, last = found[0], found[-1]
    rules = first.constraints.rules
    spec: dict[str, Any] = {
        "validationActions": actions_of(policy, rule),
        **webhook_of(policy),
        **evaluation_of(policy),
        **autogen_of(controllers, rules),
        "matchConstraints": {"resourceRules": list(rules)},
    }
    conditions = [*_named_conditions(first, last), *_own_conditions(policy)]
    if conditions:
        spec["matchConditions"] = conditions
    holds = _either(first.asked.holds, last.asked.holds)
    spec["validations"] = [{"expression": expression(holds), **_message(first, last)}]
    return spec


def _own_conditions(policy: Policy) -> list[dict[str, Any]]:
    own = policy.spec.webhook_configuration
    return list(msgspec.to_builtins(own.match_conditions or ())) if own else []


def _message(first: Translated, last: Translated) -> dict[str, str]:
    if first.message == last.message:
        return first.message
    others, deleted = first.message["messageExpression"], last.message["messageExpression"]
    text = f"request.operation == 'DELETE' ? {deleted} : {others}"
    return {**first.message, "messageExpression": text}


def _named_conditions(first: Translated, last: Translated) -> list[dict[str, Any]]:
    pairs = [
        (name, _either(term, other))
        for (name, term), (_, other) in zip(
            first.constraints.conditions, last.constraints.conditions, strict=True
        )
    ]
    before = _either(first.preconditions, last.preconditions)
    applies = _either(not_(first.asked.skips), not_(last.asked.skips))
    pairs += [("preconditions", before)] if before != TRUE else []
    pairs += [("applies", applies)] if applies != TRUE else []
    return [{"name": name, "expression": expression(term)} for name, term in pairs if term != TRUE]


def _either(term: Term, on_delete: Term) -> Term:
    if term == on_delete:
        return term
    is_delete = Compare("request.operation", "==", "'DELETE'")
    return Choice(is_delete, on_delete, term)
