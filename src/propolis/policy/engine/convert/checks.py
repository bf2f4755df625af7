"""What a validate rule asks, as terms of CEL: when it is for a request, what must hold."""

from collections.abc import Callable
from typing import Any

import msgspec

from propolis.policy.engine.convert.conditions import translate_conditions
from propolis.policy.engine.convert.context import scope_with
from propolis.policy.engine.convert.jmespath import translate
from propolis.policy.engine.convert.patterns import Asked, PatternWriter, met
from propolis.policy.engine.convert.reading import kind_of
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.scope import Scope
from propolis.policy.engine.convert.terms import FALSE, TRUE, Compare, Term, and_, not_, or_
from propolis.policy.engine.convert.values import Source, Stream, Value
from propolis.policy.model.rule import PolicyRule
from propolis.policy.model.validation import Deny, ForEachValidation, Validation

_NAMES = (("request.object.metadata.name",), ("request.object.metadata.namespace",), ("request.namespace",))


def translate_check(rule: PolicyRule, validation: Validation, scope: Scope) -> Asked:
    """What a rule asks of a request, its preconditions apart.

    Raises:
        Refused: It has no sure translation.
    """
    if validation.pattern is not None or validation.any_pattern is not None:
        return _patterns(validation.pattern, validation.any_pattern, scope, scope.holder, ())
    if validation.deny is not None:
        return met(_denied(validation.deny, scope))
    if validation.foreach is not None:
        return _foreach(validation.foreach, scope)
    for name in ("pod_security", "assertion", "manifests"):
        if getattr(validation, name) is not None:
            raise Refused(f"{name.replace('_', ' ')} has no translation")
    raise Refused(f"rule {rule.name} validates nothing")


def _denied(deny: Deny, scope: Scope) -> Term:
    if deny.conditions is None:
        return FALSE
    return not_(translate_conditions(deny.conditions, scope).term)


def _patterns(pattern: Any, any_pattern: Any, scope: Scope, value: str, path: tuple[str, ...]) -> Asked:
    writer = PatternWriter(_leaf_of(scope), scope.always)
    if pattern is not None:
        return writer.write(pattern, value, path)
    alternatives = [writer.write(item, value, path) for item in any_pattern]
    meets = or_(one.meets for one in alternatives)
    skips = and_(one.skips for one in alternatives)
    return Asked(meets, skips, meets if skips == FALSE else or_([skips, meets]))


def _leaf_of(scope: Scope) -> Callable[[str, str], Term]:
    """Leaves that are one variable: names, which hold no wildcards and are no amounts."""

    def leaf_of(pattern: str, value: str) -> Term:
        inner = pattern.strip().removeprefix("{{").removesuffix("}}").strip()
        if (inner,) not in _NAMES or not pattern.strip().startswith("{{"):
            raise Refused(f"the pattern {pattern!r} has a variable that may hold an operator")
        found = translate(inner, scope)
        if not isinstance(found, Value):
            raise Refused(f"the pattern {pattern!r}")
        return Compare(value, "==", found.text)

    return leaf_of


def _foreach(items: tuple[ForEachValidation, ...], scope: Scope) -> Asked:
    """All lists; a rule of which no list has an element that counts says nothing."""
    asked = [_loop(item, scope) for item in items]
    return Asked(
        meets=and_(one.holds for one in asked),
        skips=and_(one.skips for one in asked),
        holds=and_(one.holds for one in asked),
    )


def _loop(item: ForEachValidation, scope: Scope) -> Asked:
    if item.foreach is not None:
        raise Refused("a list within a list")
    stream = elements_of(item.list or "", scope)
    names = [source.name for source in stream.sources]
    inner = scope_with(item.context, scope.with_element(stream.element, names))
    conditions = translate_conditions(item.preconditions, inner)
    if conditions.can_fail:
        raise Refused("preconditions of elements that may be errors, which leave elements out")
    asked = _element(item, inner, stream.element)
    applies = and_([conditions.term, not_(asked.skips)])
    check = asked.holds if conditions.term == TRUE else or_([not_(conditions.term), asked.holds])
    holds = stream.all(lambda _: check)
    return Asked(holds, not_(_some(stream, applies)), holds)


def _some(stream: Stream, applies: Term) -> Term:
    """Whether an element counts."""
    only = stream.sources[0]
    if applies == TRUE and len(stream.sources) == 1 and only.holds == TRUE and stream.element.there == TRUE:
        return and_([stream.there, Compare(f"{only.text}.size()", ">", "0")])
    return stream.exists(lambda _: applies)


def _element(item: ForEachValidation, scope: Scope, element: Value) -> Asked:
    if item.deny is not None:
        return met(_denied(item.deny, scope))
    if item.pattern is None and item.any_pattern is None:
        raise Refused("a list without a check")
    if (
        kind_of(msgspec.structs.replace(element, path=element.path[:-1])) == "list"
        or item.element_scope is False
    ):
        raise Refused("a pattern of the whole resource for each element")
    always = scope.always | {element.text}
    return _patterns(
        item.pattern, item.any_pattern, msgspec.structs.replace(scope, always=always), element.text, ("",)
    )


def elements_of(text: str, scope: Scope) -> Stream:
    """The elements that a list gives. Raises `Refused`."""
    found = translate(text, scope)
    if isinstance(found, Stream):
        return found
    if isinstance(found, Value) and found.default is None:
        name = "element" if not found.path else ELEMENT_NAMES.get(found.path[-1], "element")
        while name in scope.taken:
            name += "2"
        return Stream((Source(name, found.text),), Value(name, path=(*found.path, "")), found.there)
    raise Refused(f"the list {text!r}")


ELEMENT_NAMES = {
    "containers": "container", "initContainers": "container", "ephemeralContainers": "container",
    "volumes": "volume", "rules": "rule", "hosts": "host", "subjects": "subject",
}  # fmt: skip
