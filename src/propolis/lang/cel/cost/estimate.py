"""Within which bounds an expression costs, before it is evaluated.

    estimate(program.tree, size_of)

Follows cel-go checker/cost.go @ v0.30.0 with the options of Kubernetes: a presence test costs nothing itself.
"""

from typing import TYPE_CHECKING, Any

from propolis.lang.cel import operators
from propolis.lang.cel.ast import (
    Call,
    CheckedTree,
    Comprehension,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Select,
    StructExpr,
)
from propolis.lang.cel.cost import units
from propolis.lang.cel.cost.call_estimates import estimate_call
from propolis.lang.cel.cost.calls import Estimate, Question
from propolis.lang.cel.cost.ranges import ENDLESS, NOTHING, ONE, Range, exactly, total
from propolis.lang.cel.cost.sizes import Entries, Local, SizeOf, Sizes

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = exactly(units.NAME)
_HAVE_FIELDS = frozenset({"map", "object", "param"})


def estimate(tree: CheckedTree, size_of: SizeOf | None = None) -> Range:
    """The least and the most that an evaluation costs.

    Args:
        tree: A checked tree.
        size_of: Sizes of the variables and what is in them, by their schema; unknown sizes have no bound.
    """
    return _Estimator(Sizes(tree, size_of), tree).cost(tree.root)


