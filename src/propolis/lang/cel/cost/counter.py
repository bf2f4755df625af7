"""Counts what one evaluation costs, step by step, and ends it at a limit.

    counter = Counter(program.tree, limit)
    value = program.evaluate_observed(variables, runtime, counter.observe)
    counter.cost

Follows cel-go interpreter/runtimecost.go @ v0.30.0 with the options of Kubernetes (a presence test costs
nothing itself). There a chain of fields and indices is one step with a base that costs 1 and parts that cost
1 each; the base of a chain costs nothing where the chain is an index or a branch of a ternary.
"""

from typing import Any

from propolis.lang.cel import operators
from propolis.lang.cel.ast import (
    Call,
    CheckedTree,
    Comprehension,
    Entry,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Select,
    StructExpr,
)
from propolis.lang.cel.cost import units
from propolis.lang.cel.cost.call_costs import call_cost
from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.values import NONE

_INDICES = (operators.INDEX, operators.OPTIONAL_INDEX, operators.OPTIONAL_SELECT)
_FREE = (operators.AND, operators.OR, operators.CONDITIONAL, "or", "orValue", "__orValueCompat__")
"""Calls that cost what is evaluated of their operands."""


class Plan:
    """What every node of a tree costs when it is evaluated, as far as its place in the tree tells it."""

    def __init__(self, tree: CheckedTree) -> None:
        self.tree = tree
        self.fixed: dict[int, int] = {}
        self._visit(tree.root)

    def _visit(self, root: Expr) -> None:
        left: list[tuple[Expr, bool]] = [(root, False)]
        while left:
            node, is_raw = left.pop()
            self.fixed[node.id] = self._cost(node, is_raw=is_raw)
            left += self._children(node, is_raw=is_raw)

    def _cost(self, node: Expr, *, is_raw: bool) -> int:
        if isinstance(node, Ident):
            return 0 if is_raw or node.id in self.tree.constants else units.NAME
        operand = _operand(node)
        if operand is not None:
            base = 0 if is_raw or self._is_chain(operand) else units.NAME
            is_test = isinstance(node, Select) and node.tests_only
            return base + (0 if is_test else units.NAME)
        if isinstance(node, Comprehension):
            return units.LIST if _is_binding(node) else 0
        return _MAKING.get(type(node), 0)

    def _is_chain(self, node: Expr) -> bool:
        """Whether a node is a step that more parts can join."""
        if isinstance(node, Ident):
            return node.id not in self.tree.constants
        is_test = isinstance(node, Select) and node.tests_only
        is_choice = isinstance(node, Call) and node.function == operators.CONDITIONAL
        return (is_choice or _operand(node) is not None) and not is_test

    def _children(self, node: Expr, *, is_raw: bool) -> list[tuple[Expr, bool]]:
        operand = _operand(node)
        if operand is not None:
            indices = node.arguments[1:] if isinstance(node, Call) else ()
            return [
                (operand, is_raw and self._is_chain(operand)),
                *((index, self._is_chain(index)) for index in indices),
            ]
        if isinstance(node, Call) and node.function == operators.CONDITIONAL:
            condition, *branches = node.arguments
            return [(condition, False), *((branch, self._is_chain(branch)) for branch in branches)]
        return [(child, False) for child in _parts(node)]


_MAKING = {ListExpr: units.LIST, MapExpr: units.MAP, StructExpr: units.STRUCT}


def _operand(node: Expr) -> Expr | None:
    """What a field or an index is taken of; None for any other node."""
    if isinstance(node, Select):
        return node.operand
    if isinstance(node, Call) and node.function in _INDICES and node.target is None:
        return node.arguments[0]
    return None


def _parts(node: Expr) -> list[Expr]:
    if isinstance(node, Call):
        return [*([node.target] if node.target is not None else []), *node.arguments]
    if isinstance(node, ListExpr):
        return list(node.elements)
    if isinstance(node, MapExpr | StructExpr):
        return [part for entry in node.entries for part in _of_entry(entry)]
    if isinstance(node, Comprehension):
        return [node.range, node.start, node.condition, node.step, node.result]
    return []


def _of_entry(entry: Entry) -> list[Expr]:
    return [entry.value] if isinstance(entry.key, str) else [entry.key, entry.value]


def _is_binding(node: Comprehension) -> bool:
    is_never = isinstance(node.condition, Literal) and node.condition.value is False
    return is_never and isinstance(node.range, ListExpr) and not node.range.elements


class Counter:
    """The cost of one evaluation.

    Attributes:
        cost: So far.
    """

    def __init__(self, plan: Plan, limit: int | None = None) -> None:
        self.cost = 0
        self._limit = limit
        self._fixed = plan.fixed
        self._overloads = plan.tree.overloads
        self._values: dict[int, Any] = {}

    def observe(self, node: Expr, value: Any) -> None:
        """Adds what a step cost; ``value`` may be the error that it ended with.

        Raises:
            CostError: The evaluation costs more than the limit.
        """
        self._values[node.id] = value
        fixed = self._fixed.get(node.id, 0)
        if isinstance(node, Call) and node.function not in _INDICES:
            self.cost += self._of_call(node, value)
        elif value is not NONE or _operand(node) is None:
            self.cost += fixed
        if self._limit is not None and self.cost > self._limit:
            raise CostError("operation cancelled: actual cost limit exceeded")

    def _of_call(self, node: Call, value: Any) -> int:
        if node.function in _FREE:
            return 0
        arguments = [self._values.get(part.id, _MISSING) for part in _parts(node)]
        if any(one is _MISSING or isinstance(one, EvaluationError) for one in arguments):
            return 1 if node.function == operators.NOT_STRICTLY_FALSE else 0
        overloads = self._overloads.get(node.id, ())
        return call_cost(node.function, overloads[0] if len(overloads) == 1 else "", arguments, value)


_MISSING = object()
