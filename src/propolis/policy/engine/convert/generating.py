"""Generate rules as GeneratingPolicy: data as templates, clones as look-ups of their sources."""

from typing import Any

from propolis.lang.plural import plural_of
from propolis.policy.engine.convert.conditions import split_operations, translate_conditions
from propolis.policy.engine.convert.context import scope_with
from propolis.policy.engine.convert.json_patches import dynamic
from propolis.policy.engine.convert.matching import operations_of, translate_match
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.settings import check_settings
from propolis.policy.engine.convert.strings import text_of
from propolis.policy.engine.convert.terms import TRUE, Compare, Term, expression
from propolis.policy.engine.convert.texts import literal
from propolis.policy.model.generation import Generation
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule


def generating_spec(policy: Policy, rule: PolicyRule) -> dict[str, Any]:
    """The ``spec`` of a GeneratingPolicy that makes what a rule makes.

    Raises:
        Refused: The rule has no sure translation.
    """
    generation = rule.generate
    if generation is None:
        raise Refused("it does not generate")
    if policy.namespace:
        raise Refused("generation within a namespace")
    check_settings(policy, rule)
    wanted = tuple(one for one in operations_of(rule.match) if one in ("CREATE", "UPDATE"))
    preconditions, operations = split_operations(rule.preconditions, wanted)
    if not operations:
        raise Refused("it is for no operation after which something is there")
    scope = scope_with(rule.context, Scope())
    constraints = translate_match(rule.match, rule.exclude, operations)
    made, applies = _generated(generation, scope)
    before = translate_conditions(preconditions, scope).term
    terms = [*constraints.conditions, ("preconditions", before), ("applies", applies)]
    conditions = [{"name": name, "expression": expression(term)} for name, term in terms if term != TRUE]
    return {
        "evaluation": _evaluation(policy, generation),
        "matchConstraints": {"resourceRules": list(constraints.rules)},
        **({"matchConditions": conditions} if conditions else {}),
        "generate": [{"expression": made}],
    }


def _evaluation(policy: Policy, generation: Generation) -> dict[str, Any]:
    own = generation.generate_existing
    is_existing = policy.spec.generate_existing if own is None else own
    found: dict[str, Any] = {"synchronize": {"enabled": bool(generation.synchronize)}}
    if is_existing:
        found["generateExisting"] = {"enabled": True}
    if generation.orphan_downstream_on_policy_delete:
        found["orphanDownstreamOnPolicyDelete"] = {"enabled": True}
    return found


def _generated(generation: Generation, scope: Scope) -> tuple[str, Term]:
    """The expression, and when there is something to make."""
    if generation.foreach:
        raise Refused("something for each element of a list")
    if generation.clone_list is not None:
        raise Refused("clones of several kinds")
    if not generation.kind or not generation.name:
        raise Refused("what is generated has no kind or name")
    namespace = text_of(generation.namespace or "", scope, may_fail=True)
    name = text_of(generation.name, scope, may_fail=True)
    if generation.clone is not None:
        return _cloned(generation, namespace, name, scope)
    data = generation.data if generation.data is not None else {}
    if not isinstance(data, dict):
        raise Refused("data that is no object")
    metadata = data.get("metadata") or {}
    document = {**data, "apiVersion": generation.api_version or "v1", "kind": generation.kind}
    named = {**metadata, "name": generation.name}
    if generation.namespace:
        named["namespace"] = generation.namespace
    made = dynamic({**document, "metadata": named}, scope, keeps_types=True)
    return f"generator.Apply({namespace}, [{made}])", TRUE


def _cloned(generation: Generation, namespace: str, name: str, scope: Scope) -> tuple[str, Term]:
    """The source under its own name, where it is not the source itself.

    Another name would need each field of the source.
    """
    clone = generation.clone
    if clone is None or not clone.name:
        raise Refused("a clone without the name of its source")
    if clone.name != generation.name:
        raise Refused("a clone under another name")
    source = text_of(clone.namespace or "", scope, may_fail=True)
    plural = literal(plural_of(generation.kind or ""))
    version = literal(generation.api_version or "v1")
    made = f"generator.Apply({namespace}, [resource.Get({version}, {plural}, {source}, {name})])"
    return made, Compare(namespace, "!=", source)