class _Estimator:
    def __init__(self, sizes: Sizes, tree: CheckedTree) -> None:
        self._sizes = sizes
        self._tree = tree
        self._costs: dict[type, Callable[[Any], Range]] = {
            Literal: lambda _: NOTHING,
            Ident: self._ident,
            Select: self._select,
            Call: self._call,
            ListExpr: self._list,
            MapExpr: self._map,
            StructExpr: self._struct,
            Comprehension: self._comprehension,
        }

    def cost(self, node: Expr) -> Range:
        return self._costs[type(node)](node)

    def _ident(self, node: Ident) -> Range:
        local = self._sizes.local(node)
        self._sizes.set_path(node, local.path if local is not None else (node.name.removeprefix("."),))
        return _NAME

    def _select(self, node: Select) -> Range:
        cost = self.cost(node.operand)
        if node.tests_only:
            return cost
        if self._sizes.type(node.operand).kind in _HAVE_FIELDS:
            cost = cost.plus(_NAME)
        self._sizes.set_path(node, (*self._sizes.path(node.operand), node.field))
        return cost

    def _call(self, node: Call) -> Range:
        if node.function == "dyn" and node.target is None:
            cost = self.cost(node.arguments[0])
            self._copy_sizes(node, node.arguments[0])
            return ONE.plus(cost)
        costs = tuple(self.cost(argument) for argument in node.arguments)
        arguments = tuple(self._sizes.value(argument) for argument in node.arguments)
        overloads = self._tree.overloads.get(node.id, ())
        if not overloads:
            return NOTHING
        cost, target = NOTHING, None
        if node.target is not None:
            cost, target = self.cost(node.target), self._sizes.value(node.target)
        question = Question(node.function, overloads[0], target, arguments, costs)
        return cost.plus(self._of_overloads(node, question, overloads))

    def _of_overloads(self, node: Call, question: Question, overloads: tuple[str, ...]) -> Range:
        """What holds the estimates of all overloads that may be meant."""
        cost, size = Range(ENDLESS, 0), None
        for overload_id in overloads:
            found = self._of_overload(node, question.of(overload_id))
            cost = cost.joined(found.cost)
            if found.size is not None:
                size = found.size if size is None else size.joined(found.size)
            if overload_id in _INDICES:
                entries = self._sizes.entries(node.arguments[0])
                size = entries.values if entries is not None else None
                path = self._sizes.path(node.arguments[0])
                self._sizes.set_path(node, (*path, _INDICES[overload_id]))
            if size is None:
                size = self._sizes.size(node)
        self._sizes.set_size(node, size)
        return cost

    def _of_overload(self, node: Call, question: Question) -> Estimate:
        """Operators that choose or join have costs of their own; all else is asked by its overload."""
        own = estimate_call(question, self._sizes)
        if own is not None:
            return Estimate(own.cost.plus(total(question.costs)), own.size)
        if question.overload_id in ("logical_or", "logical_and"):
            left, right = question.costs
            return Estimate(Range(left.low, left.plus(right).high))
        if question.overload_id == "conditional":
            return self._conditional(node, question)
        if question.overload_id in _SUMS:
            return self._sum(node, question)
        return Estimate(ONE.plus(total(question.costs)))

    def _conditional(self, node: Call, question: Question) -> Estimate:
        condition, chosen, other = question.costs
        _, one, two = node.arguments
        self._join_entries(node, one, two)
        size = self._sizes.size_or_unknown(one).joined(self._sizes.size_or_unknown(two))
        return Estimate(condition.plus(chosen.joined(other)), size)

    def _sum(self, node: Call, question: Question) -> Estimate:
        one, two = node.arguments
        size = self._sizes.size_or_unknown(one).plus(self._sizes.size_or_unknown(two))
        self._join_entries(node, one, two)
        cost = ONE if question.overload_id == "add_list" else size.scaled(units.PER_CHARACTER)
        return Estimate(cost.plus(total(question.costs)), size)

    def _join_entries(self, node: Expr, one: Expr, other: Expr) -> None:
        first, second = self._sizes.entries(one), self._sizes.entries(other)
        if first is not None and second is not None:
            self._sizes.set_entries(node, first.joined(second))

    def _list(self, node: ListExpr) -> Range:
        costs = [self.cost(element) for element in node.elements]
        items = self._joined(list(node.elements))
        self._sizes.set_entries(node, Entries("list", ONE, items))
        return total(costs).plus(exactly(units.LIST))

    def _map(self, node: MapExpr) -> Range:
        keys = [entry.key for entry in node.entries if not isinstance(entry.key, str)]
        values = [entry.value for entry in node.entries]
        costs = [self.cost(part) for part in (*keys, *values)]
        self._sizes.set_entries(node, Entries("map", self._joined(keys), self._joined(values)))
        return total(costs).plus(exactly(units.MAP))

    def _joined(self, nodes: list[Expr]) -> Range:
        found = Range(ENDLESS, 0) if nodes else NOTHING
        for node in nodes:
            found = found.joined(self._sizes.size_or_unknown(node))
        return found

    def _struct(self, node: StructExpr) -> Range:
        return total([self.cost(entry.value) for entry in node.entries]).plus(exactly(units.STRUCT))

    def _comprehension(self, node: Comprehension) -> Range:
        if _is_binding(node):
            return self._binding(node)
        outside = self.cost(node.range).plus(self.cost(node.start))
        self._enter_value(node.accumulator, node.start)
        self._enter_loop(node)
        inside = self.cost(node.condition).plus(self.cost(node.step))
        self._sizes.leave(node.variable)
        if node.second_variable:
            self._sizes.leave(node.second_variable)
        outside = outside.plus(self.cost(node.result))
        self._sizes.leave(node.accumulator)
        count = self._sizes.size_or_unknown(node.range)
        if isinstance(node.start, Literal):
            self._sizes.set_size(node, self._sizes.size(node.start))
        elif isinstance(node.start, ListExpr | MapExpr):
            self._sizes.set_size(node, count)
            self._sizes.set_entries(node, self._sizes.entries(node.step))
        return outside.plus(count.times(inside))

    def _binding(self, node: Comprehension) -> Range:
        cost = self.cost(node.range).plus(self.cost(node.start))
        self._enter_value(node.accumulator, node.start)
        cost = cost.plus(self.cost(node.result))
        self._sizes.leave(node.accumulator)
        self._copy_sizes(node, node.result)
        return cost

    def _enter_value(self, name: str, node: Expr) -> None:
        sizes = self._sizes
        self._sizes.enter(name, Local(sizes.path(node), sizes.size(node), sizes.entries(node)))

    def _enter_loop(self, node: Comprehension) -> None:
        """The variables of a loop: elements of a list, keys of a map, or both with positions and values."""
        path, entries = self._sizes.path(node.range), self._sizes.entries(node.range)
        keys, values = (entries.keys, entries.values) if entries is not None else (None, None)
        is_list = self._sizes.container(node.range) == "list"
        key = Local((*path, "@indices" if is_list else "@keys"), keys)
        value = Local((*path, "@items" if is_list else "@values"), values)
        if node.second_variable:
            self._sizes.enter(node.variable, key)
            self._sizes.enter(node.second_variable, value)
        else:
            self._sizes.enter(node.variable, value if is_list else key)

    def _copy_sizes(self, node: Expr, source: Expr) -> None:
        self._sizes.set_size(node, self._sizes.size(source))
        self._sizes.set_entries(node, self._sizes.entries(source))


_INDICES = {"index_list": "@items", "index_map": "@values"}
_SUMS = ("add_string", "add_bytes", "add_list")


def _is_binding(node: Comprehension) -> bool:
    """Whether it only gives a name to a value."""
    has_range = isinstance(node.range, ListExpr) and not node.range.elements
    is_never = isinstance(node.condition, Literal) and node.condition.value is False
    return has_range and is_never and node.accumulator not in ("__result__", operators.RESULT)
