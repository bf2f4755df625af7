"""Conditions of preconditions and deny rules, each with its key, operator, value and result.

The result of every condition and of all together is the engine's; conditions that the engine did not need to
look at are judged apart, so that what they load changes nothing.
"""

from propolis.core.evaluation import MissingLookups
from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.conditions import compile_conditions
from propolis.policy.engine.context import Context
from propolis.policy.engine.explain.recording import RecordingContext
from propolis.policy.engine.explain.trace import ERROR, SKIPPED, Budget, Node, Path, brief, outcome_word
from propolis.policy.engine.formatting import shown
from propolis.policy.engine.variables import Constant, compile_document
from propolis.policy.model.conditions import AnyAllConditions, Condition, Conditions


def trace_conditions(
    conditions: Conditions | None, context: RecordingContext, source: Path, budget: Budget
) -> tuple[bool, str, list[Node]]:
    """Whether conditions hold, the error that stopped them, and a node for each.

    Raises:
        MissingLookups: A condition that counts asks for something.
    """
    holds, problem = _judged(conditions, context)
    context.record.taken()
    nodes: list[Node] = []
    if isinstance(conditions, AnyAllConditions):
        for word, group in (("any", conditions.any), ("all", conditions.all)):
            if group is not None and budget.take():
                nodes.append(_group(word, group, context, (*source, word), budget))
    else:
        nodes += _each(conditions or (), context, source, budget, is_any=False)
    return holds, problem, nodes


def _judged(conditions: Conditions | None, context: Context) -> tuple[bool, str]:
    try:
        return compile_conditions(conditions)(context).holds, ""
    except ExpressionError as error:
        return False, error.message


def _group(
    word: str, group: tuple[Condition, ...], context: RecordingContext, source: Path, budget: Budget
) -> Node:
    children = _each(group, context, source, budget, is_any=word == "any")
    one = AnyAllConditions(any=group) if word == "any" else AnyAllConditions(all=group)
    try:
        holds, problem = _judged(one, context.child({}))
    except MissingLookups:
        return Node("conditions", word, SKIPPED, note="not needed", source=source, children=tuple(children))
    outcome = ERROR if problem else outcome_word(holds=holds)
    return Node("conditions", word, outcome, note=problem, source=source, children=tuple(children))


def _each(
    group: tuple[Condition, ...], context: RecordingContext, source: Path, budget: Budget, *, is_any: bool
) -> list[Node]:
    nodes: list[Node] = []
    is_over = False
    for index, condition in enumerate(group):
        if not budget.take():
            continue
        node = _one(condition, context.child({}), (*source, index), is_needed=not is_over)
        is_over = is_over or node.outcome == ERROR or (node.outcome == outcome_word(holds=is_any))
        nodes.append(node)
    context.record.taken()
    return nodes


def _one(condition: Condition, context: RecordingContext, source: Path, *, is_needed: bool) -> Node:
    """A condition; ``is_needed``: whether the engine came so far."""
    text = f"{shown(condition.key)} {condition.operator} {shown(condition.value)}"
    try:
        holds, problem = _judged((condition,), context)
    except MissingLookups:
        if is_needed:
            raise
        return Node("condition", text, SKIPPED, note="not needed", source=source)
    context.record.taken()
    key = _resolved(condition.key, context)
    value = _resolved(condition.value, context)
    found = "" if key is None else f"key = {key}"
    found += "" if value is None else f"{', ' if found else ''}value = {value}"
    children = context.record.taken()
    note = problem or ("" if is_needed else "not needed")
    outcome = ERROR if problem else outcome_word(holds=holds)
    return Node("condition", text, outcome, found, note, source, children=children)


def _resolved(document: object, context: RecordingContext) -> str | None:
    """What a side with variables became; None for a constant or what cannot be resolved."""
    resolve = compile_document(document)
    if isinstance(resolve, Constant):
        return None
    try:
        return brief(resolve(context))
    except ExpressionError:
        return None
