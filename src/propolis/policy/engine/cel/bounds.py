"""What an expression costs at most, and how large its value is, for objects whose extent is known.

`lang.cel.cost.estimate` knows sizes by a schema, as an API server does. Objects of policies have none, but
they are there: all lists that are parts of one have together no more elements than it has. What is not
understood here has no bound, and is then counted.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

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
from propolis.lang.cel.cost.calls import Question
from propolis.lang.cel.cost.ranges import ENDLESS, UNKNOWN, Range
from propolis.lang.cel.cost.sizes import Sizes, Value
from propolis.lang.cel.libraries.kyverno.or_value import NAME as OR_VALUE
from propolis.lang.cel.types import DYN
from propolis.policy.engine.cel.extents import (
    BOUNDLESS,
    EITHER,
    NOTHING,
    SCALARS,
    Extent,
    extent_of_call,
)

OBJECTS = frozenset({"object", "oldObject"})
"""Variables whose extent together is that of the request."""
_FIELDS = 100
"""The most fields of ``request`` beside its objects and its user."""
VARIABLES = "variables"


_STEP = 2
"""The most that a field, an index or a plain call costs itself."""
_CHOOSING = frozenset(
    {
        operators.AND, operators.OR, operators.CONDITIONAL, operators.NOT_STRICTLY_FALSE, operators.INDEX,
        operators.OPTIONAL_INDEX, operators.OPTIONAL_SELECT, "or", "orValue", OR_VALUE,
    }
)  # fmt: skip
_SUMS = frozenset({"add_string", "add_bytes"})


class Bounds(msgspec.Struct, frozen=True):
    """The most that an evaluation costs, and how large its value may be."""

    cost: int
    extent: Extent


def bounds_of(tree: CheckedTree, request: Extent, variables: Mapping[str, Extent]) -> Bounds:
    """Bounds of a checked expression; those of the variables that it names are not part of its cost.

    Args:
        tree: The expression.
        request: Extent of the objects of a request.
        variables: Extents of the policy's variables that it may name.
    """
    return _Walker(tree, request, variables).of(tree.root)


class _Sizes(Sizes):
    """Sizes of operands whose extents are known."""

    def of(self, value: Value) -> Range:
        """The size that a question brings."""
        return value.size or UNKNOWN

    def items(self, value: Value) -> Value | None:
        """Elements are as large as anything in their list may be."""
        element = value.type.parameters[0] if value.type.parameters else DYN
        return Value((), element, value.size)


class _Walker:
    def __init__(self, tree: CheckedTree, request: Extent, variables: Mapping[str, Extent]) -> None:
        self._tree = tree
        self._request = request
        self._variables = variables
        self._locals: dict[str, _Local] = {}
        self._loops: list[int] = []
        self._spread: dict[int, int] = {}
        self._sizes = _Sizes(tree, None)
        self._walks: dict[type, Callable[[Any], Bounds]] = {
            Literal: _literal,
            Ident: self._ident,
            Select: self._select,
            Call: self._call,
            ListExpr: self._list,
            MapExpr: self._map,
            StructExpr: self._map,
            Comprehension: self._comprehension,
        }

    def of(self, node: Expr) -> Bounds:
        """Bounds of a node; what has no size has none, whatever it is made of."""
        found = self._walks[type(node)](node)
        is_scalar = self._tree.types[node.id].kind in SCALARS
        return Bounds(found.cost, NOTHING) if is_scalar else found

    def _ident(self, node: Ident) -> Bounds:
        if node.name in self._locals:
            return Bounds(1, self._locals[node.name].extent)
        if node.id in self._tree.constants:
            return Bounds(1, NOTHING)
        name, known = node.name.removeprefix("."), self._request
        if name == "request":  # it holds both objects
            return Bounds(1, Extent(2 * known.items + _FIELDS, known.text))
        return Bounds(1, known if name in OBJECTS else BOUNDLESS)

    def _select(self, node: Select) -> Bounds:
        operand = node.operand
        if isinstance(operand, Ident) and operand.name == VARIABLES and VARIABLES not in self._locals:
            return Bounds(_STEP + 1, self._variables.get(node.field, BOUNDLESS))
        found = self.of(operand)
        return Bounds(found.cost + _STEP, found.extent)

    def _call(self, node: Call) -> Bounds:
        parts = _operands(node)
        found = [self.of(part) for part in parts]
        cost = sum(one.cost for one in found) + self._cost(node, parts, found)
        kinds = [self._tree.types[part.id].kind for part in parts]
        return Bounds(cost, extent_of_call(node.function, kinds, [one.extent for one in found]))

    def _cost(self, node: Call, parts: list[Expr], found: list[Bounds]) -> int:
        """What the call costs beside its operands: the most of all overloads that it may mean."""
        if node.function in _CHOOSING:
            return _STEP
        values = [
            Value((), self._tree.types[part.id], Range(0, max(one.extent.items, one.extent.text)), part)
            for part, one in zip(parts, found, strict=True)
        ]
        target, arguments = (values[0], values[1:]) if node.target is not None else (None, values)
        most = 0 if self._tree.overloads.get(node.id) else ENDLESS
        for overload_id in self._tree.overloads.get(node.id, ()):
            question = Question(node.function, overload_id, target, tuple(arguments))
            most = max(most, self._of_overload(question))
        return most

    def _of_overload(self, question: Question) -> int:
        own = estimate_call(question, self._sizes)
        if own is not None:
            return own.cost.high
        if question.overload_id in _SUMS:
            one, other = (self._sizes.of(argument) for argument in question.arguments)
            return one.plus(other).scaled(units.PER_CHARACTER).high
        return _STEP

    def _list(self, node: ListExpr) -> Bounds:
        return _made(len(node.elements), [self.of(element) for element in node.elements], units.LIST)

    def _map(self, node: MapExpr | StructExpr) -> Bounds:
        found = [self.of(entry.value) for entry in node.entries]
        for entry in node.entries:
            key = Bounds(0, Extent(0, len(entry.key))) if isinstance(entry.key, str) else self.of(entry.key)
            found.append(key)
        return _made(len(node.entries), found, max(units.MAP, units.STRUCT))

    def _comprehension(self, node: Comprehension) -> Bounds:
        over, start = self.of(node.range), self.of(node.start)
        outer = dict(self._locals)
        if isinstance(node.range, ListExpr) and not node.range.elements:
            self._locals[node.accumulator] = _Local(start.extent)
            result = self.of(node.result)
            self._locals = outer
            return Bounds(over.cost + start.cost + result.cost + units.LIST, result.extent)
        owner = self._owner(node.range)
        each, spread, extent = self._steps(node, over.extent)
        self._locals = outer
        cost = over.cost + start.cost + units.LIST + each
        if owner is None:
            return Bounds(cost + over.extent.items * each + spread, extent)
        self._spread[owner] += over.extent.items * each + spread
        return Bounds(cost, extent)

    def _owner(self, node: Expr) -> int | None:
        """The innermost loop, where a range is a part of its element: the parts together have their bound."""
        found = self._part_of(node)
        return found if self._loops and found == self._loops[-1] else None

    def _part_of(self, node: Expr) -> int | None:
        """The loop of whose element a node is a part."""
        while True:
            if isinstance(node, Ident):
                local = self._locals.get(node.name)
                return local.loop if local else None
            if isinstance(node, Select):
                node = node.operand
            elif isinstance(node, Call) and node.function in _INDICES and node.target is None:
                node = node.arguments[0]
            elif isinstance(node, Call) and node.function in EITHER:
                part, other = _operands(node)
                if not isinstance(other, ListExpr | MapExpr | Literal) or _has_parts(other):
                    return None
                node = part
            else:
                return None

    def _steps(self, node: Comprehension, over: Extent) -> tuple[int, int, Extent]:
        """What one step costs, what inner loops over parts of all elements cost together, and the result."""
        loop = node.id
        self._locals[node.variable] = _Local(over, loop)
        self._locals[node.second_variable or node.variable] = _Local(over, loop)
        self._locals[node.accumulator] = _Local(over)
        self._loops.append(loop)
        self._spread[loop] = 0
        each = self.of(node.condition).cost + self.of(node.step).cost
        extent = self._collected(node, over)
        spread = self._spread.pop(loop)
        self._loops.pop()
        self._locals[node.accumulator] = _Local(extent)
        return each + self.of(node.result).cost, spread, extent

    def _collected(self, node: Comprehension, over: Extent) -> Extent:
        """The extent of a list that a loop makes; without bound where a step does more than add one."""
        step: Expr = node.step
        if isinstance(step, Call) and step.function == operators.CONDITIONAL:
            _, step, other = step.arguments
            if not isinstance(other, Ident) or other.name != node.accumulator:
                return BOUNDLESS
        is_growing = isinstance(step, Call) and step.function == operators.ADD
        if not (isinstance(node.start, ListExpr) and isinstance(step, Call) and is_growing):
            return BOUNDLESS
        added = step.arguments[1]
        if not isinstance(added, ListExpr) or len(added.elements) != 1:
            return BOUNDLESS
        spread = dict(self._spread)
        element = self.of(added.elements[0]).extent
        self._spread = spread
        if self._part_of(added.elements[0]) == node.id:
            return Extent(min(ENDLESS, 2 * over.items), over.text)
        return Extent(min(ENDLESS, over.items * (1 + element.items)), element.text)


_INDICES = frozenset({operators.INDEX, operators.OPTIONAL_INDEX, operators.OPTIONAL_SELECT})


class _Local(msgspec.Struct, frozen=True):
    """A variable of a macro; ``loop`` where it is an element of what a loop goes through."""

    extent: Extent
    loop: int | None = None


def _operands(node: Call) -> list[Expr]:
    return [*([node.target] if node.target is not None else []), *node.arguments]


def _has_parts(node: ListExpr | MapExpr | Literal) -> bool:
    if isinstance(node, Literal):
        return False
    return bool(node.elements if isinstance(node, ListExpr) else node.entries)


def _made(count: int, parts: list[Bounds], cost: int) -> Bounds:
    items = min(ENDLESS, count + sum(part.extent.items for part in parts))
    text = max((part.extent.text for part in parts), default=0)
    return Bounds(cost + sum(part.cost for part in parts), Extent(items, text))


def _literal(node: Literal) -> Bounds:
    return Bounds(0, Extent(0, len(node.value)) if isinstance(node.value, str | bytes) else NOTHING)
