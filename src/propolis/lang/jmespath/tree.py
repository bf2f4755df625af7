"""What can be said of a node of the syntax tree before it is evaluated."""

from typing import Any

Node = dict[str, Any]

_NULL_SAFE = frozenset({"field", "index", "slice", "multi_select_list", "multi_select_dict"})
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
