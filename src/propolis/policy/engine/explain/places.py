"""Which places of a resource an expression reads: a little more than those that it gives.

Objects and lists are found in the resource by their identity, so that elements of lists and variables of
the context lead back to it too; scalars by the object or list that holds them.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from propolis.lang.jmespath import ExpressionError
from propolis.lang.jmespath.expression import parse_expression
from propolis.policy.engine.explain.trace import Path

MOST_PLACES = 400
_IN_TURN = frozenset({"subexpression", "index_expression", "pipe"})
_UNIONS = frozenset({
    "or_expression", "and_expression", "not_expression", "comparator",
    "multi_select_list", "multi_select_dict", "key_val_pair",
})  # fmt: skip


class Place(msgspec.Struct, frozen=True):
    """A value and its way in the resource.

    Attributes:
        path: None where the value is not of the resource.
        is_list: Whether the expression takes an absent value for a list.
        is_filter: Whether it only chooses among elements.
    """

    value: Any
    path: Path | None = None
    is_there: bool = True
    is_list: bool = False
    is_filter: bool = False


def places_of(text: str, root: Any, find: Callable[[Any], Path | None]) -> tuple[list[Place], list[Any]]:
    """The places that an expression reads, and the constants in it.

    Args:
        text: The expression.
        root: What it is evaluated on.
        find: Way to an object or list in the resource, by identity.
    """
    try:
        tree = parse_expression(text)
    except ExpressionError:
        return [], []
    walk = _Walk(find)
    found = [one for one in walk.visit(tree, [Place(root)]) if one.path is not None]
    return found[:MOST_PLACES], walk.literals


class _Walk:
    def __init__(self, find: Callable[[Any], Path | None]) -> None:
        self._find = find
        self.literals: list[Any] = []

    def visit(self, node: dict[str, Any], here: list[Place]) -> list[Place]:
        """What a node reads, begun at some places."""
        kind, children = node["type"], node["children"]
        here = here[:MOST_PLACES]
        if kind == "field":
            return [self._field(one, node["value"]) for one in here if _may_have_fields(one)]
        if kind in ("current", "identity"):
            return here
        if kind == "literal":
            self.literals.append(node["value"])
            return []
        if kind in ("index", "slice"):
            return self._indexed(node, here)
        if kind in _IN_TURN:
            for child in children:
                here = self.visit(child, here)
            return here
        if kind in _UNIONS:
            return [found for child in children for found in self.visit(child, here)]
        if kind == "function_expression":
            return self._call(children, here)
        return self._projection(kind, children, here)

    def _field(self, one: Place, name: str) -> Place:
        if one.value is None:
            return Place(None, None if one.path is None else (*one.path, name), is_there=False)
        return self._below(one, name, one.value.get(name), is_there=name in one.value)

    def _below(self, one: Place, key: str | int, value: Any, *, is_there: bool = True) -> Place:
        known = self._find(value) if isinstance(value, dict | list) else None
        if known is None and one.path is not None:
            known = (*one.path, key)
        return Place(value, known, is_there)

    def _indexed(self, node: dict[str, Any], here: list[Place]) -> list[Place]:
        found: list[Place] = []
        for one in here:
            if isinstance(one.value, list):
                numbers = range(len(one.value))
                chosen = numbers[slice(*node["children"])] if node["type"] == "slice" else numbers
                wanted = node.get("value")
                found += [
                    self._below(one, index, one.value[index])
                    for index in chosen
                    if node["type"] == "slice" or index == wanted or index - len(one.value) == wanted
                ]
        return found

    def _call(self, children: list[dict[str, Any]], here: list[Place]) -> list[Place]:
        """What the arguments read; expressions among them read the elements of the lists among them."""
        plain = [child for child in children if child["type"] != "expref"]
        found = [one for child in plain for one in self.visit(child, here) if one.is_there]
        elements = [inner for one in found for inner in self._elements(one)]
        for child in children:
            if child["type"] == "expref":
                found += self.visit(child["children"][0], elements)
        return found

    def _projection(self, kind: str, children: list[dict[str, Any]], here: list[Place]) -> list[Place]:
        left = self.visit(children[0], here)
        if kind == "flatten":
            return [inner for one in left for inner in self._elements(one)] if _are_nested(left) else left
        is_of_objects = kind == "value_projection"
        elements: list[Place] = []
        for one in left:
            if isinstance(one.value, list) or (is_of_objects and isinstance(one.value, dict)):
                elements += self._elements(one)
            elif one.value is not None:
                elements.append(one)
        if len(children) > 1 and children[1]["type"] in ("identity", "current"):
            elements += [
                msgspec.structs.replace(one, is_list=True) for one in left if one.value in (None, [])
            ]
        if kind == "filter_projection":
            chosen_by = self.visit(children[2], elements)
            asked = [msgspec.structs.replace(one, is_filter=True) for one in chosen_by]
            return [*self.visit(children[1], elements), *asked]
        return self.visit(children[1], elements) if len(children) > 1 else elements

    def _elements(self, one: Place) -> Iterator[Place]:
        if isinstance(one.value, list):
            for index, item in enumerate(one.value[:MOST_PLACES]):
                yield self._below(one, index, item)
        elif isinstance(one.value, dict):
            for key, item in list(one.value.items())[:MOST_PLACES]:
                yield self._below(one, key, item)


def _may_have_fields(one: Place) -> bool:
    """Whether something may be below a value: an object, or what is absent and may become one."""
    return isinstance(one.value, dict) or (one.value is None and bool(one.path))


def _are_nested(places: list[Place]) -> bool:
    """Whether a flattening takes a level away: its lists hold lists."""
    return any(
        isinstance(one.value, list) and any(isinstance(item, list) for item in one.value) for one in places
    )
