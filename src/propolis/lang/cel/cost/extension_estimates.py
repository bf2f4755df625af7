"""What calls of cel-go's own extensions cost: sets, and lists of version 3 as Kubernetes has it.

Follows cel-go ext/sets.go and ext/lists.go @ v0.30.0 (the costs of list version 3).
"""

from functools import partial
from typing import Any

from propolis.lang.cel.ast import Literal
from propolis.lang.cel.cost import units
from propolis.lang.cel.cost.calls import Estimate, Question, Rule
from propolis.lang.cel.cost.ranges import ENDLESS, ONE, Range, exactly
from propolis.lang.cel.cost.sizes import Sizes, Value

_MAKES_LIST = exactly(units.LIST + 1)
COMPARABLE = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")


def _sets(question: Question, sizes: Sizes, factor: float) -> Estimate | None:
    one, other = (sizes.of(argument) for argument in question.arguments)
    return Estimate(one.times(other).scaled(factor).plus(ONE))


def _number(value: Value, otherwise: int) -> int:
    node: Any = value.node
    if not isinstance(node, Literal) or type(node.value) is not int:
        return otherwise
    return max(0, node.value)


def _new_list(size: Range, factor: float = 1.0) -> Estimate:
    return Estimate(size.scaled(factor).plus(_MAKES_LIST), size)


def _slice(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    start = _number(question.arguments[0], 0)
    end = _number(question.arguments[1], sizes.of(question.target).high)
    return _new_list(exactly((end - start) % (ENDLESS + 1)))


def _range(question: Question, sizes: Sizes) -> Estimate | None:
    del sizes
    return _new_list(exactly(_number(question.arguments[0], ENDLESS)))


def _reverse(question: Question, sizes: Sizes) -> Estimate | None:
    return _new_list(sizes.of(question.target)) if question.target is not None else None


def _flatten(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    depth = _number(question.arguments[0], ENDLESS) if question.arguments else 1
    return _new_list(sizes.of(question.target), float(depth))


def _distinct(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    items = sizes.items(question.target)
    return _all_pairs(sizes.of(question.target), items.type.kind if items is not None else "")


def _sort(question: Question, sizes: Sizes, kind: str) -> Estimate | None:
    return _all_pairs(sizes.of(question.target), kind) if question.target is not None else None


def _sort_by(question: Question, sizes: Sizes, kind: str) -> Estimate | None:
    return _all_pairs(sizes.of(question.arguments[0]), kind)


def _all_pairs(size: Range, kind: str) -> Estimate:
    factor = 2.0 + (units.PER_CHARACTER if kind in ("string", "bytes") else 0.0)
    return _new_list(size.times(size), factor)


EXTENSIONS: dict[str, Rule] = {
    "list_sets_contains_list": partial(_sets, factor=1.0),
    "list_sets_intersects_list": partial(_sets, factor=1.0),
    "list_sets_equivalent_list": partial(_sets, factor=2.0),
    "list_slice": _slice,
    "lists_range": _range,
    "list_reverse": _reverse,
    "list_flatten": _flatten,
    "list_flatten_int": _flatten,
    "list_distinct": _distinct,
    **{f"list_{kind}_sort": partial(_sort, kind=kind) for kind in COMPARABLE},
    **{f"list_{kind}_sortByAssociatedKeys": partial(_sort_by, kind=kind) for kind in COMPARABLE},
}
"""By the overload's id."""
