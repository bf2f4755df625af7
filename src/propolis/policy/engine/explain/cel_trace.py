"""Expressions in CEL: each with its value, and what its parts gave. The outcome of the rule is the engine's.

Of several parameters the first is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from propolis.lang.cel.library import Runtime
from propolis.lang.cel.program import Program
from propolis.policy.engine.cel.activation import EXCEPTIONS, VARIABLES, Variables, request_activation
from propolis.policy.engine.cel.programs import Expressions, PolicyError
from propolis.policy.engine.cel.run import CALL_COST
from propolis.policy.engine.explain.trace import (
    ERROR,
    MET,
    SKIPPED,
    UNMET,
    Budget,
    Node,
    Path,
    brief,
    outcome_word,
)
from propolis.policy.engine.request import Request
from propolis.policy.model.cel.match import NamedExpression, Validation

MOST_PARTS = 40
"""Parts of one expression that are told."""


class CelTracer:
    """Traces the expressions of one policy or rule.

    Args:
        expressions: They grow by the variables that are traced.
        more: What they see beside the request: parameters, what exceptions allow.
    """

    def __init__(
        self,
        expressions: Expressions,
        request: Request,
        now: datetime,
        budget: Budget,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self._expressions = expressions
        self._budget = budget
        self._runtime = Runtime(now, request.ask, CALL_COST)
        self._activation = request_activation(request)
        self._activation[EXCEPTIONS] = {"allowedImages": [], "allowedValues": []}
        self._activation.update(more or {})
        self._activation[VARIABLES] = Variables(expressions.variables, self._activation, self._runtime)

    def conditions(self, entries: Sequence[NamedExpression] | None, source: Path) -> Iterator[Node]:
        """Conditions of a policy: one that is not met leaves the resource out."""
        for index, entry in enumerate(entries or ()):
            yield from self._one("condition", entry.name, entry.expression, (*source, index, "expression"))

    def variables(self, entries: Sequence[NamedExpression] | None, source: Path) -> Iterator[Node]:
        """Variables, each with its value."""
        for index, entry in enumerate(entries or ()):
            at = (*source, index, "expression")
            yield from self._one("variable", entry.name, entry.expression, at)
            try:
                self._expressions.add_variables([entry])
            except PolicyError:
                return

    def validations(self, entries: Sequence[Validation] | None, source: Path) -> Iterator[Node]:
        """What must be true."""
        for index, entry in enumerate(entries or ()):
            yield from self._one("expression", "", entry.expression, (*source, index, "expression"))

    def _one(self, what: str, name: str, text: str, source: Path) -> Iterator[Node]:
        if not self._budget.take():
            return
        title = f"{name}: {' '.join(text.split())}" if name else " ".join(text.split())
        try:
            program = self._expressions.program(text, *source)
        except PolicyError as error:
            yield Node(what, title, ERROR, note=error.error.message, source=source)
            return
        value, problem, parts = self._traced(program, source)
        word = _word(what, value, problem)
        shown = "" if problem or what != "variable" else told(value)
        yield Node(what, title, word, shown, problem, source, children=tuple(parts))

    def _traced(self, program: Program, source: Path) -> tuple[Any, str, list[Node]]:
        trace = program.trace(self._activation, self._runtime)
        parts: list[Node] = []
        for step in trace.steps:
            if len(parts) >= MOST_PARTS or not self._budget.take():
                break
            text = " ".join(step.text.split())
            word, note = (ERROR, step.error) if step.error else ("", "")
            parts.append(Node("part", text, word, "" if step.error else told(step.value), note, source))
        return trace.value, trace.error, parts[:-1]


def _word(what: str, value: Any, problem: str) -> str:
    if problem:
        return ERROR
    if what == "variable":
        return ""
    if what == "condition":
        return MET if value is True else SKIPPED
    return outcome_word(holds=value is True) if isinstance(value, bool) else UNMET


def told(value: Any) -> str:
    """A value for one line, in its own words where it is none of JSON."""
    try:
        return brief(dict(value) if isinstance(value, Mapping) and not isinstance(value, dict) else value)
    except (TypeError, ValueError):
        return repr(value)[:200]
