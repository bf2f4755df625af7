"""The check of a validate rule: pattern, anyPattern, deny; other ways in modules of their own."""

from typing import Any

from propolis.core.finding import Outcome
from propolis.lang.jmespath import ExpressionError
from propolis.policy.engine.explain.condition_trace import trace_conditions
from propolis.policy.engine.explain.pattern_trace import PatternWalk
from propolis.policy.engine.explain.recording import RecordingContext
from propolis.policy.engine.explain.trace import ERROR, MET, SKIPPED, UNMET, Budget, Node, Path, Traced
from propolis.policy.engine.mismatch import FAIL, SKIP
from propolis.policy.engine.pattern_tree import PatternTooDeepError, check_levels
from propolis.policy.engine.variables import Constant, compile_document
from propolis.policy.model.validation import Deny, Validation


class CheckTracer:
    """Traces the checks of one rule on one resource.

    Attributes:
        budget: Nodes that may be told.
        policy_namespace: Of a namespaced policy.
    """

    def __init__(self, document: Any, budget: Budget, policy_namespace: str) -> None:
        self.budget = budget
        self.policy_namespace = policy_namespace
        self._document = document
        self._places: dict[int, Path] | None = None

    def place_of(self, value: Any) -> Path | None:
        """Where an object or list that an expression gave stands in the resource; None where it does not."""
        if not isinstance(value, dict | list):
            return None
        if self._places is None:
            self._places = places_in(self._document)
        return self._places.get(id(value))

    def trace(
        self, check: Validation, context: RecordingContext, value: Any, source: Path, target: Path | None
    ) -> Traced:
        """A pattern, an anyPattern or a deny."""
        if check.pattern is not None:
            return self._single(check.pattern, context, value, (*source, "pattern"), target)
        if check.any_pattern is not None:
            return self._any(check.any_pattern, context, value, (*source, "anyPattern"), target)
        return self._deny(check.deny or Deny(), context, (*source, "deny"))

    def _single(
        self, pattern: Any, context: RecordingContext, value: Any, source: Path, target: Path | None
    ) -> Traced:
        try:
            resolved, variables = _resolved(pattern, context)
        except (ExpressionError, PatternTooDeepError) as error:
            return Traced(Outcome.ERROR, (Node("pattern", "", ERROR, note=error.message, source=source),))
        seen: dict[str, bool] = {}
        walk = PatternWalk(self.budget)
        verdict, nodes = walk.walk(resolved, value, source, target, seen)
        outcome = _outcome(verdict, seen, is_placeless=walk.is_placeless)
        note = _note(verdict, seen)
        word = {Outcome.PASS: MET, Outcome.SKIP: SKIPPED, Outcome.ERROR: ERROR}.get(outcome, UNMET)
        children = (*variables, *nodes)
        return Traced(outcome, (Node("pattern", "", word, "", note, source, target, children=children),))

    def _any(
        self, patterns: list[Any], context: RecordingContext, value: Any, source: Path, target: Path | None
    ) -> Traced:
        try:
            ready = [_resolved(pattern, context) for pattern in patterns]
        except (ExpressionError, PatternTooDeepError) as error:
            return Traced(Outcome.ERROR, (Node("anyPattern", "", ERROR, note=error.message, source=source),))
        nodes: list[Node] = []
        words: list[str] = []
        for index, (pattern, variables) in enumerate(ready):
            verdict, inner = PatternWalk(self.budget).walk(pattern, value, (*source, index), target, {})
            words.append(MET if not verdict else SKIPPED if verdict == SKIP else UNMET)
            nodes.append(Node("alternative", f"[{index}]", words[-1], source=(*source, index), target=target,
                              children=(*variables, *inner)))  # fmt: skip
        if MET in words or not words:
            outcome = Outcome.PASS
        else:
            outcome = Outcome.FAIL if UNMET in words else Outcome.SKIP
        word = {Outcome.PASS: MET, Outcome.SKIP: SKIPPED}.get(outcome, UNMET)
        return Traced(outcome, (Node("anyPattern", "", word, source=source, children=tuple(nodes)),))

    def _deny(self, deny: Deny, context: RecordingContext, source: Path) -> Traced:
        at = (*source, "conditions") if deny.conditions is not None else source
        holds, problem, nodes = trace_conditions(deny.conditions, context, at, self.budget)
        outcome = Outcome.ERROR if problem else Outcome.FAIL if holds else Outcome.PASS
        word = ERROR if problem else UNMET if holds else MET
        note = problem or ("its conditions hold" if holds else "its conditions do not hold")
        return Traced(outcome, (Node("deny", "", word, "", note, source, children=tuple(nodes)),))


def _resolved(pattern: Any, context: RecordingContext) -> tuple[Any, tuple[Node, ...]]:
    """A pattern with its variables filled in, and the variables.

    Raises:
        ExpressionError: A variable cannot be resolved.
        PatternTooDeepError: It is nested too deep.
    """
    resolve = compile_document(pattern)
    context.record.taken()
    found = resolve.value if isinstance(resolve, Constant) else resolve(context)
    check_levels(found)
    return found, context.record.taken()


def _outcome(verdict: str, seen: dict[str, bool], *, is_placeless: bool) -> Outcome:
    """What a departure means: an anchor whose key is nowhere makes a failure an error, as no place does."""
    if not verdict:
        return Outcome.PASS
    if verdict == SKIP:
        return Outcome.SKIP
    is_error = verdict == FAIL and (is_placeless or not all(seen.values()))
    return Outcome.ERROR if is_error else Outcome.FAIL


def _note(verdict: str, seen: dict[str, bool]) -> str:
    if verdict == FAIL and not all(seen.values()):
        absent = ", ".join(key for key, is_there in seen.items() if not is_there)
        return f"the resource has no key for {absent}"
    return ""


def places_in(document: Any) -> dict[int, Path]:
    """Way to every object and list of a document, by its identity."""
    found: dict[int, Path] = {}
    todo: list[tuple[Path, Any]] = [((), document)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, dict):
            todo += [((*path, key), item) for key, item in value.items() if isinstance(item, dict | list)]
        else:
            todo += [
                ((*path, index), item) for index, item in enumerate(value) if isinstance(item, dict | list)
            ]
        found.setdefault(id(value), path)
    return found
