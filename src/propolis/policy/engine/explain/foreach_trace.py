"""Foreach of validate rules: every list and every element of it, as the engine goes through them."""

from typing import Any

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError, NotFoundError
from propolis.policy.engine.entries import compile_entries
from propolis.policy.engine.explain.check_trace import CheckTracer
from propolis.policy.engine.explain.condition_trace import trace_conditions
from propolis.policy.engine.explain.recording import RecordingContext
from propolis.policy.engine.explain.trace import (
    ERROR,
    MET,
    SKIPPED,
    UNMET,
    Node,
    Path,
    Traced,
    brief,
)
from propolis.policy.engine.foreach import element_values, list_elements
from propolis.policy.model.validation import ForEachValidation, Validation

WORDS = {
    Outcome.PASS: MET,
    Outcome.FAIL: UNMET,
    Outcome.ERROR: ERROR,
    Outcome.SKIP: SKIPPED,
    Outcome.WARN: UNMET,
    None: SKIPPED,
}


def trace_foreach(
    tracer: CheckTracer,
    items: tuple[ForEachValidation, ...],
    context: RecordingContext,
    value: Any,
    source: Path,
    level: int = 0,
) -> Traced:
    """All lists. As in the engine the first element that does not pass decides."""
    nodes: list[Node] = []
    decided: Outcome | None = None
    applied, problem = 0, ""
    for index, item in enumerate(items):
        loop = _Loop(tracer, item, (*source, index), level)
        outcome, count, why, node = loop.trace(context, value, is_over=decided is not None)
        nodes.append(node)
        if decided is None:
            decided, applied, problem = outcome, applied + count, problem or why
    if decided is None:
        decided = Outcome.PASS if applied else (Outcome.ERROR if problem else None)
    return Traced(decided, tuple(nodes))


class _Loop:
    """One list."""

    def __init__(self, tracer: CheckTracer, item: ForEachValidation, source: Path, level: int) -> None:
        self._tracer = tracer
        self._item = item
        self._source = source
        self._level = level

    def trace(
        self, context: RecordingContext, value: Any, *, is_over: bool
    ) -> tuple[Outcome | None, int, str, Node]:
        """What decides (None for nothing), the elements that count, an error of the list, the node."""
        text = self._item.list or ""
        try:
            elements = list_elements(text, context)
        except NotFoundError as error:
            node = Node("foreach", text, SKIPPED, note=error.message, source=self._source)
            return None, 0, "", node
        except ExpressionError as error:
            node = Node("foreach", text, ERROR, note=error.message, source=self._source)
            return None, 0, error.message, node
        context.record.taken()
        outcome, applied, nodes = self._elements(elements, context, value)
        word = SKIPPED if is_over or not (applied or outcome) else WORDS[outcome or Outcome.PASS]
        note = "" if elements else "the list is empty"
        found = f"{len(elements)} element{'' if len(elements) == 1 else 's'}"
        node = Node("foreach", text, word, found, note, self._source, children=tuple(nodes))
        return outcome, applied, "", node

    def _elements(
        self, elements: list[Any], context: RecordingContext, value: Any
    ) -> tuple[Outcome | None, int, list[Node]]:
        nodes: list[Node] = []
        outcome: Outcome | None = None
        applied = 0
        for index, element in enumerate(elements):
            if element is None or (outcome is not None and self._tracer.budget.left <= 0):
                continue
            is_kept = self._tracer.budget.take()
            traced = self._element(element, index, context, value)
            if is_kept:
                place = self._tracer.place_of(element)
                nodes.append(Node("element", f"[{index}]", WORDS[traced.outcome], brief(element), "",
                                  self._source, place, children=traced.nodes))  # fmt: skip
            if outcome is None and traced.outcome is Outcome.PASS:
                applied += 1
            elif outcome is None and traced.outcome in (Outcome.FAIL, Outcome.ERROR):
                outcome = traced.outcome
        return outcome, applied, nodes

    def _element(self, element: Any, index: int, context: RecordingContext, value: Any) -> Traced:
        item = self._item
        is_object = isinstance(element, dict)
        if item.element_scope and not is_object:
            note = "elementScope is for elements that are objects"
            return Traced(Outcome.ERROR, (Node("element", "elementScope", ERROR, note=note),))
        is_scoped = is_object if item.element_scope is None else item.element_scope
        made = compile_entries(item.context, self._tracer.policy_namespace)
        entries = context.record.entries(made, self._source)
        inner = context.child(element_values(element, index, self._level), entries)
        nodes: list[Node] = []
        if item.preconditions:
            source = (*self._source, "preconditions")
            holds, problem, found = trace_conditions(item.preconditions, inner, source, self._tracer.budget)
            word = ERROR if problem else MET if holds else SKIPPED
            nodes.append(Node("preconditions", "", word, note=problem, source=source, children=tuple(found)))
            if not holds:
                return Traced(None, tuple(nodes))
        target = self._tracer.place_of(element) if is_scoped else ()
        traced = self._checked(inner, element if is_scoped else value, target)
        return Traced(traced.outcome, (*nodes, *traced.nodes, *context.record.taken()))

    def _checked(self, context: RecordingContext, value: Any, target: Path | None) -> Traced:
        item, source = self._item, self._source
        if item.foreach is not None and item.pattern is None and item.any_pattern is None and not item.deny:
            inner = (*source, "foreach")
            return trace_foreach(self._tracer, item.foreach, context, value, inner, self._level + 1)
        patterns = item.any_pattern
        if patterns is not None and not isinstance(patterns, list):
            patterns = [patterns]
        check = Validation(pattern=item.pattern, any_pattern=patterns, deny=item.deny)
        return self._tracer.trace(check, context, value, source, target)
