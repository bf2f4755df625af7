"""What one call cost, by its function, overload, arguments and result.

Follows cel-go interpreter/runtimecost.go costCall @ v0.30.0 and apiserver pkg/cel/library/cost.go CallCost
@ 24a394e.
"""

import math
from collections.abc import Callable
from typing import Any

from propolis.lang.cel.cost.actual_sizes import size_of, traversal_cost
from propolis.lang.cel.cost.extension_estimates import COMPARABLE
from propolis.lang.cel.cost.kubernetes_estimates import CHECK_COST, NOMINAL, selector_cost
from propolis.lang.cel.cost.ranges import exactly
from propolis.lang.cel.cost.units import LIST, PER_CHARACTER, PER_PATTERN_CHARACTER
from propolis.lang.cel.libraries.kubernetes.authorizer import (
    Authorizer,
    Decision,
    GroupCheck,
    PathCheck,
    ResourceCheck,
)
from propolis.lang.cel.libraries.kubernetes.formats import Format
from propolis.lang.cel.libraries.kubernetes.network import CIDR, IP
from propolis.lang.cel.libraries.kubernetes.quantity import Amount
from propolis.lang.cel.libraries.kubernetes.semver import Semver
from propolis.lang.cel.libraries.kubernetes.urls import Url

Arguments = list[Any]
Rule = Callable[[Arguments, Any], int | None]


def call_cost(function: str, overload_id: str, arguments: Arguments, result: Any) -> int:
    """The cost of a call that gave a result.

    Args:
        function: Its name.
        overload_id: Of the overload; empty where several may be meant.
        arguments: The receiver of a member first.
        result: What it gave.
    """
    extension = _EXTENSIONS.get(overload_id)
    if extension is not None:
        return extension(arguments, result) or 0
    if function in NOMINAL:
        return 1
    if function == "ip" and overload_id == "cidr_ip":
        return 1
    rule = _KUBERNETES.get(function)
    cost = rule(arguments, result) if rule is not None else None
    if cost is None and function in ("containsIP", "containsCIDR"):
        cost = _contains(function, overload_id, arguments)
    if cost is None and overload_id in _STANDARD:
        cost = _STANDARD[overload_id](arguments, result)
    return 1 if cost is None else cost


def _traversal(size: int, times: int = 1) -> int:
    return math.ceil(float(size) * times * PER_CHARACTER)


def _first(arguments: Arguments, _: Any) -> int | None:
    return _traversal(size_of(arguments[0]))


def _first_twice(arguments: Arguments, _: Any) -> int | None:
    return _traversal(size_of(arguments[0]), 2)


def _second(arguments: Arguments, _: Any) -> int | None:
    return _traversal(size_of(arguments[1]))


def _result_twice(_: Arguments, result: Any) -> int | None:
    return _traversal(size_of(result), 2)


def _pattern(arguments: Arguments, _: Any) -> int | None:
    text = math.ceil((1.0 + size_of(arguments[0])) * PER_CHARACTER)
    return text * math.ceil(size_of(arguments[1]) * PER_PATTERN_CHARACTER)


def _all(arguments: Arguments, _: Any) -> int | None:
    return traversal_cost(arguments[0])


def _selector(arguments: Arguments, _: Any) -> int | None:
    return selector_cost(exactly(size_of(arguments[1]))).high


def _contains(function: str, overload_id: str, arguments: Arguments) -> int:
    size = size_of(arguments[0])
    cost = _traversal(size + size)
    if function == "containsCIDR":
        cost += _traversal(size) + 1
    return cost + (_traversal(size_of(arguments[1])) if overload_id.endswith("_string") else 0)


def _validate(arguments: Arguments, _: Any) -> int | None:
    form = arguments[0]
    if not isinstance(form, Format):
        return None
    text = math.ceil((1.0 + size_of(arguments[1])) * PER_CHARACTER)
    return text * math.ceil(form.pattern_size * PER_PATTERN_CHARACTER)


_AT_ONCE = (
    Amount, IP, CIDR, Format, Url, Semver, Authorizer, PathCheck, GroupCheck, ResourceCheck, Decision,
)  # fmt: skip


def _equal(arguments: Arguments, _: Any) -> int | None:
    return 1 if isinstance(arguments[0], _AT_ONCE) else None


_KUBERNETES: dict[str, Rule] = {
    "check": lambda _, __: CHECK_COST,
    "fieldSelector": _selector,
    "labelSelector": _selector,
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"), _all),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey"), _first),
    **dict.fromkeys(("replace", "split", "ip.isCanonical"), _first_twice),
    "join": _result_twice,
    "find": _pattern,
    "findAll": _pattern,
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "ip"), _first),
    **dict.fromkeys(("quantity", "isQuantity", "semver", "isSemver"), _first),
    "validate": _validate,
    "_==_": _equal,
}
"""By the function's name."""


def _shorter(arguments: Arguments, _: Any) -> int | None:
    return _traversal(min(size_of(arguments[0]), size_of(arguments[1])))


def _both(arguments: Arguments, _: Any) -> int | None:
    return _traversal(size_of(arguments[0]) + size_of(arguments[1]))


def _product(arguments: Arguments, _: Any) -> int | None:
    return _traversal(size_of(arguments[0])) * _traversal(size_of(arguments[1]))


_STANDARD: dict[str, Rule] = {
    "starts_with_string": _second,
    "ends_with_string": _second,
    **dict.fromkeys(("string_to_bytes", "bytes_to_string", "strings_quote", "string_format"), _first),
    "in_list": lambda arguments, _: size_of(arguments[1]),
    "equals": _shorter,
    "not_equals": _shorter,
    **{
        f"{relation}_{kind}": _shorter
        for relation in ("less", "less_equals", "greater", "greater_equals")
        for kind in ("string", "bytes")
    },
    "add_string": _both,
    "add_bytes": _both,
    "matches": _pattern,
    "matches_string": _pattern,
    "contains_string": _product,
}
"""By the overload's id."""


def _set_pairs(arguments: Arguments, factor: int) -> int:
    return 1 + size_of(arguments[0]) * size_of(arguments[1]) * factor


def _new_list(size: int, factor: float = 1.0) -> int:
    return int(size * (factor if factor >= 0 else 1.0)) + 1 + LIST


def _flattened(arguments: Arguments, _: Any) -> int | None:
    depth = float(arguments[1]) if len(arguments) > 1 else 1.0
    return _new_list(size_of(arguments[0]), depth)


def _all_pairs(items: Any) -> int:
    factor = 2.0 + (PER_CHARACTER if items and isinstance(items[0], str | bytes) else 0.0)
    return _new_list(len(items) ** 2, factor)


_EXTENSIONS: dict[str, Rule] = {
    "list_sets_contains_list": lambda arguments, _: _set_pairs(arguments, 1),
    "list_sets_intersects_list": lambda arguments, _: _set_pairs(arguments, 1),
    "list_sets_equivalent_list": lambda arguments, _: _set_pairs(arguments, 2),
    **dict.fromkeys(
        ("list_slice", "lists_range", "list_reverse"), lambda _, result: _new_list(size_of(result))
    ),
    "list_flatten": _flattened,
    "list_flatten_int": _flattened,
    "list_distinct": lambda arguments, _: _all_pairs(arguments[0]),
    **{f"list_{kind}_sort": lambda arguments, _: _all_pairs(arguments[0]) for kind in COMPARABLE},
    **{
        f"list_{kind}_sortByAssociatedKeys": lambda arguments, _: _all_pairs(arguments[1])
        for kind in COMPARABLE
    },
}
"""By the overload's id."""
