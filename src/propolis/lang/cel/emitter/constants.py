"""Folding: what does not depend on variables is computed once."""

from typing import Any

from propolis.core.evaluation import MissingLookups
from propolis.lang.cel import operators
from propolis.lang.cel.ast import Call, CheckedTree, Expr, Ident, ListExpr, Literal
from propolis.lang.cel.dispatch import dispatcher
from propolis.lang.cel.environment import Environment
from propolis.lang.cel.errors import EvaluationError

UNKNOWN: Any = object()
"""No constant."""
_NEVER = frozenset({operators.AND, operators.OR, operators.CONDITIONAL, operators.NOT_STRICTLY_FALSE})
_MOST_ELEMENTS = 10_000


class Constants:
    """The values of constant expressions of one tree."""

    def __init__(self, tree: CheckedTree, environment: Environment) -> None:
        self._tree = tree
        self._environment = environment
        self._found: dict[int, Any] = {}

    def of(self, node: Expr) -> Any:
        """The value of an expression, or `UNKNOWN`. Whoever gets a list must not change it."""
        if node.id not in self._found:
            self._found[node.id] = self._value(node)
        return self._found[node.id]

    def _value(self, node: Expr) -> Any:
        match node:
            case Literal():
                return node.value
            case Ident():
                return self._tree.constants.get(node.id, UNKNOWN)
            case ListExpr() if not node.optionals:
                values = [self.of(element) for element in node.elements]
                return UNKNOWN if any(value is UNKNOWN for value in values) else values
            case Call():
                return self._called(node)
            case _:
                return UNKNOWN

    def _called(self, node: Call) -> Any:
        function = self._environment.functions.get(node.function)
        if function is None or function.name in _NEVER:
            return UNKNOWN
        if any(overload.needs_runtime for overload in function.overloads):
            return UNKNOWN
        operands = node.arguments if node.target is None else (node.target, *node.arguments)
        values = [self.of(operand) for operand in operands]
        if any(value is UNKNOWN for value in values):
            return UNKNOWN
        checked = self._tree.overloads.get(node.id, ())
        call = dispatcher(function, len(values), is_member=node.target is not None, checked=checked)
        try:
            made = call(None, *values)
        except (EvaluationError, MissingLookups):
            return UNKNOWN
        return UNKNOWN if isinstance(made, (list, str, bytes)) and len(made) > _MOST_ELEMENTS else made
