"""Texts of Python that test operands: truth, equality, order, types. They hold names alone."""

from propolis.lang.jmespath.runtime import Reference
from propolis.lang.jmespath.signature import Function
from propolis.lang.jmespath.tree import Node, is_scalar

_TYPE_NAMES: dict[type, str] = {
    bool: "bool",
    dict: "dict",
    float: "float",
    int: "int",
    list: "list",
    str: "str",
    Reference: "Reference",
}
_ORDER = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def condition_text(name: str) -> str:
    """Whether a value counts as true: all but null, false, and empty texts, lists and objects."""
    return f"{name} or type({name}) is int or type({name}) is float"


def same_text(left: Node, right: Node, names: tuple[str, str]) -> str:
    """Whether two values are equal; quick where one is a literal scalar."""
    first, second = names
    if is_scalar(left):
        return _same_as_literal(second, first, left["value"])
    if is_scalar(right):
        return _same_as_literal(first, second, right["value"])
    return f"({first} == {second} if type({first}) is str else equal({first}, {second}))"


def _same_as_literal(name: str, constant: str, value: object) -> str:
    if type(value) is str:
        return f"{name} == {constant}"
    if value is None or type(value) is bool:
        return f"{name} is {constant}"
    return f"({name} == {constant} and type({name}) is not bool)"


def order_text(operator: str, names: tuple[str, str]) -> str:
    """Whether two numbers are in order; null unless both are numbers."""
    left, right = names
    numbers = " and ".join(f"(type({name}) is int or type({name}) is float)" for name in names)
    return f"({left} {_ORDER[operator]} {right} if {numbers} else None)"


def types_text(function: Function, children: list[Node], names: list[str]) -> str:
    """Whether an argument may have a wrong type; empty where none can."""
    texts = []
    for child, name, types in zip(children, names, function.python_types(len(names)), strict=True):
        if types is None or (child["type"] == "literal" and type(child["value"]) in types):
            continue
        if child["type"] == "expref" and Reference in types:
            continue
        if not types:
            return "True"
        texts.append(" and ".join(sorted(f"type({name}) is not {_type_name(kind)}" for kind in types)))
    return " or ".join(texts)


def _type_name(kind: type) -> str:
    return _TYPE_NAMES[kind]
