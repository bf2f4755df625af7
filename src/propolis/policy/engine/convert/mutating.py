"""Mutate rules as MutatingPolicy."""

from typing import Any

import msgspec

from propolis.policy.engine.convert.always import always_there
from propolis.policy.engine.convert.applied import applied_object
from propolis.policy.engine.convert.bases import group_and_kind
from propolis.policy.engine.convert.conditions import split_operations, translate_conditions
from propolis.policy.engine.convert.context import scope_with
from propolis.policy.engine.convert.json_patches import json_patch, json_patch_of_each
from propolis.policy.engine.convert.matching import operations_of, translate_match
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.settings import autogen_of, check_settings, controllers_of, webhook_of
from propolis.policy.engine.convert.terms import TRUE, Term, and_, expression, or_
from propolis.policy.engine.convert.whole_places import split_patch, whole_patch
from propolis.policy.model.mutation import Mutation
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule


def mutating_spec(policy: Policy, rule: PolicyRule) -> dict[str, Any]:
    """The ``spec`` of a MutatingPolicy that does what a rule does.

    Raises:
        Refused: The rule has no sure translation.
    """
    mutation = rule.mutate
    if mutation is None:
        raise Refused("it does not mutate")
    if mutation.targets:
        raise Refused("it changes what exists")
    check_settings(policy, rule)
    wanted = tuple(one for one in operations_of(rule.match) if one in ("CREATE", "UPDATE"))
    preconditions, operations = split_operations(rule.preconditions, wanted)
    if not operations:
        raise Refused("it is for no operation that changes an object")
    controllers = controllers_of(policy, rule)
    scope = scope_with(rule.context, Scope(always=always_there(rule, is_moved=bool(controllers))))
    constraints = translate_match(rule.match, rule.exclude, operations)
    conditions = [*constraints.conditions, ("preconditions", translate_conditions(preconditions, scope).term)]
    mutations, applies = _mutations(rule, mutation, scope)
    conditions.append(("applies", applies))
    named = [{"name": name, "expression": expression(term)} for name, term in conditions if term != TRUE]
    webhook = policy.spec.webhook_configuration
    named += msgspec.to_builtins(webhook.match_conditions or ()) if webhook else []
    return {
        **webhook_of(policy),
        **(
            {"evaluation": {"admission": {"enabled": policy.spec.admission}}}
            if policy.spec.admission is not None
            else {}
        ),
        **autogen_of(controllers, constraints.rules),
        "matchConstraints": {"resourceRules": list(constraints.rules)},
        **({"matchConditions": named} if named else {}),
        "mutations": mutations,
    }


def is_movable(spec: dict[str, Any]) -> bool:
    """Whether autogen of CEL policies moves all of a ``spec``: it leaves JSON patches alone."""
    return all(one["patchType"] == "ApplyConfiguration" for one in spec["mutations"])


def _mutations(rule: PolicyRule, mutation: Mutation, scope: Scope) -> tuple[list[dict[str, Any]], Term]:
    if mutation.foreach is not None:
        made = [json_patch_of_each(item, scope) for item in mutation.foreach]
        return [_json(text) for text, _ in made], or_(applies for _, applies in made)
    if mutation.patch_strategic_merge is not None:
        return _strategic(rule, mutation.patch_strategic_merge, scope)
    if mutation.patches_json6902:
        return [_json(json_patch(mutation.patches_json6902, scope))], TRUE
    raise Refused("it changes nothing")


def _strategic(rule: PolicyRule, patch: Any, scope: Scope) -> tuple[list[dict[str, Any]], Term]:
    """What can be applied, then what is taken whole; all kinds of the rule must take the same whole."""
    splits = [split_patch(patch, *group_and_kind(kind)) for kind in rule.match.kinds()]
    rest, places = splits[0] if splits else (patch, [])
    if any(one != (rest, places) for one in splits):
        raise Refused("its kinds take different parts of the patch whole")
    applied = applied_object(rest, scope)
    if places and applied.conditions != TRUE:
        raise Refused("conditions on what is taken whole")
    made = [_json(whole_patch(place, scope)) for place in places]
    if rest or not places:
        text = {"expression": applied.text}
        made.insert(0, {"patchType": "ApplyConfiguration", "applyConfiguration": text})
    changes = TRUE if places else applied.changes
    return made, and_([applied.conditions, changes])


def _json(text: str) -> dict[str, Any]:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": text}}
