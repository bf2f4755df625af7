"""What can be said of a node of the syntax tree before it is evaluated."""

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]

_NULL_SAFE = frozenset({"field", "index", "slice", "multi_select_list", "multi_select_dict"})
_LEFT_ON_ROOT = frozenset(
    {
        "subexpression",
        "index_expression",
        "pipe",
        "projection",
        "value_projection",
        "filter_projection",
        "flatten",
    }
)
_SCALARS = (str, int, float, bool, type(None))


def is_null_safe(node: Node) -> bool:
    """Whether the node on null gives null, so that missing and null need not be told apart before it."""
    return node["type"] in _NULL_SAFE


def may_miss(node: Node) -> bool:
    """Whether the result of the node may be a missing key."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return True
    if kind in ("subexpression", "index_expression"):
        return any(map(may_miss, children))
    return kind in ("pipe", "and_expression") and may_miss(children[1])


def can_fail(node: Node) -> bool:
    """Whether evaluating the node may raise an error."""
    kind = node["type"]
    if kind in ("function_expression", "flatten"):
        return True
    if kind == "slice":
        return False
    if kind == "comparator" and node["value"] in ("eq", "ne") and not any(map(is_scalar, node["children"])):
        return True
    return kind != "expref" and any(map(can_fail, node["children"]))


def is_scalar(node: Node) -> bool:
    """Whether the node is a literal that is no list or object."""
    return node["type"] == "literal" and type(node["value"]) in _SCALARS


def root_names(node: Node) -> Iterator[str]:
    """The names that the expression reads off the value that it is given, not off parts of it."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        yield node["value"]
    elif kind in _LEFT_ON_ROOT:
        yield from root_names(children[0])
    elif kind not in ("expref", "slice"):
        for child in children:
            yield from root_names(child)
