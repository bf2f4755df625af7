"""Literals of lists and maps whose elements must have one type, as Kubernetes wants it.

Follows cel-go cel/validator.go @ v0.30.0, ValidateHomogeneousAggregateLiterals: the values of ``format`` may
mix.
"""

from collections.abc import Iterator

from propolis.lang.cel.ast import Call, CheckedTree, Expr, ListExpr, MapExpr
from propolis.lang.cel.children import children
from propolis.lang.cel.types import DYN, Type

_EXEMPT = frozenset({"format", "cel.@block"})


def mixed_literals(tree: CheckedTree) -> Iterator[tuple[int, str]]:
    """Ids of elements whose types are not those of the first ones, and what is wrong."""
    stack: list[Expr] = [tree.root]
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and node.function in _EXEMPT:
            continue
        if isinstance(node, ListExpr):
            marked = [(element, index in node.optionals) for index, element in enumerate(node.elements)]
            yield from _mixed(tree, marked)
        if isinstance(node, MapExpr):
            yield from _mixed(
                tree, [(entry.key, False) for entry in node.entries if not isinstance(entry.key, str)]
            )
            yield from _mixed(tree, [(entry.value, entry.is_optional) for entry in node.entries])
        stack += children(node)


def _mixed(tree: CheckedTree, elements: list[tuple[Expr, bool]]) -> Iterator[tuple[int, str]]:
    first: Type | None = None
    for element, is_optional in elements:
        found = tree.types[element.id]
        if is_optional:
            found = found.parameters[0] if found.kind == "optional" else DYN
        if first is None:
            first = found
        elif found != first:
            yield element.id, f"expected type '{first}' but found '{found}'"
            return
